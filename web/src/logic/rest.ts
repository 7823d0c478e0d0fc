/**
 * What the REST API takes and gives.
 * Made by tools/page_types.py: change the server, then run make types.
 */

/** A value of an attribute, and how many items have it. */
export interface AttributeValue {
  value: string | number | boolean | null;
  n_items: number;
}

/** Why no better item was missed: none that was not looked at scores above `bound`. */
export interface Certificate {
  kind: "proven" | "probability" | "recall" | "approximate";
  /** Null when all were looked at. */
  bound: number | null;
  n_nodes: number;
  n_items: number;
}

/** What the cells of a picture show. */
export interface ClassMap {
  classes: string[];
  /** rows x columns x classes bytes as base64, 255 times each probability; a sketch takes it in its field `over`. None of a painting. */
  map?: string | null;
  /** A class's number, as many as there are classes for any other, -1 where none is probable, or was painted. */
  cells: number[][];
  /** How probable that is, in [0, 1]; None of a painting. */
  confidence?: number[][] | null;
}

/** Two items or more of one cell of the map. */
export interface Cluster {
  n_items: number;
  /** The mean of the items' latitudes; `lon` likewise. */
  lat: number;
  lon: number;
  /** Of the items; never across the antimeridian. */
  bounds: [number, number, number, number];
  /** Of the newest item, or the one added first if none has a time. */
  id: string;
}

/** What a view of the map shows, in cells of 64 pixels, a tile being 512 wide. */
export interface Clusters {
  /** Of the grid: as asked for, or lower where there would be more than 4,000 clusters and single items. */
  zoom: number;
  /** All items in the cells that the view touches. */
  n_items: number;
  /** At most 4,000, together with `items`. */
  clusters: Cluster[];
  /** Those that are alone in their cells. */
  items: Single[];
}

/** A collection's name and size. */
export interface CollectionSummary {
  name: string;
  n_items: number;
  space: "sphere" | "plane";
  encoder: string | null;
}

/** What the page needs to know before it asks anything else. */
export interface Config {
  version: string;
  collections: string[];
  tile_url: string | null;
  /** Whether collections may be changed. */
  writes: boolean;
  /** Whether only those with a token for it may. */
  writing_needs_token: boolean;
  /** For `format` of `POST .../export`. */
  export_formats: string[];
}

/** One thing that a detector found in an image. */
export interface DetectedObject {
  /** The name of its class. */
  label: string;
  /** How sure the detector is, in [0, 1]. */
  score: number;
  /** Left, top, right, bottom in pixels of the original image. */
  box: [number, number, number, number];
}

/** A family of encoders; what is missing cannot be told without a download. */
export interface Encoder {
  /** What to write, with the variable part in brackets. */
  name: string;
  summary: string;
  installed: boolean;
  /** The command, when it is not installed. */
  install?: string | null;
  dim?: number | null;
  fingerprint?: string | null;
  size_bytes?: number | null;
  licence?: string | null;
  languages?: string | null;
  needs?: string | null;
}

/** What speaks for a match. */
export interface Evidence {
  kind: string;
  label: string;
  /** Its part of the whole, in [0, 1]; below 0 for what speaks against it. */
  share: number | null;
  /** Label of the term that it speaks for. */
  of: string | null;
  /** Characters of the words, end excluded. */
  span: [number, number] | null;
  /** Left, top, right, bottom in pixels of the original image. */
  box: [number, number, number, number] | null;
  /** What each cell of a grid over the image adds to `share`, row by row. */
  heat: number[][] | null;
  /** What it adds to the score. */
  contribution: number | null;
  /** The object of a detector that a phrase means, whose box this is. */
  detected: DetectedObject | null;
}

/** Why an item ranks where it does: its score's terms, the hit above, what speaks for it. */
export interface Explanation {
  hit: Hit;
  above: Hit | null;
  evidence: Evidence[];
  /** All of it in words, line by line. */
  text: string;
}

/** What to write, how, and what of the places; the rest as `placelens export` takes it. */
export interface ExportRequest {
  format: "json" | "jsonl" | "csv" | "geojson" | "kml" | "gpx" | "gpkg" | "geoparquet" | "html" | "paths" | "paths0";
  /** The items to write, in this order. */
  ids?: string[] | null;
  /** Instead of `ids`: as `POST .../search` takes it, with a larger `k`. */
  search?: ExportedSearch | null;
  /** Replace positions by the centres of cells this wide: metres, or 1km. Scores, distances and footprints are left out as well. */
  blur?: string | number | null;
  /** Leave positions out, and the same with them. */
  drop_places?: boolean;
  /** In CSV, an apostrophe before cells that spreadsheets would run. */
  csv_safe?: boolean;
}

