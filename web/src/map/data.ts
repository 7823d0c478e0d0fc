/** What the map shows, as GeoJSON. */

import { type Bounds, circle } from "../logic/geodesy.ts";
import { type Decay, halfDistance } from "../logic/reach.ts";
import type { Hit, LatLon, Points, Towns } from "../logic/rest.ts";
import { EMPTY } from "./style.ts";

type Located = Hit & LatLon;

export function located(hits: readonly Hit[]): Located[] {
  return hits.filter((hit): hit is Located => typeof hit.lat === "number" && typeof hit.lon === "number");
}

function collection(features: GeoJSON.Feature[]): GeoJSON.FeatureCollection {
  return { type: "FeatureCollection", features };
}

function point({ lat, lon }: LatLon, properties: GeoJSON.GeoJsonProperties): GeoJSON.Feature {
  return { type: "Feature", properties, geometry: { type: "Point", coordinates: [lon, lat] } };
}

/** The best hit has the largest order, and is drawn on top. */
export function hitFeatures(hits: readonly Hit[]): GeoJSON.FeatureCollection {
  const { length } = hits;
  return collection(located(hits).map((hit) => point(hit, { id: hit.id, order: length - hit.rank })));
}

export function pointFeatures({ ids, lon, lat }: Points): GeoJSON.FeatureCollection {
  if (!lon || !lat) return EMPTY; // a plane collection
  return collection(ids.map((_, i) => point({ lon: lon[i]!, lat: lat[i]! }, {})));
}

export function townFeatures({ names, lon, lat, population }: Towns): GeoJSON.FeatureCollection {
  return collection(
    names.map((name, i) => point({ lon: lon[i]!, lat: lat[i]! }, { name, population: population[i]! })),
  );
}

/** The ring on which nearness is one half. */
export function reachFeature(place: LatLon | null, decay: Decay): GeoJSON.FeatureCollection {
  const metres = halfDistance(decay);
  const ring = place && metres !== null ? circle(place, metres) : null;
  if (!ring) return EMPTY;
  return collection([{ type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [ring] } }]);
}

export function boxFeature(box: Bounds | null): GeoJSON.FeatureCollection {
  if (!box) return EMPTY;
  const [west, south, edge, north] = box;
  const east = edge < west ? edge + 360 : edge;
  const ring = [[west, south], [east, south], [east, north], [west, north], [west, south]];
  return collection([{ type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [ring] } }]);
}
