//! What users see: one line for each mistake.

use std::path::Path;

use super::{good, problems, read};
use crate::config::load;

#[test]
fn unknown_and_later_keys_are_refused_by_name() {
    insta::assert_snapshot!(problems(
        r#"
colour = "red"
brands = []
[[brand]]
name = "Acme"
qurey = "acme"
[[source]]
definition = "feed"
url = "https://example.org/feed.xml"
interval = "10m"
[[webhook]]
name = "chat"
url = "https://example.org/"
secret = "x"
when = "is:flagged"
digest = "daily"
quiet = "22-7"
group = "10m"
cooldown = "1h"
[web]
Listen = "127.0.0.1:1"
[[target]]
goal = "1h"
[[calendar]]
[[team]]
"#
    ), @r#"
    hearken.toml:2: colour: is not a key of the configuration — write one of brand, source, webhook, store, web, net, model, triage, spikes, sources_dir
    hearken.toml:3: brands: is not a key of the configuration — did you mean `brand`?
    hearken.toml:6: brand[0].qurey: is not a key of [[brand]] — did you mean `query`?
    hearken.toml:9: source[0].url: is not a key of [[source]] — write what the definition asks for inside params = { … }
    hearken.toml:10: source[0].interval: is not a key of [[source]] — write what the definition asks for inside params = { … }
    hearken.toml:16: webhook[0].digest: `daily` does not say when a digest comes — write digest = "hourly", "daily 09:00 Europe/Istanbul" or "workdays 09:00 Europe/Istanbul"
    hearken.toml:17: webhook[0].quiet: `22-7` is not a span of hours — write quiet = "22:00-07:00 Europe/Istanbul"
    hearken.toml:18: webhook[0].group: `10m` does not say which alerts are alike — write one of brand, source, platform, all
    hearken.toml:21: web.Listen: is not a key of [web] — did you mean `listen`?
    hearken.toml:22: target: comes with a later version — remove it
    hearken.toml:24: calendar: comes with a later version — remove it
    hearken.toml:25: team: comes with a later version — remove it
    "#);
}

#[test]
fn wrong_types_say_what_is_expected() {
    insta::assert_snapshot!(problems(
        r#"
store = "hearken-data"
[[brand]]
name = 7
query = ["acme"]
handles = "@acme"
domains = ["acme.com", 3]
[[source]]
definition = "feed"
every = 10
params = "https://example.org"
[source.extra]
[[source]]
definition = ""
every = "10"
params = { tags = ["a"], since = 2026-01-01 }
[brand2]
[[web]]
listen = "127.0.0.1:1"
[triage]
flag_threshold = "high"
goal = true
[model]
threads = 1.5
"#
    ), @r#"
    hearken.toml:2: store: is a text, not a table — write [store]
    hearken.toml:4: brand[0].name: is the number 7, not a text in quotes — write name = "Acme"
    hearken.toml:5: brand[0].query: is a list, not a text in quotes — write query = '"acme corp" OR @acme'
    hearken.toml:6: brand[0].handles: is a text, not a list of texts — write handles = ["@acme"]
    hearken.toml:7: brand[0].domains[1]: is the number 3, not a text in quotes — write domains = ["acme.com"]
    hearken.toml:10: source[0].every: is the number 10, not a duration in quotes — write every = "10m"
    hearken.toml:11: source[0].params: is not a table — write params = { url = "https://example.org/feed.xml" }
    hearken.toml:12: source[0].extra: is not a key of [[source]] — write what the definition asks for inside params = { … }
    hearken.toml:14: source[1].definition: is empty — write definition = "feed"
    hearken.toml:15: source[1].every: `10` is not a duration — write for example 30s, 10m, 2h or 7d
    hearken.toml:16: source[1].params.since: is neither a text nor a secret — write a text in quotes or { env = "NAME" }
    hearken.toml:16: source[1].params.tags: is neither a text nor a secret — write a text in quotes or { env = "NAME" }
    hearken.toml:17: brand2: is not a key of the configuration — did you mean `brand`?
    hearken.toml:18: web: is a list of tables, but there is only one of it — write [web] with single brackets
    hearken.toml:21: triage.flag_threshold: is a text, not a number — write flag_threshold = 0.6
    hearken.toml:22: triage.goal: is the word true, not a duration in quotes — write goal = "1h"
    hearken.toml:24: model.threads: is the number 1.5, not a whole number — write threads = 1
    "#);
    insta::assert_snapshot!(problems("brand = { name = \"Acme\" }\nsource = [1]\nwebhook = 3\n"), @r#"
    hearken.toml:1: brand: is a single table, but there can be several — write [[brand]] with double brackets
    hearken.toml:2: source[0]: is the number 1, not a table — write [[source]]
    hearken.toml:3: webhook: is the number 3, not a list of tables — write [[webhook]]
    "#);
    insta::assert_snapshot!(problems("[brand]\nname = \"Acme\"\n"), @r#"hearken.toml:1: brand: is a single table, but there can be several — write [[brand]] with double brackets"#);
}

#[test]
fn missing_keys_are_named_with_their_table() {
    insta::assert_snapshot!(problems("[[brand]]\n\n[[source]]\n\n[[webhook]]\n"), @r#"
    hearken.toml:1: brand[0].name: is missing — write name = "Acme"
    hearken.toml:3: source[0].definition: is missing — write definition = "feed"
    hearken.toml:5: webhook[0].name: is missing — write name = "team-chat"
    hearken.toml:5: webhook[0].url: is missing — write url = "https://example.org/hook" or url = { env = "NAME" }
    "#);
}

#[test]
fn an_empty_file_asks_for_init() {
    insta::assert_snapshot!(problems("# nothing\n"), @r#"hearken.toml:1: says nothing yet — run `hearken init` to write a commented one, or add a [[brand]] and a [[source]]"#);
}

#[test]
fn names_are_unique() {
    insta::assert_snapshot!(problems(
        r#"
[[brand]]
name = "Acme"
[[brand]]
name = " Acme "
[[source]]
name = "news"
definition = "feed"
params = { url = "https://example.org/1" }
[[source]]
name = "news"
definition = "feed"
params = { url = "https://example.org/2" }
[[source]]
definition = "feed"
params = { url = "https://example.org/3" }
[[source]]
definition = "feed"
params = { url = "https://example.org/3" }
[[webhook]]
name = "chat"
url = "https://example.org/1"
secret = "x"
[[webhook]]
name = "chat"
url = "https://example.org/2"
secret = "x"
"#
    ), @r#"
    hearken.toml:5: brand[1].name: `Acme` is already the name of the brand in line 3 — write another name
    hearken.toml:11: source[1].name: `news` is already the name of the source in line 7 — write another name
    hearken.toml:17: source[3].definition: asks the same as the source in line 14 — remove one of the two, or give both a name
    hearken.toml:25: webhook[1].name: `chat` is already the name of the webhook in line 21 — write another name
    "#);
}

#[test]
fn brands_and_events_must_exist() {
    insta::assert_snapshot!(problems(
        r#"
[[brand]]
name = "Acme"
handles = ["acme corp"]
domains = ["https://www.acme.com/shop", "acme", "a b.com"]
[[source]]
definition = "feed"
brands = ["Acne", "Other"]
[[webhook]]
name = "chat"
url = "https://example.org/"
secret = "x"
brands = ["acme"]
events = ["mention.flaged", "case.claimed", "case.verified", "everything"]
kind = "slack"
min_score = 2
[[webhook]]
name = "other"
kind = "carrier-pigeon"
url = "https://example.org/"
secret = "x"
"#
    ), @r#"
    hearken.toml:4: brand[0].handles[0]: contains a space, which no account has — write one account per text: ["@acme", "u/acme"]
    hearken.toml:5: brand[0].domains[0]: `https://www.acme.com/shop` is an address, not a domain — write "www.acme.com"
    hearken.toml:5: brand[0].domains[1]: `acme` is not a domain — write for example "acme.com"
    hearken.toml:5: brand[0].domains[2]: `a b.com` is not a domain — write for example "acme.com"
    hearken.toml:8: source[0].brands[0]: there is no brand `Acne` — did you mean `Acme`?
    hearken.toml:8: source[0].brands[1]: there is no brand `Other` — add a [[brand]] with name = "Other"
    hearken.toml:13: webhook[0].brands[0]: there is no brand `acme` — did you mean `Acme`?
    hearken.toml:14: webhook[0].events[0]: there is no event type `mention.flaged` — did you mean `mention.flagged`?
    hearken.toml:14: webhook[0].events[2]: `case.verified` comes with a later version — remove it
    hearken.toml:14: webhook[0].events[3]: there is no event type `everything` — write one of mention.flagged, mention.updated, mention.backlog, case.claimed, case.replied, case.dismissed, case.overdue, case.reopened, spike.started, spike.ended, source.silent, source.gap, source.failing, source.recovered, destination.disabled, heartbeat, digest, test
    hearken.toml:15: webhook[0].kind: the kind `slack` comes with a later version — remove this webhook, or write kind = "generic" for a receiver of your own
    hearken.toml:16: webhook[0].min_score: is not between 0 and 1 — write min_score = 0.6
    hearken.toml:19: webhook[1].kind: there is no kind `carrier-pigeon` — write kind = "generic"
    "#);
}

#[test]
fn schedules_have_limits() {
    insta::assert_snapshot!(problems(
        r#"
[[source]]
definition = "feed"
params = { url = "https://example.org/" }
every = "29s"
[[source]]
definition = "feed"
params = { url = "http://localhost:80/" }
every = "0s"
[[source]]
definition = "feed"
every = "99999d"
[triage]
goal = "2d"
latest = "0s"
alert_max_age = "two days"
"#
    ), @r#"
    hearken.toml:5: source[0].every: is shorter than 30s — write every = "10m"
    hearken.toml:9: source[1].every: is shorter than 1s — write every = "10m"
    hearken.toml:12: source[2].every: is longer than ten years — write every = "10m"
    hearken.toml:14: triage.goal: the goal (2d) is later than the latest answer (1d) — make `goal` the shorter one
    hearken.toml:15: triage.latest: is shorter than 1s — write latest = "24h"
    hearken.toml:16: triage.alert_max_age: `two days` is not a duration — write for example 30s, 10m, 2h or 7d
    "#);
    insta::assert_snapshot!(problems("[triage]\ngoal = \"2d\"\n"), @r#"hearken.toml:2: triage.goal: the goal (2d) is later than the latest answer (1d) — make `goal` the shorter one"#);
    for server in [
        "http://[::1]:3000",
        "localhost:3000",
        "127.0.0.1",
        "feeds.localhost",
    ] {
        good(&format!(
            "[[source]]\ndefinition = \"lemmy-search\"\nparams = {{ server = \"{server}\" }}\nevery = \"2s\"\n"
        ));
    }
}

#[test]
fn secrets_are_found_or_named_but_never_shown() {
    let shown = problems(
        r#"
[[webhook]]
name = "a"
url = { env = "NOT_SET" }
secret = { env = "EMPTY" }
[[webhook]]
name = "b"
url = { file = "/does/not/exist" }
secret = { file = "/" }
[[webhook]]
name = "c"
url = "ftp://hidden-token@example.org"
secret = "whsec_hidden-token!"
[[webhook]]
name = "d"
url = "hidden-token"
secret = ["whsk_AQID", "whpk_AQID", { env = "TOKEN", file = "x" }, {}, 3]
[[webhook]]
name = "e"
url = "https://example.org/"
secret = []
[[source]]
definition = "json-api"
params = { token = { environment = "TOKEN" }, key = { env = 3 } }
"#,
    );
    assert!(!shown.contains("hidden-token"), "{shown}");
    insta::assert_snapshot!(shown, @r#"
    hearken.toml:4: webhook[0].url.env: the environment variable NOT_SET is not set — set it before starting hearken
    hearken.toml:5: webhook[0].secret.env: the environment variable EMPTY is empty — give it a value before starting hearken
    hearken.toml:8: webhook[1].url.file: `/does/not/exist` does not exist — write the path of a file that holds only the secret
    hearken.toml:9: webhook[1].secret.file: `/` is not a file — write the path of a file that holds only the secret
    hearken.toml:12: webhook[2].url: is neither http:// nor https:// — write url = "https://example.org/hook" or url = { env = "NAME" }
    hearken.toml:13: webhook[2].secret: is not base64 after whsec_ — write whsec_ + base64, whsk_ + base64 (ed25519), or any other text
    hearken.toml:16: webhook[3].url: is not an address — write url = "https://example.org/hook" or url = { env = "NAME" }
    hearken.toml:17: webhook[3].secret[2]: names both a variable and a file — keep one of `env` and `file`
    hearken.toml:17: webhook[3].secret[3]: names no secret — write secret = { env = "NAME" }
    hearken.toml:17: webhook[3].secret[4]: is the number 3, not a text in quotes or a reference — write secret = { env = "NAME" }
    hearken.toml:17: webhook[3].secret[0]: is not an ed25519 key: 32 or 64 bytes are expected after whsk_ — write whsec_ + base64, whsk_ + base64 (ed25519), or any other text
    hearken.toml:17: webhook[3].secret[1]: is the public key, which cannot sign — write whsec_ + base64, whsk_ + base64 (ed25519), or any other text
    hearken.toml:21: webhook[4].secret: is an empty list — write secret = { env = "NAME" } or remove it
    hearken.toml:24: source[0].params.key.env: is the number 3, not a text in quotes — write env = "NAME"
    hearken.toml:24: source[0].params.token.environment: is not a key of a secret — write one of env, file
    "#);
}

#[test]
fn settings_say_what_they_accept() {
    insta::assert_snapshot!(problems(
        r#"
sources_dir = "no-such-folder"
[web]
listen = "localhost:9000"
public_url = "hearken.example.org"
[net]
user_agent = "Bücher"
contact = ""
allow_private = ["10.0.0.0/99", "http://intranet", "intranet:80", "*.local", ""]
[model]
threads = 0
[triage]
flag_threshold = 1.5
"#
    ), @r#"
    hearken.toml:2: sources_dir: there is no folder `no-such-folder` — create it, or write the path of the folder that holds your definitions
    hearken.toml:4: web.listen: `localhost:9000` is not an IP address with a port — write "127.0.0.1:9000" for this machine only or "0.0.0.0:9000" for the network
    hearken.toml:5: web.public_url: `hearken.example.org` is not a plain http(s) address — write for example public_url = "https://hearken.example.org"
    hearken.toml:7: net.user_agent: contains a character that HTTP headers cannot carry — write plain ASCII: user_agent = "AcmeListener/1.0"
    hearken.toml:8: net.contact: is empty — write contact = "mailto:web@acme.com"
    hearken.toml:9: net.allow_private[4]: is empty — write a text or remove it
    hearken.toml:9: net.allow_private[0]: `10.0.0.0/99` is neither an address range nor a host — write for example "10.0.0.0/8", "192.168.1.7" or "intranet.example.org"
    hearken.toml:9: net.allow_private[1]: `http://intranet` is neither an address range nor a host — write for example "10.0.0.0/8", "192.168.1.7" or "intranet.example.org"
    hearken.toml:9: net.allow_private[2]: `intranet:80` is neither an address range nor a host — write for example "10.0.0.0/8", "192.168.1.7" or "intranet.example.org"
    hearken.toml:9: net.allow_private[3]: `*.local` is neither an address range nor a host — write for example "10.0.0.0/8", "192.168.1.7" or "intranet.example.org"
    hearken.toml:11: model.threads: is not between 1 and 256 — write threads = 1
    hearken.toml:13: triage.flag_threshold: is not between 0 and 1 — write flag_threshold = 0.6
    "#);
    insta::assert_snapshot!(problems("[web]\nlisten = \":80\"\n"), @r#"hearken.toml:2: web.listen: `:80` is not an IP address with a port — write "127.0.0.1:80" for this machine only or "0.0.0.0:80" for the network"#);
}

#[test]
fn syntax_errors_are_shown_with_the_rest() {
    insta::assert_snapshot!(problems(
        r#"
[[brand]]
name = Acme
qurey = "acme"
[[source]
definition = "feed"
[web]
listen = "127.0.0.1:80
public_url = "https://a.example"
public_url = "https://b.example"
[store]
path = "C:\hearken"
just some words
[net]
contact =
"#
    ), @r#"
    hearken.toml:3:8: a text must stand in quotes — write key = "value"
    hearken.toml:4: brand[0].qurey: is not a key of [[brand]] — did you mean `query`?
    hearken.toml:5:10: unclosed array table, expected `]` — close every bracket: [web] or [[source]]
    hearken.toml:8:23: a quotation mark is not closed — close it; inside "…" write \" for a quotation mark, or use 'single quotes'
    hearken.toml:10:1: the key stands twice — remove one of the two
    hearken.toml:12:12: a backslash stands before something that is no escape — write the backslash twice, or put the text in 'single quotes'
    hearken.toml:13:6: the line is neither a setting nor a comment — write key = "value", or start the line with # to make it a comment
    hearken.toml:15:10: the value is missing — write one after the =: key = "value"
    "#);
}

#[test]
fn a_file_that_breaks_off_is_a_syntax_error() {
    insta::assert_snapshot!(problems("[net]\ncontact =\n"), @r#"hearken.toml:2:10: the value is missing — write one after the =: key = "value""#);
    insta::assert_snapshot!(problems("[net]\ncontact = \"a"), @r#"hearken.toml:2:13: a quotation mark is not closed — close it; inside "…" write \" for a quotation mark, or use 'single quotes'"#);
    insta::assert_snapshot!(problems("[net]\nallow_private = [\"10.0.0.0/8\","), @r#"hearken.toml:2:31: the list is not closed — write ["one", "two"]"#);
}

#[test]
fn a_stray_line_does_not_hide_what_is_below() {
    insta::assert_snapshot!(problems(
        r#"
[[brand]]
name = "Acme"
çok kötü
[[brand]
name = "Lost"
[[source]]
definition = "feed"
brands = ["Acme", "Lost"]
every = 3
other words
"#
    ), @r#"
    hearken.toml:4:5: the line is neither a setting nor a comment — write key = "value", or start the line with # to make it a comment
    hearken.toml:5:9: unclosed array table, expected `]` — close every bracket: [web] or [[source]]
    hearken.toml:10: source[0].every: is the number 3, not a duration in quotes — write every = "10m"
    hearken.toml:11:7: the line is neither a setting nor a comment — write key = "value", or start the line with # to make it a comment
    "#);
}

#[test]
fn thirty_mistakes_are_thirty_problems() {
    let mut text = String::new();
    for n in 0..10 {
        text.push_str(&format!(
            "[[source]]\nname = \"s{n}\"\ndefinition = 1\nevery = \"soon\"\nkolor = \"red\"\n"
        ));
    }
    let error = read(&text).expect_err("thirty mistakes");
    assert_eq!(error.problems.len(), 30);
    assert!(error.problems.is_sorted_by_key(|problem| problem.line));
}

#[test]
fn files_that_cannot_be_read_say_why() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let shown = |path: &Path| {
        let error = load(path).expect_err("it cannot be read").to_string();
        error.replace(&folder.path().display().to_string(), "here")
    };
    insta::assert_snapshot!(shown(&folder.path().join("hearken.toml")), @r#"here/hearken.toml: there is no such file — run `hearken init` to write one, or name yours with --config FILE"#);
    insta::assert_snapshot!(shown(folder.path()), @r#"here: is a folder — name the file in it with --config FILE"#);
    let latin1 = folder.path().join("latin1.toml");
    std::fs::write(&latin1, b"[[brand]]\nname = \"Caf\xe9\"\n").expect("written");
    insta::assert_snapshot!(shown(&latin1), @r#"here/latin1.toml:2: is not UTF-8 — save the file as UTF-8"#);
}

#[test]
fn how_a_source_is_asked_is_checked() {
    insta::assert_snapshot!(problems(
        r#"
[[brand]]
name = "Acme"
[[source]]
definition = "feed"
params = { url = "https://example.org/feed" }
adaptive = 3
ignore_robots = "yes"
[[source]]
definition = "feed"
params = { url = "https://example.org/other" }
adaptive = "5s"
[net]
timeout = "0s"
"#
    ), @r#"
    hearken.toml:7: source[0].adaptive: is the number 3, not a duration in quotes — write adaptive = "6h"
    hearken.toml:8: source[0].ignore_robots: is a text, not true or false — write ignore_robots = true
    hearken.toml:12: source[1].adaptive: is shorter than 30s — write adaptive = "6h"
    hearken.toml:14: net.timeout: is shorter than 1s — write timeout = "60s"
    "#);
}
