/** One result in the grid; made once for an item and updated when the ranking changes. */

import { formatDistance, formatTime } from "../logic/format.ts";
import type { Hit } from "../logic/rest.ts";
import { el, icon } from "./dom.ts";
import { inWords } from "./evidence.ts";
import { scoreBar, updateScoreBar } from "./score-bar.ts";

export interface CardActions {
  open(id: string): void;
  similar(id: string): void;
  point(id: string | null): void;
}

export class Card {
  readonly element: HTMLLIElement;
  readonly button: HTMLButtonElement;
  readonly #facts = el("span", { class: "facts" });
  readonly #number = el("span", { class: "number", "aria-hidden": "true" });
  readonly #bar = scoreBar();
  readonly #score = el("span", { class: "score" }, this.#bar, this.#number);
  hit: Hit;

  constructor(hit: Hit, actions: CardActions) {
    this.hit = hit;
    const title = el("span", { class: "title" }, hit.title);
    this.button = el(
      "button",
      { class: "open", type: "button", onclick: () => actions.open(hit.id) },
      picture(hit),
      showsTitle(hit) ? title : null,
      this.#facts,
      this.#score,
    );
    const similar = el(
      "button",
      {
        class: "similar",
        type: "button",
        title: "More like this",
        "aria-label": `More like ${hit.title}`,
        onclick: () => actions.similar(hit.id),
      },
      icon("similar"),
    );
    this.element = el("li", { class: "card", "data-id": hit.id }, this.button, similar);
    for (const [on, off] of [["mouseenter", "mouseleave"], ["focusin", "focusout"]] as const) {
      this.element.addEventListener(on, () => actions.point(hit.id));
      this.element.addEventListener(off, () => actions.point(null));
    }
  }

  update(hit: Hit, best: number): void {
    this.hit = hit;
    const facts = [
      hit.distance_m === null ? null : formatDistance(hit.distance_m),
      hit.time ? formatTime(hit.time) : null,
      hit.place_source === "estimated" ? "estimated position" : null,
      ...hit.evidence.map(inWords),
    ];
    this.#facts.textContent = facts.filter(Boolean).join(" · ");
    this.#score.hidden = hit.score === null;
    this.#number.textContent = hit.score?.toFixed(2) ?? "";
    updateScoreBar(this.#bar, hit, best);
  }
}

/** A text that has no title of its own is called by its first words, which the card shows. */
function showsTitle({ thumbnail_url, text, title }: Hit): boolean {
  return Boolean(thumbnail_url) || !text?.trim().startsWith(title.replace(/…$/, ""));
}

/** The thumbnail, or the text itself when there is none. */
function picture(hit: Hit): HTMLElement {
  if (!hit.thumbnail_url) return el("span", { class: "excerpt" }, hit.text ?? hit.title);
  return el("img", { src: hit.thumbnail_url, alt: "", loading: "lazy", decoding: "async", width: 320, height: 240 });
}
