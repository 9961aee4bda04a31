// The map of one plan: what the open plan holds, as MapLibre sources and feature states.
import { effect, untracked } from "@preact/signals";
import type { FeatureCollection, Geometry } from "geojson";
import {
  type GeoJSONSource,
  LngLatBounds,
  type LngLatBoundsLike,
  Map as MapLibre,
  NavigationControl,
  prewarm,
  ScaleControl,
  setWorkerUrl,
} from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import { authorization, type DrawnBuurt } from "../api/client";
import { type BorderProperties, neighboursOf, ringsOf } from "../plan/borders";
import { boundsOf, colourBuurten, stepOf } from "../plan/colours";
import { measured } from "../plan/measures";
import type { OpenedPlan } from "../plan/opened";
import type { Outlines } from "../plan/outlines";
import { dark, session } from "../session";
import { language } from "../texts";
import { colours, loading, measure, opened, problemShown, selected } from "../ui";
import { type BaseLayers, readBaseMap } from "./base-map";
import { labelBuurten } from "./labels";
import {
  BLOCKS,
  BORDERS,
  buildStyle,
  DARK,
  type Drawn,
  drawHatch,
  HATCH,
  LIGHT,
  NOTHING,
  PASSING,
  sampleOf,
  visibilityOf,
} from "./style";

setWorkerUrl(workerUrl);
prewarm();

interface BlockState {
  colour?: string | null;
  preview?: string | null;
  unassigned?: boolean;
}

const NO_OUTLINES: Outlines = { borders: { type: "FeatureCollection", features: [] }, inside: {} };
const INNER = JSON.stringify({ wall: false, chosen: false });
/** Where the map begins: at Belgium's middle. */
const START: [number, number] = [4.6, 50.9];
/** How large the first frames are drawn, and for how long at most once there is something to see. */
const SMALL = 0.1;
const SMALL_MS = 2_000;

export class PlanMap {
  readonly map: MapLibre;
  /** The plan whose shapes are on the map. */
  private drawn: OpenedPlan | null = null;
  private outlines = NO_OUTLINES;
  private readonly data: Drawn = sampleOf(...START);
  private base: BaseLayers | null = null;
  /** Whether the map has taken in its style: before that it has nothing to paint. */
  private styled = false;
  /** The state of every feature that has one, as text by its identifier; a source keeps it when its data change. */
  private readonly states = new Map<string, string>();
  private labels = "";
  private painting = false;
  private unveiling = false;
  private readonly stops: (() => void)[] = [];
  /** Bounds that classes of a choropleth begin at; the legend shows them. */
  onBounds: (bounds: readonly number[]) => void = () => {};

