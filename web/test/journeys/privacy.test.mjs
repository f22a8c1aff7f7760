// A privacy officer erases a person; what they did stays, their name is nowhere, and every proof still stands.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { accessible, as, call, close, fits, has, settled, shot, visit } from "./browser.mjs";

after(close);
const skip = !(has("analyst") && has("privacy_officer")) && "sign-ins of an analyst and a privacy officer are needed";

/** The last person of the list who did something: the other journeys look at the first. */
async function somebody(analyst) {
  const { items } = await call(analyst, "GET", "/events?from=-14d&limit=200");
  const acted = items.filter((event) => event.actor?.person);
  const { person } = acted.at(-1).actor;
  const events = acted.filter((event) => event.actor.person.id === person.id);
  return { person, position: events[0].position, subject: events[0].actor.subject };
}

test("a hold forbids the erasure, and released it goes through to the end", { skip }, async () => {
  const analyst = await as("analyst");
  const officer = await as("privacy_officer");
  const { person, position } = await somebody(analyst);

  await visit(officer, "/privacy");
  await officer.getByRole("heading", { name: "Nobody was erased" }).waitFor();
  await officer.getByLabel("Hold").selectOption("person");
  await officer.getByLabel("Its id").fill(person.id);
  await officer.getByLabel("Reason").fill("Suit 4");
  await officer.getByRole("button", { name: "Place the hold" }).click();
  await officer.getByRole("table", { name: "Legal holds" }).getByText("Suit 4").waitFor();

  await visit(officer, `/persons/${person.id}`);
  await officer.getByRole("button", { name: "Erase…" }).click();
  const dialog = officer.getByRole("dialog", { name: `Erase ${person.name}` });
  await dialog.getByRole("alert").getByText("Suit 4").waitFor();
  assert.ok(await dialog.getByRole("button", { name: "Erase for ever" }).isDisabled());
  await accessible(officer, "the erase dialog under a hold");
  await dialog.getByRole("button", { name: "Close" }).click();

  await visit(officer, "/privacy");
  await officer.getByRole("button", { name: "Release" }).click();
  await officer.getByText(/Released .* by/).waitFor();

  await visit(officer, `/persons/${person.id}`);
  await officer.getByRole("button", { name: "Erase…" }).click();
  await dialog.getByLabel("Legal basis").selectOption("objection");
  await dialog.getByLabel("Reason").fill("Case 17");
  await shot(officer, "privacy-erase");
  await dialog.getByRole("button", { name: "Erase for ever" }).click();
  await dialog.getByRole("link", { name: "Follow it under Privacy." }).click();
  await settled(officer);
  const table = officer.getByRole("table", { name: "Erasures" });
  await table.getByText("Erased", { exact: true }).waitFor({ timeout: 60_000 });
  await officer.locator(".vt-open").first().click();
  await officer.getByRole("complementary").getByText("Exported files removed").waitFor();
  await shot(officer, "privacy-erasures");
  await accessible(officer, "the erasures with one open");
  await officer.setViewportSize({ width: 320, height: 640 });
  await fits(officer, "/privacy with an erasure open");

  await visit(analyst, `/persons/${person.id}`);
  await analyst.getByText("This person's values were erased").waitFor();
  assert.equal(await analyst.getByText(person.name).count(), 0);
  const event = await call(analyst, "GET", `/events/${encodeURIComponent(position)}`);
  assert.ok(event.erased && !JSON.stringify(event).includes(person.name), JSON.stringify(event));
  const proof = await call(analyst, "GET", `/events/${encodeURIComponent(position)}/proof`);
  assert.equal(proof.position, position);
  assert.deepEqual(officer.troubles, []);
  assert.deepEqual(analyst.troubles, []);
  await officer.context().close();
  await analyst.context().close();
});
