import { expect, test } from "vitest";
import { hourOfWeek } from "./Week";

test.each([
  ["2026-11-23T00:30:00Z", "UTC", 0],
  ["2026-11-24T22:14:00Z", "Europe/Berlin", 24 + 23],
  ["2026-11-23T03:00:00Z", "America/New_York", 6 * 24 + 22],
])("%s in %s is hour %d of the week", (at, zone, expected) => expect(hourOfWeek(new Date(at), zone)).toBe(expected));
