// The first day of a fresh server: code, administrator, the first analyst, and what he finds.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { accessible, close, fits, open, settled, shot } from "./browser.mjs";

const BIN = process.env.VERITRAIL_BIN;
const skip = !BIN && "VERITRAIL_BIN names no binary to start a fresh server with";
const dir = mkdtempSync(join(tmpdir(), "veritrail-first-run-"));
let server;

after(async () => {
  await close();
  if (server && server.exitCode === null) {
    const gone = new Promise((resolve) => server.once("exit", resolve));
    server.kill();
    await gone;
  }
  rmSync(dir, { recursive: true, force: true });
});

const freePort = () =>
  new Promise((resolve) => {
    const listener = createServer().listen(0, "127.0.0.1", () => {
      const { port } = listener.address();
      listener.close(() => resolve(port));
    });
  });

async function start() {
  const listen = `127.0.0.1:${await freePort()}`;
  const env = { ...process.env, VERITRAIL__SERVER__LISTEN: listen, VERITRAIL__LOG__FILTER: "warn" };
  delete env.VERITRAIL__ORGANISATION__NAME;
  const said = execFileSync(BIN, ["--data", dir, "init"], { env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  server = spawn(BIN, ["--data", dir, "serve"], { env, stdio: "ignore" });
  const base = `http://${listen}`;
  const until = Date.now() + 60_000;
  for (;;) {
    const up = await fetch(`${base}/health`).catch(() => undefined);
    if (up?.ok) return { base, said };
    assert.ok(Date.now() < until && server.exitCode === null, "the fresh server did not start");
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

async function fresh(path, options = {}) {
  const context = await (await open()).newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(Number(process.env.VERITRAIL_PATIENCE_MS ?? 10_000));
  page.troubles = [];
  page.on("pageerror", (error) => page.troubles.push(String(error)));
  page.on("console", (line) => {
    if (line.type() === "error" && !line.text().startsWith("Failed to load resource")) page.troubles.push(line.text());
  });
  await page.goto(path);
  return page;
}

test("code, administrator, an analyst is invited, accepts, and is told what to do", { skip }, async () => {
  const { base, said } = await start();
  const code = /code\W+(?:is\W+)?([A-Za-z0-9-]{6,})/i.exec(said)?.[1] ?? /^\s*([A-Z0-9-]{8,})\s*$/m.exec(said)?.[1];
  assert.ok(code, `init printed no code: ${said}`);

  const admin = await fresh(base);
  await admin.getByRole("heading", { name: "Set up Veritrail" }).waitFor();
  await accessible(admin, "the first run");
  await shot(admin, "first-run");
  const fill = async (given) => {
    await admin.getByLabel(/^One-time code/).fill(given);
    await admin.getByLabel(/^Organisation/).fill("Fresh Company");
    await admin.getByLabel(/^Your name/).fill("First Administrator");
    await admin.getByLabel(/^E-mail/).fill("first@company.example");
    await admin.locator("input[name=password]").fill("a long sentence for the first day");
    await admin.getByRole("button", { name: "Set up" }).click();
  };
  await fill("wrong-code");
  await admin.getByRole("alert").getByText("Veritrail is not set up yet").waitFor();
  await fill(code);
  await admin.getByRole("heading", { name: "Invite an analyst" }).waitFor();
  await admin.getByLabel(/^The analyst's e-mail/).fill("analyst@company.example");
  await admin.getByRole("button", { name: "Make the invitation" }).click();
  const link = await admin.locator(".vt-copy code").textContent();
  assert.match(link, /^http:\/\/[^/]+\/invitations\/./);
  await shot(admin, "first-run-invited");
  await admin.getByRole("button", { name: "Go on" }).click();
  await admin.getByRole("navigation", { name: "Pages" }).waitFor();
  assert.equal(await admin.getByText("Fresh Company").count(), 1, "the organisation stands in the bar");
  await admin.getByRole("link", { name: "Sources" }).click();
  await admin.getByRole("heading", { name: "No source is connected" }).waitFor();
  await shot(admin, "first-run-no-source");
  assert.deepEqual(admin.troubles, []);

  const analyst = await fresh(base + new URL(link).pathname, { viewport: { width: 320, height: 640 } });
  await analyst.getByRole("heading", { name: "Join Veritrail" }).waitFor();
  await analyst.getByText(/analyst@company\.example is invited as analyst/).waitFor();
  await accessible(analyst, "an invitation");
  await fits(analyst, "an invitation");
  await shot(analyst, "invitation-320");
  await analyst.getByLabel(/^Your name/).fill("First Analyst");
  await analyst.locator("input[name=password]").fill("another long sentence for today");
  await analyst.getByRole("button", { name: "Join" }).click();
  await analyst.waitForURL((url) => url.pathname === "/overview");
  await settled(analyst);
  await analyst.getByRole("heading", { name: "No source is connected" }).waitFor();
  await fits(analyst, "the empty overview");
  await shot(analyst, "first-overview-320");
  for (const [path, heading] of [
    ["/activity", "No events match"],
    ["/persons", "Nobody is here"],
    ["/alerts", "No alerts yet"],
    ["/jobs", "You have no jobs"],
  ]) {
    await analyst.goto(base + path);
    await analyst.getByRole("heading", { name: heading }).waitFor();
    await shot(analyst, `empty-320${path.replaceAll("/", "-")}`);
  }
  assert.deepEqual(analyst.troubles, []);

  const late = await fresh(base + new URL(link).pathname);
  await late.getByRole("alert").getByText("This invitation cannot be used").waitFor();
});
