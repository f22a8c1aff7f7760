import type { EventDetail, FieldClass, FieldState } from "../../api";

/** While a second member has not decided, the event is read again this often. */
const WAITING_MS = 30_000;

/** How long until the event should be read again: when what was revealed is over, or while somebody decides. */
export function nextLook(event: EventDetail | undefined, now: number): number | false {
  if (!event) return false;
  const values = [...event.changes, ...event.raw_fields, { state: event.raw_state, until: event.raw_until }];
  const ends = values
    .filter((one) => one.state === "revealed" && one.until)
    .map((one) => Math.max(0, Date.parse(one.until ?? "") - now) + 500);
  const waits = values.some((one) => one.state === "asked") ? [WAITING_MS] : [];
  const soonest = Math.min(...ends, ...waits);
  return Number.isFinite(soonest) ? soonest : false;
}

/** Why a value is not shown, and what can be done. */
export function maskedWords(state: FieldState, kind: FieldClass): string {
  if (state === "never") return "A secret: shown to nobody.";
  if (state === "erased") return "Erased.";
  if (state === "asked") return "Waits for a privacy officer.";
  return kind === "sensitive" ? "Sensitive: a privacy officer must approve." : "";
}
