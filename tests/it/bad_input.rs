//! Sites that misbehave: each is marked with its own reason and backs off, and the good
//! one beside them stays on schedule.

use std::io::Write as _;

use serde_json::Value;

use crate::harness::{ANGRY, Asked, Place, Reply, Site, configuration, feed, wait_for};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(bytes).expect("memory can be written");
    packed.finish().expect("memory can be written")
}

fn answer(asked: &Asked) -> Reply {
    let head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/rss+xml\r\n";
    match asked.path.as_str() {
        "/good" => Reply::ok("application/rss+xml", feed(&[("1", ANGRY)])),
        "/broken-xml" => Reply::ok("application/rss+xml", "<rss><channel><item><title>Acme</ti"),
        "/html" => Reply::ok(
            "text/html",
            "<!doctype html><html><head><title>Acme Inc.</title></head><body><p>Welcome</p></body></html>",
        ),
        "/empty" => Reply::ok("application/rss+xml", ""),
        "/500" => Reply::status(500),
        "/404" => Reply::status(404),
        "/loop" => Reply::Send(302, vec![("Location", "/loop2".to_owned())], Vec::new()),
        "/loop2" => Reply::Send(302, vec![("Location", "/loop".to_owned())], Vec::new()),
        "/private" => Reply::Send(
            302,
            vec![("Location", "http://169.254.169.254/latest/".to_owned())],
            Vec::new(),
        ),
        "/huge" => {
            Reply::Raw(format!("{head}Content-Length: 2147483648\r\n\r\n<rss>").into_bytes())
        }
        "/endless" => Reply::Endless(format!("{head}\r\n<rss>").into_bytes(), vec![b' '; 65_536]),
        "/bomb" => Reply::Send(
            200,
            vec![
                ("Content-Encoding", "gzip".to_owned()),
                ("Content-Type", "application/rss+xml".to_owned()),
            ],
            gzip(&vec![b' '; 64 * 1024 * 1024]),
        ),
        "/not-http" => Reply::Raw(b"220 smtp.example ready\r\n".to_vec()),
        "/stalls" => Reply::HangAfter(format!("{head}\r\n<rss>").into_bytes()),
        "/cut" => Reply::Raw(format!("{head}Content-Length: 100000\r\n\r\n<rss>").into_bytes()),
        "/entities" => Reply::ok(
            "application/rss+xml",
            "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;\"><!ENTITY e \"&d;&d;&d;&d;&d;&d;&d;&d;\"><!ENTITY f \"&e;&e;&e;&e;&e;&e;&e;&e;\"><!ENTITY g \"&f;&f;&f;&f;&f;&f;&f;&f;\">]><rss><channel><item><title>&g;</title></item></channel></rss>",
        ),
        "/many" => {
            let entries: Vec<(String, String)> = (0..50_000)
                .map(|number| (format!("m{number}"), format!("Acme entry {number}")))
                .collect();
            let entries: Vec<(&str, &str)> = entries
                .iter()
                .map(|(id, text)| (&id[..], &text[..]))
                .collect();
            Reply::ok(
                "application/rss+xml",
                feed(&entries[..50_000]).replace("Acme entry", "Entry"),
            )
        }
        "/future" => Reply::ok(
            "application/rss+xml",
            format!(
                "<rss version=\"2.0\"><channel><item><guid>f</guid><title>Later</title><pubDate>Fri, 01 Jan 2107 10:00:00 GMT</pubDate><description>{ANGRY} See you in 2107.</description></item></channel></rss>"
            ),
        ),
        "/latin5" => {
            let text = "<?xml version=\"1.0\" encoding=\"windows-1254\"?><rss version=\"2.0\"><channel><item><guid>l</guid><title>Acme \u{0}</title><description>Acme \u{1} kötü</description></item></channel></rss>";
            let bytes = text
                .chars()
                .filter(|character| !character.is_control())
                .map(|character| u8::try_from(u32::from(character)).expect("Latin"))
                .collect::<Vec<u8>>();
            Reply::ok("application/rss+xml", bytes)
        }
        _ => Reply::Hang,
    }
}

