//! What people do to a case, from a button or from the API: one change of the
//! store with its event and deliveries, then the word to the worker and the live pages.

use std::sync::Arc;

use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::json;
use tracing::info;

use super::control::Command;
use super::guard::local_path;
use super::problem::{PageProblem, Problem};
use super::state::AppState;
use crate::domain::{CaseAct, CaseAction, Event, EventId, EventType, Mention, parse_duration};
use crate::store::ActOutcome;

/// The longest note that is kept; a note is a sentence or two.
const NOTE_CHARS: usize = 2_000;
/// The longest name of whoever acted.
const BY_CHARS: usize = 80;
/// What sleeps longer than this is dismissed rather than snoozed.
const LONGEST_SNOOZE: TimeDelta = TimeDelta::days(30);
/// Who acted, when a button on a page was pressed.
pub(super) const BY_PAGE: &str = "page";

/// Does what a person asked for to a mention's case.
pub(super) async fn act(
    state: &AppState,
    mention: &str,
    action: CaseAction,
    by: &str,
    note: Option<&str>,
    until: Option<DateTime<Utc>>,
) -> Result<ActOutcome, Problem> {
    let now = state.now();
    let until = match (action, until) {
        (CaseAction::Snooze, None) => {
            return Err(Problem::bad_request(
                "a snooze needs its end",
                "send `for` (such as \"2h\") or `until` (a time)",
            ));
        }
        (CaseAction::Snooze, Some(until)) if until <= now || until > now + LONGEST_SNOOZE => {
            return Err(Problem::bad_request(
                "the end of the snooze is not within the next 30 days",
                "choose a time between now and 30 days from now",
            ));
        }
        (CaseAction::Snooze, until) => until,
        _ => None,
    };
    let note = note.map(str::trim).filter(|note| !note.is_empty());
    if note.is_some_and(|note| note.chars().count() > NOTE_CHARS) {
        return Err(Problem::bad_request(
            format!("the note is longer than {NOTE_CHARS} characters"),
            "write a shorter note",
        ));
    }
    let by = read_by(by)?;
    let act = CaseAct {
        at: now,
        action,
        by: by.to_owned(),
        note: note.map(str::to_owned),
        until,
    };
    let site = state.site_now();
    let wanted = mention.to_owned();
    let outcome = state
        .ask(move |store| {
            let id = store.find_mention(&wanted)?.id;
            store.act_on_case(&id, act, |mention| {
                event(mention, action, now)
                    .map(|event| event.addressed(&site.destinations))
                    .into_iter()
                    .collect()
            })
        })
        .await?;
    if outcome.changed {
        info!(mention.id = %outcome.mention.id, action = action.as_str(), "A case was changed");
        // Nobody may be looking, and no daemon may be running: both are fine.
        if let Some(event) = event(&outcome.mention, action, now) {
            let _ = state.alerts.send(Arc::new(event));
        }
        let _ = state.control.try_send(Command::Wake);
    }
    Ok(outcome)
}

/// Who acted, in a few words.
pub(super) fn read_by(by: &str) -> Result<&str, Problem> {
    let by = by.trim();
    if by.is_empty() || by.chars().count() > BY_CHARS {
        return Err(Problem::bad_request(
            format!("`by` must have 1 to {BY_CHARS} characters"),
            "say who did it in a few words",
        ));
    }
    Ok(by)
}

/// What others are told; that somebody wants to hear less is nobody else's business.
fn event(mention: &Mention, action: CaseAction, now: DateTime<Utc>) -> Option<Event> {
    let event_type = match action {
        CaseAction::Claim => EventType::CaseClaimed,
        CaseAction::Acknowledge | CaseAction::Snooze => return None,
        CaseAction::Done => EventType::CaseReplied,
        CaseAction::Dismiss => EventType::CaseDismissed,
        CaseAction::Reopen => EventType::CaseReopened,
    };
    let moment = now.to_rfc3339();
    let id = EventId::of(event_type.as_str(), &[mention.id.as_str(), &moment]);
    let data = json!({ "mention": mention, "case": mention.case });
    Some(Event::new(id, event_type, now, data).about(mention))
}

/// What a button sends.
#[derive(Deserialize)]
pub(super) struct Pressed {
    #[serde(default)]
    back: String,
    #[serde(default)]
    note: String,
    /// How long a snooze lasts, as `2h`.
    #[serde(default, rename = "for")]
    lasting: String,
}

/// A button on a page: acts, then leads back to where it was pressed.
pub(super) async fn press(
    State(state): State<AppState>,
    Path((mention, action)): Path<(String, String)>,
    Form(pressed): Form<Pressed>,
) -> Result<Response, PageProblem> {
    let action = read_action(&action)?;
    let until = match action {
        CaseAction::Snooze => Some(snooze_end(&pressed.lasting, state.now())?),
        _ => None,
    };
    let note = Some(pressed.note.as_str());
    let outcome = act(&state, &mention, action, BY_PAGE, note, until).await?;
    Ok(Redirect::to(&return_path(
        &pressed.back,
        &outcome.mention,
        action.as_str(),
    ))
    .into_response())
}

/// An action in an address.
pub(super) fn read_action(word: &str) -> Result<CaseAction, Problem> {
    CaseAction::ALL
        .into_iter()
        .find(|action| action.as_str() == word)
        .ok_or_else(|| {
            Problem::not_found(
                format!("there is no action `{word}`"),
                format!("use {}", CaseAction::ALL.map(CaseAction::as_str).join(", ")),
            )
        })
}

/// The end of a snooze that lasts so long from now.
pub(super) fn snooze_end(lasting: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, Problem> {
    let length = parse_duration(lasting)
        .map_err(|sentence| Problem::bad_request(sentence, "write for example 2h"))?;
    let length = TimeDelta::from_std(length)
        .ok()
        .filter(|length| *length <= LONGEST_SNOOZE)
        .unwrap_or(LONGEST_SNOOZE);
    Ok(now + length)
}

/// Where a button leads: the page it was on, which then says what was done to what.
pub(super) fn return_path(back: &str, mention: &Mention, did: &str) -> String {
    let back = local_path(back).unwrap_or("/");
    let (path, query) = back.split_once('?').unwrap_or((back, ""));
    let query = query.split_once('#').map_or(query, |(query, _)| query);
    let mut parts = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        if name != "did" && name != "to" {
            parts.append_pair(&name, &value);
        }
    }
    parts.append_pair("did", did);
    parts.append_pair("to", mention.id.as_str());
    format!("{path}?{}", parts.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(back: &str, expected: &str) {
        let mention = super::super::sample::mention("m1");
        assert_eq!(return_path(back, &mention, "done"), expected);
    }

    #[test]
    fn a_button_leads_back_to_its_page() {
        check("/", "/?did=done&to=m1");
        check(
            "/mentions?q=a+b&did=dismiss&to=m0",
            "/mentions?q=a+b&did=done&to=m1",
        );
        check("//evil.example/", "/?did=done&to=m1");
        check("", "/?did=done&to=m1");
    }
}
