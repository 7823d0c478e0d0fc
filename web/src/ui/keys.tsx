/** The keyboard: what works everywhere, and the table that says so. */

import { mapActions } from "../map/actions.ts";
import { page } from "../state/page.ts";
import { selection } from "../state/selection.ts";
import { why } from "../state/why.ts";
import { t } from "../words/index.ts";
import { Panel } from "./panel.tsx";
import { togglePanel } from "./rail.tsx";
import { reviewKeys } from "./review.tsx";

/** Listen as long as the page lives. */
export function listenForKeys(): () => void {
  const listening = new AbortController();
  document.addEventListener("keydown", handle, { signal: listening.signal });
  return () => listening.abort();
}

function handle(event: KeyboardEvent): void {
  const target = event.target as HTMLElement;
  if (event.defaultPrevented || target.closest("dialog")) return;
  if (event.key === "Escape") {
    leaveOne();
    return;
  }
  if (target.matches("input:not([type=range]), select, textarea")) return;
  if (page.panel.value === "review" && reviewKeys(event)) return;
  if ((event.ctrlKey || event.metaKey) && event.key === "a" && page.hits.value.length) {
    event.preventDefault();
    selection.add(page.hits.value.map((hit) => hit.id));
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const open = page.open.value;
  const keys: Record<string, () => void> = {
    "/": () => {
      const field = document.getElementById("words") as HTMLInputElement | null;
      field?.focus();
      field?.select();
    },
    "?": () => (page.keysOpen.value = true),
    f: () => open !== null && page.show(open, { large: true }),
    g: () => togglePanel("results"),
    m: () => togglePanel("map"),
    p: () => togglePanel("paint"),
    w: () => open !== null && why.toggle(),
  };
  const call = keys[event.key];
  if (!call) return;
  event.preventDefault();
  call();
}

/** Escape closes one thing: what is being drawn, the open result, the selection, the canvas or the review. */
function leaveOne(): void {
  if (mapActions.cancelDrawing()) return;
  if (page.open.value !== null) page.close();
  else if (selection.ids.value.size) selection.clear();
  else if (page.panel.value === "paint" || page.panel.value === "review") page.setPanel("both");
}

export function Keys() {
  if (!page.keysOpen.value) return null;
  return (
    <Panel name="keys" title={t.keys.title} open={page.keysOpen}>
      <dl>
        {t.keys.rows.map(([key, what]) => [<dt><kbd>{key}</kbd></dt>, <dd>{what}</dd>])}
      </dl>
    </Panel>
  );
}
