//! How a site is asked, as a definition says it: method, address, headers, body, sign-in
//! and paging, all of them templates over the parameters. Plain checked data.

use std::fmt;

use url::Url;

use super::{Condition, JsonPath};

/// A piece of a request template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestPiece {
    /// Taken as it stands.
    Literal(String),
    /// Replaced by a parameter's value.
    Param(String),
}

/// A text with `{parameter}`s in it.
pub type Template = Vec<RequestPiece>;

/// The method of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AskMethod {
    /// Reads.
    #[default]
    Get,
    /// Reads with a body, as many search interfaces want it.
    Post,
}

/// How a site is asked.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Request {
    /// GET unless a body or the definition says otherwise.
    pub method: AskMethod,
    /// The address with `{parameter}`s in it.
    pub url: Template,
    /// What is sent as `Accept`.
    pub accept: Option<String>,
    /// Further headers; one whose parameter is not set is left out.
    pub headers: Vec<(String, Template)>,
    /// What is sent along.
    pub body: Option<BodyTemplate>,
    /// A token that is fetched first.
    pub sign_in: Option<SignIn>,
}

/// The body of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyTemplate {
    /// `key=value&…`.
    Form(Vec<(String, Template)>),
    /// JSON whose texts are templates: a value can never leave its place.
    Json(JsonTemplate),
}

/// A JSON value with templates for texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JsonTemplate {
    /// Always the same.
    Fixed(serde_json::Value),
    /// A text; exactly one parameter of type number becomes a number.
    Text(Template),
    /// A list.
    List(Vec<JsonTemplate>),
    /// An object; a member whose parameter is not set is left out.
    Table(Vec<(String, JsonTemplate)>),
}

/// How an access token is obtained (OAuth 2). It is kept until shortly before it expires
/// and sent as `Authorization: Bearer …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// Where tokens are given out.
    pub token_url: Template,
    /// What is exchanged for a token.
    pub grant: Grant,
    /// The application's id.
    pub client_id: Template,
    /// The application's secret.
    pub client_secret: Template,
    /// Whether id and secret are sent as basic authentication or in the body.
    pub client_auth: ClientAuth,
    /// What the token is for.
    pub scope: Option<String>,
}

/// What is exchanged for an access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grant {
    /// The application's own id and secret.
    ClientCredentials,
    /// A refresh token that a person obtained once.
    RefreshToken(Template),
}

/// How an application proves who it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientAuth {
    /// Basic authentication.
    #[default]
    Basic,
    /// Two fields of the form.
    Body,
}

/// How the rest of a long answer is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paging {
    /// What tells the next page.
    pub kind: PagingKind,
    /// When given, there is a next page only while this holds for the whole answer.
    pub more_if: Option<Condition>,
    /// How many pages a usual poll reads.
    pub pages: u32,
    /// How many pages are read at most, when a gap is closed.
    pub max_pages: u32,
}

/// What tells the next page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PagingKind {
    /// The `Link` header with rel=next.
    LinkHeader,
    /// The feed itself: rel=next, rel=prev-archive (RFC 5005), `next_url` (JSON Feed).
    Feed,
    /// The whole address of the next page stands in the answer.
    NextUrl {
        /// Where.
        path: JsonPath,
    },
    /// A mark in the answer goes into the next request.
    Cursor {
        /// Where it stands.
        path: JsonPath,
        /// Where it goes.
        param: String,
    },
    /// Pages are counted.
    Page {
        /// Where the number goes.
        param: String,
        /// The first page's.
        start: u64,
    },
    /// Entries are counted.
    Offset {
        /// Where the number goes.
        param: String,
        /// The first entry's.
        start: u64,
        /// How many entries a page has; as many as came when `None`.
        step: Option<u64>,
    },
    /// The next page holds what is older than the last entry of this one.
    OlderThan {
        /// Where the last entry's id goes.
        param: String,
        /// The id is what stands behind this in the item's native id; all of it when `None`.
        behind: Option<String>,
    },
}

