/** The panel that takes pictures in, and shows how far imports are. */

import { useEffect } from "preact/hooks";
import type { JobSummary } from "../logic/rest.ts";
import { imports } from "../state/imports.ts";
import { page } from "../state/page.ts";
import { session } from "../state/session.ts";
import { t } from "../words/index.ts";
import { Panel } from "./panel.tsx";

export function Imports() {
  const isOpen = page.importsOpen.value;
  const mayWrite = page.mayWrite.value;
  useEffect(() => {
    if (isOpen && mayWrite) imports.watch();
  }, [isOpen, mayWrite]);
  if (!isOpen) return null;
  const add = (event: Event) => {
    const field = event.currentTarget as HTMLInputElement;
    void imports.add([...(field.files ?? [])]);
    field.value = "";
  };
  return (
    <Panel name="imports" title={t.imports.title} open={page.importsOpen}>
      {mayWrite ? (
        <label class="choose-files">
          {t.imports.choose}
          <input type="file" multiple accept="image/*,.heic,.heif,.dng" onChange={add} />
        </label>
      ) : (
        <TokenForm reason={t.imports.needsToken} />
      )}
      <Uploading />
      <ul class="jobs" aria-label={t.imports.jobs}>
        {imports.jobs.value.map((job) => <Job key={job.id} job={job} />)}
      </ul>
    </Panel>
  );
}

function Uploading() {
  const upload = imports.upload.value;
  if (!upload) return null;
  return (
    <section class="uploading" aria-live="polite">
      <p>{t.imports.sent(upload.done, upload.n)}</p>
      <progress max={upload.n} value={upload.done} aria-label={t.imports.sending} />
      <Errors errors={upload.refused} />
    </section>
  );
}

function Job({ job }: { job: JobSummary }) {
  const { id, state, n_total, n_done, n_errors, detail, collection } = job;
  const isRunning = state === "running" || state === "queued";
  const errors = imports.errors.value[id];
  return (
    <li>
      <p>
        <strong>{collection}</strong> {t.imports.states[state]} · {t.imports.done(n_done, n_total)}
      </p>
      <progress max={n_total ?? 1} value={n_total === null ? undefined : n_done} aria-label={t.imports.progress} />
      {detail && <p class="doubt">{detail}</p>}
      <div class="buttons">
        {isRunning && <button type="button" onClick={() => void imports.steer(id, "pause")}>{t.imports.pause}</button>}
        {state === "paused" && <button type="button" onClick={() => void imports.steer(id, "resume")}>{t.imports.resume}</button>}
        {(isRunning || state === "paused") && <button type="button" onClick={() => void imports.steer(id, "cancel")}>{t.imports.cancel}</button>}
        {n_errors > 0 && !errors && <button type="button" onClick={() => void imports.explain(id)}>{t.imports.errors(n_errors)}</button>}
      </div>
      {errors && <Errors errors={errors} />}
    </li>
  );
}

function Errors({ errors }: { errors: readonly { file: string; reason: string }[] }) {
  if (errors.length === 0) return null;
  return (
    <ul class="errors">
      {errors.map(({ file, reason }) => (
        <li key={file}>
          <b>{file}</b> {reason}
        </li>
      ))}
    </ul>
  );
}

/** Asks for a token: `placelens serve` prints one, `placelens tokens create` makes others. */
export function TokenForm({ reason }: { reason: string }) {
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const field = form.elements.namedItem("token") as HTMLInputElement;
    await session.use(field.value);
    if (session.hasToken.value) page.restart();
  };
  return (
    <form class="token" onSubmit={(event) => void submit(event)}>
      <p>{reason}</p>
      <label>
        {t.token.label} <input name="token" type="password" autocomplete="off" required />
      </label>
      <button type="submit" class="primary">{t.token.use}</button>
      {session.isNeeded.value && <p class="doubt" role="alert">{t.token.wrong}</p>}
    </form>
  );
}
