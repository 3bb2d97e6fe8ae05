//! The text of a definition file becomes a checked definition, or all that is wrong with it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use toml::de::DeTable;
use url::Url;

use super::DefinitionProblem;
use super::asking::{Asking, read_paging};
use super::reading::{self, Rules};
use super::table::{Entry, Problems, Table};
use crate::domain::{
    Definition, Format, Kind, Limits, Param, ParamType, QueryForm, Request, Sample, Verified,
};

pub(super) const KINDS: [(&str, Kind); 5] = [
    ("post", Kind::Post),
    ("comment", Kind::Comment),
    ("review", Kind::Review),
    ("article", Kind::Article),
    ("question", Kind::Question),
];
const PARAM_TYPES: [(&str, ParamType); 6] = [
    ("text", ParamType::Text),
    ("url", ParamType::Url),
    ("server", ParamType::Server),
    ("number", ParamType::Number),
    ("rule", ParamType::Rule),
    ("secret", ParamType::Secret),
];
const QUERY_FORMS: [(&str, QueryForm); 3] = [
    ("phrase", QueryForm::Phrase),
    ("words", QueryForm::Words),
    ("tag", QueryForm::Tag),
];
const VERIFIED: [(&str, Verified); 3] = [
    ("corpus", Verified::Corpus),
    ("documentation", Verified::Documentation),
    ("sample", Verified::Sample),
];
/// Reads one definition file. `file_name` is used in messages and gives the name that
/// the definition must have.
///
/// # Errors
/// Every problem of the file, in its order.
pub fn parse_definition(text: &str, file_name: &str) -> Result<Definition, Vec<DefinitionProblem>> {
    parse_filled(text, file_name, None)
}

/// [`parse_definition`] with the rules that the file leaves to parameters filled in.
pub(super) fn parse_filled(
    text: &str,
    file_name: &str,
    given: Option<&BTreeMap<String, String>>,
) -> Result<Definition, Vec<DefinitionProblem>> {
    let mut problems = Problems::new(file_name, text);
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        problems.add(
            &error.span().unwrap_or(0..0),
            file_name,
            format!("is not valid TOML: {}", error.message().replace('\n', " ")),
            "see https://toml.io for the notation",
        );
    }
    if !errors.is_empty() {
        // What was recovered may miss keys that the file does have: further complaints
        // would mislead.
        return Err(problems.into_sorted());
    }
    let root = Table::new(String::new(), 0..0, document.get_ref());
    let definition = read_root(root, file_name, given, &mut problems).map(|(definition, left)| {
        let template = left.then(|| text.into());
        Definition {
            template,
            ..definition
        }
    });
    match definition {
        Some(definition) if problems.is_empty() => Ok(definition),
        _ => Err(problems.into_sorted()),
    }
}

