/** A painting as a part of the question: with its weight, what it is painted over, and how strictly it is meant. */

import { BLANK, CELLS, cellsOf, counts, fillCell, isBlank, NOTHING, type Painting, SIDE, trimmed } from "./painting.ts";
import type { ClassMap, TermIn } from "./rest.ts";
import { readRuns, writeRuns } from "./runs.ts";

/** A picture of one's own, never part of the URL. */
export interface OwnPicture {
  name: string;
  preview: string;
  map: ClassMap;
}

/** The photo under the paint. */
export type Over = { item: string } | OwnPicture;

/** "paper": a class is to be where it is painted, and nowhere else; "mask": there, whatever is elsewhere. */
export type Form = "paper" | "mask";

export interface Sketch {
  painting: Painting;
  over: Over | null;
  weight: number;
  form: Form;
}

export const EMPTY_SKETCH: Sketch = { painting: BLANK, over: null, weight: 1, form: "paper" };

/** Whether there is something to compare with; a thin stroke alone fills no cell. */
export function asks(sketch: Sketch | null): sketch is Sketch {
  return sketch !== null && (sketch.over !== null || counts(sketch.painting));
}

/** A sketch without paint and photo is none. */
export function orNone(sketch: Sketch): Sketch | null {
  return sketch.over === null && isBlank(sketch.painting) ? null : sketch;
}

/** Whether two are painted alike; what they weigh is another matter. */
export function isSamePaint(a: Sketch | null, b: Sketch | null): boolean {
  return a === b || (a !== null && b !== null && a.painting === b.painting && a.over === b.over && a.form === b.form);
}

export function toTerm({ painting, over, weight, form }: Sketch): TermIn {
  const value = {
    form,
    ...(counts(painting) && { classes: painting.classes, cells: cellsOf(painting) }),
    ...(over && { over: "item" in over ? over : { map: over.map.map } }),
  };
  return { kind: "sketch", weight, value };
}

/** A term that was saved, as far as it can be shown: cells are squares again, and no picture of one's own comes back. */
export function fromTerm({ value, weight }: TermIn): Sketch | null {
  const told = (value ?? {}) as { form?: string; classes?: string[]; cells?: (number | null)[][]; over?: { item?: string } };
  if (told.over && typeof told.over.item !== "string") return null;
  const labels = new Uint8Array(SIDE * SIDE).fill(NOTHING);
  told.cells?.slice(0, CELLS).forEach((row, y) => row.slice(0, CELLS).forEach((cell, x) => {
    if (cell !== null) fillCell(labels, { x, y }, cell);
  }));
  const over = told.over?.item === undefined ? null : { item: told.over.item };
  return orNone({ painting: { classes: told.classes ?? [], labels }, over, weight: weight ?? 1, form: told.form === "mask" ? "mask" : "paper" });
}

/** For a URL: weight, form, names and labels; the photo under it has a part of its own. */
export function writeSketch({ painting, weight, form }: Sketch): string {
  const { classes, labels } = trimmed(painting);
  return [weight, form, classes.map(encodeURIComponent).join(","), writeRuns(labels)].join(":");
}

/** Read a part of a URL; null when it cannot be read. */
export function readSketch(text: string, over: Over | null): Sketch | null {
  const [weight = "", form, names = "", runs = ""] = text.split(":");
  const classes = names.split(",").filter(Boolean).map(decoded);
  const labels = readRuns(runs, SIDE * SIDE, classes.length);
  if (!labels || !Number.isFinite(Number(weight || Number.NaN))) return null;
  return orNone({ painting: { classes, labels }, over, weight: Number(weight), form: form === "mask" ? "mask" : "paper" });
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
