import { describe, expect, it } from "vitest";
import { areaOf, centroidOf, isInside } from "../src/plan/rings";

const corner = [
  [4, 50],
  [7, 50],
  [7, 51],
  [5, 51],
  [5, 53],
  [4, 53],
  [4, 50],
];

describe("rings", () => {
  it("have an area and a centroid whichever way they go", () => {
    for (const ring of [corner, [...corner].reverse()]) {
      expect(areaOf(ring)).toBeCloseTo(5, 12);
      expect(centroidOf(ring)[0]).toBeCloseTo(5.1, 12);
      expect(centroidOf(ring)[1]).toBeCloseTo(51.1, 12);
    }
  });

  it("hold what is inside, and may not hold their centroid", () => {
    expect(isInside([4.5, 52], corner)).toBe(true);
    expect(isInside([6, 52], corner)).toBe(false);
    expect(isInside(centroidOf(corner), corner)).toBe(false);
  });
});
