//! The cases that are closed: handled and dismissed, the last closed first.

use axum::extract::{Query, State};
use chrono::{DateTime, Utc};
use maud::{Markup, html};

use super::card::{self, Frame};
use super::counts;
use super::flash::{self, Did};
use super::layout::{self, Tab};
use super::problem::PageProblem;
use super::state::AppState;
use crate::domain::{CaseState, Mention};
use crate::store::{CaseFilter, Store, StoreError};

/// How many cards the page shows; search finds the others.
const SHOWN: usize = 100;

/// Shows the page.
pub(super) async fn get(
    State(state): State<AppState>,
    Query(did): Query<Did>,
) -> Result<Markup, PageProblem> {
    let now = state.now();
    let site = state.site_now();
    let closed = state.ask(last_closed).await?;
    let counts = counts::count(&state).await?;
    let flash = flash::show(&state, &did, "/done").await?;
    let frame = Frame {
        site: &site,
        now,
        back: "/done",
    };
    let content = html! {
        (flash)
        div.page-head {
            h1 { "Done" }
            p { "Handled and dismissed, the last closed first. Reopen puts one back into the queue." }
        }
        @if closed.is_empty() {
            div.empty {
                h2 { "Nothing is closed yet" }
                p { "Press " strong { "Handled" } " on a mention once it has a public answer, or " strong { "Dismiss" } " when it needs none. It then stands here." }
            }
        } @else {
            div.list { @for mention in &closed { (card::card(mention, &frame)) } }
            @if closed.len() == SHOWN {
                p.paging {
                    a href="/mentions?q=state%3Areplied" { "All handled" }
                    a href="/mentions?q=state%3Adismissed" { "All dismissed" }
                }
            }
        }
    };
    Ok(layout::page("Done", Tab::Done, &site, &counts, &content))
}

/// The store keeps cases by deadline, so the last closed are picked out here; only twice
/// as many as are shown are kept in memory.
fn last_closed(store: &Store) -> Result<Vec<Mention>, StoreError> {
    let mut last = Vec::new();
    for state in [
        CaseState::Replied,
        CaseState::Verified,
        CaseState::Dismissed,
    ] {
        for mention in store.cases(CaseFilter::Only(state)) {
            last.push(mention?);
            if last.len() == 2 * SHOWN {
                keep_last(&mut last);
            }
        }
    }
    keep_last(&mut last);
    Ok(last)
}

fn keep_last(mentions: &mut Vec<Mention>) {
    mentions.sort_by_key(|mention| std::cmp::Reverse(closed_at(mention)));
    mentions.truncate(SHOWN);
}

fn closed_at(mention: &Mention) -> Option<DateTime<Utc>> {
    let last = mention.case.as_ref()?.history.last()?;
    Some(last.at)
}
