/** What may be meant by what is typed so far: the end of it, as a place or a value. */

import type { AttributeValue, PlaceChoice } from "./rest.ts";

export interface Fragment {
  /** What stands before, with its space. */
  lead: string;
  /** The end that is being written. */
  text: string;
  /** Whether "near" or "in" stands before it, so that it is read as a place. */
  isPlace: boolean;
}

export interface Suggestion {
  kind: "place" | "value" | "earlier" | "saved";
  /** What is shown. */
  label: string;
  /** Beside it: the attribute, the count. */
  note: string;
  /** The words that it leaves in the field. */
  words: string;
  /** The condition that it adds. */
  condition?: { name: string; value: NonNullable<AttributeValue["value"]> };
}

const PLACE = /^(.*?\b(?:near|in|around|at|from)\s+)(\p{L}[\p{L}'’. -]*)$/iu;
const LAST = /^(.*?)(\p{L}[\p{L}'’-]*)$/su;
const LEAST_LETTERS = 3;

/** The end of the words that may be completed; null when there is none. */
export function fragmentOf(words: string): Fragment | null {
  const place = PLACE.exec(words);
  if (place) return { lead: place[1]!, text: place[2]!, isPlace: true };
  const last = LAST.exec(words);
  if (!last || last[2]!.length < LEAST_LETTERS) return null;
  return { lead: last[1]!, text: last[2]!, isPlace: false };
}

export function placeSuggestions(fragment: Fragment, choices: readonly PlaceChoice[], near: (place: string) => string): Suggestion[] {
  return choices.map(({ label }) => {
    const written = fragment.isPlace ? label : near(label);
    return { kind: "place", label: written, note: "", words: fragment.lead + written };
  });
}

/** Values that start as what is typed does, the commonest first. */
export function valueSuggestions(fragment: Fragment, values: Record<string, readonly AttributeValue[]>, most: number): Suggestion[] {
  const start = fragment.text.toLowerCase();
  const lead = fragment.isPlace ? fragment.lead.replace(/\S+\s+$/, "") : fragment.lead;
  const found = Object.entries(values).flatMap(([name, known]) =>
    known.flatMap(({ value, n_items }) =>
      typeof value === "string" && value.toLowerCase().startsWith(start) ? [{ name, value, n_items }] : [],
    ),
  );
  return found
    .sort((a, b) => b.n_items - a.n_items)
    .slice(0, most)
    .map(({ name, value, n_items }) => ({
      kind: "value",
      label: value,
      note: `${name}, ${n_items}`,
      words: lead.trimEnd(),
      condition: { name, value },
    }));
}

/** Saved searches whose name holds what is typed; taken, one is asked as it was saved. */
export function savedSuggestions(words: string, names: readonly string[], most: number): Suggestion[] {
  const typed = words.trim().toLowerCase();
  return names
    .filter((name) => typed && name.toLowerCase().includes(typed))
    .slice(0, most)
    .map((name) => ({ kind: "saved", label: name, note: "", words: name }));
}

/** Earlier questions that hold what is typed, the latest first. */
export function earlierSuggestions(words: string, earlier: readonly string[], most: number): Suggestion[] {
  const typed = words.trim().toLowerCase();
  return earlier
    .filter((each) => each.toLowerCase() !== typed && each.toLowerCase().includes(typed))
    .slice(0, most)
    .map((each) => ({ kind: "earlier", label: each, note: "", words: each }));
}
