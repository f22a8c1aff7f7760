import { expect, test } from "vitest";
import { parseScreen, readAddress, type ScreenSearch, writeAddress } from "./search";

const screens: ScreenSearch[] = [
  {},
  { from: "-7d" },
  { from: "2026-11-24T00:00:00Z", until: "2026-11-24T06:00:00Z", q: "café & co" },
  { filter: ["outcome:failure"], open: "activity.0:41" },
  { filter: ["actor:a:b", "source!:crm"], q: "123" },
  { tab: "keys", columns: "what,when", live: "1", severity: "high" },
];

test.each(screens)("%j survives the address", (screen) => {
  expect(parseScreen(readAddress(writeAddress(screen)))).toEqual(screen);
});

test("a malformed address is read as far as it makes sense", () => {
  expect(parseScreen({ from: 7, filter: ["nonsense", "outcome:failure"], q: "", other: "x" })).toEqual({
    filter: ["outcome:failure"],
  });
});
