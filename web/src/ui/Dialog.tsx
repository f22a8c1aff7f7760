import { CloseButton } from "@mantine/core";
import { type ReactNode, useEffect, useRef } from "react";

type Props = { title: string; onClose: () => void; children: ReactNode };

/** The browser's own modal dialog: it holds the focus, closes on Escape and gives the focus back. */
export function Dialog({ title, onClose, children }: Props) {
  const place = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = place.current;
    dialog?.showModal();
    // Opening gives the focus to the first button, which is the one that closes.
    dialog?.querySelector<HTMLElement>("[data-autofocus]")?.focus();
    return () => dialog?.close();
  }, []);
  return (
    <dialog className="vt-dialog" aria-label={title} ref={place} onClose={onClose}>
      <header>
        <h2>{title}</h2>
        <CloseButton aria-label="Close" onClick={onClose} />
      </header>
      {children}
    </dialog>
  );
}
