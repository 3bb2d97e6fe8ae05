//! Reading what nobody meant to be read: seeds that look real are cut, spliced and
//! corrupted, and every reader has to give items or a reason, the same ones twice, without
//! a script in them and without ending the program. A few seconds in the ordinary run;
//! `HEARKEN_FUZZ_SECS=600` (`make fuzz`) goes on for as long, from another seed each time.

use std::time::{Duration, Instant};

use hearken::dedupe::identify;
use hearken::domain::{Definition, Kind, SourceName};
use hearken::parse::{self, Answer, Parsed, feed};
use hearken::source;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use url::Url;

use crate::feed_corpus::is_harmless;

/// Cases of the ordinary run.
const N_CASES: u32 = 400;
/// Cases between two looks at the clock of a long run.
const N_CASES_PER_ROUND: u32 = 2_000;
/// What is spliced into seeds: the strings that readers are known to stumble over.
const TOKENS: &[&str] = &[
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "<!DOCTYPE x [<!ENTITY a \"&b;\"><!ENTITY b \"&a;\">]>",
    "&a;",
    "&#x110000;",
    "&#0;",
    "&nbsp;",
    "&",
    "<",
    ">",
    "\"",
    "'",
    "</item>",
    "<item>",
    "<entry>",
    "</",
    "<?xml version=\"1.0\" encoding=\"UTF-16\"?>",
    "<?xml version=\"1.0\" encoding=\"shift_jis\"?>",
    "\u{feff}",
    "\u{0}",
    "\u{8}",
    "\u{fffd}",
    "\u{202e}",
    "<rss><channel>",
    "<feed xmlns=\"http://www.w3.org/2005/Atom\">",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<a href=\"javascript:alert(1)\">x</a>",
    "<svg onload=alert(1)>",
    "<math><mi><mglyph><style><img src=x onerror=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<iframe srcdoc=\"<script>1</script>\">",
    "xml:base=\"http://[::\"",
    "xml:lang=\"\"",
    "xmlns:x=\"\"",
    "<x:",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "true",
    "1e999",
    "-0",
    "\\ud800",
    "\\u0000",
    "{\"items\":[",
    "\"version\":\"https://jsonfeed.org/version/1.1\"",
    "\"@type\":\"Review\"",
    "\"@graph\":[",
    "itemscope itemtype=\"https://schema.org/Review\"",
    "itemprop=\"ratingValue\"",
    "<script type=\"application/ld+json\">",
    "<meta charset=\"koi8-r\">",
    "Mon, 31 Feb 2026 25:61:61 +9999",
    "9999-99-99T99:99:99Z",
    "-99999999999999999999",
    "99999999999999999999999999",
    "at:deleted-entry ref=\"",
];
/// Real-looking answers, by the definition that reads them.
const SEEDS: &[(&str, &[u8])] = &[
    ("feed", include_bytes!("../fixtures/feeds/atom.xml")),
    ("feed", include_bytes!("../fixtures/feeds/broken.xml")),
    ("feed", include_bytes!("../fixtures/feeds/feed.json")),
    ("feed", include_bytes!("../fixtures/feeds/rdf.xml")),
    ("feed", include_bytes!("../fixtures/feeds/rss.xml")),
    ("feed", include_bytes!("../../sources/samples/feed.xml")),
    (
        "google-news",
        include_bytes!("../../sources/samples/google-news.xml"),
    ),
    (
        "youtube-channel",
        include_bytes!("../../sources/samples/youtube-channel.xml"),
    ),
    (
        "reviews-page",
        include_bytes!("../../sources/samples/reviews-page.html"),
    ),
    (
        "mastodon-tag",
        include_bytes!("../../sources/samples/mastodon-tag.json"),
    ),
    (
        "hackernews",
        include_bytes!("../../sources/samples/hackernews.json"),
    ),
    (
        "app-store",
        include_bytes!("../../sources/samples/app-store.json"),
    ),
    (
        "steam-reviews",
        include_bytes!("../../sources/samples/steam-reviews.json"),
    ),
    (
        "lemmy-search",
        include_bytes!("../../sources/samples/lemmy-search.json"),
    ),
];

