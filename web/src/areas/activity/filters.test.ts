import { expect, test } from "vitest";
import { facetFields, inWords, parseFilter, toggle, writeFilter } from "./filters";

test.each(["outcome:failure", "source!:crm", "address:2001:db8::1", "target!:contact/4:2"])(
  "%s is read and written",
  (text) => {
    expect(writeFilter(parseFilter(text))).toBe(text);
  },
);

test("an IPv6 address keeps its colons", () => {
  expect(parseFilter("address:2001:db8::1")).toEqual({ field: "address", value: "2001:db8::1", excluded: false });
});

test("choosing twice removes, choosing the opposite turns around", () => {
  const failed = { field: "outcome", value: "failure", excluded: false };
  expect(toggle([], failed)).toEqual(["outcome:failure"]);
  expect(toggle(["outcome:failure"], failed)).toEqual([]);
  expect(toggle(["source:a", "outcome:failure"], { ...failed, excluded: true })).toEqual([
    "source:a",
    "outcome!:failure",
  ]);
});

test("a filter reads with the label of its value", () => {
  const facets = [{ field: "source", values: [{ value: "7", label: "Sales CRM", count: 3 }], other: 0 }];
  expect(inWords(parseFilter("source!:7"), facets)).toBe("source is not Sales CRM");
  expect(inWords(parseFilter("object_type:contact"), [])).toBe("object type is contact");
});

test("a lead is not asked for counts of addresses, which he may not see", () => {
  expect(facetFields("department_lead")).not.toContain("address");
  expect(facetFields("analyst")).toContain("address");
});
