//! From an answer to the request for its next page, as the definition's `[paging]` says.
//! A pure function: whether the page is wanted at all is for the caller to decide.

use serde_json::Value;
use url::Url;

use super::Parsed;
use crate::domain::{Item, JsonPath, Mark, Paging, PagingKind, RequestPlan};

/// One page as it came.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// The body.
    pub bytes: &'a [u8],
    /// Where it came from.
    pub url: &'a Url,
    /// Its `Link` headers.
    pub links: &'a [String],
    /// What was read from it.
    pub parsed: &'a Parsed,
}

/// The request for the page after this one; `None` when this is the last.
pub fn next_request(
    paging: &Paging,
    request: &RequestPlan,
    page: &Page<'_>,
) -> Option<RequestPlan> {
    if let Some(more) = &paging.more_if
        && !json_of(page).is_some_and(|answer| more.holds(&answer))
    {
        return None;
    }
    let items = &page.parsed.items;
    let next = match &paging.kind {
        PagingKind::LinkHeader => request.with_url(link_next(page.links, page.url)?),
        PagingKind::Feed => request.with_url(page.url.join(page.parsed.next_page.as_ref()?).ok()?),
        PagingKind::NextUrl { path } => {
            let url = text_at(page, path)?;
            request.with_url(page.url.join(&url).ok()?)
        }
        PagingKind::Cursor { path, param } => {
            request.with_page(param, Mark::Text(text_at(page, path)?))?
        }
        PagingKind::Page { param, start } => {
            let this = count_of(request).unwrap_or(*start);
            // A page without anything is behind the last.
            (!items.is_empty()).then(|| request.with_page(param, Mark::Count(this + 1)))??
        }
        PagingKind::Offset { param, start, step } => {
            let this = count_of(request).unwrap_or(*start);
            let n_items = items.iter().filter(|item| !item.is_brand_reply).count() as u64;
            let step = step.unwrap_or(n_items);
            (n_items > 0).then(|| request.with_page(param, Mark::Count(this + step)))??
        }
        PagingKind::OlderThan { param, behind } => {
            let id = oldest_id(items)?;
            let id = match behind {
                Some(sign) => id.rsplit_once(sign.as_str())?.1,
                None => id,
            };
            request.with_page(param, Mark::Text(id.to_owned()))?
        }
    };
    // A server that names the same page again would be asked for ever.
    (next != *request).then_some(next)
}

/// Some pages begin with the oldest item, some with the newest: its time tells, and without
/// times the last one counts.
fn oldest_id(items: &[Item]) -> Option<&str> {
    let asked: Vec<&Item> = items
        .iter()
        .filter(|item| !item.is_brand_reply && item.native_id.is_some())
        .collect();
    let oldest = match asked.iter().all(|item| item.published_at.is_some()) {
        true => asked.iter().rev().min_by_key(|item| item.published_at),
        false => asked.last(),
    };
    oldest.and_then(|item| item.native_id.as_deref())
}

fn count_of(request: &RequestPlan) -> Option<u64> {
    match request.page {
        Some(Mark::Count(number)) => Some(number),
        _ => None,
    }
}

fn json_of(page: &Page<'_>) -> Option<Value> {
    serde_json::from_slice(page.bytes).ok()
}

