//! Crashes: what was acknowledged is there, and what is there agrees with itself.

use std::{
    collections::HashSet,
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::sample::{act, assert_sound, at, negative, opened, poll, test_event};
use crate::{
    domain::{CaseAction, CaseState, DeliveryId, DeliveryState, EventId, SourceName},
    store::{AttemptOutcome, Store, TokenPurpose, TokenRow},
};

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).expect("a new folder");
    for entry in fs::read_dir(from).expect("readable") {
        let entry = entry.expect("readable");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("copied");
        }
    }
}

#[test]
fn whatever_was_acknowledged_is_on_disk() {
    let opened = opened();
    let mut n_copies = 0;
    // What the disk holds right after an operation, as another process would find it.
    let mut on_disk = || {
        n_copies += 1;
        let to: PathBuf = opened.folder.path().join(format!("copy {n_copies}"));
        copy(opened.store.folder(), &to);
        let store = Store::open(&to, at(0)).expect("the copy opens");
        assert_sound(&store);
        store
    };
    let new = negative("one", at(0));
    let id = new.mention.id.clone();
    opened
        .record_poll(&poll("feed", "v1", vec![new]))
        .expect("stored");
    let copy = on_disk();
    assert!(copy.mention(&id).expect("readable").is_some());
    assert_eq!(copy.n_undelivered(), 1);
    let status = copy.source_status(&SourceName::new("feed"));
    assert_eq!(status.expect("readable").cursor.etag.as_deref(), Some("v1"));

    opened
        .act_on_case(&id, act(CaseAction::Done, at(1)), |_| Vec::new())
        .expect("there is a case");
    let case = on_disk()
        .mention(&id)
        .expect("readable")
        .and_then(|m| m.case);
    assert_eq!(case.map(|case| case.state), Some(CaseState::Replied));

    let (event, deliveries) = test_event("test", at(2), &["mail"]);
    opened.store_event(&event, &deliveries).expect("stored");
    assert!(on_disk().event(&event.id).expect("readable").is_some());

    let claimed = opened.claim_due(at(9), 5, 5).expect("claimed");
    assert_eq!(claimed.len(), 2);
    let first = &claimed[0].0.id;
    opened
        .record_attempt(first, None, &AttemptOutcome::Delivered)
        .expect("recorded");
    let copy = on_disk();
    let delivery = copy.delivery(first).expect("readable").expect("it exists");
    assert_eq!(delivery.state, DeliveryState::Delivered);
    assert_eq!(copy.recover_sending(at(10)).expect("recovered"), 1);

    let token = TokenRow {
        hash: "aa".into(),
        purpose: TokenPurpose::SignIn,
        created_at: at(0),
        expires_at: None,
        label: String::new(),
    };
    opened.put_token(&token).expect("stored");
    let find = |store: Store| store.tokens(TokenPurpose::SignIn).expect("readable").len();
    assert_eq!(find(on_disk()), 1);
    opened
        .take_token("aa", TokenPurpose::SignIn, at(1))
        .expect("taken");
    assert_eq!(find(on_disk()), 0);
    opened
        .disable_destination("mail", "gone", at(3), &[])
        .expect("stored");
    let health = on_disk().destination_health("mail").expect("readable");
    assert!(health.disabled.is_some());
}

const FOLDER: &str = "HEARKEN_TEST_CRASH_FOLDER";
const N_PER_POLL: usize = 40;

/// The process that is killed: stores and delivers until its end, and says on stdout what
/// was acknowledged.
#[test]
#[ignore = "it runs until it is killed; the next test starts it"]
fn writes_until_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let store = Store::open(Path::new(&folder), at(0)).expect("the store opens");
    let start = store.n_mentions().expect("counted");
    let mut out = std::io::stdout();
    for n in start.. {
        let names = (0..N_PER_POLL).map(|item| format!("{n} {item}"));
        let mentions = names.map(|name| negative(&name, at(0))).collect();
        let cursor = format!("{n}");
        store
            .record_poll(&poll("feed", &cursor, mentions))
            .expect("stored");
        writeln!(out, "acknowledged poll {n}").expect("the parent reads");
        for (delivery, _) in store.claim_due(at(1), 8, 8).expect("claimed") {
            store
                .record_attempt(&delivery.id, None, &AttemptOutcome::Delivered)
                .expect("recorded");
            writeln!(out, "acknowledged delivery {}", delivery.id).expect("the parent reads");
        }
    }
}

#[test]
fn a_kill_in_the_middle_loses_nothing_acknowledged() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("data");
    for n_lines in [7, 23, 60] {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--ignored", "--exact", "--nocapture"])
            .arg(format!("{}::writes_until_killed", module()))
            .env(FOLDER, &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("this program can be started again");
        let stdout = child.stdout.take().expect("it is piped");
        let (mut polls, mut deliveries) = (Vec::new(), HashSet::new());
        let mut lines = BufReader::new(stdout).lines();
        let mut note = |line: String| {
            if let Some((_, n)) = line.split_once("acknowledged poll ") {
                polls.push(n.to_owned());
            } else if let Some((_, id)) = line.split_once("acknowledged delivery ") {
                deliveries.insert(id.to_owned());
            } else {
                return 0;
            }
            1
        };
        let mut n_read = 0;
        while n_read < n_lines {
            let line = lines.next().expect("it writes on").expect("text");
            n_read += note(line);
        }
        child.kill().expect("it is killed");
        child.wait().expect("it ends");
        // Lines that it wrote before it died were acknowledged as well; the last one may
        // have been cut in the middle, and is then no whole id.
        let rest: Vec<_> = lines.map_while(Result::ok).collect();
        let n_whole = rest.len().saturating_sub(1);
        for line in rest.into_iter().take(n_whole) {
            note(line);
        }

        let store = Store::open(&path, at(0)).expect("it opens after the kill");
        assert_sound(&store);
        let n_mentions = store.n_mentions().expect("counted");
        assert_eq!(n_mentions % N_PER_POLL as u64, 0, "half a poll was kept");
        for n in &polls {
            for item in 0..N_PER_POLL {
                let id = negative(&format!("{n} {item}"), at(0)).mention.id;
                assert!(store.mention(&id).expect("readable").is_some());
                let event = EventId::of("mention.flagged", &[id.as_str(), ""]);
                assert!(store.event(&event).expect("readable").is_some());
            }
        }
        for id in &deliveries {
            let delivery = store.delivery(&DeliveryId::new(id.as_str()));
            let delivery = delivery.expect("readable").expect("it exists");
            assert_eq!(delivery.state, DeliveryState::Delivered);
        }
        let cursor = store.source_status(&SourceName::new("feed"));
        let cursor = cursor.expect("readable").cursor.etag.expect("it moved");
        let last: u64 = cursor.parse().expect("a number");
        let acknowledged: u64 = polls.last().expect("one").parse().expect("a number");
        assert!(last >= acknowledged, "{last} < {acknowledged}");
        // The mentions of the cursor's poll are there: both moved together.
        let id = negative(&format!("{last} 0"), at(0)).mention.id;
        assert!(store.mention(&id).expect("readable").is_some());
    }
}

/// The path of this module as the test program writes it, without the crate.
fn module() -> &'static str {
    module_path!().split_once("::").map_or("", |(_, path)| path)
}
