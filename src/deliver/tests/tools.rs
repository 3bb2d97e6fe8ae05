//! The chat tools as they behave: what is posted, changed and followed, told by receivers on
//! loopback, with the ledger remembering which message is whose.

use std::sync::mpsc;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use wiremock::matchers::path;

use super::*;
use crate::domain::{
    Case, CaseState, Email, Flag, Item, Kind, Label, Mention, MentionId, Sentiment, Slack,
    SlackBot, SourceName, StoryId, Telegram,
};

/// A flagged mention whose case stands like this.
fn mention(state: CaseState, at: DateTime<Utc>) -> Mention {
    let mut item = Item::empty("feed", Kind::Post);
    item.text = "Acme never answers. @everyone".to_owned();
    let mut case = Case::open();
    case.state = state;
    Mention {
        item,
        id: MentionId::new("m1"),
        source: SourceName::new("feed"),
        seen_at: at,
        brands: Vec::new(),
        story: StoryId::new("s1"),
        sentiment: Sentiment {
            label: Label::Negative,
            negative: 0.9,
            neutral: 0.06,
            positive: 0.04,
            model: "m".to_owned(),
            sentence: None,
        },
        flag: Some(Flag {
            score: 0.9,
            reasons: vec!["90 % likely negative".to_owned()],
            goal_by: at + TimeDelta::hours(1),
            reply_by: at + TimeDelta::hours(24),
            estimated: true,
        }),
        case: Some(case),
        stars_against_text: false,
        backlog: false,
        own: false,
        corrections: Vec::new(),
        earlier: Vec::new(),
        deleted_at: None,
        reach_before: None,
    }
}

impl Bench {
    /// Stores an event about the mention, due to this destination.
    fn tell(&self, id: &str, event_type: EventType, state: CaseState, destination: &str) {
        let at = self.clock.now();
        self.clock.forward(TimeDelta::milliseconds(1));
        let mention = mention(state, at);
        let data = json!({"mention": mention});
        let event = Event::new(EventId::new(id), event_type, at, data).about(&mention);
        let delivery = Delivery::due(&event, destination);
        let stored = self.store.store_event(&event, &[delivery]);
        assert!(stored.expect("the store works"), "{id} is new");
    }
}

fn of_kind(kind: DestinationKind, url: &str) -> Destination {
    Destination {
        kind,
        secrets: Vec::new(),
        ..destination("chat", url)
    }
}

fn slack_bot() -> DestinationKind {
    DestinationKind::Slack(Slack {
        bot: Some(SlackBot {
            token: Secret::new("xoxb-very-secret-token"),
            channel: "#support".to_owned(),
        }),
        signing_secret: None,
    })
}

async fn answers(server: &MockServer, at: &str, answers: &[ResponseTemplate]) {
    for (place, answer) in answers.iter().enumerate() {
        let is_last = place + 1 == answers.len();
        let mock = Mock::given(path(at)).respond_with(answer.clone());
        let mock = if is_last { mock } else { mock.up_to_n_times(1) };
        mock.mount(server).await;
    }
}

fn json_of(request: &Request) -> serde_json::Value {
    serde_json::from_slice(&request.body).expect("JSON")
}

