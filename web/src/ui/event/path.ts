/** The audit path of RFC 6962 (section 2.1.1), walked in the browser so that the page need not be believed. */

type Path = { index: number; size: number; leaf_hash: string; hashes: string[]; root: string };

/** Hashes are written in base64 (C2SP) or hex. */
function bytesOf(hash: string): Uint8Array<ArrayBuffer> {
  if (/^[0-9a-f]{64}$/i.test(hash))
    return Uint8Array.from(hash.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  return Uint8Array.from(atob(hash), (char) => char.charCodeAt(0));
}

async function node(left: Uint8Array, right: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const joined = Uint8Array.from([1, ...left, ...right]);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", joined));
}

/** RFC 9162, 2.1.3.2: true when the path of this leaf leads to the root of a tree of this size. */
export async function leadsToRoot(path: Path): Promise<boolean> {
  if (path.index < 0 || path.index >= path.size) return false;
  let [at, last] = [path.index, path.size - 1];
  let hash = bytesOf(path.leaf_hash);
  for (const text of path.hashes) {
    const beside = bytesOf(text);
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      hash = await node(beside, hash);
      while (at % 2 === 0 && at !== 0) {
        at = Math.floor(at / 2);
        last = Math.floor(last / 2);
      }
    } else {
      hash = await node(hash, beside);
    }
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  const root = bytesOf(path.root);
  return last === 0 && hash.length === root.length && hash.every((byte, place) => byte === root[place]);
}
