import type { AnchorState, Overview } from "../../api";
import { counted } from "../../ui/words";

/** The state in one sentence: what needs a person first, then that the rest is well. */
export function stateInWords(data: Overview, showsSources: boolean): string {
  const open = Object.values(data.alerts_open).reduce((sum, one) => sum + (one ?? 0), 0);
  const trouble = data.sources.filter((source) => source.status === "trouble").length;
  const urgent = (data.alerts_open.critical ?? 0) + (data.alerts_open.high ?? 0);
  const alerts =
    open === 0
      ? "no alert is open"
      : `${counted(open, "alert")} ${open === 1 ? "is" : "are"} open${urgent ? (open === 1 ? ", and it is high or critical" : `, ${urgent} of them high or critical`) : ""}`;
  const sources =
    data.sources.length === 0
      ? "no source is connected"
      : trouble
        ? `${trouble} of ${counted(data.sources.length, "source")} ${trouble === 1 ? "is" : "are"} in trouble`
        : `${data.sources.length === 1 ? "the source is" : `all ${data.sources.length} sources are`} without trouble`;
  return `${counted(data.events_total, "event")} in this range; ${alerts}${showsSources ? `; ${sources}` : ""}.`;
}

const DONE = { witness: "Cosigned by witnesses", time: "Time-stamped" } as const;
const WANTED = { witness: "a witness", time: "a time-stamp" } as const;

/** How far a ledger is confirmed outside; the words end where the time of the newest confirmation follows. */
export function confirmedInWords(anchor: AnchorState, by: "witness" | "time"): { words: string; late: boolean } {
  const done = `${DONE[by]} up to ${counted(anchor.size, "record")}`;
  if (anchor.waiting === 0) return { words: `${done}, last`, late: false };
  const waiting = `${counted(anchor.waiting, "record")} ${anchor.waiting === 1 ? "waits" : "wait"} for ${WANTED[by]}`;
  if (!anchor.behind_since) return { words: `${done}; ${waiting}. Last`, late: false };
  const limit = anchor.within_secs >= 3_600 ? `${Math.round(anchor.within_secs / 3_600)} h` : `${anchor.within_secs} s`;
  const since =
    anchor.lag_secs >= 7_200 ? `${Math.round(anchor.lag_secs / 3_600)} h` : `${Math.round(anchor.lag_secs / 60)} min`;
  return { words: `Behind for ${since}: ${waiting}, ${limit} is promised. Last`, late: true };
}
