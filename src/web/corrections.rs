//! A person's word against the model's: the buttons, and what pressing one does.

use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::actions::{BY_PAGE, read_by, return_path};
use super::control::Command;
use super::problem::{PageProblem, Problem};
use super::state::AppState;
use super::words;
use crate::domain::{Label, Mention, Said};
use crate::store::Corrected;

/// What people may say; that they are unsure too teaches nothing.
const LABELS: [Label; 3] = [Label::Negative, Label::Neutral, Label::Positive];
/// The word in the address of the page that a button leads back to.
pub(super) const DID: &str = "correct";

/// Has the worker record what a person said of a mention's verdict: it knows what triage
/// needs to flag the mention after all.
pub(super) async fn correct(
    state: &AppState,
    mention: &str,
    label: &str,
    by: &str,
) -> Result<Corrected, Problem> {
    let mention = mention.to_owned();
    let said = Said {
        label: read_label(label)?,
        by: read_by(by)?.to_owned(),
        at: state.now(),
    };
    let corrected = state
        .ask_worker(|reply| Command::Correct {
            mention,
            said,
            reply,
        })
        .await?;
    Ok(corrected?)
}

fn read_label(word: &str) -> Result<Label, Problem> {
    LABELS
        .into_iter()
        .find(|label| label.as_str() == word)
        .ok_or_else(|| {
            Problem::bad_request(
                format!("`{word}` is no verdict that can be learned from"),
                format!("use {}", LABELS.map(Label::as_str).join(", ")),
            )
        })
}

/// What a button sends.
#[derive(Deserialize)]
pub(super) struct Pressed {
    #[serde(default)]
    back: String,
    #[serde(default)]
    label: String,
}

/// A button on a page: records the verdict, then leads back to where it was pressed.
pub(super) async fn press(
    State(state): State<AppState>,
    Path(mention): Path<String>,
    Form(pressed): Form<Pressed>,
) -> Result<Response, PageProblem> {
    let outcome = correct(&state, &mention, &pressed.label, BY_PAGE).await?;
    Ok(Redirect::to(&return_path(&pressed.back, &outcome.mention, DID)).into_response())
}

/// A button for each verdict that a mention does not have.
pub(super) fn buttons(mention: &Mention, back: &str) -> Markup {
    html! {
        @for label in LABELS.into_iter().filter(|label| *label != mention.sentiment.label) {
            form method="post" action=(format!("/mentions/{}/correct", mention.id)) {
                input type="hidden" name="back" value=(back);
                input type="hidden" name="label" value=(label.as_str());
                button.quiet type="submit" { "It is " (label.as_str()) }
            }
        }
    }
}

/// The panel of a mention's own page.
pub(super) fn panel(mention: &Mention, back: &str) -> Markup {
    html! {
        section.panel aria-labelledby="correct" {
            h2 #correct { "Is the verdict wrong?" }
            @if let Some(correction) = mention.correction() {
                p.none {
                    "It is what a person said " (words::by(&correction.by))
                    "; the model had said " (correction.was.as_str()) "."
                }
            } @else {
                p.none { "Say what it is. The model learns from corrections." }
            }
            div.panel-foot { (buttons(mention, back)) }
        }
    }
}