impl PagingKind {
    /// Where the mark of a page goes, for the kinds that have one.
    pub fn param(&self) -> Option<&str> {
        match self {
            Self::LinkHeader | Self::Feed | Self::NextUrl { .. } => None,
            Self::Cursor { param, .. }
            | Self::Page { param, .. }
            | Self::Offset { param, .. }
            | Self::OlderThan { param, .. } => Some(param),
        }
    }

    /// The mark of the first page, for the kinds that count.
    pub fn first(&self) -> Option<Mark> {
        match self {
            Self::Page { start, .. } | Self::Offset { start, .. } => Some(Mark::Count(*start)),
            _ => None,
        }
    }
}

/// What tells one page from the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The number of a page or of its first entry.
    Count(u64),
    /// What the site gave.
    Text(String),
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

/// A request that is ready to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct RequestPlan {
    /// How.
    pub method: AskMethod,
    /// Where to.
    pub url: Url,
    /// With which headers, `Accept` among them.
    pub headers: Vec<(String, String)>,
    /// With what inside.
    pub body: Option<PlannedBody>,
    /// The token that is fetched first.
    pub sign_in: Option<SignInPlan>,
    /// The mark of this page, for the kinds of paging that count.
    pub page: Option<Mark>,
    /// The address around the place where a page's mark goes, when it goes into the path.
    pub(super) url_around_page: Option<(String, String)>,
}

/// The body of a request that is ready to be sent.
#[derive(Clone, PartialEq, Eq)]
pub enum PlannedBody {
    /// `key=value&…`.
    Form(Vec<(String, String)>),
    /// JSON.
    Json(serde_json::Value),
}

/// A token exchange that is ready to be made.
#[derive(Clone, PartialEq, Eq)]
pub struct SignInPlan {
    /// Where tokens are given out.
    pub url: Url,
    /// The form that is sent.
    pub form: Vec<(String, String)>,
    /// Id and secret, when they are sent as basic authentication.
    pub basic: Option<(String, String)>,
}

impl RequestPlan {
    /// Asks for an address with nothing special.
    pub fn get(url: Url) -> Self {
        Self {
            method: AskMethod::Get,
            url,
            headers: Vec::new(),
            body: None,
            sign_in: None,
            page: None,
            url_around_page: None,
        }
    }

    /// The bytes and the content type of the body.
    pub fn encoded_body(&self) -> Option<(&'static str, Vec<u8>)> {
        match self.body.as_ref()? {
            PlannedBody::Form(pairs) => Some((
                "application/x-www-form-urlencoded",
                encode_form(pairs).into_bytes(),
            )),
            PlannedBody::Json(value) => Some(("application/json", value.to_string().into_bytes())),
        }
    }

    /// The same request for the page with this mark.
    pub fn with_page(&self, param: &str, mark: Mark) -> Option<Self> {
        let mut next = self.clone();
        let text = mark.to_string();
        if let Some((before, after)) = &self.url_around_page {
            let address = format!("{before}{}{after}", super::fill::encoded(&text));
            next.url = Url::parse(&address).ok()?;
        } else {
            match &mut next.body {
                Some(PlannedBody::Form(pairs)) => {
                    match pairs.iter_mut().find(|(key, _)| key == param) {
                        Some((_, value)) => *value = text,
                        None => pairs.push((param.to_owned(), text)),
                    }
                }
                Some(PlannedBody::Json(value)) => set_member(value, param, &mark),
                None => set_query(&mut next.url, param, &text),
            }
        }
        next.page = Some(mark);
        Some(next)
    }

    /// The same request to another address of the same site; an answer must not send our
    /// keys to a stranger.
    #[must_use]
    pub fn with_url(&self, url: Url) -> Self {
        let mut next = self.clone();
        if url.origin() != self.url.origin() {
            next.headers
                .retain(|(name, _)| name.eq_ignore_ascii_case("accept"));
            next.sign_in = None;
            next.body = None;
            next.method = AskMethod::Get;
        }
        next.url = url;
        next.url_around_page = None;
        next
    }
}

