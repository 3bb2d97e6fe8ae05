//! The words of the query language: the text a user wrote comes in, signs and terms with
//! their places come out. What they mean together is decided in `parse`.

use std::ops::Range;

use super::QueryError;
use super::fold::is_word_char;

/// The fields that a brand rule knows.
pub(super) const BRAND_FIELDS: &[&str] = &[
    "title", "author", "site", "lang", "kind", "source", "stars", "domain",
];
/// The fields that only make sense once a mention was judged and stored.
pub(super) const SEARCH_FIELDS: &[&str] =
    &["verdict", "score", "is", "since", "until", "state", "brand"];

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Open,
    Close,
    And,
    Or,
    Not,
    Near(usize),
    /// `title:` and the like; what it applies to follows at once.
    Field(String),
    Term(Raw),
}

/// A term as written, without its quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Raw {
    /// Written bare.
    Bare(String),
    /// In double quotes.
    Phrase(String),
    /// In single quotes.
    Exact(String),
    /// Between slashes.
    Regex(String),
}

#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) sign: Sign,
    pub(super) place: Range<usize>,
}

pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    tokens: Vec<Token>,
}

/// Cuts a query into tokens.
pub(super) fn lex(text: &str) -> Result<Vec<Token>, QueryError> {
    let mut lexer = Lexer {
        text,
        at: 0,
        tokens: Vec::new(),
    };
    while let Some(character) = lexer.peek() {
        if character.is_whitespace() {
            lexer.at += character.len_utf8();
        } else {
            lexer.token(character)?;
        }
    }
    Ok(lexer.tokens)
}

fn ends_term(character: Option<char>) -> bool {
    character.is_none_or(|c| c.is_whitespace() || matches!(c, '(' | ')'))
}

