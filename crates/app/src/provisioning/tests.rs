use super::{GroupDraft, PersonDraft};
use crate::{
    App, AppError, Caller, Entry, Operation,
    members::{GroupRule, NewMember},
    service_accounts::ServiceAccountNew,
    sessions::{SignInPolicy, Visitor},
    testing::{self, House},
    tokens::TokenNew,
};
use model::Role;
use store::records::{SelfEvents, SelfQuery};
use uuid::Uuid;

async fn houses() -> Vec<House> {
    let groups = ["crm-audit = auditor", "crm-admin = administrator"].map(|r| GroupRule::parse(r).unwrap()).into();
    testing::houses_with(SignInPolicy { groups, ..SignInPolicy::default() }).await
}

/// The directory's program: a service account of an administrator's.
async fn directory(app: &App) -> Caller {
    let new = NewMember {
        email: "admin@example.com".into(),
        name: "Admin".into(),
        role: Role::Administrator,
        departments: vec![],
        until: None,
        password: "correct horse battery".into(),
    };
    let admin = Caller { member: app.add_member(new).await.unwrap(), address: None, request: Uuid::now_v7(), entry: Entry::Host };
    let account = app.create_service_account(&admin, ServiceAccountNew { name: "directory".into(), owner: admin.member.id }).await.unwrap();
    let token = TokenNew { name: "SCIM".into(), operations: vec!["members.provision".into()], days: 90 };
    let token = app.create_service_token(&admin, account.id, token).await.unwrap().token;
    let (member, entry) = app.token(&token).await.unwrap().unwrap();
    Caller { member, address: None, request: Uuid::now_v7(), entry }
}

fn ann() -> PersonDraft {
    PersonDraft { external_id: Some("e-1".into()), user_name: Some("ann@example.com".into()), name: Some("Ann Archer".into()), ..PersonDraft::default() }
}

#[tokio::test]
async fn groups_give_and_take_roles_and_an_access_taken_away_ends_at_once() {
    for House { app, .. } in houses().await {
        let directory = directory(&app).await;
        let person = app.provision_person(&directory, ann()).await.unwrap();
        assert_eq!((person.role, person.active, person.external_id.as_deref()), ("employee", true, Some("e-1")));
        let group = GroupDraft { name: Some("crm-audit".into()), members: Some(vec![person.id]), ..GroupDraft::default() };
        let group = app.provision_group(&directory, group).await.unwrap();
        assert_eq!(app.provisioned_person(&directory, person.id).await.unwrap().role, "auditor");
        // She is signed in.
        let unit = app.records.begin().await.unwrap();
        let token = app.let_in(&unit, person.id, None, &Visitor::at("192.0.2.1")).await.unwrap();
        unit.commit().await.unwrap();
        assert!(app.session(&token).await.unwrap().is_some());
        app.deprovision_person(&directory, person.id).await.unwrap();
        assert!(app.session(&token).await.unwrap().is_none());
        let back = PersonDraft { active: Some(true), ..PersonDraft::default() };
        assert_eq!(app.reprovision_person(&directory, person.id, back).await.unwrap().role, "auditor");
        let out = GroupDraft { remove: vec![person.id], ..GroupDraft::default() };
        app.reprovision_group(&directory, group.id, out).await.unwrap();
        assert_eq!(app.provisioned_person(&directory, person.id).await.unwrap().role, "employee");
        app.deprovision_group(&directory, group.id).await.unwrap();
        assert!(app.provisioned_groups(&directory).await.unwrap().is_empty());
        let rows = app.records.self_events(&SelfQuery { operation: Some("members.provision".into()), limit: 50, ..Default::default() }).await.unwrap();
        assert!(rows.iter().all(|r| r.member == Some(directory.member.id)));
    }
}

#[tokio::test]
async fn what_must_not_be_is_refused_whole() {
    for House { app, .. } in houses().await {
        let directory = directory(&app).await;
        let person = app.provision_person(&directory, ann()).await.unwrap();
        assert!(matches!(app.provision_person(&directory, ann()).await, Err(AppError::Conflict(_))), "the name is taken");
        let nameless = PersonDraft { user_name: Some("ann".into()), ..PersonDraft::default() };
        assert!(matches!(app.provision_person(&directory, nameless).await, Err(AppError::Invalid(_))));
        let group = |name: &str, members: &[Uuid]| GroupDraft { name: Some(name.into()), members: Some(members.to_vec()), ..GroupDraft::default() };
        app.provision_group(&directory, group("crm-audit", &[person.id])).await.unwrap();
        // Auditor and administrator at once.
        assert!(matches!(app.provision_group(&directory, group("crm-admin", &[person.id])).await, Err(AppError::Invalid(_))));
        assert_eq!(app.provisioned_groups(&directory).await.unwrap().len(), 1);
        assert!(matches!(app.provision_group(&directory, group("x", &[Uuid::from_u128(9)])).await, Err(AppError::NotFound { .. })));
        // The last administrator stays.
        let admin = app.provisioned_persons(&directory).await.unwrap().into_iter().find(|p| p.role == "administrator").unwrap();
        assert!(matches!(app.deprovision_person(&directory, admin.id).await, Err(AppError::Conflict(_))));
        // Its token is for this alone, and a service account is nobody whom a directory may touch.
        assert!(app.members(&directory).await.is_err());
        assert!(app.provisioned_persons(&directory).await.unwrap().iter().all(|p| p.id != directory.member.id));
        assert!(matches!(app.deprovision_person(&directory, directory.member.id).await, Err(AppError::NotFound { .. })));
        assert!(Operation::MembersProvision.for_programs());
    }
}
