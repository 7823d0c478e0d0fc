/** Filters in a fold-out: what an item must be, whatever its score. */

import type { Query } from "../logic/query.ts";
import type { Stats } from "../logic/rest.ts";
import { Conditions } from "./conditions.ts";
import { el, icon } from "./dom.ts";
import type { Change } from "./terms.ts";

export interface MapFilters {
  drawBox(): void;
  takeView(): void;
}

export class Filters {
  readonly button: HTMLButtonElement;
  readonly panel: HTMLElement;
  readonly #from = el("input", { id: "from", type: "date" });
  readonly #to = el("input", { id: "to", type: "date" });
  readonly #modality = el(
    "select",
    { id: "modality" },
    el("option", { value: "" }, "Pictures and texts"),
    el("option", { value: "image" }, "Pictures only"),
    el("option", { value: "text" }, "Texts only"),
  );
  readonly #located = el(
    "select",
    { id: "located" },
    el("option", { value: "" }, "Any position or none"),
    el("option", { value: "yes" }, "With a position"),
    el("option", { value: "no" }, "Without a position"),
  );
  readonly #count = el("span", { class: "active" });
  readonly #clear: HTMLButtonElement;
  readonly #conditions: Conditions;

  constructor(change: Change, map: MapFilters) {
    this.#clear = el(
      "button",
      { type: "button", class: "quiet text", onclick: () => change({ box: null, from: "", to: "", modality: "", located: "", where: [] }) },
      "Clear all",
    );
    for (const input of [this.#from, this.#to]) {
      input.addEventListener("change", () => change({ from: this.#from.value, to: this.#to.value }));
    }
    this.#modality.addEventListener("change", () => change({ modality: this.#modality.value as Query["modality"] }));
    this.#located.addEventListener("change", () => change({ located: this.#located.value as Query["located"] }));
    this.#conditions = new Conditions(change);
    this.panel = el(
      "div",
      { class: "filters", id: "filters", hidden: true },
      group(
        "Area",
        el("button", { type: "button", onclick: map.drawBox, id: "draw-box" }, icon("box"), "Draw a box"),
        el("button", { type: "button", onclick: map.takeView }, "Search in this view"),
      ),
      group("Dates", el("label", { for: "from" }, "from"), this.#from, el("label", { for: "to" }, "to"), this.#to),
      group(
        "Kind",
        el("label", { for: "modality", class: "hidden" }, "Kind"),
        this.#modality,
        el("label", { for: "located", class: "hidden" }, "Position"),
        this.#located,
      ),
      this.#clear,
      this.#conditions.element,
    );
    this.button = el(
      "button",
      { type: "button", class: "fold", "aria-expanded": "false", "aria-controls": "filters", onclick: () => this.#fold() },
      icon("filter"),
      "Filters",
      this.#count,
    );
  }

  setStats(stats: Stats): void {
    this.#conditions.setStats(stats);
    const [first, last] = stats.time_range ?? ["", ""];
    for (const input of [this.#from, this.#to]) {
      input.min = first.slice(0, 10);
      input.max = last.slice(0, 10);
      input.disabled = stats.n_with_time === 0;
    }
  }

  show(query: Query): void {
    this.#from.value = query.from;
    this.#to.value = query.to;
    this.#modality.value = query.modality;
    this.#located.value = query.located;
    this.#conditions.show(query.where);
    const active = [query.box, query.from || query.to, query.modality, query.located].filter(Boolean).length + query.where.length;
    this.#clear.hidden = active === 0;
    this.#count.textContent = active ? String(active) : "";
  }

  #fold(): void {
    this.panel.hidden = !this.panel.hidden;
    this.button.setAttribute("aria-expanded", String(!this.panel.hidden));
  }
}

function group(name: string, ...children: HTMLElement[]): HTMLElement {
  return el("fieldset", {}, el("legend", {}, name), ...children);
}
