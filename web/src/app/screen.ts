import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";
import { DEFAULT_FROM, parseScreen, type ScreenSearch } from "./search";

/** The screen as the address holds it, and the one way to change it. */
export function useScreen() {
  const screen = parseScreen(useSearch({ strict: false }));
  const navigate = useNavigate();
  const change = useCallback(
    (part: ScreenSearch) => {
      void navigate({
        to: ".",
        search: (old: Record<string, unknown>) => parseScreen({ ...old, ...part }),
        resetScroll: false,
      });
    },
    [navigate],
  );
  return { screen, change, range: { from: screen.from ?? DEFAULT_FROM, until: screen.until } };
}
