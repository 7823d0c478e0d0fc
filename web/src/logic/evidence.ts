/** What speaks for a match, in words. */

import { formatShare } from "./format.ts";
import type { Evidence } from "./rest.ts";

type Told = Pick<Evidence, "kind" | "label" | "share" | "of">;

// Less of a reading is not worth a word.
const LEAST_SHARE = 0.01;

/** "church 72 %"; without a share, what it is. */
export function inWords({ label, share }: Pick<Evidence, "label" | "share">): string {
  return share === null ? label : `${label} ${formatShare(share)}`;
}

/** How what was asked was read, a line for each thing that was asked with. */
export function readings(evidence: readonly Told[]): string[] {
  const read = evidence.filter(({ kind }) => kind === "reading");
  const asked = [...new Set(read.map(({ of }) => of))];
  return asked.map((label) => {
    const own = read.filter(({ of, share }) => of === label && (share === null || share >= LEAST_SHARE));
    const words = own.map(inWords).join(", ");
    return asked.length > 1 ? `read ${label} as ${words}` : `read as ${words}`;
  });
}
