//! What feeds of every format become.

use url::Url;

use super::*;

const ATOM: &str = include_str!("../../../tests/fixtures/feeds/atom.xml");
const RSS: &str = include_str!("../../../tests/fixtures/feeds/rss.xml");
const RDF: &str = include_str!("../../../tests/fixtures/feeds/rdf.xml");
const JSON: &str = include_str!("../../../tests/fixtures/feeds/feed.json");
const BROKEN: &[u8] = include_bytes!("../../../tests/fixtures/feeds/broken.xml");

fn parsed(text: impl AsRef<[u8]>) -> Parsed {
    let url = Url::parse("https://example.org/blog/feed.xml").expect("a valid address");
    let answer = Answer {
        bytes: text.as_ref(),
        content_type: None,
        url: Some(&url),
        at: None,
    };
    read(&answer, "feed", Kind::Article).expect("a feed")
}

fn only(text: &str) -> Item {
    let mut items = parsed(text).items;
    assert_eq!(items.len(), 1, "{text}");
    items.remove(0)
}

/// An RSS item with this inside.
fn rss(inside: &str) -> Item {
    only(&format!(
        "<rss version=\"2.0\"><channel><item>{inside}</item></channel></rss>"
    ))
}

/// An Atom entry with this inside.
fn atom(inside: &str) -> Item {
    only(&format!(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\"><entry>{inside}</entry></feed>"
    ))
}

fn error(bytes: &[u8]) -> ParseError {
    let answer = Answer {
        bytes,
        content_type: None,
        url: None,
        at: None,
    };
    read(&answer, "feed", Kind::Article).expect_err("no feed")
}

fn time(item: &Item) -> (Option<String>, Option<String>) {
    let write = |date: chrono::DateTime<chrono::Utc>| {
        date.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
    };
    (item.published_at.map(write), item.updated_at.map(write))
}

#[test]
fn rss_is_read() {
    let feed = parsed(RSS);
    assert_eq!(feed.min_interval_secs, Some(1_800));
    assert_eq!(
        feed.next_page.as_deref(),
        Some("https://example.org/blog/feed.xml?page=2")
    );
    assert_eq!(feed.items.len(), 3);
    let first = &feed.items[0];
    assert_eq!(first.native_id.as_deref(), Some("acme-1"));
    assert_eq!(first.url.as_deref(), Some("https://example.org/posts/1"));
    assert_eq!(first.title.as_deref(), Some("Acme & the late parcel"));
    assert_eq!(
        first.text,
        "My parcel never came.\nNobody answers the phone."
    );
    assert_eq!(
        first
            .author
            .as_ref()
            .and_then(|author| author.name.as_deref()),
        Some("Ann Lee")
    );
    assert_eq!(first.lang.as_deref(), Some("en-GB"));
    assert_eq!(first.engagement.replies, 7);
    assert_eq!(time(first), (Some("2026-03-01T10:20:30Z".to_owned()), None));
    let html = first.html.as_deref().expect("the body holds markup");
    assert!(
        html.contains("https://example.org/blog/phone") && !html.contains("script"),
        "{html}"
    );
    // A permalink stands for a missing link, and an item without anything is still one.
    assert_eq!(
        feed.items[1].url.as_deref(),
        Some("https://example.org/posts/2")
    );
    assert_eq!(feed.items[1].text, "Kargo üç gündür yok");
    assert_eq!(feed.items[2].native_id, None);
    assert_eq!(
        feed.items[2].title.as_deref(),
        Some("No id, no link, no date")
    );
}

#[test]
fn atom_is_read() {
    let feed = parsed(ATOM);
    assert_eq!(feed.items.len(), 2);
    let first = &feed.items[0];
    assert_eq!(first.native_id.as_deref(), Some("tag:example.org,2026:1"));
    assert_eq!(
        first.url.as_deref(),
        Some("https://example.org/base/one.html")
    );
    assert_eq!(first.title.as_deref(), Some("1 < 2 & more"));
    assert_eq!(first.text, "Good\nservice");
    assert_eq!(first.in_reply_to.as_deref(), Some("tag:example.org,2026:0"));
    assert_eq!(first.engagement.replies, 3);
    let author = first.author.as_ref().expect("an author");
    assert_eq!(author.name.as_deref(), Some("Ann, Ben"));
    assert_eq!(author.url.as_deref(), Some("https://example.org/ann"));
    assert_eq!(first.lang.as_deref(), Some("tr"));
    let second = &feed.items[1];
    assert_eq!(
        second
            .author
            .as_ref()
            .and_then(|author| author.name.as_deref()),
        Some("The editors")
    );
    assert_eq!(
        time(second),
        (None, Some("2026-03-02T00:00:00Z".to_owned()))
    );
    assert_eq!(second.lang.as_deref(), Some("en"));
}

