// What an analyst does in a day.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { accessible, as, call, close, has, settled, shot, visit } from "./browser.mjs";

after(close);
const skip = !has("analyst") && "no sign-in of an analyst was given";

test("the overview says the state in words", { skip }, async () => {
  const page = await as("analyst");
  await visit(page, "/overview");
  await page.locator(".vt-state", { hasText: /\d events? in this range; .*\.$/ }).waitFor();
  await page.getByRole("img", { name: /Events over time by outcome/ }).waitFor();
  await page.context().close();
});

test("filter, open an event by key, prove it, take the proof away", { skip }, async () => {
  const page = await as("analyst");
  await visit(page, "/activity?from=-365d");
  const facet = page.getByRole("region", { name: "Narrow the events" }).locator("li button").first();
  await facet.click();
  await page.getByRole("button", { name: /^Remove: / }).waitFor();
  assert.match(page.url(), /filter=/);
  await page.locator(".vt-open").first().waitFor();
  await page.locator("h1").click();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  const drawer = page.getByRole("complementary", { name: /^Event / });
  await drawer.locator(".vt-sentence").waitFor();
  assert.match(page.url(), /open=/);
  const first = page.url();
  await page.keyboard.press("j");
  await page.waitForURL((url) => url.href !== first);
  await drawer.getByRole("tab", { name: "Record" }).click();
  await page.keyboard.press("e");
  await drawer.getByText(/This event is number [\d,]+ of [\d,]+ under the checkpoint/).waitFor();
  await drawer.getByText(/Checked in this browser: .* leads? from this event/).waitFor();
  await accessible(page, "the proof of an event");
  await shot(page, "event-proof");
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    drawer.getByRole("button", { name: "Download .tlog-proof" }).click(),
  ]);
  assert.match(file.suggestedFilename(), /^activity\.0-\d+\.tlog-proof$/);
  assert.match(readFileSync(await file.path(), "utf8"), /^c2sp\.org\/tlog-proof@v1\nindex \d+\n/);
  const [entry] = await Promise.all([
    page.waitForEvent("download"),
    drawer.getByRole("button", { name: "Download the entry" }).click(),
  ]);
  assert.match(entry.suggestedFilename(), /^activity\.0-\d+\.entry$/);
  assert.ok(JSON.parse(readFileSync(await entry.path(), "utf8")).commitments.raw);
  await page.keyboard.press("Escape");
  await drawer.waitFor({ state: "detached" });
  assert.doesNotMatch(page.url(), /open=/);
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});

test("a drag over the histogram sets the range, the address holds it", { skip }, async () => {
  const page = await as("analyst");
  await visit(page, "/activity?from=-7d");
  const chart = page.getByRole("img", { name: /Events over time/ });
  const box = await chart.boundingBox();
  await page.mouse.move(box.x + box.width * 0.4, box.y + 60);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + 60, { steps: 4 });
  await page.mouse.up();
  await page.waitForURL((url) => Boolean(url.searchParams.get("until")));
  const { from, until } = Object.fromEntries(new URL(page.url()).searchParams);
  assert.ok(Date.parse(from) < Date.parse(until));
  await page.context().close();
});

test("words that match nothing say how to go on", { skip }, async () => {
  const page = await as("analyst");
  await visit(page, "/activity");
  await page.keyboard.press("/");
  await page.keyboard.type("zzzunheardofzzz");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "No events match" }).waitFor();
  await page.context().close();
});

test("an alert: assign to me by key, give a verdict", { skip }, async (t) => {
  const page = await as("analyst");
  await visit(page, "/alerts");
  if ((await page.locator(".vt-open").count()) === 0) return t.skip("no alert is there to judge");
  await page.locator(".vt-open").first().click();
  await page.getByRole("region", { name: "What happened" }).waitFor();
  const mine = page.getByRole("button", { name: "Hand back" });
  if ((await mine.count()) === 0) await page.keyboard.press("a");
  await mine.waitFor();
  await page.getByLabel("Expected").check();
  await page.getByLabel("Note").fill("The quarter's report.");
  await page.getByRole("button", { name: "Give the verdict" }).click();
  await page.getByText(/Judged: expected\. The quarter's report\./).waitFor();
  await page
    .getByRole("list", { name: "History" })
    .getByText(/: judged: expected$/)
    .waitFor();
  await shot(page, "alert-verdict");
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});

test("an export runs as a job and gives a file", { skip }, async () => {
  const page = await as("analyst");
  await visit(page, "/activity?from=-365d");
  await page.getByRole("button", { name: "Export", exact: true }).click();
  await page.getByRole("button", { name: "CSV", exact: true }).click();
  const link = page.getByRole("link", { name: "Download" });
  await link.waitFor({ timeout: 60_000 });
  const [file] = await Promise.all([page.waitForEvent("download"), link.click()]);
  assert.ok(readFileSync(await file.path(), "utf8").length > 0);
  await page.getByRole("link", { name: "All jobs" }).click();
  await settled(page);
  await page
    .getByText(/^Done: /)
    .first()
    .waitFor();
  await page.context().close();
});

test("Ctrl-K finds a page by key alone, ? lists the keys, the theme turns", { skip }, async () => {
  const page = await as("analyst");
  await visit(page, "/overview");
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").fill("Activ");
  await accessible(page, "the search");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/activity/);
  await settled(page);
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog", { name: "Keys" }).waitFor({ state: "detached" });
  await page.getByRole("button", { name: (await call(page, "GET", "/session")).member.name }).click();
  await page.getByRole("button", { name: "Dark", exact: true }).click();
  await page.locator("html[data-mantine-color-scheme=dark]").waitFor();
  await accessible(page, "the member's menu in dark");
  await page.context().close();
});
