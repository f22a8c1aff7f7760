import type { Bucket } from "../../api";
import { absolute } from "../time";
import { count, counted } from "../words";

export const totalOf = (bucket: Bucket): number => bucket.success + bucket.failure + bucket.unknown;

/** The next round number at or above: axes end on it. */
export function roundUp(value: number): number {
  if (value <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 5, 10].find((one) => one * power >= value) ?? 10;
  return step * power;
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
  return `${counted(total, "event")}, ${count(failed)} failed; most at ${absolute(top.start).slice(0, 16)} (${count(totalOf(top))})`;
}
