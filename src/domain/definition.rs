//! A definition: how one site is asked and how its answer is read, as plain checked data.
//! The files under `sources/` become this; filling in parameters gives the request.

use std::collections::BTreeMap;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use super::{Condition, JsonList, Kind, ValueRule};

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
}

/// What a site answers, and how it is read.
#[derive(Clone, Debug, PartialEq)]
pub enum Format {
    /// RSS, Atom, RDF or JSON Feed.
    Feed,
    /// A web page.
    Html(HtmlReading),
    /// Any other JSON.
    Json(Box<JsonMapping>),
}

impl Format {
    /// The word used in definitions.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Feed => "feed",
            Self::Html(_) => "html",
            Self::Json(_) => "json",
        }
    }
}

/// How a web page is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HtmlReading {
    /// Its schema.org reviews, in JSON-LD or microdata.
    SchemaOrg,
}

/// Where the items of a JSON answer stand, and where their fields do.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct JsonMapping {
    /// The list of entries: the first alternative of which a path leads to a list or an
    /// object is taken. The lists of several paths in one alternative are joined.
    pub list: Vec<JsonList>,
    /// When this holds for the whole answer, a missing list means that there are no entries.
    pub empty_if: Option<Condition>,
    /// Entries for which one of these holds are left out (boosts, advertisements).
    pub skip_if: Vec<Condition>,
    /// Kinds that differ from the definition's; the first that holds is taken.
    pub kinds: Vec<(Condition, Kind)>,
    /// Entries for which this holds were written by the brand.
    pub brand_reply_if: Option<Condition>,
    /// Where an item's fields stand.
    pub fields: FieldRules,
    /// Where the fields of the brand's reply stand, when an entry carries one inside.
    pub reply: Option<FieldRules>,
}

/// Alternatives for one field; the first that gives something is taken.
pub type Alternatives = Vec<ValueRule>;

/// One rule per field of an item; an empty list of alternatives leaves the field empty.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct FieldRules {
    /// The site's own id.
    pub native_id: Alternatives,
    /// The link.
    pub url: Alternatives,
    /// The title.
    pub title: Alternatives,
    /// The text.
    pub text: Alternatives,
    /// The text as HTML; it is sanitised.
    pub html: Alternatives,
    /// The author's display name.
    pub author_name: Alternatives,
    /// The author's account.
    pub author_handle: Alternatives,
    /// The author's page.
    pub author_url: Alternatives,
    /// How many follow the author.
    pub author_followers: Alternatives,
    /// The language.
    pub lang: Alternatives,
    /// The stars given.
    pub rating_value: Alternatives,
    /// The most stars possible.
    pub rating_best: Alternatives,
    /// When it was published.
    pub published_at: Alternatives,
    /// When it was changed.
    pub updated_at: Alternatives,
    /// Likes and points.
    pub likes: Alternatives,
    /// Shares and boosts.
    pub shares: Alternatives,
    /// Answers.
    pub replies: Alternatives,
    /// What it answers.
    pub in_reply_to: Alternatives,
}

impl FieldRules {
    /// The field names of a definition file, each with its rules.
    pub fn named_mut(&mut self) -> [(&'static str, &mut Alternatives); 18] {
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
}

impl ParamType {
    /// The word used in definitions.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Url => "url",
            Self::Server => "server",
            Self::Number => "number",
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
}

/// A piece of a request template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestPiece {
    /// Taken as it stands.
    Literal(String),
    /// Replaced by a parameter's value.
    Param(String),
}

/// How a site is asked.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Request {
    /// The address with `{parameter}`s in it.
    pub url: Vec<RequestPiece>,
    /// What is sent as `Accept`.
    pub accept: Option<String>,
    /// Further headers.
    pub headers: Vec<(String, String)>,
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
    /// How many items it holds.
    pub n: usize,
    /// The first items, each with the fields that must have these values.
    pub items: Vec<serde_json::Value>,
}

