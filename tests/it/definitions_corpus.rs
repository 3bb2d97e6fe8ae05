//! The built-in definitions on their own samples, and on payloads that nobody on the team
//! wrote, where the folder with them is there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hearken::domain::{Definition, Format, Item, Kind};
use hearken::parse::{self, Answer, ParseError, Parsed, blocked, structured};
use hearken::source;
use serde_json::Value;
use url::Url;

/// The folder with the payloads; `None`, after saying so, where it is missing.
fn corpus() -> Option<PathBuf> {
    let folder = std::env::var_os("HEARKEN_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/fixtures"),
        PathBuf::from,
    );
    if folder.is_dir() {
        return Some(folder);
    }
    let required = std::env::var("HEARKEN_REQUIRE_ALL").is_ok_and(|value| value == "1");
    assert!(!required, "no payloads at {}", folder.display());
    println!("skipped: no payloads at {}", folder.display());
    None
}

fn expectations(corpus: &Path, name: &str) -> BTreeMap<String, Value> {
    let text = std::fs::read_to_string(corpus.join("expect").join(name)).expect("expectations");
    serde_json::from_str(&text).expect("an object of expectations")
}

fn definition(name: &str) -> &'static Definition {
    source::builtin().find(name).expect(name)
}

fn read(definition: &Definition, path: &Path) -> Result<Parsed, ParseError> {
    let bytes = std::fs::read(path).expect("a payload");
    let answer = Answer {
        bytes: &bytes,
        content_type: None,
        url: None,
        at: None,
    };
    parse::read(definition, &answer)
}

/// Every file below a folder, in a fixed order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Letters and digits only: the expectations cut texts and keep markup and spaces.
fn bare(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Whether the item's text begins as expected; entities and tags of the raw text differ.
fn begins_like(item: &str, head: &str) -> bool {
    let decoded = parse::text::plain_from_html(head);
    let item = bare(item);
    [bare(&decoded), bare(head)]
        .iter()
        // The head may have been cut within an entity or a tag.
        .any(|head| item.starts_with(head.as_str()) || n_common(&item, head) * 10 >= head.len() * 8)
}

fn n_common(left: &str, right: &str) -> usize {
    left.bytes()
        .zip(right.bytes())
        .take_while(|(a, b)| a == b)
        .count()
}

fn text_of<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value
        .get(key)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
}

/// Counts expected fields that were found, and keeps what was not for the message.
#[derive(Default)]
struct Score {
    n_expected: usize,
    n_found: usize,
    misses: Vec<String>,
}

impl Score {
    fn count(&mut self, found: bool, miss: impl FnOnce() -> String) {
        self.n_expected += 1;
        if found {
            self.n_found += 1;
        } else {
            self.misses.push(miss());
        }
    }

    #[track_caller]
    fn at_least(&self, what: &str, share: f64) {
        println!(
            "{what}: {} of {} expected fields",
            self.n_found, self.n_expected
        );
        assert!(self.n_expected > 0, "{what}: nothing was expected");
        let reached = self.n_found as f64 / self.n_expected as f64;
        assert!(
            reached >= share,
            "{what}: {} of {}\n{}",
            self.n_found,
            self.n_expected,
            self.misses.join("\n")
        );
    }
}

fn rfc3339(item: &Item) -> String {
    item.published_at
        .map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true))
        .unwrap_or_default()
}

