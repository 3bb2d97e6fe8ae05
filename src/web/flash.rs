//! What was just done, at the top of the page that a button led back to, with the way to
//! undo it. It stands in the address, so it needs neither a cookie nor a script.

use maud::{Markup, html};
use serde::Deserialize;

use super::actions;
use super::card;
use super::corrections;
use super::problem::Problem;
use super::state::AppState;
use crate::domain::{CaseAction, Mention, MentionId};

/// How much of the text reminds the reader which mention it was.
const REMINDER_CHARS: usize = 70;

/// The part of an address that says what was done.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Did {
    #[serde(default)]
    did: Option<String>,
    #[serde(default)]
    to: Option<String>,
}

impl Did {
    /// Reads it from a query that may hold other things; a query that cannot be read says
    /// nothing.
    pub(super) fn read(query: &str) -> Self {
        let mut did = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "did" => did.did = Some(value.into_owned()),
                "to" => did.to = Some(value.into_owned()),
                _ => (),
            }
        }
        did
    }
}

/// The message, when the case still stands as the address claims: an old address, or one
/// that somebody made up, says nothing.
pub(super) async fn show(state: &AppState, did: &Did, back: &str) -> Result<Markup, Problem> {
    let (Some(word), Some(id)) = (&did.did, &did.to) else {
        return Ok(html! {});
    };
    if word == corrections::DID {
        let id = MentionId::new(id.as_str());
        let mention = state.ask(move |store| store.mention(&id)).await?;
        return Ok(mention.map_or_else(|| html! {}, |mention| corrected(&mention)));
    }
    let Ok(action) = actions::read_action(word) else {
        return Ok(html! {});
    };
    let id = MentionId::new(id.as_str());
    let mention = state.ask(move |store| store.mention(&id)).await?;
    let fits = |mention: &Mention| {
        mention.case.as_ref().is_some_and(|case| match action {
            CaseAction::Acknowledge => case.acknowledged_at.is_some(),
            CaseAction::Snooze => case.snoozed_until.is_some(),
            _ => action.leads_to() == Some(case.state),
        })
    };
    Ok(mention
        .filter(fits)
        .map_or_else(|| html! {}, |mention| message(&mention, action, back)))
}

/// What a person said of the verdict, when it stands so.
fn corrected(mention: &Mention) -> Markup {
    html! {
        @if let Some(correction) = mention.correction() {
            div.flash role="status" {
                p {
                    strong { "Noted: " (correction.label.as_str()) "." }
                    " The model learns from it at the next " code { "hearken model train --from corrections" } ". "
                    span.flash-what { "“" bdi { (reminder(mention)) } "”" }
                }
            }
        }
    }
}

fn reminder(mention: &Mention) -> String {
    let text = mention.item.full_text();
    let mut reminder: String = text.chars().take(REMINDER_CHARS).collect();
    if reminder.len() < text.len() {
        reminder.push('…');
    }
    reminder
}

fn message(mention: &Mention, action: CaseAction, back: &str) -> Markup {
    html! {
        div.flash role="status" {
            p {
                @match action {
                    CaseAction::Claim => strong { "Claimed: it is yours." },
                    CaseAction::Acknowledge => strong { "Acknowledged: its updates are told no more." },
                    CaseAction::Snooze => strong { "Snoozed: nothing is told about it for a while." },
                    CaseAction::Done => strong { "Marked as handled." },
                    CaseAction::Dismiss => strong { "Dismissed." },
                    CaseAction::Reopen => strong { "Open again." },
                }
                " "
                span.flash-what { "“" bdi { (reminder(mention)) } "”" }
            }
            @if action != CaseAction::Reopen {
                (card::button(mention, CaseAction::Reopen, "Undo", "", back))
            }
        }
    }
}
