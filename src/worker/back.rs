//! Reading further back: an answer in which every item is new may have left some out, so
//! the pages behind it are read until they reach what is known.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::gate::Gate;
use super::judge::identify_items;
use super::pages::{paging_of, read_on};
use super::watch::Heard;
use super::{Engine, Plan, PlannedSource};
use crate::dedupe::{Identity, identify};
use crate::domain::{Item, RequestPlan, SourceStatus};
use crate::parse::Parsed;

/// The answer with what had to be read behind it, the identities of all its items, and how
/// many pages that took. `None` when the identities cannot be made.
pub(super) async fn read_back(
    engine: &Engine,
    plan: &Arc<Plan>,
    source: &PlannedSource,
    gate: &mut Gate<'_>,
    known: &SourceStatus,
    (mut parsed, next): (Parsed, Option<RequestPlan>),
    started: DateTime<Utc>,
) -> Option<(Parsed, Vec<Identity>, u32)> {
    let identities = identify_items(source, &parsed.items, started).await?;
    let heard = Heard {
        items: &parsed.items,
        identities: &identities,
    };
    let (Some(missed), Some(next)) = (heard.missed(known, Engine::now()), next) else {
        return Some((parsed, identities, 0));
    };
    // What is missing after the last page is said.
    let most = paging_of(&source.definition)
        .map_or(0, |paging| paging.max_pages.saturating_sub(paging.pages));
    let goes_on = |page: &Parsed| {
        let identities = identify(&source.name, &page.items, started);
        let heard = Heard {
            items: &page.items,
            identities: &identities,
        };
        !page.items.is_empty() && !heard.reaches(known, missed)
    };
    let back = read_on(engine, plan, source, gate, (Some(next), most), goes_on).await;
    if back.parsed.items.is_empty() {
        return Some((parsed, identities, back.n_pages));
    }
    let mut further = back.parsed;
    further.drop_error_items();
    for item in further.items {
        // New items push others onto the next page while we read.
        if !parsed.items.iter().any(|known| is_same(known, &item)) {
            parsed.items.push(item);
        }
    }
    parsed.notes.push(format!(
        "everything was new, so {} page(s) further back were read",
        back.n_pages
    ));
    let identities = identify_items(source, &parsed.items, started).await?;
    Some((parsed, identities, back.n_pages))
}

fn is_same(one: &Item, other: &Item) -> bool {
    one.native_id == other.native_id && one.url == other.url && one.text == other.text
}
