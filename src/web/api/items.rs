//! `POST /api/v1/items`: any program can push items to an `inbound` source, and `/hooks/…`
//! does the same for services that carry a secret of their own instead of our token.

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::extract::ApiQuery;
use crate::domain::SourceName;
use crate::web::control::{Command, HookProof, PushError, PushReport, PushSender, Pushed};
use crate::web::guard;
use crate::web::problem::{ApiProblem, Problem};
use crate::web::state::AppState;

/// A thousand long reviews fit; more is an import.
const BODY_LIMIT_BYTES: usize = 5 * 1024 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Where {
    source: Option<String>,
}

pub(super) async fn push(
    State(state): State<AppState>,
    ApiQuery(place): ApiQuery<Where>,
    body: Body,
) -> Response {
    let source = place.source.map(SourceName::new);
    answer(&state, source, PushSender::Api, body).await
}

#[derive(Deserialize)]
pub(in crate::web) struct HookToken {
    token: Option<String>,
}

/// A service calls with the source's own secret: as `token` in the address, as a bearer
/// token, or as the key of a signature over the body.
pub(in crate::web) async fn hook(
    State(state): State<AppState>,
    Path(name): Path<String>,
    axum::extract::Query(given): axum::extract::Query<HookToken>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let bearer = guard::text(&headers, "authorization").and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme
            .eq_ignore_ascii_case("bearer")
            .then(|| token.trim().to_owned())
    });
    let now = state.now().timestamp();
    let signed = signatures(&headers);
    let sender = PushSender::Hook(HookProof {
        token: given.token.or(bearer),
        is_signed: Box::new(move |secret, body| signed.fit(secret, body, now)),
    });
    answer(&state, Some(SourceName::new(name)), sender, body).await
}

async fn answer(
    state: &AppState,
    source: Option<SourceName>,
    sender: PushSender,
    body: Body,
) -> Response {
    let Ok(body) = to_bytes(body, BODY_LIMIT_BYTES).await else {
        let problem = Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "bad_request",
            format!("the body could not be read or is larger than {BODY_LIMIT_BYTES} bytes"),
            "send the items in parts",
        );
        return ApiProblem(problem).into_response();
    };
    let pushed = Pushed {
        source,
        body: body.to_vec(),
        sender,
    };
    let outcome = state
        .ask_worker(|reply| Command::Push { pushed, reply })
        .await;
    match outcome {
        Ok(Ok(report)) => Json::<PushReport>(report).into_response(),
        Ok(Err(error)) => refused(error),
        Err(problem) => ApiProblem(problem).into_response(),
    }
}

fn refused(error: PushError) -> Response {
    let message = error.to_string();
    let problem = match error {
        PushError::Wrong(problems) => {
            let body = json!({
                "error": {
                    "kind": "bad_items",
                    "message": "nothing was taken, because some of it is wrong",
                    "mend": "mend the items and send all of them again; what is known already is not stored twice",
                    "items": problems.iter().map(|problem| json!({
                        "item": problem.place,
                        "field": problem.field,
                        "message": problem.what,
                    })).collect::<Vec<_>>(),
                }
            });
            return (StatusCode::UNPROCESSABLE_ENTITY, Json(body)).into_response();
        }
        PushError::Refused(_) => Problem::new(
            StatusCode::UNAUTHORIZED,
            "not_signed_in",
            message,
            "send the secret of the source as `?token=`, as a bearer token, or sign the body with it",
        ),
        PushError::Unknown(_) | PushError::NotInbound(_) | PushError::NoneConfigured => {
            Problem::not_found(
                message,
                "configure one: [[source]] definition = \"inbound\"",
            )
        }
        PushError::Ambiguous => Problem::bad_request(message, "add `?source=NAME` to the address"),
        PushError::Failed(_) => Problem::failed(message),
    };
    ApiProblem(problem).into_response()
}

/// The signatures of a request, in the forms that services use.
struct Signatures {
    /// `sha256=HEX` of the body (GitHub, Meta and many others).
    hub: Option<String>,
    /// Standard Webhooks: id, timestamp and a list of signatures.
    standard: Option<(String, i64, String)>,
}

/// Standard Webhooks: an older message may be somebody's replay.
const TOLERANCE_SECS: i64 = 5 * 60;

fn signatures(headers: &HeaderMap) -> Signatures {
    let text = |name: &str| guard::text(headers, name).map(str::to_owned);
    Signatures {
        hub: text("x-hub-signature-256").or_else(|| text("x-signature-sha256")),
        standard: text("webhook-id").and_then(|id| {
            let at = text("webhook-timestamp")?.parse().ok()?;
            Some((id, at, text("webhook-signature")?))
        }),
    }
}

impl Signatures {
    fn fit(&self, secret: &str, body: &[u8], now: i64) -> bool {
        if let Some(given) = &self.hub {
            let wanted = hex(&hmac_sha256(secret.as_bytes(), &[body]));
            let given = given.strip_prefix("sha256=").unwrap_or(given);
            return given
                .to_ascii_lowercase()
                .as_bytes()
                .ct_eq(wanted.as_bytes())
                .into();
        }
        let Some((id, at, given)) = &self.standard else {
            return false;
        };
        if (now - at).abs() > TOLERANCE_SECS {
            return false;
        }
        let key = match secret.strip_prefix("whsec_") {
            Some(encoded) => STANDARD.decode(encoded).unwrap_or_default(),
            None => secret.as_bytes().to_vec(),
        };
        let head = format!("{id}.{at}.");
        let wanted = STANDARD.encode(hmac_sha256(&key, &[head.as_bytes(), body]));
        given.split_whitespace().any(|signature| {
            signature
                .strip_prefix("v1,")
                .is_some_and(|given| given.as_bytes().ct_eq(wanted.as_bytes()).into())
        })
    }
}

/// HMAC (RFC 2104) over SHA-256.
fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    const BLOCK: usize = 64;
    let mut block = [0_u8; BLOCK];
    if key.len() > BLOCK {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let mut inner = Sha256::new();
    inner.update(block.map(|byte| byte ^ 0x36));
    for part in parts {
        inner.update(part);
    }
    let mut outer = Sha256::new();
    outer.update(block.map(|byte| byte ^ 0x5c));
    outer.update(inner.finalize());
    outer.finalize().into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hmac_is_that_of_rfc_4231() {
        let wanted = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let made = hmac_sha256(b"Jefe", &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(hex(&made), wanted);
        let long = hmac_sha256(
            &[0xaa; 131],
            &[b"Test Using Larger Than Block-Size Key - Hash Key First"],
        );
        assert_eq!(
            hex(&long),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }

    #[test]
    fn signatures_fit_only_their_body_and_time() {
        let body = b"{\"events\":[]}";
        let hub = Signatures {
            hub: Some(format!("sha256={}", hex(&hmac_sha256(b"key", &[body])))),
            standard: None,
        };
        assert!(hub.fit("key", body, 0));
        assert!(!hub.fit("other", body, 0));
        assert!(!hub.fit("key", b"{}", 0));
        let made = STANDARD.encode(hmac_sha256(b"key", &[b"id.1000.", body]));
        let standard = Signatures {
            hub: None,
            standard: Some(("id".into(), 1_000, format!("v1,xxxx v1,{made}"))),
        };
        assert!(standard.fit("key", body, 1_200));
        assert!(!standard.fit("key", body, 1_301));
        let none = Signatures {
            hub: None,
            standard: None,
        };
        assert!(!none.fit("key", body, 0));
    }
}
