//! The router as browsers, feed readers and commands meet it, called in-process.

mod access;
mod answers;
mod hooks;
mod hostile;
mod judgement;
mod live;
mod outbox;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::Response;
use http_body_util::BodyExt as _;
use tempfile::TempDir;
use tokio::sync::{broadcast, mpsc, watch};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::control::Command;
use super::sample;
use super::state::{AppState, Site, SourceInfo};
use super::{TokenHash, router};
use crate::domain::{
    BrandName, Delivery, Destination, DestinationKind, Event, EventId, EventType, Mention, Secret,
    SourceName, SourceStatus,
};
use crate::store::{NewMention, PollOutcome, Store};

/// The token of commands on the same machine.
pub(super) const LOCAL: &str = "local-token";

/// Everything that a router needs, with a store of its own.
pub(super) struct House {
    pub(super) state: AppState,
    pub(super) router: Router,
    pub(super) inbox: mpsc::Receiver<Command>,
    _folder: TempDir,
    _site: watch::Sender<Arc<Site>>,
}

impl House {
    pub(super) fn new() -> Self {
        Self::with(|_| ())
    }

    pub(super) fn with(change: impl FnOnce(&mut Site)) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = Store::open(folder.path(), sample::now()).expect("a new store");
        let mut site = Site {
            brands: vec![BrandName::new("Acme")],
            sources: vec![SourceInfo {
                name: SourceName::new("mastodon"),
                definition: "mastodon-tag".to_owned(),
                title: "Mastodon".to_owned(),
                every: Duration::from_secs(600),
                adaptive: None,
                url: Some("https://social.example/tags/acme".to_owned()),
                verified: None,
            }],
            destinations: vec![Destination {
                name: "chat".to_owned(),
                kind: DestinationKind::Generic,
                page: None,
                url: Secret::new("https://hooks.example/secret-path"),
                secrets: Vec::new(),
                events: Vec::new(),
                brands: Vec::new(),
                min_score: 0.6,
                noise: Default::default(),
            }],
            public_url: None,
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            is_demo: false,
            model: "hearken-en/1".to_owned(),
            version: "0.1.0".to_owned(),
        };
        change(&mut site);
        let (site, site_seen) = watch::channel(Arc::new(site));
        let (control, inbox) = mpsc::channel(8);
        let state = AppState {
            store,
            site: site_seen,
            control,
            alerts: broadcast::Sender::new(16),
            clock: sample::now,
            local_token: Some(TokenHash::of(LOCAL)),
            model_ready: Arc::new(AtomicBool::new(true)),
            stop: CancellationToken::new(),
        };
        Self {
            router: router(state.clone()),
            state,
            inbox,
            _folder: folder,
            _site: site,
        }
    }

    /// Does the worker's part of corrections, without triage.
    pub(super) fn record_corrections(&mut self) {
        let mut inbox = std::mem::replace(&mut self.inbox, mpsc::channel(1).1);
        let store = self.state.store.clone();
        tokio::spawn(async move {
            while let Some(command) = inbox.recv().await {
                let Command::Correct {
                    mention,
                    said,
                    reply,
                } = command
                else {
                    continue;
                };
                let corrected = store
                    .find_mention(&mention)
                    .and_then(|found| store.correct(&found.id, &said, |_| Vec::new()));
                let _ = reply.send(corrected);
            }
        });
    }

    /// Stores a mention with its alert, as a poll does.
    pub(super) fn store(&self, mention: &Mention) -> Event {
        let mut event = Event::new(
            EventId::of("mention.flagged", &[mention.id.as_str()]),
            EventType::MentionFlagged,
            mention.seen_at,
            serde_json::json!({ "mention": mention }),
        );
        event.mention = Some(mention.id.clone());
        let delivery = Delivery::due(&event, "chat");
        let outgoing = if mention.flag.is_some() {
            vec![(event.clone(), vec![delivery])]
        } else {
            Vec::new()
        };
        let outcome = PollOutcome {
            source: mention.source.clone(),
            status: Some(SourceStatus::new(mention.source.clone())),
            mentions: vec![NewMention {
                keys: vec![format!("key {}", mention.id)],
                mention: mention.clone(),
                events: outgoing,
            }],
            events: Vec::new(),
        };
        self.state
            .store
            .record_poll(&outcome)
            .expect("it is stored");
        event
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Response {
        self.router
            .clone()
            .oneshot(request)
            .await
            .expect("a router always answers")
    }

    /// A GET as a command makes it.
    pub(super) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[("authorization", &bearer())], "")
            .await
    }

    /// A POST as a command makes it.
    pub(super) async fn post(&self, path: &str, body: &str) -> Answer {
        let headers = [
            ("authorization", bearer()),
            ("content-type", "application/json".to_owned()),
        ];
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        self.ask("POST", path, &headers, body).await
    }

    pub(super) async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request
            .body(Body::from(body.to_owned()))
            .expect("a valid request");
        let answer = self.send(request).await;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let bytes = answer
            .into_body()
            .collect()
            .await
            .expect("a whole body")
            .to_bytes();
        Answer {
            status,
            headers,
            text: String::from_utf8(bytes.to_vec()).expect("UTF-8"),
        }
    }
}

pub(super) fn bearer() -> String {
    format!("Bearer {LOCAL}")
}

/// An answer, read to its end.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("ASCII"))
    }

    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).expect("JSON")
    }
}

/// Every page and file that a GET reads, with ids that exist in a house with mention `m1`.
pub(super) const PAGES: [&str; 11] = [
    "/",
    "/to-check",
    "/mentions",
    "/mentions?q=acme&verdict=negative&since=7d&flagged=true",
    "/mentions/m1",
    "/done",
    "/sources",
    "/deliveries",
    "/feed.atom",
    "/feed.json",
    "/metrics",
];

/// Every GET of the API.
pub(super) const API_PAGES: [&str; 7] = [
    "/api/v1/mentions",
    "/api/v1/corrections",
    "/api/v1/mentions/m1",
    "/api/v1/cases",
    "/api/v1/deliveries",
    "/api/v1/sources",
    "/api/v1/openapi.json",
];

/// Every POST.
pub(super) const POSTS: [&str; 14] = [
    "/mentions/m1/correct",
    "/api/v1/mentions/m1/correct",
    "/mentions/m1/done",
    "/mentions/m1/dismiss",
    "/mentions/m1/reopen",
    "/feed-address",
    "/sign-out",
    "/api/v1/cases/m1/done",
    "/api/v1/cases/m1/dismiss",
    "/api/v1/cases/m1/reopen",
    "/api/v1/sources/mastodon/poll",
    "/api/v1/webhooks/chat/test",
    "/api/v1/reload",
    "/api/v1/sign-in-links",
];
