/** Why a result has its score: its terms, and below each of them the parts that speak for it. All of it adds up. */

import { colourOf } from "./palette.ts";
import type { Evidence, Hit, PaintedClass, ScoreTerm } from "./rest.ts";

/**
 * Of the phrases of a question, in the order in which they stand in it. The same in src/placelens/export/evidence.py:
 * a phrase has one colour in all hits, and everywhere.
 */
export const COLOURS = ["#e69f00", "#56b4e9", "#009e73", "#cc79a7", "#d55e00", "#0072b2", "#f0e442"] as const;
export const REST_COLOUR = "#999999";
/** Less than this is no difference. */
const LEAST_DIFFERENCE = 0.0005;

/** Something that adds to the score, or takes from it: from what was there before it to what is there with it. */
interface Summand {
  from: number;
  to: number;
}

export interface Part extends Summand {
  /** Null for what any item is given: the term's value at a cosine of 0. */
  evidence: Evidence | null;
  colour: string;
  share: number | null;
  contribution: number | null;
}

export interface Entry extends Summand {
  term: ScoreTerm;
  parts: Part[];
}

/** The terms of a hit in their order, each with its own evidence. */
export function accountOf(terms: readonly ScoreTerm[], evidence: readonly Evidence[], classes: readonly PaintedClass[]): Entry[] {
  const colours = coloursOf(evidence, classes);
  let left = evidence;
  let from = 0;
  return terms.map((term) => {
    const own = ownOf(term, left);
    left = left.filter((entry) => !own.includes(entry));
    const entry = { term, from, to: from + term.contribution, parts: partsOf(term, own, colours, from) };
    from = entry.to;
    return entry;
  });
}

/** A colour for each entry, as Python gives them; what was painted has its own. */
export function coloursOf(evidence: readonly Evidence[], classes: readonly PaintedClass[]): Map<Evidence, string> {
  const spans = [...new Map(evidence.flatMap(({ span }) => (span ? [[String(span), span]] : []))).values()];
  const order = spans.sort((a, b) => a[0] - b[0] || a[1] - b[1]).map(String);
  const colour = ({ kind, label, span }: Evidence) => {
    if (span) return COLOURS[order.indexOf(String(span)) % COLOURS.length]!;
    if (kind === "region") return COLOURS[0];
    return kind === "painted" ? colourOf(label, classes) : REST_COLOUR;
  };
  return new Map(evidence.map((entry) => [entry, colour(entry)]));
}

/** Several pictures may have one name: their evidence follows their order, that of each ends with its rest. */
function ownOf({ label }: ScoreTerm, evidence: readonly Evidence[]): Evidence[] {
  const named = evidence.filter((entry) => entry.of === label);
  const rest = named.findIndex((entry) => entry.kind === "rest");
  return rest < 0 ? named : named.slice(0, rest + 1);
}

function partsOf(term: ScoreTerm, evidence: readonly Evidence[], colours: Map<Evidence, string>, start: number): Part[] {
  const given = evidence.map((entry) => ({ evidence: entry, colour: colours.get(entry)!, share: entry.share, contribution: entry.contribution }));
  const isSum = given.some(({ contribution }) => contribution !== null);
  const any = { evidence: null, colour: REST_COLOUR, share: null, contribution: term.weight * (term.baseline ?? 0) };
  let from = start;
  return (isSum && term.baseline !== null ? [...given, any] : given).map((part) => {
    const summand = { ...part, from, to: from + (part.contribution ?? 0) };
    from = summand.to;
    return summand;
  });
}

/** Where a bar begins and how long it is, in percent of the scale that all bars of an account share. */
export function barOf({ from, to }: Summand, account: readonly Entry[]): { left: number; width: number } {
  const ends = account.flatMap((entry) => [entry, ...entry.parts]).flatMap((each) => [each.from, each.to]);
  const [least, most] = [Math.min(0, ...ends), Math.max(0, ...ends)];
  if (least === most) return { left: 0, width: 0 };
  const percent = (value: number) => (100 * value) / (most - least);
  return { left: percent(Math.min(from, to) - least), width: percent(Math.abs(to - from)) };
}

/** By how much, and through what, a hit is behind the one before it; null where nothing tells them apart. */
export function behind(hit: Pick<Hit, "score" | "terms">, above: Pick<Hit, "score" | "terms">): { by: number; through: [kind: string, difference: number][] } | null {
  if (hit.score === null || above.score === null || hit.score === above.score) return null;
  const through = hit.terms.flatMap(({ kind, contribution }, number): [string, number][] => {
    const other = above.terms[number];
    return other?.kind === kind ? [[kind, contribution - other.contribution]] : [];
  });
  return {
    by: above.score - hit.score,
    through: through.filter(([, difference]) => Math.abs(difference) >= LEAST_DIFFERENCE).sort((a, b) => a[1] - b[1]),
  };
}

/** Whether both are of one phrase of the question, whichever terms they speak for. */
export function isOnePhrase(one: Evidence | null, other: Evidence | null): boolean {
  if (one === other) return true;
  return Boolean(one?.span && other?.span) && one?.label === other?.label && String(one?.span) === String(other?.span);
}

/** A term's label cut where phrases begin and end. */
export function phrasesOf({ kind, label }: Pick<ScoreTerm, "kind" | "label">, parts: readonly Part[]): { text: string; part: Part | null }[] {
  return kind === "phrases" ? cut(label, listed(label, parts)) : phrasesIn(label, parts);
}

/** Words cut where phrases begin and end. */
export function phrasesIn(words: string, parts: readonly Part[]): { text: string; part: Part | null }[] {
  return cut(words, inOrder(parts).map((part) => ({ part, first: part.evidence!.span![0] })));
}

/** Where the phrases are that a label lists: "each of: red tram, old houses". */
function listed(label: string, parts: readonly Part[]): { part: Part; first: number }[] {
  let end = label.indexOf(":") + 1;
  return inOrder(parts).map((part) => {
    const first = label.indexOf(part.evidence!.label, end);
    if (first >= 0) end = first + part.evidence!.label.length;
    return { part, first };
  });
}

function inOrder(parts: readonly Part[]): Part[] {
  return parts.filter(({ evidence }) => evidence?.span).sort((a, b) => a.evidence!.span![0] - b.evidence!.span![0]);
}

function cut(words: string, places: readonly { part: Part; first: number }[]): { text: string; part: Part | null }[] {
  const pieces: { text: string; part: Part | null }[] = [];
  let end = 0;
  for (const { part, first } of places) {
    const { label } = part.evidence!;
    // Long words are cut short in the label, and a phrase may be beyond its end.
    if (first < end || !words.startsWith(label, first)) continue;
    pieces.push({ text: words.slice(end, first), part: null }, { text: label, part });
    end = first + label.length;
  }
  return [...pieces, { text: words.slice(end), part: null }].filter(({ text }) => text);
}
