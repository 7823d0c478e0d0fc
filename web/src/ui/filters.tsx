/** Filters in a fold-out: what an item must be, whatever its score. */

import type { ComponentChildren } from "preact";
import { hasFilters, type Query } from "../logic/query.ts";
import { mapActions } from "../map/actions.ts";
import type { Drawing } from "../map/view.ts";
import { page } from "../state/page.ts";
import { t } from "../words/index.ts";
import { Conditions } from "./conditions.tsx";
import { Icon } from "./icon.tsx";

const NONE: Partial<Query> = { box: null, area: null, from: "", to: "", modality: "", located: "", where: [] };

export function FilterButton() {
  const { box, area, from, to, modality, located, where } = page.query.value;
  const active = [box, area, from || to, modality, located].filter(Boolean).length + where.length;
  const isOpen = page.filtersOpen.value;
  return (
    <button
      type="button"
      class="fold"
      aria-expanded={isOpen}
      aria-controls="filters"
      onClick={() => (page.filtersOpen.value = !isOpen)}
    >
      <Icon name="filter" />
      <span class="fold-name">{t.filters.button}</span>
      {active > 0 && <span class="active">{active}</span>}
    </button>
  );
}

export function FilterPanel() {
  const query = page.query.value;
  const stats = page.stats.state.value.value;
  if (!page.filtersOpen.value) return null;
  const [first, last] = (stats?.time_range ?? ["", ""]).map((time) => time.slice(0, 10));
  const dates = { min: first ?? "", max: last ?? "", disabled: stats?.n_with_time === 0 };
  const isActive = hasFilters(query);
  return (
    <div class="filters" id="filters">
      <Group name={t.filters.area}>
        <button type="button" id="draw-box" onClick={() => drawOnMap("box")}>
          <Icon name="box" />
          {t.filters.drawBox}
        </button>
        <button type="button" onClick={() => drawOnMap("area")}>
          <Icon name="lasso" />
          {t.filters.drawArea}
        </button>
        <button type="button" disabled={!page.view.value} onClick={() => page.change({ box: page.view.value?.box ?? null, area: null })}>
          {t.filters.thisView}
        </button>
      </Group>
      <Group name={t.filters.dates}>
        {(["from", "to"] as const).map((end) => [
          <label for={end}>{t.filters[end]}</label>,
          <input id={end} type="date" value={query[end]} {...dates} onChange={(event) => page.change({ [end]: event.currentTarget.value })} />,
        ])}
      </Group>
      <Group name={t.filters.kind}>
        <Choice
          id="modality"
          label={t.filters.kind}
          value={query.modality}
          names={{ "": t.filters.anyKind, image: t.filters.pictures, text: t.filters.texts }}
          onChange={(modality) => page.change({ modality })}
        />
        <Choice
          id="located"
          label={t.filters.position}
          value={query.located}
          names={{ "": t.filters.anyPosition, yes: t.filters.located, no: t.filters.unlocated }}
          onChange={(located) => page.change({ located })}
        />
      </Group>
      {isActive && (
        <button type="button" class="quiet text" onClick={() => page.change(NONE)}>
          {t.filters.clear}
        </button>
      )}
      {stats && <Conditions stats={stats} />}
    </div>
  );
}

/** The map comes forward where it is hidden, as it is on a phone. */
function drawOnMap(what: Drawing): void {
  const map = document.getElementById("map");
  if (!map?.getClientRects().length) page.setPanel(isNarrow() ? "map" : "both");
  // On a phone what is folded out would cover it.
  if (isNarrow()) page.filtersOpen.value = false;
  mapActions.draw(what);
}

function isNarrow(): boolean {
  return window.matchMedia("(max-width: 860px)").matches;
}

function Group({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <fieldset>
      <legend>{name}</legend>
      {children}
    </fieldset>
  );
}

interface ChoiceProps<T extends string> {
  id: string;
  label: string;
  value: T;
  names: Record<T, string>;
  onChange: (value: T) => void;
}

function Choice<T extends string>({ id, label, value, names, onChange }: ChoiceProps<T>) {
  return (
    <select id={id} aria-label={label} value={value} onChange={(event) => onChange(event.currentTarget.value as T)}>
      {(Object.entries(names) as [T, string][]).map(([key, name]) => <option key={key} value={key}>{name}</option>)}
    </select>
  );
}
