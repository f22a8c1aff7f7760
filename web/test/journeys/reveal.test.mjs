// An analyst reveals a personal value for a reason, asks for a sensitive one, a privacy officer approves, an auditor reads who saw what.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { accessible, as, call, close, fits, has, pusher, settled, shot, visit } from "./browser.mjs";

after(close);
const needed = ["administrator", "analyst", "privacy_officer", "auditor"];
const skip = !needed.every(has) && `sign-ins of ${needed.join(", ")} are needed`;

const stamp = Date.now();
const EMAIL = `mara.${stamp}@example.net`;
const BIRTHDAY = "1970-01-02";

/** A changed contact with a field of each class; where it stands. */
async function changed(administrator, analyst) {
  const push = await pusher(administrator, "desk");
  const record = {
    id: `reveal-${stamp}`,
    time: new Date().toISOString(),
    user: `somebody.${stamp}@company.example`,
    action: "update",
    object: "contact",
    object_id: `c-${stamp}`,
    title: "Journey contact",
    changes: [
      { field: "status", old: "open", new: "won" },
      { field: "email", old: "old@example.net", new: EMAIL },
      { field: "birthday", old: "1970-02-01", new: BIRTHDAY },
      { field: "password", old: "battery staple", new: "correct horse" },
    ],
  };
  assert.equal((await push([record])).accepted, 1);
  for (let tries = 0; tries < 100; tries += 1) {
    const { items } = await call(analyst, "GET", "/events?from=-1h&filter=object_type:contact&limit=50");
    const found = items.find((one) => one.target?.label === "Journey contact");
    if (found) return found.position;
    await analyst.waitForTimeout(100);
  }
  return assert.fail("the event was not found");
}

test("a masked value is revealed for a reason, a sensitive one after approval", { skip }, async () => {
  const administrator = await as("administrator");
  const analyst = await as("analyst");
  const officer = await as("privacy_officer");
  const auditor = await as("auditor");
  const position = await changed(administrator, analyst);
  const opened = async (page) => {
    await visit(page, `/activity?from=-1h&open=${encodeURIComponent(position)}`);
    await page.getByRole("tab", { name: "Changes (4)" }).click();
    return page.getByRole("table", { name: "Changed fields" });
  };

  const table = await opened(analyst);
  await table.getByText("won", { exact: true }).waitFor();
  assert.equal(await analyst.getByText(EMAIL).count(), 0);
  await table.getByText("A secret: shown to nobody.").waitFor();
  await table.getByRole("button", { name: "Reveal… email" }).click();
  const dialog = analyst.getByRole("dialog", { name: "Reveal email" });
  await dialog.getByLabel("Reason").fill("Case 17");
  await accessible(analyst, "the dialog of a reveal");
  await shot(analyst, "reveal-dialog");
  await dialog.getByRole("button", { name: "Reveal", exact: true }).click();
  await table.getByText(EMAIL).waitFor();
  await table.getByText(/Revealed to you, over in 1[45] minutes/).waitFor();
  await table.getByRole("button", { name: "Reveal… birthday" }).click();
  const asking = analyst.getByRole("dialog", { name: "Reveal birthday" });
  await asking.getByLabel("Reason").fill("Case 18");
  await asking.getByRole("button", { name: "Ask a privacy officer" }).click();
  await table.getByText("Waits for a privacy officer.").waitFor();
  assert.equal(await analyst.getByText(BIRTHDAY).count(), 0);
  await accessible(analyst, "an event with a revealed value");
  await shot(analyst, "reveal-shown");

  const other = await opened(auditor);
  await other.getByText("won", { exact: true }).waitFor();
  assert.equal(await auditor.getByText(EMAIL).count(), 0, "shown to one member alone");

  await visit(officer, "/privacy");
  const reveals = officer.getByRole("table", { name: "Reveals" });
  const waiting = reveals.getByRole("row").filter({ hasText: "Case 18" });
  await waiting.getByRole("button", { name: "Approve" }).click();
  await waiting.getByText(/^Shown now, approved by/).waitFor();
  assert.equal(await officer.getByText(BIRTHDAY).count(), 0, "who approves sees no value");
  await shot(officer, "reveals");

  const again = await opened(analyst);
  await again.getByText(BIRTHDAY).waitFor();
  await analyst.getByRole("tab", { name: "Record" }).click();
  const record = analyst.getByRole("table", { name: "Fields of the record" });
  await record.getByRole("rowheader", { name: "title" }).waitFor();
  await accessible(analyst, "the fields of a record");
  await analyst.setViewportSize({ width: 320, height: 640 });
  await fits(analyst, "/activity with a record open");

  await visit(officer, "/privacy");
  await officer.getByLabel("Connector").selectOption("generic");
  await officer.getByLabel("Object type").selectOption("contact");
  await settled(officer);
  const classed = officer.getByRole("table", { name: "Classes of fields" });
  await classed.getByLabel("Class of title").selectOption("internal");
  await classed.getByText(/^changed by .*, shipped as personal$/).waitFor();
  await accessible(officer, "the classes of fields");
  await shot(officer, "masking");
  await officer.setViewportSize({ width: 320, height: 640 });
  await fits(officer, "/privacy with classes");
  const event = await call(auditor, "GET", `/events/${encodeURIComponent(position)}`);
  assert.equal(event.raw_fields.find((one) => one.field === "title").value, "Journey contact");

  await visit(auditor, "/privacy");
  const told = auditor.getByRole("table", { name: "Reveals" });
  await told.getByRole("row").filter({ hasText: "Case 17" }).getByText("Shown now", { exact: true }).waitFor();
  assert.equal(await told.getByRole("button").count(), 0, "an auditor reads");
  for (const page of [analyst, officer, auditor]) assert.deepEqual(page.troubles, []);
  for (const page of [administrator, analyst, officer, auditor]) await page.context().close();
});