fn ok(body: serde_json::Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

#[tokio::test]
async fn a_slack_message_follows_its_case_and_a_lost_one_is_posted_anew() {
    let bench = Bench::new();
    let server = MockServer::start().await;
    answers(
        &server,
        "/chat.postMessage",
        &[
            ok(json!({"ok": true, "channel": "C9", "ts": "1.1"})),
            ok(json!({"ok": true, "channel": "C9", "ts": "2.2"})),
        ],
    )
    .await;
    answers(
        &server,
        "/chat.update",
        &[
            ok(json!({"ok": true, "channel": "C9", "ts": "1.1"})),
            ok(json!({"ok": false, "error": "message_not_found"})),
            ok(json!({"ok": true, "channel": "C9", "ts": "2.2"})),
        ],
    )
    .await;
    let chat = [of_kind(slack_bot(), &server.uri())];
    let steps = [
        ("evt_1", EventType::MentionFlagged, CaseState::Open),
        ("evt_2", EventType::CaseDismissed, CaseState::Dismissed),
        ("evt_3", EventType::CaseReopened, CaseState::Open),
        ("evt_4", EventType::CaseReplied, CaseState::Replied),
    ];
    for (id, event_type, state) in steps {
        bench.tell(id, event_type, state, "chat");
        assert_eq!(bench.pass(&chat).await.n_failed, 0, "{id}");
    }

    let requests = received(&server).await;
    let paths: Vec<&str> = requests.iter().map(|request| request.url.path()).collect();
    assert_eq!(
        paths,
        [
            "/chat.postMessage",
            "/chat.update",
            "/chat.update",
            "/chat.postMessage",
            "/chat.update"
        ]
    );
    assert_eq!(
        header(&requests[0], "authorization"),
        "Bearer xoxb-very-secret-token"
    );
    assert_eq!(json_of(&requests[1])["ts"], "1.1");
    assert_eq!(json_of(&requests[1])["channel"], "C9");
    assert_eq!(
        json_of(&requests[4])["ts"],
        "2.2",
        "the new message is followed"
    );
    let posted = bench.store.posted("chat", &StoryId::new("s1"));
    assert_eq!(
        posted
            .expect("the store works")
            .expect("it is remembered")
            .message,
        "2.2"
    );
    assert_eq!(
        bench.delivery("evt_3", "chat").state,
        DeliveryState::Delivered
    );
}

#[tokio::test]
async fn slack_says_no_with_status_200_and_no_secret_is_kept() {
    let bench = Bench::new();
    let server = MockServer::start().await;
    let told = json!({"ok": false, "error": "invalid_auth", "you_sent": "xoxb-very-secret-token"});
    answers(
        &server,
        "/chat.postMessage",
        &[
            ok(told),
            ok(json!({"ok": false, "error": "invalid_blocks"})),
        ],
    )
    .await;
    let chat = [of_kind(slack_bot(), &server.uri())];
    bench.tell("evt_1", EventType::MentionFlagged, CaseState::Open, "chat");
    assert_eq!(bench.pass(&chat).await.n_failed, 1);
    let delivery = bench.delivery("evt_1", "chat");
    assert_eq!(delivery.state, DeliveryState::Retrying);
    assert_eq!(
        delivery.attempts[0].error.as_deref(),
        Some("Slack does not take it: invalid_auth")
    );
    assert!(
        !delivery.attempts[0].answer.contains("very-secret"),
        "{delivery:?}"
    );
    bench.clock.forward(TimeDelta::seconds(7));
    bench.pass(&chat).await;
    let delivery = bench.delivery("evt_1", "chat");
    assert_eq!(delivery.state, DeliveryState::Failed, "refused for good");
}

#[tokio::test]
async fn discord_is_asked_for_the_message_and_its_rate_is_kept() {
    let bench = Bench::new();
    let server = MockServer::start().await;
    let busy = ResponseTemplate::new(429)
        .insert_header("retry-after", "90")
        .insert_header("x-ratelimit-bucket", "b")
        .set_body_json(json!({"message": "You are being rate limited.", "retry_after": 90.5}));
    answers(&server, "/hook", &[busy, ok(json!({"id": "77"}))]).await;
    answers(&server, "/hook/messages/77", &[ok(json!({"id": "77"}))]).await;
    let chat = [of_kind(
        DestinationKind::Discord,
        &format!("{}/hook", server.uri()),
    )];
    bench.tell("evt_1", EventType::MentionFlagged, CaseState::Open, "chat");
    bench.pass(&chat).await;
    let next_at = bench.delivery("evt_1", "chat").next_at.expect("it waits");
    assert!((next_at - bench.clock.now()).num_seconds() >= 90);
    bench.clock.forward(TimeDelta::seconds(110));
    bench.pass(&chat).await;
    bench.tell(
        "evt_2",
        EventType::CaseDismissed,
        CaseState::Dismissed,
        "chat",
    );
    bench.pass(&chat).await;
    let requests = received(&server).await;
    let asked: Vec<String> = requests
        .iter()
        .map(|request| format!("{} {}", request.method, request.url.path()))
        .collect();
    assert_eq!(
        asked,
        ["POST /hook", "POST /hook", "PATCH /hook/messages/77"]
    );
    assert_eq!(requests[1].url.query(), Some("wait=true"));
    assert_eq!(
        json_of(&requests[1])["allowed_mentions"],
        json!({"parse": []})
    );
}

#[tokio::test]
async fn telegram_edits_its_message_and_is_given_time() {
    let bench = Bench::new();
    let server = MockServer::start().await;
    let busy = ResponseTemplate::new(429).set_body_json(json!({
        "ok": false, "error_code": 429, "description": "Too Many Requests: retry after 75",
        "parameters": {"retry_after": 75},
    }));
    let sent = ok(json!({"ok": true, "result": {"message_id": 5, "chat": {"id": -100}}}));
    answers(&server, "/bot42:very-secret/sendMessage", &[busy, sent]).await;
    let same = ResponseTemplate::new(400).set_body_json(json!({
        "ok": false, "error_code": 400, "description": "Bad Request: message is not modified",
    }));
    answers(&server, "/bot42:very-secret/editMessageText", &[same]).await;
    let kind = DestinationKind::Telegram(Telegram {
        token: Secret::new("42:very-secret"),
        chat_id: "@acme".to_owned(),
        secret_token: None,
    });
    let chat = [of_kind(kind, &server.uri())];
    bench.tell("evt_1", EventType::MentionFlagged, CaseState::Open, "chat");
    bench.pass(&chat).await;
    let next_at = bench.delivery("evt_1", "chat").next_at.expect("it waits");
    assert!((next_at - bench.clock.now()).num_seconds() >= 75);
    bench.clock.forward(TimeDelta::seconds(95));
    bench.pass(&chat).await;
    bench.tell(
        "evt_2",
        EventType::CaseDismissed,
        CaseState::Dismissed,
        "chat",
    );
    bench.pass(&chat).await;
    let requests = received(&server).await;
    let edit = json_of(&requests[2]);
    assert_eq!(
        (&edit["message_id"], &edit["chat_id"]),
        (&json!(5), &json!("-100"))
    );
    assert_eq!(
        bench.delivery("evt_2", "chat").state,
        DeliveryState::Delivered
    );
}

#[tokio::test]
async fn a_tool_that_cannot_edit_hears_the_flag_and_one_more_at_most() {
    let bench = Bench::new();
    let server = receiver(&[ResponseTemplate::new(202)]).await;
    let chat = [of_kind(DestinationKind::Teams, &server.uri())];
    bench.tell("evt_1", EventType::MentionFlagged, CaseState::Open, "chat");
    bench.pass(&chat).await;
    bench.tell("evt_2", EventType::CaseReplied, CaseState::Replied, "chat");
    bench.pass(&chat).await;
    let skipped = bench.delivery("evt_2", "chat");
    assert_eq!(skipped.state, DeliveryState::Skipped);
    assert!(
        skipped
            .reason
            .is_some_and(|why| why.contains("cannot be changed"))
    );
    assert_eq!(received(&server).await.len(), 1);

    // A card that is too large is refused for good, and the next one is not held up.
    let server = receiver(&[ResponseTemplate::new(413)]).await;
    let chat = [of_kind(DestinationKind::Teams, &server.uri())];
    bench.put("evt_3", &["chat"]);
    bench.put("evt_4", &["chat"]);
    let pass = bench.pass(&chat).await;
    assert_eq!((pass.n_delivered, pass.n_failed), (1, 1));
    assert_eq!(bench.delivery("evt_3", "chat").state, DeliveryState::Failed);
}

#[tokio::test]
async fn lines_of_a_file_are_whole_even_after_a_crash() {
    let bench = Bench::new();
    let file = bench.folder.path().join("alerts.jsonl");
    std::fs::write(&file, "{\"half\":").expect("a file");
    let kind = DestinationKind::File { path: file.clone() };
    let chat = [of_kind(kind, "")];
    bench.put("evt_1", &["chat"]);
    bench.put("evt_2", &["chat"]);
    assert_eq!(bench.pass(&chat).await.n_delivered, 2);
    let text = std::fs::read_to_string(&file).expect("the file");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3);
    for (line, id) in lines[1..].iter().zip(["evt_1", "evt_2"]) {
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(line["id"], id);
    }
    let unwritable = DestinationKind::File {
        path: bench.folder.path().to_path_buf(),
    };
    bench.put("evt_3", &["chat"]);
    assert_eq!(bench.pass(&[of_kind(unwritable, "")]).await.n_failed, 1);
}

