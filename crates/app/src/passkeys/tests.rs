use super::{
    PasskeyNew, PasskeyProof,
    ceremony::{
        Site,
        tests::{Authenticator, client_data},
    },
};
use crate::{
    App, AppError, Caller, Entry,
    members::NewMember,
    sessions::{Entered, SignInPolicy, SignedIn, Visitor},
    testing::{self, House},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use model::{MINUTE, Role};
use uuid::Uuid;

const PASSWORD: &str = "correct horse battery";

async fn member(app: &App, email: &str, role: Role) -> Caller {
    let new = NewMember { email: email.into(), name: "Ann".into(), role, departments: vec![], until: None, password: PASSWORD.into() };
    Caller { member: app.add_member(new).await.unwrap(), address: None, request: Uuid::now_v7(), entry: Entry::Host }
}

fn site() -> Site {
    Site::of("https://veritrail.example.com/").unwrap()
}

fn created(authenticator: &mut Authenticator, challenge: &str) -> PasskeyNew {
    let client = client_data(&site(), "webauthn.create", &BASE64.decode(challenge).unwrap());
    PasskeyNew { name: "Phone".into(), authenticator_data: BASE64.encode(authenticator.make(&site())), client_data: BASE64.encode(client) }
}

fn proof(authenticator: &mut Authenticator, challenge: &str) -> PasskeyProof {
    let client = client_data(&site(), "webauthn.get", &BASE64.decode(challenge).unwrap());
    let (data, signature) = authenticator.sign(&site(), &client);
    let [authenticator_data, client_data, signature] = [data, client, signature].map(|bytes| BASE64.encode(bytes));
    PasskeyProof { id: BASE64.encode(&authenticator.id), authenticator_data, client_data, signature }
}

async fn show(app: &App, proof: PasskeyProof) -> crate::Result<SignedIn> {
    app.passkey_sign_in(proof, Visitor::at("192.0.2.1")).await
}

#[tokio::test]
async fn a_passkey_lets_its_member_in_without_a_password() {
    for House { app, clock, .. } in testing::houses().await {
        let ann = member(&app, "ann@example.com", Role::Analyst).await;
        let mut phone = Authenticator::new(1);
        let challenge = app.passkey_creation(&ann).await.unwrap().challenge;
        let made = created(&mut phone, &challenge);
        assert_eq!(app.add_passkey(&ann, made.clone()).await.unwrap().name, "Phone");
        assert!(matches!(app.add_passkey(&ann, made).await, Err(AppError::Invalid(_))), "a challenge is answered once");
        assert_eq!(app.passkey_creation(&ann).await.unwrap().exclude, [BASE64.encode(&phone.id)]);

        let challenge = app.passkey_request().unwrap().challenge;
        let shown = proof(&mut phone, &challenge);
        let session = show(&app, shown.clone()).await.unwrap();
        assert_eq!(session.session.member.email, "ann@example.com");
        assert!(app.session(&session.token).await.unwrap().is_some());
        assert!(matches!(show(&app, shown).await, Err(AppError::SignIn(_))), "sent again");
        assert!(matches!(show(&app, proof(&mut phone, &challenge)).await, Err(AppError::SignIn(_))), "the same challenge signed again");

        let late = app.passkey_request().unwrap().challenge;
        clock.pass(5 * MINUTE);
        assert!(matches!(show(&app, proof(&mut phone, &late)).await, Err(AppError::SignIn(_))), "too late");
        let forged = BASE64.encode([7; 56]);
        assert!(matches!(show(&app, proof(&mut phone, &forged)).await, Err(AppError::SignIn(_))), "not our challenge");

        app.remove_passkey(&ann, &BASE64.encode(&phone.id)).await.unwrap();
        let challenge = app.passkey_request().unwrap().challenge;
        clock.pass(MINUTE);
        assert!(matches!(show(&app, proof(&mut phone, &challenge)).await, Err(AppError::SignIn(_))), "taken away");
    }
}

#[tokio::test]
async fn a_challenge_is_for_one_member_and_one_purpose() {
    for House { app, .. } in testing::houses().await {
        let (ann, eve) = (member(&app, "ann@example.com", Role::Analyst).await, member(&app, "eve@example.com", Role::Analyst).await);
        let (of_ann, to_show) = (app.passkey_creation(&ann).await.unwrap().challenge, app.passkey_request().unwrap().challenge);
        assert!(matches!(app.add_passkey(&eve, created(&mut Authenticator::new(1), &of_ann)).await, Err(AppError::Invalid(_))));
        assert!(matches!(app.add_passkey(&eve, created(&mut Authenticator::new(1), &to_show)).await, Err(AppError::Invalid(_))));
        let mut phone = Authenticator::new(2);
        app.add_passkey(&ann, created(&mut phone, &of_ann)).await.unwrap();
        let to_make = app.passkey_creation(&eve).await.unwrap().challenge;
        assert!(matches!(app.add_passkey(&eve, created(&mut phone, &to_make)).await, Err(AppError::Conflict(_))), "somebody else's key");
        assert!(matches!(app.remove_passkey(&eve, &BASE64.encode(&phone.id)).await, Err(AppError::NotFound { .. })));
        phone.counter = 0;
        let copied = proof(&mut phone, &to_show);
        assert!(matches!(show(&app, copied).await, Err(AppError::SignIn(_))), "a copy: its counter went back");
    }
}

#[tokio::test]
async fn a_passkey_is_the_second_factor_that_a_role_needs() {
    let policy = SignInPolicy { second_factor: vec![Role::Administrator], ..SignInPolicy::default() };
    for House { app, .. } in testing::houses_with(policy).await {
        let admin = member(&app, "admin@example.com", Role::Administrator).await;
        let mut phone = Authenticator::new(1);
        let challenge = app.passkey_creation(&admin).await.unwrap().challenge;
        app.add_passkey(&admin, created(&mut phone, &challenge)).await.unwrap();
        let by_password = app.sign_in("admin@example.com", PASSWORD, Visitor::at("192.0.2.1")).await.unwrap();
        let Entered::Step { token, step } = by_password else { panic!("the password alone let in") };
        assert_eq!(step.step, "passkey");
        assert!(matches!(app.enrol_in_step(&token, Visitor::default()).await, Err(AppError::Conflict(_))), "the password alone sets up no app");
        let challenge = app.passkey_request().unwrap().challenge;
        assert!(show(&app, proof(&mut phone, &challenge)).await.is_ok());
        let other = member(&app, "other@example.com", Role::Administrator).await;
        app.reset_factor(&other, admin.member.id).await.unwrap();
        assert!(app.account(&admin).await.unwrap().passkeys.is_empty());
    }
}
