//! Fits the model of languages in Latin letters: softmax regression by AdaGrad on labelled
//! texts, on short cuts of them (a post is often three words), and on words drawn by their
//! frequency, for the languages and registers that nobody has labelled posts of.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom as _, SliceRandom as _};
use rand::{Rng as _, SeedableRng as _};

use super::OTHER;
use super::features::{Features, N_BUCKETS, words_of};
use super::weights::{Header, Weights, softmax};

/// What is learned from.
#[derive(Clone, Debug, Default)]
pub struct Taught {
    /// Code and text, in Latin letters.
    pub texts: Vec<(String, String)>,
    /// Code → words with their frequency. Of `und` there may be many: each list counts alike.
    pub words: BTreeMap<String, Vec<Vec<(String, f32)>>>,
    /// Held-out texts that the temperature is fitted on.
    pub held_out: Vec<(String, String)>,
}

/// How to fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    /// Labelled texts of a language at most; as many cuts of them are learned as well.
    pub most_texts: usize,
    /// Texts made of drawn words, for each language with a list.
    pub n_drawn: usize,
    /// Passes over everything, in each of the two rounds.
    pub n_epochs: usize,
    /// The step size at the start; it falls to a tenth.
    pub step: f32,
    /// What the first round gives its own label a smaller share than this is left out of the
    /// second: much of what is called Hindi is plain English.
    pub believed_from: f32,
    /// The share that an answer needs at least.
    pub answer_from: f32,
    /// Seed of every draw.
    pub seed: u64,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            most_texts: 14_000,
            n_drawn: 7_000,
            n_epochs: 3,
            step: 0.25,
            believed_from: 0.2,
            answer_from: 0.5,
            seed: 1,
        }
    }
}

/// Its words stand in the posts of every language, so it is learned from twice as many texts:
/// what is English in all of them must not speak for another.
const MIXED_INTO_ALL: &str = "en";

struct Example {
    features: Features,
    class: usize,
}

/// Fits the model; `told` hears what is being done.
///
/// # Errors
/// A sentence when there is nothing to learn from.
pub fn train(
    taught: &Taught,
    recipe: &Recipe,
    mut told: impl FnMut(&str),
) -> Result<Weights, String> {
    let languages = languages_of(taught);
    if languages.len() < 2 {
        return Err("there are texts or words of fewer than two languages".to_owned());
    }
    let mut rng = StdRng::seed_from_u64(recipe.seed);
    let mut examples = examples(taught, recipe, &languages, &mut rng);
    told(&format!(
        "{} languages, {} texts, cuts and drawn texts",
        languages.len(),
        examples.len()
    ));

    let (first, bias) = fit(&examples, languages.len(), recipe, &mut rng, &mut told);
    let n_before = examples.len();
    examples.retain(|example| {
        let shares = softmax(&logits(&first, &bias, &example.features));
        shares[example.class] >= recipe.believed_from
    });
    told(&format!(
        "{} are left out: their label is not believed",
        n_before - examples.len()
    ));
    let (fitted, bias) = fit(&examples, languages.len(), recipe, &mut rng, &mut told);

    let mut weights = Weights::rounded(
        Header {
            languages,
            bias,
            step: 0.0,
            temperature: 1.0,
            answer_from: recipe.answer_from,
        },
        &fitted,
    );
    weights.header.temperature = temperature(&weights, &taught.held_out);
    told(&format!("temperature {:.2}", weights.header.temperature));
    Ok(weights)
}

fn languages_of(taught: &Taught) -> Vec<String> {
    let mut languages: Vec<String> = taught
        .texts
        .iter()
        .map(|(code, _)| code.clone())
        .chain(taught.words.keys().cloned())
        .collect();
    languages.sort();
    languages.dedup();
    languages
}

