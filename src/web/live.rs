//! The start page: what needs a reply, the most urgent first, beside how the sources and
//! the deliveries are doing. New alerts come in while it is open.

use axum::extract::{Query, State};
use chrono::{DateTime, TimeDelta, Utc};
use maud::{Markup, html};

use super::card::{self, Frame};
use super::counts::{self, Counts};
use super::deliveries;
use super::flash::{self, Did};
use super::layout::{self, Tab};
use super::problem::PageProblem;
use super::sources::{self, SourceRow};
use super::state::{AppState, Site};
use super::{when, words};
use crate::domain::{BrandName, Delivery, HealthState, Mention, Spike};
use crate::store::{CaseFilter, Store, StoreError};

/// How many cards the page shows; nobody answers more in one sitting.
const SHOWN: usize = 100;
/// How many deliveries the side shows.
const SIDE_DELIVERIES: usize = 6;

/// Shows the page.
pub(super) async fn get(
    State(state): State<AppState>,
    Query(did): Query<Did>,
) -> Result<Markup, PageProblem> {
    let now = state.now();
    let site = state.site_now();
    let waiting = state.ask(waiting).await?;
    let counts = counts::count(&state).await?;
    let health = sources::rows(&state).await?;
    let recent = deliveries::of_last_day(&state, SIDE_DELIVERIES).await?;
    let flash = flash::show(&state, &did, "/").await?;
    let spikes = state.ask(Store::spikes).await?;
    let frame = Frame {
        site: &site,
        now,
        back: "/",
    };
    let content = html! {
        (flash)
        div.page-head {
            h1 { "Needs a reply" }
            p { "Flagged mentions, the most urgent first." }
            p.live-state data-live-state="" role="status" hidden {}
        }
        p.visually-hidden data-announce="" aria-live="polite" {}
        div.columns {
            (lists(&waiting, &counts, &frame))
            div.side {
                (spike_panel(&spikes, now))
                (today(&counts))
                (source_panel(&health, &site, now))
                (delivery_panel(&recent, &site, now))
            }
        }
    };
    Ok(layout::page(
        "Needs a reply",
        Tab::NeedsReply,
        &site,
        &counts,
        &content,
    ))
}

/// The cards of the page, the most urgent first, and apart from them those that were old
/// already when we first saw them.
pub(super) fn waiting(store: &Store) -> Result<(Vec<Mention>, Vec<Mention>), StoreError> {
    // Backlog has old deadlines but no urgency: it must not push the others out.
    let mut urgent = Vec::new();
    let mut backlog = Vec::new();
    for mention in store.cases(CaseFilter::Waiting) {
        let mention = mention?;
        if mention.backlog && backlog.len() < SHOWN {
            backlog.push(mention);
        } else if !mention.backlog {
            urgent.push(mention);
        }
        if urgent.len() == SHOWN {
            break;
        }
    }
    Ok((urgent, backlog))
}

fn lists(
    (urgent, backlog): &(Vec<Mention>, Vec<Mention>),
    counts: &Counts,
    frame: &Frame<'_>,
) -> Markup {
    let n_shown = (urgent.len() + backlog.len()) as u64;
    html! {
        section aria-label="Mentions that need a reply" {
            div.empty data-empty="" hidden[!urgent.is_empty()] { (nothing_waits(frame.site, counts, backlog.is_empty())) }
            div.list data-live="" {
                @for mention in urgent { (card::card(mention, frame)) }
            }
            @if !backlog.is_empty() {
                h2.section-head { "Already old when Hearken first saw them" }
                div.list { @for mention in backlog { (card::card(mention, frame)) } }
            }
            @if counts.waiting > n_shown {
                p.paging {
                    a href="/mentions?q=state%3Aopen" {
                        "Show all " (words::thousands(counts.waiting)) " that wait"
                    }
                }
            }
        }
    }
}

