//! One mention with everything that is known about it: its text and earlier texts, the
//! history of its case, and what was sent about it.

use std::collections::BTreeMap;

use axum::extract::{Path, Query, State};
use chrono::{DateTime, Utc};
use maud::{Markup, html};

use super::card::{self, Frame};
use super::corrections;
use super::counts;
use super::deliveries;
use super::flash::{self, Did};
use super::layout::{self, Tab};
use super::problem::PageProblem;
use super::state::AppState;
use super::when;
use super::words::{self, safe_link};
use crate::domain::{CaseAction, Delivery, DeliveryId, Event, EventId, Mention};
use crate::store::{Store, StoreError};

/// How many events are looked through from each moment of a mention's life: those of one
/// large poll, which all carry the same time.
const LOOKED_THROUGH: usize = 600;

/// An event about the mention, and what it owed to webhooks.
struct Told {
    event: Event,
    deliveries: Vec<Delivery>,
}

/// Shows the page.
pub(super) async fn get(
    State(state): State<AppState>,
    Path(id): Path<String>,
    Query(did): Query<Did>,
) -> Result<Markup, PageProblem> {
    let now = state.now();
    let site = state.site_now();
    let names: Vec<String> = site
        .destinations
        .iter()
        .map(|destination| destination.name.clone())
        .collect();
    let (mention, told) = state
        .ask(move |store| {
            let mention = store.find_mention(&id)?;
            let told = told_about(store, &mention, names)?;
            Ok((mention, told))
        })
        .await?;
    let counts = counts::count(&state).await?;
    let back = format!("/mentions/{}", mention.id);
    let flash = flash::show(&state, &did, &back).await?;
    let frame = Frame {
        site: &site,
        now,
        back: &back,
    };
    let content = html! {
        (flash)
        p.crumbs { a href="/" { "Needs a reply" } " / " a href="/mentions" { "All mentions" } " / this mention" }
        h1.visually-hidden { "Mention" }
        div.columns {
            div.stack {
                (card::whole(&mention, &frame))
                (earlier_texts(&mention, now))
                (history(&mention, &told, now))
            }
            div.side {
                (fields(&mention, now))
                (corrections::panel(&mention, &back))
                (hush(&mention, &back))
                (deliveries_of(&told, now))
            }
        }
    };
    Ok(layout::page(
        "Mention",
        Tab::Other,
        &site,
        &counts,
        &content,
    ))
}

/// What was told about this mention, oldest first. Events are found near the moments at
/// which something happened to it, so that this costs the same in a large store.
fn told_about(
    store: &Store,
    mention: &Mention,
    mut destinations: Vec<String>,
) -> Result<Vec<Told>, StoreError> {
    for (name, _) in store.all_destination_health()? {
        if !destinations.contains(&name) {
            destinations.push(name);
        }
    }
    let acts = mention.case.iter().flat_map(|case| &case.history);
    let moments = std::iter::once(mention.seen_at)
        .chain(acts.map(|act| act.at))
        .chain(mention.earlier.iter().map(|earlier| earlier.until));
    let mut events: BTreeMap<(DateTime<Utc>, EventId), Event> = BTreeMap::new();
    for moment in moments {
        for event in store.events_since(moment, LOOKED_THROUGH)? {
            if event.mention.as_ref() == Some(&mention.id) {
                events.insert((event.at, event.id.clone()), event);
            }
        }
    }
    events
        .into_values()
        .map(|event| {
            let mut deliveries = Vec::new();
            for destination in &destinations {
                deliveries.extend(store.delivery(&DeliveryId::of(&event.id, destination))?);
            }
            Ok(Told { event, deliveries })
        })
        .collect()
}

fn earlier_texts(mention: &Mention, now: DateTime<Utc>) -> Markup {
    let lang = words::lang_tag(mention.item.lang.as_deref());
    html! {
        @if !mention.earlier.is_empty() {
            section.panel aria-labelledby="earlier" {
                h2 #earlier { "What it said before" }
                ol.timeline {
                    @for earlier in mention.earlier.iter().rev() {
                        li {
                            "until " (when::clock(earlier.until, now))
                            @if let Some(rating) = earlier.rating { " · " (card::stars(rating)) }
                            blockquote lang=[lang] dir="auto" {
                                @if let Some(title) = &earlier.title { strong { (title) } "\n" }
                                (earlier.text)
                            }
                        }
                    }
                }
            }
        }
    }
}

