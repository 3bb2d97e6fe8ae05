//! What the API and the buttons do, and how they refuse.

use std::collections::HashSet;

use axum::http::StatusCode;
use chrono::TimeDelta;
use serde_json::json;

use super::House;
use crate::domain::{Label, SourceName};
use crate::store::DeliveryFilter;
use crate::web::control::{Command, PollReport, TestReport};
use crate::web::sample;

#[tokio::test]
async fn acting_on_a_case_tells_everybody_once() {
    let mut house = House::new();
    house.store(&sample::mention("m1"));
    let mut alerts = house.state.alerts.subscribe();
    let body = json!({ "note": "answered in the thread", "by": "cli" }).to_string();
    let acted = house.post("/api/v1/cases/m1/done", &body).await.json();
    assert_eq!(acted["changed"], true);
    assert_eq!(acted["mention"]["case"]["state"], "replied");
    assert_eq!(
        acted["mention"]["case"]["history"][0]["note"],
        "answered in the thread"
    );
    assert_eq!(acted["mention"]["case"]["history"][0]["by"], "cli");
    let event = alerts.try_recv().expect("the live pages hear of it");
    assert_eq!(acted["events"], json!([event.id]));
    assert!(matches!(house.inbox.try_recv(), Ok(Command::Wake)));
    let stored = house
        .state
        .store
        .event(&event.id)
        .expect("a readable store")
        .expect("stored");
    assert_eq!(stored, *event);
    let body: serde_json::Value = serde_json::from_str(&stored.body).expect("JSON");
    assert_eq!(body["type"], "case.replied");
    assert_eq!(body["data"]["case"]["state"], "replied");
    assert_eq!(body["data"]["mention"]["id"], "m1");
    let n_deliveries = house
        .state
        .store
        .deliveries_newest_first(&DeliveryFilter::default())
        .count();
    assert_eq!(n_deliveries, 2, "the alert and the reply");

    let again = house.post("/api/v1/cases/m1/done", "").await.json();
    assert_eq!(
        (&again["changed"], &again["events"]),
        (&json!(false), &json!([]))
    );
    assert!(alerts.try_recv().is_err() && house.inbox.try_recv().is_err());
}

