/** Asks the server, one question at a time: a newer one makes the older one void. */

import { api } from "./api.ts";
import { type Query, toRequest } from "./logic/query.ts";
import type { SearchAnswer } from "./logic/rest.ts";

export interface Listener {
  onStart(): void;
  onAnswer(answer: SearchAnswer, more: boolean): void;
  onError(error: unknown): void;
}

export class Searcher {
  readonly #listener: Listener;
  #running = new AbortController();
  #timer = 0;

  constructor(listener: Listener) {
    this.#listener = listener;
  }

  /** Ask after a pause, so that typing or dragging asks once. */
  ask(query: Query, delay: number): void {
    this.cancel();
    this.#timer = window.setTimeout(() => void this.#send(query), delay);
  }

  /** Ask for the hits after the cursor. */
  more(query: Query, cursor: string): void {
    this.cancel();
    void this.#send(query, cursor);
  }

  cancel(): void {
    window.clearTimeout(this.#timer);
    this.#running.abort();
  }

  async #send(query: Query, cursor?: string): Promise<void> {
    const running = new AbortController();
    this.#running = running;
    this.#listener.onStart();
    try {
      const answer = await api.search(query.collection, toRequest(query, cursor), running.signal);
      if (!running.signal.aborted) this.#listener.onAnswer(answer, cursor !== undefined);
    } catch (error) {
      if (!running.signal.aborted) this.#listener.onError(error);
    }
  }
}
