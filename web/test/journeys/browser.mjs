// What every journey shares: a browser, a signed-in page, a picture, the accessibility check.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import { chromium } from "playwright-core";

export const BASE = need("VERITRAIL_URL").replace(/\/$/, "");
const SIGNINS = JSON.parse(need("VERITRAIL_SIGNINS"));
const SHOTS = process.env.VERITRAIL_SHOTS;
const WIDE = { width: 1440, height: 900 };

function need(name) {
  const value = process.env[name];
  if (!value)
    throw new Error(`${name} is not set: the journeys run against a started Veritrail (see web/test/journeys).`);
  return value;
}

export const roles = Object.keys(SIGNINS);
export const has = (role) => role in SIGNINS;

let browser;
export async function open() {
  browser ??= await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox"],
  });
  return browser;
}
export async function close() {
  await browser?.close();
  browser = undefined;
}

export async function signIn(page, role) {
  await page.locator("input[type=email]").fill(SIGNINS[role].email);
  await page.locator("input[type=password]").fill(SIGNINS[role].password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("navigation", { name: "Pages" }).waitFor();
}

const kept = new Map();

/** A page of a member who has signed in by hand once; `troubles` collects what the console and the policy complain about. */
export async function as(role, options = {}) {
  const running = await open();
  const context = await running.newContext({
    viewport: WIDE,
    reducedMotion: "reduce",
    ...options,
    storageState: kept.get(role),
  });
  const page = await context.newPage();
  page.setDefaultTimeout(Number(process.env.VERITRAIL_PATIENCE_MS ?? 10_000));
  page.troubles = [];
  page.on("pageerror", (error) => page.troubles.push(String(error)));
  page.on("console", (line) => {
    // A refused request is the server's answer, checked where it matters; policy and script errors are ours.
    if (line.type() === "error" && !line.text().startsWith("Failed to load resource")) page.troubles.push(line.text());
  });
  if (!kept.has(role)) {
    await page.goto(BASE);
    await signIn(page, role);
    kept.set(role, await context.storageState());
  }
  return page;
}

/** A call to the server as the member of the page, for what a journey needs prepared. */
export async function call(page, method, path, body) {
  const answer = await page.request.fetch(`${BASE}/api/v1${path}`, {
    method,
    headers: { "X-Veritrail": "1", ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
    data: body === undefined ? undefined : JSON.stringify(body),
  });
  assert.ok(answer.ok(), `${method} ${path} answered ${answer.status()}: ${await answer.text()}`);
  return answer.status() === 204 ? undefined : answer.json();
}

/** Pushes records to a source as a program with a key of its own would. */
export async function pusher(administrator, name) {
  const { items } = await call(administrator, "GET", "/sources");
  const source = items.find((one) => one.name === name);
  assert.ok(source, `there is no source ${name}`);
  const { key } = await call(administrator, "POST", `/sources/${source.id}/keys`, { name: `journey ${Date.now()}` });
  return async (records) => {
    const answer = await administrator.request.post(`${BASE}/api/v1/ingest/${name}`, {
      headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/x-ndjson" },
      data: records.map((record) => JSON.stringify(record)).join("\n"),
    });
    assert.equal(answer.status(), 200, await answer.text());
    return answer.json();
  };
}

/** Goes to a page and waits until nothing is loading any more (a live stream never ends, so the network cannot tell). */
export async function visit(page, path) {
  await page.goto(BASE + path);
  await settled(page);
}

export async function settled(page) {
  await page.locator("h1").first().waitFor();
  await page.waitForFunction(() => document.querySelectorAll(".vt-loading").length === 0);
}

/** Opens the first row and waits for its page: the list stays on screen until the other has arrived. */
export async function openFirst(page) {
  const before = await page.locator("h1").textContent();
  await page.locator(".vt-open").first().click();
  await page.waitForFunction((title) => ![title, null].includes(document.querySelector("h1")?.textContent), before);
  await settled(page);
}

export async function shot(page, name) {
  if (!SHOTS) return;
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`) });
}

export async function accessible(page, where) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const told = violations.map(
    (one) =>
      `${one.id}: ${one.nodes.map((node) => `${node.html.slice(0, 120)} ${node.failureSummary?.slice(0, 160)}`).join(" | ")}`,
  );
  assert.deepEqual(told, [], `axe on ${where}`);
}

/** Presses Tab until the focus is where the check says, as somebody without a mouse would. */
export async function tabTo(page, found, most = 60) {
  for (let step = 0; step < most; step += 1) {
    if (await page.evaluate(found)) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`${most} times Tab did not reach ${found}`);
}

/** Charts take a new width a moment after the window did. */
export async function fits(page, where) {
  await page
    .waitForFunction(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth, null, {
      timeout: 2_000,
    })
    .catch(() => {});
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(over <= 0, `${where} scrolls sideways by ${over} px at 320 px`);
}

/** The pages the rail offers this member. */
export const offered = (page) =>
  page
    .getByRole("navigation", { name: "Pages" })
    .getByRole("link")
    .evaluateAll((links) => links.map((link) => new URL(link.href).pathname));
