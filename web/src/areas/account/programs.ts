import type { ApiToken, Operation } from "../../api";

/** Dangerous operations, those of the own account and what unmasks: the server lets no program do them. */
const NOT_FOR_PROGRAMS =
  /^(own\.(account|factors|sign_out|tokens)|session\.confirm|events\.reveal|reveals\.decide|masking\.update|erasures\.create|holds\.release|sources\.keys|members\.(invite|update|factors)|service_accounts\.(create|update|tokens))$/;

/** What the member may let a program do. */
export const grantable = (operations: Operation[]): Operation[] =>
  operations.filter((operation) => !NOT_FOR_PROGRAMS.test(operation));

/** What has become of a token by now. */
export function stateOf(token: ApiToken, now: number): "in use" | "revoked" | "ended" {
  if (token.revoked) return "revoked";
  return Date.parse(token.expires) <= now ? "ended" : "in use";
}
