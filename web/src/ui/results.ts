/** The grid of results, and in words what came of the search. */

import { formatCount } from "../logic/format.ts";
import { longest } from "../logic/shares.ts";
import type { Hit, SearchAnswer } from "../logic/rest.ts";
import { Card, type CardActions } from "./card.ts";
import { el } from "./dom.ts";
import { readings } from "./evidence.ts";
import { legend } from "./score-bar.ts";

export interface ResultActions extends CardActions {
  more(): void;
}

const SLOW_MS = 250;

export class Results {
  readonly #actions: ResultActions;
  readonly #status = el("p", { class: "status", role: "status" });
  readonly #legend = legend();
  readonly #notice = el("div", { class: "notice" });
  readonly #list = el("ol", { class: "grid", "aria-label": "Results, best first" });
  readonly #more: HTMLButtonElement;
  readonly #root: HTMLElement;
  #cards = new Map<string, Card>();
  #slow = 0;

  constructor(root: HTMLElement, actions: ResultActions) {
    this.#root = root;
    this.#actions = actions;
    this.#more = el("button", { class: "more", type: "button", hidden: true, onclick: () => actions.more() }, "Show more");
    root.append(
      el("div", { class: "results-head" }, this.#status, this.#legend),
      this.#notice,
      this.#list,
      this.#more,
    );
    this.#list.addEventListener("keydown", (event) => this.#move(event));
  }

  get hits(): Hit[] {
    return [...this.#cards.values()].map((card) => card.hit);
  }

  /** Show that an answer is awaited, but only when it takes long enough to be noticed. */
  wait(): void {
    window.clearTimeout(this.#slow);
    this.#slow = window.setTimeout(() => {
      this.#root.setAttribute("aria-busy", "true");
      if (this.#cards.size === 0) this.#status.textContent = "Searching…";
    }, SLOW_MS);
  }

  show(hits: Hit[], answer: SearchAnswer): void {
    this.#settle();
    const before = this.#positions();
    const best = longest(hits);
    const cards = new Map<string, Card>();
    for (const [index, hit] of hits.entries()) {
      const card = this.#cards.get(hit.id) ?? new Card(hit, this.#actions);
      card.update(hit, best);
      cards.set(hit.id, card);
      // Moving only what is out of place keeps focus and pictures where they are.
      const at = this.#list.children[index];
      if (at !== card.element) this.#list.insertBefore(card.element, at ?? null);
    }
    for (const [id, card] of this.#cards) if (!cards.has(id)) card.element.remove();
    this.#cards = cards;
    this.#glide(before);
    this.#legend.hidden = hits.every((hit) => hit.score === null);
    this.#more.hidden = !answer.cursor;
    this.#status.textContent = hits.length ? summary(hits, answer) : "Nothing found";
    const empty = hits.length === 0 && "No item passes the filters. Widen or remove one of them.";
    const words = empty || answer.doubt;
    const notes = [
      ...answer.notes,
      ...(hits.length ? readings(answer) : []),
      ...(words ? [words] : []),
    ];
    this.#notice.replaceChildren(...notes.map((note) => el("p", { class: "doubt" }, note)));
  }

  /** Show words in place of results. */
  say(status: string, ...notice: (HTMLElement | string)[]): void {
    this.#settle();
    this.#cards = new Map();
    this.#list.replaceChildren();
    this.#legend.hidden = true;
    this.#more.hidden = true;
    this.#status.textContent = status;
    this.#notice.replaceChildren(...notice);
  }

  /** Show an error above the results there are. */
  fail(title: string, detail: string): void {
    this.#settle();
    this.#status.textContent = "";
    this.#notice.replaceChildren(
      el("div", { class: "problem", role: "alert" }, el("strong", {}, title), el("p", {}, detail)),
    );
  }

  /** Mark the card of the item that the pointer is on, on the map or here. */
  mark(id: string | null, chosen: string | null): void {
    for (const [each, card] of this.#cards) {
      card.element.classList.toggle("pointed", each === id);
      card.element.classList.toggle("chosen", each === chosen);
      card.button.setAttribute("aria-pressed", String(each === chosen));
    }
  }

  reveal(id: string): void {
    this.#cards.get(id)?.element.scrollIntoView({ block: "nearest" });
  }

  focus(id: string): void {
    this.#cards.get(id)?.button.focus();
  }

  focusFirst(): void {
    this.#cards.values().next().value?.button.focus();
  }

  #settle(): void {
    window.clearTimeout(this.#slow);
    this.#root.removeAttribute("aria-busy");
  }

  #positions(): Map<string, DOMRect> {
    const quiet = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (quiet) return new Map();
    const pairs = [...this.#cards].map(
      ([id, card]) => [id, card.element.getBoundingClientRect()] as const,
    );
    return new Map(pairs);
  }

  /** Let cards that changed places glide there, so that the eye can follow. */
  #glide(before: Map<string, DOMRect>): void {
    for (const [id, old] of before) {
      const now = this.#cards.get(id)?.element.getBoundingClientRect();
      const seen = now && Math.min(now.top, old.top) < window.innerHeight;
      if (!now || !seen || (now.x === old.x && now.y === old.y)) continue;
      const from = `translate(${old.x - now.x}px, ${old.y - now.y}px)`;
      this.#cards.get(id)?.element.animate([{ transform: from }, { transform: "none" }], {
        duration: 220,
        easing: "cubic-bezier(0.2, 0, 0, 1)",
      });
    }
  }

  /** Arrow keys go through the grid as it is seen. */
  #move(event: KeyboardEvent): void {
    const cards = [...this.#cards.values()];
    const here = cards.findIndex((card) => card.element.contains(document.activeElement));
    const columns = cards.filter(
      (card) => card.element.offsetTop === cards[0]?.element.offsetTop,
    ).length;
    const steps: Record<string, number> = {
      ArrowRight: 1,
      ArrowLeft: -1,
      ArrowDown: columns,
      ArrowUp: -columns,
    };
    const target = cards[here + (steps[event.key] ?? Number.NaN)];
    if (here < 0 || !target) return;
    event.preventDefault();
    target.button.focus();
  }
}

function summary(hits: Hit[], { certificate, plan, elapsed_ms }: SearchAnswer): string {
  if (plan?.engine === "list") return `${formatCount(plan.n_allowed, "item")}, newest first`;
  const time = elapsed_ms < 10 ? elapsed_ms.toFixed(1) : elapsed_ms.toFixed(0);
  const exact = certificate?.kind === "proven" || plan?.engine === "scan" ? " · exact" : "";
  return `Best ${formatCount(hits.length, "match", "matches")} · ${time} ms${exact}`;
}
