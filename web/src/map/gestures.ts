// From what the pointer or the keyboard does on the map to one operation of a draft.
//
// The pointer and the keyboard's cross share these gestures: whatever a mouse can draw, arrow keys, space and enter can.
import { effect } from "@preact/signals";
import type { FeatureCollection, Position } from "geojson";
import type { MapMouseEvent } from "maplibre-gl";
import { isInside } from "../plan/rings";
import { t } from "../texts";
import {
  announce,
  brush,
  canPaint,
  colours,
  editor,
  opened,
  pointed,
  selected,
  type Tool,
  tool,
} from "../ui";
import type { PlanMap } from "./plan-map";

type Point = { x: number; y: number };
const STROKES: ReadonlySet<Tool> = new Set(["paint", "box", "lasso"]);
const LINES: ReadonlySet<Tool> = new Set(["cut", "split", "reshape"]);
/**
 * Pixels within which a drawn line is moved to a border; in metres between these. Further out more would be moved than
 * an eye sees, and pieces narrower than this are given back to their neighbours.
 */
const SNAP_PIXELS = 6;
const SNAP_M = [0.5, 10] as const;
/** The two clicks of a double click are at most so far apart. */
const DOUBLE_PIXELS = 8;
/** A lasso keeps a position every so many pixels. */
const LASSO_STEP = 4;

export class Gestures {
  private line: [number, number][] = [];
  private stroke: Set<string> | null = null;
  private corners: Point[] = [];
  private pressed = false;
  private panning = false;
  private readonly stops: (() => void)[] = [];

