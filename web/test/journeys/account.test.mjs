// A server whose administrators need a second factor: enrolment before anything else, the code at the next sign-in, a fresh proof before
// a dangerous act, and the own account.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, afterEach, test } from "node:test";
import { accessible, close, fits, settled, shot } from "./browser.mjs";
import { codeOf, fresh, skip, start, stop, withAuthenticator } from "./fresh.mjs";

const CONFIRM_SECS = 5;
const EMAIL = "first@company.example";
const PASSWORD = "a long sentence for the first day";

afterEach(stop);
after(close);

/** What an authenticator app shows (RFC 6238) for a secret as people type it. */
function appCode(typed, now = Date.now()) {
  const bits = [...typed.replaceAll(" ", "")].map((one) =>
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(one).toString(2).padStart(5, "0"),
  );
  const secret = Buffer.from(
    bits
      .join("")
      .match(/.{8}/g)
      .map((byte) => Number.parseInt(byte, 2)),
  );
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(now / 30_000)));
  const mac = createHmac("sha1", secret).update(step).digest();
  const number = mac.readUInt32BE(mac.at(-1) & 0xf) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

/** The code of the step after the present one, which counts too: the present one may be used up. */
const nextCode = (typed) => appCode(typed, Date.now() + 30_000);

async function signIn(page) {
  await page.locator("input[type=email]").fill(EMAIL);
  await page.locator("input[type=password]").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
}

test("a second factor is set up, asked for, confirmed with, and taken away", { skip }, async () => {
  const { base, said } = await start({
    VERITRAIL__SIGN_IN__SECOND_FACTOR: "administrator",
    VERITRAIL__SIGN_IN__CONFIRM_SECS: String(CONFIRM_SECS),
  });
  const admin = await fresh(base);
  await admin.getByLabel(/^One-time code/).fill(codeOf(said));
  await admin.getByLabel(/^Organisation/).fill("Fresh Company");
  await admin.getByLabel(/^Your name/).fill("First Administrator");
  await admin.getByLabel(/^E-mail/).fill(EMAIL);
  await admin.locator("input[name=password]").fill(PASSWORD);
  await admin.getByRole("button", { name: "Set up" }).click();

  await admin.getByRole("heading", { name: "Set up a second factor" }).waitFor();
  await admin.getByRole("img", { name: "The code to scan" }).waitFor();
  await accessible(admin, "the enrolment");
  await shot(admin, "second-factor-enrol");
  const secret = await admin.locator(".vt-copy code").textContent();
  await admin.getByLabel("The code it shows now").fill("000000");
  await admin.getByRole("button", { name: "Set up", exact: true }).click();
  await admin.getByRole("alert").getByText("It is not set up yet").waitFor();
  await admin.getByLabel("The code it shows now").fill(appCode(secret));
  await admin.getByRole("button", { name: "Set up", exact: true }).click();
  await admin.getByRole("heading", { name: "Keep these recovery codes" }).waitFor();
  const codes = await admin.locator(".vt-codes code").allTextContents();
  assert.equal(codes.length, 10);
  await accessible(admin, "the recovery codes");
  await shot(admin, "second-factor-recovery-codes");
  await admin.getByRole("button", { name: "I have kept them" }).click();
  await admin.getByRole("button", { name: "Later" }).click();
  await admin.getByRole("navigation", { name: "Pages" }).waitFor();

  const second = await fresh(base, { viewport: { width: 320, height: 640 } });
  await signIn(second);
  await second.getByRole("heading", { name: "One step more" }).waitFor();
  await accessible(second, "the second step");
  await fits(second, "the second step");
  await shot(second, "second-step-320");
  await second.getByLabel("Code").fill("123456");
  await second.getByRole("button", { name: "Go on" }).click();
  await second.getByRole("alert").getByText("You are not signed in").waitFor();
  await second.getByLabel("Code").fill(nextCode(secret));
  await second.getByRole("button", { name: "Go on" }).click();
  await second.getByRole("navigation", { name: "Pages" }).waitFor();
  await second.goto(`${base}/account`);
  await settled(second);
  assert.equal(await second.getByRole("table", { name: "Sessions" }).locator("tbody tr").count(), 2);
  await fits(second, "/account");
  await shot(second, "account-320");
  await second.getByRole("button", { name: "End all others" }).click();
  await second.getByText(/1 session open/).waitFor();

  await admin.goto(base);
  await admin.getByRole("heading", { name: "Sign in to Veritrail" }).waitFor();
  await signIn(admin);
  await admin.getByLabel("Code").fill(codes[0]);
  await admin.getByRole("button", { name: "Go on" }).click();
  await admin.getByRole("navigation", { name: "Pages" }).waitFor();
  await new Promise((resolve) => setTimeout(resolve, CONFIRM_SECS * 1_000 + 200));
  await admin.goto(`${base}/members`);
  await settled(admin);
  await admin.getByLabel(/^E-mail/).fill("analyst@company.example");
  await admin.getByRole("button", { name: "Make the invitation" }).click();
  const dialog = admin.getByRole("dialog", { name: "Show once more who you are" });
  await dialog.waitFor();
  await accessible(admin, "the confirmation");
  await shot(admin, "confirmation");
  await dialog.getByLabel("Your password").fill("not the password at all");
  await dialog.getByRole("button", { name: "Go on" }).click();
  await dialog.getByRole("alert").getByText("That was not it").waitFor();
  await dialog.getByLabel("Your password").fill(PASSWORD);
  await dialog.getByRole("button", { name: "Go on" }).click();
  await admin.getByRole("heading", { name: "Send this link" }).waitFor();
  assert.equal(await dialog.count(), 0);

  await admin.getByRole("button", { name: "First Administrator" }).first().click();
  await admin.getByRole("link", { name: "My account" }).click();
  await settled(admin);
  await admin.getByText(/9 recovery codes left/).waitFor();
  for (const colorScheme of ["light", "dark"]) {
    await admin.emulateMedia({ colorScheme });
    await accessible(admin, `/account in ${colorScheme}`);
    await shot(admin, `account-${colorScheme}`);
  }
  admin.on("dialog", (asked) => asked.accept());
  await admin.getByRole("button", { name: "Take it away" }).click();
  // The proof may be too old again by now.
  const taken = admin.getByRole("heading", { name: "Sign in to Veritrail" });
  await taken.or(dialog).first().waitFor();
  if (await dialog.isVisible()) {
    await dialog.getByLabel("Your password").fill(PASSWORD);
    await dialog.getByRole("button", { name: "Go on" }).click();
  }
  await taken.waitFor();
  await signIn(admin);
  await admin.getByRole("heading", { name: "Set up a second factor" }).waitFor();
  assert.deepEqual(admin.troubles, []);
  assert.deepEqual(second.troubles, []);
});

