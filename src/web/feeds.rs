//! The alert feeds for marketing's feed readers: flagged mentions and spikes, the newest first, as
//! Atom and as JSON Feed 1.1. The same alert always has the same id and the same text.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, SecondsFormat, Utc};
use maud::{PreEscaped, html};
use serde_json::{Value, json};

use super::guard;
use super::problem::{ApiProblem, Problem};
use super::state::{AppState, Site};
use super::words::{self, safe_link};
use crate::domain::{Event, EventType, Mention, Spike, hex_digest};

/// How many alerts a feed shows; readers ask often enough.
const SHOWN: usize = 50;
/// How many events are looked through for that many alerts.
const LOOKED_THROUGH: usize = 1_000;

struct Alert {
    event: Event,
    about: About,
}

/// What an alert is about.
enum About {
    Mention(Box<Mention>),
    Spike(Box<Spike>),
}

/// The Atom feed.
pub(super) async fn atom(
    State(state): State<AppState>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiProblem> {
    let alerts = alerts(&state).await?;
    let site = state.site_now();
    let text = write_atom(&site, &alerts, &self_url(&site, &uri));
    Ok(answer(
        "application/atom+xml; charset=utf-8",
        text,
        &alerts,
        &headers,
    ))
}

/// The JSON feed.
pub(super) async fn json(
    State(state): State<AppState>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiProblem> {
    let alerts = alerts(&state).await?;
    let site = state.site_now();
    let text = write_json(&site, &alerts, &self_url(&site, &uri)).to_string();
    Ok(answer(
        "application/feed+json; charset=utf-8",
        text,
        &alerts,
        &headers,
    ))
}

async fn alerts(state: &AppState) -> Result<Vec<Alert>, Problem> {
    state
        .ask(|store| {
            let mut alerts = Vec::new();
            for event in store.events_newest_first(LOOKED_THROUGH)? {
                let about = match (event.event_type, &event.mention) {
                    (EventType::MentionFlagged, Some(id)) => store
                        .mention(id)?
                        .map(|mention| About::Mention(Box::new(mention))),
                    (EventType::SpikeStarted | EventType::SpikeEnded, _) => {
                        told_spike(&event).map(|spike| About::Spike(Box::new(spike)))
                    }
                    _ => None,
                };
                alerts.extend(about.map(|about| Alert { event, about }));
                if alerts.len() == SHOWN {
                    break;
                }
            }
            Ok(alerts)
        })
        .await
}

/// The spike as the event tells it, so that an entry never changes.
fn told_spike(event: &Event) -> Option<Spike> {
    let mut body: Value = serde_json::from_str(&event.body).ok()?;
    serde_json::from_value(body["data"]["spike"].take()).ok()
}

/// The address that was asked for, read token included: who asks has it already.
fn self_url(site: &Site, uri: &Uri) -> String {
    let path = uri
        .path_and_query()
        .map_or(uri.path(), |path| path.as_str());
    format!("{}{path}", site.base_url())
}

fn answer(kind: &'static str, text: String, alerts: &[Alert], asked: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", hex_digest("feed", &[&text]));
    let known = guard::text(asked, "if-none-match").is_some_and(|list| {
        list.split(',')
            .map(|known| known.trim().trim_start_matches("W/"))
            .any(|known| known == "*" || known == tag)
    });
    let mut answer = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, kind)], text).into_response()
    };
    let headers = answer.headers_mut();
    headers.insert(
        header::ETAG,
        HeaderValue::from_str(&tag).expect("hex digits in quotes are ASCII"),
    );
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-cache"),
    );
    if let Some(newest) = alerts.first() {
        let date = newest
            .event
            .at
            .format("%a, %d %b %Y %H:%M:%S GMT")
            .to_string();
        headers.insert(
            header::LAST_MODIFIED,
            HeaderValue::from_str(&date).expect("a date is ASCII"),
        );
    }
    answer
}

