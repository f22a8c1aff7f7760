// An auditor takes a pack of evidence away and checks it from the disk, with the network forbidden.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { accessible, as, call, close, fits, has, open, shot, visit } from "./browser.mjs";

after(close);
const skip = !has("auditor") && "no sign-in of an auditor was given";

const folder = mkdtempSync(join(tmpdir(), "veritrail-evidence-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** The pack's page as a stranger opens it: from the disk, offline. */
async function opened(file, options = {}) {
  const context = await (await open()).newContext({ viewport: { width: 1280, height: 900 }, ...options });
  await context.setOffline(true);
  const page = await context.newPage();
  page.troubles = [];
  page.requests = [];
  page.on("pageerror", (error) => page.troubles.push(String(error)));
  page.on("console", (line) => line.type() === "error" && page.troubles.push(line.text()));
  page.on("request", (request) => page.requests.push(request.url()));
  await page.goto(pathToFileURL(file).href);
  await page.locator("#progress[hidden]").waitFor({ state: "attached", timeout: 60_000 });
  return page;
}

const results = (page) => page.locator("#records td[data-title=Result]").allTextContents();

test("a pack is made on the page, unzipped, checked offline; one changed entry is found", { skip }, async () => {
  const page = await as("auditor");
  const { items } = await call(page, "GET", "/events?from=-365d&limit=100");
  const least = items.at(-1).time;
  await visit(page, `/activity?from=${encodeURIComponent(least)}`);
  await page.getByRole("button", { name: "Export", exact: true }).click();
  await page.getByRole("button", { name: "Evidence pack" }).click();
  const link = page.getByRole("link", { name: "Download" });
  await link.waitFor({ timeout: 60_000 });
  await accessible(page, "the menu with a finished pack");
  const [file] = await Promise.all([page.waitForEvent("download"), link.click()]);
  assert.match(file.suggestedFilename(), /^veritrail-evidence-\d{4}-\d\d-\d\d\.zip$/);
  const zip = join(folder, "pack.zip");
  await file.saveAs(zip);
  assert.deepEqual(page.troubles, []);
  await page.context().close();

  execFileSync("python3", ["-m", "zipfile", "-e", zip, folder]);
  execFileSync("sha256sum", ["--quiet", "--strict", "-c", "SHA256SUMS"], { cwd: folder });
  const about = JSON.parse(readFileSync(join(folder, "query.json"), "utf8"));
  const indexes = readdirSync(join(folder, "entries")).map((name) => name.replace(".json", ""));
  assert.ok(indexes.length >= 100 && about.counts.records === indexes.length, `${indexes.length} entries`);
  assert.equal(about.question.from, least);
  assert.equal(readFileSync(join(folder, "events.ndjson"), "utf8").trimEnd().split("\n").length, indexes.length);

  const checked = await opened(join(folder, "verify.html"));
  assert.match(
    await checked.locator("#verdict").textContent(),
    /^All [\d,]+ records lead to the checkpoint's root\. Signed by /,
  );
  assert.equal(await checked.locator("#verdict").getAttribute("data-state"), "good");
  const ticks = await results(checked);
  assert.ok(ticks.length >= 100 && ticks.every((tick) => tick === "\u2713 In the ledger."), `${ticks.length} results`);
  await checked.getByText(`Entry ${indexes.map(Number).sort((a, b) => a - b)[0]}`, { exact: true }).click();
  await accessible(checked, "the page of a pack");
  await shot(checked, "evidence");
  // The files beside the page, one by one.
  const [index] = indexes;
  await checked.getByLabel("Load the proof from a file").setInputFiles(join(folder, `proofs/${index}.tlog-proof`));
  await checked.getByLabel("Load the entry from a file").setInputFiles(join(folder, `entries/${index}.json`));
  await checked.getByRole("button", { name: "Check it" }).click();
  await checked.getByText(/^This entry is the one at index \d+ among the .* Signed by /).waitFor();
  const entry = checked.getByRole("textbox", { name: "Entry" });
  await entry.fill((await entry.inputValue()).replace(/"received":\d/, '"received":9'));
  await checked.getByRole("button", { name: "Check it" }).click();
  await checked.getByText(/^FAILED: this entry is not proved to be/).waitFor();
  // Another key than the auditor was given.
  await checked
    .getByRole("textbox", { name: "Verifier key" })
    .fill("example.org+75331570+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk");
  await checked.getByRole("textbox", { name: "Verifier key" }).blur();
  await checked
    .getByText(/The checkpoint is NOT signed by example\.org/)
    .first()
    .waitFor();
  assert.ok(
    checked.requests.every((url) => url.startsWith("file:")),
    `it asked for ${checked.requests}`,
  );
  assert.deepEqual(checked.troubles, []);
  await checked.context().close();

  // One letter of one entry.
  const html = readFileSync(join(folder, "verify.html"), "utf8");
  const [before, listed] = /<script type="application\/json" id="listed">(.*?)<\/script>/s.exec(html);
  const records = JSON.parse(listed);
  const place = 3;
  const told = JSON.parse(records[place].leaf);
  records[place].leaf = JSON.stringify({ ...told, outcome: told.outcome === "success" ? "failure" : "success" });
  const changed = before.replace(listed, () => JSON.stringify(records).replaceAll("<", "\\u003c"));
  const tampered = join(folder, "tampered.html");
  writeFileSync(
    tampered,
    html.replace(before, () => changed),
  );
  const caught = await opened(tampered, { colorScheme: "dark", viewport: { width: 320, height: 800 } });
  assert.match(
    await caught.locator("#verdict").textContent(),
    new RegExp(`^1 record of ${records.length.toLocaleString("en")} FAILED`),
  );
  const marks = await results(caught);
  assert.deepEqual(
    marks.flatMap((mark, at) => (mark.startsWith("\u2717") ? [at] : [])),
    [place],
  );
  await caught.getByLabel("Failed only").check();
  assert.equal((await results(caught)).length, 1);
  await accessible(caught, "the page of a pack that was changed, in dark");
  await fits(caught, "the page of a pack");
  await shot(caught, "evidence-changed");
  assert.deepEqual(caught.troubles, []);
  await caught.context().close();
});

/** A key as verifiers write it, and what signs with it. */
function freshKey(name) {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const key = Buffer.concat([Buffer.of(1), publicKey.export({ format: "der", type: "spki" }).subarray(-32)]);
  const id = createHash("sha256").update(`${name}\n`).update(key).digest().subarray(0, 4);
  const line = (text) =>
    `\u2014 ${name} ${Buffer.concat([id, sign(null, Buffer.from(text), privateKey)]).toString("base64")}\n`;
  return { text: `${name}+${id.toString("hex")}+${key.toString("base64")}`, line };
}

test("the page of a pack follows the ledger's keys from the one it was given", { skip }, async () => {
  // The pack of the test before, signed anew by a key that took over, as after `veritrail ledger key rotate`.
  const html = readFileSync(join(folder, "verify.html"), "utf8");
  const [whole, text] = /<script type="application\/json" id="pack">(.*?)<\/script>/s.exec(html);
  const pack = JSON.parse(text);
  const [origin, size] = pack.checkpoint.split("\n");
  const [old, next, stranger] = [1, 2, 3].map(() => freshKey(origin.slice(0, origin.lastIndexOf("/"))));
  const said = `${pack.checkpoint.slice(0, pack.checkpoint.indexOf("\n\n"))}\n`;
  const write = (from, handover, by) => {
    const told = `veritrail key handover 1\n${origin}\n${from}\n${old.text}\n${next.text}\n`;
    const changed = {
      ...pack,
      key: by.text,
      handovers: handover(`${told}\n${old.line(told)}${next.line(told)}`),
      witness_keys: [],
      checkpoint: `${said}\n${by.line(said)}`,
    };
    const json = JSON.stringify(changed).replaceAll("<", "\\u003c");
    const file = join(folder, "handed-over.html");
    writeFileSync(
      file,
      html.replace(whole, () => whole.replace(text, () => json)),
    );
    return opened(file);
  };
  const given = async (page, key, found) => {
    await page.getByRole("textbox", { name: "Verifier key" }).fill(key);
    await page.getByRole("textbox", { name: "Verifier key" }).blur();
    await page.locator("#signature").getByText(found).waitFor();
  };
  const joined = /with the key .* which the list of handovers joins to this one\.$/;
  const page = await write(Number(size), (list) => list, next);
  await given(page, next.text, /Signed by .* with this key\.$/);
  await given(page, old.text, joined);
  await given(page, stranger.text, /NOT signed by .* with this key/);
  await page.context().close();
  // A key of the past signs nothing of a size that is the next one's; and the list itself is signed.
  const stolen = await write(Number(size), (list) => list, old);
  await given(stolen, old.text, /NOT signed by/);
  await stolen.context().close();
  const early = await write(Number(size) + 1, (list) => list, old);
  await given(early, next.text, joined);
  await early.context().close();
  const forged = await write(Number(size), (list) => list.replace(`\n${size}\n`, `\n${Number(size) + 1}\n`), old);
  await given(forged, old.text, /the list of keys is not as it was signed/);
  assert.deepEqual(forged.troubles, []);
  await forged.context().close();
});
