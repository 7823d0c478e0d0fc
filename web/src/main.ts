/** The page: one query, and everything that shows or changes it. */

import "./styles/tokens.css";
import "./styles/layout.css";
import "./styles/parts.css";
import { api, Problem } from "./api.ts";
import { formatCount } from "./logic/format.ts";
import { asksForSomething, effectiveDecay, emptyQuery, fromHash, hasFilters, type Query, type Scalar, toHash, toRequest } from "./logic/query.ts";
import type { Config, Hit, LatLon, SearchAnswer, Stats, Understood } from "./logic/rest.ts";
import type { MapView } from "./map/view.ts";
import { Searcher } from "./searcher.ts";
import { Detail } from "./ui/detail.ts";
import { byId, el } from "./ui/dom.ts";
import { Filters } from "./ui/filters.ts";
import { listenForPictures, readPicture } from "./ui/pictures.ts";
import { Results } from "./ui/results.ts";
import { showTerms } from "./ui/terms.ts";
import { Balance } from "./ui/tools.ts";

const TYPING_MS = 350;
const DRAGGING_MS = 90;

class Page {
  readonly #words = byId<HTMLInputElement>("words");
  readonly #side = document.querySelector<HTMLElement>(".side")!;
  readonly #searcher = new Searcher({
    onStart: () => this.#results.wait(),
    onAnswer: (answer, more) => this.#answer(answer, more),
    onError: (error) => this.#fail(error),
  });
  readonly #results = new Results(byId("results"), {
    open: (id) => this.#open(id),
    similar: (id) => this.#moreLike(id),
    point: (id) => this.#point(id),
    more: () => this.#cursor && this.#searcher.more(this.#query, this.#cursor),
  });
  readonly #detail = new Detail(byId("detail"), {
    close: () => this.#close(),
    step: (by) => this.#step(by),
    similar: (id) => this.#moreLike(id),
    near: (hit) => this.#nearHit(hit),
    keepTo: (name, value) => this.#keepTo(name, value),
    explain: (id, signal) => api.explain(this.#query.collection, id, toRequest(this.#query), signal),
  });
  readonly #balance = new Balance((change) => this.#change(change, DRAGGING_MS));
  readonly #filters = new Filters((change) => this.#change(change), {
    drawBox: () => void this.#drawBox(),
    takeView: () => this.#map && this.#change({ box: this.#map.box }),
  });
  #query: Query = emptyQuery();
  #stats: Stats | null = null;
  #map: MapView | null = null;
  #hits: Hit[] = [];
  #understood: Understood | null = null;
  #cursor: string | null = null;
  #pointed: string | null = null;
  #chosen: string | null = null;
  /** Whether the next answer should move the map: after a new question, not after a slider. */
  #fit = true;

  async start(): Promise<void> {
    byId("tools").append(this.#balance.element, this.#filters.button, this.#filters.panel);
    this.#listen();
    const config = await api.config();
    this.#query = fromHash(location.hash);
    if (!config.collections.includes(this.#query.collection)) {
      this.#query.collection = config.collections[0] ?? "";
    }
    if (!this.#query.collection) {
      this.#results.say("No collection", el("p", {}, "The server was started without a collection."));
      return;
    }
    this.#offerCollections(config);
    this.#words.value = this.#query.words;
    await this.#enter(config);
  }

  /** Show a collection: its numbers, its dots on the map, and the query's results. */
  async #enter(config: Config): Promise<void> {
    const name = this.#query.collection;
    this.#stats = await api.stats(name);
    document.title = `${name} · placelens`;
    this.#filters.setStats(this.#stats);
    this.#search(0);
    if (this.#stats.space === "plane") {
      byId("map").replaceChildren(el("p", { class: "no-map" }, "This collection's positions are metres on a plane: there is no map of them."));
      return;
    }
    await this.#openMap(config);
  }

  /** The map's code is larger than all the rest: it comes while results are shown already. */
  async #openMap({ tile_url }: Config): Promise<void> {
    if (!this.#map) {
      const { MapView } = await import("./map/view.ts");
      this.#map = await MapView.open(byId("map"), tile_url, {
        pick: (place) => this.#change({ near: place }),
        open: (id) => this.#open(id),
        point: (id) => this.#point(id),
      });
    }
    this.#showOnMap();
    this.#showAll();
    this.#map.showPoints(await api.points(this.#query.collection));
    if (!tile_url) this.#map.showTowns(await api.towns());
  }

  #change(change: Partial<Query>, delay = 0): void {
    this.#query = { ...this.#query, ...change };
    if (change.words !== undefined && this.#words.value !== change.words) this.#words.value = change.words;
    const newQuestion = ["words", "like", "pictures", "box"].some((name) => name in change);
    this.#fit ||= newQuestion;
    this.#search(delay);
  }

  #search(delay: number): void {
    history.replaceState(null, "", `#${toHash(this.#query)}`);
    if (asksForSomething(this.#query) || hasFilters(this.#query)) {
      this.#searcher.ask(this.#query, delay);
    } else {
      this.#searcher.cancel();
      this.#hits = [];
      this.#understood = null;
      this.#cursor = null;
      this.#close();
      this.#welcome();
      this.#showOnMap();
    }
    this.#showQuery();
  }

  #answer(answer: SearchAnswer, more: boolean): void {
    const seen = new Set(more ? this.#hits.map((hit) => hit.id) : []);
    const fresh = answer.hits.filter((hit) => !seen.has(hit.id));
    this.#hits = more ? [...this.#hits, ...fresh] : answer.hits;
    this.#cursor = answer.cursor;
    this.#understood = answer.understood;
    this.#results.show(this.#hits, answer);
    this.#showQuery();
    this.#showOnMap();
    if (this.#fit && !more) this.#showAll();
    const chosen = this.#hits.find((hit) => hit.id === this.#chosen);
    if (chosen) this.#detail.show(chosen);
    else if (this.#chosen) this.#close();
    this.#mark();
  }

  #fail(error: unknown): void {
    const words = error instanceof Problem ? error : null;
    if (!words) console.error(error);
    this.#results.fail(words?.title ?? "Something went wrong on this page", words?.message ?? String(error));
  }

  /** Where is searched near: as picked, or as understood from the words. */
  get #place(): LatLon | null {
    return this.#query.near ?? (this.#query.parse ? (this.#understood?.near ?? null) : null);
  }

  #showQuery(): void {
    showTerms(byId("terms"), this.#query, this.#understood, (change) => this.#change(change));
    this.#balance.show(this.#query, effectiveDecay(this.#query, this.#understood), this.#place !== null);
    this.#filters.show(this.#query);
  }

  #showOnMap(): void {
    this.#map?.showHits(this.#hits);
    this.#map?.showPlace(this.#place, effectiveDecay(this.#query, this.#understood));
    this.#map?.showBox(this.#query.box);
  }

  /** Move the map to the hits, or to the whole collection. */
  #showAll(): void {
    if (!this.#map) return;
    const decay = effectiveDecay(this.#query, this.#understood);
    if (this.#hits.length) this.#map.fit(this.#hits, this.#place, decay);
    else this.#map.fitBounds(this.#stats?.bounds ?? null);
    this.#fit = false;
  }

  #welcome(): void {
    if (!this.#stats) return;
    const { n_items, n_images, n_texts, n_located, time_range } = this.#stats;
    if (n_items === 0) {
      this.#results.say("Nothing here yet", el("p", {}, "Add photos with placelens index, then reload this page."));
      return;
    }
    const counts = [
      n_images ? formatCount(n_images, "picture") : "",
      n_texts ? formatCount(n_texts, "text") : "",
    ].filter(Boolean);
    const years = time_range ? [...new Set(time_range.map((time) => time.slice(0, 4)))].join(" to ") : "";
    const facts = `${formatCount(n_located, "item")} with a position${years ? `, from ${years}` : ""}.`;
    const ways = [
      ["Describe it", "Say what it looks like, and where: “wooden church near Oslo”. A minus looks away from a word: “beach -people”."],
      ["Show it", "Drop, paste or choose a picture, or press “more like this” on a result."],
      ["Point to it", "Click the map, then balance meaning against place with the slider."],
    ].map(([title, text]) => el("li", {}, el("strong", {}, title ?? ""), el("span", {}, text ?? "")));
    this.#results.say("", el("div", { class: "welcome" }, el("h1", {}, counts.join(" and ")), el("p", {}, facts), el("ul", {}, ...ways)));
  }

  #open(id: string): void {
    const hit = this.#hits.find((each) => each.id === id);
    if (!hit) return;
    this.#chosen = id;
    this.#side.classList.add("with-detail");
    this.#detail.show(hit);
    this.#detail.focus();
    this.#map?.resize();
    this.#map?.reveal(id);
    this.#results.reveal(id);
    this.#mark();
  }

  #close(): void {
    const id = this.#chosen;
    this.#chosen = null;
    this.#side.classList.remove("with-detail");
    this.#detail.hide();
    this.#map?.resize();
    this.#mark();
    if (id) this.#results.focus(id);
  }

  #step(by: 1 | -1): void {
    const index = this.#hits.findIndex((hit) => hit.id === this.#chosen);
    const next = this.#hits[index + by];
    if (next) this.#open(next.id);
  }

  #point(id: string | null): void {
    if (id === this.#pointed) return;
    this.#pointed = id;
    this.#mark();
  }

  #mark(): void {
    this.#results.mark(this.#pointed, this.#chosen);
    this.#map?.mark(this.#pointed, this.#chosen);
  }

  #moreLike(id: string): void {
    const known = this.#query.like.some((like) => like.id === id);
    if (!known) this.#change({ like: [...this.#query.like, { id, weight: 1 }] });
  }

  #nearHit({ lat, lon, title }: Hit): void {
    if (typeof lat !== "number" || typeof lon !== "number") return;
    this.#fit = true;
    this.#change({ near: { lat, lon, name: title } });
  }

  #keepTo(name: string, value: Scalar): void {
    if (value === null) return;
    this.#change({ where: [...this.#query.where, { name, comparison: "is", value }] });
  }

  async #drawBox(): Promise<void> {
    if (!this.#map) return;
    const box = await this.#map.drawBox();
    if (box) this.#change({ box });
    else this.#map.showBox(this.#query.box);
  }

  async #takePictures(files: File[]): Promise<void> {
    try {
      const pictures = await Promise.all(files.map(readPicture));
      this.#change({ pictures: [...this.#query.pictures, ...pictures] });
    } catch (error) {
      this.#fail(error);
    }
  }

  #offerCollections(config: Config): void {
    const select = byId<HTMLSelectElement>("collection");
    select.replaceChildren(...config.collections.map((name) => el("option", { value: name }, name)));
    select.value = this.#query.collection;
    select.closest("label")!.hidden = config.collections.length < 2;
    select.addEventListener("change", () => {
      this.#close();
      this.#query = { ...this.#query, collection: select.value, like: [], where: [] };
      this.#fit = true;
      this.#enter(config).catch((error: unknown) => this.#fail(error));
    });
  }

  #listen(): void {
    byId("search").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#change({ words: this.#words.value });
    });
    this.#words.addEventListener("input", () => this.#change({ words: this.#words.value }, TYPING_MS));
    const files = byId<HTMLInputElement>("files");
    byId("choose").addEventListener("click", () => files.click());
    files.addEventListener("change", () => {
      void this.#takePictures([...(files.files ?? [])]);
      files.value = "";
    });
    listenForPictures(byId("drop"), (dropped) => void this.#takePictures(dropped));
    document.addEventListener("keydown", (event) => this.#key(event));
    window.addEventListener("hashchange", () => this.#follow());
  }

  /** The person edited the address or went back: show what it says. */
  #follow(): void {
    const query = fromHash(location.hash);
    query.collection ||= this.#query.collection;
    if (query.collection !== this.#query.collection) {
      location.reload();
      return;
    }
    this.#fit = true;
    this.#words.value = query.words;
    this.#change({ ...query, pictures: [] });
  }

  #key(event: KeyboardEvent): void {
    const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      this.#words.focus();
      this.#words.select();
    } else if (event.key === "Escape") {
      if (this.#map?.cancelDrawing()) return;
      if (this.#chosen) this.#close();
    } else if (event.key === "ArrowDown" && event.target === this.#words) {
      event.preventDefault();
      this.#results.focusFirst();
    }
  }
}

const page = new Page();
page.start().catch((error: unknown) => {
  const { title, message } = error instanceof Problem ? error : { title: "The page cannot start", message: String(error) };
  byId("results").replaceChildren(el("div", { class: "problem", role: "alert" }, el("strong", {}, title), el("p", {}, message)));
});
