/** What each part of a picture shows, painted over it, where the collection keeps class maps. */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { api, Problem } from "../api.ts";
import type { Hit, ItemFeature } from "../logic/rest.ts";
import { page } from "../state/page.ts";
import { Fetched } from "../state/resource.ts";
import { t } from "../words/index.ts";

const FEATURE = "class_map";
/** Hues that are told apart by eye, in the order of the classes; the names say the rest. */
const HUES = [205, 25, 130, 280, 330, 185, 0, 50, 95, 245];

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
  const stats = page.stats.state.value.value;
  const known = Boolean(stats && FEATURE in stats.feature_bytes && hit.thumbnail_url);
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
  const layer = useMemo(() => (feature ? painted(feature) : null), [feature]);
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
  const shares = names.map((name, number) => ({ name, number, share: cells.filter((cell) => cell === number).length / cells.length }));
  return (
    <ul class="class-legend" aria-label={t.detail.shows}>
      {shares.filter(({ share }) => share > 0).sort((a, b) => b.share - a.share).map(({ name, number, share }) => (
        <li key={name}>
          <span class="swatch" style={{ background: colourOf(number, names.length, 1) }} />
          {name} {Math.round(100 * share)} %
        </li>
      ))}
    </ul>
  );
}

function painted({ cells, confidence, classes }: ItemFeature): HTMLCanvasElement | null {
  const rows = cells?.length ?? 0;
  const columns = cells?.[0]?.length ?? 0;
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  if (!cells || !context) return null;
  [canvas.width, canvas.height] = [columns, rows];
  for (const [y, row] of cells.entries()) {
    for (const [x, cell] of row.entries()) {
      if (cell < 0) continue;
      context.fillStyle = colourOf(cell, classes?.length ?? 0, 0.25 + 0.45 * (confidence?.[y]?.[x] ?? 1));
      context.fillRect(x, y, 1, 1);
    }
  }
  return canvas;
}

/** The last class is "other", which is grey. */
function colourOf(number: number, n: number, opacity: number): string {
  return number === n - 1 ? `hsl(0 0% 50% / ${opacity / 2})` : `hsl(${HUES[number % HUES.length]} 70% 50% / ${opacity})`;
}
