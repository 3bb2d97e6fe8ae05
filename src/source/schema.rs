//! The JSON Schema of definition files, generated from the types below: they have the shape of
//! a file, and a test holds every shipped definition and the published schema against them.
//! Reading a file is done key by key elsewhere, so that mistakes are told with their line.

#![expect(
    dead_code,
    reason = "the shapes are read by the schema generator and by serde, not by us"
)]

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, generate::SchemaSettings};
use serde::Deserialize;

/// How one site is asked and how its answer is read.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDefinition {
    /// The name of the file without `.toml`: lower-case letters, digits and `-`.
    #[schemars(regex(pattern = r"^[a-z0-9-]+$"))]
    name: String,
    /// What people call the site.
    title: String,
    /// What it brings, in one sentence.
    summary: String,
    /// What a user must know: traps, keys, gaps.
    #[serde(default)]
    help: String,
    /// What sort of text its items are unless a rule says otherwise.
    kind: RawKind,
    /// What comes back.
    format: RawFormat,
    /// Whether it works without a key or an account.
    #[serde(default)]
    keyless: bool,
    /// How we know that it works; `sample` for definitions of your own.
    verified: RawVerified,
    /// The site's terms of use.
    terms: Option<String>,
    /// What a source may set.
    #[serde(default)]
    params: BTreeMap<String, RawParam>,
    /// How the site is asked; not for `inbound`.
    request: Option<RawRequest>,
    /// A token that is fetched first (OAuth 2).
    sign_in: Option<RawSignIn>,
    /// How the rest of a long answer is asked for.
    paging: Option<RawPaging>,
    /// How a stream is carried, for format = "stream".
    stream: Option<RawStream>,
    /// How often and how far back.
    limits: Option<RawLimits>,
    /// How a page is read, for format = "html".
    html: Option<RawHtml>,
    /// How a JSON answer is read.
    json: Option<RawJson>,
    /// A saved answer and what it must yield.
    sample: Option<RawSample>,
}

/// What sort of text an item is.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum RawKind {
    Post,
    Comment,
    Review,
    Article,
    Question,
}

/// What comes back.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum RawFormat {
    /// RSS, Atom, RDF or JSON Feed.
    Feed,
    /// A web page.
    Html,
    /// JSON.
    Json,
    /// One JSON object a line.
    JsonLines,
    /// Events that arrive while the connection stays open.
    Stream,
    /// Nothing is asked: others push.
    Inbound,
    /// Mails of an IMAP folder.
    Email,
    /// A list of feeds.
    Opml,
}

/// How we know that a definition works.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum RawVerified {
    /// On real answers that nobody on the team wrote.
    Corpus,
    /// Against the vendor's published schema or sample.
    Documentation,
    /// Only on our own sample.
    Sample,
}

/// One parameter.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawParam {
    /// What its value must look like; `text` unless it says otherwise.
    #[serde(rename = "type")]
    param_type: Option<RawParamType>,
    /// What it is for; for a key, where to get it.
    help: String,
    /// Used when a source sets nothing; without one the parameter must be set.
    default: Option<RawScalar>,
    /// Whether it tells two sources apart (part of the default name).
    #[serde(default)]
    main: bool,
    /// Set when it takes a brand: how the brand's name is written.
    query: Option<RawQuery>,
    /// Whether a source may leave it out; what it would fill is then left out as well.
    #[serde(default)]
    optional: bool,
    /// Whether a source may list several values (`us, tr`), each a source of its own.
    #[serde(default)]
    each: bool,
}

/// What a parameter's value must look like.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum RawParamType {
    Text,
    /// A whole address.
    Url,
    /// A server: `example.org` or `http://127.0.0.1:8080`.
    Server,
    Number,
    /// A key, given as `{ env = … }` or `{ file = … }` and never shown.
    Secret,
    /// A rule of reading that the user writes.
    Rule,
}

