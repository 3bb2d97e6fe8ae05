//! What each table of the file means: raw values become checked ones.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use toml::de::DeValue;
use url::{Host, Url};

use super::problem::nearest;
use super::read::{Fields, Keys, Placed};
use super::{
    BrandConfig, ModelConfig, NetConfig, ParamValue, SecretOrigin, SourceConfig, WebConfig,
    WebhookConfig,
};
use crate::domain::{
    Brand, BrandName, Destination, DestinationKind, EventType, SigningKey, SourceName, TriagePolicy,
};

/// A source is asked at most this often; sites block those who ask more.
const SHORTEST_EVERY: Duration = Duration::from_secs(30);
/// On this machine nobody minds.
const SHORTEST_LOOPBACK_EVERY: Duration = Duration::from_secs(1);
/// Names are keys of the store and stand in lists.
const NAME_LIMIT_CHARACTERS: usize = 100;

const BRAND: Keys = Keys {
    table: "[[brand]]",
    known: &["name", "query", "handles", "domains"],
    later: &[],
    otherwise: None,
};

const SOURCE: Keys = Keys {
    table: "[[source]]",
    known: &["definition", "name", "params", "every", "brands"],
    later: &[],
    otherwise: Some("write what the definition asks for inside params = { … }"),
};

const WEBHOOK: Keys = Keys {
    table: "[[webhook]]",
    known: &[
        "name",
        "kind",
        "url",
        "secret",
        "events",
        "brands",
        "min_score",
    ],
    later: &["when", "digest", "quiet", "group", "cooldown"],
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
    known: &["user_agent", "contact", "allow_private"],
    later: &[],
    otherwise: None,
};

const MODEL: Keys = Keys {
    table: "[model]",
    known: &["path", "threads"],
    later: &[],
    otherwise: None,
};

const TRIAGE: Keys = Keys {
    table: "[triage]",
    known: &["alert_max_age", "flag_threshold", "goal", "latest"],
    later: &[],
    otherwise: None,
};

const STORE: Keys = Keys {
    table: "[store]",
    known: &["path"],
    later: &[],
    otherwise: None,
};

/// Kinds of webhooks that later versions have.
const LATER_KINDS: [&str; 10] = [
    "slack",
    "discord",
    "teams",
    "mattermost",
    "google-chat",
    "telegram",
    "ntfy",
    "email",
    "pagerduty",
    "file",
];

/// Event types that later versions have.
const LATER_EVENTS: [&str; 8] = [
    "case.claimed",
    "case.verified",
    "case.overdue",
    "spike.started",
    "spike.ended",
    "source.silent",
    "source.gap",
    "heartbeat",
];

/// A name that people and the store can live with.
fn name(fields: &Fields<'_, '_>, place: Placed<String>) -> Option<Placed<String>> {
    if place.value.chars().any(char::is_control) {
        fields.reader.problem(
            &place,
            "contains a control character",
            "write the name on one line, without tabs",
        );
        return None;
    }
    if place.value.chars().count() > NAME_LIMIT_CHARACTERS {
        fields.reader.problem(
            &place,
            format!("is longer than {NAME_LIMIT_CHARACTERS} characters"),
            "write a shorter name",
        );
        return None;
    }
    Some(place)
}

/// Reports names that stand more than once.
fn report_repeats(root: &Fields<'_, '_>, names: &[Placed<String>], what: &str) {
    let mut first_lines: BTreeMap<&str, usize> = BTreeMap::new();
    for place in names {
        match first_lines.get(place.value.as_str()) {
            Some(line) => root.reader.problem(
                place,
                format!(
                    "`{}` is already the name of the {what} in line {line}",
                    place.value
                ),
                "write another name",
            ),
            None => {
                first_lines.insert(&place.value, place.line);
            }
        }
    }
}

