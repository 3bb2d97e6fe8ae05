//! What a text calls a brand, and where: the places of a brand's rule come in, and those of
//! them that are its name go out. A rule may find a brand by other words (`roadrunner AND
//! refund`); those say that the text is about it, not what it is called.

use std::ops::Range;

use super::Spoken;
use crate::classify::own_words::find_ascii_fold;

/// A name shorter than this is found inside too many words.
const FEWEST_LETTERS: usize = 3;
/// Places beyond these change nothing.
const MOST_PLACES: usize = 256;

/// What the model is told, and where the document speaks of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Called {
    pub(super) name: String,
    pub(super) places: Vec<Range<usize>>,
}

/// How a text calls a brand. `spans` are those of the rule, in bytes of `text`.
pub(super) fn called(spoken: &Spoken, text: &str, spans: &[Range<usize>]) -> Called {
    let name = letters(&spoken.name);
    let is_named = |span: &&Range<usize>| {
        let said = letters(&text[(*span).clone()]);
        said.contains(&name)
            || (said.chars().count() >= FEWEST_LETTERS && name.starts_with(said.as_str()))
    };
    let named: Vec<&Range<usize>> = spans.iter().filter(is_named).collect();
    // One word only, and it is not the name: an alias, or the name in another script.
    let alias = spans.first().filter(|first| {
        let first = letters(&text[(*first).clone()]);
        named.is_empty()
            && spans
                .iter()
                .all(|span| letters(&text[span.clone()]) == first)
    });
    let (name, mut places) = match alias {
        Some(alias) => (
            text[alias.clone()]
                .trim_start_matches(['@', '#'])
                .to_owned(),
            spans.to_vec(),
        ),
        None if named.is_empty() => (spoken.name.clone(), spans.to_vec()),
        None => (spoken.name.clone(), named.into_iter().cloned().collect()),
    };
    // A rule shows the part of it that hit; the name may stand elsewhere as well.
    if places.len() < MOST_PLACES && name.chars().count() >= FEWEST_LETTERS {
        let others = find_ascii_fold(text, &name)
            .filter(|&at| begins_word(text, at))
            .map(|at| at..at + name.len());
        places.extend(others);
    }
    places.sort_by_key(|place| (place.start, place.end));
    places.dedup_by(|next, kept| {
        let overlaps = next.start < kept.end;
        if overlaps {
            kept.end = kept.end.max(next.end);
        }
        overlaps
    });
    places.truncate(MOST_PLACES);
    Called { name, places }
}

/// Letters and digits in lower case: `@Acme_Corp` and "acme corp" are one.
fn letters(text: &str) -> String {
    text.chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

fn begins_word(text: &str, at: usize) -> bool {
    text[..at]
        .chars()
        .next_back()
        .is_none_or(|before| !before.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(brand: &str, text: &str, spans: &[&str], name: &str, places: &[usize]) {
        let spoken = Spoken {
            name: brand.to_owned(),
            spans: Vec::new(),
        };
        let spans: Vec<Range<usize>> = spans
            .iter()
            .map(|said| {
                let at = text.find(said).expect("it is there");
                at..at + said.len()
            })
            .collect();
        let found = called(&spoken, text, &spans);
        assert_eq!(found.name, name, "{text:?}");
        let starts: Vec<usize> = found.places.iter().map(|place| place.start).collect();
        assert_eq!(starts, places, "{text:?}");
    }

    #[test]
    fn the_name_is_what_the_configuration_calls_it() {
        check("Acme", "acme corp is bad", &["acme corp"], "Acme", &[0]);
        check("Acme Corp", "acme is bad", &["acme"], "Acme Corp", &[0]);
        check("Acme", "why @acmehelp", &["@acmehelp"], "Acme", &[4]);
    }

    #[test]
    fn an_alias_is_what_the_text_calls_it() {
        check("Acme", "ఆక్మే బాగుంది", &["ఆక్మే"], "ఆక్మే", &[0]);
        check(
            "Acme",
            "the @roadrunner app",
            &["@roadrunner"],
            "roadrunner",
            &[4],
        );
    }

    #[test]
    fn words_beside_the_name_are_not_the_name() {
        check("Acme", "refund, Acme!", &["refund", "Acme"], "Acme", &[8]);
        check(
            "Acme",
            "roadrunner refund",
            &["roadrunner", "refund"],
            "Acme",
            &[0, 11],
        );
    }

    #[test]
    fn the_name_is_found_where_the_rule_did_not_look() {
        check(
            "Acme",
            "@acme: ACME is no acmeist place",
            &["@acme"],
            "Acme",
            &[0, 7, 18],
        );
        check("Acme", "pacmen and Acme", &[], "Acme", &[11]);
        check("X", "x marks the X", &[], "X", &[]);
    }
}
