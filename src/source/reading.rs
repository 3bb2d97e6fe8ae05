//! The part of a definition file that says how an answer is read: the format and its
//! table, `[html]` or `[json]`. A rule may be left to the user, as `{ param = "name" }`.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::asking::read_stream;
use super::read::KINDS;
use super::table::{Entry, Problems, Table};
use crate::domain::{
    Condition, CssPlace, FieldRules, Filtered, Format, HtmlReading, JsonPath, JsonReading,
    ListRule, Mapping, Param, ParamType, ValueRule,
};

/// What a mistake in one language of places is answered with.
struct Words {
    table: &'static str,
    list: &'static str,
    place: &'static str,
    condition: &'static str,
    value: &'static str,
}

const JSON: Words = Words {
    table: "json",
    list: "write the path of the list of entries, or \"$\" for the whole answer",
    place: "write a path such as account.name or list[0].text",
    condition: "write for example `reblog`, `!text` or `type = comment`",
    value: "write a path with filters (`content | html`), a template \
            (`https://example.org/{id}`) or a fixed text in 'single quotes'",
};

const HTML: Words = Words {
    table: "html",
    list: "write the CSS selector of one entry, such as article.review",
    place: "write a CSS selector such as h3.title or `a.more @href`",
    condition: "write for example `.owner`, `!.text` or `.badge = Staff`",
    value: "write a CSS selector with filters (`.date @title`, `.stars @style | stars-from-width`), \
            a template (`https://example.org/{@data-id}`) or a fixed text in 'single quotes'",
};

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

/// Rules that the file writes, and those that it leaves to parameters.
pub(super) struct Rules<'p> {
    /// The parameters of the definition.
    pub(super) params: &'p [Param],
    /// What the user set; `None` while only the file is checked.
    pub(super) given: Option<&'p BTreeMap<String, String>>,
    /// Whether any rule was left to a parameter.
    pub(super) any_left: bool,
}

impl Rules<'_> {
    /// The alternatives of one entry.
    fn read<T: FromStr<Err = String>>(
        &mut self,
        entry: &Entry<'_, '_>,
        problems: &mut Problems<'_>,
        mend: &str,
    ) -> Vec<T> {
        let mut rules = Vec::new();
        for alternative in entry.list_or_single() {
            if alternative.value.as_table().is_some() {
                rules.extend(self.left_to_user(&alternative, problems, mend));
            } else {
                rules.extend(alternative.parsed(problems, mend));
            }
        }
        rules
    }

    fn left_to_user<T: FromStr<Err = String>>(
        &mut self,
        entry: &Entry<'_, '_>,
        problems: &mut Problems<'_>,
        mend: &str,
    ) -> Option<T> {
        self.any_left = true;
        let mut table = entry.table(problems)?;
        let name = table
            .need("param", problems, "name the parameter that holds the rule")
            .and_then(|entry| entry.text(problems).map(str::to_owned));
        table.finish(problems);
        let name = name?;
        let Some(param) = self.params.iter().find(|param| param.name == name) else {
            problems.add(
                &entry.span,
                &entry.key,
                format!("uses a parameter `{name}` that does not exist"),
                format!("add a table [params.{name}] with type = \"rule\""),
            );
            return None;
        };
        if param.param_type != ParamType::Rule {
            problems.add(
                &entry.span,
                &entry.key,
                format!("uses the parameter `{name}`, which is no rule"),
                format!("write type = \"rule\" in [params.{name}]"),
            );
            return None;
        }
        let value = self.given?.get(&name).or(param.default.as_ref())?.trim();
        if value.is_empty() {
            return None;
        }
        match value.parse() {
            Ok(rule) => Some(rule),
            Err(what) => {
                problems.add(&entry.span, format!("params.{name}"), what, mend);
                None
            }
        }
    }
}

/// The format with what its own table says.
pub(super) fn read_format(
    root: &mut Table<'_, '_>,
    rules: &mut Rules<'_>,
    problems: &mut Problems<'_>,
) -> Option<Format> {
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
        .map(|table| read_html(table, rules, problems));
    let json = root
        .take("json")
        .and_then(|entry| entry.table(problems))
        .map(|table| read_json(table, rules, problems));
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
        FormatName::Inbound => Some(Format::Inbound(
            json.map(|reading| Box::new(reading.mapping)),
        )),
        FormatName::JsonLines => {
            needs_mapping("json-lines", problems);
            json.map(|reading| Format::JsonLines(Box::new(reading.mapping)))
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
            let mapping = Box::new(json?.mapping);
            stream.map(|stream| Format::Stream(stream, mapping))
        }
        FormatName::Html => {
            if html.is_none() && problems.is_empty() {
                root.complain(
                    problems,
                    "format = \"html\" says nothing about the page",
                    "add a table [html] with structured = \"schema.org\", or with `list` and [html.fields]",
                );
            }
            html.map(|reading| Format::Html(Box::new(reading)))
        }
        FormatName::Json => {
            needs_mapping("json", problems);
            json.map(|reading| Format::Json(Box::new(reading)))
        }
    }
}