/// `[[brand]]`.
pub(super) fn brands(root: &Fields<'_, '_>) -> Vec<BrandConfig> {
    let mut names = Vec::new();
    let mut brands = Vec::new();
    for fields in root.tables("brand", &BRAND) {
        let written = fields
            .required_text("name", "name = \"Acme\"")
            .and_then(|place| name(&fields, place));
        let query = fields.text("query", "query = '\"acme corp\" OR @acme'");
        let handles = fields.texts("handles", "handles = [\"@acme\"]");
        for handle in &handles {
            if handle.value.chars().any(char::is_whitespace) {
                fields.reader.problem(
                    handle,
                    "contains a space, which no account has",
                    "write one account per text: [\"@acme\", \"u/acme\"]",
                );
            }
        }
        let domains: Vec<String> = fields
            .texts("domains", "domains = [\"acme.com\"]")
            .into_iter()
            .filter_map(|place| domain(&fields, &place))
            .collect();
        let Some(written) = written else { continue };
        brands.push(BrandConfig {
            line: fields.line,
            query_line: query.as_ref().map_or(written.line, |query| query.line),
            brand: Brand {
                name: BrandName::new(&written.value),
                query: query.map_or_else(|| quoted(&written.value), |query| query.value),
                handles: handles.into_iter().map(|handle| handle.value).collect(),
                domains,
            },
        });
        names.push(written);
    }
    report_repeats(root, &names, "brand");
    brands
}

/// The query that finds a name: the name as a phrase.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', " ").trim())
}

fn domain(fields: &Fields<'_, '_>, place: &Placed<String>) -> Option<String> {
    let text = &place.value;
    if text.contains("://") || text.contains('/') || text.contains('@') {
        let host = Url::parse(text)
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned));
        fields.reader.problem(
            place,
            format!("`{text}` is an address, not a domain"),
            format!(
                "write \"{}\"",
                host.as_deref().unwrap_or("acme.com").trim_end_matches('.')
            ),
        );
        return None;
    }
    match Host::parse(text) {
        Ok(Host::Domain(host)) if host.contains('.') => Some(host),
        _ => {
            fields.reader.problem(
                place,
                format!("`{text}` is not a domain"),
                "write for example \"acme.com\"",
            );
            None
        }
    }
}

/// `[[source]]`.
pub(super) fn sources(root: &Fields<'_, '_>, brands: &[BrandConfig]) -> Vec<SourceConfig> {
    let mut names = Vec::new();
    let mut sources: Vec<SourceConfig> = Vec::new();
    for fields in root.tables("source", &SOURCE) {
        let definition = fields.required_text("definition", "definition = \"feed\"");
        let written = fields
            .text("name", "name = \"Acme news\"")
            .and_then(|place| name(&fields, place));
        let (params, param_lines) = params(&fields);
        let shortest = if params.iter().any(|(key, value)| is_loopback(key, value)) {
            SHORTEST_LOOPBACK_EVERY
        } else {
            SHORTEST_EVERY
        };
        let every = fields.duration("every", shortest, "every = \"10m\"");
        let wanted = wanted_brands(&fields, brands);
        names.extend(written.clone());
        let Some(definition) = definition else {
            continue;
        };
        let source = SourceConfig {
            name: written.map(|written| SourceName::new(written.value)),
            definition_line: definition.line,
            definition: definition.value,
            params,
            every: every.map(|every| every.value),
            brands: wanted,
            line: fields.line,
            param_lines,
        };
        let twin = sources.iter().find(|earlier| {
            earlier.definition == source.definition
                && earlier.params == source.params
                && earlier.name.is_none()
                && source.name.is_none()
        });
        if let Some(twin) = twin {
            fields.reader.problem_at(
                fields.line,
                &fields.key("definition"),
                format!("asks the same as the source in line {}", twin.line),
                "remove one of the two, or give both a name",
            );
        }
        sources.push(source);
    }
    report_repeats(root, &names, "source");
    sources
}

type Params = (BTreeMap<String, ParamValue>, BTreeMap<String, usize>);

