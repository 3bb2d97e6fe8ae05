//! SIGKILL at random moments while complaints come in and a receiver fails: everything is
//! stored, every flag arrives, under one id with one body, and a story in order. A short
//! form runs with the other tests; `make crash` runs the long one.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::Value;

use crate::harness::{ANGRY, Asked, Place, Reply, Site, configuration, feed, wait_for};

/// Every so many complaints one is edited later on, which makes a second event of its story.
const EDITED_EVERY: usize = 5;
/// A life in which nothing happens is ended all the same.
const LONGEST_LIFE: Duration = Duration::from_secs(15);

fn size(name: &str, short: usize) -> usize {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(short)
}

/// What was received, in order, and whether it was taken.
type Received = Arc<Mutex<Vec<(Asked, bool)>>>;

/// Fails the first attempt of about three events in ten.
fn receiver(received: &Received) -> Site {
    let received = Arc::clone(received);
    let seen = Mutex::new(HashSet::new());
    Site::new(move |asked| {
        let id = asked.header("webhook-id").expect("signed").to_owned();
        let dice = id.bytes().fold(7_u32, |sum, byte| {
            sum.wrapping_mul(31).wrapping_add(u32::from(byte))
        });
        let is_first = seen.lock().expect("no receiver panics").insert(id);
        let is_taken = !(is_first && dice % 10 < 3);
        received
            .lock()
            .expect("no receiver panics")
            .push((asked.clone(), is_taken));
        Reply::status(if is_taken { 200 } else { 500 })
    })
}

/// What an edit adds.
const EDIT: &str = " Still nothing.";

/// The complaints as the site shows them at a time that counts complaints: when all are
/// written, it goes on until all edits are made.
fn shown(time: usize, n_complaints: usize) -> String {
    let entries: Vec<(String, String)> = (0..time.min(n_complaints))
        .map(|number| {
            let mut text = format!("{ANGRY} My order was number {number}.");
            if number % EDITED_EVERY == 0 && time > number + n_complaints / 3 {
                text.push_str(EDIT);
            }
            (format!("n{number}"), text)
        })
        .collect();
    let entries: Vec<(&str, &str)> = entries
        .iter()
        .map(|(id, text)| (id.as_str(), text.as_str()))
        .collect();
    feed(&entries)
}

/// When a life ends: so long after something happened.
#[derive(Clone, Copy, Debug)]
enum Moment {
    Start,
    Poll,
    Delivery(usize),
}

