/** Drawing on the map with the pointer: from press to release, wherever that is. */

import type { Map as LibreMap } from "maplibre-gl";
import { type Bounds, boxBetween } from "../logic/geodesy.ts";
import type { Drawn, Ring } from "../logic/lasso.ts";

export interface DrawingListener<T> {
  onChange(shape: T | null): void;
  onEnd(shape: T | null): void;
}

/** Shorter than this it was a click, not a box. */
const LEAST_PX = 6;

/** The box between the ends of a stroke. */
export function boxOf(stroke: readonly Drawn[]): Bounds | null {
  const [first, last] = [stroke[0], stroke.at(-1)];
  if (!first || !last || Math.hypot(last.x - first.x, last.y - first.y) < LEAST_PX) return null;
  return boxBetween(first.at, last.at);
}

/** Start drawing what a stroke makes; gives what gives it up. */
export function draw<T extends Bounds | Ring>(map: LibreMap, shapeOf: (stroke: readonly Drawn[]) => T | null, listener: DrawingListener<T>): () => void {
  const canvas = map.getCanvas();
  const listening = new AbortController();
  const options = { signal: listening.signal };
  const stroke: Drawn[] = [];
  map.dragPan.disable();
  map.touchZoomRotate.disable();
  canvas.style.cursor = "crosshair";
  canvas.style.touchAction = "none";

  const add = ({ clientX, clientY }: PointerEvent) => {
    const { left, top } = canvas.getBoundingClientRect();
    const [x, y] = [clientX - left, clientY - top];
    const { lat, lng } = map.unproject([x, y]);
    stroke.push({ x, y, at: { lat, lon: lng } });
  };
  const end = (drawn: T | null) => {
    listening.abort();
    map.touchZoomRotate.enable();
    map.touchZoomRotate.disableRotation();
    canvas.style.cursor = "";
    canvas.style.touchAction = "";
    // The press that ended it is no click on the map, and no start of a drag.
    window.setTimeout(() => {
      map.dragPan.enable();
      listener.onEnd(drawn);
    });
  };
  canvas.addEventListener("pointerdown", (event) => {
    // A second finger draws nothing.
    if (stroke.length || !event.isPrimary) return;
    event.preventDefault();
    add(event);
  }, options);
  window.addEventListener("pointermove", (event) => {
    if (!stroke.length || !event.isPrimary) return;
    add(event);
    listener.onChange(shapeOf(stroke));
  }, options);
  window.addEventListener("pointerup", (event) => stroke.length && event.isPrimary && end(shapeOf(stroke)), options);
  window.addEventListener("pointercancel", () => stroke.length && end(null), options);
  return () => end(null);
}

