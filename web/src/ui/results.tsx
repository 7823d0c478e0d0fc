/** The results: in words what came of the question, how they are sorted, and the grid. */

import { useEffect, useRef } from "preact/hooks";
import { formatDistance } from "../logic/format.ts";
import { effectiveSort, type Sort, sortsFor } from "../logic/query.ts";
import type { SearchAnswer } from "../logic/rest.ts";
import { connection } from "../state/connection.ts";
import { page } from "../state/page.ts";
import { t } from "../words/index.ts";
import { readings } from "./evidence.tsx";
import { Grid } from "./grid.tsx";
import { AskedPhrases } from "./phrases.tsx";
import { Legend } from "./score-bar.tsx";
import { ShownWords } from "./shown-words.tsx";
import { Timeline } from "./timeline.tsx";

export function Results() {
  const scroller = useRef<HTMLElement>(null);
  const { loading, stale, error } = page.searching.state.value;
  const answer = page.answer.value;
  const hits = page.hits.value;
  const query = page.query.value;
  // A new question starts at its top; a re-ranking stays where one is.
  const question = JSON.stringify([query.collection, query.words, query.from, query.to, query.sort, query.where, query.like.length, query.pictures.length]);
  useEffect(() => {
    if (scroller.current) scroller.current.scrollTop = 0;
  }, [question, query.sketch?.painting, query.sketch?.over]);
  return (
    <section
      ref={scroller}
      id="results"
      class={`results ${stale && !loading ? "stale" : ""}`}
      aria-label={t.results.label}
      aria-busy={loading}
      tabIndex={-1}
    >
      <Problems />
      <div class="results-head">
        <p class="status" role="status">{statusOf(answer, hits.length, loading)}</p>
        {hits.some((hit) => hit.score !== null) && <Legend />}
        {answer && <Sorting />}
      </div>
      <AskedPhrases />
      <Timeline />
      <ShownWords />
      {answer && <Notice answer={answer} found={hits.length > 0} />}
      {error && error.status !== 0 && hits.length > 0 && <p class="doubt">{t.results.old}</p>}
      <Grid scroller={scroller} />
    </section>
  );
}

/** Errors, above the results there are; a server that is gone is told once, with a way to ask again. */
function Problems() {
  const { error } = page.searching.state.value;
  const problem = page.problem.value ?? (error?.status === 0 ? null : error);
  return (
    <>
      {connection.lost.value && (
        <div class="problem" role="alert">
          <strong>{t.problems.gone}</strong>
          <p>
            {t.problems.goneHelp} {t.problems.retrying}
          </p>
          <button type="button" onClick={() => void connection.ask()}>{t.problems.retry}</button>
        </div>
      )}
      {problem && (
        <div class="problem" role="alert">
          <strong>{problem.title}</strong>
          <p>{problem.message}</p>
        </div>
      )}
    </>
  );
}

/** Notes on the answer; told aloud, since they change what the results mean. */
function Notice({ answer, found }: { answer: SearchAnswer; found: boolean }) {
  const stats = page.stats.state.value.value;
  const words = found ? answer.doubt : stats?.n_items === 0 ? t.results.emptyHelp : t.results.nothingPasses;
  const notes = [...answer.notes, ...(found ? readings(answer) : []), ...(words ? [words] : [])];
  return (
    <div class="notice" aria-live="polite">
      {notes.map((note) => <p key={note} class="doubt">{note}</p>)}
      {/* Unless the collection has widened the reach by itself. */}
      {answer.nothing_near?.nearest_m && !answer.plan?.reach && <Widen metres={answer.nothing_near.nearest_m} />}
    </div>
  );
}

/** Nothing lies within reach: one press reaches as far as the nearest. */
function Widen({ metres }: { metres: number }) {
  const scale = Number(Math.max(1000, metres).toPrecision(2));
  return (
    <p class="doubt">
      <button type="button" onClick={() => page.change({ decay: { kind: "gauss", scale } })}>{t.results.widen(formatDistance(scale))}</button>
    </p>
  );
}

function Sorting() {
  const query = page.query.value;
  const sorts = sortsFor(query, page.place.value !== null);
  const choose = (sort: Sort) => page.change({ sort: sort === sorts[0] ? null : sort });
  return (
    <label class="sorting">
      <span class="hidden">{t.sort.label}</span>
      <select id="sort" value={effectiveSort(query, sorts)} onChange={(event) => choose(event.currentTarget.value as Sort)}>
        {sorts.map((sort) => <option key={sort} value={sort}>{t.sort.names[sort]}</option>)}
      </select>
    </label>
  );
}

function statusOf(answer: SearchAnswer | null, n: number, loading: boolean): string {
  if (!answer) return loading ? t.results.searching : "";
  if (n === 0) return page.stats.state.value.value?.n_items === 0 ? t.results.empty : t.results.nothing;
  const { certificate, plan, elapsed_ms } = answer;
  if (plan?.engine === "list") return t.counted(plan.n_allowed, "item");
  const time = elapsed_ms < 10 ? elapsed_ms.toFixed(1) : elapsed_ms.toFixed(0);
  return t.results.best(n, time, certificate?.kind !== "approximate" && (certificate?.kind === "proven" || plan?.engine === "scan"));
}
