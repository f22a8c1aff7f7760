import { get, patch, post, put, remove, upload } from "./client";
import type { EventQuery } from "./query";
import type * as T from "./types";

export { API_ROOT, ApiError, confirmWith } from "./client";
export type { LiveEvents } from "./live";
export { openLive } from "./live";
export type { EventQuery } from "./query";
export { queryString } from "./query";
export type * from "./types";

type Signal = AbortSignal | undefined;
type Progress = (share: number) => void;
type Cursor = string | null;

/** Every call of the pages. Paths, queries, bodies and answers are those of the generated contract; nothing is cast. */
export const api = {
  firstRun: (signal?: Signal) => get("/first-run", { signal }),
  begin: (body: T.FirstRun) => post("/first-run", { body }),
  session: (signal?: Signal) => get("/session", { signal }),
  signIn: (email: string, password: string) => post("/session", { body: { email, password } }),
  beginElsewhere: () => post("/session/provider/begin"),
  endElsewhere: (code: string, state: string) => post("/session/provider", { body: { code, state } }),
  giveCode: (code: string) => post("/session/code", { body: { code } }),
  forgotPassword: (email: string) => post("/password-resets", { body: { email } }),
  offeredReset: (token: string, signal?: Signal) => post("/password-resets/offered", { body: { token }, signal }),
  resetPassword: (token: string, password: string) => post("/password-resets/accept", { body: { token, password } }),
  changePassword: (password: string) => post("/me/password", { body: { password } }),
  passkeyRequest: () => post("/session/passkey/options"),
  signInByPasskey: (body: T.PasskeyProof) => post("/session/passkey", { body }),
  enrolInStep: () => post("/session/enrolment"),
  confirmInStep: (code: string) => post("/session/enrolment/confirm", { body: { code } }),
  confirmSession: (body: T.ProofOfMember) => post("/session/confirm", { body }),
  signOut: () => remove("/session"),
  invitation: (token: string, signal?: Signal) => post("/invitations/offered", { body: { token }, signal }),
  accept: (body: T.Acceptance) => post("/invitations/accept", { body }),

  account: (signal?: Signal) => get("/me/account", { signal }),
  beginFactor: () => post("/me/second-factor"),
  confirmFactor: (code: string) => post("/me/second-factor/confirm", { body: { code } }),
  removeFactor: () => remove("/me/second-factor"),
  renewRecoveryCodes: () => post("/me/recovery-codes"),
  passkeyCreation: () => post("/me/passkeys/options"),
  addPasskey: (body: T.PasskeyNew) => post("/me/passkeys", { body }),
  removePasskey: (id: string) => remove("/me/passkeys/{id}", { path: { id } }),
  createToken: (body: T.TokenNew) => post("/me/tokens", { body }),
  rotateToken: (id: string) => post("/me/tokens/{id}/rotate", { path: { id } }),
  revokeToken: (id: string) => remove("/me/tokens/{id}", { path: { id } }),
  endSession: (id: string) => remove("/me/sessions/{id}", { path: { id } }),
  endOtherSessions: () => remove("/me/sessions"),

  overview: (query: EventQuery, signal?: Signal) =>
    get("/overview", { query: { from: query.from, until: query.until }, signal }),
  search: (q: string, signal?: Signal) => get("/search", { query: { q }, signal }),
  events: (query: EventQuery & { search?: string }, cursor: Cursor, signal?: Signal) =>
    get("/events", { query: { ...query, cursor, limit: 100 }, signal }),
  facets: (query: EventQuery, fields: string[], signal?: Signal) =>
    get("/events/facets", { query: { ...query, fields: fields.join(","), limit: 8 }, signal }),
  histogram: (query: EventQuery, signal?: Signal) => get("/events/histogram", { query, signal }),
  event: (position: string, signal?: Signal) => get("/events/{position}", { path: { position }, signal }),
  proof: (position: string, signal?: Signal) => get("/events/{position}/proof", { path: { position }, signal }),
  reveal: (position: string, body: T.RevealNew) => post("/events/{position}/reveal", { path: { position }, body }),
  myActivity: (query: EventQuery, cursor: Cursor, signal?: Signal) =>
    get("/me/activity", { query: { ...query, cursor, limit: 100 }, signal }),

  persons: (query: { q?: string; department?: string }, cursor: Cursor, signal?: Signal) =>
    get("/persons", { query: { ...query, cursor, limit: 100 }, signal }),
  person: (id: string, signal?: Signal) => get("/persons/{id}", { path: { id }, signal }),
  pattern: (id: string, from: string, signal?: Signal) =>
    get("/persons/{id}/pattern", { path: { id }, query: { from }, signal }),
  subject: (id: string, signal?: Signal) => get("/subjects/{id}", { path: { id }, signal }),
  importDirectory: (file: File, progress: Progress) =>
    upload("/directory/import", file, { progress, type: "text/csv" }),
  departments: (signal?: Signal) => get("/departments", { signal }),

  erasures: (signal?: Signal) => get("/erasures", { signal }),
  erasurePreview: (whom: T.Whom, signal?: Signal) => get("/erasures/preview", { query: whom, signal }),
  erase: (body: T.ErasureNew) => post("/erasures", { body }),
  holds: (signal?: Signal) => get("/holds", { signal }),
  placeHold: (body: T.HoldNew) => post("/holds", { body }),
  releaseHold: (id: string) => post("/holds/{id}/release", { path: { id } }),

  masking: (signal?: Signal) => get("/masking", { signal }),
  maskingFields: (connector: string, object_type: string, signal?: Signal) =>
    get("/masking/fields", { query: { connector, object_type }, signal }),
  classField: (body: T.FieldClassChange) => patch("/masking", { body }),
  reveals: (signal?: Signal) => get("/reveals", { signal }),
  decideReveal: (id: string, approve: boolean) => post("/reveals/{id}/decision", { path: { id }, body: { approve } }),

  alerts: (query: { status?: string; severity?: string }, cursor: Cursor, signal?: Signal) =>
    get("/alerts", { query: { ...query, cursor }, signal }),
  alert: (id: string, signal?: Signal) => get("/alerts/{id}", { path: { id }, signal }),
  updateAlert: (id: string, body: T.AlertChange) => patch("/alerts/{id}", { path: { id }, body }),
  judge: (id: string, verdict: T.Verdict, note?: string) =>
    post("/alerts/{id}/verdict", { path: { id }, body: { verdict, note: note || undefined } }),
  rules: (signal?: Signal) => get("/rules", { signal }),

  connectors: (signal?: Signal) => get("/connectors", { signal }),
  sources: (signal?: Signal) => get("/sources", { signal }),
  source: (id: string, signal?: Signal) => get("/sources/{id}", { path: { id }, signal }),
  createSource: (body: T.SourceNew) => post("/sources", { body }),
  updateSource: (id: string, body: T.SourceChange) => patch("/sources/{id}", { path: { id }, body }),
  checkSource: (body: T.SourceCheck) => post("/sources/check", { body }),
  createKey: (id: string, name: string) => post("/sources/{id}/keys", { path: { id }, body: { name } }),
  revokeKey: (id: string, key: string) => remove("/sources/{id}/keys/{key}", { path: { id, key } }),
  upload: (id: string, stream: string, file: File, progress: Progress) =>
    upload("/sources/{id}/upload", file, { path: { id }, query: { name: file.name, stream }, progress }),
  quarantine: (id: string, cursor: Cursor, signal?: Signal) =>
    get("/sources/{id}/quarantine", { path: { id }, query: { cursor }, signal }),
  replay: (id: string) => post("/quarantine/{id}/replay", { path: { id } }),

  createExport: (query: string, format: T.ExportFormat) => post("/exports", { body: { query, format } }),
  createEvidence: (query: string) => post("/evidence", { body: { query } }),
  searches: (signal?: Signal) => get("/searches", { signal }),
  keepSearch: (body: T.SearchNew) => post("/searches", { body }),
  changeSearch: (id: string, body: T.SearchNew) => put("/searches/{id}", { path: { id }, body }),
  removeSearch: (id: string) => remove("/searches/{id}", { path: { id } }),
  deliverSearch: (id: string, body: T.DeliveryPlan) => put("/searches/{id}/delivery", { path: { id }, body }),
  endDelivery: (id: string) => remove("/searches/{id}/delivery", { path: { id } }),
  jobs: (signal?: Signal) => get("/jobs", { signal }),
  job: (id: string, signal?: Signal) => get("/jobs/{id}", { path: { id }, signal }),
  cancelJob: (id: string) => remove("/jobs/{id}", { path: { id } }),

  self: (query: { member?: string; operation?: string; acts?: string }, cursor: Cursor, signal?: Signal) =>
    get("/self", { query: { ...query, cursor }, signal }),
  ledgers: (signal?: Signal) => get("/ledgers", { signal }),
  digests: (signal?: Signal) => get("/digests", { signal }),
  members: (signal?: Signal) => get("/members", { signal }),
  serviceAccounts: (signal?: Signal) => get("/service-accounts", { signal }),
  createServiceAccount: (body: T.ServiceAccountNew) => post("/service-accounts", { body }),
  updateServiceAccount: (id: string, body: T.ServiceAccountChange) =>
    patch("/service-accounts/{id}", { path: { id }, body }),
  createServiceToken: (id: string, body: T.TokenNew) => post("/service-accounts/{id}/tokens", { path: { id }, body }),
  rotateServiceToken: (id: string, token: string, overlap_hours: number) =>
    post("/service-accounts/{id}/tokens/{token}/rotate", { path: { id, token }, body: { overlap_hours } }),
  revokeServiceToken: (id: string, token: string) =>
    remove("/service-accounts/{id}/tokens/{token}", { path: { id, token } }),
  roles: (signal?: Signal) => get("/roles", { signal }),
  rights: (id: string, operation: T.Operation, signal?: Signal) =>
    get("/members/{id}/rights", { path: { id }, query: { operation }, signal }),
  invite: (body: T.Invite) => post("/members/invitations", { body }),
  updateMember: (id: string, body: T.MemberChange) => patch("/members/{id}", { path: { id }, body }),
  sessionsOf: (id: string, signal?: Signal) => get("/members/{id}/sessions", { path: { id }, signal }),
  signOutMember: (id: string) => remove("/members/{id}/sessions", { path: { id } }),
  resetFactor: (id: string) => remove("/members/{id}/second-factor", { path: { id } }),
  settings: (signal?: Signal) => get("/settings", { signal }),
  retention: (signal?: Signal) => get("/retention", { signal }),
  runRetention: (dry_run: boolean) => post("/retention", { body: { dry_run } }),
  index: (signal?: Signal) => get("/index", { signal }),
  rebuildIndex: () => post("/index/rebuild"),
  cancelRebuild: () => remove("/index/rebuild"),
};
