//! Identity and story: a batch of items of one source comes in, a stable id, the keys that
//! recognise each item when it comes again, and its story come out. Nothing is looked up.
//!
//! Any key that is already stored means "the same item again", so a key is only made when
//! it cannot be somebody else's: ids and links that several texts of one answer share are
//! none, and a short text is only a person's when the person is known. What is the same
//! twice within one answer and has nothing to tell it apart is counted, not merged.

mod address;

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use unicode_normalization::UnicodeNormalization as _;
use url::Url;

use crate::domain::{Author, Item, Kind, MentionId, SourceName, StoryId, hex_digest};

pub use address::canonical_url;

/// Texts from here on are nobody else's by chance, and may be merged as reprints.
const LONG_TEXT_WORDS: usize = 30;
/// Below this, two people of the same display name may well write the same.
const SHORT_TEXT_WORDS: usize = 6;

/// How an item is recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Made from the source and the strongest key.
    pub id: MentionId,
    /// Strongest first, never empty. One that is stored already means the same item.
    pub keys: Vec<String>,
    /// The story it would begin or join.
    pub story: StoryId,
}

/// Identifies the items of one answer, in their order.
///
/// `seen_at` is not part of any identity: the same answer read twice gives the same ids.
pub fn identify(source: &SourceName, items: &[Item], seen_at: DateTime<Utc>) -> Vec<Identity> {
    let marks: Vec<Marks<'_>> = items.iter().map(|item| Marks::of(item, seen_at)).collect();
    let shared = Shared::among(&marks);
    let mut n_seen: HashMap<String, usize> = HashMap::new();
    marks
        .iter()
        .map(|marks| {
            let mut keys = marks.keys(source, &shared);
            if keys.is_empty() {
                let content = marks.content_key(source);
                let n_before = n_seen.entry(content.clone()).or_default();
                keys.push(format!("{content}#{n_before}"));
                *n_before += 1;
            }
            let id = MentionId::new(hex_digest("mention", &[source.as_str(), &keys[0]]));
            let story = marks.story(source, &id);
            Identity { id, keys, story }
        })
        .collect()
}

/// What can be recognised in an item.
struct Marks<'a> {
    item: &'a Item,
    native_id: Option<&'a str>,
    url: Option<String>,
    /// Handle or, failing that, name; `None` for the anonymous.
    author: Option<String>,
    /// Whether the author is known by an account rather than by a name.
    has_account: bool,
    text: String,
    n_words: usize,
    published: Option<String>,
}

impl<'a> Marks<'a> {
    fn of(item: &'a Item, seen_at: DateTime<Utc>) -> Self {
        let text = folded(&item.full_text());
        let author = item.author.as_ref();
        let account = author.and_then(account_of);
        let name = author.and_then(|author| known_name(author.name.as_deref()?));
        Self {
            item,
            native_id: item
                .native_id
                .as_deref()
                .map(str::trim)
                .filter(|id| is_an_id(id)),
            url: item
                .url
                .as_deref()
                .and_then(|url| Url::parse(url).ok())
                .filter(leads_somewhere)
                .map(|url| canonical_url(&url)),
            has_account: account.is_some(),
            author: account.or(name),
            n_words: text.split(' ').filter(|word| !word.is_empty()).count(),
            text,
            // Some feeds stamp entries without a date with the moment of the answer.
            published: item
                .published_at
                .filter(|published| *published < seen_at)
                .map(|published| published.timestamp().to_string()),
        }
    }

    fn keys(&self, source: &SourceName, shared: &Shared<'_>) -> Vec<String> {
        let mut keys = Vec::new();
        let source = source.as_str();
        let native_id = self.native_id.filter(|id| !shared.native_ids.contains(id));
        if let Some(id) = native_id {
            keys.push(key("native", &[source, id]));
        }
        if let Some(url) = self.url.as_deref() {
            if !shared.urls.contains(url) && self.link_is_identity() {
                keys.push(key("link", &[url]));
            }
            if let Some(author) = &self.author {
                if !shared.urls.contains(url) && self.author_has_one_text_per_link() {
                    keys.push(key("link+author", &[url, author]));
                }
                if self.text_is_the_authors() {
                    keys.push(key("link+text", &[url, author, &self.text]));
                }
            } else if self.n_words >= LONG_TEXT_WORDS
                || (self.n_words > 0 && matches!(self.item.kind, Kind::Article))
            {
                keys.push(key("link+text", &[url, "", &self.text]));
            }
        }
        match &self.author {
            Some(author) if self.text_is_the_authors() => {
                keys.push(key("text", &[source, author, &self.text]));
            }
            // A name is not a person: with a short text the time has to agree.
            Some(author) if self.n_words > 0 => {
                if let Some(published) = &self.published {
                    keys.push(key("text+time", &[source, author, &self.text, published]));
                }
            }
            _ if self.n_words >= LONG_TEXT_WORDS => {
                keys.push(key("text", &[source, "", &self.text]));
            }
            _ => (),
        }
        keys
    }

