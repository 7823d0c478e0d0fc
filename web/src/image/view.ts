/** A picture that can be zoomed and moved, with layers over it in its own upright pixels. */

export interface Layer {
  element: HTMLElement | SVGElement;
}

const MOST_ZOOM = 16;
const STEP = 1.4;

/**
 * Owns one element. The picture's pixels are its coordinates: (0, 0) is the top left corner as it
 * is seen, after any turn that the file asks for. A layer is stretched over the picture.
 */
export class ImageView {
  readonly element: HTMLElement;
  readonly #stage: HTMLElement;
  readonly #image: HTMLImageElement;
  readonly #layers = new Map<string, HTMLElement | SVGElement>();
  readonly #pointers = new Map<number, { x: number; y: number }>();
  readonly #listening = new AbortController();
  /** Zoom 1 fits the picture into the element; x and y move its centre, in pixels of the screen. */
  #zoom = 1;
  #x = 0;
  #y = 0;
  #swipe: { x: number; y: number } | null = null;

  constructor({ onSwipe }: { onSwipe: (by: 1 | -1) => void }) {
    this.#image = document.createElement("img");
    this.#image.draggable = false;
    this.#stage = document.createElement("div");
    this.#stage.className = "stage-image";
    this.#stage.append(this.#image);
    this.element = document.createElement("div");
    this.element.className = "image-view";
    this.element.append(this.#stage);
    this.#listen(onSwipe);
  }

  /** Show a picture: at once what is small, then what is sharp. */
  show({ small, large, alt, width, height }: { small: string; large: string | null; alt: string; width: number | null; height: number | null }): void {
    this.fit();
    this.element.dataset["picture"] = small;
    this.#image.alt = alt;
    this.#image.src = small;
    if (width && height) this.#stage.style.setProperty("--aspect", String(width / height));
    else this.#stage.style.removeProperty("--aspect");
    if (!large) return;
    const original = new Image();
    original.onload = () => {
      if (this.#image.src.endsWith(small)) this.#image.src = original.src;
    };
    original.src = large;
  }

  setLayer(name: string, layer: HTMLElement | SVGElement | null): void {
    this.#layers.get(name)?.remove();
    this.#layers.delete(name);
    if (!layer) return;
    layer.classList.add("image-layer");
    this.#layers.set(name, layer);
    this.#stage.append(layer);
  }

  zoomBy(factor: number, at = { x: 0, y: 0 }): void {
    const zoom = Math.min(MOST_ZOOM, Math.max(1, this.#zoom * factor));
    const ratio = zoom / this.#zoom;
    // The point under the pointer stays under it.
    this.#x = at.x - (at.x - this.#x) * ratio;
    this.#y = at.y - (at.y - this.#y) * ratio;
    this.#zoom = zoom;
    this.#place();
  }

  zoomIn(): void {
    this.zoomBy(STEP);
  }

  zoomOut(): void {
    this.zoomBy(1 / STEP);
  }

  fit(): void {
    [this.#zoom, this.#x, this.#y] = [1, 0, 0];
    this.#place();
  }

  destroy(): void {
    this.#listening.abort();
    this.element.remove();
  }

  #place(): void {
    // Not farther than its own edge: there is nothing to see beyond.
    const { clientWidth, clientHeight } = this.element;
    const farthest = (size: number) => (size * (this.#zoom - 1)) / 2;
    this.#x = Math.min(farthest(clientWidth), Math.max(-farthest(clientWidth), this.#x));
    this.#y = Math.min(farthest(clientHeight), Math.max(-farthest(clientHeight), this.#y));
    // What has one size at any zoom, as names do, divides by it.
    this.#stage.style.setProperty("--zoom", String(this.#zoom));
    this.#stage.style.transform = `translate(${this.#x}px, ${this.#y}px) scale(${this.#zoom})`;
    this.element.classList.toggle("zoomed", this.#zoom > 1);
  }

  /** A point of the screen, from the element's centre. */
  #centred({ clientX, clientY }: MouseEvent): { x: number; y: number } {
    const { left, top, width, height } = this.element.getBoundingClientRect();
    return { x: clientX - left - width / 2, y: clientY - top - height / 2 };
  }

  #listen(onSwipe: (by: 1 | -1) => void): void {
    const { element } = this;
    const options = { signal: this.#listening.signal };
    element.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoomBy(Math.exp(-event.deltaY / 400), this.#centred(event));
    }, { ...options, passive: false });
    element.addEventListener("dblclick", (event) => {
      if (this.#zoom > 1) this.fit();
      else this.zoomBy(3, this.#centred(event));
    }, options);
    element.addEventListener("pointerdown", (event) => {
      element.setPointerCapture(event.pointerId);
      this.#pointers.set(event.pointerId, this.#centred(event));
      this.#swipe = this.#pointers.size === 1 && this.#zoom === 1 ? this.#centred(event) : null;
    }, options);
    element.addEventListener("pointermove", (event) => {
      const before = this.#pointers.get(event.pointerId);
      if (!before) return;
      const now = this.#centred(event);
      const [a, b] = [...this.#pointers.values()];
      this.#pointers.set(event.pointerId, now);
      if (a && b) {
        const other = a === before ? b : a;
        const spread = (p: { x: number; y: number }) => Math.hypot(p.x - other.x, p.y - other.y);
        this.zoomBy(spread(now) / Math.max(1, spread(before)), { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
      } else if (this.#zoom > 1) {
        this.#x += now.x - before.x;
        this.#y += now.y - before.y;
        this.#place();
      }
    }, options);
    const release = (event: PointerEvent) => {
      const start = this.#swipe;
      this.#pointers.delete(event.pointerId);
      this.#swipe = null;
      if (!start || event.type === "pointercancel") return;
      const { x, y } = this.#centred(event);
      if (Math.abs(x - start.x) > 60 && Math.abs(x - start.x) > 2 * Math.abs(y - start.y)) onSwipe(x < start.x ? 1 : -1);
    };
    element.addEventListener("pointerup", release, options);
    element.addEventListener("pointercancel", release, options);
  }
}
