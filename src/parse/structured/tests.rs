//! What pages write, and what is read from it.

use super::*;
use crate::domain::{Format, HtmlReading, Kind, Limits, Rating, Request, Verified};

fn page(html: &str) -> Page {
    try_page(html).expect("a page")
}

fn try_page(html: &str) -> Result<Page, ParseError> {
    let definition = Definition {
        name: "reviews-page".to_owned(),
        title: "Page".to_owned(),
        summary: String::new(),
        help: String::new(),
        kind: Kind::Review,
        format: Format::Html(HtmlReading::SchemaOrg),
        params: Vec::new(),
        request: Request::default(),
        paging: None,
        limits: Limits::default(),
        terms: None,
        verified: Verified::Sample,
        keyless: true,
        sample: None,
    };
    let url = Url::parse("https://shop.example/p/1").expect("an address");
    let answer = Answer {
        bytes: html.as_bytes(),
        content_type: Some("text/html; charset=utf-8"),
        url: Some(&url),
    };
    read_page(&answer, &definition)
}

fn json_ld(block: &str) -> Page {
    page(&format!(
        "<html><head><script type='application/ld+json'>{block}</script></head></html>"
    ))
}

#[test]
fn references_inside_the_page_are_followed() {
    let page = json_ld(
        r##"{"@context":"https://schema.org","@graph":[
          {"@type":"Product","@id":"#p","name":"Kettle","review":[{"@id":"#r1"}]},
          {"@type":["Review","Thing"],"@id":"#r1","author":{"@id":"#ellie"},"reviewRating":{"@id":"#stars"},
           "reviewBody":"a<br>b","datePublished":"2026-01-02","inLanguage":"de"},
          {"@type":"Person","@id":"#ellie","name":"Ellie","url":"/u/ellie"},
          {"@type":"Rating","@id":"#stars","ratingValue":"80","bestRating":100}]}"##,
    );
    let [item] = page.items.as_slice() else {
        panic!("one review, not {}", page.items.len());
    };
    assert_eq!(
        item.native_id.as_deref(),
        Some("https://shop.example/p/1#r1")
    );
    assert_eq!(item.text, "a\nb");
    assert_eq!(
        item.rating,
        Some(Rating {
            value: 80.0,
            best: 100.0
        })
    );
    assert_eq!(item.lang.as_deref(), Some("de"));
    let author = item.author.clone().expect("an author");
    assert_eq!(author.name.as_deref(), Some("Ellie"));
    assert_eq!(author.url.as_deref(), Some("https://shop.example/u/ellie"));
}

#[test]
fn only_the_brand_s_own_comments_are_replies() {
    let page = json_ld(
        r#"{"@type":"LocalBusiness","name":"Acme Café","url":"https://acme.example/","review":{
          "@type":"Review","author":"Jo","reviewBody":"Cold tea.","comment":[
            {"@type":"Comment","author":{"@type":"Person","name":"Bo"},"text":"Same here."},
            {"@type":"Comment","author":{"@type":"Person","name":"Acme Café"},"text":"Sorry!","dateCreated":"2026-01-03T10:00:00Z"}]}}"#,
    );
    let texts: Vec<_> = page
        .items
        .iter()
        .map(|item| (item.text.as_str(), item.is_brand_reply))
        .collect();
    assert_eq!(texts, [("Cold tea.", false), ("Sorry!", true)]);
    assert_eq!(page.items[0].url.as_deref(), Some("https://acme.example/"));
    assert_eq!(
        page.items[1].in_reply_to.as_deref(),
        Some("https://acme.example/")
    );
}

#[test]
fn counts_of_reviews_and_of_ratings_are_kept_apart() {
    let page = json_ld(
        r#"{"@type":"Product","name":"Kettle","aggregateRating":{"@type":"AggregateRating","ratingValue":"4,2","reviewCount":"11","ratingCount":1250}}"#,
    );
    let [aggregate] = page.aggregates.as_slice() else {
        panic!("one aggregate");
    };
    assert_eq!(aggregate.of.as_deref(), Some("Kettle"));
    assert_eq!(aggregate.value, Some(4.2));
    assert_eq!(
        (aggregate.n_reviews, aggregate.n_ratings),
        (Some(11), Some(1250))
    );
}

#[test]
fn microdata_is_read_with_references_and_links() {
    let page = page(
        r#"<div itemscope itemtype="http://schema.org/Product" itemref="more">
            <h1 itemprop="name">Kettle</h1>
            <div itemprop="review" itemscope itemtype="http://schema.org/Review">
              <a itemprop="author" href="/u/jo">Jo</a>
              <b itemprop="name">Fine</b>
              <div itemprop="reviewBody"><p>One.</p><p>Two.</p></div>
              <time itemprop="datePublished" datetime="2026-02-03">yesterday</time>
              <span itemprop="reviewRating" itemscope itemtype="http://schema.org/Rating">
                <span itemprop="ratingValue">4</span>/<span itemprop="bestRating">5</span></span>
            </div></div>
          <div id="more"><div itemprop="review" itemscope itemtype="http://schema.org/Review">
              <span itemprop="reviewBody">Elsewhere.</span></div></div>"#,
    );
    let texts: Vec<_> = page.items.iter().map(|item| item.text.as_str()).collect();
    assert_eq!(texts, ["One.\nTwo.", "Elsewhere."]);
    let first = &page.items[0];
    assert_eq!(first.title.as_deref(), Some("Fine"));
    assert_eq!(
        first.rating,
        Some(Rating {
            value: 4.0,
            best: 5.0
        })
    );
    assert_eq!(
        first
            .author
            .as_ref()
            .and_then(|author| author.url.as_deref()),
        Some("https://shop.example/u/jo")
    );
    assert_eq!(
        first.published_at.map(|at| at.to_rfc3339()),
        Some("2026-02-03T00:00:00+00:00".to_owned())
    );
}

#[test]
fn the_same_review_in_two_notations_is_one() {
    let page = page(
        r#"<script type="application/ld+json">{"@type":"Review","author":"Jo","reviewBody":"Good  tea."}</script>
          <div itemscope itemtype="https://schema.org/Review"><i itemprop="author">Jo</i><p itemprop="reviewBody">Good tea.</p></div>
          <div itemscope itemtype="https://schema.org/Review"><i itemprop="author">Bo</i><p itemprop="reviewBody">Bad tea.</p></div>"#,
    );
    assert_eq!(page.items.len(), 2);
}

#[test]
fn hostile_pages_end() {
    let nested = "<div itemscope itemprop=review itemtype=Review>";
    let _ = page(&nested.repeat(1_000));
    let error = try_page(&nested.repeat(50_000)).expect_err("far too deep");
    assert_eq!(error.kind(), "broken");
    let _ =
        page("<div itemscope itemref='a' id=a><p id=b itemprop=x itemscope itemref='a b'></div>");
    let _ = json_ld(&"{\"review\":".repeat(10_000));
    let _ = json_ld(&"<!--".repeat(50_000));
}
