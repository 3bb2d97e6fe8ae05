//! Servers that misbehave on purpose: raw TCP on a free port of loopback.

use std::collections::VecDeque;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use super::{AllowList, Client, NetPolicy};

/// What a server does with one connection after it has read the request.
#[derive(Clone)]
pub(crate) enum Act {
    /// Sends these bytes and closes.
    Say(Vec<u8>),
    /// Sends these bytes and then nothing more, keeping the connection open.
    SayAndHang(Vec<u8>),
    /// Sends the head and then the chunk again and again, pausing in between.
    Repeat(Vec<u8>, Vec<u8>, Duration),
    /// Sends these bytes and resets the connection.
    SayAndReset(Vec<u8>),
}

/// A running server; it answers the n-th connection with the n-th act, later ones with
/// the last.
pub(crate) struct RawServer {
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl RawServer {
    pub(crate) async fn start(acts: impl IntoIterator<Item = Act>) -> Self {
        Self::start_at("127.0.0.1:0", acts).await
    }

    pub(crate) async fn start_at(bind: &str, acts: impl IntoIterator<Item = Act>) -> Self {
        let listener = TcpListener::bind(bind)
            .await
            .expect("loopback has free ports");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let mut acts: VecDeque<Act> = acts.into_iter().collect();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let task = tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else {
                    return;
                };
                let act = if acts.len() > 1 {
                    acts.pop_front()
                } else {
                    acts.front().cloned()
                };
                if let Some(act) = act {
                    tokio::spawn(perform(stream, act, Arc::clone(&seen)));
                }
            }
        });
        Self {
            address,
            requests,
            task,
        }
    }

    /// An address of this server, by name so that `localhost` opens it.
    pub(crate) fn url(&self, path: &str) -> Url {
        let port = self.address.port();
        Url::parse(&format!("http://localhost:{port}{path}")).expect("a URL")
    }

    /// The heads of the requests so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests
            .lock()
            .expect("no test panics while holding it")
            .clone()
    }
}

async fn perform(mut stream: TcpStream, act: Act, seen: Arc<Mutex<Vec<String>>>) {
    let mut request = Vec::new();
    let mut buffer = [0; 4_096];
    while !request.windows(4).any(|window| window == b"\r\n\r\n") {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => break,
            Ok(n_bytes) => request.extend_from_slice(&buffer[..n_bytes]),
        }
        if request.first() == Some(&0x16) {
            // A TLS hello has no end that we would understand.
            break;
        }
    }
    let text = String::from_utf8_lossy(&request).into_owned();
    seen.lock()
        .expect("no test panics while holding it")
        .push(text);
    // The client may hang up at any moment, which is what many tests are about.
    match act {
        Act::Say(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        Act::SayAndHang(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.read(&mut buffer).await;
        }
        Act::Repeat(head, chunk, pause) => {
            let mut result = stream.write_all(&head).await;
            while result.is_ok() {
                result = stream.write_all(&chunk).await;
                if !pause.is_zero() {
                    tokio::time::sleep(pause).await;
                }
            }
        }
        Act::SayAndReset(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.flush().await;
            tokio::time::sleep(Duration::from_millis(50)).await;
            // Closing with unread input or zero linger sends a reset.
            let _ = stream.set_zero_linger();
        }
    }
}

/// An answer with a body and the right length.
pub(crate) fn answer(status: &str, headers: &[&str], body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut bytes = head(status, headers, body.len() as u64);
    bytes.extend_from_slice(body);
    bytes
}

/// Only the head, with a length that may be false.
pub(crate) fn head(status: &str, headers: &[&str], length: u64) -> Vec<u8> {
    let headers: String = headers
        .iter()
        .map(|header| format!("{header}\r\n"))
        .collect();
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n")
        .into_bytes()
}

pub(crate) fn say(status: &str, headers: &[&str], body: impl AsRef<[u8]>) -> Act {
    Act::Say(answer(status, headers, body))
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

/// Rules where `localhost` is open and nothing else inside. The waits are those of
/// real life, because a busy machine must not fail a test.
pub(crate) fn policy() -> NetPolicy {
    NetPolicy {
        allow_private: AllowList::parse(&["localhost".to_owned()]).expect("well written"),
        cap_bytes: 100_000,
        ..NetPolicy::default()
    }
}

/// The same with short waits, for servers that are slow on purpose.
pub(crate) fn hasty() -> NetPolicy {
    NetPolicy {
        connect_timeout: Duration::from_millis(300),
        header_timeout: Duration::from_millis(400),
        total_timeout: Duration::from_millis(900),
        ..policy()
    }
}

/// A client with those rules and without the proxy of the environment.
pub(crate) fn client() -> Client {
    client_with(policy())
}

pub(crate) fn client_with(policy: NetPolicy) -> Client {
    Client::with_proxies(policy, super::proxy::Proxies::default()).expect("the policy is sound")
}
