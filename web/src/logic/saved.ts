/** A search that the collection keeps, as a question of the page: what the page can show of it. */

import type { Ring } from "./lasso.ts";
import { type Comparison, type Condition, emptyQuery, type LikeTerm, type Query, SORTS } from "./query.ts";
import { parseDecay } from "./reach.ts";
import type { SearchRequest, TermIn } from "./rest.ts";
import { fromTerm } from "./sketch.ts";
import { joinWords } from "./words.ts";

type Scalar = Condition["value"];

const PLACE = /^(-?[\d.]+),(-?[\d.]+)$/;

/** The question of a saved search; it may have been saved by another program. */
export function fromRequest(collection: string, search: SearchRequest): Query {
  const query = { ...emptyQuery(collection), words: wordsOf(search), like: likeOf(search) };
  const sketch = (search.terms ?? []).find(({ kind }: TermIn) => kind === "sketch");
  if (sketch) query.sketch = fromTerm(sketch);
  const place = typeof search.near === "string" ? PLACE.exec(search.near) : null;
  if (place) query.near = { lat: Number(place[1]), lon: Number(place[2]) };
  query.decay = parseDecay(search.decay ?? "");
  query.mu = search.mu ?? query.mu;
  query.delta = search.delta ?? null;
  query.parse = search.parse ?? true;
  query.box = search.bbox ?? null;
  query.area = ringOf(search.polygon);
  [query.from, query.to] = typeof search.time === "string" ? [search.time, search.time] : [search.time?.[0] ?? "", search.time?.[1] ?? ""];
  const modality = Array.isArray(search.modality) && search.modality.length === 1 ? search.modality[0] : search.modality;
  if (modality === "image" || modality === "text") query.modality = modality;
  query.located = search.located_only ? "yes" : search.unlocated_only ? "no" : "";
  query.where = Object.entries(search.where ?? {}).flatMap(([name, wanted]) => conditionsOf(name, wanted));
  query.sort = SORTS.find((sort) => sort === search.sort) ?? null;
  return query;
}

/** The words, with a name that something is near, which the page has in its words alone. */
function wordsOf({ text, near }: SearchRequest): string {
  const all = (Array.isArray(text) ? text : text ? [text] : []).map((each) => (typeof each === "string" ? { text: each, weight: 1 } : each));
  const isUnwanted = ({ weight }: { weight?: number }) => (weight ?? 1) < 0;
  const wanted = all.filter((each) => !isUnwanted(each)).map((each) => each.text);
  if (typeof near === "string" && !PLACE.test(near)) wanted.push(`near ${near}`);
  return joinWords({ wanted: wanted.join(" "), unwanted: all.filter(isUnwanted).map((each) => each.text) });
}

function likeOf({ images }: SearchRequest): LikeTerm[] {
  return (images ?? []).flatMap(({ id, weight }) => (id ? [{ id, weight: weight ?? 1 }] : []));
}

/** One ring is what the page draws; any other area it cannot show. */
function ringOf(polygon: SearchRequest["polygon"]): Ring | null {
  const [ring, ...others] = polygon?.["type"] === "Polygon" && Array.isArray(polygon["coordinates"]) ? (polygon["coordinates"] as Ring[]) : [];
  return ring && ring.length > 3 && !others.length ? ring.slice(0, -1).map(([lon, lat]) => [lon, lat]) : null;
}

function conditionsOf(name: string, wanted: unknown): Condition[] {
  const is = (values: unknown[]) => values.filter(isScalar).map((value): Condition => ({ name, comparison: "is", value }));
  if (isScalar(wanted)) return is([wanted]);
  if (Array.isArray(wanted)) return is(wanted);
  return Object.entries(wanted ?? {}).flatMap(([operator, value]) => {
    if (operator === "in" && Array.isArray(value)) return is(value);
    if (operator === "eq" || operator === "in") return is([value]);
    const known = (["gte", "lte", "contains", "starts"] satisfies Comparison[]).find((each) => each === operator);
    return known && isScalar(value) ? [{ name, comparison: known, value }] : [];
  });
}

function isScalar(value: unknown): value is Scalar {
  return ["string", "number", "boolean"].includes(typeof value);
}
