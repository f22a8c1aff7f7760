import { expect, test } from "vitest";
import type { AnchorState, Overview, SourceHealth } from "../../api";
import { confirmedInWords, stateInWords } from "./words";

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

test.each([
  [{}, "witness", false, "Cosigned by witnesses up to 1,204 records, last"],
  [{}, "time", false, "Time-stamped up to 1,204 records, last"],
  [
    { waiting: 2, lag_secs: 5 },
    "witness",
    false,
    "Cosigned by witnesses up to 1,204 records; 2 records wait for a witness. Last",
  ],
  [
    { waiting: 1, lag_secs: 600, behind_since: "2026-11-26T01:00:00Z" },
    "witness",
    true,
    "Behind for 10 min: 1 record waits for a witness, 60 s is promised. Last",
  ],
  [
    { waiting: 9, lag_secs: 7_200, within_secs: 3_600, behind_since: "2026-11-26T01:00:00Z" },
    "time",
    true,
    "Behind for 2 h: 9 records wait for a time-stamp, 1 h is promised. Last",
  ],
] as [Partial<AnchorState>, "witness" | "time", boolean, string][])(
  "%j of %s is late: %s, told as %s",
  (part, by, late, words) =>
    expect(
      confirmedInWords(
        {
          size: 1204,
          time: null,
          waiting: 0,
          lag_secs: 0,
          behind_since: null,
          within_secs: 60,
          trouble: null,
          ...part,
        },
        by,
      ),
    ).toEqual({ words, late }),
);
