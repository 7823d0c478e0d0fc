/** A layer over a picture: boxes with names, and the heat of the one that is lit. */

import { type Box, cornersOf, heatPixels } from "../logic/regions.ts";

/** `of` is whatever it stands for, and is handed back. */
export interface Region<T> {
  of: T;
  label: string;
  colour: string;
  box: Box | null;
  /** Over all of the picture, row by row. */
  heat: readonly (readonly number[])[] | null;
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
    const boxed = regions.flatMap(({ box }) => (box ? [box] : []));
    const corners = new Map(cornersOf(boxed, width, height).map((corner, i) => [boxed[i]!, corner]));
    this.#shown = new Map(regions.map((region) => {
      const heat = region.heat ? [drawHeat(region.heat, region.colour)] : [];
      if (!region.box) return [region.of, heat];
      const frame = frameOf(region, region.box, width, height);
      const { atRight, atBottom } = corners.get(region.box)!;
      frame.classList.toggle("at-right", atRight);
      frame.classList.toggle("at-bottom", atBottom);
      frame.addEventListener("pointerenter", () => this.#onPoint(region.of));
      frame.addEventListener("pointerleave", () => this.#onPoint(null));
      return [region.of, [...heat, frame]];
    }));
    const elements = [...this.#shown.values()].flat();
    this.element.replaceChildren(...elements.sort((a, b) => areaOf(b) - areaOf(a)));
  }

  light(of: T | null): void {
    const lit = of === null ? undefined : this.#shown.get(of);
    this.element.classList.toggle("has-lit", lit !== undefined);
    for (const element of this.element.children) element.classList.toggle("lit", lit?.includes(element as HTMLElement) ?? false);
  }
}

function frameOf({ label, colour }: Pick<Region<unknown>, "label" | "colour">, [left, top, right, bottom]: Box, width: number, height: number): HTMLElement {
  const frame = document.createElement("div");
  frame.className = "region";
  frame.style.setProperty("--colour", colour);
  const percent = (share: number) => `${100 * share}%`;
  Object.assign(frame.style, { left: percent(left / width), top: percent(top / height), width: percent((right - left) / width), height: percent((bottom - top) / height) });
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
