/** What other parts of the page ask of the map, whether it has come yet or not. */

import { signal } from "@preact/signals";
import type { Drawing, MapView } from "./view.ts";

class MapActions {
  /** What is being drawn. */
  readonly drawing = signal<Drawing | null>(null);
  #view: MapView | null = null;

  attach(view: MapView | null): void {
    this.#view = view;
  }

  /** Let the person draw a box or an area, which becomes a filter. */
  draw(what: Drawing): void {
    this.#view?.startDrawing(what);
  }

  /** Give up drawing; whether there was anything to give up. */
  cancelDrawing(): boolean {
    return this.#view?.cancelDrawing() ?? false;
  }

  /** Bring an item into view. */
  reveal(id: string): void {
    this.#view?.reveal(id);
  }

  /** The map's room has changed. */
  resize(): void {
    this.#view?.resize();
  }
}

export const mapActions = new MapActions();
