import { defineConfig } from "vite";

export default defineConfig({
  worker: { format: "es" },
  build: {
    outDir: "../src/placelens/server/static",
    emptyOutDir: true,
    target: "es2022",
    // MapLibre and Swagger UI are each one chunk, loaded when they are needed.
    chunkSizeWarningLimit: 1600,
    rolldownOptions: {
      input: { index: "index.html", docs: "docs.html" },
    },
  },
  server: { proxy: { "/v1": "http://127.0.0.1:8000", "/openapi.json": "http://127.0.0.1:8000" } },
});
