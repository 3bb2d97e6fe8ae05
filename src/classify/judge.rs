//! Who judges which text, and the verdict that comes of what they say: weights, temperature,
//! label, and abstaining where no label is likely enough.

use std::cell::RefCell;
use std::path::Path;

use super::blend::{BLEND, Blend, Mix, Parts, log_softmax};
use super::cache::{Cache, through};
use super::calibrate::softmax;
use super::linear::{Linear, convention};
use super::locate::{find_beside, find_linear};
use super::model::{Manifest, Model};
use super::{ClassifyError, Input, Settings};
use crate::domain::{Label, Sentiment};

/// The transformer, its specialists of some languages, and the linear models beside them.
pub(super) struct Judge {
    model: Model,
    model_id: String,
    specialists: Vec<Model>,
    linear: Option<Linear>,
    blend: Option<Blend>,
    /// Whether earlier stages answer what is easy for them.
    cascade: bool,
    cache: RefCell<Cache>,
}

/// Who is asked one after the other, each about what the one before left open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The linear model.
    Linear,
    /// The specialist with the linear model.
    Specialist,
    /// The transformer with both.
    All,
}

impl Judge {
    pub(super) fn load(settings: &Settings) -> Result<Self, ClassifyError> {
        let blend = Blend::read(&settings.folder)?;
        let names = blend.as_ref().map(|blend| blend.specialists.clone());
        Self::with(settings, blend, &names.unwrap_or_default())
    }

    /// The same with specialists of the caller's choice.
    pub(super) fn load_beside(
        settings: &Settings,
        names: &[String],
    ) -> Result<Self, ClassifyError> {
        Self::with(settings, Blend::read(&settings.folder)?, names)
    }

    fn with(
        settings: &Settings,
        blend: Option<Blend>,
        names: &[String],
    ) -> Result<Self, ClassifyError> {
        let model = Model::load(settings)?;
        let specialists = names
            .iter()
            .map(|name| specialist(&settings.folder, name, settings))
            .collect::<Result<_, _>>()?;
        let linear = find_linear(&settings.folder)
            .map(|folder| Linear::open(&folder))
            .transpose()?;
        Ok(Self {
            model_id: model.manifest().id(),
            cache: RefCell::new(Cache::new(settings.n_cached, &model.manifest().id())),
            model,
            specialists,
            linear,
            blend,
            cascade: settings.cascade,
        })
    }

    pub(super) fn manifest(&self) -> &Manifest {
        self.model.manifest()
    }

    /// Every language that somebody judges.
    pub(super) fn languages(&self) -> Vec<String> {
        let mut languages = self.manifest().languages.clone();
        languages.extend(
            self.linear
                .iter()
                .flat_map(Linear::languages)
                .map(str::to_owned),
        );
        languages.sort();
        languages.dedup();
        languages
    }

    /// One verdict per input, in order; those given before come from the cache.
    pub(super) fn judge(&self, inputs: &[Input]) -> Result<Vec<Sentiment>, ClassifyError> {
        through(&self.cache, inputs, |inputs| self.judge_anew(inputs))
    }

    fn judge_anew(&self, inputs: &[Input]) -> Result<Vec<Sentiment>, ClassifyError> {
        let mut parts = self.linear_parts(inputs)?;
        let mut verdicts: Vec<Option<Sentiment>> = vec![None; inputs.len()];
        let mut open: Vec<usize> = (0..inputs.len()).collect();
        let mut close = |open: &mut Vec<usize>, parts: &[Parts], stage: Stage| {
            open.retain(|&place| {
                verdicts[place] = self.at(stage, &inputs[place], &parts[place]);
                verdicts[place].is_none()
            });
        };
        close(&mut open, &parts, Stage::Linear);
        self.add_specialists(inputs, &open, &mut parts)?;
        close(&mut open, &parts, Stage::Specialist);
        self.add_transformer(inputs, &open, &mut parts)?;
        close(&mut open, &parts, Stage::All);
        Ok(verdicts.into_iter().flatten().collect())
    }

    /// What each judge says of each input, for fitting the weights.
    pub(super) fn parts(&self, inputs: &[Input]) -> Result<Vec<Parts>, ClassifyError> {
        let mut parts = self.linear_parts(inputs)?;
        let all: Vec<usize> = (0..inputs.len()).collect();
        self.add_specialists(inputs, &all, &mut parts)?;
        self.add_transformer(inputs, &all, &mut parts)?;
        Ok(parts)
    }

