//! What can go wrong on the way to a site, one variant per reason a person can act on.
//! Texts name the host only: paths and queries may hold tokens.

use std::error::Error;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use super::resolve::ResolveError;

/// Why there is no answer. `Display` is one sentence for people without any secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetError {
    /// The address cannot be read.
    #[error("the address is not valid: {why}")]
    InvalidUrl {
        /// What is wrong with it.
        why: String,
    },
    /// Neither http nor https.
    #[error("`{scheme}:` addresses are not fetched, only http and https")]
    UnsupportedScheme {
        /// The scheme found.
        scheme: String,
    },
    /// A header that cannot be sent.
    #[error("the header `{name}` holds characters that HTTP does not allow")]
    InvalidHeader {
        /// Its name; the value may be a secret.
        name: String,
    },
    /// The host is inside our own network.
    #[error(
        "{host} {}, which is refused; to allow it, add \"{host}\" to net.allow_private",
        inside(host, *ip, kind)
    )]
    PrivateAddress {
        /// The host asked for.
        host: String,
        /// Where it leads, when that is known.
        ip: Option<IpAddr>,
        /// What kind of address that is.
        kind: &'static str,
    },
    /// The name leads nowhere.
    #[error("the name {host} was not found: {why}")]
    Dns {
        /// The name.
        host: String,
        /// What the resolver said.
        why: String,
    },
    /// No server listens there.
    #[error("{host} refused the connection: no server is listening at that port")]
    Refused {
        /// The host.
        host: String,
    },
    /// No way leads there.
    #[error("{host} cannot be reached: {why}")]
    Unreachable {
        /// The host.
        host: String,
        /// What the system said.
        why: String,
    },
    /// The connection was cut before an answer came.
    #[error("{host} broke off the connection without an answer")]
    Reset {
        /// The host.
        host: String,
    },
    /// No secure connection.
    #[error("no secure connection to {host}: {why}")]
    Tls {
        /// The host.
        host: String,
        /// What is wrong with its certificate or protocol.
        why: String,
    },
    /// The host did not take the connection in time.
    #[error("{host} did not accept a connection within {limit:?}")]
    ConnectTimeout {
        /// The host.
        host: String,
        /// How long we waited.
        limit: Duration,
    },
    /// The host took the connection and then said nothing.
    #[error("{host} did not start to answer within {limit:?}")]
    HeadersTimeout {
        /// The host.
        host: String,
        /// How long we waited.
        limit: Duration,
    },
    /// The body never came to its end.
    #[error("{host} had not finished its answer after {limit:?} ({n_bytes} bytes so far)")]
    BodyTimeout {
        /// The host.
        host: String,
        /// How long the whole exchange may take.
        limit: Duration,
        /// What had come.
        n_bytes: u64,
    },
    /// Redirects that lead in a circle.
    #[error("{host} redirects in a circle; it may want cookies or a sign-in")]
    RedirectLoop {
        /// The host that closed the circle.
        host: String,
    },
    /// Redirects without an end.
    #[error("more than {limit} redirects; the last came from {host}")]
    TooManyRedirects {
        /// The last host.
        host: String,
        /// How many are followed.
        limit: usize,
    },
    /// A redirect to something that is no address.
    #[error("{host} redirects to something that is not an address: {why}")]
    BadRedirect {
        /// The host.
        host: String,
        /// What is wrong with it.
        why: String,
    },
    /// More than we read.
    #[error("the answer of {host} is larger than {limit_bytes} bytes")]
    TooLarge {
        /// The host.
        host: String,
        /// The limit.
        limit_bytes: u64,
    },
    /// Compressed data that does not unpack.
    #[error("{host} sent compressed data that cannot be unpacked: {why}")]
    BadCompression {
        /// The host.
        host: String,
        /// What the decoder said.
        why: String,
    },
    /// Less than was announced.
    #[error("the answer of {host} ended early: {n_bytes} bytes came, more were announced")]
    EndedEarly {
        /// The host.
        host: String,
        /// What had come.
        n_bytes: u64,
    },
    /// Something else than HTTP.
    #[error("{host} does not answer in HTTP: {why}")]
    NotHttp {
        /// The host.
        host: String,
        /// What could not be read.
        why: String,
    },
    /// The proxy of the environment is not usable.
    #[error("the proxy set in {variable} cannot be used: {why}")]
    Proxy {
        /// The environment variable that names it; its value may hold a password.
        variable: String,
        /// What is wrong with it.
        why: String,
    },
    /// Anything without a name of its own.
    #[error("no answer from {host}: {why}")]
    Other {
        /// The host.
        host: String,
        /// The cause, as the library says it.
        why: String,
    },
}

