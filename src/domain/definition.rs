//! A definition: how one site is asked and how its answer is read, as plain checked data.
//! The files under `sources/` become this.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Condition, CssPlace, Filtered, JsonPath, Kind, ListRule, Paging, Request, ValueRule};

/// One site, or one way to ask it.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    /// Its name, that of its file: `google-news`.
    pub name: String,
    /// What people call the site.
    pub title: String,
    /// What it brings, in one sentence.
    pub summary: String,
    /// What a user must know: traps, keys, gaps.
    pub help: String,
    /// What sort of text its items are unless a rule says otherwise.
    pub kind: Kind,
    /// What comes back.
    pub format: Format,
    /// What a source of this definition may set, in the order of the file.
    pub params: Vec<Param>,
    /// How it is asked.
    pub request: Request,
    /// How the rest of a long answer is asked for.
    pub paging: Option<Paging>,
    /// How often and how far back.
    pub limits: Limits,
    /// The site's terms of use.
    pub terms: Option<String>,
    /// How we know that it works.
    pub verified: Verified,
    /// Whether it works without a key or an account.
    pub keyless: bool,
    /// A saved answer and what it must yield.
    pub sample: Option<Sample>,
    /// The file's text, where parameters take part in how the answer is read: the reading
    /// is made from it once they are known.
    pub template: Option<Arc<str>>,
}

/// What a site answers, and how it is read.
#[derive(Clone, Debug, PartialEq)]
pub enum Format {
    /// RSS, Atom, RDF or JSON Feed.
    Feed,
    /// A web page.
    Html(Box<HtmlReading>),
    /// Any other JSON, perhaps inside a page.
    Json(Box<JsonReading>),
    /// One JSON value a line.
    JsonLines(Box<JsonMapping>),
    /// Events that arrive while the connection stays open, each a JSON object.
    Stream(StreamKind, Box<JsonMapping>),
    /// Nothing is asked: others send their answers to us, in our own form or in that of
    /// the mapping.
    Inbound(Option<Box<JsonMapping>>),
    /// Mails of a folder.
    Email,
    /// A list of feeds, each of which becomes a source.
    Opml,
}

impl Format {
    /// Whether a source of it is asked again and again, rather than listened to.
    pub fn is_polled(&self) -> bool {
        !matches!(self, Self::Stream(..) | Self::Inbound(_))
    }
}

/// How a stream is carried, and where it goes on after a break.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamKind {
    /// What carries it.
    pub carrier: Carrier,
    /// Only server-sent events of these names are read; empty means all.
    pub events: Vec<String>,
    /// Where an event's position stands, for streams that can go on from one; for
    /// server-sent events without it, the event's id.
    pub cursor: Option<JsonPath>,
    /// The query parameter that asks for a position; for server-sent events without it,
    /// the header `Last-Event-ID`.
    pub cursor_param: Option<String>,
    /// Silence after which the connection is made again.
    pub idle: Duration,
}

impl StreamKind {
    /// Whether events of this name are read.
    pub fn wants(&self, name: Option<&str>) -> bool {
        self.events.is_empty() || self.events.iter().any(|event| Some(event.as_str()) == name)
    }
}

/// What carries a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// Server-sent events over HTTP.
    Sse,
    /// Text messages of a websocket.
    WebSocket,
    /// Lines of an HTTP answer that does not end.
    Lines,
}

impl Format {
    /// The word used in definitions.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Feed => "feed",
            Self::Html(_) => "html",
            Self::Json(_) => "json",
            Self::JsonLines(_) => "json-lines",
            Self::Stream(..) => "stream",
            Self::Inbound(_) => "inbound",
            Self::Email => "email",
            Self::Opml => "opml",
        }
    }
}

/// How a web page is read: by the reviews that it marks up, by selectors, or by the
/// selectors when it marks up none.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct HtmlReading {
    /// Whether marked-up reviews are read: schema.org in JSON-LD, microdata or RDFa, and
    /// microformats.
    pub structured: bool,
    /// Where the entries stand otherwise.
    pub mapping: Option<Mapping<CssPlace>>,
}

