/** The page's state: one question, its answer, what is open, and the address that says all of it. */

import { batch, computed, effect, signal } from "@preact/signals";
import { api, Problem, type View } from "../api.ts";
import { fromAddress, type Panel, type Place, toAddress } from "../logic/address.ts";
import { effectiveDecay, emptyQuery, type LikeTerm, type PictureTerm, type Query, titleOf, toRequest } from "../logic/query.ts";
import type { Config, Hit, LatLon, Stats } from "../logic/rest.ts";
import { t } from "../words/index.ts";
import { withPictures } from "./kept-pictures.ts";
import { Fetched } from "./resource.ts";
import { type Pace, Searching } from "./searching.ts";
import { selection } from "./selection.ts";
import { session } from "./session.ts";

/** A page of a search, and a zip of originals, have no more. */
const MOST_SELECTED = 1000;

class Page {
  readonly config = signal<Config | null>(null);
  /** Whether this person may change the collection. */
  readonly mayWrite = computed(() => {
    const config = this.config.value;
    return config !== null && config.writes && (session.hasToken.value || !config.writing_needs_token);
  });
  readonly query = signal<Query>(emptyQuery());
  readonly open = signal<string | null>(null);
  readonly large = signal(false);
  readonly panel = signal<Panel>("both");
  /** Whether the map shows where the scores lie. */
  readonly heat = signal(false);
  readonly pointed = signal<string | null>(null);
  readonly filtersOpen = signal(false);
  readonly keysOpen = signal(false);
  readonly importsOpen = signal(false);
  readonly savedOpen = signal(false);
  /** What went wrong beside the answer: pictures that cannot be read, unknown collections. */
  readonly problem = signal<Problem | null>(null);
  /** What the map shows; null until it is there. */
  readonly view = signal<View | null>(null);
  /** Raised when the map should move so that all is in view. */
  readonly fit = signal(0);

  readonly searching = new Searching();
  readonly stats = new Fetched<Stats>();
  #isTyping = false;
  /** What was asked for before it was known what the server has: it is asked for after what the address says. */
  #early: Partial<Query> | null = null;
  /** An open item that is not among the hits, for instance of a link. */
  readonly #lone = new Fetched<Hit>();

  readonly hits = this.searching.hits;
  readonly answer = this.searching.answer;
  readonly understood = computed(() => this.answer.value?.understood ?? null);
  /** Where is searched near: as picked, or as understood from the words. */
  readonly place = computed<LatLon | null>(() => {
    const { near, parse } = this.query.value;
    return near ?? (parse ? (this.understood.value?.near ?? null) : null);
  });
  readonly decay = computed(() => effectiveDecay(this.query.value, this.understood.value));
  readonly openHit = computed(() => {
    const id = this.open.value;
    if (id === null) return null;
    const lone = this.#lone.state.value.value;
    return this.hits.value.find((hit) => hit.id === id) ?? (lone?.id === id ? lone : null);
  });
  readonly isList = computed(() => this.answer.value?.plan?.engine === "list");

  /** Whether the collection keeps a feature of its items; null until it is known. */
  keeps(feature: string): boolean | null {
    const stats = this.stats.state.value.value;
    return stats && feature in stats.feature_bytes;
  }

