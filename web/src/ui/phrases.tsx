/** The words of a question with their phrases in the colours that these have in the picture. */

import { phrasesIn, type Part } from "../logic/account.ts";
import { why } from "../state/why.ts";

export function Phrases({ words, parts }: { words: string; parts: readonly Part[] }) {
  return <>{phrasesIn(words, parts).map(({ text, part }) => (part ? <Phrase text={text} part={part} /> : text))}</>;
}

function Phrase({ text, part: { evidence, colour } }: { text: string; part: Part }) {
  return (
    <mark
      class={why.lit.value === evidence ? "phrase lit" : "phrase"}
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
  if (entries.length === 0) return null;
  return <p class="asked-phrases">{entries.map(({ term, parts }) => <span><Phrases words={term.label} parts={parts} /></span>)}</p>;
}
