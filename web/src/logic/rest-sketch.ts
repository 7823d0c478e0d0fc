/** What the REST API takes and gives about paintings. */

import type { NamedColour } from "./palette.ts";

/** What may be painted: the classes that a collection's class maps know, and their cells. */
export interface SketchPalette {
  feature: string;
  classes: NamedColour[];
  rows: number;
  columns: number;
  n_items: number;
}

/** What each part of a photo shows. */
export interface SketchMap {
  classes: string[];
  rows: number;
  columns: number;
  /** Base64. */
  map: string;
  /** The class of each cell; as many as there are classes for other, -1 where none is probable enough. */
  cells: number[][];
  confidence: number[][];
}