/// One way to spoil bytes; places are shares of the length, so that they fit any seed.
#[derive(Clone, Debug)]
enum Spoil {
    Flip(u16, u8),
    Cut(u16, u16),
    Repeat(u16, u16, u8),
    Insert(u16, usize),
    Bytes(u16, Vec<u8>),
    Splice(u16, usize, u16, u16),
    Truncate(u16),
}

fn spoil() -> impl Strategy<Value = Spoil> {
    prop_oneof![
        (any::<u16>(), any::<u8>()).prop_map(|(at, bits)| Spoil::Flip(at, bits)),
        (any::<u16>(), 0..2_000_u16).prop_map(|(at, n)| Spoil::Cut(at, n)),
        (any::<u16>(), 0..400_u16, 0..40_u8).prop_map(|(at, n, times)| Spoil::Repeat(at, n, times)),
        (any::<u16>(), 0..TOKENS.len()).prop_map(|(at, token)| Spoil::Insert(at, token)),
        (any::<u16>(), proptest::collection::vec(any::<u8>(), 0..12))
            .prop_map(|(at, bytes)| Spoil::Bytes(at, bytes)),
        (any::<u16>(), 0..SEEDS.len(), any::<u16>(), 0..1_500_u16)
            .prop_map(|(at, seed, from, n)| Spoil::Splice(at, seed, from, n)),
        any::<u16>().prop_map(Spoil::Truncate),
    ]
}

/// Where a share of the length is.
fn place(share: u16, len: usize) -> usize {
    len * usize::from(share) / (usize::from(u16::MAX) + 1)
}

fn spoiled(seed: &[u8], spoils: &[Spoil]) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for spoil in spoils {
        let len = bytes.len();
        match spoil {
            Spoil::Flip(at, bits) if len > 0 => bytes[place(*at, len)] ^= bits,
            Spoil::Flip(..) => (),
            Spoil::Cut(at, n) => {
                let from = place(*at, len);
                bytes.drain(from..(from + usize::from(*n)).min(len));
            }
            Spoil::Repeat(at, n, times) => {
                let from = place(*at, len);
                let piece =
                    bytes[from..(from + usize::from(*n)).min(len)].repeat(usize::from(*times));
                bytes.splice(from..from, piece);
            }
            Spoil::Insert(at, token) => {
                let at = place(*at, len);
                bytes.splice(at..at, TOKENS[*token].bytes());
            }
            Spoil::Bytes(at, more) => {
                let at = place(*at, len);
                bytes.splice(at..at, more.iter().copied());
            }
            Spoil::Splice(at, seed, from, n) => {
                let (_, other) = SEEDS[*seed];
                let from = place(*from, other.len());
                let piece = &other[from..(from + usize::from(*n)).min(other.len())];
                let at = place(*at, len);
                bytes.splice(at..at, piece.iter().copied());
            }
            Spoil::Truncate(at) => bytes.truncate(place(*at, len)),
        }
    }
    bytes
}

fn definition(name: &str) -> &'static Definition {
    source::builtin().find(name).expect("a built-in definition")
}

/// What must hold of everything that was read.
fn check_parsed(parsed: &Parsed) -> Result<(), TestCaseError> {
    let source = SourceName::new("fuzz");
    let now = chrono::DateTime::UNIX_EPOCH + chrono::TimeDelta::days(20_000);
    let identities = identify(&source, &parsed.items, now);
    prop_assert_eq!(identities.len(), parsed.items.len());
    prop_assert_eq!(&identities, &identify(&source, &parsed.items, now));
    for (item, identity) in parsed.items.iter().zip(&identities) {
        prop_assert!(!identity.keys.is_empty());
        if let Some(html) = &item.html {
            prop_assert!(is_harmless(html), "{html}");
        }
        let written = serde_json::to_string(item).expect("an item is JSON");
        let back: hearken::domain::Item = serde_json::from_str(&written)
            .map_err(|error| TestCaseError::fail(format!("{error}: {written}")))?;
        prop_assert_eq!(&back, item);
    }
    Ok(())
}

