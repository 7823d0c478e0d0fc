import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  BLANK,
  CELLS,
  cellsOf,
  classAt,
  counts,
  drawLine,
  fill,
  fillCell,
  isBlank,
  middleOf,
  NOTHING,
  type Painting,
  SIDE,
  trimmed,
  withClass,
} from "../src/logic/painting.ts";
import { colourOf, paintingOf, pixelsOf, rgb } from "../src/logic/palette.ts";
import { emptyQuery, fromHash, toHash, toRequest } from "../src/logic/query.ts";
import { readRuns, writeRuns } from "../src/logic/runs.ts";
import { asks, EMPTY_SKETCH, isSamePaint, orNone, readSketch, type Sketch, writeSketch } from "../src/logic/sketch.ts";
import { begun, done, redone, undone } from "../src/logic/steps.ts";

const PALETTE = [
  { name: "sky", colour: "#78beff" },
  { name: "road", colour: "#6e6978" },
];
const N = SIDE * SIDE;

/** Sky above road, as many rows of each. */
function scene(): Painting {
  const labels = new Uint8Array(N).fill(1);
  labels.fill(0, 0, N / 2);
  return { classes: ["sky", "road"], labels };
}

const sketchOf = (painting: Painting, more: Partial<Sketch> = {}): Sketch => ({ ...EMPTY_SKETCH, painting, ...more });

describe("painting", () => {
  test("a dab is round on the screen, whatever shape the picture has", () => {
    for (const aspect of [1, 4 / 3, 0.5]) {
      const labels = BLANK.labels.slice();
      drawLine(labels, { x: 112, y: 112 }, { x: 112, y: 112 }, { diameter: 20, aspect }, 0);
      const rows = Array.from({ length: SIDE }, (_, y) => labels.subarray(y * SIDE, (y + 1) * SIDE).indexOf(0)).filter((at) => at >= 0);
      const widest = labels.subarray(112 * SIDE, 113 * SIDE).filter((label) => label === 0).length;
      assert.equal(widest, 20);
      // A label is 1 / aspect times as high as it is wide.
      assert.ok(Math.abs(rows.length / aspect - 20) <= 2, `${rows.length} rows at ${aspect}`);
    }
  });
  test("a line has no gaps, and stops at the edges", () => {
    const labels = BLANK.labels.slice();
    drawLine(labels, { x: -30, y: 4 }, { x: 400, y: 4 }, { diameter: 4, aspect: 1 }, 0);
    for (let x = 0; x < SIDE; x++) assert.equal(labels[4 * SIDE + x], 0);
    assert.equal(labels.filter((label) => label === 0).length, 4 * SIDE);
  });
  test("the bucket stays within what hangs together", () => {
    const { labels } = scene();
    fill(labels, { x: 3, y: 3 }, 2);
    assert.equal(labels.filter((label) => label === 2).length, N / 2);
    // From the last label and from beyond it; and nothing happens where it is so already.
    fill(labels, { x: SIDE, y: SIDE }, 3);
    assert.equal(labels.filter((label) => label === 3).length, N / 2);
    const before = labels.slice();
    fill(labels, { x: 0, y: 0 }, 2);
    assert.deepEqual(labels, before);
  });
  test("the bucket does not run around the edges", () => {
    const labels = new Uint8Array(N);
    for (let y = 0; y < SIDE; y++) labels[y * SIDE + 50] = 1; // a wall from top to bottom
    fill(labels, { x: 80, y: 60 }, 2);
    assert.equal(labels[60 * SIDE + 10], 0);
    assert.equal(labels[60 * SIDE + SIDE - 1], 2);
  });
  test("a cell has what covers most of it, if half of it is painted", () => {
    const labels = BLANK.labels.slice();
    const side = SIDE / CELLS;
    const half = side ** 2 / 2;
    const dab = (n: number, from: number, label: number) => {
      for (let i = from; i < from + n; i++) labels[Math.floor(i / side) * SIDE + (i % side)] = label;
    };
    dab(half - 1, 0, 1);
    const first = () => cellsOf({ classes: ["sky", "road"], labels })[0]![0];
    assert.equal(first(), null);
    dab(1, half - 1, 0);
    assert.equal(first(), 1);
    dab(half - 2, half, 0); // as many of both: the first class counts, as the server has it
    assert.equal(first(), 0);
  });
  test("a painted cell is a cell of what is compared", () => {
    const labels = BLANK.labels.slice();
    fillCell(labels, { x: 13, y: 2 }, 0);
    const cells = cellsOf({ classes: ["sky"], labels });
    assert.deepEqual([cells.length, cells[0]!.length], [CELLS, CELLS]);
    assert.equal(cells[2]![13], 0);
    assert.equal(cells.flat().filter((cell) => cell !== null).length, 1);
    assert.equal(classAt({ classes: ["sky"], labels }, middleOf({ x: 13, y: 2 })), "sky");
    assert.equal(classAt({ classes: ["sky"], labels }, middleOf({ x: 12, y: 2 })), null);
  });
  test("classes come in as they are painted, and go when they are painted over", () => {
    const { painting, label } = withClass({ classes: ["sky"], labels: BLANK.labels }, "road");
    assert.deepEqual([painting.classes, label], [["sky", "road"], 1]);
    assert.equal(withClass(painting, "sky").label, 0);
    assert.equal(withClass(painting, null).label, NOTHING);
    const labels = BLANK.labels.slice();
    fillCell(labels, { x: 0, y: 0 }, 1);
    const small = trimmed({ classes: ["sky", "road"], labels });
    assert.deepEqual(small.classes, ["road"]);
    assert.equal(small.labels[0], 0);
    assert.equal(small.labels[N - 1], NOTHING);
  });
});

