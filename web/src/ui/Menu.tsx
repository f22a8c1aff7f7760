import { Button } from "@mantine/core";
import { type ReactNode, useEffect, useRef, useState } from "react";

type Props = { label: string; hint?: string; children: (close: () => void) => ReactNode };

/** A button with a small panel under it; closes on Escape, when the pointer or the focus goes elsewhere, and when its content asks. */
export function Menu({ label, hint, children }: Props) {
  const [open, setOpen] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    const away = (click: PointerEvent) => {
      if (!place.current?.contains(click.target as Node)) setOpen(false);
    };
    const leave = (press: KeyboardEvent) => {
      if (press.key !== "Escape") return;
      press.preventDefault();
      setOpen(false);
      place.current?.querySelector("button")?.focus();
    };
    const left = (focus: FocusEvent) => {
      if (focus.relatedTarget && !place.current?.contains(focus.relatedTarget as Node)) setOpen(false);
    };
    const menu = place.current;
    menu?.addEventListener("focusout", left);
    document.addEventListener("pointerdown", away);
    document.addEventListener("keydown", leave, true);
    return () => {
      menu?.removeEventListener("focusout", left);
      document.removeEventListener("pointerdown", away);
      document.removeEventListener("keydown", leave, true);
    };
  }, [open]);
  return (
    <div className="vt-menu" ref={place}>
      <Button
        variant="default"
        size="xs"
        aria-expanded={open}
        title={hint}
        onClick={() => setOpen(!open)}
        rightSection={<span aria-hidden="true">▾</span>}
      >
        {label}
      </Button>
      {open && <div className="vt-panel">{children(() => setOpen(false))}</div>}
    </div>
  );
}
