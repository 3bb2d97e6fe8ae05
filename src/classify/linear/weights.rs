//! The weights of one language: a number per bucket and class, kept in a compressed file
//! of 16-bit steps.

use std::io::{Read, Write};

use super::features::{Features, N_BUCKETS};
use crate::domain::Kind;

/// What a file begins with: the format and its version.
const MAGIC: &[u8; 8] = b"HKLIN-1\n";

/// Fitted weights: `[bucket][class]`, and a bias for post-like texts and for reviews.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// `N_BUCKETS × 3`.
    pub by_bucket: Vec<f32>,
    /// Post-like, then review.
    pub bias: [[f32; 3]; 2],
}

impl Weights {
    /// Weights that say nothing yet.
    pub fn zero() -> Self {
        Self {
            by_bucket: vec![0.0; N_BUCKETS * 3],
            bias: [[0.0; 3]; 2],
        }
    }

    /// Forgets weights smaller than this share of the largest; a compressed file has no
    /// room for what does not matter.
    pub fn drop_below(&mut self, share: f32) {
        let largest = self
            .by_bucket
            .iter()
            .fold(0.0_f32, |most, w| most.max(w.abs()));
        for weight in &mut self.by_bucket {
            if weight.abs() < share * largest {
                *weight = 0.0;
            }
        }
    }

    /// One number per class (negative, neutral, positive), before any scaling.
    pub fn logits(&self, features: &Features, kind: Kind) -> [f32; 3] {
        let mut logits = self.bias[usize::from(kind == Kind::Review)];
        for (bucket, value) in features.values() {
            for (class, logit) in logits.iter_mut().enumerate() {
                *logit += value * self.by_bucket[bucket * 3 + class];
            }
        }
        logits
    }

    /// Writes them, rounded to 16-bit steps of the largest.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write(&self, writer: impl Write) -> std::io::Result<()> {
        let mut file = flate2::write::GzEncoder::new(writer, flate2::Compression::best());
        let largest = self
            .by_bucket
            .iter()
            .fold(1e-9_f32, |most, w| most.max(w.abs()));
        let step = largest / f32::from(i16::MAX);
        file.write_all(MAGIC)?;
        file.write_all(&step.to_le_bytes())?;
        for bias in self.bias.iter().flatten() {
            file.write_all(&bias.to_le_bytes())?;
        }
        for weight in &self.by_bucket {
            file.write_all(&((weight / step).round() as i16).to_le_bytes())?;
        }
        file.finish()?.flush()
    }

    /// Reads what `write` wrote.
    ///
    /// # Errors
    /// A sentence when the file is truncated, damaged or of another format.
    pub fn read(reader: impl Read) -> Result<Self, String> {
        let mut bytes = Vec::with_capacity(N_BUCKETS * 6 + 64);
        let whole = (MAGIC.len() + 7 * 4 + N_BUCKETS * 6) as u64;
        flate2::read::GzDecoder::new(reader)
            .take(whole + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| format!("it is damaged: {error}"))?;
        if !bytes.starts_with(MAGIC) {
            return Err("it holds no linear model of this version".to_owned());
        }
        if bytes.len() as u64 != whole {
            return Err(format!("it holds {} bytes instead of {whole}", bytes.len()));
        }
        let (head, body) = bytes[MAGIC.len()..].split_at(7 * 4);
        let head: Vec<f32> = head
            .as_chunks::<4>()
            .0
            .iter()
            .map(|four| f32::from_le_bytes(*four))
            .collect();
        if head.iter().any(|number| !number.is_finite()) {
            return Err("it holds numbers that are none".to_owned());
        }
        let by_bucket = body
            .as_chunks::<2>()
            .0
            .iter()
            .map(|two| f32::from(i16::from_le_bytes(*two)) * head[0])
            .collect();
        Ok(Self {
            by_bucket,
            bias: [[head[1], head[2], head[3]], [head[4], head[5], head[6]]],
        })
    }
}

/// Probabilities from logits.
pub(super) fn softmax(logits: [f32; 3]) -> [f32; 3] {
    let most = logits.iter().copied().fold(f32::MIN, f32::max);
    let raised = logits.map(|logit| (logit - most).exp());
    let sum: f32 = raised.iter().sum();
    raised.map(|value| value / sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights() -> Weights {
        let mut by_bucket = vec![0.0; N_BUCKETS * 3];
        by_bucket[5] = -1.5;
        by_bucket[N_BUCKETS * 3 - 1] = 0.75;
        Weights {
            by_bucket,
            bias: [[0.1, 0.2, -0.3], [0.0, 0.5, 0.25]],
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut file = Vec::new();
        weights().write(&mut file).expect("a vector takes it");
        let read = Weights::read(&file[..]).expect("it is whole");
        assert_eq!(read.bias, weights().bias);
        for (read, written) in read.by_bucket.iter().zip(&weights().by_bucket) {
            assert!((read - written).abs() < 1e-4);
        }
    }

    #[test]
    fn a_broken_file_is_told_and_never_half_read() {
        let mut file = Vec::new();
        weights().write(&mut file).expect("a vector takes it");
        for end in [0, 5, file.len() / 2, file.len() - 1] {
            Weights::read(&file[..end]).expect_err("it is cut off");
        }
        Weights::read(&b"something else"[..]).expect_err("it is no model");
    }
}
