/** How many items there are in each month, or on each day of one; a bar keeps to its dates. */

import { useEffect, useMemo } from "preact/hooks";
import { api } from "../api.ts";
import { toFilters } from "../logic/query.ts";
import type { Timeline as Counts } from "../logic/rest.ts";
import { type Bar, dayBars, monthAround, monthBars } from "../logic/timeline.ts";
import { page } from "../state/page.ts";
import { Fetched } from "../state/resource.ts";
import { t } from "../words/index.ts";
import { Icon } from "./icon.tsx";

interface Found {
  from: string;
  to: string;
  counts: Counts;
}

const counts = new Fetched<Found>();

export function Timeline() {
  const query = page.query.value;
  const isList = page.isList.value;
  const month = monthAround(query.from, query.to);
  // The dates themselves do not narrow it, or there would be nowhere to go from them.
  const [from, to] = month ?? ["", ""];
  const filters = toFilters({ ...query, from, to });
  const by = month ? "day" : "month";
  useEffect(() => {
    if (isList) void counts.load(async (signal) => ({ from, to, counts: await api.timeline(query.collection, by, filters, signal) }));
  }, [query.collection, by, String(filters), isList]);
  const found = counts.state.value.value;
  const bars = useMemo(() => (found ? barsOf(found) : []), [found]);
  if (!isList || bars.length < 2) return null;
  return (
    <nav class="timeline" aria-label={t.timeline.label}>
      {(query.from || query.to) && (
        <button type="button" class="quiet" onClick={() => page.change({ from: "", to: "" })}>
          <Icon name="back" />
          {t.timeline.all}
        </button>
      )}
      <ol>
        {bars.map(({ from, to, label, n, height }) => (
          <li key={from}>
            <button
              type="button"
              disabled={n === 0}
              aria-pressed={query.from === from && query.to === to}
              title={t.timeline.bar(label, n)}
              aria-label={t.timeline.bar(label, n)}
              onClick={() => page.change({ from, to })}
            >
              <span style={{ height: `${Math.max(n ? 8 : 0, 100 * height)}%` }} />
            </button>
            <Tick from={from} to={to} />
          </li>
        ))}
      </ol>
    </nav>
  );
}

/** The year under its first month, the number under a day. */
function Tick({ from, to }: { from: string; to: string }) {
  const isDay = from === to;
  const isYear = from.endsWith("-01-01");
  if (!isDay && !isYear) return null;
  return <span class="tick-label" aria-hidden="true">{isDay ? Number(from.slice(8)) : from.slice(0, 4)}</span>;
}

function barsOf({ from, to, counts: { by, periods } }: Found): Bar[] {
  const starts = periods.map(({ period }) => period);
  const n = periods.map(({ n_items }) => n_items);
  return by === "day" ? dayBars(starts, n, from, to, t.locale) : monthBars(starts, n, t.locale);
}