fn params(fields: &Fields<'_, '_>) -> Params {
    const EXAMPLE: &str = "params = { url = \"https://example.org/feed.xml\" }";
    let mut params = Params::default();
    let Some(place) = fields.value("params") else {
        return params;
    };
    let Some(table) = place.value.as_table() else {
        fields
            .reader
            .problem(&place, "is not a table", format!("write {EXAMPLE}"));
        return params;
    };
    for (key, value) in table {
        let written = Placed {
            value: value.get_ref(),
            line: fields.reader.line_of(value.span().start),
            key: format!("{}.{}", place.key, key.get_ref()),
        };
        let read = match written.value {
            DeValue::String(text) => Some(ParamValue::Text(text.to_string())),
            DeValue::Integer(number) => Some(ParamValue::Text(number.to_string())),
            DeValue::Float(number) => Some(ParamValue::Text(number.to_string())),
            DeValue::Boolean(value) => Some(ParamValue::Text(value.to_string())),
            DeValue::Table(_) => fields
                .read_secret(written.clone(), "{ env = \"NAME\" }")
                .map(|secret| ParamValue::Secret(secret.value)),
            DeValue::Array(_) | DeValue::Datetime(_) => {
                fields.reader.problem(
                    &written,
                    "is neither a text nor a secret",
                    "write a text in quotes or { env = \"NAME\" }",
                );
                None
            }
        };
        params.1.insert(key.get_ref().to_string(), written.line);
        if let Some(read) = read {
            params.0.insert(key.get_ref().to_string(), read);
        }
    }
    params
}

/// Whether a parameter leads to this very machine.
fn is_loopback(key: &str, value: &ParamValue) -> bool {
    if key != "url" && key != "server" {
        return false;
    }
    let text = value.reveal();
    let with_scheme = if text.contains("://") {
        text.to_owned()
    } else {
        format!("http://{text}")
    };
    match Url::parse(&with_scheme).as_ref().map(Url::host) {
        Ok(Some(Host::Domain(host))) => host == "localhost" || host.ends_with(".localhost"),
        Ok(Some(Host::Ipv4(address))) => address.is_loopback(),
        Ok(Some(Host::Ipv6(address))) => address.is_loopback(),
        _ => false,
    }
}

/// `brands = […]` of a source or a webhook: names of configured brands.
fn wanted_brands(fields: &Fields<'_, '_>, brands: &[BrandConfig]) -> Vec<BrandName> {
    let mut wanted = Vec::new();
    for place in fields.texts("brands", "brands = [\"Acme\"]") {
        let known = || brands.iter().map(|brand| brand.brand.name.as_str());
        if known().any(|name| name == place.value) {
            wanted.push(BrandName::new(place.value));
            continue;
        }
        let mend = match nearest(&place.value, known()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("add a [[brand]] with name = \"{}\"", place.value),
        };
        fields
            .reader
            .problem(&place, format!("there is no brand `{}`", place.value), mend);
    }
    wanted
}

/// `[[webhook]]`.
pub(super) fn webhooks(
    root: &Fields<'_, '_>,
    brands: &[BrandConfig],
    policy: &TriagePolicy,
) -> Vec<WebhookConfig> {
    let mut names = Vec::new();
    let mut webhooks = Vec::new();
    for fields in root.tables("webhook", &WEBHOOK) {
        let written = fields
            .required_text("name", "name = \"team-chat\"")
            .and_then(|place| name(&fields, place));
        let kind = kind(&fields);
        let url = webhook_url(&fields);
        let (secrets, secret_origins) = signing_secrets(&fields);
        let events = events(&fields);
        let wanted = wanted_brands(&fields, brands);
        let min_score = fields
            .share("min_score", "min_score = 0.6")
            .map_or(policy.flag_threshold, |share| share.value);
        names.extend(written.clone());
        let (Some(written), Some(kind), Some((url, url_origin))) = (written, kind, url) else {
            continue;
        };
        webhooks.push(WebhookConfig {
            destination: Destination {
                name: written.value,
                kind,
                url,
                secrets,
                events,
                brands: wanted,
                min_score,
            },
            line: fields.line,
            url_origin,
            secret_origins,
        });
    }
    report_repeats(root, &names, "webhook");
    webhooks
}

fn kind(fields: &Fields<'_, '_>) -> Option<DestinationKind> {
    if fields.value("kind").is_none() {
        return Some(DestinationKind::Generic);
    }
    let place = fields.text("kind", "kind = \"generic\"")?;
    if place.value == "generic" {
        return Some(DestinationKind::Generic);
    }
    let (what, mend) = if LATER_KINDS.contains(&place.value.as_str()) {
        (
            format!("the kind `{}` comes with a later version", place.value),
            "remove this webhook, or write kind = \"generic\" for a receiver of your own",
        )
    } else {
        (
            format!("there is no kind `{}`", place.value),
            "write kind = \"generic\"",
        )
    };
    fields.reader.problem(&place, what, mend);
    None
}