fn examples(
    taught: &Taught,
    recipe: &Recipe,
    languages: &[String],
    rng: &mut StdRng,
) -> Vec<Example> {
    let english = taught
        .words
        .get(MIXED_INTO_ALL)
        .and_then(|lists| lists.first());
    let english = english.map(|list| Draw::of(list));
    let mut examples = Vec::new();
    for (class, code) in languages.iter().enumerate() {
        let mut texts: Vec<&str> = taught
            .texts
            .iter()
            .filter(|(of, _)| of == code)
            .map(|(_, text)| text.as_str())
            .collect();
        texts.shuffle(rng);
        let shares = if code == MIXED_INTO_ALL { 2 } else { 1 };
        texts.truncate(shares * recipe.most_texts);
        for text in texts {
            let words = words_of(text);
            if words.is_empty() {
                continue;
            }
            examples.push(example(&words, class));
            examples.push(example(cut(&words, rng), class));
        }
        let lists = taught
            .words
            .get(code)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let draws: Vec<Draw<'_>> = lists.iter().map(|list| Draw::of(list)).collect();
        for n in 0..recipe.n_drawn {
            if let Some(draw) = draws.get(n % draws.len().max(1)) {
                let mixed = english
                    .as_ref()
                    .filter(|_| code != MIXED_INTO_ALL && rng.random_bool(0.3));
                examples.push(example(&draw.text(mixed, rng), class));
            }
        }
        if code == OTHER {
            for _ in 0..recipe.n_drawn / 8 {
                examples.push(example(&[mashed(rng)], class));
            }
            for _ in 0..recipe.n_drawn / 2 {
                let n = rng.random_range(1..=8);
                let words: Vec<String> = (0..n).map(|_| made_up(rng)).collect();
                examples.push(example(&words, class));
            }
        }
    }
    examples
}

fn example(words: &[String], class: usize) -> Example {
    Example {
        features: Features::of(words.iter().map(String::as_str)),
        class,
    }
}

/// One to six words that stand together.
fn cut<'a>(words: &'a [String], rng: &mut StdRng) -> &'a [String] {
    let n = rng.random_range(1..=6).min(words.len());
    let start = rng.random_range(0..=words.len() - n);
    &words[start..start + n]
}

/// What falls on a keyboard: it is no language.
fn mashed(rng: &mut StdRng) -> String {
    const KEYS: &[u8] = b"asdfghjklasdfghjklqwertyuiopzxcvbnm";
    (0..rng.random_range(4..12))
        .map(|_| char::from(*KEYS.choose(rng).expect("there are keys")))
        .collect()
}

/// Syllables of no language that we have texts of: they stand for the thousands that exist.
fn made_up(rng: &mut StdRng) -> String {
    const FIRST: &[&str] = &[
        "b", "d", "dh", "f", "g", "gj", "h", "k", "kp", "l", "ll", "m", "mb", "n", "ng", "nd", "p",
        "q", "r", "s", "sh", "t", "tx", "th", "v", "w", "x", "xh", "y", "z", "zh", "ħ", "ŋ", "ṣ",
    ];
    const VOWELS: &[&str] = &[
        "a", "e", "i", "o", "u", "aa", "ei", "ou", "ë", "ẹ", "ọ", "ụ", "ə", "õ", "ŵ", "ŷ", "á", "ā",
    ];
    const LAST: &[&str] = &["", "", "", "n", "r", "k", "sh", "dd", "m", "ts", "l", "nn"];
    let mut pick = |from: &[&'static str]| *from.choose(rng).expect("there are letters");
    let n_syllables = 1 + pick(&["", "-", "-", "--", "---"]).len();
    (0..n_syllables)
        .map(|_| [pick(FIRST), pick(VOWELS), pick(LAST)].concat())
        .collect()
}

/// Words to draw by their frequency.
struct Draw<'a> {
    words: &'a [(String, f32)],
    up_to: Vec<f32>,
}

impl<'a> Draw<'a> {
    fn of(words: &'a [(String, f32)]) -> Self {
        let mut sum = 0.0;
        let up_to = words
            .iter()
            .map(|(_, frequency)| {
                // Rare words are drawn more often than they are said: frequent ones are few,
                // and learned at once.
                sum += frequency.powf(0.8);
                sum
            })
            .collect();
        Self { words, up_to }
    }

    fn word(&self, rng: &mut StdRng) -> &'a str {
        let total = self.up_to.last().copied().unwrap_or_default();
        let at = rng.random_range(0.0..total.max(f32::MIN_POSITIVE));
        let place = self.up_to.partition_point(|&up_to| up_to <= at);
        &self.words[place.min(self.words.len() - 1)].0
    }

    /// One to twenty words, short texts most often; some of the other list's among them.
    fn text(&self, mixed: Option<&Draw<'_>>, rng: &mut StdRng) -> Vec<String> {
        let n = rng.random_range(1.0_f32..=4.5).exp2().round() as usize;
        let text: Vec<&str> = (0..n)
            .map(|_| match mixed {
                Some(other) if n > 3 && rng.random_bool(0.2) => other.word(rng),
                _ => self.word(rng),
            })
            .collect();
        words_of(&text.join(" "))
    }
}

fn logits(weights: &[f32], bias: &[f32], features: &Features) -> Vec<f32> {
    let n = bias.len();
    let mut logits = bias.to_vec();
    for (block, value) in features.blocks() {
        for &bucket in block {
            let at = bucket as usize * n;
            for (logit, weight) in logits.iter_mut().zip(&weights[at..at + n]) {
                *logit += value * weight;
            }
        }
    }
    logits
}

