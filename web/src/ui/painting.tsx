/** A painting as a small picture, over its photo if it has one. */

import { useEffect, useRef } from "preact/hooks";
import { pictureUrl } from "../api.ts";
import { SIDE } from "../logic/painting.ts";
import { pixelsOf } from "../logic/palette.ts";
import type { Over, Sketch } from "../logic/sketch.ts";
import { page } from "../state/page.ts";
import { painter } from "../state/painter.ts";

/** Where the photo under the paint is, small or as it was taken; one's own is there once. */
export function photoUrl(over: Over, size: "thumbnail" | "image"): string {
  return "item" in over ? pictureUrl(page.query.peek().collection, over.item, size) : over.preview;
}

export function Thumbnail({ sketch: { painting, over } }: { sketch: Sketch }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const palette = painter.classes.value;
  useEffect(() => {
    canvas.current?.getContext("2d")?.putImageData(new ImageData(pixelsOf(painting, palette), SIDE, SIDE), 0, 0);
  }, [painting, palette]);
  return (
    <span class="painting">
      {over && <img src={photoUrl(over, "thumbnail")} alt="" />}
      <canvas ref={canvas} width={SIDE} height={SIDE} />
    </span>
  );
}