fn read_html(
    mut table: Table<'_, '_>,
    rules: &mut Rules<'_>,
    problems: &mut Problems<'_>,
) -> HtmlReading {
    let structured = table
        .take("structured")
        .and_then(|entry| entry.one_of(problems, &[("schema.org", true)]))
        .unwrap_or(false);
    let has_selectors = !structured || table.has("list");
    let mapping = has_selectors.then(|| read_mapping(&mut table, &HTML, rules, problems));
    table.finish(problems);
    HtmlReading {
        structured,
        mapping,
    }
}

fn read_json(
    mut table: Table<'_, '_>,
    rules: &mut Rules<'_>,
    problems: &mut Problems<'_>,
) -> JsonReading {
    let inside = table.take("inside").and_then(|entry| {
        rules
            .read::<Filtered<CssPlace>>(&entry, problems, HTML.place)
            .into_iter()
            .next()
    });
    let mapping = read_mapping::<JsonPath>(&mut table, &JSON, rules, problems);
    table.finish(problems);
    JsonReading { inside, mapping }
}

/// Reads the keys that pages and JSON have in common.
fn read_mapping<P>(
    table: &mut Table<'_, '_>,
    words: &Words,
    rules: &mut Rules<'_>,
    problems: &mut Problems<'_>,
) -> Mapping<P>
where
    P: FromStr<Err = String>,
    ListRule<P>: FromStr<Err = String>,
{
    let list = table
        .need("list", problems, words.list)
        .map(|entry| {
            let list: Vec<ListRule<P>> = rules.read(&entry, problems, words.place);
            if list.is_empty() && rules.given.is_some() && problems.is_empty() {
                problems.add(&entry.span, &entry.key, "is left empty", words.list);
            }
            list
        })
        .unwrap_or_default();
    let mut conditions = |table: &mut Table<'_, '_>, key, problems: &mut Problems<'_>| {
        table
            .take(key)
            .map(|entry| rules.read::<Condition<P>>(&entry, problems, words.condition))
            .unwrap_or_default()
    };
    let empty_if = conditions(table, "empty_if", problems).into_iter().next();
    let skip_if = conditions(table, "skip_if", problems);
    let brand_reply_if = conditions(table, "brand_reply_if", problems);
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
            .need("if", problems, words.condition)
            .and_then(|entry| entry.parsed(problems, words.condition));
        let kind = rule
            .need("kind", problems, "write a kind, such as \"comment\"")
            .and_then(|entry| entry.one_of(problems, &KINDS));
        rule.finish(problems);
        kinds.extend(when.zip(kind));
    }
    let fields = table
        .need(
            "fields",
            problems,
            &format!(
                "add a table [{}.fields] with at least `text` or `title`",
                words.table
            ),
        )
        .and_then(|entry| entry.table(problems))
        .map(|fields| read_fields(fields, words, rules, problems))
        .unwrap_or_default();
    let reply = table
        .take("reply")
        .and_then(|entry| entry.table(problems))
        .map(|fields| read_fields(fields, words, rules, problems));
    Mapping {
        list,
        empty_if,
        skip_if,
        kinds,
        brand_reply_if,
        fields,
        reply,
    }
}

fn read_fields<P: FromStr<Err = String>>(
    mut table: Table<'_, '_>,
    words: &Words,
    rules: &mut Rules<'_>,
    problems: &mut Problems<'_>,
) -> FieldRules<P> {
    let mut fields = FieldRules::default();
    let mut says_something = false;
    for (name, alternatives) in fields.named_mut() {
        let Some(entry) = table.take(name) else {
            continue;
        };
        says_something |= matches!(name, "text" | "title");
        for alternative in entry.list_or_single() {
            let number = alternative
                .value
                .as_integer()
                .and_then(|number| number.as_str().parse::<i64>().ok());
            match number {
                Some(number) => alternatives.push(ValueRule::Constant(number.into())),
                None => alternatives.extend(rules.read(&alternative, problems, words.value)),
            }
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
