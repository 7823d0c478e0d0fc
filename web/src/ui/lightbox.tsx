/** A result over the whole screen: zoom, neighbours, what is known of it, and what to do with it. */

import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { ImageView } from "../image/view.ts";
import type { Hit } from "../logic/rest.ts";
import { mapActions } from "../map/actions.ts";
import { page } from "../state/page.ts";
import { painter } from "../state/painter.ts";
import { why } from "../state/why.ts";
import { t } from "../words/index.ts";
import { Account } from "./account.tsx";
import { useClassMap } from "./class-map.tsx";
import { Icon, IconButton } from "./icon.tsx";
import { Facts } from "./inspector.tsx";
import { useRegions } from "./regions.ts";

export function Lightbox() {
  const hit = page.openHit.value;
  if (!page.large.value || !hit) return null;
  return <Open hit={hit} />;
}

function Open({ hit }: { hit: Hit }) {
  const root = useRef<HTMLDialogElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const view = useRef<ImageView | null>(null);
  const info = useSignal(false);
  const copied = useSignal(false);
  const classes = useClassMap(hit);
  const regions = useRegions(hit);
  const isRanked = hit.score !== null;
  const isExplained = isRanked && why.isShown.value;

  // Before anything else can be done with it.
  useLayoutEffect(() => {
    const own = new ImageView({ onSwipe: (by) => page.step(by) });
    view.current = own;
    frame.current?.append(own.element);
    root.current?.showModal();
    root.current?.focus();
    return () => own.destroy();
  }, []);
  useLayoutEffect(() => {
    copied.value = false;
    if (hit.thumbnail_url) {
      view.current?.show({ small: hit.thumbnail_url, large: hit.image_url, alt: hit.title, width: hit.width, height: hit.height });
    }
    preloadNeighbours(hit.id);
  }, [hit.id]);
  useEffect(() => view.current?.setLayer("classes", classes.layer), [classes.layer]);
  useEffect(() => view.current?.setLayer("regions", regions), [regions]);

  const leave = () => page.show(hit.id, { large: false });
  const showOnMap = () => {
    leave();
    mapActions.reveal(hit.id);
  };
  const copy = async () => {
    await navigator.clipboard.writeText(hit.image ?? hit.id);
    copied.value = true;
  };
  const keys = (event: KeyboardEvent) => {
    const own: Record<string, () => void> = {
      ArrowLeft: () => page.step(-1),
      ArrowRight: () => page.step(1),
      "+": () => view.current?.zoomIn(),
      "=": () => view.current?.zoomIn(),
      "-": () => view.current?.zoomOut(),
      "0": () => view.current?.fit(),
      i: () => (info.value = !info.value),
      f: leave,
      c: classes.toggle,
      w: () => why.toggle(),
    };
    const call = own[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!call || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    call();
  };
  return (
    <dialog
      ref={root}
      class="lightbox"
      aria-label={t.lightbox.label}
      onKeyDown={keys}
      onCancel={(event) => {
        event.preventDefault();
        leave();
      }}
    >
      <header>
        <h2>{hit.title}</h2>
        {isRanked && <IconButton name="why" label={t.lightbox.why} aria-pressed={isExplained} onClick={() => why.toggle()} />}
        {classes.known && <IconButton name="layers" label={t.lightbox.classes} aria-pressed={classes.shown} onClick={classes.toggle} />}
        <IconButton name="zoomOut" class="quiet zoom" label={t.lightbox.zoomOut} onClick={() => view.current?.zoomOut()} />
        <IconButton name="zoomIn" class="quiet zoom" label={t.lightbox.zoomIn} onClick={() => view.current?.zoomIn()} />
        <IconButton name="fit" class="quiet zoom" label={t.lightbox.fit} onClick={() => view.current?.fit()} />
        <IconButton name="similar" label={t.results.similar} onClick={() => { leave(); page.moreLike(hit.id); }} />
        {classes.known && <IconButton name="brush" label={t.paint.on} onClick={() => painter.paintOn(hit.id)} />}
        {typeof hit.lat === "number" && <IconButton name="map" label={t.detail.onMap} onClick={showOnMap} />}
        {hit.image && <IconButton name="copy" label={copied.value ? t.lightbox.copied : t.lightbox.copyPath} onClick={() => void copy()} />}
        {hit.image_url && (
          <a class="quiet button" href={hit.image_url} download={hit.image?.split(/[\\/]/).at(-1) ?? ""} title={t.lightbox.download} aria-label={t.lightbox.download}>
            <Icon name="download" />
          </a>
        )}
        <IconButton name="info" label={t.lightbox.info} aria-pressed={info.value} onClick={() => (info.value = !info.value)} />
        <IconButton name="close" label={t.close} onClick={leave} />
      </header>
      <div class="lightbox-main">
        <IconButton name="previous" class="quiet beside" label={t.detail.previous} onClick={() => page.step(-1)} />
        <div ref={frame} class="lightbox-frame">
          {!hit.thumbnail_url && <blockquote>{hit.text ?? hit.title}</blockquote>}
        </div>
        <IconButton name="next" class="quiet beside" label={t.detail.next} onClick={() => page.step(1)} />
        {(info.value || isExplained) && (
          <aside aria-label={t.lightbox.beside}>
            {isExplained && <Account hit={hit} />}
            {info.value && <Facts hit={hit} />}
          </aside>
        )}
      </div>
      {classes.shown && classes.legend}
    </dialog>
  );
}

/** The pictures before and after are there by the time one steps to them. */
function preloadNeighbours(id: string): void {
  const hits = page.hits.value;
  const index = hits.findIndex((hit) => hit.id === id);
  for (const neighbour of [hits[index + 1], hits[index - 1]]) {
    if (neighbour?.image_url) new Image().src = neighbour.image_url;
  }
}
