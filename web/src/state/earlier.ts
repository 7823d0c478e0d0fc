/** Questions asked before, kept in this browser only. */

const KEY = "placelens.earlier";
const MOST = 50;

export function earlier(): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter((each) => typeof each === "string") : [];
  } catch {
    return []; // storage may be forbidden, or hold what another version wrote
  }
}

export function remember(words: string): void {
  const asked = words.trim();
  if (!asked) return;
  try {
    const all = [asked, ...earlier().filter((each) => each !== asked)];
    localStorage.setItem(KEY, JSON.stringify(all.slice(0, MOST)));
  } catch {
    // The page works without a memory.
  }
}
