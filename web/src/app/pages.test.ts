import { expect, test } from "vitest";
import type { Operation } from "../api";
import { allowedPages, homeOf, isRanged } from "./pages";

const titles = (operations: Operation[]) => allowedPages(operations).map((page) => page.title);

test("an employee sees and lands on the own activity", () => {
  const operations: Operation[] = ["session.read", "own.events"];
  expect(titles(operations)).toEqual(["My activity"]);
  expect(homeOf(operations)).toBe("/my-activity");
});

test("an administrator sees no page of the trail", () => {
  const operations: Operation[] = ["sources.list", "members.list", "settings.read"];
  expect(titles(operations)).toEqual(["Sources", "Members", "Service accounts", "Settings"]);
  expect(homeOf(operations)).toBe("/sources");
});

test("an analyst lands on the overview and needs no page of the own activity", () => {
  const operations: Operation[] = ["own.events", "overview.read", "events.search", "alerts.list"];
  expect(titles(operations)).toEqual(["Overview", "Activity", "Alerts"]);
  expect(homeOf(operations)).toBe("/overview");
});

test("the time range shows where it has a meaning", () => {
  expect(["/activity", "/persons", "/persons/7", "/subjects/7", "/alerts", "/members"].map(isRanged)).toEqual([
    true,
    false,
    true,
    true,
    false,
    false,
  ]);
});
