import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { formatDistance, formatLatLon, formatName, formatShare, formatTime } from "../src/logic/format.ts";
import { boundsOf, boxBetween, circle, wrapLon } from "../src/logic/geodesy.ts";
import { asksForSomething, effectiveDecay, emptyQuery, fromHash, hasFilters, toHash, toRequest } from "../src/logic/query.ts";
import {
  formatDecay,
  halfDistance,
  LONGEST,
  parseDecay,
  positionOf,
  scaleAt,
  SHORTEST,
  STEPS,
} from "../src/logic/reach.ts";
import { describe as inWords, longest, sharesOf, widths } from "../src/logic/shares.ts";
import { joinWords, quote, replacePlace, splitWords } from "../src/logic/words.ts";

describe("words", () => {
  test("a minus before a word or a quotation looks away from it", () => {
    assert.deepEqual(splitWords('church -snow at noon -"night sky"'), {
      wanted: "church at noon",
      unwanted: ["snow", "night sky"],
    });
  });
  test("a minus inside a word, or alone, is none", () => {
    assert.deepEqual(splitWords("art-deco 5 - 7"), { wanted: "art-deco 5 - 7", unwanted: [] });
  });
  test("another place of the name is written in the place of the first", () => {
    const texas = "Paris, Texas, United States";
    assert.equal(
      replacePlace("cafe near paris -snow", "near paris", "Paris", texas),
      `cafe near ${texas} -snow`,
    );
    // Typed by another name than the town's own: the whole phrase goes.
    assert.equal(replacePlace("in Roma", "in Roma", "Rome", "Roma, Queensland"), "in Roma, Queensland");
  });
  test("a phrase in quotes is left to the words", () => {
    assert.equal(quote("cafe in Bloom -snow", "in Bloom"), 'cafe "in Bloom" -snow');
    assert.equal(quote("cafe", "in Bloom"), null);
    assert.equal(splitWords('cafe "in Bloom" -snow').wanted, 'cafe "in Bloom"');
  });
  test("joining gives back what was split", () => {
    const typed = 'old harbour -crowd -"cruise ship"';
    assert.equal(joinWords(splitWords(typed)), typed);
  });
});

describe("reach", () => {
  test("the slider runs from 100 m to 5000 km, evenly in the logarithm", () => {
    assert.equal(scaleAt(0), SHORTEST);
    assert.equal(scaleAt(STEPS), LONGEST);
    // Halfway is the geometric mean, sqrt(100 * 5e6) = 22 361 m, at two digits.
    assert.equal(scaleAt(STEPS / 2), 22_000);
  });
  test("every scale that the slider gives stays within half a percent of its position", () => {
    for (let position = 0; position <= STEPS; position += 25) {
      assert.ok(Math.abs(positionOf(scaleAt(position)) - position) <= 5, `at ${position}`);
    }
  });
  test("values one half where the decays' formulas say", () => {
    const gauss = halfDistance({ kind: "gauss", scale: 1000 })!;
    assert.ok(Math.abs(Math.exp(-(gauss ** 2) / (2 * 1000 ** 2)) - 0.5) < 1e-12);
    const exp = halfDistance({ kind: "exp", scale: 1000 })!;
    assert.ok(Math.abs(Math.exp(-exp / 1000) - 0.5) < 1e-12);
    assert.equal(halfDistance({ kind: "linear", scale: 1000 }), 500);
    assert.equal(halfDistance({ kind: "global", scale: 1000 }), null);
  });
  test("reads what it writes, and km", () => {
    assert.deepEqual(parseDecay(formatDecay({ kind: "exp", scale: 1200 })), {
      kind: "exp",
      scale: 1200,
    });
    assert.equal(parseDecay("gauss:25km")?.scale, 25_000);
    assert.equal(parseDecay("linear")?.kind, "global");
    for (const bad of ["", "gauss", "gauss:0m", "gauss:x", "cubic:5m"]) {
      assert.equal(parseDecay(bad), null, bad);
    }
  });
});

