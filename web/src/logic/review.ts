/** The proposed places that wait to be looked at: which stands there, which were passed over, what was decided. */

import { circle, distance, wrapLon } from "./geodesy.ts";
import type { Item, LatLon, Position, Proposal, ProposalList } from "./rest.ts";

export type Decision = "accept" | "reject";

export interface Decided {
  id: string;
  title: string;
  decision: Decision;
}

export interface Queue {
  /** The one that stands there comes first, and those that were passed over come last. */
  waiting: readonly Proposal[];
  nSkipped: number;
  /** How many are open in the collection, those that have not come yet too. */
  nLeft: number;
  /** Of the next page; null on the last. */
  cursor: string | null;
}

/** So many before those that were passed over the next page is asked for. */
const FEW = 5;

export function queueOf({ proposals, counts, cursor }: ProposalList): Queue {
  return { waiting: proposals, nSkipped: 0, nLeft: counts.open, cursor };
}

/** With the next page, which comes before what was passed over. */
export function withMore(queue: Queue, { proposals, cursor }: ProposalList): Queue {
  const { waiting, nSkipped } = queue;
  const at = waiting.length - nSkipped;
  // One that was opened again meanwhile may be on it.
  const known = new Set(waiting.map(({ id }) => id));
  const more = proposals.filter(({ id }) => !known.has(id));
  return { ...queue, waiting: [...waiting.slice(0, at), ...more, ...waiting.slice(at)], cursor };
}

export function needsMore({ waiting, nSkipped, cursor }: Queue): boolean {
  return cursor !== null && waiting.length - nSkipped < FEW;
}

/** Without one of them: it was decided, here or elsewhere, or is gone. */
export function without(queue: Queue, id: string): Queue {
  const at = queue.waiting.findIndex((each) => each.id === id);
  if (at < 0) return queue;
  const isSkipped = at >= queue.waiting.length - queue.nSkipped;
  return {
    ...queue,
    waiting: queue.waiting.filter((each) => each.id !== id),
    nSkipped: queue.nSkipped - (isSkipped ? 1 : 0),
    nLeft: Math.max(0, queue.nLeft - 1),
  };
}

/** With an item as it is now: another of its proposals may have been accepted. */
export function withItem(queue: Queue, item: Item): Queue {
  return { ...queue, waiting: queue.waiting.map((each) => (each.item_id === item.id ? { ...each, item } : each)) };
}

/** With the first passed over: it comes again after all others. */
export function skipped(queue: Queue): Queue {
  const [first, ...others] = queue.waiting;
  if (!first) return queue;
  return { ...queue, waiting: [...others, first], nSkipped: Math.min(queue.waiting.length, queue.nSkipped + 1) };
}

/** With one that was decided and is open again: it stands there. */
export function reopened(queue: Queue, proposal: Proposal): Queue {
  const rest = without(queue, proposal.id);
  return { ...rest, waiting: [proposal, ...rest.waiting], nLeft: rest.nLeft + 1 };
}

/** A point of the sphere; null for one of a plane, and for none. */
export function onSphere(position: Position | null): LatLon | null {
  const { lat, lon } = position ?? {};
  return typeof lat === "number" && typeof lon === "number" ? { lat, lon } : null;
}

/** A point of a plane, likewise. */
export function onPlane(position: Position | null): { x: number; y: number } | null {
  const { x, y } = position ?? {};
  return typeof x === "number" && typeof y === "number" ? { x, y } : null;
}

/** How far the proposed place is from the one that the item has, in metres; null where there is none. */
export function moveOf({ place, item }: Proposal): number | null {
  const [from, to] = [onSphere(item), onSphere(place)];
  if (from && to) return distance(from, to);
  const [start, end] = [onPlane(item), onPlane(place)];
  return start && end ? Math.hypot(end.x - start.x, end.y - start.y) : null;
}

/** What of the map is to be seen with a proposal: its place as far as it may be off, and the item's own. */
export function cornersOf({ place, radius_m, item }: Proposal): LatLon[] {
  const to = onSphere(place);
  const from = onSphere(item);
  if (!to) return [];
  const ring = radius_m ? (circle(to, radius_m) ?? []) : [];
  return [to, ...(from ? [from] : []), ...ring.map(([lon, lat]) => ({ lon: wrapLon(lon), lat }))];
}