#[test]
fn killed_at_random_moments_nothing_is_lost_and_nobody_is_told_twice() {
    let n_complaints = size("HEARKEN_CRASH_COMPLAINTS", 60);
    let n_kills = size("HEARKEN_CRASH_KILLS", 6);
    let seed = size("HEARKEN_CRASH_SEED", 20_261_125) as u64;
    let mut dice = StdRng::seed_from_u64(seed);
    let started = Instant::now();

    let n_written = Arc::new(AtomicUsize::new(0));
    let written = Arc::clone(&n_written);
    let site = Site::new(move |_| {
        let feed = shown(written.load(Ordering::SeqCst), n_complaints);
        Reply::ok("application/rss+xml", feed)
    });
    let received = Received::default();
    let receiver = receiver(&received);
    let place = Place::new();
    place.write(
        "hearken.toml",
        &configuration(&[("blog", site.url("/feed"))], Some(&receiver.url("/hook"))),
    );
    let n_received = || received.lock().expect("no receiver panics").len();

    let mut moments = BTreeMap::new();
    for kill in 0..n_kills {
        let time = 2 * n_complaints * (kill + 1) / (n_kills + 1);
        n_written.store(time, Ordering::SeqCst);
        let (n_polls_before, n_received_before) = (site.asked().len(), n_received());
        let moment = match dice.random_range(0..10) {
            0 => Moment::Start,
            1..=3 => Moment::Poll,
            _ => Moment::Delivery(dice.random_range(1..=8)),
        };
        let pause = Duration::from_millis(dice.random_range(0..=400));
        let daemon = place.start(&["run"]);
        let born = Instant::now();
        let has_come = || match moment {
            Moment::Start => true,
            Moment::Poll => site.asked().len() > n_polls_before,
            Moment::Delivery(n) => n_received() >= n_received_before + n,
        };
        while !has_come() && born.elapsed() < LONGEST_LIFE {
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(pause);
        daemon.kill();
        let name = match moment {
            Moment::Start => "starting",
            Moment::Poll => "polling, judging and storing",
            Moment::Delivery(_) => "delivering",
        };
        *moments.entry(name).or_insert(0) += 1;
    }

    n_written.store(2 * n_complaints, Ordering::SeqCst);
    let n_edited = n_complaints.div_ceil(EDITED_EVERY);
    let daemon = place.start_daemon();
    wait_for("every flag to arrive", || {
        let told = Told::of(&received.lock().expect("no receiver panics"));
        (told.flagged.len() == n_complaints).then_some(())
    });
    wait_for("every edit to be stored", || {
        let mentions = place.json(&["mentions", "--limit", "100000", "--json"]);
        let edited = mentions.iter().filter(|mention| {
            let text = mention["text"].as_str().unwrap_or_default();
            text.ends_with(EDIT)
        });
        (edited.count() == n_edited).then_some(())
    });
    wait_for("the outbox to be empty", || {
        let waiting = place.json(&["webhook", "list", "--json"]);
        (waiting[0]["n_waiting"] == 0).then_some(())
    });
    daemon.stop("TERM");

    let received = received.lock().expect("no receiver panics");
    let told = Told::of(&received);
    told.assert_sound();
    assert!(told.n_updated > 0, "some story has more than one event");
    let mentions = place.json(&["mentions", "--limit", "100000", "--json"]);
    let kept: BTreeSet<&str> = mentions
        .iter()
        .filter_map(|mention| mention["native_id"].as_str())
        .collect();
    assert_eq!(
        (kept.len(), mentions.len()),
        (n_complaints, n_complaints),
        "each is kept once"
    );
    println!(
        "{n_complaints} complaints, {n_kills} kills ({moments:?}), seed {seed}: {} events arrived in {} \
         requests, {} failed as planned, {} were sent again after they had been taken, {} edits came after their flag; {:.0} s",
        told.taken.len(),
        received.len(),
        told.n_refused,
        told.n_repeated,
        told.n_updated,
        started.elapsed().as_secs_f64()
    );
}

/// What a receiver was told.
#[derive(Default)]
struct Told {
    /// Mention → the ids under which it was flagged.
    flagged: BTreeMap<String, BTreeSet<String>>,
    /// Event id → the bodies that it came with.
    bodies: BTreeMap<String, BTreeSet<Vec<u8>>>,
    /// Events that were taken.
    taken: BTreeSet<String>,
    n_updated: usize,
    n_refused: usize,
    n_repeated: usize,
    out_of_order: Vec<String>,
}

impl Told {
    fn of(received: &[(Asked, bool)]) -> Self {
        let mut told = Self::default();
        let mut updated = BTreeSet::new();
        for (asked, is_taken) in received {
            let id = asked.header("webhook-id").expect("signed").to_owned();
            let body: Value = serde_json::from_slice(&asked.body).expect("JSON");
            let bodies = told.bodies.entry(id.clone()).or_default();
            bodies.insert(asked.body.clone());
            let native = &body["data"]["mention"]["native_id"];
            let native = native.as_str().expect("an id").to_owned();
            let is_update = body["type"] == "mention.updated";
            let is_flagged = told.flagged.contains_key(&native);
            if is_update && !is_flagged {
                told.out_of_order
                    .push(format!("{native}: its edit came first"));
            }
            if !is_update && updated.contains(&native) {
                told.out_of_order
                    .push(format!("{native}: flagged after its edit"));
            }
            if !*is_taken {
                told.n_refused += 1;
                continue;
            }
            if !told.taken.insert(id.clone()) {
                told.n_repeated += 1;
            }
            if is_update {
                updated.insert(native);
            } else {
                told.flagged.entry(native).or_default().insert(id);
            }
        }
        told.n_updated = updated.len();
        told
    }

    #[track_caller]
    fn assert_sound(&self) {
        for (mention, events) in &self.flagged {
            assert_eq!(events.len(), 1, "{mention} was told under {events:?}");
        }
        for (event, bodies) in &self.bodies {
            assert_eq!(bodies.len(), 1, "{event} came with several bodies");
            assert!(self.taken.contains(event), "{event} never arrived");
        }
        assert_eq!(self.out_of_order, Vec::<String>::new());
    }
}
