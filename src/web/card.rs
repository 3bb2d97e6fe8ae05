//! One mention as a card: who said what about which brand, what was made of it, until
//! when it wants an answer, and the buttons. Everything strangers wrote is escaped.

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use super::corrections;
use super::state::Site;
use super::when::{self, Urgency};
use super::words::{self, lang_name, lang_tag, safe_link};
use crate::domain::{Author, CaseAction, CaseState, Label, Mention, Rating, Sentiment};

/// What a card needs besides its mention.
pub(super) struct Frame<'a> {
    pub(super) site: &'a Site,
    pub(super) now: DateTime<Utc>,
    /// The page that a button returns to.
    pub(super) back: &'a str,
}

/// A mention in a list; a long text is cut to the part that matched.
pub(super) fn card(mention: &Mention, frame: &Frame<'_>) -> Markup {
    let (text, is_cut) = words::marked_excerpt(&mention.item.text, &mention.brands);
    let address = format!("/mentions/{}", mention.id);
    html! {
        article class={ "card " (Urgency::of(mention, frame.now).class()) } id=(format!("m-{}", mention.id)) data-mention=(mention.id) data-due=[due(mention)] data-title=(title(mention, frame)) {
            (head(mention, frame))
            @if let Some(title) = shown_title(mention) {
                h3 lang=[lang(mention)] dir="auto" { (title) }
            }
            (deletion(mention, frame))
            p.text lang=[lang(mention)] dir="auto" { (text) }
            @if is_cut { p.more { a href=(address) { "Read all of it" } } }
            (judgement(mention))
            (foot(mention, frame, &address))
        }
    }
}

/// The same mention on its own page: the whole text, no link to itself.
pub(super) fn whole(mention: &Mention, frame: &Frame<'_>) -> Markup {
    html! {
        article class={ "card whole " (Urgency::of(mention, frame.now).class()) } data-mention=(mention.id) {
            (head(mention, frame))
            @if let Some(title) = shown_title(mention) {
                h2 lang=[lang(mention)] dir="auto" { (title) }
            }
            (deletion(mention, frame))
            p.text lang=[lang(mention)] dir="auto" {
                (words::marked_text(&mention.item.text, &mention.brands))
            }
            (judgement(mention))
            (foot(mention, frame, ""))
        }
    }
}

/// Says that what is answered here can no longer be read where it stood.
fn deletion(mention: &Mention, frame: &Frame<'_>) -> Markup {
    let is_waiting = mention
        .case
        .as_ref()
        .is_some_and(|case| case.state.is_waiting());
    html! {
        @if let Some(at) = mention.deleted_at {
            p.note.deleted {
                "Deleted at the site, as we saw " (when::ago(at, frame.now)) ". "
                @if is_waiting { "The case is still open: answer elsewhere, or dismiss it. " }
                "The text is kept here."
            }
        }
    }
}

/// What the page announces when the card comes in.
fn title(mention: &Mention, frame: &Frame<'_>) -> String {
    let brands: Vec<&str> = mention
        .brands
        .iter()
        .map(|brand| brand.name.as_str())
        .collect();
    let source = frame.site.source_title(&mention.source);
    format!("{} on {source}", brands.join(", "))
}

/// The deadline that the list is ordered by, for the script that puts new cards in.
fn due(mention: &Mention) -> Option<String> {
    // What carries no clock stands below everything that does.
    if mention.backlog {
        return Some("9999".to_owned());
    }
    mention
        .flag
        .as_ref()
        .map(|flag| when::machine(flag.reply_by))
}

fn lang(mention: &Mention) -> Option<&str> {
    lang_tag(mention.item.lang.as_deref())
}

/// The title, unless the text begins with it.
fn shown_title(mention: &Mention) -> Option<&str> {
    mention
        .item
        .title
        .as_deref()
        .filter(|title| !title.is_empty() && !mention.item.text.starts_with(title))
}