impl Lexer<'_> {
    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn push(&mut self, sign: Sign, start: usize) {
        self.tokens.push(Token {
            sign,
            place: start..self.at,
        });
    }

    fn error(&self, at: usize, what: impl Into<String>, mend: impl Into<String>) -> QueryError {
        QueryError::at(self.text, at, what, mend)
    }

    fn token(&mut self, first: char) -> Result<(), QueryError> {
        let start = self.at;
        match first {
            '(' | ')' => {
                self.at += 1;
                self.push(
                    if first == '(' {
                        Sign::Open
                    } else {
                        Sign::Close
                    },
                    start,
                );
            }
            '-' if !ends_term(self.rest().chars().nth(1)) || self.rest().starts_with("-(") => {
                self.at += 1;
                self.push(Sign::Not, start);
            }
            '"' | '“' | '”' | '„' => {
                let phrase = self.quoted(first)?;
                self.push(Sign::Term(Raw::Phrase(phrase)), start);
            }
            '\'' | '‘' => {
                let exact = self.exact()?;
                self.push(Sign::Term(Raw::Exact(exact)), start);
            }
            '/' => {
                let pattern = self.regex()?;
                self.push(Sign::Term(Raw::Regex(pattern)), start);
            }
            '|' => {
                return Err(self.error(start, "`|` is no word of this language", "write OR"));
            }
            '&' if self.rest().starts_with("&&") => {
                return Err(self.error(start, "`&&` is no word of this language", "write AND"));
            }
            _ => self.bare()?,
        }
        Ok(())
    }

    fn quoted(&mut self, open: char) -> Result<String, QueryError> {
        let start = self.at;
        let inner = start + open.len_utf8();
        let Some(length) = self.text[inner..].find(['"', '“', '”']) else {
            return Err(self.error(
                start,
                "a phrase is opened here and never closed",
                format!("add {} at its end", if open == '"' { "\"" } else { "”" }),
            ));
        };
        let end = inner + length;
        let close = self.text[end..].chars().next().map_or(1, char::len_utf8);
        self.at = end + close;
        Ok(self.text[inner..end].to_owned())
    }

    /// A single quote closes only where a term can end, so that `'l'oreal'` is one word.
    fn exact(&mut self) -> Result<String, QueryError> {
        let start = self.at;
        let inner = start + self.peek().map_or(1, char::len_utf8);
        let close = self.text[inner..].char_indices().find(|(offset, sign)| {
            let behind = inner + offset + sign.len_utf8();
            *offset > 0
                && matches!(sign, '\'' | '’')
                && ends_term(self.text[behind..].chars().next())
        });
        let Some((length, sign)) = close else {
            return Err(self.error(
                start,
                "an exact word is opened here and never closed",
                "add ' at its end, or write the word in double quotes",
            ));
        };
        self.at = inner + length + sign.len_utf8();
        Ok(self.text[inner..inner + length].to_owned())
    }

    fn regex(&mut self) -> Result<String, QueryError> {
        let start = self.at;
        let inner = start + 1;
        let mut is_escaped = false;
        for (offset, sign) in self.text[inner..].char_indices() {
            let end = inner + offset;
            let closes = sign == '/' && !is_escaped;
            if closes && offset > 0 && ends_term(self.text[end + 1..].chars().next()) {
                self.at = end + 1;
                return Ok(self.text[inner..end].replace("\\/", "/"));
            }
            is_escaped = sign == '\\' && !is_escaped;
        }
        Err(self.error(
            start,
            "a pattern is opened here and never closed",
            "add / at its end, or put the text in double quotes",
        ))
    }

    fn bare(&mut self) -> Result<(), QueryError> {
        let start = self.at;
        let rest = self.rest();
        let length = rest
            .find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"' | '“' | '”'))
            .unwrap_or(rest.len());
        let word = rest[..length].to_owned();
        match word.as_str() {
            "AND" => return self.operator(Sign::And, length),
            "OR" => return self.operator(Sign::Or, length),
            "NOT" => return self.operator(Sign::Not, length),
            _ => (),
        }
        if let Some(distance) = word.strip_prefix("NEAR")
            && (distance.is_empty() || distance.starts_with(['/', '~', ':']))
        {
            return self.near(distance.get(1..).unwrap_or(""), length);
        }
        if let Some(length) = self.field_name(&word)? {
            let name = word[..length - 1].to_ascii_lowercase();
            self.at += length;
            self.push(Sign::Field(name), start);
            // The value belongs to the field however it is written, so that `since:-7d`
            // or `stars:<=2` never meets the rules for words.
            if self
                .peek()
                .is_some_and(|c| !"(\"'“‘/)".contains(c) && !c.is_whitespace())
            {
                let start = self.at;
                let rest = self.rest();
                let length = rest
                    .find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"'))
                    // `domain:acme(.)com` is one value.
                    .map_or(rest.len(), |end| {
                        if rest[end..].starts_with("(.)") {
                            rest.find(char::is_whitespace).unwrap_or(rest.len())
                        } else {
                            end
                        }
                    });
                let value = rest[..length].to_owned();
                self.at += length;
                self.push(Sign::Term(Raw::Bare(value)), start);
            }
            return Ok(());
        }
        self.at += length;
        self.push(Sign::Term(Raw::Bare(word)), start);
        Ok(())
    }

    fn operator(&mut self, sign: Sign, length: usize) -> Result<(), QueryError> {
        let start = self.at;
        self.at += length;
        self.push(sign, start);
        Ok(())
    }

    fn near(&mut self, distance: &str, length: usize) -> Result<(), QueryError> {
        const DEFAULT_DISTANCE: usize = 5;
        const MOST: usize = 100;
        let number = if distance.is_empty() {
            Some(DEFAULT_DISTANCE)
        } else {
            distance
                .parse()
                .ok()
                .filter(|number| (1..=MOST).contains(number))
        };
        let Some(number) = number else {
            return Err(self.error(
                self.at,
                "NEAR needs a number of words from 1 to 100",
                "write for example NEAR/5",
            ));
        };
        self.operator(Sign::Near(number), length)
    }

    /// The length of `name:` at the beginning of a word, when it is a field.
    fn field_name(&self, word: &str) -> Result<Option<usize>, QueryError> {
        let Some((name, value)) = word.split_once(':') else {
            return Ok(None);
        };
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphabetic()) {
            return Ok(None);
        }
        let lower = name.to_ascii_lowercase();
        if BRAND_FIELDS.contains(&lower.as_str()) || SEARCH_FIELDS.contains(&lower.as_str()) {
            return Ok(Some(name.len() + 1));
        }
        let is_address = value.starts_with("//");
        let is_plain = value
            .chars()
            .next()
            .is_none_or(|c| !is_word_char(c) && !"<>=\"'".contains(c));
        if is_address || is_plain {
            return Ok(None);
        }
        Err(self.error(
            self.at,
            format!("there is no field `{name}`"),
            format!(
                "the fields are {}, {}; put the text in double quotes if it is one word",
                BRAND_FIELDS.join(", "),
                SEARCH_FIELDS.join(", ")
            ),
        ))
    }
}
