import { expect, test } from "vitest";
import type { KeptSearch } from "../../api";
import { opening, planned } from "./sharing";

const search: KeptSearch = {
  id: "0190",
  name: "Large exports",
  query: "from=-7d&filter=class%3Adata_export&filter=outcome%21%3Afailure&q=report",
  columns: ["time", "actor"],
  sharing: "everyone",
  owner: { id: "7", name: "Ann" },
  own: true,
  changed: "2026-11-27T06:00:00Z",
  delivery: null,
};

test("opening a kept search asks its question again and names it", () => {
  expect(opening(search)).toEqual({
    from: "-7d",
    q: "report",
    filter: ["class:data_export", "outcome!:failure"],
    columns: "time,actor",
    search: "0190",
  });
});

test("a plan is said in words", () => {
  expect(planned({ every: "day", hour: 6, format: "csv" })).toBe("every day at 06:00 UTC, as CSV");
  expect(planned({ every: "week", weekday: 7, hour: 18, format: "ndjson" })).toBe(
    "every Sunday at 18:00 UTC, as NDJSON",
  );
});
