/** Chips of everything that is asked: what was understood, pictures, words against, filters. */

import type { ComponentChildren } from "preact";
import { pictureUrl } from "../api.ts";
import { formatDistance, formatLatLon, formatName, formatSpan } from "../logic/format.ts";
import { heightOf } from "../logic/lasso.ts";
import { isBlank } from "../logic/painting.ts";
import { type Condition, type LikeTerm, type PictureTerm, type Query } from "../logic/query.ts";
import type { Offer, PlaceMention } from "../logic/rest.ts";
import type { Sketch } from "../logic/sketch.ts";
import { joinWords, quote, replacePlace, splitWords } from "../logic/words.ts";
import { page } from "../state/page.ts";
import { painter } from "../state/painter.ts";
import { t } from "../words/index.ts";
import { Icon, IconButton } from "./icon.tsx";
import { Thumbnail } from "./painting.tsx";

export function Terms() {
  const query = page.query.value;
  const read = query.parse ? page.understood.value : null;
  return (
    <section id="terms" class="terms" aria-label={t.terms.label}>
      {read?.mentions.map((each) => <Mention key={each.phrase} mention={each} query={query} />)}
      {read?.times.map(({ phrase, words }) => (
        <Chip key={phrase} kind="understood" remove={t.terms.leaveTime(phrase)} onRemove={() => leave(phrase, query)}>
          {words}
        </Chip>
      ))}
      {read?.offers.map((each) => <Offered key={each.phrase} offer={each} query={query} />)}
      {!query.parse && (
        <Chip remove={t.terms.readAgain} onRemove={() => page.change({ parse: true })}>
          {t.terms.notRead}
        </Chip>
      )}
      {query.pictures.map((each) => <Picture key={each.handle} picture={each} query={query} />)}
      {query.like.map((each) => <Like key={each.id} like={each} query={query} />)}
      {query.sketch && <Painted sketch={query.sketch} />}
      <Unwanted query={query} />
      <Filters query={query} />
    </section>
  );
}

interface ChipProps {
  /** What the cross does, in words. */
  remove: string;
  onRemove: () => void;
  kind?: string;
  children: ComponentChildren;
}

function Chip({ remove, onRemove, kind = "", children }: ChipProps) {
  const onClick = (event: MouseEvent) => {
    const chip = (event.currentTarget as HTMLElement).closest(".chip")!;
    const next = chip.nextElementSibling ?? chip.previousElementSibling;
    onRemove();
    // Focus goes on to the next chip, or to the words; the body is no place to be.
    (next?.querySelector("button") ?? document.getElementById("words"))?.focus();
  };
  return (
    <span class={`chip ${kind}`}>
      <span class="label">{children}</span>
      <button type="button" title={remove} aria-label={remove} onClick={onClick}>
        <Icon name="close" />
      </button>
    </span>
  );
}

/** What a place name was taken for; another choice is written into the words. */
function Mention({ mention, query }: { mention: PlaceMention; query: Query }) {
  const { phrase, words, name, label, choices } = mention;
  const lead = words.endsWith(label) ? words.slice(0, words.length - label.length).trim() : "";
  const choose = (event: Event) =>
    page.change({ words: replacePlace(query.words, phrase, name, (event.currentTarget as HTMLSelectElement).value) });
  return (
    <Chip kind="understood" remove={t.terms.leavePlace(phrase)} onRemove={() => leave(phrase, query)}>
      {!lead ? (
        words
      ) : choices.length < 2 ? (
        <Named relation={lead} name={label} />
      ) : (
        <>
          {lead}{" "}
          <select aria-label={t.terms.whichPlace(name)} title={t.terms.otherPlaces} value={label} onChange={choose}>
            {choices.map((choice) => (
              <option key={choice.label} selected={choice.label === label}>{choice.label}</option>
            ))}
          </select>
        </>
      )}
    </Chip>
  );
}

/** What a phrase might mean: one press writes it so that it is read. */
function Offered({ offer: { phrase, write, label }, query }: { offer: Offer; query: Query }) {
  const take = () => page.change({ words: query.words.replace(phrase, () => write) });
  return (
    <button type="button" class="chip offer" title={t.terms.readAs(phrase, label)} onClick={take}>
      {label}?
    </button>
  );
}

/** Leave a phrase to the words: it goes into quotes, where anybody can see why it is not read. */
function leave(phrase: string, query: Query): void {
  const words = quote(query.words, phrase);
  page.change(words === null ? { parse: false } : { words });
}

function Named({ relation, name }: { relation: string; name: string }) {
  return (
    <span>
      {relation} <b>{name}</b>
    </span>
  );
}

function Picture({ picture, query }: { picture: PictureTerm; query: Query }) {
  const others = query.pictures.filter((each) => each !== picture);
  const weigh = (weight: number) =>
    page.change({ pictures: query.pictures.map((each) => (each === picture ? { ...each, weight } : each)) });
  return (
    <Chip remove={t.terms.removePicture(picture.name)} onRemove={() => page.change({ pictures: others })}>
      <span class="picture">
        {picture.preview && <img src={picture.preview} alt="" />}
        <span class="name">{picture.name}</span>
        {painter.isKept.value && <IconButton name="brush" label={t.paint.onPicture(picture.name)} onClick={() => void painter.paintOnPicture(picture)} />}
        <Weight weight={picture.weight} onChange={weigh} />
      </span>
    </Chip>
  );
}

