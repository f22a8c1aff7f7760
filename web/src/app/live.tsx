import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useCallback, useContext, useEffect, useRef, useState } from "react";
import { type Event, type Ledgers, type LiveEvents, openLive } from "../api";
import { useMay } from "./session";

type Tail = { event: (event: Event) => void /** Some may have gone by. */; missed: () => void };
type Live = {
  connected: boolean;
  possible: boolean;
  /** Narrows the stream's events to a search and hands them over, until the returned function is called. */
  follow: (query: string, tail: Tail) => () => void;
};

const LiveContext = createContext<Live>({ connected: false, possible: false, follow: () => () => {} });

/** While events arrive, the overview counts again at most this often. */
const COUNT_MS = 15_000;

/**
 * One stream per tab, as browsers hold six connections to a server over all tabs: alerts, checkpoints and the fact that
 * something happened renew what is on screen; a page that follows a search gets its events.
 */
export function LiveProvider({ children }: { children: ReactNode }) {
  const possible = useMay("events.live");
  const cache = useQueryClient();
  const [connected, setConnected] = useState(false);
  const [question, setQuestion] = useState("");
  const following = useRef<Tail | null>(null);
  const follow = useCallback((query: string, tail: Tail) => {
    following.current = tail;
    setQuestion(query);
    return () => {
      if (following.current !== tail) return;
      following.current = null;
      setQuestion("");
    };
  }, []);
  useEffect(() => {
    if (!possible) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stale = (...names: string[]) => {
      for (const name of names) void cache.invalidateQueries({ queryKey: [name] });
    };
    const on: LiveEvents = {
      state: (open) => {
        setConnected(open);
        if (open) following.current?.missed();
      },
      event: (event) => {
        following.current?.event(event);
        timer ??= setTimeout(() => {
          timer = undefined;
          stale("overview");
        }, COUNT_MS);
      },
      alert: () => stale("alerts", "alert", "overview"),
      checkpoint: (ledger) =>
        cache.setQueryData<Ledgers>(
          ["ledgers"],
          (old) => old && { ...old, items: old.items.map((one) => (one.name === ledger.name ? ledger : one)) },
        ),
      refused: () => stale("session"),
      lagged: () => {
        following.current?.missed();
        stale("alerts", "alert", "overview");
      },
    };
    const close = openLive(on, question);
    return () => {
      clearTimeout(timer);
      close();
    };
  }, [possible, question, cache]);
  return <LiveContext value={{ connected, possible, follow }}>{children}</LiveContext>;
}

export const useLive = () => useContext(LiveContext);

/** How often a page asks again. Every reading is written to the own trail, so rarely while the stream tells what is new. */
export const useRenewal = () => (useLive().connected ? 60_000 : 10_000);

export function LiveChip() {
  const { connected, possible } = useLive();
  if (!possible) return null;
  return (
    <span className="vt-chip" data-live={connected} title="New events and alerts arrive without reloading">
      <span aria-hidden="true">{connected ? "●" : "○"}</span> {connected ? "live" : "reconnecting"}
    </span>
  );
}
