//! The files of the corpus and what is expected of them, whatever form the expectation
//! was written in.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// One thing that must be true of an answer.
#[derive(Clone, Debug)]
pub(super) struct Check {
    /// `entries[0].title`, `n_entries`, `error`.
    pub(super) path: String,
    pub(super) field: Field,
    pub(super) place: usize,
    /// The expected values of which one must be met.
    pub(super) expected: Vec<String>,
}

/// What a check looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Field {
    NEntries,
    Error,
    Title,
    Link,
    Id,
    Author,
    Language,
    Published,
    Updated,
    /// The whole text.
    Text,
    /// The start of the text.
    TextHead,
}

/// A file with its expectation.
pub(super) struct Expectation {
    pub(super) file: String,
    pub(super) bytes: Vec<u8>,
    pub(super) content_type: Option<String>,
    pub(super) base_url: Option<String>,
    pub(super) checks: Vec<Check>,
    /// Whether two parsers or the project itself agree on it.
    pub(super) is_high: bool,
}

/// The folder of fixtures.
pub(super) struct Corpus {
    folder: PathBuf,
}

impl Corpus {
    /// The corpus beside the checkout, or where `HEARKEN_CORPUS` says.
    pub(super) fn find() -> Option<Self> {
        let folder = std::env::var_os("HEARKEN_CORPUS")
            .map(PathBuf::from)
            .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/fixtures"));
        if folder.join("feeds").is_dir() {
            return Some(Self { folder });
        }
        assert!(
            std::env::var_os("HEARKEN_REQUIRE_ALL").is_none(),
            "the feed corpus is required but not there"
        );
        println!("skipped: the feed corpus is not there");
        None
    }

    /// All files under `feeds/`, named relative to the corpus.
    pub(super) fn files(&self) -> Vec<(String, Vec<u8>)> {
        let mut files = Vec::new();
        self.collect(&self.folder.join("feeds"), &mut files);
        files.sort();
        files
    }

    fn collect(&self, folder: &Path, files: &mut Vec<(String, Vec<u8>)>) {
        for entry in fs::read_dir(folder).expect("the corpus can be listed") {
            let path = entry.expect("the corpus can be listed").path();
            if path.is_dir() {
                self.collect(&path, files);
            } else {
                let name = path
                    .strip_prefix(&self.folder)
                    .expect("it is inside")
                    .display()
                    .to_string();
                files.push((name, fs::read(&path).expect("the corpus can be read")));
            }
        }
    }

    /// Every expectation of the five lists.
    pub(super) fn expectations(&self) -> Vec<Expectation> {
        let mut expectations = Vec::new();
        for list in [
            "feedparser",
            "miniflux-inline",
            "feeds",
            "feed-rs",
            "gofeed",
        ] {
            let path = self.folder.join("expect").join(format!("{list}.json"));
            let text = fs::read_to_string(&path).expect("the expectations can be read");
            let values: BTreeMap<String, Value> =
                serde_json::from_str(&text).expect("the expectations are JSON");
            for (file, value) in values {
                // Lists of dates are no feeds.
                if file.contains("/dates/") {
                    continue;
                }
                expectations.push(self.expectation(file, &value));
            }
        }
        expectations
    }

    fn expectation(&self, file: String, value: &Value) -> Expectation {
        let bytes = fs::read(self.folder.join(&file)).expect("every expectation has its file");
        let checks = match value.get("checks").and_then(Value::as_array) {
            Some(checks) => checks.iter().filter_map(check_of_assertion).collect(),
            None => checks_of_reference(value),
        };
        let mut checks: Vec<Check> = checks;
        if value.get("expects_error").is_some() || value.get("error").is_some() {
            checks.push(Check {
                path: "error".to_owned(),
                field: Field::Error,
                place: 0,
                expected: Vec::new(),
            });
        }
        let is_left_out = file.ends_with("tr-latin1-declared-1254-bytes-rss.xml");
        let confidence = value
            .get("confidence")
            .and_then(Value::as_str)
            .unwrap_or("high");
        Expectation {
            bytes,
            content_type: header(value, "content-type"),
            base_url: value
                .get("base_url")
                .and_then(Value::as_str)
                .map(str::to_owned),
            checks,
            is_high: confidence == "high" && !is_left_out,
            file,
        }
    }
}

fn header(value: &Value, wanted: &str) -> Option<String> {
    value
        .get("serve_headers")?
        .as_object()?
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
        .and_then(|(_, value)| value.as_str())
        .map(str::to_owned)
}

