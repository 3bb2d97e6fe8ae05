//! How each webhook is doing, and how each alert of the last day got to it.

use axum::extract::State;
use chrono::{DateTime, TimeDelta, Utc};
use maud::{Markup, html};

use super::counts;
use super::delivery;
use super::layout::{self, Tab};
use super::outbox;
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
    let webhooks = outbox::rows(&state).await?;
    let counts = counts::count(&state).await?;
    let content = html! {
        div.page-head {
            h1 { "Deliveries" }
            p { "Alerts of the last day, the newest first." }
        }
        @if !webhooks.is_empty() { (health_table(&webhooks, now)) }
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

/// A webhook in one word.
fn health_word(row: &outbox::Row) -> (&'static str, &'static str) {
    let health = &row.health;
    if health.disabled.is_some() {
        ("state bad", "Off")
    } else if health.n_failures > 0 {
        ("state wait", "Failing")
    } else if health.last_ok_at.is_some() {
        ("state good", "Fine")
    } else {
        ("state", "Not tried yet")
    }
}

fn health_table(rows: &[outbox::Row], now: DateTime<Utc>) -> Markup {
    html! {
        section.panel.table-wrap {
            table {
                caption.visually-hidden { "Webhooks and how they are doing" }
                thead {
                    tr {
                        th scope="col" { "Webhook" }
                        th scope="col" { "Health" }
                        th scope="col" { "Last taken" }
                        th.number scope="col" { "Waiting" }
                        th scope="col" { "Next try" }
                        th scope="col" { "What it missed" }
                    }
                }
                tbody {
                    @for row in rows {
                        @let (class, word) = health_word(row);
                        tr {
                            th scope="row" { (row.name) span.sub { (row.kind) } }
                            td {
                                span class=(class) { (word) }
                                @if let Some(off) = &row.health.disabled {
                                    span.sub.reason { (off.reason) }
                                    span.sub { "since " (when::clock(off.at, now)) }
                                    form method="post" action=(format!("/webhooks/{}/enable", path_part(&row.name))) {
                                        button type="submit" { "Switch on" }
                                    }
                                } @else if row.health.n_failures > 0 {
                                    span.sub.reason {
                                        (words::counted(u64::from(row.health.n_failures), "attempt has failed", "attempts have failed"))
                                        @if let Some(since) = row.health.first_failure_at { " since " (when::clock(since, now)) }
                                    }
                                }
                            }
                            td {
                                @match row.health.last_ok_at {
                                    Some(at) => (when::ago(at, now)),
                                    None => "never",
                                }
                            }
                            td.number { (words::thousands(row.n_waiting as u64)) }
                            td {
                                @match row.next_at {
                                    Some(at) => (when::until(at, now)),
                                    None => "–",
                                }
                            }
                            td {
                                form method="post" action=(format!("/webhooks/{}/replay", path_part(&row.name))) {
                                    label {
                                        span.visually-hidden { "Since" }
                                        input type="text" name="since" value="1d" size="6" title="Such as 6h, 3d or 2026-03-01";
                                    }
                                    " "
                                    button.quiet type="submit" { "Send again" }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A name as a part of an address.
fn path_part(name: &str) -> String {
    percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC).to_string()
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
                        th scope="col" { span.visually-hidden { "Send again" } }
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
                            td.number {
                                a href=(format!("/deliveries/{}", row.delivery.id)) { (row.delivery.attempts.len()) }
                            }
                            td {
                                @if matches!(row.delivery.state, DeliveryState::Failed | DeliveryState::Retrying) {
                                    (delivery::retry_button(&row.delivery))
                                }
                            }
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
            span.sub { "next try " (when::until(next, now)) }
        }
        @if let Some(next) = delivery.next_at.filter(|_| delivery.put_off.is_some()) {
            span.sub { "sent " (when::until(next, now)) }
        }
    }
}
