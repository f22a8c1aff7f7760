import { API_ROOT } from "./client";
import type { Alert, Event, LedgerState } from "./types";

export type LiveEvents = {
  event?: (event: Event) => void;
  alert?: (alert: Alert) => void;
  checkpoint?: (ledger: LedgerState) => void;
  /** The server let some go by because this reader was slow: what is on screen must be read again. */
  lagged?: (missed: number) => void;
  state?: (connected: boolean) => void;
};

/** The browser reconnects by itself after a broken stream, but gives up after a refusal: then try again this much later. */
const RETRY_MS = 5_000;

/** Listens until the returned function is called. */
export function openLive(on: LiveEvents): () => void {
  let stream: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const open = () => {
    stream = new EventSource(`${API_ROOT}/live`);
    const hear = <T>(name: string, act: ((data: T) => void) | undefined) =>
      stream?.addEventListener(name, (message) => act?.(JSON.parse((message as MessageEvent<string>).data) as T));
    stream.onopen = () => on.state?.(true);
    stream.onerror = () => {
      on.state?.(false);
      if (stream?.readyState === EventSource.CLOSED) timer = setTimeout(open, RETRY_MS);
    };
    hear("event", on.event);
    hear("alert", on.alert);
    hear("checkpoint", on.checkpoint);
    hear<{ missed: number }>("lagged", (lagged) => on.lagged?.(lagged.missed));
  };
  open();
  return () => {
    clearTimeout(timer);
    stream?.close();
  };
}
