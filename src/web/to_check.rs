//! The mentions that the model was unsure about: a person decides. "Unsure is not silent."

use axum::extract::{Query, State};
use maud::{Markup, html};

use super::card::{self, Frame};
use super::counts::{self, TO_CHECK_FOR};
use super::flash::{self, Did};
use super::layout::{self, Tab};
use super::problem::PageProblem;
use super::state::AppState;

/// How many cards the page shows.
const SHOWN: usize = 100;

/// Shows the page.
pub(super) async fn get(
    State(state): State<AppState>,
    Query(did): Query<Did>,
) -> Result<Markup, PageProblem> {
    let now = state.now();
    let site = state.site_now();
    let unsure = state
        .ask(move |store| {
            store
                .mentions_newest_first(&counts::to_check_filter(now - TO_CHECK_FOR))
                .filter(|mention| mention.as_ref().map_or(true, counts::is_to_check))
                .take(SHOWN)
                .collect::<Result<Vec<_>, _>>()
        })
        .await?;
    let counts = counts::count(&state).await?;
    let flash = flash::show(&state, &did, "/to-check").await?;
    let frame = Frame {
        site: &site,
        now,
        back: "/to-check",
    };
    let content = html! {
        (flash)
        div.page-head {
            h1 { "To check" }
            p { "The model was not sure about these. They are the last seven days, the newest first." }
        }
        @if unsure.is_empty() {
            div.empty {
                h2 { "Nothing to check" }
                p { "The model was sure about every mention of the last seven days. When it is not, the mention stands here instead of being dropped." }
            }
        } @else {
            div.list { @for mention in &unsure { (card::card(mention, &frame)) } }
            @if unsure.len() == SHOWN {
                p.paging { a href="/mentions?verdict=unsure" { "Search all that were unsure" } }
            }
        }
    };
    Ok(layout::page(
        "To check",
        Tab::ToCheck,
        &site,
        &counts,
        &content,
    ))
}
