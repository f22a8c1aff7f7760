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

export type Page<Item> = { items: Item[]; next: string | null };

export type FacetValue = { value: string; label: string; count: number };
export type Facet = { field: string; values: FacetValue[]; other: number };

/** Everything needed to check one event offline; `tlog_proof` is the file itself (c2sp.org/tlog-proof). */
export type Proof = {
  position: string;
  index: number;
  size: number;
  leaf: string;
  leaf_hash: string;
  hashes: string[];
  root: string;
  checkpoint: string;
  tlog_proof: string;
  checkpoint_time: string | null;
  origin: string;
};

export type StreamHealth = {
  stream: string;
  title: string;
  last_received: string | null;
  last_event: string | null;
  last_polled: string | null;
  events: number;
  duplicates: number;
  quarantined: number;
  trouble: string | null;
  trouble_since: string | null;
};

export type SourceHealth = {
  id: string;
  name: string;
  title: string;
  connector: string;
  state: "active" | "paused";
  created: string;
  status: "ok" | "waiting" | "trouble" | "paused";
  summary: string;
  streams: StreamHealth[];
};

export type IngestKey = {
  id: string;
  name: string;
  created: string;
  last_used: string | null;
  revoked: string | boolean | null;
};
export type Settings = Record<string, string>;
export type SourceDetail = SourceHealth & { settings: Record<string, unknown>; keys: IngestKey[] };
export type Checked = {
  ok: boolean;
  summary: string;
  streams: { stream: string; available: boolean; detail: string }[];
};
export type Uploaded = { records: number; events: number; duplicates: number; quarantined: number };

export type Quarantined = {
  id: string;
  stream: string;
  received: string;
  reason: { code: string; message: string; field?: string | null };
  origin: string;
  size_bytes: number;
  structure: string[];
  replayed: string | null;
};
export type Replayed = { events: number; duplicates: number; refused: { code: string; message: string } | null };

export type Setting = {
  name: string;
  title: string;
  help: string;
  kind: "text" | "secret" | "url" | "path" | "choice";
  required: boolean;
  example: string;
};

export type Connector = {
  id: string;
  version: number;
  title: string;
  summary: string;
  settings: Setting[];
  streams: { name: string; title: string; poll_secs: number; lateness_secs: number }[];
  recorded: { act: string; stream: string | null; note: string }[];
};

export type Overview = {
  events_total: number;
  histogram: Histogram;
  alerts_open: Partial<Record<SeverityName, number>>;
  alerts: Alert[];
  sources: SourceHealth[];
  top_actors: { actor: Actor; events: number; rows: number }[];
};

export type Person = {
  id: string;
  employee_id: string | null;
  name: string;
  email: string | null;
  title: string | null;
  zone: string | null;
  department: Named | null;
  manager: Named | null;
  accounts: number;
};
export type PersonDetail = Person & {
  history: { department: Named; manager: Named | null; from: string | null; until: string | null }[];
  links: { subject: string; source: SourceRef; label: string; from: string | null; until: string | null }[];
  events_7d: number;
  alerts_open: number;
};
/** 168 hours of the week, Monday 00 first, in `zone`. */
export type Pattern = { zone: string; cells: number[]; peers: number[] };
export type DirectoryImported = {
  persons_added: number;
  persons_changed: number;
  departments_added: number;
  links_added: number;
  refused: { line: number; reason: string }[];
};
export type Department = { id: string; name: string; parent: string | null; persons: number };

export type Subject = {
  id: string;
  kind: string;
  label: string;
  object_type: string | null;
  source: SourceRef;
  person: Named | null;
  first: string | null;
  last: string | null;
  events: number;
};

export type Rule = {
  id: string;
  title: string;
  description: string;
  level: SeverityName;
  version: number | string;
  kind: string;
  tags: string[];
  falsepositives: string[];
  runbook: string | null;
  streams: string[];
  degraded: string | null;
};

export type Verdict = "true" | "expected" | "noise";
export type AlertDetail = Alert & {
  explanation: { what: string; why: string; meaning: string; next: string[] };
  facts: Record<string, number | string>;
  events: Event[];
  findings_list: { id: string; first: string; last: string; count: number; supersedes: string | null }[];
  rule_detail: Rule;
  history: { at: string; member: Named | null; what: string }[];
};

export type JobState = "queued" | "running" | "done" | "failed" | "cancelled";
export type Job = {
  id: string;
  kind: string;
  state: JobState;
  done: number;
  total: number | null;
  error: string | null;
  created: string;
  updated: string;
  file: string | null;
};

export type SelfEntry = {
  position: string;
  time: string;
  member: Named | null;
  operation: string;
  outcome: Outcome;
  target: string | null;
  detail: unknown;
  sentence: string;
};

export type Invitation = { id: string; email: string; role: string; expires: string };
export type Members = { items: Member[]; invitations: Invitation[] };

export type SettingsSection = {
  name: string;
  title: string;
  values: { key: string; value: unknown; source: "default" | "file" | "environment" | "flag"; help: string }[];
};

export type Found = {
  kind: "person" | "subject" | "event" | "page" | "alert";
  id: string;
  title: string;
  subtitle: string;
  href: string;
};
