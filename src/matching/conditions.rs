//! Fields of the query language: `stars:<=2`, `site:reddit.com`, `is:flagged` … A name and
//! a value come in, a test comes out; and a test is asked about an item and its mention.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use url::Url;

use super::fold::fold_text;
use super::parse::Parser;
use super::tree::{Compare, Is, Moment, Test, Whole, Words};
use super::{QueryError, Subject};
use crate::domain::{self, CaseState, Item, Kind, Label, Mention, language_fits};

/// How a field is written, for error messages.
pub(super) fn example(field: &str) -> &'static str {
    match field {
        "title" => "title:recall",
        "author" => "author:@jane or author:\"Jane Doe\"",
        "site" => "site:reddit.com",
        "lang" => "lang:tr",
        "kind" => "kind:review (post, comment, review, article, question)",
        "source" => "source:\"my feed\" or source:my*",
        "stars" => "stars:<=2",
        "domain" => "domain:acme.com",
        "verdict" => "verdict:negative (negative, neutral, positive, unsure)",
        "score" => "score:>=0.8",
        "is" => "is:flagged (flagged, overdue, backlog, own, unsure, contradicted)",
        "since" => "since:7d or since:2026-03-01",
        "until" => "until:1d or until:2026-03-01",
        "state" => "state:open (open, claimed, replied, verified, dismissed)",
        "brand" => "brand:acme",
        _ => "title:word",
    }
}

/// Reads the value of a field.
pub(super) fn read_test(
    parser: &Parser<'_>,
    field: &str,
    value: &str,
    at: usize,
) -> Result<Test, QueryError> {
    let value = value.trim();
    let wrong = || {
        parser.error(
            at,
            format!("`{field}:` does not understand `{}`", shortened(value)),
            format!("for example {}", example(field)),
        )
    };
    if value.is_empty() {
        return Err(wrong());
    }
    let lower = value.to_lowercase();
    let test = match field {
        "author" => Test::Author {
            handle: whole(&fold_text(bare_handle(value))),
            name: author_words(parser, value, at)?,
        },
        "site" => {
            let (host, path) = host_and_path(&lower).ok_or_else(wrong)?;
            Test::Site { host, path }
        }
        "lang" => {
            // The country does not matter, the letters do: `hi-Latn` is Hindi as it is typed.
            let mut parts = lower.split(['-', '_']);
            let primary = parts.next().unwrap_or_default();
            let is_tag = (2..=3).contains(&primary.len())
                && primary.chars().all(|c| c.is_ascii_alphabetic());
            let is_letters = |part: &&str| part.chars().all(|c| c.is_ascii_alphabetic());
            let script = parts.find(|part| part.len() == 4 && is_letters(part));
            let wanted = script.map_or_else(
                || primary.to_owned(),
                |script| format!("{primary}-{script}"),
            );
            Test::Lang(is_tag.then_some(wanted).ok_or_else(wrong)?)
        }
        "kind" => {
            use Kind::{Article, Comment, Post, Question, Review};
            let kind = [Post, Comment, Review, Article, Question]
                .into_iter()
                .find(|kind| kind.as_str() == lower);
            Test::Kind(kind.ok_or_else(wrong)?)
        }
        "source" => Test::Source(whole(&fold_text(value))),
        "brand" => Test::Brand(whole(&fold_text(value))),
        "stars" => {
            let (compare, number) = comparison(value).ok_or_else(wrong)?;
            if !(0.0..=5.0).contains(&number) {
                return Err(wrong());
            }
            Test::Stars(compare, number)
        }
        "score" => {
            let (compare, number) = comparison(value).ok_or_else(wrong)?;
            if !(0.0..=1.0).contains(&number) {
                return Err(wrong());
            }
            Test::Score(compare, number)
        }
        "domain" => {
            let (host, _) = host_and_path(&refanged(&lower)).ok_or_else(wrong)?;
            let pattern = domain_pattern(&host).ok_or_else(wrong)?;
            Test::Domain { host, pattern }
        }
        "verdict" => {
            use Label::{Negative, Neutral, Positive, Unsure};
            let label = [Negative, Neutral, Positive, Unsure]
                .into_iter()
                .find(|label| label.as_str() == lower);
            Test::Verdict(label.ok_or_else(wrong)?)
        }
        "is" => Test::Is(match lower.as_str() {
            "flagged" => Is::Flagged,
            "overdue" => Is::Overdue,
            "backlog" => Is::Backlog,
            "own" => Is::Own,
            "unsure" => Is::Unsure,
            "contradicted" => Is::Contradicted,
            _ => return Err(wrong()),
        }),
        "since" => Test::Since(moment(value).ok_or_else(wrong)?),
        "until" => Test::Until(moment(value).ok_or_else(wrong)?),
        "state" => {
            use CaseState::{Claimed, Dismissed, Open, Replied, Verified};
            let state = [Open, Claimed, Replied, Verified, Dismissed]
                .into_iter()
                .find(|state| state.as_str() == lower);
            Test::State(state.ok_or_else(wrong)?)
        }
        _ => return Err(wrong()),
    };
    Ok(test)
}

