// What comes from outside is shown as text, passwords can be pasted, and a session that ends by itself takes with it what was read in it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, test } from "node:test";
import { pathToFileURL } from "node:url";
import { close, settled, shot } from "./browser.mjs";
import { codeOf, fresh, skip, start, stop } from "./fresh.mjs";

afterEach(stop);
after(close);

const EMAIL = "first@company.example";
const PASSWORD = "a long sentence for the first day";
const ANALYST = { email: "analyst@company.example", password: "another long sentence for today" };
const IMAGE = '<img src=x onerror="window.harmed=1">';
const SCRIPT = "</script><script>window.harmed=2</script>";

/** Sets the server up by hand; the administrator's page. */
async function setUp({ base, said }) {
  const admin = await fresh(base);
  await admin.getByLabel(/^One-time code/).fill(codeOf(said));
  await admin.getByLabel(/^Organisation/).fill("Fresh Company");
  await admin.getByLabel(/^Your name/).fill("First Administrator");
  await admin.getByLabel(/^E-mail/).fill(EMAIL);
  await admin.locator("input[name=password]").fill(PASSWORD);
  await admin.getByRole("button", { name: "Set up" }).click();
  await admin.getByRole("button", { name: "Later" }).click();
  await admin.getByRole("navigation", { name: "Pages" }).waitFor();
  return admin;
}

