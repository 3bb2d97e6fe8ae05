//! Buttons pressed in chat tools: signed, acted upon once, and nothing else.

use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use super::*;
use crate::domain::{CaseState, MentionId, Slack, Telegram};

const SIGNING_SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
const SECRET_TOKEN: &str = "a-secret-token";
const SLACK: &str = "/api/v1/hooks/slack/support";
const TELEGRAM: &str = "/api/v1/hooks/telegram/group";

/// A house whose two chat tools have buttons, and one that has none.
fn house() -> House {
    let house = House::with(|site| {
        let chat = site.destinations[0].clone();
        let of = |name: &str, kind: DestinationKind| Destination {
            name: name.to_owned(),
            kind,
            ..chat.clone()
        };
        let slack = Slack {
            bot: None,
            signing_secret: Some(Secret::new(SIGNING_SECRET)),
        };
        let telegram = Telegram {
            token: Secret::new("42:token"),
            chat_id: "-100".to_owned(),
            secret_token: Some(Secret::new(SECRET_TOKEN)),
        };
        site.destinations.extend([
            of("support", DestinationKind::Slack(slack)),
            of("silent", DestinationKind::Slack(Slack::default())),
            of("group", DestinationKind::Telegram(telegram)),
        ]);
    });
    house.store(&sample::mention("m1"));
    house
}

fn state_of(house: &House) -> (CaseState, Option<String>) {
    let mention = house.state.store.mention(&MentionId::new("m1"));
    let mention = mention.expect("the store works").expect("it is stored");
    let case = mention.case.expect("it has a case");
    (case.state, case.assignee)
}

fn pressed(action: &str) -> String {
    let payload = serde_json::json!({
        "type": "block_actions",
        "user": {"id": "U1", "username": "ayse"},
        "actions": [{"action_id": action, "value": "m1"}],
    });
    url::form_urlencoded::Serializer::new(String::new())
        .append_pair("payload", &payload.to_string())
        .finish()
}

async fn press_slack(house: &House, path: &str, body: &str, secret: &str, secs_ago: i64) -> Answer {
    let timestamp = (sample::now().timestamp() - secs_ago).to_string();
    let mut hmac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any key");
    hmac.update(format!("v0:{timestamp}:{body}").as_bytes());
    let digest = hmac.finalize().into_bytes();
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("x-slack-request-timestamp", timestamp.as_str()),
        ("x-slack-signature", &format!("v0={hex}")),
    ];
    house.ask("POST", path, &headers, body).await
}

#[tokio::test]
async fn a_button_in_slack_claims_and_dismisses() {
    let house = house();
    let answer = press_slack(&house, SLACK, &pressed("claim"), SIGNING_SECRET, 1).await;
    assert_eq!((answer.status, answer.text.as_str()), (StatusCode::OK, ""));
    let claimed = (CaseState::Claimed, Some("ayse (Slack)".to_owned()));
    assert_eq!(state_of(&house), claimed);
    let answer = press_slack(&house, SLACK, &pressed("dismiss"), SIGNING_SECRET, 2).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(state_of(&house).0, CaseState::Dismissed);
    // The case is opened again; what was recorded on the way does not dismiss it once more.
    house.post("/api/v1/cases/m1/reopen", "").await;
    let answer = press_slack(&house, SLACK, &pressed("dismiss"), SIGNING_SECRET, 2).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(state_of(&house).0, CaseState::Open);
}

#[tokio::test]
async fn nobody_else_can_press_a_slack_button() {
    let house = house();
    let body = pressed("claim");
    for (path, secret, secs_ago) in [
        (SLACK, "another secret", 0),
        (SLACK, SIGNING_SECRET, 301),
        (SLACK, SIGNING_SECRET, -301),
        ("/api/v1/hooks/slack/silent", "", 0),
        ("/api/v1/hooks/slack/chat", SIGNING_SECRET, 0),
        ("/api/v1/hooks/slack/nobody", SIGNING_SECRET, 0),
        ("/api/v1/hooks/slack/group", SECRET_TOKEN, 0),
    ] {
        let answer = press_slack(&house, path, &body, secret, secs_ago).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path} {secs_ago}");
    }
    let answer = house.ask("POST", SLACK, &[], &body).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(state_of(&house).0, CaseState::Open);
    let answer = press_slack(&house, SLACK, "payload=nonsense", SIGNING_SECRET, 0).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let answer = press_slack(&house, SLACK, &pressed("reopen"), SIGNING_SECRET, 0).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}

async fn press_telegram(house: &House, id: i64, data: &str, token: &str) -> Answer {
    let update = serde_json::json!({
        "update_id": id,
        "callback_query": {
            "id": "cb1", "from": {"id": 7, "first_name": "Ayşe"}, "data": data,
        },
    });
    let headers = [
        ("content-type", "application/json"),
        ("x-telegram-bot-api-secret-token", token),
    ];
    house
        .ask("POST", TELEGRAM, &headers, &update.to_string())
        .await
}

#[tokio::test]
async fn a_button_in_telegram_claims_once_and_says_so() {
    let house = house();
    let answer = press_telegram(&house, 1, "claim:m1", "wrong").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let answer = press_telegram(&house, 1, "claim:m1", SECRET_TOKEN).await;
    assert_eq!(answer.json()["method"], "answerCallbackQuery");
    assert_eq!(answer.json()["text"], "The case is yours.");
    let claimed = (CaseState::Claimed, Some("Ayşe (Telegram)".to_owned()));
    assert_eq!(state_of(&house), claimed);
    house.post("/api/v1/cases/m1/reopen", "").await;
    let answer = press_telegram(&house, 1, "claim:m1", SECRET_TOKEN).await;
    assert_eq!((answer.status, answer.text.as_str()), (StatusCode::OK, ""));
    assert_eq!(state_of(&house).0, CaseState::Open);
    let answer = press_telegram(&house, 2, "dismiss:nothing", SECRET_TOKEN).await;
    assert_eq!(answer.status, StatusCode::OK, "whoever pressed is told");
    let answer = press_telegram(&house, 3, "drop table", SECRET_TOKEN).await;
    assert_eq!(answer.status, StatusCode::OK);
}