#[test]
fn rdf_and_json_feed_are_read() {
    let items = parsed(RDF).items;
    assert_eq!(items.len(), 2);
    assert_eq!(items[0].native_id.as_deref(), Some("https://example.org/a"));
    assert_eq!(time(&items[0]).0.as_deref(), Some("2026-01-05T08:00:00Z"));
    let feed = parsed(JSON);
    assert_eq!(
        feed.next_page.as_deref(),
        Some("https://example.org/feed.json?p=2")
    );
    assert_eq!(feed.items.len(), 2);
    assert_eq!(feed.items[0].native_id.as_deref(), Some("17"));
    assert_eq!(feed.items[0].text, "Hello\nworld");
    assert_eq!(feed.items[0].lang.as_deref(), Some("te"));
    assert_eq!(
        feed.items[1]
            .author
            .as_ref()
            .and_then(|author| author.name.as_deref()),
        Some("Team")
    );
}

#[test]
fn a_feed_broken_in_many_ways_is_read_and_says_so() {
    let feed = parsed(BROKEN);
    assert_eq!(feed.items.len(), 3);
    assert_eq!(feed.items[0].title.as_deref(), Some("Fish & chips – café"));
    assert_eq!(
        feed.items[1].url.as_deref(),
        Some("https://example.org/?a=1&b=2")
    );
    assert_eq!(feed.items[2].text, "bold and not closed");
    assert!(feed.notes.len() >= 3, "{:?}", feed.notes);
}

#[test]
fn titles_keep_what_their_type_says() {
    for (inside, title) in [
        (
            "<title>&lt;b&gt; in a text title</title>",
            "<b> in a text title",
        ),
        (
            "<title type='html'>&lt;b&gt;bold&lt;/b&gt; &amp;amp; more</title>",
            "bold & more",
        ),
        (
            "<title type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>Less: <em> &lt; </em></div></title>",
            "Less: <",
        ),
        ("<title>two\n lines</title>", "two lines"),
    ] {
        assert_eq!(atom(inside).title.as_deref(), Some(title), "{inside}");
    }
    for (inside, title) in [
        ("<title>The &lt;b&gt; tag</title>", "The <b> tag"),
        (
            "<title>&lt;i&gt;Acme&lt;/i&gt; &amp;amp; Co</title>",
            "Acme & Co",
        ),
        ("<title>AT&amp;T</title>", "AT&T"),
        ("<title><b>raw</b> markup</title>", "raw markup"),
    ] {
        assert_eq!(rss(inside).title.as_deref(), Some(title), "{inside}");
    }
}

#[test]
fn other_vocabularies_never_replace_the_items_own_fields() {
    let item = rss(
        "<media:title xmlns:media='http://search.yahoo.com/mrss/'>Picture</media:title>\
         <x:link xmlns:x='urn:x'>https://elsewhere.example</x:link>\
         <itunes:title>Episode</itunes:title><title>Own</title><link>https://example.org/own</link>\
         <media:description>Caption</media:description><description>Body</description>",
    );
    assert_eq!(item.title.as_deref(), Some("Own"));
    assert_eq!(item.url.as_deref(), Some("https://example.org/own"));
    assert_eq!(item.text, "Body");
    let item = rss(
        "<media:group><media:title>Film</media:title><media:description>About it</media:description></media:group>",
    );
    assert_eq!(
        (item.title.as_deref(), item.text.as_str()),
        (Some("Film"), "About it")
    );
}

#[test]
fn dates_are_never_filled_from_each_other() {
    let updated = atom("<updated>2026-03-02T00:00:00Z</updated>");
    assert_eq!(
        time(&updated),
        (None, Some("2026-03-02T00:00:00Z".to_owned()))
    );
    let published = rss("<pubDate>Sun, 01 Mar 2026 10:00:00 PST</pubDate>");
    assert_eq!(
        time(&published),
        (Some("2026-03-01T18:00:00Z".to_owned()), None)
    );
    assert_eq!(time(&rss("<pubDate>02/03/2026</pubDate>")), (None, None));
}

#[test]
fn dangerous_and_relative_links() {
    assert_eq!(rss("<link>javascript:alert(1)</link>").url, None);
    assert_eq!(
        rss("<link>/a b</link>").url.as_deref(),
        Some("https://example.org/a%20b")
    );
    assert_eq!(rss("<guid>not a link</guid>").url, None);
    assert_eq!(
        rss("<guid isPermaLink='false'>https://example.org/x</guid>").url,
        None
    );
    assert_eq!(
        rss("<atom:link rel='self' href='https://example.org/self'/><guid>https://example.org/g</guid>").url.as_deref(),
        Some("https://example.org/g")
    );
}

