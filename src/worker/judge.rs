//! From items to mentions: which items speak of a brand, which story they belong to, what
//! the classifier says of them, and whether they need an answer. Stores no mention.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::events::mention_event;
use super::evidence::{self, Asked};
use super::{Engine, Plan, PlannedSource, blocking, blocking_plain};
use crate::classify::{Classifier, Judged, Spoken, Subject};
use crate::dedupe::{self, Identity, identify};
use crate::domain::{
    BrandMatch, Case, Item, Mention, SourceName, language_fits, stars_against_text,
};
use crate::language;
use crate::matching::is_own;
use crate::parse::Parsed;
use crate::parse::text::quoted_parts;
use crate::store::{NewMention, Store, StoreError};
use crate::triage::{Evidence, TriageInput, triage};

/// An item that speaks of a brand, before it is judged.
pub(super) struct Found {
    item: Item,
    brands: Vec<BrandMatch>,
    lang: Option<String>,
    identity: Identity,
    own: bool,
}

/// Who the items of an answer are, and which speak of a brand of this source.
pub(super) async fn find(
    plan: &Arc<Plan>,
    source: &PlannedSource,
    mut parsed: Parsed,
    seen_at: DateTime<Utc>,
) -> Option<Vec<Found>> {
    parsed.drop_error_items();
    let identities = identify_items(source, &parsed.items, seen_at).await?;
    find_known(plan, source, parsed.items, identities).await
}

/// Who the items of an answer are; `None` when telling them apart panicked.
pub(super) async fn identify_items(
    source: &PlannedSource,
    items: &[Item],
    seen_at: DateTime<Utc>,
) -> Option<Vec<Identity>> {
    let (name, items) = (source.name.clone(), items.to_vec());
    blocking_plain(move || identify(&name, &items, seen_at)).await
}

/// Which items speak of a brand of this source, in which language. Markers of what was
/// deleted speak of nothing.
pub(super) async fn find_known(
    plan: &Arc<Plan>,
    source: &PlannedSource,
    items: Vec<Item>,
    identities: Vec<Identity>,
) -> Option<Vec<Found>> {
    let plan = plan.clone();
    let source = source.clone();
    blocking_plain(move || {
        items
            .into_iter()
            .zip(identities)
            .filter(|(item, _)| !dedupe::is_deletion_marker(item))
            .filter_map(|(item, identity)| match_item(&plan, &source, item, identity))
            .collect()
    })
    .await
}

fn match_item(
    plan: &Plan,
    source: &PlannedSource,
    item: Item,
    identity: Identity,
) -> Option<Found> {
    let lang = language::detect(&item.full_text(), item.lang.as_deref());
    let mut brands = plan.matcher.find(&item, lang, Some(source.name.as_str()));
    if !source.brands.is_empty() {
        brands.retain(|found| source.brands.contains(&found.name));
    }
    if brands.is_empty() {
        return None;
    }
    let own = plan
        .brands
        .iter()
        .any(|brand| brands.iter().any(|found| found.name == brand.name) && is_own(brand, &item));
    Some(Found {
        item,
        brands,
        lang: lang.map(str::to_owned),
        identity,
        own,
    })
}

/// Gives every new article its story: that of the article which it reprints, or its own.
/// Corrected articles stay in theirs, and are known by their new text from now on.
fn place(
    store: &Store,
    part: &mut [Found],
    known: &[Option<Mention>],
    is_same: impl Fn(&Found, &Mention) -> bool,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let (mut places, mut new, mut corrected) = (Vec::new(), Vec::new(), Vec::new());
    for (place, (found, known)) in part.iter().zip(known).enumerate() {
        let Some(print) = found.identity.print.clone() else {
            continue;
        };
        match known {
            None => {
                places.push(place);
                new.push(print);
            }
            Some(known) if !is_same(found, known) => {
                corrected.push(dedupe::reprinted(known, print));
            }
            Some(_) => (),
        }
    }
    let stories = store.place_articles(&new, now)?;
    for (place, story) in places.into_iter().zip(stories) {
        part[place].identity.story = story;
    }
    store.renew_articles(&corrected, now)
}

