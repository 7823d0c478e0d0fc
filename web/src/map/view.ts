/** The map: dots of all items, the hits, the place searched near with its reach, and the box. */

import {
  AttributionControl,
  type GeoJSONSource,
  LngLatBounds,
  Map as LibreMap,
  Marker,
  NavigationControl,
  Popup,
  ScaleControl,
  setWorkerUrl,
} from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import "maplibre-gl/dist/maplibre-gl.css";
import { type Bounds, boundsOf, boxBetween, circle, wrapLon } from "../logic/geodesy.ts";
import { type Decay, halfDistance } from "../logic/reach.ts";
import type { Hit, LatLon, Points, Towns } from "../logic/rest.ts";
import { el } from "../ui/dom.ts";
import { drawBox } from "./box-drawing.ts";
import { boxFeature, hitFeatures, located, pointFeatures, reachFeature, townFeatures } from "./data.ts";
import { dotRadius, makeStyle } from "./style.ts";

setWorkerUrl(workerUrl);

export interface MapActions {
  /** The person clicked on the map or dragged the marker. */
  pick(place: LatLon): void;
  open(id: string): void;
  point(id: string | null): void;
}

const DETAIL_ZOOM = 11;

export class MapView {
  readonly #map: LibreMap;
  readonly #root: HTMLElement;
  readonly #actions: MapActions;
  readonly #marker: Marker;
  readonly #popup = new Popup({ closeButton: false, closeOnClick: false, offset: 14, className: "peek" });
  #hits: Hit[] = [];
  #marked: string[] = [];
  #stopDrawing: (() => void) | null = null;

  /** Resolves when the map is ready to be filled. */
  static async open(root: HTMLElement, tileUrl: string | null, actions: MapActions): Promise<MapView> {
    const view = new MapView(root, tileUrl, actions);
    await view.#map.once("load");
    view.#listen();
    root.dataset["ready"] = "true";
    return view;
  }

