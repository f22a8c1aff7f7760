/**
 * The nouns of the contract under the names the pages use. Their shape is generated from docs/openapi.json (`npm run api`),
 * which a test keeps equal to what the server answers: a field that changes there is a type error here.
 */
import type { components } from "./schema.generated";

type Schemas = components["schemas"];

export type Named = Schemas["Named"];
export type SourceRef = Schemas["SourceRef"];
export type Page<Item> = { items: Item[]; next: string | null };

export type Member = Schemas["MemberView"];
export type Role = Member["role"];
export type Members = Schemas["MemberList"];
export type Invitation = Schemas["InvitationView"];
export type Invited = Schemas["InvitedView"];
export type Invite = Schemas["Invite"];
export type OperationRow = Schemas["OperationView"];
export type MemberChange = Schemas["MemberChange"];
export type FirstRun = Schemas["FirstRun"];
export type Acceptance = Schemas["Acceptance"];
export type Session = Schemas["SessionView"];
/** What is still to be done before a session begins. */
export type SecondStep = Schemas["SecondStep"];
export type Enrolment = Schemas["Enrolment"];
export type Account = Schemas["AccountView"];
export type Passkey = Schemas["PasskeyView"];
export type PasskeyNew = Schemas["PasskeyNew"];
export type PasskeyProof = Schemas["PasskeyProof"];
export type ApiToken = Schemas["TokenView"];
export type TokenNew = Schemas["TokenNew"];
export type SessionItem = Schemas["SessionItem"];
/** How a member shows once more who he is. */
export type ProofOfMember = Schemas["Proof"];
/** What a member may be allowed to call; a misspelt one is a type error. */
export type Operation = Session["operations"][number];

export type Event = Schemas["EventView"];
export type EventDetail = Schemas["EventDetail"];
export type EventPage = Schemas["EventPage"];
export type Outcome = Event["outcome"];
export type Actor = Schemas["ActorView"];
export type Bucket = Schemas["BucketView"];
export type Histogram = Schemas["Histogram"];
export type Facets = Schemas["Facets"];
export type Facet = Schemas["FacetView"];
/** Everything needed to check one event offline; `tlog_proof` is the file itself (c2sp.org/tlog-proof). */
export type Proof = Schemas["ProofView"];
export type Overview = Schemas["Overview"];
export type Found = Schemas["FoundItem"];

export type Alert = Schemas["AlertView"];
export type AlertPage = Schemas["AlertPage"];
export type AlertDetail = Schemas["AlertDetail"];
export type AlertChange = Schemas["AlertChange"];
export type AlertStatus = Alert["status"];
export type SeverityName = Alert["severity"];
export type Verdict = NonNullable<Alert["verdict"]>;
export type Rule = Schemas["RuleView"];

export type Person = Schemas["PersonView"];
export type PersonDetail = Schemas["PersonDetail"];
/** 168 hours of the week, Monday 00 first, in `zone`. */
export type Pattern = Schemas["Pattern"];
export type Department = Schemas["DepartmentView"];
export type DirectoryImported = Schemas["DirectoryImport"];
export type Subject = Schemas["SubjectView"];

export type Erasure = Schemas["ErasureView"];
export type ErasureNew = Schemas["ErasureNew"];
export type LegalBasis = Erasure["basis"];
/** A person with all accounts that are his, or one account or record. */
export type Whom = { person?: string; subject?: string };
export type Hold = Schemas["HoldView"];
/** What a run of retention found due, or dropped. */
export type RetentionOutcome = Schemas["OutcomeView"];
export type HoldNew = Schemas["HoldNew"];

export type FieldClass = Schemas["FieldClassView"]["class"];
export type FieldState = Schemas["ChangeView"]["state"];
export type ClassedField = Schemas["FieldClassView"];
export type FieldClassChange = Schemas["FieldClassChange"];
export type Reveal = Schemas["RevealView"];
export type RevealNew = Schemas["RevealNew"];

export type Connector = Schemas["ConnectorView"];
export type Setting = Schemas["SettingView"];
/** What the forms hold: every value as typed. */
export type Settings = Record<string, string>;
export type SourceHealth = Schemas["SourceHealth"];
export type StreamHealth = Schemas["StreamView"];
export type SourceDetail = Schemas["SourceDetail"];
export type SourceNew = Schemas["SourceNew"];
export type SourceChange = Schemas["SourceChange"];
export type SourceCheck = Schemas["SourceCheck"];
export type Checked = Schemas["CheckView"];
export type IngestKey = Schemas["KeyView"];
export type NewKey = Schemas["NewKey"];
export type Uploaded = Schemas["Taken"];
export type Quarantined = Schemas["QuarantinedView"];
export type Replayed = Schemas["ReplayView"];

export type ServiceAccount = Schemas["ServiceAccountView"];
export type ServiceAccountNew = Schemas["ServiceAccountNew"];
export type ServiceAccountChange = Schemas["ServiceAccountChange"];
export type Digest = Schemas["DigestView"];
export type DigestPerson = Schemas["DigestPerson"];
export type KeptSearch = Schemas["SearchView"];
export type SearchNew = Schemas["SearchNew"];
export type Sharing = Schemas["Sharing"];
export type DeliveryPlan = Schemas["DeliveryPlan"];
export type Job = Schemas["JobView"];
export type ExportFormat = Schemas["ExportFormat"];
export type Jobs = Schemas["JobList"];
export type OwnAct = Schemas["OwnAct"];
export type LedgerState = Schemas["LedgerState"];
export type AnchorState = Schemas["AnchorView"];
export type Ledgers = Schemas["Ledgers"];
export type SettingsSection = Schemas["SettingsSection"];
