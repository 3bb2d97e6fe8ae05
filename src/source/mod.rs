//! Definitions: the files under `sources/` (compiled in) and a user's own folder become
//! checked definitions that say how a site is asked and how its answer is read.

mod asking;
mod problem;
mod read;
mod reading;
mod sample;
mod schema;
mod table;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

pub use problem::DefinitionProblem;
pub use read::parse_definition;
pub use sample::{Saved, check_samples};
pub use schema::{definition_schema, definition_schema_text};

use crate::domain::{Definition, ParamProblem};

/// A definition file that is part of the program.
struct Embedded {
    file: &'static str,
    text: &'static str,
    sample: &'static [u8],
}

/// Names the definition and the file of its sample once each.
macro_rules! embedded {
    ($($name:literal with $sample:literal),* $(,)?) => {
        &[$(Embedded {
            file: concat!("sources/", $name, ".toml"),
            text: include_str!(concat!("../../sources/", $name, ".toml")),
            sample: include_bytes!(concat!("../../sources/samples/", $sample)),
        }),*]
    };
}

/// In the order in which `hearken sources` lists them: feeds, social, reviews.
static EMBEDDED: &[Embedded] = embedded![
    "feed" with "feed.xml",
    "google-news" with "google-news.xml",
    "bing-news" with "bing-news.xml",
    "google-alerts" with "google-alerts.xml",
    "youtube-channel" with "youtube-channel.xml",
    "podcast" with "podcast.xml",
    "wordpress-comments" with "wordpress-comments.xml",
    "medium-tag" with "medium-tag.xml",
    "opml" with "opml.opml",
    "mastodon-tag" with "mastodon-tag.json",
    "mastodon-search" with "mastodon-search.json",
    "mastodon-stream" with "mastodon-stream.txt",
    "bluesky-search" with "bluesky-search.json",
    "bluesky-jetstream" with "bluesky-jetstream.jsonl",
    "reddit-search" with "reddit-search.xml",
    "reddit-search-api" with "reddit-api.json",
    "reddit-subreddit" with "reddit-subreddit.xml",
    "reddit-subreddit-api" with "reddit-api.json",
    "hackernews" with "hackernews.json",
    "lemmy-search" with "lemmy-search.json",
    "discourse-search" with "discourse-search.json",
    "discourse-latest" with "discourse-latest.json",
    "stackexchange-search" with "stackexchange-search.json",
    "github-issues" with "github-issues.json",
    "youtube-search" with "youtube-search.json",
    "youtube-comments" with "youtube-comments.json",
    "x-recent-search" with "x-recent-search.json",
    "telegram-channel" with "telegram-channel.html",
    "lobsters" with "lobsters.json",
    "reviews-page" with "reviews-page.html",
    "trustpilot" with "trustpilot.html",
    "trustpilot-webhook" with "trustpilot-webhook.json",
    "app-store" with "app-store.json",
    "app-store-atom" with "app-store-atom.xml",
    "google-play" with "google-play.json",
    "google-places" with "google-places.json",
    "google-places-legacy" with "google-places-legacy.json",
    "google-business" with "google-business.json",
    "yelp" with "yelp.json",
    "tripadvisor" with "tripadvisor.json",
    "steam-reviews" with "steam-reviews.json",
    "wordpress-plugin-reviews" with "wordpress-plugin-reviews.xml",
    "amazon-product" with "amazon-product.html",
    "hepsiburada" with "hepsiburada.html",
    "trendyol" with "trendyol.json",
    "sikayetvar" with "sikayetvar.html",
    "tokopedia" with "tokopedia.json",
    "page" with "page.html",
    "json-api" with "json-api.json",
    "inbound" with "inbound.jsonl",
    "email" with "email.eml",
];

/// A definition with the bytes of its sample.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The definition.
    pub definition: Definition,
    /// Its file, for messages.
    pub file: String,
    /// The saved answer, where the file exists.
    pub sample: Option<Cow<'static, [u8]>>,
}

/// All definitions that a configuration can use.
#[derive(Clone, Debug, Default)]
pub struct Definitions {
    loaded: Vec<Loaded>,
}

