//! Verdicts that were given already: posts are reposted, reviews pasted, spam repeated. The
//! cache belongs to one loaded model, so a change of model begins with an empty one.

use std::cell::RefCell;
use std::collections::HashMap;

use sha2::{Digest as _, Sha256};

use super::{ClassifyError, Input, prepare};
use crate::domain::Sentiment;

/// Longer texts are cut at their raw length before they are prepared, so that two with the
/// same prepared text could be cut at different places. They are rare, and judged anew.
const MOST_BYTES: usize = 8_000;

/// What a verdict depends on, digested: 128 bits of SHA-256, because the texts are chosen by
/// strangers.
pub(super) type Key = [u8; 16];

/// A bounded number of verdicts; the longest unused are forgotten first. There are two
/// generations: what is asked for again moves to the young one, and when that is full it
/// becomes the old one, whose place it takes.
pub(super) struct Cache {
    /// Of one generation.
    n_most: usize,
    /// Which judge gave the verdicts.
    judge: String,
    young: HashMap<Key, Sentiment>,
    old: HashMap<Key, Sentiment>,
}

impl Cache {
    /// Room for `n_most` verdicts; with 0 it keeps none. `judge` names the models.
    pub(super) fn new(n_most: usize, judge: &str) -> Self {
        Self {
            n_most: n_most.div_ceil(2),
            judge: judge.to_owned(),
            young: HashMap::new(),
            old: HashMap::new(),
        }
    }

    /// The key of an input; `None` when its verdict is not kept.
    pub(super) fn key(&self, input: &Input) -> Option<Key> {
        if self.n_most == 0 || input.text.len() > MOST_BYTES {
            return None;
        }
        let mut digest = Sha256::new();
        let mut add = |part: &str| {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part.as_bytes());
        };
        add(&self.judge);
        add(input.kind.as_str());
        add(input.spoken().unwrap_or("-"));
        add(input.brand.as_deref().unwrap_or_default());
        add(&input
            .brand_at
            .map_or_else(String::new, |at| format!("{}-{}", at[0], at[1])));
        add(&prepare(&input.text));
        let digest = digest.finalize();
        let mut key = Key::default();
        key.copy_from_slice(&digest[..16]);
        Some(key)
    }

    /// The verdict under a key.
    pub(super) fn get(&mut self, key: &Key) -> Option<Sentiment> {
        if let Some(found) = self.young.get(key) {
            return Some(found.clone());
        }
        let found = self.old.remove(key)?;
        self.put(*key, found.clone());
        Some(found)
    }

    /// Keeps a verdict.
    pub(super) fn put(&mut self, key: Key, verdict: Sentiment) {
        if self.n_most == 0 {
            return;
        }
        if self.young.len() >= self.n_most && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, verdict);
    }
}

