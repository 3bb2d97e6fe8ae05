//! Review pages and the answers of review sites.

use std::path::Path;

use hearken::domain::{Definition, Item};
use hearken::parse::{self, Answer, structured};
use serde_json::Value;

use super::table::{Row, Wanted};
use super::{definition, expectations, filled, read};

pub(super) fn rows(corpus: &Path) -> Vec<Row> {
    vec![
        marked_up(corpus),
        amazon(corpus, "amazon-product", definition("amazon-product")),
        amazon(corpus, "page", &by_hand()),
        places(corpus),
        trustpilot(corpus),
        by_paths(corpus),
    ]
}

fn text_of(value: &Value, key: &str) -> Option<String> {
    value[key]
        .as_str()
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

fn number_of(value: &Value) -> Option<f64> {
    value
        .as_f64()
        .or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()))
}

fn customers(items: Vec<Item>) -> Vec<Item> {
    items
        .into_iter()
        .filter(|item| !item.is_brand_reply)
        .collect()
}

/// JSON-LD, microdata and microformats, with the figures about all ratings.
fn marked_up(corpus: &Path) -> Row {
    let name = "reviews-page";
    let definition = definition(name);
    let mut row = Row::new(name);
    let mut missing = Vec::new();
    let mut n_figures = 0;
    for (file, expected) in expectations(corpus, "reviews.json") {
        let notations = ["json-ld", "microdata"].map(|notation| expected.get(notation));
        let formats = &expected["expected_mf2"]["items"];
        let nothing = notations.iter().all(Option::is_none) && !formats.is_array();
        if !file.ends_with(".html") || nothing {
            continue;
        }
        let bytes = std::fs::read(corpus.join(&file)).expect("a payload");
        let answer = Answer {
            bytes: &bytes,
            ..Answer::default()
        };
        let items = customers(parse::read(definition, &answer).expect(&file).items);
        let page = structured::read_page(&answer, definition).expect(&file);
        let mut n_expected = 0;
        let mut wanted = Vec::new();
        for notation in notations.into_iter().flatten() {
            n_expected += notation["n_reviews"].as_u64().unwrap_or(0) as usize;
            for review in notation["reviews"].as_array().into_iter().flatten() {
                wanted.push(Wanted {
                    title: text_of(review, "title"),
                    head: text_of(review, "body_head"),
                    author: text_of(review, "author"),
                    time: text_of(review, "date"),
                    rating: number_of(&review["rating"]),
                    ..Wanted::default()
                });
            }
            for figures in notation["aggregate"].as_array().into_iter().flatten() {
                n_figures += 1;
                if !page.aggregates.iter().any(|found| fits(found, figures)) {
                    missing.push(format!("{file}: {figures} not in {:?}", page.aggregates));
                }
            }
        }
        for item in formats.as_array().into_iter().flatten() {
            let of = |key: &str| &item["properties"][key][0];
            if item["type"][0] == "h-review" {
                n_expected += 1;
                let body = of("content");
                wanted.push(Wanted {
                    title: of("name").as_str().map(str::to_owned),
                    head: text_of(body, "value"),
                    author: text_of(of("author"), "value"),
                    time: of("published").as_str().map(str::to_owned),
                    rating: number_of(of("rating")),
                    ..Wanted::default()
                });
            } else {
                n_figures += 1;
                let found = page.aggregates.iter().any(|found| {
                    found.value == number_of(of("average")).or_else(|| number_of(of("rating")))
                        && found.best == number_of(of("best"))
                        && found.n_reviews.map(|n| n as f64) == number_of(of("count"))
                });
                if !found {
                    missing.push(format!("{file}: {item} not in {:?}", page.aggregates));
                }
            }
        }
        row.file(&file, &items, n_expected, &wanted);
    }
    println!(
        "figures about all ratings: {} of {n_figures}",
        n_figures - missing.len()
    );
    assert!(n_figures > 50, "only {n_figures} figures");
    assert!(
        missing.len() * 50 <= n_figures,
        "{} of {n_figures} are missing:\n{}",
        missing.len(),
        missing.join("\n")
    );
    row
}

