//! Five hundred texts that nobody should write, in every tool: the validators of the corpus
//! and the published limits find nothing wrong, nobody is called, nothing becomes markup.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::*;
use crate::deliver::text::utf16;

/// How many texts are tried.
const N_TEXTS: usize = 500;

/// What texts are made of: what breaks renderers, escapes and counters.
const PARTS: [&str; 40] = [
    "Acme is terrible ",
    "👨‍👩‍👧‍👦🏳️‍🌈👍🏽 ",
    "\u{202e}evil\u{202c} \u{2066}isolated ",
    "שלום עולם، مرحبا بالعالم ",
    "కొనుగోలు చేసిన ఉత్పత్తి చాలా చెడ్డది ",
    "क्षमा करें, उत्पाद ख़राब है ",
    "@everyone @here @channel @all ",
    "<!channel> <!here|x> <@U123> <#C1|general> ",
    "<users/all> <at>Jane</at> ",
    "[click me](https://evil.example) ![x](https://evil.example/x.png) ",
    "<https://evil.example|Acme support> ",
    "<script>alert(1)</script><img src=x onerror=alert(1)> ",
    "<a href=\"https://evil.example\">refund</a> </b></i></blockquote> ",
    "**bold** __under__ ~~strike~~ ||spoiler|| `code` ```block``` ",
    "*_~`>#+-=|{}.!\\() ",
    "\n# heading\n> quote\n- list\n1. one\n",
    "&amp; &lt; &#x3c; &nbsp; && ",
    "\u{0}\u{1}\u{7}\u{8}\u{b}\u{1b}[31m\u{7f}\u{85}\u{9f} ",
    "\u{feff}\u{200b}\u{200d}\u{2060}\u{ad} ",
    "\u{fffe}\u{ffff}\u{fdd0} ",
    "Z̸̢̛̜̬͎̘̈́a̷̙͊l̶̳̈́g̷̨̀ő̵̰ ",
    "\r\n\r\n\t\t ",
    "{{DATE(2026-01-01T00:00:00Z,SHORT)}} ${card} @{triggerBody()} ",
    "{\"type\":\"Action.OpenUrl\",\"url\":\"https://evil.example\"} ",
    "\",\"channel\":\"#general\" '; DROP TABLE mentions; -- ",
    "http://evil.example/?q=<script>&x='\" https://1.2.3.4/ ",
    "tg://user?id=42 mailto:a@b.example javascript:alert(1) ",
    "/start /kick@bot #hashtag ~town-square :smile: <:x:1> <t:0:R> ",
    "\u{1f1f9}\u{1f1f7}\u{1f1ee}\u{1f1f3} ",
    "𝕬𝖈𝖒𝖊 𐍈 𠜎 ",
    "ﷺ꧅𒐫 ",
    "İıſßŒ ",
    "%s%n%x {0} {} %0a%0dSubject: x ",
    "Subject: x\r\nBcc: everybody@example.org\r\n\r\n",
    "=?utf-8?B?QWNtZQ==?= ",
    "]]> <![CDATA[ --> <!-- ",
    "\u{3164}\u{2800}\u{115f} ",
    "………、。「」 ",
    "+1 (555) 010-0000 ",
    "a",
];

/// The texts: the worst ones first, then mixtures of all parts, always the same.
fn texts() -> Vec<String> {
    let mut texts = vec![
        String::new(),
        " \n\t ".to_owned(),
        "\u{200b}".to_owned(),
        "x".repeat(50_000),
        "👩‍👩‍👧‍👦".repeat(2_000),
        "&<>\"'".repeat(10_000),
        "*_`[]()".repeat(7_000),
        format!("a{}", "\u{301}".repeat(25_000)),
        "Acme ".repeat(10_000),
        "కొ".repeat(10_000),
        "\n".repeat(50_000),
        "@everyone ".repeat(5_000),
        "\\".repeat(50_000),
        "\"".repeat(50_000),
        "https://evil.example/".repeat(2_500),
        "<!channel>".repeat(5_000),
    ];
    texts.extend(PARTS.map(str::to_owned));
    let mut seed: u64 = 7;
    let mut next = |below: usize| {
        // An LCG (Knuth): chance that is the same everywhere.
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap_or(0) % below
    };
    while texts.len() < N_TEXTS {
        let n_parts = [1, 3, 8, 40, 400][next(5)];
        texts.push((0..n_parts).map(|_| PARTS[next(PARTS.len())]).collect());
    }
    texts
}

