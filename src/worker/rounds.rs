//! What happens because time passes rather than because something was found: cases become
//! overdue, spikes begin and end, receivers get their sign of life.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::json;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{Engine, Plan, blocking};
use crate::domain::{BrandName, Destination, Event, EventId, EventType, Mention, Spike};
use crate::spike::{self, Step};
use crate::store::{DeliveryFilter, Outgoing, Store, StoreError};

/// How often the clock is looked at.
const EVERY: Duration = Duration::from_secs(10);
/// Cases told at a time; a longer list is told in the next rounds.
const OVERDUE_AT_ONCE: usize = 200;
/// Deliveries looked through for the last sign of life; among more than these the
/// receiver has other signs.
const LOOKED_BACK: usize = 200;

/// Runs until `stop` fires; a round that fails is repeated.
pub(super) async fn run(engine: Engine, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            _ = ticks.tick() => (),
        }
        let (store, plan, now) = (engine.store.clone(), engine.plan_now(), Engine::now());
        match blocking(move || round(&store, &plan, now)).await {
            Ok(told) if told.is_empty() => (),
            Ok(told) => engine.announce(told),
            Err(error) => warn!(%error, "Looking at deadlines and spikes failed; trying again"),
        }
    }
}

/// One look at the clock; the events that were new.
fn round(store: &Store, plan: &Arc<Plan>, now: DateTime<Utc>) -> Result<Vec<Event>, StoreError> {
    let mut stored = store.raise_overdue(now, OVERDUE_AT_ONCE, |mention| {
        vec![overdue_event(mention, now).addressed(&plan.destinations)]
    })?;
    let mut spikes: BTreeMap<BrandName, Spike> = store.spikes()?.into_iter().collect();
    for brand in &plan.brands {
        let before = spikes.remove(&brand.name);
        stored.extend(follow(store, plan, &brand.name, before.as_ref(), now)?);
    }
    for destination in &plan.destinations {
        if let Some(every) = destination.noise.heartbeat {
            let (event, deliveries) = heartbeat(destination, every, now);
            if is_wanted(store, destination, &event)? && store.store_event(&event, &deliveries)? {
                stored.push(event.id);
            }
        }
    }
    store.forget_bursts(now)?;
    store.events(&stored)
}

fn overdue_event(mention: &Mention, now: DateTime<Utc>) -> Event {
    let kind = EventType::CaseOverdue;
    // Once per case, whatever happens to the clock.
    let id = EventId::of(kind.as_str(), &[mention.id.as_str()]);
    let data = json!({ "mention": mention, "case": mention.case });
    Event::new(id, kind, now, data).about(mention)
}

/// Follows one brand; the ids of the events that were new.
fn follow(
    store: &Store,
    plan: &Plan,
    brand: &BrandName,
    before: Option<&Spike>,
    now: DateTime<Utc>,
) -> Result<Vec<EventId>, StoreError> {
    let since = now - TimeDelta::weeks(spike::WEEKS) - TimeDelta::hours(1);
    let hours = store
        .hours_of(brand, since)?
        .into_iter()
        .map(|(hour, count)| (hour, (count.n, count.n_negative)))
        .collect();
    let (spike, kind) = match spike::step(before, &hours, plan.config.spikes, now) {
        Step::Same(None) => return Ok(Vec::new()),
        Step::Same(Some(spike)) => {
            if Some(&spike) != before {
                store.save_spike(brand, &spike, &[])?;
            }
            return Ok(Vec::new());
        }
        Step::Started(spike) => (spike, EventType::SpikeStarted),
        Step::Ended(spike) => (spike, EventType::SpikeEnded),
    };
    let event = spike_event(kind, brand, &spike, now);
    let outgoing: [Outgoing; 1] = [event.addressed(&plan.destinations)];
    store.save_spike(brand, &spike, &outgoing)
}

fn spike_event(kind: EventType, brand: &BrandName, spike: &Spike, now: DateTime<Utc>) -> Event {
    let started = spike
        .started_at
        .to_rfc3339_opts(SecondsFormat::Millis, true);
    let id = EventId::of(kind.as_str(), &[brand.as_str(), &started]);
    let mut data = json!({ "spike": spike });
    data["spike"]["brand"] = json!(brand);
    let mut event = Event::new(id, kind, now, data).in_story(format!("spike {brand}"));
    event.brands = vec![brand.clone()];
    event
}

/// The sign of life of this span of time, to one destination.
fn heartbeat(destination: &Destination, every: Duration, now: DateTime<Utc>) -> Outgoing {
    let kind = EventType::Heartbeat;
    let secs = i64::try_from(every.as_secs()).unwrap_or(i64::MAX).max(1);
    let span = now.timestamp().div_euclid(secs);
    let id = EventId::of(
        kind.as_str(),
        &[&destination.name, &secs.to_string(), &span.to_string()],
    );
    let event = Event::new(
        id,
        kind,
        now,
        json!({ "destination": { "name": destination.name, "every_secs": secs } }),
    );
    event.in_story("heartbeat").addressed([destination])
}

