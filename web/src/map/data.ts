/** What the map shows, as GeoJSON. */

import type { Clusters, Hit, LatLon, Towns } from "../logic/rest.ts";

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
