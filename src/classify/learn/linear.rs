//! Fits the linear models of the languages that people corrected: the weights in use go
//! on learning, with the user's own texts beside them that keep their verdicts.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rand::seq::{IndexedRandom as _, SliceRandom as _};
use rand::{SeedableRng as _, rngs::StdRng};

use super::texts::Text;
use super::{LearnError, Training, TuneRecipe, at};
use crate::classify::ClassifyError;
use crate::classify::calibrate::softmax;
use crate::classify::linear::{Features, LinearManifest, Weights, weights_file};
use crate::classify::locate::find_linear;
use crate::domain::{Kind, Label};

/// Fewer corrections of a language than this leave its weights as they are.
const LEAST_OF_LANGUAGE: usize = 8;
/// The step of AdaGrad at the start.
const STEP: f32 = 0.1;
/// What AdaGrad has seen of every weight before: keeps first steps from being wild.
const SEEN_BEFORE: f32 = 1e-2;
/// The user's own texts in an epoch, per correction.
const OWN_PER_SAID: usize = 4;

struct Lesson {
    features: Features,
    kind: Kind,
    target: [f32; 3],
}

/// Fits the languages with enough corrections and writes a folder of linear models;
/// `None` when there is no such language.
pub(super) fn refit(
    training: &Training,
    said: &[&Text],
    own: &[&Text],
    recipe: &TuneRecipe,
) -> Result<Option<PathBuf>, LearnError> {
    let Some(folder) = find_linear(training.base()) else {
        return Ok(None);
    };
    let bad = |file: &std::path::Path, why: String| {
        LearnError::Classify(ClassifyError::BadModel {
            file: file.display().to_string(),
            why,
        })
    };
    let manifest_file = folder.join("hearken.json");
    let bytes = std::fs::read(&manifest_file).map_err(at("read", &manifest_file))?;
    let manifest: LinearManifest =
        serde_json::from_slice(&bytes).map_err(|error| bad(&manifest_file, error.to_string()))?;

    let mut fitted: BTreeMap<&str, Weights> = BTreeMap::new();
    for lang in manifest.languages.keys() {
        let of_lang = |texts: &[&Text]| -> Vec<Text> {
            texts
                .iter()
                // `hi-Latn` is Hindi in other letters.
                .filter(|text| base_of(text.lang.as_deref()) == Some(lang.as_str()))
                .map(|text| (*text).clone())
                .collect()
        };
        let said = of_lang(said);
        if said.len() < LEAST_OF_LANGUAGE {
            continue;
        }
        let file = weights_file(&folder, lang);
        let mut weights = std::fs::File::open(&file)
            .map_err(at("read", &file))
            .and_then(|opened| Weights::read(opened).map_err(|why| bad(&file, why)))?;
        fit(&mut weights, &said, &of_lang(own), recipe);
        fitted.insert(lang, weights);
    }
    if fitted.is_empty() {
        return Ok(None);
    }

    let out = training.fresh_folder("linear")?;
    for entry in std::fs::read_dir(&folder).map_err(at("read", &folder))? {
        let path = entry.map_err(at("read", &folder))?.path();
        let Some(name) = path.file_name().filter(|_| path.is_file()) else {
            continue;
        };
        std::fs::copy(&path, out.join(name)).map_err(at("copy", &path))?;
    }
    for (lang, weights) in &fitted {
        let file = weights_file(&out, lang);
        std::fs::File::create(&file)
            .and_then(|opened| weights.write(std::io::BufWriter::new(opened)))
            .map_err(at("write", &file))?;
    }
    training.rename_model(&out)?;
    Ok(Some(out))
}

fn base_of(lang: Option<&str>) -> Option<&str> {
    lang.and_then(|lang| lang.split('-').next())
}

fn fit(weights: &mut Weights, said: &[Text], own: &[Text], recipe: &TuneRecipe) {
    let of_people: Vec<Lesson> = said
        .iter()
        .filter_map(|text| {
            let target = match text.label? {
                Label::Negative => [1.0, 0.0, 0.0],
                Label::Neutral => [0.0, 1.0, 0.0],
                Label::Positive => [0.0, 0.0, 1.0],
                Label::Unsure => return None,
            };
            Some(lesson(text, |_| target))
        })
        .collect();
    let of_model: Vec<Lesson> = own
        .iter()
        .map(|text| lesson(text, |features| shares(weights, features, text.kind)))
        .collect();
    let mut squares = vec![SEEN_BEFORE; weights.by_bucket.len()];
    let mut bias_squares = [[1.0_f32; 3]; 2];
    let mut rng = StdRng::seed_from_u64(recipe.seed);
    for epoch in 0..recipe.n_epochs {
        let step = STEP * (1.0 - epoch as f32 / recipe.n_epochs as f32);
        let mut lessons: Vec<&Lesson> = of_people.iter().collect();
        lessons.extend(of_model.choose_multiple(&mut rng, of_people.len() * OWN_PER_SAID));
        lessons.shuffle(&mut rng);
        for lesson in lessons {
            let said = shares(weights, &lesson.features, lesson.kind);
            let slope = [0, 1, 2].map(|class| said[class] - lesson.target[class]);
            for (bucket, value) in lesson.features.values() {
                for (class, slope) in slope.iter().enumerate() {
                    let place = bucket * 3 + class;
                    let slope = slope * value;
                    squares[place] += slope * slope;
                    weights.by_bucket[place] -= step * slope / squares[place].sqrt();
                }
            }
            let row = usize::from(lesson.kind == Kind::Review);
            for (class, slope) in slope.iter().enumerate() {
                bias_squares[row][class] += slope * slope;
                weights.bias[row][class] -= step * slope / bias_squares[row][class].sqrt();
            }
        }
    }
}

fn lesson(text: &Text, target: impl FnOnce(&Features) -> [f32; 3]) -> Lesson {
    let features = Features::of(&text.text, text.kind);
    Lesson {
        target: target(&features),
        features,
        kind: text.kind,
    }
}

fn shares(weights: &Weights, features: &Features, kind: Kind) -> [f32; 3] {
    softmax(weights.logits(features, kind).map(f64::from)).map(|share| share as f32)
}
