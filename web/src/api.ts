/** The server's REST API. */

import type {
  AttributeValue,
  ClassMap,
  Clusters,
  Config,
  Explanation,
  ExportRequest,
  Heat,
  HeatRequest,
  Item,
  ItemChanges,
  ItemFeature,
  Job,
  JobRequest,
  JobSummary,
  KeptPicture,
  Palette,
  PlaceChoice,
  Problem as ProblemDetails,
  Proposal,
  ProposalList,
  SavedSearch,
  SearchAnswer,
  SearchRequest,
  SketchSource,
  Stats,
  Timeline,
  Towns,
  UploadKept,
  WordCount,
} from "./logic/rest.ts";
import type { Bounds } from "./logic/geodesy.ts";
import { session } from "./state/session.ts";
import { t } from "./words/index.ts";

/** What a map shows. */
export interface View {
  box: Bounds;
  zoom: number;
}

/** An answer that is a problem, in the server's own words; status 0 when there was none. */
export class Problem extends Error {
  readonly title: string;
  readonly status: number;

  constructor({ title, status, detail }: Omit<ProblemDetails, "type">) {
    super(detail);
    this.title = title;
    this.status = status;
  }

  /** What was thrown, as a problem. */
  static of(error: unknown): Problem {
    if (error instanceof Problem) return error;
    console.error(error);
    return new Problem({ title: t.problems.here, status: -1, detail: String(error) });
  }
}

async function fetched(path: string, options: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { ...options, headers: { ...options.headers, ...session.headers() } });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem({ title: t.problems.gone, status: 0, detail: t.problems.goneHelp });
  }
  if (response.ok) return response;
  if (response.status === 401) session.refused();
  const plain = { title: response.statusText, status: response.status, detail: "" };
  throw new Problem(await response.json().catch(() => plain));
}

async function ask<T>(path: string, options: RequestInit = {}): Promise<T> {
  return (await (await fetched(path, options)).json()) as T;
}

function asJson(method: string, body: unknown, signal?: AbortSignal): RequestInit {
  const headers = { "Content-Type": "application/json" };
  return { method, headers, body: JSON.stringify(body), ...(signal && { signal }) };
}

function post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  return ask<T>(path, asJson("POST", body, signal));
}

/** An answer to be saved, under the name that the server gives it. */
async function file(path: string, body: unknown): Promise<File> {
  const response = await fetched(path, asJson("POST", body));
  const name = /filename="?([^";]+)/.exec(response.headers.get("Content-Disposition") ?? "")?.[1] ?? "placelens";
  return new File([await response.blob()], name, { type: response.headers.get("Content-Type") ?? "" });
}

const collection = (name: string) => `/v1/collections/${encodeURIComponent(name)}`;
const item = (name: string, id: string) => `${collection(name)}/items/${encodeURIComponent(id)}`;

/** Where an item's picture is, small or as it was taken. */
export const pictureUrl = (name: string, id: string, size: "thumbnail" | "image") => `${item(name, id)}/${size}`;

export const api = {
  config: () => ask<Config>("/v1/config"),
  towns: () => ask<Towns>("/v1/towns"),
  stats: (name: string, signal: AbortSignal) => ask<Stats>(collection(name), { signal }),
  values: (name: string, attribute: string, signal?: AbortSignal) =>
    ask<AttributeValue[]>(`${collection(name)}/values?attribute=${encodeURIComponent(attribute)}`, signal ? { signal } : {}),
  /** Words for what the pictures show, those that most show first. */
  words: (name: string, signal: AbortSignal) => ask<WordCount[]>(`${collection(name)}/words`, { signal }),
  places: (q: string, signal: AbortSignal) =>
    ask<PlaceChoice[]>(`/v1/places?limit=4&q=${encodeURIComponent(q)}`, { signal }),
  item: (name: string, id: string, signal: AbortSignal) => ask<Item>(item(name, id), { signal }),
  feature: (name: string, id: string, feature: string, signal: AbortSignal) =>
    ask<ItemFeature>(`${item(name, id)}/kept?feature=${encodeURIComponent(feature)}`, { signal }),
  palette: (name: string, signal: AbortSignal) => ask<Palette>(`${collection(name)}/sketch`, { signal }),
  classMap: (name: string, of: SketchSource, signal?: AbortSignal) =>
    post<ClassMap>(`${collection(name)}/sketch/map`, of, signal),
  keepPicture: (content: Blob) => ask<KeptPicture>("/v1/pictures", { method: "POST", body: content }),
  explain: (name: string, id: string, request: SearchRequest, signal: AbortSignal) =>
    post<Explanation>(`${item(name, id)}/explain`, request, signal),
  timeline: (name: string, by: Timeline["by"], filters: URLSearchParams, signal: AbortSignal) =>
    ask<Timeline>(`${collection(name)}/timeline?by=${by}&${filters}`, { signal }),
  clusters: (name: string, { box: [west, south, east, north], zoom }: View, filters: URLSearchParams, signal: AbortSignal) =>
    ask<Clusters>(`${collection(name)}/clusters?${new URLSearchParams(Object.entries({ zoom, west, south, east, north }).map(([key, value]) => [key, String(value)]))}&${filters}`, { signal }),
  /** Where in a view of the map the scores of a search lie. */
  heat: (name: string, request: SearchRequest, { box: [west, south, east, north], zoom }: View, signal: AbortSignal) =>
    post<Heat>(`${collection(name)}/heat`, { ...request, zoom, west, south, east, north } satisfies HeatRequest, signal),
  savedSearches: (name: string, signal: AbortSignal) => ask<SavedSearch[]>(`${collection(name)}/searches`, { signal }),
  saveSearch: (name: string, called: string, request: SearchRequest) =>
    ask<SavedSearch>(`${collection(name)}/searches/${encodeURIComponent(called)}`, asJson("PUT", request)),
  forgetSearch: (name: string, called: string) => fetched(`${collection(name)}/searches/${encodeURIComponent(called)}`, { method: "DELETE" }),
  /** Proposed places with their items, a page at a time. */
  proposals: (name: string, asked: Record<string, string>, signal: AbortSignal) =>
    ask<ProposalList>(`${collection(name)}/proposals?${new URLSearchParams(asked)}`, { signal }),
  decide: (name: string, id: string, how: "accept" | "reject" | "undo") =>
    post<Proposal>(`${collection(name)}/proposals/${encodeURIComponent(id)}/${how}`, {}),
  export: (name: string, request: ExportRequest) => file(`${collection(name)}/export`, request),
  originals: (name: string, ids: string[]) => file(`${collection(name)}/originals`, { ids }),
  change: (name: string, id: string, changes: ItemChanges) => ask<Item>(item(name, id), asJson("PATCH", changes)),
  delete: (name: string, id: string) => fetched(item(name, id), { method: "DELETE" }),
  upload: (name: string, content: File) =>
    ask<UploadKept>(`${collection(name)}/uploads?file_name=${encodeURIComponent(content.name)}`, {
      method: "POST",
      headers: { "Content-Type": content.type || "application/octet-stream" },
      body: content,
    }),
  startJob: (name: string, request: JobRequest) => post<JobSummary>(`${collection(name)}/jobs`, request),
  job: (id: string) => ask<Job>(`/v1/jobs/${id}`),
  steerJob: (id: string, how: "pause" | "resume" | "cancel") => post<JobSummary>(`/v1/jobs/${id}/${how}`, {}),
  search: (name: string, request: SearchRequest, signal: AbortSignal) =>
    post<SearchAnswer>(`${collection(name)}/search`, request, signal),
};
