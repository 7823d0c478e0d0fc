/** Conditions on attributes: the frequent values as buttons, any other by hand. */

import { api } from "../api.ts";
import { formatName } from "../logic/format.ts";
import { COMPARISONS, type Comparison, type Condition, type Scalar } from "../logic/query.ts";
import type { AttributeValue, Stats } from "../logic/rest.ts";
import { el } from "./dom.ts";
import type { Change } from "./terms.ts";

const MOST_VALUES = 10;
const LONGEST_VALUE = 32;
const UNIQUE = new Set(["title", "name", "description", "file"]);

export class Conditions {
  readonly element: HTMLFormElement;
  readonly #change: Change;
  readonly #name = el("select", { id: "attribute" });
  readonly #comparison = el(
    "select",
    { id: "comparison", "aria-label": "Comparison" },
    ...Object.entries(COMPARISONS).map(([value, words]) => el("option", { value }, words)),
  );
  readonly #value = el("input", { id: "value", type: "text", placeholder: "value", "aria-label": "Value", autocomplete: "off" });
  readonly #buttons = el("div", { class: "values", role: "group", "aria-label": "Frequent values" });
  #collection = "";
  #where: Condition[] = [];
  #values: AttributeValue[] = [];

  constructor(change: Change) {
    this.#change = change;
    this.#name.addEventListener("change", () => void this.#load());
    this.element = el(
      "form",
      { class: "condition" },
      el(
        "fieldset",
        {},
        el("legend", {}, "Attribute"),
        el("label", { for: "attribute", class: "hidden" }, "Attribute"),
        this.#name,
        this.#comparison,
        this.#value,
        el("button", { type: "submit" }, "Add"),
      ),
      this.#buttons,
    );
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#addTyped();
    });
  }

  setStats(stats: Stats): void {
    // A title is seldom shared by two items: it is no good as the first suggestion.
    const names = [...new Set([...Object.keys(stats.attributes), ...(stats.n_images ? stats.derived_attributes : [])])];
    names.sort((a, b) => Number(UNIQUE.has(a)) - Number(UNIQUE.has(b)));
    this.#collection = stats.name;
    this.element.hidden = names.length === 0;
    this.#name.replaceChildren(...names.map((name) => el("option", { value: name }, formatName(name))));
    if (names.length) void this.#load();
  }

  show(where: Condition[]): void {
    this.#where = where;
    for (const button of this.#buttons.querySelectorAll("button")) {
      const value = this.#values[Number(button.dataset["at"])]?.value;
      button.setAttribute("aria-pressed", String(this.#at(value) >= 0));
    }
  }

  async #load(): Promise<void> {
    const name = this.#name.value;
    const values = await api.values(this.#collection, name).catch(() => []);
    if (name !== this.#name.value) return;
    this.#values = values.filter(({ value }) => value !== null && String(value).length <= LONGEST_VALUE);
    const buttons = this.#values.slice(0, MOST_VALUES).map(({ value, n_items }, at) =>
      el(
        "button",
        { type: "button", "data-at": at, onclick: () => this.#toggle(value) },
        String(value),
        el("span", { class: "count" }, String(n_items)),
      ),
    );
    this.#buttons.replaceChildren(...buttons);
    this.show(this.#where);
  }

  /** Position of "name is value" among the conditions, or -1. */
  #at(value: Scalar | undefined): number {
    const name = this.#name.value;
    return this.#where.findIndex((each) => each.name === name && each.comparison === "is" && each.value === value);
  }

  #toggle(value: Scalar): void {
    const at = this.#at(value);
    if (at >= 0) this.#change({ where: this.#where.toSpliced(at, 1) });
    else if (value !== null) this.#add("is", value);
  }

  #add(comparison: Comparison, value: Condition["value"]): void {
    this.#change({ where: [...this.#where, { name: this.#name.value, comparison, value }] });
  }

  /** What is typed has the type that the attribute's values have: "12" may be a number or a name. */
  #addTyped(): void {
    const text = this.#value.value.trim();
    if (!text) return;
    this.#value.value = "";
    const known = this.#values[0]?.value;
    const comparison = this.#comparison.value as Comparison;
    const ofText = comparison === "contains" || comparison === "starts";
    if (!ofText && typeof known === "number" && Number.isFinite(Number(text))) {
      this.#add(comparison, Number(text));
    } else if (!ofText && typeof known === "boolean") {
      this.#add("is", /^(true|yes|1)$/i.test(text));
    } else {
      this.#add(comparison, text);
    }
  }
}
