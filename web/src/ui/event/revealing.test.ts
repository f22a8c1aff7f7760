import { expect, test } from "vitest";
import type { EventDetail } from "../../api";
import { maskedWords, nextLook } from "./revealing";

const NOW = Date.parse("2026-11-24T07:00:00Z");
const event = (changes: [string, string | null][]) =>
  ({
    changes: changes.map(([state, until]) => ({ state, until })),
    raw_fields: [],
    raw_state: "masked",
    raw_until: null,
  }) as unknown as EventDetail;

test("an event with revealed values is read again when the first of them is over", () => {
  const open = event([
    ["revealed", "2026-11-24T07:15:00Z"],
    ["revealed", "2026-11-24T07:00:10Z"],
  ]);
  expect(nextLook(open, NOW)).toBe(10_500);
  expect(nextLook(open, NOW + 60_000)).toBe(500);
});

test("while somebody decides it is read again now and then, otherwise never", () => {
  expect(nextLook(event([["asked", "2026-11-25T07:00:00Z"]]), NOW)).toBe(30_000);
  expect(nextLook(event([["shown", null]]), NOW)).toBe(false);
  expect(nextLook(undefined, NOW)).toBe(false);
});

test("a value that is not shown says why", () => {
  expect(maskedWords("never", "secret")).toBe("A secret: shown to nobody.");
  expect(maskedWords("masked", "sensitive")).toContain("privacy officer");
  expect(maskedWords("masked", "personal")).toBe("");
});
