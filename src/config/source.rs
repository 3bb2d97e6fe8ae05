//! `[[source]]`: where we listen. Whether the definition exists and takes these parameters
//! is checked where definitions are known.

use std::collections::BTreeMap;
use std::time::Duration;

use toml::de::DeValue;
use url::{Host, Url};

use super::brand::{name, report_repeats, wanted_brands};
use super::read::{Fields, Keys, Placed};
use super::{BrandConfig, ParamValue, SourceConfig};
use crate::domain::SourceName;

const SOURCE: Keys = Keys {
    table: "[[source]]",
    known: &[
        "definition",
        "name",
        "params",
        "every",
        "adaptive",
        "ignore_robots",
        "brands",
    ],
    later: &[],
    otherwise: Some("write what the definition asks for inside params = { … }"),
};

/// A source is asked at most this often; sites block those who ask more.
const SHORTEST_EVERY: Duration = Duration::from_secs(30);

/// An adaptive source is asked at least this often unless it says otherwise.
const SLOWEST_ADAPTIVE: Duration = Duration::from_secs(6 * 3_600);

/// On this machine nobody minds.
const SHORTEST_LOOPBACK_EVERY: Duration = Duration::from_secs(1);

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
        let adaptive = adaptive(&fields);
        let ignore_robots = fields.switch("ignore_robots");
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
            adaptive,
            ignore_robots,
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

/// `adaptive = true`, or the slowest pace it may come to.
fn adaptive(fields: &Fields<'_, '_>) -> Option<Duration> {
    const EXAMPLE: &str = "adaptive = \"6h\"";
    match fields.value("adaptive")?.value {
        DeValue::Boolean(is_on) => is_on.then_some(SLOWEST_ADAPTIVE),
        _ => fields
            .duration("adaptive", SHORTEST_EVERY, EXAMPLE)
            .map(|slowest| slowest.value),
    }
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
