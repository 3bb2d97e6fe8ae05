//! Connections that are not HTTP requests: websockets and mailboxes. The same rule holds as
//! for requests: only addresses that have been checked are connected to.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::resolve::{lookup, permitted};
use super::{Client, NetError};

/// A connection to a checked address, encrypted or not.
#[derive(Debug)]
pub struct Connection {
    stream: Stream,
}

#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Client {
    /// Connects without encryption: for this machine, or to begin encryption later.
    ///
    /// # Errors
    /// The host leads to a refused address, or nobody answers there.
    pub async fn connect(&self, host: &str, port: u16) -> Result<Connection, NetError> {
        let limit = self.policy().connect_timeout;
        let until = Instant::now() + limit;
        let stream = self.connect_until(host, port, until, limit).await?;
        Ok(Connection {
            stream: Stream::Plain(stream),
        })
    }

    /// Connects and encrypts.
    ///
    /// # Errors
    /// As [`Client::connect`], or the certificate is not good.
    pub async fn connect_tls(&self, host: &str, port: u16) -> Result<Connection, NetError> {
        self.connect(host, port).await?.encrypted(host).await
    }

    async fn connect_until(
        &self,
        host: &str,
        port: u16,
        until: Instant,
        limit: Duration,
    ) -> Result<TcpStream, NetError> {
        let bare = host
            .strip_prefix('[')
            .and_then(|inner| inner.strip_suffix(']'))
            .unwrap_or(host);
        let timed_out = || NetError::ConnectTimeout {
            host: host.to_owned(),
            limit,
        };
        let found = match bare.parse::<IpAddr>() {
            Ok(ip) => vec![SocketAddr::new(ip, port)],
            Err(_) => timeout_at(until, lookup(bare))
                .await
                .map_err(|_| timed_out())?
                .map_err(|error| error.into_net_error(host.to_owned()))?,
        };
        let allowed = permitted(&self.policy().allow_private, bare, found)
            .map_err(|error| error.into_net_error(host.to_owned()))?;
        let mut last = None;
        for mut address in allowed {
            address.set_port(port);
            match timeout_at(until, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    // Keystroke-sized messages must not wait for each other.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Ok(Err(error)) => last = Some(of_connect(host, &error)),
                Err(_) => return Err(timed_out()),
            }
        }
        Err(last.unwrap_or_else(timed_out))
    }
}

impl Connection {
    /// Begins encryption on a connection that has none (STARTTLS).
    ///
    /// # Errors
    /// The certificate is not good, or the handshake fails.
    pub async fn encrypted(self, host: &str) -> Result<Self, NetError> {
        let Stream::Plain(stream) = self.stream else {
            return Ok(self);
        };
        let wrong = |why: String| NetError::Tls {
            host: host.to_owned(),
            why,
        };
        let config = tls_config().map_err(wrong)?;
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(bare.to_owned())
            .map_err(|_| wrong("its name is not one that a certificate can hold".to_owned()))?;
        let handshake = TlsConnector::from(config).connect(name, stream);
        match tokio::time::timeout(Duration::from_secs(20), handshake).await {
            Ok(Ok(stream)) => Ok(Self {
                stream: Stream::Tls(Box::new(stream)),
            }),
            Ok(Err(error)) => Err(wrong(error.to_string())),
            Err(_) => Err(wrong("the handshake took too long".to_owned())),
        }
    }

    /// Whether others on the way can read along.
    pub fn is_encrypted(&self) -> bool {
        matches!(self.stream, Stream::Tls(_))
    }
}

/// The roots of this machine, read once.
fn tls_config() -> Result<Arc<rustls::ClientConfig>, String> {
    static CONFIG: OnceLock<Result<Arc<rustls::ClientConfig>, String>> = OnceLock::new();
    CONFIG
        .get_or_init(|| {
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            rustls::ClientConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .and_then(|builder| builder.with_platform_verifier())
                .map(|builder| Arc::new(builder.with_no_client_auth()))
                .map_err(|error| {
                    format!(
                        "this machine's root certificates cannot be used ({error}); install the package ca-certificates"
                    )
                })
        })
        .clone()
}

fn of_connect(host: &str, error: &io::Error) -> NetError {
    let host = host.to_owned();
    match error.kind() {
        io::ErrorKind::ConnectionRefused => NetError::Refused { host },
        io::ErrorKind::ConnectionReset => NetError::Reset { host },
        _ => NetError::Unreachable {
            host,
            why: error.to_string(),
        },
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Stream::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Stream::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(context),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::net::testing::{RawServer, client, say};

    #[tokio::test]
    async fn inside_addresses_are_refused_unless_they_are_allowed() {
        let server = RawServer::start([say("200 OK", &[], "")]).await;
        let port = server.address.port();
        let refused = client().connect("127.0.0.1", port).await;
        let error = refused.expect_err("only `localhost` is open in tests");
        assert_eq!(error.kind(), "private_address", "{error}");
        let connection = client().connect("localhost", port).await;
        assert!(!connection.expect("it is open").is_encrypted());
        let error = client()
            .connect("169.254.169.254", 80)
            .await
            .expect_err("cloud metadata");
        assert!(error.to_string().contains("cloud metadata"), "{error}");
    }

    #[tokio::test]
    async fn a_server_without_tls_is_an_error_that_says_so() {
        let server = RawServer::start([say("200 OK", &[], "")]).await;
        let error = client()
            .connect_tls("localhost", server.address.port())
            .await
            .expect_err("it speaks HTTP");
        assert_eq!(error.kind(), "tls", "{error}");
    }
}
