//! A place on a web page, seen from one of its entries.

use std::str::FromStr;

use scraper::Selector;

/// What is taken from the element that a selector leads to.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Take {
    /// Its text, as a reader sees it.
    #[default]
    Text,
    /// The HTML inside it: `@html`.
    Html,
    /// An attribute: `@href`.
    Attribute(String),
    /// How many elements the selector finds: `@count`, for stars that are pictures.
    Count,
}

/// A place on a page: `.title`, `a.more @href`, `@data-id` for an attribute of the entry
/// itself, `.` for the entry itself, `schema:reviewBody` for a property of schema.org in
/// microdata or RDFa. With `/` in front it is looked for on the whole page.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct CssPlace {
    /// Whether it is looked for on the whole page instead of inside the entry.
    pub from_page: bool,
    /// Which element; `None` is the entry itself.
    pub selector: Option<Selector>,
    /// What is taken from it.
    pub take: Take,
    /// The name of the property, where it is one of schema.org: its value stands in
    /// different attributes for different elements.
    pub property: Option<String>,
}

impl FromStr for CssPlace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err("the selector is empty".to_owned());
        }
        let (from_page, rest) = match text.strip_prefix('/') {
            Some(rest) => (true, rest.trim_start()),
            None => (false, text),
        };
        if let Some(name) = rest.strip_prefix("schema:") {
            let fine = |c: char| c.is_ascii_alphanumeric();
            if name.is_empty() || !name.chars().all(fine) {
                return Err(format!("`{name}` is not a property of schema.org"));
            }
            let selector =
                format!("[itemprop~={name}], [property~={name}], [property$=\":{name}\"]");
            return Ok(Self {
                from_page,
                selector: Some(compile(&selector)?),
                take: Take::Text,
                property: Some(name.to_owned()),
            });
        }
        let (selector, take) = match rest.rsplit_once('@') {
            // `[href*="@"]` and `a[title="x @y"]` are no attributes to take.
            Some((selector, name)) if is_attribute(name) && is_outside(selector) => {
                let take = match name.trim() {
                    "html" => Take::Html,
                    "text" => Take::Text,
                    "count" => Take::Count,
                    name => Take::Attribute(name.to_ascii_lowercase()),
                };
                (selector.trim(), take)
            }
            _ => (rest, Take::Text),
        };
        let selector = match selector {
            "" | "." => None,
            selector => Some(compile(selector)?),
        };
        Ok(Self {
            from_page,
            selector,
            take,
            property: None,
        })
    }
}

fn is_attribute(name: &str) -> bool {
    let name = name.trim();
    !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_:".contains(c))
}

fn is_outside(selector: &str) -> bool {
    selector.matches('[').count() == selector.matches(']').count()
        && (selector.is_empty() || selector == "." || selector.ends_with(char::is_whitespace))
}

fn compile(selector: &str) -> Result<Selector, String> {
    Selector::parse(selector)
        .map_err(|_| format!("`{selector}` is not a CSS selector that is understood"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, has_selector: bool, take: Take) {
        let place: CssPlace = text.parse().expect(text);
        assert_eq!((place.selector.is_some(), place.take), (has_selector, take));
    }

    #[test]
    fn selectors_say_what_is_taken() {
        let attribute = |name: &str| Take::Attribute(name.to_owned());
        check(".title", true, Take::Text);
        check("a.more @href", true, attribute("href"));
        check("@data-id", false, attribute("data-id"));
        check(".", false, Take::Text);
        check(". @html", false, Take::Html);
        check("a[href*=\"@\"]", true, Take::Text);
        check("i.star:not(.empty) @count", true, Take::Count);
        assert!("/ h1".parse::<CssPlace>().expect("a place").from_page);
        let place: CssPlace = "schema:ratingValue".parse().expect("a property");
        assert_eq!(place.property.as_deref(), Some("ratingValue"));
    }

    #[test]
    fn wrong_selectors_say_so() {
        for wrong in ["", "div[", "a >> b", "schema:", "schema:a b"] {
            assert!(wrong.parse::<CssPlace>().is_err(), "{wrong:?}");
        }
    }
}