fn shortened(value: &str) -> String {
    const MOST: usize = 40;
    if value.chars().count() <= MOST {
        return value.to_owned();
    }
    value.chars().take(MOST).chain(['…']).collect()
}

fn whole(folded: &str) -> Whole {
    let stem = folded.strip_suffix('*');
    Whole {
        folded: stem.unwrap_or(folded).to_owned(),
        is_prefix: stem.is_some(),
    }
}

fn author_words(parser: &Parser<'_>, value: &str, at: usize) -> Result<Words, QueryError> {
    parser.words(bare_handle(value.trim_end_matches('*')), at)
}

/// An account without the signs that sites put in front: `@acme`, `u/acme`, `/u/acme`.
pub(super) fn bare_handle(handle: &str) -> &str {
    let handle = handle.trim().trim_start_matches('/');
    let handle = handle
        .strip_prefix("u/")
        .or_else(|| handle.strip_prefix("user/"))
        .unwrap_or(handle);
    handle.trim_start_matches(['@', '＠'])
}

/// `acme[.]com`, `acme(.)com` and `hxxp://` are how careful people write addresses.
fn refanged(text: &str) -> String {
    text.replace("[.]", ".")
        .replace("(.)", ".")
        .replace("{.}", ".")
        .replace("[:]", ":")
        .replace("hxxp", "http")
}

fn host_and_path(value: &str) -> Option<(String, String)> {
    let value = value
        .trim_start_matches("http://")
        .trim_start_matches("https://");
    let (host, path) = match value.find('/') {
        Some(slash) => value.split_at(slash),
        None => (value, ""),
    };
    let host = host.trim_start_matches("www.").trim_end_matches('.');
    let is_host = !host.is_empty()
        && host
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | ':'))
        && !host.starts_with('.');
    if !is_host {
        return None;
    }
    // Addresses of items are in their ASCII form, so the rule is put into it as well.
    let ascii = Url::parse(&format!("http://{host}/")).ok()?;
    let host = match (ascii.host_str()?, ascii.port()) {
        (host, None) => host.to_owned(),
        (host, Some(port)) => format!("{host}:{port}"),
    };
    Some((host, path.trim_end_matches('/').to_owned()))
}

fn domain_pattern(host: &str) -> Option<regex::Regex> {
    let dot = r"\s?(?:\[\.\]|\(\.\)|\{\.\}|\[dot\]|\(dot\))\s?|\.";
    let labels: Vec<String> = host.split('.').map(regex::escape).collect();
    let name = labels.join(&format!("(?:{dot})"));
    // A subdomain in front is the same domain; a longer label on either side is not.
    let pattern = format!(
        r"(?i)(?:^|[^\p{{L}}\p{{N}}_\-])({name})(?:$|[^\p{{L}}\p{{N}}_\-.\[]|\.(?:$|[^\p{{L}}\p{{N}}])|\[(?:$|[^.d]))"
    );
    regex::RegexBuilder::new(&pattern)
        .size_limit(1 << 20)
        .build()
        .ok()
}

fn comparison(value: &str) -> Option<(Compare, f64)> {
    let (compare, number) = [
        ("<=", Compare::AtMost),
        (">=", Compare::AtLeast),
        ("≤", Compare::AtMost),
        ("≥", Compare::AtLeast),
        ("<", Compare::Below),
        (">", Compare::Above),
        ("=", Compare::Equal),
        ("", Compare::Equal),
    ]
    .into_iter()
    .find_map(|(sign, compare)| Some((compare, value.strip_prefix(sign)?)))?;
    let number: f64 = number.trim().replace(',', ".").parse().ok()?;
    number.is_finite().then_some((compare, number))
}

fn moment(value: &str) -> Option<Moment> {
    if let Ok(span) = domain::parse_duration(value.trim_start_matches('-')) {
        return TimeDelta::from_std(span).ok().map(Moment::Ago);
    }
    if let Ok(date) = value.parse::<NaiveDate>() {
        return Some(Moment::At(date.and_time(NaiveTime::MIN).and_utc()));
    }
    value.parse::<DateTime<Utc>>().ok().map(Moment::At)
}

