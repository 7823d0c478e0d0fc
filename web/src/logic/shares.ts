/** A score split into what the place and what the meaning gave. */

import type { Hit, ScoreTerm } from "./rest.ts";

/** Less of a whole is not worth a word. */
export const LEAST_SHARE = 0.01;

/** What of a hit its bar is drawn of. */
interface Scored {
  terms: readonly Pick<ScoreTerm, "kind" | "contribution">[];
}

export interface Shares {
  place: number;
  meaning: number;
}

export function sharesOf(hit: Scored): Shares {
  const shares = { place: 0, meaning: 0 };
  for (const term of hit.terms) {
    shares[term.kind === "place" ? "place" : "meaning"] += term.contribution;
  }
  return shares;
}

/** What each phrase of the words counts for, beside the words as a whole: the delta that terms were weighed with. */
export function grainOf(terms: readonly Pick<ScoreTerm, "kind" | "weight">[]): number {
  const weigh = (...kinds: string[]) => terms.reduce((sum, { kind, weight }) => sum + (kinds.includes(kind) ? Math.abs(weight) : 0), 0);
  const all = weigh("text", "phrases");
  return all > 0 ? weigh("phrases") / all : 0;
}

/** Widths in percent of a bar as long as `best`; what is below zero has no width. */
export function widths({ place, meaning }: Shares, best: number): Shares {
  if (!(best > 0)) return { place: 0, meaning: 0 };
  const percent = (value: number) => Math.min(100, Math.max(0, (100 * value) / best));
  return { place: percent(place), meaning: percent(meaning) };
}

/** The longest bar among the hits: their best positive sum. */
export function longest(hits: readonly Scored[]): number {
  return Math.max(
    0,
    ...hits.map((hit) => {
      const { place, meaning } = sharesOf(hit);
      return Math.max(0, place) + Math.max(0, meaning);
    }),
  );
}

export function describe(hit: Scored & Pick<Hit, "score">): string {
  const { place, meaning } = sharesOf(hit);
  const parts = [];
  if (hit.terms.some((term) => term.kind !== "place")) parts.push(`meaning ${meaning.toFixed(2)}`);
  if (hit.terms.some((term) => term.kind === "place")) parts.push(`place ${place.toFixed(2)}`);
  return hit.score === null ? "" : `score ${hit.score.toFixed(2)}: ${parts.join(", ")}`;
}
