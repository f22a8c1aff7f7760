/** Passkeys between the browser and the contract: bytes there, base64url here. */

import { ApiError, api } from "../api";

export const bytesOf = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));

export const textOf = (bytes: ArrayBuffer): string =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");

export const hasPasskeys = (): boolean => typeof window.PublicKeyCredential === "function";

/** Whoever changes his mind, or whose device has no such passkey, is told that and no more: browsers do not say which. */
async function asked(ask: Promise<Credential | null>): Promise<PublicKeyCredential> {
  const given = await ask.catch(() => null);
  if (given instanceof PublicKeyCredential) return given;
  throw new ApiError(0, "Your device gave no passkey", "You may have stopped it, or it has none for here. Try again.");
}

/** Makes a passkey on this device, or on one near it, and registers it. */
export async function makePasskey(name: string) {
  const creation = await api.passkeyCreation();
  const made = await asked(
    navigator.credentials.create({
      publicKey: {
        challenge: bytesOf(creation.challenge),
        rp: { id: creation.rp_id, name: "Veritrail" },
        user: { id: bytesOf(creation.user_id), name: creation.user_name, displayName: creation.display_name },
        // ES256, which every authenticator speaks.
        pubKeyCredParams: [{ type: "public-key", alg: -7 }],
        excludeCredentials: creation.exclude.map((id) => ({ type: "public-key" as const, id: bytesOf(id) })),
        authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
        attestation: "none",
      },
    }),
  );
  const response = made.response as AuthenticatorAttestationResponse;
  return api.addPasskey({
    name,
    authenticator_data: textOf(response.getAuthenticatorData()),
    client_data: textOf(response.clientDataJSON),
  });
}

/** Asks for a passkey of this site and signs in by it. */
export async function signInByPasskey() {
  const request = await api.passkeyRequest();
  const shown = await asked(
    navigator.credentials.get({
      publicKey: { challenge: bytesOf(request.challenge), rpId: request.rp_id, userVerification: "required" },
    }),
  );
  const response = shown.response as AuthenticatorAssertionResponse;
  return api.signInByPasskey({
    id: textOf(shown.rawId),
    authenticator_data: textOf(response.authenticatorData),
    client_data: textOf(response.clientDataJSON),
    signature: textOf(response.signature),
  });
}
