/** The page's language: the first of the browser's that there is, else English. */

import { en, type Language } from "./en.ts";

const LANGUAGES: Record<string, Language> = { en };

function chosen(): Language {
  const wanted = typeof navigator === "undefined" ? [] : navigator.languages;
  const known = wanted.map((tag) => LANGUAGES[tag.split("-")[0] ?? ""]).find(Boolean);
  return known ?? en;
}

export const t = chosen();
