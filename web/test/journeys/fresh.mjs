// A fresh server of its own for a journey, and pages of people who have not signed in.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open } from "./browser.mjs";

const BIN = process.env.VERITRAIL_BIN;
export const skip = !BIN && "VERITRAIL_BIN names no binary to start a fresh server with";
let dir;
let server;

const freePort = () =>
  new Promise((resolve) => {
    const listener = createServer().listen(0, "127.0.0.1", () => {
      const { port } = listener.address();
      listener.close(() => resolve(port));
    });
  });

/** Initialises and serves; `settings` are keys of the configuration as the environment names them. */
export async function start(settings = {}) {
  dir = mkdtempSync(join(tmpdir(), "veritrail-fresh-"));
  const port = await freePort();
  const listen = `127.0.0.1:${port}`;
  const env = { ...process.env, VERITRAIL__SERVER__LISTEN: listen, VERITRAIL__LOG__FILTER: "warn" };
  Object.assign(env, { VERITRAIL__SERVER__PUBLIC_URL: `http://localhost:${port}` }, settings);
  delete env.VERITRAIL__ORGANISATION__NAME;
  const said = execFileSync(BIN, ["--data", dir, "init"], { env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  server = spawn(BIN, ["--data", dir, "serve"], { env, stdio: "ignore" });
  // By its name, because browsers make no passkeys for a bare address.
  const base = `http://localhost:${port}`;
  const until = Date.now() + 60_000;
  for (;;) {
    const up = await fetch(`${base}/health`).catch(() => undefined);
    if (up?.ok) return { base, said };
    assert.ok(Date.now() < until && server.exitCode === null, "the fresh server did not start");
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** An authenticator in the browser, with a finger that always fits; how many passkeys it holds. */
export async function withAuthenticator(page) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return async () => (await devtools.send("WebAuthn.getCredentials", { authenticatorId })).credentials.length;
}

export async function stop() {
  if (server && server.exitCode === null) {
    const gone = new Promise((resolve) => server.once("exit", resolve));
    server.kill();
    await gone;
  }
  if (dir) rmSync(dir, { recursive: true, force: true });
}

/** The one-time code that `init` printed. */
export function codeOf(said) {
  const code = /code\W+(?:is\W+)?([A-Za-z0-9-]{6,})/i.exec(said)?.[1] ?? /^\s*([A-Z0-9-]{8,})\s*$/m.exec(said)?.[1];
  assert.ok(code, `init printed no code: ${said}`);
  return code;
}

export async function fresh(path, options = {}) {
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
