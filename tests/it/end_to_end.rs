//! The whole way: a feed is polled, a mention is judged and flagged, a webhook is signed,
//! pages and commands show it.

use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::harness::{ANGRY, Place, Reply, SECRET, Site, configuration, feed, wait_for};

#[test]
fn from_a_feed_to_a_verified_webhook_signature() {
    let site = Site::new(|_| {
        let body = feed(&[
            ("1", ANGRY),
            ("2", "Nothing to do with anybody we watch."),
            (
                "3",
                "Thank you Acme, wonderful service, I love my new kettle!",
            ),
        ]);
        Reply::ok("application/rss+xml", body)
    });
    let receiver = Site::new(|_| Reply::status(204));
    let place = Place::new();
    place.write(
        "hearken.toml",
        &configuration(&[("blog", site.url("/feed"))], Some(&receiver.url("/hook"))),
    );
    place.run(&["check"]).ok();
    let mut daemon = place.start_daemon();

    let hook = wait_for("the webhook", || receiver.asked().into_iter().next());
    let signer = standardwebhooks::Webhook::new(SECRET).expect("the secret is valid");
    let header = |name: &str| hook.header(name).expect("a signed request").to_owned();
    let id = header("webhook-id");
    let at: i64 = header("webhook-timestamp").parse().expect("seconds");
    assert_eq!(
        header("webhook-signature"),
        signer
            .sign(&id, at, &hook.body)
            .expect("the body can be signed")
    );
    let body: Value = serde_json::from_slice(&hook.body).expect("JSON");
    assert_eq!(body["type"], "mention.flagged");
    let mention = &body["data"]["mention"];
    assert_eq!(mention["native_id"], "1");
    assert_eq!(mention["source"], "blog");
    assert_eq!(mention["sentiment"]["label"], "negative");
    assert_eq!(mention["case"]["state"], "open");
    assert_eq!(mention["brands"][0]["name"], "Acme");
    let text: Vec<char> = mention["text"].as_str().expect("a text").chars().collect();
    let span = &mention["brands"][0]["spans"][0];
    let place_of = |end: usize| span[end].as_u64().expect("a place") as usize;
    let marked: String = text[place_of(0)..place_of(1)].iter().collect();
    assert_eq!(marked, "Acme");
    let reasons = mention["flag"]["reasons"].as_array().expect("reasons");
    assert!(!reasons.is_empty(), "a flag says why");

    // Commands ask the daemon, which holds the store.
    let flagged = place.json(&["mentions", "--flagged", "--json"]);
    assert_eq!(flagged.len(), 1);
    assert_eq!(flagged[0]["id"], mention["id"]);
    assert_eq!(
        place.json(&["mentions", "--json"]).len(),
        2,
        "two items speak of Acme"
    );
    let found = place.json(&["mentions", "kettle AND verdict:positive", "--json"]);
    assert_eq!(found.len(), 1);
    let sent = wait_for("the delivery to be recorded", || {
        let rows = place.json(&["deliveries", "list", "--json"]);
        rows.into_iter().find(|row| row["state"] == "delivered")
    });
    assert_eq!(sent["event"], id.as_str());

    // A person acts; a second event goes out.
    let id = mention["id"].as_str().expect("an id");
    place
        .run(&["cases", "done", &id[..12], "--note", "answered"])
        .ok();
    wait_for("case.replied", || {
        receiver
            .asked()
            .into_iter()
            .find(|asked| String::from_utf8_lossy(&asked.body).contains("\"case.replied\""))
    });
    assert!(place.json(&["cases", "list", "--json"]).is_empty());

    // Pages: closed to strangers, the feed open to its token.
    let feed_address = daemon.address("Alert feed:");
    let page = daemon.address("Page:");
    let (status, _) = get(&page, &[]);
    assert_eq!(status, 303, "a stranger is sent to sign in");
    let (status, atom) = get(&feed_address, &[]);
    assert_eq!(status, 200);
    let parsed = feed_rs::parser::parse(&atom[..]).expect("a valid Atom feed");
    assert_eq!(parsed.entries.len(), 1);
    let (status, _) = get(&feed_address.replace("token=", "token=x"), &[]);
    assert_eq!(status, 401);

    let (code, took) = daemon.stop("TERM");
    assert_eq!(code, Some(0));
    assert!(took.as_secs() < 10, "stopped after {took:?}");

    // Without a daemon the same commands open the store themselves.
    assert_eq!(place.json(&["mentions", "--json"]).len(), 2);
}

#[test]
fn a_poll_that_finds_nothing_new_is_conditional_and_tells_nobody() {
    let site = Site::new(|asked| {
        if asked.header("if-none-match") == Some("\"v1\"") {
            return Reply::status(304);
        }
        Reply::Send(
            200,
            vec![
                ("ETag", "\"v1\"".to_owned()),
                ("Content-Type", "application/rss+xml".to_owned()),
            ],
            feed(&[("1", ANGRY)]).into_bytes(),
        )
    });
    let receiver = Site::new(|_| Reply::status(200));
    let place = Place::new();
    place.write(
        "hearken.toml",
        &configuration(&[("blog", site.url("/feed"))], Some(&receiver.url("/hook"))),
    );
    let daemon = place.start_daemon();
    wait_for("four polls", || (site.asked().len() >= 4).then_some(()));
    let polls = site.asked();
    assert!(
        polls[0]
            .header("user-agent")
            .is_some_and(|agent| agent.starts_with("Hearken/"))
    );
    assert!(
        polls[1..]
            .iter()
            .all(|asked| asked.header("if-none-match") == Some("\"v1\""))
    );
    wait_for("the webhook", || receiver.asked().into_iter().next());
    daemon.stop("INT");
    assert_eq!(receiver.asked().len(), 1, "one mention, one alert");
}

