//! Small pieces of text that strangers wrote or that people read: links that are safe to
//! follow, marked words, names of languages and states. Pure.

use maud::{Markup, html};
use url::Url;

use crate::domain::{
    BrandMatch, CaseState, DeliveryState, HealthState, Kind, Label, Measured, Unusual,
    base_language,
};

/// What a card shows of a long text; the mention's own page shows all of it.
const EXCERPT_CHARS: usize = 560;
/// How much an excerpt shows before the first marked word when it does not begin at the start.
const LEAD_CHARS: usize = 140;

/// The address when it is safe to offer as a link: `http` or `https` with a host, and
/// nothing that a browser would run.
pub(super) fn safe_link(address: Option<&str>) -> Option<String> {
    let url = Url::parse(address?.trim()).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then(|| url.to_string())
}

/// The host of a link without `www.`, which says where it leads.
pub(super) fn host_of(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    let host = url.host_str()?;
    Some(host.strip_prefix("www.").unwrap_or(host).to_owned())
}

/// The language tag when it is one; anything else would be a lie in a `lang` attribute.
pub(super) fn lang_tag(lang: Option<&str>) -> Option<&str> {
    let tag = lang?;
    let plausible = tag.len() >= 2
        && tag.len() <= 35
        && tag.starts_with(|first: char| first.is_ascii_alphabetic())
        && tag
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || character == '-');
    plausible.then_some(tag)
}

/// The English name of a language, or its tag where we know no name.
pub(super) fn lang_name(tag: &str) -> &str {
    match tag {
        "hi-Latn" => return "Hindi in Latin letters",
        "te-Latn" => return "Telugu in Latin letters",
        _ => (),
    }
    match base_language(tag).to_ascii_lowercase().as_str() {
        "ar" => "Arabic",
        "bn" => "Bengali",
        "de" => "German",
        "en" => "English",
        "es" => "Spanish",
        "fa" => "Persian",
        "fr" => "French",
        "gu" => "Gujarati",
        "he" => "Hebrew",
        "hi" => "Hindi",
        "id" => "Indonesian",
        "it" => "Italian",
        "ja" => "Japanese",
        "kn" => "Kannada",
        "ko" => "Korean",
        "ml" => "Malayalam",
        "mr" => "Marathi",
        "nl" => "Dutch",
        "pa" => "Punjabi",
        "pl" => "Polish",
        "pt" => "Portuguese",
        "ru" => "Russian",
        "sv" => "Swedish",
        "ta" => "Tamil",
        "te" => "Telugu",
        "tr" => "Turkish",
        "uk" => "Ukrainian",
        "ur" => "Urdu",
        "vi" => "Vietnamese",
        "zh" => "Chinese",
        _ => tag,
    }
}

/// The verdict with a capital, as pages write it.
pub(super) fn label_word(label: Label) -> &'static str {
    match label {
        Label::Negative => "Negative",
        Label::Neutral => "Neutral",
        Label::Positive => "Positive",
        Label::Unsure => "Unsure",
    }
}

/// The kind with a capital.
pub(super) fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Post => "Post",
        Kind::Comment => "Comment",
        Kind::Review => "Review",
        Kind::Article => "Article",
        Kind::Question => "Question",
    }
}

/// A case's state as the buttons call it.
pub(super) fn case_word(state: CaseState) -> &'static str {
    match state {
        CaseState::Open => "Open",
        CaseState::Claimed => "Claimed",
        CaseState::Replied => "Handled",
        CaseState::Verified => "Reply seen",
        CaseState::Dismissed => "Dismissed",
    }
}

/// What a spike is, in a sentence.
pub(super) fn spike_words(peak: &Measured) -> String {
    match peak.what {
        Unusual::Volume => format!(
            "{} mentions in an hour, {:.0} are usual ({:.1} σ)",
            peak.n_mentions, peak.usual_mentions, peak.sigma
        ),
        Unusual::Negative => format!(
            "{} of {} mentions are negative, {:.0} % are usual ({:.1} σ)",
            peak.n_negative,
            peak.n_mentions,
            peak.usual_negative_share * 100.0,
            peak.sigma
        ),
    }
}

