//! Asking, forbidding and doing. What the whole binary leaves behind is looked for byte by byte in the stories.

use super::*;
use crate::{
    Caller,
    testing::{House, houses},
};
use async_trait::async_trait;
use model::{Person, Role};
use std::sync::{Arc, Mutex};
use store::records::Account;

const PERSON: Uuid = Uuid::from_u128(77);

/// Remembers what it was asked to erase; fails while it is told to.
#[derive(Default)]
struct Told {
    erased: Mutex<Vec<Uuid>>,
    broken: Mutex<bool>,
}

#[async_trait]
impl Views for Told {
    async fn erase(&self, subjects: &[Uuid], progress: &(dyn Fn(u64, u64) + Send + Sync)) -> Result<u64> {
        if *self.broken.lock().unwrap() {
            return Err(AppError::Unavailable("the index is away".into()));
        }
        progress(1, 1);
        self.erased.lock().unwrap().extend(subjects);
        Ok(3)
    }
    async fn forget(&self, _: Uuid, _: &str, _: &[String]) -> Result<bool> {
        Ok(false)
    }
}

/// A person with one account, whose subject has a key.
async fn person(house: &House) -> Uuid {
    let app = &house.app;
    let known = Person {
        id: PERSON,
        employee_id: "E7".into(),
        name: "Mara Oduya".into(),
        email: Some("mara@example.com".into()),
        title: None,
        zone: None,
        erased: None,
    };
    app.records.put_person(&known).await.unwrap();
    let subject = model::SubjectRef { source: Uuid::from_u128(9), kind: model::SubjectKind::Account, vendor_id: "0057".into() };
    let resolved = app.keyring.resolve(std::slice::from_ref(&subject)).await.unwrap();
    let (id, _) = resolved[&subject].clone().unwrap();
    let account = Account { hash: [1; 16], person: PERSON, identifier: "mara@example.com".into() };
    app.records.add_accounts(&[account]).await.unwrap();
    app.records.add_subject_names(&[store::records::SubjectName { subject: id, hash: [1; 16], source: subject.source }]).await.unwrap();
    id
}

fn asked(person: Uuid) -> ErasureNew {
    ErasureNew { person: Some(person), subject: None, basis: "objection".into(), reason: " Case 17 ".into() }
}

#[tokio::test]
async fn a_person_is_erased_and_stays_so() {
    for house in houses().await {
        let app = &house.app;
        let subject = person(&house).await;
        let officer = Caller::host(Role::PrivacyOfficer);
        assert_eq!(app.preview_erasure(&officer, Some(PERSON), None).await.unwrap().accounts, 1);
        let begun = app.create_erasure(&officer, asked(PERSON)).await.unwrap();
        assert_eq!((begun.state, begun.reason.as_str()), ("asked", "Case 17"));
        assert!(matches!(app.create_erasure(&officer, asked(PERSON)).await, Err(AppError::Conflict(_))), "one at a time");

        let views = Arc::new(Told::default());
        *views.broken.lock().unwrap() = true;
        let eraser = Eraser::new(app.clone(), views.clone());
        assert!(eraser.step().await.is_err());
        let stopped = app.erasure(&officer, begun.id).await.unwrap();
        assert_eq!((stopped.state, stopped.trouble.as_deref()), ("keys_destroyed", Some("the index is away")));
        assert!(app.keyring.keys(&[subject]).await.unwrap().is_empty(), "what is sealed cannot be read any more");

        *views.broken.lock().unwrap() = false;
        assert!(eraser.step().await.unwrap());
        assert!(!eraser.step().await.unwrap());
        let done = app.erasure(&officer, begun.id).await.unwrap();
        assert_eq!((done.state, done.events, done.trouble), ("done", 3, None));
        assert_eq!(*views.erased.lock().unwrap(), [subject]);
        let left = app.records.persons_by_id(&[PERSON]).await.unwrap().remove(0);
        assert_eq!((left.name.as_str(), left.email), (Person::ERASED, None));
        assert_eq!(app.records.meetings_of_person(PERSON).await.unwrap()[0].identifier, "");
        assert!(matches!(app.create_erasure(&officer, asked(PERSON)).await, Err(AppError::Conflict(_))), "erased already");

        // A backup brings the key back; the tombstone takes it again.
        assert_eq!(ledger::tombstone::buried(app.apart.as_ref()).await.unwrap(), [subject]);
    }
}

