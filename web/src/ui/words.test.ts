import { expect, test } from "vitest";
import { bytes, capital, counted, shown, spoken } from "./words";

test.each([
  [0, "0 events"],
  [1, "1 event"],
  [4012, "4,012 events"],
])("%d is counted as %s", (value, expected) => expect(counted(value, "event")).toBe(expected));

test.each([
  [999, "999 bytes"],
  [1500, "1.5 KB"],
  [2_000_000, "2.0 MB"],
])("%d reads %s", (value, expected) => expect(bytes(value)).toBe(expected));

test("names of the contract become words", () => {
  expect(capital(spoken("in_progress"))).toBe("In progress");
  expect(shown({ a: [1] })).toBe('{"a":[1]}');
  expect(shown(null)).toBe("nothing");
});
