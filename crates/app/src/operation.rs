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
    ($($variant:ident = $name:literal $kind:ident;)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Operation { $($variant),* }

        impl Operation {
            pub const ALL: &'static [Operation] = &[$(Operation::$variant),*];
            /// As in the policy, the table, the trail and `Session.operations`.
            pub fn name(self) -> &'static str { match self { $(Operation::$variant => $name),* } }
            pub fn kind(self) -> Kind { match self { $(Operation::$variant => Kind::$kind),* } }
        }
    };
}

operations! {
    SessionRead = "session.read" Read;
    SessionConfirm = "session.confirm" Change;
    OwnAccount = "own.account" Read;
    OwnFactors = "own.factors" Change;
    OwnSignOut = "own.sign_out" Change;
    OwnTokens = "own.tokens" Change;
    OverviewRead = "overview.read" Read;
    EventsSearch = "events.search" Read;
    EventsRead = "events.read" Read;
    EventsProve = "events.prove" Read;
    EventsLive = "events.live" Read;
    EventsReveal = "events.reveal" Reveal;
    OwnEvents = "own.events" Read;
    SearchEverything = "search.everything" Read;
    PersonsList = "persons.list" Read;
    PersonsRead = "persons.read" Read;
    SubjectsRead = "subjects.read" Read;
    DepartmentsList = "departments.list" Read;
    DirectoryImport = "directory.import" Change;
    AlertsList = "alerts.list" Read;
    AlertsRead = "alerts.read" Read;
    AlertsUpdate = "alerts.update" Change;
    AlertsJudge = "alerts.judge" Change;
    RulesList = "rules.list" Read;
    ConnectorsList = "connectors.list" Read;
    SourcesList = "sources.list" Read;
    SourcesRead = "sources.read" Read;
    SourcesCreate = "sources.create" Change;
    SourcesUpdate = "sources.update" Change;
    SourcesCheck = "sources.check" Change;
    SourcesKeys = "sources.keys" Change;
    SourcesUpload = "sources.upload" Change;
    QuarantineList = "quarantine.list" Read;
    QuarantineReplay = "quarantine.replay" Change;
    ExportsCreate = "exports.create" Reveal;
    EvidenceCreate = "evidence.create" Reveal;
    JobsList = "jobs.list" Read;
    JobsRead = "jobs.read" Read;
    JobsCancel = "jobs.cancel" Change;
    JobsFile = "jobs.file" Reveal;
    ErasuresList = "erasures.list" Read;
    ErasuresPreview = "erasures.preview" Read;
    ErasuresCreate = "erasures.create" Change;
    HoldsList = "holds.list" Read;
    HoldsCreate = "holds.create" Change;
    HoldsRelease = "holds.release" Change;
    MaskingList = "masking.list" Read;
    MaskingUpdate = "masking.update" Change;
    RevealsList = "reveals.list" Read;
    RevealsDecide = "reveals.decide" Change;
    SelfList = "self.list" Read;
    LedgersList = "ledgers.list" Read;
    LedgersProve = "ledgers.prove" Read;
    MembersList = "members.list" Read;
    MembersInvite = "members.invite" Change;
    MembersUpdate = "members.update" Change;
    MembersSessions = "members.sessions" Read;
    MembersSignOut = "members.sign_out" Change;
    MembersFactors = "members.factors" Change;
    SettingsRead = "settings.read" Read;
    IndexRead = "index.read" Read;
    IndexRebuild = "index.rebuild" Change;
    RetentionRead = "retention.read" Read;
    RetentionRun = "retention.run" Change;
}

impl Operation {
    pub fn from_name(name: &str) -> Option<Operation> {
        Operation::ALL.iter().copied().find(|o| o.name() == name)
    }

    /// Whether the member must have shown shortly before who he is: a browser left open does not do for these.
    pub fn dangerous(self) -> bool {
        use Operation::*;
        matches!(self, ErasuresCreate | HoldsRelease | SourcesKeys | MembersInvite | MembersUpdate | MembersFactors | OwnFactors | OwnTokens)
    }

    /// Whether a member may let a program do it for him: nothing dangerous, nothing of his account, and nothing that unmasks.
    pub fn for_programs(self) -> bool {
        use Operation::*;
        !self.dangerous() && !matches!(self, SessionConfirm | OwnAccount | OwnSignOut | EventsReveal | RevealsDecide | MaskingUpdate)
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
