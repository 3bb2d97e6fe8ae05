//! Servers that misbehave in every way we have met, asked by the real program: each fault
//! shows its own reason, the sources beside them stay on schedule, and memory stays flat.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::harness::{Asked, Place, Reply, Running, Site, feed, wait_for};

/// What `[net] timeout` is set to: long enough for a busy machine, short enough for a test.
const TIMEOUT: &str = "5s";
/// Sources that only hang, besides the faults below: more than there are places for polls.
const N_HANGING: usize = 40;
/// By how much memory may grow while the same faults are met again.
const GROWTH_BYTES: u64 = 64 * 1024 * 1024;

/// How a fault must end.
enum Ends {
    /// As a failure whose reason contains these words.
    Failing(&'static str),
    /// Well, with items: odd, but it can be read.
    Read,
    /// Well, without items: the site is right that there is nothing.
    Nothing,
}

use Ends::{Failing, Nothing, Read};

/// One way to misbehave: a name that is also the path, and how it must end.
const FAULTS: &[(&str, Ends)] = &[
    // Slow.
    ("says-nothing", Failing("did not start to answer within 5s")),
    ("half-a-head", Failing("did not start to answer within 5s")),
    (
        "drips-its-head",
        Failing("did not start to answer within 5s"),
    ),
    (
        "half-a-body",
        Failing("had not finished its answer after 5s (4 bytes so far)"),
    ),
    (
        "drips-its-body",
        Failing("had not finished its answer after 5s"),
    ),
    // Wrong lengths and broken ends.
    (
        "hangs-up",
        Failing("broke off the connection without an answer"),
    ),
    ("shorter-than-said", Failing("ended early: 5 bytes came")),
    ("broken-off-chunk", Failing("ended early")),
    ("chunk-without-size", Failing("does not answer in HTTP")),
    ("length-in-words", Failing("does not answer in HTTP")),
    ("two-lengths", Failing("does not answer in HTTP")),
    // Too much.
    ("endless", Failing("larger than 10485760 bytes")),
    ("endless-chunks", Failing("larger than 10485760 bytes")),
    ("announces-a-giant", Failing("larger than 10485760 bytes")),
    ("gzip-bomb", Failing("larger than 10485760 bytes")),
    ("brotli-bomb", Failing("larger than 10485760 bytes")),
    ("gzip-file-bomb", Failing("larger than 10485760 bytes")),
    (
        "header-flood",
        Failing("does not answer in HTTP: message head is too large"),
    ),
    (
        "giant-header",
        Failing("does not answer in HTTP: message head is too large"),
    ),
    // Compressed wrongly.
    (
        "gzip-in-name-only",
        Failing("compressed data that cannot be unpacked"),
    ),
    (
        "half-a-gzip",
        Failing("compressed data that cannot be unpacked"),
    ),
    (
        "half-a-brotli",
        Failing("compressed data that cannot be unpacked"),
    ),
    ("unasked-zstd", Failing("`zstd` was not asked for")),
    // Redirects.
    ("redirect-loop", Failing("redirects in a circle")),
    ("redirects-without-end", Failing("more than 10 redirects")),
    (
        "redirect-to-nonsense",
        Failing("redirects to something that is not an address"),
    ),
    (
        "redirect-to-nowhere",
        Failing("redirects without saying where to"),
    ),
    (
        "redirect-to-a-file",
        Failing("`file:` addresses are not fetched"),
    ),
    (
        "redirect-to-metadata",
        Failing("169.254.169.254 is a cloud metadata address, which is refused"),
    ),
    (
        "redirect-inside",
        Failing("10.0.0.1 is a private address, which is refused"),
    ),
    // Something else than HTTP.
    ("ssh", Failing("does not answer in HTTP")),
    ("no-head-at-all", Failing("does not answer in HTTP")),
    ("binary-noise", Failing("does not answer in HTTP")),
    ("status-in-words", Failing("does not answer in HTTP")),
    // Says no.
    ("too-many-requests", Failing("asked again in 1h (HTTP 429)")),
    (
        "storm-of-429",
        Failing("finds that we ask too often (HTTP 429)"),
    ),
    (
        "storm-of-503",
        Failing("overloaded or under maintenance (HTTP 503)"),
    ),
    (
        "come-back-in-ten-years",
        Failing("the site is busy or under maintenance"),
    ),
    (
        "broken-inside",
        Failing("the server has an internal error (HTTP 500)"),
    ),
    ("sign-in", Failing("the site asks for a sign-in")),
    ("browsers-only", Failing("lets only browsers in")),
    ("not-found", Failing("nothing is at this address")),
    ("gone", Failing("gone for good (HTTP 410)")),
    (
        "unchanged-unasked",
        Failing("although it was asked for everything (HTTP 304)"),
    ),
    ("status-999", Failing("means nothing in HTTP (HTTP 999)")),
    // Says yes and means no.
    ("empty", Failing("the answer is empty")),
    ("only-spaces", Failing("the answer is empty")),
    ("no-content", Failing("the answer is empty")),
    ("html-for-xml", Failing("is an HTML page titled")),
    ("login-wall", Failing("sign")),
    ("bot-check", Failing("bot")),
    ("refusal-in-a-line", Failing("oo many requests")),
    (
        "bridge-error",
        Failing("the bridge could not read its site"),
    ),
    ("error-as-json", Failing("the site answered with an error")),
    ("a-picture", Failing("not a feed")),
    ("half-a-document", Read),
    // Odd, and readable.
    ("etag-never-changes", Read),
    ("clock-of-1999", Read),
    ("fresh-until-2099", Read),
    ("expired-in-1970", Read),
    ("feed-as-picture", Read),
    ("feed-as-html", Read),
    ("lies-about-its-charset", Read),
    ("more-than-said", Read),
    ("a-feed-without-entries", Nothing),
];

/// Two hundred million zeros as brotli writes them.
const BROTLI_BOMB: &str = "cbffff3ff82700e2b14020f7fe8fffff7ff04f00c4611180eefd1fffffffe09f0088c30200ddfb3ffeffffc13f0110870500baf77ffcffff837f02200e0b0074effff8ffff07ff04401c1600e8defff1ffff0ffe0980382c00d0bdffe3ffff1ffc1300715800a07bffc7ffff3ff82700e2b00040f7fe8fffff7ff04f00c4610180eefd1fffffffe09f0088c30200ddfb3ffeffffc13f0110870500baf77ffcffff837f02200e0b0074effff8ffff07ff04401c1600e8defff1ffff0ffe0980382c00d0bdffe3ffff1ffc1300715800a07bffc7ffff3ff82700e2b00040f7fe8fffff7ff04f00c4610180eefd1fffffffe09f0088c30200ddfb3ffeffffc13f0110870500baf77ffcffff837f02200e0b0074effff8ffff07ff04401c1600e8defff1ffff0ffe0980382c00d0bdffcbffe035fc1300715800a09bbb06";

fn rss(id: &str) -> Vec<u8> {
    feed(&[(id, "Nothing to do with anybody we watch.")]).into_bytes()
}

fn head(status: &str, headers: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nConnection: close\r\n{headers}\r\n").into_bytes()
}

fn raw(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Reply {
    let mut bytes = head(status, headers);
    bytes.extend_from_slice(body.as_ref());
    Reply::Raw(bytes)
}

fn send(status: u16, headers: &[(&'static str, &str)], body: impl Into<Vec<u8>>) -> Reply {
    let headers = headers
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect();
    Reply::Send(status, headers, body.into())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .map(|place| u8::from_str_radix(&text[2 * place..2 * place + 2], 16).expect("hex"))
        .collect()
}

/// What is costly to make, made once.
struct Bombs {
    gzip: Vec<u8>,
    brotli: Vec<u8>,
}

fn misbehave(asked: &Asked, n_before: usize, bombs: &Bombs) -> Reply {
    const PAUSE: Duration = Duration::from_millis(100);
    const CHUNKED: &str = "Transfer-Encoding: chunked\r\n";
    let page = |title: &str, body: &str| {
        format!(
            "<!DOCTYPE html><html><head><title>{title}</title></head><body>{body}</body></html>"
        )
    };
    let name = asked.path.trim_start_matches('/');
    match name {
        "says-nothing" => Reply::Hang,
        "half-a-head" => Reply::HangAfter(b"HTTP/1.1 200 OK\r\nX-Slow".to_vec()),
        "drips-its-head" => {
            Reply::Drip(b"HTTP/1.1 200 OK\r\n".to_vec(), b"X: y\r\n".to_vec(), PAUSE)
        }
        "half-a-body" => {
            let mut bytes = head("200 OK", "Content-Length: 100\r\n");
            bytes.extend_from_slice(b"half");
            Reply::HangAfter(bytes)
        }
        "drips-its-body" => Reply::Drip(
            head("200 OK", "Content-Length: 90000\r\n"),
            b"x".to_vec(),
            PAUSE,
        ),
        "hangs-up" => Reply::Raw(Vec::new()),
        "shorter-than-said" => raw("200 OK", "Content-Length: 100\r\n", "short"),
        "broken-off-chunk" => raw("200 OK", CHUNKED, "5\r\nhel"),
        "chunk-without-size" => raw("200 OK", CHUNKED, "zz\r\nhello"),
        "length-in-words" => raw("200 OK", "Content-Length: many\r\n", ""),
        "two-lengths" => raw(
            "200 OK",
            "Content-Length: 5\r\nContent-Length: 7\r\n",
            "hello",
        ),
        "endless" => Reply::Endless(head("200 OK", ""), vec![b'x'; 64 * 1024]),
        "endless-chunks" => {
            let chunk = [b"10000\r\n".to_vec(), vec![b'x'; 0x10000], b"\r\n".to_vec()].concat();
            Reply::Endless(head("200 OK", CHUNKED), chunk)
        }
        "announces-a-giant" => Reply::HangAfter(head("200 OK", "Content-Length: 50000000000\r\n")),
        "gzip-bomb" => send(200, &[("Content-Encoding", "gzip")], bombs.gzip.clone()),
        "brotli-bomb" => send(200, &[("Content-Encoding", "br")], bombs.brotli.clone()),
        "gzip-file-bomb" => send(
            200,
            &[("Content-Type", "application/gzip")],
            bombs.gzip.clone(),
        ),
        "header-flood" => raw("200 OK", &"X: yyyyyyyy\r\n".repeat(100_000), ""),
        "giant-header" => raw("200 OK", &format!("X: {}\r\n", "y".repeat(2_000_000)), ""),
        "gzip-in-name-only" => send(200, &[("Content-Encoding", "gzip")], rss("1")),
        "half-a-gzip" => {
            let packed = gzip(&rss("1").repeat(50));
            send(
                200,
                &[("Content-Encoding", "gzip")],
                &packed[..packed.len() / 2],
            )
        }
        "half-a-brotli" => send(200, &[("Content-Encoding", "br")], &bombs.brotli[..9]),
        "unasked-zstd" => send(200, &[("Content-Encoding", "zstd")], rss("1")),
        "redirect-loop" => send(302, &[("Location", "/redirect-loop")], ""),
        "redirect-to-nonsense" => send(302, &[("Location", "http://[broken")], ""),
        "redirect-to-nowhere" => send(302, &[], ""),
        "redirect-to-a-file" => send(302, &[("Location", "file:///etc/passwd")], ""),
        "redirect-to-metadata" => send(
            302,
            &[("Location", "http://169.254.169.254/latest/meta-data/")],
            "",
        ),
        "redirect-inside" => send(301, &[("Location", "http://10.0.0.1/feed")], ""),
        "ssh" => Reply::Raw(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec()),
        "no-head-at-all" => Reply::Raw(page("Hello", "Hello").into_bytes()),
        "binary-noise" => Reply::Raw(b"\0\x01\x02\x03\xff\xfe\r\n\r\n".to_vec()),
        "status-in-words" => Reply::Raw(b"HTTP/1.1 fine\r\n\r\n".to_vec()),
        "too-many-requests" => send(429, &[("Retry-After", "3600")], ""),
        "storm-of-429" => send(429, &[], ""),
        "storm-of-503" => send(503, &[], ""),
        "come-back-in-ten-years" => send(503, &[("Retry-After", "315360000")], ""),
        "broken-inside" => send(500, &[], "Traceback (most recent call last)"),
        "sign-in" => send(401, &[("WWW-Authenticate", "Basic")], ""),
        "browsers-only" => send(
            403,
            &[("cf-mitigated", "challenge")],
            page("Just a moment...", ""),
        ),
        "not-found" => send(404, &[], page("Not found", "")),
        "gone" => send(410, &[], ""),
        "unchanged-unasked" => raw("304 Not Modified", "", ""),
        "status-999" => send(999, &[], "denied"),
        "empty" => send(200, &[("Content-Type", "application/rss+xml")], ""),
        "only-spaces" => send(200, &[], " \r\n\t \n"),
        "no-content" => raw("204 No Content", "", ""),
        "html-for-xml" => Reply::ok(
            "application/rss+xml",
            page(
                "Our products",
                &"<p>We sell kettles and pans of every size.</p>".repeat(90),
            ),
        ),
        "login-wall" => Reply::ok(
            "text/html",
            page(
                "Log in",
                "<form action=\"/login\" method=\"post\"><input type=\"password\" name=\"p\"></form>",
            ),
        ),
        "bot-check" => Reply::ok(
            "text/html",
            page(
                "Just a moment...",
                "<div id=\"challenge-running\"></div><script src=\"/cdn-cgi/challenge-platform/x.js\"></script>",
            ),
        ),
        "refusal-in-a-line" => Reply::ok("text/plain", "Too many requests"),
        "bridge-error" => {
            let body = String::from_utf8(rss("1")).expect("text");
            let body = body.replace("Post 1", "Bridge returned error 503! (20412)");
            Reply::ok("application/rss+xml", body)
        }
        "error-as-json" => Reply::ok(
            "application/json",
            "{\"error\":{\"code\":403,\"message\":\"quota exceeded\"}}",
        ),
        "a-picture" => Reply::ok(
            "application/rss+xml",
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01".to_vec(),
        ),
        "half-a-document" => {
            let body = feed(&[("1", "One whole entry."), ("2", "And half of another.")]);
            let end = body.rfind("And half").expect("the second entry");
            Reply::ok("application/rss+xml", &body.as_bytes()[..end])
        }
        "etag-never-changes" => send(200, &[("ETag", "\"always\"")], rss(&n_before.to_string())),
        "clock-of-1999" => send(
            200,
            &[
                ("Date", "Fri, 01 Jan 1999 00:00:00 GMT"),
                ("Last-Modified", "Thu, 31 Dec 2099 00:00:00 GMT"),
            ],
            rss("1"),
        ),
        "fresh-until-2099" => send(
            200,
            &[("Expires", "Thu, 31 Dec 2099 00:00:00 GMT")],
            rss("1"),
        ),
        "expired-in-1970" => send(
            200,
            &[("Expires", "Thu, 01 Jan 1970 00:00:00 GMT")],
            rss("1"),
        ),
        "feed-as-picture" => Reply::ok("image/png", rss("1")),
        "feed-as-html" => Reply::ok("text/html; charset=utf-8", rss("1")),
        "lies-about-its-charset" => Reply::ok("application/rss+xml; charset=x-klingon", rss("1")),
        "more-than-said" => {
            let body = rss("1");
            let length = format!("Content-Length: {}\r\n", body.len());
            raw("200 OK", &length, [body, b"and more".to_vec()].concat())
        }
        "a-feed-without-entries" => Reply::ok("application/rss+xml", feed(&[])),
        deeper if deeper.starts_with("redirects-without-end") => {
            let on = format!("/{deeper}-on");
            send(302, &[("Location", on.as_str())], "")
        }
        _ => Reply::Hang,
    }
}

fn source(name: &str, url: &str) -> String {
    format!(
        "[[source]]\nname = \"{name}\"\ndefinition = \"feed\"\nparams = {{ url = \"{url}\" }}\nevery = \"1s\"\n\n"
    )
}

fn sources(place: &Place) -> HashMap<String, Value> {
    place
        .json(&["sources", "--json"])
        .into_iter()
        .filter_map(|line| line.get("source").cloned())
        .map(|source| (source["name"].as_str().expect("a name").to_owned(), source))
        .collect()
}

/// The daemon when every source has been polled to its end once.
fn all_polled(place: &Place) -> HashMap<String, Value> {
    wait_for("every source to be polled", || {
        let all = sources(place);
        all.values()
            .all(|source| source["health"]["state"] != "new")
            .then_some(all)
    })
}

#[track_caller]
fn check_fault(name: &str, ends: &Ends, source: &Value) -> Option<String> {
    let health = &source["health"];
    let reason = health["reason"].as_str().unwrap_or_default();
    let state = health["state"].as_str().unwrap_or_default();
    let has_items = health["n_items"].as_u64().unwrap_or(0) > 0;
    let is_right = match ends {
        Failing(part) => state == "failing" && reason.contains(part),
        Read => state == "ok" && has_items,
        Nothing => state == "ok" && !has_items,
    };
    // Neither an order to stay away for years nor a clock that is off loses a source.
    let next: chrono::DateTime<chrono::Utc> = health["next_poll_at"]
        .as_str()
        .and_then(|at| at.parse().ok())
        .expect("every polled source has a next try");
    let is_soon = next <= chrono::Utc::now() + chrono::TimeDelta::hours(25);
    (!is_right || !is_soon)
        .then(|| format!("{name}: {state}, {reason:?}, next {next}, {has_items}"))
}

#[test]
fn every_fault_has_its_reason_and_the_others_stay_on_schedule() {
    let bombs = Bombs {
        gzip: gzip(&vec![0; 40_000_000]),
        brotli: hex(BROTLI_BOMB),
    };
    let counts = std::sync::Mutex::new(HashMap::<String, usize>::new());
    let answer = Arc::new(move |asked: &Asked| {
        let mut counts = counts.lock().expect("no server panics");
        let n_before = counts.entry(asked.path.clone()).or_default();
        *n_before += 1;
        misbehave(asked, *n_before, &bombs)
    });
    let at = |address: &str| {
        let answer = Arc::clone(&answer);
        let listener = TcpListener::bind(address).expect("all of 127.0.0.0/8 is loopback");
        Site::on(listener, move |asked| answer(asked))
    };
    let bad = at("127.0.0.1:0");
    // A host that asks for a rest gets it for all its sources, so these have their own.
    let resting = [at("127.0.0.2:0"), at("127.0.0.3:0")];
    let good = Site::new(|_| Reply::ok("application/rss+xml", rss("1")));
    let deaf = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let nobody = deaf.local_addr().expect("an address");
    drop(deaf);

    let mut text = format!(
        "[[brand]]\nname = \"Acme\"\n\n[web]\nlisten = \"127.0.0.1:0\"\n\n\
         [net]\nallow_private = [\"127.0.0.0/29\", \"localhost\"]\ntimeout = \"{TIMEOUT}\"\n\n"
    );
    for (name, _) in FAULTS {
        let site = match *name {
            "too-many-requests" => &resting[0],
            "come-back-in-ten-years" => &resting[1],
            _ => &bad,
        };
        text.push_str(&source(name, &site.url(&format!("/{name}"))));
    }
    for number in 0..N_HANGING {
        text.push_str(&source(
            &format!("hanging-{number}"),
            &bad.url(&format!("/hang-{number}")),
        ));
    }
    let no_tls = says_at_once(b"HTTP/1.1 400 Bad Request\r\n\r\nspeak HTTP");
    text.push_str(&source("no-tls", &no_tls));
    text.push_str(&source("tls-hangs-up", &says_at_once(b"")));
    text.push_str(&source("nobody-there", &format!("http://{nobody}/feed")));
    let inside = source("inside", "http://192.168.0.1/feed");
    text.push_str(&inside.replace("1s", "30s"));
    for number in 0..4 {
        let url = format!("http://localhost:{}/good-{number}", good.address.port());
        text.push_str(&source(&format!("good-{number}"), &url));
    }
    let place = Place::new();
    place.write("hearken.toml", &text);
    let daemon = place.start_daemon();

    let all = all_polled(&place);
    let mut wrong: Vec<String> = FAULTS
        .iter()
        .filter_map(|(name, ends)| check_fault(name, ends, &all[*name]))
        .collect();
    for (name, part) in [
        ("no-tls", "does not speak TLS"),
        ("tls-hangs-up", "the connection ended during the handshake"),
        ("nobody-there", "no server is listening at that port"),
        ("inside", "192.168.0.1 is a private address"),
    ] {
        wrong.extend(check_fault(name, &Failing(part), &all[name]));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    // All the hanging ones have had their turn, several rounds of five seconds. Those that
    // behave were asked every second meanwhile, whoever hung beside them.
    for number in 0..4 {
        let health = &all[&format!("good-{number}")]["health"];
        let n_polls = health["n_polls_ok"].as_u64().expect("a number");
        assert!(n_polls >= 5, "good-{number}: {health}");
        assert_eq!(health["n_failures"], 0, "{health}");
    }

    check_memory(&daemon, &bad);
    println!(
        "{} ways to misbehave, {N_HANGING} sources more that only hang: all told apart, the rest on schedule",
        FAULTS.len() + 4
    );
    let (code, _) = daemon.stop("TERM");
    assert_eq!(code, Some(0), "it stops cleanly in the middle of it");
}

/// Meeting the same bombs and endless answers again takes no more memory than before.
fn check_memory(daemon: &Running, bad: &Site) {
    let heavy = [
        "/endless",
        "/endless-chunks",
        "/gzip-bomb",
        "/brotli-bomb",
        "/gzip-file-bomb",
    ];
    let n_asked = |path: &str| {
        bad.asked()
            .iter()
            .filter(|asked| asked.path == path)
            .count()
    };
    let Some(first) = daemon.memory_bytes() else {
        return;
    };
    let before: Vec<usize> = heavy.iter().map(|path| n_asked(path)).collect();
    let after = wait_for("the heavy ones to be asked again", || {
        let is_done = heavy
            .iter()
            .zip(&before)
            .all(|(path, before)| n_asked(path) > before + 1);
        is_done.then(|| daemon.memory_bytes()).flatten()
    });
    let mib = |bytes: u64| bytes / (1024 * 1024);
    println!(
        "memory: {} MiB after the first round, {} MiB after the next",
        mib(first),
        mib(after)
    );
    assert!(
        after <= first + GROWTH_BYTES,
        "memory grew from {} to {} MiB",
        mib(first),
        mib(after)
    );
}

/// A port that answers a greeting with these bytes, whatever it was, and closes; its
/// address with https.
fn says_at_once(bytes: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            // A client that goes away is part of the test.
            let _ = stream.read(&mut [0; 4_096]);
            let _ = stream.write_all(bytes);
        }
    });
    format!("https://{address}/feed")
}
