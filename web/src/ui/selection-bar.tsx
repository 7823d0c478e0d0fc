/** What can be done with the selected items: export, download. */

import { useSignal } from "@preact/signals";
import { api, Problem } from "../api.ts";
import type { ExportRequest, ItemChanges } from "../logic/rest.ts";
import { page } from "../state/page.ts";
import { selection } from "../state/selection.ts";
import { t } from "../words/index.ts";
import { download } from "./download.ts";
import { Icon, IconButton } from "./icon.tsx";

export function SelectionBar() {
  const ids = [...selection.ids.value];
  const blur = useSignal("0");
  const busy = useSignal(false);
  if (ids.length === 0) return null;
  const { collection } = page.query.value;
  const formats = page.config.value?.export_formats ?? [];
  const mark = async (attributes: NonNullable<ItemChanges["attributes"]>) => {
    busy.value = true;
    try {
      for (const id of ids) await api.change(collection, id, { attributes });
      page.refresh();
    } catch (error) {
      page.fail(error);
    }
    busy.value = false;
  };
  const save = async (fetch: () => Promise<File>) => {
    busy.value = true;
    try {
      download(await fetch());
    } catch (error) {
      page.problem.value = new Problem({ title: t.selection.failed, status: -1, detail: Problem.of(error).message });
    }
    busy.value = false;
  };
  const options = () => ({ ids, ...(blur.value === "0" ? {} : { blur: Number(blur.value) }) });
  return (
    <section class="selection" aria-label={t.selection.label} aria-busy={busy.value}>
      <p role="status">{t.selection.count(ids.length)}</p>
      <select
        aria-label={t.selection.exportAs}
        value=""
        disabled={busy.value}
        onChange={(event) => {
          const format = event.currentTarget.value as ExportRequest["format"];
          event.currentTarget.value = "";
          void save(() => api.export(collection, { format, ...options() }));
        }}
      >
        <option value="" disabled>{t.selection.exportAs}</option>
        {formats.map((name) => <option key={name} value={name}>{name}</option>)}
      </select>
      <label>
        {t.selection.blur}{" "}
        <select value={blur.value} onChange={(event) => (blur.value = event.currentTarget.value)}>
          {Object.entries(t.selection.blurChoices).map(([metres, words]) => <option key={metres} value={metres}>{words}</option>)}
        </select>
      </label>
      <button type="button" disabled={busy.value || blur.value !== "0"} onClick={() => void save(() => api.originals(collection, ids))}>
        <Icon name="download" />
        {t.selection.zip}
      </button>
      {page.mayWrite.value && (
        <>
          <button type="button" disabled={busy.value} onClick={() => void mark({ favourite: true })}>{t.selection.favourite}</button>
          <AlbumForm disabled={busy.value} add={(album) => void mark({ album })} />
        </>
      )}
      <IconButton name="close" label={t.selection.clear} onClick={() => selection.clear()} />
    </section>
  );
}

/** An album is an attribute like any other: whoever reads the collection can filter by it. */
function AlbumForm({ disabled, add }: { disabled: boolean; add: (album: string) => void }) {
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const field = (event.currentTarget as HTMLFormElement).elements.namedItem("album") as HTMLInputElement;
    if (field.value.trim()) add(field.value.trim());
    field.value = "";
  };
  return (
    <form onSubmit={submit}>
      <input name="album" type="text" size={12} disabled={disabled} placeholder={t.selection.album} aria-label={t.selection.album} />
    </form>
  );
}
