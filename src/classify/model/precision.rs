//! The arithmetic of the encoder, chosen by what this machine does fast.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tch::{Device, Kind as TensorKind, Tensor};

/// The arithmetic of the encoder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// bf16 where a short measurement at the first use finds it faster, else f32.
    #[default]
    Auto,
    /// 32-bit floats.
    F32,
    /// 16-bit brain floats.
    Bf16,
}

impl Precision {
    pub(super) fn tensor_kind(self) -> TensorKind {
        match self {
            Self::F32 => TensorKind::Float,
            Self::Bf16 => TensorKind::BFloat16,
            Self::Auto => *FASTER.get_or_init(measure),
        }
    }
}

/// What was measured, for as long as the program runs.
static FASTER: OnceLock<TensorKind> = OnceLock::new();

/// Rows of the measured product: a short text's tokens in a batch of a few.
const ROWS: i64 = 256;
/// Its width, and that of the layer behind it: those of the shipped encoder.
const WIDTHS: (i64, i64) = (384, 1_536);
/// Each kind is measured so often, and its fastest time counts: what else runs on the
/// machine only ever makes it slower.
const TRIES: usize = 5;
/// bf16 rounds, so it has to be worth it.
const WORTH: f64 = 1.15;
/// An emulated kind is given up after this; the measurement stays far below a second.
const PATIENCE: Duration = Duration::from_millis(200);

/// The faster kind for the product that the encoder spends its time in. What the processor
/// claims is not asked: virtual machines hide instructions, and libtorch does not use all
/// that exist.
fn measure() -> TensorKind {
    let of = |kind| {
        let (width, layer) = WIDTHS;
        let texts = Tensor::rand([ROWS, width], (TensorKind::Float, Device::Cpu)).to_kind(kind);
        let weights = Tensor::rand([width, layer], (TensorKind::Float, Device::Cpu)).to_kind(kind);
        fastest(|| drop(texts.matmul(&weights)))
    };
    let (single, brain) = tch::no_grad(|| (of(TensorKind::Float), of(TensorKind::BFloat16)));
    let kind = choose(single, brain);
    tracing::debug!(
        f32_us = single.as_micros() as u64,
        bf16_us = brain.as_micros() as u64,
        "Arithmetic of the model: {kind:?}"
    );
    kind
}

fn fastest(work: impl Fn()) -> Duration {
    let begun = Instant::now();
    // The first pass pays for libtorch's own setup.
    work();
    let mut best = begun.elapsed();
    for _ in 0..TRIES {
        if begun.elapsed() > PATIENCE {
            break;
        }
        let started = Instant::now();
        work();
        best = best.min(started.elapsed());
    }
    best
}

fn choose(single: Duration, brain: Duration) -> TensorKind {
    if brain.as_secs_f64() * WORTH < single.as_secs_f64() {
        TensorKind::BFloat16
    } else {
        TensorKind::Float
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bf16_has_to_be_worth_its_rounding() {
        let ms = Duration::from_millis;
        assert_eq!(choose(ms(10), ms(5)), TensorKind::BFloat16);
        assert_eq!(choose(ms(10), ms(9)), TensorKind::Float);
        assert_eq!(choose(ms(10), ms(40)), TensorKind::Float);
    }

    #[test]
    fn the_measurement_is_short_and_made_once() {
        let started = Instant::now();
        let first = Precision::Auto.tensor_kind();
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "{:?}",
            started.elapsed()
        );
        for _ in 0..3 {
            assert_eq!(Precision::Auto.tensor_kind(), first);
        }
        assert_eq!(Precision::F32.tensor_kind(), TensorKind::Float);
    }
}
