//! Where commands get their answers: the API of the running daemon, or the very same API
//! called in-process over a store that this command opened. Either way one piece of code
//! answers.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::{Context as _, anyhow, bail};
use serde_json::Value;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::Global;
use crate::config;
use crate::domain::Secret;
use crate::net::{AllowList, Client, NetPolicy, Request};
use crate::store::{Store, StoreError};
use crate::web::{self, AppState, Router, TokenHash};
use crate::worker::{self, Engine, Handshake};

/// Commands of this process that may wait for the worker.
const COMMAND_QUEUE: usize = 4;
/// Answers may be long lists.
const MOST_ANSWER_BYTES: u64 = 512 * 1024 * 1024;
/// A poll or a test may take as long as the slowest site.
const ANSWER_WITHIN: std::time::Duration = std::time::Duration::from_secs(180);

/// The way to the answers.
pub(super) enum Desk {
    /// A daemon runs.
    Daemon {
        client: Client,
        base: Url,
        token: Secret,
    },
    /// No daemon runs; the store is ours until this command ends.
    Own {
        router: Router,
        token: Secret,
        store: Store,
        stop: CancellationToken,
        serving: JoinHandle<()>,
    },
}

/// Where the store is and what is configured.
struct Place {
    store: PathBuf,
    config_file: Option<PathBuf>,
    config: Option<config::Config>,
}

impl Desk {
    /// Finds the daemon, or opens the store.
    pub(super) async fn open(global: &Global) -> anyhow::Result<Self> {
        let place = find_place(global)?;
        if let Some(daemon) = Self::daemon(&place.store).await? {
            return Ok(daemon);
        }
        if let Some(file) = place
            .config_file
            .as_deref()
            .filter(|_| place.config.is_none())
        {
            // No daemon holds a working configuration, so the problems matter now.
            worker::read_plan(file)?;
        }
        Self::own(place, global.model.clone()).await
    }

    /// The daemon, for commands that make no sense without one.
    pub(super) async fn running(global: &Global) -> anyhow::Result<Self> {
        let place = find_place(global)?;
        Self::daemon(&place.store).await?.ok_or_else(|| {
            anyhow!(
                "no Hearken is running on {}: start it with `hearken run`",
                place.store.display()
            )
        })
    }

    async fn daemon(store: &Path) -> anyhow::Result<Option<Self>> {
        let Some(handshake) = Handshake::read(store) else {
            return Ok(None);
        };
        let policy = NetPolicy {
            allow_private: AllowList::parse(&[handshake.address.ip().to_string()])
                .map_err(|wrong| anyhow!(wrong.join("; ")))?,
            cap_bytes: MOST_ANSWER_BYTES,
            total_timeout: ANSWER_WITHIN,
            header_timeout: ANSWER_WITHIN,
            ..NetPolicy::default()
        };
        let desk = Self::Daemon {
            client: Client::new(policy)?,
            base: Url::parse(&format!("http://{}/", handshake.address))?,
            token: Secret::new(handshake.token),
        };
        // A file left behind by a killed daemon names an address where nobody answers,
        // or where somebody else does: only the token's owner lets us in.
        match desk.get("/api/v1/openapi.json").await {
            Ok(_) => Ok(Some(desk)),
            Err(_) => Ok(None),
        }
    }

