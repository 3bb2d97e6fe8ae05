//! What programs ask of the daemon itself: its sources, a poll now, a test event, a
//! reload, a link to sign in with.

use axum::Json;
use axum::extract::{Path, State};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::extract::ApiQuery;
use crate::domain::{Health, SourceName};
use crate::web::auth;
use crate::web::control::{Command, PollReport, TestReport};
use crate::web::problem::{ApiProblem, Problem};
use crate::web::search::read_switch;
use crate::web::sources::{self, SourceRow};
use crate::web::state::AppState;

/// A configured source with its health.
#[derive(Serialize)]
pub(super) struct Source {
    name: SourceName,
    definition: String,
    title: String,
    every_secs: u64,
    adaptive_secs: Option<u64>,
    url: Option<String>,
    verified: Option<String>,
    health: Health,
}

impl From<SourceRow> for Source {
    fn from(SourceRow { info, health }: SourceRow) -> Self {
        Self {
            name: info.name,
            definition: info.definition,
            title: info.title,
            every_secs: info.every.as_secs(),
            adaptive_secs: info.adaptive.map(|slowest| slowest.as_secs()),
            url: info.url,
            verified: info.verified,
            health,
        }
    }
}

/// The configured sources, those in trouble first.
#[derive(Serialize)]
pub(super) struct Sources {
    sources: Vec<Source>,
}

pub(super) async fn sources(State(state): State<AppState>) -> Result<Json<Sources>, ApiProblem> {
    let rows = sources::rows(&state).await?;
    Ok(Json(Sources {
        sources: rows.into_iter().map(Source::from).collect(),
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HowToPoll {
    dry_run: Option<String>,
}

pub(super) async fn poll(
    State(state): State<AppState>,
    Path(name): Path<String>,
    ApiQuery(how): ApiQuery<HowToPoll>,
) -> Result<Json<PollReport>, ApiProblem> {
    let dry_run = match how.dry_run.as_deref() {
        Some(text) => read_switch("dry_run", text)?,
        None => false,
    };
    let name = SourceName::new(name);
    let site = state.site_now();
    if !site.sources.iter().any(|source| source.name == name) {
        let known = site.sources.iter().map(|source| source.name.as_str());
        return Err(ApiProblem(unknown("source", name.as_str(), known)));
    }
    let report = ask_daemon(&state, |reply| Command::PollSource {
        name,
        dry_run,
        reply,
    })
    .await?;
    Ok(Json(report))
}

pub(super) async fn test_webhook(
    State(state): State<AppState>,
    Path(name): Path<String>,
) -> Result<Json<TestReport>, ApiProblem> {
    let site = state.site_now();
    if !site.destinations.iter().any(|known| known.name == name) {
        let known = site.destinations.iter().map(|known| known.name.as_str());
        return Err(ApiProblem(unknown("webhook", &name, known)));
    }
    let report = ask_daemon(&state, |reply| Command::TestWebhook { name, reply }).await?;
    Ok(Json(report))
}

/// What a reload changed.
#[derive(Serialize)]
pub(super) struct Reloaded {
    message: String,
}

pub(super) async fn reload(State(state): State<AppState>) -> Result<Json<Reloaded>, ApiProblem> {
    let message = ask_daemon(&state, |reply| Command::Reload { reply })
        .await
        .map_err(|problem| match problem.kind {
            // The configuration is wrong, not the way to it.
            "failed" => Problem::new(
                axum::http::StatusCode::UNPROCESSABLE_ENTITY,
                "bad_configuration",
                problem.message,
                "the old configuration stays; mend the file and reload again",
            ),
            _ => problem,
        })?;
    Ok(Json(Reloaded { message }))
}

/// A link that signs one browser in.
#[derive(Serialize)]
pub(super) struct Link {
    url: String,
    expires_at: DateTime<Utc>,
}

pub(super) async fn sign_in_link(State(state): State<AppState>) -> Result<Json<Link>, ApiProblem> {
    let now = state.now();
    let token = state
        .ask(move |store| auth::issue_sign_in(store, now, auth::ASKED_LINK_LASTS))
        .await?;
    Ok(Json(Link {
        url: auth::sign_in_url(&state.site_now().base_url(), &token),
        expires_at: now + auth::ASKED_LINK_LASTS,
    }))
}

/// What the worker made of a command; what it could not do is a sentence for people.
async fn ask_daemon<T>(
    state: &AppState,
    command: impl FnOnce(oneshot::Sender<Result<T, String>>) -> Command,
) -> Result<T, Problem> {
    let outcome = state.ask_worker(command).await?;
    outcome.map_err(Problem::failed)
}

fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> Problem {
    let known: Vec<&str> = known.collect();
    let mend = if known.is_empty() {
        format!("the configuration has no {what}")
    } else {
        format!("the configuration has {}", known.join(", "))
    };
    Problem::not_found(format!("there is no {what} `{name}`"), mend)
}
