//! The demo's three sample sites as functions of time: a forum's feed, a shop's review
//! page and a social timeline about an invented brand. Nothing is kept: what a site
//! shows follows from the moment the demo started and the moment it is asked.

mod script;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use maud::{DOCTYPE, html};
use serde_json::json;

pub use script::Place;
use script::{RECURRING, RECURRING_EVERY_SECS, SCRIPT, Scripted};

/// The invented brand.
pub const BRAND: &str = "Acme";
/// How it is written in the sample texts.
pub const QUERY: &str = "acme OR एक्मे OR అక్మే OR @acme";
/// A site shows its newest entries, like real ones do.
const N_SHOWN: usize = 30;

/// The sample sites of one run of the demo.
#[derive(Clone, Debug)]
pub struct Demo {
    started_at: DateTime<Utc>,
    base: String,
}

/// One entry as it stands on a sample site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Unique on its site.
    pub id: String,
    /// Which site.
    pub place: Place,
    /// When it was posted.
    pub posted_at: DateTime<Utc>,
    /// The author's display name.
    pub author: String,
    /// The title, on the forum.
    pub title: Option<String>,
    /// What was written.
    pub text: String,
    /// ISO 639-1 code.
    pub lang: &'static str,
    /// Stars of five, on the review page.
    pub stars: Option<u8>,
    /// Likes and shares.
    pub reach: (u64, u64),
}

impl Demo {
    /// A demo that starts now and is served from `base` (`http://127.0.0.1:1234`).
    pub fn new(started_at: DateTime<Utc>, base: &str) -> Self {
        Self {
            started_at,
            base: base.trim_end_matches('/').to_owned(),
        }
    }

    /// The page of one entry, so that the links of the demo lead somewhere.
    pub fn address(&self, entry: &Entry) -> String {
        format!("{}/{}/{}", self.base, entry.place.path(), entry.id)
    }

    /// The entry with this id, if it has been posted by `now`.
    pub fn entry(&self, place: Place, id: &str, now: DateTime<Utc>) -> Option<Entry> {
        self.posted(now)
            .into_iter()
            .find(|entry| entry.place == place && entry.id == id)
    }