/** A search whose hits are written to a file, which may be more than those of a page. */
export interface ExportedSearch {
  text?: string | (string | TextTerm)[] | null;
  images?: ImageTerm[];
  vector?: number[] | VectorTerm[] | null;
  /** Of any kind of `GET /v1/terms`. */
  terms?: TermIn[];
  near?: string | PlaceIn | null;
  /** kind:scale, by default gauss:25km. */
  decay?: string | null;
  /** Share of the place; 1 - mu is that of meaning. */
  mu?: number;
  k?: number;
  /** West, south, east, north; west > east crosses the antimeridian. */
  bbox?: [number, number, number, number] | null;
  /** Hard limit around `near`: metres or 5km. */
  radius?: string | number | null;
  /** A GeoJSON area of at most 200,000 corners, whose edges cross at most 10,000 times. */
  polygon?: Record<string, unknown> | null;
  time?: string | [string | null, string | null] | null;
  /** {"city": "Paris", "rating": {"gte": 3}, "country": ["France", "Italy"], "keywords": {"all": ["sea", "boat"]}, "folder": {"starts": "2019/ro"}}; the operators are eq, ne, in, all, contains, starts, ends, gt, gte, lt, lte, exists and not; at most 1,000 values in a list. */
  where?: Record<string, unknown> | null;
  modality?: "image" | "text" | "vector" | ("image" | "text" | "vector")[] | null;
  located_only?: boolean;
  unlocated_only?: boolean;
  /** Of places known to within a radius, what must lie in an area: the centre, surely all of the circle, or maybe any of it. */
  uncertain?: "centre" | "surely" | "maybe";
  /** score, time (newest first), oldest, name or distance. Without words, images or vectors all that passes is listed in this order, by time unless given; else it orders the k best. */
  sort?: string | null;
  /** Whether places and times in the text are read; never those in quotes. */
  parse?: boolean;
  similarity?: "raw" | "calibrated" | null;
  /** Whether items that are near every query are corrected for that. */
  hubs?: boolean;
  /** How much it counts whether each phrase of the text is somewhere in a picture, beside the text as a whole; the collection must keep regions. By default what its encoder was found to gain by, where images are all that is compared. */
  delta?: number | null;
  cursor?: string | null;
  /** The index to use; by default it is planned. */
  engine?: string | null;
  /** Below 1 a few of the best may be missed, for speed. */
  recall_target?: number | null;
}

/** A field that cannot be used, its value, and what is wrong with it. */
export interface FieldError {
  field: string;
  value: string | null;
  message: string;
}

/** That the server is there, or can be used. */
export interface Health {
  status: "alive" | "ready";
}

/** Where in a view of the map the scores of a search lie, in cells of 32 pixels. */
export interface Heat {
  /** Of the grid: as asked for, or lower where there would be more than 4,000 cells. */
  zoom: number;
  /** All items with a score in the cells that the view touches. */
  n_items: number;
  /** Of the scores of all located items that pass, in the view or not; null where there are none. `highest` likewise. */
  median: number | null;
  highest: number | null;
  /** The best first. */
  cells: HeatCell[];
}

/** A cell of the map, and how well what lies in it fits a search. */
export interface HeatCell {
  /** How many have a score. */
  n_items: number;
  /** The middle of the cell on the map; `lon` likewise. */
  lat: number;
  lon: number;
  /** The edges of the cell. */
  bounds: [number, number, number, number];
  /** The highest score in it. */
  best: number;
  /** The mean of its three highest, or of all if they are fewer. */
  mean: number;
  /** Of the item with the highest. */
  id: string;
}

