//! Buttons that were pressed in a chat tool. No token is asked for: each request carries the
//! tool's own signature, and what was acted upon once is not acted upon again.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, Mac as _};
use serde::Deserialize;
use serde_json::json;
use sha2::Sha256;
use tracing::{info, warn};

use crate::domain::{CaseAction, DestinationKind, Secret};
use crate::store::{TokenPurpose, TokenRow};
use crate::web::problem::{ApiProblem, Problem};
use crate::web::state::AppState;
use crate::web::{TokenHash, actions, guard};

/// Slack's own advice: what was signed longer ago was recorded and is played back.
const TOLERANCE: TimeDelta = TimeDelta::minutes(5);
/// Telegram repeats an update for a day when it gets no answer.
const REMEMBERED: TimeDelta = TimeDelta::days(2);
/// The version of Slack's signatures.
const SLACK_VERSION: &str = "v0";
/// The longest name of a person that is kept.
const NAME_CHARS: usize = 60;

/// What Slack sends when a button was pressed.
#[derive(Deserialize)]
struct SlackPress {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    user: SlackUser,
    #[serde(default)]
    actions: Vec<SlackAction>,
}

#[derive(Default, Deserialize)]
struct SlackUser {
    #[serde(default)]
    id: String,
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    name: Option<String>,
}

#[derive(Deserialize)]
struct SlackAction {
    action_id: String,
    #[serde(default)]
    value: String,
}

/// What Telegram sends when a button was pressed.
#[derive(Deserialize)]
struct TelegramUpdate {
    update_id: i64,
    #[serde(default)]
    callback_query: Option<TelegramPress>,
}

#[derive(Deserialize)]
struct TelegramPress {
    id: String,
    from: TelegramUser,
    #[serde(default)]
    data: String,
}

#[derive(Deserialize)]
struct TelegramUser {
    id: i64,
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    first_name: Option<String>,
}

/// Both tools send the whole message along with the button, and forms triple its size.
pub(super) fn body_limit() -> DefaultBodyLimit {
    DefaultBodyLimit::max(512 * 1024)
}

/// A button of a message that we posted to Slack.
pub(super) async fn slack(
    State(state): State<AppState>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiProblem> {
    let secret = secret_of(&state, &name, |kind| match kind {
        DestinationKind::Slack(slack) => slack.signing_secret.clone(),
        _ => None,
    })?;
    let header = |name: &str| guard::text(&headers, name).unwrap_or_default();
    let signature = header("x-slack-signature");
    let signed = SlackSigned {
        timestamp: header("x-slack-request-timestamp"),
        signature,
        body: &body,
    };
    if !signed.is_from_slack(&secret, state.now()) {
        return Err(refused(&name));
    }
    let press = read_slack(&body).ok_or_else(|| {
        Problem::bad_request(
            "the body is not a pressed button",
            "Slack sends `payload` as a form",
        )
    })?;
    if !is_new(&state, &name, signature, TOLERANCE * 2).await? {
        return Ok(StatusCode::OK.into_response());
    }
    if press.kind == "block_actions"
        && let Some(action) = press.actions.first()
    {
        let person = press.user.username.or(press.user.name);
        let by = person_of("Slack", person.as_deref(), &press.user.id);
        act(&state, &action.action_id, &action.value, &by).await?;
    }
    // Slack shows a warning beside the button for anything but an empty 200.
    Ok(StatusCode::OK.into_response())
}

/// A button of a message that we posted to Telegram.
pub(super) async fn telegram(
    State(state): State<AppState>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiProblem> {
    let secret = secret_of(&state, &name, |kind| match kind {
        DestinationKind::Telegram(telegram) => telegram.secret_token.clone(),
        _ => None,
    })?;
    let given = guard::text(&headers, "x-telegram-bot-api-secret-token").unwrap_or_default();
    if Secret::new(given) != secret {
        return Err(refused(&name));
    }
    let update: TelegramUpdate = serde_json::from_slice(&body).map_err(|_| {
        Problem::bad_request(
            "the body is not an update",
            "Telegram sends updates as JSON",
        )
    })?;
    let Some(press) = update.callback_query else {
        // Messages of the chat and the like are none of our business.
        return Ok(StatusCode::OK.into_response());
    };
    if !is_new(&state, &name, &update.update_id.to_string(), REMEMBERED).await? {
        return Ok(StatusCode::OK.into_response());
    }
    let person = press.from.username.or(press.from.first_name);
    let by = person_of("Telegram", person.as_deref(), &press.from.id.to_string());
    let (action, mention) = press.data.split_once(':').unwrap_or_default();
    let said = match act(&state, action, mention, &by).await {
        Ok(said) => said,
        // Whoever pressed it should see why nothing happened, and Telegram need not repeat it.
        Err(ApiProblem(problem)) => problem.message,
    };
    Ok(Json(json!({
        "method": "answerCallbackQuery",
        "callback_query_id": press.id,
        "text": said,
    }))
    .into_response())
}

/// What Slack signed.
struct SlackSigned<'a> {
    timestamp: &'a str,
    signature: &'a str,
    body: &'a [u8],
}

impl SlackSigned<'_> {
    fn is_from_slack(&self, secret: &Secret, now: DateTime<Utc>) -> bool {
        let signed_at = self
            .timestamp
            .parse::<i64>()
            .ok()
            .and_then(|secs| DateTime::from_timestamp(secs, 0));
        let is_recent = signed_at.is_some_and(|at| (now - at).abs() <= TOLERANCE);
        let Some(signature) = self
            .signature
            .strip_prefix(SLACK_VERSION)
            .and_then(|rest| rest.strip_prefix('='))
            .and_then(bytes_of)
        else {
            return false;
        };
        let mut hmac = Hmac::<Sha256>::new_from_slice(secret.reveal().as_bytes())
            .expect("a key of any length is taken");
        hmac.update(format!("{SLACK_VERSION}:{}:", self.timestamp).as_bytes());
        hmac.update(self.body);
        // Compares in constant time.
        hmac.verify_slice(&signature).is_ok() && is_recent
    }
}

