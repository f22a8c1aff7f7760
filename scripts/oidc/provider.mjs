// An OpenID Connect provider of others' making, for tests: `node provider.mjs PORT REDIRECT_URI ACCOUNTS`. ACCOUNTS is JSON: what is claimed of each login.
import { appendFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

// The packages lie where scripts/test-tools.sh put them.
const from = createRequire(path.join(process.env.VERITRAIL_OIDC, "package.json"));
const { default: Provider } = await import(pathToFileURL(from.resolve("oidc-provider")));

const [port, redirect, accounts] = process.argv.slice(2);
const known = JSON.parse(accounts);
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: "veritrail", client_secret: "a secret of a test", redirect_uris: [redirect] }],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "groups"] },
  pkce: { required: () => true },
  cookies: { keys: ["of a test"] },
  findAccount: (_, id) => known[id] && { accountId: id, claims: () => ({ sub: id, ...known[id] }) },
});
// What it gave, for tests that look for it where it must not be.
if (process.env.VERITRAIL_OIDC_GAVE)
  provider.on("grant.success", (context) =>
    appendFileSync(process.env.VERITRAIL_OIDC_GAVE, `${JSON.stringify(context.body)}\n`),
  );
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
