//! What the models are asked about one subject, and what their answers come to.

use std::ops::Range;

use super::document::Document;
use super::naming::{self, Called};
use super::pool::{Part, pool, share_of_parts};
use super::{Judged, Subject, worst};
use crate::classify::Input;
use crate::classify::own_words::{Left, find_ascii_fold};
use crate::classify::sentences::sentences;
use crate::domain::{Kind, Label, Sentence, Sentiment};

/// A text is long beyond this: the longest post of the networks that limit posts most.
const LONG_CHARS: usize = 280;
/// Sentences judged around a brand, at most; further ones repeat what was said.
const MOST_PARTS: usize = 12;
/// What a sentence counts for that stands beside the one that names the brand.
const BESIDE: f64 = 0.5;
/// A sentence is shown up to here.
const SHOWN_CHARS: usize = 300;

/// What is asked about one subject.
pub(super) struct Plan {
    document: Document,
    inputs: Vec<Input>,
    asked: Vec<Asked>,
    /// Bytes of the item's text → characters, for the spans of what decided.
    text: String,
}

/// What is asked toward one brand: places in `inputs`.
struct Asked {
    whole: usize,
    parts: Vec<(usize, f64, Range<usize>)>,
}

impl Plan {
    /// Plans what to ask; `knows_brands` when the model is told the brand.
    pub(super) fn of(subject: &Subject, knows_brands: bool) -> Self {
        let called: Vec<Called> = subject
            .brands
            .iter()
            .map(|spoken| {
                let spans = bytes_of(&subject.text, &spoken.spans);
                naming::called(spoken, &subject.text, &spans)
            })
            .collect();
        let accounts: Vec<Range<usize>> = called
            .iter()
            .flat_map(|called| called.places.clone())
            .collect();
        let document = Document::new(subject, &accounts, knows_brands);
        let here: Vec<Called> = called
            .into_iter()
            .map(|called| in_document(called, &document, subject))
            .collect();
        let sentences = if subject.brands.is_empty() {
            Vec::new()
        } else {
            sentences(&document.text)
        };
        let mut plan = Self {
            document,
            inputs: Vec::new(),
            asked: Vec::new(),
            text: subject.text.clone(),
        };
        for (place, called) in here.iter().enumerate() {
            let brand = knows_brands.then_some(called);
            let all = 0..plan.document.text.len();
            let whole = plan.ask(subject, all, brand);
            let parts = parts(&plan.document.text, &sentences, &here, place, knows_brands)
                .into_iter()
                .map(|(at, weight)| (plan.ask(subject, at.clone(), brand), weight, at))
                .collect();
            plan.asked.push(Asked { whole, parts });
        }
        if here.is_empty() {
            let all = 0..plan.document.text.len();
            plan.ask(subject, all, None);
        }
        plan
    }

    /// What the models are asked, in the order of the answers.
    pub(super) fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// Adds a part of the document to what is asked; asks nothing twice.
    fn ask(&mut self, subject: &Subject, at: Range<usize>, brand: Option<&Called>) -> usize {
        let text = &self.document.text[at.clone()];
        let named = brand
            .and_then(|called| {
                let mut inside = called.places.iter();
                inside.find(|place| at.start <= place.start && place.end <= at.end)
            })
            .map(|place| {
                let start = text[..place.start - at.start].chars().count();
                let n_chars = self.document.text[place.clone()].chars().count();
                [start, start + n_chars]
            });
        let input = Input {
            text: text.to_owned(),
            kind: subject.kind,
            lang: subject.lang.clone(),
            brand: brand.map(|called| called.name.clone()),
            brand_at: named,
        };
        if let Some(place) = self.inputs.iter().position(|asked| *asked == input) {
            return place;
        }
        self.inputs.push(input);
        self.inputs.len() - 1
    }

    /// What the answers to `inputs` come to.
    pub(super) fn answer(
        &self,
        verdicts: &[Sentiment],
        unsure_below: impl Fn(&Input) -> f64,
    ) -> Judged {
        let toward: Vec<Sentiment> = self
            .asked
            .iter()
            .map(|asked| self.toward(asked, verdicts, &unsure_below))
            .collect();
        let sentiment = worst(&toward)
            .cloned()
            .unwrap_or_else(|| self.attributed(verdicts[0].clone()));
        Judged { sentiment, toward }
    }