/// A mention in which a stranger wrote the text wherever strangers write.
fn nasty_event(text: &str, place: usize) -> Event {
    let mut mention = mention();
    mention.item.text = text.to_owned();
    let n_chars = text.chars().count();
    // Every second character may be marked: marks cost as well.
    mention.brands[0].spans = match place % 3 {
        0 => vec![[0, n_chars]],
        1 => (0..n_chars.min(4_000))
            .step_by(2)
            .map(|at| [at, at + 1])
            .collect(),
        _ => vec![[n_chars / 2, n_chars / 2 + 4]],
    };
    mention.item.title = Some(text.to_owned());
    let author = mention.item.author.as_mut().expect("it has an author");
    author.name = Some(text.to_owned());
    author.handle = Some(format!("@{text}"));
    mention.item.lang = Some(text.to_owned());
    let flag = mention.flag.as_mut().expect("it is flagged");
    flag.reasons = vec![text.to_owned(); 1 + place % 4];
    if place.is_multiple_of(5) {
        mention.item.url = Some(format!("https://example.org/{text}"));
        mention.item.definition = text.to_owned();
    }
    if place.is_multiple_of(7) {
        mention.item.url = None;
        mention.item.definition = text.to_owned();
    }
    event_about(EventType::MentionFlagged, &mention)
}

/// The same text in a digest and in an event without words of its own.
fn nasty_digest(text: &str) -> Event {
    let mut entries = Vec::new();
    for place in 0..4 {
        let event = nasty_event(text, place);
        let mut entry: Json = serde_json::from_str(&event.body).expect("JSON");
        entry["id"] = event.id.as_str().into();
        entries.push(entry);
    }
    let entries: Vec<Json> = entries.into_iter().cycle().take(30).collect();
    let mut event = Event::new(
        EventId::new("evt_digest"),
        EventType::Test,
        now(),
        Json::Null,
    );
    event.body = json!({"data": {"digest": {"headline": text, "events": entries}}}).to_string();
    event
}

fn every_body() -> Vec<(&'static str, Json)> {
    let mut bodies = Vec::new();
    let kinds = chat_kinds();
    for (place, text) in texts().iter().enumerate() {
        let mut messages = vec![Message::of(&nasty_event(text, place), Some(PAGE), HISTORY)];
        if place.is_multiple_of(25) {
            messages.push(Message::told_as("digest", &nasty_digest(text), Some(PAGE)));
        }
        for message in &messages {
            for (name, kind, url) in &kinds {
                let call = call(&destination(kind.clone(), url), message, &Step::Post);
                let body = call.expect("an address").body;
                bodies.push((*name, serde_json::from_slice(&body).expect("JSON")));
            }
        }
    }
    bodies
}

/// Every text of a body, wherever it stands.
fn strings(json: &Json, found: &mut Vec<String>) {
    match json {
        Json::String(text) => found.push(text.clone()),
        Json::Array(list) => list.iter().for_each(|entry| strings(entry, found)),
        Json::Object(fields) => fields.values().for_each(|entry| strings(entry, found)),
        _ => (),
    }
}

fn has_control(text: &str) -> bool {
    text.chars()
        .any(|character| character.is_control() && character != '\n')
        || text.contains(['\u{202a}', '\u{202e}', '\u{2066}', '\u{fffe}'])
}

#[test]
fn no_tool_refuses_a_text_calls_somebody_or_shows_markup() {
    let bodies = every_body();
    check_limits(&bodies);
    check_with_the_corpus(bodies);
}

/// The limits that the tools publish, and what must not stand in a body.
fn check_limits(bodies: &[(&'static str, Json)]) {
    for (name, body) in bodies {
        let n_bytes = body.to_string().len();
        let mut found = Vec::new();
        strings(body, &mut found);
        for text in &found {
            assert!(!has_control(text), "{name}: {text:?}");
        }
        match *name {
            "telegram" => {
                let text = body["text"].as_str().expect("a text");
                assert!((1..=4_096).contains(&utf16(text)), "{} units", utf16(text));
                check_telegram_html(text);
                let data = &body["reply_markup"]["inline_keyboard"][0][0]["callback_data"];
                assert!(data.as_str().is_none_or(|data| data.len() <= 64));
                assert!(!calls_somebody(text), "{text}");
            }
            "ntfy" => {
                let text = body["message"].as_str().expect("a text");
                assert!((1..=4_096).contains(&text.len()), "{} bytes", text.len());
                assert!(
                    body["title"]
                        .as_str()
                        .is_some_and(|title| title.len() <= 1_000)
                );
                assert!(
                    body["actions"]
                        .as_array()
                        .is_some_and(|list| list.len() <= 3)
                );
            }
            "pagerduty" => {
                let summary = body["payload"]["summary"].as_str().expect("a summary");
                assert!((1..=1_024).contains(&utf16(summary)));
                assert!(n_bytes <= 512 * 1024);
                assert!(
                    body["dedup_key"]
                        .as_str()
                        .is_some_and(|key| key.len() <= 255)
                );
            }
            "mattermost" => {
                for text in &found {
                    assert!(utf16(text) <= 16_383 && !calls_somebody(text), "{text}");
                }
            }
            "slack" => {
                let text = body["text"].as_str().expect("a text");
                assert!(
                    !text.contains(['<', '>']) && !calls_somebody(text),
                    "{text}"
                );
                // Nothing outside is ever in a text that Slack reads as markup.
                assert!(!body["blocks"].to_string().contains("mrkdwn"));
                // Slack counts all blocks together.
                let shown: usize = found.iter().map(|text| utf16(text)).sum();
                assert!(shown <= 13_000 + 20 * 1_900, "{shown}");
            }
            "discord" => {
                assert_eq!(body["allowed_mentions"], json!({"parse": []}));
                let content = body["content"].as_str().expect("a text");
                assert!((1..=2_000).contains(&utf16(content)));
            }
            "teams" => assert!(n_bytes <= 28 * 1024, "{n_bytes} bytes"),
            "gchat" => {
                assert!(n_bytes <= 32_000, "{n_bytes} bytes");
                assert!(body.get("text").is_none());
            }
            other => panic!("{other}"),
        }
    }
}

/// Whether one of the words stands there that call everybody.
fn calls_somebody(text: &str) -> bool {
    ["@everyone", "@here", "@channel", "@all"]
        .iter()
        .any(|call| text.contains(call))
}

/// Telegram refuses a text with a tag it does not know or that is not closed.
fn check_telegram_html(text: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        let end = rest[start..].find('>').expect("a tag ends") + start;
        let tag = &rest[start + 1..end];
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "{text}"),
            None => {
                let name = tag.split(' ').next().unwrap_or_default();
                assert!(
                    ["b", "a", "blockquote"].contains(&name),
                    "<{tag}> in {text}"
                );
                open.push(name);
            }
        }
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty(), "{open:?} is open in {text}");
    let entities = regex::Regex::new("&(amp|lt|gt|quot|#39);").expect("a pattern");
    let n_signs = text.matches('&').count();
    assert_eq!(entities.find_iter(text).count(), n_signs, "{text}");
}