#[test]
fn every_definition_reads_its_own_sample() {
    let problems = source::check_samples(source::builtin(), |definition, saved| {
        let answer = Answer {
            bytes: saved.bytes,
            content_type: None,
            url: saved.url.as_ref(),
            at: saved.at,
        };
        parse::read(definition, &answer)
            .map(|parsed| parsed.items)
            .map_err(|error| error.to_string())
    });
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn mastodon_posts_are_read_whole_and_boosts_left_out() {
    let Some(corpus) = corpus() else { return };
    let definition = definition("mastodon-tag");
    let mut score = Score::default();
    for (file, expected) in expectations(&corpus, "social.json") {
        let is_mastodon = ["/mastodon-py/", "/rtoot/", "/granary/mastodon/"]
            .iter()
            .any(|folder| file.contains(folder));
        if !is_mastodon {
            continue;
        }
        let parsed = read(definition, &corpus.join(&file)).expect(&file);
        let wanted: Vec<&Value> = expected["items"]
            .as_array()
            .expect("items")
            .iter()
            .filter(|item| item["is_reblog"] != Value::Bool(true))
            .collect();
        assert_eq!(parsed.items.len(), wanted.len(), "{file}");
        for (item, wanted) in parsed.items.iter().zip(wanted) {
            let miss = |what: &str| format!("{file} {what}: {wanted} gave {item:?}");
            let author = item.author.clone().unwrap_or_default();
            let handle = author.handle.unwrap_or_default();
            score.count(item.native_id.as_deref() == wanted["id"].as_str(), || {
                miss("id")
            });
            score.count(item.url.as_deref() == wanted["url"].as_str(), || {
                miss("url")
            });
            score.count(item.lang.as_deref() == wanted["lang"].as_str(), || {
                miss("lang")
            });
            score.count(
                Some(rfc3339(item).as_str()) == wanted["created_at"].as_str(),
                || miss("time"),
            );
            score.count(
                handle.strip_prefix('@') == wanted["author"].as_str(),
                || miss("author"),
            );
            let head = wanted["text_head"].as_str().unwrap_or_default();
            score.count(begins_like(&item.text, head), || miss("text"));
        }
    }
    score.at_least("mastodon-tag", 0.99);
}

#[test]
fn hacker_news_hits_are_read_whole() {
    let Some(corpus) = corpus() else { return };
    let definition = definition("hackernews");
    let expected = expectations(&corpus, "social.json");
    let file = "social/hn-algolia/1.1.json";
    let parsed = read(definition, &corpus.join(file)).expect(file);
    let wanted = expected[file]["items"].as_array().expect("items");
    assert_eq!(parsed.items.len(), wanted.len());
    for (item, wanted) in parsed.items.iter().zip(wanted) {
        assert_eq!(item.native_id.as_deref(), wanted["id"].as_str());
        assert_eq!(item.title.as_deref(), wanted["title"].as_str());
        assert_eq!(Some(rfc3339(item).as_str()), wanted["created_at"].as_str());
        assert_eq!(item.kind, Kind::Comment);
        let author = item.author.clone().unwrap_or_default();
        assert_eq!(author.name.as_deref(), wanted["author"].as_str());
        assert!(begins_like(
            &item.text,
            wanted["text_head"].as_str().unwrap_or_default()
        ));
    }
    let parsed = read(
        definition,
        &corpus.join("social/metasearch/hackernews.json"),
    )
    .expect("hits");
    let links: Vec<_> = parsed
        .items
        .iter()
        .map(|item| item.url.as_deref())
        .collect();
    assert_eq!(
        links,
        [
            Some("https://news.ycombinator.com/item?id=38765432"),
            Some("https://news.ycombinator.com/item?id=38765999")
        ]
    );
    assert_eq!(
        parsed.items[1].title.as_deref(),
        Some("Self-post without a URL")
    );
}

#[test]
fn marked_up_reviews_and_ratings_are_found_on_real_pages() {
    let Some(corpus) = corpus() else { return };
    let definition = definition("reviews-page");
    let mut reviews = Score::default();
    let mut aggregates = Score::default();
    for (file, expected) in expectations(&corpus, "reviews.json") {
        let notations = ["json-ld", "microdata"].map(|notation| expected.get(notation));
        if !file.ends_with(".html") || notations.iter().all(Option::is_none) {
            continue;
        }
        let bytes = std::fs::read(corpus.join(&file)).expect("a payload");
        let answer = Answer {
            bytes: &bytes,
            content_type: None,
            url: None,
            at: None,
        };
        let items = parse::read(definition, &answer).expect(&file).items;
        let page = structured::read_page(&answer, definition).expect(&file);
        let customers = items.iter().filter(|item| !item.is_brand_reply).count();
        let n_expected: u64 = notations
            .iter()
            .flatten()
            .filter_map(|notation| notation["n_reviews"].as_u64())
            .sum();
        reviews.count(customers as u64 == n_expected, || {
            format!("{file}: {customers} reviews, expected {n_expected}")
        });
        for notation in notations.iter().flatten() {
            for (place, wanted) in notation["reviews"]
                .as_array()
                .into_iter()
                .flatten()
                .enumerate()
            {
                count_review(&mut reviews, &file, items.get(place), wanted);
            }
            for wanted in notation["aggregate"].as_array().into_iter().flatten() {
                let found = page
                    .aggregates
                    .iter()
                    .any(|aggregate| fits(aggregate, wanted));
                aggregates.count(found, || {
                    format!("{file}: {wanted} not in {:?}", page.aggregates)
                });
            }
        }
    }
    reviews.at_least("reviews-page, reviews", 0.99);
    aggregates.at_least("reviews-page, ratings of the whole", 0.98);
}

fn count_review(score: &mut Score, file: &str, item: Option<&Item>, wanted: &Value) {
    let Some(item) = item else {
        score.count(false, || format!("{file}: missing {wanted}"));
        return;
    };
    let miss = |what: &str| format!("{file} {what}: {wanted} gave {item:?}");
    assert_eq!(item.kind, Kind::Review);
    if let Some(author) = text_of(wanted, "author") {
        let name = item.author.as_ref().and_then(|author| author.name.clone());
        let same = bare(&name.unwrap_or_default()) == bare(&parse::text::plain_from_html(author));
        score.count(same, || miss("author"));
    }
    if let Some(head) = text_of(wanted, "body_head") {
        score.count(begins_like(&item.text, head), || miss("text"));
    }
    if let Some(title) = text_of(wanted, "title") {
        let same = bare(item.title.as_deref().unwrap_or_default()) == bare(title);
        score.count(same, || miss("title"));
    }
    if let Some(date) = text_of(wanted, "date") {
        let expected = chrono::DateTime::parse_from_rfc3339(date)
            .map(|at| at.to_utc().date_naive().to_string())
            .unwrap_or_else(|_| date.chars().take(10).collect());
        let actual = item.published_at.map(|at| at.date_naive().to_string());
        score.count(actual.as_deref() == Some(expected.as_str()), || {
            miss("date")
        });
    }
    if let Some(rating) = number_of(&wanted["rating"]) {
        let actual = item.rating.map(|rating| rating.value);
        score.count(actual == Some(rating), || miss("rating"));
    }
}

fn number_of(value: &Value) -> Option<f64> {
    value
        .as_f64()
        .or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()))
}

