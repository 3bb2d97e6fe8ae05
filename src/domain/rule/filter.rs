//! The closed set of things that can be done to a text after it was found.

use std::str::FromStr;

use regex::Regex;

/// A pattern that matches in linear time, whatever the text.
#[derive(Clone, Debug)]
pub struct Pattern(pub Regex);

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

/// What is done to a text after it was found, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// The text is HTML: make it plain.
    Html,
    /// The text is plain but its entities were escaped: decode them.
    Entities,
    /// Without white space at both ends.
    Trim,
    /// Lower case.
    Lower,
    /// The first number in it, as machines write it: `4,5 von 5` becomes `4.5`.
    Number,
    /// Stars from the width of a bar: `width: 80%` becomes `4` of 5.
    StarsFromWidth,
    /// Made absolute against the address of the answer.
    Absolute,
    /// Without this at its start.
    Strip(String),
    /// Without this at its end.
    StripEnd(String),
    /// Only what stands before the first occurrence; all of it when there is none.
    Before(String),
    /// Only what stands after the first occurrence; nothing when there is none.
    After(String),
    /// With this in front of it.
    Prefix(String),
    /// With this behind it.
    Suffix(String),
    /// What the pattern's first group captures, or all that it matches; nothing when it
    /// does not match.
    Match(Pattern),
    /// A time in this notation (as of strftime), where it could be read in two ways.
    Date(String),
    /// A fixed text for each of some words; nothing for others.
    Map(Vec<(String, String)>),
}

impl Filter {
    /// The filters by name, for messages.
    pub const NAMES: [&'static str; 16] = [
        "html",
        "entities",
        "trim",
        "lower",
        "number",
        "stars-from-width",
        "absolute",
        "strip",
        "strip-end",
        "before",
        "after",
        "prefix",
        "suffix",
        "match",
        "date",
        "map",
    ];
}

impl FromStr for Filter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (name, argument) = match text.split_once(char::is_whitespace) {
            Some((name, argument)) => (name, argument.trim()),
            None => (text, ""),
        };
        let quoted = || {
            argument
                .strip_prefix('\'')
                .and_then(|rest| rest.strip_suffix('\''))
                .filter(|inner| !inner.is_empty())
                .map(str::to_owned)
                .ok_or_else(|| format!("the filter `{name}` takes a text: {name} 'text'"))
        };
        let plain = |filter: Self| {
            if argument.is_empty() {
                Ok(filter)
            } else {
                Err(format!("the filter `{name}` takes nothing after its name"))
            }
        };
        match name {
            "html" => plain(Self::Html),
            "entities" => plain(Self::Entities),
            "trim" => plain(Self::Trim),
            "lower" => plain(Self::Lower),
            "number" => plain(Self::Number),
            "stars-from-width" => plain(Self::StarsFromWidth),
            "absolute" => plain(Self::Absolute),
            "strip" => quoted().map(Self::Strip),
            "strip-end" => quoted().map(Self::StripEnd),
            "before" => quoted().map(Self::Before),
            "after" => quoted().map(Self::After),
            "prefix" => quoted().map(Self::Prefix),
            "suffix" => quoted().map(Self::Suffix),
            "match" => pattern(&quoted()?),
            "date" => notation(quoted()?),
            "map" => table(&quoted()?),
            _ => Err(format!(
                "`{name}` is not a filter; there are: {}",
                Self::NAMES.join(", ")
            )),
        }
    }
}

fn pattern(text: &str) -> Result<Filter, String> {
    /// A pattern that compiles to more than this would slow every read down.
    const LIMIT_BYTES: usize = 256 * 1024;
    regex::RegexBuilder::new(text)
        .size_limit(LIMIT_BYTES)
        .build()
        .map(|regex| Filter::Match(Pattern(regex)))
        .map_err(|error| {
            let error = error.to_string();
            let why = error.lines().last().unwrap_or_default().trim();
            format!("`{text}` is not a usable pattern: {why}")
        })
}

fn notation(text: String) -> Result<Filter, String> {
    let wrong = chrono::format::StrftimeItems::new(&text)
        .any(|item| matches!(item, chrono::format::Item::Error));
    if wrong || !text.contains('%') {
        return Err(format!(
            "`{text}` is not a notation of dates such as '%d.%m.%Y %H:%M'"
        ));
    }
    Ok(Filter::Date(text))
}

fn table(text: &str) -> Result<Filter, String> {
    text.split(',')
        .map(|pair| {
            pair.split_once('=')
                .map(|(from, to)| (from.trim().to_owned(), to.trim().to_owned()))
                .ok_or_else(|| format!("`{}` is not a pair such as FIVE=5", pair.trim()))
        })
        .collect::<Result<_, _>>()
        .map(Filter::Map)
}