fn head(mention: &Mention, frame: &Frame<'_>) -> Markup {
    html! {
        header.card-head {
            span.brands {
                @for brand in &mention.brands { span.brand { (brand.name) } }
            }
            span.where {
                span.source { (frame.site.source_title(&mention.source)) }
                span.kind { (words::kind_word(mention.item.kind)) }
                @if let Some(author) = &mention.item.author { (author_line(author)) }
                @if let Some(rating) = mention.item.rating { (stars(rating)) }
                @if let Some(tag) = lang(mention) { span.lang title=(tag) { (lang_name(tag)) } }
                @if mention.own { span.note { "the brand's own" } }
            }
            @if let Some(flag) = &mention.flag {
                span.score title="How much this needs a fast public reply, from 0 to 1" {
                    span.visually-hidden { "score " } (format!("{:.2}", flag.score))
                }
            }
        }
    }
}

fn author_line(author: &Author) -> Markup {
    let name = author.name.as_deref().filter(|name| !name.is_empty());
    let handle = author.handle.as_deref().filter(|handle| !handle.is_empty());
    let link = safe_link(author.url.as_deref());
    let shown = html! {
        @if let Some(name) = name { bdi { (name) } }
        @if let Some(handle) = handle.filter(|handle| Some(*handle) != name) {
            @if name.is_some() { " " }
            bdi.handle { (handle) }
        }
    };
    html! {
        @if name.is_some() || handle.is_some() {
            span.author {
                @if let Some(link) = link {
                    a href=(link) rel="noopener noreferrer nofollow" target="_blank" { (shown) }
                } @else { (shown) }
                @if let Some(followers) = author.followers.filter(|followers| *followers > 0) {
                    " " span.followers { (words::counted(followers, "follower", "followers")) }
                }
            }
        }
    }
}

/// Stars as the site counts them; a scale too long for stars is written as a number.
pub(super) fn stars(rating: Rating) -> Markup {
    const LONGEST_ROW: f64 = 10.0;
    let number = |value: f64| {
        if value.fract() == 0.0 {
            format!("{value:.0}")
        } else {
            format!("{value:.1}")
        }
    };
    let words = format!("{} of {}", number(rating.value), number(rating.best));
    let drawable = rating.best.is_finite()
        && rating.value.is_finite()
        && (1.0..=LONGEST_ROW).contains(&rating.best)
        && (0.0..=rating.best).contains(&rating.value);
    html! {
        @if drawable {
            span.stars role="img" aria-label=(format!("{words} stars")) title=(words) {
                @let filled = rating.value.round() as usize;
                span.filled { ("★".repeat(filled)) }
                span.empty { ("★".repeat((rating.best.round() as usize).saturating_sub(filled))) }
            }
        } @else { span.stars { (words) } }
    }
}

fn judgement(mention: &Mention) -> Markup {
    html! {
        dl.judgement {
            div.verdict {
                dt { "Verdict" }
                dd {
                    (verdict(&mention.sentiment))
                    @if let Some(correction) = mention.correction() {
                        span.note { "said " (words::by(&correction.by)) ", the model: " (correction.was.as_str()) }
                    }
                    @if mention.stars_against_text { (contradiction()) }
                    (toward_each(mention))
                    (decided_by(&mention.sentiment, lang(mention)))
                }
            }
            @if let Some(flag) = &mention.flag {
                div.flagged {
                    dt { "Flagged because" }
                    dd {
                        ul { @for reason in &flag.reasons { li { (reason) } } }
                    }
                }
            }
            div.matched {
                dt { "Matched by" }
                dd {
                    @for (place, brand) in mention.brands.iter().enumerate() {
                        @if place > 0 { ", " }
                        code { (brand.rule) }
                    }
                }
            }
        }
    }
}

/// A review whose stars say the opposite of its text.
fn contradiction() -> Markup {
    html! {
        span.badge.contradicted title="The stars say the opposite of the text; the verdict is that of the text" {
            "stars against text"
        }
    }
}

/// The verdict toward each brand, where the text speaks of several.
fn toward_each(mention: &Mention) -> Markup {
    html! {
        @if mention.brands.iter().any(|brand| brand.sentiment.is_some()) {
            ul.toward {
                @for (brand, said) in mention.brands.iter().filter_map(|brand| Some((brand, brand.sentiment.as_ref()?))) {
                    li { (brand.name) ": " span class=(said.label.as_str()) { (label_words(said)) } }
                }
            }
        }
    }
}

