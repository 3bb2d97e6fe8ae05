//! The frame around every page: head, header with counts, tabs, demo banner, footer.

use maud::{DOCTYPE, Markup, html};

use super::assets;
use super::counts::Counts;
use super::state::Site;
use super::words::thousands;

/// The tabs, in the order of the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tab {
    NeedsReply,
    ToCheck,
    All,
    Done,
    Sources,
    Deliveries,
    /// A page that no tab leads to.
    Other,
}

impl Tab {
    const SHOWN: [Self; 6] = [
        Self::NeedsReply,
        Self::ToCheck,
        Self::All,
        Self::Done,
        Self::Sources,
        Self::Deliveries,
    ];

    fn title(self) -> &'static str {
        match self {
            Self::NeedsReply => "Needs a reply",
            Self::ToCheck => "To check",
            Self::All => "All mentions",
            Self::Done => "Done",
            Self::Sources => "Sources",
            Self::Deliveries => "Deliveries",
            Self::Other => "",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::NeedsReply | Self::Other => "/",
            Self::ToCheck => "/to-check",
            Self::All => "/mentions",
            Self::Done => "/done",
            Self::Sources => "/sources",
            Self::Deliveries => "/deliveries",
        }
    }
}

/// A page for somebody who is signed in.
pub(super) fn page(
    title: &str,
    tab: Tab,
    site: &Site,
    counts: &Counts,
    content: &Markup,
) -> Markup {
    document(
        title,
        counts.waiting,
        &html! {
            a.skip href="#content" { "Skip to the content" }
            header.top {
                div.bar {
                    a.logo href="/" aria-label="Hearken, start page" { (mark()) span { "Hearken" } }
                    (listening_for(site))
                    form.sign-out method="post" action="/sign-out" {
                        button.quiet type="submit" { "Sign out" }
                    }
                }
                nav.tabs aria-label="Lists" {
                    @for shown in Tab::SHOWN {
                        a href=(shown.path()) aria-current=[(shown == tab).then_some("page")] {
                            (shown.title()) (badge(shown, counts))
                        }
                    }
                }
            }
            @if site.is_demo { (demo_banner()) }
            main #content { (content) }
            footer {
                p {
                    "Hearken " (site.version) " · model " (site.model)
                    " · times are shown in " span data-zone="" { "UTC" }
                }
            }
        },
    )
}

/// A page without counts and tabs: sign-in and problems.
pub(super) fn plain(title: &str, content: &Markup) -> Markup {
    document(
        title,
        0,
        &html! {
            header.top { div.bar { span.logo { (mark()) span { "Hearken" } } } }
            main.narrow #content { section.panel.padded { (content) } }
        },
    )
}

fn document(title: &str, n_waiting: u64, body: &Markup) -> Markup {
    let style = assets::path("style.css");
    let script = assets::path("live.js");
    let icon = assets::path("icon.svg");
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex, nofollow";
                title {
                    @if n_waiting > 0 { "(" (thousands(n_waiting)) ") " }
                    (title) " · Hearken"
                }
                link rel="icon" type="image/svg+xml" href=(icon);
                link rel="stylesheet" href=(style);
                script src=(script) defer {}
            }
            body { (body) }
        }
    }
}

/// The sign of the program: sound arriving from the left.
fn mark() -> Markup {
    html! {
        svg.mark viewBox="0 0 32 32" width="26" height="26" aria-hidden="true" focusable="false" {
            rect.mark-ground width="32" height="32" rx="8" {}
            g.mark-lines {
                path d="M8 13v6" {}
                path d="M13 9v14" {}
                path d="M18 12v8" {}
                path d="M23 14.5v3" {}
            }
        }
    }
}

fn listening_for(site: &Site) -> Markup {
    const SHOWN: usize = 4;
    html! {
        p.listening {
            @if site.brands.is_empty() { "No brand is configured yet" }
            @else {
                "Listening for "
                @for (place, brand) in site.brands.iter().take(SHOWN).enumerate() {
                    @if place > 0 { ", " }
                    b { (brand) }
                }
                @if site.brands.len() > SHOWN { " and " (site.brands.len() - SHOWN) " more" }
            }
        }
    }
}

fn badge(tab: Tab, counts: &Counts) -> Markup {
    let (number, class, words) = match tab {
        Tab::NeedsReply if counts.overdue > 0 => (counts.waiting, "badge alarm", "waiting"),
        Tab::NeedsReply => (counts.waiting, "badge", "waiting"),
        Tab::ToCheck => (counts.to_check, "badge", "to check"),
        Tab::Sources => (counts.sources_failing, "badge alarm", "failing"),
        Tab::Deliveries => (counts.deliveries_failed, "badge alarm", "given up"),
        Tab::All | Tab::Done | Tab::Other => return html! {},
    };
    let name = match tab {
        Tab::NeedsReply => "waiting",
        Tab::ToCheck => "to_check",
        Tab::Sources => "sources_failing",
        _ => "deliveries_failed",
    };
    html! {
        " "
        span class=(class) data-count=(name) hidden[number == 0] {
            span data-number="" { (thousands(number)) }
            span.visually-hidden { " " (words) }
        }
    }
}

fn demo_banner() -> Markup {
    html! {
        aside.demo aria-label="About this demo" {
            p {
                strong { "This is a demo." }
                " Every post here is a bundled sample, and nothing is kept when it stops. "
            }
            p {
                "To watch your own brand, stop it and run "
                code { "hearken run --brand \"Your Brand\"" }
                ", or write a configuration with "
                code { "hearken init" } "."
            }
        }
    }
}

/// A page that leads on to a page of ours at once.
pub(super) fn hop(path: &str) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="refresh" content=(format!("0;url={path}"));
                title { "Hearken" }
            }
            body { p { a href=(path) { "Go on to Hearken" } } }
        }
    }
}
