//! The daemon: opens the store, binds the page, starts the workers, waits for a signal,
//! lets everybody finish what they claimed, and ends.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Context as _;
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, info, warn};

use super::{Engine, Handshake, Plan, control, lists, rounds, schedule, streams, suggest};
use crate::classify::{ClassifyError, Manifest, SHIPPED, Shelf};
use crate::deliver;
use crate::domain::Event;
use crate::store::{Store, StoreError};
use crate::web::{self, AppState, Site, SourceInfo, TokenHash};

/// Everything has to be done this long after a stop was asked for.
const STOP_WITHIN: Duration = Duration::from_secs(8);
/// Commands that may wait for the worker.
const COMMAND_QUEUE: usize = 32;

/// Told of every new event.
pub type OnEvent = Box<dyn Fn(&Event) + Send>;

/// How the daemon is started.
pub struct DaemonOptions {
    /// What to do.
    pub plan: Plan,
    /// What a reload reads.
    pub config_file: Option<PathBuf>,
    /// A model other than the configured one.
    pub model: Option<PathBuf>,
    /// Take any free port when the wanted one is taken.
    pub any_port: bool,
    /// Say on every page that this is a demonstration.
    pub is_demo: bool,
    /// Called with the address of the page and its sign-in link once both work.
    pub ready: Box<dyn FnOnce(&Ready) + Send>,
    /// Called with every new event, in order.
    pub on_event: Option<OnEvent>,
    /// The caller's way to stop the daemon; signals do the same.
    pub stop: CancellationToken,
}

/// What a person needs to know once the daemon runs.
pub struct Ready {
    /// The page.
    pub address: String,
    /// Signs one browser in.
    pub sign_in: String,
    /// The alert feed with its read token.
    pub feed: String,
}

/// Runs until SIGINT, SIGTERM or `stop`; ends within ten seconds after that.
///
/// # Errors
/// When the store cannot be opened or the address cannot be listened on.
pub async fn run(options: DaemonOptions) -> anyhow::Result<()> {
    let DaemonOptions {
        plan,
        config_file,
        model,
        any_port,
        is_demo,
        ready,
        on_event,
        stop,
    } = options;
    let config = plan.config.clone();
    let folder = config.store_path.clone();
    let (store, plan) = tokio::task::spawn_blocking(move || {
        let store = Store::open(&folder, Engine::now())?;
        store.remove_expired_tokens(Engine::now())?;
        let plan = lists::restore(&store, plan)?;
        Ok::<_, StoreError>((store, plan))
    })
    .await
    .context("the store could not be opened")??;

    let listener = bind(config.web.listen, any_port).await?;
    let listen = listener
        .local_addr()
        .context("the listening address is unknown")?;
    let engine = Engine::new(store, plan, model);
    // Loading takes a moment, so only what can be seen at once stops the start here.
    engine
        .look_over_model()
        .context("the model cannot be loaded")?;
    let local_token = web::new_token();
    let (commands, inbox) = mpsc::channel(COMMAND_QUEUE);
    let (site, site_seen) = watch::channel(Arc::new(site_of(&engine.plan_now(), listen, is_demo)));
    let state = AppState {
        store: engine.store.clone(),
        site: site_seen,
        control: commands,
        alerts: engine.alerts.clone(),
        clock: Engine::now,
        local_token: Some(TokenHash::of(&local_token)),
        model_ready: engine.model_ready.clone(),
        stop: stop.clone(),
    };
    // Subscribed before the first poll, so that no event is missed.
    let events = engine.alerts.subscribe();

    let published = Handshake {
        address: reachable(listen),
        token: local_token,
        pid: std::process::id(),
    }
    .publish(&config.store_path)
    .with_context(|| format!("cannot write to {}", config.store_path.display()))?;
    let base = site.borrow().base_url();
    let told = ready_lines(&engine, &base).await?;

    let tracker = TaskTracker::new();
    tracker.spawn(web::serve(listener, web::router(state), stop.clone()));
    tracker.spawn(control::serve(
        engine.clone(),
        inbox,
        config_file.clone(),
        stop.clone(),
    ));
    tracker.spawn(keep_site(
        engine.clone(),
        site,
        listen,
        is_demo,
        stop.clone(),
    ));
    let unloaded: Arc<OnceLock<ClassifyError>> = Arc::default();
    tracker.spawn(load_model(engine.clone(), unloaded.clone(), stop.clone()));
    tracker.spawn(schedule::run(engine.clone(), stop.clone()));
    tracker.spawn(streams::run(engine.clone(), stop.clone()));
    tracker.spawn(send(engine.clone(), stop.clone()));
    tracker.spawn(rounds::run(engine.clone(), stop.clone()));
    tracker.spawn(suggest::run(engine.clone(), stop.clone()));
    if let Some(on_event) = on_event {
        tracker.spawn(tell(events, on_event, stop.clone()));
    }
    // Listening begins here, not when the task gets its turn: who is told that it runs may
    // stop it at once.
    match Signals::listen() {
        Ok(signals) => {
            tracker.spawn(signals.heed(engine.clone(), config_file, stop.clone()));
        }
        Err(error) => error!(%error, "Signals cannot be received; stop Hearken with SIGKILL"),
    }
    ready(&told);

    stop.cancelled().await;
    info!("Stopping: finishing what was begun");
    tracker.close();
    if tokio::time::timeout(STOP_WITHIN, tracker.wait())
        .await
        .is_err()
    {
        warn!("Some work did not end in time; it is repeated at the next start");
    }
    let store = engine.store.clone();
    tokio::task::spawn_blocking(move || store.flush())
        .await
        .context("the store could not be flushed")??;
    drop(published);
    info!("Stopped");
    match Arc::into_inner(unloaded).and_then(OnceLock::into_inner) {
        None => Ok(()),
        Some(problem) => Err(problem).context("the model cannot be loaded"),
    }
}

