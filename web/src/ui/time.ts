/** Instants as people read them: relative beside, absolute with its zone on hover. */

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** "3 minutes ago"; under ten seconds "just now"; a moment ahead of the reader's clock reads "in 2 minutes". */
export function relative(time: string, now: number): string {
  const at = Date.parse(time);
  if (Number.isNaN(at)) return "unknown time";
  const seconds = Math.round((at - now) / 1000);
  if (Math.abs(seconds) < 10) return "just now";
  const format = new Intl.RelativeTimeFormat("en", { numeric: "always" });
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size) return format.format(Math.trunc(seconds / size), unit);
  }
  return format.format(seconds, "second");
}

/** "2026-11-24 23:14:05 GMT+1" in the given zone; the zone is always part of the text. */
export function absolute(time: string, zone?: string): string {
  const at = new Date(time);
  if (Number.isNaN(at.getTime())) return "unknown time";
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
    timeZoneName: "shortOffset",
  }).formatToParts(at);
  const of = (type: Intl.DateTimeFormatPartTypes) => parts.find((part) => part.type === type)?.value ?? "";
  return `${of("year")}-${of("month")}-${of("day")} ${of("hour")}:${of("minute")}:${of("second")} ${of("timeZoneName")}`;
}

export const readerZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;