#[test]
fn a_reload_brings_a_new_brand_to_an_unchanged_page() {
    let answer = Arc::new(Mutex::new(0));
    let site = Site::new(move |asked| {
        if asked.header("if-none-match").is_some() {
            return Reply::status(304);
        }
        *answer.lock().expect("one server") += 1;
        let body = feed(&[
            ("1", "Zenith is terrible, worst support ever."),
            ("2", ANGRY),
        ]);
        Reply::Send(200, vec![("ETag", "\"v1\"".to_owned())], body.into_bytes())
    });
    let place = Place::new();
    let before = configuration(&[("blog", site.url("/feed"))], None);
    place.write("hearken.toml", &before);
    let daemon = place.start_daemon();
    wait_for("the first mention", || {
        (place.json(&["mentions", "--json"]).len() == 1).then_some(())
    });

    place.write("hearken.toml", "[[brand]\n");
    let refused = place.run(&["reload"]).ends_with(1);
    assert!(
        refused.stderr.contains("hearken.toml:1"),
        "{}",
        refused.stderr
    );

    place.write(
        "hearken.toml",
        &format!("{before}\n[[brand]]\nname = \"Zenith\"\n"),
    );
    let said = place.run(&["reload"]).ok();
    assert!(said.stdout.contains("2 brand(s)"), "{}", said.stdout);
    wait_for("the new brand's mention", || {
        (place
            .json(&["mentions", "--brand", "Zenith", "--json"])
            .len()
            == 1)
            .then_some(())
    });
    daemon.stop("TERM");
}

#[test]
fn the_first_poll_does_not_flood() {
    let old = (chrono::Utc::now() - chrono::TimeDelta::days(9)).to_rfc2822();
    let site = Site::new(move |_| {
        let body = feed(&[("1", ANGRY)]).replace("</channel>", &format!(
            "<item><guid>old</guid><title>x</title><pubDate>{old}</pubDate><description>{ANGRY} \
             That was my order of long ago.</description></item></channel>"
        ));
        Reply::ok("application/rss+xml", body)
    });
    let receiver = Site::new(|_| Reply::status(200));
    let place = Place::new();
    place.write(
        "hearken.toml",
        &configuration(&[("blog", site.url("/feed"))], Some(&receiver.url("/hook"))),
    );
    let daemon = place.start_daemon();
    let types = wait_for("both events", || {
        let mut types: Vec<String> = receiver
            .asked()
            .iter()
            .filter_map(|asked| serde_json::from_slice::<Value>(&asked.body).ok())
            .filter_map(|body| body["type"].as_str().map(str::to_owned))
            .collect();
        types.sort();
        (types.len() >= 2).then_some(types)
    });
    assert_eq!(types, ["mention.backlog", "mention.flagged"]);
    daemon.stop("TERM");
    let mentions = place.json(&["mentions", "--json"]);
    assert_eq!(mentions.len(), 2, "old items are kept all the same");
    assert_eq!(
        mentions
            .iter()
            .filter(|mention| mention["backlog"] == true)
            .count(),
        1
    );
}

/// A plain GET; status and body.
pub(crate) fn get(url: &str, headers: &[(&str, &str)]) -> (u16, Vec<u8>) {
    use std::io::{Read as _, Write as _};
    let url = url::Url::parse(url).expect("an address");
    let host = format!(
        "{}:{}",
        url.host_str().expect("a host"),
        url.port().expect("a port")
    );
    let mut stream = std::net::TcpStream::connect(&host).expect("somebody listens");
    let path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let mut request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    stream
        .write_all(format!("{request}\r\n").as_bytes())
        .expect("the request is sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("the answer is read");
    let end = answer
        .windows(4)
        .position(|part| part == b"\r\n\r\n")
        .expect("a head");
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = head
        .split_whitespace()
        .nth(1)
        .and_then(|code| code.parse().ok())
        .expect("a status");
    let mut body = answer[end + 4..].to_vec();
    if head
        .to_ascii_lowercase()
        .contains("transfer-encoding: chunked")
    {
        body = unchunk(&body);
    }
    (status, body)
}

fn unchunk(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(end) = body.windows(2).position(|part| part == b"\r\n") {
        let size = std::str::from_utf8(&body[..end]).expect("a size");
        let size = usize::from_str_radix(size.trim(), 16).expect("a size in hex");
        if size == 0 {
            break;
        }
        whole.extend_from_slice(&body[end + 2..end + 2 + size]);
        body = &body[end + 2 + size + 2..];
    }
    whole
}
