/** An area drawn around with one stroke: a ring with few enough corners for a link and a search. */

import type { LatLon } from "./rest.ts";

/** Corners as [lon, lat], the first not repeated; longitudes go on past 180 where it crosses the antimeridian. */
export type Ring = [lon: number, lat: number][];

/** A point of the stroke, where it is on the screen and on the Earth. */
export interface Drawn {
  x: number;
  y: number;
  at: LatLon;
}

/** So many make a link of about 1,500 characters; a search takes far more. */
export const MOST_CORNERS = 80;
/** Nobody draws finer than this, in pixels. */
const FINEST_PX = 1.5;
/** Enclosing less than this, in square pixels, it was a click or a line. */
const LEAST_AREA = 36;
/** A server takes longer edges for short ones over the antimeridian. */
const LONGEST_EDGE = 90;
const LEFTMOST = -180;
const RIGHTMOST = 540;

/** The area around which a stroke went, which need not end where it began; null for none. */
export function ringOf(stroke: readonly Drawn[]): Ring | null {
  let closed = simplified([...stroke, ...stroke.slice(0, 1)], FINEST_PX);
  // What is left of a wild stroke is few points soon, where the whole stroke would be gone through each time.
  for (let tolerance = FINEST_PX; closed.length > MOST_CORNERS + 1; tolerance *= 1.25) closed = simplified(closed, tolerance);
  const corners = closed.slice(0, -1);
  if (corners.length < 3 || areaOf(corners) < LEAST_AREA) return null;
  const digits = digitsFor(corners);
  const turns = Math.floor((Math.min(...corners.map(({ at }) => at.lon)) - LEFTMOST) / 360);
  const ring: Ring = corners.map(({ at }) => [
    rounded(Math.min(at.lon - 360 * turns, RIGHTMOST), digits),
    rounded(Math.max(-90, Math.min(90, at.lat)), digits),
  ]);
  return withoutLongEdges(ring);
}

/**
 * The points of a line without those that are within a distance of it (Douglas and Peucker 1973); its
 * ends stay.
 */
export function simplified<P extends { x: number; y: number }>(line: readonly P[], tolerance: number): P[] {
  const kept = new Set([0, line.length - 1]);
  const parts: [number, number][] = [[0, line.length - 1]];
  for (let part = parts.pop(); part; part = parts.pop()) {
    const [first, last] = part;
    let [farthest, most] = [first, tolerance];
    for (let at = first + 1; at < last; at++) {
      const distance = fromLine(line[at]!, line[first]!, line[last]!);
      if (distance > most) [farthest, most] = [at, distance];
    }
    if (farthest === first) continue;
    kept.add(farthest);
    parts.push([first, farthest], [farthest, last]);
  }
  return line.filter((_, at) => kept.has(at));
}

/** How far a point is from the line between two others, which may be one. */
function fromLine(p: { x: number; y: number }, a: { x: number; y: number }, b: { x: number; y: number }): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length = dx * dx + dy * dy;
  const along = length ? Math.max(0, Math.min(1, ((p.x - a.x) * dx + (p.y - a.y) * dy) / length)) : 0;
  return Math.hypot(p.x - a.x - along * dx, p.y - a.y - along * dy);
}

/** What corners enclose, in square pixels, by the shoelace formula. */
function areaOf(corners: readonly { x: number; y: number }[]): number {
  const twice = corners.reduce((sum, { x, y }, at) => {
    const next = corners[(at + 1) % corners.length]!;
    return sum + x * next.y - next.x * y;
  }, 0);
  // A figure of eight encloses on both sides, which cancel: what it spans counts as well.
  const [xs, ys] = [corners.map(({ x }) => x), corners.map(({ y }) => y)];
  const spans = (Math.max(...xs) - Math.min(...xs)) * (Math.max(...ys) - Math.min(...ys));
  return corners.length > 3 ? Math.max(Math.abs(twice) / 2, spans / 4) : Math.abs(twice) / 2;
}

/** As many decimals of a degree as tell pixels apart. */
function digitsFor(corners: readonly Drawn[]): number {
  const wide = Math.max(...corners.map(({ x }) => x)) - Math.min(...corners.map(({ x }) => x));
  const degrees = Math.max(...corners.map(({ at }) => at.lon)) - Math.min(...corners.map(({ at }) => at.lon));
  const perPixel = wide > 0 && degrees > 0 ? degrees / wide : 1e-5;
  return Math.max(0, Math.min(6, Math.ceil(-Math.log10(perPixel))));
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits)) + 0; // no −0
}

function withoutLongEdges(ring: Ring): Ring {
  return ring.flatMap(([lon, lat], at) => {
    const [nextLon, nextLat] = ring[(at + 1) % ring.length]!;
    const n = Math.max(1, Math.ceil(Math.abs(nextLon - lon) / LONGEST_EDGE));
    return Array.from({ length: n }, (_, i): [number, number] => [
      rounded(lon + ((nextLon - lon) * i) / n, 6),
      rounded(lat + ((nextLat - lat) * i) / n, 6),
    ]);
  });
}

/** As GeoJSON, for a search. */
export function toPolygon(ring: Ring): { type: "Polygon"; coordinates: Ring[] } {
  return { type: "Polygon", coordinates: [[...ring, ring[0]!]] };
}

/** As a link holds it: numbers with a sign between them that needs no escape. */
export function writeRing(ring: Ring): string {
  return ring.flat().join("_");
}

/** Null for what is no ring. */
export function readRing(text: string): Ring | null {
  const numbers = text.split("_").map((each) => (each.trim() ? Number(each) : Number.NaN));
  const ring: Ring = [];
  for (let at = 0; at + 1 < numbers.length; at += 2) ring.push([numbers[at]!, numbers[at + 1]!]);
  const isPlace = ([lon, lat]: [number, number]) => Math.abs(lon) <= RIGHTMOST && Math.abs(lat) <= 90;
  return numbers.length % 2 === 0 && ring.length >= 3 && ring.every(isPlace) ? ring : null;
}

/** From south to north, in degrees. */
export function heightOf(ring: Ring): number {
  const lats = ring.map(([, lat]) => lat);
  return Math.max(...lats) - Math.min(...lats);
}
