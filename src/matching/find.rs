//! Asks a query about one item: the tree and the words of the item come in, what was
//! found and where comes out.

use super::Subject;
use super::conditions::holds;
use super::field::{Field, Glue, Word};
use super::fold::fold_case;
use super::suffix;
use super::tongue::Endings;
use super::tree::{Node, Pattern, Term, Test, What, Words};

/// The title and text of an item, cut into words once for every query.
pub(super) struct Document<'a> {
    text: Field<'a>,
    title: Option<Field<'a>>,
    endings: Endings,
}

impl<'a> Document<'a> {
    pub(super) fn new(subject: &Subject<'a>) -> Self {
        let text = Field::new(&subject.item.text);
        let title = subject.item.title.as_deref().map(Field::new);
        let endings = {
            let words = text
                .words
                .iter()
                .chain(title.iter().flat_map(|title| &title.words))
                .map(|word| word.folded.as_str());
            Endings::of(
                subject.lang.or(subject.item.lang.as_deref()),
                &subject.item.text,
                words,
            )
        };
        Self {
            text,
            title,
            endings,
        }
    }

    fn in_text(&self, term: &Term) -> Vec<Occurrence> {
        if term.title_only {
            return Vec::new();
        }
        occurrences(&term.what, &self.text, self.endings)
    }

    fn in_title(&self, term: &Term) -> Vec<Occurrence> {
        self.title
            .as_ref()
            .map(|title| occurrences(&term.what, title, self.endings))
            .unwrap_or_default()
    }

    /// The words of the text, for explaining what nearly matched.
    pub(super) fn words(&self) -> impl Iterator<Item = &Word> {
        self.text
            .words
            .iter()
            .chain(self.title.iter().flat_map(|title| &title.words))
    }
}

/// A place where a term was found: characters of the source, and words for distances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Occurrence {
    start: usize,
    end: usize,
    first_word: usize,
    last_word: usize,
}

/// Spans found by a part of a query that holds; `None` when it does not hold.
pub(super) type Found = Option<Vec<[usize; 2]>>;

/// Whether a part of a query holds, and where in the text it shows.
pub(super) fn find(node: &Node, subject: &Subject<'_>, document: &Document<'_>) -> Found {
    match &node.what {
        What::And(parts) => {
            let mut spans = Vec::new();
            for part in parts {
                spans.extend(find(part, subject, document)?);
            }
            Some(spans)
        }
        What::Or(parts) => {
            let mut found: Found = None;
            for part in parts {
                if let Some(spans) = find(part, subject, document) {
                    found.get_or_insert_default().extend(spans);
                }
            }
            found
        }
        What::Not(inner) => match find(inner, subject, document) {
            Some(_) => None,
            None => Some(Vec::new()),
        },
        What::Near(..) => {
            let in_text = places(node, document, false);
            let in_title = places(node, document, true);
            (!in_text.is_empty() || !in_title.is_empty()).then(|| spans_of(&in_text))
        }
        What::Term(term) => {
            let in_text = document.in_text(term);
            if in_text.is_empty() && document.in_title(term).is_empty() {
                return None;
            }
            Some(spans_of(&in_text))
        }
        What::Test(test) => holds(test, subject).then(|| match test {
            Test::Domain { pattern, .. } => captured_spans(pattern, &document.text),
            _ => Vec::new(),
        }),
    }
}

/// Puts spans in order, each once.
pub(super) fn tidy(mut spans: Vec<[usize; 2]>) -> Vec<[usize; 2]> {
    spans.sort_unstable();
    spans.dedup();
    spans
}

fn spans_of(occurrences: &[Occurrence]) -> Vec<[usize; 2]> {
    occurrences.iter().map(|at| [at.start, at.end]).collect()
}

/// Where a term, or several joined by OR or NEAR, stand. A NEAR gives the places of both
/// sides, so that all of them are shown.
fn places(node: &Node, document: &Document<'_>, in_title: bool) -> Vec<Occurrence> {
    match &node.what {
        What::Term(term) if in_title => document.in_title(term),
        What::Term(term) => document.in_text(term),
        What::Or(parts) => {
            let mut all: Vec<Occurrence> = parts
                .iter()
                .flat_map(|part| places(part, document, in_title))
                .collect();
            all.sort_unstable();
            all.dedup();
            all
        }
        What::Near(left, right, distance) => {
            let left = places(left, document, in_title);
            let right = places(right, document, in_title);
            let mut all = near_to(&left, &right, *distance);
            all.extend(near_to(&right, &left, *distance));
            all.sort_unstable();
            all.dedup();
            all
        }
        What::And(_) | What::Not(_) | What::Test(_) => Vec::new(),
    }
}

