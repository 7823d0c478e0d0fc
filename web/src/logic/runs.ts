/** Labels as text: how many in a row, and which, a for the first class: `6272a40_`. */

import { NOTHING } from "./painting.ts";

const RUN = /(\d+)([a-z]+|_)/gy;
const LETTERS = 26;
const A = "a".charCodeAt(0);

export function writeRuns(labels: Uint8Array): string {
  const runs: string[] = [];
  for (let from = 0; from < labels.length; ) {
    let to = from + 1;
    while (labels[to] === labels[from]) to++;
    runs.push(`${to - from}${letters(labels[from]!)}`);
    from = to;
  }
  return runs.join("");
}

/** Labels of so many classes; null when it is no such text, for instance one that was cut off. */
export function readRuns(text: string, n: number, nClasses: number): Uint8Array | null {
  const labels = new Uint8Array(n);
  let at = 0;
  let read = 0;
  for (const [whole, length, name] of text.matchAll(RUN)) {
    const label = name === "_" ? NOTHING : number(name!);
    if (label !== NOTHING && label >= nClasses) return null;
    labels.fill(label, at, at + Number(length));
    at += Number(length);
    read += whole.length;
  }
  return at === n && read === text.length ? labels : null;
}

/** a to z, ba to bz, and so on. */
function letters(label: number): string {
  if (label === NOTHING) return "_";
  const last = String.fromCharCode(A + (label % LETTERS));
  return label < LETTERS ? last : letters(Math.floor(label / LETTERS)) + last;
}

function number(name: string): number {
  return [...name].reduce((sum, letter) => LETTERS * sum + letter.charCodeAt(0) - A, 0);
}