fn feed_title(site: &Site) -> String {
    let brands: Vec<&str> = site.brands.iter().map(|brand| brand.as_str()).collect();
    if brands.is_empty() {
        "Hearken alerts".to_owned()
    } else {
        format!("Hearken alerts: {}", brands.join(", "))
    }
}

fn entry_id(event: &Event) -> String {
    format!("urn:hearken:{}", event.id)
}

/// "Acme on Mastodon: The delivery never came …"
fn entry_title(site: &Site, mention: &Mention) -> String {
    const TITLE_CHARS: usize = 90;
    let brands: Vec<&str> = mention
        .brands
        .iter()
        .map(|brand| brand.name.as_str())
        .collect();
    let whole = mention
        .item
        .title
        .as_deref()
        .filter(|title| !title.is_empty());
    let whole = whole.unwrap_or(&mention.item.text);
    let line = whole.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut short: String = line.chars().take(TITLE_CHARS).collect();
    if line.chars().count() > TITLE_CHARS {
        short.push('…');
    }
    format!(
        "{} on {}: {short}",
        brands.join(", "),
        site.source_title(&mention.source)
    )
}

/// The alert as HTML; nothing in it depends on when it is read.
fn entry_html(site: &Site, mention: &Mention) -> String {
    let date = |at: DateTime<Utc>| at.format("%-d %b %Y, %H:%M UTC").to_string();
    // Already escaped; feed readers drop styles, so line breaks are said in markup.
    let text = words::marked_text(&mention.item.text, &mention.brands)
        .into_string()
        .replace('\n', "<br>\n");
    html! {
        @if let Some(title) = mention.item.title.as_deref().filter(|title| !title.is_empty()) {
            p { strong { (title) } }
        }
        p lang=[words::lang_tag(mention.item.lang.as_deref())] dir="auto" { (PreEscaped(text)) }
        @if let Some(flag) = &mention.flag {
            ul { @for reason in &flag.reasons { li { (reason) } } }
            p {
                "Answer by " (date(flag.goal_by)) ", at the latest by " (date(flag.reply_by))
                @if flag.estimated { " (estimated: the site gives no posting time)" } "."
            }
        }
        p {
            (words::label_word(mention.sentiment.label)) ", score "
            (mention.flag.as_ref().map_or(0.0, |flag| flag.score)) ". "
            a href=(mention_url(site, mention)) { "Open in Hearken" }
        }
    }
    .into_string()
}

fn mention_url(site: &Site, mention: &Mention) -> String {
    format!("{}/mentions/{}", site.base_url(), mention.id)
}

fn entry_link(site: &Site, mention: &Mention) -> String {
    safe_link(mention.item.url.as_deref()).unwrap_or_else(|| mention_url(site, mention))
}

fn author_name(mention: &Mention) -> Option<&str> {
    let author = mention.item.author.as_ref()?;
    author
        .name
        .as_deref()
        .or(author.handle.as_deref())
        .filter(|name| !name.trim().is_empty())
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn write_atom(site: &Site, alerts: &[Alert], self_url: &str) -> String {
    let base = site.base_url();
    let updated = alerts
        .first()
        .map_or(DateTime::UNIX_EPOCH, |alert| alert.event.at);
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <feed xmlns=\"http://www.w3.org/2005/Atom\">\n\
         <id>urn:hearken:alerts:{}</id>\n<title>{}</title>\n<updated>{}</updated>\n\
         <author><name>Hearken</name></author>\n\
         <generator version=\"{}\">Hearken</generator>\n\
         <link rel=\"self\" type=\"application/atom+xml\" href=\"{}\"/>\n\
         <link rel=\"alternate\" type=\"text/html\" href=\"{}/\"/>\n",
        hex_digest("alert feed", &[&base]),
        escape(&feed_title(site)),
        time(updated),
        escape(&site.version),
        escape(self_url),
        escape(&base),
    );
    for Alert { event, about } in alerts {
        let mention = match about {
            About::Mention(mention) => mention,
            About::Spike(spike) => {
                xml.push_str(&spike_entry(site, event, spike));
                continue;
            }
        };
        xml.push_str(&format!(
            "<entry>\n<id>{}</id>\n<title>{}</title>\n<updated>{}</updated>\n\
             <published>{}</published>\n\
             <link rel=\"alternate\" href=\"{}\"/>\n",
            escape(&entry_id(event)),
            escape(&entry_title(site, mention)),
            time(event.at),
            time(mention.item.published_at.unwrap_or(mention.seen_at)),
            escape(&entry_link(site, mention)),
        ));
        if let Some(name) = author_name(mention) {
            xml.push_str(&format!("<author><name>{}</name></author>\n", escape(name)));
        }
        for brand in &mention.brands {
            let term = escape(brand.name.as_str());
            xml.push_str(&format!("<category term=\"{term}\"/>\n"));
        }
        xml.push_str(&format!(
            "<content type=\"html\">{}</content>\n</entry>\n",
            escape(&entry_html(site, mention)),
        ));
    }
    xml.push_str("</feed>\n");
    xml
}

