/** Which items are selected, for exports and whatever else takes many. */

import { signal } from "@preact/signals";

class Selection {
  readonly ids = signal<ReadonlySet<string>>(new Set());
  /** Where the next range starts. */
  #anchor: string | null = null;

  has(id: string): boolean {
    return this.ids.value.has(id);
  }

  toggle(id: string): void {
    const ids = new Set(this.ids.value);
    if (!ids.delete(id)) ids.add(id);
    this.#anchor = id;
    this.ids.value = ids;
  }

  /** Add all between the last one that was toggled and this one, in the order shown. */
  extendTo(id: string, shown: readonly string[]): void {
    const [a, b] = [shown.indexOf(this.#anchor ?? id), shown.indexOf(id)].sort((x, y) => x - y) as [number, number];
    this.add(shown.slice(Math.max(0, a), b + 1));
    this.#anchor = id;
  }

  add(ids: Iterable<string>): void {
    this.ids.value = new Set([...this.ids.value, ...ids]);
  }

  set(ids: Iterable<string>): void {
    this.ids.value = new Set(ids);
  }

  clear(): void {
    this.ids.value = new Set();
    this.#anchor = null;
  }
}

export const selection = new Selection();
