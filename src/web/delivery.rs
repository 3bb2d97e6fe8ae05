//! One delivery with every attempt: what was sent to whom, what the receiver said, when it
//! is tried next.

use axum::extract::{Path, State};
use chrono::{DateTime, Utc};
use maud::{Markup, html};

use super::counts;
use super::deliveries;
use super::layout::{self, Tab};
use super::outbox;
use super::problem::PageProblem;
use super::state::AppState;
use super::when;
use crate::domain::{Attempt, Delivery, DeliveryState, Event};

/// Shows the page.
pub(super) async fn get(
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> Result<Markup, PageProblem> {
    let now = state.now();
    let site = state.site_now();
    let (delivery, event) = state
        .ask(move |store| {
            let delivery = outbox::find(store, &id)?;
            let event = store.event(&delivery.event)?;
            Ok((delivery, event))
        })
        .await?;
    let counts = counts::count(&state).await?;
    let content = html! {
        p.crumbs { a href="/deliveries" { "Deliveries" } " / this delivery" }
        div.page-head {
            h1 { (delivery.event_type.as_str()) " to " (delivery.destination) }
            p { (deliveries::state(delivery.state)) (deliveries::outcome(&delivery, now)) }
        }
        div.stack {
            (facts(&delivery, event.as_ref(), now))
            (attempts(&delivery.attempts, now))
            @if let Some(event) = &event {
                section.panel aria-labelledby="body" {
                    h2 #body { "What is told" }
                    pre { (event.body) }
                }
            }
        }
    };
    Ok(layout::page(
        "Delivery",
        Tab::Deliveries,
        &site,
        &counts,
        &content,
    ))
}

fn facts(delivery: &Delivery, event: Option<&Event>, now: DateTime<Utc>) -> Markup {
    html! {
        section.panel aria-labelledby="facts" {
            h2 #facts { "Facts" }
            dl.fields {
                dt { "Stored" } dd { (when::clock(delivery.created_at, now)) }
                @if let Some(next) = delivery.next_at { dt { "Next try" } dd { (when::clock(next, now)) " (" (when::until(next, now)) ")" } }
                @if let Some(id) = event.and_then(|event| event.mention.as_ref()) {
                    dt { "Mention" } dd { a href=(format!("/mentions/{id}")) { (id) } }
                }
                @if let Some(digest) = &delivery.within { dt { "Told in" } dd { code { (digest) } } }
                dt { "Event" } dd { code { (delivery.event) } }
                dt { "Id" } dd { code { (delivery.id) } }
            }
            @if !matches!(delivery.state, DeliveryState::Delivered | DeliveryState::Sending) {
                div.panel-foot { (retry_button(delivery)) }
            }
        }
    }
}

/// Sends it at once.
pub(super) fn retry_button(delivery: &Delivery) -> Markup {
    html! {
        form method="post" action=(format!("/deliveries/{}/retry", delivery.id)) {
            button.quiet type="submit" { "Send now" }
        }
    }
}

fn attempts(attempts: &[Attempt], now: DateTime<Utc>) -> Markup {
    html! {
        section.panel aria-labelledby="attempts" {
            h2 #attempts { "Attempts" }
            @if attempts.is_empty() { p.none { "Nothing was tried yet." } }
            @else {
                ol.timeline {
                    @for attempt in attempts {
                        li {
                            (when::clock(attempt.at, now)) " · "
                            @match attempt.status { Some(status) => (status), None => "no answer" }
                            " after " (attempt.duration_ms) " ms"
                            @if let Some(error) = &attempt.error { span.sub { (error) } }
                            @if !attempt.answer.is_empty() { blockquote dir="auto" { (attempt.answer) } }
                        }
                    }
                }
            }
        }
    }
}
