//! Recorded answers of real interfaces, replayed with their headers from loopback: where the
//! next page is, and when the interface wants to be asked again.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;
use url::Url;

use hearken::domain::{Cursor, RequestPlan};
use hearken::fetch::{FetchError, FetchPlan, Fetched, fetch};
use hearken::net::{AllowList, Client, NetPolicy};
use hearken::parse::Parsed;
use hearken::parse::paging::{Page, next_request};
use hearken::source;

use crate::harness::{Reply, Site};

fn corpus() -> Option<PathBuf> {
    let folder = std::env::var_os("HEARKEN_CORPUS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/fixtures"),
        PathBuf::from,
    );
    if folder.join("expect/social.json").exists() {
        return Some(folder);
    }
    let required = std::env::var("HEARKEN_REQUIRE_ALL").is_ok_and(|value| value == "1");
    assert!(!required, "there is no corpus at {}", folder.display());
    eprintln!("skipped: there is no corpus at {}", folder.display());
    None
}

/// A recorded answer: what was asked of whom, and what came.
struct Recorded {
    name: String,
    host: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

fn recorded(folder: &std::path::Path) -> Vec<Recorded> {
    let mut all = Vec::new();
    for list in ["social", "reviews"] {
        let text = std::fs::read_to_string(folder.join(format!("expect/{list}.json")))
            .expect("expectations");
        let expectations: BTreeMap<String, Value> = serde_json::from_str(&text).expect("JSON");
        for (name, expectation) in expectations {
            let serve = &expectation["serve"];
            if serve["status"] != 200 {
                continue;
            }
            let headers = serve["headers"]
                .as_object()
                .into_iter()
                .flatten()
                .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
                .collect();
            all.push(Recorded {
                host: serve["host"].as_str().unwrap_or_default().to_owned(),
                headers,
                body: std::fs::read(folder.join(&name)).expect("a recorded answer"),
                name,
            });
        }
    }
    all
}

impl Recorded {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Serves it from loopback; links to the recorded host lead to the server itself.
    fn serve(&self, spent: bool) -> Site {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let here = format!("http://{}", listener.local_addr().expect("an address"));
        let headers: Vec<(String, String)> = self
            .headers
            .iter()
            .map(|(key, value)| {
                let value = value
                    .replace(&format!("https://{}", self.host), &here)
                    .replace(&format!("http://{}", self.host), &here);
                match spent && key.ends_with("-remaining") {
                    true => (key.clone(), "0".to_owned()),
                    false => (key.clone(), value),
                }
            })
            .collect();
        let body = self.body.clone();
        Site::on(listener, move |_| {
            let mut head = format!(
                "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n",
                body.len()
            );
            for (key, value) in &headers {
                head.push_str(&format!("{key}: {value}\r\n"));
            }
            head.push_str("\r\n");
            let mut answer = head.into_bytes();
            answer.extend_from_slice(&body);
            Reply::Raw(answer)
        })
    }

