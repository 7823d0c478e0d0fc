/** The page's address: the question, the item that is open, and whether it is shown large. */

import { fromHash, type Query, toHash } from "./query.ts";

export interface Place {
  query: Query;
  /** Id of the item that is open. */
  open: string | null;
  large: boolean;
}

export function toAddress({ query, open, large }: Place): string {
  const parts = new URLSearchParams(toHash(query));
  if (open !== null) parts.set("item", open);
  if (open !== null && large) parts.set("large", "1");
  return `#${parts}`;
}

export function fromAddress(hash: string): Place {
  const parts = new URLSearchParams(hash.replace(/^#/, ""));
  const open = parts.get("item");
  return { query: fromHash(hash), open, large: open !== null && parts.get("large") === "1" };
}
