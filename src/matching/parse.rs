//! Reads a query: tokens come in, a checked tree comes out, or one error with its place
//! and how to mend it. NOT binds strongest, then NEAR, then AND, then OR.

use std::ops::Range;

use super::conditions::read_test;
use super::field::Field;
use super::fold::{fold_case, fold_text};
use super::lex::{Raw, Sign, Token, lex};
use super::tree::{Node, Pattern, PhraseWord, Term, What, Words};
use super::{QueryError, Scope};

/// Longer rules are pasted lists that belong into several brands, or an attack.
const MOST_CHARS: usize = 20_000;
/// Deeper parentheses are no rule that a person can read.
const MOST_DEPTH: usize = 40;
const MOST_TERMS: usize = 2_000;
/// Compiled patterns take up to a megabyte each.
const MOST_PATTERNS: usize = 32;

pub(super) struct Parser<'a> {
    pub(super) text: &'a str,
    pub(super) scope: Scope,
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    n_terms: usize,
    n_patterns: usize,
}

/// Reads and checks a whole query.
pub(super) fn parse(text: &str, scope: Scope) -> Result<Node, QueryError> {
    if text.chars().take(MOST_CHARS + 1).count() > MOST_CHARS {
        return Err(QueryError::at(
            text,
            0,
            format!("the query is longer than {MOST_CHARS} characters"),
            "split it into several brands, or use prefixes and patterns",
        ));
    }
    let tokens = lex(text)?;
    if tokens.is_empty() {
        return Err(QueryError::at(
            text,
            0,
            "the query is empty",
            "write at least one word, for example \"acme corp\"",
        ));
    }
    let mut parser = Parser {
        text,
        scope,
        tokens,
        at: 0,
        depth: 0,
        n_terms: 0,
        n_patterns: 0,
    };
    let node = parser.either(false)?;
    if let Some(token) = parser.peek() {
        let at = token.place.start;
        return Err(parser.error(at, "this `)` closes nothing", "remove it, or add the `(`"));
    }
    if scope == Scope::Brand && !asks_for_something(&node) {
        return Err(QueryError::at(
            text,
            node.place.start,
            "this rule only says what must not be there, so it would find everything else",
            "add what to look for in front of NOT (in every part of an OR)",
        ));
    }
    Ok(node)
}

/// Whether every item that matches must have something that the rule names.
fn asks_for_something(node: &Node) -> bool {
    match &node.what {
        What::Not(_) => false,
        What::And(parts) => parts.iter().any(asks_for_something),
        What::Or(parts) => parts.iter().all(asks_for_something),
        What::Near(..) | What::Term(_) | What::Test(_) => true,
    }
}