/// Those of `these` that have one of `those` near. Both are in order of their words, so
/// that only a window has to be looked at.
fn near_to(these: &[Occurrence], those: &[Occurrence], distance: usize) -> Vec<Occurrence> {
    /// Places are in order of their first words; longer phrases may end later than shorter
    /// ones behind them, but not by more than this.
    const LONGEST_PHRASE: usize = 64;
    these
        .iter()
        .filter(|a| {
            let lowest = a.first_word.saturating_sub(distance + LONGEST_PHRASE);
            let from = those.partition_point(|b| b.first_word < lowest);
            those[from..]
                .iter()
                .take_while(|b| b.first_word <= a.last_word + distance + 1)
                .any(|b| gap(a, b).is_some_and(|gap| gap <= distance))
        })
        .copied()
        .collect()
}

/// How many words stand between two places; `None` when they overlap.
fn gap(a: &Occurrence, b: &Occurrence) -> Option<usize> {
    if a.last_word < b.first_word {
        Some(b.first_word - a.last_word - 1)
    } else if b.last_word < a.first_word {
        Some(a.first_word - b.last_word - 1)
    } else {
        None
    }
}

fn occurrences(pattern: &Pattern, field: &Field<'_>, endings: Endings) -> Vec<Occurrence> {
    match pattern {
        Pattern::Words(words) => (0..field.words.len())
            .filter_map(|first| phrase_at(words, field, first, endings))
            .collect(),
        Pattern::Prefix(prefix) => each_word(field, |at, word| {
            (word.folded.starts_with(prefix.as_str()) && starts_freely(field, at))
                .then_some(word.end)
        }),
        Pattern::Handle { folded, is_prefix } => each_word(field, |_, word| {
            if word.sigil != Some('@') {
                return None;
            }
            let handle = field.handle_at(word);
            let is_it = if *is_prefix {
                handle.starts_with(folded.as_str())
            } else {
                handle == *folded
                    || handle
                        .strip_prefix(folded.as_str())
                        .is_some_and(|rest| rest.starts_with('@') && !folded.contains('@'))
                    || (word.folded == *folded && handle.is_empty())
            };
            let n_shown = if *is_prefix {
                handle.chars().count()
            } else {
                folded.chars().count()
            };
            is_it.then(|| (word.start + n_shown).min(field.chars.len()))
        }),
        Pattern::Tag { folded, is_prefix } => each_word(field, |_, word| {
            if word.sigil != Some('#') {
                return None;
            }
            if *is_prefix {
                return word.folded.starts_with(folded.as_str()).then_some(word.end);
            }
            if word.folded == *folded {
                return Some(word.end);
            }
            None
        }),
        Pattern::Regex(regex) => {
            let places = Places::new(field);
            let is_inside = |at: usize, place: &Word| place.end <= at;
            regex
                .find_iter(field.source)
                .filter(|found| !found.is_empty())
                .map(|found| {
                    let [start, end] = places.chars(found.start(), found.end());
                    Occurrence {
                        start,
                        end,
                        first_word: field.words.partition_point(|word| is_inside(start, word)),
                        last_word: field
                            .words
                            .partition_point(|word| word.start < end)
                            .saturating_sub(1),
                    }
                })
                .collect()
        }
    }
}

/// Every word for which `end_of` gives the end of what matched; the sign in front of an
/// account or a tag is shown with it.
fn each_word(field: &Field<'_>, end_of: impl Fn(usize, &Word) -> Option<usize>) -> Vec<Occurrence> {
    field
        .words
        .iter()
        .enumerate()
        .filter_map(|(at, word)| {
            let end = end_of(at, word)?;
            Some(Occurrence {
                start: word.start - usize::from(word.sigil.is_some()),
                end,
                first_word: at,
                last_word: at,
            })
        })
        .collect()
}