fn read_root(
    mut root: Table<'_, '_>,
    file_name: &str,
    given: Option<&BTreeMap<String, String>>,
    problems: &mut Problems<'_>,
) -> Option<(Definition, bool)> {
    let stem = file_name
        .rsplit(['/', '\\'])
        .next()
        .and_then(|name| name.strip_suffix(".toml"))
        .unwrap_or(file_name);
    let name = root
        .need("name", problems, &format!("write name = \"{stem}\""))
        .and_then(|entry| {
            let name = entry.text(problems)?;
            if name != stem {
                problems.add(
                    &entry.span,
                    &entry.key,
                    format!("`{name}` differs from the name of the file"),
                    format!("write name = \"{stem}\" or rename the file"),
                );
            }
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if name.is_empty() || !name.chars().all(plain) {
                problems.add(
                    &entry.span,
                    &entry.key,
                    format!("`{name}` is not a usable name"),
                    "use lower-case letters, digits and `-`",
                );
            }
            Some(name.to_owned())
        });
    let title = needed_text(
        &mut root,
        "title",
        problems,
        "write what people call the site",
    );
    let summary = needed_text(
        &mut root,
        "summary",
        problems,
        "say in one sentence what it brings",
    );
    let help = optional_text(&mut root, "help", problems).unwrap_or_default();
    let kind = root
        .need(
            "kind",
            problems,
            "write the kind of its items, such as kind = \"post\"",
        )
        .and_then(|entry| entry.one_of(problems, &KINDS));
    let terms = root
        .take("terms")
        .and_then(|entry| address(&entry, problems));
    let verified = root
        .need(
            "verified",
            problems,
            "write verified = \"sample\" for your own definitions",
        )
        .and_then(|entry| entry.one_of(problems, &VERIFIED));
    let keyless = root
        .take("keyless")
        .and_then(|entry| entry.boolean(problems))
        .unwrap_or(false);
    let params = root
        .take("params")
        .and_then(|entry| entry.table(problems))
        .map(|table| read_params(&table, problems))
        .unwrap_or_default();
    let paging = root
        .take("paging")
        .and_then(|entry| entry.table(problems))
        .and_then(|table| read_paging(table, problems));
    let asking = Asking {
        params: &params,
        page_param: paging.as_ref().and_then(|paging| paging.kind.param()),
    };
    let sign_in = root
        .take("sign_in")
        .and_then(|entry| entry.table(problems))
        .and_then(|table| asking.sign_in(table, problems));
    let request_at = root.take("request");
    let request = request_at
        .as_ref()
        .and_then(|entry| entry.table(problems))
        .and_then(|table| asking.request(table, sign_in, problems));
    let limits = root
        .take("limits")
        .and_then(|entry| entry.table(problems))
        .map(|table| read_limits(table, problems))
        .unwrap_or_default();
    let mut rules = Rules {
        params: &params,
        given,
        any_left: false,
    };
    let format = reading::read_format(&mut root, &mut rules, problems);
    let any_left = rules.any_left;
    let request = match (&format, request_at) {
        (Some(Format::Inbound(_)), None) => Some(Request::default()),
        (_, None) => {
            root.complain(
                problems,
                "`request` is missing",
                "add a table [request] with a url",
            );
            None
        }
        _ => request,
    };
    let sample = root
        .take("sample")
        .and_then(|entry| entry.table(problems))
        .and_then(|table| read_sample(table, problems));
    root.finish(problems);
    let definition = Definition {
        name: name?,
        title: title?,
        summary: summary?,
        help: help.trim().to_owned(),
        kind: kind?,
        format: format?,
        params,
        request: request?,
        paging,
        limits,
        terms,
        verified: verified?,
        keyless,
        sample,
        template: None,
    };
    Some((definition, any_left))
}

fn read_params(table: &Table<'_, '_>, problems: &mut Problems<'_>) -> Vec<Param> {
    let mut params: Vec<Param> = Vec::new();
    for (name, entry) in table.all() {
        let Some(mut table) = entry.table(problems) else {
            continue;
        };
        let param_type = table.take("type").map_or(Some(ParamType::Text), |entry| {
            entry.one_of(problems, &PARAM_TYPES)
        });
        let help = needed_text(&mut table, "help", problems, "say what it is for");
        let default = table
            .take("default")
            .and_then(|entry| scalar_text(&entry, problems));
        let main = table
            .take("main")
            .and_then(|entry| entry.boolean(problems))
            .unwrap_or(false);
        let query = table
            .take("query")
            .and_then(|entry| entry.one_of(problems, &QUERY_FORMS));
        let optional = table
            .take("optional")
            .and_then(|entry| entry.boolean(problems))
            .unwrap_or(false);
        let each = table
            .take("each")
            .and_then(|entry| entry.boolean(problems))
            .unwrap_or(false);
        table.finish(problems);
        let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if !name.chars().all(fine) {
            problems.add(
                &entry.span,
                &entry.key,
                format!("`{name}` is not a usable parameter name"),
                "use lower-case letters, digits and `_`",
            );
        }
        if main && params.iter().any(|param| param.main) {
            problems.add(
                &entry.span,
                &entry.key,
                "is a second main parameter",
                "leave `main = true` on one parameter",
            );
        }
        if param_type == Some(ParamType::Secret) && (default.is_some() || main || query.is_some()) {
            problems.add(
                &entry.span,
                &entry.key,
                "is a secret and takes neither `default` nor `main` nor `query`",
                "leave those out",
            );
        }
        if query.is_some() && params.iter().any(|param| param.query.is_some()) {
            problems.add(
                &entry.span,
                &entry.key,
                "is a second parameter that takes a brand",
                "leave `query` on one parameter",
            );
        }
        // A parameter with a mistake still exists: the address may speak of it.
        params.push(Param {
            name,
            param_type: param_type.unwrap_or(ParamType::Text),
            help: help.unwrap_or_default(),
            default,
            main,
            query,
            optional,
            each,
        });
    }
    params
}

fn read_limits(mut table: Table<'_, '_>, problems: &mut Problems<'_>) -> Limits {
    let limits = Limits {
        requests_per_minute: table
            .take("requests_per_minute")
            .and_then(|entry| entry.whole_number(problems)),
        every: table
            .take("every")
            .and_then(|entry| entry.duration(problems)),
        window_items: table
            .take("window_items")
            .and_then(|entry| entry.whole_number(problems)),
        window: table
            .take("window")
            .and_then(|entry| entry.duration(problems)),
    };
    table.finish(problems);
    limits
}

