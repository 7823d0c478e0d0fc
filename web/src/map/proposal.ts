/** A proposed place over the map: how far off it may be, and the way from where the item is now. */

import { circle } from "../logic/geodesy.ts";
import type { Proposal } from "../logic/rest.ts";
import { onSphere } from "../logic/review.ts";
import { colour } from "./style.ts";
import type { Overlay } from "./view.ts";

export const PROPOSED = "proposed";

export function proposalOverlay(proposal: Proposal): Overlay {
  const is = (kind: string) => ["==", ["get", "kind"], kind] as ["==", ["get", string], string];
  const source = PROPOSED;
  return {
    // A circle is round, not a polygon of the corners that a map may leave.
    source: { type: "geojson", tolerance: 0, data: { type: "FeatureCollection", features: features(proposal) } },
    // What else lies there would hide it.
    hides: ["points", "counts", "singles"],
    layers: () => [
      { id: "proposed-reach", type: "fill", source, filter: is("reach"), paint: { "fill-color": colour("place"), "fill-opacity": 0.18 } },
      { id: "proposed-edge", type: "line", source, filter: is("reach"), paint: { "line-color": colour("place"), "line-width": 2 } },
      { id: "proposed-way", type: "line", source, filter: is("way"), paint: { "line-color": colour("ink"), "line-width": 1.5, "line-dasharray": [2, 2] } },
      {
        id: "proposed-before",
        type: "circle",
        source,
        filter: is("before"),
        paint: { "circle-radius": 6, "circle-color": colour("paper"), "circle-stroke-color": colour("ink"), "circle-stroke-width": 2.5 },
      },
      {
        id: "proposed-place",
        type: "circle",
        source,
        filter: is("place"),
        paint: { "circle-radius": 8, "circle-color": colour("place"), "circle-stroke-color": colour("paper"), "circle-stroke-width": 2.5 },
      },
    ],
  };
}

function features({ place, radius_m, item }: Proposal): GeoJSON.Feature[] {
  const to = onSphere(place);
  const from = onSphere(item);
  if (!to) return [];
  const feature = (kind: string, geometry: GeoJSON.Geometry): GeoJSON.Feature => ({ type: "Feature", properties: { kind }, geometry });
  const ring = radius_m ? circle(to, radius_m) : null;
  const found = ring ? [feature("reach", { type: "Polygon", coordinates: [ring] })] : [];
  if (from) {
    // The short way, over the antimeridian if need be.
    const turn = 360 * Math.round((to.lon - from.lon) / 360);
    const start = [from.lon + turn, from.lat];
    found.push(feature("way", { type: "LineString", coordinates: [start, [to.lon, to.lat]] }));
    found.push(feature("before", { type: "Point", coordinates: [from.lon, from.lat] }));
  }
  return [...found, feature("place", { type: "Point", coordinates: [to.lon, to.lat] })];
}
