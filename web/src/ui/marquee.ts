/** A rectangle drawn over the grid, from a press between the cards to the release. */

import { useSignal } from "@preact/signals";

export interface Area {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

const LEAST_PX = 6;

export function useMarquee(list: { current: HTMLElement | null }, select: (area: Area) => void) {
  const box = useSignal<Area | null>(null);
  const press = (event: PointerEvent) => {
    const root = list.current;
    if (!root || event.button !== 0 || event.pointerType === "touch" || (event.target as HTMLElement).closest(".card")) return;
    const at = ({ clientX, clientY }: PointerEvent) => {
      const { left, top } = root.getBoundingClientRect();
      return [clientX - left, clientY - top] as const;
    };
    const [x, y] = at(event);
    const listening = new AbortController();
    const move = (moved: PointerEvent) => {
      const [x2, y2] = at(moved);
      if (!box.value && Math.hypot(x2 - x, y2 - y) < LEAST_PX) return;
      moved.preventDefault();
      box.value = { left: Math.min(x, x2), right: Math.max(x, x2), top: Math.min(y, y2), bottom: Math.max(y, y2) };
      select(box.value);
    };
    const end = () => {
      listening.abort();
      box.value = null;
    };
    window.addEventListener("pointermove", move, { signal: listening.signal });
    // Wherever it is released, it is released.
    for (const name of ["pointerup", "pointercancel", "blur"]) window.addEventListener(name, end, { signal: listening.signal });
  };
  return { box, listeners: { onPointerDown: press } };
}
