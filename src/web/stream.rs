//! New alerts for the live page, as server-sent events: a card to put in, a card to take
//! away, new counts. A page that connects, for the first time or again, is told the whole
//! list first and fetches what it lacks: what came in while it was being loaded, or was
//! away, is never missing from it.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{self, KeepAlive, Sse};
use futures_util::{Stream, StreamExt as _};
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::card::{self, Frame};
use super::counts;
use super::live;
use super::state::AppState;
use crate::domain::{Event, EventType, Mention};

/// How many messages may wait for a slow browser.
const WAITING_MESSAGES: usize = 64;
/// Proxies close a connection that is silent for a minute.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// Opens the stream.
pub(super) async fn get(
    State(state): State<AppState>,
) -> Sse<impl Stream<Item = Result<sse::Event, Infallible>>> {
    let (sender, receiver) = mpsc::channel(WAITING_MESSAGES);
    // Subscribed before the store is asked, so that nothing falls in between.
    let alerts = state.alerts.subscribe();
    tokio::spawn(feed(state, alerts, sender));
    Sse::new(ReceiverStream::new(receiver).map(Ok))
        .keep_alive(KeepAlive::new().interval(KEEP_ALIVE).text("still here"))
}

async fn feed(
    state: AppState,
    mut alerts: tokio::sync::broadcast::Receiver<Arc<Event>>,
    sender: mpsc::Sender<sse::Event>,
) {
    if tell_all(&state, &sender).await.is_err() {
        return;
    }
    loop {
        let alert = tokio::select! {
            biased;
            () = state.stop.cancelled() => return,
            () = sender.closed() => return,
            alert = alerts.recv() => alert,
        };
        let told = match alert {
            Ok(event) => tell(&state, &event, &sender).await,
            Err(RecvError::Lagged(_)) => tell_all(&state, &sender).await,
            Err(RecvError::Closed) => return,
        };
        if told.is_err() {
            return;
        }
    }
}

/// The browser has left.
struct Gone;

/// Turns one event into messages.
async fn tell(
    state: &AppState,
    event: &Event,
    sender: &mpsc::Sender<sse::Event>,
) -> Result<(), Gone> {
    if let Some(message) = message(state, event).await {
        sender.send(message).await.map_err(|_| Gone)?;
    }
    tell_counts(state, sender).await
}

/// The list as it is now: the script takes away what is not in it and fetches what it lacks.
async fn tell_all(state: &AppState, sender: &mpsc::Sender<sse::Event>) -> Result<(), Gone> {
    if let Ok((urgent, _)) = state.ask(live::waiting).await {
        let ids: Vec<_> = urgent.into_iter().map(|mention| mention.id).collect();
        let message = sse::Event::default()
            .event("list")
            .data(json!({ "ids": ids }).to_string());
        sender.send(message).await.map_err(|_| Gone)?;
    }
    tell_counts(state, sender).await
}

async fn tell_counts(state: &AppState, sender: &mpsc::Sender<sse::Event>) -> Result<(), Gone> {
    if let Ok(counts) = counts::count(state).await {
        let message = sse::Event::default()
            .event("counts")
            .data(counts.to_json().to_string());
        sender.send(message).await.map_err(|_| Gone)?;
    }
    Ok(())
}

async fn message(state: &AppState, event: &Event) -> Option<sse::Event> {
    let about_a_mention = matches!(
        event.event_type,
        EventType::MentionFlagged
            | EventType::MentionUpdated
            | EventType::CaseClaimed
            | EventType::CaseReplied
            | EventType::CaseDismissed
            | EventType::CaseReopened
    );
    let id = event.mention.clone().filter(|_| about_a_mention)?;
    let wanted = id.clone();
    let mention = state
        .ask(move |store| store.mention(&wanted))
        .await
        .unwrap_or_default()?;
    let (name, data) = if belongs_on_the_page(&mention) {
        let site = state.site_now();
        let frame = Frame {
            site: &site,
            now: state.now(),
            back: "/",
        };
        let data = json!({
            "id": id,
            "card": card::card(&mention, &frame).into_string(),
        });
        ("mention", data)
    } else {
        ("closed", json!({ "id": id }))
    };
    Some(
        sse::Event::default()
            .id(event.id.as_str())
            .event(name)
            .data(data.to_string()),
    )
}

/// Whether the live page lists it: flagged, waiting and not from before we listened.
pub(super) fn belongs_on_the_page(mention: &Mention) -> bool {
    mention.flag.is_some()
        && !mention.backlog
        && mention
            .case
            .as_ref()
            .is_some_and(|case| case.state.is_waiting())
}
