/** The server's REST API. */

import type {
  AttributeValue,
  Config,
  Explanation,
  Points,
  Problem as ProblemDetails,
  SearchAnswer,
  SearchRequest,
  Stats,
  Towns,
} from "./logic/rest.ts";

/** An answer that is a problem, in the server's own words. */
export class Problem extends Error {
  readonly title: string;
  readonly status: number;

  constructor({ title, status, detail }: Omit<ProblemDetails, "type">) {
    super(detail);
    this.title = title;
    this.status = status;
  }
}

async function ask<T>(path: string, options: RequestInit = {}): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    const detail = "Is placelens still running? Start it again with placelens serve, then reload.";
    throw new Problem({ title: "The server does not answer", status: 0, detail });
  }
  if (response.ok) return (await response.json()) as T;
  const plain = { title: response.statusText, status: response.status, detail: "" };
  throw new Problem(await response.json().catch(() => plain));
}

const collection = (name: string) => `/v1/collections/${encodeURIComponent(name)}`;

export const api = {
  config: () => ask<Config>("/v1/config"),
  towns: () => ask<Towns>("/v1/towns"),
  stats: (name: string) => ask<Stats>(collection(name)),
  points: (name: string) => ask<Points>(`${collection(name)}/points`),
  values: (name: string, attribute: string) =>
    ask<AttributeValue[]>(`${collection(name)}/values?attribute=${encodeURIComponent(attribute)}`),
  explain: (name: string, id: string, request: SearchRequest, signal: AbortSignal) =>
    ask<Explanation>(`${collection(name)}/items/${encodeURIComponent(id)}/explain`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(request),
      signal,
    }),
  search: (name: string, request: SearchRequest, signal: AbortSignal) =>
    ask<SearchAnswer>(`${collection(name)}/search`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(request),
      signal,
    }),
};
