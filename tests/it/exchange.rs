//! Mentions out of one store and into another, feeds out of a reader and back: the real
//! program, with and beside a daemon.

use crate::harness::{ANGRY, Place, Reply, Site, configuration, feed, wait_for};

/// A place whose store holds mentions with a case that was worked on and an earlier text.
fn lived_in(place: &Place) -> String {
    let n_asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let site = Site::new(move |asked| {
        if asked.path != "/feed" {
            return Reply::status(404);
        }
        let n = n_asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let angry = if n == 0 {
            ANGRY.to_owned()
        } else {
            format!("{ANGRY} Still no answer, ten days later!")
        };
        Reply::ok(
            "application/rss+xml",
            feed(&[
                ("1", &angry),
                (
                    "2",
                    "Thank you Acme, wonderful service! ₺ &lt;3 \u{1f600} తెలుగు",
                ),
                ("3", "Acme opens at nine."),
            ]),
        )
    });
    place.write(
        "hearken.toml",
        &configuration(&[("blog", site.url("/feed"))], None),
    );
    place.run(&["fetch", "blog"]).ok();
    let flagged = place.json(&["cases", "list", "--json"]);
    let id = flagged[0]["id"].as_str().expect("an id").to_owned();
    place
        .run(&["cases", "done", &id, "--note", "wrote to her"])
        .ok();
    place.run(&["fetch", "blog"]).ok();
    id
}

#[test]
fn an_export_comes_back_byte_by_byte() {
    let from = Place::new();
    let id = lived_in(&from);
    from.run(&["export", "all.jsonl"]).ok();
    let exported = std::fs::read_to_string(from.path().join("all.jsonl")).expect("the export");
    assert_eq!(exported.lines().count(), 3);
    let whole = exported
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"))
        .find(|mention| mention["id"] == id.as_str())
        .expect("the flagged mention");
    assert_eq!(whole["case"]["state"], "replied");
    assert_eq!(whole["case"]["history"][0]["note"], "wrote to her");
    assert_eq!(whole["earlier"].as_array().map(Vec::len), Some(1));
    assert!(
        whole["flag"]["score"]
            .as_f64()
            .is_some_and(|score| score > 0.0)
    );
    assert!(
        whole["keys"]
            .as_array()
            .is_some_and(|keys| !keys.is_empty())
    );

    // Into a new store, through the API of a daemon that runs meanwhile.
    let quiet = Site::new(|_| Reply::ok("application/rss+xml", feed(&[])));
    let to = Place::new();
    to.write(
        "hearken.toml",
        &configuration(&[("quiet", quiet.url("/feed"))], None),
    );
    to.write("all.jsonl", &exported);
    let daemon = to.start_daemon();
    let said = to.json(&["import", "--json", "all.jsonl"]);
    assert_eq!(
        said[0],
        serde_json::json!({"n_new": 3, "n_known": 0, "n_bad": 0})
    );
    let said = to.json(&["import", "--json", "all.jsonl"]);
    assert_eq!(
        said[0],
        serde_json::json!({"n_new": 0, "n_known": 3, "n_bad": 0})
    );
    assert_eq!(
        to.run(&["export"]).ok().stdout,
        exported,
        "beside the daemon"
    );
    daemon.stop("TERM");
    assert_eq!(to.run(&["export"]).ok().stdout, exported, "and without one");
    assert!(to.json(&["deliveries", "list", "--json"]).is_empty());
}

#[test]
fn bad_lines_are_named_and_the_rest_goes_on() {
    let from = Place::new();
    lived_in(&from);
    let exported = from.run(&["export"]).ok().stdout;
    let lines: Vec<&str> = exported.lines().collect();
    let to = Place::new();
    to.write("hearken.toml", &configuration(&[], None));
    let text = format!(
        "{}\n\n{{\"id\":\n{}\n{{\"id\":\"x\"}}\n[]\n{}",
        lines[0], lines[1], lines[2]
    );
    let ended = to.run_with(&["import"], &text).ends_with(1);
    for named in [
        "line 3: it is no JSON",
        "line 5: it is no mention: missing field",
        "line 6: it is no mention",
    ] {
        assert!(ended.stderr.contains(named), "{named}: {}", ended.stderr);
    }
    assert!(
        ended
            .stderr
            .contains("3 new mention(s), 0 there already, 3 bad line(s)"),
        "{}",
        ended.stderr
    );
    assert_eq!(to.run(&["export"]).ok().stdout, exported);
    to.run(&["import", "missing.jsonl"]).ends_with(1);
}

