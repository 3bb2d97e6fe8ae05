//! One story, one alert, and what was taken away: the real program on feeds that reprint,
//! correct and delete.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::harness::{ANGRY, Place, Reply, Site, configuration};

/// An article that any model calls negative, long enough to be reprinted.
fn report(detail: &str) -> String {
    format!(
        "{ANGRY} The regulator said on Monday that Acme ignored hundreds of complaints about broken \
         kettles, late refunds and rude answers, and that customers were left without help for {detail}. \
         Lawyers for the families called the behaviour a disgrace and announced that they would sue."
    )
}

/// An Atom feed of entries (id, title, text), published minutes ago in this order.
fn atom(entries: &[(&str, &str, &str)], more: &str) -> String {
    let now = chrono::Utc::now();
    let entries: String = entries
        .iter()
        .enumerate()
        .map(|(place, (id, title, text))| {
            let at = now - chrono::TimeDelta::minutes(10 + place as i64 * 10);
            let host = if id.starts_with('b') {
                "b.example"
            } else {
                "a.example"
            };
            format!(
                "<entry><id>{id}</id><title>{title}</title><link href=\"http://{host}/{id}\"/>\
                 <published>{}</published><content type=\"text\">{text}</content></entry>",
                at.format("%Y-%m-%dT%H:%M:00Z")
            )
        })
        .collect();
    format!(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\" xmlns:at=\"http://purl.org/atompub/tombstones/1.0\">\
         <title>t</title>{entries}{more}</feed>"
    )
}

/// A site that gives these answers one after the other, the last one for ever.
fn one_after_the_other(answers: Vec<String>) -> Site {
    let n_asked = AtomicUsize::new(0);
    Site::new(move |asked| {
        if asked.path != "/feed" {
            return Reply::status(404);
        }
        let n = n_asked.fetch_add(1, Ordering::SeqCst);
        Reply::ok(
            "application/atom+xml",
            answers[n.min(answers.len() - 1)].clone(),
        )
    })
}

#[test]
fn a_reprint_is_linked_to_its_story_and_alerts_nobody_again() {
    let first = Site::new(|_| {
        Reply::ok(
            "application/atom+xml",
            atom(&[("a1", "Acme under fire", &report("three weeks"))], ""),
        )
    });
    let second = Site::new(|_| {
        let text = format!(
            "By our own correspondent. {} Read more on our pages every day.",
            report("three weeks")
        );
        Reply::ok(
            "application/atom+xml",
            atom(&[("b1", "Regulator slams Acme", &text)], ""),
        )
    });
    let receiver = Site::new(|_| Reply::status(200));
    let place = Place::new();
    // Two sites: the addresses of the articles differ in their hosts.
    place.write(
        "hearken.toml",
        &configuration(
            &[("one", first.url("/feed")), ("two", second.url("/feed"))],
            Some(&receiver.url("/hook")),
        ),
    );
    place.run(&["fetch", "one"]).ok();
    let said = place.run(&["fetch", "two"]).ok();
    assert!(said.stderr.contains("1 new mention(s)"), "{}", said.stderr);
    let mentions = place.json(&["mentions", "--json"]);
    assert_eq!(mentions.len(), 2);
    assert_eq!(mentions[0]["story"], mentions[1]["story"]);
    let due = place.json(&["deliveries", "list", "--json"]);
    assert_eq!(due.len(), 1, "one story, one alert: {due:#?}");
}

#[test]
fn deleted_items_are_marked_and_told_of_and_nothing_that_aged_out_is() {
    let text = "Acme is a scam. Worst service ever, I want my money back!";
    let all = [
        ("e1", "One", text),
        (
            "e2",
            "Two",
            "Acme, where is my parcel? Terrible, I am furious and want a refund!",
        ),
        (
            "e3",
            "Three",
            "Acme charged me twice and refuses to pay back. Awful!",
        ),
        ("e4", "Four", "Acme sells kettles."),
        ("e5", "Five", "Acme sells pans."),
        ("e6", "Six", "Acme sells pots."),
    ];
    let without = |gone: &[&str]| -> Vec<(&str, &str, &str)> {
        all.iter()
            .copied()
            .filter(|(id, ..)| !gone.contains(id))
            .collect()
    };
    // e2 has a tombstone, e3 vanishes from the middle, e6 ages out at the end.
    let tombstone = "<at:deleted-entry ref=\"e2\" when=\"2026-01-01T00:00:00Z\"/>";
    let site = one_after_the_other(vec![
        atom(&all, ""),
        atom(&without(&["e2"]), tombstone),
        atom(&without(&["e2", "e3", "e6"]), ""),
        atom(&without(&["e2", "e3", "e6"]), ""),
    ]);
    let receiver = Site::new(|_| Reply::status(200));
    let place = Place::new();
    place.write(
        "hearken.toml",
        &configuration(&[("blog", site.url("/feed"))], Some(&receiver.url("/hook"))),
    );
    let deleted = |place: &Place| -> Vec<String> {
        let mut ids: Vec<String> = place
            .json(&["mentions", "--json"])
            .into_iter()
            .filter(|mention| mention.get("deleted_at").is_some())
            .map(|mention| mention["native_id"].as_str().expect("an id").to_owned())
            .collect();
        ids.sort();
        ids
    };
    place.run(&["fetch", "blog"]).ok();
    assert!(deleted(&place).is_empty());
    place.run(&["fetch", "blog"]).ok();
    assert_eq!(deleted(&place), ["e2"], "the feed says so");
    place.run(&["fetch", "blog"]).ok();
    assert_eq!(deleted(&place), ["e2"], "gone once may be a hiccup");
    place.run(&["fetch", "blog"]).ok();
    assert_eq!(deleted(&place), ["e2", "e3"], "gone twice from the middle");
    let cases = place.run(&["cases", "list"]).ok().stdout;
    assert_eq!(cases.matches("open, deleted").count(), 2, "{cases}");
    let told = place.json(&["deliveries", "list", "--json"]);
    let n_flagged = place.json(&["mentions", "--flagged", "--json"]).len();
    assert_eq!(
        told.len(),
        n_flagged + 2,
        "two deletions were told: {told:#?}"
    );
}

#[test]
fn errors_of_a_bridge_between_news_are_no_mentions() {
    let site = Site::new(|_| {
        Reply::ok(
            "application/atom+xml",
            atom(
                &[
                    (
                        "x1",
                        "Bridge returned error 429! (20513)",
                        "Acme search failed, worst error ever",
                    ),
                    ("x2", "News", "Acme sells kettles."),
                ],
                "",
            ),
        )
    });
    let place = Place::new();
    place.write(
        "hearken.toml",
        &configuration(&[("bridge", site.url("/feed"))], None),
    );
    let said = place.run(&["fetch", "bridge"]).ok();
    assert!(
        said.stderr.contains("an entry was left out"),
        "{}",
        said.stderr
    );
    let mentions = place.json(&["mentions", "--json"]);
    assert_eq!(mentions.len(), 1);
    assert_eq!(mentions[0]["native_id"], "x2");
}
