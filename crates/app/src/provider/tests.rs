use super::{Begun, Identity, Provider, ProviderPolicy};
use crate::{
    App, AppError, Caller, Result,
    members::{GroupRule, MemberChange, NewMember},
    sessions::{Entered, SignInPolicy, Visitor},
    testing::{self, House},
};
use async_trait::async_trait;
use model::{HOUR, Role};
use std::sync::{Arc, Mutex};
use store::records::{Members, SelfEvents, SelfQuery};

/// Vouches for whomever the test says. The protocol itself is played with a real provider in the stories.
#[derive(Default)]
struct Vouches(Mutex<Option<Identity>>);

#[async_trait]
impl Provider for Vouches {
    async fn begin(&self) -> Result<Begun> {
        let text = |t: &str| t.to_owned();
        Ok(Begun { url: text("https://idp.example/authorize"), state: text("state"), nonce: text("nonce"), verifier: text("verifier") })
    }
    async fn finish(&self, code: &str, nonce: &str, verifier: &str) -> Result<Identity> {
        assert_eq!((code, nonce, verifier), ("code", "nonce", "verifier"));
        self.0.lock().unwrap().clone().ok_or_else(|| AppError::SignIn("nobody".into()))
    }
}

fn person(subject: &str, email: &str, groups: &[&str]) -> Identity {
    Identity {
        issuer: "https://idp.example".into(),
        subject: subject.into(),
        email: Some(email.into()),
        email_verified: true,
        name: Some("Ann Archer".into()),
        groups: groups.iter().map(|g| (*g).to_owned()).collect(),
        second_factor: false,
    }
}

async fn houses(policy: SignInPolicy) -> Vec<(House, Arc<Vouches>)> {
    let vouches = Arc::new(Vouches::default());
    let groups = ["crm-audit = auditor", "crm-soc = analyst", "crm-admin = administrator"].map(|r| GroupRule::parse(r).unwrap()).into();
    let elsewhere = ProviderPolicy { title: "Company account".into(), create: true, trust_email: false };
    let houses = testing::houses_of(SignInPolicy { groups, ..policy }, Some((vouches.clone(), elsewhere))).await;
    houses.into_iter().map(|house| (house, vouches.clone())).collect()
}

async fn come(app: &App, vouches: &Vouches, who: Identity) -> Result<Entered> {
    *vouches.0.lock().unwrap() = Some(who);
    let (_, kept) = app.begin_elsewhere().await?;
    app.end_elsewhere(&kept, "state", "code", Visitor::at("192.0.2.1")).await
}

fn refusal(entered: Result<Entered>) -> String {
    match entered {
        Err(AppError::SignIn(why)) => why,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("was let in"),
    }
}

#[tokio::test]
async fn a_group_makes_a_member_and_his_role_follows_it() {
    for (House { app, .. }, vouches) in houses(SignInPolicy::default()).await {
        let first = come(&app, &vouches, person("s1", "Ann@Example.com", &["x", "crm-audit"])).await.unwrap().signed_in();
        assert_eq!((first.session.member.role.as_str(), first.session.member.email.as_str()), ("auditor", "ann@example.com"));
        let again = come(&app, &vouches, person("s1", "renamed@example.com", &["crm-audit"])).await.unwrap().signed_in();
        assert_eq!(again.session.member.id, first.session.member.id, "known by the subject, not by the address");
        // Another role: what went before ends.
        let now = come(&app, &vouches, person("s1", "ann@example.com", &["crm-soc"])).await.unwrap().signed_in();
        assert_eq!(now.session.member.role, "analyst");
        assert!(app.session(&first.token).await.unwrap().is_none() && app.session(&now.token).await.unwrap().is_some());
        // No group, or groups that never go together.
        assert!(refusal(come(&app, &vouches, person("s1", "ann@example.com", &["x"])).await).contains("none of your groups"));
        let both = refusal(come(&app, &vouches, person("s1", "ann@example.com", &["crm-audit", "crm-admin"])).await);
        assert!(both.contains("administrator and auditor at once"), "{both}");
        let rows = app.records.self_events(&SelfQuery { operation: Some("session.create".into()), limit: 9, ..Default::default() }).await.unwrap();
        assert_eq!(rows.iter().map(|r| r.outcome.as_str()).collect::<Vec<_>>(), ["failure", "failure", "success", "success", "success"]);
        // Nobody signs in by a password he has not.
        assert!(app.sign_in("ann@example.com", "", Visitor::at("192.0.2.1")).await.is_err());
    }
}

#[tokio::test]
async fn a_member_is_linked_by_a_verified_address_alone_and_one_switched_off_stays_out() {
    for (House { app, .. }, vouches) in houses(SignInPolicy::default()).await {
        let new = |email: &str, role| NewMember {
            email: email.into(),
            name: "Ben".into(),
            role,
            departments: vec![],
            until: None,
            password: "correct horse battery".into(),
        };
        let ben = app.add_member(new("ben@example.com", Role::Analyst)).await.unwrap();
        app.add_member(new("admin@example.com", Role::Administrator)).await.unwrap();
        let unverified = Identity { email_verified: false, ..person("s2", "ben@example.com", &["crm-soc"]) };
        assert!(refusal(come(&app, &vouches, unverified).await).contains("no verified e-mail address"));
        let linked = come(&app, &vouches, person("s2", "ben@example.com", &["crm-soc"])).await.unwrap().signed_in();
        assert_eq!(linked.session.member.id, ben.id);
        let admin = Caller::host(Role::Administrator);
        app.update_member(&admin, ben.id, MemberChange { active: Some(false), ..Default::default() }).await.unwrap();
        assert!(refusal(come(&app, &vouches, person("s2", "ben@example.com", &["crm-soc"])).await).contains("has ended"));
        assert!(!app.records.member(ben.id).await.unwrap().unwrap().active);
        // The last administrator is not made something else by a group.
        let entered = come(&app, &vouches, person("s3", "admin@example.com", &["crm-soc"])).await;
        assert!(matches!(entered, Err(AppError::Conflict(_))));
    }
}

#[tokio::test]
async fn what_comes_back_must_be_of_this_browser_and_in_time_and_the_second_factor_somebodys() {
    let policy = SignInPolicy { second_factor: vec![Role::Auditor], ..SignInPolicy::default() };
    for (House { app, clock, .. }, vouches) in houses(policy).await {
        *vouches.0.lock().unwrap() = Some(person("s1", "ann@example.com", &["crm-audit"]));
        let (url, kept) = app.begin_elsewhere().await.unwrap();
        assert_eq!(url, "https://idp.example/authorize");
        let at = Visitor::at("192.0.2.1");
        for (kept, state) in [(kept.as_str(), "another"), ("AAAA", "state"), ("", "state")] {
            assert!(refusal(app.end_elsewhere(kept, state, "code", at.clone()).await).contains("another browser"));
        }
        clock.pass(HOUR);
        assert!(refusal(app.end_elsewhere(&kept, "state", "code", at).await).contains("too long"));
        let entered = come(&app, &vouches, person("s1", "ann@example.com", &["crm-audit"])).await.unwrap();
        assert!(matches!(entered, Entered::Step { ref step, .. } if step.step == "enrol"), "the role needs a second factor");
        let vouched = Identity { second_factor: true, ..person("s1", "ann@example.com", &["crm-audit"]) };
        assert!(matches!(come(&app, &vouches, vouched).await.unwrap(), Entered::In(_)), "the provider asked for one");
    }
}
