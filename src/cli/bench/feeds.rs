//! The feeds that `hearken bench fetch` polls: a server on loopback that makes them as they
//! are asked for, answers conditional requests, and can be told that some have changed.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What the feeds are like.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// Entries in each.
    pub(super) n_entries: usize,
    /// Of a hundred feeds, how many have a new entry in the second state.
    pub(super) changed_percent: usize,
}

/// The server; it ends with its runtime.
#[derive(Clone)]
pub(super) struct Feeds {
    pub(super) address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    shape: Shape,
    is_changed: AtomicBool,
    n_requests: AtomicU64,
}

impl Feeds {
    /// Starts to serve.
    pub(super) async fn serve(shape: Shape) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let feeds = Self {
            address: listener.local_addr()?,
            shared: Arc::new(Shared {
                shape,
                is_changed: AtomicBool::new(false),
                n_requests: AtomicU64::new(0),
            }),
        };
        let shared = feeds.shared.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A client that goes away takes its connection with it, nothing else.
                tokio::spawn(serve_connection(stream, shared.clone()));
            }
        });
        Ok(feeds)
    }

    /// Lets some feeds have a new entry, or takes them back.
    pub(super) fn set_changed(&self, is_changed: bool) {
        self.shared.is_changed.store(is_changed, Ordering::SeqCst);
    }

    /// Requests since the last time this was asked.
    pub(super) fn take_requests(&self) -> u64 {
        self.shared.n_requests.swap(0, Ordering::SeqCst)
    }
}

async fn serve_connection(stream: TcpStream, shared: Arc<Shared>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    let mut line = String::new();
    loop {
        line.clear();
        if read.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let number: Option<usize> = line
            .split(' ')
            .nth(1)
            .and_then(|path| path.strip_prefix("/feeds/"))
            .and_then(|number| number.parse().ok());
        let mut known = None;
        loop {
            line.clear();
            if read.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let Some((name, value)) = line.trim_end().split_once(':') else {
                break;
            };
            if name.eq_ignore_ascii_case("if-none-match") {
                known = Some(value.trim().to_owned());
            }
        }
        let answer = match number {
            Some(number) => {
                shared.n_requests.fetch_add(1, Ordering::SeqCst);
                shared.answer(number, known.as_deref())
            }
            None => b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec(),
        };
        write.write_all(&answer).await?;
    }
}

impl Shared {
    fn answer(&self, number: usize, known: Option<&str>) -> Vec<u8> {
        let is_new =
            self.is_changed.load(Ordering::SeqCst) && number % 100 < self.shape.changed_percent;
        let first = usize::from(is_new);
        let etag = format!("\"{number}-{first}\"");
        if known == Some(etag.as_str()) {
            return format!("HTTP/1.1 304 Not Modified\r\nETag: {etag}\r\n\r\n").into_bytes();
        }
        let body = feed(number, first, self.shape.n_entries);
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml; charset=utf-8\r\nETag: {etag}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    }
}

/// A feed of `n` entries, of which the newest is number `first + n - 1`.
fn feed(number: usize, first: usize, n: usize) -> String {
    let start = chrono::DateTime::UNIX_EPOCH + chrono::TimeDelta::days(20_000);
    let entries: String = (first..first + n)
        .rev()
        .map(|entry| {
            let at = start + chrono::TimeDelta::hours(entry as i64);
            format!(
                "<item><title>Entry {entry} of feed {number}: what the town council said</title>\
                 <link>http://127.0.0.1/{number}/entry-{entry}-of-the-town-council</link>\
                 <guid isPermaLink=\"false\">{number}-{entry}</guid><pubDate>{}</pubDate>\
                 <dc:creator>Reporter {}</dc:creator><description><![CDATA[<p>On day {entry} the council \
                 of town {number} met to speak about roads, schools and the <a href=\"/budget\">budget</a>. \
                 Nobody agreed, so it will meet again; the minutes of meeting {entry} are open to \
                 everybody who asks for them at the town hall before noon.</p>]]></description></item>\n",
                at.to_rfc2822(),
                number % 7
            )
        })
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><channel><title>Town {number}</title>\
         <link>http://127.0.0.1/{number}/</link><description>News</description>\n{entries}</channel></rss>\n"
    )
}