/// An empty list says what to do next.
fn nothing_waits(site: &Site, counts: &Counts, no_backlog: bool) -> Markup {
    html! {
        @if site.sources.is_empty() {
            h2 { "No source is configured yet" }
            p {
                "Add a " code { "[[source]]" } " to " code { "hearken.toml" } " and run "
                code { "hearken reload" } "; " code { "hearken sources" } " lists what can be read."
            }
        } @else if counts.seen_today == 0 && no_backlog {
            h2 { "Nothing heard yet" }
            p {
                "No mention came in during the last day. The "
                a href="/sources" { "sources" } " page says when each of them is read next, and "
                code { "hearken match" } " tries a brand's query on a text."
            }
        } @else {
            h2 { "Nobody waits for a reply" }
            p {
                "New alerts appear here by themselves. Meanwhile: "
                a href="/to-check" { "look at what the model was unsure about" }
                " or " a href="/mentions" { "read all mentions" } "."
            }
        }
    }
}

fn today(counts: &Counts) -> Markup {
    html! {
        section.panel aria-labelledby="today" {
            h2 #today { "At a glance" }
            dl.facts {
                div { dt { "Waiting" } dd data-count="waiting" { (words::thousands(counts.waiting)) } }
                div {
                    dt { "Overdue" }
                    dd.alarm[counts.overdue > 0] data-count="overdue" { (words::thousands(counts.overdue)) }
                }
                div { dt { "Heard in 24 h" } dd data-count="seen_today" { (words::thousands(counts.seen_today)) } }
                div { dt { "of these negative" } dd data-count="negative_today" { (words::thousands(counts.negative_today)) } }
            }
        }
    }
}

/// The spikes that last, and those of the last day.
fn spike_panel(spikes: &[(BrandName, Spike)], now: DateTime<Utc>) -> Markup {
    let day_ago = now - TimeDelta::days(1);
    let shown: Vec<_> = spikes
        .iter()
        .filter(|(_, spike)| spike.ended_at.is_none_or(|ended| ended > day_ago))
        .collect();
    html! {
        @if !shown.is_empty() {
            section.panel aria-labelledby="side-spikes" {
                h2 #side-spikes { "Spikes" }
                ul.small-list {
                    @for (brand, spike) in shown {
                        li {
                            span { (brand) }
                            @match spike.ended_at {
                                None => span class="state bad" { "Now" },
                                Some(_) => span class="state" { "Over" },
                            }
                            span.sub { (words::spike_words(&spike.peak)) }
                            span.sub { "since " (when::clock(spike.started_at, now)) }
                        }
                    }
                }
            }
        }
    }
}

fn source_panel(rows: &[SourceRow], site: &Site, now: DateTime<Utc>) -> Markup {
    html! {
        section.panel aria-labelledby="side-sources" {
            h2 #side-sources { "Sources" a href="/sources" { "All" } }
            @if rows.is_empty() { p.none { "None is configured." } }
            @else {
                ul.small-list {
                    @for row in rows {
                        li {
                            span { (site.source_title(&row.info.name)) }
                            (sources::state(row.health.state))
                            @if row.health.state == HealthState::Failing {
                                span.sub.reason { (row.health.reason.as_deref().unwrap_or("the last poll failed")) }
                            }
                            span.sub { (sources::rhythm(row, now)) }
                        }
                    }
                }
            }
        }
    }
}

fn delivery_panel(recent: &[Delivery], site: &Site, now: DateTime<Utc>) -> Markup {
    html! {
        section.panel aria-labelledby="side-deliveries" {
            h2 #side-deliveries { "Deliveries" a href="/deliveries" { "All" } }
            @if recent.is_empty() {
                p.none {
                    @if site.destinations.is_empty() {
                        "No webhook is configured: add a " code { "[[webhook]]" } " to send alerts to your chat."
                    } @else { "Nothing was sent in the last day." }
                }
            } @else {
                ul.small-list {
                    @for delivery in recent {
                        li {
                            span { (delivery.destination) }
                            (deliveries::state(delivery.state))
                            span.sub { (delivery.event_type.as_str()) " · " (super::when::ago(delivery.created_at, now)) }
                        }
                    }
                }
            }
        }
    }
}