fn bytes_of(hex: &str) -> Option<Vec<u8>> {
    if !hex.is_ascii() || !hex.len().is_multiple_of(2) {
        return None;
    }
    (0..hex.len() / 2)
        .map(|place| u8::from_str_radix(&hex[2 * place..2 * place + 2], 16).ok())
        .collect()
}

fn read_slack(body: &[u8]) -> Option<SlackPress> {
    let payload = url::form_urlencoded::parse(body)
        .find(|(name, _)| name == "payload")
        .map(|(_, payload)| payload.into_owned())?;
    serde_json::from_str(&payload).ok()
}

/// The secret with which a destination's tool proves who it is. A name that is not
/// configured and one without a secret look the same to a stranger.
fn secret_of(
    state: &AppState,
    name: &str,
    secret: impl Fn(&DestinationKind) -> Option<Secret>,
) -> Result<Secret, ApiProblem> {
    let site = state.site_now();
    site.destinations
        .iter()
        .find(|destination| destination.name == name)
        .and_then(|destination| secret(&destination.kind))
        .ok_or_else(|| refused(name))
}

fn refused(name: &str) -> ApiProblem {
    warn!(destination = %name, "A request for a chat button bore no valid signature");
    ApiProblem(Problem::new(
        StatusCode::UNAUTHORIZED,
        "not_signed",
        "the signature is missing, wrong or too old",
        "check signing_secret or secret_token of this webhook, and the clock of this machine",
    ))
}

/// Whether this press was not acted upon before; remembers it.
async fn is_new(
    state: &AppState,
    name: &str,
    press: &str,
    lasts: TimeDelta,
) -> Result<bool, ApiProblem> {
    let now = state.now();
    let row = TokenRow {
        hash: TokenHash::of(&format!("{name}\n{press}"))
            .as_str()
            .to_owned(),
        purpose: TokenPurpose::Press,
        created_at: now,
        expires_at: Some(now + lasts),
        label: "a pressed button".to_owned(),
    };
    Ok(state
        .ask(move |store| store.put_new_token(&row, now))
        .await?)
}

/// "ayse (Slack)": who acted, as histories show it.
fn person_of(tool: &str, name: Option<&str>, id: &str) -> String {
    let name = name.filter(|name| !name.trim().is_empty()).unwrap_or(id);
    let name: String = name
        .chars()
        .filter(|character| !character.is_control())
        .take(NAME_CHARS)
        .collect();
    format!("{} ({tool})", name.trim())
}

/// Does what the button says and tells what was done.
async fn act(state: &AppState, word: &str, mention: &str, by: &str) -> Result<String, ApiProblem> {
    let action = match word {
        "claim" => CaseAction::Claim,
        "dismiss" => CaseAction::Dismiss,
        _ => {
            return Err(ApiProblem(Problem::bad_request(
                "there is no such button",
                "use the buttons of a message from Hearken",
            )));
        }
    };
    let outcome = actions::act(state, mention, action, by, None, None).await?;
    info!(mention.id = %outcome.mention.id, "A button was pressed in a chat tool");
    Ok(match (action, outcome.changed) {
        (CaseAction::Claim, true) => "The case is yours.".to_owned(),
        (_, true) => "Dismissed.".to_owned(),
        (_, false) => "Nothing changed: that was done before.".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Slack's documentation ("Verifying requests from Slack").
    const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
    const BODY: &str = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    const SIGNATURE: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
    const AT: i64 = 1_531_420_618;

    #[track_caller]
    fn check(timestamp: &str, signature: &str, body: &str, secs_later: i64, expected: bool) {
        let signed = SlackSigned {
            timestamp,
            signature,
            body: body.as_bytes(),
        };
        let now = DateTime::from_timestamp(AT + secs_later, 0).expect("a time");
        assert_eq!(signed.is_from_slack(&Secret::new(SECRET), now), expected);
    }

    #[test]
    fn slacks_published_example_is_met_and_nothing_else() {
        check("1531420618", SIGNATURE, BODY, 0, true);
        check("1531420618", SIGNATURE, BODY, 299, true);
        check("1531420618", SIGNATURE, BODY, 301, false);
        check("1531420618", SIGNATURE, BODY, -301, false);
        check("1531420619", SIGNATURE, BODY, 0, false);
        check("1531420618", SIGNATURE, &format!("{BODY}x"), 0, false);
        check("1531420618", "v0=00", BODY, 0, false);
        check("1531420618", "v0=é0", BODY, 0, false);
        check("1531420618", "", BODY, 0, false);
        check("", SIGNATURE, BODY, 0, false);
    }

    #[test]
    fn whoever_acts_has_a_name() {
        assert_eq!(person_of("Slack", Some("ay\u{7}se"), "U1"), "ayse (Slack)");
        assert_eq!(person_of("Telegram", None, "42"), "42 (Telegram)");
    }
}
