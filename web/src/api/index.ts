import { get, patch, post, remove, upload } from "./client";
import { type EventQuery, queryString } from "./query";
import type * as T from "./types";

export { API_ROOT, ApiError } from "./client";
export type { LiveEvents } from "./live";
export { openLive } from "./live";
export type { EventQuery } from "./query";
export { queryString } from "./query";
export type * from "./types";

type Signal = AbortSignal | undefined;
const id = encodeURIComponent;
type FirstRun = { code: string; organisation: string; name: string; email: string; password: string };
type Accept = { token: string; name: string; password: string };

export const api = {
  firstRun: (signal?: Signal) => get<{ needed: boolean }>("/first-run", signal),
  begin: (body: FirstRun) => post<T.Session>("/first-run", body),
  session: (signal?: Signal) => get<T.Session>("/session", signal),
  signIn: (email: string, password: string) => post<T.Session>("/session", { email, password }),
  signOut: () => remove<void>("/session"),
  invitation: (token: string, signal?: Signal) =>
    get<{ email: string; role: string; expires: string }>(`/invitations/${id(token)}`, signal),
  accept: (body: Accept) => post<T.Session>("/invitations/accept", body),

  overview: (query: EventQuery, signal?: Signal) => get<T.Overview>(`/overview${queryString(query)}`, signal),
  search: (q: string, signal?: Signal) => get<{ items: T.Found[] }>(`/search${queryString({ q })}`, signal),
  events: (query: EventQuery, cursor: string | null, signal?: Signal) =>
    get<T.EventPage>(`/events${queryString({ ...query, cursor, limit: 100 })}`, signal),
  facets: (query: EventQuery, fields: string[], signal?: Signal) =>
    get<{ facets: T.Facet[] }>(
      `/events/facets${queryString({ ...query, fields: fields.join(","), limit: 8 })}`,
      signal,
    ),
  histogram: (query: EventQuery, signal?: Signal) => get<T.Histogram>(`/events/histogram${queryString(query)}`, signal),
  event: (position: string, signal?: Signal) => get<T.EventDetail>(`/events/${id(position)}`, signal),
  proof: (position: string, signal?: Signal) => get<T.Proof>(`/events/${id(position)}/proof`, signal),
  myActivity: (query: EventQuery, cursor: string | null, signal?: Signal) =>
    get<T.EventPage>(`/me/activity${queryString({ ...query, cursor, limit: 100 })}`, signal),

  persons: (query: { q?: string; department?: string }, cursor: string | null, signal?: Signal) =>
    get<T.Page<T.Person>>(`/persons${queryString({ ...query, cursor, limit: 100 })}`, signal),
  person: (person: string, signal?: Signal) => get<T.PersonDetail>(`/persons/${id(person)}`, signal),
  pattern: (person: string, from: string, signal?: Signal) =>
    get<T.Pattern>(`/persons/${id(person)}/pattern${queryString({ from })}`, signal),
  subject: (subject: string, signal?: Signal) => get<T.Subject>(`/subjects/${id(subject)}`, signal),
  importDirectory: (file: File, progress: (share: number) => void) =>
    upload<T.DirectoryImported>("/directory/import", file, progress, "text/csv"),
  departments: (signal?: Signal) => get<{ items: T.Department[] }>("/departments", signal),

  alerts: (query: { status?: string; severity?: string }, cursor: string | null, signal?: Signal) =>
    get<T.AlertPage>(`/alerts${queryString({ ...query, cursor })}`, signal),
  alert: (alert: string, signal?: Signal) => get<T.AlertDetail>(`/alerts/${id(alert)}`, signal),
  updateAlert: (alert: string, body: { status?: T.AlertStatus; assignee?: string | null }) =>
    patch<T.Alert>(`/alerts/${id(alert)}`, body),
  judge: (alert: string, verdict: T.Verdict, note?: string) =>
    post<T.Alert>(`/alerts/${id(alert)}/verdict`, { verdict, note: note || undefined }),
  rules: (signal?: Signal) => get<{ items: T.Rule[] }>("/rules", signal),

  connectors: (signal?: Signal) => get<{ items: T.Connector[] }>("/connectors", signal),
  sources: (signal?: Signal) => get<{ items: T.SourceHealth[] }>("/sources", signal),
  source: (source: string, signal?: Signal) => get<T.SourceDetail>(`/sources/${id(source)}`, signal),
  createSource: (body: { name: string; connector: string; title: string; settings: T.Settings }) =>
    post<T.SourceHealth>("/sources", body),
  updateSource: (source: string, body: { title?: string; settings?: T.Settings; state?: "active" | "paused" }) =>
    patch<T.SourceHealth>(`/sources/${id(source)}`, body),
  checkSource: (body: { connector: string; settings: T.Settings } | { source: string }) =>
    post<T.Checked>("/sources/check", body),
  createKey: (source: string, name: string) =>
    post<{ id: string; name: string; key: string }>(`/sources/${id(source)}/keys`, { name }),
  revokeKey: (source: string, key: string) => remove<void>(`/sources/${id(source)}/keys/${id(key)}`),
  upload: (source: string, stream: string, file: File, progress: (share: number) => void) =>
    upload<T.Uploaded>(`/sources/${id(source)}/upload${queryString({ name: file.name, stream })}`, file, progress),
  quarantine: (source: string, cursor: string | null, signal?: Signal) =>
    get<T.Page<T.Quarantined>>(`/sources/${id(source)}/quarantine${queryString({ cursor })}`, signal),
  replay: (record: string) => post<T.Replayed>(`/quarantine/${id(record)}/replay`),

  createExport: (query: string, format: "csv" | "ndjson") => post<T.Job>("/exports", { query, format }),
  jobs: (cursor: string | null, signal?: Signal) => get<T.Page<T.Job>>(`/jobs${queryString({ cursor })}`, signal),
  job: (job: string, signal?: Signal) => get<T.Job>(`/jobs/${id(job)}`, signal),
  cancelJob: (job: string) => remove<void>(`/jobs/${id(job)}`),

  self: (query: { member?: string; operation?: string }, cursor: string | null, signal?: Signal) =>
    get<T.Page<T.SelfEntry>>(`/self${queryString({ ...query, cursor })}`, signal),
  ledgers: (signal?: Signal) =>
    get<{ items: T.LedgerState[]; origin: string; verifier_key: string }>("/ledgers", signal),
  members: (signal?: Signal) => get<T.Members>("/members", signal),
  invite: (body: { email: string; role: string; departments?: string[]; until?: string }) =>
    post<{ link: string }>("/members/invitations", body),
  updateMember: (
    member: string,
    body: { role?: string; departments?: string[]; active?: boolean; until?: string | null },
  ) => patch<T.Member>(`/members/${id(member)}`, body),
  settings: (signal?: Signal) => get<{ sections: T.SettingsSection[] }>("/settings", signal),
};