/// A request that is ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestPlan {
    /// Where to.
    pub url: Url,
    /// With which headers, `Accept` among them.
    pub headers: Vec<(String, String)>,
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

/// Everything but unreserved characters: a value can never leave its place in the address.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

impl Definition {
    /// The parameter that tells sources of this definition apart.
    pub fn main_param(&self) -> Option<&Param> {
        self.params.iter().find(|param| param.main)
    }

    /// The parameter that takes a brand.
    pub fn query_param(&self) -> Option<&Param> {
        self.params.iter().find(|param| param.query.is_some())
    }

    /// The parameters with which this definition watches a brand without further
    /// configuration; `None` when it takes no query, needs a key or needs more than that.
    pub fn params_for_brand(&self, brand: &str) -> Option<BTreeMap<String, String>> {
        let param = self.query_param()?;
        let complete = self
            .params
            .iter()
            .all(|other| other.name == param.name || other.default.is_some());
        if !self.keyless || !complete {
            return None;
        }
        let value = match param.query? {
            QueryForm::Phrase => format!("\"{}\"", brand.replace('"', " ").trim()),
            QueryForm::Words => brand.to_owned(),
            QueryForm::Tag => brand.chars().filter(|c| c.is_alphanumeric()).collect(),
        };
        if value.chars().all(|c| !c.is_alphanumeric()) {
            return None;
        }
        Some(BTreeMap::from([(param.name.clone(), value)]))
    }

    /// Every problem of a source's parameters; an empty list means that they can be used.
    pub fn check_params(&self, params: &BTreeMap<String, String>) -> Vec<ParamProblem> {
        let mut problems = Vec::new();
        for name in params.keys() {
            if self.params.iter().all(|param| param.name != *name) {
                problems.push(ParamProblem {
                    param: name.clone(),
                    what: format!("`{}` has no such parameter", self.name),
                    mend: match self.params.as_slice() {
                        [] => "leave it out: it takes none".to_owned(),
                        known => format!("it takes {}", list_names(known)),
                    },
                });
            }
        }
        for param in &self.params {
            let value = params.get(&param.name).or(param.default.as_ref());
            let checked = match value {
                None => Err((
                    "is missing".to_owned(),
                    format!("set it under params ({})", param.help),
                )),
                Some(value) => param.fill(value).map(|_| ()),
            };
            if let Err((what, mend)) = checked {
                problems.push(ParamProblem {
                    param: param.name.clone(),
                    what,
                    mend,
                });
            }
        }
        problems
    }

    /// The request for these parameters.
    ///
    /// # Errors
    /// Every problem of the parameters, as [`Definition::check_params`] gives them.
    pub fn request(
        &self,
        params: &BTreeMap<String, String>,
    ) -> Result<RequestPlan, Vec<ParamProblem>> {
        let problems = self.check_params(params);
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut address = String::new();
        for (place, piece) in self.request.url.iter().enumerate() {
            match piece {
                RequestPiece::Literal(text) => address.push_str(text),
                RequestPiece::Param(name) => {
                    let param = self.params.iter().find(|param| param.name == *name);
                    let value = param.and_then(|param| {
                        let value = params.get(name).or(param.default.as_ref())?;
                        Some((param, param.fill(value).ok()?))
                    });
                    // A whole address or server starts the template and stays as it is.
                    match value {
                        Some((param, value))
                            if place == 0
                                && matches!(
                                    param.param_type,
                                    ParamType::Url | ParamType::Server
                                ) =>
                        {
                            address.push_str(&value);
                        }
                        Some((_, value)) => {
                            address.extend(utf8_percent_encode(&value, UNRESERVED));
                        }
                        None => (),
                    }
                }
            }
        }
        let url = Url::parse(&address).map_err(|error| {
            vec![ParamProblem {
                param: self
                    .main_param()
                    .map_or_else(String::new, |param| param.name.clone()),
                what: format!("gives no usable address ({error})"),
                mend: "check the parameters".to_owned(),
            }]
        })?;
        let accept = self.request.accept.clone().unwrap_or_else(|| {
            match self.format {
                Format::Feed => {
                    "application/atom+xml, application/rss+xml, application/feed+json, \
                     application/rdf+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"
                }
                Format::Html(_) => "text/html, application/xhtml+xml;q=0.9, */*;q=0.5",
                Format::Json(_) => "application/json, */*;q=0.5",
            }
            .to_owned()
        });
        let mut headers = vec![("Accept".to_owned(), accept)];
        headers.extend(self.request.headers.iter().cloned());
        Ok(RequestPlan { url, headers })
    }

