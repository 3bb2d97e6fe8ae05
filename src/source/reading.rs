//! The part of a definition file that says how an answer is read: the format and its
//! table, `[html]` or `[json]`.

use super::asking::read_stream;
use super::read::KINDS;
use super::table::{Entry, Problems, Table};
use crate::domain::{Condition, FieldRules, Format, HtmlReading, JsonMapping, ValueRule};

const PATH_HELP: &str = "write a path such as account.name or list[0].text";
const CONDITION_HELP: &str = "write for example `reblog`, `!text` or `type = comment`";

/// The formats by name, before their own tables are read.
#[derive(Clone, Copy)]
enum FormatName {
    Feed,
    Html,
    Json,
    JsonLines,
    Stream,
    Inbound,
    Email,
    Opml,
}

/// The format with what its own table says.
pub(super) fn read_format(root: &mut Table<'_, '_>, problems: &mut Problems<'_>) -> Option<Format> {
    let formats = [
        ("feed", FormatName::Feed),
        ("html", FormatName::Html),
        ("json", FormatName::Json),
        ("json-lines", FormatName::JsonLines),
        ("stream", FormatName::Stream),
        ("inbound", FormatName::Inbound),
        ("email", FormatName::Email),
        ("opml", FormatName::Opml),
    ];
    let name = root
        .need(
            "format",
            problems,
            "write format = \"feed\", \"html\", \"json\", \"json-lines\", \"stream\", \"inbound\", \"email\" or \"opml\"",
        )
        .and_then(|entry| entry.one_of(problems, &formats));
    // The tables are read whatever the format, so that their mistakes are reported too.
    let html = root
        .take("html")
        .and_then(|entry| entry.table(problems))
        .and_then(|mut table| {
            let reading = table
                .need("structured", problems, "write structured = \"schema.org\"")
                .and_then(|entry| {
                    entry.one_of(problems, &[("schema.org", HtmlReading::SchemaOrg)])
                });
            table.finish(problems);
            reading
        });
    let json = root
        .take("json")
        .and_then(|entry| entry.table(problems))
        .map(|table| read_mapping(table, problems));
    let stream = root
        .take("stream")
        .and_then(|entry| entry.table(problems))
        .and_then(|table| read_stream(table, problems));
    let needs_mapping = |format: &str, problems: &mut Problems<'_>| {
        if json.is_none() && problems.is_empty() {
            root.complain(
                problems,
                &format!("format = \"{format}\" says nothing about the answer"),
                "add a table [json] with `list` and [json.fields]",
            );
        }
    };
    match name? {
        FormatName::Feed => Some(Format::Feed),
        FormatName::Email => Some(Format::Email),
        FormatName::Opml => Some(Format::Opml),
        FormatName::Inbound => Some(Format::Inbound(json.map(Box::new))),
        FormatName::JsonLines => {
            needs_mapping("json-lines", problems);
            json.map(|mapping| Format::JsonLines(Box::new(mapping)))
        }
        FormatName::Stream => {
            needs_mapping("stream", problems);
            if stream.is_none() && problems.is_empty() {
                root.complain(
                    problems,
                    "format = \"stream\" does not say what carries it",
                    "add a table [stream] with carrier = \"sse\", \"websocket\" or \"lines\"",
                );
            }
            let mapping = Box::new(json?);
            stream.map(|stream| Format::Stream(stream, mapping))
        }
        FormatName::Html => {
            if html.is_none() && problems.is_empty() {
                root.complain(
                    problems,
                    "format = \"html\" says nothing about the page",
                    "add a table [html] with structured = \"schema.org\"",
                );
            }
            html.map(Format::Html)
        }
        FormatName::Json => {
            needs_mapping("json", problems);
            json.map(|mapping| Format::Json(Box::new(mapping)))
        }
    }
}

fn read_mapping(mut table: Table<'_, '_>, problems: &mut Problems<'_>) -> JsonMapping {
    let list = table
        .need(
            "list",
            problems,
            "write the path of the list of entries, or \"$\" for the whole answer",
        )
        .map(|entry| {
            entry
                .list_or_single()
                .iter()
                .filter_map(|path| path.parsed(problems, PATH_HELP))
                .collect()
        })
        .unwrap_or_default();
    let condition = |entry: &Entry<'_, '_>, problems: &mut Problems<'_>| -> Option<Condition> {
        entry.parsed(problems, CONDITION_HELP)
    };
    let empty_if = table
        .take("empty_if")
        .and_then(|entry| condition(&entry, problems));
    let skip_if = table
        .take("skip_if")
        .map(|entry| {
            entry
                .list_or_single()
                .iter()
                .filter_map(|entry| condition(entry, problems))
                .collect()
        })
        .unwrap_or_default();
    let mut kinds = Vec::new();
    for entry in table
        .take("kinds")
        .map(|entry| entry.list_or_single())
        .unwrap_or_default()
    {
        let Some(mut rule) = entry.table(problems) else {
            continue;
        };
        let when = rule
            .need("if", problems, CONDITION_HELP)
            .and_then(|entry| condition(&entry, problems));
        let kind = rule
            .need("kind", problems, "write a kind, such as \"comment\"")
            .and_then(|entry| entry.one_of(problems, &KINDS));
        rule.finish(problems);
        kinds.extend(when.zip(kind));
    }
    let brand_reply_if = table
        .take("brand_reply_if")
        .and_then(|entry| condition(&entry, problems));
    let fields = table
        .need(
            "fields",
            problems,
            "add a table [json.fields] with at least `text`",
        )
        .and_then(|entry| entry.table(problems))
        .map(|fields| read_fields(fields, problems))
        .unwrap_or_default();
    let reply = table
        .take("reply")
        .and_then(|entry| entry.table(problems))
        .map(|fields| read_fields(fields, problems));
    table.finish(problems);
    JsonMapping {
        list,
        empty_if,
        skip_if,
        kinds,
        brand_reply_if,
        fields,
        reply,
    }
}

fn read_fields(mut table: Table<'_, '_>, problems: &mut Problems<'_>) -> FieldRules {
    let mut fields = FieldRules::default();
    let mut says_something = false;
    for (name, rules) in fields.named_mut() {
        let Some(entry) = table.take(name) else {
            continue;
        };
        says_something |= matches!(name, "text" | "title");
        for alternative in entry.list_or_single() {
            let number = alternative
                .value
                .as_integer()
                .and_then(|number| number.as_str().parse::<i64>().ok());
            let rule = match number {
                Some(number) => Some(ValueRule::Constant(number.into())),
                None => alternative.parsed(
                    problems,
                    "write a path with filters (`content | html`), a template \
                     (`https://example.org/{id}`) or a fixed text in 'single quotes'",
                ),
            };
            rules.extend(rule);
        }
    }
    if !says_something {
        table.complain(
            problems,
            "has neither `text` nor `title`",
            "say where an entry's text stands",
        );
    }
    table.finish(problems);
    fields
}
