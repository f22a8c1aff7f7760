import { expect, test } from "vitest";
import { finding, roundUp, span, ticks } from "./scale";

const at = (hour: number, success: number, failure = 0) => ({
  start: `2026-11-24T${String(hour).padStart(2, "0")}:00:00Z`,
  success,
  failure,
  unknown: 0,
});

test.each([
  [0, 1],
  [7, 8],
  [12, 12],
  [13, 15],
  [201, 250],
  [562, 600],
  [5000, 5000],
])("an axis for %d ends at %d", (value, expected) => expect(roundUp(value)).toBe(expected));

test("a brush from right to left asks for the same range as from left to right", () => {
  const buckets = [at(8, 1), at(9, 2), at(10, 3)];
  const expected = { from: "2026-11-24T09:00:00.000Z", until: "2026-11-24T11:00:00.000Z" };
  expect(span(buckets, 3600, 2, 1)).toEqual(expected);
  expect(span(buckets, 3600, 1, 2)).toEqual(expected);
  expect(span(buckets, 3600, 1, 7)).toBeNull();
});

test("the finding counts all, the failed, and names the fullest bucket", () => {
  expect(finding([at(8, 1), at(9, 1200, 4)])).toMatch(/^1,205 events, 4 failed; most at .* \(1,204\)$/);
  expect(finding([])).toBe("No events in this range");
});

test("an axis of a day is labelled at round hours, and the day where it begins", () => {
  const start = new Date(2026, 10, 24, 19, 45).getTime();
  const buckets = Array.from({ length: 96 }, (_, place) => ({
    start: new Date(start + place * 15 * 60_000).toISOString(),
    success: 1,
    failure: 0,
    unknown: 0,
  }));
  expect(ticks(buckets, 8)).toEqual([
    { at: 5, label: "21:00" },
    { at: 17, label: "25 Nov" },
    ...["03:00", "06:00", "09:00", "12:00", "15:00", "18:00"].map((label, place) => ({ at: 29 + place * 12, label })),
  ]);
  expect(ticks([], 8)).toEqual([]);
});
