//! Schema.org nodes, from JSON-LD or microdata, become reviews, the brand's replies to
//! them, and figures about all ratings.

use serde_json::{Map, Value};
use url::Url;

use super::Aggregate;
use super::jsonld::References;
use crate::domain::{Author, Item, Kind, Rating};
use crate::parse::{dates, number, text};

type Node = Map<String, Value>;

/// What a page says in one notation.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) items: Vec<Item>,
    pub(super) aggregates: Vec<Aggregate>,
}

/// Where we are in the tree: what is known from the nodes around.
#[derive(Clone, Copy, Default)]
struct Around<'v> {
    /// The address of the thing that is reviewed.
    url: Option<&'v str>,
    /// Its name.
    name: Option<&'v str>,
    /// Names under which the brand answers: brand, seller, publisher, the thing itself.
    node: Option<&'v Node>,
}

/// Reads all reviews of these values.
pub(super) fn find(values: &[Value], definition: &str, kind: Kind, base: Option<&Url>) -> Found {
    let references = References::of(values);
    let walk = Walk {
        references: &references,
        definition,
        kind,
        base,
    };
    let mut found = Found::default();
    for value in values {
        walk.value(value, "", Around::default(), &mut found);
    }
    found
}

struct Walk<'v> {
    references: &'v References<'v>,
    definition: &'v str,
    kind: Kind,
    base: Option<&'v Url>,
}

impl<'v> Walk<'v> {
    fn value(&self, value: &'v Value, key: &str, around: Around<'v>, found: &mut Found) {
        match value {
            Value::Array(list) => {
                for element in list {
                    self.value(element, key, around, found);
                }
            }
            Value::Object(node) => self.node(node, key, around, found),
            _ => (),
        }
    }

    fn node(&self, node: &'v Node, key: &str, around: Around<'v>, found: &mut Found) {
        if is_review(node, key) {
            self.review(node, around, found);
        } else if has_type(node, &["AggregateRating", "EmployerAggregateRating"]) {
            found.aggregates.push(aggregate(node, around));
        }
        let inner = if is_review(node, key) || !names_a_thing(node) {
            around
        } else {
            Around {
                url: plain(node, "url")
                    .or_else(|| plain(node, "@id"))
                    .or(around.url),
                name: plain(node, "name")
                    .or_else(|| plain(node, "headline"))
                    .or(around.name),
                node: Some(node),
            }
        };
        for (key, value) in node {
            self.value(value, key, inner, found);
        }
    }

    fn review(&self, node: &'v Node, around: Around<'v>, found: &mut Found) {
        let id = plain(node, "@id")
            .filter(|id| !id.starts_with("_:"))
            .and_then(|id| self.absolute(id));
        let native_id = id
            .clone()
            .or_else(|| line(node.get("identifier")?).filter(|text| !text.is_empty()));
        let url = ["url", "discussionUrl"]
            .iter()
            .find_map(|key| plain(node, key))
            .and_then(|url| self.absolute(url))
            .or_else(|| id.filter(|id| id.starts_with("http")))
            .or_else(|| around.url.and_then(|url| self.absolute(url)))
            .or_else(|| self.base.map(|base| base.to_string()));
        let title = ["name", "headline"]
            .iter()
            .find_map(|key| node.get(*key).and_then(line));
        let body = ["reviewBody", "description", "text", "articleBody"]
            .iter()
            .find_map(|key| node.get(*key).and_then(body));
        let mut item = Item {
            native_id,
            url,
            title,
            text: body.unwrap_or_default(),
            author: ["author", "creator"]
                .iter()
                .find_map(|key| self.author(node.get(*key)?)),
            lang: node.get("inLanguage").and_then(language),
            rating: ["reviewRating", "rating"]
                .iter()
                .find_map(|key| self.rating(node.get(*key)?, node)),
            published_at: ["datePublished", "dateCreated", "uploadDate"]
                .iter()
                .find_map(|key| date(node.get(*key)?)),
            updated_at: node.get("dateModified").and_then(date),
            ..Item::empty(self.definition, self.kind)
        };
        item.engagement.likes = count(node, "upvoteCount");
        item.engagement.replies = count(node, "commentCount");
        let nothing = item.text.is_empty() && item.title.is_none();
        if nothing && item.rating.is_none() && item.author.is_none() {
            return;
        }
        let answered = item.native_id.clone().or_else(|| item.url.clone());
        let answered_url = item.url.clone();
        found.items.push(item);
        for reply in self.replies(node, around) {
            found.items.push(Item {
                url: reply.url.clone().or_else(|| answered_url.clone()),
                in_reply_to: answered.clone(),
                is_brand_reply: true,
                ..reply
            });
        }
    }

