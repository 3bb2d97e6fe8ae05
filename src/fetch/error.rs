//! Why a source gave no answer worth reading, as one sentence that `hearken sources`
//! and the page show.

use std::time::Duration;

use super::limits::{BodyLimits, Refusal};
use crate::domain::format_duration;
use crate::net::{NetError, Response};

/// Why a poll brought nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The site asks us to wait.
    #[error("{}", throttled(*status, *retry_after))]
    Throttled {
        /// 429, or another status together with a time to wait.
        status: u16,
        /// How long it asks us to stay away, where it says so.
        retry_after: Option<Duration>,
    },
    /// The site says that this will not come back.
    #[error(
        "the site says that this address is gone for good (HTTP 410); remove the source or give it a new address"
    )]
    Gone,
    /// What the site lets us ask is used up.
    #[error("{}", quota(reason, *retry_after))]
    Quota {
        /// The site's own word for it.
        reason: String,
        /// When it counts anew, where that is known.
        retry_after: Option<Duration>,
    },
    /// No access token could be had.
    #[error(
        "the site gives no access token: {said} (HTTP {status}); check the id, the secret and the refresh token of the source"
    )]
    SignIn {
        /// The status.
        status: u16,
        /// The site's reason.
        said: String,
    },
    /// The mail server gave nothing.
    #[error("{why}")]
    Mail {
        /// What it said.
        why: String,
    },
    /// Any other status that is no answer.
    #[error("{reason} (HTTP {status})")]
    Http {
        /// The status.
        status: u16,
        /// What it means, for people.
        reason: String,
    },
    /// The site's rules for automatic readers forbid it.
    #[error(
        "{host} asks automatic readers in its robots.txt to leave this page alone (Disallow: {rule} for {product}); if the site is yours, set ignore_robots = true on the source"
    )]
    RobotsForbid {
        /// The site.
        host: String,
        /// The name that the rules know us by.
        product: String,
        /// The rule that decides.
        rule: String,
    },
    /// The site has rules for automatic readers that it does not tell.
    #[error(
        "{host} does not say what automatic readers may read: its robots.txt answers HTTP {status}, so nothing is read there until it answers"
    )]
    RobotsUnreadable {
        /// The site.
        host: String,
        /// What it answers.
        status: u16,
    },
    /// No answer at all.
    #[error("{0}")]
    Net(#[source] NetError),
}

impl FetchError {
    /// How long the site asks us to stay away.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Throttled { retry_after, .. } | Self::Quota { retry_after, .. } => *retry_after,
            Self::SignIn { .. }
            | Self::Mail { .. }
            | Self::Gone
            | Self::Http { .. }
            | Self::RobotsForbid { .. }
            | Self::RobotsUnreadable { .. }
            | Self::Net(_) => None,
        }
    }

    /// One word for metrics and tests.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Throttled { .. } => "throttled",
            Self::Quota { .. } => "quota",
            Self::SignIn { .. } => "sign_in",
            Self::Mail { .. } => "mail",
            Self::Gone => "gone",
            Self::Http { .. } => "http",
            Self::RobotsForbid { .. } | Self::RobotsUnreadable { .. } => "robots",
            Self::Net(error) => error.kind(),
        }
    }

    /// What a body says, when it says no.
    pub(super) fn of_body(
        limits: &BodyLimits,
        status: u16,
        asked: Option<Duration>,
    ) -> Option<Self> {
        let retry_after = asked.max(limits.wait);
        Some(match limits.refusal.as_ref()? {
            Refusal::Quota { reason } => Self::Quota {
                reason: reason.clone(),
                retry_after,
            },
            Refusal::TooFast => Self::Throttled {
                status,
                retry_after,
            },
        })
    }

    pub(super) fn of_status(response: &Response, retry_after: Option<Duration>) -> Self {
        let status = response.status;
        match status {
            410 => Self::Gone,
            429 => Self::Throttled {
                status,
                retry_after,
            },
            // GitHub and others say 403, web servers say 503; with a time to wait both
            // mean "not so fast" or "not now".
            400.. if retry_after.is_some() => Self::Throttled {
                status,
                retry_after,
            },
            _ => Self::Http {
                status,
                reason: reason(response),
            },
        }
    }

    /// Whether a remembered move has led nowhere, as far as one can tell from outside:
    /// the page, the name, the server or its certificate is not there any more.
    pub(super) fn says_nothing_is_there(&self) -> bool {
        use NetError as Net;
        matches!(
            self,
            Self::Gone
                | Self::Http { status: 404, .. }
                | Self::Net(
                    Net::Dns { .. }
                        | Net::PrivateAddress { .. }
                        | Net::Refused { .. }
                        | Net::Tls { .. }
                )
        )
    }
}

fn quota(reason: &str, retry_after: Option<Duration>) -> String {
    let when = match retry_after {
        Some(wait) => format!("; it counts anew in {}", format_duration(wait)),
        None => String::new(),
    };
    format!(
        "the site's quota for this key is used up ({reason}){when}; ask less often or ask the site for more"
    )
}

fn throttled(status: u16, retry_after: Option<Duration>) -> String {
    let what = match status {
        503 => "the site is busy or under maintenance",
        429 => "the site finds that we ask too often",
        _ => "the site wants us to wait",
    };
    match retry_after {
        Some(wait) => {
            let wait = format_duration(wait);
            format!("{what}; it wants to be asked again in {wait} (HTTP {status})")
        }
        None => format!("{what} (HTTP {status})"),
    }
}

fn reason(response: &Response) -> String {
    let headers = &response.headers;
    let text = match response.status {
        // The header is Cloudflare's own word for "prove that you are a person".
        403 | 503 if headers.get("cf-mitigated").is_some() => {
            "the site lets only browsers in (bot check); ask its operator for access or use another address"
        }
        304 => "the server says that nothing changed although it was asked for everything",
        300..=399 => "the server redirects without saying where to",
        400 => "the server does not understand the request; check the address and its parameters",
        401 | 407 => "the site asks for a sign-in; add the credentials or tokens it wants",
        402 => "the site asks for a payment",
        403 => "the site refuses to answer us; it may want a sign-in or block automatic readers",
        404 => "nothing is at this address; check it, the page may have moved",
        405 | 406 | 415 => "the site does not answer this kind of request",
        408 => "the server lost patience waiting for the request",
        414 | 431 => "the server finds the address or the headers too long",
        451 => "the site is not allowed to show this here, for legal reasons",
        401..=499 => "the site refuses the request",
        500 => "the server has an internal error",
        502 | 504 => "the server behind the site does not answer",
        503 => "the site is overloaded or under maintenance",
        520..=527 | 530 => "the content network in front of the site cannot reach it",
        501..=599 => "the server has an error",
        _ => "the server gives an answer that means nothing in HTTP",
    };
    text.to_owned()
}
