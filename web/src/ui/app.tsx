/** The page: a rail, the question, and the results beside the map. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { page } from "../state/page.ts";
import { session } from "../state/session.ts";
import { emptyQuery } from "../logic/query.ts";
import { t } from "../words/index.ts";
import { Balance } from "./balance.tsx";
import { FilterButton, FilterPanel } from "./filters.tsx";
import { Imports, TokenForm } from "./imports.tsx";
import { Inspector } from "./inspector.tsx";
import { Keys, listenForKeys } from "./keys.tsx";
import { Lightbox } from "./lightbox.tsx";
import { MapPanel } from "./map-panel.tsx";
import { Paint } from "./paint.tsx";
import { listenForPictures } from "./pictures.ts";
import { Rail } from "./rail.tsx";
import { Results } from "./results.tsx";
import { Review } from "./review.tsx";
import { Saved } from "./saved.tsx";
import { SearchBar } from "./search-bar.tsx";
import { SelectionBar } from "./selection-bar.tsx";
import { Terms } from "./terms.tsx";

export function App() {
  const hovers = useSignal(false);
  useEffect(() => {
    const stop = [listenForKeys(), listenForPictures((over) => (hovers.value = over))];
    return () => stop.forEach((each) => each());
  }, []);
  if (session.isNeeded.value && !page.config.value) return <main class="asks-token"><TokenForm reason={t.token.needed} /></main>;
  return (
    <>
      <a class="skip" href="#results" onClick={skip}>{t.skip}</a>
      <Rail />
      <div class="page">
        <header class="bar">
          <h1 class="hidden">{[page.query.value.collection, "placelens"].filter(Boolean).join(", ")}</h1>
          <a class="wordmark" href="#" aria-label={t.startAgain} onClick={startAgain}>
            <svg viewBox="0 0 24 24" aria-hidden="true">
              <path d="M12 22s7-7.1 7-12.2A7 7 0 0 0 5 9.800C5 14.9 12 22 12 22Z" />
              <circle cx="12" cy="9.8" r="2.6" />
            </svg>
            placelens
          </a>
          <SearchBar />
          <Collections />
          <FilterButton />
        </header>
        <Terms />
        <section id="tools" class="tools" aria-label={t.balance.tools}>
          <Balance />
          <FilterPanel />
        </section>
        <main class={`stage panel-${page.panel.value} ${page.openHit.value ? "with-detail" : ""}`}>
          <Results />
          <Review />
          <div class="side">
            <Paint />
            {/* Whether there are tiles is for the server to say. */}
            {page.config.value && <MapPanel />}
            <Inspector />
          </div>
        </main>
        <SelectionBar />
      </div>
      <PanelSwitch />
      <Lightbox />
      <Keys />
      <Imports />
      <Saved />
      {hovers.value && <div id="drop" class="drop"><p>{t.dropHere}</p></div>}
    </>
  );
}

/** Only where the screen is narrow: results or map. */
function PanelSwitch() {
  const isMap = page.panel.value === "map";
  return (
    <button type="button" class="panel-switch" onClick={() => page.setPanel(isMap ? "both" : "map")}>
      {isMap ? t.map.results : t.map.label}
    </button>
  );
}

function Collections() {
  const names = page.config.value?.collections ?? [];
  if (names.length < 2) return null;
  return (
    <label class="collection">
      <span class="hidden">{t.collection}</span>
      <select
        id="collection"
        value={page.query.value.collection}
        onChange={(event) => page.change({ ...emptyQuery(event.currentTarget.value), words: page.query.value.words })}
      >
        {names.map((name) => <option key={name} value={name}>{name}</option>)}
      </select>
    </label>
  );
}

/** The address is the question's: a link inside the page must not change it. */
function skip(event: MouseEvent): void {
  event.preventDefault();
  document.getElementById("results")?.focus();
}

function startAgain(event: MouseEvent): void {
  if (event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  page.browse();
}