#[tokio::test]
async fn a_legal_hold_forbids_it_until_it_is_released() {
    for house in houses().await {
        let app = &house.app;
        let subject = person(&house).await;
        let officer = Caller::host(Role::PrivacyOfficer);
        for (kind, id) in [("everything", None), ("person", Some(PERSON)), ("subject", Some(subject)), ("source", Some(Uuid::from_u128(9)))] {
            let hold = app.create_hold(&officer, HoldNew { kind: kind.into(), id, reason: "Suit 4".into() }).await.unwrap();
            assert_eq!(app.preview_erasure(&officer, Some(PERSON), None).await.unwrap().holds.len(), 1, "{kind}");
            let refused = app.create_erasure(&officer, asked(PERSON)).await.unwrap_err().to_string();
            assert!(refused.contains("legal hold") && refused.contains("Suit 4"), "{refused}");
            app.release_hold(&officer, hold.id).await.unwrap();
            assert!(matches!(app.release_hold(&officer, hold.id).await, Err(AppError::Conflict(_))));
        }
        let elsewhere = HoldNew { kind: "source".into(), id: Some(Uuid::from_u128(8)), reason: "Suit 5".into() };
        app.create_hold(&officer, elsewhere).await.unwrap();
        let begun = app.create_erasure(&officer, asked(PERSON)).await.unwrap();

        // Placed before it began: it waits, and says for what.
        let late = app.create_hold(&officer, HoldNew { kind: "person".into(), id: Some(PERSON), reason: "Suit 6".into() }).await.unwrap();
        let eraser = Eraser::new(app.clone(), Arc::new(Told::default()));
        assert!(eraser.step().await.is_err());
        assert!(app.erasure(&officer, begun.id).await.unwrap().trouble.unwrap().contains("Suit 6"));
        assert_eq!(app.keyring.keys(&[subject]).await.unwrap().len(), 1);
        app.release_hold(&officer, late.id).await.unwrap();
        assert!(eraser.step().await.unwrap());
    }
}

#[tokio::test]
async fn what_is_asked_wrongly_is_told_field_by_field() {
    for house in houses().await {
        let officer = Caller::host(Role::PrivacyOfficer);
        let fields = |error: AppError| match error {
            AppError::Invalid(problems) => problems.into_iter().map(|p| p.field).collect::<Vec<_>>(),
            other => panic!("{other}"),
        };
        let wrong = ErasureNew { person: None, subject: None, basis: "because".into(), reason: "  ".into() };
        assert_eq!(fields(house.app.create_erasure(&officer, wrong).await.unwrap_err()), ["basis", "reason"]);
        let nobody = ErasureNew { basis: "objection".into(), reason: "Case 1".into(), person: None, subject: None };
        assert_eq!(fields(house.app.create_erasure(&officer, nobody).await.unwrap_err()), ["person"]);
        assert!(matches!(house.app.create_erasure(&officer, asked(Uuid::from_u128(1))).await, Err(AppError::NotFound { .. })));
        let hold = HoldNew { kind: "person".into(), id: None, reason: String::new() };
        assert_eq!(fields(house.app.create_hold(&officer, hold).await.unwrap_err()), ["id", "reason"]);
        let auditor = Caller::host(Role::Auditor);
        assert!(matches!(house.app.create_erasure(&auditor, asked(PERSON)).await, Err(AppError::Forbidden { .. })));
    }
}

#[tokio::test]
async fn what_only_a_tombstone_knows_is_done_again() {
    use ledger::tombstone::{Asked, Tombstone, bury};
    for house in houses().await {
        let app = &house.app;
        let subject = person(&house).await;
        let id = Uuid::from_u128(5);
        let asked = Asked { person: Some(PERSON), basis: LegalBasis::NoLongerNecessary, reason: "Case 3".into(), member: Uuid::from_u128(6), created: 5 };
        bury(app.apart.as_ref(), id, &Tombstone { subjects: vec![subject], asked: Some(asked) }).await.unwrap();
        // Of a release before they said whom.
        app.apart.put(&format!("erased/{}.json", Uuid::from_u128(7)), br#"{"subjects":[]}"#.to_vec().into()).await.unwrap();
        let officer = Caller::host(Role::PrivacyOfficer);
        app.create_hold(&officer, HoldNew { kind: "everything".into(), id: None, reason: "Suit 4".into() }).await.unwrap();

        let views = Arc::new(Told::default());
        let eraser = Eraser::new(app.clone(), views.clone());
        assert_eq!(eraser.again().await.unwrap(), 2, "no hold brings back what is gone");
        assert_eq!(eraser.again().await.unwrap(), 0);
        assert!(!eraser.step().await.unwrap());
        let done = app.records.erasure(id).await.unwrap().unwrap();
        assert_eq!((done.state, done.reason.as_str(), done.member, done.created), (ErasureState::Done, "Case 3", Uuid::from_u128(6), 5));
        assert!(app.keyring.keys(&[subject]).await.unwrap().is_empty());
        assert_eq!(app.records.persons_by_id(&[PERSON]).await.unwrap()[0].name, Person::ERASED);
        assert_eq!(*views.erased.lock().unwrap(), [subject]);
    }
}
