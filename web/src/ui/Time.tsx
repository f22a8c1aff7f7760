import { useNow } from "./now";
import { absolute, age, brief, readerZone, relative } from "./time";

/** The reader's local time with its zone and age in words on hover, the age beside it. */
export function Time({ at, ageOnly = false }: { at: string; ageOnly?: boolean }) {
  const now = useNow();
  const hint = `${absolute(at)} (${readerZone()}), ${relative(at, now)}`;
  return (
    <time className="vt-time" dateTime={at} title={hint}>
      {ageOnly ? (
        relative(at, now)
      ) : (
        <>
          <span className="vt-clock">{brief(at, now)}</span> <span className="vt-age">{age(at, now)}</span>
        </>
      )}
    </time>
  );
}

/** A time that may be unknown; then the reason is said. */
export function TimeOr({ at, unknown }: { at: string | null | undefined; unknown: string }) {
  return at ? <Time at={at} /> : <span className="vt-muted">{unknown}</span>;
}
