//! How the real program asks: what a site wants of automatic readers, where it has moved
//! to, who we are, and what may have been missed in between.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::harness::{Place, Reply, SECRET, Site, configuration, feed, wait_for};

const REVIEW: &str = r#"<!DOCTYPE html><html><head><title>Kettle</title>
<script type="application/ld+json">{"@context":"https://schema.org","@type":"Product","name":"Kettle",
"review":[{"@type":"Review","author":{"@type":"Person","name":"Ada"},"datePublished":"2026-03-01",
"reviewBody":"It boils water and that is all one can ask for.",
"reviewRating":{"@type":"Rating","ratingValue":4,"bestRating":5}}]}</script></head><body><h1>Kettle</h1></body></html>"#;

fn health(place: &Place, name: &str) -> Value {
    place
        .json(&["sources", "--json"])
        .into_iter()
        .filter_map(|line| line.get("source").cloned())
        .find(|source| source["name"] == name)
        .map(|source| source["health"].clone())
        .unwrap_or_default()
}

#[test]
fn robots_txt_is_obeyed_for_pages_and_asked_for_once() {
    let site = Site::new(|asked| match asked.path.as_str() {
        "/robots.txt" => Reply::ok(
            "text/plain",
            "User-agent: *\nDisallow: /private/\n\nUser-agent: OtherBot\nDisallow: /\n",
        ),
        _ => Reply::ok("text/html", REVIEW),
    });
    let place = Place::new();
    let mut text = "[[brand]]\nname = \"Acme\"\n[web]\nlisten = \"127.0.0.1:0\"\n\
        [net]\nallow_private = [\"127.0.0.1\"]\ncontact = \"mailto:web@acme.example\"\n"
        .to_owned();
    for (name, path, more) in [
        ("open", "/open/kettle", ""),
        ("closed", "/private/kettle", ""),
        ("mine", "/private/mine", "ignore_robots = true\n"),
    ] {
        text.push_str(&format!(
            "[[source]]\nname = \"{name}\"\ndefinition = \"reviews-page\"\nparams = {{ url = \"{}\" }}\nevery = \"1s\"\n{more}",
            site.url(path)
        ));
    }
    place.write("hearken.toml", &text);
    let daemon = place.start_daemon();
    let n_asked = |path: &str| {
        site.asked()
            .iter()
            .filter(|asked| asked.path == path)
            .count()
    };
    wait_for("several polls of what is open", || {
        (n_asked("/open/kettle") >= 3 && n_asked("/private/mine") >= 3).then_some(())
    });
    let closed = wait_for("the refusal", || {
        let health = health(&place, "closed");
        (health["state"] == "failing").then_some(health)
    });
    assert_eq!(
        closed["reason"],
        "127.0.0.1 asks automatic readers in its robots.txt to leave this page alone (Disallow: /private/ for Hearken); if the site is yours, set ignore_robots = true on the source"
    );
    assert_eq!(closed["reason_kind"], "robots");
    assert_eq!(health(&place, "open")["state"], "ok");
    assert_eq!(health(&place, "mine")["state"], "ok");
    assert_eq!(n_asked("/private/kettle"), 0, "it was never asked for");
    // Two sources may begin at the same moment; after that the rules are known.
    assert!((1..=2).contains(&n_asked("/robots.txt")));
    let agents: Vec<String> = site
        .asked()
        .iter()
        .filter_map(|asked| asked.header("user-agent").map(str::to_owned))
        .collect();
    assert!(
        agents
            .iter()
            .all(|agent| agent.starts_with("Hearken/")
                && agent.ends_with("(+mailto:web@acme.example)")),
        "{agents:?}"
    );
    daemon.stop("TERM");
}

/// Numbered entries, a second apart from `base` on.
fn numbered(base: DateTime<Utc>, numbers: std::ops::Range<i64>) -> String {
    let ids: Vec<String> = numbers.clone().map(|number| number.to_string()).collect();
    let entries: Vec<(&str, &str)> = ids
        .iter()
        .map(|id| (id.as_str(), "Nothing to do with anybody we watch."))
        .collect();
    let mut body = feed(&entries);
    // Every entry of the harness bears the same time.
    for number in numbers {
        let at = base + TimeDelta::seconds(number);
        let Some(start) = body.find("<pubDate>") else {
            break;
        };
        let end = body.find("</pubDate>").expect("a closed element") + "</pubDate>".len();
        body.replace_range(
            start..end,
            &format!("<published-at>{}</published-at>", at.to_rfc2822()),
        );
    }
    body.replace("published-at>", "pubDate>")
}

#[test]
fn a_poll_that_follows_on_nothing_raises_a_gap_with_its_window() {
    let base = Utc::now() - TimeDelta::minutes(30);
    let n_polls = AtomicUsize::new(0);
    let site = Site::new(move |_| {
        let body = match n_polls.fetch_add(1, Ordering::SeqCst) {
            0 => numbered(base, 0..10),
            1 => numbered(base, 5..15),
            2 => numbered(base, 100..110),
            _ => numbered(base, 105..115),
        };
        Reply::ok("application/rss+xml", body)
    });
    let receiver = Site::new(|_| Reply::status(204));
    let place = Place::new();
    place.write(
        "hearken.toml",
        &configuration(&[("blog", site.url("/feed"))], Some(&receiver.url("/hook"))),
    );
    let daemon = place.start_daemon();
    let told = wait_for("source.gap", || {
        receiver
            .asked()
            .iter()
            .filter_map(|asked| serde_json::from_slice::<Value>(&asked.body).ok())
            .find(|body| body["type"] == "source.gap")
    });
    let time = |value: &Value| -> i64 {
        let at: DateTime<Utc> = value.as_str().expect("a time").parse().expect("a time");
        (at.timestamp() - base.timestamp()).abs()
    };
    let gap = &told["data"]["gap"];
    assert_eq!((time(&gap["from"]), time(&gap["to"])), (14, 100));
    assert_eq!(told["data"]["source"]["name"], "blog");
    wait_for("polls that follow on", || {
        (site.asked().len() >= 6).then_some(())
    });
    let gaps = health(&place, "blog")["gaps"].clone();
    assert_eq!(gaps.as_array().map(Vec::len), Some(1), "{gaps}");
    assert_eq!(gaps[0], *gap);
    daemon.stop("TERM");
    let n_told = receiver
        .asked()
        .iter()
        .filter(|asked| String::from_utf8_lossy(&asked.body).contains("\"source.gap\""))
        .count();
    assert_eq!(n_told, 1, "a gap is told once");
}