    /// The default name of a source: the definition plus its main parameter. What looks
    /// like a credential in an address is replaced, since names stand in logs and pages.
    pub fn source_name(&self, params: &BTreeMap<String, String>) -> String {
        let main = self.main_param().and_then(|param| {
            params
                .get(&param.name)
                .or(param.default.as_ref())
                .map(|value| (param, value))
        });
        match main {
            Some((param, value)) if param.param_type == ParamType::Url => {
                format!("{}:{}", self.name, without_credentials(value))
            }
            Some((_, value)) => format!("{}:{value}", self.name),
            None => self.name.clone(),
        }
    }
}

fn list_names(params: &[Param]) -> String {
    params
        .iter()
        .map(|param| format!("`{}`", param.name))
        .collect::<Vec<_>>()
        .join(", ")
}

impl Param {
    /// The value as it goes into the address; otherwise what is wrong and how to mend it.
    fn fill(&self, value: &str) -> Result<String, (String, String)> {
        let value = value.trim();
        if value.is_empty() {
            return Err((
                "is empty".to_owned(),
                format!("write a value ({})", self.help),
            ));
        }
        match self.param_type {
            // As a whole path segment these would climb out of it, even percent-encoded.
            ParamType::Text if matches!(value, "." | "..") => Err((
                format!("`{value}` cannot be asked for"),
                "write a word".to_owned(),
            )),
            ParamType::Text => Ok(value.to_owned()),
            ParamType::Number => value.parse::<u64>().map(|n| n.to_string()).map_err(|_| {
                (
                    format!("`{value}` is not a whole number"),
                    "write digits only".to_owned(),
                )
            }),
            ParamType::Url => match web_address(value) {
                Some(_) => Ok(value.to_owned()),
                None => Err((
                    format!("`{value}` is not a web address"),
                    "write it whole, for example https://example.org/feed.xml".to_owned(),
                )),
            },
            ParamType::Server => {
                let whole = if value.contains("://") {
                    value.to_owned()
                } else {
                    format!("https://{value}")
                };
                web_address(&whole)
                    .map(|url| url.as_str().trim_end_matches('/').to_owned())
                    .filter(|address| !address.contains(['?', '#']))
                    .ok_or_else(|| {
                        (
                            format!("`{value}` is not a server"),
                            "write its name, for example example.org".to_owned(),
                        )
                    })
            }
        }
    }
}

