/** How far a place reaches: the decay's kind and scale, and the slider that sets the scale. */

export type DecayKind = "gauss" | "exp" | "linear" | "global";

export interface Decay {
  kind: DecayKind;
  /** Metres; not used by "global", which falls evenly to the farthest item. */
  scale: number;
}

export const SHORTEST = 100;
export const LONGEST = 5_000_000;
export const STEPS = 1000;

const RATIO = Math.log(LONGEST / SHORTEST);

/** Slider position 0..1000 to metres, evenly in the logarithm, rounded to two digits. */
export function scaleAt(position: number): number {
  const metres = SHORTEST * Math.exp((RATIO * position) / STEPS);
  return Number(metres.toPrecision(2));
}

export function positionOf(metres: number): number {
  const position = Math.round((STEPS * Math.log(metres / SHORTEST)) / RATIO);
  return Math.min(STEPS, Math.max(0, position));
}

/** Distance at which the nearness has fallen to one half, in metres; null for "global". */
export function halfDistance({ kind, scale }: Decay): number | null {
  if (kind === "gauss") return scale * Math.sqrt(2 * Math.LN2);
  if (kind === "exp") return scale * Math.LN2;
  return kind === "linear" ? scale / 2 : null;
}

/** As the API writes it: `gauss:25000m`, or `linear` for the whole map. */
export function formatDecay({ kind, scale }: Decay): string {
  return kind === "global" ? "linear" : `${kind}:${scale}m`;
}

const UNITS: Record<string, number> = { "": 1, m: 1, km: 1000 };

export function parseDecay(text: string): Decay | null {
  if (text === "linear") return { kind: "global", scale: 25_000 };
  const match = /^(gauss|exp|linear):([\d.]+(?:e[+-]?\d+)?)(m|km)?$/i.exec(text);
  const scale = Number(match?.[2]) * (UNITS[match?.[3] ?? ""] ?? 1);
  if (!match || !(scale > 0) || !Number.isFinite(scale)) return null;
  return { kind: match[1] as DecayKind, scale };
}