fn read_sample(mut table: Table<'_, '_>, problems: &mut Problems<'_>) -> Option<Sample> {
    let file = table
        .need(
            "file",
            problems,
            "write the name of a file in the folder `samples`",
        )
        .and_then(|entry| {
            let file = entry.text(problems)?;
            if file.contains(['/', '\\']) || file.starts_with('.') {
                problems.add(
                    &entry.span,
                    &entry.key,
                    format!("`{file}` is not a plain file name"),
                    "put the file into the folder `samples` beside the definition",
                );
            }
            Some(file.to_owned())
        });
    let url = table
        .take("url")
        .and_then(|entry| address(&entry, problems));
    let at = table.take("at").and_then(|entry| moment(&entry, problems));
    let params = table
        .take("params")
        .and_then(|entry| entry.table(problems))
        .map(|table| {
            table
                .all()
                .into_iter()
                .filter_map(|(name, entry)| Some((name, scalar_text(&entry, problems)?)))
                .collect()
        })
        .unwrap_or_default();
    let n = table
        .need("n", problems, "write how many items the sample holds")
        .and_then(|entry| entry.whole_number(problems));
    let items = table
        .take("items")
        .map(|entry| {
            entry
                .list_or_single()
                .iter()
                .filter(|item| item.table(problems).is_some())
                .map(|item| plain_json(item.value))
                .collect()
        })
        .unwrap_or_default();
    table.finish(problems);
    Some(Sample {
        file: file?,
        url,
        at,
        params,
        n: n? as usize,
        items,
    })
}

/// A TOML value as JSON, for comparison with items.
pub(super) fn plain_json(value: &toml::de::DeValue<'_>) -> serde_json::Value {
    use serde_json::Value;
    if let Some(text) = value.as_str() {
        return Value::from(text);
    }
    if let Some(truth) = value.as_bool() {
        return Value::from(truth);
    }
    if let Some(list) = value.as_array() {
        return list
            .iter()
            .map(|element| plain_json(element.get_ref()))
            .collect();
    }
    if let Some(table) = value.as_table() {
        return table
            .iter()
            .map(|(key, value)| (key.get_ref().to_string(), plain_json(value.get_ref())))
            .collect::<serde_json::Map<_, _>>()
            .into();
    }
    let number = value
        .as_integer()
        .map(|number| number.as_str())
        .or_else(|| value.as_float().map(|number| number.as_str()))
        .and_then(|text| text.parse::<f64>().ok());
    match number {
        Some(number) => Value::from(number),
        None => value
            .as_datetime()
            .map_or(Value::Null, |date| Value::from(date.to_string())),
    }
}

fn address(entry: &Entry<'_, '_>, problems: &mut Problems<'_>) -> Option<String> {
    let text = entry.text(problems)?;
    if Url::parse(text).is_err() {
        problems.add(
            &entry.span,
            &entry.key,
            format!("`{text}` is not an address"),
            "write it whole, with https://",
        );
    }
    Some(text.to_owned())
}

fn moment(entry: &Entry<'_, '_>, problems: &mut Problems<'_>) -> Option<DateTime<Utc>> {
    let text = entry.text(problems)?;
    let moment = DateTime::parse_from_rfc3339(text).ok();
    if moment.is_none() {
        problems.add(
            &entry.span,
            &entry.key,
            format!("`{text}` is not a time"),
            "write it as \"2026-03-01T12:00:00Z\"",
        );
    }
    moment.map(|moment| moment.to_utc())
}

fn needed_text(
    table: &mut Table<'_, '_>,
    key: &'static str,
    problems: &mut Problems<'_>,
    mend: &str,
) -> Option<String> {
    let entry = table.need(key, problems, mend)?;
    let text = entry.text(problems)?.trim();
    if text.is_empty() {
        problems.add(&entry.span, &entry.key, "is empty", mend);
    }
    Some(text.to_owned())
}

fn optional_text(
    table: &mut Table<'_, '_>,
    key: &'static str,
    problems: &mut Problems<'_>,
) -> Option<String> {
    let entry = table.take(key)?;
    entry.text(problems).map(str::to_owned)
}

/// A default may be written as a text or as a number.
fn scalar_text(entry: &Entry<'_, '_>, problems: &mut Problems<'_>) -> Option<String> {
    match entry.value.as_integer() {
        Some(number) => Some(number.as_str().to_owned()),
        None => entry.text(problems).map(str::to_owned),
    }
}
