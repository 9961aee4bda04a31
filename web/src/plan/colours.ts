// Colours of buurten: neighbours differ, colour-blind people can tell them apart, black text stays readable on them.

/** Paul Tol's "light" qualitative scheme, made for filled areas with black labels (SRON technical note EPS/TN/09-002). */
export const PALETTE = [
  "#77aadd",
  "#ee8866",
  "#44bb99",
  "#eedd88",
  "#ffaabb",
  "#99ddff",
  "#bbcc33",
  "#aaaa00",
] as const;

/**
 * Colour buurten so that neighbours differ.
 *
 * A buurt keeps the colour that staff chose, else the one that it had, unless a neighbour took it: the map must not
 * change its colours under somebody who paints. Those that need one take the colour that the fewest of their
 * neighbours, and then the fewest buurten, have: with eight colours and areas of a plane there nearly always is a free
 * one.
 */
export function colourBuurten(
  buurten: readonly { code: string; colour: string | null }[],
  neighbours: ReadonlyMap<string, ReadonlySet<string>>,
  before: ReadonlyMap<string, string>,
): Map<string, string> {
  const colours = new Map<string, string>();
  const used = new Map<string, number>(PALETTE.map((colour) => [colour, 0]));
  const give = (code: string, colour: string) => {
    colours.set(code, colour);
    used.set(colour, (used.get(colour) ?? 0) + 1);
  };
  const around = (code: string) => neighbours.get(code) ?? new Set<string>();
  for (const { code, colour } of buurten) if (colour) give(code, colour.toLowerCase());
  for (const { code } of buurten) {
    const had = before.get(code);
    if (had && !colours.has(code) && ![...around(code)].some((other) => colours.get(other) === had))
      give(code, had);
  }
  const open = buurten.filter(({ code }) => !colours.has(code));
  open.sort(
    (left, right) => around(right.code).size - around(left.code).size || (left.code < right.code ? -1 : 1),
  );
  for (const { code } of open) {
    const taken = new Map<string, number>();
    for (const other of around(code)) {
      const colour = colours.get(other);
      if (colour) taken.set(colour, (taken.get(colour) ?? 0) + 1);
    }
    const best = [...PALETTE].sort(
      (left, right) =>
        (taken.get(left) ?? 0) - (taken.get(right) ?? 0) || (used.get(left) ?? 0) - (used.get(right) ?? 0),
    )[0] as string;
    give(code, best);
  }
  return colours;
}

/** Steps of a choropleth, light to dark: ColorBrewer's YlGnBu, five classes, safe for colour-blind people. */
export const STEPS = ["#ffffcc", "#a1dab4", "#41b6c4", "#2c7fb8", "#253494"] as const;

/** Return the step of a value among bounds in ascending order. */
export function stepOf(value: number, bounds: readonly number[]): string {
  let step = 0;
  while (step < bounds.length && value >= (bounds[step] as number)) step += 1;
  return STEPS[Math.min(step, STEPS.length - 1)] as string;
}

/** Round bounds at the quintiles of what is there, so that every class has members. */
export function boundsOf(values: readonly number[]): number[] {
  const sorted = [...values].sort((left, right) => left - right);
  const bounds: number[] = [];
  for (let step = 1; step < STEPS.length; step += 1) {
    const value = sorted[Math.floor((step * sorted.length) / STEPS.length)];
    if (value === undefined) continue;
    const nice = roundTo(value, 2);
    if (bounds.at(-1) !== nice) bounds.push(nice);
  }
  return bounds;
}

function roundTo(value: number, digits: number): number {
  return value === 0 ? 0 : Number(value.toPrecision(digits));
}
