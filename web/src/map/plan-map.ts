// The map of one plan: what the open plan holds, as MapLibre sources and feature states.
import { effect } from "@preact/signals";
import type { FeatureCollection, Geometry } from "geojson";
import {
  type GeoJSONSource,
  LngLatBounds,
  type LngLatBoundsLike,
  Map as MapLibre,
  NavigationControl,
  ScaleControl,
  setWorkerUrl,
} from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import { authorization, type DrawnBuurt } from "../api/client";
import { type BorderProperties, neighboursOf, ringsOf } from "../plan/borders";
import { boundsOf, colourBuurten, stepOf } from "../plan/colours";
import { bandStatus } from "../plan/counts";
import { figureOf, measured } from "../plan/measures";
import type { OpenedPlan } from "../plan/opened";
import type { Shapes } from "../plan/shapes.worker";
import ShapesWorker from "../plan/shapes.worker?worker";
import { dark } from "../session";
import { buurtName, language } from "../texts";
import { colours, measure, opened, problemShown, selected } from "../ui";
import { BLOCKS, BORDERS, buildStyle, DARK, drawHatch, LIGHT } from "./style";

setWorkerUrl(workerUrl);

interface BlockState {
  colour?: string | null;
  preview?: string | null;
  unassigned?: boolean;
  faded?: boolean;
}

export class PlanMap {
  readonly map: MapLibre;
  private readonly worker = new ShapesWorker();
  private ticket = 0;
  private borders: readonly { id: number; properties: BorderProperties }[] = [];
  private inside: Shapes["inside"] = {};
  private readonly states = new Map<string, string>();
  private readonly walls = new Map<number, string>();
  private readonly stops: (() => void)[] = [];
  /** Bounds that classes of a choropleth begin at; the legend shows them. */
  onBounds: (bounds: readonly number[]) => void = () => {};

