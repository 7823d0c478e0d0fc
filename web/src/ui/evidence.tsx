/** Why a result was found: the page's one way of showing evidence, and explanations. */

import { useEffect, useState } from "preact/hooks";
import { api } from "../api.ts";
import { formatShare } from "../logic/format.ts";
import { toRequest } from "../logic/query.ts";
import type { Evidence, SearchAnswer } from "../logic/rest.ts";
import { page } from "../state/page.ts";
import { t } from "../words/index.ts";

/** Less of a reading is not worth a word. */
const LEAST_SHARE = 0.01;

export function inWords({ label, share }: Evidence): string {
  return share === null ? label : `${label} ${formatShare(share)}`;
}

/** How what was asked was read, in a collection of concepts. */
export function readings({ evidence }: SearchAnswer): string[] {
  const of = new Map<string | null, Evidence[]>();
  for (const entry of evidence) {
    if (entry.kind === "reading") of.set(entry.of, [...(of.get(entry.of) ?? []), entry]);
  }
  return [...of].map(([label, entries]) => {
    const told = entries.filter(({ share }) => share === null || share >= LEAST_SHARE).map(inWords).join(", ");
    return of.size > 1 && label ? t.results.readLabelAs(label, told) : t.results.readAs(told);
  });
}

/** What item and query have in common. */
export function Shared({ evidence }: { evidence: Evidence[] }) {
  if (evidence.length === 0) return null;
  return (
    <section>
      <h3>{t.detail.shared}</h3>
      <dl>
        {evidence.map(({ label, share }) => [<dt>{label}</dt>, <dd>{share === null ? "" : formatShare(share)}</dd>])}
      </dl>
    </section>
  );
}

/** A button that asks why a result ranks where it does; the answer takes its place. */
export function WhyHere({ id, rank }: { id: string; rank: number }) {
  const [running, setRunning] = useState<AbortController | null>(null);
  const [text, setText] = useState<string | null>(null);
  const query = page.query.value;
  // Whoever has gone on to another result, or another question, does not wait for this one.
  useEffect(() => () => running?.abort(), [running]);
  useEffect(() => {
    setText(null);
    setRunning(null);
  }, [id, query]);
  const ask = async () => {
    const asked = new AbortController();
    setRunning(asked);
    try {
      const answer = await api.explain(query.collection, id, toRequest(query), asked.signal);
      setText(answer.text);
    } catch (error) {
      if (!asked.signal.aborted) setText(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <section class="why">
      {text === null ? (
        <button type="button" class="quiet" onClick={() => void ask()}>
          {running ? t.detail.looking : t.detail.whyAsk(rank)}
        </button>
      ) : (
        <>
          <h3>{t.detail.why}</h3>
          <pre>{text}</pre>
        </>
      )}
    </section>
  );
}