fn write_json(site: &Site, alerts: &[Alert], self_url: &str) -> Value {
    let items: Vec<Value> = alerts
        .iter()
        .map(|Alert { event, about }| {
            let mention = match about {
                About::Mention(mention) => mention,
                About::Spike(spike) => {
                    return json!({
                        "id": entry_id(event),
                        "url": format!("{}/", site.base_url()),
                        "title": spike_title(event),
                        "content_text": words::spike_words(&spike.peak),
                        "date_published": time(event.at),
                        "tags": event.brands,
                    });
                }
            };
            let mut item = json!({
                "id": entry_id(event),
                "url": entry_link(site, mention),
                "title": entry_title(site, mention),
                "content_html": entry_html(site, mention),
                "content_text": mention.item.full_text(),
                "date_published": time(mention.item.published_at.unwrap_or(mention.seen_at)),
                "date_modified": time(event.at),
                "tags": mention.brands.iter().map(|brand| brand.name.as_str()).collect::<Vec<_>>(),
            });
            if let Some(name) = author_name(mention) {
                item["authors"] = json!([{ "name": name }]);
            }
            if let Some(tag) = words::lang_tag(mention.item.lang.as_deref()) {
                item["language"] = json!(tag);
            }
            item
        })
        .collect();
    json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed_title(site),
        "home_page_url": format!("{}/", site.base_url()),
        "feed_url": self_url,
        "items": items,
    })
}

/// "Acme: a spike has begun"
fn spike_title(event: &Event) -> String {
    let brands: Vec<&str> = event.brands.iter().map(|brand| brand.as_str()).collect();
    let what = match event.event_type {
        EventType::SpikeStarted => "a spike has begun",
        _ => "the spike is over",
    };
    format!("{}: {what}", brands.join(", "))
}

fn spike_entry(site: &Site, event: &Event, spike: &Spike) -> String {
    let categories: String = event
        .brands
        .iter()
        .map(|brand| format!("<category term=\"{}\"/>\n", escape(brand.as_str())))
        .collect();
    format!(
        "<entry>\n<id>{}</id>\n<title>{}</title>\n<updated>{}</updated>\n\
         <link rel=\"alternate\" href=\"{}/\"/>\n{categories}\
         <content type=\"text\">{}</content>\n</entry>\n",
        escape(&entry_id(event)),
        escape(&spike_title(event)),
        time(event.at),
        escape(&site.base_url()),
        escape(&words::spike_words(&spike.peak)),
    )
}

/// Text for XML: markup is escaped, and the control characters that XML cannot hold at
/// all, which strangers do write, are left out.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + text.len() / 8);
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' | '\r' => escaped.push(character),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => (),
            _ => escaped.push(character),
        }
    }
    escaped
}
