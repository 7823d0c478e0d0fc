/** Searches that the collection keeps: read when they may be wanted, asked, saved and forgotten. */

import { computed, effect, untracked } from "@preact/signals";
import { api } from "../api.ts";
import { toRequest } from "../logic/query.ts";
import { fromRequest } from "../logic/saved.ts";
import type { SavedSearch, SearchRequest } from "../logic/rest.ts";
import { page } from "./page.ts";
import { Fetched } from "./resource.ts";

class Saved {
  readonly #fetched = new Fetched<SavedSearch[]>();
  #of = "";
  readonly all = computed(() => this.#fetched.state.value.value ?? []);
  readonly names = computed(() => this.all.value.map(({ name }) => name));
  readonly error = computed(() => this.#fetched.state.value.error);

  constructor() {
    const collection = computed(() => page.query.value.collection);
    effect(() => {
      void collection.value;
      untracked(() => this.#fetched.clear());
      this.#of = "";
    });
  }

  /** Read those of this collection, once, to be suggested: nobody waits for them, or is told that they do not come. */
  read(): void {
    const { collection } = page.query.value;
    if (!collection || this.#of === collection) return;
    this.#of = collection;
    const none = () => {
      this.#of = "";
      return [];
    };
    void this.#fetched.load((signal) => api.savedSearches(collection, signal).catch(none));
  }

  /** Open the list, as it is now: others save as well. */
  show(): void {
    page.savedOpen.value = true;
    this.#load();
  }

  ask(name: string): void {
    const found = this.all.value.find((each) => each.name === name);
    if (!found) return;
    page.savedOpen.value = false;
    page.change(fromRequest(page.query.value.collection, found.search as SearchRequest));
  }

  async save(name: string): Promise<void> {
    const query = page.query.value;
    await api.saveSearch(query.collection, name, toRequest(query));
    this.#load();
  }

  async forget(name: string): Promise<void> {
    await api.forgetSearch(page.query.value.collection, name);
    this.#load();
  }

  #load(): void {
    const { collection } = page.query.value;
    if (!collection) return;
    this.#of = collection;
    void this.#fetched.load((signal) => api.savedSearches(collection, signal));
  }
}

export const saved = new Saved();