async fn bind(wanted: SocketAddr, any_port: bool) -> anyhow::Result<tokio::net::TcpListener> {
    match tokio::net::TcpListener::bind(wanted).await {
        Ok(listener) => Ok(listener),
        Err(error) if any_port && error.kind() == std::io::ErrorKind::AddrInUse => {
            let free = SocketAddr::new(wanted.ip(), 0);
            tokio::net::TcpListener::bind(free)
                .await
                .context("no free port was found")
        }
        Err(error) => Err(error).with_context(|| {
            format!(
                "cannot listen on {wanted}: set another address as [web] listen, \
                 or stop what listens there"
            )
        }),
    }
}

/// Where commands of this machine reach a daemon that listens everywhere.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let mut address = listen;
    if listen.ip().is_unspecified() {
        address.set_ip(match listen {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

async fn ready_lines(engine: &Engine, base: &str) -> anyhow::Result<Ready> {
    let store = engine.store.clone();
    let (sign_in, read) = tokio::task::spawn_blocking(move || {
        let sign_in = web::issue_sign_in(&store, Engine::now(), web::PRINTED_LINK_LASTS)?;
        let read = web::read_token(&store)?;
        Ok::<_, crate::store::StoreError>((sign_in, read))
    })
    .await??;
    Ok(Ready {
        address: format!("{base}/"),
        sign_in: web::sign_in_url(base, &sign_in),
        feed: format!("{base}/feed.atom?token={read}"),
    })
}

/// What pages may know of the plan.
pub fn site_of(plan: &Plan, listen: SocketAddr, is_demo: bool) -> Site {
    Site {
        brands: plan.brands.iter().map(|brand| brand.name.clone()).collect(),
        sources: plan
            .sources
            .iter()
            .map(|source| SourceInfo {
                name: source.name.clone(),
                definition: source.definition.name.clone(),
                title: source.definition.title.clone(),
                every: source.every,
                adaptive: source.adaptive,
                url: source.public_url.clone(),
                verified: Some(source.definition.verified.as_str().to_owned()),
            })
            .collect(),
        destinations: plan.destinations.clone(),
        public_url: plan.config.web.public_url.clone(),
        listen,
        is_demo,
        model: Shelf::of_store(&plan.config.store_path)
            .choose(plan.config.model.path.as_deref())
            .and_then(|folder| Manifest::read(&folder))
            .map_or_else(|_| SHIPPED.to_owned(), |manifest| manifest.id()),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// Pages follow the configuration as it is reloaded.
async fn keep_site(
    engine: Engine,
    site: watch::Sender<Arc<Site>>,
    listen: SocketAddr,
    is_demo: bool,
    stop: CancellationToken,
) {
    let mut plan = engine.plan.subscribe();
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            changed = plan.changed() => if changed.is_err() { return },
        }
        let now = plan.borrow_and_update().clone();
        site.send_replace(Arc::new(site_of(&now, listen, is_demo)));
    }
}

/// Loads the model early, so that the first poll need not wait for it. A daemon that
/// cannot judge stops, rather than look as if nobody complained.
async fn load_model(
    engine: Engine,
    unloaded: Arc<OnceLock<ClassifyError>>,
    stop: CancellationToken,
) {
    let started = std::time::Instant::now();
    match engine.classifier().await {
        Ok(classifier) => info!(
            model = %classifier.manifest().id(),
            duration_ms = started.elapsed().as_millis() as u64,
            "The model is loaded"
        ),
        // Whoever started it is told.
        Err(problem) => {
            let _ = unloaded.set(problem);
            stop.cancel();
        }
    }
    match engine.intents().await {
        Ok(Some(intents)) => info!(heads = %intents.id(), "The heads of triage are loaded"),
        Ok(None) => warn!(
            "No heads of triage are installed beside the model: complaints are told by words only"
        ),
        Err(problem) => {
            error!(error = %problem, "The heads of triage cannot be loaded: nothing can be judged")
        }
    }
}

/// Sends what is due. A reload exchanges the destinations; when it changes `[net]`, the
/// sender finishes what it began and starts again with a new client.
async fn send(engine: Engine, stop: CancellationToken) {
    let mut plans = engine.plan.subscribe();
    while !stop.is_cancelled() {
        let plan = plans.borrow_and_update().clone();
        let (destinations, destinations_seen) = watch::channel(plan.destinations.clone());
        let restart = stop.child_token();
        let sending = deliver::run(
            engine.store.clone(),
            plan.client.clone(),
            destinations_seen,
            engine.deliveries_due.clone(),
            Arc::new(Engine::now),
            restart.clone(),
        );
        // Never ends by itself: only the sender knows when it has finished.
        let following = async {
            while plans.changed().await.is_ok() {
                let new = plans.borrow_and_update().clone();
                if new.config.net != plan.config.net {
                    restart.cancel();
                    break;
                }
                destinations.send_replace(new.destinations.clone());
            }
            std::future::pending().await
        };
        tokio::select! {
            () = sending => (),
            () = following => (),
        }
    }
}

async fn tell(
    mut events: tokio::sync::broadcast::Receiver<Arc<Event>>,
    on_event: OnEvent,
    stop: CancellationToken,
) {
    use tokio::sync::broadcast::error::RecvError;
    loop {
        tokio::select! {
            biased;
            event = events.recv() => match event {
                Ok(event) => on_event(&event),
                Err(RecvError::Lagged(n_missed)) => warn!(n_missed, "Events came faster than they were printed"),
                Err(RecvError::Closed) => return,
            },
            () = stop.cancelled() => return,
        }
    }
}

/// Signals that stop the program or have it read its configuration again.
#[cfg(unix)]
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

#[cfg(unix)]
impl Signals {
    /// From now on they are kept for `heed` instead of ending the process.
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn heed(mut self, engine: Engine, config_file: Option<PathBuf>, stop: CancellationToken) {
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                _ = self.interrupt.recv() => stop.cancel(),
                _ = self.terminate.recv() => stop.cancel(),
                _ = self.hangup.recv() => {
                    match control::reload(&engine, config_file.clone()).await {
                        Ok(said) => info!("Reloaded: {said}"),
                        Err(problems) => error!("Not reloaded: {problems}"),
                    }
                }
            }
        }
    }
}

/// Ctrl-C, where there are no other signals.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn heed(self, _engine: Engine, _config_file: Option<PathBuf>, stop: CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => (),
            _ = tokio::signal::ctrl_c() => stop.cancel(),
        }
    }
}
