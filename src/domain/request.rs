//! A definition's parameters: checked all at once, filled into the request, turned into
//! the default name of a source, or made from the name of a brand.

use std::collections::BTreeMap;

use serde_json::Value;
use url::Url;

use super::asking::{BodyTemplate, PlannedBody, RequestPiece, RequestPlan, Template};
use super::definition::{Definition, Format, Param, ParamProblem, ParamType, QueryForm};
use super::fill::{Filler, PAGE_PLACE};

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
            .all(|other| other.name == param.name || !other.is_required());
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

    /// The parameter sets of the sources that one configured source stands for: a parameter
    /// marked `each` may list several values (`us, tr, in`), and each is a source of its
    /// own with its own schedule and cursor. With each set comes what tells it apart.
    pub fn expand(
        &self,
        params: &BTreeMap<String, String>,
    ) -> Vec<(Option<String>, BTreeMap<String, String>)> {
        let mut sets = vec![(None::<String>, params.clone())];
        for param in self.params.iter().filter(|param| param.each) {
            let Some(value) = params.get(&param.name) else {
                continue;
            };
            let values: Vec<&str> = value
                .split(',')
                .map(str::trim)
                .filter(|value| !value.is_empty())
                .collect();
            if values.len() < 2 {
                continue;
            }
            sets = sets
                .into_iter()
                .flat_map(|(suffix, set)| {
                    values.iter().map(move |value| {
                        let mut set = set.clone();
                        set.insert(param.name.clone(), (*value).to_owned());
                        let suffix = match &suffix {
                            Some(before) => format!("{before}/{value}"),
                            None => (*value).to_owned(),
                        };
                        (Some(suffix), set)
                    })
                })
                .collect();
        }
        sets
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
                None if param.optional => continue,
                None if param.param_type == ParamType::Secret => Err((
                    format!("is missing: {} needs this key", self.title),
                    format!(
                        "set it under params as {{ env = \"NAME\" }} or {{ file = \"path\" }} ({})",
                        param.help
                    ),
                )),
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
        let filler = Filler {
            definition: self,
            params,
        };
        if self.request.url.is_empty() {
            // Others come to us: there is nobody to ask.
            let nowhere = Url::parse("inbound:").expect("a scheme alone is an address");
            return Ok(RequestPlan::get(nowhere));
        }
        let mark = self.paging.as_ref().and_then(|paging| paging.kind.first());
        let shown = mark.as_ref().map(ToString::to_string);
        let url = filler.url(&self.request.url, shown.as_deref())?;
        let url_around_page = filler
            .address(&self.request.url, Some(PAGE_PLACE))
            .split_once(PAGE_PLACE)
            .map(|(before, after)| (before.to_owned(), after.to_owned()));
        let mut headers = vec![("Accept".to_owned(), self.accept())];
        for (name, template) in &self.request.headers {
            let Some(value) = filler.text(template) else {
                continue;
            };
            if value.chars().any(char::is_control) {
                return Err(vec![ParamProblem {
                    param: first_param(template),
                    what: "has a line break or another control character in it".to_owned(),
                    mend: "write it on one line".to_owned(),
                }]);
            }
            headers.push((name.clone(), value));
        }
        let body = self.request.body.as_ref().map(|body| match body {
            BodyTemplate::Form(pairs) => PlannedBody::Form(
                pairs
                    .iter()
                    .filter_map(|(key, template)| Some((key.clone(), filler.text(template)?)))
                    .collect(),
            ),
            BodyTemplate::Json(template) => PlannedBody::Json(
                filler
                    .json(template)
                    .unwrap_or_else(|| Value::Object(serde_json::Map::new())),
            ),
        });
        let sign_in = match &self.request.sign_in {
            Some(sign_in) => filler.sign_in(sign_in)?,
            None => None,
        };
        let mut plan = RequestPlan {
            method: self.request.method,
            url,
            headers,
            body,
            sign_in,
            page: None,
            url_around_page,
        };
        if let (Some(paging), Some(mark)) = (&self.paging, mark)
            && let Some(param) = paging.kind.param()
        {
            // An address that does not name the page begins with the first by itself; a
            // body says which.
            if plan.body.is_some() {
                plan = plan.with_page(param, mark.clone()).unwrap_or(plan);
            }
            plan.page = Some(mark);
        }
        Ok(plan)
    }

    fn accept(&self) -> String {
        let given = self.request.accept.clone();
        given.unwrap_or_else(|| {
            match self.format {
                Format::Feed => {
                    "application/atom+xml, application/rss+xml, application/feed+json, \
                     application/rdf+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"
                }
                Format::Html(_) => "text/html, application/xhtml+xml;q=0.9, */*;q=0.5",
                Format::Opml => "text/x-opml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5",
                Format::Stream(..) => "text/event-stream, */*;q=0.5",
                Format::Json(_) | Format::JsonLines(_) | Format::Inbound(_) | Format::Email => {
                    "application/json, */*;q=0.5"
                }
            }
            .to_owned()
        })
    }

    /// The default name of a source: the definition plus its main parameter. What looks
    /// like a credential in an address is replaced, since names stand in logs and pages.
    pub fn source_name(&self, params: &BTreeMap<String, String>) -> String {
        let main = self.main_param().and_then(|param| {
            if param.param_type == ParamType::Secret {
                return None;
            }
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

fn first_param(template: &Template) -> String {
    template
        .iter()
        .find_map(|piece| match piece {
            RequestPiece::Param(name) => Some(name.clone()),
            RequestPiece::Literal(_) => None,
        })
        .unwrap_or_default()
}

fn list_names(params: &[Param]) -> String {
    params
        .iter()
        .map(|param| format!("`{}`", param.name))
        .collect::<Vec<_>>()
        .join(", ")
}

impl Param {
    /// Whether a source must set it.
    pub fn is_required(&self) -> bool {
        self.default.is_none() && !self.optional
    }

    /// The value as it goes into the address; otherwise what is wrong and how to mend it.
    pub(super) fn fill(&self, value: &str) -> Result<String, (String, String)> {
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
            ParamType::Secret if value.chars().any(char::is_control) => Err((
                "has a line break or another control character in it".to_owned(),
                "keep only the key in the variable or the file".to_owned(),
            )),
            ParamType::Secret => Ok(value.to_owned()),
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
    if text.chars().any(char::is_control) {
        return None;
    }
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
mod tests;
