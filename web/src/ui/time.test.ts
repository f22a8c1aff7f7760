import { expect, test } from "vitest";
import { absolute, relative } from "./time";

const now = Date.parse("2026-11-24T12:00:00Z");

test.each([
  ["2026-11-24T11:59:57Z", "just now"],
  ["2026-11-24T11:59:30Z", "30 seconds ago"],
  ["2026-11-24T11:57:10Z", "2 minutes ago"],
  ["2026-11-23T11:00:00Z", "1 day ago"],
  ["2026-11-24T14:00:00Z", "in 2 hours"],
  ["yesterday-ish", "unknown time"],
])("%s reads %s at noon", (time, expected) => {
  expect(relative(time, now)).toBe(expected);
});

test.each([
  ["2026-11-24T22:14:05.123456Z", "Europe/Berlin", "2026-11-24 23:14:05 GMT+1"],
  ["2026-07-01T22:30:00Z", "Europe/Berlin", "2026-07-02 00:30:00 GMT+2"],
  ["2026-11-24T22:14:05Z", "America/New_York", "2026-11-24 17:14:05 GMT-5"],
])("%s in %s is %s", (time, zone, expected) => {
  expect(absolute(time, zone)).toBe(expected);
});
