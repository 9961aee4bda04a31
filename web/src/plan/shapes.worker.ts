// Works out what a map needs of a plan's shapes, away from the page's thread: borders, and a place inside every block.
import polylabel from "polylabel";
import { type BlockFeature, type Borders, findBorders } from "./borders";

export interface Shapes {
  readonly borders: Borders;
  /** A position inside each block, far from its border. */
  readonly inside: Readonly<Record<string, [number, number]>>;
}

/** About ten metres, in degrees: a label's place need not be better. */
const PRECISION = 1e-4;

function placeIn(block: BlockFeature): [number, number] {
  const polygons =
    block.geometry.type === "Polygon" ? [block.geometry.coordinates] : block.geometry.coordinates;
  const places = polygons.map((rings) => polylabel(rings as [number, number][][], PRECISION));
  const best = places.reduce((left, right) => ((right.distance ?? 0) > (left.distance ?? 0) ? right : left));
  return [best[0] as number, best[1] as number];
}

addEventListener("message", (event: MessageEvent<{ ticket: number; blocks: BlockFeature[] }>) => {
  const { ticket, blocks } = event.data;
  const inside = Object.fromEntries(blocks.map((block) => [block.properties.block, placeIn(block)]));
  postMessage({ ticket, shapes: { borders: findBorders(blocks), inside } satisfies Shapes });
});
