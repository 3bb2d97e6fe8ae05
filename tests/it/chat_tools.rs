//! `hearken webhook test` with every kind of receiver, as a person sets one up.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use serde_json::{Value, json};

use crate::harness::{Place, Reply, Site};

/// What satisfies Slack, Discord and Telegram at once.
const TAKEN: &str =
    r#"{"ok":true,"channel":"C1","ts":"1.1","id":"9","result":{"message_id":1,"chat":{"id":2}}}"#;

/// A mail server for one connection; returns its address.
fn mail_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            // A client that goes away is fine.
            let _ = stream.write_all(b"220 mail.test\r\n");
            let reader = BufReader::new(stream.try_clone().expect("a socket can be cloned"));
            let mut is_data = false;
            for line in reader.lines().map_while(Result::ok) {
                let answer: &[u8] = match line.as_str() {
                    "." => {
                        is_data = false;
                        b"250 queued as 17\r\n"
                    }
                    _ if is_data => continue,
                    "DATA" => {
                        is_data = true;
                        b"354 go on\r\n"
                    }
                    "QUIT" => b"221 bye\r\n",
                    _ => b"250 ok\r\n",
                };
                let _ = stream.write_all(answer);
            }
        }
    });
    format!("smtp://{address}")
}

/// A configuration with a webhook of every kind, all of them on loopback.
fn every_kind(site: &Site, mail: &str) -> (String, Vec<&'static str>) {
    let url = |path: &str| site.url(path);
    let kinds = [
        (
            "generic",
            format!("url = \"{}\"\nsecret = \"text\"", url("/generic")),
        ),
        ("slack", format!("url = \"{}\"", url("/slack"))),
        ("discord", format!("url = \"{}\"", url("/discord"))),
        ("teams", format!("url = \"{}\"", url("/teams"))),
        ("mattermost", format!("url = \"{}\"", url("/mattermost"))),
        ("google-chat", format!("url = \"{}\"", url("/google-chat"))),
        (
            "telegram",
            format!(
                "url = \"{}\"\ntoken = \"42:hidden-token\"\nchat_id = \"-1\"",
                url("/telegram")
            ),
        ),
        ("ntfy", format!("url = \"{}\"", url("/ntfy/topic"))),
        (
            "email",
            format!("url = \"{mail}\"\nfrom = \"h@example.org\"\nto = \"s@example.org\""),
        ),
        (
            "pagerduty",
            format!(
                "url = \"{}\"\nrouting_key = \"hidden-routing-key\"",
                url("/pagerduty")
            ),
        ),
        ("file", "path = \"alerts.jsonl\"".to_owned()),
    ];
    let mut text = "[net]\nallow_private = [\"127.0.0.1\"]\n".to_owned();
    for (kind, keys) in &kinds {
        text.push_str(&format!(
            "[[webhook]]\nname = \"{kind}\"\nkind = \"{kind}\"\n{keys}\n"
        ));
    }
    (text, kinds.iter().map(|(kind, _)| *kind).collect())
}

#[test]
fn every_kind_of_webhook_can_be_tested() {
    let site = Site::new(|_| Reply::ok("application/json", TAKEN));
    let place = Place::new();
    let (text, kinds) = every_kind(&site, &mail_server());
    place.write("hearken.toml", &text);
    for kind in &kinds {
        let ended = place.run(&["webhook", "test", kind]).ok();
        let expected = match *kind {
            "email" => "250 after",
            "file" => "taken after",
            _ => "200 after",
        };
        assert!(
            ended.stdout.starts_with(expected),
            "{kind}: {}",
            ended.stdout
        );
        assert!(!(ended.stdout + &ended.stderr).contains("hidden"), "{kind}");
    }
    let paths: Vec<String> = site.asked().into_iter().map(|asked| asked.path).collect();
    assert_eq!(
        paths,
        [
            "/generic",
            "/slack",
            "/discord?wait=true",
            "/teams",
            "/mattermost",
            "/google-chat",
            "/telegram/bot42:hidden-token/sendMessage",
            "/ntfy/",
            "/pagerduty",
        ]
    );
    let lines = std::fs::read_to_string(place.path().join("alerts.jsonl")).expect("the file");
    let line: Value = serde_json::from_str(lines.trim()).expect("one line of JSON");
    assert_eq!(line["type"], "test");
}

#[test]
fn a_tool_that_refuses_says_why_and_hears_no_secret_back() {
    let site = Site::new(|asked| {
        let said = json!({
            "ok": false,
            "error_code": 400,
            "description": "Bad Request: chat not found",
            "you_sent": String::from_utf8_lossy(&asked.body),
            "to": asked.path,
        });
        Reply::Send(400, Vec::new(), said.to_string().into_bytes())
    });
    let place = Place::new();
    let (text, _) = every_kind(&site, "smtp://127.0.0.1:9");
    place.write("hearken.toml", &text);
    for (kind, why) in [
        (
            "telegram",
            "Telegram does not take it: Bad Request: chat not found",
        ),
        ("pagerduty", "the receiver refuses the message (400)"),
        ("email", "cannot be reached"),
    ] {
        let ended = place.run(&["webhook", "test", kind]).ends_with(1);
        assert!(ended.stderr.contains(why), "{kind}: {}", ended.stderr);
        assert!(!(ended.stdout + &ended.stderr).contains("hidden"), "{kind}");
    }
}
