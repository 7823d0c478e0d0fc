/** The map beside the grid: its code is larger than all the rest, so it comes after the results. */

import { computed, effect, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { api } from "../api.ts";
import { boundsOf } from "../logic/geodesy.ts";
import { toFilters } from "../logic/query.ts";
import { cornersOf } from "../logic/review.ts";
import type { Clusters, Hit, LatLon } from "../logic/rest.ts";
import { writeSketch } from "../logic/sketch.ts";
import { mapActions } from "../map/actions.ts";
import type { MapView } from "../map/view.ts";
import { heat } from "../state/heat.ts";
import { page } from "../state/page.ts";
import { Fetched } from "../state/resource.ts";
import { rested } from "../state/rest.ts";
import { review } from "../state/review.ts";
import { t } from "../words/index.ts";
import { HeatButton, HeatLegend } from "./heat.tsx";
import { Icon } from "./icon.tsx";

export function MapPanel() {
  const root = useRef<HTMLDivElement>(null);
  const foreground = useRef<HTMLCanvasElement>(null);
  const isPlane = page.stats.state.value.value?.space === "plane";
  const movedByHand = useSignal(false);
  const outside = useSignal(0);
  useEffect(() => {
    if (isPlane || !root.current || !foreground.current) return;
    const leaving = new AbortController();
    openMap(root.current, foreground.current, leaving.signal, movedByHand, outside).catch((error: unknown) => page.fail(error));
    return () => leaving.abort();
  }, [isPlane]);
  if (isPlane) return <section id="map" class="map" aria-label={t.map.label}><p class="no-map">{t.map.plane}</p></section>;
  return (
    <section class="map-panel" aria-label={t.map.label}>
      <div ref={root} id="map" class="map" />
      <canvas ref={foreground} class="map-foreground" aria-hidden="true" />
      <p class="drawing-note">
        {mapActions.drawing.value === "area" ? t.map.drawingArea : t.map.drawingBox}
        <button type="button" onClick={() => mapActions.cancelDrawing()}>{t.map.giveUp}</button>
      </p>
      <div class="map-tools">
        <HeatButton />
        <button type="button" id="draw-area" aria-label={t.filters.drawArea} title={t.filters.drawAreaHelp} onClick={() => mapActions.draw("area")}>
          <Icon name="lasso" />
          <span>{t.filters.drawArea}</span>
        </button>
        <SelectInside />
        {movedByHand.value && (
          <button
            type="button"
            onClick={() => {
              movedByHand.value = false;
              page.change({ box: page.view.value?.box ?? null, area: null });
            }}
          >
            {t.map.searchHere}
          </button>
        )}
      </div>
      <HeatLegend />
      {outside.value > 0 && (
        <p class="outside">
          {t.results.outOfView(outside.value)}{" "}
          <button type="button" class="quiet" onClick={() => page.showAll()}>{t.results.showAll}</button>
        </p>
      )}
    </section>
  );
}

/** Where an area is drawn, all that is found in it can be taken at once. */
function SelectInside() {
  const { box, area } = page.query.value;
  const busy = useSignal(false);
  if (!box && !area) return null;
  const select = async () => {
    busy.value = true;
    await page.selectAll().catch((error: unknown) => page.fail(error));
    busy.value = false;
  };
  return <button type="button" id="select-inside" disabled={busy.value} onClick={() => void select()}>{t.map.selectInside}</button>;
}

async function openMap(root: HTMLElement, foreground: HTMLCanvasElement, leaving: AbortSignal, movedByHand: { value: boolean }, outside: { value: number }): Promise<void> {
  const isBusy = () => page.searching.state.peek().loading;
  await rested(isBusy);
  const { MapView } = await import("../map/view.ts");
  await rested(isBusy);
  if (leaving.aborted) return;
  const tileUrl = page.config.value?.tile_url ?? null;
  const map = await MapView.open(root, foreground, tileUrl, {
    // While places are reviewed, the map is there to be looked at.
    pick: (near) => review.isOn.value || page.change({ near }),
    open: (id) => page.show(id),
    point: (id) => (page.pointed.value = id),
    list: (box) => page.change({ box }),
    // The one that was drawn last is where to look.
    drawn: (shape) => page.change({ box: null, area: null, ...shape }),
    drawing: (what) => (mapActions.drawing.value = what),
    moved: (view, byHand) => {
      page.view.value = view;
      movedByHand.value ||= byHand;
    },
  });
  await rested(isBusy);
  if (leaving.aborted) return;
  mapActions.attach(map);
  const clusters = new Fetched<Clusters>();
  // Not each change of the question is one of its box, or area.
  const box = computed(() => page.query.value.box);
  const area = computed(() => page.query.value.area);
  const stop = [
    effect(() => map.setRanked(!page.isList.value)),
    effect(() => map.showHits(review.isOn.value ? [] : page.hits.value)),
    effect(() => map.showPlace(review.isOn.value ? null : page.place.value, page.decay.value)),
    effect(() => map.showHeat(review.isOn.value ? null : heat.value.value)),
    heat.follow(),
    effect(() => map.showArea(...(review.isOn.value ? ([null, null] as const) : ([box.value, area.value] as const)))),
    showProposals(map),
    effect(() => map.mark(page.pointed.value, page.open.value)),
    effect(() => {
      if (clusters.state.value.value) map.showClusters(clusters.state.value.value);
    }),
    effect(() => {
      const hits = page.hits.value.filter(isPlaced);
      outside.value = page.view.value ? map.outOfView(hits) : 0;
    }),
    follow(map, () => (movedByHand.value = false)),
    showClusters(clusters),
    effect(() => {
      // Whether there is room for the map changed.
      void page.panel.value;
      void page.open.value;
      requestAnimationFrame(() => map.resize());
    }),
  ];
  leaving.addEventListener("abort", () => {
    mapActions.attach(null);
    for (const each of stop) each();
  });
  try {
    await rested(isBusy);
    if (!tileUrl) map.showTowns(await api.towns());
    await settled(clusters);
  } finally {
    await map.appear();
  }
}

/** Resolves once something was fetched, or could not be. */
function settled(fetched: Fetched<unknown>): Promise<void> {
  return new Promise((done) => {
    const stop = effect(() => {
      const { value, error } = fetched.state.value;
      if (value === null && error === null) return;
      done();
      queueMicrotask(() => stop());
    });
  });
}

/** Show the proposed place that is looked at, and go where it is. */
function showProposals(map: MapView): () => void {
  return effect(() => {
    const proposal = review.shown.value;
    map.showProposal(proposal);
    // The map may only now have got its room.
    if (proposal) requestAnimationFrame(() => {
      map.resize();
      map.fitBounds(boundsOf(cornersOf(proposal)));
    });
  });
}

/** Move the map for a new question whose results or place are out of sight, and when asked to. */
function follow(map: MapView, settled: () => void): () => void {
  let question = "";
  let asked = page.fit.value;
  return effect(() => {
    const answer = page.answer.value;
    const stats = page.stats.state.value.value;
    const fit = page.fit.value;
    if (review.isOn.value) return;
    const { words, like, pictures, sketch, collection, from, to, where, box, area } = page.query.peek();
    if (!answer || !stats || stats.name !== collection) return;
    const isAsked = fit !== asked;
    const now = JSON.stringify([collection, words, like, pictures.length, sketch && writeSketch(sketch), from, to, where, page.place.peek()]);
    const isNew = now !== question;
    asked = fit;
    question = now;
    if (!isAsked && !isNew) return;
    const placed = page.hits.peek().filter(isPlaced);
    const place = page.place.peek();
    const inSight = placed.some((hit) => map.shows(hit)) && (!place || map.shows(place));
    const isFirst = page.view.peek() === null || page.view.peek()!.zoom < 1;
    // What was just drawn, or a map that shows the results already, stays as it is.
    if (!isAsked && !isFirst && (box !== null || area !== null || inSight)) return;
    if (page.isList.peek() && !isAsked && !placed.length) return;
    if (page.isList.peek()) map.fitBounds(stats.bounds);
    else map.fit(placed, place, page.decay.peek());
    settled();
  });
}

/** Fetch clusters whenever the view or the filters change. */
function showClusters(clusters: Fetched<Clusters>): () => void {
  let timer = 0;
  // An area is drawn, and what lies outside it is shown all the same: one may want to move it.
  const filters = computed(() => String(toFilters({ ...page.query.value, box: null, area: null })));
  const collection = computed(() => page.query.value.collection);
  return effect(() => {
    const view = page.view.value;
    const name = collection.value;
    const passing = new URLSearchParams(filters.value);
    if (!view || !name) return;
    window.clearTimeout(timer);
    timer = window.setTimeout(() => void clusters.load((signal) => api.clusters(name, view, passing, signal)), 60);
  });
}

function isPlaced(hit: Hit): hit is Hit & LatLon {
  return typeof hit.lat === "number" && typeof hit.lon === "number";
}