describe("query", () => {
  const full = {
    ...emptyQuery("photos & more"),
    words: 'church near Lyon -"night sky"',
    like: [{ id: "a:b/c d.jpg#7", weight: -0.5 }],
    near: { lat: 45.76, lon: 4.84, name: "Lyon, France" },
    decay: { kind: "exp" as const, scale: 1500 },
    mu: 0.35,
    parse: false,
    box: [177, -20, -178, -15] as [number, number, number, number],
    from: "2019-06-01",
    to: "",
    modality: "image" as const,
    located: "yes" as const,
    where: [{ name: "city", comparison: "is" as const, value: "Paris" }],
  };

  test("the URL holds the whole query but pictures", () => {
    assert.deepEqual(fromHash(`#${toHash(full)}`), full);
  });
  test("an empty query has an empty URL", () => {
    assert.equal(toHash(emptyQuery()), "");
    assert.deepEqual(fromHash(""), emptyQuery());
  });
  test("what cannot be read in a URL is left out", () => {
    const query = fromHash("#near=999,0&mu=7&decay=cubic&box=1,2&like=nonsense&where=[&time=x");
    assert.deepEqual(query, emptyQuery());
  });
  test("the request names fields as the API does", () => {
    assert.deepEqual(toRequest(full), {
      text: [
        { text: "church near Lyon", weight: 1 },
        { text: "night sky", weight: -0.5 },
      ],
      images: [{ id: "a:b/c d.jpg#7", weight: -0.5 }],
      near: { lat: 45.76, lon: 4.84 },
      decay: "exp:1500m",
      mu: 0.35,
      k: 24,
      parse: false,
      bbox: [177, -20, -178, -15],
      time: ["2019-06-01", null],
      modality: "image",
      located_only: true,
      where: { city: "Paris" },
    });
  });
  test("conditions on one attribute join", () => {
    const where = [
      { name: "city", comparison: "is" as const, value: "Paris" },
      { name: "city", comparison: "is" as const, value: "Lyon" },
      { name: "rating", comparison: "gte" as const, value: 3 },
      { name: "rating", comparison: "lte" as const, value: 4 },
    ];
    assert.deepEqual(toRequest({ ...emptyQuery(), where })["where"], {
      city: ["Paris", "Lyon"],
      rating: { gte: 3, lte: 4 },
    });
  });
  test("values and other conditions on one attribute hold together", () => {
    const where = [
      { name: "keywords", comparison: "is" as const, value: "sea" },
      { name: "keywords", comparison: "contains" as const, value: "boat" },
      { name: "folder", comparison: "starts" as const, value: "2019/" },
    ];
    const query = { ...emptyQuery(), where };
    assert.deepEqual(toRequest(query)["where"], {
      keywords: { in: ["sea"], contains: "boat" },
      folder: { starts: "2019/" },
    });
    assert.deepEqual(fromHash(toHash(query)), query);
    assert.deepEqual(fromHash('#where=["a","drops",1]').where, []);
  });
  test("the reach is as set, else as understood, else 25 km", () => {
    const understood = { decay: "gauss:5000m" };
    const query = emptyQuery();
    assert.equal(effectiveDecay(query, null).scale, 25_000);
    assert.equal(effectiveDecay(query, understood).scale, 5000);
    assert.equal(effectiveDecay({ ...query, parse: false }, understood).scale, 25_000);
    assert.equal(effectiveDecay({ ...query, decay: { kind: "exp", scale: 7 } }, understood).scale, 7);
    assert.equal("decay" in toRequest(query), false);
  });
  test("filters alone rank nothing, and list", () => {
    const located = { ...emptyQuery(), located: "no" as const };
    assert.equal(asksForSomething(located), false);
    assert.equal(hasFilters(located), true);
    assert.equal(toRequest(located)["unlocated_only"], true);
    assert.deepEqual(fromHash(toHash(located)), located);
    assert.equal(asksForSomething({ ...emptyQuery(), words: "-snow" }), true);
  });
});

