//! A mail becomes items: an alert mail one for each result that it lists, any other mail one
//! for itself. Attachments are not looked into.

use mail_parser::{Address, Message, MessageParser};
use scraper::{Html, Selector};
use serde_json::Value;
use url::Url;

use super::{Answer, ParseError, Parsed, dates, text};
use crate::domain::{Author, Definition, Item, Kind};

/// Reads one mail, headers and all.
///
/// # Errors
/// It is no mail.
pub fn read(answer: &Answer<'_>, definition: &Definition) -> Result<Parsed, ParseError> {
    let message = MessageParser::default()
        .parse(answer.bytes)
        .filter(|message| message.from().is_some() || message.subject().is_some())
        .ok_or_else(|| ParseError::NotAFeed("this is not a mail".to_owned()))?;
    let html = message.body_html(0).map(|html| html.into_owned());
    let alerts = html.as_deref().map(alerts_of).unwrap_or_default();
    let base = whole_mail(&message, definition, html.as_deref());
    let items = if alerts.is_empty() {
        vec![base]
    } else {
        alerts
            .into_iter()
            .map(|alert| Item {
                // The same result in tomorrow's alert is the same item.
                native_id: Some(alert.url.clone()),
                url: Some(alert.url),
                title: alert.title,
                text: alert.text,
                author: alert.publisher.map(|name| Author {
                    name: Some(name),
                    ..Author::default()
                }),
                // The mail says when the alert was sent, not when the page was written.
                ..Item::empty(&definition.name, Kind::Article)
            })
            .collect()
    };
    Ok(Parsed {
        items,
        ..Parsed::default()
    })
}

fn whole_mail(message: &Message<'_>, definition: &Definition, html: Option<&str>) -> Item {
    let plain = message
        .body_text(0)
        .map(|body| text::fold_whitespace(&body))
        .filter(|body| !body.is_empty());
    let body = plain
        .or_else(|| html.map(text::plain_from_html))
        .unwrap_or_default();
    Item {
        native_id: message.message_id().map(str::to_owned),
        title: message
            .subject()
            .map(|subject| subject.split_whitespace().collect::<Vec<_>>().join(" "))
            .filter(|subject| !subject.is_empty()),
        text: body,
        html: html.map(text::sanitise).filter(|html| !html.is_empty()),
        author: message.from().and_then(sender),
        published_at: message
            .date()
            .and_then(|date| dates::parse(&date.to_rfc3339())),
        in_reply_to: message.in_reply_to().as_text().map(str::to_owned),
        ..Item::empty(&definition.name, definition.kind)
    }
}

fn sender(from: &Address<'_>) -> Option<Author> {
    let first = from.first()?;
    let author = Author {
        name: first.name().map(str::to_owned),
        handle: first.address().map(str::to_owned),
        ..Author::default()
    };
    (author != Author::default()).then_some(author)
}

/// One result of an alert mail.
struct Alert {
    url: String,
    title: Option<String>,
    text: String,
    publisher: Option<String>,
}

/// Google writes the results of an alert as JSON into the mail, and as links.
fn alerts_of(html: &str) -> Vec<Alert> {
    if !html.contains("google.com/url") {
        return Vec::new();
    }
    let document = Html::parse_document(html);
    let from_cards = cards(&document);
    if from_cards.is_empty() {
        links(&document)
    } else {
        from_cards
    }
}

fn cards(document: &Html) -> Vec<Alert> {
    let Ok(scripts) = Selector::parse("script") else {
        return Vec::new();
    };
    document
        .select(&scripts)
        .filter_map(|script| {
            let json: String = script.text().collect();
            serde_json::from_str::<Value>(json.trim()).ok()
        })
        .flat_map(|data| {
            let cards = data["cards"].as_array().cloned().unwrap_or_default();
            cards
                .iter()
                .flat_map(|card| card["widgets"].as_array().cloned().unwrap_or_default())
                .collect::<Vec<_>>()
        })
        .filter(|widget| widget["type"] == "LINK")
        .filter_map(|widget| {
            let url = target(widget["url"].as_str()?)?;
            let title = widget["title"].as_str().map(text::plain_from_html);
            Some(Alert {
                url,
                title: title.filter(|title| !title.is_empty()),
                text: widget["description"]
                    .as_str()
                    .map(text::plain_from_html)
                    .unwrap_or_default(),
                publisher: None,
            })
        })
        .collect()
}

/// Each result is a link through Google; its snippet and publisher stand in the same cell.
fn links(document: &Html) -> Vec<Alert> {
    let (Ok(anchors), Ok(snippets)) = (
        Selector::parse("a[href*='google.com/url']"),
        Selector::parse("[itemprop='description']"),
    ) else {
        return Vec::new();
    };
    let (Ok(publishers), Ok(titles)) = (
        Selector::parse("[itemprop='publisher']"),
        Selector::parse("[itemprop='name']"),
    ) else {
        return Vec::new();
    };
    let one_line = |element: scraper::ElementRef<'_>| {
        let text: String = element.text().collect();
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        Some(line).filter(|line| !line.is_empty())
    };
    let mut found: Vec<Alert> = Vec::new();
    for anchor in document.select(&anchors) {
        let (Some(url), Some(line)) = (anchor.attr("href").and_then(target), one_line(anchor))
        else {
            continue;
        };
        if found.iter().any(|alert| alert.url == url) {
            continue;
        }
        let cell = anchor
            .ancestors()
            .filter_map(scraper::ElementRef::wrap)
            .find(|parent| parent.select(&snippets).next().is_some());
        let around = |wanted: &Selector| {
            cell.and_then(|cell| cell.select(wanted).next())
                .and_then(one_line)
        };
        found.push(Alert {
            title: anchor
                .select(&titles)
                .next()
                .and_then(one_line)
                .or(Some(line)),
            text: around(&snippets).unwrap_or_default(),
            publisher: around(&publishers),
            url,
        });
    }
    found
}

