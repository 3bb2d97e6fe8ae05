//! The part of a definition file that says how the site is asked: `[request]`, `[sign_in]`,
//! `[paging]` and `[stream]`.

use super::table::{Entry, Problems, Table};
use crate::domain::{
    AskMethod, BodyTemplate, Carrier, ClientAuth, Condition, Grant, JsonPath, JsonTemplate, Paging,
    PagingKind, Param, ParamType, Request, RequestPiece, SignIn, StreamKind, Template,
};

/// Silence after which a stream is connected anew, unless its definition says otherwise.
const DEFAULT_IDLE: std::time::Duration = std::time::Duration::from_secs(90);
/// Pages read at most when a gap is closed, unless the definition says otherwise.
const DEFAULT_MAX_PAGES: u32 = 5;
/// A poll of more pages would be a crawl.
const MOST_PAGES: u32 = 100;

/// What templates may name, and where mistakes go.
pub(super) struct Asking<'a> {
    pub(super) params: &'a [Param],
    /// The place of a page's mark, which addresses may name as well.
    pub(super) page_param: Option<&'a str>,
}

impl Asking<'_> {
    /// `[request]`.
    pub(super) fn request(
        &self,
        mut table: Table<'_, '_>,
        sign_in: Option<SignIn>,
        problems: &mut Problems<'_>,
    ) -> Option<Request> {
        let url = table
            .need(
                "url",
                problems,
                "write the address with parameters as {name}",
            )
            .and_then(|entry| self.address(&entry, problems));
        let accept = table
            .take("accept")
            .and_then(|entry| entry.text(problems).map(str::to_owned));
        let headers = table
            .take("headers")
            .and_then(|entry| entry.table(problems))
            .map(|entries| self.headers(&entries, problems))
            .unwrap_or_default();
        let form = table.take("form").and_then(|entry| entry.table(problems));
        let json = table.take("json");
        if form.is_some()
            && let Some(json) = &json
        {
            problems.add(
                &json.span,
                &json.key,
                "is a second body",
                "keep one of `form` and `json`",
            );
        }
        let body = match (form, json) {
            (Some(form), _) => Some(BodyTemplate::Form(
                form.all()
                    .into_iter()
                    .filter_map(|(key, entry)| Some((key, self.template(&entry, problems)?)))
                    .collect(),
            )),
            (None, Some(json)) => self.json(&json, problems).map(BodyTemplate::Json),
            (None, None) => None,
        };
        let method = table.take("method").and_then(|entry| {
            entry.one_of(
                problems,
                &[("GET", AskMethod::Get), ("POST", AskMethod::Post)],
            )
        });
        table.finish(problems);
        let usual = match body {
            Some(_) => AskMethod::Post,
            None => AskMethod::Get,
        };
        Some(Request {
            method: method.unwrap_or(usual),
            url: url?,
            accept,
            headers,
            body,
            sign_in,
        })
    }

    /// `[sign_in]`.
    pub(super) fn sign_in(
        &self,
        mut table: Table<'_, '_>,
        problems: &mut Problems<'_>,
    ) -> Option<SignIn> {
        let token_url = table
            .need(
                "token_url",
                problems,
                "write the address where tokens are given out",
            )
            .and_then(|entry| self.address(&entry, problems));
        let mut field = |key, mend, problems: &mut Problems<'_>| {
            table
                .need(key, problems, mend)
                .and_then(|entry| self.template(&entry, problems))
        };
        let client_id = field("client_id", "write client_id = \"{app_id}\"", problems);
        let client_secret = field(
            "client_secret",
            "write client_secret = \"{app_secret}\"",
            problems,
        );
        let grant = table
            .need(
                "grant",
                problems,
                "write grant = \"client_credentials\" or \"refresh_token\"",
            )
            .and_then(|entry| {
                entry.one_of(
                    problems,
                    &[("client_credentials", false), ("refresh_token", true)],
                )
            });
        let refresh = table
            .take("refresh_token")
            .and_then(|entry| self.template(&entry, problems));
        let grant = match (grant, refresh) {
            (Some(false), _) => Some(Grant::ClientCredentials),
            (Some(true), Some(token)) => Some(Grant::RefreshToken(token)),
            (Some(true), None) => {
                table.complain(
                    problems,
                    "exchanges a refresh token but does not say which",
                    "write refresh_token = \"{refresh_token}\"",
                );
                None
            }
            (None, _) => None,
        };
        let client_auth = table
            .take("client_auth")
            .and_then(|entry| {
                entry.one_of(
                    problems,
                    &[("basic", ClientAuth::Basic), ("body", ClientAuth::Body)],
                )
            })
            .unwrap_or_default();
        let scope = table
            .take("scope")
            .and_then(|entry| entry.text(problems).map(str::to_owned));
        table.finish(problems);
        Some(SignIn {
            token_url: token_url?,
            grant: grant?,
            client_id: client_id?,
            client_secret: client_secret?,
            client_auth,
            scope,
        })
    }

    fn headers(
        &self,
        entries: &Table<'_, '_>,
        problems: &mut Problems<'_>,
    ) -> Vec<(String, Template)> {
        let mut headers = Vec::new();
        for (name, entry) in entries.all() {
            let token = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
            if name.is_empty() || !name.chars().all(token) {
                problems.add(
                    &entry.span,
                    &entry.key,
                    "is not a header name",
                    "use letters, digits and `-`",
                );
            }
            let Some(value) = entry.value.as_str() else {
                // Reports the wrong type.
                entry.text(problems);
                continue;
            };
            if value.chars().any(char::is_control) {
                problems.add(
                    &entry.span,
                    &entry.key,
                    "has a line break or another control character in it",
                    "write it on one line",
                );
            }
            headers.extend(
                self.template(&entry, problems)
                    .map(|template| (name, template)),
            );
        }
        headers
    }

    /// A text with parameters in it.
    fn template(&self, entry: &Entry<'_, '_>, problems: &mut Problems<'_>) -> Option<Template> {
        let text = entry.text(problems)?;
        self.pieces(text, None, entry, problems)
    }

    fn json(&self, entry: &Entry<'_, '_>, problems: &mut Problems<'_>) -> Option<JsonTemplate> {
        if entry.value.as_str().is_some() {
            return self.template(entry, problems).map(JsonTemplate::Text);
        }
        if entry.value.as_array().is_some() {
            let list = entry
                .list_or_single()
                .iter()
                .filter_map(|element| self.json(element, problems))
                .collect();
            return Some(JsonTemplate::List(list));
        }
        if entry.value.as_table().is_some() {
            let members = entry
                .table(problems)?
                .all()
                .into_iter()
                .filter_map(|(key, member)| Some((key, self.json(&member, problems)?)))
                .collect();
            return Some(JsonTemplate::Table(members));
        }
        let whole = entry
            .value
            .as_integer()
            .and_then(|number| number.as_str().parse::<i64>().ok());
        let value = match whole {
            Some(number) => serde_json::Value::from(number),
            None => super::read::plain_json(entry.value),
        };
        Some(JsonTemplate::Fixed(value))
    }

    /// An address with parameters in it, which must begin like one.
    fn address(&self, entry: &Entry<'_, '_>, problems: &mut Problems<'_>) -> Option<Template> {
        let text = entry.text(problems)?;
        let pieces = self.pieces(text, self.page_param, entry, problems)?;
        let starts_well = match pieces.first() {
            Some(RequestPiece::Literal(text)) => ["https://", "http://", "imaps://", "imap://"]
                .iter()
                .any(|scheme| text.starts_with(scheme)),
            Some(RequestPiece::Param(name)) => self.params.iter().any(|param| {
                param.name == *name
                    && matches!(param.param_type, ParamType::Url | ParamType::Server)
            }),
            None => false,
        };
        if !starts_well && problems.is_empty() {
            problems.add(
                &entry.span,
                &entry.key,
                format!("`{text}` does not begin like an address"),
                "begin with https:// or with a parameter of type \"url\" or \"server\"",
            );
        }
        Some(pieces)
    }

    fn pieces(
        &self,
        text: &str,
        page_param: Option<&str>,
        entry: &Entry<'_, '_>,
        problems: &mut Problems<'_>,
    ) -> Option<Template> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, after)) = after.split_once('}') else {
                problems.add(
                    &entry.span,
                    &entry.key,
                    "has a `{` that is not closed",
                    "add a `}`",
                );
                return None;
            };
            // The braces of GraphQL and the like, inside a body, enclose more than a name.
            if name.contains(char::is_whitespace) {
                pieces.push(RequestPiece::Literal(format!("{before}{{")));
                rest = &rest[before.len() + 1..];
                continue;
            }
            let is_known =
                self.params.iter().any(|param| param.name == name) || page_param == Some(name);
            if !is_known {
                problems.add(
                    &entry.span,
                    &entry.key,
                    format!("uses a parameter `{name}` that does not exist"),
                    format!("add a table [params.{name}] or take it out"),
                );
            }
            if !before.is_empty() {
                pieces.push(RequestPiece::Literal(before.to_owned()));
            }
            pieces.push(RequestPiece::Param(name.to_owned()));
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(RequestPiece::Literal(rest.to_owned()));
        }
        Some(pieces)
    }
}

