//! Puts right what feed-rs leaves out or mixes up, from the same document: dates that are
//! not the other date, links and titles of the entry's own vocabulary, plain text by the
//! declared type, authors, languages, threads and counts.

use chrono::{DateTime, Utc};
use feed_rs::model::{Entry, MediaObject, Text};

use super::content::{Content, Role, content_of};
use super::dialect::{Dialect, Document, is_core};
use super::links::{WEAK_LINK, absolute, non_empty, rank_of_link, web_address};
use super::names::Ns;
use super::tree::Element;
use super::{Reader, people};
use crate::domain::{Author, Engagement, Item};
use crate::parse::dates;
use crate::parse::text::{self, Sanitiser};

/// What a feed says for all its entries.
#[derive(Debug, Default)]
pub(super) struct Head {
    language: Option<String>,
    author: Option<Author>,
    pub(super) min_interval_secs: Option<u64>,
    pub(super) next_page: Option<String>,
}

impl Head {
    /// Reads the feed's own elements.
    pub(super) fn of(document: &Document<'_>) -> Self {
        let mut head = Self::default();
        for element in &document.heads {
            head.take(element, document);
        }
        head
    }

    fn take(&mut self, element: &Element, document: &Document<'_>) {
        let language = element.elements().find(|child| {
            (is_core(child, document.root) && child.local.eq_ignore_ascii_case("language"))
                || child.is(Ns::Dc, "language")
        });
        if self.language.is_none() {
            self.language = language
                .and_then(|language| non_empty(&language.text()))
                .or_else(|| element.lang.as_deref().map(str::to_owned));
        }
        // Atom says that entries without an author have the feed's; RSS does not.
        if document.dialect == Dialect::Atom && self.author.is_none() {
            self.author = people::together(
                element
                    .elements()
                    .filter(|child| child.is(Ns::Atom, "author"))
                    .map(person),
            );
        }
        if self.min_interval_secs.is_none() {
            self.min_interval_secs = min_interval_secs(element, document);
        }
        // RFC 5005: pages of one feed, or the archive of what it no longer holds.
        let next = ["next", "prev-archive"].into_iter().find_map(|wanted| {
            element.elements().find(|child| {
                child.is(Ns::Atom, "link")
                    && child
                        .attribute("rel")
                        .is_some_and(|rel| rel.trim() == wanted)
            })
        });
        if let (None, Some(next)) = (&self.next_page, next) {
            self.next_page = next
                .attribute("href")
                .and_then(|href| absolute(href, next.base.as_ref()));
        }
    }
}

/// RSS `ttl` in minutes, or the interval that period and frequency of `sy:` give.
fn min_interval_secs(element: &Element, document: &Document<'_>) -> Option<u64> {
    let own = |name: &str| {
        element
            .elements()
            .find(|child| is_core(child, document.root) && child.local.eq_ignore_ascii_case(name))
            .map(|child| child.text().trim().to_owned())
    };
    if let Some(minutes) = own("ttl")
        .and_then(|ttl| ttl.parse::<u64>().ok())
        .filter(|ttl| *ttl > 0)
    {
        return minutes.checked_mul(60);
    }
    let syndication = |name: &str| {
        element
            .elements()
            .find(|child| child.is(Ns::Syndication, name))
            .map(|child| child.text().trim().to_ascii_lowercase())
    };
    let period_secs: u64 = match syndication("updatePeriod")?.as_str() {
        "hourly" => 3_600,
        "daily" => 86_400,
        "weekly" => 7 * 86_400,
        "monthly" => 30 * 86_400,
        "yearly" => 365 * 86_400,
        _ => return None,
    };
    let frequency = syndication("updateFrequency")
        .and_then(|frequency| frequency.parse::<u64>().ok())
        .filter(|frequency| *frequency > 0)
        .unwrap_or(1);
    Some((period_secs / frequency).max(1))
}

/// One entry as an item.
pub(super) fn item(
    reader: &Reader<'_>,
    document: &Document<'_>,
    head: &Head,
    element: &Element,
    entry: Option<&Entry>,
    sanitiser: &Sanitiser,
) -> Item {
    let view = View {
        document,
        element,
        entry,
    };
    let mut item = reader.empty_item();
    item.native_id = view.native_id();
    item.url = view.url();
    item.title = view.title();
    let (text, html, lang) = view.body(reader, sanitiser);
    item.text = text;
    item.html = html;
    // What is said nearer to the text counts more than what is inherited from the root.
    let of_root = document.root.lang.as_deref();
    item.lang = lang
        .filter(|lang| Some(lang.as_str()) != of_root)
        .or_else(|| view.first_text(Ns::Dc, "language"))
        .or_else(|| element.lang.as_deref().map(str::to_owned))
        .or_else(|| head.language.clone())
        // `fr_CA` is how programs write the language tag fr-CA.
        .map(|lang| lang.replace('_', "-"));
    item.author = view.author().or_else(|| head.author.clone());
    (item.published_at, item.updated_at) = view.dates();
    item.engagement = view.engagement();
    item.in_reply_to = view.in_reply_to();
    item
}

