// Measures of rings of positions, in the plane of degrees: for places on the screen, not for decisions.
import type { Position } from "geojson";

/** Whether a ring holds a place, by the even-odd rule (crossings of a ray to the east). */
export function isInside([x, y]: readonly [number, number], ring: readonly Position[]): boolean {
  let inside = false;
  for (let place = 1; place < ring.length; place += 1) {
    const [ax, ay] = ring[place - 1] as [number, number];
    const [bx, by] = ring[place] as [number, number];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}

/** Twice the signed area and the moments of a ring (shoelace formula), from its first position. */
function momentsOf(ring: readonly Position[]): readonly [area: number, x: number, y: number] {
  const [ox = 0, oy = 0] = ring[0] ?? [];
  let area = 0;
  let x = 0;
  let y = 0;
  for (let place = 1; place < ring.length; place += 1) {
    const [ax, ay] = [(ring[place - 1]?.[0] ?? 0) - ox, (ring[place - 1]?.[1] ?? 0) - oy];
    const [bx, by] = [(ring[place]?.[0] ?? 0) - ox, (ring[place]?.[1] ?? 0) - oy];
    const cross = ax * by - bx * ay;
    area += cross;
    x += (ax + bx) * cross;
    y += (ay + by) * cross;
  }
  return [area, x, y];
}

export const areaOf = (ring: readonly Position[] = []) => Math.abs(momentsOf(ring)[0]) / 2;

export function centroidOf(ring: readonly Position[]): [number, number] {
  const [ox = 0, oy = 0] = ring[0] ?? [];
  const [area, x, y] = momentsOf(ring);
  return area === 0 ? [ox, oy] : [ox + x / (3 * area), oy + y / (3 * area)];
}
