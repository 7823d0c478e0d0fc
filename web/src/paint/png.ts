/** Paintings as PNG files, in the colours of the classes, as `placelens sketch` reads them. */

import { paintingOf, pixelsOf } from "../logic/palette.ts";
import { type Painting, SIDE } from "../logic/painting.ts";
import type { PaintedClass } from "../logic/rest.ts";

/** Pixels that a label is wide. */
const SCALE = 4;

/** In the shape of the canvas; every label is whole pixels, so that it opens again as it was. */
export async function toPng(painting: Painting, palette: readonly PaintedClass[], aspect: number): Promise<Blob> {
  const small = new OffscreenCanvas(SIDE, SIDE);
  small.getContext("2d")!.putImageData(new ImageData(pixelsOf(painting, palette), SIDE, SIDE), 0, 0);
  const large = new OffscreenCanvas(SIDE * SCALE, SIDE * Math.max(1, Math.round(SCALE / aspect)));
  return resized(small, large).canvas.convertToBlob({ type: "image/png" });
}

/** What a file shows; null when it is no painting in these colours. */
export async function fromPng(file: Blob, palette: readonly PaintedClass[]): Promise<Painting | null> {
  // Colours are names here: they are taken as they stand in the file.
  const bitmap = await createImageBitmap(file, { colorSpaceConversion: "none", premultiplyAlpha: "none" }).catch(() => null);
  if (!bitmap) return null;
  const context = resized(bitmap, new OffscreenCanvas(SIDE, SIDE));
  bitmap.close();
  return paintingOf(context.getImageData(0, 0, SIDE, SIDE).data, palette);
}

function resized(image: ImageBitmap | OffscreenCanvas, canvas: OffscreenCanvas): OffscreenCanvasRenderingContext2D {
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  context.imageSmoothingEnabled = false; // between two colours lies a third class
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return context;
}