/// Whether an entry that was cut off holds a whole id or link.
pub(super) fn has_identity(entry: &Element) -> bool {
    entry.elements().any(|child| {
        let names_it = ["id", "guid", "link"]
            .iter()
            .any(|name| child.local.eq_ignore_ascii_case(name));
        let is_filled = child.attribute("href").is_some() || !child.text().trim().is_empty();
        names_it && is_filled && !child.cut
    })
}

/// One entry seen by both readers.
struct View<'a> {
    document: &'a Document<'a>,
    element: &'a Element,
    entry: Option<&'a Entry>,
}

impl<'a> View<'a> {
    /// Elements of the entry's own vocabulary with this name.
    fn own(&self, name: &'static str) -> impl Iterator<Item = &'a Element> {
        let root = self.document.root;
        self.element
            .elements()
            .filter(move |child| is_core(child, root) && child.local.eq_ignore_ascii_case(name))
    }

    fn first_text(&self, ns: Ns, name: &str) -> Option<String> {
        self.element
            .elements()
            .filter(|child| child.is(ns, name))
            .find_map(|child| non_empty(&child.text()))
    }

    fn own_text(&self, name: &'static str) -> Option<String> {
        self.own(name).find_map(|child| non_empty(&child.text()))
    }

    fn native_id(&self) -> Option<String> {
        let from_feed_rs = self.entry.and_then(|entry| non_empty(&entry.id));
        from_feed_rs
            .or_else(|| self.own_text("guid"))
            .or_else(|| self.own_text("id"))
            .or_else(|| self.element.attribute("rdf:about").and_then(non_empty))
    }

    fn url(&self) -> Option<String> {
        let mut best: Option<(u8, String)> = None;
        for link in self.own("link") {
            let Some((rank, address)) = rank_of_link(link, self.document.dialect) else {
                continue;
            };
            if let Some(address) = absolute(&address, link.base.as_ref())
                && best.as_ref().is_none_or(|(known, _)| rank < *known)
            {
                best = Some((rank, address));
            }
        }
        let permalink = || {
            let guid = self.own("guid").next()?;
            let is_link = guid
                .attribute("isPermaLink")
                .is_none_or(|value| !value.trim().eq_ignore_ascii_case("false"));
            web_address(&guid.text()).filter(|_| is_link)
        };
        // The address of an Atom entry that only its id gives.
        let id = || self.own("id").next().and_then(|id| web_address(&id.text()));
        let about = || self.element.attribute("rdf:about").and_then(web_address);
        let weak = best.as_ref().is_some_and(|(rank, _)| *rank >= WEAK_LINK);
        if weak {
            return permalink().or_else(id).or(best.map(|(_, address)| address));
        }
        best.map(|(_, address)| address)
            .or_else(permalink)
            .or_else(id)
            .or_else(about)
    }

    fn title(&self) -> Option<String> {
        let mut titles = self.own("title").filter_map(|title| {
            let plain = match content_of(title, self.document.dialect, Role::Title)? {
                Content::Text(text) => text::plain_title(&text, false),
                Content::Html(html) => text::plain_title(&html, true),
            };
            non_empty(&plain)
        });
        titles
            .next()
            .or_else(|| {
                self.first_text(Ns::Dc, "title")
                    .map(|title| text::plain_title(&title, false))
            })
            .or_else(|| {
                let of_media = self.media_text("title", |object| object.title.as_ref())?;
                non_empty(&text::plain_title(&of_media, true))
            })
    }

    /// A text of Media RSS, for entries that have none of their own: feed-rs finds those
    /// that belong to a picture or a film, the tree those that stand alone.
    fn media_text(
        &self,
        name: &str,
        of_object: impl Fn(&MediaObject) -> Option<&Text>,
    ) -> Option<String> {
        let objects = self.entry.map_or(&[][..], |entry| &entry.media);
        let from_feed_rs = objects
            .iter()
            .find_map(|object| non_empty(&of_object(object)?.content));
        from_feed_rs.or_else(|| {
            let groups = self
                .element
                .elements()
                .filter(|child| child.ns == Ns::Media && child.has_elements());
            std::iter::once(self.element)
                .chain(groups)
                .flat_map(Element::elements)
                .filter(|child| child.is(Ns::Media, name))
                .find_map(|child| non_empty(&child.text()))
        })
    }

    /// Plain text, harmless HTML where there is markup, and the language of that text.
    fn body(
        &self,
        reader: &Reader<'_>,
        sanitiser: &Sanitiser,
    ) -> (String, Option<String>, Option<String>) {
        let mut html = None;
        for candidate in self.bodies() {
            let Some(content) = content_of(candidate, self.document.dialect, Role::Body) else {
                continue;
            };
            let plain = match &content {
                // Declared as text, bodies still hold `&nbsp;` more often than they mean it.
                Content::Text(text) => text::fold_whitespace(&text::decode_references(text)),
                Content::Html(markup) => text::plain_from_html(markup),
            };
            if let (Content::Html(markup), None) = (&content, &html)
                && text::has_markup(markup)
            {
                let same_base = candidate.base.as_deref() == reader.answer.url;
                let clean = if same_base {
                    sanitiser.clean(markup)
                } else {
                    Sanitiser::new(candidate.base.as_deref()).clean(markup)
                };
                html = Some(clean).filter(|clean| !clean.is_empty());
            }
            if !plain.is_empty() {
                return (plain, html, candidate.lang.as_deref().map(str::to_owned));
            }
        }
        let of_media = self.media_text("description", |object| object.description.as_ref());
        let plain = of_media.map(|description| text::plain_from_html(&description));
        (plain.unwrap_or_default(), html, None)
    }

    /// Elements that may hold the body, the fullest first.
    fn bodies(&self) -> impl Iterator<Item = &'a Element> {
        let of = |ns: Ns, names: &'static [&'static str]| {
            self.element
                .elements()
                .filter(move |child| names.iter().any(|name| child.is(ns, name)))
        };
        of(Ns::Content, &["encoded"])
            .chain(self.own("content"))
            .chain(self.own("body"))
            .chain(of(Ns::Xhtml, &["body", "div"]))
            .chain(self.own("fullitem"))
            .chain(self.own("description"))
            .chain(self.own("summary"))
            .chain(of(Ns::Dc, &["description"]))
            .chain(of(Ns::DcTerms, &["abstract"]))
            .chain(of(Ns::Itunes, &["summary"]))
            .chain(of(Ns::Itunes, &["subtitle"]))
    }

    fn author(&self) -> Option<Author> {
        // feed-rs reads Atom's structured persons well; RSS authors are free text.
        let atom = self
            .element
            .elements()
            .filter(|child| child.is(Ns::Atom, "author"))
            .map(person);
        people::together(atom)
            .or_else(|| {
                let creators = self
                    .element
                    .elements()
                    .filter(|child| child.is(Ns::Dc, "creator") || child.is(Ns::Dc, "author"));
                people::together(creators.map(|creator| people::from_text(&creator.text())))
            })
            .or_else(|| {
                let authors = self.own("author").filter(|author| author.ns != Ns::Atom);
                people::together(authors.map(|author| {
                    if author.has_elements() {
                        person(author)
                    } else {
                        people::from_text(&author.text())
                    }
                }))
            })
            .or_else(|| people::from_text(&self.first_text(Ns::Itunes, "author")?))
            .or_else(|| {
                let source = self.own("source").next()?;
                people::together(
                    source
                        .elements()
                        .filter(|child| child.is(Ns::Atom, "author"))
                        .map(person),
                )
            })
    }

    /// When it was published and when it was changed. Each is read only from elements that
    /// mean it; Dublin Core's `date` may mean either and stands for what is missing.
    fn dates(&self) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
        let read = |element: &Element| dates::parse(&element.text());
        let foreign = |ns: Ns, name: &str| {
            self.element
                .elements()
                .filter(|child| child.is(ns, name))
                .find_map(read)
        };
        let date = foreign(Ns::Dc, "date");
        // Of several the first is when it was published, and the last when it was changed.
        let first_own = |name: &'static str| self.own(name).filter_map(read).min();
        let last_own = |name: &'static str| self.own(name).filter_map(read).max();
        let published = first_own("pubDate")
            .or_else(|| first_own("published"))
            .or_else(|| first_own("issued"))
            .or_else(|| foreign(Ns::DcTerms, "issued"))
            .or_else(|| first_own("created"))
            .or_else(|| foreign(Ns::DcTerms, "created"))
            .or(date);
        let updated = last_own("updated")
            .or_else(|| last_own("modified"))
            .or_else(|| foreign(Ns::DcTerms, "modified"))
            .or(date);
        (published, updated)
    }

    fn engagement(&self) -> Engagement {
        let number = |text: &str| text.trim().parse::<u64>().ok();
        let replies = self
            .first_text(Ns::Slash, "comments")
            .or_else(|| self.first_text(Ns::Thread, "total"))
            .and_then(|text| number(&text))
            .or_else(|| {
                self.own("link")
                    .find_map(|link| number(link.attribute("thr:count")?))
            });
        Engagement {
            replies: replies.unwrap_or(0),
            ..Engagement::default()
        }
    }

    fn in_reply_to(&self) -> Option<String> {
        let answered = self
            .element
            .elements()
            .find(|child| child.is(Ns::Thread, "in-reply-to"))?;
        ["ref", "href"]
            .iter()
            .find_map(|name| answered.attribute(name).and_then(non_empty))
    }
}

/// An Atom person.
fn person(element: &Element) -> Option<Author> {
    let part = |name: &str| {
        element
            .elements()
            .find(|child| child.local.eq_ignore_ascii_case(name))
            .and_then(|child| non_empty(&text::fold_whitespace(&child.text())))
    };
    if !element.has_elements() {
        return people::from_text(&element.text());
    }
    let address = part("uri")
        .or_else(|| part("url"))
        .or_else(|| part("homepage"));
    people::from_parts(
        part("name").as_deref(),
        part("email").as_deref(),
        address.and_then(|address| absolute(&address, element.base.as_ref())),
    )
}