    /// The probability that the best label of an input must reach to be given.
    pub(super) fn unsure_below(&self, input: &Input) -> f64 {
        /// More than any label has: nobody judges the language.
        const NEVER: f64 = 1.1;
        if self.is_transformers(input) {
            return self.mix(input).unsure_below;
        }
        let linear = self.linear.as_ref().zip(input.spoken());
        linear
            .and_then(|(linear, lang)| linear.language(lang))
            .map_or(NEVER, |of| {
                let bound = of.unsure_below.get(convention(input.kind));
                bound.copied().unwrap_or(0.0)
            })
    }

    /// Whether the verdict is about a brand and the transformer can be asked about one.
    fn is_toward(&self, input: &Input) -> bool {
        input.brand.is_some() && self.manifest().toward
    }

    /// Whether the transformer was trained for the language, or it is not known.
    fn is_transformers(&self, input: &Input) -> bool {
        self.manifest().speaks(input.spoken())
    }

    fn linear_parts(&self, inputs: &[Input]) -> Result<Vec<Parts>, ClassifyError> {
        inputs
            .iter()
            .map(|input| {
                // The linear model knows words, not whom they are about.
                let asked = self.linear.as_ref().filter(|_| !self.is_toward(input));
                let linear = match (asked, self.linear_language(input)) {
                    (Some(linear), Some(lang)) => linear.logits(input, lang)?.map(log_softmax),
                    _ => None,
                };
                Ok(Parts {
                    linear,
                    ..Parts::default()
                })
            })
            .collect()
    }

    /// The language whose linear model is asked, if one is.
    fn linear_language<'a>(&'a self, input: &'a Input) -> Option<&'a str> {
        match (&self.blend, input.spoken()) {
            (_, Some(lang)) => Some(lang),
            // Without a blend, what is not known to be another language counts as the
            // transformer's first.
            (None, None) => self.manifest().languages.first().map(String::as_str),
            (Some(_), None) => None,
        }
    }

    /// Asks the transformer about those of the inputs at these places that it can judge.
    fn add_transformer(
        &self,
        inputs: &[Input],
        places: &[usize],
        parts: &mut [Parts],
    ) -> Result<(), ClassifyError> {
        let wanted = |input: &Input| self.is_transformers(input);
        for (place, said) in ask(&self.model, inputs, places, wanted)? {
            parts[place].transformer = Some(said);
        }
        Ok(())
    }

    /// Asks the specialists about those of the inputs at these places that they can judge.
    fn add_specialists(
        &self,
        inputs: &[Input],
        places: &[usize],
        parts: &mut [Parts],
    ) -> Result<(), ClassifyError> {
        for specialist in &self.specialists {
            let wanted = |input: &Input| {
                let asked = self.specialist_of(input);
                asked.is_some_and(|asked| std::ptr::eq(asked, specialist))
            };
            for (place, said) in ask(specialist, inputs, places, wanted)? {
                parts[place].specialist = Some(said);
            }
        }
        Ok(())
    }

    /// The specialist of an input's language, unless the verdict is about a brand.
    fn specialist_of(&self, input: &Input) -> Option<&Model> {
        let lang = input.written().filter(|_| !self.is_toward(input))?;
        let mut specialists = self.specialists.iter();
        specialists.find(|specialist| specialist.manifest().speaks(Some(lang)))
    }

    /// The verdict that a stage of the cascade comes to; `None` leaves it to the next.
    fn at(&self, stage: Stage, input: &Input, parts: &Parts) -> Option<Sentiment> {
        if stage == Stage::All {
            return Some(self.together(input, parts));
        }
        if !self.cascade || !self.is_transformers(input) {
            return None;
        }
        let mix = self.blend.as_ref()?.mix(input.written(), input.kind)?;
        let (easy, said, id) = match stage {
            Stage::Linear => (mix.easy?, parts.linear?, self.linear.as_ref()?.id()),
            _ => (
                mix.without_transformer?,
                mix.sum_without_transformer(parts)?,
                self.specialist_of(input)?.manifest().id(),
            ),
        };
        easy.answers(said)
            .then(|| verdict(said, easy.temperature, 0.0, &id))
    }

    fn together(&self, input: &Input, parts: &Parts) -> Sentiment {
        if parts.transformer.is_none() {
            return match parts.linear {
                Some(logits) => self.by_linear(input, logits),
                None => self.by_nobody(),
            };
        }
        let mix = self.mix(input);
        verdict(
            mix.sum(parts),
            mix.temperature,
            mix.unsure_below,
            &self.model_id,
        )
    }

