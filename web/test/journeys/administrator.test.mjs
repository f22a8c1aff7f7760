// What an administrator does: sources, keys, quarantine, members. What is pushed shows in an analyst's live tail.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { as, BASE, close, has, pusher, settled, shot, visit } from "./browser.mjs";

after(close);
const skip = !has("administrator") && "no sign-in of an administrator was given";
const stamp = Date.now().toString(36);

test("a source is added from its manifest, gets a key, and what is pushed arrives live", { skip }, async (t) => {
  const page = await as("administrator");
  await visit(page, "/sources/new");
  const generic = page.getByRole("list", { name: "Catalogue" }).getByRole("button").last();
  await generic.click();
  await page.getByLabel(/^Title/).fill(`Journey ${stamp}`);
  await page.getByLabel(/^Name/).fill(`journey-${stamp}`);
  for (const field of await page.locator(".vt-form input[required]").all()) {
    if ((await field.inputValue()) === "") await field.fill((await field.getAttribute("placeholder")) || "journey");
  }
  await page.getByRole("button", { name: "Check", exact: true }).click();
  await page.locator(".vt-form .vt-notice").first().waitFor();
  await shot(page, "source-check");
  await page.getByRole("button", { name: "Add the source" }).click();
  await page.waitForURL((url) => /^\/sources\/(?!new)/.test(url.pathname));
  await settled(page);
  await page.getByRole("tab", { name: "Keys" }).click();
  await page.getByLabel("Name of the new key").fill("journey");
  await page.getByRole("button", { name: "Make a key" }).click();
  const shown = page.locator(".vt-notice .vt-copy code");
  const key = await shown.textContent();
  await page.reload();
  await settled(page);
  await page.getByRole("button", { name: "Revoke journey" }).waitFor();
  assert.equal(await page.getByText(key).count(), 0, "the key is shown once only");
  assert.deepEqual(page.troubles, []);

  if (!has("analyst")) return t.diagnostic("no analyst: the live tail was not watched");
  const watcher = await as("analyst");
  await visit(watcher, "/activity?live=1&from=-1h");
  await watcher.locator(".vt-chip[data-live=true]").waitFor();
  const record = process.env.VERITRAIL_PUSH ?? "{}";
  const answer = await page.request.post(`${BASE}/api/v1/ingest/journey-${stamp}`, {
    headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/x-ndjson" },
    data: record.replaceAll("NOW", new Date().toISOString()).replaceAll("STAMP", stamp),
  });
  if (!process.env.VERITRAIL_PUSH)
    return t.diagnostic(`VERITRAIL_PUSH gives no record: the push answered ${answer.status()}`);
  assert.equal(answer.status(), 200, await answer.text());
  // In the list itself: the filters beside it follow later, by themselves.
  const events = watcher.getByRole("table", { name: "events" });
  await events.getByRole("button", { name: new RegExp(`Journey ${stamp}`) }).waitFor();
  await shot(watcher, "live-tail");
  await watcher.context().close();
  await page.context().close();
});

test("a record in quarantine says why and is read again", { skip }, async () => {
  const page = await as("administrator");
  const push = await pusher(page, "desk");
  const answered = await push([{ id: `nobody-${stamp}`, time: new Date().toISOString(), action: "view" }]);
  assert.equal(answered.quarantined, 1, "a record that names nobody cannot be read");
  await visit(page, "/sources");
  await page.getByRole("button", { name: "Service desk" }).click();
  await page.getByRole("tab", { name: "Quarantine" }).click();
  const records = page.getByRole("table", { name: "records in quarantine" });
  await records.getByRole("button", { name: "Read again", exact: true }).first().click();
  await page.getByText(/^Still refused: ./).waitFor();
  await shot(page, "quarantine");
  await page.context().close();
});

test("a member is invited and the invitation can be opened", { skip }, async () => {
  const page = await as("administrator");
  await visit(page, "/members");
  await page.getByLabel(/^E-mail/).fill(`journey-${stamp}@example.org`);
  await page.getByRole("button", { name: "Make the invitation" }).click();
  await page.getByRole("heading", { name: "Send this link" }).waitFor();
  const link = await page.locator(".vt-notice .vt-copy code").textContent();
  assert.match(link, /\/invitation#./);
  await page.getByRole("cell", { name: `journey-${stamp}@example.org` }).waitFor();
  await page.context().close();
});
