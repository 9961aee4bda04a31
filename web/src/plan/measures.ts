// What the map can show of a buurt, as a value for its colour and as text for its label.
import type { Counts } from "../api/client";
import { formatCount, formatShare } from "../texts";
import type { Measure } from "../ui";

/** Return the value of a measure; null where it is unknown. */
export function measured(measure: Measure, counts: Counts): number | null {
  if (measure === "adoption") {
    return counts.households > 0 && counts.members !== null ? counts.members / counts.households : null;
  }
  if (measure === "letters") return counts.letters;
  return counts.households;
}

export function figureOf(measure: Measure, counts: Counts): string {
  if (measure === "adoption") {
    const share = measured("adoption", counts);
    return share === null ? "–" : formatShare(share);
  }
  return formatCount(measure === "letters" ? counts.letters : counts.households);
}