    /// The weights of an input: those of the blend, else the manifest's temperature with
    /// the share of the linear model that its own manifest says.
    fn mix(&self, input: &Input) -> Mix {
        if self.is_toward(input)
            && let Some(mix) = self.blend.as_ref().and_then(|blend| blend.toward.clone())
        {
            return mix;
        }
        if let Some(mix) = self
            .blend
            .as_ref()
            .and_then(|blend| blend.mix(input.written(), input.kind))
        {
            return mix.clone();
        }
        let manifest = self.manifest();
        let linear = self.linear.as_ref().zip(self.linear_language(input));
        Mix {
            linear: linear
                .and_then(|(linear, lang)| linear.language(lang))
                .map_or(0.0, |of| of.beside),
            temperature: Manifest::for_kind(&manifest.temperature, input.kind, 1.0),
            unsure_below: Manifest::for_kind(&manifest.unsure_below, input.kind, 0.0),
            ..Mix::default()
        }
    }

    fn by_linear(&self, input: &Input, logits: [f64; 3]) -> Sentiment {
        let linear = self.linear.as_ref();
        let of = linear
            .zip(input.spoken())
            .and_then(|(linear, lang)| linear.language(lang))
            .cloned()
            .unwrap_or_default();
        let key = convention(input.kind);
        let temperature = of.temperature.get(key).copied().unwrap_or(1.0);
        let unsure_below = of.unsure_below.get(key).copied().unwrap_or(0.0);
        let id = linear.map(Linear::id).unwrap_or_default();
        verdict(logits, temperature, unsure_below, &id)
    }

    /// The verdict on what nobody can judge.
    pub(super) fn by_nobody(&self) -> Sentiment {
        Sentiment {
            label: Label::Unsure,
            negative: 0.3333,
            neutral: 0.3334,
            positive: 0.3333,
            model: self.model_id.clone(),
            sentence: None,
        }
    }
}

fn specialist(folder: &Path, name: &str, settings: &Settings) -> Result<Model, ClassifyError> {
    let folder = find_beside(folder, name).ok_or_else(|| ClassifyError::BadModel {
        file: folder.join(BLEND).display().to_string(),
        why: format!(
            "it names the model `{name}`, whose folder is neither beside it nor with the program; \
             put it there, or take the name out"
        ),
    })?;
    Model::load(&Settings {
        folder,
        ..settings.clone()
    })
}

/// What a network says of the wanted inputs at some places: place and log-probabilities.
fn ask(
    model: &Model,
    inputs: &[Input],
    places: &[usize],
    wanted: impl Fn(&Input) -> bool,
) -> Result<Vec<(usize, [f64; 3])>, ClassifyError> {
    let places = places.iter().copied();
    let places: Vec<usize> = places.filter(|&place| wanted(&inputs[place])).collect();
    let asked: Vec<&Input> = places.iter().map(|&place| &inputs[place]).collect();
    let said = model.logits_of(&asked)?.into_iter().map(log_softmax);
    Ok(places.into_iter().zip(said).collect())
}

/// The verdict that logits come to: tempered, rounded, and `unsure` below the bound.
pub(super) fn verdict(
    logits: [f64; 3],
    temperature: f64,
    unsure_below: f64,
    model: &str,
) -> Sentiment {
    let [negative, neutral, positive] = shown(softmax(logits.map(|logit| logit / temperature)));
    let (best, label) = [
        (negative, Label::Negative),
        (neutral, Label::Neutral),
        (positive, Label::Positive),
    ]
    .into_iter()
    .max_by(|a, b| a.0.total_cmp(&b.0))
    .expect("there are three classes");
    Sentiment {
        label: if best < unsure_below {
            Label::Unsure
        } else {
            label
        },
        negative,
        neutral,
        positive,
        model: model.to_owned(),
        sentence: None,
    }
}

/// Probabilities with four decimals: rounding goes to the largest, so that the sum stays
/// exactly 1.
fn shown(shares: [f64; 3]) -> [f64; 3] {
    let mut steps = shares.map(|share| (share * 10_000.0).round() as i64);
    let largest = (0..3)
        .max_by_key(|&place| steps[place])
        .expect("there are three classes");
    steps[largest] += 10_000 - steps.iter().sum::<i64>();
    steps.map(|step| step as f64 / 10_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_sum_to_one_after_rounding() {
        for logits in [[0.0, 0.0, 0.0], [3.0, -1.0, 0.2], [-900.0, 900.0, 0.0]] {
            let said = verdict(logits, 1.0, 0.0, "m");
            let sum = ((said.negative + said.neutral + said.positive) * 10_000.0).round();
            assert!(
                (sum - 10_000.0).abs() < f64::EPSILON,
                "{logits:?} → {said:?}"
            );
        }
    }

    #[test]
    fn below_the_bound_it_abstains() {
        assert_eq!(verdict([1.0, 0.9, 0.0], 1.0, 0.5, "m").label, Label::Unsure);
        assert_eq!(
            verdict([1.0, 0.9, 0.0], 1.0, 0.4, "m").label,
            Label::Negative
        );
        assert_eq!(verdict([9.0, 0.9, 0.0], 9.0, 0.9, "m").label, Label::Unsure);
    }
}
