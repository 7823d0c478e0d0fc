/** Whether the server answers; while it does not, it is asked now and then. */

import { signal } from "@preact/signals";

const FIRST_MS = 1000;
const LONGEST_MS = 10_000;

class Connection {
  readonly lost = signal(false);
  #waiting = new Map<object, () => void>();
  #timer = 0;
  #pause = FIRST_MS;

  /** Call once the server answers again; one call for each key. */
  whenBack(key: object, call: () => void): void {
    this.#waiting.set(key, call);
    this.lost.value = true;
    if (!this.#timer) this.#wait();
  }

  /** Ask now. */
  async ask(): Promise<void> {
    window.clearTimeout(this.#timer);
    this.#timer = 0;
    const answers = await fetch("/v1/config", { cache: "no-store" }).then((response) => response.ok, () => false);
    if (!answers) {
      this.#pause = Math.min(LONGEST_MS, 2 * this.#pause);
      this.#wait();
      return;
    }
    this.#pause = FIRST_MS;
    this.lost.value = false;
    const calls = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const call of calls) call();
  }

  #wait(): void {
    this.#timer = window.setTimeout(() => void this.ask(), this.#pause);
  }
}

export const connection = new Connection();
