//! Sources that bring their events by themselves: the connection drops again and again, and
//! every event arrives once, from where the last one stood.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio_tungstenite::tungstenite::{self, Message};

use crate::harness::{Place, Reply, Site, configuration, wait_for};

/// The server hangs up so many times …
const N_DROPS: usize = 50;
/// … after so many new events each.
const PER_CONNECTION: usize = 3;
const N_EVENTS: usize = N_DROPS * PER_CONNECTION;

fn event(number: usize) -> String {
    format!(
        "{{\"id\":\"{number}\",\"at\":{number},\"text\":\"Acme kettle number {number} arrived\"}}"
    )
}

fn definition(name: &str, stream: &str) -> String {
    format!(
        "name = \"{name}\"\ntitle = \"Test stream\"\nsummary = \"Events of a test.\"\nkind = \"post\"\n\
         format = \"stream\"\nverified = \"sample\"\n\n\
         [params.server]\ntype = \"server\"\nmain = true\nhelp = \"the test's server\"\n\n\
         [request]\nurl = \"{{server}}/stream?tag=acme\"\n\n\
         [stream]\n{stream}\n\n[json]\nlist = \"$\"\n\n[json.fields]\nnative_id = \"id\"\ntext = \"text\"\n"
    )
}

/// A place with one stream as its only source.
fn place_with(definition_text: &str, server: &str) -> Place {
    let place = Place::new();
    std::fs::create_dir(place.path().join("own")).expect("a folder");
    place.write("own/test-stream.toml", definition_text);
    let mut config = "sources_dir = \"own\"\n\n".to_owned();
    config.push_str(&configuration(&[], None));
    config.push_str(&format!(
        "[[source]]\nname = \"live\"\ndefinition = \"test-stream\"\nparams = {{ server = \"{server}\" }}\n"
    ));
    place.write("hearken.toml", &config);
    place.run(&["check"]).ok();
    place
}

/// Waits for all events and checks that each is there once.
#[track_caller]
fn check_all_arrive(place: &Place) {
    let found = wait_for("all events", || {
        let found = place.json(&["mentions", "--json", "--limit", "1000"]);
        (found.len() >= N_EVENTS).then_some(found)
    });
    assert_eq!(found.len(), N_EVENTS, "each event is one mention");
    let ids: BTreeSet<&str> = found
        .iter()
        .map(|mention| mention["native_id"].as_str().expect("an id"))
        .collect();
    assert_eq!(ids.len(), N_EVENTS);
}

#[test]
fn server_sent_events_go_on_from_the_last_id_after_fifty_drops() {
    let asked_for = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked_for);
    let site = Site::new(move |asked| {
        let last = asked
            .header("last-event-id")
            .and_then(|id| id.parse::<usize>().ok());
        let mut seen = seen.lock().expect("no panic while held");
        seen.push(last);
        let from = last.map_or(0, |last| last + 1);
        let mut answer =
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n\
             retry: 20\n: hello\n\n"
                .to_owned();
        for number in (from..N_EVENTS).take(PER_CONNECTION) {
            answer.push_str(&format!(
                "event: update\nid: {number}\ndata: {}\n\n",
                event(number)
            ));
            answer.push_str("event: delete\ndata: 7\n\n");
        }
        if seen.len() <= N_DROPS || from < N_EVENTS {
            Reply::Raw(answer.into_bytes())
        } else {
            Reply::HangAfter(answer.into_bytes())
        }
    });
    let place = place_with(
        &definition("test-stream", "carrier = \"sse\"\nevents = [\"update\"]"),
        &site.url(""),
    );
    let daemon = place.start_daemon();
    check_all_arrive(&place);
    let asked_for = asked_for.lock().expect("no panic while held").clone();
    assert!(
        asked_for.len() > N_DROPS,
        "it dropped {} times",
        asked_for.len()
    );
    assert_eq!(asked_for[0], None, "the first connection begins anywhere");
    assert!(
        asked_for.windows(2).all(|pair| pair[0] <= pair[1]),
        "never from further back: {asked_for:?}"
    );
    let sources = place.json(&["sources", "--json"]);
    let health = sources
        .iter()
        .find(|row| row["source"]["name"] == "live")
        .map(|row| row["source"]["health"].clone())
        .expect("the stream is listed");
    assert_eq!(health["state"], "ok", "{health}");

    // A restart goes on from the same place.
    let (code, _) = daemon.stop("TERM");
    assert_eq!(code, Some(0));
    let n_before = site.asked().len();
    let _daemon = place.start_daemon();
    let first = wait_for("the next connection", || {
        site.asked().get(n_before).cloned()
    });
    assert_eq!(
        first.header("last-event-id"),
        Some((N_EVENTS - 1).to_string().as_str())
    );
}

#[test]
fn a_websocket_goes_on_from_its_inclusive_cursor_after_fifty_drops() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let n_connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&n_connections);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut from = 0;
            #[expect(clippy::result_large_err, reason = "the library's own type")]
            let handshake = |request: &tungstenite::handshake::server::Request, response| {
                let query = request.uri().query().unwrap_or_default();
                from = query
                    .split('&')
                    .find_map(|pair| pair.strip_prefix("cursor="))
                    .and_then(|cursor| cursor.parse().ok())
                    .unwrap_or(0);
                Ok(response)
            };
            let Ok(mut socket) = tungstenite::accept_hdr(stream, handshake) else {
                continue;
            };
            let n = counted.fetch_add(1, Ordering::SeqCst);
            // Inclusive: the event at the cursor comes once more.
            for number in (from..N_EVENTS).take(PER_CONNECTION + 1) {
                let _ = socket.send(Message::text(event(number)));
            }
            if n < N_DROPS {
                // The connection breaks without a word.
                let _ = socket.flush();
                continue;
            }
            std::thread::spawn(move || while socket.read().is_ok() {});
        }
    });
    let place = place_with(
        &definition(
            "test-stream",
            "carrier = \"websocket\"\ncursor = \"at\"\ncursor_param = \"cursor\"",
        ),
        &format!("http://{address}"),
    );
    let _daemon = place.start_daemon();
    check_all_arrive(&place);
    assert!(n_connections.load(Ordering::SeqCst) >= N_DROPS);
}
