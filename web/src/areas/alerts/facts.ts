import type { AlertDetail } from "../../api";
import { brief, lasting } from "../../ui/time";
import { capital, count, spoken } from "../../ui/words";

/** Told elsewhere on the page: the span in the title, the comparison under "Why it is unusual". */
const TOLD = ["first", "last", "observed", "threshold"];

/** What the rule noted, as pairs of name and value in words: times as the reader's, lengths with their unit. */
export function noted(facts: AlertDetail["facts"], now: number): [string, string][] {
  return Object.entries(facts).flatMap(([name, value]): [string, string][] => {
    if (TOLD.includes(name)) return [];
    if (typeof value === "string") return [[capital(spoken(name)), value]];
    if (typeof value !== "number") return [];
    if (name.endsWith("_secs")) return [[capital(spoken(name.slice(0, -5))), lasting(value)]];
    // Times of facts are microseconds since 1970.
    if (name.endsWith("_time"))
      return [[`${capital(spoken(name.slice(0, -5)))} at`, brief(new Date(value / 1000).toISOString(), now)]];
    return [[capital(spoken(name)), count(value)]];
  });
}

/** The numbers the rule compared, where it compared some. */
export function compared(facts: AlertDetail["facts"]): { observed: number; threshold: number } | null {
  const { observed, threshold } = facts;
  return typeof observed === "number" && typeof threshold === "number" && threshold > 0
    ? { observed, threshold }
    : null;
}
