//! The first run: whoever can read the server's output makes the first administrator, once.

use super::{ORGANISATION, checks};
use crate::{
    App, AppError, Result, Target,
    door::Act,
    sessions::{self, Entered, Visitor},
};
use model::{Member, Role};
use rand::{Rng, rngs::OsRng};
use serde::Deserialize;
use store::{
    records::{Members, Settings},
    sql::Unit,
};
use utoipa::ToSchema;
use uuid::Uuid;

const CODE: &str = "first_run.code";
/// Without characters that look alike.
const ALPHABET: &[u8] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";
/// 138 bits: past the 128 that ASVS 5.0 (11.5.1) asks of what must not be guessed.
const CODE_CHARS: usize = 28;

/// Who sets Veritrail up.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FirstRun {
    /// The code the server printed when it started.
    pub code: String,
    pub organisation: String,
    pub name: String,
    pub email: String,
    pub password: String,
}

impl App {
    /// Whether there is no member yet.
    pub async fn first_run_needed(&self) -> Result<bool> {
        Ok(self.records.member_count().await? == 0)
    }

    /// A new one-time code for the server to print, while there is no member; only its hash is kept, earlier codes end.
    pub async fn first_run_code(&self) -> Result<Option<String>> {
        if !self.first_run_needed().await? {
            return Ok(None);
        }
        let chars: Vec<char> = (0..CODE_CHARS).map(|_| char::from(ALPHABET[OsRng.gen_range(0..ALPHABET.len())])).collect();
        let code = chars.chunks(4).map(|part| part.iter().collect::<String>()).collect::<Vec<_>>().join("-");
        self.records.put_setting(CODE, &hash(&code)).await?;
        Ok(Some(code))
    }

    /// Makes the first administrator and signs him in.
    pub async fn first_run(&self, asked: FirstRun, visitor: Visitor) -> Result<Entered> {
        let address = visitor.address.clone();
        self.throttle("first run", address.as_deref()).await?;
        let now = self.now();
        let organisation = checks::name(&asked.organisation).map_err(|_| AppError::invalid("organisation", "write your organisation's name"))?;
        let email = checks::email(&asked.email)?;
        self.check_password(&asked.password, &email).await?;
        let member = Member {
            kind: model::MemberKind::Person,
            id: Uuid::now_v7(),
            name: checks::name(&asked.name)?,
            role: Role::Administrator,
            departments: Vec::new(),
            person: None,
            email,
            until: None,
            active: true,
            created: now,
        };
        // The code before the costly hash, and again in the transaction that uses it up.
        if self.records.setting(CODE).await? != Some(hash(&asked.code)) {
            return Err(wrong_code());
        }
        let password = self.passwords.hash(asked.password).await?;
        let act = Act::unattended("first_run.complete", Some(member.clone()), address.clone(), Target::of("member", member.id));
        let step = self.step_of_new(&member);
        let token = self
            .recorded(act, async |unit: &Unit| {
                unit.lock_members().await?;
                if unit.member_count().await? > 0 {
                    return Err(AppError::Conflict("Veritrail is set up already; ask an administrator for an invitation".into()));
                }
                if unit.setting(CODE).await? != Some(hash(&asked.code)) || !unit.drop_setting(CODE).await? {
                    return Err(wrong_code());
                }
                unit.put_setting(ORGANISATION, &organisation).await?;
                unit.add_member(&member, &password).await?;
                self.let_in(unit, member.id, step, &visitor).await
            })
            .await?;
        self.forget_attempts("first run", address.as_deref()).await?;
        self.entered(token, step, &member).await
    }
}

fn hash(code: &str) -> String {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    hex::encode(sessions::hash(&plain.to_uppercase()))
}

fn wrong_code() -> AppError {
    AppError::SignIn("the code is not the one the server printed; every start before the first sign-in prints a new one".into())
}

impl App {
    /// Names the organisation from the host's configuration, where the first run has not.
    pub async fn name_organisation(&self, name: &str) -> Result<()> {
        if !name.is_empty() && self.organisation().await?.is_empty() {
            self.records.put_setting(ORGANISATION, name).await?;
        }
        Ok(())
    }
}