/// Judges inputs, and only those that were not judged before; one verdict each, in order.
///
/// # Errors
/// Those of `judge`; what it has not judged is not kept.
pub(super) fn through(
    cache: &RefCell<Cache>,
    inputs: &[Input],
    judge: impl FnOnce(&[Input]) -> Result<Vec<Sentiment>, ClassifyError>,
) -> Result<Vec<Sentiment>, ClassifyError> {
    if cache.borrow().n_most == 0 {
        return judge(inputs);
    }
    let keys: Vec<Option<Key>> = inputs
        .iter()
        .map(|input| cache.borrow().key(input))
        .collect();
    let mut verdicts: Vec<Option<Sentiment>> = keys
        .iter()
        .map(|key| cache.borrow_mut().get(key.as_ref()?))
        .collect();
    let missing: Vec<usize> = (0..inputs.len())
        .filter(|&place| verdicts[place].is_none())
        .collect();
    if missing.is_empty() {
        return Ok(verdicts.into_iter().flatten().collect());
    }
    let asked: Vec<Input> = missing.iter().map(|&place| inputs[place].clone()).collect();
    for (place, verdict) in missing.into_iter().zip(judge(&asked)?) {
        if let Some(key) = keys[place] {
            cache.borrow_mut().put(key, verdict.clone());
        }
        verdicts[place] = Some(verdict);
    }
    Ok(verdicts.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Kind;

    fn verdict(model: &str) -> Sentiment {
        let said = serde_json::json!({
            "label": "negative", "negative": 0.9, "neutral": 0.05, "positive": 0.05, "model": model,
        });
        serde_json::from_value(said).expect("it is a verdict")
    }

    fn input(text: &str) -> Input {
        Input {
            text: text.to_owned(),
            kind: Kind::Post,
            lang: Some("en".to_owned()),
            ..Input::default()
        }
    }

    #[test]
    fn what_the_model_cannot_tell_apart_has_one_key() {
        let cache = Cache::new(10, "m/1");
        let key = |input: &Input| cache.key(input).expect("it is kept");
        let one = key(&input("@jane  it broke https://x.example/1"));
        assert_eq!(one, key(&input("@joe it broke https://x.example/2")));
        let mut hindi = input("phone");
        let english = key(&hindi);
        hindi.lang = Some("hi-Latn".to_owned());
        let in_latin = key(&hindi);
        hindi.lang = Some("hi".to_owned());
        assert_eq!(in_latin, key(&hindi));
        assert_ne!(in_latin, english);
        hindi.kind = Kind::Review;
        assert_ne!(in_latin, key(&hindi));
        let mut toward = input("Acme is worse than Globex");
        let whole = key(&toward);
        toward.brand = Some("Acme".to_owned());
        let acme = key(&toward);
        toward.brand = Some("Globex".to_owned());
        assert!(whole != acme && acme != key(&toward));
        assert_ne!(
            Cache::new(10, "m/2").key(&input("a")),
            cache.key(&input("a"))
        );
    }

    #[test]
    fn it_is_bounded_and_keeps_what_is_asked_for() {
        let mut cache = Cache::new(100, "m/1");
        let key = |cache: &Cache, n: usize| cache.key(&input(&format!("text {n}"))).expect("kept");
        let first = key(&cache, 0);
        cache.put(first, verdict("first"));
        for n in 1..1_000 {
            let key = key(&cache, n);
            cache.put(key, verdict("later"));
            assert!(cache.young.len() + cache.old.len() <= 100);
            let again = cache.get(&first).expect("it is asked for all the time");
            assert_eq!(again.model, "first");
        }
        let forgotten = key(&cache, 1);
        assert!(cache.get(&forgotten).is_none());
    }

    #[test]
    fn only_what_is_new_is_judged_and_failures_are_not_kept() {
        let cache = RefCell::new(Cache::new(10, "m/1"));
        let asked = RefCell::new(Vec::new());
        let judge = |inputs: &[Input]| {
            asked.borrow_mut().push(inputs.len());
            if inputs.iter().any(|input| input.text == "fails") {
                return Err(ClassifyError::Inference("it fails".to_owned()));
            }
            Ok(inputs.iter().map(|input| verdict(&input.text)).collect())
        };
        let batch = [input("a"), input("b")];
        let first = through(&cache, &batch, judge).expect("both are judged");
        let more = [input("b"), input("c"), input("a")];
        let second = through(&cache, &more, judge).expect("all are judged");
        let models: Vec<&str> = second.iter().map(|said| said.model.as_str()).collect();
        assert_eq!(
            (models, second[2].clone()),
            (vec!["b", "c", "a"], first[0].clone())
        );
        through(&cache, &[input("fails")], judge).expect_err("it fails");
        through(&cache, &[input("fails")], judge).expect_err("it fails again");
        through(&cache, &batch, judge).expect("both are known");
        assert_eq!(*asked.borrow(), [2, 1, 1, 1]);
    }

    #[test]
    fn without_room_or_for_long_texts_nothing_is_kept() {
        let mut none = Cache::new(0, "m/1");
        assert_eq!(none.key(&input("text")), None);
        none.put([0; 16], verdict("m"));
        assert!(none.get(&[0; 16]).is_none());
        assert_eq!(Cache::new(9, "m").key(&input(&"a ".repeat(5_000))), None);
    }
}
