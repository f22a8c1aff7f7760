//! Everything a member can do. Each operation has a row in `content/authorization/table.csv` and meets the door.

/// What an operation does to what it touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Read,
    Change,
    /// Lets values leave (exports, evidence, what is masked).
    Reveal,
}

macro_rules! operations {
    ($($variant:ident = $name:literal $kind:ident $does:literal;)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Operation { $($variant),* }

        impl Operation {
            pub const ALL: &'static [Operation] = &[$(Operation::$variant),*];
            /// As in the policy, the table, the trail and `Session.operations`.
            pub fn name(self) -> &'static str { match self { $(Operation::$variant => $name),* } }
            /// What the member may do, after "may".
            pub fn does(self) -> &'static str { match self { $(Operation::$variant => $does),* } }
            pub fn kind(self) -> Kind { match self { $(Operation::$variant => Kind::$kind),* } }
        }
    };
}

operations! {
    SessionRead = "session.read" Read "see who one is signed in as";
    SessionConfirm = "session.confirm" Change "show once more who one is";
    OwnAccount = "own.account" Read "see the own account";
    OwnFactors = "own.factors" Change "change the own password, passkeys and second factor";
    OwnSignOut = "own.sign_out" Change "end own sessions";
    OwnTokens = "own.tokens" Change "make and revoke own API tokens";
    OverviewRead = "overview.read" Read "see the overview";
    EventsSearch = "events.search" Read "search, count and chart events, masked";
    EventsRead = "events.read" Read "open an event, masked";
    EventsProve = "events.prove" Read "have an event's proof made";
    EventsLive = "events.live" Read "watch events live, masked";
    EventsReveal = "events.reveal" Reveal "ask to see masked values, for a reason";
    OwnEvents = "own.events" Read "see the own activity";
    SearchEverything = "search.everything" Read "search people, records and pages";
    PersonsList = "persons.list" Read "list people";
    PersonsRead = "persons.read" Read "open a person";
    SubjectsRead = "subjects.read" Read "open an account or a record";
    DepartmentsList = "departments.list" Read "list departments";
    DirectoryImport = "directory.import" Change "import the directory";
    AlertsList = "alerts.list" Read "list alerts";
    AlertsRead = "alerts.read" Read "open an alert";
    AlertsUpdate = "alerts.update" Change "assign alerts and change their status";
    AlertsJudge = "alerts.judge" Change "give alerts a verdict";
    RulesList = "rules.list" Read "read the detection rules";
    ConnectorsList = "connectors.list" Read "see what can be connected";
    SourcesList = "sources.list" Read "see sources and their health";
    SourcesRead = "sources.read" Read "see a source's settings";
    SourcesCreate = "sources.create" Change "add a source";
    SourcesUpdate = "sources.update" Change "change, pause and remove a source";
    SourcesCheck = "sources.check" Change "try a source's settings";
    SourcesKeys = "sources.keys" Change "make and revoke a source's ingest keys";
    SourcesUpload = "sources.upload" Change "upload records to a source";
    QuarantineList = "quarantine.list" Read "see quarantined records";
    QuarantineReplay = "quarantine.replay" Change "replay quarantined records";
    ExportsCreate = "exports.create" Reveal "export events, masked";
    EvidenceCreate = "evidence.create" Reveal "have packs of evidence made";
    SearchesList = "searches.list" Read "see own and shared searches";
    SearchesCreate = "searches.create" Change "keep a search, and share it";
    SearchesUpdate = "searches.update" Change "change and remove own searches";
    SearchesDeliver = "searches.deliver" Reveal "have the answer of a kept search delivered, masked";
    JobsList = "jobs.list" Read "list own jobs";
    JobsRead = "jobs.read" Read "open an own job";
    JobsCancel = "jobs.cancel" Change "cancel an own job";
    JobsFile = "jobs.file" Reveal "take the file of an own job away";
    ErasuresList = "erasures.list" Read "see erasures and what left";
    ErasuresPreview = "erasures.preview" Read "see what an erasure would take away";
    ErasuresCreate = "erasures.create" Change "erase a person's or a record's values";
    HoldsList = "holds.list" Read "see legal holds";
    HoldsCreate = "holds.create" Change "place a legal hold";
    HoldsRelease = "holds.release" Change "release a legal hold";
    MaskingList = "masking.list" Read "see how closely fields are kept";
    MaskingUpdate = "masking.update" Change "change how closely a field is kept";
    RevealsList = "reveals.list" Read "see all reveals";
    RevealsDecide = "reveals.decide" Change "approve or decline a reveal";
    SelfList = "self.list" Read "read the tool's own trail";
    DigestsList = "digests.list" Read "read the daily digests of administrators' acts";
    LedgersList = "ledgers.list" Read "see the state of the ledgers";
    LedgersProve = "ledgers.prove" Read "have a ledger's growth proved";
    RolesRead = "roles.read" Read "see who may do what, and why";
    MembersList = "members.list" Read "list members";
    MembersInvite = "members.invite" Change "invite members";
    MembersUpdate = "members.update" Change "change a member's role, departments and access";
    MembersSessions = "members.sessions" Read "see a member's sessions";
    MembersSignOut = "members.sign_out" Change "sign a member out";
    MembersFactors = "members.factors" Change "take a member's second factor away";
    ServiceAccountsList = "service_accounts.list" Read "see service accounts and what their tokens are for";
    ServiceAccountsCreate = "service_accounts.create" Change "make a service account and name its owner";
    ServiceAccountsUpdate = "service_accounts.update" Change "give a service account another owner, switch it off or on";
    ServiceAccountsTokens = "service_accounts.tokens" Change "make, rotate and revoke tokens of the service accounts one owns";
    MembersProvision = "members.provision" Change "keep members as the company's directory has them (SCIM)";
    SettingsRead = "settings.read" Read "read the settings";
    IndexRead = "index.read" Read "see the state of the searchable view";
    IndexRebuild = "index.rebuild" Change "build the searchable view anew";
    RetentionRead = "retention.read" Read "see retention and its dry runs";
    RetentionRun = "retention.run" Change "run retention";
}

impl Operation {
    pub fn from_name(name: &str) -> Option<Operation> {
        Operation::ALL.iter().copied().find(|o| o.name() == name)
    }

    /// Whether the member must have shown shortly before who he is: a browser left open does not do for these.
    pub fn dangerous(self) -> bool {
        use Operation::*;
        matches!(
            self,
            ErasuresCreate
                | HoldsRelease
                | SourcesKeys
                | MembersInvite
                | MembersUpdate
                | MembersFactors
                | OwnFactors
                | OwnSignOut
                | OwnTokens
                | ServiceAccountsCreate
                | ServiceAccountsUpdate
                | ServiceAccountsTokens
        )
    }

    /// Whether a member may let a program do it for him: nothing dangerous, nothing of his account, and nothing that unmasks.
    pub fn for_programs(self) -> bool {
        use Operation::*;
        !self.dangerous() && !matches!(self, SessionConfirm | OwnAccount | EventsReveal | RevealsDecide | MaskingUpdate)
    }

    /// Whether it leaves a trace. Asking who one is oneself, which every page does, shows nothing of others.
    pub fn recorded(self) -> bool {
        self != Operation::SessionRead
    }
}

impl std::fmt::Display for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
