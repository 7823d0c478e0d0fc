/** Where in a picture something is: heat as pixels, a box in words, and where its name fits. */

import { rgb } from "./palette.ts";

export type Box = readonly [left: number, top: number, right: number, bottom: number];

/** Of the hottest cell, in bytes; the picture is to be seen through it. */
const MOST_OPAQUE = 170;
/** Above 1, so that what is lukewarm leaves the picture as it is. */
const STEEPNESS = 1.5;
/** Names nearer to each other than this share of a side would cover each other. */
const [APART_X, APART_Y] = [0.25, 0.1];

/** RGBA, one pixel a cell: the hotter the more opaque, from the coldest to the hottest cell. */
export function heatPixels(heat: readonly (readonly number[])[], colour: string): Uint8ClampedArray<ArrayBuffer> {
  const values = heat.flat();
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const [red, green, blue] = rgb(colour);
  const pixels = new Uint8ClampedArray(4 * values.length);
  for (const [i, value] of values.entries()) {
    pixels.set([red, green, blue, most > least ? MOST_OPAQUE * ((value - least) / (most - least)) ** STEEPNESS : 0], 4 * i);
  }
  return pixels;
}

/** In which third from the top and from the left the middle of a box is: 0, 1 or 2. */
export function thirdsOf([left, top, right, bottom]: Box, width: number, height: number): [row: number, column: number] {
  const third = (share: number) => (share < 1 / 3 ? 0 : share > 2 / 3 ? 2 : 1);
  return [third((top + bottom) / 2 / height), third((left + right) / 2 / width)];
}

export interface Corner {
  atRight: boolean;
  atBottom: boolean;
}

const CORNERS: readonly Corner[] = [
  { atRight: false, atBottom: false },
  { atRight: true, atBottom: false },
  { atRight: false, atBottom: true },
  { atRight: true, atBottom: true },
];

/** A corner of each box for its name, the first where no name before is near. */
export function cornersOf(boxes: readonly Box[], width: number, height: number): Corner[] {
  const taken: [x: number, y: number][] = [];
  return boxes.map((box) => {
    const at = ({ atRight, atBottom }: Corner): [number, number] => [box[atRight ? 2 : 0] / width, box[atBottom ? 3 : 1] / height];
    const isFree = ([x, y]: [number, number]) => taken.every(([otherX, otherY]) => Math.abs(x - otherX) > APART_X || Math.abs(y - otherY) > APART_Y);
    const corner = CORNERS.find((each) => isFree(at(each))) ?? CORNERS[0]!;
    taken.push(at(corner));
    return corner;
  });
}