/// `key=value&…`, escaped.
pub fn encode_form(pairs: &[(String, String)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

/// Sets a member; `a.b` is one inside an object inside an object.
fn set_member(value: &mut serde_json::Value, param: &str, mark: &Mark) {
    let mut here = value;
    for step in param.split('.') {
        if !here.is_object() {
            *here = serde_json::Value::Object(serde_json::Map::new());
        }
        let Some(map) = here.as_object_mut() else {
            return;
        };
        here = map
            .entry(step.to_owned())
            .or_insert(serde_json::Value::Null);
    }
    *here = match mark {
        Mark::Count(number) => serde_json::Value::from(*number),
        Mark::Text(text) => serde_json::Value::from(text.as_str()),
    };
}

/// Sets one query parameter and leaves the others as they are.
fn set_query(url: &mut Url, param: &str, mark: &str) {
    let kept: Vec<&str> = url
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty() && pair.split('=').next() != Some(param))
        .collect();
    let mut query = kept.join("&");
    if !query.is_empty() {
        query.push('&');
    }
    query.push_str(param);
    query.push('=');
    query.push_str(&super::fill::encoded(mark));
    url.set_query(Some(&query));
}

/// Addresses, headers and bodies may hold keys.
impl fmt::Debug for RequestPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestPlan")
            .field("method", &self.method)
            .field("host", &self.url.host_str())
            .field("page", &self.page)
            .field("signs_in", &self.sign_in.is_some())
            .finish_non_exhaustive()
    }
}

/// Bodies may hold keys.
impl fmt::Debug for PlannedBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form(_) => "Form",
            Self::Json(_) => "Json",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn plan(url: &str) -> RequestPlan {
        RequestPlan::get(Url::parse(url).expect("a URL"))
    }

    #[track_caller]
    fn check_query(url: &str, mark: &str, expected: &str) {
        let mark = Mark::Text(mark.to_owned());
        let next = plan(url).with_page("after", mark.clone()).expect("a page");
        assert_eq!(next.url.as_str(), expected);
        assert_eq!(next.page, Some(mark));
    }

    #[test]
    fn a_mark_goes_into_the_query_and_replaces_an_older_one() {
        check_query(
            "https://a.org/s?q=x",
            "1&2",
            "https://a.org/s?q=x&after=1%262",
        );
        check_query(
            "https://a.org/s?after=1&q=x%26y",
            "2",
            "https://a.org/s?q=x%26y&after=2",
        );
        check_query("https://a.org/s", "2", "https://a.org/s?after=2");
    }

    #[test]
    fn a_mark_goes_into_the_body_when_there_is_one() {
        let mut form = plan("https://a.org/");
        form.body = Some(PlannedBody::Form(vec![("q".into(), "x y".into())]));
        let next = form.with_page("page", Mark::Count(2)).expect("a page");
        let (content_type, bytes) = next.encoded_body().expect("a body");
        assert_eq!(content_type, "application/x-www-form-urlencoded");
        assert_eq!(String::from_utf8_lossy(&bytes), "q=x+y&page=2");

        let mut body = plan("https://a.org/");
        body.body = Some(PlannedBody::Json(json!({"q": "x", "paging": {"page": 1}})));
        let next = body
            .with_page("paging.page", Mark::Count(2))
            .expect("a page");
        assert_eq!(
            next.body,
            Some(PlannedBody::Json(json!({"q": "x", "paging": {"page": 2}})))
        );
        let next = body
            .with_page("token", Mark::Text("abc".into()))
            .expect("a page");
        let (_, bytes) = next.encoded_body().expect("a body");
        assert!(String::from_utf8_lossy(&bytes).contains("\"token\":\"abc\""));
    }

    #[test]
    fn keys_do_not_follow_to_another_site_and_are_never_printed() {
        let mut asked = plan("https://a.org/s?key=geheim");
        asked.headers = vec![
            ("Accept".into(), "application/json".into()),
            ("X-Api-Key".into(), "geheim".into()),
        ];
        asked.body = Some(PlannedBody::Form(vec![("k".into(), "geheim".into())]));
        assert!(!format!("{asked:?}").contains("geheim"), "{asked:?}");
        let same = asked.with_url(Url::parse("https://a.org/s?page=2").expect("a URL"));
        assert_eq!(same.headers.len(), 2);
        let other = asked.with_url(Url::parse("https://evil.example/").expect("a URL"));
        assert_eq!(other.headers.len(), 1);
        assert_eq!(other.body, None);
    }
}