/** A search, and the view of the map in which its scores are wanted. */
export interface HeatRequest {
  text?: string | (string | TextTerm)[] | null;
  images?: ImageTerm[];
  vector?: number[] | VectorTerm[] | null;
  /** Of any kind of `GET /v1/terms`. */
  terms?: TermIn[];
  near?: string | PlaceIn | null;
  /** kind:scale, by default gauss:25km. */
  decay?: string | null;
  /** Share of the place; 1 - mu is that of meaning. */
  mu?: number;
  k?: number;
  /** West, south, east, north; west > east crosses the antimeridian. */
  bbox?: [number, number, number, number] | null;
  /** Hard limit around `near`: metres or 5km. */
  radius?: string | number | null;
  /** A GeoJSON area of at most 200,000 corners, whose edges cross at most 10,000 times. */
  polygon?: Record<string, unknown> | null;
  time?: string | [string | null, string | null] | null;
  /** {"city": "Paris", "rating": {"gte": 3}, "country": ["France", "Italy"], "keywords": {"all": ["sea", "boat"]}, "folder": {"starts": "2019/ro"}}; the operators are eq, ne, in, all, contains, starts, ends, gt, gte, lt, lte, exists and not; at most 1,000 values in a list. */
  where?: Record<string, unknown> | null;
  modality?: "image" | "text" | "vector" | ("image" | "text" | "vector")[] | null;
  located_only?: boolean;
  unlocated_only?: boolean;
  /** Of places known to within a radius, what must lie in an area: the centre, surely all of the circle, or maybe any of it. */
  uncertain?: "centre" | "surely" | "maybe";
  /** score, time (newest first), oldest, name or distance. Without words, images or vectors all that passes is listed in this order, by time unless given; else it orders the k best. */
  sort?: string | null;
  /** Whether places and times in the text are read; never those in quotes. */
  parse?: boolean;
  similarity?: "raw" | "calibrated" | null;
  /** Whether items that are near every query are corrected for that. */
  hubs?: boolean;
  /** How much it counts whether each phrase of the text is somewhere in a picture, beside the text as a whole; the collection must keep regions. By default what its encoder was found to gain by, where images are all that is compared. */
  delta?: number | null;
  cursor?: string | null;
  /** The index to use; by default it is planned. */
  engine?: string | null;
  /** Below 1 a few of the best may be missed, for speed. */
  recall_target?: number | null;
  /** Of a web map with tiles of 512 pixels; its fraction is dropped. */
  zoom: number;
  /** Edges of the view in degrees. West > east crosses the antimeridian, and so do edges beyond 180. */
  west?: number;
  south?: number;
  east?: number;
  north?: number;
}

/** An item found, with its score and every term of it; a list has neither. */
export interface Hit {
  id: string;
  title: string;
  image: string | null;
  text: string | null;
  lat?: number | null;
  lon?: number | null;
  x?: number | null;
  y?: number | null;
  place_source: "given" | "exif" | "xmp" | "raster" | "takeout" | "table" | "estimated" | null;
  /** How far off the place may be. */
  place_radius_m: number | null;
  time: string | null;
  width: number | null;
  height: number | null;
  attributes: Record<string, string | number | boolean | (string | number | boolean | null)[] | null>;
  thumbnail_url: string | null;
  image_url: string | null;
  rank: number;
  /** Null in a list, which nothing ranks. */
  score: number | null;
  distance_m: number | null;
  matched: string | null;
  terms: ScoreTerm[];
  /** In collections of concepts those shared with the query, the largest first. */
  evidence: Evidence[];
}

/** An example image: its bytes, the handle of such, or an item of the collection. */
export interface ImageTerm {
  /** A JPEG, PNG, HEIC, ... file as base64. */
  data?: string | null;
  /** Of a picture sent to `POST /v1/pictures`. */
  handle?: string | null;
  /** The id of an item of the collection. */
  id?: string | null;
  /** Share of this term; negative to search away from it. */
  weight?: number;
}

/** A request that is not valid, field by field. */
export interface Invalid {
  type: string;
  title: string;
  status: number;
  detail: string;
  /** Absent where it is not a field alone that is wrong. */
  errors?: FieldError[] | null;
}

/** An item; a plane collection's items have `x` and `y` for `lat` and `lon`. */
export interface Item {
  id: string;
  title: string;
  image: string | null;
  text: string | null;
  lat?: number | null;
  lon?: number | null;
  x?: number | null;
  y?: number | null;
  place_source: "given" | "exif" | "xmp" | "raster" | "takeout" | "table" | "estimated" | null;
  /** How far off the place may be. */
  place_radius_m: number | null;
  time: string | null;
  width: number | null;
  height: number | null;
  attributes: Record<string, string | number | boolean | (string | number | boolean | null)[] | null>;
  thumbnail_url: string | null;
  image_url: string | null;
}

