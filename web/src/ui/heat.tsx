/** The button that shows heat of scores on the map, and the scale of its colours. */

import { heat } from "../state/heat.ts";
import { page } from "../state/page.ts";
import { t } from "../words/index.ts";
import { Icon } from "./icon.tsx";

export function HeatButton() {
  const isShown = page.heat.value;
  return (
    <button type="button" id="heat" class="toggle" aria-pressed={isShown} aria-label={t.heat.button} title={t.heat.help} onClick={() => page.setHeat(!isShown)}>
      <Icon name="heat" />
      <span>{t.heat.button}</span>
    </button>
  );
}

export function HeatLegend() {
  if (!page.heat.value) return null;
  const { value, error, isIdle } = heat;
  const said = isIdle.value ? t.heat.idle : error.value?.message;
  if (said) return <p class="heat-legend" role="status">{said}</p>;
  const { median, highest, cells } = value.value ?? { median: null, highest: null, cells: [] };
  if (median === null || highest === null) return value.value && <p class="heat-legend" role="status">{t.heat.nowhere}</p>;
  return (
    <div class="heat-legend" role="group" aria-label={t.heat.legend(cells.length)}>
      <span>{t.heat.title}</span>
      <span class="heat-scale" aria-hidden="true" />
      <span title={t.heat.medianHelp}>{t.heat.median(median.toFixed(2))}</span>
      <span title={t.heat.highestHelp}>{t.heat.highest(highest.toFixed(2))}</span>
    </div>
  );
}
