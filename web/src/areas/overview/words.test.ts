import { expect, test } from "vitest";
import type { Overview, SourceHealth } from "../../api";
import { stateInWords } from "./words";

const source = (status: SourceHealth["status"]) => ({ status }) as SourceHealth;
const state = (part: Partial<Overview>) =>
  stateInWords(
    {
      events_total: 1204,
      histogram: { interval_secs: 60, buckets: [] },
      alerts_open: {},
      alerts: [],
      sources: [],
      top_actors: [],
      ...part,
    },
    true,
  );

test.each([
  [{}, "1,204 events in this range; no alert is open; no source is connected."],
  [
    { alerts_open: { high: 1, low: 2 }, sources: [source("ok"), source("trouble")] },
    "1,204 events in this range; 3 alerts are open, 1 of them high or critical; 1 of 2 sources is in trouble.",
  ],
  [
    { alerts_open: { high: 1 }, sources: [source("ok")] },
    "1,204 events in this range; 1 alert is open, and it is high or critical; the source is without trouble.",
  ],
  [
    { alerts_open: { low: 1 }, sources: [source("ok")] },
    "1,204 events in this range; 1 alert is open; the source is without trouble.",
  ],
] as [Partial<Overview>, string][])("%j is told as %s", (part, expected) => expect(state(part)).toBe(expected));

test("who is shown no sources is not told that there are none", () => {
  expect(
    stateInWords(
      {
        events_total: 1,
        histogram: { interval_secs: 60, buckets: [] },
        alerts_open: {},
        alerts: [],
        sources: [],
        top_actors: [],
      },
      false,
    ),
  ).toBe("1 event in this range; no alert is open.");
});
