//! The few numbers in the header of every page, and in the messages of the live page.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::problem::Problem;
use super::state::AppState;
use crate::domain::{DeliveryState, HealthState, Label, Mention};
use crate::store::{DeliveryFilter, MentionFilter, Store, StoreError};

/// How long an unsure verdict stands in the "to check" list: what nobody looked at in a
/// week is news no more, and search still finds it.
pub(super) const TO_CHECK_FOR: TimeDelta = TimeDelta::days(7);
/// Counting stops here: a larger number would say nothing else.
pub(super) const COUNTED_UP_TO: u64 = 1_000;

/// What waits for a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Flagged mentions whose customer waits.
    pub(super) waiting: u64,
    /// Of these, past the last moment.
    pub(super) overdue: u64,
    /// Mentions that the model left to people.
    pub(super) to_check: u64,
    /// Configured sources whose last poll failed.
    pub(super) sources_failing: u64,
    /// Deliveries of the last day that were given up.
    pub(super) deliveries_failed: u64,
    /// Mentions seen in the last day.
    pub(super) seen_today: u64,
    /// Of these, negative.
    pub(super) negative_today: u64,
}

impl Counts {
    /// The counts as the script reads them.
    pub(super) fn to_json(self) -> Value {
        json!({
            "waiting": self.waiting,
            "overdue": self.overdue,
            "to_check": self.to_check,
            "sources_failing": self.sources_failing,
            "deliveries_failed": self.deliveries_failed,
            "seen_today": self.seen_today,
            "negative_today": self.negative_today,
        })
    }
}

/// Counts what waits now.
pub(super) async fn count(state: &AppState) -> Result<Counts, Problem> {
    let now = state.now();
    let site = state.site_now();
    state
        .ask(move |store| {
            let day = now - TimeDelta::days(1);
            let stats = store.stats(Some(day), now)?;
            let sources_failing = store
                .all_source_statuses()?
                .iter()
                .filter(|status| status.health.state == HealthState::Failing)
                .filter(|status| site.sources.iter().any(|source| source.name == status.name))
                .count();
            let mut deliveries_failed = 0;
            let failed = DeliveryFilter {
                state: Some(DeliveryState::Failed),
                destination: None,
            };
            for delivery in store.deliveries_newest_first(&failed) {
                if delivery?.created_at < day || deliveries_failed == COUNTED_UP_TO {
                    break;
                }
                deliveries_failed += 1;
            }
            Ok(Counts {
                waiting: stats.n_waiting,
                overdue: stats.n_overdue,
                to_check: count_to_check(store, now - TO_CHECK_FOR)?,
                sources_failing: sources_failing as u64,
                deliveries_failed,
                seen_today: stats.n_mentions,
                negative_today: stats.n_negative,
            })
        })
        .await
}

fn count_to_check(store: &Store, since: chrono::DateTime<chrono::Utc>) -> Result<u64, StoreError> {
    let mut n_found = 0;
    for mention in store.mentions_newest_first(&to_check_filter(since)) {
        n_found += u64::from(is_to_check(&mention?));
        if n_found == COUNTED_UP_TO {
            break;
        }
    }
    Ok(n_found)
}

/// What the store is asked for to find the "to check" list.
pub(super) fn to_check_filter(since: chrono::DateTime<chrono::Utc>) -> MentionFilter {
    MentionFilter {
        since: Some(since),
        label: Some(Label::Unsure),
        ..MentionFilter::default()
    }
}

/// Whether a person should look: unsure, not the brand's own, and not decided already.
pub(super) fn is_to_check(mention: &Mention) -> bool {
    let decided = mention
        .case
        .as_ref()
        .is_some_and(|case| !case.state.is_waiting());
    mention.sentiment.label == Label::Unsure && !mention.own && !decided
}
