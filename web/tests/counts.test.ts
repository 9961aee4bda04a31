import { describe, expect, it } from "vitest";
import { bandStatus, countBlocks, countBuurten, noCounts } from "../src/plan/counts";

const rates = { smallest_shown: 10, per_dwelling: { S1: 0.25, S2: 0, S3: null } };
const block = (code: string, sector: string, dwellings: number, households: number | null = dwellings) => ({
  code,
  sector,
  households,
  estimated: false,
  dwellings,
});

describe("counts of buurten", () => {
  it("add up as the server's do, with members by the rates of their sectors", () => {
    const blocks = [block("a", "S1", 40), block("b", "S1", 20), block("c", "S2", 100, null)];
    const sums = countBlocks(blocks, rates);
    expect(sums).toEqual({
      blocks: 3,
      households: 60,
      unknown: 1,
      estimated: 0,
      dwellings: 160,
      members: 15,
      letters: 145,
    });
  });

  it("withhold few members, few others, and what nobody knows", () => {
    expect(countBlocks([block("a", "S1", 20)], rates).members).toBeNull();
    expect(countBlocks([block("a", "S1", 400), block("b", "S3", 1)], rates).letters).toBeNull();
    const all = { smallest_shown: 10, per_dwelling: { S1: 1 } };
    expect(countBlocks([block("a", "S1", 40)], all).members).toBeNull();
    expect(countBlocks([block("a", "S2", 40)], rates).members).toBe(0);
  });

  it("are kept apart by buurt, and blocks without one are counted too", () => {
    const own: Record<string, string | null> = { a: "1", b: "1", c: null };
    const blocks = [block("a", "S2", 4), block("b", "S2", 5), block("c", "S2", 6)];
    const counts = countBuurten(blocks, (code) => own[code] ?? null, rates);
    expect(counts.get("1")?.households).toBe(9);
    expect(counts.get(null)?.households).toBe(6);
  });

  it("lie within a band or not", () => {
    const band = { least: 1_000, target: 1_500, most: 4_000 };
    const of = (households: number) => ({ ...noCounts(), blocks: 1, households });
    expect(bandStatus(noCounts(), band)).toBe("empty");
    expect([999, 1_000, 4_000, 4_001].map((households) => bandStatus(of(households), band))).toEqual([
      "low",
      "good",
      "good",
      "high",
    ]);
  });
});