    /// The answers that the brand itself gave below a review.
    fn replies(&self, review: &'v Node, around: Around<'v>) -> Vec<Item> {
        // Names that shops invented for the owner's answer leave no doubt whose it is.
        const OWNER_KEYS: [&str; 7] = [
            "reply",
            "ownerResponse",
            "ownerReply",
            "merchantReply",
            "publisherResponse",
            "businessResponse",
            "response",
        ];
        let owned = OWNER_KEYS
            .iter()
            .filter_map(|key| review.get(*key))
            .flat_map(nodes)
            .map(|node| (node, true));
        let comments = ["comment", "comments"]
            .iter()
            .filter_map(|key| review.get(*key))
            .flat_map(nodes)
            .map(|node| (node, false));
        owned
            .chain(comments)
            .filter_map(|(node, is_owner)| {
                let node = self.references.resolve(node);
                let author = node.get("author").or_else(|| node.get("creator"));
                if !is_owner && !author.is_some_and(|author| self.is_brand(author, review, around))
                {
                    return None;
                }
                let text = ["text", "commentText", "reviewBody", "description"]
                    .iter()
                    .find_map(|key| node.get(*key).and_then(body))?;
                Some(Item {
                    native_id: plain(node, "@id").and_then(|id| self.absolute(id)),
                    url: plain(node, "url").and_then(|url| self.absolute(url)),
                    text,
                    author: author.and_then(|author| self.author(author)),
                    published_at: ["datePublished", "dateCreated"]
                        .iter()
                        .find_map(|key| date(node.get(*key)?)),
                    ..Item::empty(self.definition, Kind::Comment)
                })
            })
            .collect()
    }

    /// Whether an author is the company: an organisation, or one that bears the name of
    /// the reviewed thing, its brand, its maker or the page's publisher.
    fn is_brand(&self, author: &'v Value, review: &'v Node, around: Around<'v>) -> bool {
        nodes(author).any(|node| {
            let node = self.references.resolve(node);
            has_type(
                node,
                &[
                    "Organization",
                    "Corporation",
                    "LocalBusiness",
                    "Brand",
                    "Store",
                ],
            )
        }) || line_or_name(author).is_some_and(|name| {
            let owners = [around.node, Some(review)];
            let bears = |owner: &str| owner.eq_ignore_ascii_case(&name);
            around.name.is_some_and(bears)
                || owners.iter().flatten().any(|owner| {
                    [
                        "brand",
                        "manufacturer",
                        "publisher",
                        "seller",
                        "provider",
                        "itemReviewed",
                    ]
                    .iter()
                    .filter_map(|key| line_or_name(owner.get(*key)?))
                    .any(|owner| bears(&owner))
                })
        })
    }

    fn author(&self, value: &'v Value) -> Option<Author> {
        if let Some(name) = line(value) {
            return Some(Author {
                name: Some(name),
                ..Author::default()
            });
        }
        let node = self.references.resolve(nodes(value).next()?);
        let name = node.get("name").and_then(line).or_else(|| {
            let parts: Vec<String> = ["givenName", "familyName"]
                .iter()
                .filter_map(|key| line(node.get(*key)?))
                .collect();
            (!parts.is_empty()).then(|| parts.join(" "))
        });
        let author = Author {
            name,
            handle: node.get("alternateName").and_then(line),
            url: plain(node, "url").and_then(|url| self.absolute(url)),
            followers: None,
        };
        (author != Author::default()).then_some(author)
    }

    fn rating(&self, value: &'v Value, review: &'v Node) -> Option<Rating> {
        if let Some(value) = figure(value) {
            let best = review.get("bestRating").and_then(figure);
            return rating_of(value, best);
        }
        let node = self.references.resolve(nodes(value).next()?);
        let value = node.get("ratingValue").and_then(figure)?;
        rating_of(value, node.get("bestRating").and_then(figure))
    }

    fn absolute(&self, link: &str) -> Option<String> {
        let link = link.trim();
        match Url::parse(link) {
            Ok(_) => Some(link.to_owned()),
            Err(_) => self
                .base
                .and_then(|base| base.join(link).ok())
                .map(|url| url.to_string()),
        }
    }
}

/// Without a stated best the scale is the smallest usual one that holds the value.
fn rating_of(value: f64, best: Option<f64>) -> Option<Rating> {
    let best = best
        .filter(|best| *best >= value && *best > 0.0)
        .or_else(|| {
            [5.0, 10.0, 20.0, 100.0]
                .into_iter()
                .find(|best| value <= *best)
        })?;
    (value >= 0.0).then_some(Rating { value, best })
}

