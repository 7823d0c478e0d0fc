/** A class map as a picture: one pixel a cell, the surer the more opaque. */

/** Of parts of a picture that show none of the classes. */
export const OTHER = "#808080";

export interface Cells {
  cells: readonly (readonly number[])[];
  confidence?: readonly (readonly number[])[] | null;
}

/** Numbers without a colour are of other things; below zero nothing is known. */
export function drawClassMap({ cells, confidence }: Cells, colours: readonly string[]): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  [canvas.width, canvas.height] = [cells[0]?.length ?? 0, cells.length];
  for (const [y, row] of cells.entries()) {
    for (const [x, cell] of row.entries()) {
      if (cell < 0 || !context) continue;
      context.fillStyle = colours[cell] ?? OTHER;
      context.globalAlpha = (0.25 + 0.45 * (confidence?.[y]?.[x] ?? 1)) * (cell in colours ? 1 : 0.5);
      context.fillRect(x, y, 1, 1);
    }
  }
  return canvas;
}