impl Definitions {
    /// The definition of this name.
    pub fn find(&self, name: &str) -> Option<&Definition> {
        self.iter().find(|definition| definition.name == name)
    }

    /// All of them, built-in ones first.
    pub fn iter(&self) -> impl Iterator<Item = &Definition> {
        self.loaded.iter().map(|loaded| &loaded.definition)
    }

    /// All of them with their files and samples.
    pub fn loaded(&self) -> &[Loaded] {
        &self.loaded
    }

    /// These and the others; one of the same name replaces the earlier one, so that a
    /// user can mend a definition whose site has changed.
    #[must_use]
    pub fn with(mut self, others: Self) -> Self {
        for other in others.loaded {
            let same = self
                .loaded
                .iter_mut()
                .find(|loaded| loaded.definition.name == other.definition.name);
            match same {
                Some(place) => *place = other,
                None => self.loaded.push(other),
            }
        }
        self
    }
}

/// The definitions that are part of the program.
pub fn builtin() -> &'static Definitions {
    static BUILTIN: OnceLock<Definitions> = OnceLock::new();
    BUILTIN.get_or_init(|| Definitions {
        loaded: EMBEDDED
            .iter()
            .map(|embedded| Loaded {
                definition: parse_definition(embedded.text, embedded.file)
                    .expect("the built-in definitions are checked by a test"),
                file: embedded.file.to_owned(),
                sample: Some(Cow::Borrowed(embedded.sample)),
            })
            .collect(),
    })
}

/// The definitions of a user's own folder: every `*.toml` in it, by name.
///
/// # Errors
/// Every problem of every file; a folder that cannot be read is one problem.
pub fn load_dir(folder: &Path) -> Result<Definitions, Vec<DefinitionProblem>> {
    let unreadable = |path: &Path, error: std::io::Error| DefinitionProblem {
        file: path.display().to_string(),
        line: 1,
        key: "file".to_owned(),
        what: format!("cannot be read: {error}"),
        mend: "check the path and its permissions".to_owned(),
    };
    let entries = std::fs::read_dir(folder).map_err(|error| vec![unreadable(folder, error)])?;
    let mut paths: Vec<_> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .collect();
    paths.sort();
    let mut loaded = Vec::new();
    let mut problems = Vec::new();
    for path in paths {
        let file = path.display().to_string();
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) => {
                problems.push(unreadable(&path, error));
                continue;
            }
        };
        match parse_definition(&text, &file) {
            Ok(definition) => {
                // A missing sample is reported by `check_samples`, which compares it.
                let sample = definition
                    .sample
                    .as_ref()
                    .and_then(|sample| {
                        std::fs::read(folder.join("samples").join(&sample.file)).ok()
                    })
                    .map(Cow::Owned);
                loaded.push(Loaded {
                    definition,
                    file,
                    sample,
                });
            }
            Err(found) => problems.extend(found),
        }
    }
    if problems.is_empty() {
        Ok(Definitions { loaded })
    } else {
        Err(problems)
    }
}

/// The definition with the rules that it leaves to parameters (selectors, paths), ready
/// for reading; the same definition when it leaves none.
///
/// # Errors
/// Every rule among the parameters that cannot be understood, or is missing.
pub fn fill_rules<'d>(
    definition: &'d Definition,
    params: &BTreeMap<String, String>,
) -> Result<Cow<'d, Definition>, Vec<ParamProblem>> {
    let Some(template) = &definition.template else {
        return Ok(Cow::Borrowed(definition));
    };
    let file = format!("{}.toml", definition.name);
    match read::parse_filled(template, &file, Some(params)) {
        Ok(filled) => Ok(Cow::Owned(Definition {
            format: filled.format,
            ..definition.clone()
        })),
        Err(problems) => Err(problems
            .into_iter()
            .map(|problem| ParamProblem {
                param: problem
                    .key
                    .strip_prefix("params.")
                    .unwrap_or(&problem.key)
                    .to_owned(),
                what: problem.what,
                mend: problem.mend,
            })
            .collect()),
    }
}

#[cfg(test)]
mod tests;
