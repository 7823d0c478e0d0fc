/** Drawing a box on the map with the pointer: from press to release, wherever that is. */

import type { Map as LibreMap } from "maplibre-gl";
import { type Bounds, boxBetween } from "../logic/geodesy.ts";
import type { LatLon } from "../logic/rest.ts";

export interface BoxListener {
  onChange(box: Bounds | null): void;
  onEnd(box: Bounds | null): void;
}

/** Shorter than this it was a click, not a box. */
const LEAST_PX = 6;

/** Start drawing; gives what gives it up. */
export function drawBox(map: LibreMap, listener: BoxListener): () => void {
  const canvas = map.getCanvas();
  const listening = new AbortController();
  const options = { signal: listening.signal };
  let start: { at: LatLon; x: number; y: number } | null = null;
  let box: Bounds | null = null;
  map.dragPan.disable();
  map.touchZoomRotate.disable();
  canvas.style.cursor = "crosshair";
  canvas.style.touchAction = "none";

  const at = (event: PointerEvent): LatLon => {
    const { left, top } = canvas.getBoundingClientRect();
    const { lat, lng } = map.unproject([event.clientX - left, event.clientY - top]);
    return { lat, lon: lng };
  };
  const end = (drawn: Bounds | null) => {
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
    event.preventDefault();
    start = { at: at(event), x: event.clientX, y: event.clientY };
  }, options);
  window.addEventListener("pointermove", (event) => {
    if (!start) return;
    const isBox = Math.hypot(event.clientX - start.x, event.clientY - start.y) >= LEAST_PX;
    box = isBox ? boxBetween(start.at, at(event)) : null;
    listener.onChange(box);
  }, options);
  window.addEventListener("pointerup", () => start && end(box), options);
  window.addEventListener("pointercancel", () => start && end(null), options);
  return () => end(null);
}
