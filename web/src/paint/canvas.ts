/** A canvas to paint classes on: with mouse, pen and finger, or cell by cell with the keyboard. */

import { colourOf, pixelsOf } from "../logic/palette.ts";
import { BLANK, CELLS, classAt, drawLine, fill, fillCell, middleOf, type Painting, type Point, SIDE, withClass } from "../logic/painting.ts";
import type { PaintedClass } from "../logic/rest.ts";
import { t } from "../words/index.ts";

export type Tool = "brush" | "eraser" | "fill";

export interface Stroke {
  tool: Tool;
  /** In labels of a row. */
  diameter: number;
  /** The class that brush and bucket paint. */
  name: string | null;
}

export interface PaintActions {
  /** A stroke has ended, or a cell or an area was filled. */
  painted(painting: Painting): void;
  /** The keyboard is on this cell now. */
  reached(cell: Point, name: string | null): void;
}

/** Without a photo under it a canvas is as wide as most photos are. */
const ASPECT = 4 / 3;
/** The button at the other end of a pen. */
const PEN_ERASER = 5;
const ARROWS: Record<string, Point> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

/** Owns one element. Its labels are its coordinates, (0, 0) the top left corner. */
export class PaintCanvas {
  readonly element: HTMLElement;
  readonly #photo: HTMLImageElement;
  readonly #canvas: HTMLCanvasElement;
  readonly #ring: HTMLElement;
  readonly #cursor: HTMLElement;
  readonly #actions: PaintActions;
  readonly #listening = new AbortController();
  #layer: HTMLElement | null = null;
  #painting = BLANK;
  #palette: readonly PaintedClass[] = [];
  #stroke: Stroke = { tool: "brush", diameter: 0, name: null };
  #aspect = ASPECT;
  #cell: Point = { x: CELLS / 2, y: CELLS / 2 };
  /** What is being painted, from the press to the release. */
  #drawing: { painting: Painting; label: number; last: Point; pointer: number } | null = null;