/// How a brand's name is written.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum RawQuery {
    /// In double quotes.
    Phrase,
    /// As it is.
    Words,
    /// As a hashtag, without spaces and signs.
    Tag,
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum RawScalar {
    Text(String),
    Number(i64),
}

/// How the site is asked. Texts may hold `{parameter}`s.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawRequest {
    /// The address; begins with https:// or with a parameter of type url or server.
    url: String,
    /// GET, or POST where there is a body, unless it says otherwise.
    method: Option<RawMethod>,
    /// What is sent as `Accept`.
    accept: Option<String>,
    /// Further headers; one whose parameter is not set is left out.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// A body of the form `key=value&…`.
    form: Option<BTreeMap<String, String>>,
    /// A JSON body.
    json: Option<serde_json::Value>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
enum RawMethod {
    Get,
    Post,
}

/// How an access token is obtained and sent as `Authorization: Bearer …`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawSignIn {
    /// Where tokens are given out.
    token_url: String,
    /// What is exchanged for a token.
    grant: RawGrant,
    /// The application's id, such as `{app_id}`.
    client_id: String,
    /// The application's secret, such as `{app_secret}`.
    client_secret: String,
    /// For grant = "refresh_token", such as `{refresh_token}`.
    refresh_token: Option<String>,
    /// How id and secret are sent; `basic` unless it says otherwise.
    client_auth: Option<RawClientAuth>,
    /// What the token is for.
    scope: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum RawGrant {
    ClientCredentials,
    RefreshToken,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum RawClientAuth {
    Basic,
    Body,
}

/// How the rest of a long answer is asked for.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawPaging {
    /// What tells the next page.
    kind: RawPagingKind,
    /// Where the next address or mark stands, for next-url and cursor.
    path: Option<String>,
    /// Where the mark goes: a query parameter, a field of the body, or a `{name}` in the address.
    param: Option<String>,
    /// The first page or entry.
    start: Option<u32>,
    /// Entries a page, for offset; as many as came unless it says otherwise.
    step: Option<u32>,
    /// For older-than: the id is what stands behind this in the native id.
    behind: Option<String>,
    /// There is a next page only while this holds for the whole answer.
    more_if: Option<String>,
    /// Pages that a usual poll reads; 1 unless it says otherwise.
    pages: Option<u32>,
    /// Pages that are read at most, to close a gap; 5 unless it says otherwise.
    max_pages: Option<u32>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum RawPagingKind {
    /// The `Link` header with rel=next.
    LinkHeader,
    /// The feed's own rel=next, rel=prev-archive or next_url.
    Feed,
    /// The whole address stands in the answer.
    NextUrl,
    /// A mark in the answer goes into the next request.
    Cursor,
    /// Pages are counted.
    Page,
    /// Entries are counted.
    Offset,
    /// The id of the last entry goes into the next request.
    OlderThan,
}

/// How a stream is carried.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawStream {
    /// What carries it.
    carrier: RawCarrier,
    /// Only server-sent events of these names are read.
    events: Option<RawTexts>,
    /// Where an event's position stands; for server-sent events without it, the event's id.
    cursor: Option<String>,
    /// The query parameter that asks for a position.
    cursor_param: Option<String>,
    /// Silence after which the connection is made again, such as `90s`.
    idle: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum RawCarrier {
    Sse,
    WebSocket,
    Lines,
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum RawTexts {
    One(String),
    Many(Vec<String>),
}

/// How often and how far back.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawLimits {
    /// More requests a minute are too many.
    requests_per_minute: Option<u32>,
    /// How often a source asks unless it says otherwise, such as `10m`.
    every: Option<String>,
    /// How many items one answer holds at most.
    window_items: Option<u32>,
    /// How far back an answer reaches at most, such as `7d`.
    window: Option<String>,
}

/// How a web page is read.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawHtml {
    /// Reads the marked-up reviews of the page.
    structured: Option<RawStructured>,
    /// The CSS selector of one entry.
    list: Option<RawRules>,
    /// A page without entries is empty rather than wrong when this holds.
    empty_if: Option<RawRules>,
    /// Entries for which one of these holds are left out.
    skip_if: Option<RawRules>,
    /// Kinds that differ from the definition's.
    #[serde(default)]
    kinds: Vec<RawKindRule>,
    /// Entries for which this holds were written by the brand.
    brand_reply_if: Option<RawRules>,
    /// Where an item's fields stand.
    fields: Option<RawFields>,
    /// Where the fields of the brand's reply stand.
    reply: Option<RawFields>,
}

