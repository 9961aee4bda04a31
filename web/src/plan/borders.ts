// Borders between blocks, found from the vertices that neighbours share.
//
// The server hands out blocks whose common borders have the same vertices on both sides (the tiling is exact), so an
// edge of one block is, reversed or not, an edge of its neighbour: a hash of edges finds all neighbours in linear time.
// Edges of one pair of blocks are chained into lines: on a paint a line only changes its state, not its geometry.
import type { Feature, FeatureCollection, MultiLineString, MultiPolygon, Polygon, Position } from "geojson";

export interface BorderProperties {
  /** The blocks on the two sides; "" is outside the municipality. */
  readonly a: string;
  readonly b: string;
}
export type Borders = FeatureCollection<MultiLineString, BorderProperties>;
export type BlockFeature = Feature<Polygon | MultiPolygon, { block: string }>;

/** Fifteen decimals of what the server sends, as a string key: equal vertices are equal to the last bit. */
const keyOf = (position: Position) => `${position[0]},${position[1]}`;

export function findBorders(blocks: readonly BlockFeature[]): Borders {
  const vertexIds = new Map<string, number>();
  const vertices: Position[] = [];
  const idOf = (position: Position) => {
    const key = keyOf(position);
    let id = vertexIds.get(key);
    if (id === undefined) {
      id = vertices.length;
      vertexIds.set(key, id);
      vertices.push(position);
    }
    return id;
  };

  const first = new Map<number, number>();
  const second = new Map<number, number>();
  blocks.forEach((block, index) => {
    for (const ring of ringsOf(block.geometry)) {
      let from = idOf(ring[0] as Position);
      for (let place = 1; place < ring.length; place += 1) {
        const to = idOf(ring[place] as Position);
        if (from !== to) {
          // 2^26 vertices: a municipality has thousands, and the product stays below 2^53.
          const edge = Math.min(from, to) * 67_108_864 + Math.max(from, to);
          if (!first.has(edge)) first.set(edge, index);
          else second.set(edge, index);
        }
        from = to;
      }
    }
  });

  const edgesOf = new Map<string, number[]>();
  for (const [edge, index] of first) {
    const other = second.get(edge);
    const sides = [index, other ?? -1].sort((left, right) => left - right).join(" ");
    const edges = edgesOf.get(sides);
    if (edges) edges.push(edge);
    else edgesOf.set(sides, [edge]);
  }

  const features: Feature<MultiLineString, BorderProperties>[] = [];
  for (const [sides, edges] of edgesOf) {
    const [a, b] = sides.split(" ").map(Number) as [number, number];
    features.push({
      type: "Feature",
      id: features.length,
      geometry: { type: "MultiLineString", coordinates: chain(edges, vertices) },
      properties: { a: blocks[a]?.properties.block ?? "", b: blocks[b]?.properties.block ?? "" },
    });
  }
  return { type: "FeatureCollection", features };
}

/** Join edges end to end into as few lines as a walk along them gives. */
function chain(edges: readonly number[], vertices: readonly Position[]): Position[][] {
  const around = new Map<number, number[]>();
  const link = (from: number, to: number) => {
    const linked = around.get(from);
    if (linked) linked.push(to);
    else around.set(from, [to]);
  };
  for (const edge of edges) {
    const low = Math.floor(edge / 67_108_864);
    link(low, edge % 67_108_864);
    link(edge % 67_108_864, low);
  }
  const lines: Position[][] = [];
  const walk = (start: number) => {
    const line = [vertices[start] as Position];
    let at = start;
    for (let next = around.get(at)?.pop(); next !== undefined; next = around.get(at)?.pop()) {
      const back = around.get(next) as number[];
      back.splice(back.indexOf(at), 1);
      line.push(vertices[next] as Position);
      at = next;
    }
    if (line.length > 1) lines.push(line);
  };
  for (const [vertex, linked] of around) if (linked.length % 2 === 1) walk(vertex);
  for (const vertex of around.keys()) while (around.get(vertex)?.length) walk(vertex);
  return lines;
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
