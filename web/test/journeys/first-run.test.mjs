// The first day of a fresh server: code, administrator, the first analyst, and what he finds.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { accessible, close, fits, settled, shot } from "./browser.mjs";
import { codeOf, fresh, skip, start, stop } from "./fresh.mjs";

after(async () => {
  await close();
  await stop();
});

test("code, administrator, an analyst is invited, accepts, and is told what to do", { skip }, async () => {
  const { base, said } = await start();
  const code = codeOf(said);

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
  assert.match(link, /^http:\/\/[^/]+\/invitation#./);
  await shot(admin, "first-run-invited");
  await admin.getByRole("button", { name: "Go on" }).click();
  await admin.getByRole("navigation", { name: "Pages" }).waitFor();
  assert.equal(await admin.getByText("Fresh Company").count(), 1, "the organisation stands in the bar");
  await admin.getByRole("link", { name: "Sources" }).click();
  await admin.getByRole("heading", { name: "No source is connected" }).waitFor();
  await shot(admin, "first-run-no-source");
  assert.deepEqual(admin.troubles, []);

  const { pathname, hash } = new URL(link);
  const analyst = await fresh(base, { viewport: { width: 320, height: 640 } });
  const sent = [];
  analyst.on("request", (request) => sent.push(`${request.url().split("#")[0]} ${request.headers().referer ?? ""}`));
  await analyst.goto(base + pathname + hash);
  await analyst.getByRole("heading", { name: "Join Veritrail" }).waitFor();
  await analyst.getByText(/analyst@company\.example is invited as analyst/).waitFor();
  await accessible(analyst, "an invitation");
  await fits(analyst, "an invitation");
  await shot(analyst, "invitation-320");
  await analyst.getByLabel(/^Your name/).fill("First Analyst");
  await analyst.locator("input[name=password]").fill("another long sentence for today");
  await analyst.getByRole("button", { name: "Join" }).click();
  await analyst.waitForURL((url) => url.pathname === "/overview");
  assert.ok(
    sent.length > 3 && sent.every((said) => !said.includes(hash.slice(1))),
    "no address and no referrer holds it",
  );
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
