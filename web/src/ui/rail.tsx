/** What the page can show, at its left edge; along its lower edge where the screen is narrow. */

import { asksForSomething, hasFilters } from "../logic/query.ts";
import type { Panel } from "../logic/address.ts";
import { page } from "../state/page.ts";
import { review } from "../state/review.ts";
import { t } from "../words/index.ts";
import { Icon, type IconName } from "./icon.tsx";

export function Rail() {
  const query = page.query.value;
  const isAsking = asksForSomething(query) || hasFilters(query);
  const panel = page.panel.value;
  // What is open over the page is where one is, and nothing else.
  const isOver = page.importsOpen.value;
  const isResults = !isOver && panel !== "map" && panel !== "paint" && panel !== "review";
  const search = () => {
    if (panel === "map") page.setPanel("both");
    const field = document.getElementById("words") as HTMLInputElement | null;
    field?.focus();
    field?.select();
  };
  const browse = () => {
    if (panel === "map" || panel === "paint") page.setPanel("both");
    page.browse();
  };
  return (
    <nav class="rail" aria-label={t.rail.label}>
      <RailButton icon="browse" name={t.rail.browse} isCurrent={!isAsking && isResults} onClick={browse} />
      <RailButton icon="search" name={t.rail.search} isCurrent={isAsking && isResults} onClick={search} />
      <RailButton icon="map" name={t.rail.map} isCurrent={!isOver && panel === "map"} onClick={() => togglePanel("map")} />
      <RailButton icon="brush" name={t.rail.paint} isCurrent={!isOver && panel === "paint"} onClick={() => togglePanel("paint")} />
      {review.isOffered.value && (
        <RailButton icon="review" name={t.rail.review} isCurrent={!isOver && panel === "review"} onClick={() => togglePanel("review")} />
      )}
      {page.config.value?.writes && (
        <RailButton icon="import" name={t.rail.imports} isCurrent={isOver} onClick={() => (page.importsOpen.value = true)} />
      )}
      <RailButton icon="keys" name={t.rail.keys} isCurrent={false} onClick={() => (page.keysOpen.value = true)} />
    </nav>
  );
}

/** Give the whole stage to the map or the results, or share it again. */
export function togglePanel(panel: Exclude<Panel, "both">): void {
  if (page.panel.value === panel) page.setPanel("both");
  else if (panel === "paint") page.paint();
  else if (panel === "review") page.review();
  else page.setPanel(panel);
}

function RailButton({ icon, name, isCurrent, onClick }: { icon: IconName; name: string; isCurrent: boolean; onClick: () => void }) {
  return (
    <button type="button" aria-current={isCurrent ? "page" : undefined} onClick={onClick}>
      <Icon name={icon} />
      <span>{name}</span>
    </button>
  );
}
