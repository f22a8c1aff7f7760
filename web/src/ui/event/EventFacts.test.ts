import { expect, test } from "vitest";
import { zoneOf } from "./EventFacts";

test.each([
  [60, "UTC+01:00"],
  [-330, "UTC-05:30"],
  [0, "UTC+00:00"],
  [null, "unknown, because the source did not say"],
])("%s minutes is %s", (minutes, expected) => expect(zoneOf(minutes)).toBe(expected));
