//! The way back: a configuration as text, and the commented reference of `hearken init`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::read::plain_duration;
use super::receiver::Written;
use super::{
    BrandConfig, Config, ModelConfig, NetConfig, ParamValue, SecretOrigin, SourceConfig, WebConfig,
    WhenConfig, brand,
};
use crate::domain::{
    Brand, BrandName, DestinationKind, Noise, SourceName, SpikePolicy, TriagePolicy,
};

/// Every key with its default and a sentence about it; loads as it is.
pub fn reference() -> &'static str {
    include_str!("reference.toml")
}

/// A `[[source]]` table for a plain feed, to be put at the end of a file.
pub fn feed_table(name: Option<&str>, url: &str) -> String {
    let source = SourceConfig {
        name: name.map(SourceName::new),
        definition: "feed".to_owned(),
        params: BTreeMap::from([("url".to_owned(), ParamValue::Text(url.to_owned()))]),
        every: None,
        adaptive: None,
        ignore_robots: false,
        brands: Vec::new(),
        line: 1,
        definition_line: 1,
        param_lines: BTreeMap::new(),
    };
    let mut out = String::new();
    write_source(&mut out, &source);
    out
}

impl Config {
    /// The configuration of `run --brand`: this brand on every definition that takes a
    /// query, given as pairs of the definition's name and the parameters that ask for it.
    pub fn for_brand(
        name: &str,
        definitions: &[(String, BTreeMap<String, String>)],
        store_path: PathBuf,
    ) -> Config {
        let name = name.trim();
        Config {
            file: PathBuf::from("hearken.toml"),
            brands: vec![BrandConfig {
                brand: Brand {
                    name: BrandName::new(name),
                    query: brand::quoted(name),
                    handles: Vec::new(),
                    domains: Vec::new(),
                },
                line: 1,
                query_line: 1,
            }],
            sources: definitions
                .iter()
                .map(|(definition, params)| SourceConfig {
                    name: None,
                    definition: definition.clone(),
                    params: params
                        .iter()
                        .map(|(param, value)| (param.clone(), ParamValue::Text(value.clone())))
                        .collect(),
                    every: None,
                    adaptive: None,
                    ignore_robots: false,
                    brands: Vec::new(),
                    line: 1,
                    definition_line: 1,
                    param_lines: params.keys().map(|param| (param.clone(), 1)).collect(),
                })
                .collect(),
            store_path,
            web: WebConfig::default(),
            net: NetConfig::default(),
            model: ModelConfig::default(),
            triage: TriagePolicy::default(),
            spikes: SpikePolicy::default(),
            sources_dir: None,
            webhooks: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// This configuration as a file that loads to the same one. Defaults are left out;
    /// secrets stay references where they were references.
    pub fn to_toml(&self) -> String {
        let mut out = String::new();
        if let Some(folder) = &self.sources_dir {
            line(&mut out, "sources_dir", &path_text(folder, &self.file));
            out.push('\n');
        }
        for brand in &self.brands {
            write_brand(&mut out, &brand.brand);
        }
        for source in &self.sources {
            write_source(&mut out, source);
        }
        self.write_webhooks(&mut out);
        self.write_settings(&mut out);
        out
    }

    fn write_webhooks(&self, out: &mut String) {
        for webhook in &self.webhooks {
            let destination = &webhook.destination;
            out.push_str("[[webhook]]\n");
            line(out, "name", &quote(&destination.name));
            if destination.kind != DestinationKind::Generic {
                line(out, "kind", &quote(destination.kind.name()));
            }
            if let Some(origin) = &webhook.url_origin {
                line(out, "url", &secret_text(destination.url.reveal(), origin));
            }
            for (key, value) in &webhook.kind_keys {
                match value {
                    Written::Text(text) => line(out, key, &quote(text)),
                    Written::Texts(texts) => list(out, key, texts.iter().map(String::as_str)),
                    Written::Secret(given) => {
                        line(out, key, &secret_text(given.value.reveal(), &given.origin));
                    }
                }
            }
            let secrets: Vec<String> = destination
                .secrets
                .iter()
                .zip(&webhook.secret_origins)
                .map(|(secret, origin)| secret_text(secret.reveal(), origin))
                .collect();
            match secrets.as_slice() {
                [] => (),
                [secret] => line(out, "secret", secret),
                several => line(out, "secret", &format!("[{}]", several.join(", "))),
            }
            let events = destination.events.iter().map(|event| event.as_str());
            list(out, "events", events);
            list(
                out,
                "brands",
                destination.brands.iter().map(BrandName::as_str),
            );
            if destination.min_score != self.triage.flag_threshold {
                line(out, "min_score", &destination.min_score.to_string());
            }
            write_noise(out, &destination.noise, webhook.when.as_ref());
            out.push('\n');
        }
    }

    fn write_settings(&self, out: &mut String) {
        let default_store = self.file.with_file_name(super::DEFAULT_STORE);
        if self.store_path != default_store {
            let path = path_text(&self.store_path, &self.file);
            table(out, "store", &[("path", Some(path))]);
        }
        let web = WebConfig::default();
        let listen = (self.web.listen != web.listen).then(|| quote(&self.web.listen.to_string()));
        let public_url = self.web.public_url.as_ref().map(|url| quote(url.as_str()));
        table(
            out,
            "web",
            &[("listen", listen), ("public_url", public_url)],
        );
        let allowed = &self.net.allow_private;
        table(
            out,
            "net",
            &[
                ("user_agent", self.net.user_agent.as_deref().map(quote)),
                ("contact", self.net.contact.as_deref().map(quote)),
                (
                    "allow_private",
                    (!allowed.is_empty()).then(|| list_text(allowed.iter().map(String::as_str))),
                ),
                (
                    "timeout",
                    self.net
                        .timeout
                        .map(|timeout| quote(&plain_duration(timeout))),
                ),
            ],
        );
        let (threads, cascade) = (self.model.threads, self.model.cascade);
        table(
            out,
            "model",
            &[
                (
                    "path",
                    self.model
                        .path
                        .as_ref()
                        .map(|path| path_text(path, &self.file)),
                ),
                (
                    "threads",
                    (threads != ModelConfig::default().threads).then(|| threads.to_string()),
                ),
                ("cascade", cascade.then(|| cascade.to_string())),
            ],
        );
        let (policy, default) = (&self.triage, TriagePolicy::default());
        let duration = |value, default| (value != default).then(|| quote(&plain_duration(value)));
        table(
            out,
            "triage",
            &[
                (
                    "alert_max_age",
                    duration(policy.alert_max_age, default.alert_max_age),
                ),
                (
                    "flag_threshold",
                    (policy.flag_threshold != default.flag_threshold)
                        .then(|| policy.flag_threshold.to_string()),
                ),
                ("goal", duration(policy.goal, default.goal)),
                ("latest", duration(policy.latest, default.latest)),
                (
                    "weights",
                    policy
                        .weights
                        .as_ref()
                        .map(|path| path_text(path, &self.file)),
                ),
            ],
        );
        let (spikes, default) = (self.spikes, SpikePolicy::default());
        table(
            out,
            "spikes",
            &[
                (
                    "level",
                    (spikes.level != default.level).then(|| spikes.level.to_string()),
                ),
                ("cooldown", duration(spikes.cooldown, default.cooldown)),
            ],
        );
    }
}

/// What differs from no rules at all.
fn write_noise(out: &mut String, noise: &Noise, when: Option<&WhenConfig>) {
    list(out, "languages", noise.languages.iter().map(String::as_str));
    list(out, "platforms", noise.platforms.iter().map(String::as_str));
    if let Some(when) = when {
        line(out, "when", &quote(&when.text));
    }
    if let Some(quiet) = noise.quiet {
        line(out, "quiet", &quote(&quiet.to_string()));
    }
    if let Some(digest) = noise.digest {
        line(out, "digest", &quote(&digest.to_string()));
    }
    if noise.critical != Noise::CRITICAL {
        line(out, "critical", &noise.critical.to_string());
    }
    if let Some(cooldown) = noise.cooldown {
        line(out, "group", &quote(noise.group.as_str()));
        line(out, "cooldown", &quote(&plain_duration(cooldown)));
    }
    if let Some(every) = noise.heartbeat {
        line(out, "heartbeat", &quote(&plain_duration(every)));
    }
}

fn write_brand(out: &mut String, brand: &Brand) {
    out.push_str("[[brand]]\n");
    line(out, "name", &quote(brand.name.as_str()));
    line(out, "query", &quote(&brand.query));
    list(out, "handles", brand.handles.iter().map(String::as_str));
    list(out, "domains", brand.domains.iter().map(String::as_str));
    out.push('\n');
}

fn write_source(out: &mut String, source: &SourceConfig) {
    out.push_str("[[source]]\n");
    line(out, "definition", &quote(&source.definition));
    if let Some(name) = &source.name {
        line(out, "name", &quote(name.as_str()));
    }
    if !source.params.is_empty() {
        let params: Vec<String> = source
            .params
            .iter()
            .map(|(key, value)| {
                let value = match value {
                    ParamValue::Text(text) => quote(text),
                    ParamValue::Secret(secret) => {
                        secret_text(secret.value.reveal(), &secret.origin)
                    }
                };
                format!("{} = {value}", key_text(key))
            })
            .collect();
        line(out, "params", &format!("{{ {} }}", params.join(", ")));
    }
    if let Some(every) = source.every {
        line(out, "every", &quote(&plain_duration(every)));
    }
    if let Some(slowest) = source.adaptive {
        line(out, "adaptive", &quote(&plain_duration(slowest)));
    }
    if source.ignore_robots {
        line(out, "ignore_robots", "true");
    }
    list(out, "brands", source.brands.iter().map(BrandName::as_str));
    out.push('\n');
}

fn line(out: &mut String, key: &str, value: &str) {
    writeln!(out, "{key} = {value}").expect("writing to a String cannot fail");
}

fn list<'a>(out: &mut String, key: &str, values: impl Iterator<Item = &'a str>) {
    let mut values = values.peekable();
    if values.peek().is_some() {
        line(out, key, &list_text(values));
    }
}

fn list_text<'a>(values: impl Iterator<Item = &'a str>) -> String {
    let values: Vec<String> = values.map(quote).collect();
    format!("[{}]", values.join(", "))
}

