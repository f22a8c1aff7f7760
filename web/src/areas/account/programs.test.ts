import { expect, test } from "vitest";
import type { ApiToken, Operation } from "../../api";
import { grantable, stateOf } from "./programs";

test("nothing dangerous and nothing of the account is for programs", () => {
  const operations: Operation[] = ["session.read", "session.confirm", "own.events", "own.tokens", "events.search"];
  expect(grantable(operations)).toEqual(["session.read", "own.events", "events.search"]);
  expect(grantable(["members.list", "members.update", "sources.keys", "sources.list"])).toEqual([
    "members.list",
    "sources.list",
  ]);
});

test("a token is in use until it is revoked or its days are over", () => {
  const token: ApiToken = {
    id: "1",
    name: "SIEM",
    operations: [],
    created: "2026-01-01T00:00:00Z",
    expires: "2026-02-01T00:00:00Z",
    last_used: null,
    revoked: null,
  };
  expect(stateOf(token, Date.parse("2026-01-31T00:00:00Z"))).toBe("in use");
  expect(stateOf(token, Date.parse("2026-02-01T00:00:00Z"))).toBe("ended");
  expect(stateOf({ ...token, revoked: "2026-01-02T00:00:00Z" }, Date.parse("2026-01-31T00:00:00Z"))).toBe("revoked");
});
