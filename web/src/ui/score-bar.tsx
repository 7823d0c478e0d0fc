/** A score as a bar: what meaning gave and what the place gave, in two colours and in words. */

import type { Hit } from "../logic/rest.ts";
import { describe, sharesOf, widths } from "../logic/shares.ts";
import { t } from "../words/index.ts";

/** A bar whose full length stands for `best`. */
export function ScoreBar({ hit, best }: { hit: Hit; best: number }) {
  const { meaning, place } = widths(sharesOf(hit), best);
  return (
    <span class="score-bar" role="img" aria-label={describe(hit)}>
      <span class="meaning" style={{ width: `${meaning}%` }} />
      <span class="place" style={{ width: `${place}%` }} />
    </span>
  );
}

export function Legend() {
  return (
    <p class="legend" aria-hidden="true">
      <span class="swatch meaning" />
      {t.results.meaning}
      <span class="swatch place" />
      {t.results.place}
    </p>
  );
}
