//! What every page and every API answer is made from: the store, what is configured
//! right now, and the ways to reach the running daemon. Holds no page logic.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::auth::TokenHash;
use super::control::Command;
use super::problem::Problem;
use crate::domain::{BrandName, Destination, Event, SourceName};
use crate::store::{Store, StoreError};

/// Where "now" comes from; tests hand in a fixed moment.
pub type Clock = fn() -> DateTime<Utc>;

/// Everything a handler may use. Cheap to clone: handles only.
#[derive(Clone)]
pub struct AppState {
    /// The mentions, events, deliveries and tokens.
    pub store: Store,
    /// What is configured now; a reload puts a new value in.
    pub site: watch::Receiver<Arc<Site>>,
    /// The way to the worker; closed when no daemon runs beside this router.
    pub control: mpsc::Sender<Command>,
    /// New events for the live pages; the worker and the pages themselves send here.
    pub alerts: broadcast::Sender<Arc<Event>>,
    /// Where "now" comes from.
    pub clock: Clock,
    /// The token that commands on this machine read from the daemon's 0600 file.
    pub local_token: Option<TokenHash>,
    /// Whether the model answers already; `/readyz` says so.
    pub model_ready: Arc<AtomicBool>,
    /// Fires when the daemon stops: live pages let go at once.
    pub stop: CancellationToken,
}

/// What is configured, as far as people and commands may see it: no secrets but the
/// destinations, whose addresses and keys redact themselves and are never shown.
#[derive(Clone, Debug)]
pub struct Site {
    /// The brands that are watched.
    pub brands: Vec<BrandName>,
    /// The configured sources.
    pub sources: Vec<SourceInfo>,
    /// The configured webhooks, which decide what is delivered to whom.
    pub destinations: Vec<Destination>,
    /// Where people reach this page, when that is not the listening address.
    pub public_url: Option<Url>,
    /// Where the server listens.
    pub listen: SocketAddr,
    /// Whether everything here is a demonstration on bundled samples.
    pub is_demo: bool,
    /// Name and version of the model.
    pub model: String,
    /// Version of the program.
    pub version: String,
}

/// A configured source as the pages show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceInfo {
    /// Its name in the configuration.
    pub name: SourceName,
    /// The definition that reads it.
    pub definition: String,
    /// What people call the site.
    pub title: String,
    /// How often it is polled.
    pub every: Duration,
    /// How rarely at most, when it follows how often the site publishes.
    pub adaptive: Option<Duration>,
    /// Its address for people, without secrets.
    pub url: Option<String>,
    /// How the definition was verified, in one word.
    pub verified: Option<String>,
}

impl SourceInfo {
    /// The name that a person gave it. A name made from the definition and its parameter
    /// (`feed:https://…`) is for commands; on a page the title says more.
    fn given_name(&self) -> Option<&str> {
        let name = self.name.as_str();
        let is_made = name
            .strip_prefix(&self.definition)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(':'));
        (!is_made).then_some(name)
    }
}

impl Site {
    /// The address that links in feeds and messages begin with, without a final slash.
    pub fn base_url(&self) -> String {
        match &self.public_url {
            Some(url) => url.as_str().trim_end_matches('/').to_owned(),
            // "Listen everywhere" is no address that a browser can open.
            None if self.listen.ip().is_unspecified() => {
                format!("http://localhost:{}", self.listen.port())
            }
            None => format!("http://{}", self.listen),
        }
    }

    /// What people call this source: the name they gave it, else its title; the whole
    /// name where several sources have the same title or the source is gone.
    pub(super) fn source_title<'a>(&'a self, name: &'a SourceName) -> &'a str {
        let Some(source) = self.sources.iter().find(|source| source.name == *name) else {
            return name.as_str();
        };
        if let Some(given) = source.given_name() {
            return given;
        }
        let is_shared = self
            .sources
            .iter()
            .any(|other| other.title == source.title && other.name != source.name);
        if is_shared {
            name.as_str()
        } else {
            &source.title
        }
    }

    /// Whether cookies may be sent over HTTPS only.
    pub(super) fn is_https(&self) -> bool {
        self.public_url
            .as_ref()
            .is_some_and(|url| url.scheme() == "https")
    }
}

impl AppState {
    /// What is configured at this moment.
    pub fn site_now(&self) -> Arc<Site> {
        self.site.borrow().clone()
    }

    /// The moment of this request.
    pub fn now(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    /// Whether the model answers already.
    pub fn is_model_ready(&self) -> bool {
        self.model_ready.load(Ordering::Acquire)
    }

    /// Asks the store on a thread that may block: a search reads many rows, and the
    /// threads that answer everybody else must not wait for it.
    pub(super) async fn ask<T, F>(&self, question: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    {
        let store = self.store.clone();
        match tokio::task::spawn_blocking(move || question(&store)).await {
            Ok(answer) => answer.map_err(Problem::from),
            Err(_) => Err(Problem::internal("the store did not answer")),
        }
    }

    /// Sends a command to the worker and waits for its answer.
    pub(super) async fn ask_worker<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<T>) -> Command,
    ) -> Result<T, Problem> {
        let (reply, answer) = oneshot::channel();
        if self.control.send(command(reply)).await.is_err() {
            return Err(Problem::no_daemon());
        }
        // No answer: the worker stopped in the middle of it.
        answer.await.map_err(|_| Problem::no_daemon())
    }
}