    /// Whether the link alone says which item it is, whoever else links there. Reviews and
    /// comments link to the thing they speak about; only texts that live at their own
    /// address are known by it.
    fn link_is_identity(&self) -> bool {
        let Some(url) = self.url.as_deref() else {
            return false;
        };
        match self.item.kind {
            Kind::Article => {
                self.native_id.is_none_or(|id| is_same_address(id, url)) || names_one_text(url)
            }
            Kind::Post | Kind::Question | Kind::Comment | Kind::Review => {
                self.native_id.is_some_and(|id| is_same_address(id, url))
                    || (self.native_id.is_none()
                        && self.item.kind != Kind::Review
                        && names_one_text(url))
                    || (self.native_id.is_none() && url.contains('#'))
            }
        }
    }

    /// Whether one person writes at most one text at one address: an article, a review.
    /// Under a thread the same person writes many.
    fn author_has_one_text_per_link(&self) -> bool {
        match self.item.kind {
            Kind::Article | Kind::Review => true,
            Kind::Post | Kind::Question | Kind::Comment => false,
        }
    }

    /// Whether author and text together are enough: an account, or a name with more words
    /// than namesakes would share.
    fn text_is_the_authors(&self) -> bool {
        self.author.is_some()
            && self.n_words > 0
            && (self.has_account || self.n_words >= SHORT_TEXT_WORDS)
    }

    /// Everything there is, for items that nothing else identifies.
    fn content_key(&self, source: &SourceName) -> String {
        let rating = self
            .item
            .rating
            .map(|rating| format!("{}/{}", rating.value, rating.best))
            .unwrap_or_default();
        key(
            "content",
            &[
                source.as_str(),
                self.url.as_deref().unwrap_or_default(),
                self.author.as_deref().unwrap_or_default(),
                &self.text,
                &rating,
                self.published.as_deref().unwrap_or_default(),
            ],
        )
    }

    /// Reprints of an article share a story when their texts are equal and long; a share
    /// joins the post that it repeats. Everything else is a story of its own: two
    /// customers never stand in one. Near-equal reprints are still different stories.
    fn story(&self, source: &SourceName, id: &MentionId) -> StoryId {
        if self.item.kind == Kind::Article && self.n_words >= LONG_TEXT_WORDS {
            // The body alone: headlines are rewritten, bodies are reprinted.
            let body = folded(&self.item.text);
            let n_words = body.split(' ').count();
            let text = if n_words >= LONG_TEXT_WORDS {
                &body
            } else {
                &self.text
            };
            return StoryId::new(hex_digest("story-text", &[text]));
        }
        let site = self
            .url
            .as_deref()
            .and_then(|url| url.split('/').nth(2))
            .unwrap_or(source.as_str());
        let shared = shared_text(&self.item.text);
        let repeated = match (&shared, &self.author) {
            (Some((handle, text)), _) => Some((handle.as_str(), folded(text))),
            (None, Some(author)) if self.has_account && self.item.kind == Kind::Post => {
                Some((author.as_str(), folded(&self.item.text)))
            }
            _ => None,
        };
        match repeated {
            Some((handle, text)) if !text.is_empty() => {
                StoryId::new(hex_digest("story-post", &[site, handle, &text]))
            }
            _ => StoryId::new(hex_digest("story", &[id.as_str()])),
        }
    }
}

/// Ids and links that stand for different texts in one answer, and so for none of them.
struct Shared<'a> {
    native_ids: HashSet<&'a str>,
    urls: HashSet<&'a str>,
}

impl<'a> Shared<'a> {
    fn among(marks: &'a [Marks<'a>]) -> Self {
        fn several<'k, 'm>(
            pairs: impl Iterator<Item = (Option<&'k str>, &'m str)>,
        ) -> HashSet<&'k str> {
            let mut first_text: HashMap<&str, &str> = HashMap::new();
            let mut shared = HashSet::new();
            for (mark, text) in pairs {
                if let Some(mark) = mark
                    && *first_text.entry(mark).or_insert(text) != text
                {
                    shared.insert(mark);
                }
            }
            shared
        }
        Self {
            native_ids: several(marks.iter().map(|m| (m.native_id, m.text.as_str()))),
            urls: several(marks.iter().map(|m| (m.url.as_deref(), m.text.as_str()))),
        }
    }
}