/** As the member of this page, at the server of this page. */
const at = (page, base, method, path, body) =>
  page.request
    .fetch(`${base}/api/v1${path}`, {
      method,
      headers: { "X-Veritrail": "1", ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
      data: body === undefined ? undefined : JSON.stringify(body),
    })
    .then(async (answer) => {
      assert.ok(answer.ok(), `${method} ${path} answered ${answer.status()}: ${await answer.text()}`);
      return answer.status() === 204 ? undefined : answer.json();
    });

/** An analyst beside the administrator, signed in in a browser of his own. */
async function analystOf(admin, base) {
  const { link } = await at(admin, base, "POST", "/members/invitations", { email: ANALYST.email, role: "analyst" });
  const page = await fresh(base);
  const token = link.split("#").at(-1);
  await at(page, base, "POST", "/invitations/accept", { token, name: IMAGE, password: ANALYST.password });
  await page.goto(`${base}/overview`);
  await page.getByRole("navigation", { name: "Pages" }).waitFor();
  return page;
}

/** Records of a program whose people and records have markup for names. */
async function push(admin, base, records) {
  const source = await at(admin, base, "POST", "/sources", {
    name: "desk",
    connector: "generic",
    title: `Desk ${IMAGE}`,
    settings: {},
  });
  const { key } = await at(admin, base, "POST", `/sources/${source.id}/keys`, { name: SCRIPT });
  const answer = await admin.request.post(`${base}/api/v1/ingest/desk`, {
    headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/x-ndjson" },
    data: records.map((record) => JSON.stringify(record)).join("\n"),
  });
  assert.equal(answer.status(), 200, await answer.text());
  return source;
}

async function found(page, base, count) {
  const until = Date.now() + 30_000;
  while ((await at(page, base, "GET", "/events/count?from=-1h")).count < count) {
    assert.ok(Date.now() < until, "the records are not found");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

const harmless = async (page, where) => {
  assert.equal(await page.evaluate(() => window.harmed), undefined, `something ran on ${where}`);
  assert.equal(await page.locator('img[src="x"]').count(), 0, `markup became an element on ${where}`);
  assert.deepEqual(page.troubles, [], where);
};

test("markup in names and values is text on every page", { skip }, async () => {
  const served = await start();
  const { base } = served;
  const admin = await setUp(served);
  const analyst = await analystOf(admin, base);
  const source = await push(admin, base, [
    {
      id: "m1",
      time: new Date().toISOString(),
      action: "view",
      actor: SCRIPT,
      actor_name: IMAGE,
      object_type: "contact",
      object_id: "c1",
      object_label: `Contact ${IMAGE}`,
      note: SCRIPT,
    },
    { id: "m2", time: IMAGE, action: "view", actor: SCRIPT },
  ]);
  await found(analyst, base, 1);

  // Its structure is the API's own: what is in a value stays in it.
  const answer = await analyst.request.get(`${base}/api/v1/events?from=-1h&limit=1`);
  assert.match(answer.headers()["content-type"], /^application\/json/);
  const { items } = JSON.parse(await answer.text());
  assert.equal(items.length, 1);
  assert.ok(JSON.stringify(items[0]).includes("<img src=x onerror="), "the record's name is whole");

  await analyst.goto(`${base}/activity`);
  await settled(analyst);
  await analyst.getByText("<img src=x onerror=").first().waitFor();
  await harmless(analyst, "/activity");
  await shot(analyst, "markup-activity");
  await analyst.locator(".vt-open").first().click();
  await analyst.getByRole("complementary").getByText("<img src=x onerror=").first().waitFor();
  await harmless(analyst, "an event");
  await shot(analyst, "markup-event");
  for (const path of [
    "/overview",
    "/persons",
    `/subjects/${items[0].actor.subject}`,
    "/account",
    "/searches",
    "/jobs",
  ]) {
    await analyst.goto(base + path);
    await settled(analyst);
    await harmless(analyst, path);
  }
  await analyst.goto(`${base}/subjects/${items[0].actor.subject}`);
  await settled(analyst);
  await analyst
    .getByText(/<\/script><script>|<img src=x/)
    .first()
    .waitFor();
  for (const [path, text] of [
    ["/sources", "Desk <img src=x onerror="],
    ["/members", "<img src=x onerror="],
    [`/sources/${source.id}?tab=quarantine`, "Desk <img src=x onerror="],
    [`/sources/${source.id}?tab=keys`, "</script><script>"],
  ]) {
    await admin.goto(base + path);
    await settled(admin);
    await admin.getByText(text).first().waitFor();
    await harmless(admin, path);
  }
  // A pack's page holds what was found as data in a script: the names of records must not end it.
  const job = await at(analyst, base, "POST", "/evidence", { query: "from=-1h" });
  const until = Date.now() + 30_000;
  while ((await at(analyst, base, "GET", `/jobs/${job.id}`)).state !== "done") {
    assert.ok(Date.now() < until, "the pack is not made");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const folder = mkdtempSync(join(tmpdir(), "veritrail-markup-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const file = await analyst.request.get(`${base}/api/v1/jobs/${job.id}/file`);
  writeFileSync(join(folder, "pack.zip"), await file.body());
  execFileSync("python3", ["-m", "zipfile", "-e", join(folder, "pack.zip"), folder]);
  const pack = await fresh(pathToFileURL(join(folder, "verify.html")).href);
  await pack.locator("#progress[hidden]").waitFor({ state: "attached" });
  assert.match(await pack.locator("#verdict").textContent(), /leads? to the checkpoint's root/);
  await pack.getByText("<img src=x onerror=").first().waitFor();
  await harmless(pack, "the page of a pack");
  await shot(pack, "markup-pack");
  // What somebody types into the address stands in the page as text too.
  await analyst.goto(`${base}/activity?q=${encodeURIComponent(IMAGE)}`);
  await settled(analyst);
  await harmless(analyst, "a search for markup");
});

test("passwords are pasted, and managers know the fields", { skip }, async () => {
  const { base, said } = await start();
  const options = { permissions: ["clipboard-read", "clipboard-write"] };
  const page = await fresh(base, options);
  const paste = async (where, text, purpose) => {
    const field = where.locator("input[type=password]");
    assert.equal(await field.count(), 1);
    assert.equal(await field.getAttribute("autocomplete"), purpose);
    await page.evaluate((copied) => navigator.clipboard.writeText(copied), text);
    await field.focus();
    await page.keyboard.press("Control+V");
    assert.equal(await field.inputValue(), text, "what was pasted stands there whole");
  };
  await page.getByLabel(/^One-time code/).fill(codeOf(said));
  await page.getByLabel(/^Organisation/).fill("Fresh Company");
  await page.getByLabel(/^Your name/).fill("First Administrator");
  await page.getByLabel(/^E-mail/).fill(EMAIL);
  assert.equal(await page.getByLabel(/^E-mail/).getAttribute("autocomplete"), "username");
  await paste(page, PASSWORD, "new-password");
  await page.getByRole("button", { name: "Set up" }).click();
  await page.getByRole("button", { name: "Later" }).click();
  await page.getByRole("navigation", { name: "Pages" }).waitFor();

  await page.goto(`${base}/account`);
  await settled(page);
  await paste(page, "yet another long sentence of today", "new-password");
  await page.getByRole("button", { name: "Change the password" }).click();
  await page.getByText("Changed.").waitFor();
  const { link } = await at(page, base, "POST", "/members/invitations", { email: ANALYST.email, role: "analyst" });
  await page.getByRole("button", { name: "First Administrator" }).first().click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in to Veritrail" }).waitFor();

  assert.equal(await page.locator("input[type=email]").getAttribute("autocomplete"), "username");
  await page.locator("input[type=email]").fill(EMAIL);
  await paste(page, "yet another long sentence of today", "current-password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("navigation", { name: "Pages" }).waitFor();

  await page.goto(base + new URL(link).pathname + new URL(link).hash);
  await page.getByText(/is invited as analyst/).waitFor();
  await paste(page, ANALYST.password, "new-password");
  assert.deepEqual(page.troubles, []);
});

/** Every string that scripts of the page still hold. */
async function memory(page) {
  const devtools = await page.context().newCDPSession(page);
  const parts = [];
  devtools.on("HeapProfiler.addHeapSnapshotChunk", ({ chunk }) => parts.push(chunk));
  await devtools.send("HeapProfiler.enable");
  await devtools.send("HeapProfiler.collectGarbage");
  await devtools.send("HeapProfiler.takeHeapSnapshot", { reportProgress: false });
  await devtools.detach();
  return JSON.parse(parts.join("")).strings.join("\n");
}

test("a session that ends by itself takes with it what was read in it", { skip }, async () => {
  const served = await start();
  const { base } = served;
  const admin = await setUp(served);
  const analyst = await analystOf(admin, base);
  const canary = `canary-${Date.now().toString(36)}`;
  await push(admin, base, [
    {
      id: "c1",
      time: new Date().toISOString(),
      action: "view",
      actor: canary,
      object_type: "contact",
      object_id: "c1",
    },
  ]);
  await found(analyst, base, 1);
  await analyst.goto(`${base}/activity`);
  await settled(analyst);
  await analyst.getByText(canary).first().waitFor();
  assert.ok((await memory(analyst)).includes(canary), "it is found where it is");

  // Ended elsewhere: the page learns of it with the next answer.
  const { items } = await at(admin, base, "GET", "/members");
  const { id } = items.find((member) => member.email === ANALYST.email);
  await at(admin, base, "DELETE", `/members/${id}/sessions`);
  await analyst.getByRole("link", { name: "Alerts" }).click();
  await analyst.getByRole("heading", { name: "Sign in to Veritrail" }).waitFor();
  assert.equal(await analyst.getByText(canary).count(), 0);
  assert.ok(!(await analyst.content()).includes(canary), "nothing of it stands in the page");
  assert.ok(!(await memory(analyst)).includes(canary), "nor in the memory of its scripts");
  await analyst.goBack();
  await analyst.getByRole("heading", { name: "Sign in to Veritrail" }).waitFor();
  assert.ok(!(await analyst.content()).includes(canary), "nor does going back bring it");
  await shot(analyst, "session-ended");
  assert.deepEqual(analyst.troubles, []);
});