/// Reads an answer with its definition twice, and as a feed and a page whatever it is.
fn check_answer(name: &str, bytes: &[u8], content_type: Option<&str>) -> Result<(), TestCaseError> {
    let url = Url::parse("https://example.org/feed?x=1").expect("a valid address");
    let answer = Answer {
        bytes,
        content_type,
        url: Some(&url),
        at: None,
    };
    let first = parse::read(definition(name), &answer);
    prop_assert_eq!(&first, &parse::read(definition(name), &answer));
    if let Ok(parsed) = &first {
        check_parsed(parsed)?;
    }
    for outcome in [
        feed::read(&answer, "feed", Kind::Article),
        parse::read(definition("reviews-page"), &answer),
        parse::read(definition("mastodon-tag"), &answer),
    ]
    .into_iter()
    .flatten()
    {
        check_parsed(&outcome)?;
    }
    // A list of feeds may be anything as well.
    let _ = feed::opml::read(&answer);
    Ok(())
}

/// How long a long run goes on, when one was asked for.
fn long_run() -> Option<Duration> {
    let secs = std::env::var("HEARKEN_FUZZ_SECS").ok()?;
    Some(Duration::from_secs(
        secs.parse()
            .expect("HEARKEN_FUZZ_SECS is a number of seconds"),
    ))
}

/// Runs one reader's cases: a fixed few, or many from a seed of its own.
fn fuzz(names: &[&str]) {
    let seeds: Vec<usize> = (0..SEEDS.len())
        .filter(|place| names.contains(&SEEDS[*place].0))
        .collect();
    assert!(!seeds.is_empty(), "no seed for {names:?}");
    let content_types = [
        None,
        Some("text/xml; charset=iso-8859-9"),
        Some("application/json"),
        Some("text/html; charset=utf-8"),
    ];
    let cases = (
        proptest::sample::select(seeds),
        proptest::collection::vec(spoil(), 1..8),
        0..content_types.len(),
    );
    let run = |n_cases: u32, rng: TestRng| {
        let config = Config {
            cases: n_cases,
            failure_persistence: None,
            max_shrink_iters: 20_000,
            ..Config::default()
        };
        TestRunner::new_with_rng(config, rng)
            .run(&cases, |(seed, spoils, content_type)| {
                let (name, bytes) = SEEDS[seed];
                check_answer(name, &spoiled(bytes, &spoils), content_types[content_type])
            })
            .unwrap_or_else(|failure| panic!("{failure}"));
    };
    let Some(time) = long_run() else {
        run(N_CASES, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
        return;
    };
    let started = Instant::now();
    let mut n_cases = 0_u64;
    while started.elapsed() < time {
        let seed: [u8; 32] = rand::random();
        println!("{names:?}: seed {seed:?}");
        run(
            N_CASES_PER_ROUND,
            TestRng::from_seed(RngAlgorithm::ChaCha, &seed),
        );
        n_cases += u64::from(N_CASES_PER_ROUND);
    }
    println!(
        "{names:?}: {n_cases} cases in {:?}, no finding",
        started.elapsed()
    );
}

#[test]
fn fuzz_feed_reading() {
    fuzz(&["feed", "google-news", "youtube-channel"]);
}

#[test]
fn fuzz_html_reading() {
    fuzz(&["reviews-page"]);
}

#[test]
fn fuzz_json_reading() {
    fuzz(&[
        "mastodon-tag",
        "hackernews",
        "app-store",
        "steam-reviews",
        "lemmy-search",
    ]);
}
