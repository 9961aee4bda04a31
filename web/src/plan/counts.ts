// Sums over blocks, as the server makes them (boundaries/buurt_counts.py): a paint shows its numbers before it is saved.
import type { Counts } from "../api/client";

export interface Block {
  readonly code: string;
  readonly sector: string;
  /** Null is unknown, never zero. */
  readonly households: number | null;
  readonly estimated: boolean;
  readonly dwellings: number;
  readonly members: number;
}

type Sums = { -readonly [Name in keyof Counts]: Counts[Name] };

export function noCounts(): Sums {
  return { blocks: 0, households: 0, unknown: 0, estimated: 0, dwellings: 0, members: 0, letters: 0 };
}

export function addBlock(sums: Sums, block: Block): void {
  sums.blocks += 1;
  sums.households += block.households ?? 0;
  sums.unknown += block.households === null ? 1 : 0;
  sums.estimated += block.estimated ? 1 : 0;
  sums.dwellings += block.dwellings;
  sums.members += block.members;
  sums.letters += Math.max(0, block.dwellings - block.members);
}

/** Count every buurt; blocks without one are counted under null. */
export function countBuurten(
  blocks: Iterable<Block>,
  buurtOf: (code: string) => string | null,
): Map<string | null, Counts> {
  const counts = new Map<string | null, Sums>();
  for (const block of blocks) {
    const buurt = buurtOf(block.code);
    let sums = counts.get(buurt);
    if (!sums) {
      sums = noCounts();
      counts.set(buurt, sums);
    }
    addBlock(sums, block);
  }
  return counts;
}

export interface Band {
  readonly least: number;
  readonly target: number;
  readonly most: number;
}
export type BandStatus = "empty" | "low" | "good" | "high";

export function bandStatus(counts: Counts, band: Band): BandStatus {
  if (counts.blocks === 0) return "empty";
  if (counts.households < band.least) return "low";
  return counts.households > band.most ? "high" : "good";
}
