//! Texts → token ids. A whole text is `cls [kind] [lang] pieces… sep`; toward a brand it is
//! `cls [kind] [lang] pieces… sep brand… sep`, with segment 0 through the first `sep` and
//! segment 1 behind it. `models/train/data.py` does exactly the same; change both or neither.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use tokenizers::Tokenizer;

use super::{Manifest, bad};
use crate::classify::prepare::{named, prepare};
use crate::classify::{ClassifyError, Input};
use crate::domain::Kind;

/// A text is cut to this many characters per token before it is tokenised: no
/// vocabulary entry in use is longer, and a 2 MB post must not be tokenised whole.
const MAX_CHARS_PER_TOKEN: usize = 48;
/// Pieces of a brand's name at most: a name is a few words.
const MAX_BRAND_PIECES: usize = 16;

/// The token ids of one text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::classify) struct Encoded {
    /// Every token, special ones too.
    pub ids: Vec<i64>,
    /// How many belong to the first segment: all, unless a brand follows.
    pub n_first: usize,
}

/// A tokenizer and the special tokens that this model was trained with.
pub(in crate::classify) struct Encoder {
    tokenizer: Tokenizer,
    specials: Specials,
    kinds: BTreeMap<&'static str, i64>,
    /// The manifest with its table of languages, and the id of each of its tokens.
    langs: BTreeMap<String, i64>,
    manifest: Manifest,
}

/// The ids of a vocabulary's special tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Specials {
    cls: i64,
    sep: i64,
    pad: i64,
}

/// What families of models call the three, in the order in which they are looked for.
const NAMES: [[&str; 3]; 2] = [["[CLS]", "[SEP]", "[PAD]"], ["<s>", "</s>", "<pad>"]];

impl Specials {
    fn find(tokenizer: &Tokenizer) -> Option<Self> {
        NAMES.iter().find_map(|names| {
            let mut ids = names.map(|name| tokenizer.token_to_id(name).map(i64::from));
            let [cls, sep, pad] = [ids[0].take()?, ids[1].take()?, ids[2].take()?];
            Some(Self { cls, sep, pad })
        })
    }
}

impl Encoder {
    /// Looks up every token that the manifest names in the vocabulary of `file`.
    ///
    /// # Errors
    /// `BadModel` names the token that the vocabulary lacks.
    pub(in crate::classify) fn new(
        tokenizer: Tokenizer,
        file: &Path,
        manifest: Manifest,
    ) -> Result<Self, ClassifyError> {
        let id_of = |token: &str| {
            tokenizer
                .token_to_id(token)
                .map(i64::from)
                .ok_or_else(|| bad(file, format!("no `{token}` in the vocabulary")))
        };
        let specials = Specials::find(&tokenizer).ok_or_else(|| {
            let names = NAMES.map(|names| names.join(" "));
            bad(
                file,
                format!(
                    "the vocabulary has none of these special tokens: {}",
                    names.join(", or ")
                ),
            )
        })?;
        let mut kinds = BTreeMap::new();
        for kind in Kind::ALL {
            if let Some(token) = manifest.kind_tokens.get(kind.as_str()) {
                kinds.insert(kind.as_str(), id_of(token)?);
            }
        }
        let langs = manifest
            .lang_tokens
            .values()
            .map(|token| Ok((token.clone(), id_of(token)?)))
            .collect::<Result<_, ClassifyError>>()?;
        Ok(Self {
            tokenizer,
            specials,
            kinds,
            langs,
            manifest,
        })
    }

    pub(in crate::classify) fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The id that fills a batch up.
    pub(in crate::classify) fn pad(&self) -> i64 {
        self.specials.pad
    }

    /// Tokens that the vocabulary knows, special ones included.
    pub(in crate::classify) fn n_tokens(&self) -> usize {
        self.tokenizer.get_vocab_size(true)
    }

    /// The ids of a text, cut to what the model takes: its end goes, or toward a brand what
    /// is farthest from where the brand stands.
    pub(in crate::classify) fn encode(&self, input: &Input) -> Result<Encoded, ClassifyError> {
        let brand = match &input.brand {
            Some(brand) if self.manifest.toward => Some(self.brand(brand)?),
            _ => None,
        };
        let mut ids = vec![self.specials.cls];
        ids.extend(self.kinds.get(input.kind.as_str()));
        ids.extend(
            self.manifest
                .lang_token(input.lang.as_deref())
                .and_then(|token| self.langs.get(token)),
        );
        let n_around = ids.len() + 1 + brand.as_ref().map_or(0, |brand| brand.len() + 1);
        let room = self.manifest.max_tokens.saturating_sub(n_around);
        let around = match input.brand_at {
            Some([start, _]) if brand.is_some() => Some(start),
            _ => None,
        };
        let text = match &input.brand {
            Some(name) if brand.is_some() => named(&input.text, name),
            _ => Cow::Borrowed(&input.text[..]),
        };
        ids.extend(self.pieces(&text, around, room)?);
        ids.push(self.specials.sep);
        let n_first = ids.len();
        if let Some(brand) = brand {
            ids.extend(brand);
            ids.push(self.specials.sep);
        }
        Ok(Encoded { ids, n_first })
    }

    fn brand(&self, name: &str) -> Result<Vec<i64>, ClassifyError> {
        let most = MAX_BRAND_PIECES.min(self.manifest.max_tokens / 4);
        self.pieces(name, None, most)
    }

