/** The canvas beside the results: paint what is to be seen, and where; every stroke is a question. */

import { effect, useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { api } from "../api.ts";
import { drawClassMap } from "../image/class-map.ts";
import { type Point, isBlank } from "../logic/painting.ts";
import { colourOf } from "../logic/palette.ts";
import type { ClassMap } from "../logic/rest.ts";
import { asks, type Over } from "../logic/sketch.ts";
import { PaintCanvas } from "../paint/canvas.ts";
import { page } from "../state/page.ts";
import { painter, SIZES } from "../state/painter.ts";
import { Fetched } from "../state/resource.ts";
import { t } from "../words/index.ts";
import { IconButton } from "./icon.tsx";
import { Classes, PaintFiles, PaintTools, paintKeys } from "./paint-tools.tsx";
import { photoUrl } from "./painting.tsx";

export function Paint() {
  if (page.panel.value !== "paint") return null;
  const { error } = painter.palette.state.value;
  return (
    <section id="paint" class="paint" aria-label={t.paint.label} onKeyDown={paintKeys}>
      <div class="paint-head">
        <h2>{t.paint.title}</h2>
        <IconButton name="close" label={t.paint.close} onClick={() => page.setPanel("both")} />
      </div>
      {painter.isKept.value === false ? <NotKept /> : error && <p class="doubt">{error.message}</p>}
      {painter.classes.value.length > 0 && <Studio />}
    </section>
  );
}

/** What it takes to paint in this collection. */
function NotKept() {
  return (
    <div class="paint-not-kept">
      <p>{t.paint.notKept}</p>
      <pre tabIndex={0}><code>{t.paint.howToKeep(page.query.value.collection)}</code></pre>
    </div>
  );
}

function Studio() {
  const aspect = useRef(1);
  const shows = useSignal(false);
  const reached = useSignal<{ cell: Point; name: string | null } | null>(null);
  const sketch = painter.sketch.value;
  const isThin = sketch !== null && !asks(sketch);
  const at = reached.value;
  return (
    <>
      <PaintTools />
      <Canvas aspect={aspect} showsParts={shows.value} onReach={(cell, name) => (reached.value = { cell, name })} />
      <p class="paint-status" role="status">
        {isThin ? t.paint.thin : at && t.paint.reached(at.cell.y + 1, at.cell.x + 1, at.name)}
      </p>
      <Classes />
      <PaintFiles aspect={aspect} shows={shows} />
    </>
  );
}

interface CanvasProps {
  /** Width through height, for whoever saves what is on it. */
  aspect: { current: number };
  /** Whether what the photo shows lies between photo and paint. */
  showsParts: boolean;
  onReach: (cell: Point, name: string | null) => void;
}

function Canvas({ aspect, showsParts, onReach }: CanvasProps) {
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<PaintCanvas | null>(null);
  const over = painter.over.value;
  const parts = useParts(over, showsParts);
  // Before anything else can be done with it.
  useLayoutEffect(() => {
    const own = new PaintCanvas({ painted: (painting) => painter.paint(painting), reached: onReach });
    canvas.current = own;
    frame.current?.prepend(own.element);
    const stop = [
      effect(() => own.show(painter.painting.value, painter.classes.value)),
      effect(() => own.setStroke({ tool: painter.tool.value, diameter: SIZES[painter.size.value], name: painter.name.value })),
    ];
    return () => {
      for (const each of stop) each();
      own.destroy();
    };
  }, []);
  useLayoutEffect(() => canvas.current?.showPhoto(over && { small: photoUrl(over, "thumbnail"), large: photoUrl(over, "image") }, (shape) => (aspect.current = shape)), [over]);
  useEffect(() => canvas.current?.setLayer(parts), [parts]);
  return (
    <div ref={frame} class="paint-frame">
      {isBlank(painter.painting.value) && <p class="paint-start">{over ? t.paint.startOver : t.paint.start}</p>}
    </div>
  );
}

/** What the parts of the photo show, drawn, while it is wanted. */
function useParts(over: Over | null, isWanted: boolean): HTMLCanvasElement | null {
  const fetched = useMemo(() => new Fetched<ClassMap>(), []);
  const palette = painter.classes.value;
  const item = over && "item" in over ? over.item : null;
  useEffect(() => {
    fetched.clear();
    if (item !== null && isWanted) void fetched.load((signal) => api.classMap(page.query.peek().collection, { item }, signal));
  }, [item, isWanted]);
  const map = over && "map" in over ? over.map : fetched.state.value.value;
  return useMemo(() => {
    if (!map || !isWanted) return null;
    const layer = drawClassMap(map, map.classes.map((name) => colourOf(name, palette)));
    layer.className = "parts";
    return layer;
  }, [map, isWanted, palette]);
}