  constructor(private readonly on: PlanMap) {
    const { map } = on;
    const canvas = map.getCanvas();
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "application");
    map.on("mousedown", this.press);
    map.on("mousemove", this.move);
    map.on("click", this.click);
    map.on("dblclick", this.doubleClick);
    map.on("moveend", this.lookUnderCross);
    addEventListener("mouseup", this.release);
    canvas.addEventListener("keydown", this.key);
    addEventListener("keyup", this.keyUp);
    this.stops.push(
      effect(() => {
        const name = tool.value;
        this.cancel();
        canvas.style.cursor = name === "look" ? "" : "crosshair";
        canvas.setAttribute("aria-label", t(`map.${name}`));
        if (STROKES.has(name)) map.dragPan.disable();
        else map.dragPan.enable();
        if (LINES.has(name)) map.doubleClickZoom.disable();
        else map.doubleClickZoom.enable();
      }),
    );
  }

  destroy(): void {
    for (const stop of this.stops) stop();
    removeEventListener("mouseup", this.release);
    removeEventListener("keyup", this.keyUp);
  }

  private get free(): boolean {
    return canPaint.peek() && !editor.peek()?.blocked.peek();
  }

  private readonly press = (event: MapMouseEvent) => {
    if (event.originalEvent.button !== 0 || this.panning || !STROKES.has(tool.peek()) || !this.free) return;
    if (selected.peek() === null) {
      announce(t("say.choose-buurt"));
      return;
    }
    this.pressed = true;
    if (tool.peek() === "paint") {
      this.stroke = new Set();
      this.brushAt(event.point);
    } else {
      this.corners = [event.point];
    }
  };

  private readonly move = (event: MapMouseEvent) => {
    pointed.value = this.on.blocksAt(event.point.x, event.point.y, 0)[0] ?? null;
    if (this.line.length) this.drawLine([event.lngLat.lng, event.lngLat.lat]);
    if (!this.pressed) return;
    if (tool.peek() === "paint") {
      this.brushAt(event.point);
      return;
    }
    const last = this.corners.at(-1) as Point;
    if (tool.peek() === "box") this.corners = [this.corners[0] as Point, event.point];
    else if (Math.hypot(event.point.x - last.x, event.point.y - last.y) >= LASSO_STEP)
      this.corners.push(event.point);
    this.drawArea();
  };

  private readonly release = () => {
    if (!this.pressed) return;
    this.pressed = false;
    this.finishStroke();
  };

  private readonly click = (event: MapMouseEvent) => {
    const name = tool.peek();
    if (name === "look") {
      const block = this.on.blocksAt(event.point.x, event.point.y, 0)[0];
      selected.value = block === undefined ? null : (opened.peek()?.buurtOf(block) ?? null);
    } else if (LINES.has(name)) this.addVertex([event.lngLat.lng, event.lngLat.lat]);
  };

  private readonly doubleClick = (event: MapMouseEvent) => {
    if (!LINES.has(tool.peek())) return;
    event.preventDefault();
    // The second click of the two may have set a point of its own, a few pixels off.
    const [before, last] = this.line.slice(-2).map((place) => this.on.map.project(place));
    if (before && last && before.dist(last) < DOUBLE_PIXELS) this.line.pop();
    this.finishLine();
  };

  private readonly key = (event: KeyboardEvent) => {
    if (event.key === " ") {
      event.preventDefault();
      if (this.pressed) return;
      if (tool.peek() === "look" || event.shiftKey) this.selectUnderCross();
      else this.actAtCross();
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (this.line.length) this.finishLine();
      else if (this.corners.length > 1) this.finishStroke();
      else if (tool.peek() === "look") this.selectUnderCross();
    } else if (event.key === "Escape") {
      this.cancel();
    } else if (event.key === "Backspace" && this.line.length) {
      event.preventDefault();
      this.line.pop();
      this.drawLine();
    } else if (event.key === "Control" || event.key === "Meta") {
      this.startPanning();
    }
  };

  private readonly keyUp = (event: KeyboardEvent) => {
    if ((event.key === "Control" || event.key === "Meta") && this.panning) {
      this.panning = false;
      if (STROKES.has(tool.peek())) this.on.map.dragPan.disable();
    }
  };

  /** Ctrl held down: dragging moves the map, whatever the tool. */
  private startPanning(): void {
    this.panning = true;
    this.on.map.dragPan.enable();
  }

  private get cross(): Point {
    const { clientWidth, clientHeight } = this.on.map.getCanvas();
    return { x: clientWidth / 2, y: clientHeight / 2 };
  }

  private readonly lookUnderCross = () => {
    if (document.activeElement !== this.on.map.getCanvas()) return;
    const block = this.on.blocksAt(this.cross.x, this.cross.y, 0)[0] ?? null;
    if (block === pointed.peek()) return;
    pointed.value = block;
  };

  private selectUnderCross(): void {
    const block = this.on.blocksAt(this.cross.x, this.cross.y, 0)[0];
    selected.value = block === undefined ? null : (opened.peek()?.buurtOf(block) ?? null);
  }

  private actAtCross(): void {
    if (!this.free) return;
    const name = tool.peek();
    const { x, y } = this.cross;
    if (LINES.has(name)) {
      const { lng, lat } = this.on.map.unproject([x, y]);
      this.addVertex([lng, lat]);
    } else if (selected.peek() === null) announce(t("say.choose-buurt"));
    else if (name === "paint") {
      this.stroke = new Set();
      this.brushAt({ x, y });
      this.finishStroke();
    } else {
      // Corners are places on the earth: the map moves between two of them.
      const { lng, lat } = this.on.map.unproject([x, y]);
      this.placed.push([lng, lat]);
      const corners = this.placed.map((place) => this.on.map.project(place));
      this.corners = name === "box" ? corners.slice(-2) : corners;
      this.drawArea();
      if (name === "box" && this.corners.length === 2) this.finishStroke();
    }
  }
  private placed: [number, number][] = [];

  private brushAt(point: Point): void {
    const target = selected.peek();
    const plan = opened.peek();
    if (!this.stroke || target === null || !plan) return;
    for (const block of this.on.blocksAt(point.x, point.y, brush.peek())) {
      if (this.stroke.has(block) || plan.buurtOf(block) === target) continue;
      this.stroke.add(block);
      this.on.preview(block, colours.peek().get(target) ?? null);
    }
  }

  private finishStroke(): void {
    const target = selected.peek();
    const plan = opened.peek();
    let blocks = [...(this.stroke ?? [])];
    if (this.corners.length > 1 && plan) {
      const area = this.areaOf();
      blocks = [...plan.blocks.keys()].filter((block) => {
        const place = this.on.insideOf(block);
        return place !== undefined && plan.buurtOf(block) !== target && isInside(place, area);
      });
    }
    this.cancel(blocks);
    if (blocks.length && target !== null)
      void editor.peek()?.run({ op: "assign_blocks", blocks, buurt: target });
  }

  private addVertex(place: [number, number]): void {
    if (!this.free) return;
    const last = this.line.at(-1);
    if (last && last[0] === place[0] && last[1] === place[1]) return;
    this.line.push(place);
    this.drawLine();
    announce(t("say.vertex", { count: this.line.length }));
  }

  private finishLine(): void {
    const line = this.line;
    const name = tool.peek();
    const start = line[0];
    if (line.length < 2 || !start) {
      announce(t("say.two-points"));
      return;
    }
    const snap = this.snapAt(start);
    const at = this.on.map.project(start);
    this.cancel();
    if (name === "cut") void editor.peek()?.run({ op: "cut_blocks", line, snap_m: snap });
    else if (name === "split") {
      const buurt = selected.peek();
      if (buurt === null) announce(t("say.choose-buurt"));
      else void editor.peek()?.run({ op: "split_buurt", buurt, line, snap_m: snap });
    } else {
      const sides = this.on.buurtenBeside(at.x, at.y);
      if (sides === null) announce(t("say.begin-on-border"));
      else
        void editor
          .peek()
          ?.run({ op: "reshape_border", left: sides[0], right: sides[1], line, snap_m: snap });
    }
  }

  /** Metres that a few pixels are, at a place and the present zoom (Web Mercator, 512 px tiles). */
  private snapAt([, lat]: [number, number]): number {
    const metres = (40_075_016.686 * Math.cos((lat * Math.PI) / 180)) / (512 * 2 ** this.on.map.getZoom());
    return Math.min(SNAP_M[1], Math.max(SNAP_M[0], Number((metres * SNAP_PIXELS).toPrecision(3))));
  }

  /** Take back what is drawn; blocks that are sent now keep their preview until they are painted. */
  private cancel(keep: readonly string[] = []): void {
    const kept = new Set(keep);
    for (const block of this.stroke ?? []) if (!kept.has(block)) this.on.preview(block, null);
    this.stroke = null;
    this.line = [];
    this.corners = [];
    this.placed = [];
    this.pressed = false;
    this.on.setData("drawing", null);
  }

  private areaOf(): Position[] {
    const [first, second] = this.corners as [Point, Point];
    const corners =
      tool.peek() === "box"
        ? [first, { x: second.x, y: first.y }, second, { x: first.x, y: second.y }]
        : this.corners;
    const ring = corners.map(({ x, y }) => this.on.map.unproject([x, y]).toArray());
    return [...ring, ring[0] as [number, number]];
  }

  private drawArea(): void {
    if (this.corners.length < 2) return;
    const geometry = { type: "Polygon" as const, coordinates: [this.areaOf()] };
    this.on.setData("drawing", {
      type: "FeatureCollection",
      features: [{ type: "Feature", geometry, properties: {} }],
    });
  }

  private drawLine(end?: [number, number]): void {
    const line = end ? [...this.line, end] : this.line;
    const features: FeatureCollection["features"] = this.line.map((place) => ({
      type: "Feature",
      geometry: { type: "Point", coordinates: place },
      properties: {},
    }));
    if (line.length > 1) {
      features.push({ type: "Feature", geometry: { type: "LineString", coordinates: line }, properties: {} });
    }
    this.on.setData("drawing", { type: "FeatureCollection", features });
  }
}
