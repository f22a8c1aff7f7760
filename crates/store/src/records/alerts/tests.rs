use super::*;
use crate::records::testing::databases;

const RULE: &str = "7e0f0e1c";

fn alert(n: u128, department: u128) -> Alert {
    Alert {
        id: Uuid::from_u128(n),
        rule: RULE.into(),
        severity: Severity::High,
        status: AlertStatus::New,
        actor: Some(Uuid::from_u128(100 + n)),
        source: Uuid::from_u128(7),
        department: Some(Uuid::from_u128(department)),
        person: Some(Uuid::from_u128(200 + n)),
        first: 10,
        last: 20,
        opened: 1_000 + n as i64,
        findings: 1,
        assignee: None,
        verdict: None,
        verdict_by: None,
        verdict_at: None,
        verdict_note: None,
    }
}

fn numbers(alerts: &[Alert]) -> Vec<u128> {
    alerts.iter().map(|a| a.id.as_u128()).collect()
}

#[tokio::test]
async fn lists_counts_and_pages_stay_in_scope() {
    for db in databases().await {
        for (n, department) in [(1, 1), (2, 2), (3, 1), (4, 1)] {
            db.add_alert(&alert(n, department)).await.unwrap();
        }
        let all = AlertQuery { limit: 10, ..AlertQuery::default() };
        assert_eq!(numbers(&db.alerts(&Scope::everything(), &all).await.unwrap()), [4, 3, 2, 1]);
        let lead = Scope::departments([Uuid::from_u128(2)]);
        assert_eq!(numbers(&db.alerts(&lead, &all).await.unwrap()), [2]);
        assert_eq!(db.count_alerts_by_status(&lead, &all).await.unwrap(), [(AlertStatus::New, 1)]);
        assert_eq!(db.count_open_alerts(&lead).await.unwrap(), [(Severity::High, 1)]);
        assert_eq!(db.alert(&lead, Uuid::from_u128(1)).await.unwrap(), None);
        assert_eq!(db.alert(&lead, Uuid::from_u128(2)).await.unwrap(), Some(alert(2, 2)));
        for nobody in [Scope::nothing(), Scope::departments([]), Scope { until: Some(20), ..Scope::everything() }] {
            assert_eq!(db.alerts(&nobody, &all).await.unwrap(), []);
            assert_eq!(db.count_open_alerts(&nobody).await.unwrap(), []);
        }
        let two = AlertQuery { limit: 2, ..AlertQuery::default() };
        let rest = AlertQuery { after: Some((1_003, Uuid::from_u128(3))), ..two.clone() };
        assert_eq!(numbers(&db.alerts(&Scope::everything(), &two).await.unwrap()), [4, 3]);
        assert_eq!(numbers(&db.alerts(&Scope::everything(), &rest).await.unwrap()), [2, 1]);
        let closed = AlertQuery { status: Some(AlertStatus::Closed), ..all.clone() };
        assert_eq!(numbers(&db.alerts(&Scope::everything(), &closed).await.unwrap()), [0; 0]);
    }
}

#[tokio::test]
async fn one_open_alert_per_rule_actor_and_source() {
    for db in databases().await {
        let first = alert(1, 1);
        db.add_alert(&first).await.unwrap();
        let second = Alert { actor: first.actor, ..alert(2, 1) };
        assert!(matches!(db.add_alert(&second).await, Err(StoreError::Conflict(_))));
        let closed = Alert { status: AlertStatus::Closed, verdict: Some(Verdict::Noise), verdict_note: Some("a test".into()), ..first.clone() };
        db.change_alert(&closed).await.unwrap();
        assert_eq!(db.open_alert(RULE, first.actor, first.source).await.unwrap(), None);
        db.add_alert(&second).await.unwrap();
        assert_eq!(db.open_alert(RULE, first.actor, first.source).await.unwrap(), Some(second));
        assert!(matches!(db.change_alert(&first).await, Err(StoreError::Conflict(_))), "reopening would make two");
        assert_eq!(db.alert(&Scope::everything(), first.id).await.unwrap(), Some(closed));
        let nobody = Alert { actor: None, ..alert(3, 1) };
        db.add_alert(&nobody).await.unwrap();
        assert_eq!(db.open_alert(RULE, None, nobody.source).await.unwrap(), Some(nobody));
    }
}

#[tokio::test]
async fn a_finding_is_in_one_alert_and_a_superseded_one_does_not_count() {
    for db in databases().await {
        let (a, b) = (alert(1, 1), alert(2, 1));
        db.add_alert(&a).await.unwrap();
        db.add_alert(&b).await.unwrap();
        let (old, new) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert!(db.add_alert_finding(a.id, old).await.unwrap());
        assert!(!db.add_alert_finding(b.id, old).await.unwrap());
        assert!(db.add_alert_finding(a.id, new).await.unwrap());
        assert_eq!(db.count_alert_findings(a.id).await.unwrap(), 2);
        db.supersede_alert_finding(old, new).await.unwrap();
        assert_eq!(db.count_alert_findings(a.id).await.unwrap(), 1);
        assert_eq!(db.alert_of_finding(old).await.unwrap(), Some(a.id));
        let listed = db.alert_findings(a.id, 10).await.unwrap();
        assert_eq!(listed[0], AlertFinding { finding: old, superseded_by: Some(new) });
        assert_eq!(db.alert_facts(a.id).await.unwrap(), Map::new());
        let facts = serde_json::json!({"observed": 14}).as_object().unwrap().clone();
        db.put_alert_facts(a.id, &facts).await.unwrap();
        assert_eq!(db.alert_facts(a.id).await.unwrap(), facts);
        for what in ["opened", "status:closed"] {
            db.note_alert(&AlertNote { alert: a.id, at: 5, member: None, what: what.into() }).await.unwrap();
        }
        assert_eq!(db.alert_history(a.id, 10).await.unwrap().iter().map(|n| n.what.as_str()).collect::<Vec<_>>(), ["opened", "status:closed"]);
    }
}
