//! Every rule of the configuration, by the line a user sees.

mod messages;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::*;
use crate::domain::{EventType, GroupBy};

/// Reads a text as `hearken.toml` with the variables TOKEN (a secret) and EMPTY set.
fn read(text: &str) -> Result<Config, ConfigError> {
    let variables: BTreeMap<&str, &str> = [("TOKEN", "s3cret-of-the-test"), ("EMPTY", " ")].into();
    parse(Path::new("hearken.toml"), text, &|name| {
        variables.get(name).map(ToString::to_string)
    })
}

/// The lines a user sees, one for each problem.
#[track_caller]
fn problems(text: &str) -> String {
    read(text)
        .expect_err("this configuration has mistakes")
        .to_string()
}

#[track_caller]
fn good(text: &str) -> Config {
    match read(text) {
        Ok(config) => config,
        Err(problems) => panic!("{problems}"),
    }
}

#[test]
fn the_smallest_configuration_works() {
    let config = good(
        r#"
[[brand]]
name = "Acme"
query = '"acme corp" OR acmecorp OR @acme'

[[source]]
definition = "feed"
params = { url = "https://example.org/feed.xml" }
every = "10m"
"#,
    );
    assert_eq!(
        config.brands[0].brand.query,
        "\"acme corp\" OR acmecorp OR @acme"
    );
    assert_eq!(config.brands[0].line, 2);
    assert_eq!(config.brands[0].query_line, 4);
    let source = &config.sources[0];
    assert_eq!(source.definition, "feed");
    assert_eq!(source.name, None);
    assert_eq!(
        source.params["url"].reveal(),
        "https://example.org/feed.xml"
    );
    assert_eq!(source.every, Some(Duration::from_secs(600)));
    assert_eq!((source.line, source.definition_line), (6, 7));
    assert_eq!(source.param_lines["url"], 8);
    assert_eq!(config.store_path, Path::new("hearken-data"));
    assert_eq!(config.web.listen, DEFAULT_LISTEN);
    assert_eq!(config.triage, TriagePolicy::default());
    assert_eq!(config.warnings, []);
    assert!(config.require_work().is_ok());
}

#[test]
fn every_key_is_read() {
    let config = good(
        r#"
[[brand]]
name = "Acme"
handles = ["@acme", "u/acme"]
domains = ["Acme.com"]

[[brand]]
name = 'The "Other"'

[[source]]
name = "their api"
definition = "json-api"
params = { url = "http://127.0.0.1:9/items", token = { env = "TOKEN" }, pages = 3, all = true }
every = "1s"
adaptive = true
ignore_robots = true
brands = ["Acme"]

[[webhook]]
name = "chat"
kind = "generic"
url = "https://example.org/hook?token=1"
secret = [{ env = "TOKEN" }, "whsec_AQID"]
events = ["mention.flagged", "case.replied"]
brands = ["Acme"]
min_score = 1
languages = ["TR", "en"]
platforms = ["feed"]
when = "stars:<=2"
quiet = "22:00-07:00 Europe/Istanbul"
digest = "workdays 09:30 Asia/Kolkata"
critical = 0.8
group = "source"
heartbeat = "1h"

[spikes]
level = 3
cooldown = "1h"

[store]
path = "elsewhere"

[web]
listen = "[::1]:0"
public_url = "https://hearken.example.org/base"

[net]
user_agent = "AcmeListener/1.0"
contact = "mailto:web@acme.com"
allow_private = ["10.0.0.0/8", "192.168.1.7", "::1", "[::1]", "intranet", "fd00::/8"]
timeout = "5s"

[model]
path = "/models/other"
threads = 2
cascade = true

[triage]
alert_max_age = "1d12h"
flag_threshold = 0.5
goal = "30m"
latest = "12h"
"#,
    );
    let brand = &config.brands[1].brand;
    assert_eq!(brand.query, "\"The  Other\"");
    assert_eq!(config.brands[0].brand.handles, ["@acme", "u/acme"]);
    assert_eq!(config.brands[0].brand.domains, ["acme.com"]);
    let source = &config.sources[0];
    assert_eq!(source.params["pages"], ParamValue::Text("3".into()));
    assert_eq!(source.params["all"].reveal(), "true");
    assert_eq!(source.params["token"].reveal(), "s3cret-of-the-test");
    assert_eq!(source.every, Some(Duration::from_secs(1)));
    assert_eq!(source.adaptive, Some(Duration::from_secs(6 * 3_600)));
    assert!(source.ignore_robots);
    assert_eq!(config.net.timeout, Some(Duration::from_secs(5)));
    let chat = &config.destinations()[0];
    assert_eq!(chat.secrets.len(), 2);
    assert_eq!(
        chat.events,
        [EventType::MentionFlagged, EventType::CaseReplied]
    );
    assert_eq!(chat.min_score, 1.0);
    let noise = &chat.noise;
    assert_eq!(noise.languages, ["tr", "en"]);
    assert_eq!(
        noise.quiet.map(|quiet| quiet.to_string()).as_deref(),
        Some("22:00-07:00 Europe/Istanbul")
    );
    assert_eq!(
        noise.digest.map(|digest| digest.to_string()).as_deref(),
        Some("workdays 09:30 Asia/Kolkata")
    );
    assert_eq!((noise.critical, noise.group), (0.8, GroupBy::Source));
    assert_eq!(noise.cooldown, Some(Duration::from_secs(600)));
    assert_eq!(noise.heartbeat, Some(Duration::from_secs(3_600)));
    let when = config.webhooks[0].when.as_ref().expect("it was written");
    assert_eq!(when.text, "stars:<=2");
    assert_eq!(config.spikes.level, 3);
    assert_eq!(config.store_path, Path::new("elsewhere"));
    assert_eq!(config.web.listen.port(), 0);
    assert_eq!(config.net.allow_private.len(), 6);
    assert_eq!(
        config.model.path.as_deref(),
        Some(Path::new("/models/other"))
    );
    assert_eq!(config.model.threads, 2);
    assert!(config.model.cascade);
    assert_eq!(config.triage.goal, Duration::from_secs(1_800));
    let printed = format!("{config:?}");
    assert!(!printed.contains("s3cret"), "{printed}");
    assert!(!printed.contains("token=1"), "{printed}");
}