/// A delivery's state in words.
pub(super) fn delivery_word(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Due => "Waiting to be sent",
        DeliveryState::Sending => "Being sent",
        DeliveryState::Delivered => "Delivered",
        DeliveryState::Retrying => "Will be tried again",
        DeliveryState::Failed => "Given up",
        DeliveryState::Skipped => "Skipped",
    }
}

/// A source's health in words.
pub(super) fn health_word(state: HealthState) -> &'static str {
    match state {
        HealthState::New => "Not polled yet",
        HealthState::Ok => "Working",
        HealthState::Failing => "Failing",
    }
}

/// How a definition was verified, in words. The word comes from the definition's file.
pub(super) fn verified_words(word: &str) -> &str {
    match word {
        "corpus" => "tested on answers of real sites",
        "documentation" => "tested against the site's documentation",
        "sample" => "tested on a sample of ours only",
        _ => word,
    }
}

/// Who acted, in words.
pub(super) fn by(who: &str) -> String {
    match who {
        super::actions::BY_PAGE => "on this page".to_owned(),
        "cli" => "on the command line".to_owned(),
        "api" => "through the API".to_owned(),
        _ => format!("by {who}"),
    }
}

/// "1 mention", "2 mentions".
pub(super) fn counted(n: u64, one: &str, many: &str) -> String {
    let noun = if n == 1 { one } else { many };
    format!("{} {noun}", thousands(n))
}

/// A number with a thin grouping that every reader understands: 12,345.
pub(super) fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// The whole text with the words that matched marked.
pub(super) fn marked_text(text: &str, brands: &[BrandMatch]) -> Markup {
    let characters: Vec<char> = text.chars().collect();
    mark(
        &characters,
        0,
        characters.len(),
        &merged_spans(brands, characters.len()),
    )
}

/// A part of the text that shows a match, and whether anything was left out.
pub(super) fn marked_excerpt(text: &str, brands: &[BrandMatch]) -> (Markup, bool) {
    let characters: Vec<char> = text.chars().collect();
    let spans = merged_spans(brands, characters.len());
    if characters.len() <= EXCERPT_CHARS {
        return (mark(&characters, 0, characters.len(), &spans), false);
    }
    let first = spans.first().map_or(0, |span| span[0]);
    let wanted = if first < EXCERPT_CHARS - LEAD_CHARS {
        0
    } else {
        first - LEAD_CHARS
    };
    let start = word_start(&characters, wanted);
    let end = word_end(&characters, (start + EXCERPT_CHARS).min(characters.len()));
    let part = html! {
        @if start > 0 { "… " }
        (mark(&characters, start, end, &spans))
        @if end < characters.len() { " …" }
    };
    (part, true)
}

/// The next place after white space, so that an excerpt does not begin inside a word.
fn word_start(characters: &[char], wanted: usize) -> usize {
    if wanted == 0 {
        return 0;
    }
    (wanted..characters.len().min(wanted + 40))
        .find(|place| characters[place - 1].is_whitespace())
        .unwrap_or(wanted)
}

/// The last white space before the limit, so that an excerpt does not end inside a word.
fn word_end(characters: &[char], limit: usize) -> usize {
    if limit == characters.len() {
        return limit;
    }
    (limit.saturating_sub(40)..limit)
        .rev()
        .find(|place| characters[*place].is_whitespace())
        .unwrap_or(limit)
}

/// All spans in order, without overlaps and inside the text, whatever was stored.
fn merged_spans(brands: &[BrandMatch], n_chars: usize) -> Vec<[usize; 2]> {
    let mut spans: Vec<[usize; 2]> = brands
        .iter()
        .flat_map(|brand| &brand.spans)
        .map(|[start, end]| [*start, (*end).min(n_chars)])
        .filter(|[start, end]| start < end)
        .collect();
    spans.sort_unstable();
    let mut merged: Vec<[usize; 2]> = Vec::with_capacity(spans.len());
    for span in spans {
        match merged.last_mut() {
            Some(last) if span[0] <= last[1] => last[1] = last[1].max(span[1]),
            _ => merged.push(span),
        }
    }
    merged
}

