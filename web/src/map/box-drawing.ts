/** Drawing a box on the map with the pointer: from press to release; Escape gives up. */

import type { Map as LibreMap, MapMouseEvent, MapTouchEvent } from "maplibre-gl";
import { type Bounds, boxBetween } from "../logic/geodesy.ts";
import type { LatLon } from "../logic/rest.ts";

export interface BoxListener {
  onChange(box: Bounds): void;
  onEnd(box: Bounds | null): void;
}

export function drawBox(map: LibreMap, listener: BoxListener): () => void {
  let start: LatLon | null = null;
  let box: Bounds | null = null;
  map.dragPan.disable();
  map.getCanvas().style.cursor = "crosshair";

  const press = (event: MapMouseEvent | MapTouchEvent) => {
    event.preventDefault();
    start = { lat: event.lngLat.lat, lon: event.lngLat.lng };
  };
  const drag = (event: MapMouseEvent | MapTouchEvent) => {
    if (!start) return;
    box = boxBetween(start, { lat: event.lngLat.lat, lon: event.lngLat.lng });
    listener.onChange(box);
  };
  const end = () => {
    for (const name of ["mousedown", "touchstart"] as const) map.off(name, press);
    for (const name of ["mousemove", "touchmove"] as const) map.off(name, drag);
    for (const name of ["mouseup", "touchend"] as const) map.off(name, end);
    map.dragPan.enable();
    map.getCanvas().style.cursor = "";
    listener.onEnd(box);
  };
  for (const name of ["mousedown", "touchstart"] as const) map.on(name, press);
  for (const name of ["mousemove", "touchmove"] as const) map.on(name, drag);
  for (const name of ["mouseup", "touchend"] as const) map.on(name, end);
  return () => {
    box = null;
    end();
  };
}
