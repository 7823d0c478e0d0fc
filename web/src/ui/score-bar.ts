/** A score as a bar: what meaning gave and what the place gave, in two colours and in words. */

import { describe, sharesOf, widths } from "../logic/shares.ts";
import type { Hit } from "../logic/rest.ts";
import { el } from "./dom.ts";

export function scoreBar(): HTMLElement {
  return el(
    "span",
    { class: "score-bar", role: "img" },
    el("span", { class: "meaning" }),
    el("span", { class: "place" }),
  );
}

/** Show a hit in a bar whose full length stands for `best`. */
export function updateScoreBar(bar: HTMLElement, hit: Hit, best: number): void {
  const { place, meaning } = widths(sharesOf(hit), best);
  bar.setAttribute("aria-label", describe(hit));
  bar.querySelector<HTMLElement>(".meaning")!.style.width = `${meaning}%`;
  bar.querySelector<HTMLElement>(".place")!.style.width = `${place}%`;
}

export function legend(): HTMLElement {
  return el(
    "p",
    { class: "legend", "aria-hidden": "true" },
    el("span", { class: "swatch meaning" }),
    "meaning",
    el("span", { class: "swatch place" }),
    "place",
  );
}