#[test]
fn a_webhook_hears_what_is_flagged() {
    let config = good(
        "[triage]\nflag_threshold = 0.7\n[[webhook]]\nname = \"chat\"\nurl = \"https://example.org/\"\n",
    );
    assert_eq!(config.destinations()[0].min_score, 0.7);
}

#[test]
fn the_reference_loads_and_shows_every_key() {
    let config = good(reference());
    assert_eq!(config.brands.len(), 1);
    assert_eq!(config.sources.len(), 1);
    assert_eq!(config.warnings, []);

    // With every # before a key removed it must load as well, with the variables it names.
    let uncommented: Vec<&str> = reference()
        .lines()
        .filter(|line| !line.starts_with("# sources_dir") && !line.starts_with("# [[webhook]]"))
        .map(|line| match line.strip_prefix("# ") {
            Some(rest) if is_setting(rest) => rest,
            _ => line,
        })
        .collect();
    let (before, webhook) = uncommented
        .iter()
        .position(|line| line.contains("Whom to tell"))
        .map(|at| uncommented.split_at(at))
        .expect("the part about webhooks is there");
    let text = format!("{}\n[[webhook]]\n{}", before.join("\n"), webhook.join("\n"));
    let full = parse(Path::new("hearken.toml"), &text, &|_| {
        Some("https://example.org/hook".to_owned())
    });
    let full = match full {
        Ok(full) => full,
        Err(problems) => panic!("{problems}"),
    };
    // What stands behind a # is the default.
    let defaults = Config {
        brands: full.brands.clone(),
        sources: full.sources.clone(),
        webhooks: full.webhooks.clone(),
        web: WebConfig {
            public_url: full.web.public_url.clone(),
            ..WebConfig::default()
        },
        net: full.net.clone(),
        model: ModelConfig {
            path: full.model.path.clone(),
            ..ModelConfig::default()
        },
        triage: TriagePolicy {
            weights: full.triage.weights.clone(),
            ..TriagePolicy::default()
        },
        ..config
    };
    assert_eq!(full, defaults);
    assert_eq!(full.webhooks[0].destination.min_score, 0.6);
    assert!(full.net.user_agent.is_some() && full.net.contact.is_some());
    for keys in [
        &["handles", "domains"][..],
        &["every", "params", "brands", "definition", "adaptive"],
        &["ignore_robots", "timeout"],
        &["events", "secret", "kind", "min_score", "url"],
        &[
            "sources_dir",
            "alert_max_age",
            "allow_private",
            "threads",
            "cascade",
        ],
        &["weights"],
    ] {
        for key in keys {
            assert!(reference().contains(&format!("{key} = ")), "{key}");
        }
    }
}

fn is_setting(line: &str) -> bool {
    line.split_once(" = ").is_some_and(|(key, _)| {
        key.chars()
            .all(|character| character.is_ascii_lowercase() || character == '_')
    })
}

#[test]
fn a_secret_file_is_read_beside_the_configuration() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("key"), "whsec_AQID\n").expect("written");
    std::fs::create_dir(folder.path().join("sites")).expect("created");
    let file = folder.path().join("hearken.toml");
    std::fs::write(
        &file,
        "sources_dir = \"sites\"\n[[webhook]]\nname = \"a\"\nurl = \"https://example.org/\"\nsecret = { file = \"key\" }\n",
    )
    .expect("written");
    let config = load(&file).expect("well written");
    assert_eq!(config.destinations()[0].secrets[0].reveal(), "whsec_AQID");
    assert_eq!(config.sources_dir, Some(folder.path().join("sites")));
    assert_eq!(config.store_path, folder.path().join("hearken-data"));
}

#[test]
fn the_store_of_a_broken_configuration_is_found() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("hearken.toml");
    assert_eq!(store_path_of(&file), folder.path().join("hearken-data"));
    std::fs::write(
        &file,
        "what is this\n[web]\nlisten = 3\n[store]\npath = \"here\"\n",
    )
    .expect("written");
    assert!(load(&file).is_err());
    assert_eq!(store_path_of(&file), folder.path().join("here"));
}

