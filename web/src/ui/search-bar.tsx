/** The field for words, with suggestions under it, and the button for pictures. */

import { type Signal, useComputed, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { api } from "../api.ts";
import type { AttributeValue, PlaceChoice } from "../logic/rest.ts";
import { earlierSuggestions, fragmentOf, placeSuggestions, savedSuggestions, type Suggestion, valueSuggestions } from "../logic/suggest.ts";
import { earlier, remember } from "../state/earlier.ts";
import { page } from "../state/page.ts";
import { saved } from "../state/saved.ts";
import { t } from "../words/index.ts";
import { focusFirstResult } from "./grid.tsx";
import { Icon } from "./icon.tsx";
import { takePictures } from "./pictures.ts";

const PAUSE_MS = 120;
const MOST_VALUES = 4;
const MOST_EARLIER = 3;
const MOST_SAVED = 4;
/** Attributes whose values are suggested: more would be a request each. */
const MOST_ATTRIBUTES = 6;

export function SearchBar() {
  const query = page.query.value;
  /** What is typed, once a pause has come, and the places of that name. */
  const typed = useSignal<{ words: string; places: readonly PlaceChoice[] } | null>(null);
  /** The suggestion that arrow keys have led to: the same one where others come before it. */
  const chosen = useSignal<string | null>(null);
  const field = useRef<HTMLInputElement>(null);
  const files = useRef<HTMLInputElement>(null);
  const values = useValues();
  // Values and names of saved searches may come after the words: they are suggested then.
  const found = useComputed(() => typed.value === null ? [] : suggestions(typed.value.words, typed.value.places, values.value));
  const at = useComputed(() => found.value.findIndex((each) => keyOf(each) === chosen.value));
  const asked = useRef<AbortController | null>(null);
  const timer = useRef(0);

  const close = () => {
    window.clearTimeout(timer.current);
    asked.current?.abort();
    typed.value = null;
    chosen.value = null;
  };
  const suggest = (words: string) => {
    close();
    timer.current = window.setTimeout(async () => {
      const running = new AbortController();
      asked.current = running;
      const fragment = fragmentOf(words);
      const places = fragment ? await api.places(fragment.text, running.signal).catch(() => []) : [];
      if (!running.signal.aborted) typed.value = { words, places };
    }, PAUSE_MS);
  };
  const take = ({ kind, words, condition }: Suggestion) => {
    close();
    if (kind === "saved") return saved.ask(words);
    const where = condition ? [...query.where, { ...condition, comparison: "is" as const }] : query.where;
    page.change({ words, where });
    field.current?.focus();
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const suggested = found.value[at.value];
    if (suggested) return take(suggested);
    close();
    const words = field.current?.value ?? "";
    remember(words);
    page.change({ words });
  };
  const key = (event: KeyboardEvent) => {
    const { length } = found.value;
    if (event.key === "Escape" && length) {
      event.stopPropagation();
      close();
    } else if (event.key === "ArrowDown" && !length) {
      event.preventDefault();
      focusFirstResult();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && length) {
      event.preventDefault();
      const by = event.key === "ArrowDown" ? 1 : -1;
      const next = found.value[((at.value + 1 + by + length + 1) % (length + 1)) - 1];
      chosen.value = next ? keyOf(next) : null;
    }
  };
  return (
    <form id="search" class="search" role="search" aria-label={t.collection} onSubmit={submit}>
      <Icon name="search" />
      <label class="hidden" for="words">{t.words}</label>
      <input
        ref={field}
        id="words"
        name="words"
        type="text"
        role="combobox"
        aria-expanded={found.value.length > 0}
        aria-controls="suggestions"
        aria-autocomplete="list"
        aria-activedescendant={at.value >= 0 ? `suggestion-${at.value}` : undefined}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        enterkeyhint="search"
        placeholder={t.placeholder}
        value={query.words}
        onInput={(event) => {
          const words = event.currentTarget.value;
          page.change({ words }, { pace: "typing" });
          suggest(words);
        }}
        onFocus={() => saved.read()}
        onKeyDown={key}
        onBlur={close}
      />
      <kbd aria-hidden="true">/</kbd>
      <input
        ref={files}
        id="files"
        class="hidden"
        type="file"
        accept="image/*,.heic,.heif,.dng"
        multiple
        tabIndex={-1}
        aria-label={t.searchWithPicture}
        onChange={(event) => {
          void takePictures([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = "";
        }}
      />
      <button id="choose" type="button" class="quiet" title={t.choosePicture} aria-label={t.searchWithPicture} onClick={() => files.current?.click()}>
        <Icon name="picture" />
      </button>
      <button id="saved" type="button" class="quiet" title={t.saved.open} aria-label={t.saved.open} onClick={() => saved.show()}>
        <Icon name="saved" />
      </button>
      <button type="submit" class="primary">{t.search}</button>
      <Suggestions found={found.value} at={at.value} take={take} />
    </form>
  );
}

function Suggestions({ found, at, take }: { found: Suggestion[]; at: number; take: (one: Suggestion) => void }) {
  const notes = { place: t.suggestions.place, value: "", earlier: t.suggestions.earlier, saved: t.suggestions.saved };
  return (
    <ul id="suggestions" class="suggestions" role="listbox" aria-label={t.suggestions.label} hidden={found.length === 0}>
      {found.map((each, number) => (
        <li
          key={keyOf(each)}
          id={`suggestion-${number}`}
          role="option"
          aria-selected={number === at}
          // Before the field loses focus and closes the list.
          onPointerDown={(event) => {
            event.preventDefault();
            take(each);
          }}
        >
          <span>{each.label}</span>
          <span class="note">{each.note || notes[each.kind]}</span>
        </li>
      ))}
    </ul>
  );
}

const keyOf = ({ kind, label, note }: Suggestion) => `${kind} ${label} ${note}`;

function suggestions(words: string, places: readonly PlaceChoice[], values: Values): Suggestion[] {
  const fragment = fragmentOf(words);
  return [
    ...(fragment ? valueSuggestions(fragment, values, MOST_VALUES) : []),
    ...(fragment ? placeSuggestions(fragment, places, t.suggestions.near) : []),
    ...savedSuggestions(words, saved.names.value, MOST_SAVED),
    ...earlierSuggestions(words, earlier(), MOST_EARLIER),
  ];
}

type Values = Record<string, readonly AttributeValue[]>;

/** Values of the collection's attributes. */
function useValues(): Signal<Values> {
  const values = useSignal<Values>({});
  const stats = page.stats.state.value.value;
  useEffect(() => {
    values.value = {};
    if (!stats) return;
    const asked = new AbortController();
    for (const name of Object.keys(stats.attributes).slice(0, MOST_ATTRIBUTES)) {
      const take = (found: readonly AttributeValue[]) => {
        values.value = { ...values.peek(), [name]: found };
      };
      api.values(stats.name, name, asked.signal).then(take, () => undefined);
    }
    return () => asked.abort();
  }, [stats]);
  return values;
}