/// A text or a number that says something; `null`, `""` and `false` mean "no more".
fn text_at(page: &Page<'_>, path: &JsonPath) -> Option<String> {
    let answer = json_of(page)?;
    match path.find(&answer)? {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The target of rel=next in `Link` headers (RFC 8288): `<url>; rel="next", …`.
fn link_next(links: &[String], base: &Url) -> Option<Url> {
    links.iter().find_map(|header| {
        let mut rest = header.as_str();
        while let Some((_, after)) = rest.split_once('<') {
            let (target, after) = after.split_once('>')?;
            // Attributes reach to the next target; a comma may stand inside quotes.
            let end = after.find('<').unwrap_or(after.len());
            let is_next = after[..end].split([';', ',']).any(|attribute| {
                let Some((name, value)) = attribute.split_once('=') else {
                    return false;
                };
                name.trim().eq_ignore_ascii_case("rel")
                    && value
                        .trim()
                        .trim_matches('"')
                        .split_whitespace()
                        .any(|rel| rel.eq_ignore_ascii_case("next"))
            });
            if is_next {
                return base.join(target.trim()).ok();
            }
            rest = &after[end..];
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Kind;

    fn paging(kind: PagingKind) -> Paging {
        Paging {
            kind,
            more_if: None,
            pages: 1,
            max_pages: 5,
        }
    }

    fn items(ids: &[&str]) -> Parsed {
        Parsed {
            items: ids
                .iter()
                .map(|id| Item {
                    native_id: Some((*id).to_owned()),
                    ..Item::empty("test", Kind::Post)
                })
                .collect(),
            ..Parsed::default()
        }
    }

    struct Case<'a> {
        body: &'a str,
        links: &'a [&'a str],
        parsed: Parsed,
    }

    fn next(paging: &Paging, request: &RequestPlan, case: &Case<'_>) -> Option<RequestPlan> {
        let links: Vec<String> = case.links.iter().map(ToString::to_string).collect();
        let page = Page {
            bytes: case.body.as_bytes(),
            url: &request.url,
            links: &links,
            parsed: &case.parsed,
        };
        next_request(paging, request, &page)
    }

    #[track_caller]
    fn check(paging: &Paging, case: &Case<'_>, expected: Option<&str>) {
        let url = Url::parse("https://a.example/s?q=x").expect("a URL");
        let found = next(paging, &RequestPlan::get(url), case);
        let found = found.map(|request| request.url.to_string());
        assert_eq!(found.as_deref(), expected, "{paging:?}");
    }

    #[test]
    fn link_headers_are_followed() {
        let case = |link: &'static [&'static str]| Case {
            body: "[]",
            links: link,
            parsed: items(&["1"]),
        };
        let paging = paging(PagingKind::LinkHeader);
        check(
            &paging,
            &case(&[
                "<https://a.example/s?max_id=1,2>; rel=\"next\", <https://a.example/s?min_id=3>; rel=\"prev\"",
            ]),
            Some("https://a.example/s?max_id=1,2"),
        );
        check(
            &paging,
            &case(&[
                "</s?p=1>; rel=prev",
                "</s?p=3>; title=\"a, b\"; REL=\"last next\"",
            ]),
            Some("https://a.example/s?p=3"),
        );
        check(&paging, &case(&["<https://a.example/s>; rel=prev"]), None);
        check(
            &paging,
            &case(&["<https://a.example/s?q=x>; rel=next"]),
            None,
        );
        check(&paging, &case(&["<broken"]), None);
    }

    #[test]
    fn marks_and_addresses_are_read_from_the_answer() {
        let cursor = paging(PagingKind::Cursor {
            path: "meta.next".parse().expect("a path"),
            param: "cursor".to_owned(),
        });
        let case = |body| Case {
            body,
            links: &[],
            parsed: items(&["1"]),
        };
        check(
            &cursor,
            &case(r#"{"meta":{"next":"a/b="}}"#),
            Some("https://a.example/s?q=x&cursor=a%2Fb%3D"),
        );
        check(
            &cursor,
            &case(r#"{"meta":{"next":7}}"#),
            Some("https://a.example/s?q=x&cursor=7"),
        );
        for last in [
            r#"{"meta":{"next":null}}"#,
            r#"{"meta":{"next":""}}"#,
            "{}",
            "<html>",
        ] {
            check(&cursor, &case(last), None);
        }
        let url = paging(PagingKind::NextUrl {
            path: "next".parse().expect("a path"),
        });
        check(
            &url,
            &case(r#"{"next":"/s?p=2"}"#),
            Some("https://a.example/s?p=2"),
        );
        let mut more = cursor;
        more.more_if = Some("has_more".parse().expect("a condition"));
        check(
            &more,
            &case(r#"{"meta":{"next":"a"},"has_more":false}"#),
            None,
        );
    }

    #[test]
    fn pages_and_entries_are_counted_until_one_is_empty() {
        let case = |ids: &[&str]| Case {
            body: "{}",
            links: &[],
            parsed: items(ids),
        };
        let pages = paging(PagingKind::Page {
            param: "page".to_owned(),
            start: 0,
        });
        check(
            &pages,
            &case(&["1"]),
            Some("https://a.example/s?q=x&page=1"),
        );
        check(&pages, &case(&[]), None);
        let url = Url::parse("https://a.example/s?q=x").expect("a URL");
        let first = RequestPlan::get(url);
        let second = next(&pages, &first, &case(&["1"])).expect("a second page");
        let third = next(&pages, &second, &case(&["2"])).expect("a third page");
        assert_eq!(third.url.as_str(), "https://a.example/s?q=x&page=2");
        let offset = paging(PagingKind::Offset {
            param: "offset".to_owned(),
            start: 0,
            step: None,
        });
        let second = next(&offset, &first, &case(&["1", "2"])).expect("a second page");
        let third = next(&offset, &second, &case(&["3"])).expect("a third page");
        assert_eq!(third.url.as_str(), "https://a.example/s?q=x&offset=3");
    }

    #[test]
    fn older_pages_are_asked_for_by_the_last_id() {
        let older = paging(PagingKind::OlderThan {
            param: "before".to_owned(),
            behind: Some("/".to_owned()),
        });
        let case = Case {
            body: "<html>",
            links: &[],
            parsed: items(&["durov/12", "durov/11"]),
        };
        check(&older, &case, Some("https://a.example/s?q=x&before=11"));
        // A page that begins with the oldest.
        let mut upside_down = items(&["durov/11", "durov/12"]);
        for (item, day) in upside_down.items.iter_mut().zip(["01", "02"]) {
            item.published_at = format!("2026-03-{day}T10:00:00Z").parse().ok();
        }
        let case_with_times = Case {
            parsed: upside_down,
            ..case
        };
        check(
            &older,
            &case_with_times,
            Some("https://a.example/s?q=x&before=11"),
        );
        let case = case_with_times;
        let feed = paging(PagingKind::Feed);
        let mut case = case;
        case.parsed.next_page = Some("/feed?paged=2".to_owned());
        check(&feed, &case, Some("https://a.example/feed?paged=2"));
    }
}
