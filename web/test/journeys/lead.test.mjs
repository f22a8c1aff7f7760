// A department lead sees the own department and nothing of another, whichever way he asks.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { as, BASE, call, close, has, settled, shot, visit } from "./browser.mjs";

after(close);
const skip = !(has("analyst") && has("department_lead")) && "sign-ins of an analyst and a department lead are needed";

test("another department's person, events and records are nowhere", { skip }, async () => {
  const analyst = await as("analyst");
  const lead = await as("department_lead");
  const own = (await call(lead, "GET", "/session")).member.departments.map((one) => one.id);
  assert.equal(own.length, 1);
  const { items } = await call(analyst, "GET", "/events?from=-14d&limit=200");
  const foreign = items.find(
    (event) => event.actor?.person && event.actor.department && !own.includes(event.actor.department.id),
  );
  assert.ok(foreign, "somebody of another department did something");
  const { person } = foreign.actor;
  await analyst.context().close();

  await visit(lead, "/overview");
  await lead.locator(".vt-state", { hasText: /\d events? in this range/ }).waitFor();
  assert.equal(await lead.getByText(/no source is connected/i).count(), 0, "sources he is not shown are not missing");
  await visit(lead, "/activity?from=-14d");
  await lead.locator(".vt-open").first().waitFor();
  const facet = lead.locator(".vt-facets details", { has: lead.getByText("Department", { exact: true }) });
  assert.equal(await facet.locator("li button:first-child").count(), 1, "one department is offered");
  await shot(lead, "lead-activity");

  await visit(lead, `/activity?from=-14d&filter=${encodeURIComponent(`person:${person.id}`)}`);
  await lead.getByText(/No events match|could not be read/).waitFor();
  await visit(lead, `/activity?from=-14d&open=${encodeURIComponent(foreign.position)}`);
  await lead.getByRole("alert").getByText("The event could not be read").waitFor();
  await visit(lead, `/persons/${person.id}`);
  await lead.getByRole("alert").getByText("The person could not be read").waitFor();
  await visit(lead, `/subjects/${foreign.actor.subject}`);
  await lead.getByRole("alert").getByText("The record could not be read").waitFor();
  await visit(lead, `/persons?q=${encodeURIComponent(person.name)}`);
  await lead.getByRole("heading", { name: "Nobody is here" }).waitFor();

  await lead.goto(`${BASE}/activity`);
  await settled(lead);
  await lead.keyboard.press("Control+k");
  await lead.getByRole("combobox").waitFor();
  await lead.getByRole("combobox").fill(person.name);
  await lead.getByText("Nothing found.").waitFor();
  assert.deepEqual(lead.troubles, []);
  await lead.context().close();
});
