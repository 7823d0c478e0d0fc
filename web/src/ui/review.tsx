/** Proposed places, one by one beside the map: what speaks for each, and what is to become of it. */

import { useLayoutEffect, useRef } from "preact/hooks";
import { formatDistance, formatLatLon, formatShare, formatTime } from "../logic/format.ts";
import type { Item, Position, Proposal } from "../logic/rest.ts";
import { moveOf, onPlane, onSphere } from "../logic/review.ts";
import { page } from "../state/page.ts";
import { review } from "../state/review.ts";
import { t } from "../words/index.ts";
import { Icon, IconButton, type IconName } from "./icon.tsx";
import { TokenForm } from "./imports.tsx";
import { useOriginal } from "./inspector.tsx";

export function Review() {
  if (!review.isOn.value) return null;
  return <Open />;
}

function Open() {
  const root = useRef<HTMLElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const proposal = review.shown.value;
  const { error } = review;
  const buttons = proposal !== null || review.canUndo.value;
  // Each begins at its top. A button that is there no more takes the focus with it.
  useLayoutEffect(() => {
    if (root.current) root.current.scrollTop = 0;
    if (document.activeElement === document.body) heading.current?.focus({ preventScroll: true });
  }, [proposal?.id, buttons]);
  return (
    <section ref={root} id="review" class="review" aria-label={t.review.title}>
      <div class="review-head">
        <h2 ref={heading} tabIndex={-1}>{t.review.title}</h2>
        {review.queue.value && <p>{t.review.left(review.nLeft.value)}</p>}
        <IconButton name="close" label={t.review.close} onClick={() => page.setPanel("both")} />
      </div>
      {proposal ? <Proposed key={proposal.id} proposal={proposal} /> : !error.value && <Nothing />}
      <div class="review-foot">
        {error.value && <p class="doubt" role="alert">{error.value.message}</p>}
        <p class="review-said" role="status">{review.said.value}</p>
        <Deciding proposal={proposal} />
      </div>
    </section>
  );
}

function Nothing() {
  // The next page may be on its way.
  if (review.queue.value?.cursor !== null) return <p class="said">{t.review.loading}</p>;
  return (
    <div class="review-nothing">
      <p>{t.review.nothing}</p>
      <p class="said">{t.review.nothingHelp}</p>
    </div>
  );
}

function Proposed({ proposal }: { proposal: Proposal }) {
  const { item, place, radius_m, confidence, evidence, time } = proposal;
  const move = moveOf(proposal);
  const radius = radius_m ? formatDistance(radius_m) : null;
  return (
    <>
      <h3>{item.title}</h3>
      <Picture item={item} />
      <dl>
        <dt><span class="mark proposed" aria-hidden="true" />{t.review.proposed}</dt>
        <dd>{[inWords(place), radius && t.review.within(radius)].filter(Boolean).join(", ")}</dd>
        <dt><span class="mark now" aria-hidden="true" />{t.review.now}</dt>
        <dd>{[inWords(item), move !== null && t.review.away(formatDistance(move))].filter(Boolean).join(", ")}</dd>
        <dt>{t.review.confidence}</dt>
        <dd>{sureness(confidence, radius)}</dd>
        {evidence && [<dt>{t.review.evidence}</dt>, <dd>{evidence}</dd>]}
        <dt>{t.review.time}</dt>
        <dd>{formatTime(time, "long")}</dd>
      </dl>
    </>
  );
}

function Picture({ item }: { item: Item }) {
  const image = useRef<HTMLImageElement>(null);
  const missing = useRef<HTMLElement>(null);
  useOriginal(item, image, missing);
  if (!item.thumbnail_url) return item.text ? <blockquote>{item.text}</blockquote> : <p class="said">{t.review.noPicture}</p>;
  const shape = item.width && item.height ? { aspectRatio: `${item.width} / ${item.height}` } : {};
  return (
    <figure>
      <img ref={image} src={item.thumbnail_url} alt={item.title} style={shape} />
      <figcaption ref={missing} hidden>{t.detail.noOriginal}</figcaption>
    </figure>
  );
}

function inWords(position: Position): string {
  const sphere = onSphere(position);
  const plane = onPlane(position);
  const metres = (value: number) => new Intl.NumberFormat(t.locale, { maximumFractionDigits: 2 }).format(value);
  if (sphere) return formatLatLon(sphere.lat, sphere.lon);
  return plane ? t.review.onPlane(metres(plane.x), metres(plane.y)) : t.review.unplaced;
}

function sureness(confidence: number | null, radius: string | null): string {
  if (confidence === null) return t.review.unsure;
  const share = formatShare(confidence);
  return radius ? t.review.sureWithin(share, radius) : t.review.sure(share);
}

/** The buttons, or what it takes to have them. */
function Deciding({ proposal }: { proposal: Proposal | null }) {
  if (!page.config.value?.writes) return proposal && <Passing reason={t.review.onlyReads} />;
  if (!page.mayWrite.value) return proposal && <Passing />;
  return (
    <div class="buttons">
      {proposal && (
        <>
          <KeyButton icon="check" name={t.review.accept} letter="A" class="primary" onClick={() => void review.decide("accept")} />
          <KeyButton icon="close" name={t.review.reject} letter="R" onClick={() => void review.decide("reject")} />
          <KeyButton icon="next" name={t.review.skip} letter="S" onClick={() => review.skip()} />
        </>
      )}
      {review.canUndo.value && <KeyButton icon="undo" name={t.review.undo} letter="U" title={t.review.undoHelp} onClick={() => void review.undo()} />}
    </div>
  );
}

/** Who may not decide looks through them all the same. */
function Passing({ reason }: { reason?: string }) {
  return (
    <>
      <div class="buttons">
        <KeyButton icon="next" name={t.review.skip} letter="S" onClick={() => review.skip()} />
      </div>
      {reason ? <p class="said">{reason}</p> : <TokenForm reason={t.review.needsToken} />}
    </>
  );
}

function KeyButton({ icon, name, letter, ...rest }: { icon: IconName; name: string; letter: string; title?: string; class?: string; onClick: () => void }) {
  return (
    <button type="button" aria-keyshortcuts={letter} {...rest}>
      <Icon name={icon} />
      {name}
      <kbd aria-hidden="true">{letter}</kbd>
    </button>
  );
}

/** What a key does while places are reviewed; whether it does anything. */
export function reviewKeys(event: KeyboardEvent): boolean {
  const key = event.key.toLowerCase();
  const isUndo = (event.ctrlKey || event.metaKey) && key === "z" && !event.shiftKey && !event.altKey;
  const isHeld = event.ctrlKey || event.metaKey || event.altKey;
  const keys: Record<string, () => void> = {
    a: () => void review.decide("accept"),
    r: () => void review.decide("reject"),
    s: () => review.skip(),
    arrowright: () => review.skip(),
    u: () => void review.undo(),
  };
  const call = isUndo ? keys["u"] : isHeld ? undefined : keys[key];
  if (!call) return false;
  event.preventDefault();
  // A key that is held down decides one, not all that follow.
  if (!event.repeat) call();
  return true;
}
