import { CloseButton } from "@mantine/core";
import { type ReactNode, useEffect, useRef } from "react";
import { useKeys } from "./keys";

type Props = { title: string; open: boolean; onClose: () => void; children: ReactNode };

/** Detail beside the list: no overlay, so the list stays readable and j/k keep working; Escape closes and gives focus back. */
export function Drawer(props: Props) {
  return props.open ? <OpenDrawer {...props} /> : null;
}

function OpenDrawer({ title, onClose, children }: Props) {
  const place = useRef<HTMLElement>(null);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    place.current?.focus({ preventScroll: true });
    return () => before?.focus?.({ preventScroll: true });
  }, []);
  useKeys({ Escape: onClose });
  return (
    <aside className="vt-drawer" aria-label={title} ref={place} tabIndex={-1}>
      <header>
        <h2>{title}</h2>
        <CloseButton aria-label="Close" onClick={onClose} />
      </header>
      {children}
    </aside>
  );
}
