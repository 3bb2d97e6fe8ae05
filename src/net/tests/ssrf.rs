//! Every way we know to reach an inside address from outside: notations, redirects and
//! names that change their answer. All are refused, for what sources send (GET) and for
//! what webhooks send (POST), and nothing is ever connected to.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::FutureExt as _;
use url::Url;

use crate::net::proxy::Proxies;
use crate::net::resolve::{Lookup, ResolveError};
use crate::net::testing::{RawServer, client_with, policy, say};
use crate::net::{AllowList, Client, NetError, NetPolicy, Request, Response};

/// Addresses that lead inside, however they are written. A server waits at `{port}` of
/// 127.0.0.1: it would be reached if a rule had a hole.
const NOTATIONS: &[&str] = &[
    // Loopback in the forms that inet_aton and browsers read.
    "http://127.0.0.1:{port}/",
    "http://127.0.0.1.:{port}/",
    "http://127.1:{port}/",
    "http://127.0.1:{port}/",
    "http://127.000.000.001:{port}/",
    "http://127.255.255.254:{port}/",
    "http://2130706433:{port}/",
    "http://2130706433.:{port}/",
    "http://017700000001:{port}/",
    "http://0177.0.0.1:{port}/",
    "http://0177.0000.0000.0001:{port}/",
    "http://00000000177.0.0.1:{port}/",
    "http://0x7f000001:{port}/",
    "http://0X7F000001:{port}/",
    "http://0x7f.1:{port}/",
    "http://0x7f.0x0.0x0.0x1:{port}/",
    "http://127.0x1:{port}/",
    "http://0x7f.0.01:{port}/",
    // "This host", which the system takes for loopback.
    "http://0.0.0.0:{port}/",
    "http://0:{port}/",
    "http://00.0x0:{port}/",
    "http://[::]:{port}/",
    "http://[::ffff:0.0.0.0]:{port}/",
    // Loopback as IPv6, and IPv4 inside IPv6.
    "http://[::1]:{port}/",
    "http://[0:0:0:0:0:0:0:1]:{port}/",
    "http://[0000::0001]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[::ffff:7f00:1]:{port}/",
    "http://[0:0:0:0:0:ffff:127.0.0.1]:{port}/",
    "http://[::ffff:0:127.0.0.1]:{port}/",
    "http://[::127.0.0.1]:{port}/",
    "http://[64:ff9b::127.0.0.1]:{port}/",
    "http://[64:ff9b::7f00:1]:{port}/",
    "http://[64:ff9b:1::7f00:1]:{port}/",
    "http://[2002:7f00:1::]:{port}/",
    "http://[2001:0:7f00:1::]:{port}/",
    "http://[2a00::5efe:127.0.0.1]:{port}/",
    // Names.
    "http://localhost:{port}/",
    "http://LOCALHOST:{port}/",
    // Letters and digits of other scripts that become these.
    "http://１２７.０.０.１:{port}/",
    "http://①②⑦.⓪.⓪.①:{port}/",
    "http://𝟙𝟚𝟟.𝟘.𝟘.𝟙:{port}/",
    "http://127。0。0。1:{port}/",
    "http://127｡0｡0｡1:{port}/",
    "http://0ⓧ7f.1:{port}/",
    "http://ⓛocalhost:{port}/",
    "http://ＬＯＣＡＬＨＯＳＴ:{port}/",
    "http://loc\u{ad}alhost:{port}/",
    "http://loc\u{200b}alhost:{port}/",
    "http://%31%32%37.0.0.1:{port}/",
    "http://%6c%6f%63%61%6c%68%6f%73%74:{port}/",
    "http://127%2e0%2e0%2e1:{port}/",
    // A public name that is only user information, a path or a query.
    "http://user@localhost:{port}/",
    "http://user:pass@127.0.0.1:{port}/",
    "http://evil.example@127.0.0.1:{port}/",
    "http://evil.example:80@127.0.0.1:{port}/",
    "http://evil.example%23@127.0.0.1:{port}/",
    "http://evil.example%2f@[::1]:{port}/",
    "http://127.0.0.1:{port}#@evil.example/",
    "http://127.0.0.1:{port}?@evil.example/",
    "http://127.0.0.1:{port}\\@evil.example/",
    "http:127.0.0.1:{port}/",
    "http:/\\127.0.0.1:{port}/",
    "http:\\\\127.0.0.1:{port}\\",
    "ht\ntp://127.0.\t0.1:{port}/",
    "https://127.0.0.1:{port}/",
    "https://0x7f.1:{port}/",
    "https://[::ffff:7f00:1]:{port}/",
    // The metadata services of clouds.
    "http://169.254.169.254/latest/meta-data/",
    "http://169.254.43518/",
    "http://0xa9fea9fe/",
    "http://0xa9.0xfe.0xa9.0xfe/",
    "http://0251.0376.0251.0376/",
    "http://2852039166/",
    "http://１６９。２５４。１６９。２５４/",
    "http://[::ffff:169.254.169.254]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[2002:a9fe:a9fe::]/",
    "http://[fd00:ec2::254]/",
    "http://168.63.129.16/",
    "http://100.100.100.200/",
    "http://192.0.0.192/",
    // Somebody's network.
    "http://10.0.0.1/",
    "http://10.1/",
    "http://012.0.0.1/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.0.1/",
    "http://192.168.257/",
    "http://3232235521/",
    "http://100.64.0.1/",
    "http://[::ffff:10.0.0.1]/",
    "http://[64:ff9b::10.0.0.1]/",
    "http://[2002:c0a8:101::1]/",
    "http://[2a00::200:5efe:10.0.0.1]/",
    "http://[fc00::1]/",
    "http://[fd12:3456::1]/",
    "http://[fe80::1]/",
    "http://[fec0::1]/",
    // Nobody's.
    "http://192.0.2.1/",
    "http://198.18.0.1/",
    "http://198.51.100.7/",
    "http://203.0.113.7/",
    "http://224.0.0.1/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://[2001:db8::1]/",
    "http://[5f00::1]/",
    "http://[ff02::1]/",
];