fn aggregate(node: &Node, around: Around<'_>) -> Aggregate {
    let own_name = node.get("itemReviewed").and_then(line_or_name);
    let figure_of = |key: &str| node.get(key).and_then(figure);
    let whole = |key: &str| figure_of(key).filter(|n| *n >= 0.0).map(|n| n as u64);
    Aggregate {
        of: own_name.or_else(|| around.name.map(text::plain_from_html)),
        value: figure_of("ratingValue"),
        best: figure_of("bestRating"),
        worst: figure_of("worstRating"),
        n_reviews: whole("reviewCount"),
        n_ratings: whole("ratingCount"),
    }
}

fn is_review(node: &Node, key: &str) -> bool {
    const TYPES: [&str; 5] = [
        "Review",
        "UserReview",
        "CriticReview",
        "EmployerReview",
        "Recommendation",
    ];
    if node.contains_key("@type") {
        return has_type(node, &TYPES);
    }
    // Templates forget the type, but not the place.
    matches!(key, "review" | "reviews")
        && (node.contains_key("reviewBody") || node.contains_key("reviewRating"))
}

/// Whether the node is something that can be reviewed or publishes reviews, rather than
/// a detail such as a price or a picture whose name would mislead.
fn names_a_thing(node: &Node) -> bool {
    const DETAILS: [&str; 10] = [
        "Person",
        "ImageObject",
        "Offer",
        "AggregateOffer",
        "AggregateRating",
        "Rating",
        "ListItem",
        "BreadcrumbList",
        "PostalAddress",
        "HowToStep",
    ];
    (node.contains_key("name") || node.contains_key("url") || node.contains_key("headline"))
        && !has_type(node, &DETAILS)
}

/// Types are written with and without the vocabulary in front.
fn has_type(node: &Node, wanted: &[&str]) -> bool {
    let bare = |name: &str| {
        let name = name.trim_end_matches('/');
        let short = name.rsplit(['/', '#', ':']).next().unwrap_or(name);
        wanted.contains(&short)
    };
    match node.get("@type") {
        Some(Value::String(name)) => bare(name),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).any(bare),
        _ => false,
    }
}

fn nodes(value: &Value) -> impl Iterator<Item = &Node> {
    let list = match value {
        Value::Array(list) => list.as_slice(),
        single => std::slice::from_ref(single),
    };
    list.iter().filter_map(Value::as_object)
}

/// A property that is a plain text (or the first of several), untouched.
fn plain<'v>(node: &'v Node, key: &str) -> Option<&'v str> {
    let text = match node.get(key)? {
        Value::String(text) => text,
        Value::Array(list) => list.first()?.as_str()?,
        Value::Object(inner) => inner.get("@id").or_else(|| inner.get("@value"))?.as_str()?,
        _ => return None,
    };
    (!text.trim().is_empty()).then(|| text.trim())
}

/// A text on one line.
fn line(value: &Value) -> Option<String> {
    let raw = scalar(value)?;
    Some(text::plain_from_html(&raw).replace('\n', " ")).filter(|text| !text.is_empty())
}

fn line_or_name(value: &Value) -> Option<String> {
    line(value).or_else(|| nodes(value).find_map(|node| line(node.get("name")?)))
}

/// A text with its line breaks. Entities are decoded also where the text has no tags:
/// templates escape for HTML and forget that a script is not HTML.
fn body(value: &Value) -> Option<String> {
    let raw = scalar(value)?;
    Some(text::plain_from_html(&raw)).filter(|text| !text.is_empty())
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(list) => {
            let texts: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
            (!texts.is_empty()).then(|| texts.join("\n"))
        }
        Value::Object(node) => node.get("@value").and_then(scalar),
        _ => None,
    }
}

fn figure(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => number::first_number(text),
        Value::Array(list) => list.first().and_then(figure),
        _ => None,
    }
}

fn date(value: &Value) -> Option<chrono::DateTime<chrono::Utc>> {
    dates::parse(&line(value)?)
}

fn language(value: &Value) -> Option<String> {
    line(value).or_else(|| {
        nodes(value).find_map(|node| line(node.get("alternateName").or_else(|| node.get("name"))?))
    })
}

fn count(node: &Node, key: &str) -> u64 {
    node.get(key)
        .and_then(figure)
        .map_or(0, |number| number.max(0.0) as u64)
}
