/**
 * What a ranking and its sliders change, drawn over the map by itself: the hits, the reach of the
 * place, the box and the area. The map below is drawn anew only when it moves: where no graphics card does
 * that, it takes longer than all the rest of a ranking, and the page waits for it.
 */

import type { Map as LibreMap, PointLike } from "maplibre-gl";
import { type Bounds, boxRing, circle, copies, type Position } from "../logic/geodesy.ts";
import type { Ring } from "../logic/lasso.ts";
import { type Decay, halfDistance } from "../logic/reach.ts";
import type { Hit, LatLon } from "../logic/rest.ts";
import { located } from "./data.ts";
import { colour } from "./style.ts";

/** Radius of a dot and the width of its edge, in pixels. */
const DOT = { radius: 6, edge: 1.5 };
/** Of one that the pointer is on, or on whose card it is, or that is open. */
const MARKED_DOT = { radius: 10, edge: 3 };
const LINE = 1.5;
const DASHES = [3 * LINE, 2 * LINE];
/** The width of the world at zoom 0, in pixels. */
const WORLD = 512;

export class Foreground {
  readonly #map: LibreMap;
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  #hits: (Hit & LatLon)[] = [];
  #isRanked = true;
  #marked: ReadonlySet<string> = new Set();
  #reach: Position[] | null = null;
  #areas: (readonly Position[])[] = [];
  #frame = 0;
  #colours = coloursNow();

  constructor(map: LibreMap, canvas: HTMLCanvasElement) {
    this.#map = map;
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d")!;
    // Where the map has moved, this moves in the same frame.
    map.on("render", () => this.#draw());
  }

  showHits(hits: readonly Hit[]): void {
    this.#hits = located(hits);
    this.#soon();
  }

  /** Results that are ranked stand out; those of a list are among the clusters already. */
  setRanked(isRanked: boolean): void {
    this.#isRanked = isRanked;
    this.#soon();
  }

  mark(ids: readonly string[]): void {
    this.#marked = new Set(ids);
    this.#soon();
  }

  /** The ring on which nearness is one half. */
  showReach(place: LatLon | null, decay: Decay): void {
    const metres = halfDistance(decay);
    this.#reach = place && metres !== null ? circle(place, metres) : null;
    this.#soon();
  }

  /** What is drawn as a filter: a box, an area, or both. */
  showArea(box: Bounds | null, area: Ring | null): void {
    this.#areas = [box && boxRing(box), area].filter((ring) => ring !== null);
    this.#soon();
  }

  /** The page's colours have changed. */
  repaint(): void {
    this.#colours = coloursNow();
    this.#soon();
  }

  /** The hit at a point of the map; of several the best. */
  at(point: PointLike): string | null {
    const [x, y] = Array.isArray(point) ? point : [point.x, point.y];
    const [west, east] = this.#span();
    const hit = this.#hits.find((hit) => {
      const { radius, edge } = this.#dotOf(hit);
      return copies(hit.lon, hit.lon, west, east).some((turn) => {
        const dot = this.#map.project([hit.lon + turn, hit.lat]);
        return Math.hypot(dot.x - x, dot.y - y) <= radius + edge;
      });
    });
    return hit?.id ?? null;
  }

  /** Several changes are drawn once. */
  #soon(): void {
    this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  #draw(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#clear();
    const { accent, paper, place, ink } = this.#colours;
    if (this.#reach) this.#drawRing(this.#reach, { colour: place, opacity: 0.08, dashes: DASHES });
    for (const area of this.#areas) this.#drawRing(area, { colour: ink, opacity: 0.06, dashes: [] });
    const [west, east] = this.#span();
    // The best is drawn last, on top of the others.
    for (const hit of [...this.#hits].reverse()) {
      if (!this.#isRanked && !this.#marked.has(hit.id)) continue;
      for (const turn of copies(hit.lon, hit.lon, west, east)) {
        const { x, y } = this.#map.project([hit.lon + turn, hit.lat]);
        const { radius, edge } = this.#dotOf(hit);
        this.#drawDisc(x, y, radius + edge, paper);
        this.#drawDisc(x, y, radius, accent);
      }
    }
  }

  /** An empty canvas, as large as the map's own. */
  #clear(): void {
    const { width, height } = this.#map.getCanvas();
    const context = this.#context;
    if (this.#canvas.width !== width) this.#canvas.width = width;
    if (this.#canvas.height !== height) this.#canvas.height = height;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    const scale = this.#map.getPixelRatio();
    context.scale(scale, scale);
  }

  #drawDisc(x: number, y: number, radius: number, fill: string): void {
    this.#context.fillStyle = fill;
    this.#context.beginPath();
    this.#context.arc(x, y, radius, 0, 2 * Math.PI);
    this.#context.fill();
  }

  #drawRing(ring: readonly Position[], { colour, opacity, dashes }: { colour: string; opacity: number; dashes: number[] }): void {
    const context = this.#context;
    const lons = ring.map(([lon]) => lon);
    context.fillStyle = context.strokeStyle = colour;
    context.lineWidth = LINE;
    context.setLineDash(dashes);
    for (const turn of copies(Math.min(...lons), Math.max(...lons), ...this.#span())) {
      context.beginPath();
      for (const [lon, lat] of ring) {
        const { x, y } = this.#map.project([lon + turn, lat]);
        context.lineTo(x, y);
      }
      context.closePath();
      context.globalAlpha = opacity;
      context.fill();
      context.globalAlpha = 1;
      context.stroke();
    }
  }

  #dotOf({ id }: Hit): typeof DOT {
    return this.#marked.has(id) ? MARKED_DOT : DOT;
  }

  /** From which longitude to which anything may be seen, dots at the edges too; over 180 it goes on. */
  #span(): [west: number, east: number] {
    const bounds = this.#map.getBounds();
    const margin = (360 * (MARKED_DOT.radius + MARKED_DOT.edge)) / (WORLD * 2 ** this.#map.getZoom());
    return [bounds.getWest() - margin, bounds.getEast() + margin];
  }
}

/** The page's colours; asking for them has its styles worked out, which is nothing for each ranking. */
function coloursNow() {
  return { accent: colour("meaning"), paper: colour("paper"), place: colour("place"), ink: colour("ink") };
}
