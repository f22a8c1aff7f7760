import { useSyncExternalStore } from "react";

/** One clock for every relative time on the page, renewed each five seconds. */
const STEP_MS = 5_000;
let now = Date.now();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void) {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const one of listeners) one();
  }, STEP_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

const current = () => {
  if (listeners.size === 0) now = Date.now();
  return now;
};

export const useNow = (): number => useSyncExternalStore(subscribe, current, current);
