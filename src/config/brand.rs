//! `[[brand]]`: who we listen for; and the names that other tables refer to.

use std::collections::BTreeMap;

use url::{Host, Url};

use super::BrandConfig;
use super::problem::nearest;
use super::read::{Fields, Keys, Placed};
use crate::domain::{Brand, BrandName};

const BRAND: Keys = Keys {
    table: "[[brand]]",
    known: &["name", "query", "handles", "domains"],
    later: &[],
    otherwise: None,
};

/// Names are keys of the store and stand in lists.
const NAME_LIMIT_CHARACTERS: usize = 100;

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

/// What is said of a brand that other tables name and nobody defines.
pub(super) const NO_BRAND: &str = "there is no brand";

/// `brands = […]` of a source or a webhook: names of configured brands.
pub(super) fn wanted_brands(fields: &Fields<'_, '_>, brands: &[BrandConfig]) -> Vec<BrandName> {
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
            .problem(&place, format!("{NO_BRAND} `{}`", place.value), mend);
    }
    wanted
}

/// The query that finds a name: the name as a phrase.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', " ").trim())
}

/// A name that people and the store can live with.
pub(super) fn name(fields: &Fields<'_, '_>, place: Placed<String>) -> Option<Placed<String>> {
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
pub(super) fn report_repeats(root: &Fields<'_, '_>, names: &[Placed<String>], what: &str) {
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