function Like({ like, query }: { like: LikeTerm; query: Query }) {
  const others = query.like.filter((each) => each !== like);
  const weigh = (weight: number) =>
    page.change({ like: query.like.map((each) => (each === like ? { ...each, weight } : each)) });
  return (
    <Chip remove={t.terms.removeExample} onRemove={() => page.change({ like: others })}>
      <span class="picture">
        {/* A text has no thumbnail. */}
        <img src={pictureUrl(query.collection, like.id, "thumbnail")} alt="" onError={(event) => event.currentTarget.remove()} />
        <span class="name">{like.weight < 0 ? t.terms.unlike : t.terms.like}</span>
        <Weight weight={like.weight} onChange={weigh} />
      </span>
    </Chip>
  );
}

/** What is painted, small; pressed, it opens on the canvas. */
function Painted({ sketch }: { sketch: Sketch }) {
  return (
    <Chip remove={t.terms.removePaint} onRemove={() => page.change({ sketch: null })}>
      <span class="picture">
        <button type="button" class="painted" title={t.terms.openPaint} aria-label={t.terms.openPaint} onClick={() => page.paint()}>
          <Thumbnail sketch={sketch} />
        </button>
        <span class="name">{nameOf(sketch)}</span>
        <Weight weight={sketch.weight} onChange={(weight) => page.change({ sketch: { ...sketch, weight } })} />
      </span>
    </Chip>
  );
}

function nameOf({ painting, over, weight }: Sketch): string {
  if (weight < 0) return t.terms.unpainted;
  if (!over) return t.terms.painted;
  return isBlank(painting) ? t.terms.laidOut : t.terms.paintedOver;
}

const WEIGHTS = [2, 1, 0.5, -0.5, -1];

/** Weight of an example; below zero the search goes away from it. */
function Weight({ weight, onChange }: { weight: number; onChange: (weight: number) => void }) {
  return (
    <select
      aria-label={t.terms.weight}
      title={t.terms.weightHelp}
      value={weight}
      onChange={(event) => onChange(Number(event.currentTarget.value))}
    >
      {WEIGHTS.map((each) => (
        <option key={each} value={each} selected={each === weight}>{`× ${each}`.replace("-", "−")}</option>
      ))}
    </select>
  );
}

function Unwanted({ query }: { query: Query }) {
  const { wanted, unwanted } = splitWords(query.words);
  return unwanted.map((word) => {
    const rest = { wanted, unwanted: unwanted.filter((each) => each !== word) };
    return (
      <Chip key={word} kind="minus" remove={t.terms.removeLess(word)} onRemove={() => page.change({ words: joinWords(rest) })}>
        <Named relation={t.terms.less} name={word} />
      </Chip>
    );
  });
}

const METRES_PER_DEGREE = 111_195; // of latitude

function Filters({ query }: { query: Query }) {
  const { near, box, area, from, to, modality, located, where } = query;
  return (
    <>
      {near && (
        <Chip key="near" kind="place" remove={t.terms.removePlace} onRemove={() => page.change({ near: null })}>
          <Named relation={t.terms.near} name={near.name ?? formatLatLon(near.lat, near.lon)} />
        </Chip>
      )}
      {box && (
        <Chip key="box" remove={t.terms.removeBox} onRemove={() => page.change({ box: null })}>
          {t.terms.inBox(formatDistance((box[3] - box[1]) * METRES_PER_DEGREE))}
        </Chip>
      )}
      {area && (
        <Chip key="area" remove={t.terms.removeArea} onRemove={() => page.change({ area: null })}>
          {t.terms.inArea(formatDistance(heightOf(area) * METRES_PER_DEGREE))}
        </Chip>
      )}
      {(from || to) && (
        <Chip key="dates" remove={t.terms.removeDates} onRemove={() => page.change({ from: "", to: "" })}>
          {datesInWords(from, to)}
        </Chip>
      )}
      {modality && (
        <Chip key="modality" remove={t.terms.compareAll} onRemove={() => page.change({ modality: "" })}>
          {modality === "image" ? t.terms.picturesOnly : t.terms.textsOnly}
        </Chip>
      )}
      {located && (
        <Chip key="located" remove={t.terms.anyPosition} onRemove={() => page.change({ located: "" })}>
          {located === "yes" ? t.terms.located : t.terms.unlocated}
        </Chip>
      )}
      {where.map((condition) => (
        <Chip
          key={JSON.stringify(condition)}
          remove={t.terms.removeCondition}
          onRemove={() => page.change({ where: where.filter((each) => each !== condition) })}
        >
          {inWords(condition)}
        </Chip>
      ))}
    </>
  );
}

function datesInWords(from: string, to: string): string {
  if (!to) return t.terms.since(from);
  return from ? (formatSpan(from, to, t.locale) ?? t.terms.span(from, to)) : t.terms.until(to);
}

function inWords({ name, comparison, value }: Condition): string {
  return `${formatName(name)} ${t.filters.comparisons[comparison]} ${value}`;
}
