import { expect, test } from "vitest";
import type { ClassedField, Erasure } from "../../api";
import { originWords, standingWords, stateWords } from "./words";

const erasure = (state: Erasure["state"], trouble: string | null = null) => stateWords({ state, trouble } as Erasure);

test("an erasure is called done only when it is", () => {
  expect(erasure("done")).toBe("Erased");
  expect(erasure("keys_destroyed")).toBe("Unreadable, being cleaned up");
  expect(erasure("asked")).toBe("Begun");
  expect(erasure("asked", "a legal hold forbids it")).toBe("Stopped, tried again");
});

test("a reveal says who let it happen only where somebody did", () => {
  const officer = { id: "1", name: "Petra" };
  expect(standingWords({ standing: "open", decided_by: null })).toBe("Shown now");
  expect(standingWords({ standing: "over", decided_by: officer })).toBe("Over, approved");
  expect(standingWords({ standing: "declined", decided_by: officer })).toBe("Declined");
});

test("a class says where it comes from", () => {
  const field = { shipped: "personal", origin: "unknown", member: null } as ClassedField;
  expect(originWords(field)).toBe("nobody classed it");
  expect(originWords({ ...field, member: { id: "1", name: "Petra" } })).toBe("changed by Petra, shipped as personal");
});
