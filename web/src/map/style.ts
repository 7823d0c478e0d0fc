/** The map's look, from the page's own colours, so that light and dark follow the system. */

import type {
  CircleLayerSpecification,
  ExpressionSpecification,
  FilterSpecification,
  LayerSpecification,
  StyleSpecification,
  SymbolLayerSpecification,
} from "maplibre-gl";

export const EMPTY: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };

export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** A hit is drawn larger when the pointer is on it or on its card, or when it is open. */
const MARKED: CircleLayerSpecification["paint"] = {
  "circle-radius": ["case", ["boolean", ["feature-state", "marked"], false], 10, 6],
  "circle-stroke-width": ["case", ["boolean", ["feature-state", "marked"], false], 3, 1.5],
};

export function makeStyle(tileUrl: string | null): StyleSpecification {
  const geojson = (data: string | GeoJSON.FeatureCollection) => ({ type: "geojson" as const, data });
  return {
    version: 8,
    sources: {
      world: { ...geojson("/map/background.json"), attribution: "Natural Earth" },
      towns: geojson(EMPTY),
      points: geojson(EMPTY),
      reach: geojson(EMPTY),
      box: geojson(EMPTY),
      hits: { ...geojson(EMPTY), promoteId: "id" },
      ...(tileUrl && { tiles: { type: "raster" as const, tiles: [tileUrl], tileSize: 256 } }),
    },
    layers: layers(tileUrl !== null),
  };
}

/**
 * Names of towns, smaller ones as one comes closer. Without a glyphs URL MapLibre draws them with
 * the system's own font: nothing is fetched.
 */
function townLabels(): SymbolLayerSpecification {
  const smallest = ["step", ["zoom"], 1e7, 3, 4e6, 4, 2e6, 5, 8e5, 6, 3e5, 8, 0];
  return {
    id: "towns",
    type: "symbol",
    source: "towns",
    filter: [">=", ["get", "population"], smallest] as unknown as FilterSpecification,
    layout: {
      "text-field": ["get", "name"],
      "text-font": ["sans-serif"],
      "text-size": 11.5,
      "text-padding": 6,
      "symbol-sort-key": ["-", 0, ["get", "population"]],
    },
    paint: {
      "text-color": colour("soft"),
      "text-halo-color": colour("land"),
      "text-halo-width": 1.2,
    },
  };
}

/** The area of a cluster grows with its logarithm: a thousand items are no thousand times as large. */
const CLUSTER_RADIUS = ["interpolate", ["linear"], ["log10", ["get", "n"]], 0.3, 9, 1, 12, 3, 18, 6, 30] as ExpressionSpecification;

function layers(tiles: boolean): LayerSpecification[] {
  const accent = colour("meaning");
  const place = colour("place");
  const kind = (name: string) => ["==", ["get", "kind"], name] as ["==", ["get", string], string];
  return [
    { id: "water", type: "background", paint: { "background-color": colour("water") } },
    { id: "land", type: "fill", source: "world", filter: kind("land"), paint: { "fill-color": colour("land") } },
    { id: "coast", type: "line", source: "world", filter: kind("coast"), paint: { "line-color": colour("coast"), "line-width": 0.8 } },
    { id: "border", type: "line", source: "world", filter: kind("border"), paint: { "line-color": colour("border"), "line-width": 0.8 } },
    ...(tiles ? [{ id: "tiles", type: "raster" as const, source: "tiles" }] : []),
    ...(tiles ? [] : [townLabels()]), // tiles have labels of their own
    {
      id: "points",
      type: "circle",
      source: "points",
      filter: [">", ["get", "n"], 1],
      paint: { "circle-color": colour("dot"), "circle-opacity": 0.75, "circle-radius": CLUSTER_RADIUS },
    },
    {
      id: "counts",
      type: "symbol",
      source: "points",
      filter: [">", ["get", "n"], 1],
      layout: { "text-field": ["get", "label"], "text-font": ["sans-serif"], "text-size": 11, "text-allow-overlap": true },
      paint: { "text-color": colour("raised") },
    },
    {
      id: "singles",
      type: "circle",
      source: "points",
      filter: ["==", ["get", "n"], 1],
      paint: { "circle-color": colour("dot"), "circle-opacity": 0.75, "circle-radius": ["interpolate", ["linear"], ["zoom"], 0, 2.5, 12, 5] },
    },
    { id: "reach", type: "fill", source: "reach", paint: { "fill-color": place, "fill-opacity": 0.08 } },
    { id: "reach-edge", type: "line", source: "reach", paint: { "line-color": place, "line-width": 1.5, "line-dasharray": [3, 2] } },
    { id: "box", type: "fill", source: "box", paint: { "fill-color": colour("ink"), "fill-opacity": 0.06 } },
    { id: "box-edge", type: "line", source: "box", paint: { "line-color": colour("ink"), "line-width": 1.5 } },
    {
      id: "hits",
      type: "circle",
      source: "hits",
      layout: { "circle-sort-key": ["get", "order"] },
      paint: { "circle-color": accent, "circle-stroke-color": colour("paper"), ...MARKED },
    },
  ];
}