#[derive(Deserialize, JsonSchema)]
enum RawStructured {
    #[serde(rename = "schema.org")]
    SchemaOrg,
}

/// How a JSON answer is read.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawJson {
    /// Where the JSON stands inside a page, such as `script#__NEXT_DATA__`.
    inside: Option<RawRules>,
    /// The list of entries: the first of several paths that is there; `a + b` joins two.
    list: RawRules,
    /// A missing list means "nothing found" when this holds.
    empty_if: Option<RawRules>,
    /// Entries for which one of these holds are left out.
    skip_if: Option<RawRules>,
    /// Kinds that differ from the definition's.
    #[serde(default)]
    kinds: Vec<RawKindRule>,
    /// Entries for which this holds were written by the brand.
    brand_reply_if: Option<RawRules>,
    /// Where an item's fields stand.
    fields: RawFields,
    /// Where the fields of the brand's reply stand, when an entry carries one inside.
    reply: Option<RawFields>,
}

/// One rule, or several of which the first that gives something is taken.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum RawRules {
    One(RawRule),
    Many(Vec<RawRule>),
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum RawRule {
    /// A path with filters, a template, a condition, or a fixed text in 'single quotes'.
    Text(String),
    /// Always this number.
    Number(i64),
    /// Left to a parameter of type rule.
    Param {
        /// The parameter's name.
        param: String,
    },
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawKindRule {
    /// When this holds …
    #[serde(rename = "if")]
    condition: String,
    /// … the entry is of this kind.
    kind: RawKind,
}

/// Where the fields of an item stand.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawFields {
    native_id: Option<RawRules>,
    url: Option<RawRules>,
    title: Option<RawRules>,
    text: Option<RawRules>,
    html: Option<RawRules>,
    author_name: Option<RawRules>,
    author_handle: Option<RawRules>,
    author_url: Option<RawRules>,
    author_followers: Option<RawRules>,
    lang: Option<RawRules>,
    rating_value: Option<RawRules>,
    rating_best: Option<RawRules>,
    published_at: Option<RawRules>,
    updated_at: Option<RawRules>,
    likes: Option<RawRules>,
    shares: Option<RawRules>,
    replies: Option<RawRules>,
    in_reply_to: Option<RawRules>,
}

/// A saved answer and what it must yield.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawSample {
    /// A file in the folder `samples`.
    file: String,
    /// Where the answer would have come from.
    url: Option<String>,
    /// When it was saved, for dates such as "two days ago".
    at: Option<String>,
    /// What the parameters were.
    #[serde(default)]
    params: BTreeMap<String, RawScalar>,
    /// How many items it holds.
    n: u32,
    /// The first items, with the fields that must have these values.
    #[serde(default)]
    items: Vec<BTreeMap<String, serde_json::Value>>,
}

/// The schema, for editors: `sources/definition.schema.json` is this.
pub fn definition_schema() -> Schema {
    let mut schema = SchemaSettings::draft07()
        .into_generator()
        .into_root_schema_for::<RawDefinition>();
    schema.insert("title".to_owned(), "A Hearken definition".into());
    schema
}

