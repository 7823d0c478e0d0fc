/** Numbers, distances and times as people read them. */

const COUNT = new Intl.NumberFormat("en");

export function formatDistance(metres: number): string {
  if (metres < 1000) return `${Math.round(metres)} m`;
  if (metres < 99_950) return `${(metres / 1000).toFixed(1).replace(/\.0$/, "")} km`;
  return `${COUNT.format(Math.round(metres / 1000))} km`;
}

export function formatLatLon(lat: number, lon: number): string {
  const digits = 4;
  const ns = lat < 0 ? "S" : "N";
  const ew = lon < 0 ? "W" : "E";
  return `${Math.abs(lat).toFixed(digits)}° ${ns}, ${Math.abs(lon).toFixed(digits)}° ${ew}`;
}

/** Making one takes longer than a card that is drawn with it. */
const DAYS = {
  short: new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", dateStyle: "medium" }),
  long: new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", dateStyle: "long" }),
};

/** The wall-clock time as written in the file: never moved to the reader's own time zone. */
export function formatTime(iso: string, style: "short" | "long" = "short"): string {
  const match = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2}))?/.exec(iso);
  if (!match) return iso;
  const [, year, month, day, hour, minute] = match;
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  const text = DAYS[style].format(date);
  return style === "long" && hour !== undefined ? `${text}, ${hour}:${minute}` : text;
}

/** Names of attributes: `alt_text` as `Alt text`. */
export function formatName(name: string): string {
  const words = name.replace(/[_-]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A share of one as a percentage: `0.423` as `42 %`. */
export function formatShare(share: number): string {
  return `${Math.round(100 * share)} %`;
}

/** A number of a score; `both`: with its sign, as a summand. */
export function formatSigned(value: number, signs: "minus" | "both"): string {
  const text = Math.abs(value).toFixed(3);
  if (value < 0 && Number(text) > 0) return `−${text}`;
  return signs === "both" ? `+${text}` : text;
}

/** A span of days in as few words as name it: a year, a month, a day; null when none does. */
export function formatSpan(from: string, to: string, locale: string): string | null {
  const date = new Date(`${from}T00:00:00Z`);
  const named = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, { timeZone: "UTC", ...options }).format(date);
  if (Number.isNaN(date.valueOf())) return null;
  if (from === to) return named({ dateStyle: "long" });
  if (from.endsWith("-01-01") && to === `${from.slice(0, 4)}-12-31`) return from.slice(0, 4);
  const next = new Date(Date.parse(`${to}T00:00:00Z`) + 86_400_000);
  const isMonth = from.endsWith("-01") && from.slice(0, 7) === to.slice(0, 7) && next.getUTCDate() === 1;
  return isMonth ? named({ month: "long", year: "numeric" }) : null;
}
