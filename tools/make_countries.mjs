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
const { geoEquirectangular } = require("d3-geo");
const { geoProject } = require("d3-geo-projection");
const { feature } = require("topojson-client");
const { topology } = require("topojson-server");
const { presimplify, simplify } = require("topojson-simplify");

// Degrees; a rounding of 0.005 is 560 m at most, finer than the data themselves (1:50m).
const UNIT_DEG = 0.01;
// Triangles smaller than this (square degrees, 0.0004 is about 5 km² at the equator) go.
const SMALLEST_TRIANGLE = 0.0004;

// A plane map whose units are degrees: clipping it cuts rings at the antimeridian and closes
// Antarctica along the pole. Precision 0 keeps edges as they are, without resampling.
const PLATE_CARREE = geoEquirectangular()
  .scale(180 / Math.PI)
  .translate([0, 0])
  .reflectY(true)
  .precision(0);

function outlines(atlas, object) {
  const cut = geoProject(feature(atlas, atlas.objects[object]), PLATE_CARREE);
  const shared = presimplify(topology({ areas: cut }));
  // Small islands stay: an arc that is a whole small ring must not vanish.
  const slim = simplify(shared, SMALLEST_TRIANGLE);
  return feature(slim, slim.objects.areas).features.map((area, index) => ({
    id: atlas.objects[object].geometries[index].id ?? null,
    name: area.properties.name,
    polygons: polygons(area.geometry, cut.features[index].geometry),
  }));
}

function polygons(geometry, original) {
  const listed = (g) => (g.type === "Polygon" ? [g.coordinates] : g.coordinates);
  const full = listed(original);
  return listed(geometry)
    .map((rings, p) => {
      const packed = rings.map((ring, r) => pack(ring) ?? (r === 0 ? pack(full[p][0]) : null));
      return packed.filter((ring) => ring !== null);
    })
    .filter((rings) => rings.length > 0);
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
write(folder, "countries.json", outlines(require("world-atlas/countries-50m.json"), "countries"));
write(folder, "us_states.json", outlines(require("us-atlas/states-10m.json"), "states"));