  async start(): Promise<void> {
    window.addEventListener("popstate", () => this.#follow());
    effect(() => {
      document.title = titleOf(this.query.value);
    });
    await session.start();
    await this.restart();
  }

  /** Read what the server offers, and go where the address says. */
  async restart(): Promise<void> {
    const config = await api.config();
    const place = fromAddress(location.hash);
    this.config.value = config;
    if (config.collections.length === 0) {
      this.problem.value = new Problem({ title: t.problems.noCollection, status: -1, detail: t.problems.noCollectionHelp });
      return;
    }
    const wanted = place.query.collection;
    const known = config.collections.includes(wanted);
    if (wanted && !known) this.problem.value = unknown(wanted, config.collections);
    this.#go({ ...place, query: { ...place.query, collection: known ? wanted : (config.collections[0] ?? "") } });
    const early = this.#early;
    this.#early = null;
    if (early) this.change(early);
  }

  /** Ask the same again: items have come, gone or changed. */
  refresh(): void {
    void this.stats.load((signal) => api.stats(this.query.value.collection, signal));
    this.searching.ask(this.query.value, "dragging");
  }

  /** Ask something else. */
  change(change: Partial<Query>, { pace = "now" }: { pace?: Pace } = {}): void {
    // Words that are being typed, and a slider that is dragged, are one entry of the history; the
    // slider's is that of the question it turns.
    const push = pace === "typing" ? !this.#isTyping : pace === "now";
    this.#isTyping = pace === "typing";
    const before = this.query.value;
    const query = { ...before, ...change };
    if (!before.collection) {
      this.#early = { ...this.#early, ...change };
      this.query.value = query;
      return;
    }
    batch(() => {
      this.query.value = query;
      this.problem.value = null;
      // Who asks for something wants to see what is found.
      if (this.panel.value === "review") this.panel.value = "both";
      if (query.collection !== before.collection) this.#enter(query.collection);
    });
    this.#record(push);
    this.searching.ask(query, pace);
  }

  /** Begin anew in this collection. */
  browse(): void {
    this.#close();
    selection.clear();
    this.change(emptyQuery(this.query.value.collection));
  }

  show(id: string, { large = this.large.value } = {}): void {
    const push = this.open.value !== id || large !== this.large.value;
    batch(() => {
      this.open.value = id;
      this.large.value = large;
    });
    // Stepping from one open item to the next is one entry of the history.
    this.#record(push && !history.state?.open);
    this.#fetchLone();
  }

  close(): void {
    if (this.open.value === null) return;
    this.#close();
    this.#record(true);
  }

  /** Open the result before or after the open one. */
  step(by: 1 | -1): void {
    const index = this.hits.value.findIndex((hit) => hit.id === this.open.value);
    const next = this.hits.value[index + by];
    if (index + by >= this.hits.value.length - 6) void this.searching.more();
    if (index >= 0 && next) this.show(next.id);
  }

  /** Give the whole stage to the map or the results, or share it again. */
  setPanel(panel: Panel): void {
    this.panel.value = panel;
    this.#record(false);
  }

  setHeat(isShown: boolean): void {
    this.heat.value = isShown;
    this.#record(false);
  }

  /** Show the canvas, perhaps with something else on it; back leads to where one was before. */
  paint(change: Partial<Query> = {}): void {
    batch(() => {
      this.#close();
      this.panel.value = "paint";
    });
    if ("sketch" in change) this.change(change);
    else this.#record(true);
  }

  /** Show proposed places, one by one; back leads to where one was before. */
  review(): void {
    batch(() => {
      this.#close();
      this.panel.value = "review";
    });
    this.#record(true);
  }

  moreLike(id: string): void {
    const { like } = this.query.value;
    const all: LikeTerm[] = [...like, { id, weight: 1 }];
    if (!like.some((known) => known.id === id)) this.change({ like: all });
  }

  searchNear({ lat, lon, title }: Pick<Hit, "lat" | "lon" | "title">): void {
    if (typeof lat === "number" && typeof lon === "number") this.change({ near: { lat, lon, name: title } });
  }

  addPictures(pictures: PictureTerm[]): void {
    this.change({ pictures: [...this.query.value.pictures, ...pictures] });
  }

  /** Select all that is found, on pages that have not come yet too, as far as can be exported at once. */
  async selectAll(): Promise<void> {
    const { query } = this;
    const asked = query.value;
    const request = { ...toRequest(asked), k: MOST_SELECTED };
    const answer = await withPictures(asked.pictures, () => api.search(asked.collection, request, new AbortController().signal));
    if (query.value !== asked) return;
    selection.set(answer.hits.map((hit) => hit.id));
    if (answer.cursor) this.problem.value = new Problem({ title: t.map.moreInside(MOST_SELECTED), status: -1, detail: t.map.moreInsideHelp });
  }

  fail(error: unknown): void {
    this.problem.value = Problem.of(error);
  }

  /** Move the map so that the results are in view. */
  showAll(): void {
    this.fit.value += 1;
  }

  #enter(name: string): void {
    this.#close();
    selection.clear();
    this.searching.clear();
    this.stats.clear();
    void this.stats.load((signal) => api.stats(name, signal));
  }

  #close(): void {
    batch(() => {
      this.open.value = null;
      this.large.value = false;
    });
  }

  /** Go where an address says. */
  #go({ query, open, large, panel, heat }: Place): void {
    const { collection } = this.query.value;
    batch(() => {
      if (query.collection !== collection) this.#enter(query.collection);
      this.query.value = query;
      this.open.value = open;
      this.large.value = large;
      this.panel.value = panel;
      this.heat.value = heat;
    });
    this.#record(false);
    this.searching.ask(query, "now");
    this.#fetchLone();
  }

  /** The person went back or forth, or edited the address. */
  #follow(): void {
    const place = fromAddress(location.hash);
    const config = this.config.value;
    const now = this.query.value;
    place.query.collection ||= now.collection;
    if (config && !config.collections.includes(place.query.collection)) {
      this.problem.value = unknown(place.query.collection, config.collections);
      return;
    }
    this.problem.value = null;
    const bare = { open: null, large: false, panel: "both", heat: false } as const;
    const same = toAddress({ query: place.query, ...bare }) === toAddress({ query: now, ...bare });
    if (!same) {
      this.#go(place);
      return;
    }
    batch(() => {
      this.open.value = place.open;
      this.large.value = place.large;
      this.panel.value = place.panel;
      this.heat.value = place.heat;
    });
    this.#fetchLone();
  }

  #record(push: boolean): void {
    if (!this.query.value.collection) return;
    const place = { query: this.query.value, open: this.open.value, large: this.large.value, panel: this.panel.value, heat: this.heat.value };
    const address = toAddress(place);
    const state = { open: place.open !== null };
    if (push && address !== location.hash) history.pushState(state, "", address);
    else history.replaceState(state, "", address);
  }

  /** An item of a link may not be among the hits: it is shown all the same. */
  #fetchLone(): void {
    const id = this.open.value;
    if (id === null || this.hits.value.some((hit) => hit.id === id)) return;
    const { collection } = this.query.value;
    void this.#lone.load(async (signal) => {
      try {
        return asHit(await api.item(collection, id, signal));
      } catch (error) {
        if (error instanceof Problem && error.status === 404) {
          this.problem.value = new Problem({ title: t.problems.unknownItem(id), status: 404, detail: error.message });
          this.close();
        }
        throw error;
      }
    });
  }
}

function unknown(name: string, collections: readonly string[]): Problem {
  return new Problem({
    title: t.problems.unknownCollection(name),
    status: 404,
    detail: t.problems.unknownCollectionHelp(collections.join(", ")),
  });
}

/** An item by itself, as a hit of a list. */
function asHit(item: Omit<Hit, "rank" | "score" | "distance_m" | "matched" | "terms" | "evidence">): Hit {
  return { ...item, rank: 0, score: null, distance_m: null, matched: null, terms: [], evidence: [] };
}

export const page = new Page();
