import { defineConfig } from "vite";

// Everything is served from our own origin and nothing is inlined: the Content-Security-Policy allows no inline code.
const API = "http://127.0.0.1:8000";

export default defineConfig({
  build: { target: "es2022", assetsInlineLimit: 0, sourcemap: false, chunkSizeWarningLimit: 1500 },
  worker: { format: "es" },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  server: { proxy: { "/v1": API, "/tiles": API } },
});
