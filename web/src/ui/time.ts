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

const SHORT: [string, number][] = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
];

/** "14 min", "2 d": the age beside a time in a list, where the words would take the room of the sentence. */
export function age(time: string, now: number): string {
  const seconds = Math.round((now - Date.parse(time)) / 1000);
  if (Number.isNaN(seconds)) return "";
  if (Math.abs(seconds) < 10) return "now";
  const [unit, size] = SHORT.find(([, one]) => Math.abs(seconds) >= one) ?? ["s", 1];
  return `${seconds < 0 ? "in " : ""}${Math.trunc(Math.abs(seconds) / size)} ${unit}`;
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

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** "24 Nov 23:14:05" for lists, in the reader's zone; the year only where it is not this one. */
export function brief(time: string, now: number, seconds = true): string {
  const at = new Date(time);
  if (Number.isNaN(at.getTime())) return "unknown time";
  const two = (value: number) => String(value).padStart(2, "0");
  const year = at.getFullYear() === new Date(now).getFullYear() ? "" : ` ${at.getFullYear()}`;
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}${seconds ? `:${two(at.getSeconds())}` : ""}`;
  return `${at.getDate()} ${MONTHS[at.getMonth()]}${year} ${clock}`;
}

/** "20 minutes", "1.5 hours": a length of time in the unit people would use. */
export function lasting(seconds: number): string {
  const [unit, size] = UNITS.slice(2).find(([, one]) => seconds >= one) ?? ["second", 1];
  const value = Math.round((seconds / size) * 10) / 10;
  return `${value.toLocaleString("en")} ${unit}${value === 1 ? "" : "s"}`;
}

export const readerZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;
