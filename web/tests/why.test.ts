import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { accountOf, barOf, behind, COLOURS, coloursOf, isOnePhrase, phrasesIn, phrasesOf, REST_COLOUR } from "../src/logic/account.ts";
import { formatSigned } from "../src/logic/format.ts";
import { cornersOf, heatPixels, thirdsOf } from "../src/logic/regions.ts";
import type { Evidence, ScoreTerm } from "../src/logic/rest.ts";

const evidenceOf = (given: Partial<Evidence>): Evidence => ({ kind: "phrase", label: "", share: null, of: null, span: null, box: null, heat: null, contribution: null, detected: null, ...given });
const termOf = (given: Partial<ScoreTerm>): ScoreTerm => ({ kind: "text", label: "", weight: 1, value: 0, contribution: 0, cosine: null, correction: null, baseline: null, ...given });

const WORDS = "a red tram in front of old houses";
const PLACE = termOf({ kind: "place", label: "Vienna", weight: 0.3, value: 1, contribution: 0.3 });
const TEXT = termOf({ label: WORDS, weight: 0.7, value: 0.96, contribution: 0.672, cosine: 0.47, baseline: 0.09 });
const HOUSES = evidenceOf({ label: "old houses", of: WORDS, span: [23, 33], share: 0.6, contribution: 0.6 * 0.609 });
const TRAM = evidenceOf({ label: "red tram", of: WORDS, span: [2, 10], share: 0.5, contribution: 0.5 * 0.609 });
const REST = evidenceOf({ kind: "rest", label: "the rest", of: WORDS, share: -0.1, contribution: -0.1 * 0.609 });

// With phrases each by itself: the same places in the words, of another term.
const EACH = termOf({ kind: "phrases", label: "each of: red tram, old houses", weight: 0.3, value: 0.8, contribution: 0.24, cosine: 0.3, baseline: 0.1 });
const EACH_HOUSES = { ...HOUSES, of: EACH.label, share: 0.45, contribution: 0.45 * 0.21 };
const EACH_TRAM = { ...TRAM, of: EACH.label, share: 0.55, contribution: 0.55 * 0.21 };

describe("the account", () => {
  const account = accountOf([PLACE, TEXT], [HOUSES, TRAM, REST], []);

  test("terms and their parts add up to the score, and each begins where the one before ended", () => {
    const [place, text] = account;
    assert.deepEqual([place!.from, place!.to, place!.parts], [0, 0.3, []]);
    assert.equal(text!.from, 0.3);
    const parts = text!.parts.map(({ contribution }) => contribution!);
    assert.equal(parts.length, 4); // any picture is the last
    assert.ok(Math.abs(parts.at(-1)! - 0.7 * 0.09) < 1e-12);
    assert.ok(Math.abs(0.3 + parts.reduce((sum, part) => sum + part) - 0.972) < 1e-12);
    assert.ok(Math.abs(text!.parts.at(-1)!.to - text!.to) < 1e-12);
    for (const [i, part] of text!.parts.slice(1).entries()) assert.equal(part.from, text!.parts[i]!.to);
  });
  test("phrases each by themselves have parts of their own, which add up as well", () => {
    const [, text, each] = accountOf([PLACE, TEXT, EACH], [HOUSES, TRAM, REST, EACH_TRAM, EACH_HOUSES], []);
    assert.deepEqual(text!.parts.map(({ evidence }) => evidence), [HOUSES, TRAM, REST, null]);
    assert.deepEqual(each!.parts.map(({ evidence }) => evidence), [EACH_TRAM, EACH_HOUSES, null]);
    assert.ok(Math.abs(each!.parts.at(-1)!.to - each!.to) < 1e-12);
    assert.equal(each!.parts[0]!.colour, text!.parts[1]!.colour);
    assert.equal(each!.parts[1]!.colour, text!.parts[0]!.colour);
  });
  test("all bars lie on one scale, from zero or what is below it", () => {
    const [place] = account;
    const { left, width } = barOf(place!, account);
    assert.deepEqual([left, Math.round(1000 * width)], [0, Math.round((100_000 * 0.3) / 0.972)]);
    const away = accountOf([termOf({ contribution: -0.2 }), termOf({ contribution: 0.8 })], [], []);
    assert.deepEqual(away.map((entry) => Math.round(barOf(entry, away).left)), [0, 0]);
    assert.deepEqual(away.map((entry) => Math.round(barOf(entry, away).width)), [25, 100]);
    assert.deepEqual(barOf({ from: 0, to: 0 }, []), { left: 0, width: 0 });
  });
  test("without contributions there are shares, and nothing that any picture has", () => {
    const [painted] = accountOf([termOf({ kind: "sketch", label: "painted", baseline: null })], [evidenceOf({ kind: "painted", label: "sky", of: "painted", share: 0.3 })], [{ name: "sky", colour: "#78beff" }]);
    assert.deepEqual(painted!.parts.map(({ colour, share, contribution }) => [colour, share, contribution]), [["#78beff", 0.3, null]]);
  });
  test("two pictures of one name have their own evidence each", () => {
    const of = (share: number) => [evidenceOf({ kind: "region", of: "image", share }), evidenceOf({ kind: "rest", of: "image", share: 1 - share })];
    const two = accountOf([termOf({ label: "image" }), termOf({ label: "image" })], [...of(0.25), ...of(0.75)], []);
    assert.deepEqual(two.map(({ parts }) => parts.map(({ share }) => share)), [[0.25, 0.75], [0.75, 0.25]]);
  });
});

