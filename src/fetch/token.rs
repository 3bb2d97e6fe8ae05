//! Access tokens (OAuth 2): exchanged once, kept until shortly before they expire, shared by
//! all sources with the same keys. Nothing of it is stored or printed.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::{BodyLimits, CacheHints, FetchError};
use crate::domain::{Secret, SignInPlan, encode_form, hex_digest};
use crate::net::{Client, Request};

/// A token is exchanged anew this long before it expires, so that none expires on the way.
const EARLY: TimeDelta = TimeDelta::seconds(60);
/// How long a token is taken to last when the site does not say.
const DEFAULT_LASTS: Duration = Duration::from_secs(30 * 60);
/// Far above any token's life; a larger figure is a mistake.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3_600);
/// An answer with a token is small.
const CAP_BYTES: u64 = 64 * 1024;

/// The tokens in use. Cheap to clone; all clones share them.
#[derive(Clone, Default)]
pub struct Tokens {
    slots: Arc<std::sync::Mutex<HashMap<String, Slot>>>,
}

/// One exchange at a time per key: who waits finds the token of who was first.
type Slot = Arc<tokio::sync::Mutex<Option<Kept>>>;

struct Kept {
    token: Secret,
    until: DateTime<Utc>,
}

/// Tokens are secrets.
impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens")
    }
}

impl Tokens {
    /// The token for these keys; exchanges them when none is kept.
    ///
    /// # Errors
    /// [`FetchError::SignIn`] with the site's reason, or why it gave no answer.
    pub async fn bearer(
        &self,
        client: &Client,
        plan: &SignInPlan,
        now: DateTime<Utc>,
    ) -> Result<Secret, FetchError> {
        let slot = self.slot(plan);
        let mut kept = slot.lock().await;
        if let Some(kept) = kept.as_ref().filter(|kept| kept.until - EARLY > now) {
            return Ok(kept.token.clone());
        }
        let (token, lasts) = exchange(client, plan, now).await?;
        let until = now + TimeDelta::from_std(lasts.min(LONGEST)).unwrap_or(EARLY);
        *kept = Some(Kept {
            token: token.clone(),
            until,
        });
        Ok(token)
    }

    /// Forgets a token that the site no longer takes.
    pub async fn forget(&self, plan: &SignInPlan) {
        *self.slot(plan).lock().await = None;
    }

    fn slot(&self, plan: &SignInPlan) -> Slot {
        let form = encode_form(&plan.form);
        let (id, secret) = plan.basic.clone().unwrap_or_default();
        let key = hex_digest("token", &[plan.url.as_str(), &form, &id, &secret]);
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.entry(key).or_default().clone()
    }
}

async fn exchange(
    client: &Client,
    plan: &SignInPlan,
    now: DateTime<Utc>,
) -> Result<(Secret, Duration), FetchError> {
    let body = encode_form(&plan.form).into_bytes();
    let mut request = Request::post(plan.url.clone(), body)
        .header("Content-Type", "application/x-www-form-urlencoded")
        .header("Accept", "application/json");
    request.cap_bytes = Some(CAP_BYTES);
    if let Some((id, secret)) = &plan.basic {
        let pair = STANDARD.encode(format!("{id}:{secret}"));
        request = request.header("Authorization", format!("Basic {pair}"));
    }
    let response = client.send(request).await?;
    let body: Value = serde_json::from_slice(&response.body).unwrap_or(Value::Null);
    let status = response.status;
    if !response.is_success() {
        let hints = CacheHints::of(&response.headers, now);
        let wait = BodyLimits::of(&response.body, now).wait;
        if status == 429 || hints.retry_after.or(wait).is_some() {
            return Err(FetchError::Throttled {
                status,
                retry_after: hints.retry_after.or(wait),
            });
        }
        if status >= 500 {
            return Err(FetchError::of_status(&response, None));
        }
    }
    let Some(token) = body["access_token"].as_str().filter(|token| {
        response.is_success() && !token.is_empty() && !token.chars().any(char::is_control)
    }) else {
        // The site's own word, such as `invalid_client`; never what we sent.
        let said = ["error_description", "error", "message"]
            .iter()
            .find_map(|key| body[*key].as_str())
            .unwrap_or("it gave no token");
        let said: String = said.chars().filter(|c| !c.is_control()).take(200).collect();
        return Err(FetchError::SignIn { status, said });
    };
    let lasts = match &body["expires_in"] {
        Value::Number(secs) => secs.as_f64(),
        Value::String(secs) => secs.parse().ok(),
        _ => None,
    };
    let lasts = lasts
        .and_then(|secs| Duration::try_from_secs_f64(secs).ok())
        .unwrap_or(DEFAULT_LASTS);
    Ok((Secret::new(token), lasts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::testing::{RawServer, client, say};

    fn now() -> DateTime<Utc> {
        "2026-03-01T10:00:00Z".parse().expect("a moment")
    }

    fn plan(server: &RawServer) -> SignInPlan {
        SignInPlan {
            url: server.url("/token"),
            form: vec![("grant_type".into(), "client_credentials".into())],
            basic: Some(("app".into(), "geheim".into())),
        }
    }

    #[tokio::test]
    async fn a_token_is_kept_until_it_expires() {
        let server = RawServer::start([
            say(
                "200 OK",
                &[],
                r#"{"access_token":"one","expires_in":3600,"token_type":"bearer"}"#,
            ),
            say(
                "200 OK",
                &[],
                r#"{"access_token":"two","expires_in":"3600"}"#,
            ),
        ])
        .await;
        let tokens = Tokens::default();
        let plan = plan(&server);
        let ask = |at: DateTime<Utc>| {
            let (tokens, plan) = (tokens.clone(), plan.clone());
            async move {
                let token = tokens.bearer(&client(), &plan, at).await;
                token.expect("a token").reveal().to_owned()
            }
        };
        assert_eq!(ask(now()).await, "one");
        assert_eq!(ask(now() + TimeDelta::minutes(58)).await, "one");
        assert_eq!(ask(now() + TimeDelta::minutes(59)).await, "two");
        let requests = server.requests();
        assert_eq!(requests.len(), 2);
        let pair = STANDARD.encode("app:geheim");
        assert!(requests[0].contains(&format!("authorization: Basic {pair}")));
        tokens.forget(&plan).await;
        assert_eq!(ask(now()).await, "two");
        assert_eq!(server.requests().len(), 3);
    }

    #[tokio::test]
    async fn a_refusal_gives_the_site_s_reason_and_never_the_secret() {
        let server = RawServer::start([say(
            "401 Unauthorized",
            &[],
            r#"{"message":"Unauthorized","error":"invalid_client"}"#,
        )])
        .await;
        let error = Tokens::default()
            .bearer(&client(), &plan(&server), now())
            .await
            .expect_err("refused");
        assert_eq!(error.kind(), "sign_in");
        let text = error.to_string();
        assert!(text.contains("invalid_client"), "{text}");
        assert!(!text.contains("geheim"), "{text}");
    }
}
