/** One result in the grid. */

import { formatDistance, formatTime } from "../logic/format.ts";
import type { Hit } from "../logic/rest.ts";
import { page } from "../state/page.ts";
import { painter } from "../state/painter.ts";
import { selection } from "../state/selection.ts";
import { t } from "../words/index.ts";
import { inWords } from "./evidence.tsx";
import { Icon } from "./icon.tsx";
import { ScoreBar } from "./score-bar.tsx";

interface CardProps {
  hit: Hit;
  best: number;
  style: Record<string, string>;
  index: number;
  total: number;
  /** Ids in the order shown, for ranges. */
  ids: () => string[];
}

export function Card({ hit, best, style, index, total, ids }: CardProps) {
  const isOpen = page.open.value === hit.id;
  const isSelected = selection.has(hit.id);
  const kinds = ["card", page.pointed.value === hit.id && "pointed", isOpen && "chosen", isSelected && "selected"];
  const point = () => (page.pointed.value = hit.id);
  const leave = () => page.pointed.value === hit.id && (page.pointed.value = null);
  const open = (event: MouseEvent) => {
    if (event.shiftKey) selection.extendTo(hit.id, ids());
    else if (event.ctrlKey || event.metaKey) selection.toggle(hit.id);
    else page.show(hit.id);
  };
  return (
    <li
      class={kinds.filter(Boolean).join(" ")}
      data-id={hit.id}
      style={style}
      aria-posinset={index + 1}
      aria-setsize={total}
      onMouseEnter={point}
      onMouseLeave={leave}
      onFocusCapture={point}
      onBlurCapture={leave}
    >
      <button type="button" class="open" aria-pressed={isOpen} onClick={open} onDblClick={() => page.show(hit.id, { large: true })}>
        <Thumbnail hit={hit} />
        {showsTitle(hit) && <span class="title">{hit.title}</span>}
        <span class="facts">{factsOf(hit)}</span>
        {hit.score !== null && (
          <span class="score">
            <ScoreBar hit={hit} best={best} />
            <span class="number" aria-hidden="true">{hit.score.toFixed(2)}</span>
          </span>
        )}
      </button>
      <button type="button" class="tick" role="checkbox" aria-checked={isSelected} aria-label={t.results.select(hit.title)} onClick={() => selection.toggle(hit.id)}>
        <Icon name="check" />
      </button>
      <button type="button" class="similar" title={t.results.similar} aria-label={t.results.similarTo(hit.title)} onClick={() => page.moreLike(hit.id)}>
        <Icon name="similar" />
      </button>
      {painter.isKept.value && hit.thumbnail_url && (
        <button type="button" class="similar paint-on" title={t.paint.on} aria-label={t.paint.onTitle(hit.title)} onClick={() => painter.paintOn(hit.id)}>
          <Icon name="brush" />
        </button>
      )}
    </li>
  );
}

function factsOf(hit: Hit): string {
  const facts = [
    hit.distance_m === null ? null : formatDistance(hit.distance_m),
    hit.time ? formatTime(hit.time) : null,
    hit.place_source === "estimated" ? t.results.estimated : null,
    ...hit.evidence.map(inWords),
  ];
  return facts.filter(Boolean).join(" · ");
}

/** A text that has no title of its own is called by its first words, which the card shows. */
function showsTitle({ thumbnail_url, text, title }: Hit): boolean {
  return Boolean(thumbnail_url) || !text?.trim().startsWith(title.replace(/…$/, ""));
}

/** The thumbnail, or the text itself when there is none. */
function Thumbnail({ hit }: { hit: Hit }) {
  if (!hit.thumbnail_url) return (
    <span class="excerpt">
      <span class="lines">{hit.text ?? hit.title}</span>
    </span>
  );
  return <img src={hit.thumbnail_url} alt="" loading="lazy" decoding="async" width={320} height={240} draggable={false} />;
}
