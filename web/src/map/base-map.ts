// The map of somebody else that lies under ours, where the server is set to have one.
import type { LayerSpecification, SourceSpecification, StyleSpecification } from "maplibre-gl";
import type { Session } from "../api/client";

export interface BaseLayers {
  readonly sources: Readonly<Record<string, SourceSpecification>>;
  readonly layers: readonly LayerSpecification[];
  readonly sprite?: NonNullable<StyleSpecification["sprite"]>;
}

const PREFIX = "base:";

/** Return its layers, under names that ours do not have; null where there is none or it cannot be had. */
export async function readBaseMap(base: Session["base_map"] | undefined): Promise<BaseLayers | null> {
  if (!base) return null;
  if (base.kind === "raster") {
    const source: SourceSpecification = { type: "raster", tiles: [base.url], tileSize: 256 };
    const layer: LayerSpecification = { id: `${PREFIX}raster`, type: "raster", source: `${PREFIX}raster` };
    return { sources: { [`${PREFIX}raster`]: source }, layers: [layer] };
  }
  try {
    const answer = await fetch(base.url);
    return answer.ok ? renamed((await answer.json()) as StyleSpecification, base.url) : null;
  } catch {
    return null; // Work goes on without it.
  }
}

/** Take a style's sources, layers and sprite; its words are written in the machine's fonts, as ours are. */
export function renamed(style: StyleSpecification, address: string): BaseLayers {
  // Places of a template stay as they are: as part of a URL their braces would be escaped.
  const absolute = (url: string) => new URL(url, address).href.replaceAll("%7B", "{").replaceAll("%7D", "}");
  const sources = Object.entries(style.sources).map(([name, source]) => {
    const copy: Record<string, unknown> = { ...source };
    if (typeof copy.url === "string") copy.url = absolute(copy.url);
    if (Array.isArray(copy.tiles)) copy.tiles = copy.tiles.map(absolute);
    if (typeof copy.data === "string") copy.data = absolute(copy.data);
    return [PREFIX + name, copy as unknown as SourceSpecification];
  });
  const layers = style.layers.map((layer) => ({
    ...layer,
    id: PREFIX + layer.id,
    ...("source" in layer ? { source: PREFIX + layer.source } : {}),
  }));
  const sprite = typeof style.sprite === "string" ? { sprite: absolute(style.sprite) } : {};
  return { sources: Object.fromEntries(sources), layers: layers as LayerSpecification[], ...sprite };
}
