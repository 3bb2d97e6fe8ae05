//! Finding mentions for the page and the API: the query language and the plain filters,
//! one page of results at a time. Answers "the next ones start here", never page numbers:
//! new mentions arrive while people read.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde::Deserialize;

use super::problem::Problem;
use crate::domain::{Label, Mention, MentionId, language_fits, parse_duration};
use crate::matching::{Query, Scope, Subject};
use crate::store::{MentionFilter, Store, StoreError};

/// The most results of one request.
pub(super) const LIMIT_MAX: usize = 1_000;
/// The most rows that one request looks at. A search for a rare word answers with what it
/// found so far and where to go on, instead of keeping somebody waiting for minutes.
const LOOKED_AT: usize = 20_000;

/// What was asked, as it stands in the address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    pub(super) q: Option<String>,
    pub(super) brand: Option<String>,
    pub(super) source: Option<String>,
    pub(super) verdict: Option<String>,
    pub(super) lang: Option<String>,
    pub(super) flagged: Option<String>,
    pub(super) since: Option<String>,
    pub(super) until: Option<String>,
    pub(super) limit: Option<String>,
    pub(super) cursor: Option<String>,
}

/// What was asked, checked.
#[derive(Debug)]
pub(super) struct Search {
    query: Option<Query>,
    brand: Option<String>,
    source: Option<String>,
    lang: Option<String>,
    filter: MentionFilter,
    after: Option<Place>,
    limit: usize,
    now: DateTime<Utc>,
}

/// One page of results.
#[derive(Debug)]
pub(super) struct Found {
    /// The mentions, the last seen first.
    pub(super) mentions: Vec<Mention>,
    /// Where the next page starts; `None` when there is no more.
    pub(super) next: Option<String>,
}

/// The last mention that was looked at: where the next page goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    seen_at: DateTime<Utc>,
    id: MentionId,
}

impl Place {
    fn write(mention: &Mention) -> String {
        format!("{}.{}", mention.seen_at.timestamp_millis(), mention.id)
    }

    fn read(text: &str) -> Option<Self> {
        let (millis, id) = text.split_once('.')?;
        Some(Self {
            seen_at: DateTime::from_timestamp_millis(millis.parse().ok()?)?,
            id: MentionId::new(id),
        })
    }
}

impl Asked {
    /// Checks everything that was asked.
    pub(super) fn check(
        &self,
        now: DateTime<Utc>,
        default_limit: usize,
    ) -> Result<Search, Problem> {
        let query = match given(&self.q) {
            Some(text) => Some(Query::parse(text, Scope::Search).map_err(|error| {
                Problem::bad_request(
                    format!(
                        "the query is wrong at character {}: {}",
                        error.offset + 1,
                        error.what
                    ),
                    error.mend,
                )
            })?),
            None => None,
        };
        let moment = |name: &str, text: &Option<String>| {
            given(text)
                .map(|text| moment_in(text, now).ok_or_else(|| wrong_moment(name, text)))
                .transpose()
        };
        Ok(Search {
            query,
            brand: given(&self.brand).map(str::to_lowercase),
            source: given(&self.source).map(str::to_owned),
            lang: given(&self.lang).map(str::to_ascii_lowercase),
            filter: MentionFilter {
                since: moment("since", &self.since)?,
                until: moment("until", &self.until)?,
                label: given(&self.verdict).map(read_label).transpose()?,
                flagged: given(&self.flagged).map(read_flagged).transpose()?,
            },
            after: match given(&self.cursor) {
                Some(text) => Some(Place::read(text).ok_or_else(|| {
                    Problem::bad_request(
                        "the cursor is not one of ours",
                        "use `next` of the page before, unchanged",
                    )
                })?),
                None => None,
            },
            limit: read_limit(self.limit.as_deref(), default_limit)?,
            now,
        })
    }
}

impl Search {
    /// Reads one page of results.
    pub(super) fn run(&self, store: &Store) -> Result<Found, StoreError> {
        let mut filter = self.filter.clone();
        if let Some(place) = &self.after {
            // Times are kept in milliseconds; everything seen in that one is read again.
            let just_after = place.seen_at + TimeDelta::milliseconds(1);
            filter.until = Some(
                filter
                    .until
                    .map_or(just_after, |until| until.min(just_after)),
            );
        }
        let mut waiting_for = self.after.clone();
        let mut mentions = Vec::new();
        let mut last_looked_at = None;
        let mut n_looked_at = 0;
        for mention in store.mentions_newest_first(&filter) {
            let mention = mention?;
            if let Some(place) = &waiting_for {
                let is_past = mention.seen_at.timestamp_millis() < place.seen_at.timestamp_millis();
                let is_the_place = mention.id == place.id;
                if is_past || is_the_place {
                    waiting_for = None;
                }
                if !is_past {
                    continue;
                }
            }
            if mentions.len() == self.limit || n_looked_at == LOOKED_AT {
                return Ok(Found {
                    mentions,
                    next: last_looked_at,
                });
            }
            n_looked_at += 1;
            last_looked_at = Some(Place::write(&mention));
            if self.wants(&mention) {
                mentions.push(mention);
            }
        }
        Ok(Found {
            mentions,
            next: None,
        })
    }