#[test]
fn each_fault_shows_its_reason_and_the_rest_goes_on() {
    let site = Site::new(answer);
    let faults = [
        ("/broken-xml", ""),
        ("/html", "Acme Inc."),
        ("/empty", "empty"),
        ("/500", "500"),
        ("/404", "404"),
        ("/loop", "redirect"),
        ("/private", "169.254.169.254"),
        ("/huge", "larger"),
        ("/endless", "larger"),
        ("/bomb", "larger"),
        ("/not-http", "HTTP"),
        ("/cut", ""),
    ];
    let fine = ["/good", "/many", "/future", "/latin5"];
    let mut feeds: Vec<(&str, String)> = faults
        .iter()
        .map(|(path, _)| (*path, site.url(path)))
        .collect();
    feeds.extend(fine.iter().map(|path| (*path, site.url(path))));
    feeds.push(("/entities", site.url("/entities")));
    // These take as long as the client is patient, and hold nobody else up.
    feeds.push(("/hang", site.url("/hang")));
    feeds.push(("/stalls", site.url("/stalls")));
    let place = Place::new();
    place.write("hearken.toml", &configuration(&feeds, None));
    let daemon = place.start_daemon();

    let health = |rows: &[Value], name: &str| -> Value {
        rows.iter()
            .find(|row| row["source"]["name"] == name)
            .map(|row| row["source"]["health"].clone())
            .unwrap_or_default()
    };
    let rows = wait_for("every source to have been polled", || {
        let rows = place.json(&["sources", "--json"]);
        let failing = faults
            .iter()
            .all(|(name, _)| health(&rows, name)["state"] == "failing");
        let well = fine.iter().all(|name| health(&rows, name)["state"] == "ok");
        (failing && well).then_some(rows)
    });
    let mut reasons = Vec::new();
    for (name, part) in faults {
        let health = health(&rows, name);
        let reason = health["reason"].as_str().unwrap_or_default().to_owned();
        assert!(!reason.is_empty(), "{name} says why");
        assert!(
            reason.to_lowercase().contains(&part.to_lowercase()),
            "{name}: {reason:?} does not mention {part:?}"
        );
        assert!(health["next_poll_at"].is_string(), "{name} is tried again");
        reasons.push(reason);
    }
    let n_good = site
        .asked()
        .iter()
        .filter(|asked| asked.path == "/good")
        .count();
    wait_for("the good source to stay on schedule", || {
        (site
            .asked()
            .iter()
            .filter(|asked| asked.path == "/good")
            .count()
            >= n_good + 2)
            .then_some(())
    });
    let mentions = place.json(&["mentions", "--limit", "1000", "--json"]);
    let of = |source: &str| -> Vec<&Value> {
        mentions
            .iter()
            .filter(|mention| mention["source"] == source)
            .collect()
    };
    assert_eq!(of("/good").len(), 1);
    assert_eq!(of("/future").len(), 1);
    assert_eq!(
        of("/future")[0]["flag"]["estimated"],
        true,
        "a future date does not run the clock"
    );
    assert_eq!(of("/latin5")[0]["text"], "Acme  kötü".replace("  ", " "));
    let (code, _) = daemon.stop("TERM");
    assert_eq!(code, Some(0));
}

#[test]
fn every_mistake_of_a_configuration_is_reported_at_once() {
    let place = Place::new();
    place.write(
        "hearken.toml",
        "[[brand]]\nname = \"Acme\"\nqurey = \"acme\"\n\n[[brand]]\nname = \"Other\"\nquery = \"(acme\"\n\n\
         [[source]]\ndefinition = \"fed\"\nevery = \"5\"\n\n[web]\nlisten = \"nowhere\"\n",
    );
    let checked = place.run(&["check"]).ends_with(1);
    for part in [
        "hearken.toml:3: brand[0].qurey",
        "hearken.toml:7: brand[1].query",
        "hearken.toml:10: source[0].definition",
        "hearken.toml:11",
        "hearken.toml:14",
    ] {
        assert!(
            checked.stdout.contains(part),
            "{part} is missing in:\n{}",
            checked.stdout
        );
    }
    let refused = place.run(&["run"]).ends_with(1);
    assert!(
        refused.stderr.contains("hearken.toml:3"),
        "{}",
        refused.stderr
    );
}
