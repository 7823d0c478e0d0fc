import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fromAddress, toAddress } from "../src/logic/address.ts";
import { formatDistance, formatLatLon, formatName, formatShare, formatSpan, formatTime } from "../src/logic/format.ts";
import { boundsOf, boxBetween, boxRing, circle, copies, wrapLon } from "../src/logic/geodesy.ts";
import { hotCells } from "../src/logic/heat.ts";
import { type Drawn, MOST_CORNERS, readRing, ringOf, simplified, writeRing } from "../src/logic/lasso.ts";
import { fromRequest } from "../src/logic/saved.ts";
import { frameOf, layOut, rowOf, seenRows } from "../src/logic/layout.ts";
import {
  asksForSomething,
  asksInWords,
  effectiveDecay,
  effectiveSort,
  emptyQuery,
  fromHash,
  hasFilters,
  sortsFor,
  titleOf,
  toFilters,
  toHash,
  toRequest,
} from "../src/logic/query.ts";
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
import { describe as inWords, grainOf, longest, sharesOf, widths } from "../src/logic/shares.ts";
import { earlierSuggestions, fragmentOf, savedSuggestions, valueSuggestions } from "../src/logic/suggest.ts";
import { dayBars, monthAround, monthBars } from "../src/logic/timeline.ts";
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
    delta: 0.3,
    parse: false,
    box: [177, -20, -178, -15] as [number, number, number, number],
    area: [[177.5, -20], [182, -20], [180.25, -15.125]] as [number, number][],
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
    const query = fromHash("#near=999,0&mu=7&delta=-1&decay=cubic&box=1,2&area=1_2_3&like=nonsense&where=[&time=x");
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
      delta: 0.3,
      k: 48,
      parse: false,
      bbox: [177, -20, -178, -15],
      polygon: { type: "Polygon", coordinates: [[[177.5, -20], [182, -20], [180.25, -15.125], [177.5, -20]]] },
      time: ["2019-06-01", null],
      modality: "image",
      located_only: true,
      where: { city: "Paris" },
    });
  });
  test("what phrases count for is asked with words alone, and not unless somebody says", () => {
    assert.equal("delta" in toRequest({ ...emptyQuery(), words: "old harbour" }), false);
    assert.equal(toRequest({ ...emptyQuery(), words: "old harbour", delta: 0 }).delta, 0);
    assert.equal("delta" in toRequest({ ...emptyQuery(), like: [{ id: "a", weight: 1 }], delta: 0.5 }), false);
    assert.equal(fromHash("#delta=0").delta, 0);
    assert.equal(fromHash("#delta=much").delta, null);
    assert.deepEqual(["", "tram", " -snow"].map((words) => asksInWords({ ...emptyQuery(), words })), [false, true, true]);
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
  test("a box over the antimeridian is drawn in one piece", () => {
    assert.deepEqual(boxRing([175, -5, -170, 5]), [[175, -5], [190, -5], [190, 5], [175, 5], [175, -5]]);
  });

  test("what is seen several times round the world is drawn as often", () => {
    assert.deepEqual(copies(10, 10, -180, 180), [0]);
    assert.deepEqual(copies(10, 10, 20, 100), []);
    assert.deepEqual(copies(10, 10, -400, 400), [-360, 0, 360]);
    // A view over the antimeridian, from 170 to 190 degrees.
    assert.deepEqual(copies(-175, -175, 170, 190), [360]);
    // A ring that goes on past 180, at either of its ends.
    assert.deepEqual(copies(170, 200, -180, -165), [-360]);
    assert.deepEqual(copies(170, 200, 165, 175), [0]);
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

describe("address", () => {
  test("holds the question, the item that is open and whether it is large", () => {
    const query = { ...emptyQuery("photos"), words: "a pier", sort: "oldest" as const };
    const place = { query, open: "2019/pier #1.jpg", large: true, panel: "map" as const, heat: true };
    assert.deepEqual(fromAddress(toAddress(place)), place);
    assert.deepEqual(fromAddress("#in=photos&large=1"), { query: emptyQuery("photos"), open: null, large: false, panel: "both", heat: false });
  });
});

describe("saved searches", () => {
  test("come back as they were asked", () => {
    const query = {
      ...emptyQuery("photos"),
      words: 'old harbour -people -"cruise ship"',
      like: [{ id: "a/b.jpg", weight: -0.5 }, { id: "c", weight: 1 }],
      near: { lat: 43.7, lon: -7.27 },
      decay: { kind: "exp" as const, scale: 1500 },
      mu: 0.3,
      delta: 0.5,
      parse: false,
      box: [170, -20, -170, -10] as [number, number, number, number],
      area: [[177, -20], [182, -20], [180, -15]] as [number, number][],
      from: "2019-06-01",
      to: "",
      modality: "image" as const,
      located: "yes" as const,
      where: [
        { name: "city", comparison: "is" as const, value: "Lyon" },
        { name: "city", comparison: "is" as const, value: "Paris" },
        { name: "rating", comparison: "is" as const, value: 5 },
        { name: "rating", comparison: "gte" as const, value: 3 },
      ],
      sort: "oldest" as const,
    };
    // Over HTTP a place is a text.
    const search = { ...toRequest(query), near: "43.7,-7.27" };
    assert.deepEqual(fromRequest("photos", search), query);
    assert.deepEqual(fromRequest("photos", {}), emptyQuery("photos"));
  });
  test("of other programs are shown as far as the page can", () => {
    const search = {
      text: ["a pier", { text: "the sea", weight: 2 }, { text: "snow", weight: -1 }],
      near: "Nice",
      time: "2019-06",
      where: { city: "Lyon", keywords: { all: ["sea"] }, rating: { eq: 4 } },
      polygon: { type: "MultiPolygon", coordinates: [] },
      modality: ["text" as const],
      radius: "5km",
    };
    const { words, from, to, where, area, modality, near } = fromRequest("photos", search);
    assert.deepEqual([words, from, to, area, modality, near], ["a pier the sea near Nice -snow", "2019-06", "2019-06", null, "text", null]);
    assert.deepEqual(where, [
      { name: "city", comparison: "is", value: "Lyon" },
      { name: "rating", comparison: "is", value: 4 },
    ]);
  });
  test("a painting is in squares when it comes back, and is compared as before", () => {
    const cells = Array.from({ length: 14 }, (_, y) => Array.from({ length: 14 }, (_, x) => (y < 7 ? 0 : x < 3 ? 1 : null)));
    const term = { kind: "sketch", weight: 0.5, value: { form: "mask", classes: ["sky", "water"], cells, over: { item: "a" } } };
    assert.deepEqual(toRequest(fromRequest("photos", { terms: [term] })).terms, [term]);
    assert.equal(fromRequest("photos", { terms: [{ kind: "sketch", value: { over: { map: "AAAA" } } }] }).sketch, null);
  });
  test("are suggested by their names", () => {
    assert.deepEqual(savedSuggestions("har", ["Old harbours", "piers"], 4).map(({ label }) => label), ["Old harbours"]);
    assert.deepEqual(savedSuggestions(" ", ["piers"], 4), []);
  });
});

describe("heat", () => {
  const cell = { n_items: 1, lat: 0, lon: 0, bounds: [0, 0, 1, 1] as [number, number, number, number], best: 0, id: "a" };
  const heat = (means: number[], median: number | null, highest: number | null) => ({
    zoom: 1, n_items: means.length, median, highest, cells: means.map((mean) => ({ ...cell, mean })),
  });
  test("goes from what half of all items score to the best of them", () => {
    const levels = hotCells(heat([0.9, 0.5, 0.1, -0.3], 0.1, 0.9)).map(({ level }) => level);
    assert.deepEqual(levels, [1, 0.5, 0, 0]);
  });
  test("where all score the same, all are the best", () => {
    assert.deepEqual(hotCells(heat([0.4], 0.4, 0.4)).map(({ level }) => level), [1]);
    assert.deepEqual(hotCells(heat([], null, null)), []);
  });
});

describe("lasso", () => {
  /** A stroke around a circle on a map of 4 pixels a degree. */
  const circled = (lon: number, n: number, wobble = 0): Drawn[] =>
    Array.from({ length: n }, (_, i) => {
      const [turn, radius] = [(2 * Math.PI * i) / n, 100 + wobble * (i % 2)];
      const [dx, dy] = [radius * Math.cos(turn), radius * Math.sin(turn)];
      return { x: 300 + dx, y: 200 - dy, at: { lat: dy / 4, lon: lon + dx / 4 } };
    });
  const at = (x: number, y: number): Drawn => ({ x, y, at: { lon: x / 4, lat: -y / 4 } });

  test("a line without its needless points stays within the tolerance, and keeps its ends", () => {
    const line = Array.from({ length: 500 }, (_, x) => ({ x, y: 40 * Math.sin(x / 30) + (x % 3) }));
    const short = simplified(line, 4);
    assert.ok(short.length < 60, `${short.length} are left`);
    assert.deepEqual([short[0], short.at(-1)], [line[0], line.at(-1)]);
    for (const { x, y } of line) {
      const next = short.findIndex((each) => each.x >= x);
      const [a, b] = [short[Math.max(0, next - 1)]!, short[Math.max(1, next)]!];
      const along = ((x - a.x) * (b.x - a.x) + (y - a.y) * (b.y - a.y)) / ((b.x - a.x) ** 2 + (b.y - a.y) ** 2);
      const off = Math.hypot(x - a.x - along * (b.x - a.x), y - a.y - along * (b.y - a.y));
      assert.ok(off <= 4 + 1e-9, `${x} is ${off} away`);
    }
    assert.deepEqual(simplified([{ x: 0, y: 0 }, { x: 5, y: 0.5 }, { x: 9, y: 0 }], 1), [{ x: 0, y: 0 }, { x: 9, y: 0 }]);
    assert.deepEqual(simplified([], 1), []);
  });
  test("however wild the stroke, its corners are few, and as fine as pixels are", () => {
    for (const wobble of [0, 3, 20]) {
      const ring = ringOf(circled(10, 2000, wobble))!;
      assert.ok(ring.length >= 8 && ring.length <= MOST_CORNERS, `${ring.length} corners`);
      assert.ok(writeRing(ring).length < 1500);
    }
    // A quarter of a degree is a pixel: one decimal tells them apart.
    assert.ok(ringOf(circled(10, 5000))!.flat().every((value) => Number(value.toFixed(1)) === value));
  });
  test("over the antimeridian it goes on past 180, and starts in the world", () => {
    for (const lon of [180, -180, 540, 900]) {
      const lons = ringOf(circled(lon, 400))!.map(([lon]) => lon);
      assert.deepEqual([Math.min(...lons), Math.max(...lons)], [155, 205]);
    }
  });
  test("no edge is so long that the short way is the other way round", () => {
    const ring = ringOf([at(-700, 0), at(680, 0), at(0, 200)])!;
    assert.deepEqual(ring.slice(0, 3), [[-175, 0], [-88.75, 0], [-2.5, 0]]);
    ring.forEach(([lon], i) => assert.ok(Math.abs(ring[(i + 1) % ring.length]![0] - lon) <= 90));
  });
  test("a click and a line enclose nothing", () => {
    assert.equal(ringOf([]), null);
    assert.equal(ringOf([at(3, 3), at(4, 3)]), null);
    assert.equal(ringOf([at(0, 0), at(100, 0), at(200, 1)]), null);
  });
  test("a link holds it, and what is none is left out", () => {
    const ring = ringOf(circled(180, 100))!;
    assert.deepEqual(readRing(writeRing(ring)), ring);
    assert.equal(encodeURIComponent(writeRing(ring)), writeRing(ring));
    for (const text of ["", "1_2_3_4", "1_2_3_4_5", "1_2_3_4_5_x", "1_2_3_4_5_91", "541_2_3_4_5_6", "1__3_4_5_6"]) {
      assert.equal(readRing(text), null, text);
    }
  });
});

describe("layout", () => {
  const frame = frameOf(640, 190, 20, 60);
  test("as many columns as fit, all of one width", () => {
    assert.equal(frame.columns, 3);
    assert.equal(frame.width, 200);
    assert.equal(frame.rowHeight, 210);
    assert.equal(frameOf(100, 190, 20, 60).columns, 1);
  });
  test("every card is in one row, and rows do not overlap", () => {
    const groups = (index: number) => (index < 4 ? "June" : "May");
    const layout = layOut(8, frame, groups);
    assert.deepEqual(layout.rows.map(({ from, to, heading }) => [from, to, heading]), [
      [0, 0, "June"], [0, 3, null], [3, 4, null], [4, 4, "May"], [4, 7, null], [7, 8, null],
    ]);
    for (const [i, row] of layout.rows.entries()) {
      const height = row.heading === null ? frame.rowHeight : frame.headingHeight;
      assert.ok((layout.rows[i + 1]?.top ?? layout.height) >= row.top + height, `row ${i}`);
    }
    for (let index = 0; index < 8; index++) {
      const row = rowOf(layout, index)!;
      assert.ok(row.from <= index && index < row.to, `card ${index}`);
    }
    assert.equal(rowOf(layout, 8), null);
  });
  test("only the rows in sight are seen, however many there are", () => {
    const layout = layOut(100_000, frame, null);
    const rows = seenRows(layout, 500_000, 500_800);
    assert.ok(rows.length <= 6, `${rows.length} rows`);
    assert.ok(rows[0]!.top <= 500_000 && rows.at(-1)!.top <= 500_800);
    assert.equal(layOut(0, frame, null).height, 0);
    assert.deepEqual(seenRows(layOut(0, frame, null), 0, 100), []);
  });
});

describe("timeline", () => {
  test("months without items stand between those that have some", () => {
    const bars = monthBars(["2019-11", "2020-02"], [4, 1], "en-GB");
    assert.deepEqual(bars.map(({ from, to, n }) => [from, to, n]), [
      ["2019-11-01", "2019-11-30", 4], ["2019-12-01", "2019-12-31", 0], ["2020-01-01", "2020-01-31", 0], ["2020-02-01", "2020-02-29", 1],
    ]);
    assert.equal(bars[0]!.height, 1);
    assert.equal(bars[3]!.height, 0.5);
  });
  test("many years are counted by the year", () => {
    const bars = monthBars(["1900-06", "1900-07", "2020-01"], [2, 3, 1], "en-GB");
    assert.equal(bars.length, 121);
    assert.deepEqual([bars[0]!.label, bars[0]!.n], ["1900", 5]);
  });
  test("a month has its days", () => {
    const bars = dayBars(["2020-02-29"], [2], ...monthAround("2020-02-29", "2020-02-29")!, "en-GB");
    assert.equal(bars.length, 29);
    assert.equal(bars.at(-1)!.label, "Saturday, 29 February 2020");
    assert.equal(monthAround("2020-01-31", "2020-02-01"), null);
    assert.equal(monthAround("", ""), null);
  });
  test("a span of days is named by what it is", () => {
    assert.equal(formatSpan("2019-02-01", "2019-02-28", "en-GB"), "February 2019");
    assert.equal(formatSpan("2019-01-01", "2019-12-31", "en-GB"), "2019");
    assert.equal(formatSpan("2019-02-03", "2019-02-03", "en-GB"), "3 February 2019");
    assert.equal(formatSpan("2019-02-01", "2019-02-27", "en-GB"), null);
  });
});

test("what phrases count for is told by the weights, whatever the place counts for", () => {
  const text = { kind: "text", weight: 0.35 };
  assert.equal(grainOf([{ kind: "place", weight: 0.5 }, text, { kind: "phrases", weight: 0.15 }]), 0.3);
  // What is looked away from counts as much.
  assert.equal(grainOf([text, { kind: "text", weight: -0.35 }, { kind: "phrases", weight: 0.35 }, { kind: "phrases", weight: -0.35 }]), 0.5);
  assert.deepEqual([grainOf([]), grainOf([text]), grainOf([{ kind: "phrases", weight: 1 }])], [0, 0, 1]);
});

describe("suggestions", () => {
  test("after near and in, the end of the words is a place", () => {
    assert.deepEqual(fragmentOf("a pier near san fran"), { lead: "a pier near ", text: "san fran", isPlace: true });
    assert.deepEqual(fragmentOf("temple Kyo"), { lead: "temple ", text: "Kyo", isPlace: false });
    assert.equal(fragmentOf("a ca"), null);
    assert.equal(fragmentOf("pier "), null);
  });
  test("a value becomes a condition, and its words go", () => {
    const values = { city: [{ value: "Lyon", n_items: 7 }, { value: "Lyme", n_items: 2 }], stars: [{ value: 3, n_items: 9 }] };
    const [first, ...others] = valueSuggestions(fragmentOf("red roofs lyo")!, values, 4);
    assert.deepEqual(first, { kind: "value", label: "Lyon", note: "city, 7", words: "red roofs", condition: { name: "city", value: "Lyon" } });
    assert.deepEqual(others, []);
    assert.equal(valueSuggestions(fragmentOf("roofs in Lyo")!, values, 4)[0]!.words, "roofs");
  });
  test("what was asked before comes back, but not what stands there already", () => {
    const found = earlierSuggestions("pier", ["old pier", "Pier", "castle"], 3);
    assert.deepEqual(found.map(({ words }) => words), ["old pier"]);
  });
});

describe("what a question is listed by", () => {
  test("nothing is scored in a list, or near without a place", () => {
    assert.deepEqual(sortsFor(emptyQuery(), false), ["time", "oldest", "name"]);
    assert.deepEqual(sortsFor({ ...emptyQuery(), words: "pier" }, true), ["score", "time", "oldest", "name", "distance"]);
    assert.equal(effectiveSort({ ...emptyQuery(), sort: "score" }, ["time", "name"]), "time");
  });
  test("filters are written as on the command line", () => {
    const filters = toFilters({ ...emptyQuery(), from: "2019-06-01", located: "no", where: [{ name: "city", comparison: "is", value: "Lyon" }, { name: "stars", comparison: "gte", value: 3 }] });
    assert.equal(decodeURIComponent(String(filters)), "time=2019-06-01..&unlocated_only=true&where=city=Lyon&where=stars>=3");
  });
  test("the tab says what is asked", () => {
    assert.equal(titleOf({ ...emptyQuery("photos"), words: "pier" }), "pier · photos · placelens");
    assert.equal(titleOf(emptyQuery("photos")), "photos · placelens");
  });
});
