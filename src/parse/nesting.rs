//! Refuses pages that were made to nest without end: the HTML parser looks through all
//! open elements at many tags, so its work grows with the square of the depth.

/// Real pages stay below a hundred.
const MAX_OPEN_ELEMENTS: usize = 2_000;
/// Drawings close their shapes with `/>`; outside a drawing the same sign closes nothing.
const MAX_SELF_CLOSED: usize = 20_000;

/// Elements without an end tag, and those whose end tag is usually left out.
const NOT_COUNTED: [&str; 28] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr", "p", "li", "dt", "dd", "option", "tr", "td", "th", "tbody", "thead", "tfoot",
    "html", "head", "body",
];

/// Elements whose content is no markup, however much it looks like it.
const RAW: [&str; 5] = ["script", "style", "textarea", "title", "noscript"];

/// Counts tags without parsing; the elements that this misjudges are few and bounded.
pub(super) fn is_too_deep(source: &str) -> bool {
    let mut n_open: usize = 0;
    let mut n_self_closed: usize = 0;
    let mut rest = source;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.find("-->").map_or("", |end| &comment[end..]);
            continue;
        }
        let is_end = rest.starts_with('/');
        let after = rest.trim_start_matches('/');
        let name_end = after
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(after.len());
        let name = after[..name_end].to_ascii_lowercase();
        if name.is_empty() || NOT_COUNTED.contains(&name.as_str()) {
            continue;
        }
        if is_end {
            n_open = n_open.saturating_sub(1);
            continue;
        }
        if RAW.contains(&name.as_str()) {
            rest = behind_end_tag(after, &name);
            continue;
        }
        let tag = &after[..after.find('>').unwrap_or(after.len())];
        if tag.ends_with('/') {
            n_self_closed += 1;
        } else {
            n_open += 1;
        }
        if n_open > MAX_OPEN_ELEMENTS || n_self_closed > MAX_SELF_CLOSED {
            return true;
        }
    }
    false
}

/// What follows the end tag of a raw element; nothing when it is never closed.
fn behind_end_tag<'s>(source: &'s str, name: &str) -> &'s str {
    let mut rest = source;
    while let Some(start) = rest.find("</") {
        rest = &rest[start + 2..];
        let is_it = rest
            .get(..name.len())
            .is_some_and(|found| found.eq_ignore_ascii_case(name));
        if is_it {
            return &rest[name.len()..];
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_pages_are_fine_and_deep_ones_are_not() {
        assert!(!is_too_deep(&"<div><p>a<br><li>b</div>".repeat(20_000)));
        assert!(!is_too_deep(&"<svg><path d='M0'/></svg>".repeat(5_000)));
        let script = format!("<script>{}</script>", "if(i<n)x='<div>';".repeat(9_000));
        assert!(!is_too_deep(&script));
        assert!(!is_too_deep(&format!("<!-- {} -->", "<div>".repeat(9_000))));
        assert!(is_too_deep(&"<div>".repeat(2_001)));
        assert!(is_too_deep(&"<i/>".repeat(20_001)));
    }
}
