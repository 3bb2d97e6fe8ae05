//! `hearken.toml`: load → read key by key → checked values. Every mistake is reported at
//! once, each with its line and how to mend it; secrets never show up in a message.

mod brand;
mod noise;
mod problem;
mod read;
mod receiver;
mod secret;
mod settings;
mod source;
mod syntax;
mod webhook;
mod write;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::de::DeTable;
use url::Url;

use crate::domain::{Brand, BrandName, Destination, Secret, SourceName, SpikePolicy, TriagePolicy};

pub use noise::WhenConfig;
pub use problem::{ConfigError, Problem};
pub use write::{feed_table, reference};

use brand::NO_BRAND;
use read::{Fields, Keys, MISSING, Reader};

/// Where the page listens unless told otherwise: this machine only.
pub const DEFAULT_LISTEN: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 8080));
/// The store's folder, beside the configuration file.
pub const DEFAULT_STORE: &str = "hearken-data";

/// A checked configuration. Relative paths have been joined to the file's folder.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The file, as the user named it.
    pub file: PathBuf,
    /// Who we listen for.
    pub brands: Vec<BrandConfig>,
    /// Where we listen.
    pub sources: Vec<SourceConfig>,
    /// The store's folder.
    pub store_path: PathBuf,
    /// `[web]`.
    pub web: WebConfig,
    /// `[net]`.
    pub net: NetConfig,
    /// `[model]`.
    pub model: ModelConfig,
    /// `[triage]`.
    pub triage: TriagePolicy,
    /// `[spikes]`.
    pub spikes: SpikePolicy,
    /// A folder with definitions of the user's own.
    pub sources_dir: Option<PathBuf>,
    /// Where alerts go.
    pub webhooks: Vec<WebhookConfig>,
    /// What works but is probably not meant.
    pub warnings: Vec<Problem>,
}

/// A brand and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrandConfig {
    /// The brand; its query is not compiled yet.
    pub brand: Brand,
    /// The line of `[[brand]]`.
    pub line: usize,
    /// The line of the query, or of the name when there is no query.
    pub query_line: usize,
}

/// A source as it was written; whether its definition exists is for others to check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceConfig {
    /// The name, when one was given.
    pub name: Option<SourceName>,
    /// The definition's name.
    pub definition: String,
    /// What the definition is asked with.
    pub params: BTreeMap<String, ParamValue>,
    /// How often it is polled; the definition's own pace when absent.
    pub every: Option<Duration>,
    /// The slowest pace when the source follows how often the site publishes.
    pub adaptive: Option<Duration>,
    /// Whether pages are read although the site's `robots.txt` forbids it.
    pub ignore_robots: bool,
    /// Only these brands; empty means all.
    pub brands: Vec<BrandName>,
    /// The line of `[[source]]`.
    pub line: usize,
    /// The line of `definition`.
    pub definition_line: usize,
    /// The line of each parameter.
    pub param_lines: BTreeMap<String, usize>,
}

/// A parameter of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParamValue {
    /// Written in the file; numbers and `true`/`false` as their text.
    Text(String),
    /// Taken from a variable or a file.
    Secret(GivenSecret),
}

impl ParamValue {
    /// The value for a request, secret or not: never for a log or an error.
    pub fn reveal(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Secret(secret) => secret.value.reveal(),
        }
    }
}

/// A secret and where it was found, so that the configuration can be written again
/// without it.
#[derive(Clone, Debug, PartialEq)]
pub struct GivenSecret {
    /// The secret.
    pub value: Secret,
    /// Where it was found.
    pub origin: SecretOrigin,
}

// Comparing secrets is reflexive; the derive is missing only because `Secret` compares in
// constant time by hand.
impl Eq for GivenSecret {}

/// Where a secret was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretOrigin {
    /// In the configuration itself.
    Text,
    /// In this environment variable.
    Env(String),
    /// In this file, as written.
    File(PathBuf),
}

