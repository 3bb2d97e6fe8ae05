//! The tables that stand once: `[store]`, `[web]`, `[net]`, `[model]`, `[triage]`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use url::{Host, Url};

use super::read::{Fields, Keys, plain_duration};
use super::{ModelConfig, NetConfig, WebConfig};
use crate::domain::{SpikePolicy, TriagePolicy};

const STORE: Keys = Keys {
    table: "[store]",
    known: &["path"],
    later: &[],
    otherwise: None,
};

const WEB: Keys = Keys {
    table: "[web]",
    known: &["listen", "public_url"],
    later: &[],
    otherwise: None,
};

const NET: Keys = Keys {
    table: "[net]",
    known: &["user_agent", "contact", "allow_private", "timeout"],
    later: &[],
    otherwise: None,
};

const MODEL: Keys = Keys {
    table: "[model]",
    known: &["path", "threads", "cascade"],
    later: &[],
    otherwise: None,
};

const TRIAGE: Keys = Keys {
    table: "[triage]",
    known: &[
        "alert_max_age",
        "flag_threshold",
        "goal",
        "latest",
        "weights",
    ],
    later: &[],
    otherwise: None,
};

/// Less than this is no time for a name to be looked up and a connection to be made.
const SHORTEST_TIMEOUT: Duration = Duration::from_secs(1);

const SPIKES: Keys = Keys {
    table: "[spikes]",
    known: &["level", "cooldown"],
    later: &[],
    otherwise: None,
};

/// `[spikes]`.
pub(super) fn spikes(root: &Fields<'_, '_>) -> SpikePolicy {
    let mut policy = SpikePolicy::default();
    let Some(fields) = root.table("spikes", &SPIKES) else {
        return policy;
    };
    if let Some(level) = fields.count("level", 1..=3, "level = 2") {
        policy.level = level.value as u8;
    }
    if let Some(cooldown) =
        fields.duration("cooldown", Duration::from_secs(60), "cooldown = \"2h\"")
    {
        policy.cooldown = cooldown.value;
    }
    policy
}

/// `[store]`: the folder of the store.
pub(super) fn store_path(root: &Fields<'_, '_>) -> PathBuf {
    root.table("store", &STORE)
        .and_then(|fields| fields.text("path", "path = \"hearken-data\""))
        .map_or_else(
            || root.reader.beside_the_file(super::DEFAULT_STORE),
            |path| root.reader.beside_the_file(&path.value),
        )
}

/// `sources_dir`: a folder with more definitions.
pub(super) fn sources_dir(root: &Fields<'_, '_>) -> Option<PathBuf> {
    let place = root.text("sources_dir", "sources_dir = \"sources\"")?;
    let folder = root.reader.beside_the_file(&place.value);
    if folder.is_dir() {
        return Some(folder);
    }
    root.reader.problem(
        &place,
        format!("there is no folder `{}`", place.value),
        "create it, or write the path of the folder that holds your definitions",
    );
    None
}

/// `[web]`.
pub(super) fn web(root: &Fields<'_, '_>) -> WebConfig {
    let mut web = WebConfig::default();
    let Some(fields) = root.table("web", &WEB) else {
        return web;
    };
    if let Some(place) = fields.text("listen", "listen = \"127.0.0.1:8080\"") {
        match place.value.parse::<SocketAddr>() {
            Ok(listen) => web.listen = listen,
            Err(_) => fields.reader.problem(
                &place,
                format!("`{}` is not an IP address with a port", place.value),
                listen_advice(&place.value),
            ),
        }
    }
    if let Some(place) = fields.text("public_url", "public_url = \"https://hearken.example.org\"") {
        match Url::parse(&place.value) {
            Ok(url)
                if matches!(url.scheme(), "http" | "https")
                    && url.query().is_none()
                    && url.fragment().is_none() =>
            {
                web.public_url = Some(url);
            }
            _ => fields.reader.problem(
                &place,
                format!("`{}` is not a plain http(s) address", place.value),
                "write for example public_url = \"https://hearken.example.org\"",
            ),
        }
    }
    web
}

/// What to write when `listen` is not an address: the same port, if there is one.
fn listen_advice(written: &str) -> String {
    let port = written
        .rsplit(':')
        .next()
        .and_then(|port| port.parse::<u16>().ok())
        .unwrap_or(super::DEFAULT_LISTEN.port());
    format!(
        "write \"127.0.0.1:{port}\" for this machine only or \"0.0.0.0:{port}\" for the network"
    )
}

