//! Webhooks against a real HTTP receiver that checks signatures with the reference library.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod notice;

use channels::{Channel, ChannelError, Dispatcher, Patience, Secret, Webhook, WebhookConfig};
use notice::notice;
use std::sync::Arc;
use std::time::Duration;
use testkit::Receiver;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=";
const OTHER: &str = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

fn webhook(url: String, secrets: &[&str], allow_private: bool) -> Webhook {
    Webhook::new(&WebhookConfig { url: Secret::new(url), secrets: secrets.iter().map(|s| Secret::new(*s)).collect(), allow_private }).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_reference_library_accepts_the_signature() {
    let Some(server) = Receiver::start("webhook.py", &[SECRET]) else { return };
    let channel = webhook(format!("http://127.0.0.1:{}/hooks/t0ken", server.port), &[SECRET], true);
    channel.send(&notice()).await.unwrap();
    let got = server.next();
    assert_eq!(got["verified"], true, "{got}");
    assert_eq!((got["path"].as_str(), got["id"].as_str()), (Some("/hooks/t0ken"), Some("msg_01900000000070008000000000000001")));
    assert_eq!((got["body"]["type"].as_str(), got["body"]["timestamp"].as_str()), (Some("alert.opened"), Some("2026-03-02T09:00:00.000000Z")));
    assert_eq!((got["body"]["data"]["severity"].as_str(), got["body"]["data"]["detail"]["observed"].as_u64()), (Some("high"), Some(12)));
    // While one secret replaces the other, holders of either can check.
    webhook(format!("http://localhost:{}/", server.port), &[OTHER, SECRET], true).send(&notice()).await.unwrap();
    assert_eq!(server.next()["verified"], true);
    webhook(format!("http://127.0.0.1:{}/", server.port), &[OTHER], true).send(&notice()).await.unwrap();
    assert_ne!(server.next()["verified"], true);
    let debug = format!("{channel:?}");
    assert!(!debug.contains("t0ken") && !debug.contains("MfKQ"), "{debug}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inner_addresses_are_refused_before_anything_is_sent() {
    let Some(server) = Receiver::start("webhook.py", &[SECRET]) else { return };
    for host in ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "10.0.0.1", "169.254.169.254"] {
        let error = webhook(format!("https://{host}:{}/", server.port), &[SECRET], false).send(&notice()).await.unwrap_err();
        assert!(matches!(&error, ChannelError::Refused(why) if why.contains("may not be reached")), "{host}: {error:?}");
    }
    let error = webhook("http://169.254.169.254/latest".into(), &[SECRET], true).send(&notice()).await.unwrap_err();
    assert!(matches!(error, ChannelError::Refused(_)), "{error:?}");
    assert!(server.quiet());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redirects_are_not_followed() {
    let Some(server) = Receiver::start("webhook.py", &[SECRET, "--redirect"]) else { return };
    let error = webhook(format!("http://127.0.0.1:{}/hooks/t0ken", server.port), &[SECRET], true).send(&notice()).await.unwrap_err();
    assert!(matches!(&error, ChannelError::Refused(why) if why.contains("302") && !why.contains("t0ken")), "{error:?}");
    assert_eq!(server.next()["path"], "/hooks/t0ken");
    assert!(server.quiet());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_is_down_is_tried_again_with_the_same_id() {
    let Some(server) = Receiver::start("webhook.py", &[SECRET, "--fail-first", "2"]) else { return };
    let channel: Arc<dyn Channel> = Arc::new(webhook(format!("http://127.0.0.1:{}/", server.port), &[SECRET], true));
    let dispatcher = Dispatcher::start(vec![channel], &Patience { first_wait: Duration::from_millis(20), ..Patience::default() });
    dispatcher.offer(&notice()).unwrap();
    let tries = [server.next(), server.next(), server.next()];
    assert_eq!(tries.iter().map(|t| t["status"].as_u64().unwrap()).collect::<Vec<_>>(), [503, 503, 204]);
    assert!(tries.iter().all(|t| t["id"] == tries[0]["id"] && t["verified"] == true));
    assert_eq!(dispatcher.finish(Duration::from_secs(5)).await, 0);
    assert!(server.quiet());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_says_so_and_a_dead_receiver_is_given_up() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let channel: Arc<dyn Channel> = Arc::new(webhook(format!("http://127.0.0.1:{port}/hooks/t0ken"), &[SECRET], true));
    let patience = Patience { queue: 2, attempts: 3, first_wait: Duration::from_millis(200), longest_wait: Duration::from_millis(200) };
    let dispatcher = Dispatcher::start(vec![channel], &patience);
    let offers: Vec<_> = (0..6).map(|_| dispatcher.offer(&notice()).is_ok()).collect();
    assert!(offers.contains(&false), "{offers:?}");
    let taken = offers.iter().filter(|taken| **taken).count() as u64;
    while dispatcher.health()[0].waiting > 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let health = &dispatcher.health()[0];
    assert_eq!((health.sent, health.given_up, health.retried, health.turned_away), (0, taken, 2 * taken, 6 - taken), "{health:?}");
    assert!(!health.last_error.as_deref().unwrap().contains("t0ken"), "{health:?}");
}

#[test]
fn a_bad_configuration_says_what_to_write() {
    let check = |url: &str, secret: &str, allow: bool, expect: &str| {
        let config = WebhookConfig { url: Secret::new(url), secrets: vec![Secret::new(secret)], allow_private: allow };
        let error = Webhook::new(&config).unwrap_err().to_string();
        assert!(error.contains(expect) && !error.contains("hidden"), "{error}");
        assert!(!format!("{config:?}").contains("hidden"));
    };
    check("http://example.com/hidden", SECRET, false, "https://");
    check("ftp://example.com/hidden", SECRET, true, "must begin with https://");
    check("https://u:hidden@example.com/", SECRET, false, "user or password");
    check("https://example.com/", "hidden", false, "whsec_");
    check("https://example.com/", "whsec_aGlkZGVu", false, "24 to 64");
}
