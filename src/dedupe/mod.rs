//! Identity and story: a batch of items of one source comes in, a stable id, the keys that
//! recognise each item when it comes again, and its story come out. Nothing is looked up.
//!
//! Any key that is already stored means "the same item again", so a key is only made when
//! it cannot be somebody else's: ids and links that several texts of one answer share are
//! none, and a short text is only a person's when the person is known. What is the same
//! twice within one answer and has nothing to tell it apart is counted, not merged.

mod address;
mod gone;
mod people;
mod prints;

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use unicode_normalization::UnicodeNormalization as _;
use url::Url;

use people::{account_of, known_name, shared_text};

use crate::domain::{
    ArticlePrint, Item, Kind, Mention, MentionId, SourceName, StoryId, hex_digest,
};

pub use address::canonical_url;
pub use gone::{is_deletion_marker, vanished};

/// Texts from here on are nobody else's by chance, and may be merged as reprints.
const LONG_TEXT_WORDS: usize = 30;
/// Nobody writes an article of so many words twice, not even where an excerpt is all there
/// is; a feed that rotates ids and links at every answer is told by that.
const ARTICLE_TEXT_WORDS: usize = 12;
/// Below this, two people of the same display name may well write the same.
const SHORT_TEXT_WORDS: usize = 6;

/// How an item is recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Made from the source and the strongest key.
    pub id: MentionId,
    /// Strongest first, never empty. One that is stored already means the same item.
    pub keys: Vec<String>,
    /// The story it begins, or joins as a share. Whether it joins one as a reprint is
    /// known to whoever keeps the prints.
    pub story: StoryId,
    /// What the index of reprints needs to know of an article.
    pub print: Option<ArticlePrint>,
}

/// Identifies the items of one answer, in their order.
///
/// `seen_at` is not part of any identity: the same answer read twice gives the same ids.
pub fn identify(source: &SourceName, items: &[Item], seen_at: DateTime<Utc>) -> Vec<Identity> {
    let marks: Vec<Marks<'_>> = items.iter().map(|item| Marks::of(item, seen_at)).collect();
    let shared = Shared::among(&marks);
    let mut n_seen: HashMap<String, usize> = HashMap::new();
    let mut all_keys: Vec<Vec<Key>> = marks
        .iter()
        .map(|marks| marks.keys(source, &shared))
        .collect();
    drop_contradicted(&marks, &mut all_keys);
    marks
        .iter()
        .zip(all_keys)
        .map(|(marks, keys)| {
            let mut keys: Vec<String> = keys.into_iter().map(|key| key.text).collect();
            if keys.is_empty() {
                let content = marks.content_key(source);
                let n_before = n_seen.entry(content.clone()).or_default();
                keys.push(format!("{content}#{n_before}"));
                *n_before += 1;
            }
            let id = MentionId::new(hex_digest("mention", &[source.as_str(), &keys[0]]));
            let story = marks.story(source, &id);
            let print = prints::of(marks, source, &id, &story, seen_at);
            Identity {
                id,
                keys,
                story,
                print,
            }
        })
        .collect()
}

/// An identity key while it is being chosen.
struct Key {
    text: String,
    /// Whether only the words (and who wrote them, where, when) make it: the same words
    /// may be another item's.
    is_by_text: bool,
}

