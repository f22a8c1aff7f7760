// What an administrator brings in by hand: a CRM's file, the directory.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { accessible, as, call, close, has, settled, shot, visit } from "./browser.mjs";

after(close);
const skip = !has("administrator") && "no sign-in of an administrator was given";
const stamp = Date.now().toString(36);

test("a file is uploaded: counts say what became of it, the same file again adds nothing", { skip }, async () => {
  const page = await as("administrator");
  const { items } = await call(page, "GET", "/sources");
  const desk = items.find((source) => source.name === "desk");
  assert.ok(desk, "the demo has a service desk");
  const line = (id) => ({
    id: `upload-${stamp}-${id}`,
    time: new Date().toISOString(),
    user: `upload-${stamp}@company.example`,
    action: "view",
    object: "ticket",
    object_id: `T-${id}`,
  });
  const file = {
    name: `upload-${stamp}.ndjson`,
    mimeType: "application/x-ndjson",
    buffer: Buffer.from([...[1, 2, 3].map((id) => JSON.stringify(line(id))), "{ not a record"].join("\n")),
  };
  await visit(page, `/sources/${desk.id}?tab=upload`);
  await page.getByLabel("File", { exact: true }).setInputFiles(file);
  await page.getByText("4 records read: 3 new events, 0 duplicates, 1 in quarantine.").waitFor();
  await shot(page, "upload");
  await accessible(page, "an upload's result");
  await page.getByLabel("File", { exact: true }).setInputFiles(file);
  await page.getByText(/4 records read: 0 new events, [34] duplicates, [01] in quarantine\./).waitFor();
  await page.getByRole("tab", { name: "Quarantine" }).click();
  await page.getByRole("table", { name: "records in quarantine" }).waitFor();
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});

test("a directory file adds people and tells which lines it refuses", { skip }, async () => {
  const page = await as("administrator");
  await visit(page, "/directory");
  await page.getByRole("table", { name: "Departments" }).waitFor();
  await page.getByRole("button", { name: "Import directory" }).click();
  const lines = [
    "employee_id,name,email,title,zone,department,manager_employee_id,from,until,accounts",
    `J-${stamp},Journey ${stamp},journey-${stamp}@company.example,Tester,Europe/Berlin,Journeys ${stamp},,2024-01-01,,journey-${stamp}`,
    `,Nobody,nobody@company.example,,Europe/Berlin,Journeys ${stamp},,,,`,
  ];
  await page
    .getByLabel("Directory file (CSV)")
    .setInputFiles({ name: "people.csv", mimeType: "text/csv", buffer: Buffer.from(lines.join("\n")) });
  await page.getByText(/^1 person added, 0 changed, 1 department and \d+ account links? added\.$/).waitFor();
  await page.getByText("1 line refused:").waitFor();
  await page.getByText(/^Line 3: ./).waitFor();
  await shot(page, "directory-import");
  await page.keyboard.press("Escape");
  await page.getByRole("cell", { name: `Journeys ${stamp}` }).waitFor();
  assert.deepEqual(page.troubles, []);
  await page.context().close();
  if (!has("analyst")) return;
  const reader = await as("analyst");
  await visit(reader, `/persons?q=${encodeURIComponent(`Journey ${stamp}`)}`);
  await reader.getByRole("button", { name: `Journey ${stamp}` }).click();
  await settled(reader);
  await reader.getByRole("heading", { name: `Journey ${stamp}`, level: 1 }).waitFor();
  await reader.context().close();
});