fn mark(characters: &[char], start: usize, end: usize, spans: &[[usize; 2]]) -> Markup {
    let text = |from: usize, to: usize| characters[from..to].iter().collect::<String>();
    let mut pieces: Vec<(String, bool)> = Vec::new();
    let mut place = start;
    for span in spans {
        let from = span[0].max(place);
        let to = span[1].min(end);
        if from >= to {
            continue;
        }
        pieces.push((text(place, from), false));
        pieces.push((text(from, to), true));
        place = to;
    }
    pieces.push((text(place, end.max(place)), false));
    html! {
        @for (piece, is_match) in &pieces {
            @if *is_match { mark { (piece) } } @else { (piece) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::BrandName;

    fn brand(spans: &[[usize; 2]]) -> Vec<BrandMatch> {
        vec![BrandMatch {
            name: BrandName::new("Acme"),
            rule: "acme".to_owned(),
            spans: spans.to_vec(),
            sentiment: None,
        }]
    }

    #[track_caller]
    fn check_marks(text: &str, spans: &[[usize; 2]], expected: &str) {
        assert_eq!(marked_text(text, &brand(spans)).into_string(), expected);
    }

    #[test]
    fn marks_count_characters_and_survive_any_span() {
        check_marks("Acme is bad", &[[0, 4]], "<mark>Acme</mark> is bad");
        check_marks(
            "yanlış Acme'nin",
            &[[7, 11]],
            "yanlış <mark>Acme</mark>'nin",
        );
        check_marks(
            "<b>Acme</b>",
            &[[3, 7]],
            "&lt;b&gt;<mark>Acme</mark>&lt;/b&gt;",
        );
        check_marks("abc", &[[0, 2], [1, 3]], "<mark>abc</mark>");
        check_marks("abc", &[[2, 1], [5, 9], [1, 99]], "a<mark>bc</mark>");
        check_marks("", &[[0, 3]], "");
    }

    #[test]
    fn an_excerpt_shows_the_match() {
        let text = format!(
            "{} Acme failed {}",
            "word ".repeat(400),
            "more ".repeat(400)
        );
        let start = text.chars().position(|c| c == 'A').expect("it is there");
        let (part, is_cut) = marked_excerpt(&text, &brand(&[[start, start + 4]]));
        let part = part.into_string();
        assert!(is_cut && part.starts_with("… word") && part.ends_with(" …"));
        assert!(part.contains("<mark>Acme</mark> failed"), "{part}");
        assert!(part.chars().count() < 640);
    }

    #[track_caller]
    fn check_link(address: &str, expected: Option<&str>) {
        assert_eq!(safe_link(Some(address)).as_deref(), expected, "{address}");
    }

    #[test]
    fn only_web_addresses_become_links() {
        check_link(
            "https://example.org/a?b=c",
            Some("https://example.org/a?b=c"),
        );
        check_link(" http://example.org ", Some("http://example.org/"));
        check_link("javascript:alert(1)", None);
        check_link("JaVaScRiPt:alert(1)", None);
        check_link("java\nscript:alert(1)", None);
        check_link("data:text/html,<script>", None);
        check_link("vbscript:x", None);
        check_link("//example.org/x", None);
        check_link("ftp://example.org/x", None);
        check_link("https:", None);
        assert_eq!(
            safe_link(Some("https://e.org/\"onmouseover=x")).as_deref(),
            Some("https://e.org/%22onmouseover=x")
        );
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_000), "1,000");
        assert_eq!(thousands(12_345_678), "12,345,678");
    }

    #[test]
    fn a_language_tag_is_checked() {
        assert_eq!(lang_tag(Some("pt-BR")), Some("pt-BR"));
        assert_eq!(lang_tag(Some("\" onclick=x")), None);
        assert_eq!(lang_tag(Some("x")), None);
    }
}
