//! A configuration made ready to run: queries compiled, definitions found, requests
//! built. Every problem is reported at once, with its place in the file.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::config::{self, Config, ConfigError, ParamValue, Problem, SourceConfig, WebhookConfig};
use crate::domain::{
    Brand, BrandName, Definition, Destination, ParamProblem, ParamType, RequestPlan, SourceName,
    TriagePolicy, When, hex_digest,
};
use crate::matching::{Matcher, Query, Scope, Subject};
use crate::net::{AllowList, Client, NetPolicy};
use crate::source::{self, Definitions};
use crate::triage::Weights;

/// The file in the store's folder that `hearken triage fit` writes its weights to.
pub const FITTED_WEIGHTS: &str = "triage.toml";

/// How often a source is polled when neither the configuration nor the definition says.
const DEFAULT_EVERY: Duration = Duration::from_secs(15 * 60);

/// Everything that a poll and a delivery need to know, fixed until the next reload.
#[derive(Clone)]
pub struct Plan {
    /// The configuration it was made from.
    pub config: Config,
    /// The brands.
    pub brands: Vec<Brand>,
    /// Finds the brands in an item.
    pub matcher: Arc<Matcher>,
    /// What is polled.
    pub sources: Vec<PlannedSource>,
    /// Where alerts go.
    pub destinations: Vec<Destination>,
    /// The rules of triage.
    pub policy: TriagePolicy,
    /// How much each part of the flag score counts.
    pub weights: Arc<Weights>,
    /// The HTTP client with the configured identity and limits.
    pub client: Client,
    /// How the feeds that a list names are read.
    pub feed: Arc<Definition>,
}

impl Plan {
    /// A digest of what decides which items of a source become mentions.
    pub(super) fn read_for(&self, source: &PlannedSource) -> String {
        let mut parts = vec![source.definition.name.as_str()];
        for brand in &self.brands {
            if source.brands.is_empty() || source.brands.contains(&brand.name) {
                parts.push(brand.name.as_str());
                parts.push(&brand.query);
            }
        }
        hex_digest("read for", &parts)
    }
}

/// A source that can be polled.
#[derive(Clone, Debug)]
pub struct PlannedSource {
    /// Its name.
    pub name: SourceName,
    /// How its site is read.
    pub definition: Arc<Definition>,
    /// What is asked.
    pub request: RequestPlan,
    /// What the definition's parameters are, secrets included.
    pub params: Params,
    /// How often.
    pub every: Duration,
    /// How rarely at most when it follows how often the site publishes; `None` when it
    /// does not.
    pub adaptive: Option<Duration>,
    /// Whether to read pages that the site's `robots.txt` forbids.
    pub ignore_robots: bool,
    /// Only these brands; empty means all.
    pub brands: Vec<BrandName>,
    /// Its address for people, without query or credentials when one is secret.
    pub public_url: Option<String>,
    /// The list that names it, when it is not configured by itself.
    pub listed_by: Option<SourceName>,
}

/// The parameters of a source; they never print, because some are secrets.
#[derive(Clone, Default)]
pub struct Params(BTreeMap<String, String>);

