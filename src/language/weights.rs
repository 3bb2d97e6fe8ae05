//! The model of languages in Latin letters: a small number per bucket and language, read
//! from a compressed file that is part of the program.

use std::io::{Read, Write};
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::features::{Features, N_BUCKETS};

/// What a file begins with: the format and its version.
const MAGIC: &[u8; 8] = b"HKLNG-1\n";
/// No header is longer.
const MOST_HEADER_BYTES: usize = 64 * 1024;

/// The model in the program, made by `hearken model language train`.
static SHIPPED: &[u8] = include_bytes!("../../models/hearken-language/latin.weights.gz");

/// The shipped model, unpacked at the first use.
pub(super) static LATIN: LazyLock<Weights> =
    LazyLock::new(|| Weights::read(SHIPPED).expect("a test reads the file that is compiled in"));

/// What is said at the head of the file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// Codes in the order of the columns; `und` is what belongs to none of the others.
    pub languages: Vec<String>,
    /// An added number per language.
    pub bias: Vec<f32>,
    /// What one step of a stored weight is worth.
    pub step: f32,
    /// Logits are divided by it before they become shares.
    pub temperature: f32,
    /// The share that an answer needs at least.
    pub answer_from: f32,
}

/// `[bucket][language]`, in steps, and what belongs to them.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// The head of the file.
    pub header: Header,
    /// `N_BUCKETS × languages`.
    pub(super) steps: Vec<i8>,
}

impl Weights {
    /// A number per language, before any prior: the natural logarithm of its share, but for
    /// a constant.
    pub(super) fn logits(&self, features: &Features) -> Vec<f32> {
        let n = self.header.languages.len();
        let mut logits = self.header.bias.clone();
        let mut sums = vec![0_i32; n];
        for (block, value) in features.blocks() {
            sums.fill(0);
            for &bucket in block {
                let at = bucket as usize * n;
                for (sum, &step) in sums.iter_mut().zip(&self.steps[at..at + n]) {
                    *sum += i32::from(step);
                }
            }
            for (logit, &sum) in logits.iter_mut().zip(&sums) {
                *logit += sum as f32 * value * self.header.step;
            }
        }
        for logit in &mut logits {
            *logit /= self.header.temperature;
        }
        logits
    }

    /// Rounds fitted weights (`[bucket][language]`) to steps of a byte.
    pub(super) fn rounded(mut header: Header, fitted: &[f32]) -> Self {
        /// Of so many weights the largest is cut: it would make the steps of all coarser.
        const CUT_ONE_IN: usize = 20_000;
        let mut sizes: Vec<f32> = fitted.iter().map(|weight| weight.abs()).collect();
        let place = sizes.len() - 1 - sizes.len() / CUT_ONE_IN;
        let (_, &mut largest, _) = sizes.select_nth_unstable_by(place, f32::total_cmp);
        header.step = largest.max(1e-6) / f32::from(i8::MAX);
        let most = f32::from(i8::MAX);
        Self {
            steps: fitted
                .iter()
                .map(|weight| (weight / header.step).round().clamp(-most, most) as i8)
                .collect(),
            header,
        }
    }

    /// Writes them.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write(&self, writer: impl Write) -> std::io::Result<()> {
        let mut file = flate2::write::GzEncoder::new(writer, flate2::Compression::best());
        let header = serde_json::to_vec(&self.header)?;
        file.write_all(MAGIC)?;
        file.write_all(&(header.len() as u32).to_le_bytes())?;
        file.write_all(&header)?;
        let bytes: Vec<u8> = self.steps.iter().map(|step| step.cast_unsigned()).collect();
        file.write_all(&bytes)?;
        file.finish()?.flush()
    }

    /// Reads what `write` wrote.
    ///
    /// # Errors
    /// A sentence when the file is truncated, damaged or of another format.
    pub fn read(reader: impl Read) -> Result<Self, String> {
        let mut file = flate2::read::GzDecoder::new(reader);
        let mut take = |n: usize| -> Result<Vec<u8>, String> {
            let mut bytes = vec![0; n];
            file.read_exact(&mut bytes)
                .map_err(|error| format!("it is damaged: {error}"))?;
            Ok(bytes)
        };
        if take(MAGIC.len())? != MAGIC {
            return Err("it holds no language model of this version".to_owned());
        }
        let length = take(4)?;
        let length = u32::from_le_bytes([length[0], length[1], length[2], length[3]]) as usize;
        if length > MOST_HEADER_BYTES {
            return Err(format!("its head of {length} bytes is too long"));
        }
        let header: Header = serde_json::from_slice(&take(length)?)
            .map_err(|error| format!("its head is damaged: {error}"))?;
        let n = header.languages.len();
        if n == 0 || n > 256 || header.bias.len() != n || header.temperature <= 0.0 {
            return Err("its head says nothing of use".to_owned());
        }
        let steps = take(N_BUCKETS * n)?;
        Ok(Self {
            steps: steps.into_iter().map(u8::cast_signed).collect(),
            header,
        })
    }
}

/// Shares from logits.
pub(super) fn softmax(logits: &[f32]) -> Vec<f32> {
    let most = logits.iter().copied().fold(f32::MIN, f32::max);
    let mut shares: Vec<f32> = logits.iter().map(|logit| (logit - most).exp()).collect();
    let sum: f32 = shares.iter().sum();
    shares.iter_mut().for_each(|share| *share /= sum);
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights() -> Weights {
        let header = Header {
            languages: vec!["en".to_owned(), "tr".to_owned()],
            bias: vec![0.5, -0.5],
            temperature: 1.0,
            answer_from: 0.6,
            ..Header::default()
        };
        let mut fitted = vec![0.0; N_BUCKETS * 2];
        for (place, weight) in fitted.iter_mut().enumerate() {
            *weight = (place % 7) as f32 / 7.0 - 0.4;
        }
        Weights::rounded(header, &fitted)
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut file = Vec::new();
        weights().write(&mut file).expect("a vector takes it");
        assert_eq!(Weights::read(&file[..]).expect("it is whole"), weights());
    }

    #[test]
    fn a_broken_file_is_told_and_never_half_read() {
        let mut file = Vec::new();
        weights().write(&mut file).expect("a vector takes it");
        for end in [0, 5, file.len() / 2] {
            Weights::read(&file[..end]).expect_err("it is cut off");
        }
        Weights::read(&b"something else"[..]).expect_err("it is no model");
    }

    #[test]
    fn the_shipped_file_is_whole() {
        assert!(LATIN.header.languages.iter().any(|code| code == "hi-Latn"));
        assert_eq!(LATIN.steps.len(), N_BUCKETS * LATIN.header.languages.len());
    }
}