describe("geodesy", () => {
  test("a circle's points lie at its radius", () => {
    const ring = circle({ lat: 60, lon: 10 }, 100_000)!;
    const radians = Math.PI / 180;
    for (const [lon, lat] of ring) {
      const h =
        Math.sin(((lat - 60) * radians) / 2) ** 2 +
        Math.cos(60 * radians) * Math.cos(lat * radians) * Math.sin(((lon - 10) * radians) / 2) ** 2;
      assert.ok(Math.abs(2 * 6_371_008.8 * Math.asin(Math.sqrt(h)) - 100_000) < 1);
    }
    assert.deepEqual(ring[0], ring.at(-1));
  });
  test("a circle around a pole has no ring", () => {
    assert.equal(circle({ lat: 89, lon: 0 }, 200_000), null);
  });
  test("a box dragged over the antimeridian has its west in the east", () => {
    // From 175 to 190 degrees, as MapLibre counts on: 190 is -170.
    assert.deepEqual(boxBetween({ lat: 5, lon: 190 }, { lat: -5, lon: 175 }), [175, -5, -170, 5]);
    assert.deepEqual(boxBetween({ lat: 95, lon: -300 }, { lat: 0, lon: 100 }), [-180, 0, 180, 90]);
  });
  test("bounds take the short way round", () => {
    const fiji = [
      { lat: -17, lon: 178 },
      { lat: -16, lon: -179 },
    ];
    assert.deepEqual(boundsOf(fiji), [178, -17, -179, -16]);
    assert.equal(boundsOf([]), null);
  });
  test("longitudes wrap", () => {
    assert.deepEqual([wrapLon(190), wrapLon(-190), wrapLon(180), wrapLon(540)], [-170, 170, 180, -180]);
  });
});

describe("shares", () => {
  const term = (kind: "place" | "text", contribution: number) => ({
    kind,
    label: "",
    weight: 1,
    value: contribution,
    contribution,
    cosine: null,
  });
  const hit = { score: 0.5, terms: [term("place", 0.2), term("text", 0.4), term("text", -0.1)] };

  test("meaning is the sum of its terms", () => {
    const { place, meaning } = sharesOf(hit);
    assert.equal(place, 0.2);
    assert.ok(Math.abs(meaning - 0.3) < 1e-12);
    assert.equal(inWords(hit), "score 0.50: meaning 0.30, place 0.20");
  });
  test("the best hit's bar is full, and nothing is below zero", () => {
    const { place, meaning } = widths(sharesOf(hit), longest([hit]));
    assert.ok(Math.abs(place + meaning - 100) < 1e-9);
    assert.deepEqual(widths({ place: -1, meaning: 0.5 }, 1), { place: 0, meaning: 50 });
    assert.deepEqual(widths({ place: 1, meaning: 1 }, 0), { place: 0, meaning: 0 });
  });
});

describe("format", () => {
  test("distances", () => {
    assert.equal(formatDistance(87.3), "87 m");
    assert.equal(formatDistance(4321), "4.3 km");
    assert.equal(formatDistance(25_000), "25 km");
    assert.equal(formatDistance(99_990), "100 km");
    assert.equal(formatDistance(1_234_567), "1,235 km");
    assert.equal(formatShare(0.4249), "42 %");
  });
  test("times stay wall-clock times", () => {
    assert.equal(formatTime("2019-06-01T23:59:00+09:00"), "1 Jun 2019");
    assert.equal(formatTime("2019-06-01T23:59:00+09:00", "long"), "1 June 2019, 23:59");
    assert.equal(formatTime("soon"), "soon");
  });
  test("places and names", () => {
    assert.equal(formatLatLon(-33.8568, 151.2153), "33.8568° S, 151.2153° E");
    assert.equal(formatName("alt_text"), "Alt text");
  });
});