fn webhook_url(fields: &Fields<'_, '_>) -> Option<(crate::domain::Secret, SecretOrigin)> {
    const EXAMPLE: &str = "url = \"https://example.org/hook\" or url = { env = \"NAME\" }";
    if fields.value("url").is_none() {
        fields.missing("url", &format!("write {EXAMPLE}"));
        return None;
    }
    let place = fields.secret("url", EXAMPLE)?;
    let wrong = match Url::parse(place.value.value.reveal()) {
        Ok(url) if !matches!(url.scheme(), "http" | "https") => "is neither http:// nor https://",
        Ok(url) if url.host().is_none() => "names no host",
        Ok(_) => return Some((place.value.value, place.value.origin)),
        Err(_) => "is not an address",
    };
    // The value is left out on purpose: an address may hold a token.
    fields
        .reader
        .problem(&place, wrong, format!("write {EXAMPLE}"));
    None
}

fn signing_secrets(fields: &Fields<'_, '_>) -> (Vec<crate::domain::Secret>, Vec<SecretOrigin>) {
    const EXAMPLE: &str = "secret = { env = \"NAME\" }";
    if fields.value("secret").is_none() {
        fields.reader.warning_at(
            fields.line,
            &fields.key("secret"),
            "is missing, so receivers cannot tell who sent a message",
            format!("write {EXAMPLE}"),
        );
    }
    let mut kept = (Vec::new(), Vec::new());
    for place in fields.secrets("secret", EXAMPLE) {
        match SigningKey::read(&place.value.value) {
            Ok(_) => {
                kept.0.push(place.value.value);
                kept.1.push(place.value.origin);
            }
            Err(why) => fields.reader.problem(
                &place,
                why,
                "write whsec_ + base64, whsk_ + base64 (ed25519), or any other text",
            ),
        }
    }
    kept
}

fn events(fields: &Fields<'_, '_>) -> Vec<EventType> {
    let mut events = Vec::new();
    for place in fields.texts("events", "events = [\"mention.flagged\"]") {
        let found = EventType::ALL
            .into_iter()
            .find(|event| event.as_str() == place.value);
        if let Some(event) = found {
            events.push(event);
            continue;
        }
        if LATER_EVENTS.contains(&place.value.as_str()) {
            fields.reader.problem(
                &place,
                format!("`{}` comes with a later version", place.value),
                "remove it",
            );
            continue;
        }
        let known = EventType::ALL.map(EventType::as_str);
        let mend = match nearest(&place.value, known) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("write one of {}", known.join(", ")),
        };
        fields.reader.problem(
            &place,
            format!("there is no event type `{}`", place.value),
            mend,
        );
    }
    events
}

/// `[store]`: the folder of the store.
pub(super) fn store_path(root: &Fields<'_, '_>) -> std::path::PathBuf {
    root.table("store", &STORE)
        .and_then(|fields| fields.text("path", "path = \"hearken-data\""))
        .map_or_else(
            || root.reader.beside_the_file(super::DEFAULT_STORE),
            |path| root.reader.beside_the_file(&path.value),
        )
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
    }
}

fn is_range_or_host(text: &str) -> bool {
    if text.parse::<ipnet::IpNet>().is_ok() || text.parse::<std::net::IpAddr>().is_ok() {
        return true;
    }
    // A slash or a colon means that a range, an address or a whole URL was meant.
    let looks_numeric = text
        .chars()
        .all(|character| character.is_ascii_digit() || character == '.');
    !looks_numeric
        && text
            .chars()
            .all(|character| character.is_alphanumeric() || matches!(character, '.' | '-' | '_'))
}

/// `[model]`.
pub(super) fn model(root: &Fields<'_, '_>) -> ModelConfig {
    let mut model = ModelConfig::default();
    let Some(fields) = root.table("model", &MODEL) else {
        return model;
    };
    model.path = fields
        .text("path", "path = \"models/hearken-en\"")
        .map(|path| fields.reader.beside_the_file(&path.value));
    if let Some(threads) = fields.count("threads", 1..=256, "threads = 1") {
        model.threads = threads.value;
    }
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
                super::read::plain_duration(policy.goal),
                super::read::plain_duration(policy.latest)
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

/// `sources_dir`: a folder with more definitions.
pub(super) fn sources_dir(root: &Fields<'_, '_>) -> Option<std::path::PathBuf> {
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
