//! What machines ask: whether the process is alive, whether it can work, and its figures
//! as Prometheus reads them.

use std::fmt::Write as _;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde_json::json;

use super::deliveries;
use super::problem::{ApiProblem, Problem};
use super::sources::{self, SourceRow};
use super::state::AppState;
use crate::domain::{DeliveryState, HealthState};
use crate::store::Stats;

/// More deliveries than this in one day are counted as this many.
const COUNTED_DELIVERIES: usize = 50_000;

/// The process is alive; nothing else is asked.
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// Whether the store can be read and the model answers.
pub(super) async fn ready(State(state): State<AppState>) -> Response {
    let store_is_readable = state.ask(|store| store.setting("ready")).await.is_ok();
    let model_is_ready = state.is_model_ready();
    let status = if store_is_readable && model_is_ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = json!({ "ready": status.is_success(), "store": store_is_readable, "model": model_is_ready });
    (status, Json(body)).into_response()
}

/// The figures of this moment.
pub(super) async fn metrics(State(state): State<AppState>) -> Result<Response, ApiProblem> {
    let now = state.now();
    let (stats, n_undelivered, size_bytes) = state
        .ask(move |store| {
            Ok((
                store.stats(None, now)?,
                store.n_undelivered(),
                store.size_on_disk()?,
            ))
        })
        .await?;
    let sources = sources::rows(&state).await?;
    let by_state = count_deliveries(&state).await?;
    let mut text = Exposition::default();
    let site = state.site_now();
    text.gauge("hearken_build_info", "Version and model, as labels.");
    text.value(&[("version", &site.version), ("model", &site.model)], 1.0);
    text.gauge("hearken_model_ready", "Whether the model answers.");
    text.value(&[], f64::from(u8::from(state.is_model_ready())));
    write_stats(&mut text, &stats);
    text.gauge(
        "hearken_deliveries_last_day",
        "Deliveries stored in the last day, by state.",
    );
    for (delivery_state, n) in by_state {
        text.value(&[("state", delivery_state.as_str())], n as f64);
    }
    text.gauge("hearken_deliveries_waiting", "Deliveries still to be made.");
    text.value(&[], n_undelivered as f64);
    text.gauge("hearken_store_size_bytes", "What the store takes on disk.");
    text.value(&[], size_bytes as f64);
    write_sources(&mut text, &sources);
    write_failures(&mut text, &sources);
    Ok((
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        text.text,
    )
        .into_response())
}

async fn count_deliveries(state: &AppState) -> Result<Vec<(DeliveryState, usize)>, Problem> {
    let states = [
        DeliveryState::Due,
        DeliveryState::Sending,
        DeliveryState::Delivered,
        DeliveryState::Retrying,
        DeliveryState::Failed,
        DeliveryState::Skipped,
    ];
    let recent = deliveries::of_last_day(state, COUNTED_DELIVERIES).await?;
    Ok(states
        .into_iter()
        .map(|wanted| {
            let n = recent
                .iter()
                .filter(|delivery| delivery.state == wanted)
                .count();
            (wanted, n)
        })
        .collect())
}

fn write_stats(text: &mut Exposition, stats: &Stats) {
    text.gauge("hearken_mentions", "Stored mentions, by verdict.");
    for (verdict, n) in [
        ("negative", stats.n_negative),
        ("neutral", stats.n_neutral),
        ("positive", stats.n_positive),
        ("unsure", stats.n_unsure),
    ] {
        text.value(&[("verdict", verdict)], n as f64);
    }
    for (name, help, n) in [
        (
            "hearken_mentions_flagged",
            "Stored mentions that were flagged.",
            stats.n_flagged,
        ),
        (
            "hearken_cases_waiting",
            "Flagged mentions that wait for a reply.",
            stats.n_waiting,
        ),
        (
            "hearken_cases_overdue",
            "Of these, past the last moment.",
            stats.n_overdue,
        ),
    ] {
        text.gauge(name, help);
        text.value(&[], n as f64);
    }
}

fn write_sources(text: &mut Exposition, sources: &[SourceRow]) {
    type Figure = fn(&SourceRow) -> Option<f64>;
    let figures: [(&str, &str, Figure); 10] = [
        (
            "hearken_source_up",
            "Whether the last poll was fine; absent before the first.",
            |row| match row.health.state {
                HealthState::New => None,
                HealthState::Ok => Some(1.0),
                HealthState::Failing => Some(0.0),
            },
        ),
        (
            "hearken_source_failures",
            "Failed polls since the last good one.",
            |row| Some(f64::from(row.health.n_failures)),
        ),
        (
            "hearken_source_last_poll_timestamp_seconds",
            "When it was last polled.",
            |row| row.health.last_poll_at.map(unix),
        ),
        (
            "hearken_source_last_success_timestamp_seconds",
            "When a poll last ended well.",
            |row| row.health.last_ok_at.map(unix),
        ),
        (
            "hearken_source_next_poll_timestamp_seconds",
            "When it is polled next.",
            |row| row.health.next_poll_at.map(unix),
        ),
        (
            "hearken_source_silent",
            "Whether it publishes nothing although it usually would.",
            |row| Some(f64::from(u8::from(row.health.silent_since.is_some()))),
        ),
        (
            "hearken_source_usual_items_per_week",
            "How many items it usually publishes in a week; absent until that is known.",
            |row| row.health.usual_per_week.map(f64::from),
        ),
        (
            "hearken_source_last_gap_timestamp_seconds",
            "When it was last noticed that items may have been missed.",
            |row| row.health.gaps.last().map(|gap| unix(gap.noticed_at)),
        ),
        ("hearken_source_items", "Items read, ever.", |row| {
            Some(row.health.n_items as f64)
        }),
        ("hearken_source_mentions", "Mentions stored, ever.", |row| {
            Some(row.health.n_mentions as f64)
        }),
    ];
    for (name, help, figure) in figures {
        text.gauge(name, help);
        for row in sources {
            if let Some(value) = figure(row) {
                text.value(&[("source", row.info.name.as_str())], value);
            }
        }
    }
}

/// The kind of failure as a label; its sentence is on the page and in `hearken sources`.
fn write_failures(text: &mut Exposition, sources: &[SourceRow]) {
    text.gauge(
        "hearken_source_failing",
        "1 while polls fail, with the kind of failure as a label.",
    );
    for row in sources {
        if let (HealthState::Failing, Some(kind)) = (row.health.state, &row.health.reason_kind) {
            text.value(
                &[("source", row.info.name.as_str()), ("kind", kind.as_str())],
                1.0,
            );
        }
    }
}

fn unix(at: DateTime<Utc>) -> f64 {
    at.timestamp() as f64
}

/// The text format of Prometheus, one metric after the other.
#[derive(Default)]
struct Exposition {
    text: String,
    metric: &'static str,
}

impl Exposition {
    fn gauge(&mut self, name: &'static str, help: &str) {
        self.metric = name;
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} gauge");
    }

    /// A value of the metric named last.
    fn value(&mut self, labels: &[(&str, &str)], value: f64) {
        self.text.push_str(self.metric);
        for (place, (name, text)) in labels.iter().enumerate() {
            let opening = if place == 0 { '{' } else { ',' };
            let text = text
                .replace('\\', "\\\\")
                .replace('"', "\\\"")
                .replace('\n', "\\n");
            let _ = write!(self.text, "{opening}{name}=\"{text}\"");
        }
        let closing = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.text, "{closing} {value}");
    }
}