/// Verdict, flag and events of each; what is known and unchanged keeps what it has.
pub(super) async fn judge(
    engine: &Engine,
    plan: &Arc<Plan>,
    source: &PlannedSource,
    part: Vec<Found>,
    now: DateTime<Utc>,
) -> Result<Vec<NewMention>, String> {
    let store = engine.store.clone();
    let source_name = source.name.clone();
    let (part, known) = blocking(move || {
        let mut part = part;
        let keys: Vec<Vec<String>> = part
            .iter()
            .map(|found| found.identity.keys.clone())
            .collect();
        let known = store.known(&keys)?;
        place(
            &store,
            &mut part,
            &known,
            |found, known| is_same(&source_name, found, known),
            now,
        )?;
        Ok::<_, StoreError>((part, known))
    })
    .await
    .map_err(|error| format!("the store could not be asked: {error}"))?;
    let is_same = |found: &Found, known: &Mention| is_same(&source.name, found, known);
    let subjects: Vec<Subject> = part
        .iter()
        .zip(&known)
        .filter(|(found, known)| known.as_ref().is_none_or(|known| !is_same(found, known)))
        .map(|(found, _)| subject(found))
        .collect();
    let classifier: Classifier = engine
        .classifier()
        .await
        .map_err(|error| error.to_string())?;
    let mut verdicts = classifier
        .judge(subjects)
        .await
        .map_err(|error| error.to_string())?
        .into_iter();
    let asked = part
        .iter()
        .zip(&known)
        .map(|(found, known)| ask(source, found, known.as_ref(), now))
        .collect();
    let evidence = evidence::gather(engine, asked).await?;

    Ok(part
        .into_iter()
        .zip(known)
        .zip(evidence)
        .map(|((found, known), evidence)| match known {
            Some(known) if is_same(&found, &known) => {
                let mut mention = known;
                let told = if mention.source == source.name {
                    evidence::seen_again(plan, &mut mention, &found.item, evidence, now)
                } else {
                    None
                };
                NewMention {
                    mention,
                    keys: found.identity.keys,
                    events: told
                        .map(|event| event.addressed(&plan.destinations))
                        .into_iter()
                        .collect(),
                }
            }
            known => {
                let verdict = verdicts
                    .next()
                    .expect("one verdict per text that was handed in");
                mention_of(plan, source, found, known, (verdict, evidence), now)
            }
        })
        .collect())
}

/// What is judged of an item: its text, and toward which brands.
fn subject(found: &Found) -> Subject {
    let item = &found.item;
    let quoted = item.html.as_deref().map(quoted_parts).unwrap_or_default();
    let brands = found.brands.iter().map(|brand| Spoken {
        name: brand.name.to_string(),
        spans: brand.spans.clone(),
    });
    Subject {
        brands: brands.collect(),
        ..Subject::of_item(item, found.lang.as_deref(), quoted)
    }
}

/// What triage wants to know of an item beyond its verdict; nothing of one that is known
/// and has not travelled.
fn ask(
    source: &PlannedSource,
    found: &Found,
    known: Option<&Mention>,
    now: DateTime<Utc>,
) -> Option<Asked> {
    let lang = found.lang.as_deref();
    match known {
        Some(known) if is_same(&source.name, found, known) => (known.source == source.name)
            .then(|| evidence::ask_again(known, &found.item))
            .flatten(),
        Some(known) => Some(Asked::of(&found.item, lang, &known.id, known.seen_at)),
        None => Some(Asked::of(&found.item, lang, &found.identity.id, now)),
    }
}

