/** Words for what the pictures show, each with how many; pressed, it is asked for. Only where nothing is asked yet. */

import { useEffect, useRef } from "preact/hooks";
import { api } from "../api.ts";
import { asksForSomething, hasFilters } from "../logic/query.ts";
import type { WordCount } from "../logic/rest.ts";
import { page } from "../state/page.ts";
import { Fetched } from "../state/resource.ts";
import { t } from "../words/index.ts";

const MOST_WORDS = 20;
const MOST_LINES = 2;

interface Found {
  collection: string;
  words: WordCount[];
}

const found = new Fetched<Found>();

export function ShownWords() {
  const list = useRef<HTMLUListElement>(null);
  const query = page.query.value;
  const { collection } = query;
  // They are counted over all items: those of a filter would be others.
  const isAsked = page.isList.value && !asksForSomething(query) && !hasFilters(query) && Boolean(page.keeps("shown"));
  const version = page.stats.state.value.value?.version;
  useEffect(() => {
    if (isAsked) void found.load(async (signal) => ({ collection, words: await api.words(collection, signal) }));
  }, [collection, version, isAsked]);
  const { value, error } = found.state.value;
  const words = isAsked && !error && value?.collection === collection ? value.words.slice(0, MOST_WORDS) : [];
  useEffect(() => keepLines(list.current), [words.map(({ word }) => word).join()]);
  if (words.length === 0) return null;
  const ask = (word: string) => {
    page.change({ words: word });
    // The words go with the question that there was none.
    document.getElementById("results")?.focus();
  };
  return (
    <div class="shown-words">
      <span id="shown-words">{t.shownWords.label}</span>
      <ul ref={list} class="values" aria-labelledby="shown-words">
        {words.map(({ word, n_items }) => (
          <li key={word}>
            <button type="button" title={t.shownWords.ask(word, n_items)} onClick={() => ask(word)}>
              {word} <span class="count">{t.shownWords.n(n_items)}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Hide the words that would begin a further line, to keys too; as wide as the page may become. */
function keepLines(list: HTMLElement | null): (() => void) | undefined {
  if (!list) return;
  const items = [...list.children] as HTMLElement[];
  const watcher = new ResizeObserver(() => {
    for (const item of items) item.hidden = false;
    const lines = [...new Set(items.map(({ offsetTop }) => offsetTop))];
    for (const [item, top] of items.map((item) => [item, item.offsetTop] as const)) item.hidden = lines.indexOf(top) >= MOST_LINES;
  });
  watcher.observe(list);
  return () => watcher.disconnect();
}
