import { expect, test } from "vitest";
import type { Erasure } from "../../api";
import { stateWords } from "./words";

const erasure = (state: Erasure["state"], trouble: string | null = null) => stateWords({ state, trouble } as Erasure);

test("an erasure is called done only when it is", () => {
  expect(erasure("done")).toBe("Erased");
  expect(erasure("keys_destroyed")).toBe("Unreadable, being cleaned up");
  expect(erasure("asked")).toBe("Begun");
  expect(erasure("asked", "a legal hold forbids it")).toBe("Stopped, tried again");
});