/// A translated assertion of the project's own test. What is said of the feed as a whole
/// has no place in an item.
fn check_of_assertion(check: &Value) -> Option<Check> {
    if check.get("verified") == Some(&Value::Bool(false)) {
        return None;
    }
    let path = check.get("path")?.as_str()?;
    let text_of = |key: &str| match check.get(key)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let expected = text_of("text")
        .or_else(|| text_of("iso"))
        .or_else(|| text_of("eq"))?;
    if path == "len(entries)" {
        return Some(Check {
            path: "n_entries".to_owned(),
            field: Field::NEntries,
            place: 0,
            expected: vec![expected],
        });
    }
    let (place, name) = path.strip_prefix("entries[")?.split_once("].")?;
    let field = match name {
        "title" | "title_detail.value" | "Title" => Field::Title,
        "link" | "URL" => Field::Link,
        "id" | "guid" => Field::Id,
        "author" | "author_detail.name" | "Author" => Field::Author,
        "Language" => Field::Language,
        "published" | "published_parsed" | "created_parsed" | "Date" => Field::Published,
        "updated" | "updated_parsed" => Field::Updated,
        "description" | "summary" | "summary_detail.value" | "content[0].value" | "Content" => {
            Field::Text
        }
        _ => return None,
    };
    Some(Check {
        path: path.to_owned(),
        field,
        place: place.parse().ok()?,
        expected: vec![expected],
    })
}

/// The checks of a reference parse: how many entries, and each entry's fields.
fn checks_of_reference(value: &Value) -> Vec<Check> {
    let mut checks = Vec::new();
    let number = |key: &str| value.get(key).and_then(Value::as_u64);
    let counts: Vec<u64> = match value.get("n_entries_range").and_then(Value::as_array) {
        Some(range) => match range.iter().filter_map(Value::as_u64).collect::<Vec<_>>()[..] {
            [least, most] => (least..=most).collect(),
            _ => Vec::new(),
        },
        None => match (
            number("n_entries_expected").or_else(|| number("n_entries")),
            number("reference_recovered"),
        ) {
            (Some(count), _) => vec![count],
            // A cut feed: the entry that the cut went through may be there or not.
            (None, Some(recovered)) => number("complete_entries_before_cut")
                .into_iter()
                .chain([recovered])
                .collect(),
            (None, None) => Vec::new(),
        },
    };
    if !counts.is_empty() {
        checks.push(Check {
            path: "n_entries".to_owned(),
            field: Field::NEntries,
            place: 0,
            expected: counts.iter().map(u64::to_string).collect(),
        });
    }
    let golden = |place: usize, key: &str| {
        let items = value.get("golden")?.get("items")?;
        items
            .get(place)?
            .get("author")?
            .get(key)?
            .as_str()
            .map(str::to_owned)
    };
    let entries = value
        .get("entries")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    for (place, entry) in entries.iter().enumerate() {
        let fields = entry.as_object().into_iter().flatten();
        for (key, expected) in fields {
            let field = match key.as_str() {
                "title" => Field::Title,
                "link" | "url" => Field::Link,
                "id" | "guid" => Field::Id,
                "author" => Field::Author,
                "published" | "date_published" | "publishedParsed" => Field::Published,
                "updated" | "updatedParsed" => Field::Updated,
                "summary_head" => Field::TextHead,
                "summary" | "description" | "content" => Field::Text,
                _ => continue,
            };
            let Some(expected) = expected.as_str() else {
                continue;
            };
            checks.push(Check {
                path: format!("entries[{place}].{key}"),
                field,
                place,
                expected: vec![expected.to_owned()],
            });
        }
        if let Some(name) = golden(place, "name") {
            checks.push(Check {
                path: format!("entries[{place}].author"),
                field: Field::Author,
                place,
                expected: vec![name],
            });
        }
    }
    checks
}

/// A check in which we differ on purpose.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Exception {
    /// The file, relative to the corpus.
    pub(super) file: String,
    /// The paths of the checks, `*` standing for any entry.
    pub(super) checks: Vec<String>,
    /// The clause of the format or the parsers that agree with us.
    pub(super) because: String,
}

#[derive(serde::Deserialize)]
struct Exceptions {
    #[serde(default)]
    exception: Vec<Exception>,
}

/// The exceptions of `tests/corpus_exceptions.toml`.
pub(super) fn exceptions() -> Vec<Exception> {
    let text = include_str!("../../corpus_exceptions.toml");
    let exceptions: Exceptions = toml::from_str(text).expect("the exceptions are valid TOML");
    for exception in &exceptions.exception {
        assert!(
            !exception.because.trim().is_empty(),
            "{} has no reason",
            exception.file
        );
    }
    exceptions.exception
}
