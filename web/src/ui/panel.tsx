/** What opens over the page, with a heading and a way out. */

import type { Signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../words/index.ts";
import { IconButton } from "./icon.tsx";

interface PanelProps {
  /** Class of the dialog, and root of the heading's id. */
  name: string;
  title: string;
  open: Signal<boolean>;
  children: ComponentChildren;
}

export function Panel({ name, title, open, children }: PanelProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const close = () => (open.value = false);
  return (
    <dialog ref={dialog} class={`panel ${name}`} aria-labelledby={`${name}-title`} onClose={close}>
      <header>
        <h2 id={`${name}-title`}>{title}</h2>
        <IconButton name="close" label={t.close} onClick={close} />
      </header>
      {children}
    </dialog>
  );
}
