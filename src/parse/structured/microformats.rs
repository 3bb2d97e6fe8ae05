//! Microformats as the same tree that JSON-LD gives: hReview and h-review become reviews,
//! hReview-aggregate and h-review-aggregate the figures about all ratings.

use scraper::{ElementRef, Html, Selector};
use serde_json::{Map, Value, json};

use crate::parse::text;

/// The classes under which one property stands: version 2 first, then version 1.
struct Names(&'static [&'static str]);

const TITLE: Names = Names(&["p-name", "summary"]);
const BODY: Names = Names(&[
    "e-content",
    "p-content",
    "p-description",
    "description",
    "p-summary",
]);
const AUTHOR: Names = Names(&["p-author", "p-reviewer", "reviewer", "author"]);
const DATE: Names = Names(&["dt-published", "dt-reviewed", "dtreviewed", "reviewed"]);
const RATING: Names = Names(&["p-rating", "rating"]);
const AVERAGE: Names = Names(&["p-average", "average", "p-rating", "rating"]);
const BEST: Names = Names(&["p-best", "best"]);
const WORST: Names = Names(&["p-worst", "worst"]);
const COUNT: Names = Names(&["p-count", "count"]);
const VOTES: Names = Names(&["p-votes", "votes"]);
const ITEM: Names = Names(&["p-item", "item"]);
const LINK: Names = Names(&["u-url"]);
const NAME: Names = Names(&["p-name", "fn", "summary", "n"]);
const AUTHOR_LINK: Names = Names(&["u-url", "url"]);

/// The reviews and the figures, in document order.
pub(super) fn items(page: &Html) -> Vec<Value> {
    let roots = ".hreview, .hReview, .h-review, .hreview-aggregate, .hReview-aggregate, \
                 .h-review-aggregate";
    let roots = Selector::parse(roots).expect("the selector is fixed");
    page.select(&roots)
        .map(|root| {
            let is_aggregate = root
                .value()
                .classes()
                .any(|class| class.to_ascii_lowercase().ends_with("review-aggregate"));
            if is_aggregate {
                aggregate(root)
            } else {
                review(root)
            }
        })
        .collect()
}

fn review(root: ElementRef<'_>) -> Value {
    let mut node = typed("Review");
    // A picture alone is named by its words.
    let title = shown(root, &TITLE).or_else(|| root.attr("alt").map(str::to_owned));
    put(&mut node, "name", title);
    put(&mut node, "reviewBody", inner(root, &BODY));
    put(&mut node, "datePublished", moment(root));
    let link = shown_link(root).or_else(|| permanent_link(root));
    put(&mut node, "url", link);
    if let Some(author) = own(root, &AUTHOR) {
        let mut person = typed("Person");
        let name = shown(author, &NAME).or_else(|| Some(value_of(author)));
        put(&mut person, "name", name.filter(|name| !name.is_empty()));
        let link = own(author, &AUTHOR_LINK).and_then(|link| link.attr("href"));
        let link = link.or_else(|| author.attr("href"));
        put(&mut person, "url", link.map(str::to_owned));
        node.insert("author".to_owned(), Value::Object(person));
    }
    if let Some(stars) = figure(root, &RATING) {
        node.insert(
            "reviewRating".to_owned(),
            json!({"@type": "Rating", "ratingValue": stars, "bestRating": figure(root, &BEST)}),
        );
    }
    if let Some(name) = item_name(root) {
        node.insert("itemReviewed".to_owned(), json!({"name": name}));
    }
    Value::Object(node)
}

fn aggregate(root: ElementRef<'_>) -> Value {
    let mut node = typed("AggregateRating");
    put(&mut node, "ratingValue", figure(root, &AVERAGE));
    put(&mut node, "bestRating", figure(root, &BEST));
    put(&mut node, "worstRating", figure(root, &WORST));
    put(&mut node, "reviewCount", figure(root, &COUNT));
    put(&mut node, "ratingCount", figure(root, &VOTES));
    put(&mut node, "itemReviewed", item_name(root));
    Value::Object(node)
}

fn typed(name: &str) -> Map<String, Value> {
    Map::from_iter([("@type".to_owned(), Value::from(name))])
}

