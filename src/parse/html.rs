//! A web page becomes items by the selectors of its definition. A page on which no entry
//! is found is an error unless the definition says how an empty one looks: a site that
//! has changed its layout must not look like one with nothing new.

use scraper::ElementRef;
use serde_json::Value;

use super::mapping::{self, Context, Entry, Found};
use super::structured::microdata;
use super::{Answer, ParseError, Parsed, number, page, structured, text};
use crate::domain::{Condition, CssPlace, Definition, HtmlReading, Mapping, Take};

/// Reads a page by what it marks up, by selectors, or by both in this order.
///
/// # Errors
/// The answer is empty or no web page, or holds none of the promised entries.
pub fn read(
    answer: &Answer<'_>,
    definition: &Definition,
    reading: &HtmlReading,
) -> Result<Parsed, ParseError> {
    let marked_up = if reading.structured {
        let page = structured::read_page(answer, definition)?;
        Some((!page.aggregates.is_empty(), structured::with_notes(page)))
    } else {
        None
    };
    match (marked_up, &reading.mapping) {
        (Some((_, parsed)), _) if !parsed.items.is_empty() => Ok(parsed),
        (Some((_, parsed)), None) => Ok(parsed),
        (None, None) => Ok(Parsed::default()),
        (marked_up, Some(mapping)) => {
            match (by_selectors(answer, definition, mapping), marked_up) {
                // A page that marks up figures only is that site's page all the same.
                (Err(ParseError::NotAFeed(_)), Some((true, parsed))) => Ok(parsed),
                (outcome, _) => outcome,
            }
        }
    }
}

fn by_selectors(
    answer: &Answer<'_>,
    definition: &Definition,
    mapping: &Mapping<CssPlace>,
) -> Result<Parsed, ParseError> {
    let opened = page::open(answer)?;
    let root = opened.html.root_element();
    let context = Context {
        base: opened.base.as_ref(),
        ..Context::new(answer, definition)
    };
    let entries: Vec<PageEntry<'_>> = mapping
        .list
        .iter()
        .flat_map(|alternative| &alternative.0)
        .map(|place| elements(place, root, root))
        .find(|found| !found.is_empty())
        .unwrap_or_default()
        .into_iter()
        .map(|element| PageEntry { element, root })
        .collect();
    if entries.is_empty() {
        let whole = PageEntry {
            element: root,
            root,
        };
        return match &mapping.empty_if {
            Some(condition) if whole.holds(condition) => Ok(Parsed::default()),
            _ => Err(ParseError::NotAFeed(format!(
                "the page is not one of {}: none of its elements is an entry",
                definition.title
            ))),
        };
    }
    mapping::items(&entries, 0, mapping, &context)
}

/// An element with the page around it.
struct PageEntry<'p> {
    element: ElementRef<'p>,
    root: ElementRef<'p>,
}

fn elements<'p>(
    place: &CssPlace,
    entry: ElementRef<'p>,
    root: ElementRef<'p>,
) -> Vec<ElementRef<'p>> {
    let start = if place.from_page { root } else { entry };
    match &place.selector {
        None => vec![start],
        Some(selector) => start.select(selector).collect(),
    }
}

/// What is taken from an element, as it stands in the page.
pub(super) fn taken(element: ElementRef<'_>, take: &Take) -> Option<String> {
    match take {
        Take::Text => Some(text::plain_from_html(&element.inner_html())),
        Take::Html => Some(element.inner_html()),
        Take::Attribute(name) => element.attr(name).map(str::to_owned),
        Take::Count => None,
    }
}

impl Entry<CssPlace> for PageEntry<'_> {
    fn find(&self, place: &CssPlace) -> Option<Found> {
        let found = elements(place, self.element, self.root);
        if place.take == Take::Count {
            // No pictures of stars are no rating rather than one of 0.
            return (!found.is_empty()).then(|| Found::raw(found.len().to_string()));
        }
        found.into_iter().find_map(|element| {
            let text = match &place.property {
                Some(name) => property(element, name),
                None => taken(element, &place.take),
            }
            .filter(|text| !text.trim().is_empty())?;
            Some(match place.take {
                Take::Text => Found::plain(text),
                _ => Found::raw(text),
            })
        })
    }

    fn number(&self, place: &CssPlace) -> Option<f64> {
        number::first_number(&self.find(place)?.text)
    }

    fn holds(&self, condition: &Condition<CssPlace>) -> bool {
        let place = &condition.place;
        let answer = match &condition.value {
            // An element that is there says something, even without words in it.
            None if place.take == Take::Text => {
                let is_it = |selector: &scraper::Selector| selector.matches(&self.element);
                (!place.from_page && place.selector.as_ref().is_some_and(is_it))
                    || !elements(place, self.element, self.root).is_empty()
            }
            None => self.find(place).is_some(),
            Some(wanted) => elements(place, self.element, self.root)
                .into_iter()
                .any(|element| match &place.take {
                    Take::Count => self.find(place).is_some_and(|found| found.text == *wanted),
                    take => taken(element, take).is_some_and(|text| text.trim() == wanted),
                }),
        };
        answer != condition.negated
    }
}

/// The value of a property of schema.org, which depends on the kind of element.
fn property(element: ElementRef<'_>, name: &str) -> Option<String> {
    match microdata::property_value(element, name) {
        Value::String(text) => Some(text),
        Value::Object(node) => node.get("name")?.as_str().map(str::to_owned),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
