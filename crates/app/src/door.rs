//! The door: the only way in. Every operation is authorised, recorded in the `self` ledger, and run.
//!
//! A change and its record are one transaction. When the ledger cannot be written, changes, reveals and administrators' reads are
//! refused; other reads go on into a bounded reserve on the disk and are refused when that is full.

use crate::{App, AppError, Caller, Entry, Kind, Operation, Result};
use model::{Micros, Role, Scope};
use serde_json::Value;
use store::{
    StoreError,
    reserve::{Reserve, Used},
    sql::Unit,
};
use uuid::Uuid;

pub(crate) use authorization::Decided;
pub use authorization::{Policy, Width};
pub(crate) use journal::{Act, HOST, Journal};

mod authorization;
mod journal;
#[cfg(test)]
mod tests;

/// What an operation is about, for the trail: `kind:id`. Never a name, an address or anything else personal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target(String);

impl Target {
    /// No one thing: a list, a search.
    pub fn none() -> Self {
        Self::default()
    }
    /// `Target::of("alert", id)`.
    pub fn of(kind: &str, id: impl std::fmt::Display) -> Self {
        Self(format!("{kind}:{id}"))
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<()> for Target {
    fn from((): ()) -> Self {
        Self::none()
    }
}
impl<D: std::fmt::Display> From<(&str, D)> for Target {
    fn from((kind, id): (&str, D)) -> Self {
        Self::of(kind, id)
    }
}
impl From<Uuid> for Target {
    fn from(id: Uuid) -> Self {
        Self(id.to_string())
    }
}
impl From<&model::Position> for Target {
    fn from(position: &model::Position) -> Self {
        Self::of("event", position)
    }
}

/// Policy and journal.
pub struct Door {
    pub(crate) policy: Policy,
    pub(crate) journal: Journal,
}

impl Door {
    pub fn new(policy: Policy, reserve: Option<Reserve>) -> Self {
        Self { policy, journal: Journal::new(reserve) }
    }
}

impl App {
    /// Authorises and records a read; answers what the member may see. `detail` is sealed: the question asked, as JSON object.
    pub async fn read(&self, caller: &Caller, operation: Operation, target: impl Into<Target>, detail: Value) -> Result<Scope> {
        let target = target.into();
        let width = self.admit(caller, operation, &target, &detail).await?;
        self.record_read(caller, operation, target, detail).await?;
        self.scope(caller, width).await
    }

    /// Authorises a read, and does it while it is being recorded: the answer leaves only once the record is durable.
    pub async fn reading<T>(
        &self,
        caller: &Caller,
        operation: Operation,
        target: impl Into<Target>,
        detail: Value,
        work: impl AsyncFnOnce(Scope) -> Result<T>,
    ) -> Result<T> {
        let target = target.into();
        let width = self.admit(caller, operation, &target, &detail).await?;
        let scope = self.scope(caller, width).await?;
        let (recorded, done) = tokio::join!(self.record_read(caller, operation, target, detail), work(scope));
        recorded?;
        done
    }

    async fn record_read(&self, caller: &Caller, operation: Operation, target: Target, detail: Value) -> Result<()> {
        if !operation.recorded() {
            return Ok(());
        }
        let strict = operation.kind() != Kind::Read || caller.member.role == Role::Administrator;
        let act = Act::by(caller, operation.name(), target, detail);
        match self.door.journal.record(self, act.clone()).await {
            Ok(()) => Ok(()),
            Err(error) if strict => Err(error),
            Err(error) => self.door.journal.keep(self, act, error).await,
        }
    }

    /// Authorises, runs `work` in a transaction of the records, and records it in the same transaction. Inside `work` everything goes
    /// through the unit: on SQLite the records have one writer, and a second one would wait for this transaction to end.
    ///
    /// # Errors
    /// Those of `work` (nothing is changed, the failed attempt is recorded); `SelfLedger` when it cannot be recorded (nothing is changed).
    pub async fn change<T>(
        &self,
        caller: &Caller,
        operation: Operation,
        target: impl Into<Target>,
        detail: Value,
        work: impl AsyncFnOnce(&Unit) -> Result<T>,
    ) -> Result<T> {
        let target = target.into();
        self.admit(caller, operation, &target, &detail).await?;
        self.recorded(Act::by(caller, operation.name(), target, detail), work).await
    }

    /// Runs `work` and its record as one transaction, without asking the policy: for what happens before anyone is signed in.
    pub(crate) async fn recorded<T>(&self, act: Act, work: impl AsyncFnOnce(&Unit) -> Result<T>) -> Result<T> {
        self.door.journal.catch_up(self).await?;
        let prepared = self.door.journal.prepare(self, &act).await?;
        let unit = self.records.begin().await?;
        match work(&unit).await {
            Ok(done) => {
                if let Err(error) = self.door.journal.write(self, &unit, std::slice::from_ref(&prepared)).await {
                    unit.rollback().await?;
                    return Err(error);
                }
                match unit.commit().await {
                    Ok(()) => Ok(done),
                    Err(StoreError::Unknown { .. }) => {
                        Err(AppError::Unavailable("The database did not answer whether the change was made. Look before you try again.".into()))
                    }
                    Err(error) => Err(error.into()),
                }
            }
            Err(error) => {
                unit.rollback().await?;
                self.door.journal.record(self, act.failed(error.reason())).await?;
                Err(error)
            }
        }
    }

    /// What the member may see through this operation, without recording: for work that goes on behind an operation already admitted
    /// (a live stream, a job).
    pub async fn scope_of(&self, caller: &Caller, operation: Operation) -> Result<Scope> {
        let width = self.width(caller, operation, (self.clock)())?;
        self.scope(caller, width).await
    }

    /// Writes to the own trail what waits in its reserve; answers how many records.
    pub async fn record_waiting(&self) -> Result<u64> {
        self.door.journal.catch_up(self).await
    }

    /// How much of the own trail's reserve is used; `None` where another process has it.
    pub fn waiting(&self) -> Option<Used> {
        self.door.journal.waiting()
    }

    /// The operations a member may use at all, for `Session.operations`.
    pub fn operations_of(&self, member: &model::Member) -> Result<Vec<&'static str>> {
        let now = (self.clock)();
        let mut allowed = Vec::new();
        for operation in Operation::ALL {
            if self.door.policy.width(member, *operation, now)? != Width::No {
                allowed.push(operation.name());
            }
        }
        Ok(allowed)
    }

    /// Refuses what the member's role does not allow, or what needs a fresh proof, and records the attempt: for use cases that look at what is there
    /// before they change it, so that a refusal tells nothing of it.
    pub(crate) async fn allowed(&self, caller: &Caller, operation: Operation, target: impl Into<Target>) -> Result<()> {
        self.admit(caller, operation, &target.into(), &Value::Null).await.map(drop)
    }

    async fn admit(&self, caller: &Caller, operation: Operation, target: &Target, detail: &Value) -> Result<Width> {
        let now = (self.clock)();
        let width = self.width(caller, operation, now)?;
        let refusal = match caller.entry {
            _ if width == Width::No => AppError::Forbidden { operation: operation.name() },
            Entry::Session { shown, .. } if operation.dangerous() && !(0..self.sign_in.shown).contains(&(now - shown)) => AppError::Reauthenticate,
            _ => return Ok(width),
        };
        let act = Act::by(caller, operation.name(), target.clone(), detail.clone()).failed(refusal.reason());
        if let Err(error) = self.door.journal.record(self, act.clone()).await {
            self.door.journal.keep(self, act, error).await?;
        }
        Err(refusal)
    }

    fn width(&self, caller: &Caller, operation: Operation, now: Micros) -> Result<Width> {
        if caller.entry.covers(operation) { self.door.policy.width(&caller.member, operation, now) } else { Ok(Width::No) }
    }

    async fn scope(&self, caller: &Caller, width: Width) -> Result<Scope> {
        Ok(match width {
            Width::No => Scope::nothing(),
            Width::Everything => Scope::everything(),
            Width::Own => caller.member.person.map_or_else(Scope::nothing, Scope::person),
            Width::Departments => Scope::departments(crate::directory::with_parts(&self.records, &caller.member.departments).await?),
        })
    }
}
