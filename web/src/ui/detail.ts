/** One result in full: its picture or text, how its score came about, and all that is known. */

import { formatCount, formatDistance, formatLatLon, formatName, formatTime } from "../logic/format.ts";
import type { Scalar } from "../logic/query.ts";
import type { Explanation, Hit, ScoreTerm } from "../logic/rest.ts";
import { longest } from "../logic/shares.ts";
import { el, icon } from "./dom.ts";
import { shared, whyHere } from "./evidence.ts";
import { scoreBar, updateScoreBar } from "./score-bar.ts";

export interface DetailActions {
  close(): void;
  step(by: 1 | -1): void;
  similar(id: string): void;
  near(hit: Hit): void;
  keepTo(name: string, value: Scalar): void;
  explain(id: string, signal: AbortSignal): Promise<Explanation>;
}

export class Detail {
  readonly #root: HTMLElement;
  readonly #actions: DetailActions;

  constructor(root: HTMLElement, actions: DetailActions) {
    this.#root = root;
    this.#actions = actions;
  }

  hide(): void {
    this.#root.hidden = true;
    this.#root.replaceChildren();
  }

  show(hit: Hit): void {
    const again = !this.#root.hidden && this.#root.dataset["id"] === hit.id;
    const scrolled = again ? this.#root.scrollTop : 0;
    const held = again ? this.#root.querySelector("figure") : null;
    this.#root.dataset["id"] = hit.id;
    this.#root.hidden = false;
    this.#root.replaceChildren(
      this.#head(hit),
      held ?? figure(hit),
      ...(hit.thumbnail_url && hit.text ? [el("p", { class: "text" }, hit.text)] : []),
      this.#buttons(hit),
      score(hit),
      shared(hit.evidence),
      ...(hit.score === null ? [] : [whyHere(hit.rank, (signal) => this.#actions.explain(hit.id, signal))]),
      facts(hit),
      this.#attributes(hit),
    );
    this.#root.scrollTop = scrolled;
  }

  focus(): void {
    this.#root.querySelector<HTMLElement>("h2")?.focus();
  }

  #head(hit: Hit): HTMLElement {
    const button = (name: "previous" | "next" | "close", label: string, onclick: () => void) =>
      el("button", { type: "button", class: "quiet", title: label, "aria-label": label, onclick }, icon(name));
    return el(
      "div",
      { class: "detail-head" },
      el("h2", { tabindex: -1 }, hit.title),
      button("previous", "Previous result", () => this.#actions.step(-1)),
      button("next", "Next result", () => this.#actions.step(1)),
      button("close", "Close (Escape)", () => this.#actions.close()),
    );
  }

  #buttons(hit: Hit): HTMLElement {
    const similar = el(
      "button",
      { type: "button", onclick: () => this.#actions.similar(hit.id) },
      icon("similar"),
      "More like this",
    );
    const near = el(
      "button",
      { type: "button", onclick: () => this.#actions.near(hit) },
      icon("near"),
      "Search near here",
    );
    return el("div", { class: "buttons" }, similar, typeof hit.lat === "number" && near);
  }

  #attributes(hit: Hit): HTMLElement | string {
    const known = Object.entries(hit.attributes).filter(([, value]) => value !== null && value !== "");
    if (known.length === 0) return "";
    const rows = known.flatMap(([name, value]) => [
      el("dt", {}, formatName(name)),
      // Each member of a list can be kept to by itself.
      ...[value].flat().map((member) => el("dd", {}, ...shown(member), this.#keep(name, member))),
    ]);
    return el("section", {}, el("h3", {}, "Attributes"), el("dl", {}, ...rows));
  }

  #keep(name: string, value: Scalar): HTMLElement | null {
    if (String(value).length > 60) return null;
    const label = `Show only items with ${formatName(name)} ${String(value)}`;
    const onclick = () => this.#actions.keepTo(name, value);
    return el("button", { type: "button", class: "keep", title: label, "aria-label": label, onclick }, icon("filter"));
  }
}

function figure(hit: Hit): HTMLElement {
  if (!hit.thumbnail_url) return el("blockquote", {}, hit.text ?? hit.title);
  const image = el("img", { src: hit.thumbnail_url, alt: hit.title });
  const box = el("figure", {}, image);
  if (hit.width && hit.height) image.style.aspectRatio = `${hit.width} / ${hit.height}`;
  const original = new Image();
  original.onload = () => image.setAttribute("src", original.src);
  original.onerror = () =>
    box.append(el("figcaption", {}, "The original file is not at hand; this is its thumbnail."));
  original.src = hit.image_url ?? hit.thumbnail_url;
  return box;
}

/** The score and its terms; nothing in a list, which has none. */
function score(hit: Hit): HTMLElement | string {
  if (hit.score === null) return "";
  const bar = scoreBar();
  updateScoreBar(bar, hit, Math.max(longest([hit]), hit.score));
  const rows = hit.terms.map((term) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, el("span", { class: `swatch ${term.kind === "place" ? "place" : "meaning"}` }), name(term)),
      el("td", {}, signed(term.value)),
      el("td", {}, `× ${signed(term.weight)}`),
      el("td", { class: "contribution" }, signed(term.contribution)),
    ),
  );
  const head = el("thead", {}, el("tr", {}, ...["Term", "Fit", "Weight", "Gives"].map((text) => el("th", { scope: "col" }, text))));
  return el(
    "section",
    {},
    el("h3", {}, "Score ", el("span", { class: "number" }, hit.score.toFixed(3))),
    bar,
    el("table", {}, head, el("tbody", {}, ...rows)),
  );
}

function name({ kind, label, cosine, correction }: ScoreTerm): string {
  const words = label || formatName(kind);
  if (cosine === null) return words;
  // What it loses, or gains, for how near the item is to any query.
  const corrected = correction ? ` ${correction > 0 ? "−" : "+"} ${Math.abs(correction).toFixed(2)}` : "";
  return `${words} (cosine ${cosine.toFixed(2)}${corrected})`;
}

function signed(value: number): string {
  return value.toFixed(3).replace("-", "−");
}

function facts(hit: Hit): HTMLElement {
  const { lat, lon, place_radius_m: radius, width, height, image } = hit;
  const placed = typeof lat === "number" && typeof lon === "number";
  const rows: [string, string | HTMLElement | null][] = [
    ["Distance", hit.distance_m === null ? null : formatDistance(hit.distance_m)],
    ["Position", placed ? position(lat, lon, hit.place_source, radius) : "not known"],
    ["Time", hit.time ? formatTime(hit.time, "long") : null],
    ["Size", width && height ? `${formatCount(width, "", "").trim()} × ${formatCount(height, "", "").trim()} pixels` : null],
    ["File", image ? el("span", { class: "path", title: image }, image.replaceAll("\\", "/").split("/").at(-1) ?? "") : null],
  ];
  const filled = rows.flatMap(([label, value]) =>
    value === null ? [] : [el("dt", {}, label), el("dd", {}, value)],
  );
  return el("section", {}, el("h3", {}, "Where and when"), el("dl", {}, ...filled));
}

function position(lat: number, lon: number, source: string | null, radius: number | null): HTMLElement {
  const badge = source === "estimated" && el("span", { class: "badge" }, "estimated position");
  const around = radius ? ` ± ${formatDistance(radius)}` : "";
  return el("span", {}, formatLatLon(lat, lon), around, " ", badge);
}

/** A web address becomes a link; it is opened only when it is clicked. */
function shown(value: Scalar): (HTMLElement | string)[] {
  const text = String(value);
  if (!/^https?:\/\/\S+$/.test(text)) return [el("span", {}, text)];
  return [el("a", { href: text, target: "_blank", rel: "noopener noreferrer" }, text)];
}