fn fits(aggregate: &structured::Aggregate, wanted: &Value) -> bool {
    let bare = |text: &str| -> String { text.chars().filter(|c| c.is_alphanumeric()).collect() };
    let same = |actual: Option<f64>, key: &str| actual == number_of(&wanted[key]);
    let same_name = text_of(wanted, "of").is_none_or(|name| {
        bare(aggregate.of.as_deref().unwrap_or_default())
            == bare(&parse::text::plain_from_html(&name))
    });
    same_name
        && same(aggregate.value, "value")
        && same(aggregate.best, "best")
        && same(aggregate.worst, "worst")
        && same(aggregate.n_reviews.map(|n| n as f64), "review_count")
        && same(aggregate.n_ratings.map(|n| n as f64), "rating_count")
}

/// What a user would write for the same page.
fn by_hand() -> Definition {
    filled(
        "page",
        &[
            ("list", "[data-hook=review]"),
            (
                "text",
                "[data-hook=review-body] .review-text-content > span",
            ),
            (
                "title",
                "[data-hook=review-title] > span:not(.a-letter-space)",
            ),
            ("author", ".a-profile-name"),
            ("rating", ".a-icon-alt"),
            ("published", "[data-hook=review-date] | after ' on '"),
        ],
    )
}

/// The page marks nothing up: the reviews are its elements, read by hand from its source.
fn amazon(corpus: &Path, name: &str, definition: &Definition) -> Row {
    let mut row = Row::new(name);
    let file = "reviews/amazon/amazon-com-product.html";
    let items = read(definition, &corpus.join(file)).expect(file).items;
    let expected = expectations(corpus, "reviews.json");
    // The expectation counts the eight of the page's own country; five of others follow.
    assert_eq!(expected[file]["dom_reviews"], 8);
    let review = |title: &str, author: &str, time: &str, rating: f64, head: &str| Wanted {
        title: Some(title.to_owned()),
        author: Some(author.to_owned()),
        time: Some(time.to_owned()),
        rating: Some(rating),
        head: Some(head.to_owned()),
        ..Wanted::default()
    };
    let wanted =
        AMAZON.map(|(title, author, time, rating, head)| review(title, author, time, rating, head));
    row.file(file, &items, wanted.len(), &wanted);
    row
}

/// Title, author, day, stars and the first words of each.
const AMAZON: [(&str, &str, &str, f64, &str); 13] = [
    (
        "solid story and entertaining",
        "lighthouse88",
        "2021-08-02",
        5.0,
        "The main character in the series is a man wh",
    ),
    (
        "Great book must read",
        "Amazon Customer",
        "2023-07-28",
        4.0,
        "Good book started slow for me but then as I ",
    ),
    (
        "Real Mystery",
        "Kindle Customer",
        "2023-08-28",
        5.0,
        "Another good Baldacci book. Shaw has to find",
    ),
    (
        "great read",
        "Scott Campbell",
        "2023-08-15",
        5.0,
        "Thorough enjoyed this novel!!Baldacci has do",
    ),
    (
        "Exciting.",
        "Tom Gwinn",
        "2023-07-20",
        4.0,
        "Only David Baldacci could write a book like ",
    ),
    (
        "Baldacci as Ian Flemming",
        "John R. Linnell",
        "2008-07-01",
        3.0,
        "I agree with a lot of the criticisms leveled",
    ),
    (
        "Good Seller",
        "TM",
        "2023-06-16",
        5.0,
        "Very quick ship time and average pricing. Th",
    ),
    (
        "Suspenseful.",
        "Linda Jass",
        "2023-06-09",
        5.0,
        "Kept you thing ahead. Great end to a long su",
    ),
    (
        "Perfect, just perfect",
        "Oils and Pencils",
        "2023-10-29",
        5.0,
        "Book condition as described, great service a",
    ),
    (
        "so exciting!",
        "MR JOHN C S PERRY",
        "2023-11-13",
        5.0,
        "Brilliantly written a book you simply can’t ",
    ),
    (
        "velocemente",
        "lukas",
        "2022-08-28",
        4.0,
        "Un libro che non vuoi smettere di leggere se",
    ),
    (
        "Scary. This improbable plot has now been rendered more probable 14 years after this novel was written.",
        "Caroline Walcot",
        "2021-06-06",
        5.0,
        "David Baldacci always does his homework.",
    ),
    (
        "Scary that this could be true",
        "Shane Mackenzie",
        "2019-10-17",
        5.0,
        "A great read that shows how we can be fooled",
    ),
];