fn fits(aggregate: &structured::Aggregate, wanted: &Value) -> bool {
    let same = |actual: Option<f64>, key: &str| actual == number_of(&wanted[key]);
    let same_name = text_of(wanted, "of").is_none_or(|name| {
        bare(aggregate.of.as_deref().unwrap_or_default())
            == bare(&parse::text::plain_from_html(name))
    });
    same_name
        && same(aggregate.value, "value")
        && same(aggregate.best, "best")
        && same(aggregate.worst, "worst")
        && same(aggregate.n_reviews.map(|n| n as f64), "review_count")
        && same(aggregate.n_ratings.map(|n| n as f64), "rating_count")
}

#[test]
fn walls_are_walls_for_every_definition() {
    let Some(corpus) = corpus() else { return };
    for (file, expected) in expectations(&corpus, "social.json") {
        if expected.get("must").is_none() {
            continue;
        }
        for definition in source::builtin().iter() {
            let error = read(definition, &corpus.join(&file)).expect_err(&file);
            assert_eq!(
                error.kind(),
                "blocked",
                "{file} as {}: {error}",
                definition.name
            );
        }
    }
    // A challenge page in place of a feed.
    let page = corpus.join("feeds/derived-mutations/search-html200.xml");
    let error = read(definition("feed"), &page).expect_err("a wall");
    assert_eq!(error.kind(), "blocked");
    let quota = corpus.join("social/python-youtube/error_response_simple.json");
    for definition in source::builtin().iter() {
        if matches!(definition.format, Format::Json(_)) {
            assert_eq!(
                read(definition, &quota).expect_err("an error").kind(),
                "blocked"
            );
        }
    }
}

#[test]
fn nothing_genuine_is_taken_for_a_wall() {
    let Some(corpus) = corpus() else { return };
    let known = [
        "search-html200.xml",
        "error_response_simple.json",
        "error_permission_resp.json",
    ];
    let mut wrong = Vec::new();
    let mut n_files = 0;
    for folder in ["feeds", "reviews", "social"] {
        for path in files(&corpus.join(folder)) {
            let name = path.to_string_lossy().into_owned();
            if name.contains("blocked-pages") || known.iter().any(|known| name.ends_with(known)) {
                continue;
            }
            let bytes = std::fs::read(&path).expect("a payload");
            let url = Url::parse("https://example.org/").expect("an address");
            let answer = Answer {
                bytes: &bytes,
                content_type: None,
                url: Some(&url),
                at: None,
            };
            n_files += 1;
            if let Some(reason) = blocked::detect(&answer) {
                wrong.push(format!("{name}: {reason}"));
            }
        }
    }
    assert!(n_files > 500, "only {n_files} files");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
