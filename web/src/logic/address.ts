/** The page's address: the question, the item that is open, and what of the page is shown. */

import { fromHash, type Query, toHash } from "./query.ts";

/** What fills the stage; where the screen is narrow "both" shows the results. "paint" has the canvas beside them, "review" the map beside proposed places. */
export const PANELS = ["both", "results", "map", "paint", "review"] as const;
export type Panel = (typeof PANELS)[number];

export interface Place {
  query: Query;
  /** Id of the item that is open. */
  open: string | null;
  large: boolean;
  panel: Panel;
  /** Whether the map shows where the scores lie. */
  heat: boolean;
}

export function toAddress({ query, open, large, panel, heat }: Place): string {
  const parts = new URLSearchParams(toHash(query));
  if (open !== null) parts.set("item", open);
  if (open !== null && large) parts.set("large", "1");
  if (panel !== "both") parts.set("panel", panel);
  if (heat) parts.set("heat", "1");
  return `#${parts}`;
}

export function fromAddress(hash: string): Place {
  const parts = new URLSearchParams(hash.replace(/^#/, ""));
  const open = parts.get("item");
  const panel = PANELS.find((each) => each === parts.get("panel")) ?? "both";
  return { query: fromHash(hash), open, large: open !== null && parts.get("large") === "1", panel, heat: parts.get("heat") === "1" };
}