/// The kinds of paging by name, before their own keys are read.
#[derive(Clone, Copy)]
enum PagingName {
    Link,
    Feed,
    NextUrl,
    Cursor,
    Page,
    Offset,
    OlderThan,
}

const PAGING_KINDS: [(&str, PagingName); 7] = [
    ("link-header", PagingName::Link),
    ("feed", PagingName::Feed),
    ("next-url", PagingName::NextUrl),
    ("cursor", PagingName::Cursor),
    ("page", PagingName::Page),
    ("offset", PagingName::Offset),
    ("older-than", PagingName::OlderThan),
];

/// `[paging]`.
pub(super) fn read_paging(mut table: Table<'_, '_>, problems: &mut Problems<'_>) -> Option<Paging> {
    let name = table
        .need(
            "kind",
            problems,
            "write kind = \"link-header\", \"feed\", \"next-url\", \"cursor\", \"page\", \
             \"offset\" or \"older-than\"",
        )
        .and_then(|entry| entry.one_of(problems, &PAGING_KINDS));
    let path: Option<JsonPath> = table
        .take("path")
        .and_then(|entry| entry.parsed(problems, "write a path such as meta.next_token or cursor"));
    let param = table
        .take("param")
        .and_then(|entry| entry.text(problems).map(str::to_owned));
    let behind = table
        .take("behind")
        .and_then(|entry| entry.text(problems).map(str::to_owned));
    let start = table
        .take("start")
        .and_then(|entry| entry.whole_number(problems));
    let step = table
        .take("step")
        .and_then(|entry| entry.whole_number(problems));
    let more_if: Option<Condition> = table
        .take("more_if")
        .and_then(|entry| entry.parsed(problems, "write for example `has_more`"));
    let pages_at = table.take("pages");
    let pages = pages_at
        .as_ref()
        .and_then(|entry| entry.whole_number(problems))
        .unwrap_or(1);
    let max_pages = table
        .take("max_pages")
        .and_then(|entry| entry.whole_number(problems))
        .unwrap_or(DEFAULT_MAX_PAGES.max(pages));
    if let Some(entry) = &pages_at
        && (pages == 0 || pages > max_pages)
    {
        problems.add(
            &entry.span,
            &entry.key,
            format!("is {pages}, which is not between 1 and `max_pages` ({max_pages})"),
            "write fewer pages or raise `max_pages`",
        );
    }
    if max_pages == 0 || max_pages > MOST_PAGES {
        table.complain(
            problems,
            &format!("reads {max_pages} pages at most"),
            &format!("write max_pages from 1 to {MOST_PAGES}"),
        );
    }
    let missing = |what: &str, mend: &str, problems: &mut Problems<'_>| {
        table.complain(problems, what, mend);
    };
    let needs_param = !matches!(
        name,
        None | Some(PagingName::Link | PagingName::Feed | PagingName::NextUrl)
    );
    if needs_param && param.is_none() {
        missing(
            "does not say where the mark of a page goes",
            "write param = \"cursor\": a query parameter, a field of the body, or a {name} in the address",
            problems,
        );
    }
    let needs_path = matches!(name, Some(PagingName::NextUrl | PagingName::Cursor));
    if needs_path && path.is_none() {
        missing(
            "does not say where the next page stands in the answer",
            "write path = \"cursor\"",
            problems,
        );
    }
    table.finish(problems);
    let kind = match name? {
        PagingName::Link => PagingKind::LinkHeader,
        PagingName::Feed => PagingKind::Feed,
        PagingName::NextUrl => PagingKind::NextUrl { path: path? },
        PagingName::Cursor => PagingKind::Cursor {
            path: path?,
            param: param?,
        },
        PagingName::Page => PagingKind::Page {
            param: param?,
            start: start.map_or(1, u64::from),
        },
        PagingName::Offset => PagingKind::Offset {
            param: param?,
            start: start.map_or(0, u64::from),
            step: step.map(u64::from),
        },
        PagingName::OlderThan => PagingKind::OlderThan {
            param: param?,
            behind,
        },
    };
    Some(Paging {
        kind,
        more_if,
        pages,
        max_pages,
    })
}

