import { defineConfig, type Plugin } from "vite";

// Everything is served from our own origin and nothing is inlined: the Content-Security-Policy allows no inline code.
const API = "http://127.0.0.1:8000";

/** The map's code is asked for with the page, not when the page's own code runs. */
const preloadMap: Plugin = {
  name: "preload-map",
  transformIndexHtml: {
    order: "post",
    handler: (_html, { bundle }) =>
      Object.values(bundle ?? {})
        .filter((file) => file.type === "chunk" && file.name === "stage")
        .map(({ fileName }) => ({
          tag: "link",
          attrs: { rel: "modulepreload", crossorigin: true, href: `/${fileName}` },
          injectTo: "head" as const,
        })),
  },
};

export default defineConfig({
  plugins: [preloadMap],
  build: { target: "es2022", assetsInlineLimit: 0, sourcemap: false, chunkSizeWarningLimit: 1500 },
  worker: { format: "es" },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  server: { proxy: { "/v1": API, "/tiles": API } },
});