#[tokio::test]
async fn a_button_leads_back_and_offers_to_undo() {
    let house = House::new();
    house.store(&sample::mention("m1"));
    let headers = [
        ("authorization", "Bearer local-token"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let pressed = house
        .ask(
            "POST",
            "/mentions/m1/dismiss",
            &headers,
            "back=%2Fmentions%3Fq%3Dacme",
        )
        .await;
    assert_eq!(
        pressed.header("location"),
        "/mentions?q=acme&did=dismiss&to=m1"
    );
    let page = house.get("/?did=dismiss&to=m1").await.text;
    assert!(page.contains("Dismissed.") && page.contains("action=\"/mentions/m1/reopen\""));
    assert!(!page.contains("data-mention=\"m1\""), "it waits no more");
    assert!(
        house
            .get("/done")
            .await
            .text
            .contains("data-mention=\"m1\"")
    );
    let made_up = house.get("/?did=done&to=m1").await.text;
    assert!(
        !made_up.contains("class=\"flash\""),
        "nothing of the kind was done"
    );
    house.ask("POST", "/mentions/m1/reopen", &headers, "").await;
    assert!(house.get("/").await.text.contains("data-mention=\"m1\""));
}

#[tokio::test]
async fn pages_of_results_hold_every_mention_once() {
    let house = House::new();
    for number in 0..25 {
        let mut mention = sample::mention(&format!("m{number:02}"));
        mention.seen_at -= TimeDelta::minutes(i64::from(number / 20));
        house.store(&mention);
    }
    let mut seen = HashSet::new();
    let mut address = "/api/v1/mentions?limit=10&q=acme".to_owned();
    let mut n_pages = 0;
    loop {
        let page = house.get(&address).await.json();
        n_pages += 1;
        for mention in page["mentions"].as_array().expect("a list") {
            assert!(
                seen.insert(mention["id"].to_string()),
                "twice: {}",
                mention["id"]
            );
        }
        let Some(next) = page["next"].as_str() else {
            break;
        };
        address = format!("/api/v1/mentions?limit=10&q=acme&cursor={next}");
    }
    assert_eq!((seen.len(), n_pages), (25, 3));
}

#[tokio::test]
async fn filters_of_the_api() {
    let house = House::new();
    house.store(&sample::mention("m1"));
    let mut other = sample::mention("m2");
    other.item.lang = Some("tr-TR".to_owned());
    other.source = SourceName::new("shop");
    other.sentiment.label = Label::Unsure;
    (other.flag, other.case) = (None, None);
    other.seen_at -= TimeDelta::days(3);
    house.store(&other);
    for (query, expected) in [
        ("", vec!["m1", "m2"]),
        ("brand=ACME", vec!["m1", "m2"]),
        ("brand=Globex", vec![]),
        ("source=shop", vec!["m2"]),
        ("verdict=negative", vec!["m1"]),
        ("lang=tr", vec!["m2"]),
        ("flagged=false", vec!["m2"]),
        ("flagged=true", vec!["m1"]),
        ("since=1d", vec!["m1"]),
        ("until=1d", vec!["m2"]),
        ("q=is%3Aflagged", vec!["m1"]),
        ("limit=1", vec!["m1"]),
    ] {
        let page = house.get(&format!("/api/v1/mentions?{query}")).await.json();
        let ids: Vec<&str> = page["mentions"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|mention| mention["id"].as_str())
            .collect();
        assert_eq!(ids, expected, "{query}");
    }
    assert!(
        house
            .get("/to-check")
            .await
            .text
            .contains("data-mention=\"m2\"")
    );
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let house = House::new();
    house.store(&sample::mention("m11"));
    house.store(&sample::mention("m12"));
    let mut unflagged = sample::mention("x1");
    (unflagged.flag, unflagged.case) = (None, None);
    house.store(&unflagged);
    let long_note = json!({ "note": "x".repeat(3_000) }).to_string();
    for (method, path, body, status, kind) in [
        ("GET", "/api/v1/mentions?q=%22open", "", 400, "bad_request"),
        ("GET", "/api/v1/mentions?limit=0", "", 400, "bad_request"),
        (
            "GET",
            "/api/v1/mentions?since=yesterday",
            "",
            400,
            "bad_request",
        ),
        (
            "GET",
            "/api/v1/mentions?verdict=bad",
            "",
            400,
            "bad_request",
        ),
        ("GET", "/api/v1/mentions?cursor=x", "", 400, "bad_request"),
        ("GET", "/api/v1/mentions?colour=red", "", 400, "bad_request"),
        ("GET", "/api/v1/mentions/zzz", "", 404, "not_found"),
        ("GET", "/api/v1/mentions/m1", "", 409, "conflict"),
        ("GET", "/api/v1/cases?state=lost", "", 400, "bad_request"),
        (
            "GET",
            "/api/v1/deliveries?state=lost",
            "",
            400,
            "bad_request",
        ),
        ("GET", "/api/v1/deliveries/zzz", "", 404, "not_found"),
        ("GET", "/api/v1/nothing", "", 404, "not_found"),
        ("POST", "/api/v1/mentions", "", 405, "wrong_method"),
        ("GET", "/api/v1/reload", "", 405, "wrong_method"),
        ("POST", "/api/v1/cases/x1/done", "", 409, "conflict"),
        ("POST", "/api/v1/cases/m11/burn", "", 404, "not_found"),
        ("POST", "/api/v1/cases/m11/done", "{", 400, "bad_request"),
        (
            "POST",
            "/api/v1/cases/m11/done",
            "{\"colour\":1}",
            400,
            "bad_request",
        ),
        (
            "POST",
            "/api/v1/cases/m11/done",
            "{\"by\":\" \"}",
            400,
            "bad_request",
        ),
        (
            "POST",
            "/api/v1/cases/m11/done",
            &long_note,
            400,
            "bad_request",
        ),
        ("POST", "/api/v1/sources/none/poll", "", 404, "not_found"),
        ("POST", "/api/v1/webhooks/none/test", "", 404, "not_found"),
    ] {
        let answer = if method == "GET" {
            house.get(path).await
        } else {
            house.post(path, body).await
        };
        assert_eq!(
            answer.status.as_u16(),
            status,
            "{method} {path} {}",
            answer.text
        );
        let error = &answer.json()["error"];
        assert_eq!(error["kind"], kind, "{path}");
        for field in ["message", "mend"] {
            assert!(
                !error[field].as_str().expect("text").is_empty(),
                "{path} {field}"
            );
        }
    }
    let large = format!("{{\"note\":\"{}\"}}", "x".repeat(100_000));
    let answer = house.post("/api/v1/cases/m11/done", &large).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn the_daemon_answers_through_the_api() {
    let mut house = House::new();
    let mut inbox = std::mem::replace(&mut house.inbox, tokio::sync::mpsc::channel(1).1);
    let worker = tokio::spawn(async move {
        let mut n_served = 0;
        while let Some(command) = inbox.recv().await {
            n_served += 1;
            match command {
                Command::PollSource {
                    name,
                    dry_run,
                    reply,
                } => {
                    let report = PollReport {
                        n_new: 2,
                        unchanged: dry_run,
                        ..PollReport::default()
                    };
                    assert_eq!(name.as_str(), "mastodon");
                    let _ = reply.send(Ok(report));
                }
                Command::Reload { reply } => {
                    let _ = reply.send(Err("hearken.toml:3: unknown key".to_owned()));
                }
                Command::TestWebhook { reply, .. } => {
                    let _ = reply.send(Ok(TestReport {
                        ok: true,
                        status: Some(204),
                        ..TestReport::default()
                    }));
                    return n_served;
                }
                Command::Push { .. } | Command::Correct { .. } | Command::Wake => (),
            }
        }
        n_served
    });
    let report = house
        .post("/api/v1/sources/mastodon/poll?dry_run=true", "")
        .await
        .json();
    assert_eq!(
        (&report["n_new"], &report["unchanged"]),
        (&json!(2), &json!(true))
    );
    let reload = house.post("/api/v1/reload", "").await;
    assert_eq!(reload.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        reload.json()["error"]["message"]
            .as_str()
            .expect("text")
            .contains("hearken.toml:3")
    );
    assert_eq!(
        house.post("/api/v1/webhooks/chat/test", "").await.json()["status"],
        204
    );
    assert_eq!(worker.await.expect("it ends well"), 3);
    let nobody = house.post("/api/v1/reload", "").await;
    assert_eq!(nobody.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(nobody.json()["error"]["kind"], "no_daemon");
}

#[tokio::test]
async fn a_new_sign_in_link_is_for_a_quarter_of_an_hour() {
    let house = House::new();
    let link = house.post("/api/v1/sign-in-links", "").await.json();
    assert_eq!(link["expires_at"], "2026-03-02T10:15:00Z");
    let url = link["url"].as_str().expect("text");
    assert!(
        url.starts_with("http://127.0.0.1:8080/sign-in?token="),
        "{url}"
    );
}

#[tokio::test]
async fn secrets_are_shown_nowhere() {
    let house = House::new();
    house.store(&sample::mention("m1"));
    for path in super::PAGES.into_iter().chain(super::API_PAGES) {
        assert!(
            !house.get(path).await.text.contains("secret-path"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn figures_for_prometheus() {
    let house = House::with(|site| site.model = "a\"b\\c\nd".to_owned());
    house.store(&sample::mention("m1"));
    let text = house.get("/metrics").await.text;
    for line in [
        "hearken_build_info{version=\"0.1.0\",model=\"a\\\"b\\\\c\\nd\"} 1",
        "hearken_mentions{verdict=\"negative\"} 1",
        "hearken_mentions_flagged 1",
        "hearken_cases_waiting 1",
        "hearken_cases_overdue 0",
        "hearken_deliveries_last_day{state=\"due\"} 1",
        "hearken_source_failures{source=\"mastodon\"} 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
    }
}

#[tokio::test]
async fn a_command_asks_without_a_server() {
    let house = House::new();
    house.store(&sample::mention("m1"));
    let asked = |token| crate::web::ask(&house.router, "GET", "/api/v1/mentions/m1", token, None);
    let (status, body) = asked(super::LOCAL).await.expect("a valid request");
    assert_eq!(status, 200);
    assert!(
        body.starts_with(b"{\"definition\""),
        "the fields stand in their order"
    );
    let (status, _) = asked("wrong").await.expect("a valid request");
    assert_eq!(status, 401);
}
