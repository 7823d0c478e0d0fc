/** One result beside the map: its picture or text, how its score came about, all that is known. */

import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { formatDistance, formatLatLon, formatName, formatTime } from "../logic/format.ts";
import type { Scalar } from "../logic/query.ts";
import type { Hit } from "../logic/rest.ts";
import { mapActions } from "../map/actions.ts";
import { page } from "../state/page.ts";
import { painter } from "../state/painter.ts";
import { why } from "../state/why.ts";
import { t } from "../words/index.ts";
import { Account } from "./account.tsx";
import { Shared } from "./evidence.tsx";
import { Icon, IconButton } from "./icon.tsx";
import { useRegions } from "./regions.ts";

const LONGEST_VALUE = 60;

export function Inspector() {
  const hit = page.openHit.value;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // Opened from the grid or the map; stepping with the buttons leaves the focus on them.
    if (hit && !document.activeElement?.closest("#detail, dialog")) heading.current?.focus({ preventScroll: true });
  }, [hit?.id]);
  if (!hit) return null;
  return (
    <aside id="detail" class="detail" aria-label={t.detail.label}>
      <div class="detail-head">
        <h2 ref={heading} tabIndex={-1}>{hit.title}</h2>
        <IconButton name="previous" label={t.detail.previous} onClick={() => page.step(-1)} />
        <IconButton name="next" label={t.detail.next} onClick={() => page.step(1)} />
        <IconButton name="close" label={t.detail.close} onClick={() => page.close()} />
      </div>
      <Figure key={hit.id} hit={hit} />
      {hit.thumbnail_url && hit.text && <p class="text">{hit.text}</p>}
      <div class="buttons">
        <button type="button" onClick={() => page.moreLike(hit.id)}>
          <Icon name="similar" />
          {t.results.similar}
        </button>
        {painter.isKept.value && hit.thumbnail_url && (
          <button type="button" onClick={() => painter.paintOn(hit.id)}>
            <Icon name="brush" />
            {t.paint.on}
          </button>
        )}
        {typeof hit.lat === "number" && (
          <>
            <button type="button" onClick={() => page.searchNear(hit)}>
              <Icon name="near" />
              {t.detail.near}
            </button>
            <button type="button" onClick={() => mapActions.reveal(hit.id)}>
              <Icon name="map" />
              {t.detail.onMap}
            </button>
          </>
        )}
      </div>
      <Account hit={hit}>
        <button type="button" aria-expanded={why.isShown.value} aria-keyshortcuts="W" onClick={() => why.toggle()}>
          <Icon name="why" />
          {t.why.ask(hit.rank)}
        </button>
      </Account>
      <Shared evidence={hit.evidence} />
      <Facts hit={hit} />
    </aside>
  );
}

/** Where and when, and the attributes. */
export function Facts({ hit }: { hit: Hit }) {
  return (
    <>
      <WhereAndWhen hit={hit} />
      <Attributes hit={hit} />
    </>
  );
}

function Figure({ hit }: { hit: Hit }) {
  const image = useRef<HTMLImageElement>(null);
  const missing = useRef<HTMLElement>(null);
  const layers = useRef<HTMLDivElement>(null);
  const regions = useRegions(hit);
  useLayoutEffect(() => layers.current?.replaceChildren(...(regions ? [regions] : [])), [regions]);
  useOriginal(hit, image, missing);
  const enlarge = () => page.show(hit.id, { large: true });
  if (!hit.thumbnail_url) return <blockquote>{hit.text ?? hit.title}</blockquote>;
  const shape = hit.width && hit.height ? { aspectRatio: `${hit.width} / ${hit.height}` } : {};
  return (
    <figure>
      <div class="picture">
        <button type="button" class="enlarge" title={t.detail.enlarge} aria-label={t.detail.enlarge} onClick={enlarge}>
          <img ref={image} src={hit.thumbnail_url} alt={hit.title} style={shape} />
        </button>
        {/* Not in the button, whose name is not theirs; a pointer that is on them is on it all the same. */}
        <div ref={layers} onClick={enlarge} />
      </div>
      <figcaption ref={missing} hidden>{t.detail.noOriginal}</figcaption>
    </figure>
  );
}

/** Put the original in the place of the thumbnail, once it has come; where it does not, say so. */
export function useOriginal({ image_url: url }: Pick<Hit, "image_url">, image: RefObject<HTMLImageElement | null>, missing: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    if (!url) return;
    const original = new Image();
    original.onload = () => image.current?.setAttribute("src", original.src);
    original.onerror = () => missing.current?.removeAttribute("hidden");
    original.src = url;
  }, [url]);
}

function WhereAndWhen({ hit }: { hit: Hit }) {
  const { lat, lon, place_source, place_radius_m: radius, width, height, image, time } = hit;
  const grouped = (n: number) => new Intl.NumberFormat(t.locale).format(n);
  const isPlaced = typeof lat === "number" && typeof lon === "number";
  return (
    <section>
      <h3>{t.detail.whereAndWhen}</h3>
      <dl>
        {hit.distance_m !== null && [<dt>{t.detail.distance}</dt>, <dd>{formatDistance(hit.distance_m)}</dd>]}
        <dt>{t.detail.position}</dt>
        <dd>
          {isPlaced ? `${formatLatLon(lat, lon)}${radius ? ` ± ${formatDistance(radius)}` : ""} ` : t.detail.unknown}
          {place_source === "estimated" && <span class="badge">{t.results.estimated}</span>}
        </dd>
        {time && [<dt>{t.detail.time}</dt>, <dd>{formatTime(time, "long")}</dd>]}
        {width && height && [<dt>{t.detail.size}</dt>, <dd>{t.detail.pixels(grouped(width), grouped(height))}</dd>]}
        {image && [<dt>{t.detail.file}</dt>, <dd><span class="path" title={image}>{image.split(/[\\/]/).at(-1)}</span></dd>]}
      </dl>
    </section>
  );
}

function Attributes({ hit }: { hit: Hit }) {
  const known = Object.entries(hit.attributes).filter(([, value]) => value !== null && value !== "");
  if (known.length === 0) return null;
  return (
    <section>
      <h3>{t.detail.attributes}</h3>
      <dl>
        {known.map(([name, value]) => [
          <dt>{formatName(name)}</dt>,
          // Each member of a list can be kept to by itself.
          ...[value].flat().map((member) => (
            <dd>
              <Value value={member} />
              <Keep name={name} value={member} />
            </dd>
          )),
        ])}
      </dl>
    </section>
  );
}

function Keep({ name, value }: { name: string; value: Scalar }) {
  if (value === null || String(value).length > LONGEST_VALUE) return null;
  const { where } = page.query.value;
  const keep = () => page.change({ where: [...where, { name, comparison: "is", value }] });
  return <IconButton name="filter" class="keep" label={t.detail.keepTo(formatName(name), String(value))} onClick={keep} />;
}

/** A web address becomes a link; it is opened only when it is clicked. */
function Value({ value }: { value: Scalar }) {
  const text = String(value);
  if (!/^https?:\/\/\S+$/.test(text)) return <span>{text}</span>;
  return <a href={text} target="_blank" rel="noopener noreferrer">{text}</a>;
}
