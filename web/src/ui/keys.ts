import { useEffect, useRef } from "react";

const WRITING = "input, textarea, select, [contenteditable]";

/** Whether a key press belongs to a field or to an open dialog instead of the page. */
export function isForThePage(press: KeyboardEvent): boolean {
  const at = press.target as HTMLElement | null;
  if (press.defaultPrevented || press.ctrlKey || press.metaKey || press.altKey) return false;
  return !at?.closest?.(`${WRITING}, dialog[open]`);
}

/** Single-key commands of a page; the latest handlers are used, so callers need not memoise them. */
export function useKeys(keys: Record<string, (press: KeyboardEvent) => void>) {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const hear = (press: KeyboardEvent) => {
      const act = latest.current[press.key];
      if (!act || !isForThePage(press)) return;
      press.preventDefault();
      act(press);
    };
    document.addEventListener("keydown", hear);
    return () => document.removeEventListener("keydown", hear);
  }, []);
}
