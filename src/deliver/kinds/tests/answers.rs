//! What each tool answers, and what we make of it.

use std::time::Duration;

use super::*;
use crate::deliver::schedule::Answer;
use crate::net::Headers;

fn hear(
    kind: &DestinationKind,
    step: &Step,
    status: u16,
    headers: &[(&str, &str)],
    body: &str,
) -> Heard {
    let headers: Headers = headers.iter().copied().collect();
    heard(kind, step, status, &headers, body.as_bytes(), now())
}

fn status(status: u16, retry_after: Option<u64>) -> Answer {
    Answer::Status {
        status,
        retry_after: retry_after.map(Duration::from_secs),
    }
}

#[track_caller]
fn check(kind: &DestinationKind, http: u16, body: &str, expected: Answer) {
    let heard = hear(kind, &Step::Post, http, &[], body);
    assert_eq!(heard.answer, expected, "{body}: {:?}", heard.why);
    let is_taken = matches!(
        expected,
        Answer::Status {
            status: 200..=299,
            ..
        }
    );
    assert_eq!(heard.why.is_none(), is_taken);
}

#[test]
fn slack_says_ok_false_with_status_200() {
    let slack = bot();
    let sent = hear(
        &slack,
        &Step::Post,
        200,
        &[],
        r#"{"ok":true,"channel":"C1","ts":"1.2"}"#,
    );
    assert_eq!(
        (sent.message.as_deref(), sent.place.as_deref()),
        (Some("1.2"), Some("C1"))
    );
    check(
        &slack,
        200,
        r#"{"ok":true,"channel":"C1","ts":"1.2"}"#,
        status(200, None),
    );
    check(
        &slack,
        200,
        r#"{"ok":false,"error":"invalid_auth"}"#,
        status(403, None),
    );
    check(
        &slack,
        200,
        r#"{"ok":false,"error":"channel_not_found"}"#,
        status(403, None),
    );
    check(
        &slack,
        200,
        r#"{"ok":false,"error":"invalid_blocks"}"#,
        Answer::Refused,
    );
    check(
        &slack,
        200,
        r#"{"ok":false,"error":"fatal_error"}"#,
        status(503, None),
    );
    check(&slack, 200, "<html>proxy</html>", status(503, None));
    check(&slack, 500, "", status(500, None));
    let busy = hear(
        &slack,
        &Step::Post,
        429,
        &[("retry-after", "30")],
        r#"{"ok":false,"error":"ratelimited"}"#,
    );
    assert_eq!(busy.answer, status(429, Some(30)));
    let edit = Step::Edit(posted("1.2", None));
    assert!(
        hear(
            &slack,
            &edit,
            200,
            &[],
            r#"{"ok":false,"error":"message_not_found"}"#
        )
        .is_lost
    );
    let webhook = DestinationKind::Slack(Slack::default());
    check(&webhook, 200, "ok", status(200, None));
    check(&webhook, 400, "invalid_payload", Answer::Refused);
    check(&webhook, 403, "action_prohibited", status(403, None));
    check(&webhook, 410, "channel_is_archived", status(410, None));
}

#[test]
fn discord_names_the_message_and_its_buckets() {
    let discord = DestinationKind::Discord;
    let sent = hear(
        &discord,
        &Step::Post,
        200,
        &[
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset-after", "1.5"),
        ],
        r#"{"id":"99"}"#,
    );
    assert_eq!(sent.message.as_deref(), Some("99"));
    let busy = hear(
        &discord,
        &Step::Post,
        429,
        &[("retry-after", "1")],
        r#"{"message":"You are being rate limited.","retry_after":64.57,"global":false}"#,
    );
    let Answer::Status {
        status: 429,
        retry_after: Some(wait),
    } = busy.answer
    else {
        panic!("{busy:?}");
    };
    assert_eq!(wait.as_millis(), 64_570);
    let edit = Step::Edit(posted("99", None));
    assert!(
        hear(
            &discord,
            &edit,
            404,
            &[],
            r#"{"message":"Unknown Message","code":10008}"#
        )
        .is_lost
    );
    check(
        &discord,
        404,
        r#"{"message":"Unknown Webhook","code":10015}"#,
        status(410, None),
    );
    check(
        &discord,
        400,
        r#"{"message":"Invalid Form Body","code":50035}"#,
        Answer::Refused,
    );
    check(&discord, 204, "", status(200, None));
}

#[test]
fn telegram_says_everything_in_its_body() {
    let telegram = telegram_bot();
    let sent = hear(
        &telegram,
        &Step::Post,
        200,
        &[],
        r#"{"ok":true,"result":{"message_id":7,"chat":{"id":-100}}}"#,
    );
    assert_eq!(
        (sent.message.as_deref(), sent.place.as_deref()),
        (Some("7"), Some("-100"))
    );
    let busy = r#"{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 90","parameters":{"retry_after":90}}"#;
    check(&telegram, 429, busy, status(429, Some(90)));
    let said = |text: &str| {
        format!(r#"{{"ok":false,"error_code":400,"description":"Bad Request: {text}"}}"#)
    };
    check(
        &telegram,
        400,
        &said("message is not modified: same"),
        status(200, None),
    );
    check(&telegram, 400, &said("chat not found"), status(403, None));
    check(
        &telegram,
        400,
        &said("can't parse entities"),
        Answer::Refused,
    );
    let edit = Step::Edit(posted("7", None));
    assert!(
        hear(
            &telegram,
            &edit,
            400,
            &[],
            &said("message to edit not found")
        )
        .is_lost
    );
    check(
        &telegram,
        401,
        r#"{"ok":false,"error_code":401,"description":"Unauthorized"}"#,
        status(401, None),
    );
    check(&telegram, 200, "<html>", status(502, None));
}

#[test]
fn the_others_say_it_with_their_status() {
    let teams = DestinationKind::Teams;
    check(&teams, 202, "", status(202, None));
    check(&teams, 413, "", Answer::Refused);
    check(
        &teams,
        200,
        "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429",
        status(429, None),
    );
    check(
        &DestinationKind::Mattermost,
        400,
        r#"{"message":"Unable to parse"}"#,
        Answer::Refused,
    );
    check(
        &DestinationKind::GoogleChat,
        200,
        r#"{"name":"spaces/x/messages/y"}"#,
        status(200, None),
    );
    check(&DestinationKind::GoogleChat, 404, "{}", status(404, None));
    check(
        &DestinationKind::Ntfy { token: None },
        507,
        "",
        status(507, None),
    );
    let (_, pagerduty, _) = chat_kinds().pop().expect("pagerduty is last");
    check(
        &pagerduty,
        202,
        r#"{"status":"success"}"#,
        status(202, None),
    );
    check(
        &pagerduty,
        400,
        r#"{"status":"invalid event"}"#,
        Answer::Refused,
    );
    // A receiver of one's own may be mended, so it is tried again.
    check(&DestinationKind::Generic, 400, "", status(400, None));
    assert_eq!(Heard::of_mail(554).answer, Answer::Refused);
    assert_eq!(Heard::of_mail(535).answer, status(401, None));
    assert_eq!(Heard::of_mail(451).answer, status(503, None));
}