/** What to change of an item; what is left out stays as it is. */
export interface ItemChanges {
  /** Null removes it. */
  text?: string | null;
  /** Null removes it. */
  place?: PlaceIn | null;
  /** How far off the new place may be. */
  place_radius_m?: number | null;
  /** How the new place is known. */
  place_source?: "given" | "exif" | "xmp" | "raster" | "takeout" | "table" | "estimated";
  /** ISO 8601, with a zone or without; null removes it. */
  time?: string | null;
  /** Merged into those that are there: `title` is what an item is called. Null removes one. */
  attributes?: Record<string, string | number | boolean | (string | number | boolean | null)[] | null>;
}

/** What an item has of a feature: its numbers, and of a class map what its cells show. */
export interface ItemFeature {
  name: string;
  kind: "vector" | "vectors" | "map" | "number" | "objects";
  /** Of a map: height, width, and channels if any. */
  shape: number[] | null;
  /** A number, a vector, or the bytes of a map, nested by its shape; of several vectors an object with `vectors` and `boxes`, of objects one with `boxes` (shares of the image's sides), `classes` (places in the field of that name) and `scores`. */
  values: unknown;
  /** Of a class map: what the numbers in `cells` stand for, the last being other; of objects those of their classes. */
  classes: string[] | null;
  /** Of a class map: a colour for each of `classes`, as `#rrggbb`. */
  colours: string[] | null;
  /** The class of each cell, row by row from the top; -1 where none is probable enough. */
  cells: number[][] | null;
  /** How probable the likeliest class of each cell is, in [0, 1]. */
  confidence: number[][] | null;
}

/** A page of the items that pass the filters. */
export interface ItemList {
  items: ListedItem[];
  /** How many pass, on all pages together. */
  n_items: number;
  /** In words, attributes and values of `where` that no item has; that nothing is near. */
  notes: string[];
  /** Where `radius` leaves nothing; null elsewhere. */
  nothing_near: NothingNear | null;
  /** For the next page; null on the last. */
  cursor: string | null;
}

/** The same with the files that could not be taken. */
export interface Job {
  id: string;
  collection: string;
  state: "queued" | "running" | "paused" | "done" | "failed" | "cancelled";
  created: string;
  started: string | null;
  finished: string | null;
  /** Files and rows to take in; null until all are found. */
  n_total: number | null;
  /** How many were looked at, those that are there already too. */
  n_done: number;
  /** How many files could not be taken. */
  n_errors: number;
  /** In words, why it failed. */
  detail: string | null;
  /** 1,000 at most; `n_errors` counts all. */
  errors: JobError[];
}

/** A file that could not be taken, and why. */
export interface JobError {
  file: string;
  reason: string;
}

/** What to take in: uploads, paths on the server, or both. */
export interface JobRequest {
  /** As `POST .../uploads` has answered. */
  uploads?: string[];
  /** Photos, folders and tables below the folders of `--allow-root`. */
  paths?: string[];
  /** Whether to look into subfolders. */
  recursive?: boolean;
  /** Whether to read the tables among the photos. */
  tables?: boolean;
  /** Patterns of files and folders to leave out, like `*.png`. */
  exclude?: string[];
}

/** An import, and how far it is. */
export interface JobSummary {
  id: string;
  collection: string;
  state: "queued" | "running" | "paused" | "done" | "failed" | "cancelled";
  created: string;
  started: string | null;
  finished: string | null;
  /** Files and rows to take in; null until all are found. */
  n_total: number | null;
  /** How many were looked at, those that are there already too. */
  n_done: number;
  /** How many files could not be taken. */
  n_errors: number;
  /** In words, why it failed. */
  detail: string | null;
}

/** What a picture is called that was sent to be asked with. */
export interface KeptPicture {
  /** For `images` of a search. */
  handle: string;
}

/** A point on the sphere, in degrees. */
export interface LatLon {
  lat: number;
  lon: number;
}

/** An item of a list. */
export interface ListedItem {
  id: string;
  title: string;
  image: string | null;
  text: string | null;
  lat?: number | null;
  lon?: number | null;
  x?: number | null;
  y?: number | null;
  place_source: "given" | "exif" | "xmp" | "raster" | "takeout" | "table" | "estimated" | null;
  /** How far off the place may be. */
  place_radius_m: number | null;
  time: string | null;
  width: number | null;
  height: number | null;
  attributes: Record<string, string | number | boolean | (string | number | boolean | null)[] | null>;
  thumbnail_url: string | null;
  image_url: string | null;
  /** From `near`, where that was given. */
  distance_m: number | null;
}

