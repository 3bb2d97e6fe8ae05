//! Runs every feed of the shared corpus against what its own project, or two independent
//! parsers, expect of it, and prints the shares that are right. Skipped with a line when
//! the corpus is not there, failed instead when `HEARKEN_REQUIRE_ALL` is set.

mod compare;
mod corpus;

use std::collections::BTreeMap;

use hearken::domain::{Item, Kind};
use hearken::parse::{Answer, ParseError, feed};
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

/// No script, no event handler and no address that runs code, looking at tags only: a
/// text may well speak of them.
fn is_harmless(html: &str) -> bool {
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
