import { expect, test } from "vitest";
import type { OperationRow } from "../../api";
import { matching, reachOf } from "./rights";

const row = (operation: OperationRow["operation"], does: string, lead: "yes" | "department" | "own" | "no") => ({
  operation,
  does,
  dangerous: false,
  for_programs: true,
  roles: [
    { role: "analyst" as const, width: "yes" as const },
    { role: "department_lead" as const, width: lead },
  ],
});
const ROWS: OperationRow[] = [
  row("exports.create", "export events, masked", "no"),
  row("events.search", "search, count and chart events, masked", "department"),
];

test("every word must be there, in the name or in what it does", () => {
  const found = (words: string) => matching(ROWS, words).map((one) => one.operation);
  expect(found("masked events")).toEqual(["exports.create", "events.search"]);
  expect(found("Export.")).toEqual([]);
  expect(found("exports.")).toEqual(["exports.create"]);
  expect(found("  ")).toHaveLength(2);
});

test("a role shows what it may do only", () => {
  expect(matching(ROWS, "", "department_lead").map((one) => one.operation)).toEqual(["events.search"]);
  expect(reachOf(ROWS[0] as OperationRow, "employee")).toBe("no");
});
