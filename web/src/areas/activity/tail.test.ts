import { expect, test } from "vitest";
import type { Event, EventPage } from "../../api";
import { prepend } from "./tail";

const event = (position: string, time: string) => ({ position, time }) as Event;
const page = (...items: Event[]): EventPage => ({ items, next: null, took_ms: 1 });
const shown = (pages: EventPage[]) => pages.map((one) => one.items.map((item) => item.position));

test("what arrives stands first, newest on top, each once", () => {
  const pages = [page(event("a:3", "2026-11-24T10:03:00Z")), page(event("a:1", "2026-11-24T10:01:00Z"))];
  const arrived = [
    event("a:4", "2026-11-24T10:04:00Z"),
    event("a:5", "2026-11-24T10:05:00Z"),
    event("a:4", "2026-11-24T10:04:00Z"),
    event("a:1", "2026-11-24T10:01:00Z"),
  ];
  expect(shown(prepend(pages, arrived))).toEqual([["a:5", "a:4", "a:3"], ["a:1"]]);
});

test("a watched list has an end, and one not read yet stays as it is", () => {
  const many = Array.from({ length: 700 }, (_, at) => event(`b:${at}`, "2026-11-24T10:00:00Z"));
  expect(prepend([page()], many)[0]?.items.length).toBe(500);
  expect(prepend([], many)).toEqual([]);
});
