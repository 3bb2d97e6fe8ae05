//! What the tests stand on: the real program in a folder of its own, small HTTP servers on
//! loopback that behave as told, and patience with a limit.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long anything may take before a test gives up: generous, since machines are slow
/// and nothing here measures time.
pub(crate) const PATIENCE: Duration = Duration::from_secs(300);

/// Waits until `found` gives something.
#[track_caller]
pub(crate) fn wait_for<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(value) = found() {
            return value;
        }
        assert!(started.elapsed() < PATIENCE, "gave up waiting for {what}");
        std::thread::sleep(Duration::from_millis(30));
    }
}

/// A folder of its own and the program to run in it.
pub(crate) struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("hearken-it-")
            .tempdir()
            .expect("a temporary folder");
        Self { folder }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, text).expect("a file in the temporary folder");
        path
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hearken"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env_remove("HEARKEN_LOG")
            // Nothing but loopback is ever asked: whatever is meant for elsewhere goes to a
            // port where nobody listens.
            .envs(
                ["http_proxy", "https_proxy", "all_proxy"].map(|name| (name, "http://127.0.0.1:9")),
            )
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        let output = self
            .command(arguments)
            .output()
            .expect("the program starts");
        Ended::of(arguments, output)
    }

    /// Runs a command to its end with text on stdin.
    pub(crate) fn run_with(&self, arguments: &[&str], input: &str) -> Ended {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        child
            .stdin
            .take()
            .expect("stdin is piped")
            .write_all(input.as_bytes())
            .expect("the program reads its input");
        Ended::of(
            arguments,
            child.wait_with_output().expect("the program ends"),
        )
    }

    /// Starts a command that goes on.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        let mut child = self
            .command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let lines = Lines::default();
        let errors = Lines::default();
        lines.follow(child.stdout.take().expect("stdout is piped"));
        errors.follow(child.stderr.take().expect("stderr is piped"));
        Running {
            child,
            lines,
            errors,
        }
    }

    /// Starts the daemon and waits until it says that it is ready.
    pub(crate) fn start_daemon(&self) -> Running {
        let mut running = self.start(&["run"]);
        running.wait_for_line("Alert feed:");
        running
    }

    /// The lines of JSON that a command prints.
    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> Vec<Value> {
        self.run(arguments).ok().json()
    }
}

