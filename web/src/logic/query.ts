/** What is asked: the one state of the page, its form in the URL, and the request made of it. */

import type { Bounds } from "./geodesy.ts";
import { readRing, type Ring, toPolygon, writeRing } from "./lasso.ts";
import { type Decay, formatDecay, parseDecay } from "./reach.ts";
import type { AttributeValue, LatLon, SearchRequest, Understood } from "./rest.ts";
import { asks, readSketch, type Sketch, toTerm, writeSketch } from "./sketch.ts";
import { splitWords } from "./words.ts";

export interface LikeTerm {
  id: string;
  weight: number;
}

/** A picture dropped on the page, sent to the server once; it is never part of the URL. */
export interface PictureTerm {
  name: string;
  /** What the server calls it. */
  handle: string;
  /** To send it again, when the server has forgotten it. */
  content: Blob;
  preview: string;
  weight: number;
}

/** As they are written in a URL's filters; what they are called is for the page's language. */
const MARKS = { is: "=", gte: ">=", lte: "<=", contains: " contains ", starts: " starts " } as const;
export type Comparison = keyof typeof MARKS;
export const COMPARISONS = Object.keys(MARKS) as Comparison[];
export type Located = "" | "yes" | "no";

/** Orders other than the question's own, which is by score or, in a list, the newest first. */
export const SORTS = ["score", "time", "oldest", "name", "distance"] as const;
export type Sort = (typeof SORTS)[number];

export type Scalar = AttributeValue["value"];

export interface Condition {
  name: string;
  comparison: Comparison;
  value: NonNullable<Scalar>;
}

export interface Query {
  collection: string;
  words: string;
  like: LikeTerm[];
  pictures: PictureTerm[];
  sketch: Sketch | null;
  near: (LatLon & { name?: string }) | null;
  /** Null: as the words say ("within 5 km of"), or the server's own. */
  decay: Decay | null;
  mu: number;
  /** What each phrase of the words counts for beside the words as a whole; null: the server's own. */
  delta: number | null;
  parse: boolean;
  box: Bounds | null;
  /** Drawn around on the map. */
  area: Ring | null;
  from: string;
  to: string;
  modality: "" | "image" | "text";
  located: Located;
  where: Condition[];
  /** Null: by score where there is one, else the newest first. */
  sort: Sort | null;
}

export const PAGE_SIZE = 48;
const DEFAULT_DECAY: Decay = { kind: "gauss", scale: 25_000 };
/** Weight of a word with a minus: it pushes, and the words that are wanted still lead. */
export const UNWANTED_WEIGHT = -0.5;

export function emptyQuery(collection = ""): Query {
  return {
    collection,
    words: "",
    like: [],
    pictures: [],
    sketch: null,
    near: null,
    decay: null,
    mu: 0.5,
    delta: null,
    parse: true,
    box: null,
    area: null,
    from: "",
    to: "",
    modality: "",
    located: "",
    where: [],
    sort: null,
  };
}

/** How far the place reaches: as set, else as understood, else the server's default. */
export function effectiveDecay(query: Query, understood: Pick<Understood, "decay"> | null): Decay {
  const said = query.parse ? parseDecay(understood?.decay ?? "") : null;
  return query.decay ?? said ?? DEFAULT_DECAY;
}

/** Whether there is anything to rank by; filters alone list, newest first. */
export function asksForSomething(query: Query): boolean {
  return Boolean(asksByMeaning(query) || asksInWords(query) || query.near);
}

/** Whether there are words, wanted or not. */
export function asksInWords({ words }: Query): boolean {
  const { wanted, unwanted } = splitWords(words);
  return Boolean(wanted || unwanted.length);
}

/** Whether there is anything to look for, wherever it is. */
export function asksByMeaning({ words, like, pictures, sketch }: Query): boolean {
  return Boolean(splitWords(words).wanted || like.length || pictures.length || asks(sketch));
}

export function hasFilters(query: Query): boolean {
  const { box, area, from, to, modality, located, where } = query;
  return Boolean(box || area || from || to || modality || located || where.length);
}

