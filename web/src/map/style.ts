// How the map looks. Tiles come from our own origin, and text is drawn with the machine's fonts: nothing is fetched
// from anywhere else.
import type { FeatureCollection, Geometry } from "geojson";
import type { ExpressionSpecification, StyleSpecification } from "maplibre-gl";
import type { BaseLayers } from "./base-map";

export interface MapColours {
  readonly land: string;
  readonly line: string;
  readonly wall: string;
  readonly text: string;
  readonly halo: string;
  readonly none: string;
  readonly accent: string;
  readonly danger: string;
}

export const LIGHT: MapColours = {
  land: "#f3f1ec",
  line: "#8a8578",
  wall: "#22262b",
  text: "#15181c",
  halo: "#ffffff",
  none: "#d9d6cf",
  accent: "#0b57d0",
  danger: "#b3261e",
};
export const DARK: MapColours = {
  land: "#1b1e23",
  line: "#565b64",
  wall: "#f1f3f5",
  text: "#ffffff",
  halo: "#14161a",
  none: "#3a3e46",
  accent: "#8ab4f8",
  danger: "#ff8a80",
};

const FONT = ["system-ui", "sans-serif"];
export const NOTHING: FeatureCollection = { type: "FeatureCollection", features: [] };

/** What the page draws itself, by source. */
export type Drawn = Record<
  "blocks" | "borders" | "labels" | "diff" | "problem" | "place" | "drawing",
  FeatureCollection
>;

/** Layers that carry what is drawn on; the pointer asks these. */
export const BLOCKS = "blocks";
export const BORDERS = "borders";
/** The layer of blocks without a buurt, and its pattern. */
export const HATCH = "hatch";

/** The layers of what is drawn for a while. They are there while there is something: an empty source costs tiles too. */
export const PASSING: Partial<Record<keyof Drawn, readonly string[]>> = {
  diff: ["diff", "diff-line"],
  problem: ["problem-fill", "problem-line", "problem-point"],
  drawing: ["drawing-fill", "drawing-line", "drawing-points"],
  place: ["place"],
};

export const visibilityOf = (data: FeatureCollection) => (data.features.length > 0 ? "visible" : "none");