/** That nothing which passes the filters lies near the place asked for. */
export interface NothingNear {
  /** What counts as near: the radius, or as far as the decay reaches; null for a decay without a scale. */
  within_m: number | null;
  /** How far away the nearest is; null when nothing that passes has a place. */
  nearest_m: number | null;
}

/** What a phrase might mean, too uncertain to act on, and what to write for that. */
export interface Offer {
  phrase: string;
  write: string;
  label: string;
}

/** Whose files to send. */
export interface OriginalsRequest {
  /** Their files may have 8,589,934,592 bytes together. */
  ids: string[];
  /** Send no file as it is, since its metadata may say where it was taken, but a JPEG made anew of each picture, without any metadata. */
  strip_location?: boolean;
}

/** What may be painted, and in which colour. */
export interface PaintedClass {
  name: string;
  /** As `#rrggbb`; pictures that were painted are read by it. */
  colour: string;
}

/** What may be painted in a collection. */
export interface Palette {
  feature: string;
  classes: PaintedClass[];
  /** Of the class maps that sketches are compared with. */
  rows: number;
  columns: number;
  /** How many items have such a map. */
  n_items: number;
}

/** A month or a day, and how many items are from it. */
export interface Period {
  /** Like 2019-06 or 2019-06-30, of the wall clock where an item was taken. */
  period: string;
  n_items: number;
}

/** A place that a name may mean; `label` tells it apart from others of the name. */
export interface PlaceChoice {
  name: string;
  kind: string;
  country: string;
  admin: string | null;
  lat: number;
  lon: number;
  population: number;
  label: string;
}

/** A point: `lat` and `lon` in degrees; `x` and `y` in metres in a plane collection. */
export interface PlaceIn {
  lat?: number | null;
  lon?: number | null;
  x?: number | null;
  y?: number | null;
}

/** A place found in the words: what it was taken for, and what else it may mean. */
export interface PlaceMention {
  name: string;
  kind: string;
  country: string;
  admin: string | null;
  lat: number;
  lon: number;
  population: number;
  label: string;
  /** All that stood for it: "near Paris, Texas". */
  phrase: string;
  relation: "near" | "in";
  /** Set where the words gave a distance. */
  radius_m: number | null;
  /** Whether it asks for what is not there: "not in Lyon". */
  negated: boolean;
  /** The mention in words: "not in Lyon, France". */
  words: string;
  /** The likeliest, which was taken, first. */
  choices: PlaceChoice[];
}

/** Which index answered, the reason in words, and the numbers the choice rests on. */
export interface Plan {
  engine: string;
  reason: string;
  n_items: number;
  /** How many items pass the filters. */
  n_allowed: number;
  similarity: "raw" | "calibrated" | null;
  /** Whether cosines were corrected for hubs. */
  is_corrected: boolean;
  tree: TreeShape | null;
  /** How far near reached, where the collection decided it. */
  reach: string | null;
  /** What ordered the first hits anew. */
  reranker: string | null;
}

/** All located items, in columns; `x` and `y` for `lon` and `lat` on a plane. */
export interface Points {
  ids: string[];
  lon?: number[] | null;
  lat?: number[] | null;
  x?: number[] | null;
  y?: number[] | null;
  /** More than len(ids) when only a sample is given. */
  n_located: number;
}

/** A point: `lat` and `lon` in degrees; `x` and `y` in metres in a plane collection. */
export interface Position {
  lat?: number | null;
  lon?: number | null;
  x?: number | null;
  y?: number | null;
}

/** RFC 9457 problem details. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
}

/** Where an item may be, as somebody or something has estimated it, and what became of that. */
export interface Proposal {
  id: string;
  item_id: string;
  /** What is proposed. */
  place: Position;
  /** How far from it the item may be. */
  radius_m: number | null;
  /** How probable it is that it lies within, in [0, 1]. */
  confidence: number | null;
  /** What it rests on, in words. */
  evidence: string | null;
  state: "open" | "accepted" | "rejected";
  /** Where the item was when it was accepted; null when it had no place. */
  previous: Position | null;
  /** When it was made, ISO 8601. */
  time: string;
  /** What it is about, as it is now. */
  item: Item;
}

