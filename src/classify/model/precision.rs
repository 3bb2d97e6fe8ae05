//! The arithmetic of the encoder, chosen by what the processor does well.

use tch::Kind as TensorKind;

/// The arithmetic of the encoder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// bf16 where the processor multiplies it natively (AVX-512 BF16), else f32.
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
            Self::Auto if has_native_bf16() => TensorKind::BFloat16,
            Self::Auto => TensorKind::Float,
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn has_native_bf16() -> bool {
    std::arch::is_x86_feature_detected!("avx512bf16")
}

#[cfg(not(target_arch = "x86_64"))]
fn has_native_bf16() -> bool {
    false
}
