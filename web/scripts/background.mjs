// Writes the map's background, public/map/background.json, from Natural Earth's public-domain
// countries (npm world-atlas, 1:50m): one FeatureCollection with the land, the borders between
// countries and the coasts, cut at the antimeridian so that no line is drawn across the map.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { geoEquirectangular } from "d3-geo";
import { geoProject } from "d3-geo-projection";
import { merge, mesh } from "topojson-client";

const PRECISION = 1000; // three decimals of a degree, 110 m: finer than 1:50m is drawn
const SEAM = 180 - 1e-6;

const source = createRequire(import.meta.url).resolve("world-atlas/countries-50m.json");
const world = JSON.parse(readFileSync(source, "utf8"));
const countries = world.objects.countries;

// Degrees in, degrees out: the projection only cuts at the antimeridian. d3's y grows downwards.
const cut = geoEquirectangular().scale(180 / Math.PI).translate([0, 0]).reflectY(true).precision(0);

function round(value) {
  if (typeof value === "number") return Math.round(value * PRECISION) / PRECISION;
  return value.map(round);
}

function feature(kind, geometry) {
  const coordinates = round(geometry.coordinates);
  return { type: "Feature", properties: { kind }, geometry: { ...geometry, coordinates } };
}

/** Split a line where it runs along the seam, which is no coast. */
function withoutSeam(geometry) {
  const onSeam = (p) => Math.abs(p[0]) >= SEAM;
  const parts = [];
  for (const line of geometry.coordinates) {
    let part = [];
    for (const [i, point] of line.entries()) {
      if (i > 0 && onSeam(point) && onSeam(line[i - 1])) {
        if (part.length > 1) parts.push(part);
        part = [];
      }
      part.push(point);
    }
    if (part.length > 1) parts.push(part);
  }
  return { type: "MultiLineString", coordinates: parts };
}

const land = geoProject(merge(world, countries.geometries), cut);
const borders = geoProject(mesh(world, countries, (a, b) => a !== b), cut);
const coasts = withoutSeam(geoProject(mesh(world, countries, (a, b) => a === b), cut));
const background = {
  type: "FeatureCollection",
  features: [feature("land", land), feature("border", borders), feature("coast", coasts)],
};

const longest = Math.max(
  ...background.features.flatMap((f) => spans(f.geometry.coordinates)),
);
if (longest > 90) throw new Error(`a segment spans ${longest} degrees: a ring was not cut`);

/** Widths in longitude of all segments but those along a parallel, as at the South Pole. */
function spans(value) {
  if (typeof value[0][0] !== "number") return value.map((part) => Math.max(0, ...spans(part)));
  return value
    .slice(1)
    .map((p, i) => (p[1] === value[i][1] ? 0 : Math.abs(p[0] - value[i][0])));
}

mkdirSync("public/map", { recursive: true });
const text = JSON.stringify(background);
writeFileSync("public/map/background.json", text);
console.log(`public/map/background.json: ${(text.length / 1024).toFixed(0)} kB`);