/// Weights (`[bucket][language]`) and biases.
fn fit(
    examples: &[Example],
    n_languages: usize,
    recipe: &Recipe,
    rng: &mut StdRng,
    told: &mut impl FnMut(&str),
) -> (Vec<f32>, Vec<f32>) {
    let n = n_languages;
    let mut weights = vec![0.0_f32; N_BUCKETS * n];
    let mut squares = vec![1e-4_f32; N_BUCKETS * n];
    let mut bias = vec![0.0_f32; n];
    let mut bias_squares = vec![1.0_f32; n];
    let mut order: Vec<usize> = (0..examples.len()).collect();
    let n_steps = (recipe.n_epochs * examples.len()).max(1) as f32;
    let mut n_done = 0.0_f32;
    for epoch in 1..=recipe.n_epochs {
        order.shuffle(rng);
        let mut loss = 0.0_f64;
        for &place in &order {
            let example = &examples[place];
            n_done += 1.0;
            let step = recipe.step * (1.0 - 0.9 * n_done / n_steps);
            let mut gradient = softmax(&logits(&weights, &bias, &example.features));
            loss -= f64::from(gradient[example.class].max(1e-9).ln());
            gradient[example.class] -= 1.0;
            for (block, value) in example.features.blocks() {
                for &bucket in block {
                    let at = bucket as usize * n;
                    let rows = weights[at..at + n].iter_mut().zip(&mut squares[at..at + n]);
                    for ((weight, square), by_logit) in rows.zip(&gradient) {
                        let slope = by_logit * value;
                        *square += slope * slope;
                        *weight -= step * slope / square.sqrt();
                    }
                }
            }
            let rows = bias.iter_mut().zip(&mut bias_squares);
            for ((bias, square), slope) in rows.zip(&gradient) {
                *square += slope * slope;
                *bias -= step * slope / square.sqrt();
            }
        }
        told(&format!(
            "pass {epoch}: loss {:.4}",
            loss / examples.len().max(1) as f64
        ));
    }
    (weights, bias)
}

/// The temperature under which held-out texts are most likely (Guo et al. 2017); 1 without
/// any.
fn temperature(weights: &Weights, held_out: &[(String, String)]) -> f32 {
    let languages = &weights.header.languages;
    let judged: Vec<(Vec<f32>, usize)> = held_out
        .iter()
        .filter_map(|(code, text)| {
            let class = languages.iter().position(|of| of == code)?;
            let words = words_of(text);
            let features = Features::of(words.iter().map(String::as_str));
            (!words.is_empty()).then(|| (weights.logits(&features), class))
        })
        .collect();
    let loss = |temperature: f32| -> f64 {
        judged
            .iter()
            .map(|(logits, class)| {
                let cooled: Vec<f32> = logits.iter().map(|logit| logit / temperature).collect();
                f64::from(-softmax(&cooled)[*class].max(1e-9).ln())
            })
            .sum()
    };
    if judged.is_empty() {
        return 1.0;
    }
    (4..=60)
        .map(|twentieths| twentieths as f32 / 20.0)
        .min_by(|&a, &b| loss(a).total_cmp(&loss(b)))
        .unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two made-up languages, one known from texts, one from a list of words.
    fn taught() -> Taught {
        let texts = (0..60).map(|n| ("tr".to_owned(), format!("kargo gelmedi {n} bekliyorum")));
        let list = ["pakket", "bestelling", "niet", "klacht"].map(|word| (word.to_owned(), 0.1));
        Taught {
            texts: texts.collect(),
            words: BTreeMap::from([("nl".to_owned(), vec![list.to_vec()])]),
            held_out: vec![("tr".to_owned(), "kargo".to_owned())],
        }
    }

    #[test]
    fn texts_and_lists_of_words_both_teach() {
        let recipe = Recipe {
            n_drawn: 100,
            ..Recipe::default()
        };
        let weights = train(&taught(), &recipe, |_| ()).expect("there is something to learn");
        assert_eq!(weights.header.languages, ["nl", "tr"]);
        let best = |text: &str| {
            let words = words_of(text);
            let logits = weights.logits(&Features::of(words.iter().map(String::as_str)));
            usize::from(logits[1] > logits[0])
        };
        assert_eq!(best("kargo gelmedi"), 1);
        assert_eq!(best("pakket niet"), 0);
    }

    #[test]
    fn one_language_is_nothing_to_tell_apart() {
        let mut taught = taught();
        taught.words.clear();
        train(&taught, &Recipe::default(), |_| ()).expect_err("there is one language");
    }
}
