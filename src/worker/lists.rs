//! A list of feeds (OPML) is read on its schedule, and each feed that it names is a source
//! like a configured one. The list is kept with the cursor, so that a restart knows it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tracing::info;

use super::outcome::{failed_store, save};
use super::plan::listed_feed;
use super::poll::{Mode, PollError};
use super::{Engine, Plan, PlannedSource};
use crate::domain::{Format, SourceName, SourceStatus};
use crate::parse::opml::ListedFeed;
use crate::store::{Store, StoreError};
use crate::web::PollReport;

/// The plan with the feeds of every list as it was read last.
pub(super) fn restore(store: &Store, mut plan: Plan) -> Result<Plan, StoreError> {
    let lists: Vec<SourceName> = plan
        .sources
        .iter()
        .filter(|source| matches!(source.definition.format, Format::Opml))
        .map(|source| source.name.clone())
        .collect();
    for name in lists {
        let feeds = store.source_status(&name)?.cursor.feeds;
        plan = with_list(&plan, &name, &feeds);
    }
    Ok(plan)
}

/// The plan with these feeds in place of those that the list named before. A feed that is
/// configured by itself, or named by another list, is not asked twice.
fn with_list(plan: &Plan, list: &SourceName, feeds: &[String]) -> Plan {
    let mut new = plan.clone();
    new.sources
        .retain(|source| source.listed_by.as_ref() != Some(list));
    let Some(parent) = plan.sources.iter().find(|source| source.name == *list) else {
        return new;
    };
    for url in feeds {
        let Some(feed) = listed_feed(plan, parent, url) else {
            continue;
        };
        let is_known = new.sources.iter().any(|source| {
            source.name == feed.name
                || (source.definition.name == feed.definition.name
                    && source.request.url == feed.request.url)
        });
        if !is_known {
            new.sources.push(feed);
        }
    }
    new
}

/// Takes a list that has been read: its feeds join the plan at once.
pub(super) async fn take_list(
    engine: &Engine,
    plan: &Arc<Plan>,
    source: &PlannedSource,
    mode: Mode,
    feeds: Vec<ListedFeed>,
    (before, mut after): (SourceStatus, SourceStatus),
    next_at: DateTime<Utc>,
) -> Result<(PollReport, DateTime<Utc>), PollError> {
    let urls: Vec<String> = feeds.iter().map(|feed| feed.url.clone()).collect();
    let notes = vec![format!("the list names {} feed(s)", urls.len())];
    after.health.notes.clone_from(&notes);
    let has_changed = before.cursor.feeds != urls;
    if mode == Mode::Store {
        after.cursor.feeds.clone_from(&urls);
        save(engine, plan, &before, after)
            .await
            .map_err(|error| failed_store(source, &error))?;
        if has_changed {
            info!(source.id = %source.name, n_feeds = urls.len(), "The list of {} has changed", source.name);
            engine.plan.send_modify(|current| {
                *current = Arc::new(with_list(current, &source.name, &urls))
            });
        }
    }
    let report = PollReport {
        notes,
        unchanged: !has_changed,
        ..PollReport::default()
    };
    Ok((report, next_at))
}
