import { API_ROOT } from "./client";
import type { Alert, Event, LedgerState } from "./types";

export type LiveEvents = {
  event?: (event: Event) => void;
  alert?: (alert: Alert) => void;
  checkpoint?: (ledger: LedgerState) => void;
  /** Some went by, because this reader was slow or the stream was broken: what is on screen must be read again. */
  lagged?: () => void;
  state?: (connected: boolean) => void;
  /** The server refused the stream: perhaps the session has ended. */
  refused?: () => void;
};

/** The browser reconnects by itself after a broken stream, but gives up after a refusal: then try again this much later. */
const RETRY_MS = 5_000;

/** Listens until the returned function is called; `query` narrows the events as in a search. */
export function openLive(on: LiveEvents, query = ""): () => void {
  let stream: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let broken = false;
  const open = () => {
    stream = new EventSource(`${API_ROOT}/live${query}`);
    const hear = <T>(name: string, act: ((data: T) => void) | undefined) =>
      stream?.addEventListener(name, (message) => act?.(JSON.parse((message as MessageEvent<string>).data) as T));
    stream.onopen = () => {
      on.state?.(true);
      if (broken) on.lagged?.();
      broken = false;
    };
    stream.onerror = () => {
      broken = true;
      on.state?.(false);
      if (stream?.readyState !== EventSource.CLOSED) return;
      on.refused?.();
      timer = setTimeout(open, RETRY_MS);
    };
    hear("event", on.event);
    hear("alert", on.alert);
    hear("checkpoint", on.checkpoint);
    hear("lagged", () => on.lagged?.());
  };
  open();
  return () => {
    clearTimeout(timer);
    stream?.close();
  };
}