impl NetError {
    /// One word for metrics and tests.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::InvalidUrl { .. } => "invalid_url",
            Self::UnsupportedScheme { .. } => "unsupported_scheme",
            Self::InvalidHeader { .. } => "invalid_header",
            Self::PrivateAddress { .. } => "private_address",
            Self::Dns { .. } => "dns",
            Self::Refused { .. } => "refused",
            Self::Unreachable { .. } => "unreachable",
            Self::Reset { .. } => "reset",
            Self::Tls { .. } => "tls",
            Self::ConnectTimeout { .. } => "connect_timeout",
            Self::HeadersTimeout { .. } => "headers_timeout",
            Self::BodyTimeout { .. } => "body_timeout",
            Self::RedirectLoop { .. } => "redirect_loop",
            Self::TooManyRedirects { .. } => "too_many_redirects",
            Self::BadRedirect { .. } => "bad_redirect",
            Self::TooLarge { .. } => "too_large",
            Self::BadCompression { .. } => "bad_compression",
            Self::EndedEarly { .. } => "ended_early",
            Self::NotHttp { .. } => "not_http",
            Self::Proxy { .. } => "proxy",
            Self::Other { .. } => "other",
        }
    }
}

fn inside(host: &str, ip: Option<IpAddr>, kind: &str) -> String {
    let article = if kind.starts_with('u') { "an" } else { "a" };
    match ip {
        // A literal address leads nowhere else; brackets are part of an IPv6 one.
        Some(ip) if host.trim_matches(['[', ']']) == ip.to_string() => {
            format!("is {article} {kind} address")
        }
        Some(ip) => format!("leads to {ip}, {article} {kind} address"),
        None => format!("is {article} {kind} name"),
    }
}

/// Names the reason why no head of an answer came.
pub(super) fn of_request(error: &reqwest::Error, host: &str, connect_limit: Duration) -> NetError {
    let host = host.to_owned();
    if let Some(failed) = find::<ResolveError>(error) {
        return failed.clone().into_net_error(host);
    }
    if let Some(tls) = find::<rustls::Error>(error) {
        return NetError::Tls {
            why: tls_reason(tls),
            host,
        };
    }
    if error.is_timeout() {
        return NetError::ConnectTimeout {
            host,
            limit: connect_limit,
        };
    }
    if let Some(why) = says(
        error,
        &[
            "invalid HTTP",
            "invalid content-length",
            "invalid transfer-encoding",
            "message head is too large",
        ],
    ) {
        return NetError::NotHttp { host, why };
    }
    if says(error, &["connection closed before message completed"]).is_some() {
        return NetError::Reset { host };
    }
    if let Some(io) = find::<io::Error>(error) {
        return of_io(io, host, error.is_connect());
    }
    NetError::Other {
        host,
        why: root_cause(error),
    }
}

/// Names the reason why a body did not come to its end.
pub(super) fn of_body(error: &reqwest::Error, host: &str, n_bytes: u64) -> NetError {
    let host = host.to_owned();
    let broken_off = [
        "error reading a body",
        "end of file before",
        "unexpected EOF during",
        "connection closed",
        "connection error",
        "stream error",
        "stream closed",
    ];
    if says(error, &["Invalid chunk", "Invalid Chunk"]).is_some() {
        return NetError::NotHttp {
            host,
            why: root_cause(error),
        };
    }
    if says(error, &broken_off).is_some() {
        return NetError::EndedEarly { host, n_bytes };
    }
    // What is left was said by a decoder: the bytes themselves came through.
    NetError::BadCompression {
        host,
        why: root_cause(error),
    }
}

