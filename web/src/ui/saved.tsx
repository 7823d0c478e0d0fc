/** The searches that the collection keeps, and a name for the one that stands there. */

import { useSignal } from "@preact/signals";
import { Problem } from "../api.ts";
import { asksForSomething, hasFilters } from "../logic/query.ts";
import { page } from "../state/page.ts";
import { saved } from "../state/saved.ts";
import { t } from "../words/index.ts";
import { Icon, IconButton } from "./icon.tsx";
import { Panel } from "./panel.tsx";

export function Saved() {
  const problem = useSignal<Problem | null>(null);
  if (!page.savedOpen.value) return null;
  const attempt = (change: Promise<void>) => {
    problem.value = null;
    change.catch((error: unknown) => (problem.value = Problem.of(error)));
  };
  const wrong = problem.value ?? saved.error.value;
  return (
    <Panel name="saved" title={t.saved.title} open={page.savedOpen}>
      {saved.all.value.length === 0 && !wrong && <p class="said">{t.saved.none}</p>}
      <ul aria-label={t.saved.list}>
        {saved.names.value.map((name) => (
          <li key={name}>
            <button type="button" class="quiet" title={t.saved.ask(name)} onClick={() => saved.ask(name)}>
              <Icon name="search" />
              <span>{name}</span>
            </button>
            {page.mayWrite.value && <IconButton name="trash" label={t.saved.forget(name)} onClick={() => attempt(saved.forget(name))} />}
          </li>
        ))}
      </ul>
      {wrong && <p class="doubt" role="alert">{wrong.message}</p>}
      <SaveForm save={(name) => attempt(saved.save(name))} />
    </Panel>
  );
}

/** Where the server lets this page write, and something is asked that can be kept. */
function SaveForm({ save }: { save: (name: string) => void }) {
  const query = page.query.value;
  const name = useSignal("");
  if (!page.config.value?.writes) return null;
  if (!page.mayWrite.value) return <p class="said">{t.saved.onlyReads}</p>;
  if (!asksForSomething(query) && !hasFilters(query)) return null;
  const hasOwn = query.pictures.length > 0 || Boolean(query.sketch?.over && !("item" in query.sketch.over));
  if (hasOwn) return <p class="said">{t.saved.noPictures}</p>;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (name.value.trim()) save(name.value.trim());
    name.value = "";
  };
  return (
    <form onSubmit={submit}>
      <label>
        {t.saved.name}
        <input type="text" name="name" maxLength={200} required autocomplete="off" value={name.value} onInput={(event) => (name.value = event.currentTarget.value)} />
      </label>
      <button type="submit" class="primary">{t.saved.save}</button>
      {saved.names.value.includes(name.value.trim()) && <p class="said" role="status">{t.saved.replaced}</p>}
    </form>
  );
}