/// Each file that has reviews, and files that have none.
fn places(corpus: &Path) -> Row {
    let name = "google-places-legacy";
    let mut row = Row::new(name);
    for (file, expected) in expectations(corpus, "reviews.json") {
        if !file.contains("/google-places/") || !file.ends_with(".json") {
            continue;
        }
        let items = read(definition(name), &corpus.join(&file))
            .expect(&file)
            .items;
        let wanted: Vec<Wanted> = expected["items"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|review| Wanted {
                head: text_of(review, "text_head"),
                author: text_of(review, "author"),
                time: review["time"]
                    .as_i64()
                    .and_then(|at| chrono::DateTime::from_timestamp(at, 0))
                    .map(|at| at.to_rfc3339()),
                rating: number_of(&review["rating"]),
                ..Wanted::default()
            })
            .collect();
        let n = expected["n_reviews"].as_u64().expect("a count") as usize;
        row.file(&file, &items, n, &wanted);
    }
    row
}

fn trustpilot(corpus: &Path) -> Row {
    let name = "trustpilot-webhook";
    let mut row = Row::new(name);
    let file = "reviews/trustpilot/trustpilot-review-events.json";
    let items = read(definition(name), &corpus.join(file))
        .expect(file)
        .items;
    let expected = &expectations(corpus, "reviews.json")[file];
    let wanted: Vec<Wanted> = expected["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|review| Wanted {
            id: text_of(review, "id"),
            title: text_of(review, "title"),
            rating: number_of(&review["stars"]),
            // As the file itself says of both.
            author: Some("some one".to_owned()),
            time: Some("2022-07-08T22:41:48Z".to_owned()),
            head: Some("Some of the screens are to hard to navigate.".to_owned()),
            ..Wanted::default()
        })
        .collect();
    row.file(file, &items, wanted.len(), &wanted);
    row
}

/// Yelp's former interface, read with rules that a user would write.
fn by_paths(corpus: &Path) -> Row {
    let name = "json-api";
    let mut row = Row::new(name);
    let definition = filled(
        name,
        &[
            ("list", "reviews"),
            ("text", "excerpt"),
            ("link", "/url"),
            ("author", "user.name"),
            ("rating", "rating"),
            ("published", "time_created"),
        ],
    );
    for file in ["business__0", "business_locale__0"] {
        let file = format!("reviews/yelp-v2/{file}.json");
        let path = corpus.join(&file);
        let items = read(&definition, &path).expect(&file).items;
        let text = std::fs::read_to_string(&path).expect("a payload");
        let whole: Value = serde_json::from_str(&text).expect("JSON");
        let wanted: Vec<Wanted> = whole["reviews"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|review| Wanted {
                id: text_of(review, "id"),
                url: text_of(&whole, "url"),
                head: text_of(review, "excerpt"),
                author: text_of(&review["user"], "name"),
                rating: number_of(&review["rating"]),
                time: review["time_created"]
                    .as_i64()
                    .and_then(|at| chrono::DateTime::from_timestamp(at, 0))
                    .map(|at| at.to_rfc3339()),
                ..Wanted::default()
            })
            .collect();
        row.file(&file, &items, wanted.len(), &wanted);
    }
    row
}
