/** Pictures chosen, dropped or pasted, made small and sent to the server once. */

import { api, Problem } from "../api.ts";
import type { PictureTerm } from "../logic/query.ts";
import { page } from "../state/page.ts";
import { t } from "../words/index.ts";

// Encoders look at a few hundred pixels.
const LONGEST_SIDE = 1024;

/** Search with these files; one that the server cannot read is told of, and the others stay. */
export async function takePictures(files: readonly File[]): Promise<void> {
  const sent = await Promise.allSettled(files.map(send));
  const pictures = sent.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  if (pictures.length) page.addPictures(pictures);
  for (const [number, each] of sent.entries()) {
    if (each.status === "rejected") page.fail(refusal(files[number]!.name, each.reason));
  }
}

/** Send one picture; null, and told of, when the server cannot read it. */
export async function sendPicture(file: File): Promise<PictureTerm | null> {
  try {
    return await send(file);
  } catch (error) {
    page.fail(refusal(file.name, error));
    return null;
  }
}

async function send(file: File): Promise<PictureTerm> {
  const { content, preview } = await shrunk(file);
  const { handle } = await api.keepPicture(content);
  return { name: file.name || t.pastedPicture, handle, content, preview, weight: 1 };
}

function refusal(name: string, error: unknown): Problem {
  const { title, status, message } = Problem.of(error);
  return new Problem({ title: status === 422 ? t.problems.notAnImage(name) : title, status, detail: message });
}

async function shrunk(file: File): Promise<{ content: Blob; preview: string }> {
  const bitmap = await createImageBitmap(file).catch(() => null);
  // HEIC and raw files are not for browsers: the server decodes them.
  if (!bitmap) return { content: file, preview: "" };
  const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = new OffscreenCanvas(Math.max(1, Math.round(bitmap.width * scale)), Math.max(1, Math.round(bitmap.height * scale)));
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const content = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.9 });
  return { content, preview: URL.createObjectURL(content) };
}

/** Take pictures that are dropped anywhere on the page, or pasted; `over` says when one hovers. */
export function listenForPictures(over: (hovers: boolean) => void): () => void {
  let depth = 0; // dragenter and dragleave come for every element that is passed over
  const listening = new AbortController();
  const options = { signal: listening.signal };
  const step = (change: number) => {
    depth = Math.max(0, depth + change);
    over(depth > 0);
  };
  const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
  document.addEventListener("dragenter", (event) => carriesFiles(event) && step(1), options);
  document.addEventListener("dragleave", (event) => carriesFiles(event) && step(-1), options);
  document.addEventListener("dragover", (event) => carriesFiles(event) && event.preventDefault(), options);
  document.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    step(-depth);
    void takePictures([...(event.dataTransfer?.files ?? [])]);
  }, options);
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    void takePictures(files);
  }, options);
  return () => listening.abort();
}