#[test]
fn mails_have_one_subject_line_and_no_markup_of_strangers() {
    for (place, text) in texts().iter().enumerate() {
        let mail = mail_of(&nasty_event(text, place), &Step::Post);
        assert!(!mail.subject.contains(['\n', '\r']) && !mail.subject.is_empty());
        assert!(utf16(&mail.subject) <= 150);
        for tag in [
            "<script",
            "<img",
            "onerror=alert(1)>",
            "<a href=\"https://evil",
        ] {
            assert!(!mail.html.contains(tag), "{tag} in {}", mail.html);
        }
        assert!(mail.html.len() < 1_000_000 && !has_control(&mail.text));
    }
}

/// The validators of the corpus, over all bodies in one process.
fn check_with_the_corpus(bodies: Vec<(&'static str, Json)>) {
    let is_required = std::env::var("HEARKEN_REQUIRE_ALL").is_ok_and(|value| value == "1");
    let corpus = std::env::var_os("HEARKEN_CORPUS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/fixtures")),
        PathBuf::from,
    );
    let validator = corpus.join("webhooks/validators/validate.py");
    let python = std::env::var("HEARKEN_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has_libraries = Command::new(&python)
        .args(["-c", "import slack_sdk, jsonschema"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !(validator.is_file() && has_libraries) {
        assert!(
            !is_required,
            "{} and the Python packages slack_sdk and jsonschema are required (HEARKEN_PYTHON names the Python)",
            validator.display()
        );
        println!("skipped: no corpus, or no Python with slack_sdk and jsonschema");
        return;
    }
    let mut child = Command::new(&python)
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/setup/validate_bodies.py"
        ))
        .arg(&validator)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python starts");
    let mut input = child.stdin.take().expect("stdin is piped");
    let mut n_bodies = 0;
    let mut sample = Vec::new();
    for (name, body) in bodies {
        if ["slack", "discord", "teams", "gchat", "mattermost"].contains(&name) {
            n_bodies += 1;
            sample.push(json!({"kind": name, "body": body}).to_string());
        }
    }
    sample.extend(signed().iter().map(Json::to_string));
    let writer = std::thread::spawn(move || {
        for line in sample {
            writeln!(input, "{line}").expect("the validator reads");
        }
    });
    let output = child.wait_with_output().expect("Python ends");
    writer.join().expect("everything was written");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(n_bodies >= 5 * N_TEXTS, "{n_bodies} bodies");
}

/// Signed generic messages for the validator of Standard Webhooks.
fn signed() -> Vec<Json> {
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let texts = texts();
    let events = texts.iter().step_by(25).enumerate();
    events
        .map(|(place, text)| {
            let event = nasty_event(text, place);
            let headers = crate::deliver::signed_headers(
                &event.id,
                now(),
                event.body.as_bytes(),
                &[Secret::new("old secret"), Secret::new(secret)],
            );
            let headers: serde_json::Map<String, Json> = headers
                .expect("a good secret")
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.into()))
                .collect();
            json!({"kind": "stdwebhook", "body": {
                "secret": secret, "headers": headers, "body": event.body,
            }})
        })
        .collect()
}