    /// At most `room` pieces of a text: its first, or those around the character `around`.
    fn pieces(
        &self,
        text: &str,
        around: Option<usize>,
        room: usize,
    ) -> Result<Vec<i64>, ClassifyError> {
        let most_chars = room * MAX_CHARS_PER_TOKEN;
        let first_char = around.map_or(0, |around| around.saturating_sub(most_chars / 2));
        let window = between(text, first_char, first_char + most_chars);
        let encoding = self
            .tokenizer
            .encode(prepare(window), false)
            .map_err(|error| ClassifyError::Inference(error.to_string()))?;
        let ids = encoding.get_ids();
        let first = match around {
            Some(around) if ids.len() > room => {
                // Preparing moves letters, so the place is that behind the prepared beginning.
                let before = prepare(between(window, 0, around - first_char)).len();
                let at = encoding
                    .get_offsets()
                    .iter()
                    .position(|(_, end)| *end > before)
                    .unwrap_or(0);
                at.saturating_sub(room / 2).min(ids.len() - room)
            }
            _ => 0,
        };
        Ok(ids
            .iter()
            .skip(first)
            .take(room)
            .map(|&id| i64::from(id))
            .collect())
    }
}

/// The characters `[start, end)` of a text, as far as it has them.
fn between(text: &str, start: usize, end: usize) -> &str {
    let at = |place: usize| {
        text.char_indices()
            .nth(place)
            .map_or(text.len(), |(at, _)| at)
    };
    &text[at(start)..at(end)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokenizers::models::wordlevel::WordLevel;
    use tokenizers::pre_tokenizers::whitespace::Whitespace;

    const WORDS: [&str; 14] = [
        "<s>", "</s>", "<pad>", "<unk>", "<post>", "<review>", "<hi>", "<und>", "acme", "is",
        "bad", "good", "and", "globex",
    ];

    fn encoder(max_tokens: usize, toward: bool) -> Encoder {
        let vocabulary = WORDS
            .iter()
            .zip(0..)
            .map(|(word, id)| ((*word).to_owned(), id))
            .collect();
        let words = WordLevel::builder()
            .vocab(vocabulary)
            .unk_token("<unk>".to_owned())
            .build()
            .expect("the vocabulary is whole");
        let mut tokenizer = Tokenizer::new(words);
        tokenizer.with_pre_tokenizer(Some(Whitespace {}));
        let manifest: Manifest = serde_json::from_value(serde_json::json!({
            "name": "m", "version": "1", "languages": ["en"], "max_tokens": max_tokens,
            "labels": ["negative", "neutral", "positive"], "toward": toward,
            "kind_tokens": {"post": "<post>", "comment": "<post>", "question": "<post>",
                "article": "<post>", "review": "<review>"},
            "lang_tokens": {"hi": "<hi>", "und": "<und>"},
        }))
        .expect("the manifest is valid");
        Encoder::new(tokenizer, Path::new("tokenizer.json"), manifest)
            .expect("every token is in the vocabulary")
    }

    fn input(text: &str) -> Input {
        Input {
            text: text.to_owned(),
            ..Input::default()
        }
    }

    #[track_caller]
    fn check(encoder: &Encoder, input: &Input, expected: &str, n_first: usize) {
        let encoded = encoder.encode(input).expect("it encodes");
        let said: Vec<&str> = encoded.ids.iter().map(|&id| WORDS[id as usize]).collect();
        assert_eq!(said.join(" "), expected, "{input:?}");
        assert_eq!(encoded.n_first, n_first, "{input:?}");
    }

    #[test]
    fn kind_and_language_stand_before_the_text() {
        let encoder = encoder(16, false);
        check(
            &encoder,
            &input("acme is bad"),
            "<s> <post> <und> acme is bad </s>",
            7,
        );
        let review = Input {
            kind: Kind::Review,
            lang: Some("hi-Latn".to_owned()),
            ..input("good")
        };
        check(&encoder, &review, "<s> <review> <hi> good </s>", 5);
    }

    #[test]
    fn a_brand_is_the_second_segment_of_a_model_that_knows_brands() {
        let toward = Input {
            brand: Some("acme".to_owned()),
            ..input("acme is bad")
        };
        check(
            &encoder(16, true),
            &toward,
            "<s> <post> <und> acme is bad </s> acme </s>",
            7,
        );
        check(
            &encoder(16, false),
            &toward,
            "<s> <post> <und> acme is bad </s>",
            7,
        );
    }

    #[test]
    fn a_long_text_is_cut_around_the_brand() {
        let text = "good and good and good and acme is bad and good and good";
        let at = text.find("acme").expect("it is there");
        let toward = Input {
            brand: Some("acme".to_owned()),
            brand_at: Some([at, at + 4]),
            ..input(text)
        };
        check(
            &encoder(10, true),
            &toward,
            "<s> <post> <und> good and acme is </s> acme </s>",
            8,
        );
        check(
            &encoder(10, true),
            &input(text),
            "<s> <post> <und> good and good and good and </s>",
            10,
        );
        let at_the_end = Input {
            brand_at: Some([text.len() - 4, text.len()]),
            ..toward
        };
        check(
            &encoder(10, true),
            &at_the_end,
            "<s> <post> <und> and good and good </s> acme </s>",
            8,
        );
    }

    #[test]
    fn an_endless_text_is_cut_before_it_is_tokenised() {
        let text = "good ".repeat(400_000);
        let toward = Input {
            brand: Some("acme ".repeat(40)),
            brand_at: Some([1_999_995, 9_999_999]),
            ..input(&text)
        };
        let encoded = encoder(32, true).encode(&toward).expect("it encodes");
        assert_eq!(encoded.ids.len(), 32);
    }
}