fn history(mention: &Mention, told: &[Told], now: DateTime<Utc>) -> Markup {
    let mut lines: Vec<(DateTime<Utc>, Markup)> = Vec::new();
    if let Some(at) = mention
        .item
        .published_at
        .filter(|at| *at <= mention.seen_at)
    {
        lines.push((at, html! { "posted by the author" }));
    }
    lines.push((mention.seen_at, html! { "seen by Hearken" }));
    for Told { event, .. } in told {
        lines.push((
            event.at,
            html! { "alert " code { (event.event_type.as_str()) } },
        ));
    }
    for act in mention.case.iter().flat_map(|case| &case.history) {
        let what = match act.action {
            CaseAction::Claim => "claimed",
            CaseAction::Acknowledge => "acknowledged",
            CaseAction::Snooze => "snoozed",
            CaseAction::Done => "marked as handled",
            CaseAction::Dismiss => "dismissed",
            CaseAction::Reopen => "opened again",
        };
        let line = html! {
            strong { (what) } " " (words::by(&act.by))
            @if let Some(until) = act.until { " until " (when::clock(until, now)) }
            @if let Some(note) = &act.note { blockquote dir="auto" { (note) } }
        };
        lines.push((act.at, line));
    }
    for correction in &mention.corrections {
        let line = html! {
            strong { "verdict corrected to " (correction.label.as_str()) }
            " " (words::by(&correction.by)) ", it was " (correction.was.as_str())
        };
        lines.push((correction.at, line));
    }
    lines.sort_by_key(|(at, _)| *at);
    html! {
        section.panel aria-labelledby="history" {
            h2 #history { "History" }
            ol.timeline {
                @for (at, line) in &lines { li { (when::clock(*at, now)) " · " (line) } }
            }
        }
    }
}

/// Hearing less about a case that somebody knows of.
fn hush(mention: &Mention, back: &str) -> Markup {
    let case = mention.case.as_ref().filter(|case| case.state.is_waiting());
    html! {
        @if let Some(case) = case {
            section.panel aria-labelledby="hush" {
                h2 #hush { "Less noise" }
                div.panel-foot {
                    @if case.acknowledged_at.is_none() {
                        (card::button(mention, CaseAction::Acknowledge, "Acknowledge", "quiet", back))
                    }
                    form method="post" action=(format!("/mentions/{}/snooze", mention.id)) {
                        input type="hidden" name="back" value=(back);
                        label {
                            span.visually-hidden { "Snooze for" }
                            select name="for" {
                                option value="2h" { "2 hours" }
                                option value="8h" { "8 hours" }
                                option value="1d" { "a day" }
                                option value="7d" { "a week" }
                            }
                        }
                        " "
                        button.quiet type="submit" { "Snooze" }
                    }
                }
            }
        }
    }
}

fn fields(mention: &Mention, now: DateTime<Utc>) -> Markup {
    let item = &mention.item;
    let engagement = [
        (item.engagement.likes, "like", "likes"),
        (item.engagement.shares, "share", "shares"),
        (item.engagement.replies, "reply", "replies"),
    ];
    html! {
        section.panel aria-labelledby="facts" {
            h2 #facts { "Facts" }
            dl.fields {
                dt { "Posted" }
                dd { @match item.published_at { Some(at) => (when::clock(at, now)), None => "the site does not say" } }
                @if let Some(at) = item.updated_at { dt { "Changed" } dd { (when::clock(at, now)) } }
                dt { "Seen" } dd { (when::clock(mention.seen_at, now)) }
                @if let Some(flag) = &mention.flag {
                    dt { "Goal" } dd { (when::clock(flag.goal_by, now)) }
                    dt { "At the latest" } dd { (when::clock(flag.reply_by, now)) }
                    dt { "Score" } dd { (format!("{:.2}", flag.score)) }
                }
                @if let Some(case) = &mention.case {
                    dt { "Case" }
                    dd {
                        (words::case_word(case.state))
                        @if let Some(who) = &case.assignee { " " (words::by(who)) }
                    }
                    @if let Some(at) = case.acknowledged_at { dt { "Acknowledged" } dd { (when::clock(at, now)) } }
                    @if let Some(at) = case.snoozed_until.filter(|at| *at > now) {
                        dt { "Snoozed until" } dd { (when::clock(at, now)) }
                    }
                }
                @if engagement.iter().any(|(n, _, _)| *n > 0) {
                    dt { "Reach" }
                    dd {
                        @for (place, (n, one, many)) in engagement.iter().filter(|(n, _, _)| *n > 0).enumerate() {
                            @if place > 0 { ", " }
                            (words::counted(*n, one, many))
                        }
                    }
                }
                dt { "Source" } dd { (mention.source) }
                dt { "Definition" } dd { code { (item.definition) } }
                dt { "Model" } dd { (mention.sentiment.model) }
                @if let Some(native_id) = &item.native_id { dt { "Id there" } dd { (native_id) } }
                dt { "Id here" } dd { code { (mention.id) } }
                dt { "Story" } dd { code { (mention.story) } }
                @if let Some(link) = safe_link(item.url.as_deref()) {
                    dt { "Link" }
                    dd { a href=(link) rel="noopener noreferrer nofollow" target="_blank" { (link) } }
                }
            }
        }
    }
}

fn deliveries_of(told: &[Told], now: DateTime<Utc>) -> Markup {
    let is_empty = told.iter().all(|told| told.deliveries.is_empty());
    html! {
        section.panel aria-labelledby="sent" {
            h2 #sent { "Sent to" }
            @if is_empty { p.none { "Nothing about it was sent to a webhook." } }
            @else {
                ul.small-list {
                    @for Told { event, deliveries } in told {
                        @for delivery in deliveries {
                            li {
                                span { (delivery.destination) }
                                (deliveries::state(delivery.state))
                                span.sub { (event.event_type.as_str()) " · " (when::ago(delivery.created_at, now)) }
                                (deliveries::outcome(delivery, now))
                            }
                        }
                    }
                }
            }
        }
    }
}