#[test]
fn a_configuration_without_work_is_fine_until_it_runs() {
    let config = good("[store]\npath = \"x\"\n");
    let error = config.require_work().expect_err("nothing to do");
    insta::assert_snapshot!(error.to_string(), @r#"
    hearken.toml: brand: there is no brand to listen for — add [[brand]] with name = "Acme"
    hearken.toml: source: there is no source to listen to — add [[source]] with definition = "feed" and params = { url = "…" }
    "#);
    let unsigned = good("[[webhook]]\nname = \"a\"\nurl = \"https://example.org/\"\n");
    insta::assert_snapshot!(unsigned.warnings[0].to_string(), @r#"hearken.toml:1: webhook[0].secret: is missing, so receivers cannot tell who sent a message — write secret = { env = "NAME" }"#);
}

#[test]
fn one_brand_becomes_a_file_that_loads_again() {
    let asking: BTreeMap<_, _> = [("query".to_owned(), "Acme \"Corp\"".to_owned())].into();
    let definitions = [
        ("google-news".to_owned(), asking.clone()),
        ("hackernews".to_owned(), asking),
    ];
    let config = Config::for_brand(
        " Acme \"Corp\" ",
        &definitions,
        Path::new("hearken-data").to_path_buf(),
    );
    let text = config.to_toml();
    insta::assert_snapshot!(text, @r#"
    [[brand]]
    name = 'Acme "Corp"'
    query = '"Acme  Corp"'

    [[source]]
    definition = "google-news"
    params = { query = 'Acme "Corp"' }

    [[source]]
    definition = "hackernews"
    params = { query = 'Acme "Corp"' }
    "#);
    assert!(same(&good(&text), &config));
}

#[test]
fn what_was_read_can_be_written_again() {
    let config = good(
        r#"
[[brand]]
name = "Acme's \\ Corp"
query = "acme OR 'Acme'"
handles = ["@acme"]
domains = ["acme.com"]
[[source]]
definition = "json-api"
name = "çok iyi"
every = "90s"
adaptive = "2h"
ignore_robots = true
brands = ["Acme's \\ Corp"]
params = { url = "https://example.org", "odd key" = "1", token = { env = "TOKEN" } }
[[webhook]]
name = "chat"
url = "https://example.org/hook"
secret = [{ env = "TOKEN" }, "text \"quoted\""]
events = ["mention.flagged"]
brands = ["Acme's \\ Corp"]
min_score = 0.25
languages = ["tr"]
when = "'exact' OR refund"
quiet = "22:00-07:00"
digest = "daily 18:00 Europe/Istanbul"
critical = 0.75
cooldown = "5m"
heartbeat = "90m"
[spikes]
level = 1
[[webhook]]
name = "bot"
kind = "slack"
token = { env = "TOKEN" }
channel = "C0123"
signing_secret = { env = "TOKEN" }
[[webhook]]
name = "hook"
kind = "slack"
url = "https://hooks.slack.example/x"
[[webhook]]
name = "mail"
kind = "email"
url = "smtps://user:word@mail.example.org"
from = "Hearken <hearken@example.org>"
to = ["a@example.org", "B <b@example.org>"]
[[webhook]]
name = "telegram"
kind = "telegram"
token = { env = "TOKEN" }
chat_id = "-1001"
secret_token = { env = "TOKEN" }
[[webhook]]
name = "pager"
kind = "pagerduty"
routing_key = { env = "TOKEN" }
[[webhook]]
name = "push"
kind = "ntfy"
url = "https://ntfy.sh/acme"
[[webhook]]
name = "lines"
kind = "file"
path = "alerts.jsonl"
[store]
path = "elsewhere"
[web]
listen = "0.0.0.0:80"
public_url = "https://hearken.example.org/"
[net]
allow_private = ["10.0.0.0/8"]
timeout = "90s"
contact = "web@acme.com"
user_agent = "x"
[model]
path = "m"
threads = 3
cascade = true
[triage]
alert_max_age = "36h"
flag_threshold = 0.5
goal = "90m"
latest = "1d"
weights = "mine.toml"
"#,
    );
    let written = config.to_toml();
    assert!(written.contains("token = { env = \"TOKEN\" }"), "{written}");
    assert!(!written.contains("s3cret"), "{written}");
    assert!(same(&good(&written), &config), "{written}");
}

/// Equal but for the places.
fn same(a: &Config, b: &Config) -> bool {
    let without_places = |config: &Config| {
        let mut config = config.clone();
        for brand in &mut config.brands {
            (brand.line, brand.query_line) = (0, 0);
        }
        for source in &mut config.sources {
            (source.line, source.definition_line) = (0, 0);
            source.param_lines.clear();
        }
        for webhook in &mut config.webhooks {
            webhook.line = 0;
            if let Some(when) = &mut webhook.when {
                when.line = 0;
            }
        }
        config
    };
    without_places(a) == without_places(b)
}
