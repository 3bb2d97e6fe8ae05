//! What a webhook secret means: the key that signs, read from the form it was written in.
//! Signing itself is delivery's work.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::Secret;

/// Senders print base64 with and without its padding; both mean the same key.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The prefix of a secret shared by both sides.
const SHARED_PREFIX: &str = "whsec_";
/// The prefix of a private key, of which the receiver knows only the public half.
const PRIVATE_PREFIX: &str = "whsk_";
/// The prefix of a public key, which people paste by mistake.
const PUBLIC_PREFIX: &str = "whpk_";

/// A key that signs webhooks.
#[derive(Clone, PartialEq, Eq)]
pub enum SigningKey {
    /// HMAC-SHA256, the signature `v1`.
    Shared(Vec<u8>),
    /// The seed of an ed25519 key, the signature `v1a`.
    Private([u8; 32]),
}

impl SigningKey {
    /// Reads `whsec_` + base64, `whsk_` + base64, or any other text, whose bytes are
    /// then the shared key.
    ///
    /// # Errors
    /// What is wrong with the form, never the value.
    pub fn read(secret: &Secret) -> Result<Self, &'static str> {
        let text = secret.reveal();
        if let Some(encoded) = text.strip_prefix(SHARED_PREFIX) {
            return match BASE64.decode(encoded) {
                Ok(key) if key.is_empty() => Err("has nothing after whsec_"),
                Ok(key) => Ok(Self::Shared(key)),
                Err(_) => Err("is not base64 after whsec_"),
            };
        }
        if let Some(encoded) = text.strip_prefix(PRIVATE_PREFIX) {
            let key = BASE64
                .decode(encoded)
                .map_err(|_| "is not base64 after whsk_")?;
            // The usual form is the seed followed by the public key; the seed alone is enough.
            return match key.len() {
                32 | 64 => {
                    let mut seed = [0; 32];
                    seed.copy_from_slice(&key[..32]);
                    Ok(Self::Private(seed))
                }
                _ => Err("is not an ed25519 key: 32 or 64 bytes are expected after whsk_"),
            };
        }
        if text.starts_with(PUBLIC_PREFIX) {
            return Err("is the public key, which cannot sign");
        }
        if text.is_empty() {
            return Err("is empty");
        }
        Ok(Self::Shared(text.as_bytes().to_vec()))
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<SigningKey, &'static str>) {
        assert_eq!(SigningKey::read(&Secret::new(text)), expected, "{text:?}");
    }

    #[test]
    fn every_form_of_a_secret_is_read() {
        check("whsec_AQID", Ok(SigningKey::Shared(vec![1, 2, 3])));
        check("whsec_AQIDBA==", Ok(SigningKey::Shared(vec![1, 2, 3, 4])));
        check("whsec_AQIDBA", Ok(SigningKey::Shared(vec![1, 2, 3, 4])));
        check("AQID", Ok(SigningKey::Shared(b"AQID".to_vec())));
        let seed = BASE64.encode([7; 32]);
        let pair = BASE64.encode([7; 64]);
        check(&format!("whsk_{seed}"), Ok(SigningKey::Private([7; 32])));
        check(&format!("whsk_{pair}"), Ok(SigningKey::Private([7; 32])));
    }

    #[test]
    fn unusable_secrets_say_why() {
        check("whsec_", Err("has nothing after whsec_"));
        check("whsec_not base64", Err("is not base64 after whsec_"));
        check("whsk_%", Err("is not base64 after whsk_"));
        check(
            "whsk_AQID",
            Err("is not an ed25519 key: 32 or 64 bytes are expected after whsk_"),
        );
        check("whpk_AQID", Err("is the public key, which cannot sign"));
        check("", Err("is empty"));
    }

    #[test]
    fn a_key_is_never_printed() {
        let key = SigningKey::Shared(b"very secret".to_vec());
        assert_eq!(format!("{key:?}"), "[redacted]");
    }
}
