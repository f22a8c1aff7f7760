import type { Bucket } from "../../api";
import { brief } from "../time";
import { count, counted } from "../words";

export const totalOf = (bucket: Bucket): number => bucket.success + bucket.failure + bucket.unknown;

/** The next round number at or above: axes end on it. */
export function roundUp(value: number): number {
  if (value <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((one) => one * power >= value) ?? 10;
  return Math.round(step * power * 10) / 10;
}

/** The time range from one bucket to another, whichever was touched first. */
export function span(buckets: Bucket[], intervalSecs: number, one: number, other: number) {
  const first = buckets[Math.min(one, other)];
  const last = buckets[Math.max(one, other)];
  if (!first || !last) return null;
  return {
    from: new Date(first.start).toISOString(),
    until: new Date(Date.parse(last.start) + intervalSecs * 1000).toISOString(),
  };
}

/** The chart's finding in words: how many, and when most. */
export function finding(buckets: Bucket[]): string {
  const total = buckets.reduce((sum, bucket) => sum + totalOf(bucket), 0);
  if (total === 0) return "No events in this range";
  const top = buckets.reduce((best, bucket) => (totalOf(bucket) > totalOf(best) ? bucket : best));
  const failed = buckets.reduce((sum, bucket) => sum + bucket.failure, 0);
  return `${counted(total, "event")}, ${count(failed)} failed; most at ${brief(top.start, Date.now(), false)} (${count(totalOf(top))})`;
}

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];
const STEPS = [
  ...[1, 2, 5, 10, 15, 30].map((one) => one * MINUTE),
  ...[1, 2, 3, 6, 12].map((one) => one * HOUR),
  ...[1, 2, 7, 14, 28, 56].map((one) => one * DAY),
];

/** Where an axis of time says what: at round hours or days of the reader, at most `most` of them. */
export function ticks(buckets: Bucket[], most: number): { at: number; label: string }[] {
  const local = buckets.map(({ start }) => Date.parse(start) - new Date(start).getTimezoneOffset() * MINUTE);
  const [first = 0, last = 0] = [local[0], local.at(-1)];
  const step = STEPS.find((one) => (last - first) / one <= most) ?? (STEPS.at(-1) as number);
  const found: { at: number; label: string }[] = [];
  local.forEach((time, at) => {
    const before = local[at - 1];
    const turned = before === undefined ? time % step === 0 : Math.floor(time / step) > Math.floor(before / step);
    if (!turned) return;
    const [day, clock] = [
      brief(buckets[at]?.start ?? "", Date.now(), false).slice(0, -6),
      Math.floor(time / step) * step,
    ];
    found.push({ at, label: clock % DAY === 0 ? day : new Date(clock).toISOString().slice(11, 16) });
  });
  return found;
}
