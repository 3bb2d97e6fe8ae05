//! All mentions: a search box with the query language, plain filters, and paging.

use axum::extract::{RawQuery, State};
use maud::{Markup, html};

use super::card::{self, Frame};
use super::counts;
use super::flash::{self, Did};
use super::layout::{self, Tab};
use super::problem::{PageProblem, Problem};
use super::search::{Asked, Found, given};
use super::state::{AppState, Site};

/// How many cards one page shows.
const SHOWN: usize = 30;
/// The languages that the filter offers; a query finds the others with `lang:`.
const LANGUAGES: [&str; 11] = [
    "en", "tr", "hi", "te", "ar", "de", "es", "fr", "it", "nl", "pt",
];
const VERDICTS: [(&str, &str); 4] = [
    ("negative", "Negative"),
    ("neutral", "Neutral"),
    ("positive", "Positive"),
    ("unsure", "Unsure"),
];
const SPANS: [(&str, &str); 4] = [
    ("1d", "Last 24 hours"),
    ("7d", "Last 7 days"),
    ("30d", "Last 30 days"),
    ("90d", "Last 90 days"),
];

/// Shows the page. What cannot be understood is said beside the search box.
pub(super) async fn get(
    State(state): State<AppState>,
    RawQuery(address): RawQuery,
) -> Result<Markup, PageProblem> {
    let now = state.now();
    let site = state.site_now();
    let (asked, did) = read_address(address.as_deref().unwrap_or_default());
    let back = format!("/mentions{}", query_part(&asked, asked.cursor.as_deref()));
    let found = match asked.check(now, SHOWN) {
        Ok(search) => Ok(state.ask(move |store| search.run(store)).await?),
        Err(problem) => Err(problem),
    };
    let counts = counts::count(&state).await?;
    let flash = flash::show(&state, &did, &back).await?;
    let frame = Frame {
        site: &site,
        now,
        back: &back,
    };
    let content = html! {
        (flash)
        div.page-head { h1 { "All mentions" } p { "Everything that was heard, the newest first." } }
        (form(&asked, &site, found.as_ref().err()))
        @if let Ok(found) = &found { (results(found, &asked, &frame)) }
    };
    Ok(layout::page(
        "All mentions",
        Tab::All,
        &site,
        &counts,
        &content,
    ))
}

/// Unknown names are passed over: people arrive with what a chat tool added to a link.
fn read_address(address: &str) -> (Asked, Did) {
    let mut asked = Asked::default();
    let mut did = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in url::form_urlencoded::parse(address.as_bytes()) {
        let place = match name.as_ref() {
            "q" => &mut asked.q,
            "brand" => &mut asked.brand,
            "source" => &mut asked.source,
            "verdict" => &mut asked.verdict,
            "lang" => &mut asked.lang,
            "flagged" => &mut asked.flagged,
            "since" => &mut asked.since,
            "until" => &mut asked.until,
            "cursor" => &mut asked.cursor,
            "did" | "to" => {
                did.append_pair(&name, &value);
                continue;
            }
            _ => continue,
        };
        *place = Some(value.into_owned());
    }
    (asked, Did::read(&did.finish()))
}

/// `?q=…` with what was asked, so that a link keeps the filters.
fn query_part(asked: &Asked, cursor: Option<&str>) -> String {
    let mut parts = url::form_urlencoded::Serializer::new(String::new());
    let fields = [
        ("q", &asked.q),
        ("brand", &asked.brand),
        ("source", &asked.source),
        ("verdict", &asked.verdict),
        ("lang", &asked.lang),
        ("flagged", &asked.flagged),
        ("since", &asked.since),
        ("until", &asked.until),
    ];
    let mut is_empty = true;
    for (name, value) in fields {
        if let Some(value) = given(value) {
            parts.append_pair(name, value);
            is_empty = false;
        }
    }
    if let Some(cursor) = cursor {
        parts.append_pair("cursor", cursor);
        is_empty = false;
    }
    if is_empty {
        String::new()
    } else {
        format!("?{}", parts.finish())
    }
}