/// What a test says about a subject, and where in the text it saw it.
pub(super) fn holds(test: &Test, subject: &Subject<'_>) -> bool {
    let item = subject.item;
    match test {
        Test::Author { handle, name } => author_is(item, handle, name),
        Test::Site { host, path } => site_is(item, host, path),
        Test::Lang(wanted) => subject
            .lang
            .or(item.lang.as_deref())
            .is_some_and(|tag| language_fits(tag, wanted)),
        Test::Kind(kind) => item.kind == *kind,
        Test::Source(wanted) => subject
            .source
            .or(subject.mention.map(|mention| mention.source.as_str()))
            .is_some_and(|source| wanted.fits(&fold_text(source))),
        Test::Stars(compare, stars) => item
            .rating
            .filter(|rating| rating.best > 0.0)
            .is_some_and(|rating| compare.holds(rating.value / rating.best * 5.0, *stars)),
        Test::Domain { host, pattern } => {
            links_to(item, host)
                || pattern.is_match(&item.text)
                || item
                    .title
                    .as_deref()
                    .is_some_and(|title| pattern.is_match(title))
                || item
                    .html
                    .as_deref()
                    .is_some_and(|html| pattern.is_match(html))
        }
        Test::Brand(_)
        | Test::Verdict(_)
        | Test::Score(..)
        | Test::Is(_)
        | Test::Since(_)
        | Test::Until(_)
        | Test::State(_) => subject
            .mention
            .is_some_and(|mention| mention_is(test, mention, subject.now)),
    }
}

fn mention_is(test: &Test, mention: &Mention, now: DateTime<Utc>) -> bool {
    let posted = || Mention::clock_start(&mention.item, mention.seen_at).0;
    let is_waiting = || {
        mention
            .case
            .as_ref()
            .is_none_or(|case| case.state.is_waiting())
    };
    match test {
        Test::Brand(wanted) => mention
            .brands
            .iter()
            .any(|brand| wanted.fits(&fold_text(brand.name.as_str()))),
        Test::Verdict(label) => mention.sentiment.label == *label,
        Test::Score(compare, limit) => mention
            .flag
            .as_ref()
            .is_some_and(|flag| compare.holds(flag.score, *limit)),
        Test::Is(Is::Flagged) => mention.flag.is_some(),
        Test::Is(Is::Overdue) => mention
            .flag
            .as_ref()
            .is_some_and(|flag| flag.reply_by < now && is_waiting() && !mention.backlog),
        Test::Is(Is::Backlog) => mention.backlog,
        Test::Is(Is::Own) => mention.own,
        Test::Is(Is::Unsure) => mention.sentiment.label == Label::Unsure,
        Test::Is(Is::Contradicted) => mention.stars_against_text,
        Test::Since(moment) => posted() >= moment.at(now),
        Test::Until(moment) => posted() <= moment.at(now),
        Test::State(state) => mention
            .case
            .as_ref()
            .is_some_and(|case| case.state == *state),
        _ => false,
    }
}

fn author_is(item: &Item, handle: &Whole, name: &Words) -> bool {
    let Some(author) = &item.author else {
        return false;
    };
    let by_handle = author.handle.as_deref().is_some_and(|written| {
        let folded = fold_text(bare_handle(written));
        let local = folded.split('@').next().unwrap_or_default();
        handle.fits(&folded) || (!handle.folded.contains('@') && handle.fits(local))
    });
    let by_name = || {
        author.name.as_deref().is_some_and(|written| {
            let field = super::field::Field::new(written);
            let words: Vec<&str> = field
                .words
                .iter()
                .map(|word| word.folded.as_str())
                .collect();
            words.windows(name.words.len()).any(|window| {
                let n_whole = window.len() - usize::from(handle.is_prefix);
                let pairs = || window.iter().zip(&name.words);
                pairs()
                    .take(n_whole)
                    .all(|(word, wanted)| *word == wanted.folded)
                    && pairs()
                        .skip(n_whole)
                        .all(|(word, wanted)| word.starts_with(&wanted.folded))
            })
        })
    };
    by_handle || by_name()
}

fn site_is(item: &Item, host: &str, path: &str) -> bool {
    let Some(url) = item.url.as_deref().and_then(|url| Url::parse(url).ok()) else {
        return false;
    };
    let url_path = url.path().to_lowercase();
    let is_below = path.is_empty()
        || url_path
            .strip_prefix(path)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    host_is_below(&url, host) && is_below
}

/// Whether an address is on a host or on a subdomain of it; `host` may name a port.
pub(super) fn host_is_below(url: &Url, host: &str) -> bool {
    let Some(actual) = url.host_str() else {
        return false;
    };
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) => (name, port.parse::<u16>().ok()),
        None => (host, None),
    };
    let is_same = actual == name
        || actual
            .strip_suffix(name)
            .is_some_and(|rest| rest.ends_with('.'));
    is_same && (port.is_none() || port == url.port_or_known_default())
}

fn links_to(item: &Item, host: &str) -> bool {
    item.url
        .as_deref()
        .and_then(|url| Url::parse(url).ok())
        .is_some_and(|url| host_is_below(&url, host))
}

/// A domain as the configuration gives it, ready for `host_is_below`.
pub(super) fn own_host(domain: &str) -> Option<String> {
    host_and_path(&refanged(&domain.trim().to_lowercase())).map(|(host, _)| host)
}