describe("a painting as text", () => {
  test("runs come back as they were, of many classes too", () => {
    const labels = Uint8Array.from({ length: 300 }, (_, i) => (i < 50 ? NOTHING : i < 90 ? 0 : i % 200));
    assert.deepEqual(readRuns(writeRuns(labels), 300, 200), labels);
    assert.equal(writeRuns(scene().labels), "25088a25088b");
    assert.equal(writeRuns(Uint8Array.of(25, 26, 27)), "1z1ba1bb");
  });
  test("what was cut off, or is of other classes, is none", () => {
    for (const text of ["", "25088a", "25088a25088", "25088a25088b4a", "25088a25088c", "25088a 25088b", "99999999999a"]) {
      assert.equal(readRuns(text, N, 2), null, text);
    }
  });
  test("a link brings the sketch back, with weight, form and the photo under it", () => {
    const sketch = sketchOf(scene(), { weight: -0.5, form: "mask", over: { item: "a:b,c" } });
    const { sketch: back } = fromHash(toHash({ ...emptyQuery("c"), sketch }));
    assert.deepEqual(back, sketch);
    const named = sketchOf({ classes: ["traffic light, red: 1 %"], labels: new Uint8Array(N) });
    assert.deepEqual(readSketch(writeSketch(named), null), named);
    assert.deepEqual(readSketch("1:paper:%:50176a", null)?.painting.classes, ["%"]);
  });
  test("a picture of one's own stays out of it", () => {
    const map = { classes: ["sky"], map: "AA==", cells: [[0]], confidence: [[1]] };
    const hash = toHash({ ...emptyQuery(), sketch: sketchOf(scene(), { over: { name: "mine", preview: "blob:x", map } }) });
    assert.equal(fromHash(hash).sketch?.over, null);
  });
  test("nothing painted over nothing is no sketch", () => {
    assert.equal(readSketch(writeSketch(EMPTY_SKETCH), null), null);
    assert.equal(readSketch("", null), null);
    assert.equal(readSketch("often:paper:sky:50176a", null), null);
    assert.notEqual(readSketch(writeSketch(EMPTY_SKETCH), { item: "a" }), null);
  });
});

describe("a sketch as a question", () => {
  test("cells go out, and the photo under them", () => {
    const [term] = toRequest({ ...emptyQuery(), sketch: sketchOf(scene(), { weight: 2, over: { item: "a" } }) }).terms!;
    const value = term!.value as { classes: string[]; cells: number[][]; over: unknown; form: string };
    assert.deepEqual([term!.kind, term!.weight, value.classes, value.over, value.form], ["sketch", 2, ["sky", "road"], { item: "a" }, "paper"]);
    assert.deepEqual(value.cells.map((row) => row[0]), [0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1]);
  });
  test("a stroke that is too thin asks nothing; a photo alone does", () => {
    const labels = BLANK.labels.slice();
    labels[0] = 0;
    const thin = { classes: ["sky"], labels };
    assert.equal(isBlank(thin), false);
    assert.equal(counts(thin), false);
    assert.equal(asks(sketchOf(thin)), false);
    assert.equal(toRequest({ ...emptyQuery(), sketch: sketchOf(thin) }).terms, undefined);
    assert.equal(asks(sketchOf(BLANK, { over: { item: "a" } })), true);
    assert.equal(orNone(sketchOf(BLANK)), null);
  });
  test("weight is no paint", () => {
    const sketch = sketchOf(scene());
    assert.equal(isSamePaint(sketch, { ...sketch, weight: -1 }), true);
    assert.equal(isSamePaint(sketch, { ...sketch, form: "mask" }), false);
    assert.equal(isSamePaint(sketch, null), false);
  });
});

describe("steps", () => {
  test("lead back and forth, and a new one forgets what was undone", () => {
    let steps = done(done(begun("a"), "b"), "c");
    steps = undone(undone(steps));
    assert.equal(steps.present, "a");
    assert.equal(undone(steps), steps);
    steps = redone(steps);
    assert.equal(steps.present, "b");
    steps = done(steps, "d");
    assert.equal(redone(steps), steps);
    assert.equal(undone(steps).present, "b");
  });
  test("the oldest are forgotten", () => {
    let steps = begun(0);
    for (let i = 1; i <= 500; i++) steps = done(steps, i);
    assert.equal(steps.past.length, 100);
    assert.equal(steps.past[0], 400);
  });
});

describe("colours", () => {
  test("a painting becomes pixels and comes back", () => {
    const back = paintingOf(pixelsOf(scene(), PALETTE), PALETTE);
    assert.deepEqual(back, scene());
    assert.deepEqual(rgb("#78beff"), [120, 190, 255]);
    assert.equal(colourOf("zebra", PALETTE), "#808080");
  });
  test("paper and soft edges are nothing; other colours are no painting", () => {
    const pixels = pixelsOf(scene(), PALETTE);
    pixels.set([255, 255, 255, 255, 0, 0, 0, 255, 120, 190, 255, 20, 122, 188, 250, 255, 255, 0, 0, 255]);
    const { labels } = paintingOf(pixels, PALETTE)!;
    assert.deepEqual([...labels.subarray(0, 6)], [NOTHING, NOTHING, NOTHING, 0, NOTHING, 0]);
    for (let i = 0; i < N / 3; i++) pixels.set([255, 0, 0, 255], 4 * i);
    assert.equal(paintingOf(pixels, PALETTE), null);
  });
});
