/** What is fetched: the value there is, whether it is of an earlier question, and what went wrong. */

import { type Signal, signal } from "@preact/signals";
import { Problem } from "../api.ts";
import { connection } from "./connection.ts";

export interface Resource<T> {
  readonly value: T | null;
  readonly loading: boolean;
  /** Whether the value is of an earlier question: loading, or the last attempt failed. */
  readonly stale: boolean;
  readonly error: Problem | null;
}

export const EMPTY: Resource<never> = { value: null, loading: false, stale: false, error: null };

/** Fetches one thing at a time; a newer question makes the older one void. */
export class Fetched<T> {
  readonly state: Signal<Resource<T>> = signal(EMPTY);
  #running: AbortController | null = null;
  #again: (() => void) | null = null;

  get running(): boolean {
    return this.#running !== null;
  }

  /** Fetch; once the server is back from wherever it was, fetch again. */
  async load(fetch: (signal: AbortSignal) => Promise<T>): Promise<void> {
    this.cancel();
    const running = new AbortController();
    this.#running = running;
    this.#again = () => void this.load(fetch);
    this.state.value = { ...this.state.value, loading: true, stale: this.state.value.value !== null };
    try {
      const value = await fetch(running.signal);
      if (running.signal.aborted) return;
      this.#running = null;
      this.state.value = { value, loading: false, stale: false, error: null };
    } catch (error) {
      if (running.signal.aborted) return;
      this.#running = null;
      const { value } = this.state.value;
      this.state.value = { value, loading: false, stale: value !== null, error: Problem.of(error) };
      if (Problem.of(error).status === 0) connection.whenBack(this, () => this.retry());
    }
  }

  retry(): void {
    this.#again?.();
  }

  /** Give up what runs; what there is stays. */
  cancel(): void {
    this.#running?.abort();
    this.#running = null;
    if (this.state.value.loading) this.state.value = { ...this.state.value, loading: false };
  }

  clear(): void {
    this.cancel();
    this.#again = null;
    this.state.value = EMPTY;
  }

  /** Change the value in place, for instance by a further page. */
  update(change: (value: T) => T): void {
    const { value } = this.state.value;
    if (value !== null) this.state.value = { ...this.state.value, value: change(value) };
  }
}
