//! "Handled", "dismiss" and "reopen", from a button or from the API: one change of the
//! store with its event and deliveries, then the word to the worker and the live pages.

use std::sync::Arc;

use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::json;
use tracing::info;

use super::control::Command;
use super::guard::local_path;
use super::problem::{PageProblem, Problem};
use super::state::AppState;
use crate::domain::{CaseAct, CaseAction, Event, EventId, EventType, Mention};
use crate::store::ActOutcome;

/// The longest note that is kept; a note is a sentence or two.
const NOTE_CHARS: usize = 2_000;
/// The longest name of whoever acted.
const BY_CHARS: usize = 80;
/// Who acted, when a button on a page was pressed.
pub(super) const BY_PAGE: &str = "page";

/// Does what a person asked for to a mention's case.
pub(super) async fn act(
    state: &AppState,
    mention: &str,
    action: CaseAction,
    by: &str,
    note: Option<&str>,
) -> Result<ActOutcome, Problem> {
    let now = state.now();
    let note = note.map(str::trim).filter(|note| !note.is_empty());
    if note.is_some_and(|note| note.chars().count() > NOTE_CHARS) {
        return Err(Problem::bad_request(
            format!("the note is longer than {NOTE_CHARS} characters"),
            "write a shorter note",
        ));
    }
    let by = by.trim();
    if by.is_empty() || by.chars().count() > BY_CHARS {
        return Err(Problem::bad_request(
            format!("`by` must have 1 to {BY_CHARS} characters"),
            "say who did it in a few words",
        ));
    }
    let act = CaseAct {
        at: now,
        action,
        by: by.to_owned(),
        note: note.map(str::to_owned),
    };
    let site = state.site_now();
    let wanted = mention.to_owned();
    let outcome = state
        .ask(move |store| {
            let id = store.find_mention(&wanted)?.id;
            store.act_on_case(&id, act, |mention| {
                vec![event(mention, action, now).addressed(&site.destinations)]
            })
        })
        .await?;
    if outcome.changed {
        info!(mention.id = %outcome.mention.id, action = action_word(action), "A case was changed");
        let event = event(&outcome.mention, action, now);
        // Nobody may be looking, and no daemon may be running: both are fine.
        let _ = state.alerts.send(Arc::new(event));
        let _ = state.control.try_send(Command::Wake);
    }
    Ok(outcome)
}

fn event(mention: &Mention, action: CaseAction, now: DateTime<Utc>) -> Event {
    let event_type = match action {
        CaseAction::Done => EventType::CaseReplied,
        CaseAction::Dismiss => EventType::CaseDismissed,
        CaseAction::Reopen => EventType::CaseReopened,
    };
    let moment = now.to_rfc3339();
    let id = EventId::of(event_type.as_str(), &[mention.id.as_str(), &moment]);
    let data = json!({ "mention": mention, "case": mention.case });
    Event::new(id, event_type, now, data).about(mention)
}

/// What a button sends.
#[derive(Deserialize)]
pub(super) struct Pressed {
    #[serde(default)]
    back: String,
    #[serde(default)]
    note: String,
}

/// A button on a page: acts, then leads back to where it was pressed.
pub(super) async fn press(
    State(state): State<AppState>,
    Path((mention, action)): Path<(String, String)>,
    Form(pressed): Form<Pressed>,
) -> Result<Response, PageProblem> {
    let action = read_action(&action)?;
    let outcome = act(&state, &mention, action, BY_PAGE, Some(&pressed.note)).await?;
    Ok(Redirect::to(&return_path(&pressed.back, &outcome.mention, action)).into_response())
}

/// An action in an address.
pub(super) fn read_action(word: &str) -> Result<CaseAction, Problem> {
    match word {
        "done" => Ok(CaseAction::Done),
        "dismiss" => Ok(CaseAction::Dismiss),
        "reopen" => Ok(CaseAction::Reopen),
        _ => Err(Problem::not_found(
            format!("there is no action `{word}`"),
            "use done, dismiss or reopen",
        )),
    }
}

/// The word of an action in an address.
pub(super) fn action_word(action: CaseAction) -> &'static str {
    match action {
        CaseAction::Done => "done",
        CaseAction::Dismiss => "dismiss",
        CaseAction::Reopen => "reopen",
    }
}

/// Where a button leads: the page it was on, which then says what was done to what.
fn return_path(back: &str, mention: &Mention, action: CaseAction) -> String {
    let back = local_path(back).unwrap_or("/");
    let (path, query) = back.split_once('?').unwrap_or((back, ""));
    let query = query.split_once('#').map_or(query, |(query, _)| query);
    let mut parts = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        if name != "did" && name != "to" {
            parts.append_pair(&name, &value);
        }
    }
    parts.append_pair("did", action_word(action));
    parts.append_pair("to", mention.id.as_str());
    format!("{path}?{}", parts.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(back: &str, expected: &str) {
        let mention = super::super::sample::mention("m1");
        assert_eq!(return_path(back, &mention, CaseAction::Done), expected);
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
