// Every page every member is offered: opens without trouble, is accessible in both themes, fits 320 px.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { accessible, as, close, fits, offered, openFirst, roles, shot, visit } from "./browser.mjs";

after(close);

/** Pages that open from a list: the first row's page. */
const INNER = ["/persons", "/alerts", "/sources"];
/** Pages whose rows open beside the list. */
const BESIDE = ["/activity", "/rules", "/self", "/members", "/my-activity", "/privacy"];

async function every(page, look) {
  for (const path of await offered(page)) {
    await visit(page, path);
    await look(path);
    if (BESIDE.includes(path) && (await page.locator(".vt-open").count()) > 0) {
      await page.locator(".vt-open").first().click();
      await page.getByRole("complementary").waitFor();
      await page.waitForFunction(() => document.querySelectorAll(".vt-loading").length === 0);
      await look(`${path}/open`);
    }
    if (!INNER.includes(path)) continue;
    if ((await page.locator(".vt-open").count()) === 0) continue;
    await openFirst(page);
    assert.notEqual(new URL(page.url()).pathname, path);
    await look(`${path}/one`);
  }
}

const named = (path) => path.replaceAll("/", "-").slice(1);

for (const role of roles) {
  test(`${role}: lands on the first page of the rail`, async () => {
    const page = await as(role);
    await visit(page, "/");
    const first = (await offered(page))[0];
    assert.ok(first, `${role} is offered no page`);
    await page.waitForURL((url) => url.pathname === first);
    if (role === "employee") assert.equal(first, "/my-activity");
    await page.context().close();
  });

  for (const colorScheme of ["light", "dark"]) {
    test(`${role}: every page is accessible in ${colorScheme}`, async () => {
      const page = await as(role, { colorScheme });
      await visit(page, "/");
      await every(page, async (path) => {
        await accessible(page, `${path} as ${role} in ${colorScheme}`);
        await shot(page, `${role}-${colorScheme}-${named(path)}`);
      });
      assert.deepEqual(page.troubles, []);
      await page.context().close();
    });
  }

  test(`${role}: no page scrolls sideways at 320 px`, async () => {
    const page = await as(role, { viewport: { width: 320, height: 640 } });
    await visit(page, "/");
    await every(page, async (path) => {
      await fits(page, path);
      await shot(page, `${role}-320-${named(path)}`);
    });
    await page.context().close();
  });
}
