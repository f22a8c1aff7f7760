import { expect, test } from "vitest";
import { absolute, age, brief, lasting, relative } from "./time";

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

test.each([
  [new Date(2026, 10, 24, 23, 14, 5), "24 Nov 23:14:05"],
  [new Date(2025, 0, 3, 0, 4, 9), "3 Jan 2025 00:04:09"],
])("%s is told short as %s", (at, expected) => {
  expect(brief(at.toISOString(), now)).toBe(expected);
});

test.each([
  ["2026-11-24T11:59:57Z", "now"],
  ["2026-11-24T11:46:10Z", "13 min"],
  ["2026-11-22T11:00:00Z", "2 d"],
  ["2026-11-24T14:00:00Z", "in 2 h"],
])("%s is %s old at noon", (time, expected) => {
  expect(age(time, now)).toBe(expected);
});

test.each([
  [32, "32 seconds"],
  [60, "1 minute"],
  [1200, "20 minutes"],
  [5400, "1.5 hours"],
  [172_800, "2 days"],
])("%d seconds last %s", (secs, expected) => {
  expect(lasting(secs)).toBe(expected);
});