fn form(asked: &Asked, site: &Site, problem: Option<&Problem>) -> Markup {
    let brands: Vec<(&str, &str)> = site
        .brands
        .iter()
        .map(|brand| (brand.as_str(), brand.as_str()))
        .collect();
    let sources: Vec<(&str, &str)> = site
        .sources
        .iter()
        .map(|source| (source.name.as_str(), site.source_title(&source.name)))
        .collect();
    let languages: Vec<(&str, &str)> = LANGUAGES
        .iter()
        .map(|tag| (*tag, super::words::lang_name(tag)))
        .collect();
    html! {
        form.panel.filters method="get" action="/mentions" role="search" {
            div.row {
                label.grow {
                    "Search"
                    input type="search" name="q" value=(given(&asked.q).unwrap_or_default())
                        placeholder="late OR refund -solved" autocomplete="off" spellcheck="false"
                        aria-describedby="search-hint";
                }
                button.primary type="submit" { "Search" }
            }
            div.row {
                (select("brand", "Brand", "All brands", &brands, given(&asked.brand)))
                (select("source", "Source", "All sources", &sources, given(&asked.source)))
                (select("verdict", "Verdict", "All verdicts", &VERDICTS, given(&asked.verdict)))
                (select("lang", "Language", "All languages", &languages, given(&asked.lang)))
                (select("since", "Seen", "Any time", &SPANS, given(&asked.since)))
                label.check {
                    input type="checkbox" name="flagged" value="true" checked[given(&asked.flagged) == Some("true")];
                    "Flagged only"
                }
                @if !query_part(asked, None).is_empty() { a.button href="/mentions" { "Clear" } }
            }
            @match problem {
                Some(problem) => {
                    p.wrong role="alert" id="search-hint" {
                        (problem.message) @if !problem.mend.is_empty() { "; " (problem.mend) } "."
                    }
                }
                None => {
                    p.hint id="search-hint" {
                        "Words, " code { "\"exact phrases\"" } ", " code { "OR" } ", " code { "-not" } ", "
                        code { "refund*" } ", " code { "@handle" } ", " code { "stars:<=2" } ", "
                        code { "score:>=0.8" } ", " code { "is:flagged" } ", " code { "is:contradicted" } ", " code { "author:name" }
                    }
                }
            }
        }
    }
}

fn select(
    name: &str,
    label: &str,
    all: &str,
    choices: &[(&str, &str)],
    chosen: Option<&str>,
) -> Markup {
    // What the address asks for stays chosen although it is no longer offered.
    let unknown = chosen.filter(|chosen| !choices.iter().any(|(value, _)| value == chosen));
    html! {
        label {
            (label)
            select name=(name) {
                option value="" { (all) }
                @for (value, text) in choices {
                    option value=(value) selected[chosen == Some(*value)] { (text) }
                }
                @if let Some(unknown) = unknown { option value=(unknown) selected { (unknown) } }
            }
        }
    }
}

fn results(found: &Found, asked: &Asked, frame: &Frame<'_>) -> Markup {
    let is_filtered = !query_part(asked, None).is_empty();
    html! {
        @if found.mentions.is_empty() {
            div.empty {
                @if found.next.is_some() {
                    h2 { "Nothing found so far" }
                    p { "The newest mentions do not fit. Go on to search the older ones." }
                } @else if is_filtered || asked.cursor.is_some() {
                    h2 { "No mention fits" }
                    p { "Take a filter away or try fewer words." }
                } @else {
                    h2 { "Nothing heard yet" }
                    p {
                        "Mentions stand here as soon as a source brings the first one. The "
                        a href="/sources" { "sources" } " page says when each of them is read next."
                    }
                }
            }
        } @else {
            div.list { @for mention in &found.mentions { (card::card(mention, frame)) } }
        }
        @if asked.cursor.is_some() || found.next.is_some() {
            nav.paging aria-label="Pages" {
                @if asked.cursor.is_some() {
                    a.button href=(format!("/mentions{}", query_part(asked, None))) { "Newest" }
                }
                @if let Some(next) = &found.next {
                    a.button rel="next" href=(format!("/mentions{}", query_part(asked, Some(next)))) { "Older" }
                }
            }
        }
    }
}
