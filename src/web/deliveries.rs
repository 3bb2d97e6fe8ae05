//! The alerts of the last day and how each of them got to its webhook.

use axum::extract::State;
use chrono::{DateTime, TimeDelta, Utc};
use maud::{Markup, html};

use super::counts;
use super::layout::{self, Tab};
use super::problem::{PageProblem, Problem};
use super::state::AppState;
use super::when;
use super::words;
use crate::domain::{Delivery, DeliveryState, MentionId};
use crate::store::DeliveryFilter;

/// How many rows the page shows.
const SHOWN: usize = 300;

/// The deliveries stored during the last day, the newest first.
pub(super) async fn of_last_day(state: &AppState, limit: usize) -> Result<Vec<Delivery>, Problem> {
    let since = state.now() - TimeDelta::days(1);
    state
        .ask(move |store| {
            store
                .deliveries_newest_first(&DeliveryFilter::default())
                .take_while(|delivery| {
                    delivery
                        .as_ref()
                        .map_or(true, |delivery| delivery.created_at >= since)
                })
                .take(limit)
                .collect()
        })
        .await
}

/// A state as a dot and words.
pub(super) fn state(state: DeliveryState) -> Markup {
    let class = match state {
        DeliveryState::Delivered => "state good",
        DeliveryState::Failed => "state bad",
        DeliveryState::Retrying => "state wait",
        DeliveryState::Due | DeliveryState::Sending | DeliveryState::Skipped => "state",
    };
    html! { span class=(class) { (words::delivery_word(state)) } }
}

/// A delivery with the mention it is about, for a link.
struct Row {
    delivery: Delivery,
    mention: Option<MentionId>,
}

/// Shows the page.
pub(super) async fn get(State(state): State<AppState>) -> Result<Markup, PageProblem> {
    let now = state.now();
    let site = state.site_now();
    let deliveries = of_last_day(&state, SHOWN).await?;
    let rows = state
        .ask(move |store| {
            deliveries
                .into_iter()
                .map(|delivery| {
                    let event = store.event(&delivery.event)?;
                    Ok(Row {
                        mention: event.and_then(|event| event.mention),
                        delivery,
                    })
                })
                .collect::<Result<Vec<_>, _>>()
        })
        .await?;
    let counts = counts::count(&state).await?;
    let content = html! {
        div.page-head {
            h1 { "Deliveries" }
            p { "Alerts of the last day, the newest first." }
        }
        @if rows.is_empty() {
            div.empty {
                @if site.destinations.is_empty() {
                    h2 { "No webhook is configured" }
                    p {
                        "Add a " code { "[[webhook]]" } " with its address to " code { "hearken.toml" }
                        ", run " code { "hearken reload" } " and try it with "
                        code { "hearken webhook test NAME" } "."
                    }
                } @else {
                    h2 { "Nothing was sent in the last day" }
                    p { "Try a webhook with " code { "hearken webhook test " (site.destinations[0].name) } "." }
                }
            }
        } @else {
            (table(&rows, now))
            @if rows.len() == SHOWN {
                p.paging.hint { "There are more: " code { "hearken deliveries list" } " shows all of them." }
            }
        }
    };
    Ok(layout::page(
        "Deliveries",
        Tab::Deliveries,
        &site,
        &counts,
        &content,
    ))
}

fn table(rows: &[Row], now: DateTime<Utc>) -> Markup {
    html! {
        section.panel.table-wrap {
            table {
                caption.visually-hidden { "Alerts of the last day and how they were delivered" }
                thead {
                    tr {
                        th scope="col" { "When" }
                        th scope="col" { "Alert" }
                        th scope="col" { "Webhook" }
                        th scope="col" { "State" }
                        th.number scope="col" { "Attempts" }
                    }
                }
                tbody {
                    @for row in rows {
                        tr {
                            td { (when::ago(row.delivery.created_at, now)) }
                            td {
                                @match &row.mention {
                                    Some(id) => a href=(format!("/mentions/{id}")) { (row.delivery.event_type.as_str()) },
                                    None => (row.delivery.event_type.as_str()),
                                }
                            }
                            td { (row.delivery.destination) }
                            td { (state(row.delivery.state)) (outcome(&row.delivery, now)) }
                            td.number { (row.delivery.attempts.len()) }
                        }
                    }
                }
            }
        }
    }
}

/// What came of the last attempt, and when the next one is.
pub(super) fn outcome(delivery: &Delivery, now: DateTime<Utc>) -> Markup {
    let last = delivery.attempts.last();
    html! {
        @if let Some(reason) = &delivery.reason { span.sub { (reason) } }
        @if let Some(last) = last.filter(|_| delivery.state != DeliveryState::Delivered) {
            span.sub {
                @match (&last.error, last.status) {
                    (Some(error), _) => (error),
                    (None, Some(status)) => { "the receiver answered " (status) }
                    (None, None) => "no answer",
                }
            }
        }
        @if let Some(last) = last.filter(|_| delivery.state == DeliveryState::Delivered) {
            span.sub { "in " (last.duration_ms) " ms" }
        }
        @if let Some(next) = delivery.next_at.filter(|_| delivery.state == DeliveryState::Retrying) {
            span.sub { "next try " (when::ago(next, now)) }
        }
    }
}
