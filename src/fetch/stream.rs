//! Streams: a connection that stays open and brings events, over server-sent events, lines of
//! an HTTP answer or a websocket. One connection only; when it ends, the caller decides
//! whether and from where to go on.

use std::collections::VecDeque;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Error as WsError;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::protocol::{Message, WebSocketConfig};
use url::Url;

use super::{BodyLimits, CacheHints, FetchError};
use crate::domain::{Carrier, Mark, RequestPlan, SseReader, StreamKind};
use crate::net::{BodyStream, Client, Connection, NetError, Opened, Request};

/// One message is not larger than this; posts are a few kilobytes.
const MAX_MESSAGE_BYTES: usize = 2 * 1024 * 1024;

/// What a stream sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamEvent {
    /// Its text, usually JSON.
    pub data: String,
    /// The id that server-sent events give; positions inside the text are the caller's to
    /// read.
    pub id: Option<String>,
}

/// An open connection.
pub struct OpenStream {
    host: String,
    carrier: Open,
    ready: VecDeque<StreamEvent>,
    idle: Duration,
}

enum Open {
    Http {
        body: Box<BodyStream>,
        reader: Box<LineReader>,
        kind: Box<StreamKind>,
    },
    WebSocket(Box<WebSocketStream<Connection>>),
}

enum LineReader {
    Sse(SseReader),
    Lines(Vec<u8>),
}

/// Why a stream ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StreamEnd {
    /// The server closed it, or the connection broke.
    #[error("the connection to {host} ended ({why})")]
    Closed {
        /// The server.
        host: String,
        /// What is known of the reason.
        why: String,
    },
    /// Nothing came for too long.
    #[error("{host} sent nothing for {}", crate::domain::format_duration(*.idle))]
    Silent {
        /// The server.
        host: String,
        /// For how long.
        idle: Duration,
    },
}

/// Opens the stream, from a position where one is known.
///
/// # Errors
/// Why there is no connection, as for a poll.
pub async fn open_stream(
    client: &Client,
    request: &RequestPlan,
    kind: &StreamKind,
    from: Option<&str>,
    now: DateTime<Utc>,
) -> Result<OpenStream, FetchError> {
    let mut asked = request.clone();
    if let (Some(from), Some(param)) = (from, &kind.cursor_param)
        && let Some(resumed) = asked.with_page(param, Mark::Text(from.to_owned()))
    {
        asked = resumed;
    }
    let host = asked.url.host_str().unwrap_or_default().to_owned();
    let carrier = match kind.carrier {
        Carrier::WebSocket => {
            Open::WebSocket(Box::new(websocket(client, &asked, kind.idle).await?))
        }
        Carrier::Sse | Carrier::Lines => {
            let mut get = Request::get(asked.url.clone());
            get.headers.clone_from(&asked.headers);
            if let (Some(from), None) = (from, &kind.cursor_param) {
                get = get.header("Last-Event-ID", from);
            }
            match client.open(get).await? {
                Opened::Stream(body) => Open::Http {
                    body: Box::new(body),
                    reader: Box::new(match kind.carrier {
                        Carrier::Sse => LineReader::Sse(SseReader::default()),
                        _ => LineReader::Lines(Vec::new()),
                    }),
                    kind: Box::new(kind.clone()),
                },
                Opened::Refused(response) => {
                    let hints = CacheHints::of(&response.headers, now);
                    let limits = BodyLimits::of(&response.body, now);
                    return Err(
                        FetchError::of_body(&limits, response.status, hints.retry_after)
                            .unwrap_or_else(|| {
                                FetchError::of_status(&response, hints.retry_after.max(limits.wait))
                            }),
                    );
                }
            }
        }
    };
    Ok(OpenStream {
        host,
        carrier,
        ready: VecDeque::new(),
        idle: kind.idle,
    })
}

