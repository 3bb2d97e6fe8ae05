//! Strangers write the texts: whatever they write stays text, in every page and feed.

use scraper::{Html, Selector};

use super::{House, PAGES, bearer};
use crate::domain::{Author, BrandMatch, BrandName, EarlierText, Mention, SourceName};
use crate::web::sample;

const HOSTILE: &str = "</title></script><script>alert(1)</script>\"'><img src=x onerror=alert(1)>\u{8}\u{0}\u{1e} ]]> &lt; నమస్తే";

fn hostile_mention() -> Mention {
    let mut mention = sample::mention("m1");
    let text = format!("{HOSTILE} Acme");
    let n_chars = text.chars().count();
    mention.item.text = text;
    mention.item.title = Some(format!("title {HOSTILE}"));
    mention.item.url = Some("javascript:alert(document.cookie)//https://x.example/".to_owned());
    mention.item.native_id = Some(HOSTILE.to_owned());
    mention.item.lang = Some("en\" onload=\"alert(1)".to_owned());
    mention.item.html = Some(HOSTILE.to_owned());
    mention.item.author = Some(Author {
        name: Some(HOSTILE.to_owned()),
        handle: Some(format!("@{HOSTILE}")),
        url: Some("data:text/html,<script>alert(1)</script>".to_owned()),
        followers: Some(3),
    });
    mention.item.rating = Some(crate::domain::Rating {
        value: -1e300,
        best: 1e300,
    });
    mention.source = SourceName::new(HOSTILE);
    mention.brands = vec![BrandMatch {
        name: BrandName::new(HOSTILE),
        rule: HOSTILE.to_owned(),
        spans: vec![[n_chars - 4, n_chars], [3, 999_999], [7, 2]],
        sentiment: None,
    }];
    mention.sentiment.model = HOSTILE.to_owned();
    if let Some(flag) = &mut mention.flag {
        flag.reasons = vec![HOSTILE.to_owned()];
    }
    mention.earlier = vec![EarlierText {
        until: sample::now(),
        title: Some(HOSTILE.to_owned()),
        text: HOSTILE.to_owned(),
        rating: mention.item.rating,
    }];
    mention
}

/// Fails when a page holds anything that would run, load or lead somewhere strange.
#[track_caller]
fn check_page(what: &str, page: &str) {
    let document = Html::parse_document(page);
    let all = Selector::parse("*").expect("a valid selector");
    for element in document.select(&all) {
        let element = element.value();
        let name = element.name();
        assert!(
            !["img", "iframe", "object", "embed", "style", "base"].contains(&name),
            "{what}: <{name}>"
        );
        for (attribute, value) in element.attrs() {
            assert!(!attribute.starts_with("on"), "{what}: {attribute}={value}");
            assert!(attribute != "style", "{what}: an inline style");
            if ["href", "src", "action"].contains(&attribute) {
                let is_good = value.starts_with('/')
                    || value.starts_with('#')
                    || value.starts_with("https://")
                    || value.starts_with("http://");
                assert!(is_good, "{what}: {attribute}={value}");
            }
        }
        if name == "script" {
            assert!(
                element
                    .attr("src")
                    .is_some_and(|src| src.starts_with("/assets/")),
                "{what}"
            );
        }
    }
}

#[tokio::test]
async fn hostile_texts_stay_texts_on_every_page() {
    let house = House::new();
    house.store(&hostile_mention());
    house
        .post(
            "/api/v1/cases/m1/dismiss",
            &serde_json::json!({"note": HOSTILE, "by": "<b>me</b>"}).to_string(),
        )
        .await;
    let hostile = url::form_urlencoded::byte_serialize(HOSTILE.as_bytes()).collect::<String>();
    let more = [
        format!("/mentions?q={hostile}"),
        format!("/mentions?brand={hostile}&source={hostile}&lang={hostile}&since={hostile}"),
        format!("/mentions?cursor={hostile}"),
        format!("/?did={hostile}&to={hostile}"),
        "/?did=dismiss&to=m1".to_owned(),
        format!("/mentions/{hostile}"),
        format!("/{hostile}"),
    ];
    let pages = PAGES.into_iter().map(str::to_owned).chain(more);
    let mut n_seen = 0;
    for path in pages {
        let answer = house.get(&path).await;
        if answer.header("content-type").starts_with("text/html") {
            check_page(&path, &answer.text);
            n_seen += 1;
        }
    }
    assert!(n_seen > 10, "only {n_seen} pages were HTML");
    let sign_in = house
        .ask("GET", &format!("/sign-in?token={hostile}"), &[], "")
        .await;
    check_page("/sign-in", &sign_in.text);
    let page = house.get("/mentions/m1").await;
    assert!(
        page.text.contains("&lt;script&gt;alert(1)"),
        "the text is shown as it is"
    );
    assert!(
        !page.text.contains("document.cookie"),
        "a link that runs is not shown at all"
    );
}

#[tokio::test]
async fn hostile_texts_leave_the_feeds_whole() {
    let house = House::new();
    let first = house.store(&hostile_mention());
    house.store(&sample::mention("m2"));
    for path in ["/feed.atom", "/feed.json"] {
        let answer = house.get(path).await;
        let feed = feed_rs::parser::parse(answer.text.as_bytes()).expect("a valid feed");
        assert_eq!(feed.entries.len(), 2, "{path}");
        let id = format!("urn:hearken:{}", first.id);
        let entry = feed
            .entries
            .iter()
            .find(|entry| entry.id == id)
            .expect("the stable id");
        let link = &entry.links.first().expect("a link").href;
        assert_eq!(link, "http://127.0.0.1:8080/mentions/m1", "{path}");
        let content = entry
            .content
            .as_ref()
            .and_then(|content| content.body.as_ref());
        check_page(path, content.expect("a content"));
    }
}

#[tokio::test]
async fn feeds_are_asked_again_cheaply() {
    let house = House::new();
    house.store(&sample::mention("m1"));
    for path in ["/feed.atom", "/feed.json"] {
        let first = house.get(path).await;
        let tag = first.header("etag").to_owned();
        assert!(tag.starts_with('"') && first.header("last-modified").ends_with(" GMT"));
        for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}")] {
            let headers = [("authorization", bearer()), ("if-none-match", known)];
            let headers: Vec<(&str, &str)> =
                headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
            let again = house.ask("GET", path, &headers, "").await;
            assert_eq!(again.status, 304, "{path}");
            assert!(again.text.is_empty() && again.header("etag") == tag);
        }
    }
    let before = house.get("/feed.atom").await.header("etag").to_owned();
    house.store(&sample::mention("m2"));
    assert_ne!(house.get("/feed.atom").await.header("etag"), before);
}

#[tokio::test]
async fn an_empty_house_shows_what_to_do() {
    let house = House::with(|site| {
        site.sources.clear();
        site.destinations.clear();
        site.is_demo = true;
    });
    for (path, words) in [
        ("/", "No source is configured yet"),
        ("/to-check", "Nothing to check"),
        ("/mentions", "Nothing heard yet"),
        ("/done", "Nothing is closed yet"),
        ("/sources", "hearken reload"),
        ("/deliveries", "No webhook is configured"),
    ] {
        let answer = house.get(path).await;
        assert!(answer.text.contains(words), "{path}");
        assert!(answer.text.contains("This is a demo"), "{path}");
    }
    let feed = house.get("/feed.atom").await;
    let feed = feed_rs::parser::parse(feed.text.as_bytes()).expect("a valid feed");
    assert!(feed.entries.is_empty());
}
