/** What each part of a picture shows, painted over it, where the collection keeps class maps. */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { api, Problem } from "../api.ts";
import { drawClassMap, OTHER } from "../image/class-map.ts";
import type { Hit, ItemFeature } from "../logic/rest.ts";
import { page } from "../state/page.ts";
import { FEATURE, painter } from "../state/painter.ts";
import { Fetched } from "../state/resource.ts";
import { t } from "../words/index.ts";

export interface ClassMap {
  /** Whether this collection keeps class maps, and this item is a picture. */
  known: boolean;
  shown: boolean;
  layer: HTMLCanvasElement | null;
  legend: JSX.Element | null;
  toggle: () => void;
}

export function useClassMap(hit: Hit): ClassMap {
  const shown = useSignal(false);
  const fetched = useMemo(() => new Fetched<ItemFeature>(), []);
  const known = Boolean(painter.isKept.value && hit.thumbnail_url);
  const isShown = known && shown.value;
  useEffect(() => {
    fetched.clear();
    if (!isShown) return;
    void fetched.load((signal) => api.feature(page.query.value.collection, hit.id, FEATURE, signal)).then(() => {
      const { error } = fetched.state.value;
      if (error) page.fail(new Problem({ title: error.title, status: error.status, detail: error.message }));
    });
  }, [hit.id, isShown]);
  const feature = fetched.state.value.value;
  const layer = useMemo(() => (feature?.cells ? drawClassMap({ ...feature, cells: feature.cells }, coloursOf(feature)) : null), [feature]);
  return {
    known,
    shown: isShown,
    layer,
    legend: feature ? <ClassLegend feature={feature} /> : null,
    toggle: () => (shown.value = !shown.value),
  };
}

/** Names of the classes that are seen, with the share of the cells that each fills. */
function ClassLegend({ feature }: { feature: ItemFeature }) {
  const cells = feature.cells?.flat() ?? [];
  const names = feature.classes ?? [];
  const shares = names.map((name, number) => ({ name, colour: feature.colours?.[number] ?? OTHER, share: cells.filter((cell) => cell === number).length / cells.length }));
  return (
    <ul class="class-legend" aria-label={t.detail.shows}>
      {shares.filter(({ share }) => share > 0).sort((a, b) => b.share - a.share).map(({ name, colour, share }) => (
        <li key={name}>
          <span class="swatch" style={{ background: colour }} />
          {name} {Math.round(100 * share)} %
        </li>
      ))}
    </ul>
  );
}

/** Of the classes; the last one is other, which is none. */
function coloursOf({ colours }: ItemFeature): string[] {
  return colours?.slice(0, -1) ?? [];
}
