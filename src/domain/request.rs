//! A definition's parameters: checked all at once, filled into the request, turned into
//! the default name of a source, or made from the name of a brand.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use super::definition::{
    Definition, Format, Param, ParamProblem, ParamType, QueryForm, RequestPiece, RequestPlan,
};

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
                    ParamProblem::MISSING.to_owned(),
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
                Format::Json(_) | Format::JsonLines(_) => "application/json, */*;q=0.5",
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
        if self.param_type == ParamType::Rule {
            return Ok(value.to_owned());
        }
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
            ParamType::Text | ParamType::Rule => Ok(value.to_owned()),
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
    use crate::domain::{Kind, Limits, Request, Verified};

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
            template: None,
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