  constructor(actions: PaintActions) {
    this.#actions = actions;
    this.#photo = document.createElement("img");
    this.#photo.alt = "";
    this.#photo.draggable = false;
    this.#canvas = document.createElement("canvas");
    [this.#canvas.width, this.#canvas.height] = [SIDE, SIDE];
    this.#ring = part("brush-ring");
    this.#cursor = part("cell-cursor");
    this.element = part("paint-canvas");
    this.element.tabIndex = 0;
    this.element.setAttribute("role", "application");
    this.element.setAttribute("aria-label", t.paint.canvas);
    this.element.append(this.#photo, this.#canvas, this.#cursor, this.#ring);
    this.#placeCursor();
    this.#listen();
  }

  show(painting: Painting, palette: readonly PaintedClass[]): void {
    [this.#painting, this.#palette] = [painting, palette];
    // A stroke that is not at its end yet is what one sees.
    if (!this.#drawing) this.#draw(painting);
  }

  /** What the next stroke is made with. */
  setStroke(stroke: Stroke): void {
    this.#stroke = stroke;
    const colour = stroke.tool === "eraser" || stroke.name === null ? "transparent" : colourOf(stroke.name, this.#palette);
    this.element.style.setProperty("--brush", `${(100 * stroke.diameter) / SIDE}%`);
    this.element.style.setProperty("--colour", colour);
    this.element.dataset["tool"] = stroke.tool;
  }

  /** Put a photo under the paint, in its own shape, which is told: at once what is small, then what is sharp. */
  showPhoto(photo: { small: string; large: string } | null, shaped: (aspect: number) => void): void {
    const shape = (aspect: number) => {
      this.#aspect = aspect;
      this.element.style.setProperty("--aspect", String(aspect));
      shaped(aspect);
    };
    this.element.classList.toggle("over-photo", photo !== null);
    this.#photo.hidden = photo === null;
    shape(ASPECT);
    if (!photo) return;
    this.#photo.onload = () => shape(this.#photo.naturalWidth / this.#photo.naturalHeight || ASPECT);
    this.#photo.src = photo.small;
    const sharp = new Image();
    sharp.onload = () => {
      if (this.#photo.getAttribute("src") === photo.small) this.#photo.src = sharp.src;
    };
    sharp.src = photo.large;
  }

  /** Something between photo and paint; null takes it away. */
  setLayer(layer: HTMLElement | null): void {
    this.#layer?.remove();
    this.#layer = layer;
    if (layer) this.#canvas.before(layer);
  }

  destroy(): void {
    this.#listening.abort();
    this.element.remove();
  }

  #draw(painting: Painting): void {
    this.#canvas.getContext("2d")?.putImageData(new ImageData(pixelsOf(painting, this.#palette), SIDE, SIDE), 0, 0);
  }

  #listen(): void {
    const { element } = this;
    const options = { signal: this.#listening.signal };
    element.addEventListener("pointerdown", (event) => this.#press(event), options);
    element.addEventListener("pointermove", (event) => this.#move(event), options);
    element.addEventListener("pointerup", (event) => this.#release(event), options);
    element.addEventListener("pointercancel", () => this.#giveUp(), options);
    element.addEventListener("pointerleave", () => element.classList.remove("pointed"), options);
    element.addEventListener("keydown", (event) => this.#key(event), options);
  }

  #press(event: PointerEvent): void {
    const isPenEraser = event.button === PEN_ERASER;
    // A second finger is no second brush.
    if (this.#drawing || (event.button !== 0 && !isPenEraser)) return;
    event.preventDefault();
    this.element.focus({ preventScroll: true });
    this.element.classList.remove("by-keys");
    const tool = isPenEraser ? "eraser" : this.#stroke.tool;
    const { painting, label } = this.#begun(tool);
    const at = this.#at(event);
    if (tool === "fill") {
      fill(painting.labels, at, label);
      this.#end(painting);
      return;
    }
    this.element.setPointerCapture(event.pointerId);
    this.#drawing = { painting, label, last: at, pointer: event.pointerId };
    this.#line(at);
  }

  #move(event: PointerEvent): void {
    const { x, y } = this.#at(event);
    this.element.classList.toggle("pointed", event.pointerType !== "touch");
    this.#ring.style.translate = `calc(${(x / SIDE) * this.element.clientWidth}px - 50%) calc(${(y / SIDE) * this.element.clientHeight}px - 50%)`;
    if (this.#drawing?.pointer !== event.pointerId) return;
    const passed = event.getCoalescedEvents();
    for (const each of passed.length ? passed : [event]) this.#line(this.#at(each));
  }

  #release(event: PointerEvent): void {
    if (this.#drawing?.pointer !== event.pointerId) return;
    const { painting } = this.#drawing;
    this.#drawing = null;
    this.#end(painting);
  }

  #giveUp(): void {
    this.#drawing = null;
    this.#draw(this.#painting);
  }

  #line(to: Point): void {
    const { painting, label, last } = this.#drawing!;
    drawLine(painting.labels, last, to, this.#brush(), label);
    this.#drawing!.last = to;
    this.#draw(painting);
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = ARROWS[event.key];
    if (event.key === "Escape" && this.#drawing) this.#giveUp();
    else if (step) this.#step(step, event.shiftKey);
    else if (event.key === " " || event.key === "Enter") this.#paintCell();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Go to a cell beside; with Shift paint on the way. */
  #step({ x, y }: Point, paints: boolean): void {
    const within = (at: number) => Math.min(CELLS - 1, Math.max(0, at));
    this.#cell = { x: within(this.#cell.x + x), y: within(this.#cell.y + y) };
    this.#placeCursor();
    if (paints) this.#paintCell();
    this.element.classList.add("by-keys");
    this.#tell();
  }

  #paintCell(): void {
    const { painting, label } = this.#begun(this.#stroke.tool);
    const middle = middleOf(this.#cell);
    if (this.#stroke.tool === "fill") {
      fill(painting.labels, middle, label);
    } else {
      drawLine(painting.labels, middle, middle, this.#brush(), label);
      fillCell(painting.labels, this.#cell, label);
    }
    this.element.classList.add("by-keys");
    this.#end(painting);
    this.#tell();
  }

  #tell(): void {
    this.#actions.reached(this.#cell, classAt(this.#painting, middleOf(this.#cell)));
  }

  /** A copy to paint on, and the label that this tool paints. */
  #begun(tool: Tool): { painting: Painting; label: number } {
    const { painting, label } = withClass(this.#painting, tool === "eraser" ? null : this.#stroke.name);
    return { painting: { ...painting, labels: painting.labels.slice() }, label };
  }

  #end(painting: Painting): void {
    const before = this.#painting;
    if (painting.labels.every((label, i) => label === before.labels[i])) return;
    this.#painting = painting;
    this.#draw(painting);
    this.#actions.painted(painting);
  }

  #brush(): { diameter: number; aspect: number } {
    return { diameter: this.#stroke.diameter, aspect: this.#aspect };
  }

  #at({ clientX, clientY }: MouseEvent): Point {
    const { left, top, width, height } = this.element.getBoundingClientRect();
    const label = (offset: number, size: number) => (SIDE * offset) / size;
    return { x: label(clientX - left, width), y: label(clientY - top, height) };
  }

  #placeCursor(): void {
    const { style } = this.#cursor;
    [style.left, style.top] = [this.#cell.x, this.#cell.y].map((at) => `${(100 * at) / CELLS}%`) as [string, string];
  }
}

function part(name: string): HTMLElement {
  const element = document.createElement("div");
  element.className = name;
  return element;
}
