//! Entries of an answer become items by the rules of a definition, whatever the entries
//! are: JSON values or elements of a page. An entry that cannot be used is left out with
//! a note.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use url::Url;

use super::{Answer, ParseError, Parsed, dates, number, text};
use crate::domain::{
    Alternatives, Author, Condition, Definition, Engagement, FieldRules, Filter, Filtered, Item,
    Kind, Mapping, Piece, Rating, ValueRule,
};

/// What stands at a place.
pub(super) struct Found {
    pub(super) text: String,
    /// Whether it has been made plain from HTML already.
    is_plain: bool,
}

impl Found {
    /// A text as it stands in the answer.
    pub(super) fn raw(text: String) -> Self {
        Self {
            text,
            is_plain: false,
        }
    }

    /// A text that has lost its tags and folded its spaces.
    pub(super) fn plain(text: String) -> Self {
        Self {
            text,
            is_plain: true,
        }
    }
}

/// One entry, asked by places of its kind.
pub(super) trait Entry<P> {
    /// The text there.
    fn find(&self, place: &P) -> Option<Found>;
    /// The number there.
    fn number(&self, place: &P) -> Option<f64>;
    /// Whether a condition is true of it.
    fn holds(&self, condition: &Condition<P>) -> bool;
}

/// What all entries of an answer share.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) definition: &'a Definition,
    /// The base of relative links.
    pub(super) base: Option<&'a Url>,
    /// What relative times count back from.
    pub(super) at: Option<DateTime<Utc>>,
}

impl<'a> Context<'a> {
    pub(super) fn new(answer: &Answer<'a>, definition: &'a Definition) -> Self {
        Self {
            definition,
            base: answer.url,
            at: answer.at,
        }
    }
}

/// The items of all entries, each followed by the brand's reply inside it. `n_odd` more
/// entries were no entries at all.
///
/// # Errors
/// There are entries, but none has the fields.
pub(super) fn items<P, E: Entry<P>>(
    entries: &[E],
    n_odd: usize,
    mapping: &Mapping<P>,
    context: &Context<'_>,
) -> Result<Parsed, ParseError> {
    let mut parsed = Parsed::default();
    let n_entries = entries.len() + n_odd;
    let mut n_unusable = n_odd;
    for entry in entries {
        if mapping.skip_if.iter().any(|rule| entry.holds(rule)) {
            continue;
        }
        let kind = mapping
            .kinds
            .iter()
            .find(|(condition, _)| entry.holds(condition))
            .map_or(context.definition.kind, |(_, kind)| *kind);
        let mut item = item_of(entry, &mapping.fields, kind, context);
        if !is_usable(&item) {
            n_unusable += 1;
            continue;
        }
        item.is_brand_reply = mapping.brand_reply_if.iter().any(|rule| entry.holds(rule));
        let reply = mapping
            .reply
            .as_ref()
            .map(|rules| item_of(entry, rules, Kind::Comment, context))
            .filter(|reply| !reply.text.is_empty());
        let answered = item.native_id.clone().or_else(|| item.url.clone());
        parsed.items.push(item);
        if let Some(mut reply) = reply {
            reply.is_brand_reply = true;
            reply.in_reply_to = reply.in_reply_to.or(answered);
            parsed.items.push(reply);
        }
    }
    if n_unusable > 0 && parsed.items.is_empty() && n_unusable == n_entries {
        return Err(ParseError::NotAFeed(format!(
            "this is not an answer of {}: none of its {n_entries} entries has the fields",
            context.definition.title
        )));
    }
    if n_unusable > 0 {
        parsed.notes.push(format!(
            "{n_unusable} of {n_entries} entries had neither text nor title and were left out"
        ));
    }
    Ok(parsed)
}

/// Something to read, and something that tells it from other entries.
fn is_usable(item: &Item) -> bool {
    let says_something = !item.text.is_empty() || item.title.is_some() || item.rating.is_some();
    says_something || (item.native_id.is_some() && item.url.is_some())
}

fn item_of<P, E: Entry<P>>(
    entry: &E,
    rules: &FieldRules<P>,
    kind: Kind,
    context: &Context<'_>,
) -> Item {
    let base = context.base;
    let text_of = |rules: &Alternatives<P>| {
        plain_value(entry, rules, context).filter(|text| !text.is_empty())
    };
    let line_of = |rules: &Alternatives<P>| {
        text_of(rules)
            .map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
            .filter(|text| !text.is_empty())
    };
    let number_of = |rules: &Alternatives<P>| number_value(entry, rules, context);
    let count_of = |rules: &Alternatives<P>| number_of(rules).map_or(0, whole);
    let url_of = |rules: &Alternatives<P>| line_of(rules).and_then(|url| absolute(&url, base));
    let author = Author {
        name: line_of(&rules.author_name),
        handle: line_of(&rules.author_handle),
        url: url_of(&rules.author_url),
        followers: number_of(&rules.author_followers).map(whole),
    };
    let rating = number_of(&rules.rating_value).and_then(|value| {
        let best = number_of(&rules.rating_best).unwrap_or(5.0);
        (value >= 0.0 && best > 0.0 && value <= best).then_some(Rating { value, best })
    });
    Item {
        native_id: line_of(&rules.native_id),
        url: url_of(&rules.url),
        title: line_of(&rules.title),
        text: text_of(&rules.text).unwrap_or_default(),
        html: raw_value(entry, &rules.html, context)
            .map(|html| text::Sanitiser::new(base).clean(&html))
            .filter(|html| !html.is_empty()),
        author: (author != Author::default()).then_some(author),
        lang: line_of(&rules.lang),
        rating,
        published_at: date_value(entry, &rules.published_at, context),
        updated_at: date_value(entry, &rules.updated_at, context),
        engagement: Engagement {
            likes: count_of(&rules.likes),
            shares: count_of(&rules.shares),
            replies: count_of(&rules.replies),
        },
        in_reply_to: line_of(&rules.in_reply_to),
        ..Item::empty(&context.definition.name, kind)
    }
}