/// The sentence that decided in a long text.
fn decided_by(sentiment: &Sentiment, lang: Option<&str>) -> Markup {
    html! {
        @if let Some(sentence) = &sentiment.sentence {
            p.decided { "because of " q lang=[lang] dir="auto" { (sentence.text) } }
        }
    }
}

/// The label with its probability.
fn label_words(sentiment: &Sentiment) -> String {
    let (word, share) = match sentiment.label {
        Label::Negative => ("Negative", sentiment.negative),
        Label::Neutral => ("Neutral", sentiment.neutral),
        Label::Positive => ("Positive", sentiment.positive),
        Label::Unsure => return "Unsure".to_owned(),
    };
    format!("{word} {} %", percent(share))
}

fn percent(share: f64) -> u32 {
    (share.clamp(0.0, 1.0) * 100.0).round() as u32
}

/// The label, its probability, and all three as one bar.
fn verdict(sentiment: &Sentiment) -> Markup {
    let (negative, neutral, positive) = (
        percent(sentiment.negative),
        percent(sentiment.neutral),
        percent(sentiment.positive),
    );
    let words = format!("negative {negative} %, neutral {neutral} %, positive {positive} %");
    let width = |share: f64| format!("{:.1}", share.clamp(0.0, 1.0) * 100.0);
    html! {
        span class={ "label " (sentiment.label.as_str()) } { (label_words(sentiment)) }
        svg.shares viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label=(words) {
            title { (words) }
            rect.p-negative x="0" width=(width(sentiment.negative)) height="6" {}
            rect.p-neutral x=(width(sentiment.negative)) width=(width(sentiment.neutral)) height="6" {}
            rect.p-positive x=(width(sentiment.negative + sentiment.neutral)) width=(width(sentiment.positive)) height="6" {}
        }
    }
}

fn foot(mention: &Mention, frame: &Frame<'_>, address: &str) -> Markup {
    let link = safe_link(mention.item.url.as_deref());
    html! {
        footer.card-foot {
            p.deadline {
                @if mention.flag.is_some() { (when::deadline(mention, frame.now)) }
                @else {
                    @match mention.item.published_at {
                        Some(at) => { "Posted " (when::ago(at, frame.now)) }
                        None => { "Seen " (when::ago(mention.seen_at, frame.now)) }
                    }
                    @if let Some(case) = &mention.case { " · " (words::case_word(case.state)) }
                }
            }
            div.actions {
                @if let Some(link) = &link {
                    a.open href=(link) rel="noopener noreferrer nofollow" target="_blank" {
                        "Open on " (words::host_of(link).unwrap_or_else(|| "the site".to_owned()))
                    }
                } @else { span.note { "no link" } }
                @if !address.is_empty() { a.details href=(address) { "Details" } }
                @if mention.sentiment.label == Label::Unsure && !mention.own {
                    (corrections::buttons(mention, frame.back))
                }
                (buttons(mention, frame.back))
            }
        }
    }
}

/// What can be done about the mention now.
fn buttons(mention: &Mention, back: &str) -> Markup {
    let waits = mention.case.as_ref().map(|case| case.state.is_waiting());
    let is_claimed = mention
        .case
        .as_ref()
        .is_some_and(|case| case.state == CaseState::Claimed);
    html! {
        @match waits {
            Some(true) => {
                @if !is_claimed { (button(mention, CaseAction::Claim, "Claim", "quiet", back)) }
                (button(mention, CaseAction::Dismiss, "Dismiss", "quiet", back))
                (button(mention, CaseAction::Done, "Handled", "primary", back))
            }
            Some(false) => {
                (button(mention, CaseAction::Reopen, "Reopen", "quiet", back))
            }
            None => {}
        }
    }
}

/// One button as a form of its own, so that it works without a script.
pub(super) fn button(
    mention: &Mention,
    action: CaseAction,
    label: &str,
    class: &str,
    back: &str,
) -> Markup {
    html! {
        form method="post" action=(format!("/mentions/{}/{}", mention.id, action.as_str())) {
            input type="hidden" name="back" value=(back);
            button class=(class) type="submit" { (label) }
        }
    }
}