/** Orders that make sense for a question: nothing is scored in a list, or near without a place. */
export function sortsFor(query: Query, hasPlace: boolean): Sort[] {
  return SORTS.filter((sort) => (sort === "score" ? asksForSomething(query) : sort !== "distance" || hasPlace));
}

/** The order that is in force: the one that was chosen, if it makes sense still. */
export function effectiveSort(query: Query, sorts: readonly Sort[]): Sort {
  return sorts.find((sort) => sort === query.sort) ?? sorts[0] ?? "time";
}

/** What the tab is called: the question, in as many words as it takes. */
export function titleOf(query: Query): string {
  const { near, words, like, pictures, sketch, from, to } = query;
  const parts = [
    words.trim(),
    like.length || pictures.length ? "like a picture" : "",
    asks(sketch) ? "as painted" : "",
    near ? `near ${near.name ?? `${near.lat.toFixed(2)}, ${near.lon.toFixed(2)}`}` : "",
    from || to ? `${from}–${to}` : "",
  ];
  return [parts.filter(Boolean).join(" "), query.collection, "placelens"].filter(Boolean).join(" · ");
}

/** The body of a search request. */
export function toRequest(query: Query, cursor?: string): SearchRequest {
  const { wanted, unwanted } = splitWords(query.words);
  const request: SearchRequest = {
    mu: query.mu,
    k: PAGE_SIZE,
    parse: query.parse,
  };
  if (unwanted.length) {
    const minus = unwanted.map((text) => ({ text, weight: UNWANTED_WEIGHT }));
    request.text = wanted ? [{ text: wanted, weight: 1 }, ...minus] : minus;
  } else if (wanted) {
    request.text = wanted;
  }
  if (query.delta !== null && request.text) request.delta = query.delta;
  const images = [
    ...query.pictures.map(({ handle, weight }) => ({ handle, weight })),
    ...query.like.map(({ id, weight }) => ({ id, weight })),
  ];
  if (images.length) request.images = images;
  if (asks(query.sketch)) request.terms = [toTerm(query.sketch)];
  if (query.near) request.near = { lat: query.near.lat, lon: query.near.lon };
  if (query.decay) request.decay = formatDecay(query.decay);
  if (query.box) request.bbox = query.box;
  if (query.area) request.polygon = toPolygon(query.area);
  if (query.from || query.to) request.time = [query.from || null, query.to || null];
  if (query.modality) request.modality = query.modality;
  if (query.located) request[query.located === "yes" ? "located_only" : "unlocated_only"] = true;
  if (query.where.length) request.where = toWhere(query.where);
  if (query.sort) request.sort = query.sort;
  if (cursor) request.cursor = cursor;
  return request;
}

/** Several values of one attribute mean any of them; its other conditions all hold. */
function toWhere(conditions: readonly Condition[]): Record<string, unknown> {
  const where: Record<string, unknown> = {};
  for (const name of new Set(conditions.map((each) => each.name))) {
    const own = conditions.filter((each) => each.name === name);
    const values = own.filter((each) => each.comparison === "is").map((each) => each.value);
    const others = own.filter((each) => each.comparison !== "is").map((each) => [each.comparison, each.value]);
    if (others.length) where[name] = { ...(values.length ? { in: values } : {}), ...Object.fromEntries(others) };
    else where[name] = values.length === 1 ? values[0] : values;
  }
  return where;
}

/** The filters alone, as the query of a URL, written as on the command line. */
export function toFilters(query: Query): URLSearchParams {
  const filters = new URLSearchParams();
  if (query.box) filters.set("bbox", query.box.join(","));
  if (query.area) filters.set("polygon", JSON.stringify(toPolygon(query.area)));
  if (query.from || query.to) filters.set("time", `${query.from}..${query.to}`);
  if (query.modality) filters.set("modality", query.modality);
  if (query.located) filters.set(query.located === "yes" ? "located_only" : "unlocated_only", "true");
  for (const { name, comparison, value } of query.where) filters.append("where", `${name}${MARKS[comparison]}${value}`);
  return filters;
}