/// Where a site that may be asked sends us instead.
const REDIRECTS: &[&str] = &[
    "http://127.0.0.1:{port}/",
    "http://127.1:{port}/",
    "http://2130706433:{port}/",
    "http://0x7f.1:{port}/",
    "http://0:{port}/",
    "http://[::1]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[64:ff9b::7f00:1]:{port}/",
    "http://[2002:7f00:1::]:{port}/",
    "http://１２７.０.０.１:{port}/",
    "http://127。0。0。1:{port}/",
    "http://user@127.0.0.1:{port}/",
    "http://localhost@127.0.0.1:{port}/",
    "//127.0.0.1:{port}/",
    "/\\127.0.0.1:{port}/",
    "\\\\127.0.0.1:{port}/",
    "  http://127.0.0.1:{port}/  ",
    "https://127.0.0.1:{port}/",
    "http://169.254.169.254/latest/meta-data/",
    "http://10.0.0.1/",
    "http://192.168.0.1/",
    "http://[fd00:ec2::254]/",
];

const STATUSES: &[&str] = &[
    "301 Moved",
    "302 Found",
    "303 See Other",
    "307 Temporary",
    "308 Permanent",
];

/// Answers that a name server gives one after the other, the last one again and again; the
/// last must be refused. Only 127.0.0.2 is open.
const NAME_ANSWERS: &[&[&[&str]]] = &[
    &[&["127.0.0.1"]],
    &[&["::1"]],
    &[&["0.0.0.0"]],
    &[&["::ffff:127.0.0.1"]],
    &[&["64:ff9b::7f00:1"]],
    &[&["2002:7f00:1::"]],
    &[&["169.254.169.254"]],
    &[&["10.0.0.1", "192.168.0.1", "fd00::1"]],
    // Good when first looked up, inside when it matters.
    &[&["127.0.0.2"], &["127.0.0.1"]],
    &[&["127.0.0.2"], &["127.0.0.2"], &["::ffff:127.0.0.1"]],
];

/// The two ways the program sends: as sources do and as webhooks do.
fn both_ways(url: &Url) -> [Request; 2] {
    [
        Request::get(url.clone()),
        Request::post(url.clone(), b"{}".to_vec()),
    ]
}

fn refused(result: Result<Response, NetError>, what: &str) {
    let error = match result {
        Ok(response) => panic!("{what} was answered with {}", response.status),
        Err(error) => error,
    };
    assert_eq!(error.kind(), "private_address", "{what}: {error}");
    assert!(error.to_string().contains("net.allow_private"), "{error}");
}

fn with_port(template: &str, port: u16) -> String {
    template.replace("{port}", &port.to_string())
}

