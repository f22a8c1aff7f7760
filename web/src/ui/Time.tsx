import { useEffect, useState } from "react";
import { absolute, readerZone, relative } from "./time";

/** The reader's local time with its zone on hover, the age beside it, renewed twice a minute. */
export function Time({ at, ageOnly = false }: { at: string; ageOnly?: boolean }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 30_000);
    return () => clearInterval(timer);
  }, []);
  const full = absolute(at);
  return (
    <time className="vt-time" dateTime={at} title={`${full} (${readerZone()})`}>
      {ageOnly ? relative(at, now) : `${full.slice(0, 19)} · ${relative(at, now)}`}
    </time>
  );
}