impl Params {
    /// The value that the configuration sets.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

impl std::fmt::Debug for Params {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// The built-in definitions and those of the folder that the configuration names.
///
/// # Errors
/// Every problem of the user's definitions.
pub fn load_definitions(config: &Config) -> Result<Definitions, ConfigError> {
    let builtin = source::builtin().clone();
    let Some(folder) = &config.sources_dir else {
        return Ok(builtin);
    };
    match source::load_dir(folder) {
        Ok(own) => Ok(builtin.with(own)),
        Err(problems) => {
            let problems: Vec<Problem> = problems
                .into_iter()
                .map(|problem| Problem {
                    file: problem.file.into(),
                    line: Some(problem.line),
                    column: None,
                    key: problem.key,
                    what: problem.what,
                    mend: problem.mend,
                })
                .collect();
            Err(problems.into())
        }
    }
}

/// Reads a configuration file and makes it ready to run.
///
/// # Errors
/// Every problem at once: of the file, of its queries, sources and definitions.
pub fn read_plan(file: &Path) -> Result<Plan, ConfigError> {
    let (config, mut problems) = match config::load(file) {
        Ok(config) => (config, Vec::new()),
        Err(ConfigError {
            problems,
            readable: Some(config),
        }) => (*config, problems),
        Err(unreadable) => return Err(unreadable),
    };
    let compiled = load_definitions(&config).and_then(|definitions| compile(config, &definitions));
    match compiled {
        Ok(plan) if problems.is_empty() => return Ok(plan),
        Ok(_) => (),
        Err(more) => {
            // What could not be read is missing afterwards; one report is enough.
            let is_known = |new: &Problem| {
                problems
                    .iter()
                    .any(|known| known.line == new.line || known.key.starts_with(new.key.as_str()))
            };
            let new: Vec<Problem> = more
                .problems
                .into_iter()
                .filter(|problem| !is_known(problem))
                .collect();
            problems.extend(new);
            problems.sort_by_key(|problem| (problem.file.as_path() != file, problem.line));
        }
    }
    Err(problems.into())
}

/// Makes a configuration ready to run.
///
/// # Errors
/// Every problem of queries, definitions, parameters and the network settings.
pub fn compile(config: Config, definitions: &Definitions) -> Result<Plan, ConfigError> {
    let mut problems = Vec::new();
    let at = |line: usize, key: String, what: String, mend: String| {
        config.problem(Some(line), &key, what, mend)
    };

    let brands = config.brand_list();
    let matcher = Matcher::compile(&brands);
    if let Err(errors) = &matcher {
        for (name, error) in errors {
            let place = config
                .brands
                .iter()
                .position(|brand| brand.brand.name == *name);
            let (index, line) =
                place.map_or((0, 1), |place| (place, config.brands[place].query_line));
            problems.push(at(
                line,
                format!("brand[{index}].query"),
                format!("{} (character {})", error.what, error.offset + 1),
                error.mend.clone(),
            ));
        }
    }

    let mut sources = Vec::new();
    let mut names = HashSet::new();
    for (index, given) in config.sources.iter().enumerate() {
        match plan_source(given, index, definitions, &at) {
            Ok(planned) => {
                for source in planned {
                    if names.insert(source.name.clone()) {
                        sources.push(source);
                    } else {
                        problems.push(at(
                            given.line,
                            format!("source[{index}].name"),
                            format!("another source is named `{}` already", source.name),
                            "give each a `name` of its own".to_owned(),
                        ));
                    }
                }
            }
            Err(found) => problems.extend(found),
        }
    }

    let mut destinations = config.destinations();
    for (index, (webhook, destination)) in config.webhooks.iter().zip(&mut destinations).enumerate()
    {
        if let Err(found) = compile_noise(webhook, destination, index, definitions, &at) {
            problems.extend(found);
        }
    }

    let client = client_of(&config.net).map_err(|what| {
        let mend = "check [net] and the proxy variables of the environment";
        problems.push(config.problem(None, "net", what, mend));
    });

    let weights = weights_of(&config).map_err(|problem| problems.push(*problem));

    match (matcher, client, weights) {
        (Ok(matcher), Ok(client), Ok(weights)) if problems.is_empty() => Ok(Plan {
            brands,
            matcher: Arc::new(matcher),
            sources,
            destinations,
            policy: config.triage.clone(),
            weights: Arc::new(weights),
            client,
            feed: Arc::new(
                definitions
                    .find("feed")
                    .or_else(|| source::builtin().find("feed"))
                    .expect("the program brings a definition of this name")
                    .clone(),
            ),
            config,
        }),
        _ => {
            problems.sort_by_key(|problem| problem.line);
            Err(problems.into())
        }
    }
}

/// The weights of the flag score: the file that the configuration names, else those fitted
/// here on people's decisions, else the shipped ones.
fn weights_of(config: &Config) -> Result<Weights, Box<Problem>> {
    let fitted = config.store_path.join(FITTED_WEIGHTS);
    let (file, mend) = match &config.triage.weights {
        Some(file) => (
            file,
            "write the path of a file as `hearken triage weights` prints it",
        ),
        None if fitted.is_file() => (&fitted, "go back with `hearken triage undo`"),
        None => return Ok(Weights::shipped()),
    };
    let problem = |why: String| {
        let what = format!("{}: {why}", file.display());
        Box::new(config.problem(None, "triage.weights", what, mend))
    };
    let text = std::fs::read_to_string(file).map_err(|error| problem(error.to_string()))?;
    Weights::parse(&text).map_err(|error| problem(error.to_string()))
}

/// Compiles the query of a webhook and looks for the definitions that it names.
fn compile_noise(
    webhook: &WebhookConfig,
    destination: &mut Destination,
    index: usize,
    definitions: &Definitions,
    at: &impl Fn(usize, String, String, String) -> Problem,
) -> Result<(), Vec<Problem>> {
    let mut problems = Vec::new();
    for platform in &destination.noise.platforms {
        if definitions.find(platform).is_none() {
            problems.push(at(
                webhook.line,
                format!("webhook[{index}].platforms"),
                format!("there is no definition `{platform}`"),
                "write names that `hearken sources` lists".to_owned(),
            ));
        }
    }
    if let Some(when) = &webhook.when {
        match Query::parse(&when.text, Scope::Search) {
            Ok(query) => {
                destination.noise.when = Some(When::new(&when.text, move |mention, now| {
                    query.find(&Subject::of_mention(mention, now)).is_some()
                }));
            }
            Err(error) => problems.push(at(
                when.line,
                when.key.clone(),
                format!("{} (character {})", error.what, error.offset + 1),
                error.mend.clone(),
            )),
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems)
    }
}

fn client_of(net: &crate::config::NetConfig) -> Result<Client, String> {
    let defaults = NetPolicy::default();
    let timeout = net.timeout.unwrap_or(defaults.total_timeout);
    Client::new(NetPolicy {
        user_agent: net.user_agent.clone().unwrap_or(defaults.user_agent),
        contact: net.contact.clone(),
        allow_private: AllowList::parse(&net.allow_private)
            .map_err(|wrong| format!("allow_private: {}", wrong.join("; ")))?,
        total_timeout: timeout,
        header_timeout: timeout.min(defaults.header_timeout),
        connect_timeout: timeout.min(defaults.connect_timeout),
        ..NetPolicy::default()
    })
    .map_err(|error| error.to_string())
}

fn plan_source(
    given: &SourceConfig,
    index: usize,
    definitions: &Definitions,
    at: &impl Fn(usize, String, String, String) -> Problem,
) -> Result<Vec<PlannedSource>, Vec<Problem>> {
    let Some(definition) = definitions.find(&given.definition) else {
        let known: Vec<&str> = definitions
            .iter()
            .map(|known| known.name.as_str())
            .collect();
        return Err(vec![at(
            given.definition_line,
            format!("source[{index}].definition"),
            format!("there is no definition `{}`", given.definition),
            format!(
                "use one of {} (`hearken sources` explains them)",
                known.join(", ")
            ),
        )]);
    };
    let params: BTreeMap<String, String> = given
        .params
        .iter()
        .map(|(name, value)| (name.clone(), value.reveal().to_owned()))
        .collect();
    let problem_of = |problem: ParamProblem| {
        let line = given.param_lines.get(&problem.param).copied();
        at(
            line.unwrap_or(given.line),
            format!("source[{index}].params.{}", problem.param),
            problem.what,
            problem.mend,
        )
    };
    let open: Vec<Problem> = definition
        .params
        .iter()
        .filter(|param| param.param_type == ParamType::Secret)
        .filter(|param| matches!(given.params.get(&param.name), Some(ParamValue::Text(_))))
        .map(|param| {
            problem_of(ParamProblem {
                param: param.name.clone(),
                what: "is a secret and stands in the file itself".to_owned(),
                mend: "write { env = \"NAME\" } or { file = \"path\" }".to_owned(),
            })
        })
        .collect();
    if !open.is_empty() {
        return Err(open);
    }
    let shown: BTreeMap<String, String> = given
        .params
        .iter()
        .filter(|(_, value)| matches!(value, ParamValue::Text(_)))
        .map(|(name, value)| (name.clone(), value.reveal().to_owned()))
        .collect();
    let has_secret = shown.len() < given.params.len();
    let name = given
        .name
        .clone()
        .unwrap_or_else(|| SourceName::new(definition.source_name(&shown)));
    let filled = source::fill_rules(definition, &params).map_err(|wrong| {
        // A rule that is missing is told like any other parameter.
        let missing = definition.check_params(&params);
        let told = if missing.is_empty() { wrong } else { missing };
        told.into_iter().map(problem_of).collect::<Vec<_>>()
    })?;
    let definition = Arc::new(filled.into_owned());
    definition
        .expand(&params)
        .into_iter()
        .map(|(suffix, params)| {
            let request = definition
                .request(&params)
                .map_err(|wrong| wrong.into_iter().map(problem_of).collect::<Vec<_>>())?;
            Ok(PlannedSource {
                name: match suffix {
                    Some(suffix) => SourceName::new(format!("{name}/{suffix}")),
                    None => name.clone(),
                },
                every: given
                    .every
                    .or(definition.limits.every)
                    .unwrap_or(DEFAULT_EVERY),
                adaptive: given.adaptive,
                ignore_robots: given.ignore_robots,
                brands: given.brands.clone(),
                public_url: public_url(&request.url, has_secret),
                listed_by: None,
                definition: Arc::clone(&definition),
                params: Params(params),
                request,
            })
        })
        .collect()
}

/// The source that a feed of a list is; nothing when its address cannot be used.
pub(super) fn listed_feed(plan: &Plan, list: &PlannedSource, url: &str) -> Option<PlannedSource> {
    let param = plan.feed.main_param()?.name.clone();
    let params = BTreeMap::from([(param, url.to_owned())]);
    let request = plan.feed.request(&params).ok()?;
    Some(PlannedSource {
        name: SourceName::new(plan.feed.source_name(&params)),
        every: plan.feed.limits.every.unwrap_or(DEFAULT_EVERY),
        adaptive: list.adaptive,
        ignore_robots: list.ignore_robots,
        brands: list.brands.clone(),
        // The addresses of private feeds are keys.
        public_url: public_url(&request.url, false),
        listed_by: Some(list.name.clone()),
        definition: Arc::clone(&plan.feed),
        params: Params(params),
        request,
    })
}

/// The address for people: never with a user name, and only the host when a
/// parameter is secret.
fn public_url(url: &url::Url, has_secret: bool) -> Option<String> {
    if !url.has_host() {
        return None;
    }
    let mut shown = url.clone();
    // Only addresses that cannot carry credentials refuse these.
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    if has_secret {
        shown.set_query(None);
        shown.set_path("");
    }
    Some(shown.to_string())
}

/// A plan over no configuration at all, for commands that only read the store.
///
/// # Errors
/// When the environment's proxy settings cannot be used.
pub fn empty_plan(store_folder: &Path) -> Result<Plan, ConfigError> {
    let mut config = Config::for_brand("nobody", &[], store_folder.to_owned());
    config.brands.clear();
    compile(config, source::builtin())
}