#[test]
fn a_poll_after_an_import_adds_and_tells_nothing() {
    let site = Site::new(|_| Reply::ok("application/rss+xml", feed(&[("1", ANGRY)])));
    let receiver = Site::new(|_| Reply::status(200));
    let from = Place::new();
    from.write(
        "hearken.toml",
        &configuration(&[("blog", site.url("/feed"))], None),
    );
    from.run(&["fetch", "blog"]).ok();
    let exported = from.run(&["export"]).ok().stdout;

    let to = Place::new();
    to.write(
        "hearken.toml",
        &configuration(&[("blog", site.url("/feed"))], Some(&receiver.url("/hook"))),
    );
    to.run_with(&["import"], &exported).ok();
    let daemon = to.start_daemon();
    let n_before = site.asked().len();
    wait_for("three polls", || {
        (site.asked().len() >= n_before + 3).then_some(())
    });
    daemon.stop("TERM");
    assert_eq!(to.json(&["mentions", "--json"]).len(), 1);
    assert_eq!(
        receiver.asked().len(),
        0,
        "nobody is told of what was imported"
    );
}

#[test]
fn feeds_come_from_a_reader_and_go_back() {
    let place = Place::new();
    let before = "# my own words\n[[brand]]\nname = \"Acme\"\n\n[[source]]\ndefinition = \"feed\"\nparams = { url = \"https://a.example/feed\" }\n";
    place.write("hearken.toml", before);
    place.write(
        "feeds.opml",
        "<opml version=\"2.0\"><body><outline text=\"News\"><outline text=\"B & Co\" xmlUrl=\"https://b.example/rss?x=1&amp;y=2\"/>\
         <outline text=\"again\" xmlUrl=\"https://www.a.example/feed\"/></outline><outline text=\"bad\" xmlUrl=\"gopher://c\"/>",
    );
    let ended = place.run(&["import", "feeds.opml"]).ends_with(1);
    assert!(
        ended
            .stderr
            .contains("1 new feed(s), 1 there already, 1 left out"),
        "{}",
        ended.stderr
    );
    let after = std::fs::read_to_string(place.path().join("hearken.toml")).expect("the file");
    assert!(after.starts_with(before), "what was there stays");
    place.run(&["check"]).ok();
    let written = place.run(&["export", "--opml"]).ok().stdout;
    assert!(
        written.contains("xmlUrl=\"https://b.example/rss?x=1&amp;y=2\""),
        "{written}"
    );
    assert!(written.contains("B &amp; Co"), "{written}");

    // Again: nothing is added. Into an empty folder: the tables are printed.
    place.write("written.opml", &written);
    let ended = place.run(&["import", "written.opml"]).ok();
    assert!(
        ended.stderr.contains("0 new feed(s), 2 there already"),
        "{}",
        ended.stderr
    );
    assert_eq!(
        std::fs::read_to_string(place.path().join("hearken.toml")).expect("the file"),
        after
    );
    let empty = Place::new();
    empty.write("written.opml", &written);
    let printed = empty
        .run(&["import", "--print", "written.opml"])
        .ok()
        .stdout;
    assert_eq!(printed.matches("[[source]]").count(), 2, "{printed}");
    assert!(!empty.path().join("hearken.toml").exists());
    empty.write("page.html", "<html><body>no list</body></html>");
    let ended = empty.run(&["import", "page.html"]).ends_with(1);
    assert!(
        ended.stderr.contains("this is no OPML list"),
        "{}",
        ended.stderr
    );
}