/// The schema as it is published.
pub fn definition_schema_text() -> String {
    let mut text = serde_json::to_string_pretty(&definition_schema())
        .expect("a schema is made of texts and numbers");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::source::EMBEDDED;

    #[test]
    fn the_published_schema_is_current() {
        let file =
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("sources/definition.schema.json");
        let published = std::fs::read_to_string(file).unwrap_or_default();
        assert!(
            published == definition_schema_text(),
            "write it anew: hearken sources --schema > sources/definition.schema.json"
        );
    }

    /// Checks the parts of JSON Schema that the generator uses.
    fn check(schema: &Value, value: &Value, root: &Value, place: &str, wrong: &mut Vec<String>) {
        if let Some(reference) = schema["$ref"].as_str() {
            let target = root
                .pointer(reference.trim_start_matches('#'))
                .unwrap_or_else(|| panic!("{reference} leads nowhere"));
            return check(target, value, root, place, wrong);
        }
        for all in schema["allOf"].as_array().into_iter().flatten() {
            check(all, value, root, place, wrong);
        }
        for choice in ["anyOf", "oneOf"] {
            if let Some(choices) = schema[choice].as_array() {
                let fits = choices.iter().any(|one| {
                    let mut found = Vec::new();
                    check(one, value, root, place, &mut found);
                    found.is_empty()
                });
                if !fits {
                    wrong.push(format!("{place}: {value} fits none"));
                }
            }
        }
        let is_a = |name: &str| match name {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            "null" => value.is_null(),
            other => panic!("{other} is no type"),
        };
        let fits = match &schema["type"] {
            Value::String(name) => is_a(name),
            Value::Array(names) => names.iter().filter_map(Value::as_str).any(is_a),
            _ => true,
        };
        if !fits {
            wrong.push(format!("{place}: {value} is not {}", schema["type"]));
        }
        let is_listed = schema["enum"]
            .as_array()
            .is_none_or(|list| list.contains(value));
        let is_const = schema.get("const").is_none_or(|only| only == value);
        if !is_listed || !is_const {
            wrong.push(format!("{place}: {value} is not one of {schema}"));
        }
        for element in value.as_array().into_iter().flatten() {
            if schema.get("items").is_some() {
                check(&schema["items"], element, root, place, wrong);
            }
        }
        let Some(object) = value.as_object() else {
            return;
        };
        for needed in schema["required"].as_array().into_iter().flatten() {
            if !object.contains_key(needed.as_str().expect("a name")) {
                wrong.push(format!("{place}: {needed} is missing"));
            }
        }
        for (key, member) in object {
            let place = format!("{place}.{key}");
            match (
                schema["properties"].get(key),
                &schema["additionalProperties"],
            ) {
                (Some(known), _) => check(known, member, root, &place, wrong),
                (None, Value::Bool(false)) => wrong.push(format!("{place} is not known")),
                (None, other) if other.is_object() => check(other, member, root, &place, wrong),
                _ => (),
            }
        }
    }

    #[test]
    fn every_shipped_definition_fits_the_schema() {
        let schema = serde_json::to_value(definition_schema()).expect("JSON");
        let mut wrong = Vec::new();
        for embedded in EMBEDDED {
            let value: Value = toml::from_str(embedded.text).expect(embedded.file);
            check(&schema, &value, &schema, embedded.file, &mut wrong);
            if let Err(error) = toml::from_str::<RawDefinition>(embedded.text) {
                wrong.push(format!("{}: {error}", embedded.file));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn mistakes_do_not_fit() {
        let schema = serde_json::to_value(definition_schema()).expect("JSON");
        let good = EMBEDDED[0].text;
        for (from, to) in [
            ("kind = ", "knd = "),
            ("format = \"feed\"", "format = \"fed\""),
            ("[request]", "[request]\nurll = \"x\""),
            ("name = \"feed\"", "name = 3"),
        ] {
            assert!(good.contains(from), "{from}");
            let value: Value = toml::from_str(&good.replacen(from, to, 1)).expect(to);
            let mut wrong = Vec::new();
            check(&schema, &value, &schema, "feed", &mut wrong);
            assert!(!wrong.is_empty(), "{to} passes");
        }
    }
}
