//! The other side of a measurement: an HTTP server on loopback that keeps connections open
//! and costs as little as possible. Not for anything else: it trusts whoever asks.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What a request is answered with.
pub(super) enum Answer {
    /// 200 with this body.
    Ok(Vec<u8>),
    /// 200 after this long.
    After(Duration),
}

type Handler = Arc<dyn Fn(&[u8]) -> Answer + Send + Sync>;

/// Serves until the runtime ends; the handler is given the body of each request.
///
/// # Errors
/// When no port is free.
pub(super) async fn serve(
    handler: impl Fn(&[u8]) -> Answer + Send + Sync + 'static,
) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let handler: Handler = Arc::new(handler);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let handler = Arc::clone(&handler);
            // Whoever goes away has had enough.
            tokio::spawn(async move { converse(stream, handler).await.ok() });
        }
    });
    Ok(address)
}

async fn converse(mut stream: TcpStream, handler: Handler) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(8 * 1024);
    loop {
        let Some(head_end) = read_until_head(&mut stream, &mut buffer).await? else {
            return Ok(());
        };
        let length = content_length(&buffer[..head_end]);
        while buffer.len() < head_end + length {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        }
        let body = match handler(&buffer[head_end..head_end + length]) {
            Answer::Ok(body) => body,
            Answer::After(wait) => {
                tokio::time::sleep(wait).await;
                Vec::new()
            }
        };
        buffer.drain(..head_end + length);
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let mut answer = head.into_bytes();
        answer.extend(body);
        stream.write_all(&answer).await?;
    }
}

async fn read_until_head(
    stream: &mut TcpStream,
    buffer: &mut Vec<u8>,
) -> std::io::Result<Option<usize>> {
    loop {
        if let Some(at) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            return Ok(Some(at + 4));
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}

fn content_length(head: &[u8]) -> usize {
    String::from_utf8_lossy(head)
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok())
        .unwrap_or(0)
}