/// Counts below zero (votes) are none.
fn whole(number: f64) -> u64 {
    // The conversion saturates, so neither a negative nor a huge figure can wrap round.
    number.max(0.0) as u64
}

fn absolute(link: &str, base: Option<&Url>) -> Option<String> {
    match Url::parse(link) {
        Ok(_) => Some(link.to_owned()),
        Err(_) => base
            .and_then(|base| base.join(link).ok())
            .map(|url| url.to_string()),
    }
}

/// The first alternative's text, cleaned.
fn plain_value<P, E: Entry<P>>(
    entry: &E,
    rules: &Alternatives<P>,
    context: &Context<'_>,
) -> Option<String> {
    rules.iter().find_map(|rule| {
        let found = apply(entry, rule, context)?;
        let clean = if found.is_plain {
            found.text
        } else {
            text::fold_whitespace(&found.text)
        };
        (!clean.trim().is_empty()).then_some(clean)
    })
}

/// The first alternative's text as it stands in the answer.
fn raw_value<P, E: Entry<P>>(
    entry: &E,
    rules: &Alternatives<P>,
    context: &Context<'_>,
) -> Option<String> {
    rules
        .iter()
        .find_map(|rule| apply(entry, rule, context).map(|found| found.text))
        .filter(|raw| !raw.trim().is_empty())
}

fn number_value<P, E: Entry<P>>(
    entry: &E,
    rules: &Alternatives<P>,
    context: &Context<'_>,
) -> Option<f64> {
    rules.iter().find_map(|rule| match rule {
        ValueRule::Value(Filtered { place, filters }) if filters.is_empty() => entry.number(place),
        _ => number::first_number(&apply(entry, rule, context)?.text),
    })
}

fn date_value<P, E: Entry<P>>(
    entry: &E,
    rules: &Alternatives<P>,
    context: &Context<'_>,
) -> Option<DateTime<Utc>> {
    rules.iter().find_map(|rule| {
        let raw = apply(entry, rule, context)?.text;
        let raw = raw.trim();
        // Eight and fourteen digits are a calendar date rather than seconds since 1970.
        let is_calendar = matches!(raw.len(), 8 | 14) && raw.bytes().all(|b| b.is_ascii_digit());
        match raw.parse::<f64>() {
            Ok(epoch) if !is_calendar => from_epoch(epoch),
            _ => dates::parse(raw)
                .or_else(|| context.at.and_then(|at| dates::parse_relative(raw, at))),
        }
    })
}

/// Seconds since 1970; what is too large for seconds of this millennium is milliseconds
/// or microseconds.
fn from_epoch(epoch: f64) -> Option<DateTime<Utc>> {
    const YEAR_3000_SECS: f64 = 32_503_680_000.0;
    let millis = if epoch.abs() < YEAR_3000_SECS {
        epoch * 1_000.0
    } else if epoch.abs() < YEAR_3000_SECS * 1_000.0 {
        epoch
    } else {
        epoch / 1_000.0
    };
    // Zero is how APIs write "never".
    (millis > 0.0)
        .then(|| DateTime::from_timestamp_millis(millis as i64))
        .flatten()
}

/// What a rule gives.
fn apply<P, E: Entry<P>>(entry: &E, rule: &ValueRule<P>, context: &Context<'_>) -> Option<Found> {
    match rule {
        ValueRule::Constant(value) => Some(Found::raw(
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned),
        )),
        ValueRule::Template(pieces) => {
            let mut whole = String::new();
            for piece in pieces {
                match piece {
                    Piece::Literal(literal) => whole.push_str(literal),
                    Piece::Value(value) => {
                        let found = value_of(entry, value, context)?;
                        if found.text.is_empty() {
                            return None;
                        }
                        whole.push_str(&found.text);
                    }
                }
            }
            Some(Found::raw(whole))
        }
        ValueRule::Value(value) => value_of(entry, value, context),
    }
}

fn value_of<P, E: Entry<P>>(
    entry: &E,
    value: &Filtered<P>,
    context: &Context<'_>,
) -> Option<Found> {
    let found = entry.find(&value.place)?;
    let is_plain = found.is_plain || value.filters.contains(&Filter::Html);
    let text = filtered(found.text, &value.filters, context)?;
    Some(Found { text, is_plain })
}

