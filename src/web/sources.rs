//! The sources and how they are doing, in words; and the addresses of the alert feeds.

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::{DateTime, Utc};
use maud::{Markup, html};

use super::auth;
use super::counts;
use super::flash::{self, Did};
use super::layout::{self, Tab};
use super::problem::{PageProblem, Problem};
use super::state::{AppState, Site, SourceInfo};
use super::when;
use super::words::{self, safe_link};
use crate::domain::{Health, HealthState, format_duration};

/// Gaps of a source that the page shows; `hearken sources --json` has them all.
const SHOWN_GAPS: usize = 2;

/// A configured source with its health.
pub(super) struct SourceRow {
    pub(super) info: SourceInfo,
    pub(super) health: Health,
}

/// Every configured source, those in trouble first.
pub(super) async fn rows(state: &AppState) -> Result<Vec<SourceRow>, Problem> {
    let site = state.site_now();
    state
        .ask(move |store| {
            let mut rows = Vec::with_capacity(site.sources.len());
            for info in &site.sources {
                rows.push(SourceRow {
                    info: info.clone(),
                    health: store.source_status(&info.name)?.health,
                });
            }
            rows.sort_by_key(|row| row.health.state != HealthState::Failing);
            Ok(rows)
        })
        .await
}

/// A health as a dot and a word.
pub(super) fn state(health: HealthState) -> Markup {
    let class = match health {
        HealthState::New => "state",
        HealthState::Ok => "state good",
        HealthState::Failing => "state bad",
    };
    html! { span class=(class) { (words::health_word(health)) } }
}

/// "read 3 min ago, next in 7 min"
pub(super) fn rhythm(row: &SourceRow, now: DateTime<Utc>) -> Markup {
    let health = &row.health;
    html! {
        @match health.last_ok_at {
            Some(at) => { "read " (when::ago(at, now)) }
            None => "never read yet",
        }
        @if let Some(next) = health.next_poll_at {
            ", next " (when::until(next, now))
        }
    }
}

/// Shows the page.
pub(super) async fn get(
    State(state): State<AppState>,
    Query(did): Query<Did>,
) -> Result<Markup, PageProblem> {
    let now = state.now();
    let site = state.site_now();
    let rows = rows(&state).await?;
    let counts = counts::count(&state).await?;
    let token = state.ask(auth::known_read_token).await?;
    let flash = flash::show(&state, &did, "/sources").await?;
    let content = html! {
        (flash)
        div.page-head {
            h1 { "Sources" }
            p { (words::counted(rows.len() as u64, "source", "sources")) " configured" }
        }
        div.stack {
            @if rows.is_empty() {
                div.empty {
                    h2 { "No source is configured yet" }
                    p {
                        "Add a " code { "[[source]]" } " to " code { "hearken.toml" } ", check it with "
                        code { "hearken check" } " and take it over with " code { "hearken reload" } "."
                    }
                }
            } @else { (table(&rows, &site, now)) }
            (feeds(&site, token.as_deref()))
        }
    };
    Ok(layout::page(
        "Sources",
        Tab::Sources,
        &site,
        &counts,
        &content,
    ))
}

fn table(rows: &[SourceRow], site: &Site, now: DateTime<Utc>) -> Markup {
    html! {
        section.panel.table-wrap {
            table {
                caption.visually-hidden { "Configured sources and their health" }
                thead {
                    tr {
                        th scope="col" { "Source" }
                        th scope="col" { "Health" }
                        th scope="col" { "Last read" }
                        th scope="col" { "Next" }
                        th.number scope="col" { "Items" }
                        th.number scope="col" { "Mentions" }
                    }
                }
                tbody { @for row in rows { (table_row(row, site, now)) } }
            }
        }
    }
}

fn table_row(row: &SourceRow, site: &Site, now: DateTime<Utc>) -> Markup {
    let SourceRow { info, health } = row;
    let shown = site.source_title(&info.name);
    html! {
        tr {
            th scope="row" {
                @match safe_link(info.url.as_deref()) {
                    Some(link) => a href=(link) rel="noopener noreferrer nofollow" target="_blank" { (shown) },
                    None => (shown),
                }
                // Commands want the name, whatever the page calls it.
                @if shown != info.name.as_str() { span.sub { (info.name) } }
                span.sub {
                    @if shown != info.title { (info.title) ", " }
                    "definition " code { (info.definition) }
                    @if let Some(verified) = &info.verified { ", " (words::verified_words(verified)) }
                }
            }
            td {
                (state(health.state))
                @if let Some(reason) = health.reason.as_deref().filter(|_| health.state == HealthState::Failing) {
                    span.sub.reason { (reason) }
                    @if health.n_failures > 1 {
                        span.sub { (health.n_failures) " polls in a row have failed" }
                    }
                }
                @if let Some(since) = health.silent_since {
                    span.sub.reason { "silent: its last item came " (when::ago(since, now)) ", which is unusual for it" }
                }
                @for note in &health.notes { span.sub { (note) } }
                @for gap in health.gaps.iter().rev().take(SHOWN_GAPS) {
                    span.sub {
                        "items between " (when::clock(gap.from, now)) " and " (when::clock(gap.to, now))
                        " may be missing, noticed " (when::ago(gap.noticed_at, now))
                    }
                }
            }
            td {
                @match health.last_ok_at {
                    Some(at) => (when::ago(at, now)),
                    None => "not yet",
                }
                span.sub.within {
                    "every " (format_duration(info.every))
                    @if let Some(slowest) = info.adaptive {
                        " to " (format_duration(slowest)) ", as often as it publishes"
                    }
                }
                @if let Some(n) = health.usual_per_week {
                    span.sub { "usually " (words::counted(n.into(), "item", "items")) " a week" }
                }
            }
            td {
                @match health.next_poll_at {
                    Some(at) => (when::until(at, now)),
                    None => "not planned",
                }
            }
            td.number { (words::thousands(health.n_items)) }
            td.number { (words::thousands(health.n_mentions)) }
        }
    }
}

fn feeds(site: &Site, token: Option<&str>) -> Markup {
    let address = |name: &str, token: &str| format!("{}/{name}?token={token}", site.base_url());
    html! {
        section.panel aria-labelledby="feeds" {
            h2 #feeds { "Alert feeds" }
            @match token {
                Some(token) => {
                    dl.fields {
                        dt { "Atom" } dd { a href=(address("feed.atom", token)) { (address("feed.atom", token)) } }
                        dt { "JSON Feed" } dd { a href=(address("feed.json", token)) { (address("feed.json", token)) } }
                    }
                    div.panel-foot {
                        p.hint { "Whoever has such an address can read the alerts. A new address makes the old one useless." }
                        form method="post" action="/feed-address" { button.quiet type="submit" { "Make a new address" } }
                    }
                }
                None => {
                    div.panel-foot {
                        p.hint { "Flagged mentions for a feed reader, at an address that only you know." }
                        form method="post" action="/feed-address" { button type="submit" { "Make the address" } }
                    }
                }
            }
        }
    }
}

/// Makes a new read token; the old one stops working.
pub(super) async fn new_feed_address(State(app): State<AppState>) -> Result<Response, PageProblem> {
    app.ask(auth::renew_read_token).await?;
    Ok(Redirect::to("/sources#feeds").into_response())
}
