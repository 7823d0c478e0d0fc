/** A histogram of months, or of the days of one, as bars of a row. */

export interface Bar {
  /** First and last day, YYYY-MM-DD. */
  from: string;
  to: string;
  label: string;
  n: number;
  /** In [0, 1]; the root of the count, so that a quiet month is seen beside a busy one. */
  height: number;
}

const MOST_BARS = 120;

/** Bars for months "YYYY-MM" with counts, in order; years where there are too many months. */
export function monthBars(months: readonly string[], counts: readonly number[], locale: string): Bar[] {
  if (months.length === 0) return [];
  const all = filled(months, counts);
  if (all.length <= MOST_BARS) {
    const name = new Intl.DateTimeFormat(locale, { month: "long", year: "numeric", timeZone: "UTC" });
    return scaled(all.map(([month, n]) => ({ from: `${month}-01`, to: lastDay(month), label: name.format(new Date(`${month}-01T00:00:00Z`)), n })));
  }
  const years = new Map<string, number>();
  for (const [month, n] of all) years.set(month.slice(0, 4), (years.get(month.slice(0, 4)) ?? 0) + n);
  return scaled([...years].map(([year, n]) => ({ from: `${year}-01-01`, to: `${year}-12-31`, label: year, n })));
}

/** Bars for the days of a month, by day "YYYY-MM-DD". */
export function dayBars(days: readonly string[], counts: readonly number[], from: string, to: string, locale: string): Bar[] {
  const name = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeZone: "UTC" });
  const known = new Map(days.map((day, i) => [day, counts[i] ?? 0]));
  const bars = [];
  for (let at = Date.parse(`${from}T00:00:00Z`); at <= Date.parse(`${to}T00:00:00Z`); at += 86_400_000) {
    const day = new Date(at).toISOString().slice(0, 10);
    bars.push({ from: day, to: day, label: name.format(new Date(at)), n: known.get(day) ?? 0 });
  }
  return scaled(bars);
}

/** First and last day of the month that a span of dates lies in; null when it lies in none. */
export function monthAround(from: string, to: string): [string, string] | null {
  const month = from.slice(0, 7);
  return month.length === 7 && month === to.slice(0, 7) ? [`${month}-01`, lastDay(month)] : null;
}

export function lastDay(month: string): string {
  const [year, number] = month.split("-").map(Number);
  return new Date(Date.UTC(year!, number!, 0)).toISOString().slice(0, 10);
}

/** Every month from the first to the last, those without items too. */
function filled(months: readonly string[], counts: readonly number[]): [string, number][] {
  const known = new Map(months.map((month, i) => [month, counts[i] ?? 0]));
  const sorted = [...months].sort();
  let [year, number] = sorted[0]!.split("-").map(Number) as [number, number];
  const all: [string, number][] = [];
  for (let month = sorted[0]!; month <= sorted.at(-1)!; ) {
    all.push([month, known.get(month) ?? 0]);
    [year, number] = number === 12 ? [year + 1, 1] : [year, number + 1];
    month = `${String(year).padStart(4, "0")}-${String(number).padStart(2, "0")}`;
  }
  return all;
}

function scaled(bars: Omit<Bar, "height">[]): Bar[] {
  const most = Math.max(1, ...bars.map(({ n }) => n));
  return bars.map((bar) => ({ ...bar, height: Math.sqrt(bar.n / most) }));
}
