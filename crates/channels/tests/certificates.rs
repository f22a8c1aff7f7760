//! Receivers that speak TLS well, under certificates that nobody vouches for: nothing is said to them.
#![allow(clippy::unwrap_used, reason = "tests")]

mod notice;

use channels::{Channel, ChannelError, Mail, MailConfig, Oidc, OidcConfig, Secret, Webhook, WebhookConfig};
use notice::notice;
use std::process::{Command, Stdio};
use testkit::Receiver;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=";

/// Certificate and key of this machine by an authority of our own making, in a folder.
fn certificate() -> (std::path::PathBuf, [String; 2]) {
    let folder = std::env::temp_dir().join(format!("veritrail-certificates-{}", uuid::Uuid::now_v7()));
    std::fs::create_dir(&folder).unwrap();
    let [root, root_key, request, certificate, key, names] =
        ["root.pem", "root.key", "request.pem", "tls.pem", "tls.key", "names.txt"].map(|name| folder.join(name).display().to_string());
    let openssl = |arguments: &[&str]| {
        let done = Command::new("openssl").args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert!(done.success(), "{arguments:?}");
    };
    let new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    std::fs::write(&names, "subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth\n").unwrap();
    openssl(&[&["req", "-x509", "-days", "2", "-subj", "/CN=Unknown Authority", "-out", &root, "-keyout", &root_key], &new_key[..]].concat());
    openssl(&[&["req", "-subj", "/CN=localhost", "-out", &request, "-keyout", &key], &new_key[..]].concat());
    openssl(&["x509", "-req", "-in", &request, "-CA", &root, "-CAkey", &root_key, "-days", "2", "-extfile", &names, "-out", &certificate]);
    (folder, [certificate, key])
}

/// Certificates are the reason, not that nobody is there.
fn is_of_the_certificate(error: &ChannelError) {
    let ChannelError::Later(why) = error else { panic!("{error:?}") };
    assert!(why.to_lowercase().contains("certificate") && why.contains("UnknownIssuer"), "{why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_nobody_vouches_for_is_told_nothing() {
    let (folder, [certificate, key]) = certificate();
    let Some(hook) = Receiver::start("webhook.py", &[SECRET, "--tls", &certificate, &key]) else { return };
    let Some(post) = Receiver::start("smtp.py", &["--tls", &certificate, &key]) else { return };

    // Who does not look is served: the receiver works, and its certificate alone is what is wrong.
    let careless = reqwest::Client::builder().danger_accept_invalid_certs(true).build().unwrap();
    let served = careless.post(format!("https://127.0.0.1:{}/", hook.port)).body("{}").send().await.unwrap();
    assert_eq!(served.status().as_u16(), 204);
    assert_eq!(hook.next()["path"], "/");

    for host in ["127.0.0.1", "localhost"] {
        let config = WebhookConfig { url: Secret::new(format!("https://{host}:{}/", hook.port)), secrets: vec![Secret::new(SECRET)], allow_private: true };
        is_of_the_certificate(&Webhook::new(&config).unwrap().send(&notice()).await.unwrap_err());
        let config = OidcConfig {
            issuer: format!("https://{host}:{}", hook.port),
            client_id: "veritrail".into(),
            client_secret: Secret::new("a secret"),
            redirect: "https://veritrail.example.com/provider".into(),
            scopes: vec!["openid".into()],
            groups_claim: "groups".into(),
            allow_private: true,
        };
        let refused = Oidc::new(config).unwrap().begin().await.err().unwrap();
        assert!(refused.to_string().contains("certificate"), "{refused}");
        let config = MailConfig {
            url: Secret::new(format!("smtps://dana:password@{host}:{}", post.port)),
            from: "Veritrail <audit@example.com>".into(),
            to: vec!["a@example.com".into()],
        };
        is_of_the_certificate(&Mail::new(&config).unwrap().send(&notice()).await.unwrap_err());
    }
    assert!(hook.quiet() && post.quiet());
    std::fs::remove_dir_all(folder).unwrap();
}
