/** The controls that re-rank: meaning against place, and how far the place reaches. */

import { asksForSomething, type Query } from "../logic/query.ts";
import { type Decay, DECAY_NAMES, type DecayKind, halfInWords, positionOf, scaleAt, STEPS } from "../logic/reach.ts";
import { splitWords } from "../logic/words.ts";
import { el } from "./dom.ts";
import type { Change } from "./terms.ts";

export class Balance {
  readonly element: HTMLElement;
  readonly #mu = el("input", { id: "mu", type: "range", min: 0, max: 1, step: 0.05 });
  readonly #reach = el("input", { id: "reach", type: "range", min: 0, max: STEPS, step: 5 });
  readonly #kind = el(
    "select",
    { id: "kind", "aria-label": "How nearness falls with distance" },
    ...Object.entries(DECAY_NAMES).map(([kind, name]) => el("option", { value: kind }, name)),
  );
  readonly #share = el("output", { for: "mu", id: "share" });
  readonly #half = el("output", { for: "reach", id: "half" });
  readonly #hint = el("p", { class: "hint", id: "balance-hint" });

  constructor(change: Change) {
    this.#mu.addEventListener("input", () => change({ mu: this.#mu.valueAsNumber }));
    this.#reach.addEventListener("input", () => change({ decay: this.#decay() }));
    this.#kind.addEventListener("change", () => change({ decay: this.#decay() }));
    this.#mu.setAttribute("aria-describedby", "balance-hint");
    this.element = el(
      "div",
      { class: "balance" },
      el(
        "div",
        { class: "control" },
        el("label", { for: "mu" }, el("span", { class: "end meaning" }, "Meaning"), el("span", { class: "hidden" }, " against "), el("span", { class: "end place" }, "Place")),
        this.#mu,
        this.#share,
      ),
      el("div", { class: "control" }, el("label", { for: "reach" }, "Reach"), this.#reach, this.#half),
      el("div", { class: "control kind" }, el("label", { for: "kind" }, "Falls off as"), this.#kind),
      this.#hint,
    );
  }

  show(query: Query, decay: Decay, hasPlace: boolean): void {
    const hasMeaning = Boolean(splitWords(query.words).wanted || query.like.length || query.pictures.length);
    this.#mu.valueAsNumber = query.mu;
    const place = Math.round(query.mu * 100);
    this.#share.textContent = `${100 - place} : ${place}`;
    this.#mu.setAttribute("aria-valuetext", `${100 - place}% meaning, ${place}% place`);
    this.#reach.valueAsNumber = positionOf(decay.scale);
    this.#kind.value = decay.kind;
    this.#half.textContent = halfInWords(decay);
    this.#reach.setAttribute("aria-valuetext", this.#half.textContent);
    this.#mu.disabled = !(hasPlace && hasMeaning);
    this.#reach.disabled = !hasPlace || decay.kind === "global";
    this.#kind.disabled = !hasPlace;
    this.#hint.textContent = hint(query, hasPlace, hasMeaning);
  }

  #decay(): Decay {
    return { kind: this.#kind.value as DecayKind, scale: scaleAt(this.#reach.valueAsNumber) };
  }
}

function hint(query: Query, hasPlace: boolean, hasMeaning: boolean): string {
  if (!asksForSomething(query) || (hasPlace && hasMeaning)) return "";
  if (!hasPlace) return "Click the map, or name a place, to rank by nearness too.";
  return "Add words or a picture to rank by meaning too.";
}