/// A text after its filters; nothing when one of them finds nothing.
pub(super) fn filtered(text: String, filters: &[Filter], context: &Context<'_>) -> Option<String> {
    let mut value = text;
    for filter in filters {
        value = match filter {
            Filter::Html => text::plain_from_html(&value),
            Filter::Entities => text::decode_references(&value),
            Filter::Trim => value.trim().to_owned(),
            Filter::Lower => value.to_lowercase(),
            Filter::Number => number::first_number(&value)?.to_string(),
            Filter::StarsFromWidth => stars_from_width(&value)?.to_string(),
            Filter::Absolute => absolute(value.trim(), context.base)?,
            Filter::Strip(start) => value
                .strip_prefix(start.as_str())
                .unwrap_or(&value)
                .to_owned(),
            Filter::StripEnd(end) => value
                .strip_suffix(end.as_str())
                .unwrap_or(&value)
                .to_owned(),
            Filter::Before(end) => value
                .split_once(end.as_str())
                .map_or(value.as_str(), |(before, _)| before)
                .to_owned(),
            Filter::After(start) => value.split_once(start.as_str())?.1.to_owned(),
            Filter::Prefix(start) => format!("{start}{value}"),
            Filter::Suffix(end) => format!("{value}{end}"),
            Filter::Match(pattern) => {
                let captures = pattern.0.captures(&value)?;
                captures
                    .get(1)
                    .or_else(|| captures.get(0))?
                    .as_str()
                    .to_owned()
            }
            Filter::Date(notation) => in_notation(value.trim(), notation)?.to_rfc3339(),
            Filter::Map(pairs) => pairs
                .iter()
                .find(|(from, _)| from == value.trim())
                .map(|(_, to)| to.clone())?,
        };
    }
    Some(value)
}

/// A bar of five stars that is filled to some per cent.
fn stars_from_width(style: &str) -> Option<f64> {
    const PER_STAR: f64 = 20.0;
    let (before, _) = style.split_once('%')?;
    let start = before
        .rfind(|c: char| !c.is_ascii_digit() && c != '.')
        .map_or(0, |at| at + 1);
    let percent = number::first_number(&before[start..])?;
    (0.0..=100.0).contains(&percent).then(|| percent / PER_STAR)
}

fn in_notation(text: &str, notation: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_str(text, notation)
        .map(|at| at.to_utc())
        .ok()
        .or_else(|| {
            Some(
                NaiveDateTime::parse_from_str(text, notation)
                    .ok()?
                    .and_utc(),
            )
        })
        .or_else(|| {
            let day = NaiveDate::parse_from_str(text, notation).ok()?;
            Some(day.and_time(NaiveTime::MIN).and_utc())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(filters: &str, text: &str, expected: Option<&str>) {
        let rule: Filtered<crate::domain::JsonPath> =
            format!("x | {filters}").parse().expect(filters);
        let definition = super::super::testing::definition(crate::domain::Format::Feed);
        let base = Url::parse("https://example.org/a/b").expect("an address");
        let context = Context {
            definition: &definition,
            base: Some(&base),
            at: None,
        };
        let actual = filtered(text.to_owned(), &rule.filters, &context);
        assert_eq!(actual.as_deref(), expected, "{filters} on {text:?}");
    }

    #[test]
    fn filters_do_what_they_say() {
        check("number", "4,5 von 5 Sternen", Some("4.5"));
        check("number", "none", None);
        check("stars-from-width", "width: 80%;", Some("4"));
        check("stars-from-width", "color:red;width:50.0%", Some("2.5"));
        check("stars-from-width", "width:30px", None);
        check("absolute", "../c", Some("https://example.org/c"));
        check("strip 't3_'", "t3_9", Some("9"));
        check("strip-end ' ago'", "3 days ago", Some("3 days"));
        check("match 'star-(\\d)'", "icon star-4 on", Some("4"));
        check("match '[0-9]+'", "a 12 b", Some("12"));
        check("match 'x+'", "a 12 b", None);
        check(
            "date '%d.%m.%Y'",
            "02.03.2026",
            Some("2026-03-02T00:00:00+00:00"),
        );
        check(
            "date '%d.%m.%Y %H:%M'",
            "02.03.2026 07:05",
            Some("2026-03-02T07:05:00+00:00"),
        );
        check("map 'ONE=1, FIVE=5'", "FIVE", Some("5"));
        check("map 'ONE=1'", "SIX", None);
        check("before ' - ' | lower | suffix '!'", "Ab - C", Some("ab!"));
    }

    #[test]
    fn moments_are_read_from_seconds_and_finer() {
        let same = DateTime::from_timestamp(1_772_364_153, 0);
        for epoch in [
            1_772_364_153.0,
            1_772_364_153_000.0,
            1_772_364_153_000_000.0,
        ] {
            assert_eq!(from_epoch(epoch), same);
        }
        assert_eq!(from_epoch(0.0), None);
    }
}