/// A table with the keys that have a value; nothing when none has.
fn table(out: &mut String, name: &str, values: &[(&str, Option<String>)]) {
    if values.iter().all(|(_, value)| value.is_none()) {
        return;
    }
    writeln!(out, "[{name}]").expect("writing to a String cannot fail");
    for (key, value) in values {
        if let Some(value) = value {
            line(out, key, value);
        }
    }
    out.push('\n');
}

/// A TOML text with its quotation marks and escapes.
fn quote(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn key_text(key: &str) -> String {
    let is_bare = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    if !key.is_empty() && key.chars().all(is_bare) {
        key.to_owned()
    } else {
        quote(key)
    }
}

fn secret_text(value: &str, origin: &SecretOrigin) -> String {
    match origin {
        SecretOrigin::Text => quote(value),
        SecretOrigin::Env(name) => format!("{{ env = {} }}", quote(name)),
        SecretOrigin::File(path) => format!("{{ file = {} }}", quote(&path.to_string_lossy())),
    }
}

/// A path as it is written beside the file: relative when it lies below the file's folder.
fn path_text(path: &Path, file: &Path) -> String {
    let relative = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .and_then(|folder| path.strip_prefix(folder).ok())
        .filter(|rest| !rest.as_os_str().is_empty())
        .unwrap_or(path);
    quote(&relative.to_string_lossy())
}
