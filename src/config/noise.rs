//! The rules of noise of a `[[webhook]]`: what it is spared, and until when messages wait.

use std::time::Duration;

use chrono::NaiveTime;
use chrono_tz::Tz;

use super::problem::nearest;
use super::read::{Fields, Placed};
use crate::domain::{Digest, GroupBy, Noise, Quiet};

/// A sign of life more often than this is noise itself.
const SHORTEST_HEARTBEAT: Duration = Duration::from_secs(60);
const SHORTEST_COOLDOWN: Duration = Duration::from_secs(10);
/// How long alerts that are alike are held back when only `group` is written.
const COOLDOWN: Duration = Duration::from_secs(600);

const QUIET: &str = "quiet = \"22:00-07:00 Europe/Istanbul\"";
const DIGEST: &str =
    "digest = \"hourly\", \"daily 09:00 Europe/Istanbul\" or \"workdays 09:00 Europe/Istanbul\"";
const LANGUAGES: &str = "languages = [\"tr\", \"en\"]";

/// What was written of a query; whoever knows the query language checks it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WhenConfig {
    /// The query.
    pub text: String,
    /// Where it stands.
    pub line: usize,
    /// The name of its key.
    pub key: String,
}

/// The keys about noise; the query comes second.
pub(super) fn noise(fields: &Fields<'_, '_>) -> (Noise, Option<WhenConfig>) {
    let when = fields
        .text("when", "when = \"stars:<=2 OR refund\"")
        .map(|place| WhenConfig {
            text: place.value,
            line: place.line,
            key: place.key,
        });
    let group = fields.text("group", "group = \"brand\"");
    let cooldown = fields
        .duration("cooldown", SHORTEST_COOLDOWN, "cooldown = \"10m\"")
        .map(|cooldown| cooldown.value)
        .or(group.as_ref().map(|_| COOLDOWN));
    let noise = Noise {
        languages: languages(fields),
        platforms: fields
            .texts("platforms", "platforms = [\"app-store\"]")
            .into_iter()
            .map(|place| place.value)
            .collect(),
        when: None,
        quiet: fields
            .text("quiet", QUIET)
            .and_then(|place| quiet(fields, &place)),
        digest: fields
            .text("digest", DIGEST)
            .and_then(|place| digest(fields, &place)),
        critical: fields
            .share("critical", "critical = 0.9")
            .map_or(Noise::CRITICAL, |share| share.value),
        group: group
            .and_then(|place| group_by(fields, &place))
            .unwrap_or_default(),
        cooldown,
        heartbeat: fields
            .duration("heartbeat", SHORTEST_HEARTBEAT, "heartbeat = \"1h\"")
            .map(|every| every.value),
    };
    (noise, when)
}

fn languages(fields: &Fields<'_, '_>) -> Vec<String> {
    let mut languages = Vec::new();
    for place in fields.texts("languages", LANGUAGES) {
        let tag = place.value.to_ascii_lowercase();
        let is_letters = |part: &str| part.chars().all(|letter| letter.is_ascii_alphabetic());
        let (primary, script) = tag.split_once('-').unwrap_or((&tag, "latn"));
        let is_tag = (2..=3).contains(&primary.len()) && script.len() == 4;
        if is_tag && is_letters(primary) && is_letters(script) {
            languages.push(tag);
        } else {
            fields.reader.problem(
                &place,
                format!("`{}` is not the code of a language", place.value),
                format!("write {LANGUAGES}"),
            );
        }
    }
    languages
}

/// `22:00-07:00 Europe/Istanbul`; without a zone, UTC.
fn quiet(fields: &Fields<'_, '_>, place: &Placed<String>) -> Option<Quiet> {
    let (hours, zone) = match place.value.split_once(' ') {
        Some((hours, name)) => (hours, zone(fields, place, name)?),
        None => (place.value.as_str(), Tz::UTC),
    };
    let times = hours
        .split_once(['-', '–'])
        .and_then(|(from, to)| time(from).zip(time(to)))
        .filter(|(from, to)| from != to);
    let Some((from, to)) = times else {
        fields.reader.problem(
            place,
            format!("`{hours}` is not a span of hours"),
            format!("write {QUIET}"),
        );
        return None;
    };
    Some(Quiet { from, to, zone })
}

/// `hourly`, `daily 09:00 Europe/Istanbul`, `workdays 09:00 Europe/Istanbul`.
fn digest(fields: &Fields<'_, '_>, place: &Placed<String>) -> Option<Digest> {
    let mut words = place.value.split_whitespace();
    let kind = words.next().unwrap_or_default();
    let at = words.next();
    let zone = match words.next() {
        Some(name) => zone(fields, place, name)?,
        None => Tz::UTC,
    };
    let found = match (kind, at, words.next()) {
        ("hourly", None, None) => Some(Digest::Hourly),
        ("daily", Some(at), None) => time(at).map(|time| Digest::Daily(time, zone)),
        ("workdays", Some(at), None) => time(at).map(|time| Digest::Workdays(time, zone)),
        _ => None,
    };
    if found.is_none() {
        fields.reader.problem(
            place,
            format!("`{}` does not say when a digest comes", place.value),
            format!("write {DIGEST}"),
        );
    }
    found
}

fn time(text: &str) -> Option<NaiveTime> {
    NaiveTime::parse_from_str(text.trim(), "%H:%M").ok()
}

fn zone(fields: &Fields<'_, '_>, place: &Placed<String>, name: &str) -> Option<Tz> {
    let name = name.trim();
    let found = name.parse().ok();
    if found.is_none() {
        let known = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
        fields.reader.problem(
            place,
            format!("there is no time zone `{name}`"),
            match nearest(name, known) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "write a zone such as Europe/Istanbul, or leave it out for UTC".to_owned(),
            },
        );
    }
    found
}

fn group_by(fields: &Fields<'_, '_>, place: &Placed<String>) -> Option<GroupBy> {
    let found = GroupBy::ALL
        .into_iter()
        .find(|group| group.as_str() == place.value);
    if found.is_none() {
        fields.reader.problem(
            place,
            format!("`{}` does not say which alerts are alike", place.value),
            format!(
                "write one of {}",
                GroupBy::ALL.map(GroupBy::as_str).join(", ")
            ),
        );
    }
    found
}
