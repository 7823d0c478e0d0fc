/** How a score came about, as a table that adds up: terms, and when asked for what speaks for each of them. */

import type { ComponentChildren } from "preact";
import { barOf, behind, type Entry, type Part } from "../logic/account.ts";
import { formatDistance, formatName, formatShare, formatSigned } from "../logic/format.ts";
import { thirdsOf } from "../logic/regions.ts";
import type { Evidence, Hit, ScoreTerm } from "../logic/rest.ts";
import { LEAST_SHARE, longest } from "../logic/shares.ts";
import { why } from "../state/why.ts";
import { t } from "../words/index.ts";
import { Phrases } from "./phrases.tsx";
import { ScoreBar } from "./score-bar.tsx";

/** Nothing in a list, which has no scores; what is in it goes beside the heading. */
export function Account({ hit, children }: { hit: Hit; children?: ComponentChildren }) {
  if (hit.score === null) return null;
  const account = why.account.value;
  return (
    <section class="why" aria-busy={why.loading.value}>
      <div class="why-head">
        <h3>
          {t.why.score} <span class="number">{formatSigned(hit.score, "minus")}</span>
        </h3>
        {children}
      </div>
      <ScoreBar hit={hit} best={Math.max(longest([hit]), hit.score)} />
      <table class="account">
        <thead>
          <tr>{t.why.columns.map((name) => <th key={name} scope="col">{name}</th>)}</tr>
        </thead>
        {account.map((entry) => (
          <tbody>
            <TermRow entry={entry} account={account} hit={hit} />
            {entry.parts.map((part) => <PartRow part={part} account={account} hit={hit} />)}
          </tbody>
        ))}
        <tfoot>
          <tr>
            <th scope="row">{t.why.sum}</th>
            <td />
            <td class="contribution">{formatSigned(hit.score, "minus")}</td>
          </tr>
        </tfoot>
      </table>
      <Below hit={hit} />
      {why.error.value && <p class="doubt" role="alert">{why.error.value.title}. {why.error.value.message}</p>}
    </section>
  );
}

function TermRow({ entry, account, hit }: { entry: Entry; account: readonly Entry[]; hit: Hit }) {
  const { term, parts } = entry;
  const kind = term.kind === "place" ? "place" : "meaning";
  return (
    <tr>
      <th scope="row">
        <span class={`swatch ${kind}`} />
        <Phrases term={{ kind: term.kind, label: term.label || formatName(term.kind) }} parts={parts} />
        <span class="note below">{noteOf(term, hit)}</span>
        {parts.every(({ contribution }) => contribution === null) && <Bar summand={entry} account={account} kind={kind} />}
      </th>
      <td>{formatSigned(term.value, "minus")} × {term.weight.toFixed(2).replace("-", "−")}</td>
      <td class="contribution">{formatSigned(term.contribution, "minus")}</td>
    </tr>
  );
}

function PartRow({ part, account, hit }: { part: Part; account: readonly Entry[]; hit: Hit }) {
  const { evidence, colour, share, contribution } = part;
  return (
    <tr class={why.isLit(evidence) ? "part lit" : "part"} style={{ "--colour": colour }}>
      <th scope="row">
        <PartName evidence={evidence} hit={hit} />
        {contribution !== null && <Bar summand={part} account={account} kind="part" />}
      </th>
      <td>{share === null ? "" : formatShare(share)}</td>
      <td class="contribution">{contribution === null ? "" : formatSigned(contribution, "both")}</td>
    </tr>
  );
}

/** What can be seen in the words or in the picture is a button, so that keys and fingers reach it. */
function PartName({ evidence, hit }: { evidence: Evidence | null; hit: Hit }) {
  if (!evidence) return <span class="name rest">{hit.matched === "text" ? t.why.anyText : t.why.anyPicture}</span>;
  if (evidence.kind === "rest") return <span class="name rest">{t.why.rest}</span>;
  if (!evidence.span && !evidence.heat) return <span class="name"><span class="dot" />{evidence.label}</span>;
  return (
    <button
      type="button"
      class="name"
      aria-pressed={why.held.value === evidence}
      onClick={() => why.hold(evidence)}
      onFocus={() => why.point(evidence)}
      onBlur={() => why.point(null)}
      onPointerEnter={() => why.point(evidence)}
      onPointerLeave={() => why.point(null)}
    >
      <span class="dot" />
      <span>
        {nameOf(evidence)} <span class="note">{whereIs(evidence, hit)}</span>
      </span>
    </button>
  );
}

/** Of a phrase its words; the region that is most like a picture has no name. */
export function nameOf({ kind, label }: Evidence): string {
  return kind === "region" ? t.why.alike : label;
}

/** A bar begins where the one before ended, so that all of them together are the score; hollow is what is taken away. */
function Bar({ summand, account, kind }: { summand: { from: number; to: number }; account: readonly Entry[]; kind: "meaning" | "place" | "part" }) {
  const { left, width } = barOf(summand, account);
  const sign = summand.to < summand.from ? "less" : "";
  return <span class="summand" aria-hidden="true"><span class={`${kind} ${sign}`} style={{ left: `${left}%`, width: `${width}%` }} /></span>;
}

function Below({ hit }: { hit: Hit }) {
  const above = why.explanation.value?.above;
  if (!above) return null;
  const difference = behind(hit, above);
  if (!difference) return <p class="note">{t.why.level(above.rank)}</p>;
  const through = difference.through.map(([kind, by]) => `${formatName(kind).toLowerCase()} ${formatSigned(by, "both")}`);
  return <p class="note">{t.why.below(formatSigned(difference.by, "minus"), above.rank, through.join(", "))}</p>;
}

/** How far it is, or how alike; and what that loses, or gains, for how near the item is to any query. */
function noteOf({ kind, cosine, correction }: ScoreTerm, { distance_m }: Hit): string {
  if (kind === "place") return distance_m === null ? t.why.noPlace : t.why.away(formatDistance(distance_m));
  if (cosine === null) return "";
  const corrected = correction ? ` ${correction > 0 ? "−" : "+"} ${Math.abs(correction).toFixed(2)}` : "";
  return t.why.cosine(`${cosine.toFixed(2).replace("-", "−")}${corrected}`);
}

/** In which ninth of the picture, and as what, where a detector found it. */
function whereIs({ box, share, detected }: Evidence, { width, height }: Hit): string {
  if (!box || !width || !height || (share ?? 0) < LEAST_SHARE) return "";
  const [row, column] = thirdsOf(box, width, height);
  const place = t.why.places[row]?.[column] ?? "";
  return detected ? `${place}: ${detected.label} ${formatShare(detected.score)}` : place;
}
