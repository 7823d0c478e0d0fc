/** The phrases of the question, or what is like a picture that was asked with, where they are in the open result. */

import { useEffect, useMemo } from "preact/hooks";
import { type Region, RegionLayer } from "../image/regions.ts";
import { isOnePhrase, type Part } from "../logic/account.ts";
import type { Evidence, Hit } from "../logic/rest.ts";
import { LEAST_SHARE } from "../logic/shares.ts";
import { why } from "../state/why.ts";
import { nameOf } from "./account.tsx";

/** A layer over the picture of the open result; null as long as there is nothing to see in it. */
export function useRegions({ width, height }: Hit): HTMLElement | null {
  const layer = useMemo(() => new RegionLayer<Evidence>({ onPoint: (evidence) => why.point(evidence) }), []);
  const account = why.account.value;
  const regions = useMemo(() => regionsOf(account.flatMap(({ parts }) => parts)), [account]);
  useEffect(() => {
    layer.show(regions, width ?? 1, height ?? 1);
    layer.light(why.lit.value);
  }, [regions, width, height]);
  useEffect(() => layer.light(why.lit.value), [why.lit.value]);
  return regions.length > 0 ? layer.element : null;
}

/**
 * What speaks against the item, or hardly for it, has no box: it is nowhere in the picture. A phrase
 * that two terms look for is in one place.
 */
function regionsOf(parts: readonly Part[]): Region<Evidence>[] {
  const regions: Region<Evidence>[] = [];
  for (const { evidence, colour, share } of parts) {
    const isSomewhere = evidence?.heat || (evidence?.kind === "phrase" && evidence.box);
    if (!evidence || !isSomewhere || (share ?? 0) < LEAST_SHARE) continue;
    if (regions.some(({ of }) => isOnePhrase(of, evidence))) continue;
    const { box, heat } = evidence;
    regions.push({ of: why.firstOf(evidence) ?? evidence, label: nameOf(evidence), colour, box, heat });
  }
  return regions;
}