fn put(node: &mut Map<String, Value>, name: &str, value: Option<String>) {
    if let Some(value) = value {
        node.insert(name.to_owned(), Value::from(value));
    }
}

/// The first element below `root` with the first of these classes that is there and
/// belongs to `root` rather than to something described inside it.
fn own<'p>(root: ElementRef<'p>, names: &Names) -> Option<ElementRef<'p>> {
    names.0.iter().find_map(|name| {
        root.descendent_elements().skip(1).find(|element| {
            has_class(*element, name)
                && !element
                    .ancestors()
                    .filter_map(ElementRef::wrap)
                    .take_while(|above| above.id() != root.id())
                    .any(describes_something_else)
        })
    })
}

fn has_class(element: ElementRef<'_>, name: &str) -> bool {
    element.value().classes().any(|class| class == name)
}

/// A card, an event or a product inside the review has properties of its own.
fn describes_something_else(element: ElementRef<'_>) -> bool {
    const ROOTS: [&str; 6] = ["vcard", "vevent", "hproduct", "hreview", "item", "reviewer"];
    element
        .value()
        .classes()
        .any(|class| class.starts_with("h-") || ROOTS.contains(&class))
}

fn item_name(root: ElementRef<'_>) -> Option<String> {
    let item = own(root, &ITEM)?;
    shown(item, &NAME).or_else(|| Some(value_of(item)).filter(|name| !name.is_empty()))
}

fn shown(root: ElementRef<'_>, names: &Names) -> Option<String> {
    own(root, names)
        .map(value_of)
        .filter(|text| !text.is_empty())
}

/// A text with its line breaks.
fn inner(root: ElementRef<'_>, names: &Names) -> Option<String> {
    own(root, names)
        .map(|element| element.inner_html())
        .filter(|html| !html.trim().is_empty())
}

/// A number may stand in a `value` inside the property: "<b class=value>4</b> of 5".
fn figure(root: ElementRef<'_>, names: &Names) -> Option<String> {
    let element = own(root, names).or_else(|| {
        // Version 1 puts `best` and `average` inside `rating`, which is no thing of its own.
        names.0.iter().find_map(|name| {
            root.descendent_elements()
                .find(|element| has_class(*element, name))
        })
    })?;
    let value = element
        .descendent_elements()
        .skip(1)
        .find(|inner| has_class(*inner, "value") || has_class(*inner, "value-title"));
    Some(value_of(value.unwrap_or(element))).filter(|text| !text.is_empty())
}

/// Dates may also stand inside the reviewer, as the specification's own example has it.
fn moment(root: ElementRef<'_>) -> Option<String> {
    let element = own(root, &DATE).or_else(|| {
        DATE.0.iter().find_map(|name| {
            root.descendent_elements()
                .find(|element| has_class(*element, name))
        })
    })?;
    let value = element
        .descendent_elements()
        .skip(1)
        .find(|inner| has_class(*inner, "value-title"));
    Some(value_of(value.unwrap_or(element))).filter(|text| !text.is_empty())
}

fn shown_link(root: ElementRef<'_>) -> Option<String> {
    own(root, &LINK)
        .and_then(|link| link.attr("href"))
        .map(str::to_owned)
}

fn permanent_link(root: ElementRef<'_>) -> Option<String> {
    root.descendent_elements()
        .find(|element| {
            element.attr("rel").is_some_and(|rel| {
                let rel: Vec<&str> = rel.split_ascii_whitespace().collect();
                rel.contains(&"bookmark") && rel.contains(&"self")
            })
        })
        .and_then(|link| link.attr("href"))
        .map(str::to_owned)
}

/// What an element says to a machine: the attribute made for it, or its words.
fn value_of(element: ElementRef<'_>) -> String {
    let attribute = match element.value().name() {
        "abbr" => element.attr("title"),
        "data" | "input" | "meter" => element.attr("value"),
        "time" => element.attr("datetime"),
        "img" | "area" => element.attr("alt"),
        _ if has_class(element, "value-title") => element.attr("title"),
        _ => None,
    };
    match attribute {
        Some(value) => value.trim().to_owned(),
        None => text::plain_from_html(&element.inner_html()),
    }
}