/// `[web]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebConfig {
    /// Where the page and the API listen; port 0 takes any free one.
    pub listen: SocketAddr,
    /// The address under which people reach the page, for links in messages.
    pub public_url: Option<Url>,
}

impl Default for WebConfig {
    fn default() -> Self {
        Self {
            listen: DEFAULT_LISTEN,
            public_url: None,
        }
    }
}

/// `[net]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetConfig {
    /// What we call ourselves instead of `hearken/<version>`.
    pub user_agent: Option<String>,
    /// An address for site owners, added to the user agent.
    pub contact: Option<String>,
    /// Private ranges, addresses and hosts that may be asked all the same.
    pub allow_private: Vec<String>,
    /// How long one request may take in all.
    pub timeout: Option<Duration>,
}

/// `[model]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelConfig {
    /// Another model than the shipped one.
    pub path: Option<PathBuf>,
    /// Threads inside one inference.
    pub threads: usize,
    /// Whether what is easy is answered without the large transformer.
    pub cascade: bool,
}

impl Default for ModelConfig {
    fn default() -> Self {
        // More threads spin against each other as soon as another process is busy.
        Self {
            path: None,
            threads: 1,
            cascade: false,
        }
    }
}

/// A webhook and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct WebhookConfig {
    /// The webhook; its query is not compiled yet.
    pub destination: Destination,
    /// The query that its mentions must pass.
    pub when: Option<WhenConfig>,
    /// The line of `[[webhook]]`.
    pub line: usize,
    /// Where the address was found; `None` when it is the tool's own.
    pub url_origin: Option<SecretOrigin>,
    /// Where each secret was found, in the order of `destination.secrets`.
    pub secret_origins: Vec<SecretOrigin>,
    /// The keys that only its kind has, as they were written.
    kind_keys: Vec<(&'static str, receiver::Written)>,
}

const ROOT: Keys = Keys {
    table: "the configuration",
    known: &[
        "brand",
        "source",
        "webhook",
        "store",
        "web",
        "net",
        "model",
        "triage",
        "spikes",
        "sources_dir",
    ],
    later: &["target", "calendar", "team"],
    otherwise: None,
};

/// Reads a configuration file and checks everything in it that can be checked without
/// looking at definitions, the store or the network.
///
/// # Errors
/// Every mistake at once.
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    let unreadable = |what: String, mend: &str| Problem {
        file: path.to_path_buf(),
        line: None,
        column: None,
        key: String::new(),
        what,
        mend: mend.to_owned(),
    };
    let bytes = std::fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => unreadable(
            "there is no such file".to_owned(),
            "run `hearken init` to write one, or name yours with --config FILE",
        ),
        std::io::ErrorKind::PermissionDenied => unreadable(
            "this user may not read the file".to_owned(),
            "change its permissions or run hearken as its owner",
        ),
        std::io::ErrorKind::IsADirectory => unreadable(
            "is a folder".to_owned(),
            "name the file in it with --config FILE",
        ),
        _ => unreadable(
            format!("cannot be read ({error})"),
            "name another file with --config FILE",
        ),
    });
    let bytes = bytes.map_err(|problem| vec![problem])?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes()[..error.utf8_error().valid_up_to()]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count()
            + 1;
        let mut wrong = unreadable("is not UTF-8".to_owned(), "save the file as UTF-8");
        wrong.line = Some(line);
        vec![wrong]
    })?;
    parse(path, &text, &|name| std::env::var(name).ok())
}

