/** What can be undone and done again. */

/** More are forgotten, the oldest first. */
const MOST = 100;

export interface Steps<T> {
  readonly past: readonly T[];
  readonly present: T;
  readonly future: readonly T[];
}

export function begun<T>(present: T): Steps<T> {
  return { past: [], present, future: [] };
}

export function done<T>({ past, present }: Steps<T>, next: T): Steps<T> {
  return { past: [...past, present].slice(-MOST), present: next, future: [] };
}

export function undone<T>(steps: Steps<T>): Steps<T> {
  const { past, present, future } = steps;
  if (past.length === 0) return steps;
  return { past: past.slice(0, -1), present: past.at(-1)!, future: [present, ...future] };
}

export function redone<T>(steps: Steps<T>): Steps<T> {
  const { past, present, future } = steps;
  const [next, ...rest] = future;
  return future.length === 0 ? steps : { past: [...past, present], present: next!, future: rest };
}
