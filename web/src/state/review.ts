/** Proposed places, one by one: which stands there, and what the person decides of it. */

import { batch, computed, effect, signal, untracked } from "@preact/signals";
import { api, Problem } from "../api.ts";
import { type Decided, type Decision, needsMore, queueOf, type Queue, reopened, skipped, withItem, without, withMore } from "../logic/review.ts";
import type { Proposal } from "../logic/rest.ts";
import { t } from "../words/index.ts";
import { page } from "./page.ts";
import { Fetched } from "./resource.ts";
import { rested } from "./rest.ts";

class Review {
  readonly #fetched = new Fetched<Queue>();
  readonly #more = new Fetched<void>();
  /** How many are open, known before any is asked for. */
  readonly #nOpen = new Fetched<number>();
  /** What was decided here, the last one last: it can be undone. */
  readonly #decided = signal<readonly Decided[]>([]);
  readonly #problem = signal<Problem | null>(null);
  readonly #isBusy = signal(false);
  #hasChanged = false;
  #wasOn = false;
  /** The collection that all this is of. */
  #of = "";

  readonly isOn = computed(() => page.panel.value === "review");
  readonly queue = computed(() => this.#fetched.state.value.value);
  readonly nLeft = computed(() => this.queue.value?.nLeft ?? this.#nOpen.state.value.value ?? 0);
  /** Whether there is anything to be looked at, or to be undone. */
  readonly isOffered = computed(() => this.isOn.value || this.nLeft.value > 0 || this.canUndo.value);
  readonly shown = computed<Proposal | null>(() => (this.isOn.value ? (this.queue.value?.waiting[0] ?? null) : null));
  readonly canUndo = computed(() => this.#decided.value.length > 0);
  readonly error = computed(() => this.#problem.value ?? this.#fetched.state.value.error ?? this.#more.state.value.error);
  /** What was done last, in words. */
  readonly said = signal("");

  constructor() {
    effect(() => {
      const { collection } = page.query.value;
      const isOn = this.isOn.value;
      untracked(() => this.#follow(collection, isOn));
    });
  }

  /** Pass the one that stands there over; it comes again after all others. */
  skip(): void {
    const proposal = this.shown.value;
    if (!proposal || this.#isBusy.value) return;
    this.#change(skipped, t.review.skipped(proposal.item.title));
  }

  async decide(decision: Decision): Promise<void> {
    const proposal = this.shown.value;
    if (!proposal) return;
    const { id, item } = proposal;
    await this.#attempt(id, async (name) => {
      const decided = await api.decide(name, id, decision);
      return () => {
        this.#decided.value = [...this.#decided.value, { id, title: item.title, decision }];
        this.#change((queue) => withItem(without(queue, id), decided.item), t.review.decided[decision](item.title));
      };
    });
  }

  /** Open again what was decided last. */
  async undo(): Promise<void> {
    const last = this.#decided.value.at(-1);
    if (!last) return;
    const forget = () => (this.#decided.value = this.#decided.value.filter((each) => each !== last));
    await this.#attempt(last.id, async (name) => {
      const proposal = await api.decide(name, last.id, "undo");
      return () => {
        forget();
        this.#change((queue) => withItem(reopened(queue, proposal), proposal.item), t.review.undone(last.title));
      };
    }, forget);
  }

  /** Do one thing at a time; what others have decided, changed or deleted meanwhile is told, and waits no longer. */
  async #attempt(id: string, act: (collection: string) => Promise<() => void>, isVoid?: () => void): Promise<void> {
    if (!page.mayWrite.value || this.#isBusy.value) return;
    const collection = this.#of;
    const isHere = () => this.#of === collection;
    this.#isBusy.value = true;
    try {
      const done = await act(collection);
      this.#hasChanged = true;
      if (isHere()) batch(done);
    } catch (error) {
      const problem = Problem.of(error);
      if (!isHere()) return;
      batch(() => {
        if (problem.status === 404 || problem.status === 409) {
          isVoid?.();
          this.#change((queue) => without(queue, id), "");
        }
        this.#problem.value = problem;
      });
    } finally {
      this.#isBusy.value = false;
    }
  }

  #change(change: (queue: Queue) => Queue, said: string): void {
    this.#problem.value = null;
    this.said.value = said;
    this.#fetched.update(change);
    this.#fill();
  }

  /** Have the next page there before the last of this one is decided. */
  #fill(): void {
    const queue = this.queue.value;
    if (!queue || this.#more.running || !needsMore(queue)) return;
    void this.#more.load(async (signal) => {
      const list = await api.proposals(this.#of, { state: "open", cursor: queue.cursor ?? "" }, signal);
      if (!signal.aborted) this.#fetched.update((now) => withMore(now, list));
    });
  }

  /** The person went to another collection, to the review, or away from it. */
  #follow(collection: string, isOn: boolean): void {
    const isSame = collection === this.#of;
    if (!isSame) this.#enter(collection);
    if (!isOn) this.#leave();
    else if (collection && !(isSame && this.#wasOn)) this.#load();
    this.#wasOn = isOn;
  }

  #enter(collection: string): void {
    this.#of = collection;
    for (const each of [this.#fetched, this.#more, this.#nOpen]) each.clear();
    this.#decided.value = [];
    // Nobody waits for the number, or is told that it does not come.
    if (collection) void this.#nOpen.load((signal) => this.#count(collection, signal));
  }

  /** How many are open, asked once the page rests. */
  async #count(collection: string, signal: AbortSignal): Promise<number> {
    await Promise.resolve(); // the collection's first question is asked now
    await rested(() => page.searching.state.peek().loading);
    if (signal.aborted) return 0;
    return api.proposals(collection, { state: "open", k: "1" }, signal).then(({ counts }) => counts.open, () => 0);
  }

  #load(): void {
    this.#problem.value = null;
    this.said.value = "";
    this.#more.clear();
    void this.#fetched.load(async (signal) => queueOf(await api.proposals(this.#of, { state: "open" }, signal)));
  }

  /** Items are elsewhere now: what was found is asked anew. */
  #leave(): void {
    if (!this.#hasChanged) return;
    this.#hasChanged = false;
    page.refresh();
  }
}

export const review = new Review();
