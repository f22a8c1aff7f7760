// Following one person and one record through what happened.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { accessible, as, close, has, openFirst, settled, shot, signIn, visit } from "./browser.mjs";

after(close);
const skip = !has("analyst") && "no sign-in of an analyst was given";

test("a person: when they work beside their peers, what they did in order, into Activity", { skip }, async () => {
  const page = await as("analyst");
  await visit(page, "/persons");
  await openFirst(page);
  assert.match(page.url(), /\/persons\/./);
  const name = await page.locator("h1").textContent();
  await page.getByRole("img", { name: /^Events by weekday and hour, times in / }).waitFor();
  await page.goto(`${page.url()}?from=-14d`);
  await settled(page);
  await page.getByRole("img", { name: "Events in order, a lane per session" }).waitFor();
  await page.locator(".vt-open").first().waitFor();
  for (const sentence of (await page.locator(".vt-open").allTextContents()).slice(0, 20))
    assert.ok(sentence.startsWith(name), `"${sentence}" is not about ${name}`);
  await shot(page, "person");
  await accessible(page, "a person with events");
  await page.getByRole("link", { name: "Open in Activity" }).click();
  await page.waitForURL((url) => url.pathname === "/activity" && /filter=person/.test(url.search));
  await settled(page);
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});

test("a record: from an event to everything that happened to it", { skip }, async () => {
  const page = await as("analyst");
  await visit(page, "/activity?from=-14d&q=ticket");
  await page.locator(".vt-open").first().click();
  const drawer = page.getByRole("complementary", { name: /^Event / });
  await drawer.getByRole("link", { name: /\(ticket\)$/ }).click();
  await page.waitForURL((url) => url.pathname.startsWith("/subjects/"));
  await settled(page);
  await page.locator(".vt-state", { hasText: /^Ticket in .*, named in [1-9][\d,]* events?\.$/ }).waitFor();
  await page.getByRole("region", { name: "What happened to it" }).locator(".vt-open").first().waitFor();
  await shot(page, "record");
  await accessible(page, "a record");
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});

test("without an answer the page says so and recovers, and keeps what it had", { skip }, async () => {
  const page = await as("analyst");
  await visit(page, "/alerts");
  await page.route("**/api/v1/events?*", (route) => route.abort());
  await visit(page, "/activity?from=-7d");
  const told = page.getByRole("alert").filter({ hasText: "The events could not be read" });
  await told.getByText("The server cannot be reached").waitFor();
  await shot(page, "error-activity");
  await accessible(page, "an error");
  await page.unroute("**/api/v1/events?*");
  await told.getByRole("button", { name: "Try again" }).click();
  await page.locator(".vt-open").first().waitFor();
  await page.context().close();
});

test("a session that ends shows the sign-in, and signing in goes on where it stopped", { skip }, async () => {
  const page = await as("analyst");
  await visit(page, "/activity");
  await page.context().clearCookies();
  await page.getByRole("link", { name: "Alerts" }).click();
  await page.getByRole("heading", { name: "Sign in to Veritrail" }).waitFor();
  await signIn(page, "analyst");
  await page.getByRole("heading", { name: "Alerts", level: 1 }).waitFor();
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});
