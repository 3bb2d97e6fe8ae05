//! Standard Webhooks signatures: who sent this body, and that nobody changed it. The id and
//! the body are those of the event; the time is that of the attempt.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use rustls::SignatureScheme;
use rustls::pki_types::PrivatePkcs8KeyDer;
use standardwebhooks::Webhook;

use crate::domain::{EventId, Secret, SigningKey};

/// What stands before the 32 bytes of an ed25519 seed in PKCS #8 (RFC 8410, section 7).
const ED25519_PKCS8_START: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// Why nothing could be signed; never says with what.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SignError {
    /// A secret of the configuration is no key.
    #[error("the secret {why}")]
    Secret {
        /// What is wrong with its form.
        why: &'static str,
    },
    /// The signing library refused.
    #[error("the message could not be signed")]
    Refused,
}

/// The headers of one attempt: id, time and, when there are secrets, the signatures of all
/// of them, so that a receiver may know either the old or the new one.
///
/// # Errors
/// [`SignError::Secret`] for a secret that the configuration would have refused.
pub fn headers(
    event: &EventId,
    at: DateTime<Utc>,
    body: &[u8],
    secrets: &[Secret],
) -> Result<Vec<(&'static str, String)>, SignError> {
    let timestamp = at.timestamp();
    let mut headers = vec![
        (
            standardwebhooks::HEADER_WEBHOOK_ID,
            event.as_str().to_owned(),
        ),
        (
            standardwebhooks::HEADER_WEBHOOK_TIMESTAMP,
            timestamp.to_string(),
        ),
    ];
    let signatures = secrets
        .iter()
        .map(|secret| {
            let key = SigningKey::read(secret).map_err(|why| SignError::Secret { why })?;
            sign(&key, event.as_str(), timestamp, body)
        })
        .collect::<Result<Vec<String>, SignError>>()?;
    if !signatures.is_empty() {
        headers.push((
            standardwebhooks::HEADER_WEBHOOK_SIGNATURE,
            signatures.join(" "),
        ));
    }
    Ok(headers)
}

/// One signature with its version: `v1,…` or `v1a,…`.
fn sign(key: &SigningKey, id: &str, timestamp: i64, body: &[u8]) -> Result<String, SignError> {
    match key {
        SigningKey::Shared(bytes) => Webhook::from_bytes(bytes.clone())
            .and_then(|webhook| webhook.sign(id, timestamp, body))
            .map_err(|_| SignError::Refused),
        SigningKey::Private(seed) => {
            let message = [format!("{id}.{timestamp}.").as_bytes(), body].concat();
            let signature = ed25519(seed, &message)?;
            Ok(format!("v1a,{}", STANDARD.encode(signature)))
        }
    }
}

fn ed25519(seed: &[u8; 32], message: &[u8]) -> Result<Vec<u8>, SignError> {
    let der = [&ED25519_PKCS8_START[..], seed].concat();
    let key = rustls::crypto::ring::sign::any_eddsa_type(&PrivatePkcs8KeyDer::from(der))
        .map_err(|_| SignError::Refused)?;
    key.choose_scheme(&[SignatureScheme::ED25519])
        .ok_or(SignError::Refused)?
        .sign(message)
        .map_err(|_| SignError::Refused)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[track_caller]
    fn check(secret: &str, id: &str, timestamp: i64, body: &str, expected: &str) {
        let at = DateTime::from_timestamp(timestamp, 0).expect("a time of this century");
        let headers = headers(
            &EventId::new(id),
            at,
            body.as_bytes(),
            &[Secret::new(secret)],
        )
        .expect("a good secret");
        assert_eq!(
            headers,
            [
                ("webhook-id", id.to_owned()),
                ("webhook-timestamp", timestamp.to_string()),
                ("webhook-signature", expected.to_owned()),
            ]
        );
    }

    #[test]
    fn the_vector_of_the_specification_is_met() {
        check(
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            "{\"test\": 2432232314}",
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        );
    }

    #[test]
    fn published_vectors_are_met() {
        let corpus = std::env::var_os("HEARKEN_CORPUS").map_or_else(
            || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/fixtures")),
            PathBuf::from,
        );
        let file = corpus.join("webhooks/standard-webhooks/vectors.json");
        let Ok(text) = std::fs::read_to_string(&file) else {
            let required = std::env::var("HEARKEN_REQUIRE_ALL").is_ok_and(|value| value == "1");
            assert!(!required, "{} is required", file.display());
            println!("skipped: {} is not here", file.display());
            return;
        };
        let vectors: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let mut n_vectors = 0;
        for list in ["known_answer", "derived"] {
            for vector in vectors[list].as_array().expect("a list") {
                let text = |key: &str| vector[key].as_str().expect("a text").to_owned();
                check(
                    &text("secret"),
                    &text("msg_id"),
                    vector["timestamp"].as_i64().expect("a number"),
                    &text("payload"),
                    &text("signature"),
                );
                n_vectors += 1;
            }
        }
        assert!(n_vectors >= 5, "{n_vectors} vectors");
    }

    #[test]
    fn ed25519_signs_as_rfc_8032_does() {
        let seed = bytes("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
        let expected = bytes(
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        );
        let seed: [u8; 32] = seed.try_into().expect("32 bytes");
        assert_eq!(ed25519(&seed, b""), Ok(expected));
    }

    #[test]
    fn every_secret_signs_while_one_is_changed() {
        let secrets = [
            Secret::new("whsec_AQID"),
            Secret::new("plain text"),
            Secret::new(format!("whsk_{}", STANDARD.encode([7; 64]))),
        ];
        let headers = headers(
            &EventId::new("evt_1"),
            DateTime::UNIX_EPOCH,
            "{\"text\":\"çok kötü\"}".as_bytes(),
            &secrets,
        )
        .expect("good secrets");
        let versions: Vec<&str> = headers[2]
            .1
            .split(' ')
            .filter_map(|signature| signature.split_once(','))
            .map(|(version, _)| version)
            .collect();
        assert_eq!(versions, ["v1", "v1", "v1a"]);
    }

    #[test]
    fn without_a_secret_there_is_no_signature() {
        let headers = headers(&EventId::new("evt_1"), DateTime::UNIX_EPOCH, b"{}", &[])
            .expect("nothing to sign");
        assert_eq!(headers.len(), 2);
    }

    fn bytes(hex: &str) -> Vec<u8> {
        hex.as_bytes()
            .chunks(2)
            .map(|pair| {
                let pair = std::str::from_utf8(pair).expect("ASCII");
                u8::from_str_radix(pair, 16).expect("hex")
            })
            .collect()
    }
}