test("a passkey is made, signs in without a password, and is taken away", { skip }, async () => {
  const { base, said } = await start();
  const page = await fresh(base);
  const held = await withAuthenticator(page);
  await page.getByLabel(/^One-time code/).fill(codeOf(said));
  await page.getByLabel(/^Organisation/).fill("Fresh Company");
  await page.getByLabel(/^Your name/).fill("First Administrator");
  await page.getByLabel(/^E-mail/).fill(EMAIL);
  await page.locator("input[name=password]").fill(PASSWORD);
  await page.getByRole("button", { name: "Set up" }).click();
  await page.getByRole("button", { name: "Later" }).click();
  await page.getByRole("navigation", { name: "Pages" }).waitFor();

  await page.goto(`${base}/account`);
  await settled(page);
  await page.getByLabel("Name of the new passkey").fill("Work laptop");
  await page.getByRole("button", { name: "Make a passkey" }).click();
  await page.getByRole("table", { name: "Passkeys" }).getByText("Work laptop").waitFor();
  assert.equal(await held(), 1);
  await accessible(page, "/account with a passkey");
  await shot(page, "passkey");
  await page.getByLabel("Name of the new passkey").fill("The same again");
  await page.getByRole("button", { name: "Make a passkey" }).click();
  await page.getByRole("alert").getByText("No passkey was made").waitFor();
  assert.equal(await held(), 1, "one passkey a device");

  const form = page.getByRole("form", { name: "Make a token" });
  await form.getByLabel("Name of the program").fill("SIEM");
  await form.getByLabel("members.list").check();
  await form.getByRole("button", { name: "Make a token" }).click();
  await page.getByRole("heading", { name: "Copy the token now" }).waitFor();
  const token = await page.locator(".vt-notice .vt-copy code").textContent();
  const ask = (path) => fetch(`${base}/api/v1${path}`, { headers: { Authorization: `Bearer ${token}` } });
  assert.equal((await ask("/members")).status, 200);
  assert.equal((await ask("/settings")).status, 403, "what was not ticked");
  await accessible(page, "/account with a token");
  await shot(page, "tokens");
  await page.reload();
  await settled(page);
  assert.equal(await page.getByText(token).count(), 0, "the token is shown once only");
  await page.getByRole("button", { name: "Revoke SIEM" }).click();
  await page.getByRole("table", { name: "Tokens" }).getByText("revoked").waitFor();
  assert.equal((await ask("/members")).status, 401);

  const signOut = async () => {
    await page.getByRole("button", { name: "First Administrator" }).first().click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in to Veritrail" }).waitFor();
  };
  await signOut();
  await accessible(page, "the sign-in with passkeys");
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await page.getByRole("navigation", { name: "Pages" }).waitFor();
  await page.goto(`${base}/account`);
  await settled(page);
  page.on("dialog", (asked) => asked.accept());
  await page.getByRole("button", { name: "Take away: Work laptop" }).click();
  await page.getByRole("table", { name: "Passkeys" }).waitFor({ state: "detached" });
  await signOut();
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await page.getByRole("alert").getByText("You are not signed in").waitFor();
  assert.equal(await held(), 1, "the device still holds it, and it opens nothing");
  assert.deepEqual(page.troubles, []);
});