/// Two customers who copy the same complaint are two. Where one answer shows the same words
/// under different ids, the words identify neither, and the ids have to. Articles are not
/// written by customers; one that a feed lists twice is one.
fn drop_contradicted(marks: &[Marks<'_>], all_keys: &mut [Vec<Key>]) {
    let mut ids_of: HashMap<&str, HashSet<&str>> = HashMap::new();
    for (marks, keys) in marks.iter().zip(all_keys.iter()) {
        for key in keys.iter().filter(|key| key.is_by_text) {
            ids_of.entry(&key.text).or_default().extend(marks.native_id);
        }
    }
    let contradicted: HashSet<String> = ids_of
        .into_iter()
        .filter(|(_, ids)| ids.len() > 1)
        .map(|(key, _)| key.to_owned())
        .collect();
    for (marks, keys) in marks.iter().zip(all_keys) {
        if marks.is_of_a_customer() && marks.native_id.is_some() && keys.len() > 1 {
            keys.retain(|key| !(key.is_by_text && contradicted.contains(&key.text)));
        }
    }
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

    fn keys(&self, source: &SourceName, shared: &Shared<'_>) -> Vec<Key> {
        let mut keys = Vec::new();
        let source = source.as_str();
        let native_id = self.native_id.filter(|id| !shared.native_ids.contains(id));
        let by_place = |kind: &str, parts: &[&str]| Key {
            text: key(kind, parts),
            is_by_text: false,
        };
        let by_text = |kind: &str, parts: &[&str]| Key {
            text: key(kind, parts),
            is_by_text: true,
        };
        if let Some(id) = native_id {
            keys.push(by_place("native", &[source, id]));
        }
        // Namesakes and the nameless copy each other's complaints. With an id beside the
        // text, the text is only the same item's when it bears the same time.
        let time = match (&self.published, native_id) {
            (Some(published), Some(_)) if self.may_be_a_namesake() => published.as_str(),
            _ => "",
        };
        if let Some(url) = self.url.as_deref() {
            if !shared.urls.contains(url) && self.link_is_identity() {
                keys.push(by_place("link", &[url]));
            }
            if let Some(author) = &self.author {
                let is_told_by_id = native_id.is_some() && self.may_be_a_namesake();
                if !shared.urls.contains(url)
                    && self.author_has_one_text_per_link()
                    && !is_told_by_id
                {
                    keys.push(by_place("link+author", &[url, author]));
                }
                if self.text_is_the_authors() {
                    keys.push(by_text(
                        "link+text",
                        &timed(&[url, author, &self.text], time),
                    ));
                }
            } else if self.n_words >= LONG_TEXT_WORDS
                || (self.n_words > 0 && matches!(self.item.kind, Kind::Article))
            {
                keys.push(by_text("link+text", &timed(&[url, "", &self.text], time)));
            }
        }
        let least_words = match self.item.kind {
            Kind::Article => ARTICLE_TEXT_WORDS,
            _ => LONG_TEXT_WORDS,
        };
        match &self.author {
            Some(author) if self.text_is_the_authors() => {
                keys.push(by_text("text", &timed(&[source, author, &self.text], time)));
            }
            // A name is not a person: with a short text the time has to agree.
            Some(author) if self.n_words > 0 => {
                if let Some(published) = &self.published {
                    keys.push(by_text(
                        "text+time",
                        &[source, author, &self.text, published],
                    ));
                }
            }
            _ if self.n_words >= least_words => {
                keys.push(by_text("text", &timed(&[source, "", &self.text], time)));
            }
            // A headline of a few words comes again next week, but not of the same second.
            None if self.item.kind == Kind::Article && self.n_words > 0 => {
                if let Some(published) = &self.published {
                    keys.push(by_text("text+time", &[source, "", &self.text, published]));
                }
            }
            _ => (),
        }
        keys
    }

    /// Whether a person wrote it as a customer or a passer-by, rather than an editor.
    fn is_of_a_customer(&self) -> bool {
        self.item.kind != Kind::Article
    }

    /// Whether somebody else could stand behind the same name, or behind none.
    fn may_be_a_namesake(&self) -> bool {
        self.is_of_a_customer() && !self.has_account
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

    /// A share joins the post that it repeats. Everything else begins a story of its own:
    /// two customers never stand in one. Reprints of articles are found by their prints.
    fn story(&self, source: &SourceName, id: &MentionId) -> StoryId {
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

/// The key of the item that a source knows by this id, for feeds that name what they
/// deleted by its id alone.
pub fn native_key(source: &SourceName, id: &str) -> String {
    key("native", &[source.as_str(), id.trim()])
}

/// The parts of a key with a time at the end, where there is one.
fn timed<'a>(parts: &[&'a str], time: &'a str) -> Vec<&'a str> {
    let mut parts = parts.to_vec();
    if !time.is_empty() {
        parts.push(time);
    }
    parts
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

/// What a known article that has changed looks like to the index of reprints: the same
/// mention in the same story, with its new text.
pub fn reprinted(known: &Mention, print: ArticlePrint) -> ArticlePrint {
    ArticlePrint {
        id: known.id.clone(),
        story: known.story.clone(),
        ..print
    }
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

#[cfg(test)]
mod tests;
