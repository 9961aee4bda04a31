// Borders between blocks, found from the vertices that neighbours share.
//
// The server hands out blocks whose common borders have the same vertices on both sides (the tiling is exact), so an
// edge of one block is, reversed or not, an edge of its neighbour: a table of edges finds all neighbours in linear time.
// A border is then read off the ring of one of its blocks, run by run of edges with the same neighbour.
// On a paint a line only changes its state, not its geometry.
import type { Feature, FeatureCollection, MultiLineString, MultiPolygon, Polygon, Position } from "geojson";

export interface BorderProperties {
  /** The blocks on the two sides; "" is outside the municipality. */
  readonly a: string;
  readonly b: string;
  /** Both: it names the border, also when others come and go. */
  readonly sides: string;
}
export type Borders = FeatureCollection<MultiLineString, BorderProperties>;
export type BlockFeature = Feature<Polygon | MultiPolygon, { block: string }>;

const OUTSIDE = -1;

export function findBorders(blocks: readonly BlockFeature[]): Borders {
  const edges = new EdgeTable();
  const rings = blocks.map((block) =>
    ringsOf(block.geometry).map((positions) => ({ positions, ids: edges.idsOf(positions) })),
  );
  rings.forEach((own, index) => {
    for (const { ids } of own) edges.add(ids, index);
  });

  const linesOf = new Map<number, Position[][]>();
  rings.forEach((own, index) => {
    for (const { positions, ids } of own) {
      for (const [other, line] of runsOf(positions, ids, (from, to) => edges.beside(from, to, index))) {
        // The block of the lower number draws what it shares; nothing parts a block from itself.
        if (other !== OUTSIDE && other <= index) continue;
        const key = other * blocks.length + index;
        const lines = linesOf.get(key);
        if (lines) lines.push(line);
        else linesOf.set(key, [line]);
      }
    }
  });

  const codeOf = (index: number) => blocks[index]?.properties.block ?? "";
  const features = [...linesOf].map(([key, coordinates]): Feature<MultiLineString, BorderProperties> => {
    const other = Math.floor(key / blocks.length);
    const index = key - other * blocks.length;
    const [a, b] = other === OUTSIDE ? ["", codeOf(index)] : [codeOf(index), codeOf(other)];
    return {
      type: "Feature",
      geometry: { type: "MultiLineString", coordinates },
      properties: { a, b, sides: `${a} ${b}` },
    };
  });
  return { type: "FeatureCollection", features };
}

/** The edges of all rings with the one or two blocks beside them, by numbers of vertices. */
class EdgeTable {
  /** Latitude to number, by longitude. */
  private readonly vertices = new Map<number, Map<number, number>>();
  private count = 0;
  /** For every vertex: its edges to vertices of higher numbers, as triples of that vertex and the two blocks. */
  private readonly edges: number[][] = [];

  idsOf(ring: readonly Position[]): number[] {
    return ring.map(([lon, lat]) => {
      let column = this.vertices.get(lon as number);
      if (!column) {
        column = new Map();
        this.vertices.set(lon as number, column);
      }
      let id = column.get(lat as number);
      if (id === undefined) {
        id = this.count++;
        column.set(lat as number, id);
        this.edges.push([]);
      }
      return id;
    });
  }

  add(ids: readonly number[], block: number): void {
    for (let place = 1; place < ids.length; place += 1) {
      const [low, high] = ordered(ids[place - 1] as number, ids[place] as number);
      if (low === high) continue;
      const edges = this.edges[low] as number[];
      const at = find(edges, high);
      if (at === -1) edges.push(high, block, OUTSIDE);
      else edges[at + 2] = block;
    }
  }

  /** Return what is beyond an edge of a block. */
  beside(from: number, to: number, block: number): number {
    const [low, high] = ordered(from, to);
    const edges = this.edges[low] as number[];
    const at = find(edges, high);
    const first = edges[at + 1] as number;
    return first === block ? (edges[at + 2] as number) : first;
  }
}

const ordered = (one: number, other: number) =>
  (one < other ? [one, other] : [other, one]) as [number, number];

function find(edges: readonly number[], high: number): number {
  for (let at = 0; at < edges.length; at += 3) if (edges[at] === high) return at;
  return -1;
}

/** Part a ring into lines along which the same block is beyond it. */
function runsOf(
  positions: readonly Position[],
  ids: readonly number[],
  beside: (from: number, to: number) => number,
): [number, Position[]][] {
  const runs: [number, Position[]][] = [];
  for (let place = 1; place < positions.length; place += 1) {
    if (ids[place - 1] === ids[place]) continue;
    const other = beside(ids[place - 1] as number, ids[place] as number);
    const run = runs.at(-1);
    if (run?.[0] === other) run[1].push(positions[place] as Position);
    else runs.push([other, [positions[place - 1] as Position, positions[place] as Position]]);
  }
  // A ring begins anywhere: its last line may go on in its first.
  const [first, last] = [runs[0], runs.at(-1)];
  if (first && last && first !== last && first[0] === last[0]) {
    last[1].push(...first[1].slice(1));
    runs.shift();
  }
  return runs;
}

export function ringsOf(geometry: Polygon | MultiPolygon): Position[][] {
  return geometry.type === "Polygon" ? geometry.coordinates : geometry.coordinates.flat();
}

/** Which buurten touch one another along a border. */
export function neighboursOf(
  borders: readonly BorderProperties[],
  buurtOf: (block: string) => string | null,
): Map<string, Set<string>> {
  const neighbours = new Map<string, Set<string>>();
  const link = (from: string, to: string) => {
    const linked = neighbours.get(from);
    if (linked) linked.add(to);
    else neighbours.set(from, new Set([to]));
  };
  for (const { a, b } of borders) {
    const left = a === "" ? null : buurtOf(a);
    const right = b === "" ? null : buurtOf(b);
    if (left !== null && right !== null && left !== right) {
      link(left, right);
      link(right, left);
    }
  }
  return neighbours;
}