/// How a JSON answer is read.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct JsonReading {
    /// Where the JSON stands in a page, for sites that print their data into it.
    pub inside: Option<Filtered<CssPlace>>,
    /// Where the entries stand in the JSON.
    pub mapping: JsonMapping,
}

/// Where the items of an answer stand, and where their fields do.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapping<P> {
    /// The list of entries: the first alternative that leads to a list, an object or
    /// elements is taken. The lists of several places in one alternative are joined.
    pub list: Vec<ListRule<P>>,
    /// When this holds for the whole answer, a missing list means that there are no entries.
    pub empty_if: Option<Condition<P>>,
    /// Entries for which one of these holds are left out (boosts, advertisements).
    pub skip_if: Vec<Condition<P>>,
    /// Kinds that differ from the definition's; the first that holds is taken.
    pub kinds: Vec<(Condition<P>, Kind)>,
    /// Entries for which one of these holds were written by the brand.
    pub brand_reply_if: Vec<Condition<P>>,
    /// Where an item's fields stand.
    pub fields: FieldRules<P>,
    /// Where the fields of the brand's reply stand, when an entry carries one inside.
    pub reply: Option<FieldRules<P>>,
}

/// Where the items of a JSON answer stand.
pub type JsonMapping = Mapping<JsonPath>;

impl<P> Default for Mapping<P> {
    fn default() -> Self {
        Self {
            list: Vec::new(),
            empty_if: None,
            skip_if: Vec::new(),
            kinds: Vec::new(),
            brand_reply_if: Vec::new(),
            fields: FieldRules::default(),
            reply: None,
        }
    }
}

/// Alternatives for one field; the first that gives something is taken.
pub type Alternatives<P> = Vec<ValueRule<P>>;

/// One rule per field of an item; an empty list of alternatives leaves the field empty.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldRules<P> {
    /// The site's own id.
    pub native_id: Alternatives<P>,
    /// The link.
    pub url: Alternatives<P>,
    /// The title.
    pub title: Alternatives<P>,
    /// The text.
    pub text: Alternatives<P>,
    /// The text as HTML; it is sanitised.
    pub html: Alternatives<P>,
    /// The author's display name.
    pub author_name: Alternatives<P>,
    /// The author's account.
    pub author_handle: Alternatives<P>,
    /// The author's page.
    pub author_url: Alternatives<P>,
    /// How many follow the author.
    pub author_followers: Alternatives<P>,
    /// The language.
    pub lang: Alternatives<P>,
    /// The stars given.
    pub rating_value: Alternatives<P>,
    /// The most stars possible.
    pub rating_best: Alternatives<P>,
    /// When it was published.
    pub published_at: Alternatives<P>,
    /// When it was changed.
    pub updated_at: Alternatives<P>,
    /// Likes and points.
    pub likes: Alternatives<P>,
    /// Shares and boosts.
    pub shares: Alternatives<P>,
    /// Answers.
    pub replies: Alternatives<P>,
    /// What it answers.
    pub in_reply_to: Alternatives<P>,
}

impl<P> Default for FieldRules<P> {
    fn default() -> Self {
        Self {
            native_id: Vec::new(),
            url: Vec::new(),
            title: Vec::new(),
            text: Vec::new(),
            html: Vec::new(),
            author_name: Vec::new(),
            author_handle: Vec::new(),
            author_url: Vec::new(),
            author_followers: Vec::new(),
            lang: Vec::new(),
            rating_value: Vec::new(),
            rating_best: Vec::new(),
            published_at: Vec::new(),
            updated_at: Vec::new(),
            likes: Vec::new(),
            shares: Vec::new(),
            replies: Vec::new(),
            in_reply_to: Vec::new(),
        }
    }
}