    /// When its rate limit starts anew.
    fn reset(&self) -> Option<DateTime<Utc>> {
        let value = ["x-ratelimit-reset", "ratelimit-reset", "x-rate-limit-reset"]
            .iter()
            .find_map(|name| self.header(name))?;
        match value.parse::<i64>() {
            Ok(secs) => DateTime::from_timestamp(secs, 0),
            Err(_) => value.parse().ok(),
        }
    }
}

fn client() -> Client {
    Client::new(NetPolicy {
        allow_private: AllowList::parse(&["127.0.0.1".to_owned()]).expect("well written"),
        ..NetPolicy::default()
    })
    .expect("the policy is sound")
}

/// Recorded answers of a definition's interface, where the mark of the next page stands (the
/// `Link` header, or a place in the body), and the parameter that it goes into.
const CASES: [(&str, &str, &str, &str); 5] = [
    (
        "social/rtoot/get_timeline_hashtag",
        "mastodon-tag",
        "link",
        "max_id",
    ),
    (
        "social/mastodon-py/test_public_tl",
        "mastodon-tag",
        "link",
        "max_id",
    ),
    (
        "social/bskyr/f_search",
        "bluesky-search",
        "/cursor",
        "cursor",
    ),
    (
        "social/tweepy/test_client_search_recent",
        "x-recent-search",
        "/meta/next_token",
        "next_token",
    ),
    (
        "social/praw/TestRedditorListings",
        "reddit-search-api",
        "/data/after",
        "after",
    ),
];

/// Any value that suits a parameter.
fn params(definition: &hearken::domain::Definition, server: &str) -> BTreeMap<String, String> {
    definition
        .params
        .iter()
        .filter(|param| param.default.is_none() || param.name == "server")
        .map(|param| {
            let value = if param.name.contains("server") {
                server
            } else {
                "acme"
            };
            (param.name.clone(), value.to_owned())
        })
        .collect()
}

async fn ask(
    site: &Site,
    request: &RequestPlan,
    now: DateTime<Utc>,
) -> Result<Fetched, FetchError> {
    let mut plan = FetchPlan::of(request);
    // A definition whose address is fixed is asked at the stand-in all the same.
    plan.url.set_scheme("http").expect("another web address");
    plan.url.set_host(Some("127.0.0.1")).expect("a host");
    plan.url
        .set_port(Some(site.address.port()))
        .expect("a port");
    fetch(&client(), &plan, &Cursor::default(), now).await
}

#[tokio::test]
async fn the_next_page_of_each_recorded_interface_is_found() {
    let Some(folder) = corpus() else { return };
    let recorded = recorded(&folder);
    let mut n_checked = BTreeMap::new();
    for (prefix, definition, place, param) in CASES {
        let definition = source::builtin()
            .find(definition)
            .unwrap_or_else(|| panic!("there is no definition {definition}"));
        let paging = definition.paging.as_ref().expect(&definition.name);
        for answer in recorded
            .iter()
            .filter(|answer| answer.name.starts_with(prefix))
        {
            let site = answer.serve(false);
            let mut request = definition
                .request(&params(definition, &site.url("")))
                .expect("a request");
            // Signing in has tests of its own.
            request.sign_in = None;
            let now = answer.reset().unwrap_or_else(Utc::now) - Duration::from_secs(60);
            let fetched = ask(&site, &request, now).await;
            let Ok(Fetched::Fresh {
                bytes,
                url,
                links,
                hints,
                ..
            }) = fetched
            else {
                panic!("{}: {fetched:?}", answer.name);
            };
            assert_eq!(hints.retry_after, None, "{}: not used up yet", answer.name);
            let parsed = Parsed::default();
            let next = next_request(
                paging,
                &request,
                &Page {
                    bytes: &bytes,
                    url: &url,
                    links: &links,
                    parsed: &parsed,
                },
            );
            let found = next.and_then(|next| {
                next.url
                    .query_pairs()
                    .find(|(key, _)| key == param)
                    .map(|(_, value)| value.into_owned())
            });
            let expected = if place == "link" {
                answer.header("link").and_then(|link| {
                    let target = link.split(['<', '>']).nth(1)?;
                    let url = Url::parse(target).ok()?;
                    let pair = url.query_pairs().find(|(key, _)| key == param)?;
                    Some(pair.1.into_owned())
                })
            } else {
                let body: Value = serde_json::from_slice(&bytes).expect("JSON");
                body.pointer(place)
                    .and_then(Value::as_str)
                    .map(str::to_owned)
            };
            assert_eq!(found, expected, "{}", answer.name);
            *n_checked.entry(prefix).or_insert(0) += usize::from(expected.is_some());
        }
        assert!(
            n_checked.get(prefix).is_some_and(|n| *n > 0),
            "no recorded answer of {prefix} has a next page"
        );
    }
    eprintln!("next pages found: {n_checked:?}");
    let n_all: usize = n_checked.values().sum();
    assert!(n_all >= 5, "{n_checked:?}");
}

#[tokio::test]
async fn a_used_up_limit_of_each_recorded_interface_is_a_wait() {
    let Some(folder) = corpus() else { return };
    let mut n_checked = 0;
    for answer in recorded(&folder) {
        let Some(reset) = answer.reset() else {
            continue;
        };
        let site = answer.serve(true);
        let request = RequestPlan::get(Url::parse(&site.url("/")).expect("a URL"));
        let now = reset - Duration::from_secs(60);
        match ask(&site, &request, now).await {
            Ok(Fetched::Fresh { hints, .. }) => {
                let wait = hints.retry_after.expect("a wait").as_secs_f64();
                assert!((59.0..=61.0).contains(&wait), "{}: {wait}", answer.name);
                n_checked += 1;
            }
            other => panic!("{}: {other:?}", answer.name),
        }
    }
    eprintln!("{n_checked} recorded limits become a wait");
    assert!(n_checked >= 10, "{n_checked} recorded limits");
}

/// Serves a recorded body after a change and asks for it.
async fn changed(
    folder: &std::path::Path,
    file: &str,
    from: &str,
    to: &str,
) -> Result<Fetched, FetchError> {
    let text = std::fs::read_to_string(folder.join(file)).expect("a recorded answer");
    assert!(text.contains(from), "{file} has {from}");
    let body = text.replacen(from, to, 1);
    let site = Site::new(move |_| Reply::ok("application/json", body.clone()));
    let request = RequestPlan::get(Url::parse(&site.url("/")).expect("a URL"));
    let now = "2026-03-01T10:00:00Z".parse().expect("a moment");
    ask(&site, &request, now).await
}

#[tokio::test]
async fn limits_inside_recorded_bodies_are_waits_and_refusals() {
    let Some(folder) = corpus() else { return };
    let stack = "social/metasearch/askubuntu.json";
    let wait = |fetched: Result<Fetched, FetchError>| match fetched {
        Ok(Fetched::Fresh { hints, .. }) => hints.retry_after.map(|wait| wait.as_secs()),
        other => panic!("{other:?}"),
    };
    let as_it_is = changed(&folder, stack, "\"has_more\"", "\"has_more\"").await;
    assert_eq!(wait(as_it_is), None);
    let asked = changed(
        &folder,
        stack,
        "\"has_more\"",
        "\"backoff\": 12, \"has_more\"",
    )
    .await;
    assert_eq!(wait(asked), Some(12));
    let spent = changed(
        &folder,
        stack,
        "\"quota_remaining\": 298",
        "\"quota_remaining\": 0",
    )
    .await;
    assert_eq!(wait(spent), Some(14 * 3_600), "until midnight UTC");

    // Google says "no more" with HTTP 200.
    let places = "reviews/google-places/PlaceDetailsResponse.json";
    let refused = changed(&folder, places, "\"OK\"", "\"OVER_QUERY_LIMIT\"").await;
    let error = refused.expect_err("a quota error inside HTTP 200");
    assert_eq!(error.kind(), "quota", "{error}");
    assert_eq!(error.retry_after(), Some(Duration::from_secs(22 * 3_600)));
}
