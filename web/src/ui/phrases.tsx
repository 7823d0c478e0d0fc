/** The words of a question with their phrases in the colours that these have in the picture. */

import { phrasesOf, type Part } from "../logic/account.ts";
import type { ScoreTerm } from "../logic/rest.ts";
import { why } from "../state/why.ts";

export function Phrases({ term, parts }: { term: Pick<ScoreTerm, "kind" | "label">; parts: readonly Part[] }) {
  return <>{phrasesOf(term, parts).map(({ text, part }) => (part ? <Phrase text={text} part={part} /> : text))}</>;
}

function Phrase({ text, part: { evidence, colour } }: { text: string; part: Part }) {
  return (
    <mark
      class={why.isLit(evidence) ? "phrase lit" : "phrase"}
      style={{ "--colour": colour }}
      onPointerEnter={() => why.point(evidence)}
      onPointerLeave={() => why.point(null)}
    >
      {text}
    </mark>
  );
}

/** The phrases of the question again, as long as they are explained. */
export function AskedPhrases() {
  const entries = why.account.value.filter(({ parts }) => parts.some(({ evidence }) => evidence?.span));
  // Each of the phrases is in the words as a whole, where these are asked with.
  const whole = entries.filter(({ term }) => term.kind !== "phrases");
  if (entries.length === 0) return null;
  return <p class="asked-phrases">{(whole.length ? whole : entries).map(({ term, parts }) => <span><Phrases term={term} parts={parts} /></span>)}</p>;
}
