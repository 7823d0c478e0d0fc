/** Hand a file to the browser. */
export function download(file: File): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement("a");
  [link.href, link.download] = [url, file.name];
  link.click();
  // Not at once: the browser reads it after the click.
  window.setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