/// Checks the text of a configuration; `environment` looks variables up, `file` gives
/// messages their name and relative paths their start.
///
/// # Errors
/// Every mistake at once.
pub fn parse(
    file: &Path,
    text: &str,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Config, ConfigError> {
    let reader = Reader::new(file, text, environment);
    let readable = syntax::without_stray_lines(&reader);
    let (table, syntax_errors) = DeTable::parse_recoverable(&readable);
    for error in &syntax_errors {
        syntax::keep_syntax_error(&reader, error.message(), error.span().unwrap_or(0..0));
    }
    if table.get_ref().is_empty() && syntax_errors.is_empty() && reader.problems.borrow().is_empty()
    {
        reader.problem_at(
            1,
            "",
            "says nothing yet",
            "run `hearken init` to write a commented one, or add a [[brand]] and a [[source]]",
        );
    }
    let root = Fields::open(&reader, table.get_ref(), String::new(), 1, &ROOT);
    let brands = brand::brands(&root);
    let policy = settings::triage(&root);
    let sources = source::sources(&root, &brands);
    let web = settings::web(&root);
    let webhooks = webhook::webhooks(&root, &brands, &policy, &web);
    let config = Config {
        file: file.to_path_buf(),
        store_path: settings::store_path(&root),
        web,
        net: settings::net(&root),
        model: settings::model(&root),
        sources_dir: settings::sources_dir(&root),
        triage: policy,
        spikes: settings::spikes(&root),
        brands,
        sources,
        webhooks,
        warnings: reader.warnings.take(),
    };
    let problems = in_order(reader.problems.take());
    if problems.is_empty() {
        Ok(config)
    } else {
        Err(ConfigError {
            problems,
            readable: Some(Box::new(config)),
        })
    }
}

/// The store that a configuration means, read as leniently as possible: a command must find
/// the running daemon although the file has been broken since it started.
pub fn store_path_of(file: &Path) -> PathBuf {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let reader = Reader::new(file, &text, &|_| None);
    let readable = syntax::without_stray_lines(&reader);
    let (table, _) = DeTable::parse_recoverable(&readable);
    let root = Fields::open(&reader, table.get_ref(), String::new(), 1, &ROOT);
    settings::store_path(&root)
}

/// Sorts problems by place and leaves out those that only follow from a syntax error: the
/// other reports of its line, and what seems to be missing because it was swallowed.
fn in_order(mut problems: Vec<Problem>) -> Vec<Problem> {
    let broken_lines: Vec<usize> = problems
        .iter()
        .filter(|problem| problem.column.is_some())
        .filter_map(|problem| problem.line)
        .collect();
    let mut reported: Vec<usize> = Vec::new();
    problems.retain(|problem| {
        let Some(line) = problem.line.filter(|line| broken_lines.contains(line)) else {
            let may_follow = problem.what == MISSING || problem.what.starts_with(NO_BRAND);
            return broken_lines.is_empty() || !may_follow;
        };
        let is_first = problem.column.is_some() && !reported.contains(&line);
        reported.push(line);
        is_first
    });
    problems.sort_by_key(|problem| (problem.line, problem.column));
    problems
}

impl Config {
    /// The brands without their places.
    pub fn brand_list(&self) -> Vec<Brand> {
        self.brands
            .iter()
            .map(|brand| brand.brand.clone())
            .collect()
    }

    /// The webhooks without their places and queries.
    pub fn destinations(&self) -> Vec<Destination> {
        self.webhooks
            .iter()
            .map(|webhook| webhook.destination.clone())
            .collect()
    }

    /// Whether there is something to do for `run`: commands that only look into the store
    /// do without.
    ///
    /// # Errors
    /// What must be added.
    pub fn require_work(&self) -> Result<(), ConfigError> {
        let mut problems = Vec::new();
        if self.brands.is_empty() {
            problems.push(self.problem(
                None,
                "brand",
                "there is no brand to listen for",
                "add [[brand]] with name = \"Acme\"",
            ));
        }
        if self.sources.is_empty() {
            problems.push(self.problem(
                None,
                "source",
                "there is no source to listen to",
                "add [[source]] with definition = \"feed\" and params = { url = \"…\" }",
            ));
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(problems.into())
        }
    }

    /// A problem that somebody else found in a part of this configuration: a query that
    /// does not compile, a definition that does not exist.
    pub fn problem(
        &self,
        line: Option<usize>,
        key: &str,
        what: impl Into<String>,
        mend: impl Into<String>,
    ) -> Problem {
        Problem {
            file: self.file.clone(),
            line,
            column: None,
            key: key.to_owned(),
            what: what.into(),
            mend: mend.into(),
        }
    }
}
