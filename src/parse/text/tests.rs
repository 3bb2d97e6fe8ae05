//! What markup becomes, a line each.

use super::*;

#[track_caller]
fn check(html: &str, expected: &str) {
    assert_eq!(plain_from_html(html), expected, "{html:?}");
}

#[test]
fn html_becomes_the_text_a_reader_sees() {
    check("<p>One</p><p>Two<br/>three</p>", "One\nTwo\nthree");
    check("a <b>bold</b>\n  word", "a bold word");
    check("<script>alert('x')</script>kept<style>p{}</style>", "kept");
    check("<noscript>no</noscript><p>yes</p>", "yes");
    check(
        "Tom &amp; Jerry &#8217; &#146; &nbsp; x",
        "Tom & Jerry ’ ’ x",
    );
    check("&amp;lt;b&amp;gt;", "&lt;b&gt;");
    check(
        "5 < 6 and <john@example.org> wrote",
        "5 < 6 and <john@example.org> wrote",
    );
    check("plain\n\nlines  stay", "plain\nlines stay");
    check("<pre>one\n two</pre>", "one\ntwo");
    check("<table><tr><td>a</td><td>b</td></tr></table>", "a b");
    check("cut <a href=\"http://exam", "cut");
    check("<a title=\"a > b\">link</a>", "link");
    check("bad &#x110000; &#0; &unknown; &", "bad &unknown; &");
    check("<!-- note -->text<![CDATA[ <raw> ]]>", "text <raw>");
    check("నమస్తే <i>ప్రపంచం</i>", "నమస్తే ప్రపంచం");
}

#[test]
fn titles_stay_on_one_line_and_text_keeps_its_brackets() {
    assert_eq!(
        plain_title("<b> in a\n text title", false),
        "<b> in a text title"
    );
    assert_eq!(plain_title("<b>bold</b> &amp; more", true), "bold & more");
}

#[test]
fn html_is_told_from_text_with_brackets() {
    for (text, expected) in [
        ("plain", false),
        ("a < b", false),
        ("The <b> tag", false),
        ("<b>bold</b>", true),
        ("line<br>line", true),
        ("Tom &amp; Jerry", true),
        ("Tom & Jerry", false),
        ("AT&T; x", false),
    ] {
        assert_eq!(looks_like_html(text), expected, "{text:?}");
    }
}

#[test]
fn nothing_that_runs_survives() {
    for html in [
        "<script>alert(1)</script>",
        "<a href=\"javascript:alert(1)\">x</a>",
        "<img src=x onerror=alert(1)>",
        "<div style=\"background:url(javascript:1)\">x</div>",
        "<a href=\" &#106;avascript:alert(1)\">x</a>",
        "<iframe src=\"https://example.org\"></iframe>",
    ] {
        let clean = sanitise(html);
        for wrong in ["<script", "javascript", "onerror", "style=", "<iframe"] {
            assert!(!clean.contains(wrong), "{html:?} became {clean:?}");
        }
    }
}

#[test]
fn relative_links_get_the_base() {
    let base = Url::parse("https://example.org/blog/").expect("a valid address");
    let clean = Sanitiser::new(Some(&base)).clean("<a href=\"post\">x</a>");
    assert!(clean.contains("https://example.org/blog/post"), "{clean}");
}
