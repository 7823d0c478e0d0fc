/** The grid of results: only the rows in sight, and a few more, are in the page. */

import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { type Frame, frameOf, layOut, rowOf, seenRows } from "../logic/layout.ts";
import type { Hit } from "../logic/rest.ts";
import { longest } from "../logic/shares.ts";
import { page } from "../state/page.ts";
import { selection } from "../state/selection.ts";
import { t } from "../words/index.ts";
import { Card } from "./card.tsx";
import { useMarquee } from "./marquee.ts";

const LEAST_WIDTH = 190;
const LEAST_WIDTH_NARROW = 150;
const NARROW = 560;
/** Below the picture: title and facts, and the score where there is one. */
const BELOW = 58;
const BELOW_SCORED = 82;
/** Rows beyond the edge that are made, so that scrolling shows no gap. */
const MARGIN_PX = 600;

/** Where the keyboard goes from the search field. */
export function focusFirstResult(): void {
  document.querySelector<HTMLElement>("#results .card .open")?.focus();
}

export function Grid({ scroller }: { scroller: { current: HTMLElement | null } }) {
  const hits = page.hits.value;
  const answer = page.answer.value;
  const list = useRef<HTMLDivElement>(null);
  const size = useSignal({ width: 0, top: 0, bottom: 0 });
  const focused = useRef<string | null>(null);
  const scored = hits.some((hit) => hit.score !== null);
  // Not each change of the question is one of the grid: a slider that moves draws its cards once, with the answer.
  const grouped = useComputed(() => page.isList.value && [null, "time", "oldest"].includes(page.query.value.sort)).value;
  const frame = useComputed<Frame>(() => {
    const { width } = size.value;
    const isNarrow = width < NARROW;
    return frameOf(width || LEAST_WIDTH, isNarrow ? LEAST_WIDTH_NARROW : LEAST_WIDTH, isNarrow ? 12 : 20, scored ? BELOW_SCORED : BELOW);
  }).value;
  const layout = useMemo(
    () => layOut(hits.length, frame, grouped ? (index) => monthOf(hits[index]!) : null),
    [hits, frame.columns, frame.width, frame.rowHeight, grouped],
  );
  const best = useMemo(() => longest(hits), [hits]);

  useLayoutEffect(() => {
    const root = scroller.current;
    const own = list.current;
    if (!root || !own) return;
    const measure = () => {
      const above = own.getBoundingClientRect().top - root.getBoundingClientRect().top;
      size.value = { width: own.clientWidth, top: -above, bottom: root.clientHeight - above };
    };
    measure();
    const watcher = new ResizeObserver(measure);
    watcher.observe(root);
    watcher.observe(own);
    root.addEventListener("scroll", measure, { passive: true });
    return () => {
      watcher.disconnect();
      root.removeEventListener("scroll", measure);
    };
  }, []);

  const { top, bottom } = size.value;
  useEffect(() => {
    if (answer?.cursor && bottom + 2 * MARGIN_PX > layout.height) void page.searching.more();
  }, [answer, bottom, layout]);

  /** Bring a card into view, and focus it once it is there. */
  const reach = (index: number, focus: boolean) => {
    const row = rowOf(layout, index);
    const root = scroller.current;
    const hit = hits[index];
    if (!row || !root || !hit) return;
    const above = root.scrollTop - top;
    const start = above + row.top;
    if (start < root.scrollTop + 12) root.scrollTop = start - 12;
    else if (start + frame.rowHeight > root.scrollTop + root.clientHeight - 12) root.scrollTop = start + frame.rowHeight - root.clientHeight + 12;
    if (!focus) return;
    focused.current = hit.id;
    // The row is made in the next frame, if it was out of sight.
    const find = () => own(list.current, hit.id)?.focus({ preventScroll: true });
    find();
    requestAnimationFrame(() => requestAnimationFrame(find));
  };
  const { value: open } = page.open;
  useEffect(() => {
    const index = hits.findIndex((hit) => hit.id === open);
    if (index >= 0) reach(index, false);
    // When the panel closes, the keyboard is back where it was.
    else if (open === null && focused.current && document.activeElement === document.body) own(list.current, focused.current)?.focus();
  }, [open]);

  const keys = (event: KeyboardEvent) => {
    const card = (event.target as HTMLElement).closest<HTMLElement>(".card");
    const index = hits.findIndex((hit) => hit.id === card?.dataset["id"]);
    if (index < 0) return;
    const steps: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: frame.columns, ArrowUp: -frame.columns, Home: -index, End: hits.length - 1 - index };
    const step = steps[event.key];
    if (step !== undefined && hits[index + step]) {
      event.preventDefault();
      reach(index + step, true);
    } else if (event.key === "x" || event.key === "X" || event.key === " ") {
      if (event.key === " " && (event.target as HTMLElement).matches(".tick, .similar")) return;
      event.preventDefault();
      const id = hits[index]!.id;
      if (event.shiftKey) selection.extendTo(id, hits.map((hit) => hit.id));
      else selection.toggle(id);
    }
  };
  const marquee = useMarquee(list, (box) => {
    const inside = layout.rows.flatMap((row) => {
      if (row.heading !== null || row.top + frame.rowHeight < box.top || row.top > box.bottom) return [];
      const column = (i: number) => i * (frame.width + frame.gap);
      return hits.slice(row.from, row.to).filter((_, i) => column(i) < box.right && column(i) + frame.width > box.left);
    });
    selection.set(inside.map((hit) => hit.id));
  });
  const rows = seenRows(layout, top - MARGIN_PX, bottom + MARGIN_PX);
  const seen = rows.flatMap((row) => Array.from({ length: row.to - row.from }, (_, i) => ({ index: row.from + i, row, column: i })));
  // What has the keyboard stays in the page, wherever it is scrolled.
  const held = hits.findIndex((hit) => hit.id === focused.current);
  const heldRow = held >= 0 && !seen.some(({ index }) => index === held) ? rowOf(layout, held) : null;
  if (heldRow) seen.push({ index: held, row: heldRow, column: held - heldRow.from });
  const drawn = marquee.box.value;
  const total = answer?.plan?.engine === "list" ? answer.plan.n_allowed : hits.length;
  return (
    <div ref={list} class="grid" style={{ height: `${layout.height}px` }} {...marquee.listeners}>
      {rows.map((row) => row.heading !== null && (
        <h2 key={row.heading} class="heading" style={{ transform: `translateY(${row.top}px)` }}>{row.heading}</h2>
      ))}
      <ol
        aria-label={t.results.ordered}
        onKeyDown={keys}
        onFocusCapture={(event) => (focused.current = (event.target as HTMLElement).closest<HTMLElement>(".card")?.dataset["id"] ?? null)}
      >
        {seen.map(({ index, row, column }) => {
          const hit = hits[index]!;
          return (
            <Card
              key={hit.id}
              hit={hit}
              best={best}
              index={index}
              total={total}
              ids={() => hits.map((each) => each.id)}
              style={{
                width: `${frame.width}px`,
                height: `${frame.rowHeight}px`,
                transform: `translate(${column * (frame.width + frame.gap)}px, ${row.top}px)`,
              }}
            />
          );
        })}
      </ol>
      {drawn && (
        <div
          class="marquee"
          style={{
            left: `${drawn.left}px`,
            top: `${drawn.top}px`,
            width: `${drawn.right - drawn.left}px`,
            height: `${drawn.bottom - drawn.top}px`,
          }}
        />
      )}
    </div>
  );
}

function own(list: HTMLElement | null, id: string): HTMLElement | null {
  return list?.querySelector<HTMLElement>(`.card[data-id="${CSS.escape(id)}"] .open`) ?? null;
}

const MONTH = new Intl.DateTimeFormat(t.locale, { month: "long", year: "numeric", timeZone: "UTC" });

function monthOf({ time }: Hit): string {
  if (!time) return t.results.undated;
  const date = new Date(`${time.slice(0, 7)}-01T00:00:00Z`);
  return Number.isNaN(date.valueOf()) ? time.slice(0, 7) : MONTH.format(date);
}
