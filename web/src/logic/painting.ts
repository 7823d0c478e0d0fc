/** A painting: which class is to be seen where, and what brushes, buckets and keys make of it. */

/** Labels a side: as fine as a hand paints, and sixteen to a cell. */
export const SIDE = 224;
/** Cells a side of what is compared; a server whose class maps have others fits them to its own. */
export const CELLS = 14;
const STEP = SIDE / CELLS;
/** The label where nothing is painted, and anything may be. */
export const NOTHING = 255;

export interface Painting {
  /** What the labels are numbers of. */
  readonly classes: readonly string[];
  /** SIDE rows of SIDE, from the top left corner. */
  readonly labels: Uint8Array;
}

/** In labels from the top left corner, or in cells. */
export interface Point {
  x: number;
  y: number;
}

export interface Brush {
  /** In labels of a row. */
  diameter: number;
  /** Width of the picture through its height: labels are as many up as across, and a brush is round. */
  aspect: number;
}

export const BLANK: Painting = { classes: [], labels: new Uint8Array(SIDE * SIDE).fill(NOTHING) };

/** The number of a class in a painting that may hold it from now on; of no class it is nothing. */
export function withClass(painting: Painting, name: string | null): { painting: Painting; label: number } {
  if (name === null) return { painting, label: NOTHING };
  const known = painting.classes.indexOf(name);
  if (known >= 0) return { painting, label: known };
  return { painting: { ...painting, classes: [...painting.classes, name] }, label: painting.classes.length };
}

/** Draw a line with a round brush, in place. */
export function drawLine(labels: Uint8Array, from: Point, to: Point, { diameter, aspect }: Brush, label: number): void {
  const radius = diameter / 2;
  const tall = radius * aspect;
  const [left, right] = between(Math.min(from.x, to.x) - radius, Math.max(from.x, to.x) + radius);
  const [top, bottom] = between(Math.min(from.y, to.y) - tall, Math.max(from.y, to.y) + tall);
  const along = { x: to.x - from.x, y: (to.y - from.y) / aspect };
  const length = along.x ** 2 + along.y ** 2;
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const off = { x: x + 0.5 - from.x, y: (y + 0.5 - from.y) / aspect };
      const share = length ? Math.min(1, Math.max(0, (off.x * along.x + off.y * along.y) / length)) : 0;
      const apart = (off.x - share * along.x) ** 2 + (off.y - share * along.y) ** 2;
      if (apart <= radius ** 2) labels[y * SIDE + x] = label;
    }
  }
}

/** Give another label to a point and all that hangs together with it and has the same, in place. */
export function fill(labels: Uint8Array, at: Point, label: number): void {
  const start = indexOf(at);
  const before = labels[start]!;
  if (before === label) return;
  const open = [start];
  labels[start] = label;
  for (let i = open.pop(); i !== undefined; i = open.pop()) {
    const x = i % SIDE;
    const beside = [x > 0 ? i - 1 : -1, x < SIDE - 1 ? i + 1 : -1, i - SIDE, i + SIDE];
    for (const next of beside) {
      if (labels[next] !== before) continue;
      labels[next] = label;
      open.push(next);
    }
  }
}

/** The middle of a cell, in labels. */
export function middleOf({ x, y }: Point): Point {
  return { x: (x + 0.5) * STEP, y: (y + 0.5) * STEP };
}

/** Paint a whole cell, in place. */
export function fillCell(labels: Uint8Array, { x, y }: Point, label: number): void {
  for (let row = y * STEP; row < (y + 1) * STEP; row++) labels.fill(label, row * SIDE + x * STEP, row * SIDE + (x + 1) * STEP);
}

/** Class numbers of the cells, row by row: what covers most of each, if half of it is painted; null for anything. */
export function cellsOf({ classes, labels }: Painting): (number | null)[][] {
  const counts = new Uint16Array(classes.length);
  return Array.from({ length: CELLS }, (_, y) => Array.from({ length: CELLS }, (_, x) => {
    counts.fill(0);
    let painted = 0;
    for (let row = y * STEP; row < (y + 1) * STEP; row++) {
      for (let column = x * STEP; column < (x + 1) * STEP; column++) {
        const label = labels[row * SIDE + column]!;
        if (label >= classes.length) continue;
        counts[label]! += 1;
        painted += 1;
      }
    }
    return 2 * painted >= STEP ** 2 ? counts.indexOf(Math.max(...counts)) : null;
  }));
}

/** The same with the classes only that are painted somewhere. */
export function trimmed({ classes, labels }: Painting): Painting {
  const used = [...new Set(labels)].filter((label) => label !== NOTHING).sort((a, b) => a - b);
  return { classes: used.map((label) => classes[label]!), labels: labels.map((label) => (label === NOTHING ? NOTHING : used.indexOf(label))) };
}

export function isBlank({ labels }: Painting): boolean {
  return labels.every((label) => label === NOTHING);
}

/** Whether any cell is painted enough to count. */
export function counts(painting: Painting): boolean {
  return cellsOf(painting).flat().some((cell) => cell !== null);
}

/** The class at a point, if one is painted there. */
export function classAt({ classes, labels }: Painting, at: Point): string | null {
  return classes[labels[indexOf(at)]!] ?? null;
}

/** The label at a point; at the edge the last one. */
function indexOf({ x, y }: Point): number {
  const within = (at: number) => Math.min(SIDE - 1, Math.max(0, Math.floor(at)));
  return within(y) * SIDE + within(x);
}

/** Whole labels that a span touches, within the painting. */
function between(low: number, high: number): [number, number] {
  return [Math.max(0, Math.floor(low)), Math.min(SIDE, Math.ceil(high))];
}
