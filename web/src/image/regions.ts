/** A layer over a picture: boxes with names, and the heat of the one that is lit. */

import { type Box, cornersOf, heatPixels } from "../logic/regions.ts";

/** `of` is whatever it stands for, and is handed back; several may stand for one, and are lit together. */
export interface Region<T> {
  of: T;
  label: string;
  colour: string;
  box: Box | null;
  /** Over all of the picture, row by row. */
  heat: readonly (readonly number[])[] | null;
  /** Of one that stands elsewhere already: without a name, and seen only while it is lit. */
  isInner?: boolean;
}

/** Pixels a cell of heat. */
const SMOOTH = 16;

export class RegionLayer<T> {
  readonly element = document.createElement("div");
  readonly #onPoint: (of: T | null) => void;
  #shown = new Map<T, HTMLElement[]>();

  constructor({ onPoint }: { onPoint: (of: T | null) => void }) {
    this.element.className = "regions";
    // Everything in it is told by the table beside it.
    this.element.ariaHidden = "true";
    this.#onPoint = onPoint;
  }

  /** Show regions of a picture of a size; large boxes lie below small ones, which can be pointed at so. */
  show(regions: readonly Region<T>[], width: number, height: number): void {
    const boxed = regions.flatMap(({ box, isInner }) => (box && !isInner ? [box] : []));
    const corners = new Map(cornersOf(boxed, width, height).map((corner, i) => [boxed[i]!, corner]));
    this.#shown = new Map();
    for (const region of regions) {
      const elements = this.#shown.get(region.of) ?? [];
      this.#shown.set(region.of, elements);
      if (region.heat) elements.push(drawHeat(region.heat, region.colour));
      if (!region.box) continue;
      const frame = frameOf(region, region.box, width, height);
      const { atRight, atBottom } = corners.get(region.box) ?? { atRight: false, atBottom: false };
      // A single cell is narrower than its name, which then goes to where there is room.
      const isCell = !region.heat;
      frame.classList.toggle("cell", isCell);
      frame.classList.toggle("at-right", isCell ? region.box[0] + region.box[2] > width : atRight);
      frame.classList.toggle("at-bottom", atBottom);
      frame.classList.toggle("inner", region.isInner ?? false);
      frame.addEventListener("pointerenter", () => this.#onPoint(region.of));
      frame.addEventListener("pointerleave", () => this.#onPoint(null));
      elements.push(frame);
    }
    const elements = [...this.#shown.values()].flat();
    this.element.replaceChildren(...elements.sort((a, b) => areaOf(b) - areaOf(a)));
  }

  light(of: T | null): void {
    const lit = of === null ? undefined : this.#shown.get(of);
    this.element.classList.toggle("has-lit", lit !== undefined);
    for (const element of this.element.children) element.classList.toggle("lit", lit?.includes(element as HTMLElement) ?? false);
  }
}

function frameOf({ label, colour, isInner }: Pick<Region<unknown>, "label" | "colour" | "isInner">, [left, top, right, bottom]: Box, width: number, height: number): HTMLElement {
  const frame = document.createElement("div");
  frame.className = "region";
  frame.style.setProperty("--colour", colour);
  const percent = (share: number) => `${100 * share}%`;
  Object.assign(frame.style, { left: percent(left / width), top: percent(top / height), width: percent((right - left) / width), height: percent((bottom - top) / height) });
  if (isInner) return frame;
  const name = document.createElement("span");
  name.textContent = label;
  frame.append(name);
  return frame;
}

/** Drawn larger than its cells, since browsers smooth better than they stretch. */
function drawHeat(heat: readonly (readonly number[])[], colour: string): HTMLCanvasElement {
  const columns = heat[0]?.length ?? 1;
  const cells = new OffscreenCanvas(columns, heat.length);
  cells.getContext("2d")?.putImageData(new ImageData(heatPixels(heat, colour), columns), 0, 0);
  const canvas = document.createElement("canvas");
  canvas.className = "heat";
  [canvas.width, canvas.height] = [SMOOTH * columns, SMOOTH * heat.length];
  const context = canvas.getContext("2d");
  if (context) context.imageSmoothingQuality = "high";
  context?.drawImage(cells, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** Heat is below all boxes. */
function areaOf({ style }: HTMLElement): number {
  return style.width ? Number.parseFloat(style.width) * Number.parseFloat(style.height) : Number.POSITIVE_INFINITY;
}
