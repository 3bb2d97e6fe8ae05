//! Fills the templates of a definition with the values of parameters that have been checked:
//! a value never leaves its place, and what an unset parameter would fill is left out.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use url::Url;

use super::asking::{ClientAuth, Grant, JsonTemplate, RequestPiece, SignIn, SignInPlan, Template};
use super::definition::{Definition, Param, ParamProblem, ParamType};

/// Everything but unreserved characters: a value can never leave its place in the address.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Stands for a page's mark while an address is built; no value can hold it, because
/// values are escaped and addresses with control characters are refused.
pub(super) const PAGE_PLACE: &str = "\u{1}";

/// A value as it stands inside an address.
pub(super) fn encoded(value: &str) -> String {
    utf8_percent_encode(value, UNRESERVED).to_string()
}

/// Fills templates with the values of parameters that have been checked.
pub(super) struct Filler<'a> {
    pub(super) definition: &'a Definition,
    pub(super) params: &'a BTreeMap<String, String>,
}

impl Filler<'_> {
    /// The parameter and its value; nothing for an optional one that is not set, and for
    /// the place of a page's mark, which is no parameter.
    fn value(&self, name: &str) -> Option<(&Param, String)> {
        let param = self
            .definition
            .params
            .iter()
            .find(|param| param.name == name)?;
        let value = self.params.get(name).or(param.default.as_ref())?;
        Some((param, param.fill(value).ok()?))
    }

    fn is_page_place(&self, name: &str) -> bool {
        let is_param = self
            .definition
            .params
            .iter()
            .any(|param| param.name == name);
        let paging = self.definition.paging.as_ref();
        !is_param && paging.and_then(|paging| paging.kind.param()) == Some(name)
    }

    /// Header and form values stand as they are; nothing when a parameter is not set.
    pub(super) fn text(&self, template: &Template) -> Option<String> {
        let mut text = String::new();
        for piece in template {
            match piece {
                RequestPiece::Literal(literal) => text.push_str(literal),
                RequestPiece::Param(name) => text.push_str(&self.value(name)?.1),
            }
        }
        Some(text)
    }

    pub(super) fn json(&self, template: &JsonTemplate) -> Option<Value> {
        Some(match template {
            JsonTemplate::Fixed(value) => value.clone(),
            JsonTemplate::Text(template) => {
                let text = self.text(template)?;
                let is_number = match template.as_slice() {
                    [RequestPiece::Param(name)] => self
                        .value(name)
                        .is_some_and(|(param, _)| param.param_type == ParamType::Number),
                    _ => false,
                };
                match text.parse::<u64>() {
                    Ok(number) if is_number => Value::from(number),
                    _ => Value::from(text),
                }
            }
            JsonTemplate::List(list) => list
                .iter()
                .filter_map(|element| self.json(element))
                .collect(),
            JsonTemplate::Table(members) => members
                .iter()
                .filter_map(|(key, member)| Some((key.clone(), self.json(member)?)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
        })
    }

    /// The address; a pair of the query whose parameter is not set is left out.
    pub(super) fn address(&self, template: &Template, mark: Option<&str>) -> String {
        let mut address = Address::default();
        for (place, piece) in template.iter().enumerate() {
            match piece {
                RequestPiece::Literal(text) => address.literal(text),
                RequestPiece::Param(name) if self.is_page_place(name) => match mark {
                    Some(PAGE_PLACE) => address.value(PAGE_PLACE),
                    Some(mark) => address.value(&encoded(mark)),
                    None => address.nothing(),
                },
                RequestPiece::Param(name) => match self.value(name) {
                    // A whole address or server starts the template and stays as it is.
                    Some((param, value))
                        if place == 0
                            && matches!(param.param_type, ParamType::Url | ParamType::Server) =>
                    {
                        address.whole(&value);
                    }
                    Some((_, value)) => address.value(&encoded(&value)),
                    None => address.nothing(),
                },
            }
        }
        address.finish()
    }

    pub(super) fn url(
        &self,
        template: &Template,
        mark: Option<&str>,
    ) -> Result<Url, Vec<ParamProblem>> {
        Url::parse(&self.address(template, mark)).map_err(|error| {
            vec![ParamProblem {
                param: self
                    .definition
                    .main_param()
                    .map_or_else(String::new, |param| param.name.clone()),
                what: format!("gives no usable address ({error})"),
                mend: "check the parameters".to_owned(),
            }]
        })
    }

    /// Nothing when the parameters of the exchange are optional and not set: the site is
    /// then asked without signing in.
    pub(super) fn sign_in(
        &self,
        sign_in: &SignIn,
    ) -> Result<Option<SignInPlan>, Vec<ParamProblem>> {
        let url = self.url(&sign_in.token_url, None)?;
        let (Some(id), Some(secret)) = (
            self.text(&sign_in.client_id),
            self.text(&sign_in.client_secret),
        ) else {
            return Ok(None);
        };
        let mut form = Vec::new();
        match &sign_in.grant {
            Grant::ClientCredentials => {
                form.push(("grant_type".to_owned(), "client_credentials".to_owned()));
            }
            Grant::RefreshToken(template) => {
                let Some(token) = self.text(template) else {
                    return Ok(None);
                };
                form.push(("grant_type".to_owned(), "refresh_token".to_owned()));
                form.push(("refresh_token".to_owned(), token));
            }
        }
        if let Some(scope) = &sign_in.scope {
            form.push(("scope".to_owned(), scope.clone()));
        }
        let basic = match sign_in.client_auth {
            ClientAuth::Basic => Some((id, secret)),
            ClientAuth::Body => {
                form.push(("client_id".to_owned(), id));
                form.push(("client_secret".to_owned(), secret));
                None
            }
        };
        Ok(Some(SignInPlan { url, form, basic }))
    }
}

/// An address while it is built, pair by pair.
#[derive(Default)]
struct Address {
    text: String,
    in_query: bool,
    pair_start: usize,
    is_dropped: bool,
}

impl Address {
    fn literal(&mut self, literal: &str) {
        for character in literal.chars() {
            match character {
                '?' if !self.in_query => {
                    self.in_query = true;
                    self.text.push('?');
                    self.pair_start = self.text.len();
                }
                '&' if self.in_query => {
                    self.end_pair();
                    if !self.text.ends_with(['?', '&']) {
                        self.text.push('&');
                    }
                    self.pair_start = self.text.len();
                }
                other => self.text.push(other),
            }
        }
    }

    fn whole(&mut self, address: &str) {
        self.text.push_str(address);
        self.in_query |= address.contains('?');
        self.pair_start = self.text.len();
    }

    fn value(&mut self, encoded: &str) {
        self.text.push_str(encoded);
    }

    fn nothing(&mut self) {
        self.is_dropped |= self.in_query;
    }

    fn end_pair(&mut self) {
        if std::mem::take(&mut self.is_dropped) {
            self.text.truncate(self.pair_start);
        }
    }

    fn finish(mut self) -> String {
        let had_drops = self.is_dropped;
        self.end_pair();
        if had_drops {
            while self.text.ends_with(['?', '&']) {
                self.text.pop();
            }
        }
        self.text
    }
}