#[tokio::test]
async fn every_way_inside_is_refused_for_sources_and_for_webhooks() {
    let trap = RawServer::start([say("200 OK", &[], "the inside")]).await;
    let port = trap.address.port();

    // However it is written.
    let closed = client_with(NetPolicy::default());
    for template in NOTATIONS {
        let text = with_port(template, port);
        let url = Url::parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        for request in both_ways(&url) {
            refused(closed.send(request).await, &text);
        }
    }

    // Wherever a site sends us. `localhost` by name is open, its address is not.
    let open_name = client_with(policy());
    let mut n_redirects = 0;
    for template in REDIRECTS {
        for status in STATUSES {
            let location = format!("Location: {}", with_port(template, port));
            let first = RawServer::start([say(status, &[&location], "")]).await;
            let result = open_name.send(Request::get(first.url("/feed"))).await;
            refused(result, &format!("{status} {location}"));
            // What a webhook sends goes to the address it was meant for or nowhere.
            let request = Request::post(first.url("/hook"), b"{}".to_vec());
            let response = open_name.send(request).await.expect("the redirect itself");
            assert_eq!(response.status.to_string(), status[..3]);
            // Even if it were to follow.
            let mut request = Request::post(first.url("/hook"), b"{}".to_vec());
            request.follow_redirects = true;
            refused(
                open_name.send(request).await,
                &format!("{status} {location}"),
            );
            n_redirects += 1;
        }
    }
    let inside = format!("Location: http://127.0.0.1:{port}/");
    let detour = RawServer::start([
        say("302 Found", &["Location: /one"], ""),
        say("301 Moved", &["Location: /two"], ""),
        say("307 Temporary", &[&inside], ""),
    ])
    .await;
    refused(
        open_name.send(Request::get(detour.url("/feed"))).await,
        "a detour",
    );
    n_redirects += 1;

    let n_names = names_are_refused(port).await;
    assert_eq!(trap.requests(), [""; 0], "nothing got inside");
    println!(
        "{} notations, {n_redirects} redirects, {n_names} answers of name servers: all refused, for sources and for webhooks",
        NOTATIONS.len()
    );
    assert!(NOTATIONS.len() >= 60);
}

/// A client whose name server gives these answers, and how often it was asked.
fn client_of(answers: &[&[&str]], allowed: &str) -> (Client, Arc<AtomicUsize>) {
    let n_asked = Arc::new(AtomicUsize::new(0));
    let answers: VecDeque<Vec<SocketAddr>> = answers
        .iter()
        .map(|ips| {
            ips.iter()
                .map(|ip| SocketAddr::new(ip.parse::<IpAddr>().expect("an address"), 0))
                .collect()
        })
        .collect();
    let counted = Arc::clone(&n_asked);
    let answers = Mutex::new(answers);
    let lookup: Lookup = Arc::new(move |_: &str| {
        counted.fetch_add(1, Ordering::SeqCst);
        let mut answers = answers.lock().expect("no test panics while holding it");
        let answer = if answers.len() > 1 {
            answers.pop_front()
        } else {
            answers.front().cloned()
        };
        async move {
            answer.ok_or(ResolveError::NotFound {
                why: "empty".to_owned(),
            })
        }
        .boxed()
    });
    let policy = NetPolicy {
        allow_private: AllowList::parse(&[allowed.to_owned()]).expect("well written"),
        ..NetPolicy::default()
    };
    let client = Client::with_lookup(policy, Proxies::default(), lookup).expect("sound");
    (client, n_asked)
}

/// Names are judged by the answer that is connected to, and looked up once for it: nothing
/// can change in between.
async fn names_are_refused(trap_port: u16) -> usize {
    // The same port on the only address that is open.
    let open = RawServer::start_at(
        &format!("127.0.0.2:{trap_port}"),
        [say("200 OK", &[], "the outside")],
    )
    .await;
    let url = Url::parse(&format!("http://rebind.example:{trap_port}/")).expect("a URL");
    for answers in NAME_ANSWERS {
        for way in 0..2 {
            let (client, n_asked) = client_of(answers, "127.0.0.2");
            for place in 0..answers.len() {
                let [get, post] = both_ways(&url);
                let request = if way == 0 { get } else { post };
                let result = client.send(request).await;
                if place + 1 < answers.len() {
                    assert_eq!(result.expect("it is open").body, b"the outside");
                } else {
                    refused(result, &format!("{answers:?}"));
                }
                assert_eq!(
                    n_asked.load(Ordering::SeqCst),
                    place + 1,
                    "one look-up each"
                );
            }
        }
    }
    // Of a mixed answer only what is open is connected to.
    let (client, _) = client_of(
        &[&["127.0.0.1", "::1", "127.0.0.2", "10.0.0.1"]],
        "127.0.0.2",
    );
    let response = client.send(Request::get(url)).await.expect("it is open");
    assert_eq!(response.body, b"the outside");
    drop(open);
    NAME_ANSWERS.len() + 1
}
