// Where the names of buurten stand, and what they say.
import type { Feature, FeatureCollection, Point } from "geojson";
import { bandStatus } from "../plan/counts";
import { figureOf } from "../plan/measures";
import type { OpenedPlan } from "../plan/opened";
import { buurtName } from "../texts";
import { measure } from "../ui";

/** A position inside every block. */
type Places = Readonly<Record<string, [number, number]>>;

const MARKS = { good: "", empty: "", low: "▼ ", high: "▲ " } as const;

/** Return a label for every buurt, in the block nearest to the mean of its blocks. */
export function labelBuurten(plan: OpenedPlan, inside: Places): FeatureCollection<Point> {
  const held = new Map<string, [number, number][]>();
  for (const block of plan.blocks.keys()) {
    const place = inside[block];
    const buurt = plan.buurtOf(block);
    if (!place || buurt === null) continue;
    const others = held.get(buurt);
    if (others) others.push(place);
    else held.set(buurt, [place]);
  }
  const features = plan.buurten.peek().flatMap((buurt): Feature<Point>[] => {
    const places = held.get(buurt.code);
    if (!places) return [];
    const mark = MARKS[bandStatus(buurt.counts, plan.answer.band)];
    return [
      {
        type: "Feature",
        geometry: { type: "Point", coordinates: nearestToMean(places) },
        properties: {
          name: buurtName(buurt),
          figure: mark + figureOf(measure.peek(), buurt.counts),
          rank: -buurt.counts.households,
        },
      },
    ];
  });
  return { type: "FeatureCollection", features };
}

function nearestToMean(places: readonly [number, number][]): [number, number] {
  const mean = (axis: 0 | 1) => places.reduce((sum, place) => sum + place[axis], 0) / places.length;
  const [x, y] = [mean(0), mean(1)];
  const distance = (place: [number, number]) => Math.hypot(place[0] - x, place[1] - y);
  return places.reduce((best, other) => (distance(other) < distance(best) ? other : best));
}
