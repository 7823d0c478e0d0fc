/** What the map shows, as GeoJSON. */

import { type Bounds, circle } from "../logic/geodesy.ts";
import type { Ring } from "../logic/lasso.ts";
import { type Decay, halfDistance } from "../logic/reach.ts";
import type { Clusters, Hit, LatLon, Towns } from "../logic/rest.ts";
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

/** Clusters know their bounds; an item that is alone knows its id. */
export function clusterFeatures({ clusters, items }: Clusters): GeoJSON.FeatureCollection {
  return collection([
    ...clusters.map(({ lat, lon, n_items, bounds: [west, south, east, north] }) =>
      point({ lat, lon }, { n: n_items, label: short(n_items), west, south, east, north }),
    ),
    ...items.map(({ lat, lon, id }) => point({ lat, lon }, { n: 1, id })),
  ]);
}

/** 1234 as 1.2k: a circle has room for four signs. */
function short(n: number): string {
  if (n < 1000) return String(n);
  const [value, unit] = n < 1e6 ? [n / 1000, "k"] : [n / 1e6, "M"];
  return `${value < 10 ? value.toFixed(1) : Math.round(value)}${unit}`;
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

/** What is drawn as a filter: a box, an area, or both. */
export function areaFeatures(box: Bounds | null, area: Ring | null): GeoJSON.FeatureCollection {
  return collection([box && corners(box), area].filter((ring) => ring !== null).map((ring) => ({
    type: "Feature",
    properties: {},
    geometry: { type: "Polygon", coordinates: [[...ring, ring[0]!]] },
  })));
}

function corners(box: Bounds): Ring {
  const [west, south, edge, north] = box;
  const east = edge < west ? edge + 360 : edge;
  return [[west, south], [east, south], [east, north], [west, north]];
}