impl OpenStream {
    /// The next event. Safe to drop while it waits: nothing that has come is lost.
    ///
    /// # Errors
    /// Why there will be none.
    pub async fn next(&mut self) -> Result<StreamEvent, StreamEnd> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Ok(event);
            }
            let idle = self.idle;
            match tokio::time::timeout(idle, self.read()).await {
                Ok(Ok(())) => (),
                Ok(Err(why)) => {
                    return Err(StreamEnd::Closed {
                        host: self.host.clone(),
                        why,
                    });
                }
                Err(_) => {
                    return Err(StreamEnd::Silent {
                        host: self.host.clone(),
                        idle,
                    });
                }
            }
        }
    }

    /// How long the server wants us to wait before we connect again.
    pub fn retry_after(&self) -> Option<Duration> {
        match &self.carrier {
            Open::Http { reader, .. } => match reader.as_ref() {
                LineReader::Sse(reader) => reader.retry_ms().map(Duration::from_millis),
                LineReader::Lines(_) => None,
            },
            Open::WebSocket(_) => None,
        }
    }

    /// Says good-bye where the protocol has a word for it.
    pub async fn close(self) {
        if let Open::WebSocket(mut socket) = self.carrier {
            let _ = tokio::time::timeout(Duration::from_secs(1), socket.close()).await;
        }
    }

    async fn read(&mut self) -> Result<(), String> {
        match &mut self.carrier {
            Open::Http { body, reader, kind } => {
                let piece = body
                    .next()
                    .await
                    .map_err(|error| error.to_string())?
                    .ok_or_else(|| "the answer came to its end".to_owned())?;
                match reader.as_mut() {
                    LineReader::Sse(reader) => self.ready.extend(
                        reader
                            .push(&piece)
                            .into_iter()
                            .filter(|event| kind.wants(event.name.as_deref()))
                            .map(|event| StreamEvent {
                                data: event.data,
                                id: event.id,
                            }),
                    ),
                    LineReader::Lines(rest) => {
                        rest.extend_from_slice(&piece);
                        self.ready.extend(whole_lines(rest));
                        if rest.len() > MAX_MESSAGE_BYTES {
                            return Err("a line has no end".to_owned());
                        }
                    }
                }
                Ok(())
            }
            Open::WebSocket(socket) => match socket.next().await {
                Some(Ok(Message::Text(text))) => {
                    self.ready.push_back(StreamEvent {
                        data: text.to_string(),
                        id: None,
                    });
                    Ok(())
                }
                Some(Ok(Message::Binary(bytes))) => {
                    if let Ok(text) = String::from_utf8(bytes.to_vec()) {
                        self.ready.push_back(StreamEvent {
                            data: text,
                            id: None,
                        });
                    }
                    Ok(())
                }
                // The answer to a ping is queued by the library and goes out with this.
                Some(Ok(Message::Ping(_))) => {
                    socket.flush().await.map_err(|error| error.to_string())
                }
                Some(Ok(Message::Pong(_) | Message::Frame(_))) => Ok(()),
                Some(Ok(Message::Close(frame))) => Err(match frame {
                    Some(frame) => format!("closed with code {}", frame.code),
                    None => "closed".to_owned(),
                }),
                Some(Err(error)) => Err(error.to_string()),
                None => Err("closed".to_owned()),
            },
        }
    }
}

fn whole_lines(rest: &mut Vec<u8>) -> Vec<StreamEvent> {
    let Some(end) = rest.iter().rposition(|byte| *byte == b'\n') else {
        return Vec::new();
    };
    let whole: Vec<u8> = rest.drain(..=end).collect();
    String::from_utf8_lossy(&whole)
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| StreamEvent {
            data: line.to_owned(),
            id: None,
        })
        .collect()
}

async fn websocket(
    client: &Client,
    request: &RequestPlan,
    idle: Duration,
) -> Result<WebSocketStream<Connection>, FetchError> {
    let url = &request.url;
    let host = url.host_str().unwrap_or_default().to_owned();
    let is_tls = url.scheme() == "https";
    let port = url.port_or_known_default().unwrap_or(443);
    let connection = if is_tls {
        client.connect_tls(&host, port).await?
    } else {
        client.connect(&host, port).await?
    };
    let broken = |why: String| {
        FetchError::Net(NetError::Other {
            host: host.clone(),
            why,
        })
    };
    let mut upgrade = ws_address(url)
        .as_str()
        .into_client_request()
        .map_err(|error| broken(error.to_string()))?;
    let own = [("User-Agent".to_owned(), client.policy().full_user_agent())];
    let headers = request
        .headers
        .iter()
        .filter(|(name, _)| !name.eq_ignore_ascii_case("accept"))
        .chain(&own);
    for (name, value) in headers {
        let wrong = || NetError::InvalidHeader { name: name.clone() };
        let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
        let value = HeaderValue::from_str(value).map_err(|_| wrong())?;
        upgrade.headers_mut().insert(key, value);
    }
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE_BYTES))
        .max_frame_size(Some(MAX_MESSAGE_BYTES));
    let handshake = tokio_tungstenite::client_async_with_config(upgrade, connection, Some(config));
    match tokio::time::timeout(idle.min(client.policy().header_timeout), handshake).await {
        Ok(Ok((socket, _))) => Ok(socket),
        Ok(Err(WsError::Http(answer))) => {
            let status = answer.status().as_u16();
            let wait = answer
                .headers()
                .get("retry-after")
                .and_then(|value| value.to_str().ok())
                .and_then(|value| value.trim().parse().ok())
                .map(Duration::from_secs);
            if status == 429 || wait.is_some() {
                return Err(FetchError::Throttled {
                    status,
                    retry_after: wait,
                });
            }
            Err(FetchError::Http {
                status,
                reason: "the server does not open a websocket at this address".to_owned(),
            })
        }
        Ok(Err(error)) => Err(broken(error.to_string())),
        Err(_) => Err(broken("the websocket was not opened in time".to_owned())),
    }
}