    async fn own(place: Place, model: Option<PathBuf>) -> anyhow::Result<Self> {
        let Place {
            store: folder,
            config_file,
            config,
        } = place;
        if !folder.is_dir() && config.is_none() {
            bail!(
                "there is no {} and no store here: write one with `hearken init`, \
                 or start with `hearken run --brand \"Your Brand\"`",
                config_file
                    .unwrap_or_else(|| "hearken.toml".into())
                    .display()
            );
        }
        let plan = match config {
            Some(config) => {
                let definitions = worker::load_definitions(&config)?;
                worker::compile(config, &definitions)?
            }
            None => worker::empty_plan(&folder)?,
        };
        let store = tokio::task::spawn_blocking(move || Store::open(&folder, Engine::now()))
            .await
            .context("the store could not be opened")?
            .map_err(|error| match error {
                StoreError::InUse { .. } => anyhow!(error).context(
                    "another Hearken holds the store and does not answer; wait until it has started or stopped",
                ),
                error => anyhow!(error),
            })?;
        let listen = plan.config.web.listen;
        let site = web_site(&plan, listen);
        let engine = Engine::new(store.clone(), plan, model);
        let (commands, inbox) = mpsc::channel(COMMAND_QUEUE);
        let stop = CancellationToken::new();
        let serving = tokio::spawn(worker::serve_commands(
            engine.clone(),
            inbox,
            config_file,
            stop.clone(),
        ));
        let token = web::new_token();
        let (_site, site_seen) = watch::channel(Arc::new(site));
        let router = web::router(AppState {
            store: store.clone(),
            site: site_seen,
            control: commands,
            alerts: broadcast::Sender::new(1),
            clock: Engine::now,
            local_token: Some(TokenHash::of(&token)),
            model_ready: Arc::new(AtomicBool::new(false)),
            stop: stop.clone(),
        });
        Ok(Self::Own {
            router,
            token: Secret::new(token),
            store,
            stop,
            serving,
        })
    }

    /// Asks for something.
    pub(super) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.ask("GET", path, None).await
    }

    /// Does something.
    pub(super) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.ask("POST", path, Some(body)).await
    }

    async fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let (status, bytes) = match self {
            Self::Daemon {
                client,
                base,
                token,
            } => {
                let url = base.join(path)?;
                let request = match body {
                    None => Request::get(url),
                    Some(body) => Request::post(url, serde_json::to_vec(body)?)
                        .header("Content-Type", "application/json"),
                };
                let authorised = request
                    .header("Authorization", format!("Bearer {}", token.reveal()))
                    .header("Accept", "application/json");
                let response = client.send(authorised).await?;
                (response.status, response.body)
            }
            Self::Own { router, token, .. } => {
                let (status, bytes) = web::ask(router, method, path, token.reveal(), body).await?;
                (status, bytes.to_vec())
            }
        };
        let value: Value = serde_json::from_slice(&bytes)
            .with_context(|| format!("{path} answered {status} without JSON"))?;
        if (200..300).contains(&status) {
            return Ok(value);
        }
        let error = &value["error"];
        let message = error["message"].as_str().unwrap_or("the request failed");
        match error["mend"].as_str().filter(|mend| !mend.is_empty()) {
            Some(mend) => bail!("{message} ({mend})"),
            None => bail!("{message}"),
        }
    }

    /// Makes sure that everything is on disk and lets go of the store, when it is ours:
    /// whatever else this command does, a daemon may start meanwhile.
    pub(super) async fn close(self) -> anyhow::Result<()> {
        if let Self::Own {
            store,
            stop,
            serving,
            ..
        } = self
        {
            stop.cancel();
            serving.await?;
            tokio::task::spawn_blocking(move || store.flush()).await??;
        }
        Ok(())
    }
}

fn web_site(plan: &worker::Plan, listen: std::net::SocketAddr) -> web::Site {
    worker::site_of(plan, listen, false)
}

/// The folder of the store that is meant.
pub(super) fn store_folder(global: &Global) -> anyhow::Result<PathBuf> {
    Ok(find_place(global)?.store)
}

/// Which store is meant: that of the configuration, else `hearken-data` here.
fn find_place(global: &Global) -> anyhow::Result<Place> {
    let file = global.config_path();
    if !file.exists() {
        if global.config.is_some() {
            bail!(
                "{} does not exist: write one with `hearken init --config {0}`",
                file.display()
            );
        }
        return Ok(Place {
            store: PathBuf::from(config::DEFAULT_STORE),
            config_file: None,
            config: None,
        });
    }
    match config::load(&file) {
        Ok(config) => Ok(Place {
            store: config.store_path.clone(),
            config_file: Some(file),
            config: Some(config),
        }),
        // A daemon may still run on what the file said before it was broken.
        Err(_) => Ok(Place {
            store: config::store_path_of(&file),
            config_file: Some(file),
            config: None,
        }),
    }
}
