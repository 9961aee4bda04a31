// Finds a plan's borders, and a place inside every block, away from the page's thread.
import type { Position } from "geojson";
import polylabel from "polylabel";
import { type BlockFeature, type Borders, findBorders } from "./borders";
import { areaOf, centroidOf, isInside } from "./rings";

export interface Outlines {
  readonly borders: Borders;
  /** A position inside each block: its centroid, or where that is outside the place furthest from its border. */
  readonly inside: Readonly<Record<string, [number, number]>>;
}

/** About ten metres, in degrees: a label's place need not be better. */
const PRECISION = 1e-4;

function placeIn(block: BlockFeature): [number, number] {
  const polygons =
    block.geometry.type === "Polygon" ? [block.geometry.coordinates] : block.geometry.coordinates;
  const largest = polygons.reduce((left, right) => (areaOf(right[0]) > areaOf(left[0]) ? right : left));
  // Most blocks hold their centroid; the place furthest from all borders takes far longer to find.
  const centroid = centroidOf(largest[0] as Position[]);
  if (largest.every((ring, hole) => isInside(centroid, ring) === (hole === 0))) return centroid;
  const [lon, lat] = polylabel(largest as [number, number][][], PRECISION);
  return [lon as number, lat as number];
}

addEventListener("message", ({ data: blocks }: MessageEvent<readonly BlockFeature[]>) => {
  const inside = Object.fromEntries(blocks.map((block) => [block.properties.block, placeIn(block)]));
  postMessage({ borders: findBorders(blocks), inside } satisfies Outlines);
});
