//! What every part of the running program shares: handles only, cheap to clone.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, Utc};
use tokio::sync::{Mutex, Notify, OnceCell, broadcast, watch};

use super::{Places, Plan};
use crate::classify::intent::Intents;
use crate::classify::{self, Classifier, ClassifyError, Settings, Shelf};
use crate::domain::Event;
use crate::fetch::{HostPace, RobotsRules, Tokens};
use crate::store::Store;

/// Events that a slow live page may be behind before it has to read the store instead.
const ALERT_BACKLOG: usize = 256;

/// The shared handles.
#[derive(Clone)]
pub struct Engine {
    /// Everything that is kept.
    pub store: Store,
    /// What the configuration says at this moment; a reload replaces it.
    pub plan: watch::Sender<Arc<Plan>>,
    /// Politeness per host, shared by all sources of a host.
    pub pace: HostPace,
    /// What sites ask of automatic readers.
    pub robots: RobotsRules,
    /// How many polls run at the same time.
    pub places: Places,
    /// Access tokens of the sources that sign in.
    pub tokens: Tokens,
    /// New events, for live pages and the demo's lines.
    pub alerts: broadcast::Sender<Arc<Event>>,
    /// Rung when new deliveries are due.
    pub deliveries_due: Arc<Notify>,
    /// Whether the model answers already.
    pub model_ready: Arc<AtomicBool>,
    classifier: Arc<Mutex<Option<Loaded>>>,
    intents: Arc<OnceCell<Option<Arc<Intents>>>>,
    model: Arc<ModelChoice>,
}

/// Which model, as asked for on the command line or in the configuration, else the one in
/// use on the shelf.
#[derive(Clone, Debug)]
struct ModelChoice {
    asked: Option<PathBuf>,
    shelf: Shelf,
    n_threads: usize,
    cascade: bool,
}

/// The model that judges now.
struct Loaded {
    folder: PathBuf,
    classifier: Classifier,
}

impl ModelChoice {
    /// Loads the model that is meant now; takes a moment.
    fn load(&self) -> Result<Loaded, ClassifyError> {
        let folder = self.shelf.choose(self.asked.as_deref())?;
        let classifier = Classifier::start(&Settings {
            n_threads: self.n_threads,
            cascade: self.cascade,
            ..Settings::new(&folder)
        })?;
        Ok(Loaded { folder, classifier })
    }
}

impl Engine {
    /// An engine over an open store; the model is loaded when it is first needed.
    /// `model` overrides the configuration's.
    pub fn new(store: Store, plan: Plan, model: Option<PathBuf>) -> Self {
        let choice = ModelChoice {
            asked: model.or_else(|| plan.config.model.path.clone()),
            shelf: Shelf::of_store(&plan.config.store_path),
            n_threads: plan.config.model.threads,
            cascade: plan.config.model.cascade,
        };
        Self {
            store,
            plan: watch::Sender::new(Arc::new(plan)),
            pace: HostPace::default(),
            robots: RobotsRules::default(),
            places: Places::default(),
            tokens: Tokens::default(),
            alerts: broadcast::Sender::new(ALERT_BACKLOG),
            deliveries_due: Arc::new(Notify::new()),
            model_ready: Arc::new(AtomicBool::new(false)),
            classifier: Arc::new(Mutex::new(None)),
            intents: Arc::new(OnceCell::new()),
            model: Arc::new(choice),
        }
    }

    /// What the configuration says at this moment.
    pub fn plan_now(&self) -> Arc<Plan> {
        self.plan.borrow().clone()
    }

    /// The clock, read here and nowhere below.
    pub fn now() -> DateTime<Utc> {
        Utc::now()
    }

    /// Whether the files of the model are there and whole, without loading it.
    ///
    /// # Errors
    /// As `classifier`, where that can be seen at once.
    pub fn look_over_model(&self) -> Result<(), ClassifyError> {
        let folder = self.model.shelf.choose(self.model.asked.as_deref())?;
        classify::look_over(&folder)
    }

    /// The classifier; loads the model the first time.
    ///
    /// # Errors
    /// When no model is found or a file of it is broken.
    pub async fn classifier(&self) -> Result<Classifier, ClassifyError> {
        let mut loaded = self.classifier.lock().await;
        if let Some(loaded) = &*loaded {
            return Ok(loaded.classifier.clone());
        }
        let new = self.load_model().await?;
        let classifier = new.classifier.clone();
        *loaded = Some(new);
        self.model_ready.store(true, Ordering::Release);
        Ok(classifier)
    }

    /// Takes up another model when another one is in use now: its name, or `None` when it
    /// is the same. The old one judges until the new one is loaded, and stays on error.
    ///
    /// # Errors
    /// When the new model is not there or a file of it is broken.
    pub async fn take_up_model(&self) -> Result<Option<String>, ClassifyError> {
        let choice = self.model.clone();
        let wanted = choice.shelf.choose(choice.asked.as_deref())?;
        if let Some(loaded) = &*self.classifier.lock().await
            && loaded.folder == wanted
        {
            return Ok(None);
        }
        let new = self.load_model().await?;
        let name = new.classifier.manifest().id();
        *self.classifier.lock().await = Some(new);
        self.model_ready.store(true, Ordering::Release);
        Ok(Some(name))
    }

    async fn load_model(&self) -> Result<Loaded, ClassifyError> {
        let choice = self.model.clone();
        tokio::task::spawn_blocking(move || choice.load())
            .await
            .map_err(|_| ClassifyError::Stopped)?
    }

    /// The heads that say what an author is after; `None` where none are installed.
    ///
    /// # Errors
    /// When a file of theirs is broken.
    pub async fn intents(&self) -> Result<Option<Arc<Intents>>, ClassifyError> {
        self.intents
            .get_or_try_init(|| async {
                let choice = self.model.clone();
                tokio::task::spawn_blocking(move || {
                    let folder = choice.shelf.choose(choice.asked.as_deref())?;
                    Ok(Intents::find(&folder)?.map(Arc::new))
                })
                .await
                .map_err(|_| ClassifyError::Stopped)?
            })
            .await
            .cloned()
    }

    /// Tells live pages about events that have just been stored, and the sender that
    /// deliveries are due.
    pub fn announce(&self, events: impl IntoIterator<Item = Event>) {
        for event in events {
            // Nobody listening is fine.
            let _ = self.alerts.send(Arc::new(event));
        }
        self.deliveries_due.notify_one();
    }
}