  private constructor(root: HTMLElement, tileUrl: string | null, actions: MapActions) {
    this.#root = root;
    this.#actions = actions;
    this.#map = new LibreMap({
      container: root,
      style: makeStyle(tileUrl),
      center: [10, 25],
      zoom: 0.6,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      fadeDuration: 0,
    });
    this.#map.touchZoomRotate.disableRotation();
    this.#map.addControl(new NavigationControl({ showCompass: false }), "top-right");
    this.#map.addControl(new ScaleControl(), "bottom-left");
    this.#map.addControl(new AttributionControl({ compact: true, customAttribution: "place names: GeoNames" }), "bottom-right");
    this.#map.getCanvas().setAttribute("aria-label", "Map of the results; arrow keys move it");
    const pin = el("div", { class: "pin", title: "Searching near here; drag to move" });
    this.#marker = new Marker({ element: pin, draggable: true, anchor: "bottom" });
    this.#marker.on("dragend", () => this.#pick(this.#marker.getLngLat()));
    // The colours are the page's own; when the system changes them, the map follows.
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.#map.setStyle(makeStyle(tileUrl), {
        transformStyle: (old, next) => ({ ...next, sources: old?.sources ?? next.sources }),
      });
    });
  }

  showPoints(points: Points): void {
    const { length } = points.ids;
    this.#map.setPaintProperty("points", "circle-radius", dotRadius(length));
    this.#source("points").setData(pointFeatures(points));
  }

  showTowns(towns: Towns): void {
    this.#source("towns").setData(townFeatures(towns));
  }

  showHits(hits: Hit[]): void {
    this.#hits = hits;
    this.#source("hits").setData(hitFeatures(hits));
    this.#root.dataset["hits"] = String(located(hits).length);
  }

  showPlace(place: LatLon | null, decay: Decay): void {
    this.#source("reach").setData(reachFeature(place, decay));
    if (!place) this.#marker.remove();
    else this.#marker.setLngLat([place.lon, place.lat]).addTo(this.#map);
  }

  showBox(box: Bounds | null): void {
    this.#source("box").setData(boxFeature(box));
  }

  /** Mark items that are pointed at or open; the attribute says so to whoever cannot see it. */
  mark(pointed: string | null, chosen: string | null): void {
    for (const id of this.#marked) this.#map.setFeatureState({ source: "hits", id }, { marked: false });
    this.#marked = [pointed, chosen].filter((id) => id !== null);
    for (const id of this.#marked) this.#map.setFeatureState({ source: "hits", id }, { marked: true });
    this.#root.dataset["marked"] = this.#marked.join("\n");
    this.#peek(located(this.#hits).find((hit) => hit.id === pointed));
  }

  /** Move so that the hits are in view; with a place, so that it is, with its reach. */
  fit(hits: readonly Hit[], place: LatLon | null, decay: Decay): void {
    const half = halfDistance(decay);
    if (!place || half === null) return this.fitBounds(boundsOf(place ? [...located(hits), place] : located(hits)));
    const ring = (circle(place, half) ?? []).map(([lon, lat]) => ({ lon: wrapLon(lon), lat }));
    const byDistance = located(hits).sort((a, b) => (a.distance_m ?? 0) - (b.distance_m ?? 0));
    const near = byDistance.filter((hit, rank) => rank === 0 || (hit.distance_m ?? 0) < 3 * half);
    return this.fitBounds(boundsOf([place, ...ring, ...near]));
  }

  fitBounds(bounds: Bounds | null): void {
    if (!bounds) return;
    const [west, south, east, north] = bounds;
    const box = new LngLatBounds([west, south], [east < west ? east + 360 : east, north]);
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.#map.fitBounds(box, { padding: 48, maxZoom: DETAIL_ZOOM, duration: still ? 0 : 500 });
  }

  /** Bring an item into view if it is out of it. */
  reveal(id: string): void {
    const hit = located(this.#hits).find((each) => each.id === id);
    if (!hit || this.#map.getBounds().contains([hit.lon, hit.lat])) return;
    this.#map.easeTo({ center: [hit.lon, hit.lat] });
  }

  get box(): Bounds {
    const bounds = this.#map.getBounds();
    const corner = (at: { lat: number; lng: number }) => ({ lat: at.lat, lon: at.lng });
    return boxBetween(corner(bounds.getSouthWest()), corner(bounds.getNorthEast()));
  }

  /** Let the person draw a box; gives null when Escape was pressed. */
  drawBox(): Promise<Bounds | null> {
    this.cancelDrawing();
    return new Promise((resolve) => {
      this.#root.classList.add("drawing");
      this.#stopDrawing = drawBox(this.#map, {
        onChange: (box) => this.showBox(box),
        onEnd: (box) => {
          this.#stopDrawing = null;
          this.#root.classList.remove("drawing");
          resolve(box);
        },
      });
    });
  }

  /** Give up drawing; whether there was anything to give up. */
  cancelDrawing(): boolean {
    const drawing = this.#stopDrawing !== null;
    this.#stopDrawing?.();
    return drawing;
  }

  resize(): void {
    this.#map.resize();
  }

  #source(name: string): GeoJSONSource {
    return this.#map.getSource(name) as GeoJSONSource;
  }

  #listen(): void {
    const map = this.#map;
    map.on("click", (event) => {
      if (this.#stopDrawing) return;
      const [feature] = map.queryRenderedFeatures(event.point, { layers: ["hits"] });
      if (feature) this.#actions.open(String(feature.id));
      else this.#pick(event.lngLat);
    });
    map.on("mousemove", "hits", (event) => {
      map.getCanvas().style.cursor = "pointer";
      this.#actions.point(String(event.features?.[0]?.id));
    });
    map.on("mouseleave", "hits", () => {
      map.getCanvas().style.cursor = "";
      this.#actions.point(null);
    });
  }

  #pick({ lat, lng }: { lat: number; lng: number }): void {
    this.#actions.pick({ lat: Number(lat.toFixed(5)), lon: Number(wrapLon(lng).toFixed(5)) });
  }

  #peek(hit: (Hit & LatLon) | undefined): void {
    if (!hit) {
      this.#popup.remove();
      return;
    }
    const picture = hit.thumbnail_url && el("img", { src: hit.thumbnail_url, alt: "" });
    const content = el("div", {}, picture || null, el("span", {}, hit.title));
    this.#popup.setLngLat([hit.lon, hit.lat]).setDOMContent(content).addTo(this.#map);
  }
}
