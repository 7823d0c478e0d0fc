/** Concepts as evidence: how the question was read, and what a result shares with it. */

import { formatShare } from "../logic/format.ts";
import type { Evidence, SearchAnswer } from "../logic/rest.ts";
import { LEAST_SHARE } from "../logic/shares.ts";
import { t } from "../words/index.ts";

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
