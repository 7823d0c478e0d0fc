/** Heat of scores over the map: a square for each cell, darker (on a dark map lighter) where the best are. */

import type { ExpressionSpecification } from "maplibre-gl";
import { hotCells } from "../logic/heat.ts";
import type { Heat } from "../logic/rest.ts";
import { colour } from "./style.ts";
import type { Overlay } from "./view.ts";

/** Colours of the scale, from its lower end; the legend in map.css has the same. */
export const HEAT_COLOURS = ["heat-0", "heat-1", "heat-2", "heat-3", "heat-4"] as const;

/** The layer's name: a press on one of its cells is one on what lies in it. */
export const HEAT = "heat";

export function heatOverlay(heat: Heat): Overlay {
  return {
    source: { type: "geojson", data: { type: "FeatureCollection", features: hotCells(heat).map(feature) } },
    // Clusters say how many there are, and would hide how well they fit.
    hides: ["points", "counts", "singles"],
    layers: () => [
      {
        id: HEAT,
        type: "fill",
        source: HEAT,
        paint: { "fill-color": ramp(HEAT_COLOURS.map(colour)), "fill-opacity": ramp([0.25, 0.6, 0.7, 0.78, 0.85]), "fill-antialias": false },
      },
    ],
  };
}

function feature({ level, n_items, id, bounds: [west, south, east, north] }: ReturnType<typeof hotCells>[number]): GeoJSON.Feature {
  const ring = [[west, south], [east, south], [east, north], [west, north], [west, south]];
  return { type: "Feature", properties: { level, n: n_items, id, west, south, east, north }, geometry: { type: "Polygon", coordinates: [ring] } };
}

function ramp<T extends string | number>(ends: readonly T[]): ExpressionSpecification {
  const stops = ends.flatMap((end, at) => [at / (ends.length - 1), end]);
  return ["interpolate", ["linear"], ["get", "level"], ...stops] as unknown as ExpressionSpecification;
}