/** The part of the URL after #; only what differs from an empty query. */
export function toHash(query: Query): string {
  const plain = emptyQuery();
  const hash = new URLSearchParams();
  if (query.collection) hash.set("in", query.collection);
  if (query.words.trim()) hash.set("q", query.words.trim());
  for (const { id, weight } of query.like) hash.append("like", `${weight}:${id}`);
  if (query.sketch) hash.set("paint", writeSketch(query.sketch));
  if (query.sketch?.over && "item" in query.sketch.over) hash.set("over", query.sketch.over.item);
  if (query.near) {
    const { lat, lon, name } = query.near;
    hash.set("near", [lat, lon].map(short).join(",") + (name ? `,${name}` : ""));
  }
  if (query.decay) hash.set("decay", formatDecay(query.decay));
  if (query.mu !== plain.mu) hash.set("mu", String(query.mu));
  if (query.delta !== null) hash.set("delta", String(query.delta));
  if (!query.parse) hash.set("parse", "0");
  if (query.box) hash.set("box", query.box.map(short).join(","));
  if (query.area) hash.set("area", writeRing(query.area));
  if (query.from || query.to) hash.set("time", `${query.from}..${query.to}`);
  if (query.modality) hash.set("modality", query.modality);
  if (query.located) hash.set("located", query.located === "yes" ? "1" : "0");
  if (query.sort) hash.set("sort", query.sort);
  for (const { name, comparison, value } of query.where) {
    hash.append("where", JSON.stringify([name, comparison, value]));
  }
  return hash.toString();
}

/** Read a URL's hash; what cannot be read is left out, since links get cut off and edited. */
export function fromHash(text: string): Query {
  const hash = new URLSearchParams(text.replace(/^#/, ""));
  const query = emptyQuery(hash.get("in") ?? "");
  query.words = hash.get("q") ?? "";
  query.like = hash.getAll("like").flatMap(readLike);
  const over = hash.get("over");
  query.sketch = readSketch(hash.get("paint") ?? "", over === null ? null : { item: over });
  const near = /^(-?[\d.]+),(-?[\d.]+)(?:,(.+))?$/.exec(hash.get("near") ?? "");
  const [lat, lon] = [Number(near?.[1]), Number(near?.[2])];
  if (near && Math.abs(lat) <= 90 && Math.abs(lon) <= 180) {
    query.near = near[3] ? { lat, lon, name: near[3] } : { lat, lon };
  }
  query.decay = parseDecay(hash.get("decay") ?? "");
  const mu = Number(hash.get("mu") ?? Number.NaN);
  if (mu >= 0 && mu <= 1) query.mu = mu;
  const delta = Number(hash.get("delta") ?? Number.NaN);
  if (delta >= 0 && delta <= 1) query.delta = delta;
  query.parse = hash.get("parse") !== "0";
  const box = (hash.get("box") ?? "").split(",").map(Number);
  if (box.length === 4 && box.every(Number.isFinite)) query.box = box as Bounds;
  query.area = readRing(hash.get("area") ?? "");
  const time = /^([\d-]*)\.\.([\d-]*)$/.exec(hash.get("time") ?? "");
  if (time) [query.from, query.to] = [time[1] ?? "", time[2] ?? ""];
  const modality = hash.get("modality");
  if (modality === "image" || modality === "text") query.modality = modality;
  query.located = ({ "1": "yes", "0": "no" } as const)[hash.get("located") ?? ""] ?? "";
  query.where = hash.getAll("where").flatMap(readCondition);
  query.sort = SORTS.find((sort) => sort === hash.get("sort")) ?? null;
  return query;
}

function short(value: number): string {
  return String(Number(value.toFixed(5)));
}

function readLike(text: string): LikeTerm[] {
  const match = /^(-?[\d.]+):(.+)$/s.exec(text);
  const weight = Number(match?.[1]);
  return match?.[2] && Number.isFinite(weight) ? [{ id: match[2], weight }] : [];
}

function readCondition(text: string): Condition[] {
  try {
    const parts: unknown = JSON.parse(text);
    if (!Array.isArray(parts) || parts.length !== 3) return [];
    const [name, comparison, value] = parts;
    const known = typeof comparison === "string" && Object.hasOwn(MARKS, comparison);
    const scalar = ["string", "number", "boolean"].includes(typeof value);
    return typeof name === "string" && known && scalar ? [{ name, comparison: comparison as Comparison, value }] : [];
  } catch {
    return [];
  }
}