/// Whether a word begins at a boundary of its script: a blank, a sign, an elided article,
/// or a change of script.
fn starts_freely(field: &Field<'_>, at: usize) -> bool {
    // Behind an apostrophe there is always a word before.
    field.words[at].glue != Glue::Apostrophe
        || at == 0
        || suffix::is_elided(&field.words[at - 1].folded)
}

fn phrase_at(
    words: &Words,
    field: &Field<'_>,
    first: usize,
    endings: Endings,
) -> Option<Occurrence> {
    let wanted = &words.words;
    let last = first + wanted.len() - 1;
    let found = field.words.get(first..=last)?;
    let is_start = wanted.len() == 1 || found[0].folded == wanted[0].folded;
    if !is_start || !starts_freely(field, first) {
        return None;
    }
    for i in 1..wanted.len() {
        let is_last = i + 1 == wanted.len();
        if (!is_last && found[i].folded != wanted[i].folded)
            || !joins(field, &found[i - 1], &found[i], &wanted[i].joint)
        {
            return None;
        }
    }
    let (last_word, last_wanted) = (found.last()?, wanted.last()?);
    let behind = field.words.get(last + 1);
    let end = match &words.exact {
        Some(exact) => {
            let is_same = last_word.folded == last_wanted.folded
                && behind.is_none_or(|next| next.glue == Glue::Apart)
                && fold_case(&field.slice(found[0].start, last_word.end)) == *exact;
            is_same.then_some(last_word.end)?
        }
        None => ending_of(last_word, &last_wanted.folded, behind, endings)?,
    };
    let end = end_with_tail(field, end, &words.tail)?;
    Some(Occurrence {
        start: found[0].start,
        end,
        first_word: first,
        last_word: last,
    })
}

/// Signs that belong to the name, as in `C++`, have to follow it at once; and a name
/// without them is not the one with them.
fn end_with_tail(field: &Field<'_>, end: usize, tail: &str) -> Option<usize> {
    let n_signs = tail.chars().count();
    let follows = field.chars[end..]
        .iter()
        .take(n_signs)
        .copied()
        .eq(tail.chars());
    follows.then_some(end + n_signs)
}

/// Whether two words of a text stand together as a phrase asks: blanks and light signs
/// between them, the signs that the user wrote, and no paragraph's end.
fn joins(field: &Field<'_>, before: &Word, after: &Word, joint: &str) -> bool {
    const MOST_CHARS_BETWEEN: usize = 6;
    let between = &field.chars[before.end..after.start];
    between.len() <= MOST_CHARS_BETWEEN
        && between.iter().filter(|sign| **sign == '\n').count() < 2
        && joint.chars().all(|sign| between.contains(&sign))
}

/// Where a name ends in a word that is the name itself or the name with an ending.
fn ending_of(word: &Word, name: &str, behind: Option<&Word>, endings: Endings) -> Option<usize> {
    if word.folded == name {
        return match behind {
            Some(next) if next.glue == Glue::Apostrophe => {
                suffix::is_apostrophe_ending(name, &next.folded).then_some(word.end)
            }
            _ => Some(word.end),
        };
    }
    if let Some(rest) = word.folded.strip_prefix(name) {
        return suffix::is_joined_ending(name, rest, endings)
            .then(|| word.end_after(name.chars().count()));
    }
    let soft = suffix::softened(name)?;
    let rest = word.folded.strip_prefix(soft.as_str())?;
    suffix::is_softening_ending(name, rest, endings).then(|| word.end_after(soft.chars().count()))
}

/// Turns byte offsets of the source into character offsets.
struct Places {
    bytes: Vec<usize>,
}

impl Places {
    fn new(field: &Field<'_>) -> Self {
        Self {
            bytes: field.source.char_indices().map(|(byte, _)| byte).collect(),
        }
    }

    fn chars(&self, start: usize, end: usize) -> [usize; 2] {
        let place = |byte: usize| self.bytes.partition_point(|at| *at < byte);
        [place(start), place(end)]
    }
}

fn captured_spans(pattern: &regex::Regex, field: &Field<'_>) -> Vec<[usize; 2]> {
    let places = Places::new(field);
    pattern
        .captures_iter(field.source)
        .filter_map(|captures| captures.get(1))
        .map(|found| places.chars(found.start(), found.end()))
        .collect()
}