/** How many proposals are in each state. */
export interface ProposalCounts {
  open: number;
  accepted: number;
  rejected: number;
}

/** A page of the proposals in a state, or of all. */
export interface ProposalList {
  proposals: Proposal[];
  /** Of the collection, on all pages together. */
  counts: ProposalCounts;
  /** For the next page; null on the last. */
  cursor: string | null;
}

/** Where an item may be. */
export interface ProposalRequest {
  item_id: string;
  place: PlaceIn;
  /** How far from it the item may be, in metres. */
  radius_m?: number | null;
  /** How probable it is that it lies within, in [0, 1]. */
  confidence?: number | null;
  /** What it rests on, in words. */
  evidence?: string | null;
}

/** A search that the collection keeps. */
export interface SavedSearch {
  name: string;
  /** As `POST .../search` takes it. */
  search: Record<string, unknown>;
}

/** One summand of a score: contribution = weight * value. */
export interface ScoreTerm {
  /** place, or what was compared: text, image or vector. */
  kind: string;
  label: string;
  weight: number;
  value: number;
  contribution: number;
  cosine: number | null;
  /** What the cosine loses because the item is near every query. */
  correction: number | null;
  /** The value that a cosine of 0, corrected, has. */
  baseline: number | null;
}

/** Hits, best first, with what was understood and how sure the order is. */
export interface SearchAnswer {
  hits: Hit[];
  understood: Understood | null;
  /** In collections of concepts, what was asked with was taken for these. */
  evidence: Evidence[];
  plan: Plan | null;
  certificate: Certificate | null;
  /** The probability that something here shows what was asked for, in [0, 1]; told for one text, on the first page. */
  answerable: number | null;
  /** In words, when nothing here is a good match. */
  doubt: string | null;
  /** In words: that nothing is near, phrases that were left to the words, and why; attributes and values of `where` that no item has. */
  notes: string[];
  /** Set on the first page where nothing lies near the place asked for. */
  nothing_near: NothingNear | null;
  cursor: string | null;
  elapsed_ms: number;
}

/** What to look for: words, images, vectors, a place, or any mix; the rest is optional. */
export interface SearchRequest {
  text?: string | (string | TextTerm)[] | null;
  images?: ImageTerm[];
  vector?: number[] | VectorTerm[] | null;
  /** Of any kind of `GET /v1/terms`. */
  terms?: TermIn[];
  near?: string | PlaceIn | null;
  /** kind:scale, by default gauss:25km. */
  decay?: string | null;
  /** Share of the place; 1 - mu is that of meaning. */
  mu?: number;
  k?: number;
  /** West, south, east, north; west > east crosses the antimeridian. */
  bbox?: [number, number, number, number] | null;
  /** Hard limit around `near`: metres or 5km. */
  radius?: string | number | null;
  /** A GeoJSON area of at most 200,000 corners, whose edges cross at most 10,000 times. */
  polygon?: Record<string, unknown> | null;
  time?: string | [string | null, string | null] | null;
  /** {"city": "Paris", "rating": {"gte": 3}, "country": ["France", "Italy"], "keywords": {"all": ["sea", "boat"]}, "folder": {"starts": "2019/ro"}}; the operators are eq, ne, in, all, contains, starts, ends, gt, gte, lt, lte, exists and not; at most 1,000 values in a list. */
  where?: Record<string, unknown> | null;
  modality?: "image" | "text" | "vector" | ("image" | "text" | "vector")[] | null;
  located_only?: boolean;
  unlocated_only?: boolean;
  /** Of places known to within a radius, what must lie in an area: the centre, surely all of the circle, or maybe any of it. */
  uncertain?: "centre" | "surely" | "maybe";
  /** score, time (newest first), oldest, name or distance. Without words, images or vectors all that passes is listed in this order, by time unless given; else it orders the k best. */
  sort?: string | null;
  /** Whether places and times in the text are read; never those in quotes. */
  parse?: boolean;
  similarity?: "raw" | "calibrated" | null;
  /** Whether items that are near every query are corrected for that. */
  hubs?: boolean;
  /** How much it counts whether each phrase of the text is somewhere in a picture, beside the text as a whole; the collection must keep regions. By default what its encoder was found to gain by, where images are all that is compared. */
  delta?: number | null;
  cursor?: string | null;
  /** The index to use; by default it is planned. */
  engine?: string | null;
  /** Below 1 a few of the best may be missed, for speed. */
  recall_target?: number | null;
}

