import { Drawer as MantineDrawer } from "@mantine/core";
import type { ReactNode } from "react";

type Props = { title: string; open: boolean; onClose: () => void; children: ReactNode };

/** Detail beside the list: no overlay, so the list stays readable; Escape closes. */
export function Drawer({ title, open, onClose, children }: Props) {
  return (
    <MantineDrawer
      opened={open}
      onClose={onClose}
      title={title}
      position="right"
      size="lg"
      withOverlay={false}
      lockScroll={false}
      transitionProps={{ duration: 120 }}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {children}
    </MantineDrawer>
  );
}
