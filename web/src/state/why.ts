/** Why the open result has its score: asked when it is to be seen, and which of its parts is pointed at. */

import { computed, effect, signal, untracked } from "@preact/signals";
import { api } from "../api.ts";
import { accountOf, type Entry, isOnePhrase } from "../logic/account.ts";
import { toRequest } from "../logic/query.ts";
import type { Evidence, Explanation, Hit } from "../logic/rest.ts";
import { withPictures } from "./kept-pictures.ts";
import { page } from "./page.ts";
import { painter } from "./painter.ts";
import { Fetched } from "./resource.ts";

interface Explained {
  hit: Hit;
  explanation: Explanation;
}

class Why {
  /** Stays as it is from one open result to the next. */
  readonly isShown = signal(false);
  readonly #fetched = new Fetched<Explained>();
  /** Of hits of the answer that is shown: another answer has other hits, though the items be the same. */
  readonly #known = new WeakMap<Hit, Explanation>();
  readonly #pointed = signal<Evidence | null>(null);
  readonly #held = signal<Evidence | null>(null);

  /** The open result, if there is anything to explain: nothing ranks a list. */
  readonly #hit = computed(() => (page.openHit.value?.score == null ? null : page.openHit.value));
  readonly explanation = computed(() => {
    const explained = this.#fetched.state.value.value;
    return this.isShown.value && explained?.hit === this.#hit.value ? explained.explanation : null;
  });
  readonly account = computed<Entry[]>(() =>
    accountOf(this.#hit.value?.terms ?? [], this.explanation.value?.evidence ?? [], painter.classes.value),
  );
  readonly loading = computed(() => this.#fetched.state.value.loading);
  readonly error = computed(() => (this.isShown.value ? this.#fetched.state.value.error : null));
  /** What the pointer or the focus is on, else what was pressed; of a phrase what comes first of it. */
  readonly lit = computed(() => this.firstOf(this.#pointed.value ?? this.#held.value));
  readonly held = computed(() => this.#held.value);

  constructor() {
    effect(() => {
      const hit = this.isShown.value ? this.#hit.value : null;
      untracked(() => this.#enter(hit));
    });
  }

  toggle(): void {
    this.isShown.value = !this.isShown.value;
  }

  point(evidence: Evidence | null): void {
    this.#pointed.value = evidence;
  }

  /** A phrase that two terms look for is one, and lit as one. */
  isLit(evidence: Evidence | null): boolean {
    return evidence !== null && isOnePhrase(evidence, this.lit.value);
  }

  firstOf(evidence: Evidence | null): Evidence | null {
    const parts = this.account.value.flatMap(({ parts }) => parts);
    return parts.find((part) => isOnePhrase(part.evidence, evidence))?.evidence ?? evidence;
  }

  /** Keep a part lit, for fingers, which point at nothing; pressed again it is let go. */
  hold(evidence: Evidence): void {
    this.#held.value = this.#held.value === evidence ? null : evidence;
  }

  #enter(hit: Hit | null): void {
    this.#pointed.value = this.#held.value = null;
    const query = page.searching.state.value.value?.query;
    if (!hit || !query) {
      this.#fetched.cancel();
      return;
    }
    void this.#fetched.load(async (signal) => {
      const ask = () => api.explain(query.collection, hit.id, toRequest(query), signal);
      const explanation = this.#known.get(hit) ?? (await withPictures(query.pictures, ask));
      this.#known.set(hit, explanation);
      return { hit, explanation };
    });
  }
}

export const why = new Why();