/// Where a link through Google leads.
fn target(link: &str) -> Option<String> {
    let url = Url::parse(link).ok()?;
    let host = url.host_str()?;
    if !(host == "google.com" || host.ends_with(".google.com")) || url.path() != "/url" {
        return Some(url.into());
    }
    url.query_pairs()
        .find(|(key, _)| key == "url" || key == "q")
        .map(|(_, target)| target.into_owned())
        .filter(|target| {
            Url::parse(target).is_ok_and(|url| {
                matches!(url.scheme(), "http" | "https")
                    && url
                        .host_str()
                        .is_some_and(|host| !host.ends_with("google.com"))
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Format, Limits, Request, Verified};

    fn definition() -> Definition {
        Definition {
            name: "email".to_owned(),
            title: "Mails".to_owned(),
            summary: String::new(),
            help: String::new(),
            kind: Kind::Post,
            format: Format::Email,
            params: Vec::new(),
            request: Request::default(),
            paging: None,
            limits: Limits::default(),
            terms: None,
            verified: Verified::Sample,
            keyless: false,
            sample: None,
            template: None,
        }
    }

    fn items(mail: &str) -> Vec<Item> {
        let mail = mail.replace('\n', "\r\n");
        let answer = Answer {
            bytes: mail.as_bytes(),
            content_type: None,
            url: None,
            at: None,
        };
        read(&answer, &definition()).expect("a mail").items
    }

    #[test]
    fn a_plain_mail_is_one_item() {
        let found = items(
            "From: =?utf-8?q?J=C3=B6rg?= <jo@example.org>\nSubject: =?utf-8?b?S2V0dGxlIGxlYWtz?=\nMessage-ID: <1@example.org>\nDate: Sun, 1 Mar 2026 10:00:00 +0100\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nMy Acme kettle is sch=F6n =\nkaputt.\n",
        );
        let [item] = found.as_slice() else {
            panic!("one item, not {}", found.len());
        };
        assert_eq!(item.native_id.as_deref(), Some("1@example.org"));
        assert_eq!(item.title.as_deref(), Some("Kettle leaks"));
        assert_eq!(item.text, "My Acme kettle is schön kaputt.");
        let author = item.author.as_ref().expect("a sender");
        assert_eq!(author.name.as_deref(), Some("Jörg"));
        assert_eq!(author.handle.as_deref(), Some("jo@example.org"));
        assert_eq!(
            item.published_at.map(|at| at.to_rfc3339()),
            Some("2026-03-01T09:00:00+00:00".to_owned())
        );
    }

    const HEAD: &str = "From: Alerts <alerts@example.org>\nSubject: Alert - Acme\nMessage-ID: <2@example.org>\nContent-Type: text/html; charset=utf-8\n\n";

    #[test]
    fn an_alert_mail_is_one_item_a_result() {
        let by_links = items(&format!(
            "{HEAD}<table><tr><td itemscope><a itemprop=\"url\" href=\"https://www.google.com/url?rct=j&amp;url=https://news.example/a%3Fx%3D1&amp;ct=ga\"><span itemprop=\"name\">Acme <b>recalls</b> kettles</span></a><div itemprop=\"publisher\"><span>News</span></div><div itemprop=\"description\">They leak &amp; burn.</div></td></tr></table><a href=\"https://www.google.com/alerts/remove\">Unsubscribe</a>"
        ));
        let [item] = by_links.as_slice() else {
            panic!("one item, not {}", by_links.len());
        };
        assert_eq!(item.url.as_deref(), Some("https://news.example/a?x=1"));
        assert_eq!(item.title.as_deref(), Some("Acme recalls kettles"));
        assert_eq!(item.text, "They leak & burn.");
        assert_eq!(item.kind, Kind::Article);

        let by_cards = items(&format!(
            "{HEAD}<script type=\"application/json\">{{\"cards\":[{{\"widgets\":[{{\"type\":\"LINK\",\"title\":\"One\",\"description\":\"d\",\"url\":\"https://www.google.com/url?url=https://a.example/1\"}},{{\"type\":\"LINK\",\"title\":\"Two\",\"url\":\"https://www.google.com/url?url=https://a.example/2\"}},{{\"type\":\"TEXT\"}}]}}]}}</script>"
        ));
        let urls: Vec<_> = by_cards
            .iter()
            .filter_map(|item| item.url.as_deref())
            .collect();
        assert_eq!(urls, ["https://a.example/1", "https://a.example/2"]);
    }

    #[test]
    fn what_is_no_mail_is_an_error() {
        let answer = Answer {
            bytes: b"\x00\x01 nothing",
            content_type: None,
            url: None,
            at: None,
        };
        assert!(read(&answer, &definition()).is_err());
    }
}
