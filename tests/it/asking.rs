//! How sites are asked, with the real program: pages and countries, keys and tokens, bodies,
//! a page that announces its feed, a list of feeds.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::harness::{Place, Reply, Site, configuration, feed, wait_for};

fn review(id: &str) -> Value {
    json!({"id": {"label": id}, "title": {"label": "Acme"}, "content": {"label": format!("Acme review {id}")},
        "author": {"name": {"label": "jo"}}, "im:rating": {"label": "1"}})
}

#[test]
fn all_pages_and_countries_that_are_asked_for_are_read() {
    // Three pages a country, two reviews each; the fourth has none.
    let store = Site::new(|asked| {
        let mut steps = asked.path.split('/').skip(1);
        let country = steps.next().unwrap_or_default().to_owned();
        let page: usize = asked
            .path
            .split_once("page=")
            .and_then(|(_, rest)| rest.split('/').next())
            .and_then(|page| page.parse().ok())
            .unwrap_or(0);
        let body = if (1..=3).contains(&page) {
            let entries = [1, 2].map(|n| review(&format!("{country}-{page}-{n}")));
            json!({"feed": {"entry": entries}})
        } else {
            json!({"feed": {"title": {"label": "Reviews"}}})
        };
        Reply::ok("application/json", body.to_string())
    });
    let place = Place::new();
    let mut config = configuration(&[], None);
    config.push_str(&format!(
        "[[source]]\nname = \"app\"\ndefinition = \"app-store\"\nparams = {{ app = 7, country = \"us, tr\", server = \"{}\" }}\n",
        store.url("")
    ));
    place.write("hearken.toml", &config);
    place.run(&["check"]).ok();
    for country in ["us", "tr"] {
        let items = place.json(&["fetch", &format!("app/{country}"), "--dry-run", "--json"]);
        let ids: Vec<&str> = items
            .iter()
            .filter_map(|item| item["native_id"].as_str())
            .collect();
        let expected: Vec<String> = (1..=3)
            .flat_map(|page| [1, 2].map(|n| format!("{country}-{page}-{n}")))
            .collect();
        assert_eq!(ids, expected);
    }
}

#[test]
fn a_site_that_wants_a_token_a_key_and_a_body_is_asked_rightly() {
    let n_tokens = AtomicUsize::new(0);
    let site = Site::new(move |asked| {
        if asked.path == "/token" {
            assert_eq!(
                asked.header("authorization"),
                Some("Basic YXBwOmdlaGVpbQ==")
            );
            assert_eq!(asked.body, b"grant_type=client_credentials&scope=read");
            let n = n_tokens.fetch_add(1, Ordering::SeqCst);
            let body = json!({"access_token": format!("token-{n}"), "expires_in": 3600});
            return Reply::ok("application/json", body.to_string());
        }
        // The first token is withdrawn before its time.
        if asked.header("authorization") != Some("Bearer token-1") {
            return Reply::status(401);
        }
        assert_eq!(asked.header("x-key"), Some("schluessel"));
        let body: Value = serde_json::from_slice(&asked.body).expect("a JSON body");
        assert_eq!(body["query"], "\"acme\" & co");
        assert_eq!(body["size"], 2);
        let after = body["after"].as_str().unwrap_or("").to_owned();
        let (posts, next) = match after.as_str() {
            "" => (["1", "2"], json!("b")),
            "b" => (["3", "4"], json!("c")),
            _ => (["5", "6"], Value::Null),
        };
        let posts: Vec<Value> = posts
            .iter()
            .map(|id| json!({"id": id, "text": "Acme"}))
            .collect();
        Reply::ok(
            "application/json",
            json!({"posts": posts, "next": next}).to_string(),
        )
    });
    let place = Place::new();
    std::fs::create_dir(place.path().join("own")).expect("a folder");
    place.write(
        "own/guarded.toml",
        "name = \"guarded\"\ntitle = \"Guarded\"\nsummary = \"Posts.\"\nkind = \"post\"\nformat = \"json\"\nverified = \"sample\"\n\
         [params.server]\ntype = \"server\"\nhelp = \"where\"\n\
         [params.words]\nmain = true\nhelp = \"what\"\n\
         [params.app_secret]\ntype = \"secret\"\nhelp = \"from the site's settings\"\n\
         [params.key]\ntype = \"secret\"\nhelp = \"from the site's settings\"\n\
         [params.size]\ntype = \"number\"\ndefault = 2\nhelp = \"a page\"\n\
         [sign_in]\ntoken_url = \"{server}/token\"\ngrant = \"client_credentials\"\nclient_id = \"app\"\nclient_secret = \"{app_secret}\"\nscope = \"read\"\n\
         [request]\nurl = \"{server}/search\"\nheaders = { X-Key = \"{key}\" }\njson = { query = \"{words}\", size = \"{size}\" }\n\
         [paging]\nkind = \"cursor\"\npath = \"next\"\nparam = \"after\"\npages = 3\n\
         [json]\nlist = \"posts\"\n[json.fields]\nnative_id = \"id\"\ntext = \"text\"\n",
    );
    place.write("app.txt", "geheim");
    place.write("key.txt", "schluessel");
    let config = format!(
        "sources_dir = \"own\"\n{}[[source]]\nname = \"g\"\ndefinition = \"guarded\"\nparams = {{ server = \"{}\", words = '\"acme\" & co', app_secret = {{ file = \"app.txt\" }}, key = {{ file = \"key.txt\" }} }}\n",
        configuration(&[], None),
        site.url("")
    );
    place.write("hearken.toml", &config);
    let ended = place.run(&["fetch", "g", "--dry-run", "--json"]).ok();
    let ids: Vec<Value> = ended
        .json()
        .iter()
        .map(|item| item["native_id"].clone())
        .collect();
    assert_eq!(ids, ["1", "2", "3", "4", "5", "6"]);
    for secret in ["geheim", "schluessel", "token-"] {
        assert!(!ended.stderr.contains(secret), "{}", ended.stderr);
    }
    let paths: Vec<String> = site
        .asked()
        .into_iter()
        .map(|asked| asked.path)
        .filter(|path| path != "/robots.txt")
        .collect();
    assert_eq!(
        paths,
        [
            "/token", "/search", "/token", "/search", "/search", "/search"
        ],
        "one token for all pages, and a new one when it was withdrawn"
    );
}