/// A small SMTP server that takes what it is told to and hands over every mail.
async fn mail_server(refusal: Option<&'static str>) -> (u16, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("it is bound").port();
    let (mails, received) = mpsc::channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mails = mails.clone();
            tokio::spawn(async move {
                let (reader, mut writer) = stream.into_split();
                let mut lines = BufReader::new(reader).lines();
                let mut mail = String::new();
                let mut is_data = false;
                let _ = writer.write_all(b"220 mail.test\r\n").await;
                while let Ok(Some(line)) = lines.next_line().await {
                    if is_data {
                        if line != "." {
                            mail.push_str(&line);
                            mail.push('\n');
                            continue;
                        }
                        is_data = false;
                        let answer = refusal.unwrap_or("250 2.0.0 taken as 17");
                        let _ = mails.send(std::mem::take(&mut mail));
                        let _ = writer.write_all(format!("{answer}\r\n").as_bytes()).await;
                        continue;
                    }
                    let verb = line
                        .split([' ', ':'])
                        .next()
                        .unwrap_or_default()
                        .to_uppercase();
                    let answer: &[u8] = match verb.as_str() {
                        "EHLO" => b"250-mail.test\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
                        "DATA" => {
                            is_data = true;
                            b"354 go on\r\n"
                        }
                        "QUIT" => b"221 bye\r\n",
                        _ => b"250 ok\r\n",
                    };
                    if writer.write_all(answer).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    (port, received)
}

fn mail_to(port: u16) -> Destination {
    let kind = DestinationKind::Email(Email {
        from: "Hearken <hearken@example.org>".to_owned(),
        to: vec!["a@example.org".to_owned(), "b@example.org".to_owned()],
    });
    of_kind(kind, &format!("smtp://127.0.0.1:{port}"))
}

#[tokio::test]
async fn mails_arrive_at_a_real_server_with_their_headers() {
    let bench = Bench::new();
    let (port, received) = mail_server(None).await;
    bench.tell("evt_1", EventType::MentionFlagged, CaseState::Open, "chat");
    assert_eq!(bench.pass(&[mail_to(port)]).await.n_delivered, 1);
    let mail = received.try_recv().expect("a mail arrived");
    let parsed = mail_parser::MessageParser::default()
        .parse(mail.as_bytes())
        .expect("a mail");
    assert!(
        parsed
            .subject()
            .expect("a subject")
            .contains("negative post on feed")
    );
    assert_eq!(parsed.message_id(), Some("story-s1@hearken.invalid"));
    assert_eq!(parsed.to().map(|to| to.iter().count()), Some(2));
    assert!(
        parsed
            .body_text(0)
            .expect("a text")
            .contains("> Acme never answers. @everyone")
    );
    assert!(
        parsed
            .body_html(0)
            .expect("HTML")
            .contains("Acme never answers.")
    );
    let attempt = &bench.delivery("evt_1", "chat").attempts[0];
    assert_eq!(
        (attempt.status, attempt.answer.as_str()),
        (Some(250), "2.0.0 taken as 17")
    );
}

#[tokio::test]
async fn a_mail_server_may_refuse_ask_for_time_or_be_inside() {
    let bench = Bench::new();
    let (refusing, _mails) = mail_server(Some("554 5.7.1 no such words here")).await;
    bench.put("evt_1", &["chat"]);
    bench.pass(&[mail_to(refusing)]).await;
    assert_eq!(bench.delivery("evt_1", "chat").state, DeliveryState::Failed);

    let (busy, _mails) = mail_server(Some("451 4.7.1 greylisted")).await;
    bench.put("evt_2", &["chat"]);
    bench.pass(&[mail_to(busy)]).await;
    let delivery = bench.delivery("evt_2", "chat");
    assert_eq!(delivery.state, DeliveryState::Retrying);
    assert_eq!(delivery.attempts[0].status, Some(451));

    let event = bench.put("evt_3", &[]);
    let now = || bench.clock.now();
    let sent = send_one(&client(&[]), &mail_to(busy), &event, &now).await;
    let why = sent.attempt.error.expect("it was refused");
    assert!(why.contains("net.allow_private"), "{why}");
    // STARTTLS is a must as soon as a password would be sent.
    let with_password = Destination {
        url: Secret::new(format!("smtp://user:pass-word@127.0.0.1:{busy}")),
        ..mail_to(busy)
    };
    let sent = send_one(&bench.client, &with_password, &event, &now).await;
    let why = sent.attempt.error.expect("it was refused");
    assert!(
        sent.attempt.status.is_none() && !why.contains("pass-word"),
        "{why}"
    );
}
