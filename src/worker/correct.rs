//! A person's word against the model's: recorded, and the mention triaged again as one that
//! is certainly what the person says. Somebody who calls a quiet complaint negative sends
//! the alert that was missing.

use chrono::{DateTime, Utc};
use tracing::{info, warn};

use super::events::mention_event;
use super::evidence::{self, Asked, flag_of};
use super::{Engine, Plan, blocking};
use crate::domain::{Case, Label, Mention, Said};
use crate::store::{Corrected, Outgoing, StoreError};
use crate::triage::Evidence;

/// Records what a person said, with the flag and the alert that follow from it.
pub(super) async fn correct(
    engine: &Engine,
    mention: String,
    said: Said,
) -> Result<Corrected, StoreError> {
    let store = engine.store.clone();
    let mention = blocking(move || store.find_mention(&mention)).await?;
    let label = said.label;
    let evidence = evidence_on(engine, &mention, label).await;
    let (store, plan) = (engine.store.clone(), engine.plan_now());
    let (corrected, told) = blocking(move || {
        let corrected = store.correct(&mention.id, &said, |mention| {
            triage_again(&plan, mention, evidence, said.at)
        })?;
        let told = store.events(&corrected.events)?;
        Ok::<_, StoreError>((corrected, told))
    })
    .await?;
    if corrected.changed {
        info!(
            mention.id = %corrected.mention.id,
            label = label.as_str(),
            n_events = told.len(),
            "A verdict was corrected"
        );
    }
    if !told.is_empty() {
        engine.announce(told);
    }
    Ok(corrected)
}

/// What triage is told beyond the person's word. That word is kept all the same where the
/// heads cannot be read.
async fn evidence_on(engine: &Engine, mention: &Mention, said: Label) -> Evidence {
    if said != Label::Negative || mention.flag.is_some() {
        return Evidence::default();
    }
    let lang = mention.item.lang.as_deref();
    let asked = Asked {
        reach_before: mention.reach_before,
        ..Asked::of(&mention.item, lang, &mention.id, mention.seen_at)
    };
    match evidence::gather(engine, vec![Some(asked)]).await {
        Ok(mut evidence) => evidence.pop().unwrap_or_default(),
        Err(error) => {
            warn!(%error, "A corrected mention is triaged by its words alone");
            Evidence::default()
        }
    }
}

/// Flags a mention that a person has just called negative, and gives the alert to tell. A
/// case that exists is people's: it stays as it is, and its reasons say what was said.
fn triage_again(
    plan: &Plan,
    mention: &mut Mention,
    evidence: Evidence,
    now: DateTime<Utc>,
) -> Vec<Outgoing> {
    if let Some(flag) = &mut mention.flag {
        flag.put_first(&mention.corrections);
        return Vec::new();
    }
    let is_settled = mention
        .case
        .as_ref()
        .is_some_and(|case| !case.state.is_waiting());
    if mention.sentiment.label != Label::Negative || is_settled {
        return Vec::new();
    }
    mention.flag = flag_of(plan, mention, evidence, now);
    if mention.flag.is_none() {
        return Vec::new();
    }
    mention.case.get_or_insert_with(Case::open);
    if mention.backlog {
        return Vec::new();
    }
    vec![mention_event(mention, false, now).addressed(&plan.destinations)]
}

#[cfg(test)]
mod tests {
    use super::super::evidence::tests::{at, plan, quiet};
    use super::*;
    use crate::domain::{CaseState, EventType, SourceName};
    use crate::store::{NewMention, PollOutcome, Store};

    /// A store with one quiet mention that the model was unsure of.
    fn unsure(
        plan: &Plan,
        change: impl FnOnce(&mut Mention),
    ) -> (tempfile::TempDir, Store, Mention) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = Store::open(&folder.path().join("data"), at(0)).expect("a new store");
        let mut mention = quiet(plan);
        mention.sentiment.label = Label::Unsure;
        change(&mut mention);
        record(&store, &mention);
        (folder, store, mention)
    }

    fn record(store: &Store, mention: &Mention) {
        let outcome = PollOutcome {
            source: SourceName::new("feed"),
            status: None,
            mentions: vec![NewMention {
                mention: mention.clone(),
                keys: vec!["key".to_owned()],
                events: Vec::new(),
            }],
            events: Vec::new(),
        };
        store.record_poll(&outcome).expect("it can be stored");
    }

    fn say(store: &Store, plan: &Plan, label: Label, minutes: i64) -> Corrected {
        let mention = quiet(plan);
        let said = Said {
            label,
            by: "ana".to_owned(),
            at: at(minutes),
        };
        store
            .correct(&mention.id, &said, |mention| {
                triage_again(plan, mention, Evidence::default(), said.at)
            })
            .expect("it is there")
    }

    fn first_reason(mention: &Mention) -> &str {
        &mention.flag.as_ref().expect("it is flagged").reasons[0]
    }

    #[test]
    fn called_negative_it_is_flagged_and_told_once() {
        let plan = plan();
        let (_folder, store, _) = unsure(&plan, |_| ());
        let said = say(&store, &plan, Label::Negative, 30);
        let flag = said.mention.flag.clone().expect("it is flagged");
        assert_eq!(flag.goal_by, at(60), "the clock runs from the post");
        assert_eq!(flag.reply_by, at(24 * 60));
        assert_eq!(flag.reasons[0], "ana said that it is negative");
        let case = said.mention.case.as_ref().expect("somebody has to see it");
        assert_eq!(case.state, CaseState::Open);
        let event = store.event(&said.events[0]).expect("readable");
        let event = event.expect("it is stored with the correction");
        assert_eq!(event.event_type, EventType::MentionFlagged);
        assert_eq!(event.told_mention(), Some(said.mention.clone()));

        assert!(!say(&store, &plan, Label::Negative, 31).changed);
        let calm = say(&store, &plan, Label::Positive, 32);
        assert_eq!(first_reason(&calm.mention), "ana said that it is positive");
        assert_eq!(calm.mention.case, said.mention.case, "a person decides");
        let again = say(&store, &plan, Label::Negative, 33);
        assert_eq!(again.mention.flag, said.mention.flag);
        assert!(again.events.is_empty() && calm.events.is_empty());
        let told = store.events_newest_first(10).expect("readable");
        assert_eq!(told.len(), 1, "one alert, whatever was said since");
    }

    #[test]
    fn a_poll_that_read_it_before_leaves_the_flag() {
        let plan = plan();
        let (_folder, store, mut mention) = unsure(&plan, |_| ());
        let said = say(&store, &plan, Label::Negative, 30);
        record(&store, &mention);
        mention.item.rating = Some(crate::domain::Rating {
            value: 3.0,
            best: 5.0,
        });
        record(&store, &mention);
        let now = store.mention(&mention.id).expect("readable");
        assert_eq!(now.expect("it is there").flag, said.mention.flag);
    }

    #[test]
    fn what_is_old_or_ones_own_alerts_nobody() {
        let plan = plan();
        let (_folder, store, _) = unsure(&plan, |mention| mention.backlog = true);
        let said = say(&store, &plan, Label::Negative, 30);
        assert!(said.mention.flag.is_some() && said.events.is_empty());

        let (_folder, store, _) = unsure(&plan, |mention| mention.own = true);
        let said = say(&store, &plan, Label::Negative, 30);
        assert!(said.mention.flag.is_none() && said.events.is_empty());

        let (_folder, store, _) = unsure(&plan, |_| ());
        let said = say(&store, &plan, Label::Neutral, 30);
        assert!(said.mention.flag.is_none() && said.events.is_empty());
    }
}
