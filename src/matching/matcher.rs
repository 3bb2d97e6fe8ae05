//! All brands at once: one pass over an item finds which brands' words occur in it at all,
//! and only their queries are asked. Thousands of brands cost little more than one.

use aho_corasick::{AhoCorasick, MatchKind};
use chrono::DateTime;

use super::find::Document;
use super::fold::fold_text;
use super::tree::{Node, Pattern, What};
use super::{Query, QueryError, Scope, Subject};
use crate::domain::{Brand, BrandMatch, BrandName, Item};

/// The rules of every brand, compiled.
#[derive(Debug)]
pub struct Matcher {
    brands: Vec<(BrandName, Query)>,
    /// Finds the words of which a brand's item must have at least one.
    words: Option<AhoCorasick>,
    /// For every word of `words`, the brands that wait for it.
    waiting: Vec<Vec<usize>>,
    /// Brands that no word announces: fields and patterns.
    always: Vec<usize>,
}

impl Matcher {
    /// Reads the queries of all brands.
    ///
    /// # Errors
    /// Every brand whose query is wrong, with the first mistake of each.
    pub fn compile(brands: &[Brand]) -> Result<Self, Vec<(BrandName, QueryError)>> {
        let mut compiled = Vec::new();
        let mut problems = Vec::new();
        for brand in brands {
            match Query::parse(&brand.query, Scope::Brand) {
                Ok(query) => compiled.push((brand.name.clone(), query)),
                Err(error) => problems.push((brand.name.clone(), error)),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut by_word: std::collections::BTreeMap<String, Vec<usize>> =
            std::collections::BTreeMap::new();
        let mut always = Vec::new();
        for (at, (_, query)) in compiled.iter().enumerate() {
            match announced_by(&query.root) {
                Some(words) => {
                    for word in words {
                        by_word.entry(word).or_default().push(at);
                    }
                }
                None => always.push(at),
            }
        }
        let (words, waiting): (Vec<String>, Vec<Vec<usize>>) = by_word.into_iter().unzip();
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(&words)
            .ok();
        // Without an automaton (too many words for it) every query is asked: slow, not wrong.
        if automaton.is_none() {
            always = (0..compiled.len()).collect();
        }
        Ok(Self {
            brands: compiled,
            words: automaton,
            waiting,
            always,
        })
    }

    /// The brands that an item speaks about, in the order of the configuration.
    pub fn find(&self, item: &Item, lang: Option<&str>, source: Option<&str>) -> Vec<BrandMatch> {
        let candidates = self.candidates(item);
        if candidates.is_empty() {
            return Vec::new();
        }
        let subject = Subject {
            item,
            lang,
            source,
            mention: None,
            // Brand rules have no field that knows the time.
            now: DateTime::UNIX_EPOCH,
        };
        let document = Document::new(&subject);
        candidates
            .into_iter()
            .filter_map(|at| {
                let (name, query) = &self.brands[at];
                let hit = query.find_in(&subject, &document)?;
                Some(BrandMatch {
                    name: name.clone(),
                    rule: hit.rule,
                    spans: hit.spans,
                    sentiment: None,
                })
            })
            .collect()
    }

    fn candidates(&self, item: &Item) -> Vec<usize> {
        let mut candidates = self.always.clone();
        if let Some(words) = &self.words {
            let mut folded = fold_text(item.title.as_deref().unwrap_or_default());
            folded.push('\n');
            folded.push_str(&fold_text(&item.text));
            let mut is_found = vec![false; self.waiting.len()];
            for found in words.find_overlapping_iter(&folded) {
                is_found[found.pattern().as_usize()] = true;
            }
            for (waiting, _) in self
                .waiting
                .iter()
                .zip(&is_found)
                .filter(|(_, found)| **found)
            {
                candidates.extend(waiting);
            }
        }
        candidates.sort_unstable();
        candidates.dedup();
        candidates
    }
}

/// Folded words of which at least one stands in the title or text of whatever matches;
/// `None` when nothing can be said.
fn announced_by(node: &Node) -> Option<Vec<String>> {
    match &node.what {
        // The part whose shortest word is longest is the rarest.
        What::And(parts) => parts
            .iter()
            .filter_map(announced_by)
            .max_by_key(|words| words.iter().map(String::len).min()),
        What::Or(parts) => {
            let mut all = Vec::new();
            for part in parts {
                all.extend(announced_by(part)?);
            }
            Some(all)
        }
        What::Near(left, right, _) => announced_by(left).or_else(|| announced_by(right)),
        // A domain may stand in a link only; the other fields are not in the text.
        What::Not(_) | What::Test(_) => None,
        What::Term(term) => match &term.what {
            Pattern::Words(words) => {
                let longest = words
                    .words
                    .iter()
                    .map(|word| &word.folded)
                    .max_by_key(|word| word.len())?;
                // The last letter may have softened (`Arçelik`, `Arçeliğin`).
                let stable = longest.strip_suffix('k').filter(|rest| rest.len() >= 3);
                Some(vec![stable.unwrap_or(longest).to_owned()])
            }
            Pattern::Prefix(folded)
            | Pattern::Handle { folded, .. }
            | Pattern::Tag { folded, .. } => Some(vec![folded.clone()]),
            Pattern::Regex(_) => None,
        },
    }
}