fn web_address(text: &str) -> Option<Url> {
    Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// The address without user and password, and with a digest in place of tokens, so that
/// two private feeds still have two names.
fn without_credentials(address: &str) -> String {
    let Ok(mut url) = Url::parse(address) else {
        return address.to_owned();
    };
    let secret_key = |key: &str| {
        let key = key.to_lowercase();
        [
            "token", "key", "secret", "pass", "auth", "sig", "feed", "session",
        ]
        .iter()
        .any(|part| key.contains(part))
    };
    let pairs: Vec<(String, String)> = url
        .query_pairs()
        .map(|(key, value)| (key.into_owned(), value.into_owned()))
        .collect();
    let untouched = url.username().is_empty()
        && url.password().is_none()
        && !pairs.iter().any(|(key, _)| secret_key(key));
    if untouched {
        return address.to_owned();
    }
    // Both can fail only for addresses without a host, which cannot carry them either.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    if !pairs.is_empty() {
        let mut query = url.query_pairs_mut();
        query.clear();
        for (key, value) in pairs {
            if secret_key(&key) {
                let digest = super::hex_digest("source name", &[&value]);
                query.append_pair(&key, &digest[..8]);
            } else {
                query.append_pair(&key, &value);
            }
        }
    }
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn param(name: &str, param_type: ParamType, default: Option<&str>) -> Param {
        Param {
            name: name.to_owned(),
            param_type,
            help: "for a test".to_owned(),
            default: default.map(str::to_owned),
            main: false,
            query: None,
        }
    }

    fn tag_definition() -> Definition {
        let mut tag = param("tag", ParamType::Text, None);
        tag.main = true;
        tag.query = Some(QueryForm::Tag);
        Definition {
            name: "tags".to_owned(),
            title: "Tags".to_owned(),
            summary: "Posts.".to_owned(),
            help: String::new(),
            kind: Kind::Post,
            format: Format::Feed,
            params: vec![param("server", ParamType::Server, Some("example.org")), tag],
            request: Request {
                url: vec![
                    RequestPiece::Param("server".to_owned()),
                    RequestPiece::Literal("/tags/".to_owned()),
                    RequestPiece::Param("tag".to_owned()),
                ],
                ..Request::default()
            },
            limits: Limits::default(),
            terms: None,
            verified: Verified::Sample,
            keyless: true,
            sample: None,
        }
    }

    fn params(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[track_caller]
    fn check_url(pairs: &[(&str, &str)], expected: &str) {
        let plan = tag_definition().request(&params(pairs)).expect("a request");
        assert_eq!(plan.url.as_str(), expected);
    }

    #[test]
    fn parameters_fill_the_address_and_cannot_leave_their_place() {
        check_url(&[("tag", "acme")], "https://example.org/tags/acme");
        check_url(
            &[("tag", "../a?b=c&d#e")],
            "https://example.org/tags/..%2Fa%3Fb%3Dc%26d%23e",
        );
        check_url(
            &[("tag", "x"), ("server", "http://127.0.0.1:8080/")],
            "http://127.0.0.1:8080/tags/x",
        );
    }

    #[test]
    fn all_wrong_parameters_are_named_at_once() {
        let problems = tag_definition()
            .request(&params(&[("tga", "acme"), ("server", "not a server")]))
            .expect_err("three problems");
        let names: Vec<_> = problems
            .iter()
            .map(|problem| problem.param.as_str())
            .collect();
        assert_eq!(names, ["tga", "server", "tag"]);
    }

    #[test]
    fn a_brand_becomes_a_query_in_the_form_of_the_site() {
        let definition = tag_definition();
        assert_eq!(
            definition.params_for_brand("Acme Corp."),
            Some(params(&[("tag", "AcmeCorp")]))
        );
        assert_eq!(definition.params_for_brand("!!"), None);
    }

    #[test]
    fn source_names_hold_no_credentials() {
        let mut definition = tag_definition();
        assert_eq!(
            definition.source_name(&params(&[("tag", "acme")])),
            "tags:acme"
        );
        definition.params = vec![param("url", ParamType::Url, None)];
        definition.params[0].main = true;
        let name = |url: &str| definition.source_name(&params(&[("url", url)]));
        assert_eq!(name("https://a.org/f?p=2"), "tags:https://a.org/f?p=2");
        let one = name("https://me:pw@a.org/f?token=one&p=2");
        assert!(one.starts_with("tags:https://a.org/f?token="), "{one}");
        assert!(!one.contains("pw") && !one.contains("one"), "{one}");
        assert_ne!(one, name("https://a.org/f?token=two&p=2"));
    }
}
