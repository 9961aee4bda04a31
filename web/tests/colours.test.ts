import { describe, expect, it } from "vitest";
import { boundsOf, colourBuurten, PALETTE, STEPS, stepOf } from "../src/plan/colours";

/** A grid of buurten in which every one touches those beside and below it. */
function grid(width: number) {
  const buurten = Array.from({ length: width * width }, (_, place) => ({ code: `b-${place}`, colour: null }));
  const neighbours = new Map<string, Set<string>>();
  const link = (from: number, to: number) => {
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      neighbours.set(`b-${one}`, (neighbours.get(`b-${one}`) ?? new Set()).add(`b-${other}`));
    }
  };
  for (let place = 0; place < width * width; place += 1) {
    if ((place + 1) % width) link(place, place + 1);
    if (place + width < width * width) link(place, place + width);
  }
  return { buurten, neighbours };
}

describe("colours of buurten", () => {
  const { buurten, neighbours } = grid(20);

  it("differ between neighbours", () => {
    const colours = colourBuurten(buurten, neighbours, new Map());
    for (const [code, others] of neighbours) {
      for (const other of others) expect(colours.get(code)).not.toBe(colours.get(other));
    }
    expect(new Set(colours.values()).size).toBeLessThanOrEqual(PALETTE.length);
  });

  it("stay as they were where neighbours allow it", () => {
    const before = colourBuurten(buurten, neighbours, new Map());
    const more = new Map(neighbours);
    more.set("new", new Set(["b-0"]));
    more.set("b-0", new Set([...(neighbours.get("b-0") ?? []), "new"]));
    const after = colourBuurten([...buurten, { code: "new", colour: null }], more, before);
    for (const { code } of buurten) expect(after.get(code)).toBe(before.get(code));
    expect(after.get("new")).not.toBe(after.get("b-0"));
  });

  it("are those that staff chose", () => {
    const own = buurten.map((buurt, place) => (place === 7 ? { ...buurt, colour: "#ABCDEF" } : buurt));
    expect(colourBuurten(own, neighbours, new Map()).get("b-7")).toBe("#abcdef");
  });
});

describe("classes of a choropleth", () => {
  it("begin at rising bounds, and each value is in one of them", () => {
    const values = [0, 10, 20, 30, 40, 50, 60, 70, 80, 90];
    const bounds = boundsOf(values);
    expect(bounds).toEqual([...bounds].sort((left, right) => left - right));
    expect(stepOf(0, bounds)).toBe(STEPS[0]);
    expect(stepOf(90, bounds)).toBe(STEPS[4]);
  });

  it("are fewer where values are the same", () => {
    expect(boundsOf([5, 5, 5, 5])).toEqual([5]);
    expect(boundsOf([])).toEqual([]);
  });
});
