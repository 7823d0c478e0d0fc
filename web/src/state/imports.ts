/** Imports: files on their way to the server, and the jobs that take them in. */

import { signal } from "@preact/signals";
import { api, Problem } from "../api.ts";
import type { JobError, JobSummary } from "../logic/rest.ts";
import { page } from "./page.ts";

/** Uploads at once: more would only wait for the server's decoders. */
const AT_A_TIME = 2;

export interface Upload {
  n: number;
  done: number;
  refused: JobError[];
}

class Imports {
  readonly upload = signal<Upload | null>(null);
  readonly jobs = signal<readonly JobSummary[]>([]);
  readonly errors = signal<Readonly<Record<string, JobError[]>>>({});
  #events: EventSource | null = null;

  /** Follow the jobs that the server has, from now on. */
  watch(): void {
    if (this.#events) return;
    this.#events = new EventSource("/v1/jobs/events");
    this.#events.addEventListener("job", (event: MessageEvent<string>) => this.#take(JSON.parse(event.data)));
  }

  /** Send pictures, then have a job take them in. */
  async add(files: readonly File[]): Promise<void> {
    const { collection } = page.query.value;
    const state: Upload = { n: files.length, done: 0, refused: [] };
    const kept: string[] = [];
    const left = [...files];
    const send = async () => {
      for (let file = left.shift(); file; file = left.shift()) {
        try {
          kept.push((await api.upload(collection, file)).upload);
        } catch (error) {
          state.refused.push({ file: file.name, reason: Problem.of(error).message });
        }
        state.done += 1;
        this.upload.value = { ...state };
      }
    };
    this.upload.value = { ...state };
    this.watch();
    await Promise.all(Array.from({ length: AT_A_TIME }, send));
    if (kept.length === 0) return;
    try {
      this.#take(await api.startJob(collection, { uploads: kept }));
    } catch (error) {
      page.fail(error);
    }
  }

  async steer(id: string, how: "pause" | "resume" | "cancel"): Promise<void> {
    try {
      this.#take(await api.steerJob(id, how));
    } catch (error) {
      page.fail(error);
    }
  }

  /** Fetch the files that a job could not take. */
  async explain(id: string): Promise<void> {
    const { errors } = await api.job(id);
    this.errors.value = { ...this.errors.value, [id]: errors };
  }

  #take(job: JobSummary): void {
    const before = this.jobs.value.find(({ id }) => id === job.id);
    const others = this.jobs.value.filter(({ id }) => id !== job.id);
    this.jobs.value = [job, ...others].sort((a, b) => b.created.localeCompare(a.created));
    // What was taken in is to be seen; the last of it is committed when the job is done.
    const isNew = job.n_done !== before?.n_done || job.state !== before?.state;
    if (job.collection === page.query.value.collection && isNew) page.refresh();
  }
}

export const imports = new Imports();
