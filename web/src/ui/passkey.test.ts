import { expect, test } from "vitest";
import { bytesOf, textOf } from "./passkey";

test.each([[[]], [[0]], [[251, 255]], [[62, 63, 250, 255, 0, 1]]])("%j survives as base64url", (bytes) => {
  const text = textOf(Uint8Array.from(bytes).buffer);
  expect(text).toMatch(/^[A-Za-z0-9_-]*$/);
  expect([...bytesOf(text)]).toEqual(bytes);
});
