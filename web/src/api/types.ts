/** The nouns of the HTTP contract as the pages read them; times are RFC 3339 UTC strings. */

export type Named = { id: string; name: string };
export type SeverityName = "info" | "low" | "medium" | "high" | "critical";
export type Outcome = "success" | "failure" | "unknown";

export type Member = {
  id: string;
  email: string;
  name: string;
  role: string;
  departments: Named[];
  person: Named | null;
  active: boolean;
  created: string;
  until?: string | null;
};

export type Session = { member: Member; operations: string[]; organisation: string; demo: boolean };

export type SourceRef = { id: string; name: string; title: string };

export type Actor = {
  subject: string;
  kind: string;
  label: string;
  person: Named | null;
  department: Named | null;
};

export type Event = {
  position: string;
  time: string;
  /** Minutes east of UTC where the event happened; null when the source did not say. */
  offset_minutes: number | null;
  time_confidence: string;
  received: string;
  sentence: string;
  source: SourceRef;
  stream: string;
  vendor_type: string;
  class: { uid: number; name: string; caption: string };
  activity: { id: number; caption: string; type_uid: number };
  outcome: Outcome;
  reason: string | null;
  actor: Actor | null;
  target: { subject: string; object_type: string; label: string } | null;
  address: string | null;
  session: string | null;
  user_agent: string | null;
  rows: number | null;
  bytes: number | null;
  changes_count: number;
  erased: boolean;
};

export type EventDetail = Event & {
  ocsf: Record<string, unknown>;
  changes: { field: string; old: unknown; new: unknown }[];
  raw: string;
  schema_version: string | number;
  normaliser: string;
  corrects: string | null;
  masked_fields: string[];
};

export type Bucket = { start: string; success: number; failure: number; unknown: number };
export type Histogram = { interval_secs: number; buckets: Bucket[] };
export type EventPage = { items: Event[]; next: string | null; took_ms: number };

export type AlertStatus = "new" | "in_progress" | "closed";

export type Alert = {
  id: string;
  rule: { id: string; title: string };
  severity: SeverityName;
  status: AlertStatus;
  headline: string;
  actor: Pick<Actor, "subject" | "label" | "person" | "department"> | null;
  source: SourceRef;
  first: string;
  last: string;
  opened: string;
  findings: number;
  assignee: Named | null;
  verdict: string | null;
  verdict_note: string | null;
};

export type AlertPage = { items: Alert[]; next: string | null; counts: Record<AlertStatus, number> };

export type LedgerState = {
  name: "activity" | "self";
  generation: number;
  size: number;
  checkpoint: { size: number; root: string; time: string; age_secs: number } | null;
  /** Records not yet under a checkpoint. */
  pending: number;
};