#[test]
fn what_is_no_feed_is_named() {
    let not_a_feed = |bytes: &[u8], part: &str| match error(bytes) {
        ParseError::NotAFeed(message) => assert!(message.contains(part), "{message}"),
        other => panic!("{other:?}"),
    };
    not_a_feed(
        b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>x</body></html>",
        "'Sign in'",
    );
    not_a_feed(b"<opml version='2.0'><body/></opml>", "OPML");
    not_a_feed(b"Too many requests", "Too many requests");
    not_a_feed(b"{\"error\":\"no\"}", "JSON document with error");
    not_a_feed(b"[1,2]", "JSON list");
    assert_eq!(error(b""), ParseError::Empty);
    assert_eq!(error(b" \n\xef\xbb\xbf "), ParseError::Empty);
    assert!(matches!(
        error(b"{\"version\":\"https://jsonfeed.org/version/1\",\"items\":["),
        ParseError::Broken(_)
    ));
    assert!(matches!(
        error(b"<rss><channel><title>cut"),
        ParseError::Broken(_)
    ));
    assert!(matches!(
        error(&[0x1f, 0x8b, 8, 0, 1, 2, 3]),
        ParseError::Broken(_)
    ));
}

#[test]
fn a_feed_without_entries_is_no_error() {
    for text in [
        "<rss version='2.0'><channel><title>Quiet</title></channel></rss>",
        "<feed xmlns='http://www.w3.org/2005/Atom'/>",
        "{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"Quiet\",\"items\":[]}",
    ] {
        assert!(parsed(text).items.is_empty(), "{text}");
    }
}

#[test]
fn compressed_bytes_that_nobody_announced_are_unpacked_but_not_without_bound() {
    use std::io::Write as _;
    let pack = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).expect("memory can be written");
        encoder.finish().expect("memory can be written")
    };
    let answer = |bytes: &[u8]| {
        let answer = Answer {
            bytes,
            content_type: None,
            url: None,
            at: None,
        };
        read(&answer, "feed", Kind::Article)
    };
    assert_eq!(
        answer(&pack(RSS.as_bytes())).expect("a feed").items.len(),
        3
    );
    let bomb = pack(&vec![b' '; 40 * 1024 * 1024]);
    assert!(matches!(answer(&bomb), Err(ParseError::TooLarge { .. })));
}

#[test]
fn an_entry_that_was_cut_off_is_kept_when_it_can_be_told_again() {
    let start = "<rss version='2.0'><channel><item><guid>1</guid><title>One</title></item>";
    assert_eq!(
        parsed(format!("{start}<item><guid>2</guid><title>Tw"))
            .items
            .len(),
        2
    );
    assert_eq!(parsed(format!("{start}<item><title>Tw")).items.len(), 1);
}

#[test]
fn fifty_thousand_entries_are_read() {
    let mut xml = String::from("<rss version='2.0'><channel>");
    for number in 0..50_000 {
        xml.push_str(&format!(
            "<item><guid>{number}</guid><link>https://example.org/{number}</link><title>Entry {number}</title>\
             <description>Acme again</description></item>"
        ));
    }
    xml.push_str("</channel></rss>");
    assert_eq!(parsed(&xml).items.len(), 50_000);
}

#[test]
fn hostile_input_is_read_or_refused_but_never_panics() {
    let nested = "<div>".repeat(50_000);
    for text in [
        "<",
        "<rss",
        "<rss><channel><item",
        "<rss><channel><item><title a='",
        "<rss><![CDATA[",
        "<!DOCTYPE",
        "<!DOCTYPE r [",
        "<?xml",
        "<rss xmlns=''><channel xmlns:='x'><item :a='1' xml:base='::'><link>::</link></item></channel></rss>",
        "<rss><channel><item><pubDate>\u{0}é日</pubDate></item></channel></rss>",
        &format!("<rss><channel><item><description>{nested}</description></item></channel></rss>"),
        "</rss></rss></rss>",
        "{\"version\":\"jsonfeed\",\"items\":[null,1,{\"id\":{}},{\"authors\":[null]}]}",
    ] {
        let answer = Answer {
            bytes: text.as_bytes(),
            content_type: Some("text/xml; charset="),
            url: None,
            at: None,
        };
        // Both outcomes are right; reaching the next line is the test.
        drop(read(&answer, "feed", Kind::Article));
    }
}

#[test]
fn an_author_whose_address_is_followed_by_a_wide_character_is_read() {
    // Found by tests/it/fuzz.rs: feed-rs 3.0.0 panics on it.
    let parsed = parsed(
        "<rss version=\"2.0\"><channel><managingEditor>x@example.org—X</managingEditor><item>\
         <title>t</title><author>ann@example.org—Ann Lee</author></item></channel></rss>",
    );
    assert_eq!(parsed.items.len(), 1);
    assert_eq!(parsed.notes, Vec::<String>::new());
    assert!(parsed.items[0].author.is_some());
}
