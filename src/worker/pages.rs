//! One answer after the other: a page is read, and the pages behind it as far as they are
//! wanted. A later page that fails never loses what the earlier ones brought.

use std::sync::Arc;

use url::Url;

use super::ask::fetch_answer;
use super::gate::Gate;
use super::{Engine, Plan, PlannedSource, blocking_plain};
use crate::domain::{Cursor, Definition, Format, Paging, PagingKind, RequestPlan};
use crate::fetch::{FetchError, Fetched};
use crate::parse::discover::announced_feed;
use crate::parse::paging::{Page, next_request};
use crate::parse::{self, Answer, ParseError, Parsed};

/// Pages of a feed's archive that are read at most to close a gap.
const MOST_FEED_PAGES: u32 = 10;

/// A body with what is known about it.
pub(super) struct RawPage {
    pub(super) bytes: Vec<u8>,
    pub(super) content_type: Option<String>,
    pub(super) url: Url,
    pub(super) links: Vec<String>,
}

/// The feed that a page announces, in place of the page; every other answer as it is. The
/// cursor remembers the feed's address, so that the page is asked only once.
pub(super) async fn follow_page(
    engine: &Engine,
    plan: &Plan,
    source: &PlannedSource,
    gate: &mut Gate<'_>,
    page: RawPage,
    cursor: &mut Cursor,
) -> Result<RawPage, FetchError> {
    if source.definition.format != Format::Feed {
        return Ok(page);
    }
    let announced = announced_feed(&Answer {
        bytes: &page.bytes,
        content_type: page.content_type.as_deref(),
        url: Some(&page.url),
        at: None,
    });
    let Some(feed) = announced.filter(|feed| *feed != page.url) else {
        return Ok(page);
    };
    let request = source.request.with_url(feed.clone());
    match fetch_answer(engine, plan, gate, &request, &Cursor::default()).await? {
        Fetched::Fresh {
            bytes,
            content_type,
            url,
            cursor: of_feed,
            links,
            ..
        } => {
            cursor.etag = of_feed.etag;
            cursor.last_modified = of_feed.last_modified;
            let holds_secret = !feed.username().is_empty() || feed.password().is_some();
            cursor.moved_to = (!holds_secret).then(|| feed.into());
            Ok(RawPage {
                bytes,
                content_type,
                url,
                links,
            })
        }
        Fetched::Unchanged { .. } => Ok(page),
    }
}

/// What a page held, and the request for the one after it.
pub(super) struct ReadPage {
    pub(super) parsed: Parsed,
    pub(super) next: Option<RequestPlan>,
}

/// How the rest of an answer is asked for. A feed says so itself, whatever its definition
/// says; a usual poll reads its first page only.
pub(super) fn paging_of(definition: &Definition) -> Option<Paging> {
    let of_feeds = || Paging {
        kind: PagingKind::Feed,
        more_if: None,
        pages: 1,
        max_pages: MOST_FEED_PAGES,
    };
    match &definition.paging {
        Some(paging) => Some(paging.clone()),
        None => (definition.format == Format::Feed).then(of_feeds),
    }
}

/// Reads a page on a thread of its own; `None` when the reader panicked on it.
pub(super) async fn read_page(
    definition: &Arc<Definition>,
    request: &RequestPlan,
    page: RawPage,
) -> Option<Result<ReadPage, ParseError>> {
    let definition = Arc::clone(definition);
    let request = request.clone();
    let at = Engine::now();
    blocking_plain(move || {
        let parsed = parse::read(
            &definition,
            &Answer {
                bytes: &page.bytes,
                content_type: page.content_type.as_deref(),
                url: Some(&page.url),
                at: Some(at),
            },
        )?;
        let next = paging_of(&definition).and_then(|paging| {
            let page = Page {
                bytes: &page.bytes,
                url: &page.url,
                links: &page.links,
                parsed: &parsed,
            };
            next_request(&paging, &request, &page)
        });
        Ok(ReadPage { parsed, next })
    })
    .await
}

/// How far reading on came.
#[derive(Default)]
pub(super) struct ReadOn {
    /// What the further pages held, in their order.
    pub(super) parsed: Parsed,
    /// How many there were.
    pub(super) n_pages: u32,
    /// Whether there is more behind them that was not read.
    pub(super) is_cut: bool,
    /// The request for the page behind them, where there is one.
    pub(super) next: Option<RequestPlan>,
    /// Why a further page could not be read.
    pub(super) failure: Option<String>,
}

/// Reads up to `most` pages from `next` on, as long as `wants_more` holds for each of them.
pub(super) async fn read_on(
    engine: &Engine,
    plan: &Plan,
    source: &PlannedSource,
    gate: &mut Gate<'_>,
    (mut next, most): (Option<RequestPlan>, u32),
    wants_more: impl Fn(&Parsed) -> bool,
) -> ReadOn {
    let mut reached = ReadOn::default();
    while let Some(request) = next.take() {
        if reached.n_pages >= most {
            reached.is_cut = true;
            reached.next = Some(request);
            break;
        }
        // Validators belong to the first page.
        let fetched = fetch_answer(engine, plan, gate, &request, &Cursor::default()).await;
        let page = match fetched {
            Ok(Fetched::Fresh {
                bytes,
                content_type,
                url,
                links,
                ..
            }) => RawPage {
                bytes,
                content_type,
                url,
                links,
            },
            Ok(Fetched::Unchanged { .. }) => break,
            Err(error) => {
                reached.failure = Some(error.to_string());
                break;
            }
        };
        let page = match read_page(&source.definition, &request, page).await {
            Some(Ok(page)) => page,
            Some(Err(error)) => {
                reached.failure = Some(error.to_string());
                break;
            }
            None => {
                reached.failure = Some("the reader failed on it".to_owned());
                break;
            }
        };
        reached.n_pages += 1;
        let goes_on = wants_more(&page.parsed);
        reached.parsed.items.extend(page.parsed.items);
        reached.parsed.notes.extend(page.parsed.notes);
        if !goes_on {
            reached.next = page.next;
            break;
        }
        next = page.next;
    }
    reached
}
