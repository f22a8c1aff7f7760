import { useNow } from "./now";
import { absolute, readerZone, relative } from "./time";

/** The reader's local time with its zone on hover, the age beside it. */
export function Time({ at, ageOnly = false }: { at: string; ageOnly?: boolean }) {
  const now = useNow();
  const full = absolute(at);
  return (
    <time className="vt-time" dateTime={at} title={`${full} (${readerZone()})`}>
      {ageOnly ? relative(at, now) : `${full.slice(0, 19)} · ${relative(at, now)}`}
    </time>
  );
}

/** A time that may be unknown; then the reason is said. */
export function TimeOr({ at, unknown }: { at: string | null | undefined; unknown: string }) {
  return at ? <Time at={at} /> : <span className="vt-muted">{unknown}</span>;
}
