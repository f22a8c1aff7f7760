import { expect, test } from "vitest";
import { compared, noted } from "./facts";

const at = new Date(2026, 10, 25, 23, 31, 14).getTime();
const facts = {
  threshold: 10,
  observed: 31,
  window_secs: 1200,
  first: at * 1000,
  success_time: at * 1000,
  usual: "2 a day",
  acts: [{ count: 31 }],
};

test("facts read as words: lengths with units, times as times, nothing twice", () => {
  expect(noted(facts, at)).toEqual([
    ["Window", "20 minutes"],
    ["Success at", "25 Nov 23:31:14"],
    ["Usual", "2 a day"],
  ]);
});

test("a comparison needs both numbers", () => {
  expect(compared(facts)).toEqual({ observed: 31, threshold: 10 });
  expect(compared({ observed: 3 })).toBeNull();
});
