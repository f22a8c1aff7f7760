// A brute force as it happens: the alert reaches the open browser, and is triaged without a mouse.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { accessible, as, close, has, pusher, settled, shot, tabTo, visit } from "./browser.mjs";

after(close);
const skip = !(has("analyst") && has("administrator")) && "sign-ins of an analyst and an administrator are needed";
const WITHIN_MS = 5_000;
const stamp = Date.now().toString(36);
const user = `brute-${stamp}@company.example`;

test("a brute force is on the open page within five seconds of its last record", { skip }, async () => {
  const administrator = await as("administrator");
  const push = await pusher(administrator, "desk");
  const page = await as("analyst");
  await visit(page, "/alerts");
  await page.locator(".vt-chip[data-live=true]").waitFor();
  // A page that was loaded anew would forget this.
  await page.evaluate(() => {
    window.stayed = true;
  });
  const attempt = (number, action) => ({
    id: `brute-${stamp}-${number}`,
    time: new Date().toISOString(),
    user,
    action,
    ip: "203.0.113.77",
    agent: "python-requests/2.32",
  });
  for (let number = 0; number < 11; number += 1) await push([attempt(number, "login_failed")]);
  assert.equal((await page.getByRole("button", { name: new RegExp(user) }).count()) <= 1, true);
  const answered = await push([attempt(11, "login_failed"), attempt(12, "login")]);
  const since = Date.now();
  assert.equal(answered.accepted, 2);
  await page.getByRole("button", { name: new RegExp(`^${user}: .*failed sign-ins`) }).waitFor({ timeout: WITHIN_MS });
  const took = Date.now() - since;
  assert.equal(await page.evaluate(() => window.stayed), true, "the page was loaded anew");
  await shot(page, "alert-arrives");
  console.log(`the alert was on the page ${took} ms after the last record was answered`);
  await page.context().close();
  await administrator.context().close();
});

test("an alert is read, taken, judged and left by key alone", { skip }, async () => {
  const page = await as("analyst");
  await visit(page, "/alerts");
  await page.keyboard.press("j");
  const focused = () => page.evaluate(() => document.activeElement?.textContent ?? "");
  for (let row = 0; row < 20 && !(await focused()).startsWith(user); row += 1) await page.keyboard.press("j");
  assert.ok((await focused()).startsWith(user), "j reaches the alert");
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => /^\/alerts\/./.test(url.pathname));
  await settled(page);
  for (const part of ["What happened", "Why it is unusual", "What it could mean", "What to do next"])
    await page.getByRole("region", { name: part }).waitFor();
  await page.getByRole("img", { name: /Events over time by outcome/ }).waitFor();
  await accessible(page, "an alert");
  await shot(page, "alert");
  await page.keyboard.press("a");
  await page.getByRole("button", { name: "Hand back" }).waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.getByRole("complementary", { name: /^Event / }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("complementary", { name: /^Event / }).waitFor({ state: "detached" });
  await page.keyboard.press("v");
  await page.keyboard.press("Space");
  await tabTo(page, () => document.activeElement?.tagName === "TEXTAREA");
  await page.keyboard.type("Tried by a script; the account is locked.");
  await tabTo(page, () => document.activeElement?.textContent === "Give the verdict");
  await page.keyboard.press("Enter");
  await page.getByText("Judged: true. Tried by a script; the account is locked.").waitFor();
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").waitFor();
  await page.keyboard.type("Alerts");
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.pathname === "/alerts");
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});