    fn toward(
        &self,
        asked: &Asked,
        verdicts: &[Sentiment],
        unsure_below: impl Fn(&Input) -> f64,
    ) -> Sentiment {
        let parts: Vec<Part<'_>> = asked
            .parts
            .iter()
            .map(|(input, weight, place)| Part {
                place: place.clone(),
                said: &verdicts[*input],
                weight: *weight,
            })
            .collect();
        let input = &self.inputs[asked.whole];
        let (share, bound) = (share_of_parts(input.kind), unsure_below(input));
        let (mut said, decided) = pool(&verdicts[asked.whole], &parts, share, bound);
        said.sentence = decided.map(|part| self.sentence(&parts[part].place));
        self.attributed(said)
    }

    /// A text that only quotes says nothing about what its author feels. An article that
    /// only quotes is still the report that it is.
    fn attributed(&self, mut said: Sentiment) -> Sentiment {
        if self.document.left == Left::Nothing && self.inputs[0].kind != Kind::Article {
            said.label = Label::Unsure;
            said.sentence = None;
        }
        said
    }

    fn sentence(&self, place: &Range<usize>) -> Sentence {
        let text = &self.document.text[place.clone()];
        let span = self.document.original(place).map(|at| {
            let start = self.text[..at.start].chars().count();
            [start, start + self.text[at].chars().count()]
        });
        Sentence {
            text: text.chars().take(SHOWN_CHARS).collect(),
            span,
        }
    }
}

/// Spans in characters as ranges of bytes; what lies outside of the text is left out.
fn bytes_of(text: &str, spans: &[[usize; 2]]) -> Vec<Range<usize>> {
    if spans.is_empty() {
        return Vec::new();
    }
    let mut places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    places.push(text.len());
    spans
        .iter()
        .filter_map(|[start, end]| Some(*places.get(*start)?..*places.get(*end)?))
        .filter(|range| range.start < range.end)
        .collect()
}

/// The places of a brand in the document: those of the text that were kept, and those in
/// the title.
fn in_document(called: Called, document: &Document, subject: &Subject) -> Called {
    let title = subject.shown_title().unwrap_or_default();
    let mut places: Vec<Range<usize>> = if called.name.chars().count() > 1 {
        find_ascii_fold(title, &called.name)
            .map(|at| at..at + called.name.len())
            .collect()
    } else {
        Vec::new()
    };
    places.extend(called.places.iter().filter_map(|place| {
        document.here(place).or_else(|| {
            // Its sign was left out.
            document.here(&(place.start + 1..place.end))
        })
    }));
    Called { places, ..called }
}

/// The sentences around a brand that are judged beside the whole, each with its weight.
fn parts(
    text: &str,
    sentences: &[Range<usize>],
    brands: &[Called],
    which: usize,
    knows_brands: bool,
) -> Vec<(Range<usize>, f64)> {
    if sentences.len() < 2 {
        return Vec::new();
    }
    let names = |called: &Called, sentence: &Range<usize>| {
        let behind = called
            .places
            .partition_point(|place| place.end <= sentence.start);
        called
            .places
            .get(behind)
            .is_some_and(|place| place.start < sentence.end)
    };
    let is_long = text.chars().nth(LONG_CHARS).is_some();
    // What a model without brands says of a short text is the same for each of them, so of
    // several brands it is asked about their sentences.
    let is_apart = !knows_brands
        && brands.len() > 1
        && sentences
            .iter()
            .any(|sentence| brands.iter().any(|brand| !names(brand, sentence)));
    if !is_long && !is_apart {
        return Vec::new();
    }
    let of_another = |place: usize| {
        brands
            .iter()
            .enumerate()
            .any(|(other, brand)| other != which && names(brand, &sentences[place]))
    };
    let naming: Vec<usize> = (0..sentences.len())
        .filter(|&place| names(&brands[which], &sentences[place]))
        .collect();
    let mut parts: Vec<(usize, f64)> = naming.iter().map(|&place| (place, 1.0)).collect();
    for &place in &naming {
        for beside in [place.checked_add(1), place.checked_sub(1)]
            .into_iter()
            .flatten()
        {
            let is_known = parts.iter().any(|(known, _)| *known == beside);
            if beside < sentences.len() && !is_known && !of_another(beside) {
                parts.push((beside, BESIDE));
            }
        }
    }
    parts.truncate(MOST_PARTS);
    parts
        .into_iter()
        .map(|(place, weight)| (sentences[place].clone(), weight))
        .collect()
}