  constructor(container: HTMLElement) {
    this.map = new MapLibre({
      container,
      style: buildStyle(dark.peek() ? DARK : LIGHT),
      center: [4.6, 50.9],
      zoom: 7,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      canvasContextAttributes: { preserveDrawingBuffer: true },
      fadeDuration: 0,
      transformRequest: (url) => {
        const own = new URL(url, location.href).origin === location.origin;
        return { url: new URL(url, location.href).href, headers: own ? authorization() : {} };
      },
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.addControl(new NavigationControl({ showCompass: false }), "bottom-right");
    this.map.addControl(new ScaleControl({ unit: "metric" }), "bottom-left");
    this.map.on("styleimagemissing", () => this.addHatch());
    this.worker.onmessage = (event: MessageEvent<{ ticket: number; shapes: Shapes }>) => {
      if (event.data.ticket === this.ticket) this.takeShapes(event.data.shapes);
    };
    this.map.once("load", () => this.follow());
  }

  /** Keep the map as the signals are. */
  private follow(): void {
    this.addHatch();
    let shownDark = dark.peek();
    let shown: { plan: OpenedPlan | null; reshaped: number | undefined } = {
      plan: null,
      reshaped: undefined,
    };
    this.stops.push(
      effect(() => {
        if (dark.value === shownDark) return;
        shownDark = dark.value;
        this.changeStyle();
      }),
      effect(() => {
        const plan = opened.value;
        const reshaped = plan?.reshaped.value;
        void [plan?.assigned.value, measure.value, selected.value, language.value];
        if (plan !== shown.plan || reshaped !== shown.reshaped) this.showShapes(plan);
        else this.paint();
        shown = { plan, reshaped };
      }),
      effect(() => {
        const problem = problemShown.value;
        this.setData("problem", problem ? asCollection(problem.place as unknown as Geometry) : null);
      }),
    );
    this.map.getContainer().dataset.ready = "true";
  }

  destroy(): void {
    for (const stop of this.stops) stop();
    this.worker.terminate();
    this.map.remove();
  }

  setData(source: string, data: FeatureCollection | null): void {
    (this.map.getSource(source) as GeoJSONSource | undefined)?.setData(
      data ?? { type: "FeatureCollection", features: [] },
    );
  }

  /** Tools lie over the upper edge of the map: nothing that is flown to ends up beneath them. */
  private get padding() {
    const { clientHeight, clientWidth } = this.map.getContainer();
    const edge = Math.min(48, clientWidth / 10, clientHeight / 10);
    return { top: clientHeight > 500 ? 112 : edge, right: edge, bottom: edge, left: edge };
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

  flyToGeometry(geometry: Geometry): void {
    const bounds = new LngLatBounds();
    visit(geometry, (place) => bounds.extend(place));
    if (!bounds.isEmpty()) this.flyTo(bounds);
  }

  flyToBlocks(codes: readonly string[]): void {
    const plan = opened.peek();
    const bounds = new LngLatBounds();
    for (const code of codes) {
      const shape = plan?.shapes.get(code);
      if (shape) visit(shape.geometry, (place) => bounds.extend(place));
    }
    if (!bounds.isEmpty()) this.flyTo(bounds);
  }

  /** Where a block's own label would stand: a position inside it. */
  insideOf(block: string): [number, number] | undefined {
    return this.inside[block];
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

  private addHatch(): void {
    if (!this.map.hasImage("hatch"))
      this.map.addImage("hatch", drawHatch(dark.peek() ? "#c7ccd4" : "#5d5a52"));
  }

  private changeStyle(): void {
    // Data and states go with the old style: they are given anew.
    this.map.setStyle(buildStyle(dark.peek() ? DARK : LIGHT), { diff: false });
    this.map.once("style.load", () => {
      this.addHatch();
      this.showShapes(opened.peek());
      const problem = problemShown.peek();
      this.setData("problem", problem ? asCollection(problem.place as unknown as Geometry) : null);
    });
  }

  private showShapes(plan: OpenedPlan | null): void {
    this.states.clear();
    this.walls.clear();
    this.borders = [];
    const features = plan ? [...plan.shapes.values()] : [];
    this.setData("blocks", { type: "FeatureCollection", features });
    this.setData("borders", null);
    this.setData("labels", null);
    this.ticket += 1;
    if (features.length) this.worker.postMessage({ ticket: this.ticket, blocks: features });
    this.paint();
  }

  private takeShapes({ borders, inside }: Shapes): void {
    this.borders = borders.features.map(({ id, properties }) => ({ id: id as number, properties }));
    this.inside = inside;
    this.walls.clear();
    this.setData("borders", borders);
    this.paint();
  }

  /** Give every block its colour and every border its weight, where that changed. */
  private paint(): void {
    const plan = opened.peek();
    if (!plan) return;
    const buurten = plan.buurten.peek();
    if (this.borders.length) {
      const neighbours = neighboursOf(
        this.borders.map(({ properties }) => properties),
        plan.buurtOf,
      );
      colours.value = colourBuurten(buurten, neighbours, colours.peek());
    }
    const fills = this.fillsOf(buurten);
    const chosen = selected.peek();
    for (const block of plan.blocks.keys()) {
      const buurt = plan.buurtOf(block);
      const state: BlockState = {
        colour: buurt === null ? null : (fills.get(buurt) ?? null),
        preview: null,
        unassigned: buurt === null,
        faded: false,
      };
      this.setState("blocks", block, state, this.states);
    }
    for (const { id, properties } of this.borders) {
      const left = properties.a ? plan.buurtOf(properties.a) : null;
      const right = properties.b ? plan.buurtOf(properties.b) : null;
      const outer = !properties.a || !properties.b;
      const state = {
        wall: outer || left !== right,
        chosen: chosen !== null && left !== right && (left === chosen || right === chosen),
      };
      this.setState("borders", id, state, this.walls);
    }
    this.setData("labels", this.labelsOf(plan));
  }

  private setState<Id extends string | number>(
    source: string,
    id: Id,
    state: object,
    known: Map<Id, string>,
  ): void {
    const text = JSON.stringify(state);
    if (known.get(id) === text) return;
    known.set(id, text);
    this.map.setFeatureState({ source, id }, state);
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

  private labelsOf(plan: OpenedPlan): FeatureCollection {
    const band = plan.answer.band;
    const places = new Map<string, [number, number][]>();
    for (const block of plan.blocks.keys()) {
      const place = this.inside[block];
      const buurt = plan.buurtOf(block);
      if (!place || buurt === null) continue;
      const others = places.get(buurt);
      if (others) others.push(place);
      else places.set(buurt, [place]);
    }
    return {
      type: "FeatureCollection",
      features: plan.buurten.peek().flatMap((buurt) => {
        const held = places.get(buurt.code);
        if (!held) return [];
        const mean = (axis: 0 | 1) => held.reduce((sum, place) => sum + place[axis], 0) / held.length;
        const middle = [mean(0), mean(1)] as const;
        const distance = (place: [number, number]) => Math.hypot(place[0] - middle[0], place[1] - middle[1]);
        const place = held.reduce((best, other) => (distance(other) < distance(best) ? other : best));
        const mark = { good: "", empty: "", low: "▼ ", high: "▲ " }[bandStatus(buurt.counts, band)];
        return [
          {
            type: "Feature" as const,
            geometry: { type: "Point" as const, coordinates: place },
            properties: {
              name: buurtName(buurt),
              figure: mark + figureOf(measure.peek(), buurt.counts),
              rank: -buurt.counts.households,
            },
          },
        ];
      }),
    };
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
