/** The controls that re-rank: meaning against place, and how far the place reaches. */

import { asksByMeaning, asksForSomething, asksInWords } from "../logic/query.ts";
import { type Decay, type DecayKind, halfDistance, positionOf, scaleAt, STEPS } from "../logic/reach.ts";
import { formatDistance } from "../logic/format.ts";
import { grainOf } from "../logic/shares.ts";
import { page } from "../state/page.ts";
import { t } from "../words/index.ts";

export function Balance() {
  const query = page.query.value;
  const decay = page.decay.value;
  const hasPlace = page.place.value !== null;
  const hasMeaning = asksByMeaning(query);
  // Beside the canvas it waits for a place: one's strokes must not move what one paints on.
  if (!asksForSomething(query) || (page.panel.value === "paint" && !hasPlace)) return null;
  const place = Math.round(query.mu * 100);
  const setReach = (change: Partial<Decay>, pace: "now" | "dragging") =>
    page.change({ decay: { ...decay, ...change } }, { pace });
  const hint = !hasPlace ? t.balance.needsPlace : hasMeaning ? "" : t.balance.needsMeaning;
  return (
    <div class="balance">
      <div class="control ends">
        <label for="mu">
          <span class="end meaning">{t.balance.meaning}</span>
          <span class="hidden">{t.balance.against}</span>
          <span class="end place">{t.balance.place}</span>
        </label>
        <input
          id="mu"
          type="range"
          min={0}
          max={1}
          step={0.05}
          value={query.mu}
          disabled={!(hasPlace && hasMeaning)}
          aria-describedby="balance-hint"
          aria-valuetext={t.balance.shares(100 - place, place)}
          onInput={(event) => page.change({ mu: event.currentTarget.valueAsNumber }, { pace: "dragging" })}
        />
      </div>
      <div class="control">
        <label for="reach">{t.balance.reach}</label>
        <input
          id="reach"
          type="range"
          min={0}
          max={STEPS}
          step={5}
          value={positionOf(decay.scale)}
          disabled={!hasPlace || decay.kind === "global"}
          aria-valuetext={halfInWords(decay)}
          onInput={(event) => setReach({ scale: scaleAt(event.currentTarget.valueAsNumber) }, "dragging")}
        />
        <output for="reach" id="half">{halfInWords(decay)}</output>
      </div>
      <div class="control kind">
        <label for="kind">{t.balance.fallsOff}</label>
        <select
          id="kind"
          aria-label={t.balance.kind}
          value={decay.kind}
          disabled={!hasPlace}
          onChange={(event) => setReach({ kind: event.currentTarget.value as DecayKind }, "now")}
        >
          {Object.entries(t.balance.kinds).map(([kind, name]) => <option key={kind} value={kind}>{name}</option>)}
        </select>
      </div>
      <Grain />
      <p class="hint" id="balance-hint">{hint}</p>
    </div>
  );
}

/**
 * The words as a whole, or each of their phrases, for which a collection must keep regions; where it
 * keeps none and a link says so, it is there to be set back.
 */
function Grain() {
  const query = page.query.value;
  if (!asksInWords(query) || !(page.keeps("regions") || query.delta)) return null;
  // Where nobody says it is the server's own, which the answer tells.
  const delta = query.delta ?? grainOf(page.hits.value[0]?.terms ?? []);
  const each = Math.round(delta * 100);
  return (
    <div class="control ends" title={t.grain.help}>
      <label for="delta">
        <span>{t.grain.whole}</span>
        <span class="hidden">{t.balance.against}</span>
        <span>{t.grain.each}</span>
      </label>
      <input
        id="delta"
        type="range"
        min={0}
        max={1}
        step={0.1}
        value={delta}
        aria-valuetext={t.grain.shares(100 - each, each)}
        onInput={(event) => page.change({ delta: event.currentTarget.valueAsNumber }, { pace: "dragging" })}
      />
    </div>
  );
}

/** Two digits are enough for a distance that a slider sets. */
function halfInWords(decay: Decay): string {
  const half = halfDistance(decay);
  return half === null ? t.balance.toFarthest : t.balance.half(formatDistance(Number(half.toPrecision(2))));
}
