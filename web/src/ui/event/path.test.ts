import { expect, test } from "vitest";
import { leadsToRoot } from "./path";

const sha = async (...parts: Uint8Array[]) =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", Uint8Array.from(parts.flatMap((part) => [...part]))));
const leaf = (value: number) => sha(Uint8Array.of(0), new TextEncoder().encode(String(value)));
const base64 = (hash: Uint8Array) => btoa(String.fromCharCode(...hash));
const hex = (hash: Uint8Array) => [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");

const splitOf = (size: number) => {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
};

/** The recursive definition of RFC 6962, which shares nothing with the walk under test. */
async function treeHash(leaves: Uint8Array[]): Promise<Uint8Array> {
  if (leaves.length === 1) return leaves[0] as Uint8Array;
  const split = splitOf(leaves.length);
  return sha(Uint8Array.of(1), await treeHash(leaves.slice(0, split)), await treeHash(leaves.slice(split)));
}

async function pathOf(index: number, leaves: Uint8Array[]): Promise<Uint8Array[]> {
  if (leaves.length === 1) return [];
  const split = splitOf(leaves.length);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  return index < split
    ? [...(await pathOf(index, left)), await treeHash(right)]
    : [...(await pathOf(index - split, right)), await treeHash(left)];
}

test("every leaf of every small tree leads to its root, and no other leaf does", async () => {
  const strange = base64(await leaf(99));
  for (let size = 1; size <= 17; size += 1) {
    const leaves = await Promise.all(Array.from({ length: size }, (_, value) => leaf(value)));
    const root = base64(await treeHash(leaves));
    for (let index = 0; index < size; index += 1) {
      const hashes = (await pathOf(index, leaves)).map(base64);
      const path = { index, size, root, hashes, leaf_hash: base64(leaves[index] as Uint8Array) };
      expect(await leadsToRoot(path)).toBe(true);
      expect(await leadsToRoot({ ...path, leaf_hash: strange })).toBe(false);
      expect(await leadsToRoot({ ...path, hashes: [...hashes, root] })).toBe(false);
      if (hashes.length) expect(await leadsToRoot({ ...path, hashes: hashes.slice(1) })).toBe(false);
    }
  }
});

test("hex is read as well as base64", async () => {
  const only = hex(await leaf(1));
  expect(await leadsToRoot({ index: 0, size: 1, leaf_hash: only, hashes: [], root: only })).toBe(true);
});
