/** Painting: what there is to paint with, what was painted before, and what becomes of a stroke. */

import { computed, effect, signal, untracked } from "@preact/signals";
import { api } from "../api.ts";
import { BLANK, type Painting } from "../logic/painting.ts";
import type { PictureTerm } from "../logic/query.ts";
import type { Palette } from "../logic/rest.ts";
import { EMPTY_SKETCH, isSamePaint, orNone, type Sketch } from "../logic/sketch.ts";
import { begun, done, redone, type Steps, undone } from "../logic/steps.ts";
import type { Tool } from "../paint/canvas.ts";
import { withPictures } from "./kept-pictures.ts";
import { page } from "./page.ts";
import { Fetched } from "./resource.ts";

export const FEATURE = "class_map";

/** Diameters of the brush in labels of a row; a cell of what is compared is sixteen wide. */
export const SIZES = { S: 16, M: 32, L: 56, XL: 88 } as const;
export type Size = keyof typeof SIZES;

class Painter {
  readonly tool = signal<Tool>("brush");
  readonly size = signal<Size>("M");
  readonly #name = signal<string | null>(null);
  readonly #steps = signal<Steps<Sketch | null>>(begun(null));
  readonly palette = new Fetched<Palette>();
  /** Whether this collection keeps what paintings are compared with; null until it is known. */
  readonly isKept = computed(() => page.keeps(FEATURE));
  readonly classes = computed(() => this.palette.state.value.value?.classes ?? []);
  readonly sketch = computed(() => page.query.value.sketch);
  readonly painting = computed(() => this.sketch.value?.painting ?? BLANK);
  readonly over = computed(() => this.sketch.value?.over ?? null);
  readonly canUndo = computed(() => this.#steps.value.past.length > 0);
  readonly canRedo = computed(() => this.#steps.value.future.length > 0);
  /** The class that is painted next. */
  readonly name = computed(() => {
    const names = this.classes.value.map(({ name }) => name);
    return names.find((name) => name === this.#name.value) ?? names[0] ?? null;
  });

  constructor() {
    const collection = computed(() => page.query.value.collection);
    effect(() => {
      const name = collection.value;
      const isKept = this.isKept.value;
      untracked(() => this.#enter(name, isKept ?? false));
    });
    // Whatever changes what is painted can be undone: a stroke, a chip that is removed, a way back.
    effect(() => {
      const sketch = this.sketch.value;
      const steps = this.#steps.peek();
      if (!isSamePaint(sketch, steps.present)) this.#steps.value = done(steps, sketch);
    });
  }

  choose(name: string): void {
    this.#name.value = name;
    // Whoever chooses a colour does not go on erasing.
    if (this.tool.value === "eraser") this.tool.value = "brush";
  }

  /** A wider brush, or a narrower one. */
  widen(by: 1 | -1): void {
    const sizes = Object.keys(SIZES) as Size[];
    this.size.value = sizes[sizes.indexOf(this.size.value) + by] ?? this.size.value;
  }

  paint(painting: Painting): void {
    this.change({ painting });
  }

  /** Each stroke is asked at once; all of them together are one entry of the history. */
  change(change: Partial<Sketch>): void {
    this.#ask(orNone({ ...(this.sketch.value ?? EMPTY_SKETCH), ...change }));
  }

  clear(): void {
    this.#ask(null);
  }

  undo(): void {
    this.#go(undone(this.#steps.value));
  }

  redo(): void {
    this.#go(redone(this.#steps.value));
  }

  /** Take a result for the photo to paint on. */
  paintOn(item: string): void {
    page.paint({ sketch: { ...EMPTY_SKETCH, over: { item } } });
  }

  /** Take a picture of one's own; it is no example of the question any more. */
  async paintOnPicture(picture: PictureTerm): Promise<void> {
    const { collection, pictures } = page.query.value;
    const { name, handle, preview } = picture;
    try {
      const map = await withPictures([picture], () => api.classMap(collection, { picture: handle }));
      const others = pictures.filter((each) => each.handle !== handle);
      page.paint({ sketch: { ...EMPTY_SKETCH, over: { name, preview, map } }, pictures: others });
    } catch (error) {
      page.fail(error);
    }
  }

  #enter(collection: string, isKept: boolean): void {
    this.palette.clear();
    this.#steps.value = begun(this.sketch.value);
    if (isKept) void this.palette.load((signal) => api.palette(collection, signal));
  }

  #go(steps: Steps<Sketch | null>): void {
    if (steps === this.#steps.value) return;
    this.#steps.value = steps;
    const weight = this.sketch.value?.weight ?? 1;
    this.#ask(steps.present && { ...steps.present, weight });
  }

  #ask(sketch: Sketch | null): void {
    page.change({ sketch }, { pace: "dragging" });
  }
}

export const painter = new Painter();