/// `[stream]`.
pub(super) fn read_stream(
    mut table: Table<'_, '_>,
    problems: &mut Problems<'_>,
) -> Option<StreamKind> {
    let carrier = table
        .need(
            "carrier",
            problems,
            "write carrier = \"sse\", \"websocket\" or \"lines\"",
        )
        .and_then(|entry| {
            entry.one_of(
                problems,
                &[
                    ("sse", Carrier::Sse),
                    ("websocket", Carrier::WebSocket),
                    ("lines", Carrier::Lines),
                ],
            )
        });
    let events = table
        .take("events")
        .map(|entry| {
            entry
                .list_or_single()
                .iter()
                .filter_map(|event| event.text(problems).map(str::to_owned))
                .collect()
        })
        .unwrap_or_default();
    let cursor = table
        .take("cursor")
        .and_then(|entry| entry.parsed(problems, "write a path such as time_us"));
    let cursor_param = table
        .take("cursor_param")
        .and_then(|entry| entry.text(problems).map(str::to_owned));
    if let (Some(carrier), Some(_), None) = (carrier, &cursor, &cursor_param)
        && carrier != Carrier::Sse
    {
        table.complain(
            problems,
            "has a position in its events but no way to ask for one",
            "write cursor_param = \"cursor\"",
        );
    }
    let idle = table
        .take("idle")
        .and_then(|entry| entry.duration(problems))
        .unwrap_or(DEFAULT_IDLE);
    table.finish(problems);
    Some(StreamKind {
        carrier: carrier?,
        events,
        cursor,
        cursor_param,
        idle,
    })
}
