/** Shapes on the sphere for the map. */

import type { LatLon } from "./rest.ts";

/** Longitude and latitude, as GeoJSON has them; longitudes may go on past 180. */
export type Position = [lon: number, lat: number];
export type Bounds = [west: number, south: number, east: number, north: number];

const EARTH_RADIUS_M = 6_371_008.8; // the mean radius, as the engine uses
const RADIANS = Math.PI / 180;

/** Metres between two places, along the sphere. */
export function distance(a: LatLon, b: LatLon): number {
  const half = (from: number, to: number) => Math.sin(((to - from) * RADIANS) / 2) ** 2;
  const chord = half(a.lat, b.lat) + Math.cos(a.lat * RADIANS) * Math.cos(b.lat * RADIANS) * half(a.lon, b.lon);
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(chord)));
}

/** Longitude in [-180, 180]. */
export function wrapLon(lon: number): number {
  return lon >= -180 && lon <= 180 ? lon : ((((lon + 180) % 360) + 360) % 360) - 180;
}

/**
 * The points at one distance from a place, closed, as [lon, lat]. Longitudes go on past 180 where
 * the circle crosses the antimeridian, which is how MapLibre draws it in one piece. A circle that
 * holds a pole has no ring on this map: null.
 */
export function circle({ lat, lon }: LatLon, metres: number, corners = 96): Position[] | null {
  const angle = metres / EARTH_RADIUS_M;
  if (Math.abs(lat) + angle / RADIANS >= 89.5) return null;
  const phi = lat * RADIANS;
  const ring: Position[] = [];
  for (let i = 0; i <= corners; i++) {
    const bearing = (2 * Math.PI * (i % corners)) / corners;
    const sin = Math.sin(phi) * Math.cos(angle) + Math.cos(phi) * Math.sin(angle) * Math.cos(bearing);
    const east = Math.atan2(
      Math.sin(bearing) * Math.sin(angle) * Math.cos(phi),
      Math.cos(angle) - Math.sin(phi) * sin,
    );
    ring.push([lon + east / RADIANS, Math.asin(sin) / RADIANS]);
  }
  return ring;
}

/** The corners of a box, closed; past 180 where it crosses the antimeridian. */
export function boxRing([west, south, edge, north]: Bounds): Position[] {
  const east = edge < west ? edge + 360 : edge;
  return [[west, south], [east, south], [east, north], [west, north], [west, south]];
}

/** How far round the world what lies between two longitudes is seen in a view: 0, 360, -360, ... */
export function copies(from: number, to: number, west: number, east: number): number[] {
  const first = Math.ceil((west - to) / 360);
  const n = Math.floor((east - from) / 360) - first + 1;
  return Array.from({ length: Math.max(0, n) }, (_, i) => 360 * (first + i));
}

/** The box between two corners as dragged; it may cross the antimeridian (west > east). */
export function boxBetween(a: LatLon, b: LatLon): Bounds {
  const [west, east] = a.lon <= b.lon ? [a.lon, b.lon] : [b.lon, a.lon];
  const south = Math.max(-90, Math.min(a.lat, b.lat));
  const north = Math.min(90, Math.max(a.lat, b.lat));
  if (east - west >= 360) return [-180, south, 180, north];
  return [wrapLon(west), south, wrapLon(east), north];
}

/** The smallest box around points; null for none. Over the antimeridian where that is narrower. */
export function boundsOf(points: readonly LatLon[]): Bounds | null {
  if (points.length === 0) return null;
  const lons = points.map((point) => point.lon).sort((a, b) => a - b);
  const lats = points.map((point) => point.lat);
  let west = lons[0]!;
  let east = lons.at(-1)!;
  let gap = west + 360 - east;
  for (let i = 1; i < lons.length; i++) {
    const between = lons[i]! - lons[i - 1]!;
    if (between > gap) [gap, west, east] = [between, lons[i]!, lons[i - 1]!];
  }
  return [west, Math.min(...lats), east, Math.max(...lats)];
}
