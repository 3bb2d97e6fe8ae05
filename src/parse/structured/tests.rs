//! What pages write, and what is read from it.

use url::Url;

use super::*;
use crate::domain::{Format, Kind, Rating};
use crate::parse::testing;

fn page(html: &str) -> Page {
    try_page(html).expect("a page")
}

fn try_page(html: &str) -> Result<Page, ParseError> {
    let definition = Definition {
        kind: Kind::Review,
        ..testing::definition(Format::Feed)
    };
    let url = Url::parse("https://shop.example/p/1").expect("an address");
    let answer = Answer {
        bytes: html.as_bytes(),
        content_type: Some("text/html; charset=utf-8"),
        url: Some(&url),
        at: None,
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

#[test]
fn items_of_two_names_inside_each_other_do_not_double_for_ever() {
    // Found by tests/it/fuzz.rs: some hundred bytes took all memory there was.
    let open = "<div itemscope itemprop=\"review reviews\" itemtype=\"https://schema.org/Review\">";
    let page = format!(
        "<html><body>{}<p itemprop=reviewBody>It broke</p>{}</body></html>",
        open.repeat(60),
        "</div>".repeat(60)
    );
    let found = scraper::Html::parse_document(&page);
    let items = super::microdata::items(&found);
    let written = serde_json::to_string(&items).expect("values are JSON");
    assert!(written.contains("It broke"));
    assert!(written.len() < 2_000_000, "{} bytes", written.len());
}

#[test]
fn reviews_in_rdfa_are_read_like_those_in_microdata() {
    let page = page(
        r#"<div vocab="https://schema.org/" typeof="Product"><h1 property="name">Kettle</h1>
        <div property="aggregateRating" typeof="AggregateRating"><span property="ratingValue">3.5</span>
          of <meta property="bestRating" content="5"><span property="reviewCount">11</span> reviews,
          <span property="ratingCount">40</span> ratings</div>
        <div property="review" typeof="Review"><b property="name">Leaks</b> by
          <span property="author" typeof="Person"><a property="url" href="/u/7"><i property="name">Ellie</i></a></span>
          <meta property="datePublished" content="2026-03-01">
          <div property="reviewRating" typeof="Rating"><span property="ratingValue">1</span>/<span property="bestRating">5</span></div>
          <p property="reviewBody">It leaks.<br>Twice.</p></div></div>"#,
    );
    let [review] = page.items.as_slice() else {
        panic!("one review, not {:?}", page.items);
    };
    assert_eq!(review.title.as_deref(), Some("Leaks"));
    assert_eq!(review.text, "It leaks.\nTwice.");
    let author = review.author.clone().unwrap_or_default();
    assert_eq!(author.name.as_deref(), Some("Ellie"));
    assert_eq!(author.url.as_deref(), Some("https://shop.example/u/7"));
    assert_eq!(
        review.rating,
        Some(Rating {
            value: 1.0,
            best: 5.0
        })
    );
    assert!(review.published_at.is_some());
    assert_eq!(
        page.aggregates,
        [Aggregate {
            of: Some("Kettle".to_owned()),
            value: Some(3.5),
            best: Some(5.0),
            worst: None,
            n_reviews: Some(11),
            n_ratings: Some(40),
        }]
    );
}

#[test]
fn the_old_vocabulary_in_rdfa_means_the_same() {
    let page = page(
        r#"<div xmlns:v="http://rdf.data-vocabulary.org/#" typeof="v:Review">
        <span property="v:itemreviewed">L'Amour</span> by <span property="v:reviewer">Ulysses</span>
        on <span property="v:dtreviewed" content="2026-01-06">Jan 6</span>
        <span property="v:summary">Delightful</span><span property="v:description">Crisp and light.</span>
        <span rel="v:rating"><span typeof="v:Rating"><b property="v:value">8</b>/<i property="v:best">10</i></span></span></div>
        <div xmlns:v="http://rdf.data-vocabulary.org/#" typeof="v:Review-aggregate">
        <span property="v:itemreviewed">L'Amour</span><span rel="v:rating"><span typeof="v:Rating">
        <b property="v:average">9</b> of <i property="v:best">10</i></span></span>
        <span property="v:votes">24</span> votes, <span property="v:count">5</span> reviews</div>"#,
    );
    let [review] = page.items.as_slice() else {
        panic!("one review, not {:?}", page.items);
    };
    assert_eq!(review.text, "Crisp and light.");
    assert_eq!(review.title.as_deref(), Some("Delightful"));
    assert_eq!(
        review.rating,
        Some(Rating {
            value: 8.0,
            best: 10.0
        })
    );
    let [aggregate] = page.aggregates.as_slice() else {
        panic!("one aggregate, not {:?}", page.aggregates);
    };
    assert_eq!(aggregate.of.as_deref(), Some("L'Amour"));
    assert_eq!((aggregate.value, aggregate.best), (Some(9.0), Some(10.0)));
    assert_eq!(
        (aggregate.n_reviews, aggregate.n_ratings),
        (Some(5), Some(24))
    );
}

#[test]
fn microformats_of_both_versions_are_read() {
    let page = page(
        r#"<div class="hreview"><span class="item vcard"><b class="fn">Crepes</b></span>
        <abbr class="rating" title="4">****</abbr><h4 class="summary">Lovely</h4>
        <span class="reviewer vcard"><a class="url fn" href="/t">Tantek</a></span>
        <time class="dtreviewed" datetime="2026-03-01T10:00Z">March 1st</time>
        <div class="description"><p>Good <b>food</b>.</p><p>Slow.</p></div>
        <a rel="self bookmark" href="/r/1">link</a></div>
        <div class="h-review"><a class="p-item h-item"><span class="p-name">Cafe</span></a>
        <span class="p-name">Dull</span><a class="p-author h-card" href="/b">Bo</a>
        <time class="dt-published" datetime="2026-03-02"></time>
        <data class="p-rating" value="2">**</data> of <span class="p-best">10</span>
        <div class="e-content">Cold.</div><a class="u-url" href="/r/2"></a></div>
        <div class="hreview-aggregate"><span class="item"><span class="fn">Crepes</span></span>
        <span class="rating"><span class="average">9.2</span>/<span class="best">10</span></span>
        <span class="count">6</span> reviews <span class="votes">20</span> votes</div>"#,
    );
    let [first, second] = page.items.as_slice() else {
        panic!("two reviews, not {:?}", page.items);
    };
    assert_eq!(first.title.as_deref(), Some("Lovely"));
    assert_eq!(first.text, "Good food.\nSlow.");
    assert_eq!(first.url.as_deref(), Some("https://shop.example/r/1"));
    assert_eq!(
        first.rating,
        Some(Rating {
            value: 4.0,
            best: 5.0
        })
    );
    let author = first.author.clone().unwrap_or_default();
    assert_eq!(author.name.as_deref(), Some("Tantek"));
    assert_eq!(second.title.as_deref(), Some("Dull"));
    assert_eq!(second.text, "Cold.");
    assert_eq!(
        second.rating,
        Some(Rating {
            value: 2.0,
            best: 10.0
        })
    );
    let author = second.author.clone().unwrap_or_default();
    assert_eq!(author.name.as_deref(), Some("Bo"));
    assert!(first.published_at.is_some() && second.published_at.is_some());
    let [aggregate] = page.aggregates.as_slice() else {
        panic!("one aggregate, not {:?}", page.aggregates);
    };
    assert_eq!((aggregate.value, aggregate.best), (Some(9.2), Some(10.0)));
    assert_eq!(
        (aggregate.n_reviews, aggregate.n_ratings),
        (Some(6), Some(20))
    );
}