  constructor(container: HTMLElement) {
    this.map = new MapLibre({
      container,
      center: START,
      zoom: 7,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      fadeDuration: 0,
      pixelRatio: SMALL,
      validateStyle: false,
      transformRequest: (url) => {
        const own = new URL(url, location.href).origin === location.origin;
        return { url: new URL(url, location.href).href, headers: own ? authorization() : {} };
      },
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.addControl(new NavigationControl({ showCompass: false }), "bottom-right");
    this.map.addControl(new ScaleControl({ unit: "metric" }), "bottom-left");
    this.show();
    void readBaseMap(session.peek()?.base_map).then((base) => {
      this.base = base;
      if (base) this.show();
    });
    this.follow();
  }

  /**
   * Let the map be seen when it is complete, or after a while with what there is of it.
   *
   * Until then nobody looks, and what it costs matters where there is no graphics card: the first frames are small.
   */
  private async unveil(): Promise<void> {
    if (this.unveiling) return;
    this.unveiling = true;
    const { map } = this;
    await new Promise((resolve) => {
      map.once("idle", resolve);
      setTimeout(resolve, SMALL_MS);
      map.triggerRepaint();
    });
    this.resume();
    this.hideSample();
    // Null is that of the screen, also when the window moves to another; the types forget it.
    map.setPixelRatio(null as unknown as number);
    map.getContainer().dataset.ready = "true";
    map.once("idle", () => performance.mark("map drawn"));
  }

  /**
   * Draw nothing while the first plan comes in.
   *
   * Every tile that comes would draw all of the others anew. MapLibre loads tiles in the course of its frames, so these
   * go on; only their drawing is left out.
   */
  private pause(): void {
    this.map.painter.render = () => {};
  }

  private resume(): void {
    Reflect.deleteProperty(this.map.painter, "render");
  }

  /** Hide what is left of the sample. Its source keeps it: to be given another would take frames. */
  private hideSample(): void {
    this.data.drawing = NOTHING;
    if (!this.styled) return;
    for (const layer of PASSING.drawing ?? []) this.map.setLayoutProperty(layer, "visibility", "none");
  }

  /** Keep the map as the signals are. */
  private follow(): void {
    let municipality: string | undefined;
    let shownDark = dark.peek();
    this.stops.push(
      effect(() => {
        const plan = opened.value;
        if (plan && plan.summary.peek().municipality !== municipality) {
          municipality = plan.summary.peek().municipality;
          this.fit(false);
        }
        const outlines = plan?.outlines.value;
        if (plan && outlines) untracked(() => this.takeShapes(plan, outlines));
        else if (plan && !this.unveiling) {
          this.pause();
          this.giveBlocks(plan);
        } else if (!plan && !loading.value && !this.unveiling) {
          for (const source of ["blocks", "borders", "labels"] as const) this.setData(source, null);
          void this.unveil();
        }
      }),
      effect(() => {
        void [opened.value?.assigned.value, measure.value, selected.value, language.value];
        this.paintSoon();
      }),
      effect(() => {
        if (dark.value === shownDark) return;
        shownDark = dark.value;
        this.show();
      }),
      effect(() => {
        const problem = problemShown.value;
        this.setData("problem", problem ? asCollection(problem.place as unknown as Geometry) : null);
      }),
    );
  }

  destroy(): void {
    for (const stop of this.stops) stop();
    this.map.remove();
  }

  /** Wait until the map has drawn everything that it was given. */
  async rest(): Promise<void> {
    await opened.peek()?.outlined;
    while (this.painting) await new Promise(requestAnimationFrame);
    await new Promise<void>((resolve) => {
      this.map.once("idle", () => resolve());
      this.map.triggerRepaint();
    });
  }

  /** Return a picture of the map when it has drawn everything. */
  async takePicture(): Promise<Blob | null> {
    // What was drawn can be read in the task that drew it, and no later.
    await this.rest();
    return new Promise((resolve) => this.map.getCanvas().toBlob(resolve));
  }

  setData(source: keyof Drawn, data: FeatureCollection | null): void {
    this.data[source] = data ?? NOTHING;
    if (this.styled) this.give(source);
  }

  private give(source: keyof Drawn): void {
    const data = this.data[source];
    void (this.map.getSource(source) as GeoJSONSource).setData(data);
    for (const layer of PASSING[source] ?? [])
      this.map.setLayoutProperty(layer, "visibility", visibilityOf(data));
  }

  /** Tools lie over the upper edge of the map: nothing that is flown to ends up beneath them. */
  private get padding() {
    const { clientHeight, clientWidth } = this.map.getContainer();
    const edge = Math.min(48, clientWidth / 10, clientHeight / 10);
    // On a phone they take two rows.
    const tools = Math.min(clientWidth < 600 ? 150 : 112, 0.4 * clientHeight);
    return { top: tools, right: edge, bottom: edge, left: edge };
  }

  /** Fly to the whole plan. */
  fit(animate = true): void {
    const plan = opened.peek();
    if (!plan?.shapes.size) return;
    const bounds = new LngLatBounds();
    for (const shape of plan.shapes.values()) {
      for (const ring of ringsOf(shape.geometry))
        for (const place of ring) bounds.extend(place as [number, number]);
    }
    this.flyTo(bounds, animate);
  }

  flyTo(bounds: LngLatBoundsLike, animate = true): void {
    const still = !animate || matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.map.fitBounds(bounds, { padding: this.padding, maxZoom: 17, duration: still ? 0 : 600 });
  }

  flyToPlace(center: [number, number]): void {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.map.easeTo({ center, zoom: 17, duration: still ? 0 : 600 });
  }

  /** Fly to blocks, and to a geometry among them. */
  flyToBlocks(codes: readonly string[], geometry?: Geometry): void {
    const plan = opened.peek();
    const bounds = new LngLatBounds();
    if (geometry) visit(geometry, (place) => bounds.extend(place));
    for (const code of codes) {
      const shape = plan?.shapes.get(code);
      if (shape) visit(shape.geometry, (place) => bounds.extend(place));
    }
    if (!bounds.isEmpty()) this.flyTo(bounds);
  }

  /** Where a block's own label would stand: a position inside it. */
  insideOf(block: string): [number, number] | undefined {
    return this.outlines.inside[block];
  }

  blocksAt(x: number, y: number, radius: number): string[] {
    const box: [[number, number], [number, number]] = [
      [x - radius, y - radius],
      [x + radius, y + radius],
    ];
    const found = this.map.queryRenderedFeatures(radius > 0 ? box : [x, y], { layers: [BLOCKS] });
    return [...new Set(found.map((feature) => String(feature.properties.block)))];
  }

  /** The two buurten on the sides of the border nearest to a point of the screen. */
  buurtenBeside(x: number, y: number): [string, string] | null {
    const plan = opened.peek();
    for (const reach of [4, 10, 18]) {
      const box: [[number, number], [number, number]] = [
        [x - reach, y - reach],
        [x + reach, y + reach],
      ];
      for (const feature of this.map.queryRenderedFeatures(box, { layers: [BORDERS] })) {
        const { a, b } = feature.properties as BorderProperties;
        const left = a && plan?.buurtOf(a);
        const right = b && plan?.buurtOf(b);
        if (left && right && left !== right) return [left, right];
      }
    }
    return null;
  }

  preview(block: string, colour: string | null): void {
    this.map.setFeatureState({ source: "blocks", id: block }, { preview: colour } satisfies BlockState);
  }

  private takeShapes(plan: OpenedPlan, outlines: Outlines): void {
    this.drawn = plan;
    this.outlines = outlines;
    this.giveBlocks(plan);
    this.setData("borders", outlines.borders);
    this.paint();
    if (!this.unveiling) void this.unveil();
  }

  /** Give the map a plan's blocks, if it has not got them: for the first view they do not wait for their outlines. */
  private giveBlocks(plan: OpenedPlan): void {
    const features = [...plan.shapes.values()];
    const given = this.data.blocks.features;
    if (given.length === features.length && features.every((feature, place) => feature === given[place]))
      return;
    this.setData("blocks", { type: "FeatureCollection", features });
  }

  /** Give the map its style, in light or dark, and all that is drawn on it. */
  private show(): void {
    const given = { ...this.data };
    this.styled = false;
    this.states.clear();
    this.map.setStyle(buildStyle(dark.peek() ? DARK : LIGHT, given, this.base), { diff: false });
    this.map.once("style.load", () => {
      this.styled = true;
      this.map.addImage(HATCH, drawHatch(dark.peek() ? "#c7ccd4" : "#5d5a52"));
      for (const source of Object.keys(given) as (keyof Drawn)[])
        if (this.data[source] !== given[source]) this.give(source);
      this.paint();
    });
  }

  /**
   * Paint after the next frame, once for all that changes until then.
   *
   * The numbers in the panel are on the screen first: they do not wait for the map.
   */
  private paintSoon(): void {
    if (this.painting) return;
    this.painting = true;
    requestAnimationFrame(() =>
      setTimeout(() => {
        this.painting = false;
        this.paint();
      }),
    );
  }

  /** Give every block its colour and every border its weight, where that changed. */
  private paint(): void {
    const plan = opened.peek();
    if (!plan || plan !== this.drawn || !this.styled) return;
    const buurten = plan.buurten.peek();
    const borders = this.outlines.borders.features;
    const neighbours = neighboursOf(
      borders.map(({ properties }) => properties),
      plan.buurtOf,
    );
    colours.value = colourBuurten(buurten, neighbours, colours.peek());
    const fills = this.fillsOf(buurten);
    const chosen = selected.peek();
    let unassigned = false;
    for (const block of plan.blocks.keys()) {
      const buurt = plan.buurtOf(block);
      const state: BlockState = {
        colour: buurt === null ? null : (fills.get(buurt) ?? null),
        preview: null,
        unassigned: buurt === null,
      };
      unassigned ||= buurt === null;
      this.setState("blocks", block, state);
    }
    this.map.setLayoutProperty(HATCH, "visibility", unassigned ? "visible" : "none");
    for (const { properties } of borders) {
      const left = properties.a ? plan.buurtOf(properties.a) : null;
      const right = properties.b ? plan.buurtOf(properties.b) : null;
      const outer = !properties.a || !properties.b;
      const state = {
        wall: outer || left !== right,
        chosen: chosen !== null && left !== right && (left === chosen || right === chosen),
      };
      this.setState("borders", properties.sides, state);
    }
    this.writeLabels(plan);
  }

  private setState(source: string, id: string, state: object): void {
    const text = JSON.stringify(state);
    // Most borders are inside of a buurt: they look as one without a state does.
    if ((this.states.get(id) ?? INNER) === text) return;
    this.states.set(id, text);
    this.map.setFeatureState({ source, id }, state);
  }

  /** Labels are laid out anew only where one of them says something else. */
  private writeLabels(plan: OpenedPlan): void {
    const labels = labelBuurten(plan, this.outlines.inside);
    const text = JSON.stringify(labels);
    if (text === this.labels) return;
    this.labels = text;
    this.setData("labels", labels);
  }

  private fillsOf(buurten: readonly DrawnBuurt[]): ReadonlyMap<string, string> {
    if (measure.peek() === "buurten") {
      this.onBounds([]);
      return colours.peek();
    }
    const values = new Map<string, number>();
    for (const buurt of buurten) {
      const value = measured(measure.peek(), buurt.counts);
      if (value !== null) values.set(buurt.code, value);
    }
    const bounds = boundsOf([...values.values()]);
    this.onBounds(bounds);
    return new Map([...values].map(([code, value]) => [code, stepOf(value, bounds)]));
  }
}

export function asCollection(geometry: Geometry): FeatureCollection {
  return { type: "FeatureCollection", features: [{ type: "Feature", geometry, properties: {} }] };
}

function visit(geometry: Geometry, take: (place: [number, number]) => void): void {
  if (geometry.type === "GeometryCollection") {
    for (const part of geometry.geometries) visit(part, take);
    return;
  }
  const walk = (coordinates: unknown): void => {
    if (!Array.isArray(coordinates)) return;
    if (typeof coordinates[0] === "number") take([coordinates[0], coordinates[1] as number]);
    else for (const inner of coordinates) walk(inner);
  };
  walk(geometry.coordinates);
}