fn of_io(io: &io::Error, host: String, connecting: bool) -> NetError {
    use io::ErrorKind as Kind;
    match io.kind() {
        Kind::ConnectionRefused => NetError::Refused { host },
        Kind::UnexpectedEof if connecting => NetError::Tls {
            host,
            why: "the connection ended during the handshake".to_owned(),
        },
        Kind::ConnectionReset
        | Kind::ConnectionAborted
        | Kind::BrokenPipe
        | Kind::UnexpectedEof => NetError::Reset { host },
        Kind::HostUnreachable | Kind::NetworkUnreachable | Kind::NetworkDown => {
            NetError::Unreachable {
                host,
                why: io.to_string(),
            }
        }
        _ => NetError::Other {
            host,
            why: io.to_string(),
        },
    }
}

fn tls_reason(error: &rustls::Error) -> String {
    use rustls::{CertificateError as Cert, Error as Tls};
    let why = match error {
        Tls::InvalidCertificate(Cert::Expired | Cert::ExpiredContext { .. }) => {
            "its certificate has expired"
        }
        Tls::InvalidCertificate(Cert::NotValidYet | Cert::NotValidYetContext { .. }) => {
            "its certificate is not valid yet; check this machine's clock"
        }
        Tls::InvalidCertificate(Cert::UnknownIssuer) => {
            "its certificate is signed by nobody this machine trusts (self-signed, an incomplete chain, or missing system root certificates)"
        }
        Tls::InvalidCertificate(Cert::NotValidForName | Cert::NotValidForNameContext { .. }) => {
            "its certificate belongs to another name"
        }
        Tls::InvalidCertificate(Cert::Revoked) => "its certificate was revoked",
        Tls::InvalidMessage(_) => "that port does not speak TLS; is the address meant to be http?",
        // webpki's way of meeting a self-signed certificate that calls itself an authority.
        other if other.to_string().contains("CaUsedAsEndEntity") => {
            "its certificate is self-signed, so nobody this machine trusts vouches for it"
        }
        other => return other.to_string(),
    };
    why.to_owned()
}

/// The first error of a type anywhere in the chain, also inside `io::Error`, whose
/// `source` skips the very error it carries.
fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        // The io::Error that carries another one is only a wrapper: look inside first.
        if let Some(inner) = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
            && let Some(found) = find::<T>(inner)
        {
            return Some(found);
        }
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// The first text of the chain that begins like one of `beginnings`. hyper keeps its
/// error kinds to itself, so its fixed texts are all there is to go by; the tests
/// against real servers notice when one of them changes.
fn says(error: &(dyn Error + 'static), beginnings: &[&str]) -> Option<String> {
    chain(error).map(ToString::to_string).find(|text| {
        beginnings
            .iter()
            .any(|beginning| text.starts_with(beginning))
    })
}

/// The innermost text, which never holds the address; reqwest's own text does.
pub(super) fn root_cause(error: &(dyn Error + 'static)) -> String {
    chain(error)
        .skip(1)
        .last()
        .map_or_else(|| "the request failed".to_owned(), ToString::to_string)
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| -> Option<&'a (dyn Error + 'static)> {
        (*error).source()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(error: rustls::CertificateError, part: &str) {
        // As reqwest hands it over: wrapped twice, under an error of another type.
        let tls = io::Error::other(rustls::Error::InvalidCertificate(error));
        let wrapped = io::Error::other(tls);
        let found = find::<rustls::Error>(&wrapped).expect("it is in there");
        assert!(tls_reason(found).contains(part), "{}", tls_reason(found));
    }

    #[test]
    fn what_is_wrong_with_a_certificate_is_said_plainly() {
        use rustls::CertificateError as Cert;
        check(Cert::Expired, "has expired");
        check(Cert::NotValidYet, "clock");
        check(Cert::UnknownIssuer, "nobody this machine trusts");
        check(Cert::NotValidForName, "another name");
        check(Cert::Revoked, "revoked");
        check(Cert::BadSignature, "BadSignature");
    }
}