impl Parser<'_> {
    pub(super) fn error(
        &self,
        at: usize,
        what: impl Into<String>,
        mend: impl Into<String>,
    ) -> QueryError {
        QueryError::at(self.text, at, what, mend)
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next_is(&mut self, sign: &Sign) -> bool {
        let is_next = self.peek().is_some_and(|token| token.sign == *sign);
        if is_next {
            self.at += 1;
        }
        is_next
    }

    fn either(&mut self, title_only: bool) -> Result<Node, QueryError> {
        let mut parts = vec![self.all(title_only)?];
        while self.next_is(&Sign::Or) {
            parts.push(self.all(title_only)?);
        }
        Ok(join(parts, What::Or))
    }

    fn all(&mut self, title_only: bool) -> Result<Node, QueryError> {
        let mut parts = vec![self.near(title_only)?];
        loop {
            let wants_more = self.next_is(&Sign::And);
            match self.peek().map(|token| &token.sign) {
                None | Some(Sign::Or | Sign::Close) if !wants_more => break,
                _ => parts.push(self.near(title_only)?),
            }
        }
        Ok(join(parts, What::And))
    }

    fn near(&mut self, title_only: bool) -> Result<Node, QueryError> {
        let mut left = self.not(title_only)?;
        while let Some(Sign::Near(distance)) = self.peek().map(|token| token.sign.clone()) {
            self.at += 1;
            let right = self.not(title_only)?;
            for side in [&left, &right] {
                if !can_be_near(side) {
                    return Err(self.error(
                        side.place.start,
                        "NEAR joins words, phrases or a parenthesis of them with OR",
                        "move the rest outside, for example (a NEAR/5 b) AND NOT c",
                    ));
                }
            }
            let place = left.place.start..right.place.end;
            left = Node {
                what: What::Near(Box::new(left), Box::new(right), distance),
                place,
            };
        }
        Ok(left)
    }

    fn not(&mut self, title_only: bool) -> Result<Node, QueryError> {
        let mut start = None;
        let mut is_negated = false;
        while let Some(token) = self.peek()
            && token.sign == Sign::Not
        {
            start.get_or_insert(token.place.start);
            is_negated = !is_negated;
            self.at += 1;
        }
        let inner = self.single(title_only)?;
        let place = start.unwrap_or(inner.place.start)..inner.place.end;
        Ok(if is_negated {
            Node {
                what: What::Not(Box::new(inner)),
                place,
            }
        } else {
            Node { place, ..inner }
        })
    }

    fn single(&mut self, title_only: bool) -> Result<Node, QueryError> {
        let Some(token) = self.peek().cloned() else {
            let at = self.text.len();
            return Err(self.error(
                at,
                "something is missing at the end",
                "add a word, or remove the last operator",
            ));
        };
        self.at += 1;
        let start = token.place.start;
        match token.sign {
            Sign::Open => self.group(start, title_only),
            Sign::Term(raw) => self.term(raw, token.place, title_only),
            Sign::Field(name) => self.field(&name, start),
            Sign::Close => Err(self.error(
                start,
                "nothing stands in front of this `)`",
                "add a word, or remove the parentheses",
            )),
            Sign::And | Sign::Or | Sign::Near(_) | Sign::Not => Err(self.error(
                start,
                format!(
                    "`{}` has nothing to join here",
                    &self.text[token.place.clone()]
                ),
                "put a word on both sides, or the word itself in double quotes",
            )),
        }
    }

    fn group(&mut self, start: usize, title_only: bool) -> Result<Node, QueryError> {
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            return Err(self.error(
                start,
                format!("more than {MOST_DEPTH} parentheses inside each other"),
                "write the rule flatter",
            ));
        }
        let inner = self.either(title_only)?;
        let Some(end) = self.peek().map(|token| token.place.end) else {
            return Err(self.error(start, "this `(` is never closed", "add `)`"));
        };
        if !self.next_is(&Sign::Close) {
            return Err(self.error(start, "this `(` is never closed", "add `)`"));
        }
        self.depth -= 1;
        Ok(Node {
            place: start..end,
            ..inner
        })
    }

    fn field(&mut self, name: &str, start: usize) -> Result<Node, QueryError> {
        if self.scope == Scope::Brand && super::lex::SEARCH_FIELDS.contains(&name) {
            return Err(self.error(
                start,
                format!("`{name}:` cannot stand in a brand rule, which is asked before anything is judged or stored"),
                "use it in searches and in `when` of a webhook",
            ));
        }
        let value_missing = |parser: &Self| {
            parser.error(
                start,
                format!("`{name}:` has no value"),
                format!(
                    "write it without a blank: {}",
                    super::conditions::example(name)
                ),
            )
        };
        let Some(token) = self.peek().cloned() else {
            return Err(value_missing(self));
        };
        let colon = start + name.len() + 1;
        if token.place.start != colon {
            return Err(value_missing(self));
        }
        self.at += 1;
        let place = start..token.place.end;
        match token.sign {
            Sign::Term(raw) if name == "title" => {
                let node = self.term(raw, token.place, true)?;
                Ok(Node { place, ..node })
            }
            Sign::Open if name == "title" => {
                let node = self.group(token.place.start, true)?;
                let place = start..node.place.end;
                Ok(Node { place, ..node })
            }
            Sign::Term(Raw::Regex(_)) => Err(self.error(
                token.place.start,
                format!("`{name}:` takes no pattern"),
                format!("for example {}", super::conditions::example(name)),
            )),
            Sign::Term(Raw::Bare(value) | Raw::Phrase(value) | Raw::Exact(value)) => {
                self.count_term(start)?;
                let test = read_test(self, name, &value, token.place.start)?;
                Ok(Node {
                    what: What::Test(test),
                    place,
                })
            }
            Sign::Open => Err(self.error(
                token.place.start,
                format!("`{name}:` takes one value"),
                format!("write ({name}:one OR {name}:two)"),
            )),
            _ => Err(value_missing(self)),
        }
    }

    fn count_term(&mut self, at: usize) -> Result<(), QueryError> {
        self.n_terms += 1;
        if self.n_terms > MOST_TERMS {
            return Err(self.error(
                at,
                format!("more than {MOST_TERMS} terms in one query"),
                "split it into several brands",
            ));
        }
        Ok(())
    }

    fn term(
        &mut self,
        raw: Raw,
        place: Range<usize>,
        title_only: bool,
    ) -> Result<Node, QueryError> {
        self.count_term(place.start)?;
        let what = match raw {
            Raw::Regex(pattern) => {
                self.n_patterns += 1;
                self.regex(&pattern, place.start)?
            }
            Raw::Phrase(text) => Pattern::Words(self.words(&text, place.start)?),
            Raw::Exact(text) => {
                let words = self.words(&text, place.start)?;
                Pattern::Words(Words {
                    exact: Some(fold_case(text.trim())),
                    ..words
                })
            }
            Raw::Bare(text) => self.bare(&text, place.start)?,
        };
        Ok(Node {
            what: What::Term(Term { what, title_only }),
            place,
        })
    }

    fn bare(&self, text: &str, at: usize) -> Result<Pattern, QueryError> {
        if self.scope == Scope::Brand && matches!(text, "or" | "and" | "not" | "Or" | "And" | "Not")
        {
            return Err(self.error(
                at,
                format!("`{text}` would be looked for as a word"),
                format!(
                    "write {} in capitals to join, or \"{text}\" for the word",
                    text.to_uppercase()
                ),
            ));
        }
        let is_prefix = text.ends_with('*');
        let stem = text.strip_suffix('*').unwrap_or(text);
        if stem.contains('*') {
            return Err(self.error(
                at,
                "a star can only stand at the end of a word",
                "write acme* for every word that begins with acme, or a /pattern/",
            ));
        }
        if let Some(handle) = stem.strip_prefix(['@', '＠']) {
            let folded = fold_text(handle);
            self.enough(&folded, is_prefix, at)?;
            return Ok(Pattern::Handle { folded, is_prefix });
        }
        if let Some(tag) = stem.strip_prefix(['#', '＃']) {
            let folded = fold_text(tag);
            self.enough(&folded, is_prefix, at)?;
            return Ok(Pattern::Tag { folded, is_prefix });
        }
        if is_prefix {
            let folded = fold_text(stem);
            self.enough(&folded, true, at)?;
            let field = Field::new(stem);
            if field.words.len() != 1 {
                return Err(self.error(
                    at,
                    "a prefix is the beginning of one word",
                    "write \"acme corp\" for a phrase",
                ));
            }
            return Ok(Pattern::Prefix(folded));
        }
        Ok(Pattern::Words(self.words(stem, at)?))
    }

    /// Refuses what would match half of everything.
    fn enough(&self, folded: &str, is_prefix: bool, at: usize) -> Result<(), QueryError> {
        let n_letters = folded.chars().filter(|c| c.is_alphanumeric()).count();
        if n_letters == 0 || (is_prefix && n_letters < 2) {
            return Err(self.error(
                at,
                if is_prefix {
                    "a prefix needs at least two letters"
                } else {
                    "no letter or digit stands here"
                },
                "write more of the name",
            ));
        }
        Ok(())
    }

    pub(super) fn words(&self, text: &str, at: usize) -> Result<Words, QueryError> {
        let field = Field::new(text);
        let (Some(_), Some(last)) = (field.words.first(), field.words.last()) else {
            return Err(self.error(
                at,
                "no letter or digit stands here",
                "write a word; signs alone can be found with a /pattern/",
            ));
        };
        let binding = |start: usize, end: usize| -> String {
            field.chars[start..end]
                .iter()
                .filter(|sign| matches!(sign, '&' | '+' | '#' | '@'))
                .collect()
        };
        let tail: String = field.chars[last.end..]
            .iter()
            .take_while(|sign| matches!(sign, '+' | '#'))
            .collect();
        let words = (0..field.words.len())
            .map(|i| PhraseWord {
                folded: field.words[i].folded.clone(),
                joint: match i {
                    0 => String::new(),
                    _ => binding(field.words[i - 1].end, field.words[i].start),
                },
            })
            .collect();
        Ok(Words {
            words,
            tail,
            exact: None,
        })
    }

    fn regex(&self, pattern: &str, at: usize) -> Result<Pattern, QueryError> {
        const MOST_BYTES: usize = 1 << 20;
        const MOST_NESTING: u32 = 50;
        if self.n_patterns > MOST_PATTERNS {
            return Err(self.error(
                at,
                format!("more than {MOST_PATTERNS} patterns in one query"),
                "join them with | inside one pattern",
            ));
        }
        // Case is folded as everywhere in the language; `(?-i)` inside turns that off.
        let regex = regex::RegexBuilder::new(pattern)
            .case_insensitive(true)
            .size_limit(MOST_BYTES)
            .dfa_size_limit(MOST_BYTES)
            .nest_limit(MOST_NESTING)
            .build()
            .map_err(|error| {
                let reason = match error {
                    regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
                    other => other
                        .to_string()
                        .lines()
                        .last()
                        .unwrap_or_default()
                        .trim_start_matches("error: ")
                        .to_owned(),
                };
                self.error(
                    at,
                    format!("this pattern cannot be used: {reason}"),
                    "write a regular expression without look-around or back-references",
                )
            })?;
        if regex.is_match("") {
            return Err(self.error(
                at,
                "this pattern also finds nothing at all, in every text",
                "make it ask for at least one character",
            ));
        }
        Ok(Pattern::Regex(regex))
    }
}

fn can_be_near(node: &Node) -> bool {
    match &node.what {
        What::Term(_) => true,
        What::Or(parts) => parts.iter().all(can_be_near),
        What::Near(left, right, _) => can_be_near(left) && can_be_near(right),
        What::And(_) | What::Not(_) | What::Test(_) => false,
    }
}

fn join(mut parts: Vec<Node>, make: impl Fn(Vec<Node>) -> What) -> Node {
    if parts.len() == 1
        && let Some(only) = parts.pop()
    {
        return only;
    }
    let start = parts.first().map_or(0, |part| part.place.start);
    let end = parts.last().map_or(0, |part| part.place.end);
    Node {
        what: make(parts),
        place: start..end,
    }
}
