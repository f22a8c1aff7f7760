// Measures the script each page loads first, from dist, and fails above the bar.
// A page's first load is the entry, the page's own chunk, and everything those two import without being asked again.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const BAR_BYTES = 250_000;
const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist), "utf8"));

function filesOf(key, seen = new Set()) {
  const chunk = manifest[key];
  if (!chunk) throw new Error(`The build's manifest does not know ${key}: run npm run build first.`);
  if (seen.has(chunk.file)) return seen;
  seen.add(chunk.file);
  for (const other of chunk.imports ?? []) filesOf(other, seen);
  return seen;
}

const sizes = new Map();
function gzipBytes(file) {
  if (!sizes.has(file)) sizes.set(file, gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length);
  return sizes.get(file);
}

const pages = Object.keys(manifest).filter((key) => /^src\/areas\/.*Page\.tsx$/.test(key));
if (pages.length === 0) throw new Error("The build has no pages: were they moved from src/areas?");
let above = 0;
for (const page of pages.sort()) {
  const files = filesOf(page, filesOf("index.html"));
  const bytes = [...files].filter((file) => file.endsWith(".js")).reduce((sum, file) => sum + gzipBytes(file), 0);
  if (bytes > BAR_BYTES) above += 1;
  console.log(`${bytes > BAR_BYTES ? "ABOVE" : "ok   "} ${(bytes / 1000).toFixed(1).padStart(6)} kB gzip  ${page}`);
}
if (above > 0) {
  console.error(
    `${above} pages load more than ${BAR_BYTES / 1000} kB of script (gzip) first. Split them, or load the rest on demand.`,
  );
  process.exit(1);
}
