//! Snapshots of what each tool is sent, and where it is sent.

use super::*;

#[test]
fn a_flagged_mention_in_every_tool() {
    for (name, kind, url) in chat_kinds() {
        insta::assert_json_snapshot!(format!("flagged_{name}"), body_for(kind, url, &flagged()));
    }
    let mail = mail_of(&flagged(), &Step::Post);
    insta::assert_snapshot!(
        "flagged_email_text",
        format!("{}\n\n{}", mail.subject, mail.text)
    );
    insta::assert_snapshot!("flagged_email_html", mail.html);
}

#[test]
fn a_dismissed_case_has_no_deadline_and_no_buttons() {
    let body = body_for(bot(), "https://slack.com/api", &dismissed()).to_string();
    assert!(body.contains("dismissed by Jane: not us"), "{body}");
    assert!(
        !body.contains("Answer by") && !body.contains("actions"),
        "{body}"
    );
    let (_, kind, url) = chat_kinds().pop().expect("pagerduty is last");
    assert_eq!(body_for(kind, url, &dismissed())["event_action"], "resolve");
}

#[test]
fn a_test_and_a_digest_in_every_tool() {
    let test = Event::new(
        EventId::new("evt_test"),
        EventType::Test,
        now(),
        json!({"message": "A test. Nothing happened."}),
    );
    let entry = |event: &Event| {
        let mut entry: Json = serde_json::from_str(&event.body).expect("JSON");
        entry["id"] = event.id.as_str().into();
        entry
    };
    // The event type of digests need not exist for one to be told.
    let mut digest = Event::new(
        EventId::new("evt_digest"),
        EventType::Test,
        now(),
        Json::Null,
    );
    let data = json!({"digest": {
        "headline": "2 flagged mentions", "n_events": 9,
        "events": [entry(&flagged()), entry(&test)],
    }});
    digest.body = json!({"type": "digest", "data": data}).to_string();
    let told = Message::told_as("digest", &digest, Some(PAGE));
    assert_eq!(told.lines.len(), 2);
    assert_eq!(told.facts[0].value.plain(), "7 more");
    insta::assert_debug_snapshot!("digest_message", told);
    for (name, kind, url) in chat_kinds() {
        insta::assert_json_snapshot!(format!("test_{name}"), body_for(kind.clone(), url, &test));
        let call = call(&destination(kind, url), &told, &Step::Post).expect("an address");
        let body: Json = serde_json::from_slice(&call.body).expect("JSON");
        insta::assert_json_snapshot!(format!("digest_{name}"), body);
    }
}

#[test]
fn without_an_address_of_the_page_only_the_post_is_linked() {
    let message = Message::of(&flagged(), None, None);
    let labels: Vec<&str> = message.links.iter().map(|link| link.label).collect();
    assert_eq!(labels, ["Open the post"]);
    let message = Message::of(&flagged(), Some(PAGE), None);
    let labels: Vec<&str> = message.links.iter().map(|link| link.label).collect();
    assert_eq!(labels, ["Open the post", "Open the case"]);
}

#[track_caller]
fn check_call(kind: DestinationKind, url: &str, step: &Step, expected: &str) -> Json {
    let call = call_of(kind, url, &flagged(), step);
    assert_eq!(format!("{:?} {}", call.method, call.url), expected);
    serde_json::from_slice(&call.body).expect("JSON")
}

#[test]
fn messages_are_posted_edited_and_followed_where_each_tool_wants_it() {
    let edit = Step::Edit(posted("17", Some("C9")));
    let reply = Step::Reply(posted("17", Some("C9")));
    let slack = "https://slack.com/api";
    let body = check_call(
        bot(),
        slack,
        &Step::Post,
        "Post https://slack.com/api/chat.postMessage",
    );
    assert_eq!(body["channel"], "#support");
    let body = check_call(
        bot(),
        slack,
        &edit,
        "Post https://slack.com/api/chat.update",
    );
    assert_eq!(
        (body["channel"].as_str(), body["ts"].as_str()),
        (Some("C9"), Some("17"))
    );
    let body = check_call(
        bot(),
        slack,
        &reply,
        "Post https://slack.com/api/chat.postMessage",
    );
    assert_eq!(body["thread_ts"], "17");
    let hook = "https://discord.example/api/webhooks/1/t?thread_id=5";
    check_call(
        DestinationKind::Discord,
        hook,
        &Step::Post,
        "Post https://discord.example/api/webhooks/1/t?thread_id=5&wait=true",
    );
    check_call(
        DestinationKind::Discord,
        hook,
        &edit,
        "Patch https://discord.example/api/webhooks/1/t/messages/17?thread_id=5",
    );
    let api = "http://127.0.0.1:9/";
    check_call(
        telegram_bot(),
        api,
        &Step::Post,
        "Post http://127.0.0.1:9/bot42:very-secret/sendMessage",
    );
    let body = check_call(
        telegram_bot(),
        api,
        &edit,
        "Post http://127.0.0.1:9/bot42:very-secret/editMessageText",
    );
    assert_eq!(body["message_id"], 17);
    let chat = "https://chat.example/v1/spaces/x/messages?key=k";
    let body = check_call(
        DestinationKind::GoogleChat,
        chat,
        &reply,
        "Post https://chat.example/v1/spaces/x/messages?key=k&messageReplyOption=REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD",
    );
    assert_eq!(
        body["thread"]["threadKey"],
        format!("hearken-{}", mention().story)
    );
    let ntfy = DestinationKind::Ntfy {
        token: Some(Secret::new("tk_secret")),
    };
    let call = call_of(
        ntfy,
        "https://ntfy.example/sub/topic",
        &flagged(),
        &Step::Post,
    );
    assert_eq!(call.url.as_str(), "https://ntfy.example/sub/");
    assert_eq!(call.authorization.as_deref(), Some("Bearer tk_secret"));
    let first = mail_of(&flagged(), &Step::Post);
    let second = mail_of(&dismissed(), &Step::FollowUp(posted("", None)));
    assert_eq!(second.in_reply_to, Some(first.message_id));
}

#[test]
fn a_line_of_a_file_is_the_event_with_its_id() {
    let kind = DestinationKind::File {
        path: "alerts.jsonl".into(),
    };
    let Ok(Outgoing::Line(line)) =
        outgoing(&destination(kind, ""), &flagged(), &Step::Post, HISTORY)
    else {
        panic!("not a line");
    };
    let line = String::from_utf8(line).expect("UTF-8");
    assert_eq!(line.matches('\n').count(), 1);
    let json: Json = serde_json::from_str(&line).expect("JSON");
    assert_eq!(json["id"], flagged().id.as_str());
    assert_eq!(json["type"], "mention.flagged");
    assert_eq!(json["data"]["mention"]["id"], mention().id.as_str());
}