/// `[net]`.
pub(super) fn net(root: &Fields<'_, '_>) -> NetConfig {
    let Some(fields) = root.table("net", &NET) else {
        return NetConfig::default();
    };
    let header_text = |key: &str, example: &str| {
        let place = fields.text(key, example)?;
        let fits = place
            .value
            .chars()
            .all(|character| character.is_ascii_graphic() || character == ' ');
        if !fits {
            fields.reader.problem(
                &place,
                "contains a character that HTTP headers cannot carry",
                format!("write plain ASCII: {example}"),
            );
            return None;
        }
        Some(place.value)
    };
    let mut allow_private = Vec::new();
    for place in fields.texts("allow_private", "allow_private = [\"10.0.0.0/8\"]") {
        if is_range_or_host(&place.value) {
            allow_private.push(place.value);
        } else {
            fields.reader.problem(
                &place,
                format!("`{}` is neither an address range nor a host", place.value),
                "write for example \"10.0.0.0/8\", \"192.168.1.7\" or \"intranet.example.org\"",
            );
        }
    }
    NetConfig {
        user_agent: header_text("user_agent", "user_agent = \"AcmeListener/1.0\""),
        contact: header_text("contact", "contact = \"mailto:web@acme.com\""),
        allow_private,
        timeout: fields
            .duration("timeout", SHORTEST_TIMEOUT, "timeout = \"60s\"")
            .map(|timeout| timeout.value),
    }
}

/// The forms that `net` reads: a range, an address, or a host without scheme and port.
fn is_range_or_host(text: &str) -> bool {
    if text.contains('/') {
        return text.parse::<ipnet::IpNet>().is_ok();
    }
    let bare = text
        .strip_prefix('[')
        .and_then(|inner| inner.strip_suffix(']'))
        .unwrap_or(text);
    if bare.parse::<std::net::IpAddr>().is_ok() {
        return true;
    }
    !text.contains([':', '*']) && Host::parse(text.strip_suffix('.').unwrap_or(text)).is_ok()
}

/// `[model]`.
pub(super) fn model(root: &Fields<'_, '_>) -> ModelConfig {
    let mut model = ModelConfig::default();
    let Some(fields) = root.table("model", &MODEL) else {
        return model;
    };
    model.path = fields
        .text("path", "path = \"models/hearken-multi\"")
        .map(|path| fields.reader.beside_the_file(&path.value));
    if let Some(threads) = fields.count("threads", 1..=256, "threads = 1") {
        model.threads = threads.value;
    }
    model.cascade = fields.switch("cascade");
    model
}

/// `[triage]`.
pub(super) fn triage(root: &Fields<'_, '_>) -> TriagePolicy {
    const SHORTEST: Duration = Duration::from_secs(1);
    let mut policy = TriagePolicy::default();
    let Some(fields) = root.table("triage", &TRIAGE) else {
        return policy;
    };
    if let Some(age) = fields.duration("alert_max_age", SHORTEST, "alert_max_age = \"48h\"") {
        policy.alert_max_age = age.value;
    }
    if let Some(threshold) = fields.share("flag_threshold", "flag_threshold = 0.6") {
        policy.flag_threshold = threshold.value;
    }
    policy.weights = fields
        .text("weights", "weights = \"triage.toml\"")
        .map(|path| fields.reader.beside_the_file(&path.value));
    let goal = fields.duration("goal", SHORTEST, "goal = \"1h\"");
    let latest = fields.duration("latest", SHORTEST, "latest = \"24h\"");
    policy.goal = goal.as_ref().map_or(policy.goal, |goal| goal.value);
    policy.latest = latest.as_ref().map_or(policy.latest, |latest| latest.value);
    if policy.goal > policy.latest
        && let Some(place) = goal.or(latest)
    {
        fields.reader.problem(
            &place,
            format!(
                "the goal ({}) is later than the latest answer ({})",
                plain_duration(policy.goal),
                plain_duration(policy.latest)
            ),
            "make `goal` the shorter one",
        );
        policy = TriagePolicy {
            goal: TriagePolicy::default().goal,
            latest: TriagePolicy::default().latest,
            ..policy
        };
    }
    policy
}
