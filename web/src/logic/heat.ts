/** Where the scores of a question lie: cells of the map, each on a scale from 0 to 1. */

import type { Heat, HeatCell } from "./rest.ts";

export interface HotCell extends HeatCell {
  /** 0 for a cell no better than half of all items are, 1 for one as good as the best of them. */
  level: number;
}

/** The cells with their place on one scale, which is the same for every view of the map. */
export function hotCells({ cells, median, highest }: Heat): HotCell[] {
  if (median === null || highest === null) return [];
  const span = highest - median;
  // Where all items score the same there is no scale: they are all the best.
  return cells.map((cell) => ({ ...cell, level: span > 0 ? Math.max(0, (cell.mean - median) / span) : 1 }));
}
