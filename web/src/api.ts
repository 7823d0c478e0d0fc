/** The server's REST API. */

import type {
  AttributeValue,
  Clusters,
  Config,
  Explanation,
  Item,
  ItemFeature,
  KeptPicture,
  PlaceChoice,
  Problem as ProblemDetails,
  SearchAnswer,
  SearchRequest,
  Stats,
  Timeline,
  Towns,
} from "./logic/rest.ts";
import type { Bounds } from "./logic/geodesy.ts";
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

async function ask<T>(path: string, options: RequestInit = {}): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem({ title: t.problems.gone, status: 0, detail: t.problems.goneHelp });
  }
  if (response.ok) return (await response.json()) as T;
  const plain = { title: response.statusText, status: response.status, detail: "" };
  throw new Problem(await response.json().catch(() => plain));
}

function post<T>(path: string, body: unknown, signal: AbortSignal): Promise<T> {
  const headers = { "Content-Type": "application/json" };
  return ask<T>(path, { method: "POST", headers, body: JSON.stringify(body), signal });
}

const collection = (name: string) => `/v1/collections/${encodeURIComponent(name)}`;
const item = (name: string, id: string) => `${collection(name)}/items/${encodeURIComponent(id)}`;

export const api = {
  config: () => ask<Config>("/v1/config"),
  towns: () => ask<Towns>("/v1/towns"),
  stats: (name: string, signal: AbortSignal) => ask<Stats>(collection(name), { signal }),
  values: (name: string, attribute: string, signal?: AbortSignal) =>
    ask<AttributeValue[]>(`${collection(name)}/values?attribute=${encodeURIComponent(attribute)}`, signal ? { signal } : {}),
  places: (q: string, signal: AbortSignal) =>
    ask<PlaceChoice[]>(`/v1/places?limit=4&q=${encodeURIComponent(q)}`, { signal }),
  item: (name: string, id: string, signal: AbortSignal) => ask<Item>(item(name, id), { signal }),
  feature: (name: string, id: string, feature: string, signal: AbortSignal) =>
    ask<ItemFeature>(`${item(name, id)}/kept?feature=${encodeURIComponent(feature)}`, { signal }),
  keepPicture: (content: Blob) => ask<KeptPicture>("/v1/pictures", { method: "POST", body: content }),
  explain: (name: string, id: string, request: SearchRequest, signal: AbortSignal) =>
    post<Explanation>(`${item(name, id)}/explain`, request, signal),
  timeline: (name: string, by: Timeline["by"], filters: URLSearchParams, signal: AbortSignal) =>
    ask<Timeline>(`${collection(name)}/timeline?by=${by}&${filters}`, { signal }),
  clusters: (name: string, { box: [west, south, east, north], zoom }: View, filters: URLSearchParams, signal: AbortSignal) =>
    ask<Clusters>(`${collection(name)}/clusters?${new URLSearchParams(Object.entries({ zoom, west, south, east, north }).map(([key, value]) => [key, String(value)]))}&${filters}`, { signal }),
  search: (name: string, request: SearchRequest, signal: AbortSignal) =>
    post<SearchAnswer>(`${collection(name)}/search`, request, signal),
};
