/** When the page rests: nobody acts on it. What would hold up whoever does is begun then. */

const REST_MS = 500;

let acted = -Infinity;
for (const kind of ["input", "keydown", "pointerdown", "wheel"]) {
  window.addEventListener(kind, () => (acted = performance.now()), { capture: true, passive: true });
}

/** Resolves once nobody has acted for a moment, nothing is under way, and the browser has time. */
export async function rested(isBusy: () => boolean): Promise<void> {
  while (isBusy() || performance.now() - acted < REST_MS) await new Promise((done) => window.setTimeout(done, 50));
  // Safari has no such call.
  await new Promise<unknown>((done) => ("requestIdleCallback" in window ? window.requestIdleCallback(done, { timeout: REST_MS }) : setTimeout(done)));
}
