/** Paintings as pixels in the colours of the classes, and back. */

import { NOTHING, type Painting, SIDE } from "./painting.ts";

export type Colour = readonly [red: number, green: number, blue: number];

export interface NamedColour {
  name: string;
  /** As web pages write it: #78beff. */
  colour: string;
}

/** Of a class that the collection does not know. */
export const UNKNOWN_COLOUR = "#808080";

/** As near as this a colour stands for a class; the soft edge of a brush stands for nothing. */
const NEAR = 48;
/** Pixels of other colours, at most, as a share of those that are painted. */
const MOST_STRANGE = 0.2;
const OPAQUE = 128;

export function rgb(colour: string): Colour {
  const value = Number.parseInt(colour.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

export function colourOf(name: string, palette: readonly NamedColour[]): string {
  return palette.find((each) => each.name === name)?.colour ?? UNKNOWN_COLOUR;
}

/** RGBA, one pixel a label; transparent where nothing is painted. */
export function pixelsOf({ classes, labels }: Painting, palette: readonly NamedColour[]): Uint8ClampedArray<ArrayBuffer> {
  const colours = classes.map((name) => rgb(colourOf(name, palette)));
  const pixels = new Uint8ClampedArray(4 * labels.length);
  for (const [i, label] of labels.entries()) {
    const colour = colours[label];
    if (colour) pixels.set([...colour, 255], 4 * i);
  }
  return pixels;
}

/** The painting of SIDE x SIDE pixels; null when much of it has the colour of no class. */
export function paintingOf(pixels: Uint8ClampedArray, palette: readonly NamedColour[]): Painting | null {
  const colours = palette.map(({ colour }) => rgb(colour));
  const labels = new Uint8Array(SIDE * SIDE).fill(NOTHING);
  let painted = 0;
  let strange = 0;
  for (const i of labels.keys()) {
    const [red, green, blue, alpha] = pixels.subarray(4 * i, 4 * i + 4) as unknown as [number, number, number, number];
    if (alpha < OPAQUE || isBlank([red, green, blue])) continue;
    const apart = colours.map((colour) => Math.hypot(colour[0] - red, colour[1] - green, colour[2] - blue));
    const least = Math.min(...apart);
    painted += 1;
    if (least <= NEAR) labels[i] = apart.indexOf(least);
    else strange += 1;
  }
  return strange > MOST_STRANGE * painted ? null : { classes: palette.map(({ name }) => name), labels };
}

/** Black and white are paper, not paint. */
function isBlank(colour: Colour): boolean {
  return colour.every((part) => part <= 8) || colour.every((part) => part >= 247);
}
