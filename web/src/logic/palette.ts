/** Paintings as pixels in the colours of the classes, and back. */

import { NOTHING, type Painting, SIDE, trimmed } from "./painting.ts";
import type { PaintedClass } from "./rest.ts";

export type Colour = readonly [red: number, green: number, blue: number];

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

export function colourOf(name: string, palette: readonly PaintedClass[]): string {
  return palette.find((each) => each.name === name)?.colour ?? UNKNOWN_COLOUR;
}

/** RGBA, one pixel a label; transparent where nothing is painted. */
export function pixelsOf({ classes, labels }: Painting, palette: readonly PaintedClass[]): Uint8ClampedArray<ArrayBuffer> {
  const colours = classes.map((name) => rgb(colourOf(name, palette)));
  const pixels = new Uint8ClampedArray(4 * labels.length);
  for (let i = 0; i < labels.length; i++) {
    const colour = colours[labels[i]!];
    if (!colour) continue;
    for (let part = 0; part < 3; part++) pixels[4 * i + part] = colour[part]!;
    pixels[4 * i + 3] = 255;
  }
  return pixels;
}

/** The painting of SIDE x SIDE pixels; null when much of it has the colour of no class. */
export function paintingOf(pixels: Uint8ClampedArray, palette: readonly PaintedClass[]): Painting | null {
  const colours = palette.map(({ colour }) => rgb(colour));
  const labels = new Uint8Array(SIDE * SIDE).fill(NOTHING);
  let painted = 0;
  let strange = 0;
  for (let i = 0; i < labels.length; i++) {
    const colour: Colour = [pixels[4 * i]!, pixels[4 * i + 1]!, pixels[4 * i + 2]!];
    if (pixels[4 * i + 3]! < OPAQUE || isBlank(colour)) continue;
    painted += 1;
    const label = nearest(colour, colours);
    if (label === null) strange += 1;
    else labels[i] = label;
  }
  return strange > MOST_STRANGE * painted ? null : trimmed({ classes: palette.map(({ name }) => name), labels });
}

function nearest(colour: Colour, colours: readonly Colour[]): number | null {
  const apart = colours.map((other) => Math.hypot(...other.map((part, i) => part - colour[i]!)));
  const least = Math.min(...apart);
  return least <= NEAR ? apart.indexOf(least) : null;
}

/** Black and white are paper, not paint. */
function isBlank(colour: Colour): boolean {
  return colour.every((part) => part <= 8) || colour.every((part) => part >= 247);
}
