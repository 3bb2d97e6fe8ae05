//! The tokenizer of a folder: `tokenizer.json`, or the older files it is made from.

use std::path::Path;

use serde_json::Value;
use tokenizers::models::bpe::BPE;
use tokenizers::models::unigram::Unigram;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::{BertNormalizer, Precompiled};
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::metaspace::{Metaspace, PrependScheme};
use tokenizers::{AddedToken, Tokenizer};

use super::{bad, sentencepiece};
use crate::classify::ClassifyError;

/// The file that holds everything.
pub(super) const TOKENIZER: &str = "tokenizer.json";
/// Files that older models have instead.
pub(super) const OLDER: [&str; 4] = [
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "sentencepiece.bpe.model",
];

/// Whether a tokenizer is there.
///
/// # Errors
/// `BadModel`.
pub(super) fn look_over(folder: &Path) -> Result<(), ClassifyError> {
    let has = |name: &str| folder.join(name).is_file();
    let [words, pieces, merges, unigram] = OLDER.map(has);
    if has(TOKENIZER) || words || (pieces && merges) || unigram {
        return Ok(());
    }
    Err(absent(folder))
}

fn absent(folder: &Path) -> ClassifyError {
    bad(
        &folder.join(TOKENIZER),
        "there is no such file, nor vocab.txt, nor vocab.json with merges.txt, nor \
         sentencepiece.bpe.model: copy the tokenizer's files beside the weights",
    )
}

/// Reads the tokenizer of a folder.
///
/// # Errors
/// `BadModel` names the file that is missing or broken.
pub(super) fn read(folder: &Path) -> Result<(Tokenizer, std::path::PathBuf), ClassifyError> {
    let file = folder.join(TOKENIZER);
    if file.is_file() {
        let tokenizer = Tokenizer::from_file(&file).map_err(|error| {
            bad(
                &file,
                format!("it is damaged ({error}): copy or download it again"),
            )
        })?;
        return Ok((tokenizer, file));
    }
    let [words, pieces, merges, unigram] = OLDER.map(|name| folder.join(name));
    let (made, from) = if words.is_file() {
        (word_pieces(folder, &words), words)
    } else if pieces.is_file() && merges.is_file() {
        (byte_pairs(&pieces, &merges), pieces)
    } else if unigram.is_file() {
        (xlm_pieces(&unigram), unigram)
    } else {
        return Err(absent(folder));
    };
    let tokenizer = made.map_err(|why| bad(&from, why))?;
    Ok((tokenizer, from))
}

/// BERT and its kin.
fn word_pieces(folder: &Path, file: &Path) -> Result<Tokenizer, String> {
    let settings: Value = std::fs::read(folder.join("tokenizer_config.json"))
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default();
    let lowercase = settings["do_lower_case"].as_bool().unwrap_or(true);
    let strip_accents = settings["strip_accents"].as_bool();
    let words = WordPiece::from_file(&file.display().to_string())
        .unk_token("[UNK]".to_owned())
        .build()
        .map_err(|error| error.to_string())?;
    let mut tokenizer = Tokenizer::new(words);
    tokenizer.with_normalizer(Some(BertNormalizer::new(
        true,
        true,
        strip_accents,
        lowercase,
    )));
    tokenizer.with_pre_tokenizer(Some(BertPreTokenizer));
    special(
        &mut tokenizer,
        &["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"],
    );
    Ok(tokenizer)
}

/// RoBERTa and its kin.
fn byte_pairs(pieces: &Path, merges: &Path) -> Result<Tokenizer, String> {
    let pairs = BPE::from_file(&pieces.display().to_string(), &merges.display().to_string())
        .build()
        .map_err(|error| error.to_string())?;
    let mut tokenizer = Tokenizer::new(pairs);
    tokenizer.with_pre_tokenizer(Some(ByteLevel::new(false, true, true)));
    special(&mut tokenizer, &["<s>", "<pad>", "</s>", "<unk>", "<mask>"]);
    Ok(tokenizer)
}

/// XLM-RoBERTa: the pieces of SentencePiece behind fairseq's four special tokens.
fn xlm_pieces(file: &Path) -> Result<Tokenizer, String> {
    let bytes = std::fs::read(file).map_err(|error| error.to_string())?;
    let model = sentencepiece::read(&bytes)?;
    let mut pieces: Vec<(String, f64)> = ["<s>", "<pad>", "</s>", "<unk>"]
        .iter()
        .map(|name| ((*name).to_owned(), 0.0))
        .collect();
    // Its own first three are <unk>, <s> and </s>.
    pieces.extend(model.pieces.into_iter().skip(3));
    pieces.push(("<mask>".to_owned(), 0.0));
    let unigram = Unigram::from(pieces, Some(3), false).map_err(|error| error.to_string())?;
    let mut tokenizer = Tokenizer::new(unigram);
    if !model.normalizer.is_empty() {
        let normalizer = Precompiled::from(&model.normalizer).map_err(|error| error.to_string())?;
        tokenizer.with_normalizer(Some(normalizer));
    }
    tokenizer.with_pre_tokenizer(Some(Metaspace::new('▁', PrependScheme::Always, true)));
    special(&mut tokenizer, &["<s>", "<pad>", "</s>", "<unk>", "<mask>"]);
    Ok(tokenizer)
}

fn special(tokenizer: &mut Tokenizer, names: &[&str]) {
    let known: Vec<AddedToken> = names
        .iter()
        .filter(|name| tokenizer.token_to_id(name).is_some())
        .map(|name| AddedToken::from((*name).to_owned(), true))
        .collect();
    tokenizer.add_special_tokens(&known);
}