/** Which pictures show something, and where. */
export interface Shown {
  /** What each phrase was taken for. */
  read_as: Record<string, string>;
  /** How many show all of it; `items` are the first of them. */
  n_items: number;
  items: ShownItem[];
}

/** An item that shows all that was asked for. */
export interface ShownItem {
  id: string;
  /** The least of its words'. */
  weight: number;
  words: ShownWord[];
}

/** A word in a picture. */
export interface ShownWord {
  word: string;
  /** About how probably a caption would name it, in [0, 1]. */
  weight: number;
  /** Left, top, right and bottom of the region that shows it best, in pixels of the original image; None where its size is not known. */
  box: [number, number, number, number] | null;
}

/** An item that is alone in its cell. */
export interface Single {
  id: string;
  lat: number;
  lon: number;
}

/** A picture to see the class map of: one of the three. */
export interface SketchSource {
  /** The id of an item. */
  item?: string | null;
  /** Of a photo that was sent to `POST /v1/pictures`. */
  picture?: string | null;
  /** Of a picture that was painted in the colours of `GET .../sketch` and sent to `POST /v1/pictures`. */
  painting?: string | null;
}

/** Counts, extent in space and time, encoder, version and snapshots of a collection. */
export interface Stats {
  name: string;
  n_items: number;
  n_images: number;
  n_texts: number;
  n_located: number;
  n_with_time: number;
  bounds: [number, number, number, number] | null;
  /** First and last, ISO 8601. */
  time_range: [string, string] | null;
  encoder: string | null;
  fingerprint: string | null;
  concepts: string[];
  dim: number;
  space: "sphere" | "plane";
  modalities: string[];
  /** What each feature takes of an item; null where that differs. */
  feature_bytes: Record<string, number | null>;
  size_bytes: number;
  version: number;
  created: string;
  snapshots: Record<string, number>;
  /** How many items have each, most frequent first. */
  attributes: Record<string, number>;
  /** Attributes of every picture that no item states: its folder and file. */
  derived_attributes: string[];
}

/** A term of any kind of `GET /v1/terms`. */
export interface TermIn {
  kind: string;
  value: unknown;
  /** Negative pushes away. */
  weight?: number;
}

/** A kind of thing that can be looked for. */
export interface TermKind {
  name: string;
  what: string;
  example: unknown;
  /** The field of a search for it; None: in `terms` only. */
  field: string | null;
}

/** Words with a weight. */
export interface TextTerm {
  text: string;
  /** Share of this term; negative to search away from it. */
  weight?: number;
}

/** A time that the words name. */
export interface TimeMention {
  phrase: string;
  /** What it was taken for, in words. */
  words: string;
  negated: boolean;
  /** From, up to but not including; ISO 8601. Empty for what comes every year. */
  spans: [string, string][];
}

/** Periods that items are from; those that nothing is from are left out. */
export interface Timeline {
  by: "month" | "day";
  /** The oldest first. */
  periods: Period[];
  /** Items that pass and have no time. */
  n_undated: number;
}

/** Towns in columns, the largest first. */
export interface Towns {
  names: string[];
  lon: number[];
  lat: number[];
  population: number[];
}

/** Items in trees, the trees they are in, and items that are searched beside them. */
export interface TreeShape {
  n_items: number;
  n_trees: number;
  n_loose: number;
}

/** What was understood of the words: what is left of them, places, and times. */
export interface Understood {
  text: string;
  mentions: PlaceMention[];
  times: TimeMention[];
  near: LatLon | null;
  decay: string | null;
  /** Of the area that hits must lie in. */
  bounds: [number, number, number, number] | null;
  unread: Unread[];
  offers: Offer[];
  description: string;
}

/** A phrase that may name a place or time and was left to the words, and why. */
export interface Unread {
  phrase: string;
  reason: string;
}

/** A picture that was kept, and is not taken in yet. */
export interface UploadKept {
  /** Its name, for `uploads` of a job. */
  upload: string;
}

/** A vector with a weight. */
export interface VectorTerm {
  vector: number[];
  /** Share of this term; negative to search away from it. */
  weight?: number;
}

/** A word, and how many items show it. */
export interface WordCount {
  word: string;
  n_items: number;
}