describe("colours", () => {
  test("a phrase has its colour by where it stands in the words, whatever it adds", () => {
    const colours = coloursOf([HOUSES, TRAM, REST], []);
    assert.deepEqual([colours.get(TRAM), colours.get(HOUSES), colours.get(REST)], [COLOURS[0], COLOURS[1], REST_COLOUR]);
  });
  test("they come round again, and a region has the first", () => {
    const many = Array.from({ length: 9 }, (_, i) => evidenceOf({ span: [3 * i, 3 * i + 2] }));
    const colours = coloursOf(many.toReversed(), []);
    assert.deepEqual([colours.get(many[7]!), colours.get(many[8]!)], [COLOURS[0], COLOURS[1]]);
    const region = evidenceOf({ kind: "region" });
    assert.equal(coloursOf([region], []).get(region), COLOURS[0]);
  });
  test("they are Python's", () => {
    const source = readFileSync("../src/placelens/export/evidence.py", "utf8");
    const written = /^COLOURS = \(([^)]*)\)/m.exec(source)?.[1];
    assert.deepEqual(written?.match(/#\w{6}/g), [...COLOURS]);
    assert.match(source, new RegExp(`_REST_COLOUR = "${REST_COLOUR}"`));
  });
});

describe("in words", () => {
  test("words are cut where phrases begin and end", () => {
    const [text] = accountOf([TEXT], [HOUSES, TRAM, REST], []);
    const pieces = phrasesIn(WORDS, text!.parts);
    assert.deepEqual(pieces.map((piece) => piece.text), ["a ", "red tram", " in front of ", "old houses"]);
    assert.deepEqual(pieces.map(({ part }) => part?.evidence ?? null), [null, TRAM, null, HOUSES]);
    // A label that was cut short holds the first of them only.
    assert.deepEqual(phrasesIn("a red tram in fro…", text!.parts).map((piece) => piece.text), ["a ", "red tram", " in fro…"]);
  });
  test("a list of phrases is cut at each, also where one is in another", () => {
    const [each] = accountOf([EACH], [EACH_HOUSES, EACH_TRAM], []);
    assert.deepEqual(phrasesOf(EACH, each!.parts).map(({ text, part }) => [text, part?.evidence ?? null]), [["each of: ", null], ["red tram", EACH_TRAM], [", ", null], ["old houses", EACH_HOUSES]]);
    const twice = { ...EACH, label: "each of: each, red each" };
    const [list] = accountOf([twice], [evidenceOf({ label: "each", span: [0, 4], of: twice.label }), evidenceOf({ label: "red each", span: [8, 16], of: twice.label })], []);
    assert.deepEqual(phrasesOf(twice, list!.parts).map(({ text }) => text), ["each of: ", "each", ", ", "red each"]);
    assert.deepEqual(phrasesOf({ ...EACH, label: "each of: red tram, ol…" }, each!.parts).map(({ text }) => text), ["each of: ", "red tram", ", ol…"]);
  });
  test("a phrase is one, whichever term it speaks for", () => {
    assert.ok(isOnePhrase(TRAM, EACH_TRAM) && isOnePhrase(REST, REST));
    assert.ok(!isOnePhrase(TRAM, HOUSES) && !isOnePhrase(TRAM, null) && !isOnePhrase(REST, { ...REST }));
    assert.ok(!isOnePhrase(evidenceOf({ label: "sea", span: [0, 3] }), evidenceOf({ label: "sky", span: [0, 3] })));
  });
  test("what is behind says through what, most first", () => {
    const above = { score: 1, terms: [{ ...PLACE, contribution: 0.3002 }, { ...TEXT, contribution: 0.7 }] };
    const difference = behind({ score: 0.972, terms: [PLACE, TEXT] }, above);
    assert.equal(difference?.by.toFixed(3), "0.028");
    assert.deepEqual(difference?.through.map(([kind, by]) => [kind, by.toFixed(3)]), [["text", "-0.028"]]);
    assert.equal(behind({ score: 1, terms: [] }, above), null);
    assert.equal(behind({ score: null, terms: [] }, above), null);
  });
  test("summands have signs, and zero has none", () => {
    assert.deepEqual([0.2954, -0.02, -0.0001, 0].map((value) => formatSigned(value, "both")), ["+0.295", "−0.020", "+0.000", "+0.000"]);
    assert.deepEqual([0.5, -0.5].map((value) => formatSigned(value, "minus")), ["0.500", "−0.500"]);
  });
});

describe("regions", () => {
  test("heat is opaque where it is hottest and clear where it is coldest", () => {
    const pixels = heatPixels([[0.1, 0.2], [-0.1, 0.5]], "#e69f00");
    const [mild, warm, coldest, hottest] = [0, 1, 2, 3].map((i) => [...pixels.subarray(4 * i, 4 * i + 4)]);
    assert.deepEqual(hottest!.slice(0, 3), [230, 159, 0]);
    assert.equal(coldest![3], 0);
    assert.ok(0 < mild![3]! && mild![3]! < warm![3]! && warm![3]! < hottest![3]! && hottest![3]! < 255);
    assert.ok(heatPixels([[1, 1]], "#e69f00").every((byte, i) => i % 4 < 3 || byte === 0));
  });
  test("a box is in a ninth of the picture", () => {
    assert.deepEqual(thirdsOf([500, 0, 600, 100], 600, 400), [0, 2]);
    assert.deepEqual(thirdsOf([0, 0, 90, 30], 90, 30), [1, 1]);
    assert.deepEqual(thirdsOf([0, 300, 100, 400], 600, 400), [2, 0]);
  });
  test("names of boxes with one corner go to different corners, and to the first when all are taken", () => {
    const corners = cornersOf(Array.from({ length: 5 }, () => [0, 0, 600, 400] as const), 600, 400);
    assert.deepEqual(corners.map(({ atRight, atBottom }) => [atRight, atBottom]), [[false, false], [true, false], [false, true], [true, true], [false, false]]);
    const apart = cornersOf([[0, 0, 100, 100], [400, 200, 600, 400]], 600, 400);
    assert.ok(apart.every(({ atRight, atBottom }) => !atRight && !atBottom));
  });
});