/** Build the style of the map; with a base map under it, what is painted lets more of it through. */
export function buildStyle(colours: MapColours, drawn: Drawn, base: BaseLayers | null): StyleSpecification {
  const tiles = (layer: string) => ({ type: "vector" as const, url: `/tiles/${layer}.json` });
  const own = (source: keyof Drawn) => ({ type: "geojson" as const, data: drawn[source] });
  return {
    version: 8,
    ...(base?.sprite ? { sprite: base.sprite } : {}),
    sources: {
      ...base?.sources,
      sectors: tiles("sectors"),
      municipalities: tiles("municipalities"),
      streets: tiles("streets"),
      addresses: tiles("addresses"),
      // Tiles overlap by as much as a line is wide, and no more: what lies twice is drawn twice.
      blocks: { ...own("blocks"), promoteId: "block", buffer: 4 },
      borders: { ...own("borders"), promoteId: "sides", buffer: 16 },
      labels: own("labels"),
      diff: own("diff"),
      problem: own("problem"),
      place: own("place"),
      drawing: own("drawing"),
    },
    layers: [
      { id: "land", type: "background", paint: { "background-color": colours.land } },
      ...(base?.layers ?? []),
      {
        id: "sector-lines",
        type: "line",
        source: "sectors",
        "source-layer": "sectors",
        // Further out, sectors of other municipalities are a mesh that says nothing.
        minzoom: 11,
        paint: { "line-color": colours.line, "line-width": 0.5, "line-opacity": 0.5 },
      },
      {
        id: "municipality-lines",
        type: "line",
        source: "municipalities",
        "source-layer": "municipalities",
        paint: {
          "line-color": colours.line,
          "line-width": ["interpolate", ["linear"], ["zoom"], 6, 0.5, 12, 2],
        },
      },
      {
        id: BLOCKS,
        type: "fill",
        source: "blocks",
        paint: {
          "fill-color": ["coalesce", ["feature-state", "preview"], ["feature-state", "colour"], colours.none],
          "fill-opacity": base ? 0.6 : 0.82,
          "fill-antialias": false,
        },
      },
      {
        id: HATCH,
        type: "fill",
        source: "blocks",
        layout: { visibility: "none" },
        paint: {
          "fill-pattern": HATCH,
          "fill-opacity": ["case", ["boolean", ["feature-state", "unassigned"], false], 1, 0],
        },
      },
      {
        id: BORDERS,
        type: "line",
        source: "borders",
        layout: { "line-join": "round", "line-cap": "round" },
        paint: {
          "line-color": [
            "case",
            ["boolean", ["feature-state", "chosen"], false],
            colours.accent,
            ["boolean", ["feature-state", "wall"], false],
            colours.wall,
            colours.line,
          ],
          "line-width": ["interpolate", ["linear"], ["zoom"], 9, widthOf(4, 1, 0.25), 15, widthOf(5, 3.5, 1)],
        },
      },
      {
        id: "addresses",
        type: "circle",
        source: "addresses",
        "source-layer": "addresses",
        minzoom: 16,
        paint: { "circle-radius": 2, "circle-color": colours.text, "circle-opacity": 0.55 },
      },
      {
        id: "house-numbers",
        type: "symbol",
        source: "addresses",
        "source-layer": "addresses",
        minzoom: 17.5,
        layout: {
          "text-field": ["coalesce", ["get", "house_number"], ""],
          "text-font": FONT,
          "text-size": 10,
          "text-offset": [0, 0.9],
        },
        paint: { "text-color": colours.text, "text-halo-color": colours.halo, "text-halo-width": 1 },
      },
      {
        id: "streets",
        type: "symbol",
        source: "streets",
        "source-layer": "streets",
        minzoom: 14.5,
        layout: {
          "text-field": ["coalesce", ["get", "name_nl"], ["get", "name_fr"], ["get", "name_de"], ""],
          "text-font": FONT,
          "text-size": 11,
          "text-padding": 8,
        },
        paint: {
          "text-color": colours.text,
          "text-opacity": 0.75,
          "text-halo-color": colours.halo,
          "text-halo-width": 1.2,
        },
      },
      {
        id: "diff",
        type: "fill",
        source: "diff",
        layout: { visibility: visibilityOf(drawn.diff) },
        paint: { "fill-pattern": HATCH, "fill-opacity": 1 },
      },
      {
        id: "diff-line",
        type: "line",
        source: "diff",
        layout: { visibility: visibilityOf(drawn.diff) },
        paint: { "line-color": colours.accent, "line-width": 2 },
      },
      {
        id: "problem-fill",
        type: "fill",
        source: "problem",
        layout: { visibility: visibilityOf(drawn.problem) },
        filter: ["==", ["geometry-type"], "Polygon"],
        paint: { "fill-color": colours.danger, "fill-opacity": 0.25 },
      },
      {
        id: "problem-line",
        type: "line",
        source: "problem",
        layout: { visibility: visibilityOf(drawn.problem) },
        filter: ["!=", ["geometry-type"], "Point"],
        paint: { "line-color": colours.danger, "line-width": 4 },
      },
      {
        id: "problem-point",
        type: "circle",
        source: "problem",
        layout: { visibility: visibilityOf(drawn.problem) },
        filter: ["==", ["geometry-type"], "Point"],
        paint: {
          "circle-radius": 9,
          "circle-color": "transparent",
          "circle-stroke-color": colours.danger,
          "circle-stroke-width": 4,
        },
      },
      {
        id: "drawing-fill",
        type: "fill",
        source: "drawing",
        layout: { visibility: visibilityOf(drawn.drawing) },
        filter: ["==", ["geometry-type"], "Polygon"],
        paint: { "fill-color": colours.accent, "fill-opacity": 0.15 },
      },
      {
        id: "drawing-line",
        type: "line",
        source: "drawing",
        layout: { visibility: visibilityOf(drawn.drawing) },
        filter: ["!=", ["geometry-type"], "Point"],
        paint: { "line-color": colours.accent, "line-width": 3 },
      },
      {
        id: "drawing-points",
        type: "circle",
        source: "drawing",
        layout: { visibility: visibilityOf(drawn.drawing) },
        filter: ["==", ["geometry-type"], "Point"],
        paint: {
          "circle-radius": 5,
          "circle-color": colours.halo,
          "circle-stroke-color": colours.accent,
          "circle-stroke-width": 2.5,
        },
      },
      {
        id: "labels",
        type: "symbol",
        source: "labels",
        layout: {
          "text-field": [
            "format",
            ["get", "name"],
            { "font-scale": 1 },
            "\n",
            {},
            ["get", "figure"],
            { "font-scale": 0.85 },
          ],
          "text-font": FONT,
          "text-size": ["interpolate", ["linear"], ["zoom"], 10, 10, 14, 14],
          "text-max-width": 9,
          "text-padding": 2,
          "text-variable-anchor": ["center", "top", "bottom"],
          "symbol-sort-key": ["get", "rank"],
        },
        paint: {
          "text-color": "#15181c",
          "text-halo-color": "#ffffff",
          "text-halo-width": 1.4,
          "text-halo-blur": 0.4,
        },
      },
      {
        id: "place",
        type: "circle",
        source: "place",
        layout: { visibility: visibilityOf(drawn.place) },
        paint: {
          "circle-radius": 8,
          "circle-color": colours.accent,
          "circle-stroke-color": "#ffffff",
          "circle-stroke-width": 3,
        },
      },
    ],
  };
}

