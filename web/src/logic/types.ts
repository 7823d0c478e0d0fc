/** What the REST API gives; see /docs. */

export interface Config {
  version: string;
  collections: string[];
  tile_url: string | null;
}

export interface Stats {
  name: string;
  n_items: number;
  n_images: number;
  n_texts: number;
  n_located: number;
  n_with_time: number;
  bounds: [number, number, number, number] | null;
  time_range: [string, string] | null;
  encoder: string | null;
  space: "sphere" | "plane";
  version: number;
  attributes: Record<string, number>;
  /** Attributes of every picture that no item states: its folder and file. */
  derived_attributes: string[];
}

export interface ScoreTerm {
  kind: string;
  label: string;
  weight: number;
  value: number;
  contribution: number;
  cosine: number | null;
}

/** What speaks for a match. */
export interface Evidence {
  kind: string;
  label: string;
  share: number | null;
  /** Label of the term that it speaks for. */
  of: string | null;
  span: [number, number] | null;
  box: [number, number, number, number] | null;
}

/** Why a result ranks where it does. */
export interface Explanation {
  hit: Hit;
  above: Hit | null;
  evidence: Evidence[];
  text: string;
}

export type Scalar = string | number | boolean | null;
export type Attribute = Scalar | Scalar[];

export interface Hit {
  rank: number;
  id: string;
  /** Null in a list, which nothing ranks. */
  score: number | null;
  distance_m: number | null;
  matched: string | null;
  terms: ScoreTerm[];
  evidence: Evidence[];
  title: string;
  image: string | null;
  text: string | null;
  lat?: number | null;
  lon?: number | null;
  place_source: string | null;
  time: string | null;
  width: number | null;
  height: number | null;
  attributes: Record<string, Attribute>;
  thumbnail_url: string | null;
  image_url: string | null;
}

/** What a name may mean; the label tells it apart: "Paris, Texas, United States". */
export interface PlaceChoice {
  name: string;
  kind: string;
  label: string;
}

/** What a phrase of the words was taken for; the likeliest of the choices. */
export interface PlaceMention extends PlaceChoice {
  phrase: string;
  relation: "near" | "in";
  /** What it was taken for, in words: "not in Lyon, France". */
  words: string;
  negated: boolean;
  choices: PlaceChoice[];
}

/** A time that the words name. */
export interface TimeMention {
  phrase: string;
  words: string;
}

/** What a phrase might mean, too uncertain to act on, and what to write for that. */
export interface Offer {
  phrase: string;
  write: string;
  label: string;
}

export interface LatLon {
  lat: number;
  lon: number;
}

export interface Understood {
  text: string;
  mentions: PlaceMention[];
  times: TimeMention[];
  offers: Offer[];
  near: LatLon | null;
  decay: string | null;
  bounds: [number, number, number, number] | null;
}

/** A value of an attribute, and how many items have it. */
export interface AttributeValue {
  value: Scalar;
  n_items: number;
}

export interface Answer {
  hits: Hit[];
  understood: Understood | null;
  plan: { engine: string; reason: string; n_allowed: number } | null;
  certificate: { kind: string } | null;
  answerable: number | null;
  doubt: string | null;
  notes: string[];
  evidence: Evidence[];
  cursor: string | null;
  elapsed_ms: number;
}

export interface Points {
  ids: string[];
  lon: number[] | null;
  lat: number[] | null;
  n_located: number;
}

/** The largest towns, in columns. */
export interface Towns {
  names: string[];
  lon: number[];
  lat: number[];
  population: number[];
}

export interface ProblemDetails {
  title: string;
  status: number;
  detail: string;
}
