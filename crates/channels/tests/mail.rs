//! Mail against a real SMTP server.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod notice;

use channels::{Channel, ChannelError, Dispatcher, Letter, Letters, Mail, MailConfig, Patience, Secret};
use notice::notice;
use std::sync::Arc;
use std::time::Duration;
use testkit::Receiver;

fn mail(url: String) -> Mail {
    Mail::new(&MailConfig { url: Secret::new(url), from: "Veritrail <audit@example.com>".into(), to: vec!["a@example.com".into(), "B <b@example.com>".into()] })
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_arrives_in_text_and_html_and_signed_in() {
    let Some(server) = Receiver::start("smtp.py", &["--auth", "dana:p@ss word"]) else { return };
    let channel = mail(format!("smtp://dana:p%40ss%20word@127.0.0.1:{}?tls=none", server.port));
    channel.send(&notice()).await.unwrap();
    let got = server.next();
    assert_eq!((got["from"].as_str(), got["signed_in"].as_bool()), (Some("audit@example.com"), Some(true)));
    assert_eq!(got["to"], serde_json::json!(["a@example.com", "b@example.com"]));
    let text = got["text"].as_str().unwrap();
    for part in [
        "Subject: [high] Repeated failed sign-ins of one account",
        "Auto-Submitted: auto-generated",
        "Message-ID: <01900000-0000-7000-8000-000000000001@example.com>",
        "text/plain",
        "text/html",
        "https://veritrail.example.com/alerts/1",
    ] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
    assert!(!format!("{channel:?}").contains("p@ss") && !format!("{channel:?}").contains("dana"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_is_refused_and_not_told() {
    let Some(server) = Receiver::start("smtp.py", &["--auth", "dana:right"]) else { return };
    let error = mail(format!("smtp://dana:s3cretwrong@127.0.0.1:{}?tls=none", server.port)).send(&notice()).await.unwrap_err();
    assert!(matches!(error, ChannelError::Refused(_)), "{error:?}");
    assert!(!error.to_string().contains("s3cretwrong"));
    assert!(server.quiet());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_starttls_nothing_is_sent() {
    let Some(server) = Receiver::start("smtp.py", &[]) else { return };
    let error = mail(format!("smtp://127.0.0.1:{}", server.port)).send(&notice()).await.unwrap_err();
    assert!(error.to_string().contains("mail via 127.0.0.1"), "{error}");
    assert!(server.quiet());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_server_is_tried_again_and_a_refusal_is_not() {
    let Some(busy) = Receiver::start("smtp.py", &["--fail-first", "2"]) else { return };
    let Some(never) = Receiver::start("smtp.py", &["--refuse"]) else { return };
    let channels: Vec<Arc<dyn Channel>> =
        [busy.port, never.port].iter().map(|port| Arc::new(mail(format!("smtp://127.0.0.1:{port}?tls=none"))) as Arc<dyn Channel>).collect();
    let patience = Patience { first_wait: Duration::from_millis(20), ..Patience::default() };
    let dispatcher = Dispatcher::start(channels, &patience);
    dispatcher.offer(&notice()).unwrap();
    tokio::task::block_in_place(|| busy.next());
    let health = loop {
        let health = dispatcher.health();
        if health.iter().all(|h| h.waiting == 0) {
            break health;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!((health[0].sent, health[0].retried, health[0].given_up), (1, 2, 0), "{health:?}");
    assert_eq!((health[1].sent, health[1].retried, health[1].given_up), (0, 0, 1), "{health:?}");
    assert!(health[1].last_error.as_deref().unwrap().contains("550"), "{health:?}");
    assert!(never.quiet());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_goes_to_one_person_and_what_fails_does_not_tell_of_him() {
    let Some(server) = Receiver::start("smtp.py", &[]) else { return };
    let Some(never) = Receiver::start("smtp.py", &["--refuse"]) else { return };
    let letters = |port: u16| Letters::new(&Secret::new(format!("smtp://127.0.0.1:{port}?tls=none")), "Veritrail <audit@example.com>").unwrap();
    let letter = Letter {
        to: "ann@example.com".into(),
        subject: "Another\r\nBcc: eve@example.com".into(),
        lines: vec!["One line.".into()],
        link: "https://veritrail.example.com/password-reset#t0ken".into(),
    };
    letters(server.port).send(&letter).await.unwrap();
    let got = server.next();
    assert_eq!(got["to"], serde_json::json!(["ann@example.com"]));
    let text = got["text"].as_str().unwrap();
    assert!(text.contains("t0ken") && text.contains("Auto-Submitted: auto-generated"), "{text}");
    let error = letters(never.port).send(&letter).await.unwrap_err().to_string();
    assert!(error.contains("550") && !error.contains("ann@") && !error.contains("t0ken"), "{error}");
    let wrong = Letter { to: "no address".into(), ..letter };
    assert!(matches!(letters(server.port).send(&wrong).await, Err(ChannelError::Refused(_))));
}