    fn wants(&self, mention: &Mention) -> bool {
        let brand_fits = self.brand.as_ref().is_none_or(|wanted| {
            mention
                .brands
                .iter()
                .any(|brand| brand.name.as_str().to_lowercase() == *wanted)
        });
        let source_fits = self
            .source
            .as_ref()
            .is_none_or(|wanted| mention.source.as_str() == wanted);
        let lang_fits = self.lang.as_ref().is_none_or(|wanted| {
            let lang = mention.item.lang.as_deref();
            lang.is_some_and(|lang| language_fits(lang, wanted))
        });
        brand_fits
            && source_fits
            && lang_fits
            && self.query.as_ref().is_none_or(|query| {
                query
                    .find(&Subject::of_mention(mention, self.now))
                    .is_some()
            })
    }
}

/// An empty field of a form was not filled in.
pub(super) fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty())
}

/// How many results are wanted, within what one request may ask for.
pub(super) fn read_limit(text: Option<&str>, default_limit: usize) -> Result<usize, Problem> {
    match text.map(str::trim).filter(|text| !text.is_empty()) {
        None => Ok(default_limit),
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=LIMIT_MAX).contains(limit))
            .ok_or_else(|| {
                Problem::bad_request(
                    format!("`limit` is `{text}`"),
                    format!("write a number from 1 to {LIMIT_MAX}"),
                )
            }),
    }
}

/// Reads `2026-03-01T10:00:00Z`, `2026-03-01` or a distance back from now, `7d`.
fn moment_in(text: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.to_utc());
    }
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Some(day.and_time(NaiveTime::MIN).and_utc());
    }
    let back = TimeDelta::from_std(parse_duration(text).ok()?).ok()?;
    now.checked_sub_signed(back)
}

/// Reads a time of a request, or says what is wrong with it.
pub(super) fn read_moment(
    name: &str,
    text: &str,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, Problem> {
    moment_in(text.trim(), now).ok_or_else(|| wrong_moment(name, text))
}

fn wrong_moment(name: &str, text: &str) -> Problem {
    Problem::bad_request(
        format!("`{name}` is `{text}`, which is no time"),
        "write for example 2026-03-01, 2026-03-01T10:00:00Z or 7d",
    )
}

fn read_label(text: &str) -> Result<Label, Problem> {
    [
        Label::Negative,
        Label::Neutral,
        Label::Positive,
        Label::Unsure,
    ]
    .into_iter()
    .find(|label| label.as_str() == text)
    .ok_or_else(|| {
        Problem::bad_request(
            format!("`verdict` is `{text}`"),
            "use negative, neutral, positive or unsure",
        )
    })
}

/// Reads a switch.
pub(super) fn read_switch(name: &str, text: &str) -> Result<bool, Problem> {
    match text {
        "true" | "1" | "yes" | "on" | "" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err(Problem::bad_request(
            format!("`{name}` is `{text}`"),
            "use true or false",
        )),
    }
}

fn read_flagged(text: &str) -> Result<bool, Problem> {
    read_switch("flagged", text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_moment(text: &str, expected: Option<&str>) {
        let now = DateTime::parse_from_rfc3339("2026-03-02T10:00:00Z")
            .expect("a valid time")
            .to_utc();
        let actual = moment_in(text, now).map(super::super::when::machine);
        assert_eq!(actual.as_deref(), expected, "{text}");
    }

    #[test]
    fn moments_are_read_in_three_forms() {
        check_moment("2026-03-01", Some("2026-03-01T00:00:00Z"));
        check_moment("2026-03-01T12:00:00+02:00", Some("2026-03-01T10:00:00Z"));
        check_moment("2h", Some("2026-03-02T08:00:00Z"));
        check_moment("yesterday", None);
        check_moment("999999999d", None);
    }

    #[test]
    fn a_cursor_survives_being_written() {
        let mention = super::super::sample::mention("abc");
        let place = Place::read(&Place::write(&mention)).expect("it was just written");
        assert_eq!(place.id, mention.id);
        assert!(Place::read("x").is_none() && Place::read("x.y").is_none());
    }
}