fn key(kind: &str, parts: &[&str]) -> String {
    format!("{kind}:{}", hex_digest(kind, parts))
}

/// Case, accents' encoding, punctuation and blanks do not make another text; words do. A
/// text of signs alone keeps them.
fn folded(text: &str) -> String {
    let lower: String = text.nfkc().flat_map(char::to_lowercase).collect();
    let words: Vec<&str> = lower
        .split(|c: char| {
            !(c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c))
        })
        .filter(|word| !word.is_empty())
        .collect();
    if words.is_empty() {
        lower.split_whitespace().collect::<Vec<_>>().join(" ")
    } else {
        words.join(" ")
    }
}

/// Values that generators write when there is no id.
fn is_an_id(id: &str) -> bool {
    const NO_ID: &[&str] = &[
        "",
        "0",
        "-",
        "-1",
        "null",
        "nil",
        "none",
        "undefined",
        "n/a",
        "false",
    ];
    let is_home = Url::parse(id).is_ok_and(|url| url.has_host() && !leads_somewhere(&url));
    !NO_ID.contains(&id.to_ascii_lowercase().as_str()) && !is_home
}

/// A home page is the address of everything and of nothing.
fn leads_somewhere(url: &Url) -> bool {
    url.has_host()
        && (url.path().trim_matches('/').len() > 1
            || url.query().is_some_and(|query| !query.is_empty())
            || url
                .fragment()
                .is_some_and(|fragment| fragment.starts_with('!')))
}

fn is_same_address(id: &str, url: &str) -> bool {
    Url::parse(id).is_ok_and(|id| id.has_host() && canonical_url(&id) == url)
}

/// Whether an address looks as if one text lived there: a long slug or a number in its
/// last part, a number in its query, or an anchor. `/changelog` and `/reviews` do not.
fn names_one_text(url: &str) -> bool {
    const SLUG_WORDS: usize = 3;
    const ID_DIGITS: usize = 4;
    let Ok(url) = Url::parse(url) else {
        return false;
    };
    let n_digits = |text: &str| text.chars().filter(char::is_ascii_digit).count();
    let last = url
        .path_segments()
        .and_then(|mut segments| segments.rfind(|segment| !segment.is_empty()))
        .unwrap_or_default();
    let n_slug_words = last
        .split(['-', '_', '+'])
        .filter(|word| !word.is_empty())
        .count();
    url.fragment().is_some()
        || n_slug_words > SLUG_WORDS
        || n_digits(last) >= ID_DIGITS
        || url.query_pairs().any(|(_, value)| {
            n_digits(&value) >= ID_DIGITS && value.chars().all(|c| c.is_ascii_alphanumeric())
        })
}

fn account_of(author: &Author) -> Option<String> {
    let handle = author.handle.as_deref().map(str::trim).unwrap_or_default();
    let handle = handle
        .trim_start_matches('/')
        .trim_start_matches("u/")
        .trim_start_matches('@')
        .to_lowercase();
    (!handle.is_empty() && known_name(&handle).is_some()).then_some(handle)
}

/// The name, unless it is what sites write for people who gave none.
fn known_name(name: &str) -> Option<String> {
    const NOBODY: &[&str] = &[
        "a google user",
        "amazon customer",
        "kindle customer",
        "anonymous",
        "anonym",
        "anonyme",
        "anonimo",
        "anónimo",
        "anônimo",
        "anonim",
        "admin",
        "author",
        "customer",
        "deleted",
        "deleted user",
        "gizli kullanıcı",
        "guest",
        "kullanıcı",
        "misafir",
        "n a",
        "nobody",
        "none",
        "null",
        "undefined",
        "unknown",
        "user",
        "verified buyer",
        "verified customer",
        "गुमनाम",
        "अनाम",
        "అజ్ఞాత",
    ];
    let name = folded(name);
    let is_somebody = name.chars().any(char::is_alphanumeric) && !NOBODY.contains(&name.as_str());
    is_somebody.then_some(name)
}

/// The handle and text that a hand-made share repeats: `RT @jane: …`.
fn shared_text(text: &str) -> Option<(String, &str)> {
    let rest = text
        .trim_start()
        .strip_prefix("RT @")
        .or_else(|| text.trim_start().strip_prefix("RT: @"))?;
    let end = rest.find(|c: char| c.is_whitespace() || c == ':')?;
    let handle = rest[..end].to_lowercase();
    let said = rest[end..].trim_start_matches(':').trim();
    // A cut share cannot be compared with what it repeats.
    let is_whole = !said.ends_with('…') && !said.ends_with("...");
    (!handle.is_empty() && !said.is_empty() && is_whole).then_some((handle, said))
}

#[cfg(test)]
mod tests;
