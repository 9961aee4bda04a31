import { describe, expect, it } from "vitest";
import { type BlockFeature, findBorders, neighboursOf } from "../src/plan/borders";

function square(block: string, x: number, y: number, size = 1): BlockFeature {
  const ring = [
    [x, y],
    [x + size, y],
    [x + size, y + size],
    [x, y + size],
    [x, y],
  ];
  return { type: "Feature", properties: { block }, geometry: { type: "Polygon", coordinates: [ring] } };
}

function lengthOf(lines: number[][][]): number {
  let sum = 0;
  for (const line of lines) {
    for (let place = 1; place < line.length; place += 1) {
      const [ax, ay] = line[place - 1] as [number, number];
      const [bx, by] = line[place] as [number, number];
      sum += Math.hypot(bx - ax, by - ay);
    }
  }
  return sum;
}

/** A cup, and a lid that lies on its two walls. */
const cup = [
  [0, 0],
  [3, 0],
  [3, 2],
  [2, 2],
  [2, 1],
  [1, 1],
  [1, 2],
  [0, 2],
  [0, 0],
];
const lid = [
  [0, 2],
  [1, 2],
  [2, 2],
  [3, 2],
  [3, 3],
  [0, 3],
  [0, 2],
];

describe("borders of blocks", () => {
  const grid = [square("a", 0, 0), square("b", 1, 0), square("c", 0, 1), square("d", 1, 1)];
  const borders = findBorders(grid);
  const sides = new Map(
    borders.features.map((border) => [`${border.properties.a}|${border.properties.b}`, border]),
  );

  it("are found once for every pair that shares an edge, and for the outside", () => {
    expect([...sides.keys()].sort()).toEqual(["a|b", "a|c", "b|d", "c|d", "|a", "|b", "|c", "|d"].sort());
  });

  it("have the length of what is shared, in one line where they hang together", () => {
    expect(lengthOf(sides.get("a|b")?.geometry.coordinates as number[][][])).toBe(1);
    expect(lengthOf(sides.get("|a")?.geometry.coordinates as number[][][])).toBe(2);
    expect(sides.get("|a")?.geometry.coordinates).toHaveLength(1);
  });

  it("lose no edge on a ring that closes", () => {
    const alone = findBorders([square("a", 0, 0)]);
    expect(lengthOf(alone.features[0]?.geometry.coordinates as number[][][])).toBe(4);
  });

  it("go around an enclave, and part neighbours that meet twice into two lines", () => {
    const [ring] = square("shell", 0, 0, 9).geometry.coordinates as [number[][]];
    const hole = (square("hole", 3, 3, 1).geometry.coordinates as number[][][])[0] as number[][];
    const shell: BlockFeature = {
      type: "Feature",
      properties: { block: "shell" },
      geometry: { type: "Polygon", coordinates: [ring, [...hole].reverse()] },
    };
    const found = findBorders([square("hole", 3, 3, 1), shell]).features;
    expect(found.map(({ properties }) => properties.sides).sort()).toEqual([" shell", "hole shell"]);
    for (const { properties, geometry } of found)
      expect(lengthOf(geometry.coordinates)).toBe(properties.a === "" ? 36 : 4);
    const twice = findBorders([
      { ...square("u", 0, 0), geometry: { type: "Polygon", coordinates: [cup] } },
      { ...square("v", 0, 0), geometry: { type: "Polygon", coordinates: [lid] } },
    ]);
    const shared = twice.features.find(({ properties }) => properties.sides === "u v");
    expect(shared?.geometry.coordinates).toHaveLength(2);
    expect(lengthOf(shared?.geometry.coordinates as number[][][])).toBe(2);
  });

  it("say which buurten are neighbours: a common corner is none", () => {
    const own: Record<string, string | null> = { a: "1", b: "2", c: "1", d: "3" };
    const found = neighboursOf(
      borders.features.map(({ properties }) => properties),
      (block) => own[block] ?? null,
    );
    expect([...(found.get("1") ?? [])].sort()).toEqual(["2", "3"]);
    own.c = null;
    const without = neighboursOf(
      borders.features.map(({ properties }) => properties),
      (block) => own[block] ?? null,
    );
    expect([...(without.get("1") ?? [])]).toEqual(["2"]);
  });
});
