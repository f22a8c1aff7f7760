import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useRef, useState } from "react";
import { type Event, type LedgerState, openLive } from "../api";
import { useMay } from "./session";

type Listener = (event: Event | null) => void;
type Live = { connected: boolean; possible: boolean; listen: (listener: Listener) => () => void };

const LiveContext = createContext<Live>({ connected: false, possible: false, listen: () => () => {} });

/** One stream per tab: alerts and checkpoints renew what is on screen, events go to those who listen (`null`: some were missed). */
export function LiveProvider({ children }: { children: ReactNode }) {
  const possible = useMay("events.live");
  const cache = useQueryClient();
  const [connected, setConnected] = useState(false);
  const listeners = useRef(new Set<Listener>());
  useEffect(() => {
    if (!possible) return;
    const tell = (event: Event | null) => {
      for (const one of listeners.current) one(event);
    };
    const stale = (...names: string[]) => {
      for (const name of names) void cache.invalidateQueries({ queryKey: [name] });
    };
    return openLive({
      state: setConnected,
      event: tell,
      alert: () => stale("alerts", "alert", "overview"),
      checkpoint: (ledger) =>
        cache.setQueryData<{ items: LedgerState[] }>(
          ["ledgers"],
          (old) => old && { ...old, items: old.items.map((one) => (one.name === ledger.name ? ledger : one)) },
        ),
      refused: () => stale("session"),
      lagged: () => {
        tell(null);
        stale("alerts", "alert", "overview");
      },
    });
  }, [possible, cache]);
  const listen = useRef((listener: Listener) => {
    listeners.current.add(listener);
    return () => void listeners.current.delete(listener);
  }).current;
  return <LiveContext value={{ connected, possible, listen }}>{children}</LiveContext>;
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
