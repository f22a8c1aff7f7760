import { expect, test } from "vitest";
import { queryString } from "./query";

test.each([
  [{}, ""],
  [{ from: "-24h", until: undefined, q: "" }, "?from=-24h"],
  [{ filter: ["outcome:failure", "source!:crm"] }, "?filter=outcome%3Afailure&filter=source%21%3Acrm"],
  [{ q: "all & everyone", min_rows: 0 }, "?q=all+%26+everyone&min_rows=0"],
])("%j is asked as %s", (values, expected) => {
  expect(queryString(values)).toBe(expected);
});