/// Whether nothing about a known mention has to be judged again. Only the source that
/// found a mention first may change it: two sources that shorten a text differently would
/// change it for ever.
fn is_same(source: &SourceName, found: &Found, known: &Mention) -> bool {
    known.source != *source
        || (found.item.text == known.item.text
            && found.item.title == known.item.title
            && found.item.rating == known.item.rating)
}

/// The language that a mention is known by. Sites often state that of an account's
/// settings, so what the text shows goes before; where both agree the site's is kept, which
/// may say the country too.
fn agreed(stated: Option<String>, found: Option<String>) -> Option<String> {
    match (stated, found) {
        (Some(stated), Some(found)) if language_fits(&stated, &found) => Some(stated),
        (stated, found) => found.or(stated),
    }
}

fn mention_of(
    plan: &Plan,
    source: &PlannedSource,
    mut found: Found,
    known: Option<Mention>,
    (judged, evidence): (Judged, Evidence),
    now: DateTime<Utc>,
) -> NewMention {
    let mut sentiment = judged.sentiment;
    if found.brands.len() > 1 {
        for (brand, toward) in found.brands.iter_mut().zip(judged.toward) {
            brand.sentiment = Some(toward);
        }
    }
    let seen_at = known.as_ref().map_or(now, |known| known.seen_at);
    // What a person said of this very text stands, whatever else of it changed.
    let correction = known
        .as_ref()
        .filter(|known| known.item.full_text() == found.item.full_text())
        .and_then(Mention::correction);
    if let Some(correction) = correction {
        sentiment.judge_again(correction.label);
    }
    let outcome = triage(
        &TriageInput {
            item: &found.item,
            sentiment: &sentiment,
            correction,
            own: found.own,
            seen_at,
            lang: found.lang.as_deref(),
            evidence,
        },
        &plan.weights,
        &plan.policy,
        now,
    );
    let mut item = found.item;
    item.lang = agreed(item.lang, found.lang);
    let mention = Mention {
        id: known
            .as_ref()
            .map_or(found.identity.id, |known| known.id.clone()),
        source: known
            .as_ref()
            .map_or_else(|| source.name.clone(), |known| known.source.clone()),
        seen_at,
        brands: found.brands,
        story: known
            .as_ref()
            .map_or(found.identity.story, |known| known.story.clone()),
        stars_against_text: stars_against_text(item.rating, sentiment.label),
        sentiment,
        case: outcome.flag.is_some().then(Case::open),
        flag: outcome.flag,
        backlog: known
            .as_ref()
            .map_or(outcome.backlog, |known| known.backlog),
        own: found.own,
        corrections: known
            .as_ref()
            .map_or_else(Vec::new, |known| known.corrections.clone()),
        earlier: known
            .as_ref()
            .map_or_else(Vec::new, |known| known.earlier.clone()),
        deleted_at: None,
        reach_before: known.as_ref().and_then(|known| known.reach_before),
        item,
    };
    let is_told = !mention.backlog
        && (mention.flag.is_some() || known.as_ref().is_some_and(|known| known.flag.is_some()));
    let events = if is_told {
        vec![mention_event(&mention, known.is_some(), now).addressed(&plan.destinations)]
    } else {
        Vec::new()
    };
    NewMention {
        mention,
        keys: found.identity.keys,
        events,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(stated: Option<&str>, found: Option<&str>, expected: Option<&str>) {
        let known = agreed(stated.map(str::to_owned), found.map(str::to_owned));
        assert_eq!(known.as_deref(), expected, "{stated:?} and {found:?}");
    }

    #[test]
    fn what_the_text_shows_goes_before_what_the_site_states() {
        check(Some("en"), Some("hi-Latn"), Some("hi-Latn"));
        check(Some("hi"), Some("hi-Latn"), Some("hi-Latn"));
        check(Some("pt-BR"), Some("pt"), Some("pt-BR"));
        check(Some("pt-BR"), None, Some("pt-BR"));
        check(None, Some("te"), Some("te"));
        check(None, None, None);
    }
}