/// A receiver that was down for a day needs no hundred signs of life: none is added while
/// one is still waiting.
fn is_wanted(store: &Store, destination: &Destination, event: &Event) -> Result<bool, StoreError> {
    if store.event(&event.id)?.is_some() {
        return Ok(false);
    }
    let filter = DeliveryFilter {
        destination: Some(destination.name.clone()),
        ..DeliveryFilter::default()
    };
    let last = store
        .deliveries_newest_first(&filter)
        .take(LOOKED_BACK)
        .find(|delivery| {
            delivery
                .as_ref()
                .map_or(true, |delivery| delivery.event_type == EventType::Heartbeat)
        })
        .transpose()?;
    Ok(last.is_none_or(|last| !last.state.is_unfinished()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config;
    use crate::domain::{
        BrandMatch, Case, Flag, Item, Kind, Label, MentionId, Sentiment, SourceName, StoryId,
    };
    use crate::source;
    use crate::store::{AttemptOutcome, NewMention, PollOutcome};

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::minutes(minutes)
    }

    fn plan(more: &str) -> Arc<Plan> {
        let text = format!(
            "[[brand]]\nname = \"Acme\"\n[[webhook]]\nname = \"chat\"\n\
             url = \"http://127.0.0.1/\"\nsecret = \"x\"\n{more}"
        );
        let config = config::parse(Path::new("hearken.toml"), &text, &|_| None);
        let config = config.expect("a good configuration");
        Arc::new(super::super::compile(config, source::builtin()).expect("it compiles"))
    }

    fn opened() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = Store::open(&folder.path().join("data"), at(0)).expect("a new store");
        (folder, store)
    }

    fn see(store: &Store, names: std::ops::Range<usize>, seen_at: DateTime<Utc>) {
        let mentions = names
            .map(|name| {
                let mut item = Item::empty("feed", Kind::Post);
                item.text = format!("Acme lost parcel {name}");
                let mention = Mention {
                    item,
                    id: MentionId::new(format!("m{name}")),
                    source: SourceName::new("blog"),
                    seen_at,
                    brands: vec![BrandMatch {
                        name: BrandName::new("Acme"),
                        rule: "acme".into(),
                        spans: vec![[0, 4]],
                        sentiment: None,
                    }],
                    story: StoryId::new(format!("s{name}")),
                    sentiment: Sentiment {
                        label: Label::Negative,
                        negative: 0.9,
                        neutral: 0.05,
                        positive: 0.05,
                        model: "test/1".into(),
                        sentence: None,
                    },
                    flag: Some(Flag {
                        score: 0.8,
                        reasons: Vec::new(),
                        goal_by: seen_at + TimeDelta::hours(1),
                        reply_by: seen_at + TimeDelta::hours(24),
                        estimated: true,
                    }),
                    case: Some(Case::open()),
                    stars_against_text: false,
                    backlog: false,
                    own: false,
                    corrections: Vec::new(),
                    earlier: Vec::new(),
                    deleted_at: None,
                    reach_before: None,
                };
                NewMention {
                    keys: vec![format!("key {name}")],
                    mention,
                    events: Vec::new(),
                }
            })
            .collect();
        store
            .record_poll(&PollOutcome {
                source: SourceName::new("blog"),
                status: None,
                mentions,
                events: Vec::new(),
            })
            .expect("stored");
    }

    fn types(store: &Store, plan: &Arc<Plan>, now: DateTime<Utc>) -> Vec<&'static str> {
        let told = round(store, plan, now).expect("the store works");
        told.iter().map(|event| event.event_type.as_str()).collect()
    }

    #[test]
    fn a_case_becomes_overdue_once_when_its_last_moment_passes() {
        let (_folder, store) = opened();
        let plan = plan("");
        see(&store, 0..1, at(0));
        let day = 24 * 60;
        assert_eq!(types(&store, &plan, at(day)), Vec::<&str>::new());
        assert_eq!(types(&store, &plan, at(day + 1)), ["case.overdue"]);
        assert_eq!(types(&store, &plan, at(day + 2)), Vec::<&str>::new());
        assert_eq!(store.n_undelivered(), 1, "and it is told");
    }

    #[test]
    fn a_spike_is_told_when_it_starts_and_when_it_ends() {
        let (_folder, store) = opened();
        let plan = plan("events = [\"spike.started\", \"spike.ended\"]\n");
        // A mention an hour for two days, then thirty in one.
        for hour in 0..48 {
            see(&store, hour..hour + 1, at(hour as i64 * 60));
        }
        let now = 48 * 60;
        let quiet = |told: Vec<&str>| told.iter().all(|kind| *kind == "case.overdue");
        assert!(quiet(types(&store, &plan, at(now))));
        see(&store, 100..130, at(now + 5));
        let told = types(&store, &plan, at(now + 6));
        assert!(told.contains(&"spike.started"), "{told:?}");
        assert!(quiet(types(&store, &plan, at(now + 7))), "told once");
        assert!(quiet(types(&store, &plan, at(now + 60))));
        let told = types(&store, &plan, at(now + 125));
        assert!(told.contains(&"spike.ended"), "{told:?}");
        assert_eq!(store.n_undelivered(), 2);
    }

    #[test]
    fn a_sign_of_life_comes_at_its_times_and_does_not_pile_up() {
        let (_folder, store) = opened();
        let plan = plan("heartbeat = \"10m\"\n");
        assert_eq!(types(&store, &plan, at(0)), ["heartbeat"]);
        assert_eq!(types(&store, &plan, at(9)), Vec::<&str>::new());
        assert_eq!(
            types(&store, &plan, at(10)),
            Vec::<&str>::new(),
            "one waits"
        );
        let claimed = store.claim_due(at(10), 9, 9).expect("claimed");
        store
            .record_attempt(&claimed[0].0.id, None, &AttemptOutcome::Delivered)
            .expect("recorded");
        assert_eq!(types(&store, &plan, at(11)), ["heartbeat"]);
    }
}
