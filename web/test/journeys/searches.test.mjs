// Questions that are kept, and programs with an account of their own.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { accessible, as, close, has, settled, shot, visit } from "./browser.mjs";

after(close);
const skip = !(has("analyst") && has("auditor") && has("administrator")) && "not every sign-in was given";

test("a search is kept, shared, run by somebody else, delivered and removed", { skip }, async () => {
  const page = await as("analyst");
  await visit(page, "/activity?from=-7d&filter=outcome:failure");
  await page.getByRole("button", { name: "Keep", exact: true }).click();
  const form = page.getByRole("form", { name: "Keep this search" });
  const name = `Failures ${Date.now()}`;
  await form.getByLabel("Name").fill(name);
  await form.getByLabel("Who finds it").selectOption("everyone");
  await accessible(page, "keeping a search");
  await form.getByRole("button", { name: "Keep the search" }).click();
  await form.getByRole("link", { name: "All searches" }).click();
  await page.getByRole("table", { name: "Kept searches" }).getByRole("button", { name }).click();
  const drawer = page.getByRole("complementary", { name });
  await drawer.getByRole("button", { name: "Have it delivered" }).click();
  await drawer.getByText("It comes every day at 06:00 UTC, as CSV").waitFor();
  await accessible(page, "a kept search");
  await shot(page, "kept-search");

  const auditor = await as("auditor");
  await visit(auditor, "/searches");
  await auditor.getByRole("table", { name: "Kept searches" }).getByRole("button", { name }).click();
  const found = auditor.getByRole("complementary", { name });
  assert.equal(await found.getByRole("button", { name: "Remove the search" }).count(), 0, "only its owner changes it");
  await found.getByRole("link", { name: "Run it now" }).click();
  await auditor.waitForURL((url) => url.pathname === "/activity" && url.search.includes("outcome"));
  await auditor.getByRole("button", { name: /^Remove: / }).waitFor();
  await settled(auditor);
  await visit(auditor, "/self?acts=administrators");
  await auditor.getByRole("region", { name: "Daily digests" }).waitFor();
  await accessible(auditor, "administrators' acts");
  await shot(auditor, "administrators-acts");
  await auditor.context().close();

  await drawer.getByRole("button", { name: "Remove the search" }).click();
  await page.getByRole("button", { name }).waitFor({ state: "detached" });
  await page.context().close();
});

test("an administrator makes a service account, its owner a token, rotated with the one before still open", {
  skip,
}, async () => {
  const admin = await as("administrator");
  await visit(admin, "/service-accounts");
  const name = `job-${Date.now() % 1_000_000}`;
  const form = admin.getByRole("form", { name: "Make a service account" });
  await form.getByLabel("Name").fill(name);
  await form.getByLabel("Owner").selectOption({ label: "Ada Analyst, analyst" });
  await form.getByRole("button", { name: "Make the account" }).click();
  await admin.getByRole("table", { name: "Service accounts" }).getByRole("button", { name }).click();
  const seen = admin.getByRole("complementary", { name });
  await seen.getByRole("button", { name: "Switch off, revoking its tokens" }).waitFor();
  assert.equal(await seen.getByRole("form", { name: "Make a token" }).count(), 0, "its tokens are the owner's to make");
  await accessible(admin, "a service account");

  const page = await as("analyst");
  await visit(page, "/service-accounts");
  await page.getByRole("table", { name: "Service accounts" }).getByRole("button", { name }).click();
  const drawer = page.getByRole("complementary", { name });
  const make = drawer.getByRole("form", { name: "Make a token" });
  await make.getByLabel("Name of the program").fill("nightly");
  await make.getByLabel("alerts.list").check();
  await make.getByRole("button", { name: "Make a token" }).click();
  const secret = drawer.locator(".vt-notice .vt-copy code");
  await secret.waitFor();
  const first = await secret.textContent();
  const ask = async (token) =>
    (await fetch(new URL("/api/v1/alerts", page.url()), { headers: { Authorization: `Bearer ${token}` } })).status;
  assert.equal(await ask(first), 200);
  await drawer.getByRole("button", { name: "Rotate nightly" }).click();
  await page.waitForFunction((old) => document.querySelector(".vt-notice .vt-copy code")?.textContent !== old, first);
  const second = await secret.textContent();
  assert.deepEqual([await ask(first), await ask(second)], [200, 200], "both open for a while");
  await shot(page, "service-account");
  await seen.getByRole("button", { name: "Switch off, revoking its tokens" }).click();
  await seen.getByRole("button", { name: "Switch on" }).waitFor();
  assert.deepEqual([await ask(first), await ask(second)], [401, 401]);
  await admin.context().close();
  await page.context().close();
});
