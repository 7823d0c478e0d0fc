/** Asks the server for hits, a page after the other, without asking more often than it answers. */

import { computed } from "@preact/signals";
import { api, Problem } from "../api.ts";
import { type Query, toRequest } from "../logic/query.ts";
import type { Hit, SearchAnswer } from "../logic/rest.ts";
import { withPictures } from "./kept-pictures.ts";
import { Fetched } from "./resource.ts";

/** An answer with all pages of hits that have come so far. */
export interface Found {
  query: Query;
  hits: Hit[];
  answer: SearchAnswer;
}

/** `typing` waits for a pause; `dragging` asks as soon as the answer before has come. */
export type Pace = "now" | "typing" | "dragging";

const PAUSE_MS = 150;

export class Searching {
  readonly #fetched = new Fetched<Found>();
  readonly state = this.#fetched.state;
  readonly hits = computed(() => this.state.value.value?.hits ?? []);
  readonly answer = computed(() => this.state.value.value?.answer ?? null);
  #timer = 0;
  #next: Query | null = null;
  #more: Promise<void> | null = null;

  ask(query: Query, pace: Pace): void {
    window.clearTimeout(this.#timer);
    this.#next = null;
    if (pace === "typing") this.#timer = window.setTimeout(() => void this.#send(query), PAUSE_MS);
    else if (pace === "dragging" && this.#fetched.running) this.#next = query;
    else void this.#send(query);
  }

  /** Fetch the page after the last; a ranking that has changed meanwhile makes it void. */
  more(): Promise<void> {
    this.#more ??= this.#fetchMore().finally(() => {
      this.#more = null;
    });
    return this.#more;
  }

  retry(): void {
    this.#fetched.retry();
  }

  clear(): void {
    window.clearTimeout(this.#timer);
    this.#next = null;
    this.#fetched.clear();
  }

  async #send(query: Query): Promise<void> {
    await this.#fetched.load(async (signal) => {
      const answer = await withPictures(query.pictures, () => api.search(query.collection, toRequest(query), signal));
      return { query, hits: answer.hits, answer };
    });
    const next = this.#next;
    this.#next = null;
    if (next) void this.#send(next);
  }

  async #fetchMore(): Promise<void> {
    const found = this.state.value.value;
    if (!found?.answer.cursor || this.#fetched.running) return;
    const request = toRequest(found.query, found.answer.cursor);
    const page = await api.search(found.query.collection, request, new AbortController().signal).catch((error) => Problem.of(error));
    if (this.state.value.value !== found) return;
    if (page instanceof Problem) {
      // Without an answer the next scroll asks again; a refusal would be the same again.
      const { answer } = found;
      const ended = { ...answer, cursor: null, notes: [...answer.notes, page.message] };
      if (page.status > 0) this.#fetched.update(() => ({ ...found, answer: ended }));
      return;
    }
    const seen = new Set(found.hits.map((hit) => hit.id));
    const fresh = page.hits.filter((hit) => !seen.has(hit.id));
    this.#fetched.update(() => ({
      ...found,
      hits: [...found.hits, ...fresh],
      answer: { ...found.answer, cursor: page.cursor },
    }));
  }
}
