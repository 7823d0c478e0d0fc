/** Why a result was found: the page's one way of showing evidence, and explanations. */

import { formatShare } from "../logic/format.ts";
import type { Evidence, Explanation, SearchAnswer } from "../logic/rest.ts";
import { el } from "./dom.ts";

/** Less of a reading is not worth a word. */
const LEAST_SHARE = 0.01;

export function inWords({ label, share }: Evidence): string {
  return share === null ? label : `${label} ${formatShare(share)}`;
}

/** How what was asked was read, in a collection of concepts. */
export function readings({ evidence }: SearchAnswer): string[] {
  const of = new Map<string | null, Evidence[]>();
  for (const entry of evidence) {
    if (entry.kind !== "reading") continue;
    of.set(entry.of, [...(of.get(entry.of) ?? []), entry]);
  }
  return [...of].map(([label, entries]) => {
    const told = entries.filter(({ share }) => share === null || share >= LEAST_SHARE).map(inWords).join(", ");
    return of.size > 1 && label ? `read ${label} as ${told}` : `read as ${told}`;
  });
}

/** What item and query have in common. */
export function shared(evidence: Evidence[]): HTMLElement | string {
  if (evidence.length === 0) return "";
  const rows = evidence.flatMap(({ label, share }) => [el("dt", {}, label), el("dd", {}, share === null ? "" : formatShare(share))]);
  return el("section", {}, el("h3", {}, "Shared with the query"), el("dl", {}, ...rows));
}

/** A button that asks why a result ranks where it does; the answer takes its place. */
export function whyHere(rank: number, explain: (signal: AbortSignal) => Promise<Explanation>): HTMLElement {
  const running = new AbortController();
  const section = el("section", { class: "why" });
  const button = el("button", { type: "button", class: "quiet" }, `Why is this number ${rank}?`);
  button.addEventListener("click", async () => {
    button.replaceChildren("Looking …");
    try {
      const { text } = await explain(running.signal);
      section.replaceChildren(el("h3", {}, "Why here"), el("pre", {}, text));
    } catch (error) {
      section.replaceChildren(el("p", { class: "doubt" }, error instanceof Error ? error.message : String(error)));
    }
  });
  // Whoever has gone on to another result does not wait for this one.
  new MutationObserver((_, observer) => {
    if (section.isConnected) return;
    running.abort();
    observer.disconnect();
  }).observe(document.body, { childList: true, subtree: true });
  section.append(button);
  return section;
}
