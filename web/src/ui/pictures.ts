/** Pictures chosen, dropped or pasted, made small enough to be sent with every question. */

import type { PictureTerm } from "../logic/query.ts";

// Encoders look at a few hundred pixels; the sliders send the picture again and again.
const LONGEST_SIDE = 1024;

export async function readPicture(file: File): Promise<PictureTerm> {
  const name = file.name || "Pasted picture";
  const bitmap = await createImageBitmap(file).catch(() => null);
  // HEIC and raw files are not for browsers: the server decodes them.
  if (!bitmap) return { name, data: await toBase64(file), preview: "", weight: 1 };
  const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const preview = canvas.toDataURL("image/jpeg", 0.9);
  return { name, data: withoutPrefix(preview), preview, weight: 1 };
}

function toBase64(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(withoutPrefix(String(reader.result)));
    reader.onerror = () => reject(reader.error ?? new Error(`${file.name} cannot be read`));
    reader.readAsDataURL(file);
  });
}

function withoutPrefix(url: string): string {
  return url.slice(url.indexOf(",") + 1);
}

/** Have pictures dropped anywhere on the page, or pasted, given to `take`. */
export function listenForPictures(veil: HTMLElement, take: (files: File[]) => void): void {
  let depth = 0; // dragenter and dragleave come for every element that is passed over
  const show = (change: number) => {
    depth = Math.max(0, depth + change);
    veil.hidden = depth === 0;
  };
  const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
  document.addEventListener("dragenter", (event) => carriesFiles(event) && show(1));
  document.addEventListener("dragleave", (event) => carriesFiles(event) && show(-1));
  document.addEventListener("dragover", (event) => carriesFiles(event) && event.preventDefault());
  document.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    show(-depth);
    take([...(event.dataTransfer?.files ?? [])]);
  });
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    take(files);
  });
}