/**
 * One small thing of each kind, for the first frame, which nobody sees.
 *
 * A program of the graphics card is made when something is first drawn with it, and the page's thread waits: without a
 * card for some tenths of a second. This way that is while the server writes the plan.
 */
export function sampleOf(lon: number, lat: number): Drawn {
  const one = (geometry: Geometry, properties: Record<string, string>): FeatureCollection => ({
    type: "FeatureCollection",
    features: [{ type: "Feature", geometry, properties }],
  });
  const start = [lon, lat];
  const ring = [start, [lon + 0.1, lat], [lon, lat + 0.1], start];
  return {
    blocks: one({ type: "Polygon", coordinates: [ring] }, { block: "sample" }),
    borders: one({ type: "LineString", coordinates: ring }, { sides: "sample" }),
    labels: one({ type: "Point", coordinates: start }, { name: "0", figure: "0" }),
    diff: NOTHING,
    problem: NOTHING,
    place: NOTHING,
    // Drawn as the lines of tiles are.
    drawing: one({ type: "LineString", coordinates: ring }, {}),
  };
}

/** The width of a border: of the chosen buurt, between buurten, and between blocks of one. */
function widthOf(chosen: number, wall: number, inner: number): ExpressionSpecification {
  return [
    "case",
    ["boolean", ["feature-state", "chosen"], false],
    chosen,
    ["boolean", ["feature-state", "wall"], false],
    wall,
    inner,
  ];
}

const HATCH_SIZE = 16;
const HATCH_WIDTH = 2;

/**
 * Draw the hatching of what has no buurt: a pattern tells it apart without colour.
 *
 * Pixel by pixel: reading a canvas back costs some tenths of a second where there is no graphics card.
 */
export function drawHatch(colour: string): { width: number; height: number; data: Uint8ClampedArray } {
  const rgb = [1, 3, 5].map((place) => Number.parseInt(colour.slice(place, place + 2), 16));
  const data = new Uint8ClampedArray(4 * HATCH_SIZE ** 2);
  for (let place = 0; place < HATCH_SIZE ** 2; place += 1) {
    const along = ((place % HATCH_SIZE) + Math.floor(place / HATCH_SIZE) + 1) % HATCH_SIZE;
    const away = Math.min(along, HATCH_SIZE - along) / Math.SQRT2;
    const covered = Math.min(1, Math.max(0, HATCH_WIDTH / 2 + 0.5 - away));
    data.set([...rgb, 255 * covered], 4 * place);
  }
  return { width: HATCH_SIZE, height: HATCH_SIZE, data };
}
