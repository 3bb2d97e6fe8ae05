use super::*;
use crate::domain::{FieldRules, Format, Kind, Rating};
use crate::parse::testing;

fn parse<T: std::str::FromStr<Err = String>>(text: &str) -> T {
    text.parse().expect(text)
}

fn reading() -> HtmlReading {
    let mapping = Mapping {
        list: vec![parse("li.review")],
        empty_if: Some(parse("/ .no-reviews")),
        skip_if: vec![parse(".advert")],
        kinds: vec![(parse("@data-kind = question"), Kind::Question)],
        brand_reply_if: vec![parse(".badge = Staff")],
        fields: FieldRules {
            native_id: vec![parse("@data-id")],
            url: vec![parse("a.more @href")],
            title: vec![parse("h3"), parse("/ h1")],
            text: vec![parse(".body")],
            html: vec![parse(".body @html")],
            author_name: vec![parse(".by | strip 'by '")],
            rating_value: vec![
                parse(".bar @style | stars-from-width"),
                parse("i.full @count"),
            ],
            published_at: vec![parse("time @datetime"), parse(".when")],
            ..FieldRules::default()
        },
        reply: Some(FieldRules {
            text: vec![parse(".answer p")],
            ..FieldRules::default()
        }),
    };
    HtmlReading {
        structured: false,
        mapping: Some(mapping),
    }
}

fn read_page(html: &str) -> Result<Parsed, ParseError> {
    let url = url::Url::parse("https://shop.example/p/1").expect("an address");
    let definition = testing::definition(Format::Feed);
    let answer = Answer {
        bytes: html.as_bytes(),
        url: Some(&url),
        at: "2026-03-02T12:00:00Z".parse().ok(),
        ..Answer::default()
    };
    read(&answer, &definition, &reading())
}

#[test]
fn entries_and_the_replies_in_them_are_read_by_selectors() {
    let parsed = read_page(
        r#"<h1>Kettle</h1><ul>
        <li class="review" data-id="7"><h3>Leaks</h3><div class="bar" style="width:40%"></div>
          <span class="by">by Jo</span><time datetime="2026-03-01T10:00:00+03:00">1 Mart</time>
          <p class="body">It leaks.<br>A <b>lot</b>.<script>x()</script></p><a class="more" href="/r/7">more</a>
          <div class="answer"><p>Please call us.</p></div></li>
        <li class="review advert"><p class="body">Buy!</p></li>
        <li class="review" data-id="8" data-kind="question"><i class="full"></i><i class="full"></i><i></i>
          <span class="when">3 gün önce</span><p class="body">Why?</p><b class="badge">Staff</b></li></ul>"#,
    )
    .expect("items");
    let [first, reply, second] = parsed.items.as_slice() else {
        panic!("three items, not {:?}", parsed.items);
    };
    assert_eq!(first.native_id.as_deref(), Some("7"));
    assert_eq!(first.url.as_deref(), Some("https://shop.example/r/7"));
    assert_eq!(first.text, "It leaks.\nA lot.");
    assert_eq!(first.html.as_deref(), Some("It leaks.<br>A <b>lot</b>."));
    assert_eq!(
        first.rating,
        Some(Rating {
            value: 2.0,
            best: 5.0
        })
    );
    assert_eq!(
        first.published_at.map(|at| at.to_rfc3339()).as_deref(),
        Some("2026-03-01T07:00:00+00:00")
    );
    let author = first.author.clone().unwrap_or_default();
    assert_eq!(author.name.as_deref(), Some("Jo"));
    assert!(reply.is_brand_reply);
    assert_eq!(reply.in_reply_to.as_deref(), Some("7"));
    assert_eq!(reply.text, "Please call us.");
    assert_eq!(second.kind, Kind::Question);
    assert_eq!(second.title.as_deref(), Some("Kettle"));
    assert_eq!(
        second.rating,
        Some(Rating {
            value: 2.0,
            best: 5.0
        })
    );
    assert_eq!(
        second.published_at.map(|at| at.to_rfc3339()).as_deref(),
        Some("2026-02-27T12:00:00+00:00")
    );
    assert!(second.is_brand_reply && !first.is_brand_reply);
}

#[test]
fn a_page_without_entries_is_an_error_unless_it_says_that_it_is_empty() {
    let error = read_page("<h1>Kettle</h1><p>New layout</p>").expect_err("no entries");
    assert_eq!(error.kind(), "not_a_feed");
    let parsed = read_page("<h1>Kettle</h1><p class='no-reviews'>Nothing yet</p>");
    assert_eq!(parsed, Ok(Parsed::default()));
    assert_eq!(read_page("{}").expect_err("JSON").kind(), "not_a_feed");
}