/// A command that has ended.
pub(crate) struct Ended {
    what: String,
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    fn of(arguments: &[&str], output: Output) -> Self {
        Self {
            what: arguments.join(" "),
            status: output.status,
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        self.ends_with(0)
    }

    #[track_caller]
    pub(crate) fn ends_with(self, code: i32) -> Self {
        assert_eq!(
            self.status.code(),
            Some(code),
            "hearken {}\nstdout: {}\nstderr: {}",
            self.what,
            self.stdout,
            self.stderr
        );
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Vec<Value> {
        self.stdout
            .lines()
            .map(|line| {
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
            })
            .collect()
    }
}

/// Lines of a pipe, read by a thread.
#[derive(Clone, Default)]
struct Lines {
    inner: Arc<(Mutex<Vec<String>>, Condvar)>,
}

impl Lines {
    fn follow(&self, pipe: impl Read + Send + 'static) {
        let inner = Arc::clone(&self.inner);
        std::thread::spawn(move || {
            for line in BufReader::new(pipe).lines() {
                let Ok(line) = line else { return };
                let (lines, news) = &*inner;
                lines.lock().expect("no reader panics").push(line);
                news.notify_all();
            }
        });
    }

    fn all(&self) -> Vec<String> {
        self.inner.0.lock().expect("no reader panics").clone()
    }
}

/// A command that goes on until it is stopped; killed when the test ends.
pub(crate) struct Running {
    child: Child,
    lines: Lines,
    errors: Lines,
}

impl Running {
    /// Waits for a line of stdout that contains `part`.
    #[track_caller]
    pub(crate) fn wait_for_line(&mut self, part: &str) -> String {
        let started = Instant::now();
        loop {
            if let Some(line) = self
                .lines
                .all()
                .into_iter()
                .find(|line| line.contains(part))
            {
                return line;
            }
            let ended = self.child.try_wait().expect("the child can be asked");
            assert!(
                ended.is_none() && started.elapsed() < PATIENCE,
                "no line with {part:?}; ended: {ended:?}\nstdout: {:#?}\nstderr: {:#?}",
                self.lines.all(),
                self.errors.all()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn stdout(&self) -> Vec<String> {
        self.lines.all()
    }

    /// The address after `label` in what was printed.
    #[track_caller]
    pub(crate) fn address(&mut self, label: &str) -> String {
        self.wait_for_line(label)
            .split_whitespace()
            .find(|word| word.starts_with("http"))
            .expect("the line has an address")
            .to_owned()
    }

    /// What it holds in memory at this moment, in bytes, as the system counts it; `None`
    /// where the system does not say.
    pub(crate) fn memory_bytes(&self) -> Option<u64> {
        let file = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(file).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
        let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kib * 1024)
    }

    /// Sends a signal by name.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args(["-s", name, &self.child.id().to_string()])
            .status()
            .expect("kill runs");
        assert!(sent.success(), "kill -s {name}");
    }

    /// Ends it without warning.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("the child can be killed");
        self.child.wait().expect("the child can be waited for");
    }

    /// Asks it to stop; its exit code, and how long it took.
    #[track_caller]
    pub(crate) fn stop(mut self, signal: &str) -> (Option<i32>, Duration) {
        let started = Instant::now();
        self.signal(signal);
        let status = wait_for("the program to stop", || {
            self.child.try_wait().expect("the child can be asked")
        });
        (status.code(), started.elapsed())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Already gone is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A request that a local server received.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// What a local server does with a request.
pub(crate) enum Reply {
    /// Status, further headers, body; the length is added.
    Send(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// These bytes as they are.
    Raw(Vec<u8>),
    /// This chunk again and again until the client has had enough.
    Endless(Vec<u8>, Vec<u8>),
    /// The same with a pause between the chunks.
    Drip(Vec<u8>, Vec<u8>, Duration),
    /// Nothing, until the client goes away.
    Hang,
    /// These bytes, then nothing until the client goes away.
    HangAfter(Vec<u8>),
}

impl Reply {
    pub(crate) fn ok(content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::Send(
            200,
            vec![("Content-Type", content_type.to_owned())],
            body.into(),
        )
    }

    pub(crate) fn status(status: u16) -> Self {
        Self::Send(status, Vec::new(), Vec::new())
    }
}

/// An HTTP server on loopback that answers as it is told and remembers what it was asked.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<VecDeque<Asked>>>,
}

impl Site {
    pub(crate) fn new(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::on(
            TcpListener::bind("127.0.0.1:0").expect("a free port"),
            answer,
        )
    }

    pub(crate) fn on(
        listener: TcpListener,
        answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let site = Self {
            address: listener
                .local_addr()
                .expect("a bound listener has an address"),
            asked: Arc::default(),
        };
        let asked = Arc::clone(&site.asked);
        let answer = Arc::new(answer);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (asked, answer) = (Arc::clone(&asked), Arc::clone(&answer));
                std::thread::spawn(move || {
                    // A client that goes away is part of the tests.
                    let _ = serve(stream, &asked, &*answer);
                });
            }
        });
        site
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What was asked so far, oldest first.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked
            .lock()
            .expect("no server panics")
            .iter()
            .cloned()
            .collect()
    }
}

fn serve(
    mut stream: TcpStream,
    asked: &Mutex<VecDeque<Asked>>,
    answer: &(dyn Fn(&Asked) -> Reply + Send + Sync),
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut first = String::new();
    if reader.read_line(&mut first)? == 0 {
        return Ok(());
    }
    let path = first.split_whitespace().nth(1).unwrap_or("/").to_owned();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let mut request = Asked {
        path,
        headers,
        body: Vec::new(),
    };
    let length = request
        .header("content-length")
        .and_then(|length| length.parse().ok())
        .unwrap_or(0);
    request.body = vec![0; length];
    reader.read_exact(&mut request.body)?;
    asked
        .lock()
        .expect("no server panics")
        .push_back(request.clone());
    match answer(&request) {
        Reply::Send(status, headers, body) => {
            let mut head = format!(
                "HTTP/1.1 {status} Said\r\nConnection: close\r\nContent-Length: {}\r\n",
                body.len()
            );
            for (name, value) in headers {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
            stream.write_all(format!("{head}\r\n").as_bytes())?;
            stream.write_all(&body)?;
        }
        Reply::Raw(bytes) => stream.write_all(&bytes)?,
        Reply::Endless(head, chunk) => {
            stream.write_all(&head)?;
            loop {
                stream.write_all(&chunk)?;
            }
        }
        Reply::Drip(head, chunk, pause) => {
            stream.write_all(&head)?;
            loop {
                stream.write_all(&chunk)?;
                std::thread::sleep(pause);
            }
        }
        Reply::Hang => until_gone(&mut stream)?,
        Reply::HangAfter(bytes) => {
            stream.write_all(&bytes)?;
            until_gone(&mut stream)?;
        }
    }
    Ok(())
}

fn until_gone(stream: &mut TcpStream) -> std::io::Result<()> {
    while stream.read(&mut [0; 256])? > 0 {}
    Ok(())
}

/// A feed whose entries are (id, text), published a minute before now.
pub(crate) fn feed(entries: &[(&str, &str)]) -> String {
    let now = chrono::Utc::now() - chrono::TimeDelta::minutes(1);
    let items: String = entries
        .iter()
        .map(|(id, text)| {
            format!(
                "<item><title>Post {id}</title><guid isPermaLink=\"false\">{id}</guid>\
                 <link>http://127.0.0.1/posts/{id}</link><pubDate>{}</pubDate>\
                 <description>{text}</description></item>",
                now.to_rfc2822()
            )
        })
        .collect();
    format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>t</title>{items}</channel></rss>"
    )
}

/// A text that any model calls negative and triage flags.
pub(crate) const ANGRY: &str = "Acme is a scam. The worst service ever, my order never arrived \
    and nobody answers. I want my money back!";

/// A configuration with this brand and these feeds, polled every second.
pub(crate) fn configuration(feeds: &[(&str, String)], webhook: Option<&str>) -> String {
    let mut text = "[[brand]]\nname = \"Acme\"\n\n[web]\nlisten = \"127.0.0.1:0\"\n\n\
                    [net]\nallow_private = [\"127.0.0.1\"]\n\n"
        .to_owned();
    for (name, url) in feeds {
        text.push_str(&format!(
            "[[source]]\nname = \"{name}\"\ndefinition = \"feed\"\nparams = {{ url = \"{url}\" }}\nevery = \"1s\"\n\n"
        ));
    }
    if let Some(url) = webhook {
        text.push_str(&format!(
            "[[webhook]]\nname = \"chat\"\nurl = \"{url}\"\nsecret = \"{SECRET}\"\n"
        ));
    }
    text
}

/// The secret of the test webhooks.
pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