    /// What a site shows, newest first.
    pub fn shown(&self, place: Place, now: DateTime<Utc>) -> Vec<Entry> {
        let mut entries: Vec<Entry> = self
            .posted(now)
            .into_iter()
            .filter(|entry| entry.place == place)
            .collect();
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.posted_at));
        entries.truncate(N_SHOWN);
        entries
    }

    fn posted(&self, now: DateTime<Utc>) -> Vec<Entry> {
        let scripted = SCRIPT
            .iter()
            .enumerate()
            .map(|(place, line)| self.entry_of(line, &format!("s{place}"), line.after_secs, 0));
        let script_ends = SCRIPT.iter().map(|line| line.after_secs).max().unwrap_or(0);
        let elapsed_secs = (now - self.started_at).num_seconds();
        let n_recurring = (elapsed_secs - script_ends).max(0) / RECURRING_EVERY_SECS;
        // Only the newest can be on a page, and a demo may run for days.
        let first = (n_recurring - 4 * N_SHOWN as i64).max(0);
        let recurring = (first..n_recurring).map(|number| {
            let line = &RECURRING[number as usize % RECURRING.len()];
            let after_secs = script_ends + (number + 1) * RECURRING_EVERY_SECS;
            self.entry_of(line, &format!("r{number}"), after_secs, number as usize)
        });
        scripted
            .chain(recurring)
            .filter(|entry| entry.posted_at <= now)
            .collect()
    }

    fn entry_of(&self, line: &Scripted, id: &str, after_secs: i64, number: usize) -> Entry {
        let (author, text) = line.filled(number);
        Entry {
            id: id.to_owned(),
            place: line.place,
            posted_at: self.started_at + TimeDelta::seconds(after_secs),
            author,
            title: line.title.map(str::to_owned),
            text,
            lang: line.lang,
            stars: line.stars,
            reach: line.reach,
        }
    }

    /// The forum's RSS feed.
    pub fn feed(&self, now: DateTime<Utc>) -> String {
        let items: String = self
            .shown(Place::Forum, now)
            .iter()
            .map(|entry| {
                let address = self.address(entry);
                let escape = html_escape::encode_text::<str>;
                format!(
                    "<item><title>{}</title><link>{address}</link>\
                     <guid isPermaLink=\"true\">{address}</guid><dc:creator>{}</dc:creator>\
                     <dc:language>{}</dc:language><pubDate>{}</pubDate>\
                     <description>{}</description></item>\n",
                    escape(entry.title.as_deref().unwrap_or("Untitled")),
                    escape(&entry.author),
                    entry.lang,
                    entry.posted_at.to_rfc2822(),
                    escape(&entry.text),
                )
            })
            .collect();
        format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
             <rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><channel>\
             <title>Kettle forum</title><link>{}/forum</link>\
             <description>People talk about kettles</description>\n{items}</channel></rss>\n",
            self.base
        )
    }

    /// The shop's product page with its reviews as schema.org JSON-LD.
    pub fn review_page(&self, now: DateTime<Utc>) -> String {
        let entries = self.shown(Place::Shop, now);
        let reviews: Vec<_> = entries
            .iter()
            .map(|entry| {
                json!({
                    "@type": "Review",
                    "@id": self.address(entry),
                    "url": self.address(entry),
                    "author": {"@type": "Person", "name": entry.author},
                    "datePublished": entry.posted_at.to_rfc3339_opts(SecondsFormat::Secs, true),
                    "inLanguage": entry.lang,
                    "reviewBody": entry.text,
                    "reviewRating": {
                        "@type": "Rating",
                        "ratingValue": entry.stars.unwrap_or(3),
                        "bestRating": 5
                    },
                })
            })
            .collect();
        let data = json!({
            "@context": "https://schema.org",
            "@type": "Product",
            "name": "Acme Kettle 2",
            "review": reviews,
        })
        .to_string()
        // Nothing a reviewer writes may end the script element.
        .replace('<', "\\u003c");
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    title { "Acme Kettle 2: reviews" }
                    script type="application/ld+json" { (maud::PreEscaped(data)) }
                }
                body {
                    h1 { "Acme Kettle 2" }
                    @for entry in &entries {
                        article id=(entry.id) lang=(entry.lang) {
                            h2 { (entry.author) " · " (entry.stars.unwrap_or(3)) "/5" }
                            p { (entry.text) }
                        }
                    }
                }
            }
        }
        .into_string()
    }

    /// The social timeline, in the shape of Mastodon's tag timeline.
    pub fn timeline(&self, now: DateTime<Utc>) -> String {
        let statuses: Vec<_> = self
            .shown(Place::Social, now)
            .iter()
            .map(|entry| {
                let account = entry.author.to_lowercase().replace(' ', "_");
                let content = html! { p { (entry.text) } }.into_string();
                json!({
                    "id": entry.id,
                    "created_at": entry.posted_at.to_rfc3339_opts(SecondsFormat::Millis, true),
                    "in_reply_to_id": null,
                    "language": entry.lang,
                    "uri": self.address(entry),
                    "url": self.address(entry),
                    "replies_count": 0,
                    "reblogs_count": entry.reach.1,
                    "favourites_count": entry.reach.0,
                    "edited_at": null,
                    "content": content,
                    "reblog": null,
                    "account": {
                        "id": account,
                        "username": account,
                        "acct": format!("{account}@social.example"),
                        "display_name": entry.author,
                        "url": format!("{}/@{account}", self.base),
                        "followers_count": 40 + 13 * entry.author.len(),
                    },
                    "tags": [{"name": "acme"}],
                })
            })
            .collect();
        serde_json::Value::from(statuses).to_string()
    }

    /// The page of one entry.
    pub fn entry_page(&self, entry: &Entry) -> String {
        html! {
            (DOCTYPE)
            html lang=(entry.lang) {
                head {
                    meta charset="utf-8";
                    title { (entry.author) " on a sample site" }
                }
                body {
                    p { "A sample site of Hearken's demo. Nobody real wrote this." }
                    @if let Some(title) = &entry.title { h1 { (title) } }
                    h2 { (entry.author) }
                    p { (entry.text) }
                    p { (entry.posted_at.to_rfc2822()) }
                }
            }
        }
        .into_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demo() -> Demo {
        Demo::new(DateTime::UNIX_EPOCH, "http://127.0.0.1:1")
    }

    #[test]
    fn new_entries_keep_arriving_on_every_site() {
        let demo = demo();
        let at = |secs| DateTime::UNIX_EPOCH + TimeDelta::seconds(secs);
        for place in Place::ALL {
            let newest = |secs| {
                demo.shown(place, at(secs))
                    .first()
                    .map(|entry| entry.posted_at)
            };
            assert!(newest(0).is_some(), "{place:?} shows something at once");
            assert!(newest(120) > newest(0), "{place:?} after two minutes");
            assert!(newest(90_000) > newest(86_400), "{place:?} after a day");
        }
    }

    #[test]
    fn texts_that_return_are_never_the_same() {
        let demo = demo();
        let now = DateTime::UNIX_EPOCH + TimeDelta::hours(1);
        for place in Place::ALL {
            let shown = demo.shown(place, now);
            let mut texts: Vec<&str> = shown.iter().map(|entry| &entry.text[..]).collect();
            texts.sort_unstable();
            texts.dedup();
            assert_eq!(texts.len(), shown.len(), "{place:?}");
        }
    }

    #[test]
    fn entries_have_pages_that_stay() {
        let demo = demo();
        let now = DateTime::UNIX_EPOCH + TimeDelta::minutes(5);
        for place in Place::ALL {
            for entry in demo.shown(place, now) {
                assert_eq!(demo.entry(place, &entry.id, now), Some(entry));
            }
        }
    }
}
