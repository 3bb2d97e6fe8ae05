//! Runs every feed of the shared corpus against what its own project, or two independent
//! parsers, expect of it, and prints the shares that are right. Skipped with a line when
//! the corpus is not there, failed instead when `HEARKEN_REQUIRE_ALL` is set.

mod compare;
mod corpus;

use std::collections::BTreeMap;

use hearken::dedupe::identify;
use hearken::domain::{
    BrandMatch, BrandName, Item, Kind, Label, Mention, Sentiment, SourceName, SourceStatus,
};
use hearken::parse::{Answer, ParseError, feed};
use hearken::store::{NewMention, PollOutcome, Recorded, Store};
use url::Url;

use compare::Score;
use corpus::{Corpus, Expectation};

/// The share of checks that must be right, of those two parsers or the project agree on.
const LEAST_CHECKS_RIGHT: f64 = 0.99;
/// The share of files in which every check must be right or an exception.
const LEAST_FILES_RIGHT: f64 = 0.99;
/// The share of checks in which we may differ from the expectation, each with its reason.
const MOST_EXCEPTIONS: f64 = 0.03;

/// Reads one file of the corpus the way it would have been fetched.
fn read(expectation: &Expectation) -> Result<Vec<Item>, ParseError> {
    let url = expectation
        .base_url
        .as_deref()
        .map(|url| Url::parse(url).expect("the corpus holds valid addresses"));
    let answer = Answer {
        bytes: &expectation.bytes,
        content_type: expectation.content_type.as_deref(),
        url: url.as_ref(),
        at: None,
    };
    feed::read(&answer, "feed", Kind::Article).map(|parsed| parsed.items)
}

#[test]
fn feeds_of_the_corpus_are_read_as_expected() {
    let Some(corpus) = Corpus::find() else {
        return;
    };
    let exceptions = corpus::exceptions();
    let mut score = Score::default();
    for expectation in corpus.expectations() {
        let outcome = read(&expectation);
        score.add(&expectation, &outcome, &exceptions);
    }
    score.print();
    assert!(
        score.share_of_checks() >= LEAST_CHECKS_RIGHT,
        "{:.2} % of the checks are right",
        score.share_of_checks() * 100.0
    );
    assert!(
        score.share_of_files() >= LEAST_FILES_RIGHT,
        "{:.2} % of the files are wholly right",
        score.share_of_files() * 100.0
    );
    assert!(score.share_of_exceptions() <= MOST_EXCEPTIONS);
    let stale = score.unused_exceptions(&exceptions);
    assert!(
        stale.is_empty(),
        "exceptions that are none any more: {stale:#?}"
    );
}

#[test]
fn no_feed_of_the_corpus_makes_it_panic_or_lets_a_script_through() {
    let Some(corpus) = Corpus::find() else {
        return;
    };
    let mut kinds: BTreeMap<&'static str, usize> = BTreeMap::new();
    for (name, bytes) in corpus.files() {
        let answer = Answer {
            bytes: &bytes,
            content_type: None,
            url: None,
            at: None,
        };
        let first = feed::read(&answer, "feed", Kind::Article);
        let second = feed::read(&answer, "feed", Kind::Article);
        assert_eq!(first, second, "{name} is read differently the second time");
        match first {
            Ok(parsed) => {
                *kinds.entry("read").or_default() += 1;
                for item in &parsed.items {
                    if let Some(html) = &item.html {
                        assert!(is_harmless(html), "{name}: {html}");
                    }
                }
            }
            Err(error) => *kinds.entry(error.kind()).or_default() += 1,
        }
    }
    println!("files by outcome: {kinds:?}");
}

/// What a poll of this answer would store if every item spoke of a brand.
fn outcome_of(
    source: &SourceName,
    items: Vec<Item>,
    at: chrono::DateTime<chrono::Utc>,
) -> PollOutcome {
    let identities = identify(source, &items, at);
    let mentions = items
        .into_iter()
        .zip(identities)
        .map(|(item, identity)| NewMention {
            mention: Mention {
                item,
                id: identity.id,
                source: source.clone(),
                seen_at: at,
                brands: vec![BrandMatch {
                    name: BrandName::new("Acme"),
                    rule: "acme".to_owned(),
                    spans: Vec::new(),
                    sentiment: None,
                }],
                story: identity.story,
                sentiment: Sentiment {
                    label: Label::Neutral,
                    negative: 0.25,
                    neutral: 0.5,
                    positive: 0.25,
                    model: "test/1".to_owned(),
                    sentence: None,
                },
                flag: None,
                case: None,
                stars_against_text: false,
                backlog: false,
                own: false,
                corrections: Vec::new(),
                earlier: Vec::new(),
                deleted_at: None,
                reach_before: None,
            },
            keys: identity.keys,
            events: Vec::new(),
        })
        .collect();
    PollOutcome {
        source: source.clone(),
        status: Some(SourceStatus::new(source.clone())),
        mentions,
        events: Vec::new(),
    }
}

#[test]
fn the_same_file_twice_adds_nothing_to_a_store() {
    let Some(corpus) = Corpus::find() else {
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let first_poll = chrono::DateTime::UNIX_EPOCH + chrono::TimeDelta::days(20_500);
    let store = Store::open(&folder.path().join("data"), first_poll).expect("a new store");
    let mut wrong = Vec::new();
    let (mut n_files, mut n_items, mut n_new) = (0, 0, 0);
    for (name, bytes) in corpus.files() {
        let answer = Answer {
            bytes: &bytes,
            content_type: None,
            url: None,
            at: None,
        };
        let Ok(parsed) = feed::read(&answer, "feed", Kind::Article) else {
            continue;
        };
        let source = SourceName::new(name.clone());
        n_files += 1;
        n_items += parsed.items.len();
        let first = store
            .record_poll(&outcome_of(&source, parsed.items.clone(), first_poll))
            .expect("the poll is stored");
        n_new += first.new.len();
        let second_poll = first_poll + chrono::TimeDelta::hours(1);
        let second = store
            .record_poll(&outcome_of(&source, parsed.items, second_poll))
            .expect("the poll is stored");
        if second != Recorded::default() {
            wrong.push(format!(
                "{name}: {} new, {} changed",
                second.new.len(),
                second.updated.len()
            ));
        }
    }
    println!(
        "{n_files} files of {n_items} items made {n_new} mentions; read again they made {}",
        wrong.len()
    );
    assert!(n_files > 500, "the whole corpus was read");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let report = store.verify().expect("the store can be checked");
    assert!(report.is_ok(), "{:?}", report.problems);
}

/// No script, no event handler and no address that runs code, looking at tags only: a
/// text may well speak of them.
pub(crate) fn is_harmless(html: &str) -> bool {
    let document = scraper::Html::parse_fragment(html);
    document.tree.values().all(|node| match node {
        scraper::Node::Element(element) => {
            !matches!(
                element.name(),
                "script" | "style" | "iframe" | "object" | "embed" | "form" | "meta" | "link"
            ) && element.attrs().all(|(name, value)| {
                let address: String = value
                    .chars()
                    .filter(|character| !character.is_whitespace())
                    .collect();
                let lower = address.to_ascii_lowercase();
                let runs = ["javascript:", "vbscript:", "data:"]
                    .iter()
                    .any(|scheme| lower.starts_with(scheme));
                !name.starts_with("on")
                    && name != "style"
                    && !(matches!(name, "href" | "src" | "cite") && runs)
            })
        }
        _ => true,
    })
}
