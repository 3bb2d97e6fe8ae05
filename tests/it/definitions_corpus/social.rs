//! Recorded answers of social networks and forums.

use std::path::Path;

use hearken::domain::Item;
use serde_json::Value;

use super::table::{Row, Wanted};
use super::{definition, expectations, read};

/// The definition and the folders or files (a part of their path) that it must read.
const FILES: [(&str, &[&str]); 8] = [
    (
        "mastodon-tag",
        &["/mastodon-py/", "/rtoot/", "/granary/mastodon/"],
    ),
    ("mastodon-search", &["/mastodon-py/test_entity_searchv2__2"]),
    ("bluesky-search", &["/bskyr/", "/granary/bluesky/"]),
    ("reddit-search-api", &["/praw/"]),
    ("reddit-subreddit-api", &["/praw/TestRedditorListings"]),
    ("discourse-latest", &["/discourse-api/"]),
    (
        "youtube-comments",
        &["/apidata/comment_threads/", "/apidata/comments/"],
    ),
    ("x-recent-search", &["/python-twitter/", "/tweepy/"]),
];

/// Where the words of the expectations differ from ours.
fn wanted(definition: &str, entry: &Value) -> Wanted {
    let text = |key: &str| {
        entry[key]
            .as_str()
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    let id = match &entry["id"] {
        Value::Number(number) => Some(number.to_string()),
        Value::Object(id) => id
            .values()
            .next_back()
            .and_then(Value::as_str)
            .map(str::to_owned),
        _ => text("id"),
    };
    let mut wanted = Wanted {
        id: id.or_else(|| text("uri")),
        url: text("url"),
        title: text("title"),
        head: text("text_head"),
        author: text("author"),
        time: text("created_at").or_else(|| text("published")),
        rating: None,
    };
    match definition {
        "bluesky-search" => {
            // Without a handle there is no address either.
            wanted.url = text("web_url").filter(|_| wanted.author.is_some());
        }
        "reddit-search-api" | "reddit-subreddit-api" => {
            wanted.url = text("permalink").map(|path| format!("https://www.reddit.com{path}"));
            wanted.time = entry["created_utc"]
                .as_f64()
                .and_then(|at| chrono::DateTime::from_timestamp(at as i64, 0))
                .map(|at| at.to_rfc3339());
        }
        // A tag's answer names local people without their server.
        "hackernews" => wanted.url = None,
        _ => (),
    }
    wanted
}

fn n_items(expected: &Value, entries: &[Value]) -> usize {
    expected["n_items"]
        .as_u64()
        .map_or(entries.len(), |n| n as usize)
}

pub(super) fn rows(corpus: &Path) -> Vec<Row> {
    let all = expectations(corpus, "social.json");
    let mut rows = Vec::new();
    for (name, parts) in FILES {
        let mut row = Row::new(name);
        for (file, expected) in &all {
            if !parts.iter().any(|part| file.contains(part)) {
                continue;
            }
            let entries: Vec<Value> = expected["items"]
                .as_array()
                .expect("items")
                .iter()
                // Shares are left out unless asked for.
                .filter(|entry| entry["is_reblog"] != Value::Bool(true))
                .cloned()
                .collect();
            let n_shares = expected["items"].as_array().map_or(0, Vec::len) - entries.len();
            let items = read(definition(name), &corpus.join(file))
                .expect(file)
                .items;
            let wanted: Vec<Wanted> = entries.iter().map(|entry| wanted(name, entry)).collect();
            row.file(
                file,
                &items,
                n_items(expected, &entries) - n_shares,
                &wanted,
            );
        }
        rows.push(row);
    }
    rows.push(videos(corpus, &all));
    rows.push(hacker_news(corpus, &all["social/hn-algolia/1.1.json"]));
    rows.push(jetstream(corpus, &all["social/jetstream/golden_v1.jsonl"]));
    rows
}

/// Searches, lists of videos and activities have no text, but title, channel and time.
fn videos(corpus: &Path, all: &std::collections::BTreeMap<String, Value>) -> Row {
    let name = "youtube-search";
    let mut row = Row::new(name);
    for (file, expected) in all {
        let is_ours = ["/search/", "/videos/", "/activities/"]
            .iter()
            .any(|part| file.contains("/apidata") && file.contains(part));
        if !is_ours {
            continue;
        }
        let entries = expected["items"].as_array().expect("items");
        let items = read(definition(name), &corpus.join(file))
            .expect(file)
            .items;
        let wanted: Vec<Wanted> = entries.iter().map(|entry| wanted(name, entry)).collect();
        row.file(file, &items, entries.len(), &wanted);
    }
    row
}

fn hacker_news(corpus: &Path, expected: &Value) -> Row {
    let mut row = Row::new("hackernews");
    let file = "social/hn-algolia/1.1.json";
    let items = read(definition("hackernews"), &corpus.join(file))
        .expect(file)
        .items;
    let entries = expected["items"].as_array().expect("items");
    let wanted: Vec<Wanted> = entries
        .iter()
        .map(|entry| wanted("hackernews", entry))
        .collect();
    row.file(file, &items, wanted.len(), &wanted);
    let file = "social/metasearch/hackernews.json";
    let items = read(definition("hackernews"), &corpus.join(file))
        .expect(file)
        .items;
    let story = |id: &str, author: &str, time: &str| Wanted {
        id: Some(id.to_owned()),
        url: Some(format!("https://news.ycombinator.com/item?id={id}")),
        author: Some(author.to_owned()),
        time: Some(time.to_owned()),
        ..Wanted::default()
    };
    let wanted = [
        story("38765432", "pg", "2026-05-01T12:34:56Z"),
        story("38765999", "dang", "2026-05-02T08:00:00Z"),
    ];
    row.file(file, &items, 2, &wanted);
    row
}

/// Ten events, of which one is a post.
fn jetstream(corpus: &Path, expected: &Value) -> Row {
    let mut row = Row::new("bluesky-jetstream");
    let file = "social/jetstream/golden_v1.jsonl";
    let items: Vec<Item> = read(definition("bluesky-jetstream"), &corpus.join(file))
        .expect(file)
        .items;
    let wanted: Vec<Wanted> = expected["posts"]
        .as_array()
        .expect("posts")
        .iter()
        .map(|post| {
            let text = |key: &str| post[key].as_str().expect(key).to_owned();
            Wanted {
                id: Some(format!(
                    "at://{}/app.bsky.feed.post/{}",
                    text("did"),
                    text("rkey")
                )),
                head: Some(text("text_head")),
                author: Some(text("did")),
                ..Wanted::default()
            }
        })
        .collect();
    row.file(file, &items, wanted.len(), &wanted);
    row
}