#[test]
fn a_page_leads_to_the_feed_that_it_announces() {
    let site = Site::new(|asked| match asked.path.as_str() {
        "/blog" => Reply::ok(
            "text/html",
            "<!doctype html><html><head><link rel=\"alternate\" type=\"application/rss+xml\" href=\"/blog.xml\"></head><body>Hello</body></html>",
        ),
        "/blog.xml" => Reply::ok("application/rss+xml", feed(&[("1", "Acme is fine")])),
        _ => Reply::status(404),
    });
    let place = Place::new();
    place.write(
        "hearken.toml",
        &configuration(&[("blog", site.url("/blog"))], None),
    );
    place.run(&["fetch", "blog"]).ok();
    place.run(&["fetch", "blog"]).ok();
    let paths: Vec<String> = site
        .asked()
        .into_iter()
        .map(|asked| asked.path)
        .filter(|path| path.starts_with("/blog"))
        .collect();
    assert_eq!(
        paths,
        ["/blog", "/blog.xml", "/blog.xml"],
        "the page only once"
    );
    assert_eq!(place.json(&["mentions", "--json"]).len(), 1);
}

#[test]
fn the_feeds_of_a_list_become_sources_and_follow_its_changes() {
    let n_asked = AtomicUsize::new(0);
    let site = Site::new(move |asked| match asked.path.as_str() {
        "/list.opml" => {
            // The second feed joins later.
            let n = n_asked.fetch_add(1, Ordering::SeqCst);
            let second = if n > 1 {
                "<outline xmlUrl=\"/b.xml\"/>"
            } else {
                ""
            };
            Reply::ok(
                "text/x-opml",
                format!(
                    "<?xml version=\"1.0\"?><opml version=\"2.0\"><body><outline text=\"a\" xmlUrl=\"/a.xml\"/>{second}</body></opml>"
                ),
            )
        }
        "/a.xml" => Reply::ok(
            "application/rss+xml",
            feed(&[("a", "Acme in the first feed")]),
        ),
        "/b.xml" => Reply::ok(
            "application/rss+xml",
            feed(&[("b", "Acme in the second feed")]),
        ),
        _ => Reply::status(404),
    });
    let place = Place::new();
    let mut config = configuration(&[], None);
    config.push_str(&format!(
        "[[source]]\nname = \"list\"\ndefinition = \"opml\"\nparams = {{ url = \"{}\" }}\nevery = \"1s\"\n",
        site.url("/list.opml")
    ));
    place.write("hearken.toml", &config);
    let daemon = place.start_daemon();
    wait_for("both feeds to be read", || {
        let n = place.json(&["mentions", "--json"]).len();
        (n == 2).then_some(())
    });
    let names: Vec<String> = place
        .json(&["sources", "--json"])
        .iter()
        .filter_map(|row| row["source"]["name"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(names.len(), 3, "{names:?}");
    daemon.stop("TERM");
    // A restart knows the feeds before it has read the list again.
    let _daemon = place.start_daemon();
    let n_sources = place
        .json(&["sources", "--json"])
        .iter()
        .filter(|row| row["source"].is_object())
        .count();
    assert_eq!(n_sources, 3);
}
