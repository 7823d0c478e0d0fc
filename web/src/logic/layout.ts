/** Where cards stand in the grid: rows of one height, with headings between groups. */

export interface Frame {
  columns: number;
  /** Width of a card, in pixels. */
  width: number;
  rowHeight: number;
  gap: number;
  headingHeight: number;
}

export interface Row {
  top: number;
  /** Cards from..to, the end excluded; none in a heading. */
  from: number;
  to: number;
  heading: string | null;
}

export interface Layout {
  rows: Row[];
  height: number;
}

/** Columns of at least so many pixels, as many as fit. */
export function frameOf(width: number, least: number, gap: number, below: number): Frame {
  const columns = Math.max(1, Math.floor((width + gap) / (least + gap)));
  const card = (width - gap * (columns - 1)) / columns;
  return { columns, width: card, rowHeight: Math.round(card * 0.75) + below, gap, headingHeight: 44 };
}

/** Rows for n cards; `groupOf` names the group of each, or is null where there are no groups. */
export function layOut(n: number, frame: Frame, groupOf: ((index: number) => string) | null): Layout {
  const rows: Row[] = [];
  let top = 0;
  let from = 0;
  while (from < n) {
    const group = groupOf?.(from) ?? null;
    let end = groupOf ? from + 1 : n;
    while (end < n && groupOf?.(end) === group) end++;
    if (group !== null) {
      rows.push({ top, from, to: from, heading: group });
      top += frame.headingHeight;
    }
    for (; from < end; from += frame.columns) {
      rows.push({ top, from, to: Math.min(end, from + frame.columns), heading: null });
      top += frame.rowHeight + frame.gap;
    }
    from = end;
  }
  return { rows, height: Math.max(0, top - frame.gap) };
}

/** The rows that are seen between two heights. */
export function seenRows({ rows }: Layout, top: number, bottom: number): Row[] {
  return rows.slice(firstFrom(rows, top), firstFrom(rows, bottom) + 1);
}

/** The row of a card. */
export function rowOf({ rows }: Layout, index: number): Row | null {
  return rows[countOf(rows, (row) => row.to <= index)] ?? null;
}

/** The last row that starts at or above a height. */
function firstFrom(rows: readonly Row[], height: number): number {
  return Math.max(0, countOf(rows, (row) => row.top <= height) - 1);
}

/** How many rows at the start meet a condition that none meets after the first that does not. */
function countOf(rows: readonly Row[], meets: (row: Row) => boolean): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (meets(rows[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}
