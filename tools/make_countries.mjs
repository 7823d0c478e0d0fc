// Makes src/placelens/geo/data/countries.json and us_states.json: outlines cut at the
// antimeridian, simplified and rounded, in a compact form that placelens.geo.countries reads.
//
//   npm install --no-save world-atlas@2.0.2 us-atlas@3.0.1 topojson-client@3 \
//     topojson-server@3 topojson-simplify@3 d3-geo@3 d3-geo-projection@4
//   node tools/make_countries.mjs src/placelens/geo/data
//
// world-atlas is Natural Earth 4.1 (public domain); us-atlas is from the US Census Bureau's
// cartographic boundary files (public domain).
import { createRequire } from "node:module";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const require = createRequire(resolve("package.json"));
const { geoArea, geoEquirectangular } = require("d3-geo");
const { geoProject } = require("d3-geo-projection");
const { feature } = require("topojson-client");
const { topology } = require("topojson-server");
const { presimplify, simplify } = require("topojson-simplify");

// Degrees; a rounding of 0.005 is 560 m at most.
const UNIT_DEG = 0.01;
// Triangles smaller than this (square degrees, 0.0001 is about 1.2 km² at the equator) go, and
// along the sea, where a strip is added anyway, those up to 40 times as large.
const SMALLEST_TRIANGLE = 0.0001;
const COAST = 40;

// Islands whose box is smaller than this (square degrees) go where larger land of their country is
// within one or two of these steps (degrees) of all their shore.
const LARGE = 0.01;
const IN_THE_STRIP = 0.035;

// A plane map whose units are degrees: clipping it cuts rings at the antimeridian and closes
// Antarctica along the pole. Precision 0 keeps edges as they are, without resampling. Its y points
// down, as on a screen: turned beforehand, holes would be taken for islands.
const PLATE_CARREE = geoEquirectangular()
  .scale(180 / Math.PI)
  .translate([0, 0])
  .precision(0);

function outlines(atlas, object) {
  const whole = feature(atlas, atlas.objects[object]);
  for (const { geometry } of whole.features) listed(geometry).forEach(windRightly);
  const cut = geoProject(whole, PLATE_CARREE);
  for (const { geometry } of cut.features) {
    for (const corner of listed(geometry).flat(2)) corner[1] = -corner[1];
  }
  const shared = presimplify(topology({ areas: cut }));
  for (const arc of coasts(shared)) {
    for (const corner of shared.arcs[arc]) corner[2] /= COAST;
  }
  const slim = simplify(shared, SMALLEST_TRIANGLE);
  return feature(slim, slim.objects.areas).features.map((area, index) => ({
    id: atlas.objects[object].geometries[index].id ?? null,
    name: area.properties.name,
    polygons: polygons(area.geometry, cut.features[index].geometry),
  }));
}

// The arcs that belong to one area only.
function coasts({ arcs, objects }) {
  const owners = arcs.map(() => new Set());
  objects.areas.geometries.forEach((area, index) => {
    for (const arc of area.arcs.flat(Infinity)) owners[arc < 0 ? ~arc : arc].add(index);
  });
  return owners.flatMap((of, arc) => (of.size === 1 ? [arc] : []));
}

function listed(geometry) {
  return geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
}

// On a sphere a ring wound the other way is the whole world but for its inside; one of the
// Maldives' islands is.
function windRightly(rings) {
  const hemisphere = 2 * Math.PI;
  if (geoArea({ type: "Polygon", coordinates: [rings[0]] }) > hemisphere) rings[0].reverse();
}

function polygons(geometry, original) {
  const full = listed(original);
  return listed(geometry)
    .map((rings, p) => ({ rings, shore: full[p][0] }))
    .filter(awayFromLarger(full))
    .map(({ rings, shore }) => {
      const packed = rings.map((ring, r) => {
        const slim = pack(ring);
        if (slim !== null && enclosesSomething(slim)) return slim;
        return r === 0 ? smallIsland(shore) : null;
      });
      return packed.filter((ring) => ring !== null);
    });
}

// Whether an island lies off the strip that placelens.geo.countries adds along larger ones' coasts.
function awayFromLarger(islands) {
  const cell = ([lon, lat]) => [Math.floor(lon / IN_THE_STRIP), Math.floor(lat / IN_THE_STRIP)];
  const shores = new Set();
  for (const [shore] of islands) {
    if (boxOf(shore) >= LARGE) for (const corner of shore) shores.add(cell(corner).join());
  }
  const isBeside = (corner) => {
    const [x, y] = cell(corner);
    return [-1, 0, 1].some((i) => [-1, 0, 1].some((j) => shores.has(`${x + i},${y + j}`)));
  };
  return ({ shore }) => boxOf(shore) >= LARGE || !shore.every(isBeside);
}

function boxOf(ring) {
  const [lon, lat] = [0, 1].map((axis) => ring.map((corner) => corner[axis]));
  return (Math.max(...lon) - Math.min(...lon)) * (Math.max(...lat) - Math.min(...lat));
}

// A ring too small for its triangles: as it was, or, where rounding leaves nothing of it, its box.
function smallIsland(ring) {
  const packed = pack(ring);
  if (packed !== null && enclosesSomething(packed)) return packed;
  const [lon, lat] = [0, 1].map((axis) => ring.map((corner) => corner[axis] / UNIT_DEG));
  const [west, south] = [lon, lat].map((all) => Math.floor(Math.min(...all)));
  const [east, north] = [lon, lat].map((all) => Math.ceil(Math.max(...all)));
  return [west, south, east - west, 0, 0, north - south, west - east, 0];
}

function enclosesSomething(packed) {
  let [x, y, doubled] = [packed[0], packed[1], 0];
  for (let i = 2; i < packed.length; i += 2) {
    doubled += x * (y + packed[i + 1]) - (x + packed[i]) * y;
    [x, y] = [x + packed[i], y + packed[i + 1]];
  }
  return doubled + x * packed[1] - packed[0] * y !== 0;
}

// x, y of the first corner, then steps to the next; the closing corner is left out.
function pack(ring) {
  const steps = [];
  let [x, y] = [0, 0];
  let corners = 0;
  for (const [lon, lat] of ring.slice(0, -1)) {
    const [nx, ny] = [Math.round(lon / UNIT_DEG), Math.round(lat / UNIT_DEG)];
    if (corners > 0 && nx === x && ny === y) continue;
    steps.push(nx - x, ny - y);
    [x, y] = [nx, ny];
    corners += 1;
  }
  return corners >= 3 ? steps : null;
}

function write(folder, file, areas) {
  const text = JSON.stringify({ unit_deg: UNIT_DEG, areas });
  writeFileSync(join(folder, file), text.replaceAll('{"id"', '\n{"id"') + "\n");
}

const folder = process.argv[2];
write(folder, "countries.json", outlines(require("world-atlas/countries-10m.json"), "countries"));
write(folder, "us_states.json", outlines(require("us-atlas/states-10m.json"), "states"));
