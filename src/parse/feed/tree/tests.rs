//! What strict parsers reject, and what hostile documents try.

use super::*;

fn outline(element: &Element) -> String {
    let mut text = String::new();
    for node in &element.children {
        match node {
            Node::Text(words) => text.push_str(words.trim()),
            Node::Element(child) => {
                text.push_str(&format!("({}{})", child.local, outline(child)));
            }
        }
    }
    text
}

#[track_caller]
fn check(xml: &str, expected: &str) {
    assert_eq!(outline(&read(xml, None).document), expected, "{xml:?}");
}

#[test]
fn what_strict_parsers_reject_is_read() {
    check("<a><b>x</b></a>", "(a(bx))");
    check(
        "<a>Tom & Jerry &eacute; &nope;</a>",
        "(aTom & Jerry é &nope;)",
    );
    check("<a><b>x</a>", "(a(bx))");
    check("<a>x</b></a>", "(ax)");
    check("<a>1 < 2</a>", "(a1 < 2)");
    check("<a><![CDATA[<b>&amp;]]></a>", "(a<b>&amp;)");
    check("<a>\u{8}x</a>", "(ax)");
    check("<r><item>1<item>2</item></r>", "(r(item1)(item2))");
    check("<a b=c d>x</a>", "(ax)");
    check("<a>&#x110000;&#0;x</a>", "(ax)");
    check("<a><!-- <b> -->x", "(ax)");
    check("<A>x</a>", "(Ax)");
}

#[test]
fn entities_of_the_document_are_known_but_cannot_blow_up() {
    check("<!DOCTYPE r [<!ENTITY co \"Acme\">]><r>&co;</r>", "(rAcme)");
    let mut bomb = String::from("<!DOCTYPE r [<!ENTITY a0 \"lol\">");
    for level in 1..30 {
        bomb.push_str(&format!(
            "<!ENTITY a{level} \"{}\">",
            format!("&a{};", level - 1).repeat(10)
        ));
    }
    bomb.push_str("]><r>&a29;</r>");
    let tree = read(&bomb, None);
    assert!(tree.document.text().len() < 2_000_000);
    assert!(!tree.repairs.is_empty());
}

#[test]
fn a_million_nested_elements_do_not_exhaust_the_stack() {
    let tree = read(&"<a>".repeat(1_000_000), None);
    assert!(tree.document.has_elements());
}

#[test]
fn bases_and_languages_are_inherited() {
    let base = Url::parse("http://example.org/feed").expect("a valid address");
    let tree = read(
        "<a xml:base='/dir/' xml:lang='tr'><b xml:base='sub/'/></a>",
        Some(&base),
    );
    let a = tree.document.elements().next().expect("an element");
    let b = a.elements().next().expect("an element");
    assert_eq!(
        b.base.as_ref().map(|base| base.as_str()),
        Some("http://example.org/dir/sub/")
    );
    assert_eq!(b.lang.as_deref(), Some("tr"));
}
