/** What one paints with: brush, eraser and bucket, the classes, and files to paint on, open and save. */

import type { Signal } from "@preact/signals";
import { Problem } from "../api.ts";
import { isBlank } from "../logic/painting.ts";
import type { Tool } from "../paint/canvas.ts";
import { fromPng, toPng } from "../paint/png.ts";
import { page } from "../state/page.ts";
import { painter, type Size, SIZES } from "../state/painter.ts";
import { t } from "../words/index.ts";
import { download } from "./download.ts";
import { IconButton, type IconName } from "./icon.tsx";
import { sendPicture } from "./pictures.ts";

const TOOLS: Record<Tool, { icon: IconName; key: string }> = {
  brush: { icon: "brush", key: "b" },
  eraser: { icon: "eraser", key: "e" },
  fill: { icon: "fill", key: "g" },
};
/** Classes that have a digit on the keyboard. */
const MOST_KEYS = 9;

/** Keys that work wherever the focus is around the canvas. */
export function paintKeys(event: KeyboardEvent): void {
  const key = event.key.toLowerCase();
  if (event.altKey) return;
  const call = event.ctrlKey || event.metaKey ? history(key, event.shiftKey) : toolFor(key);
  if (!call) return;
  event.preventDefault();
  event.stopPropagation();
  call();
}

function history(key: string, shift: boolean): (() => void) | undefined {
  if (key === "y" || (key === "z" && shift)) return () => painter.redo();
  return key === "z" ? () => painter.undo() : undefined;
}

function toolFor(key: string): (() => void) | undefined {
  if (key === "[" || key === "]") return () => painter.widen(key === "]" ? 1 : -1);
  const tool = (Object.keys(TOOLS) as Tool[]).find((each) => TOOLS[each].key === key);
  if (tool) return () => (painter.tool.value = tool);
  const chosen = /^[1-9]$/.test(key) ? painter.classes.value[Number(key) - 1] : undefined;
  return chosen && (() => painter.choose(chosen.name));
}

export function PaintTools() {
  const { tool, size } = painter;
  return (
    <div class="paint-tools" role="group" aria-label={t.paint.tools}>
      {(Object.keys(TOOLS) as Tool[]).map((each) => (
        <IconButton
          key={each}
          name={TOOLS[each].icon}
          label={t.paint.tool[each]}
          aria-pressed={tool.value === each}
          aria-keyshortcuts={TOOLS[each].key}
          onClick={() => (tool.value = each)}
        />
      ))}
      <span class="paint-sizes" role="group" aria-label={t.paint.sizes}>
        {(Object.keys(SIZES) as Size[]).map((each) => (
          <button
            key={each}
            type="button"
            class="quiet"
            title={t.paint.size[each]}
            aria-label={t.paint.size[each]}
            aria-pressed={size.value === each}
            disabled={tool.value === "fill"}
            onClick={() => (size.value = each)}
          >
            <span class="dot" style={{ width: `${4 + SIZES[each] / 5}px` }} />
          </button>
        ))}
      </span>
      <span class="paint-steps">
        <IconButton name="undo" label={t.paint.undo} disabled={!painter.canUndo.value} onClick={() => painter.undo()} />
        <IconButton name="redo" label={t.paint.redo} disabled={!painter.canRedo.value} onClick={() => painter.redo()} />
        <IconButton name="trash" label={t.paint.clear} disabled={!painter.sketch.value} onClick={() => painter.clear()} />
      </span>
    </div>
  );
}

/** The palette; names stand beside the colours, and keys are told as a hint. */
export function Classes() {
  return (
    <div class="paint-classes" role="group" aria-label={t.paint.classes}>
      {painter.classes.value.map(({ name, colour }, number) => (
        <button
          key={name}
          type="button"
          title={number < MOST_KEYS ? `${name} (${number + 1})` : name}
          aria-pressed={painter.name.value === name}
          onClick={() => painter.choose(name)}
        >
          <span class="swatch" style={{ background: colour }} />
          {name}
        </button>
      ))}
    </div>
  );
}

export function PaintFiles({ aspect, shows }: { aspect: { current: number }; shows: Signal<boolean> }) {
  const over = painter.over.value;
  const hasPaint = !isBlank(painter.painting.value);
  return (
    <div class="paint-files">
      {over ? (
        <>
          <IconButton name="layers" label={t.paint.parts} aria-pressed={shows.value} onClick={() => (shows.value = !shows.value)} />
          <button type="button" onClick={() => painter.change({ over: null })}>{t.paint.withoutPhoto}</button>
        </>
      ) : (
        <FileButton id="paint-photo" name={t.paint.onPhoto} help={t.paint.onPhotoHelp} accept="image/*,.heic,.heif,.dng" take={paintOnFile} />
      )}
      <FileButton id="paint-open" name={t.paint.open} help={t.paint.openHelp} accept="image/png" take={openPainting} />
      <button type="button" title={t.paint.saveHelp} disabled={!hasPaint} onClick={() => void save(aspect.current)}>{t.paint.save}</button>
      {!over && (
        <label class="check" title={t.paint.nowhereElseHelp}>
          <input
            type="checkbox"
            disabled={!hasPaint}
            checked={painter.sketch.value?.form !== "mask"}
            onChange={(event) => painter.change({ form: event.currentTarget.checked ? "paper" : "mask" })}
          />
          {t.paint.nowhereElse}
        </label>
      )}
    </div>
  );
}

interface FileButtonProps {
  id: string;
  name: string;
  help: string;
  accept: string;
  take: (file: File) => Promise<void>;
}

/** A button that asks for a file. */
function FileButton({ id, name, help, accept, take }: FileButtonProps) {
  return (
    <>
      <input
        id={id}
        class="hidden"
        type="file"
        accept={accept}
        tabIndex={-1}
        aria-label={help}
        onChange={(event) => {
          const [file] = event.currentTarget.files ?? [];
          event.currentTarget.value = "";
          if (file) void take(file);
        }}
      />
      <button type="button" title={help} onClick={() => document.getElementById(id)?.click()}>{name}</button>
    </>
  );
}

async function paintOnFile(file: File): Promise<void> {
  const picture = await sendPicture(file);
  if (picture) await painter.paintOnPicture(picture);
}

async function openPainting(file: File): Promise<void> {
  const painting = await fromPng(file, painter.classes.value);
  if (painting) painter.paint(painting);
  else page.fail(new Problem({ title: t.paint.noPainting(file.name), status: -1, detail: t.paint.noPaintingHelp }));
}

async function save(aspect: number): Promise<void> {
  const content = await toPng(painter.painting.value, painter.classes.value, aspect);
  download(new File([content], t.paint.fileName, { type: content.type }));
}