impl<P> FieldRules<P> {
    /// The field names of a definition file, each with its rules.
    pub fn named_mut(&mut self) -> [(&'static str, &mut Alternatives<P>); 18] {
        [
            ("native_id", &mut self.native_id),
            ("url", &mut self.url),
            ("title", &mut self.title),
            ("text", &mut self.text),
            ("html", &mut self.html),
            ("author_name", &mut self.author_name),
            ("author_handle", &mut self.author_handle),
            ("author_url", &mut self.author_url),
            ("author_followers", &mut self.author_followers),
            ("lang", &mut self.lang),
            ("rating_value", &mut self.rating_value),
            ("rating_best", &mut self.rating_best),
            ("published_at", &mut self.published_at),
            ("updated_at", &mut self.updated_at),
            ("likes", &mut self.likes),
            ("shares", &mut self.shares),
            ("replies", &mut self.replies),
            ("in_reply_to", &mut self.in_reply_to),
        ]
    }
}

/// What a parameter's value must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamType {
    /// Any text.
    Text,
    /// A whole address with http or https.
    Url,
    /// A server: `example.org` (asked over https) or `http://127.0.0.1:8080`.
    Server,
    /// A whole number.
    Number,
    /// A rule of how the answer is read: a selector, a path, a condition. May be empty.
    Rule,
    /// A key or a password: given as `{ env = … }` or `{ file = … }`, never shown.
    Secret,
}

impl ParamType {
    /// The word used in definitions.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Url => "url",
            Self::Server => "server",
            Self::Number => "number",
            Self::Rule => "rule",
            Self::Secret => "secret",
        }
    }
}

/// How a brand's name is written for the site's search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryForm {
    /// In double quotes: `"Acme Corp"`.
    Phrase,
    /// As it is: `Acme Corp`.
    Words,
    /// As a hashtag, without spaces and signs: `AcmeCorp`.
    Tag,
}

/// One parameter of a definition.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// What it must look like.
    pub param_type: ParamType,
    /// What it is for.
    pub help: String,
    /// Used when the source sets nothing; without one the parameter must be set.
    pub default: Option<String>,
    /// Whether it tells two sources of this definition apart (part of the default name).
    pub main: bool,
    /// Set when it takes a brand, with the way the brand's name is written.
    pub query: Option<QueryForm>,
    /// Whether a source may leave it out; what it would fill is then left out as well.
    pub optional: bool,
    /// Whether a source may list several values, each of which is asked for by itself.
    pub each: bool,
}

/// What a definition says about pace and reach.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Limits {
    /// More requests a minute than this are too many.
    pub requests_per_minute: Option<u32>,
    /// How often to ask unless the source says otherwise.
    pub every: Option<Duration>,
    /// How many items one answer holds at most.
    pub window_items: Option<u32>,
    /// How far back an answer reaches at most.
    pub window: Option<Duration>,
}

/// How we know that a definition works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verified {
    /// On real answers that nobody on the team wrote.
    Corpus,
    /// Against the vendor's published schema or sample.
    Documentation,
    /// Only on our own sample.
    Sample,
}

impl Verified {
    /// The word used in definitions.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Corpus => "corpus",
            Self::Documentation => "documentation",
            Self::Sample => "sample",
        }
    }
}

/// A saved answer and what reading it must yield.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The file, relative to the folder `samples` beside the definition.
    pub file: String,
    /// Where the answer would have come from: the base of relative links.
    pub url: Option<String>,
    /// When it was saved: what relative times count back from.
    pub at: Option<DateTime<Utc>>,
    /// The parameters with which it is read, where they take part in reading.
    pub params: BTreeMap<String, String>,
    /// How many items it holds.
    pub n: usize,
    /// The first items, each with the fields that must have these values.
    pub items: Vec<serde_json::Value>,
}

/// A parameter that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("parameter `{param}`: {what}; {mend}")]
pub struct ParamProblem {
    /// Which.
    pub param: String,
    /// What is wrong.
    pub what: String,
    /// How to mend it.
    pub mend: String,
}

impl ParamProblem {
    /// What is said of a parameter that has to be set.
    pub(super) const MISSING: &'static str = "is missing";

    /// Whether the parameter is only not set.
    pub fn is_missing(&self) -> bool {
        self.what == Self::MISSING
    }
}