/// The same address with the scheme of websockets.
fn ws_address(url: &Url) -> Url {
    let mut address = url.clone();
    let scheme = if url.scheme() == "https" { "wss" } else { "ws" };
    // Both are special schemes, so this cannot fail.
    let _ = address.set_scheme(scheme);
    address
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::testing::{Act, RawServer, client, say};

    fn sse(idle: Duration) -> StreamKind {
        StreamKind {
            carrier: Carrier::Sse,
            events: Vec::new(),
            cursor: None,
            cursor_param: None,
            idle,
        }
    }

    fn now() -> DateTime<Utc> {
        "2026-03-01T10:00:00Z".parse().expect("a moment")
    }

    #[tokio::test]
    async fn a_stream_that_falls_silent_ends_after_what_it_sent() {
        let head =
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nid: 4\ndata: a\n\ndata: b";
        let server = RawServer::start([Act::SayAndHang(head.as_bytes().to_vec())]).await;
        let request = RequestPlan::get(server.url("/stream"));
        let kind = sse(Duration::from_millis(200));
        let mut stream = open_stream(&client(), &request, &kind, Some("3"), now())
            .await
            .expect("it opens");
        let first = stream.next().await.expect("an event");
        assert_eq!((first.data.as_str(), first.id.as_deref()), ("a", Some("4")));
        let end = stream.next().await.expect_err("silence");
        assert!(matches!(end, StreamEnd::Silent { .. }), "{end}");
        let asked = server.requests().join("");
        assert!(asked.contains("last-event-id: 3"), "{asked}");
    }

    #[tokio::test]
    async fn a_refused_stream_says_when_to_come_back() {
        let server =
            RawServer::start([say("429 Too Many Requests", &["Retry-After: 90"], "no")]).await;
        let request = RequestPlan::get(server.url("/stream"));
        let kind = sse(Duration::from_secs(60));
        let refused = open_stream(&client(), &request, &kind, None, now()).await;
        let error = refused.err().expect("refused");
        assert_eq!(error.kind(), "throttled");
        assert_eq!(error.retry_after(), Some(Duration::from_secs(90)));
    }

    #[tokio::test]
    async fn a_server_without_websockets_is_an_error_that_says_so() {
        let server = RawServer::start([say("404 Not Found", &[], "")]).await;
        let request = RequestPlan::get(server.url("/stream"));
        let kind = StreamKind {
            carrier: Carrier::WebSocket,
            ..sse(Duration::from_secs(60))
        };
        let refused = open_stream(&client(), &request, &kind, None, now()).await;
        let error = refused.err().expect("refused");
        assert!(error.to_string().contains("(HTTP 404)"), "{error}");
        let inside = Url::parse("http://127.0.0.1:9/stream").expect("a URL");
        let refused = open_stream(&client(), &RequestPlan::get(inside), &kind, None, now()).await;
        assert_eq!(
            refused.err().map(|error| error.kind()),
            Some("private_address")
        );
    }

    #[test]
    fn lines_wait_for_their_end() {
        let mut rest = b"{\"a\":1}\n\n{\"b\"".to_vec();
        let data: Vec<String> = whole_lines(&mut rest)
            .into_iter()
            .map(|event| event.data)
            .collect();
        assert_eq!(data, ["{\"a\":1}"]);
        rest.extend_from_slice(b":2}\r\n");
        let data: Vec<String> = whole_lines(&mut rest)
            .into_iter()
            .map(|event| event.data)
            .collect();
        assert_eq!(data, ["{\"b\":2}"]);
        assert!(rest.is_empty());
    }

    #[test]
    fn a_websocket_has_its_own_scheme() {
        let url = Url::parse("https://a.example/s?x=1").expect("a URL");
        assert_eq!(ws_address(&url).as_str(), "wss://a.example/s?x=1");
    }
}
