/** The map: all items in clusters, and over it the hits, the place searched near with its reach, and the box. */

import {
  AttributionControl,
  type GeoJSONSource,
  type GeoJSONSourceSpecification,
  type LayerSpecification,
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
import { type Drawn, type Ring, ringOf } from "../logic/lasso.ts";
import { type Decay, halfDistance } from "../logic/reach.ts";
import type { Clusters, Heat, Hit, LatLon, Proposal, Towns } from "../logic/rest.ts";
import { t } from "../words/index.ts";
import { clusterFeatures, located, townFeatures } from "./data.ts";
import { boxOf, draw } from "./drawing.ts";
import { Foreground } from "./foreground.ts";
import { HEAT, heatOverlay } from "./heat.ts";
import { PROPOSED, proposalOverlay } from "./proposal.ts";
import { makeStyle } from "./style.ts";

setWorkerUrl(workerUrl);

export interface MapActions {
  /** The person clicked on the map or dragged the marker. */
  pick(place: LatLon): void;
  open(id: string): void;
  point(id: string | null): void;
  /** A cluster that comes apart no further was clicked: all that lies in its bounds. */
  list(bounds: Bounds): void;
  /** A box or an area was drawn. */
  drawn(shape: { box: Bounds } | { area: Ring }): void;
  /** Drawing has begun, or ended. */
  drawing(what: Drawing | null): void;
  /** The map shows another part of the world now. */
  moved(view: { box: Bounds; zoom: number }, byHand: boolean): void;
}

/** What a person may draw: a box from corner to corner, or an area with one stroke around it. */
export type Drawing = "box" | "area";

/** What is drawn over the map under a name, until it is taken away. */
export interface Overlay {
  source: GeoJSONSourceSpecification;
  /** Made anew when the colours of the page change. */
  layers: () => LayerSpecification[];
  /** Layers of the map that are not to be seen meanwhile. */
  hides?: readonly string[];
}

/** Tiles may take as long as they like: the map appears without them then. */
const LATEST_MS = 2000;
const DETAIL_ZOOM = 11;
/** From here on a cluster is listed rather than come closer to. */
const CLOSEST_ZOOM = 15;

export class MapView {
  readonly #map: LibreMap;
  readonly #root: HTMLElement;
  readonly #actions: MapActions;
  readonly #foreground: Foreground;
  readonly #marker: Marker;
  readonly #popup = new Popup({ closeButton: false, closeOnClick: false, offset: 14, className: "peek" });
  #hits: Hit[] = [];
  #shapes: [box: Bounds | null, area: Ring | null] = [null, null];
  #stopDrawing: (() => void) | null = null;
  readonly #overlays = new Map<string, Overlay>();

  /** Resolves when the map is ready to be filled. */
  static async open(root: HTMLElement, canvas: HTMLCanvasElement, tileUrl: string | null, actions: MapActions): Promise<MapView> {
    const view = new MapView(root, canvas, tileUrl, actions);
    await view.#map.once("load");
    await isDrawn(view.#map.getCanvas());
    view.#listen();
    return view;
  }

  private constructor(root: HTMLElement, canvas: HTMLCanvasElement, tileUrl: string | null, actions: MapActions) {
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
    this.#map.getCanvas().setAttribute("aria-label", t.map.canvas);
    this.#foreground = new Foreground(this.#map, canvas);
    const pin = document.createElement("div");
    pin.className = "pin";
    pin.title = t.map.pin;
    this.#marker = new Marker({ element: pin, draggable: true, anchor: "bottom" });
    this.#marker.on("dragend", () => this.#pick(this.#marker.getLngLat()));
    // The colours are the page's own; when the system changes them, the map follows.
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.#map.setStyle(makeStyle(tileUrl), {
        transformStyle: (old, next) => ({ ...next, sources: old?.sources ?? next.sources, layers: this.#withOverlays(next.layers) }),
      });
      this.#foreground.repaint();
    });
  }

  /**
   * Show the map, once it has drawn all that it was given so far: where no graphics card draws it,
   * the page waits for each picture of a map that is seen.
   */
  async appear(): Promise<void> {
    this.#map.triggerRepaint();
    await Promise.race([this.#map.once("idle"), pause(LATEST_MS)]);
    await isDrawn(this.#map.getCanvas());
    this.#root.dataset["ready"] = "true";
  }

  /** Every located item that passes the filters: alone, or as one of a cluster. */
  showClusters(clusters: Clusters): void {
    this.#source("points").setData(clusterFeatures(clusters));
    this.#root.dataset["clusters"] = String(clusters.clusters.length);
  }

  /** Draw something over the map, in place of what had the name; null takes it away. */
  setOverlay(name: string, overlay: Overlay | null): void {
    const map = this.#map;
    const before = this.#overlays.get(name);
    if (before && overlay) {
      this.#overlays.set(name, overlay);
      this.#source(name).setData(overlay.source.data);
    } else if (before) {
      this.#overlays.delete(name);
      for (const { id } of before.layers()) map.removeLayer(id);
      map.removeSource(name);
    } else if (overlay) {
      this.#overlays.set(name, overlay);
      map.addSource(name, overlay.source);
      for (const layer of overlay.layers()) map.addLayer(layer, this.#lowest(map.getStyle().layers));
    }
    const hidden = this.#hidden();
    for (const id of (overlay ?? before)?.hides ?? []) map.setLayoutProperty(id, "visibility", hidden.has(id) ? "none" : "visible");
  }

  #hidden(): ReadonlySet<string> {
    return new Set([...this.#overlays.values()].flatMap(({ hides }) => hides ?? []));
  }

  /** Names of towns, or else the dots: overlays lie below them. */
  #lowest(layers: readonly LayerSpecification[]): string {
    return layers.some(({ id }) => id === "towns") ? "towns" : "points";
  }

  /** The layers of a style with those of the overlays, and without what they hide. */
  #withOverlays(layers: readonly LayerSpecification[]): LayerSpecification[] {
    const overlays = [...this.#overlays.values()];
    const hidden = this.#hidden();
    const lowest = this.#lowest(layers);
    return layers.flatMap((layer) => [
      ...(layer.id === lowest ? overlays.flatMap((each) => each.layers()) : []),
      hidden.has(layer.id) ? ({ ...layer, layout: { ...layer.layout, visibility: "none" } } as LayerSpecification) : layer,
    ]);
  }

  /** Where the scores lie; null for what is not to be seen. */
  showHeat(heat: Heat | null): void {
    this.setOverlay(HEAT, heat && heatOverlay(heat));
    this.#root.dataset["heat"] = heat ? String(heat.cells.length) : "";
  }

  /** Where an item may be, and where it is now; null for what is not to be seen. */
  showProposal(proposal: Proposal | null): void {
    this.setOverlay(PROPOSED, proposal && proposalOverlay(proposal));
    this.#root.dataset["proposed"] = proposal?.id ?? "";
  }

  showTowns(towns: Towns): void {
    this.#source("towns").setData(townFeatures(towns));
  }

  /** Results that are ranked stand out; those of a list are among the clusters already. */
  setRanked(isRanked: boolean): void {
    this.#foreground.setRanked(isRanked);
  }

  showHits(hits: Hit[]): void {
    this.#hits = hits;
    this.#foreground.showHits(hits);
    this.#root.dataset["hits"] = String(located(hits).length);
  }

  showPlace(place: LatLon | null, decay: Decay): void {
    this.#foreground.showReach(place, decay);
    if (!place) this.#marker.remove();
    else this.#marker.setLngLat([place.lon, place.lat]).addTo(this.#map);
  }

  /** The box and the area that a search keeps to. */
  showArea(box: Bounds | null, area: Ring | null): void {
    this.#shapes = [box, area];
    this.#foreground.showArea(box, area);
  }

  /** Mark items that are pointed at or open; the attribute says so to whoever cannot see it. */
  mark(pointed: string | null, chosen: string | null): void {
    const marked = [pointed, chosen].filter((id) => id !== null);
    this.#foreground.mark(marked);
    this.#root.dataset["marked"] = marked.join("\n");
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
    this.#map.fitBounds(box, { padding: 48, maxZoom: DETAIL_ZOOM, ...this.#duration() });
  }

  #duration(): { duration: number } {
    return { duration: window.matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 500 };
  }

  /** Bring an item into view if it is out of it. */
  reveal(id: string): void {
    const hit = located(this.#hits).find((each) => each.id === id);
    if (!hit || this.#map.getBounds().contains([hit.lon, hit.lat])) return;
    this.#map.easeTo({ center: [hit.lon, hit.lat], ...this.#duration() });
  }

  /** Whether a place is in view. */
  shows({ lat, lon }: LatLon): boolean {
    return this.#map.getBounds().contains([lon, lat]);
  }

  /** How many of the places are out of view. */
  outOfView(places: readonly LatLon[]): number {
    const bounds = this.#map.getBounds();
    return places.filter(({ lat, lon }) => !bounds.contains([lon, lat])).length;
  }

  get box(): Bounds {
    const bounds = this.#map.getBounds();
    const corner = (at: { lat: number; lng: number }) => ({ lat: at.lat, lon: at.lng });
    return boxBetween(corner(bounds.getSouthWest()), corner(bounds.getNorthEast()));
  }

  /** Let the person draw a box or an area; Escape, or the button over the map, gives up. */
  startDrawing(what: Drawing): void {
    this.cancelDrawing();
    if (what === "box") this.#draw(what, boxOf, (box) => [box, null], (box) => ({ box }));
    else this.#draw(what, ringOf, (area) => [null, area], (area) => ({ area }));
  }

  #draw<T extends Bounds | Ring>(
    what: Drawing,
    shapeOf: (stroke: readonly Drawn[]) => T | null,
    shown: (shape: T | null) => [Bounds | null, Ring | null],
    told: (shape: T) => { box: Bounds } | { area: Ring },
  ): void {
    this.#root.classList.add("drawing");
    this.#actions.drawing(what);
    this.#stopDrawing = draw(this.#map, shapeOf, {
      onChange: (shape) => this.#foreground.showArea(...shown(shape)),
      onEnd: (shape) => {
        this.#stopDrawing = null;
        this.#root.classList.remove("drawing");
        this.#actions.drawing(null);
        this.showArea(...(shape ? shown(shape) : this.#shapes));
        if (shape) this.#actions.drawn(told(shape));
      },
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
      const hit = this.#foreground.at(event.point);
      const layers = ["points", "singles", HEAT].filter((id) => map.getLayer(id));
      const [feature] = map.queryRenderedFeatures(event.point, { layers });
      if (hit !== null) this.#actions.open(hit);
      else if (!feature) this.#pick(event.lngLat);
      else if (feature.properties["n"] > 1) this.#enter(feature.properties);
      else this.#actions.open(String(feature.properties["id"]));
    });
    this.#listenToHits();
    for (const layer of ["singles", "points", HEAT]) {
      map.on("mousemove", layer, (event) => {
        map.getCanvas().style.cursor = "pointer";
        if (layer === "singles") this.#actions.point(String(event.features?.[0]?.properties["id"]));
      });
      map.on("mouseleave", layer, () => {
        map.getCanvas().style.cursor = "";
        this.#actions.point(null);
      });
    }
    const moved = (byHand: boolean) => this.#actions.moved({ box: this.box, zoom: map.getZoom() }, byHand);
    map.on("moveend", (event) => moved("originalEvent" in event && event.originalEvent !== undefined));
    moved(false);
  }

  #listenToHits(): void {
    const map = this.#map;
    let under: string | null = null;
    const point = (hit: string | null) => {
      if (hit === null && under === null) return;
      under = hit;
      map.getCanvas().style.cursor = hit === null ? "" : "pointer";
      this.#actions.point(hit);
    };
    map.on("mousemove", (event) => point(this.#foreground.at(event.point)));
    map.on("mouseout", () => point(null));
  }

  /** Come closer to a cluster, or list what is in it. */
  #enter(cluster: Record<string, number>): void {
    const { west, south, east, north } = cluster;
    const bounds: Bounds = [west!, south!, east!, north!];
    const isOnePlace = west === east && south === north;
    if (isOnePlace || this.#map.getZoom() >= CLOSEST_ZOOM) {
      this.#actions.list(padded(bounds));
      return;
    }
    const corners = new LngLatBounds([bounds[0], bounds[1]], [bounds[2] < bounds[0] ? bounds[2] + 360 : bounds[2], bounds[3]]);
    this.#map.fitBounds(corners, { padding: 64, maxZoom: CLOSEST_ZOOM + 1, ...this.#duration() });
  }

  #pick({ lat, lng }: { lat: number; lng: number }): void {
    this.#actions.pick({ lat: Number(lat.toFixed(5)), lon: Number(wrapLon(lng).toFixed(5)) });
  }

  #peek(hit: (Hit & LatLon) | undefined): void {
    if (!hit) {
      this.#popup.remove();
      return;
    }
    const content = document.createElement("div");
    if (hit.thumbnail_url) {
      const picture = new Image();
      [picture.src, picture.alt] = [hit.thumbnail_url, ""];
      content.append(picture);
    }
    const title = document.createElement("span");
    title.textContent = hit.title;
    content.append(title);
    this.#popup.setLngLat([hit.lon, hit.lat]).setDOMContent(content).addTo(this.#map);
  }
}

/** A little more than the points themselves, so that rounding leaves none out. */
function padded([west, south, east, north]: Bounds): Bounds {
  const margin = 1e-5;
  return [wrapLon(west - margin), Math.max(-90, south - margin), wrapLon(east + margin), Math.min(90, north + margin)];
}

/** Resolves once the graphics card, or who stands in for it, has done what it was given; nobody waits meanwhile. */
async function isDrawn(canvas: HTMLCanvasElement): Promise<void> {
  const gl = canvas.getContext("webgl2");
  const fence = gl?.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
  if (!gl || !fence) return;
  gl.flush();
  while (!gl.isContextLost() && gl.getSyncParameter(fence, gl.SYNC_STATUS) !== gl.SIGNALED) await pause(20);
  gl.deleteSync(fence);
}

function pause(ms: number): Promise<void> {
  return new Promise((done) => window.setTimeout(done, ms));
}
