/** Where on the map the scores of the question lie: asked once the question and the map are still. */

import { computed, effect, untracked } from "@preact/signals";
import { api } from "../api.ts";
import { toRequest } from "../logic/query.ts";
import type { Heat } from "../logic/rest.ts";
import { withPictures } from "./kept-pictures.ts";
import { page } from "./page.ts";
import { Fetched } from "./resource.ts";

/** A slider that is dragged gets its answers sooner than this one after the other. */
const PAUSE_MS = 250;

class HeatOfScores {
  readonly #fetched = new Fetched<Heat>();
  /** The question that was answered, if it ranks; of one that is being dragged the last one. */
  readonly #question = computed(() => (page.isList.value ? null : (page.searching.state.value.value?.query ?? null)));
  readonly value = computed(() => (page.heat.value && this.#question.value ? this.#fetched.state.value.value : null));
  /** Whether there is nothing to be seen, since nothing is asked for. */
  readonly isIdle = computed(() => page.answer.value !== null && this.#question.value === null);
  readonly error = computed(() => (this.value.value ? null : this.#fetched.state.value.error));

  /** Follow the question and the map; gives what ends it. */
  follow(): () => void {
    let timer = 0;
    const stop = effect(() => {
      const query = page.heat.value ? this.#question.value : null;
      const view = page.view.value;
      const isAsking = page.searching.state.value.loading;
      window.clearTimeout(timer);
      if (!query) untracked(() => this.#fetched.clear());
      else if (view && !isAsking) {
        const ask = (signal: AbortSignal) => withPictures(query.pictures, () => api.heat(query.collection, toRequest(query), view, signal));
        timer = window.setTimeout(() => void this.#fetched.load(ask), PAUSE_MS);
      }
    });
    return () => {
      window.clearTimeout(timer);
      stop();
    };
  }
}

export const heat = new HeatOfScores();