#[test]
fn a_gap_is_closed_by_reading_further_back() {
    let base = Utc::now() - TimeDelta::minutes(30);
    let n_polls = AtomicUsize::new(0);
    let site = Site::new(move |asked| {
        let page = |numbers: std::ops::Range<i64>, next: &str| {
            let link = format!(
                "<channel><atom:link xmlns:atom=\"http://www.w3.org/2005/Atom\" rel=\"next\" href=\"{next}\"/>"
            );
            let body = numbered(base, numbers).replacen("<channel>", &link, 1);
            Reply::ok("application/rss+xml", body)
        };
        match asked.path.as_str() {
            "/feed" => match n_polls.fetch_add(1, Ordering::SeqCst) {
                0 => page(0..10, "/page/2"),
                _ => page(30..40, "/page/2"),
            },
            "/page/2" => page(20..30, "/page/3"),
            "/page/3" => page(10..20, "/page/4"),
            "/page/4" => page(0..10, "/page/5"),
            _ => Reply::status(404),
        }
    });
    let receiver = Site::new(|_| Reply::status(204));
    let place = Place::new();
    place.write(
        "hearken.toml",
        &configuration(&[("blog", site.url("/feed"))], Some(&receiver.url("/hook"))),
    );
    let daemon = place.start_daemon();
    let n_asked = |path: &str| {
        site.asked()
            .iter()
            .filter(|asked| asked.path == path)
            .count()
    };
    wait_for("polls after the gap", || {
        (n_asked("/feed") >= 4).then_some(())
    });
    assert_eq!(
        ["/page/2", "/page/3", "/page/4", "/page/5"].map(n_asked),
        [1, 1, 1, 0],
        "as far back as what is known, once"
    );
    let health = health(&place, "blog");
    assert_eq!(health["gaps"].as_array().map(Vec::len), Some(0), "{health}");
    daemon.stop("TERM");
    assert!(receiver.asked().is_empty(), "nothing was missed");
}

#[test]
fn a_move_is_remembered_and_forgotten_when_the_new_place_breaks() {
    let is_broken = Arc::new(AtomicBool::new(false));
    let paths = Arc::new(Mutex::new(Vec::new()));
    let (broken, seen) = (Arc::clone(&is_broken), Arc::clone(&paths));
    let site = Site::new(move |asked| {
        let is_broken = broken.load(Ordering::SeqCst);
        seen.lock()
            .expect("no server panics")
            .push(asked.path.clone());
        match (asked.path.as_str(), is_broken) {
            ("/old", false) => Reply::Send(301, vec![("Location", "/new".to_owned())], Vec::new()),
            ("/new", true) => Reply::status(500),
            _ => Reply::ok("application/rss+xml", feed(&[("1", "Nothing of ours.")])),
        }
    });
    let place = Place::new();
    place.write(
        "hearken.toml",
        &configuration(&[("blog", site.url("/old"))], None),
    );
    let daemon = place.start_daemon();
    let n = |wanted: &str| {
        let paths = paths.lock().expect("no server panics");
        paths.iter().filter(|path| *path == wanted).count()
    };
    wait_for("polls of the new place", || (n("/new") >= 3).then_some(()));
    assert_eq!(n("/old"), 1, "the move is remembered");
    is_broken.store(true, Ordering::SeqCst);
    wait_for("the old place to be asked again", || {
        (n("/old") >= 2).then_some(())
    });
    wait_for("the source to be well again", || {
        (health(&place, "blog")["state"] == "ok").then_some(())
    });
    daemon.stop("TERM");
}

#[test]
fn a_webhook_to_the_inside_is_refused_with_its_reason() {
    let trap = Site::new(|_| Reply::status(204));
    let port = trap.address.port();
    let place = Place::new();
    let hosts = [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "[::ffff:127.0.0.1]",
        "0",
        "１２７.０.０.１",
    ];
    let mut text = "[[brand]]\nname = \"Acme\"\n[web]\nlisten = \"127.0.0.1:0\"\n\
        [[source]]\ndefinition = \"feed\"\nparams = { url = \"http://192.168.0.1/feed\" }\n"
        .to_owned();
    for (number, host) in hosts.iter().enumerate() {
        text.push_str(&format!(
            "[[webhook]]\nname = \"hook-{number}\"\nurl = \"http://{host}:{port}/\"\nsecret = \"{SECRET}\"\n"
        ));
    }
    place.write("hearken.toml", &text);
    let daemon = place.start_daemon();
    for (number, host) in hosts.iter().enumerate() {
        let said = place
            .run(&["webhook", "test", &format!("hook-{number}")])
            .ends_with(1);
        let text = said.stdout + &said.stderr;
        assert!(text.contains("net.allow_private"), "{host}: {text}");
    }
    assert!(trap.asked().is_empty(), "nothing got inside");
    daemon.stop("TERM");
}
