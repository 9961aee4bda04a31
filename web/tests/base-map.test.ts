import type { StyleSpecification } from "maplibre-gl";
import { expect, it } from "vitest";
import { renamed } from "../src/map/base-map";

it("takes a style in under names of its own, with addresses that hold from here", () => {
  const style: StyleSpecification = {
    version: 8,
    sprite: "sprites/light",
    glyphs: "fonts/{fontstack}/{range}.pbf",
    sources: {
      roads: { type: "vector", tiles: ["/t/{z}/{x}/{y}.pbf"] },
      land: { type: "vector", url: "land.json" },
    },
    layers: [
      { id: "land", type: "background" },
      { id: "roads", type: "line", source: "roads", "source-layer": "roads" },
    ],
  };
  const base = renamed(style, "https://maps.example/styles/light.json");
  expect(base.sources).toEqual({
    "base:roads": { type: "vector", tiles: ["https://maps.example/t/{z}/{x}/{y}.pbf"] },
    "base:land": { type: "vector", url: "https://maps.example/styles/land.json" },
  });
  expect(base.layers.map((layer) => [layer.id, "source" in layer ? layer.source : null])).toEqual([
    ["base:land", null],
    ["base:roads", "base:roads"],
  ]);
  expect(base.sprite).toBe("https://maps.example/styles/sprites/light");
  expect("glyphs" in base).toBe(false);
});
