// Sums over blocks, as the server makes them (boundaries/buurt_counts.py): a paint shows its numbers before it is saved.
import type { Counts, MemberRates } from "../api/client";

export interface Block {
  readonly code: string;
  readonly sector: string;
  /** Null is unknown, never zero. */
  readonly households: number | null;
  readonly estimated: boolean;
  readonly dwellings: number;
}

type Sums = { -readonly [Name in keyof Counts]: Counts[Name] };

export function noCounts(): Sums {
  return { blocks: 0, households: 0, unknown: 0, estimated: 0, dwellings: 0, members: 0, letters: 0 };
}

/** Sum blocks; members are their dwellings times the rates of their sectors, withheld where the server withholds them. */
export function countBlocks(blocks: Iterable<Block>, rates: MemberRates): Counts {
  const sums = noCounts();
  let members: number | null = 0;
  for (const block of blocks) {
    sums.blocks += 1;
    sums.households += block.households ?? 0;
    sums.unknown += block.households === null ? 1 : 0;
    sums.estimated += block.estimated ? 1 : 0;
    sums.dwellings += block.dwellings;
    const rate = rates.per_dwelling[block.sector] ?? null;
    if (rate === null) members = null;
    else if (members !== null) members += block.dwellings * rate;
  }
  sums.members = members === null ? null : tell(members, sums.dwellings, rates.smallest_shown);
  sums.letters = sums.members === null ? null : Math.max(0, sums.dwellings - sums.members);
  return sums;
}

/** Return what is told of an expected number of members (households/member_rates.py has the same rule). */
function tell(members: number, dwellings: number, smallest: number): number | null {
  const rounded = Math.floor(members + 0.5);
  const few = rounded < smallest || (smallest > 1 && dwellings - rounded < smallest);
  return members > 0 && few ? null : rounded;
}

/** Count every buurt; blocks without one are counted under null. */
export function countBuurten(
  blocks: Iterable<Block>,
  buurtOf: (code: string) => string | null,
  rates: MemberRates,
): Map<string | null, Counts> {
  const held = new Map<string | null, Block[]>();
  for (const block of blocks) {
    const buurt = buurtOf(block.code);
    const others = held.get(buurt);
    if (others) others.push(block);
    else held.set(buurt, [block]);
  }
  return new Map([...held].map(([buurt, own]) => [buurt, countBlocks(own, rates)]));
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
