//! One address for one page: what trackers, phones and mail programs add is taken away.
//! For identity only; what people see and open is the link as the site gave it.

use url::Url;

/// Parameters that say how a reader came, never what is read.
const TRACKING: &[&str] = &[
    "fbclid",
    "gclid",
    "gclsrc",
    "dclid",
    "gbraid",
    "wbraid",
    "msclkid",
    "yclid",
    "twclid",
    "ttclid",
    "li_fat_id",
    "igshid",
    "igsh",
    "mc_cid",
    "mc_eid",
    "mkt_tok",
    "_hsenc",
    "_hsmi",
    "__hssc",
    "__hstc",
    "hsctatracking",
    "vero_id",
    "vero_conv",
    "oly_enc_id",
    "oly_anon_id",
    "ref_src",
    "ref_url",
    "s_cid",
    "s_kwcid",
    "cmpid",
    "ncid",
    "ocid",
    "wt.mc_id",
    "_ga",
    "_gl",
    "spm",
    "scm",
    "trk",
    "trkcampaign",
    "wickedid",
    "rb_clickid",
    "ns_source",
    "ns_mchannel",
    "ns_campaign",
    "guccounter",
    "guce_referrer",
    "guce_referrer_sig",
    "phpsessid",
    "jsessionid",
    "sessionid",
    "fb_action_ids",
    "fb_action_types",
    "fb_source",
    "share_id",
    "xtor",
    "amp_js_v",
    "usqp",
    "outputtype_amp",
    "srsltid",
    "gad_source",
    "gad_campaignid",
    "epik",
    "sc_cid",
    "ml_subscriber",
    "ml_subscriber_hash",
    "mibextid",
    "wprov",
    "sfnsn",
    "smid",
    "smtyp",
    "ftag",
    "cmp",
    "icid",
    "ito",
    "_branch_match_id",
    "_branch_referrer",
    "__twitter_impression",
    "__tn__",
    "__cft__[0]",
    "vgo_ee",
    "traffic_source",
    "dm_i",
    "elqtrackid",
];
/// Values of `ref` and `source` that name a channel; other values may choose what is
/// shown (`?ref=main` is a branch).
const CHANNELS: &[&str] = &[
    "rss",
    "feed",
    "atom",
    "twitter",
    "x",
    "facebook",
    "fb",
    "linkedin",
    "reddit",
    "hn",
    "hackernews",
    "producthunt",
    "newsletter",
    "email",
    "mail",
    "share",
    "social",
    "mastodon",
    "bluesky",
    "telegram",
    "whatsapp",
    "google",
    "home",
    "homepage",
    "app",
];

/// A counter around an AMP cache around a page is as far as it goes in earnest.
const MOST_WRAPPINGS: usize = 3;

/// The form in which two addresses of one page are equal: `https`, host in lower case
/// without `www.`, `m.`, `mobile.` or `amp.`, no default port, no tracking parameters, the
/// others sorted, no trailing slash, and a fragment only where it names a part
/// (`#comment-12`, `#!/page`).
pub fn canonical_url(url: &Url) -> String {
    let mut inner = None;
    for _ in 0..MOST_WRAPPINGS {
        match unwrapped(inner.as_ref().unwrap_or(url)) {
            Some(page) => inner = Some(page),
            None => break,
        }
    }
    let url = inner.as_ref().unwrap_or(url);
    let Some(host) = url.host_str() else {
        return url.as_str().to_owned();
    };
    let host = canonical_host(&host.to_lowercase());
    // The scheme is no part of what a page is, but only between the two of the web.
    let scheme = match url.scheme() {
        "http" => "https",
        other => other,
    };
    let port = url
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    let mut path = canonical_path(url.path());
    let mut pairs: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, value)| !(name.is_empty() && value.is_empty()))
        .filter(|(name, value)| !is_noise(&host, name, value))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    if let Some(video) = video_of(&host, &path) {
        pairs.push(("v".to_owned(), video));
        path = "/watch".to_owned();
    }
    pairs.sort();
    let query = if pairs.is_empty() {
        String::new()
    } else {
        let mut text = url::form_urlencoded::Serializer::new(String::new());
        text.extend_pairs(&pairs);
        format!("?{}", text.finish())
    };
    let fragment = url
        .fragment()
        .filter(|fragment| names_a_part(fragment))
        .map(|fragment| format!("#{fragment}"))
        .unwrap_or_default();
    let host = match host.as_str() {
        "youtu.be" => "youtube.com",
        other => other,
    };
    format!("{scheme}://{host}{port}{path}{query}{fragment}")
}

/// The video that an address of YouTube names in its path.
fn video_of(host: &str, path: &str) -> Option<String> {
    let id = match host {
        "youtu.be" => path.trim_matches('/'),
        "youtube.com" => ["/shorts/", "/live/", "/embed/"]
            .iter()
            .find_map(|folder| path.strip_prefix(folder))?,
        _ => return None,
    };
    (!id.is_empty() && !id.contains('/')).then(|| id.to_owned())
}

/// The page behind a counter of clicks: the parameter that holds its address.
fn behind_counter(url: &Url) -> Option<Url> {
    let host = url.host_str()?.trim_start_matches("www.");
    let parameters: &[&str] = match (host, url.path()) {
        ("google.com" | "google.com.tr" | "google.de" | "google.co.in", "/url") => &["url", "q"],
        ("bing.com", "/news/apiclick.aspx") => &["url"],
        ("l.facebook.com" | "lm.facebook.com", "/l.php") => &["u"],
        ("out.reddit.com", _) => &["url"],
        _ => return None,
    };
    parameters.iter().find_map(|wanted| {
        let (_, value) = url.query_pairs().find(|(name, _)| name == wanted)?;
        Url::parse(&value).ok().filter(|inner| {
            matches!(inner.scheme(), "http" | "https") && inner.host() != url.host()
        })
    })
}

/// The page inside an AMP cache or viewer, or behind a counter.
fn unwrapped(url: &Url) -> Option<Url> {
    if let Some(inner) = behind_counter(url) {
        return Some(inner);
    }
    let host = url.host_str()?;
    let rest = if host.ends_with(".cdn.ampproject.org") {
        let path = url.path();
        path.strip_prefix("/c/")
            .or_else(|| path.strip_prefix("/v/"))?
    } else if matches!(host, "www.google.com" | "google.com") {
        url.path().strip_prefix("/amp/")?
    } else {
        return None;
    };
    let (scheme, rest) = match rest.strip_prefix("s/") {
        Some(rest) => ("https", rest),
        None => ("http", rest),
    };
    let query = url
        .query()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    let inner = Url::parse(&format!("{scheme}://{rest}{query}")).ok()?;
    // A cache inside a cache would go round for ever on a made-up address.
    let is_page = inner
        .host_str()
        .is_some_and(|inner| inner.contains('.') && inner != host);
    let is_cache = inner.host_str().is_some_and(|inner| {
        inner.ends_with("ampproject.org") || inner == "google.com" || inner == "www.google.com"
    });
    (is_page && !is_cache).then_some(inner)
}

fn canonical_host(host: &str) -> String {
    let mut host = host.trim_end_matches('.');
    // Only what leaves a name with a dot: `m.co` is a name of its own.
    for variant in [
        "www.", "m.", "mobile.", "mobil.", "amp.", "touch.", "wap.", "mbasic.",
    ] {
        if let Some(rest) = host.strip_prefix(variant)
            && rest.contains('.')
            && !rest.starts_with('.')
        {
            host = rest;
        }
    }
    match host {
        "twitter.com" => return "x.com".to_owned(),
        "old.reddit.com" | "new.reddit.com" | "np.reddit.com" | "i.reddit.com"
        | "sh.reddit.com" => return "reddit.com".to_owned(),
        _ => (),
    }
    // en.m.wikipedia.org
    let labels: Vec<&str> = host.split('.').collect();
    if labels.len() >= 4 && labels[1] == "m" {
        return [&labels[..1], &labels[2..]].concat().join(".");
    }
    host.to_owned()
}

fn canonical_path(path: &str) -> String {
    let mut path = decoded_unreserved(path);
    if let Some(session) = path.to_ascii_lowercase().find(";jsessionid=") {
        path.truncate(session);
    }
    for page in ["/index.html", "/index.htm", "/default.aspx"] {
        if let Some(folder) = path.strip_suffix(page) {
            path = folder.to_owned();
        }
    }
    let mut path = path.trim_end_matches('/');
    if let Some(page) = path.strip_suffix("/amp")
        && !page.is_empty()
    {
        path = page.trim_end_matches('/');
    }
    // Publishers put their AMP pages beside the others, under the same name.
    if let Some(page) = path.strip_prefix("/amp/")
        && !page.is_empty()
    {
        path = &path["/amp".len()..];
    }
    let path = match path.strip_suffix(".amp.html") {
        Some(page) => format!("{page}.html"),
        None => path.strip_suffix(".amp").unwrap_or(path).to_owned(),
    };
    if path.is_empty() {
        "/".to_owned()
    } else {
        path
    }
}

/// `%7E` is `~`, and `%c3` is `%C3` (RFC 3986, section 6.2.2).
fn decoded_unreserved(path: &str) -> String {
    let bytes = path.as_bytes();
    let mut clean = String::with_capacity(path.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = (bytes[at] == b'%')
            .then(|| path.get(at + 1..at + 3))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match escaped {
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                clean.push(char::from(byte));
                at += 3;
            }
            Some(byte) => {
                clean.push_str(&format!("%{byte:02X}"));
                at += 3;
            }
            None => {
                // `Url` leaves nothing but ASCII in a path.
                clean.push(char::from(bytes[at]));
                at += 1;
            }
        }
    }
    clean
}

fn is_noise(host: &str, name: &str, value: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let value = value.to_ascii_lowercase();
    if name.starts_with("utm_")
        || name.starts_with("pk_")
        || name.starts_with("mtm_")
        || name.starts_with("piwik_")
        || name.starts_with("matomo_")
        || name.starts_with("hsa_")
        || name.starts_with("at_custom")
    {
        return true;
    }
    if TRACKING.contains(&name.as_str()) {
        return true;
    }
    match name.as_str() {
        "at_medium" | "at_campaign" => true,
        "ref" | "source" | "src" | "referrer" | "from" => {
            // A domain as a value says where the reader came from.
            let is_domain = value.contains('.')
                && !value.contains('/')
                && value.chars().any(char::is_alphabetic);
            CHANNELS.contains(&value.as_str()) || (is_domain && name != "from" && name != "src")
        }
        "amp" | "m" | "mobile" => matches!(value.as_str(), "" | "1" | "true"),
        "view" => matches!(value.as_str(), "amp" | "mobile"),
        "outputtype" => value == "amp",
        "s" | "t" => host == "x.com",
        "si" | "feature" | "pp" => matches!(host, "youtube.com" | "youtu.be"),
        "share" | "rdt" => host == "reddit.com",
        _ => false,
    }
}

/// Whether a fragment names something of its own on a page rather than a place to scroll.
fn names_a_part(fragment: &str) -> bool {
    if fragment.starts_with('!') || fragment.starts_with('/') {
        return true;
    }
    let lower = fragment.to_ascii_lowercase();
    let digits_at = lower
        .find(|c: char| c.is_ascii_digit())
        .unwrap_or(lower.len());
    let (word, number) = lower.split_at(digits_at);
    let is_number = number.len() >= 2
        && number
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    const PARTS: &[&str] = &[
        "",
        "c",
        "p",
        "r",
        "comment",
        "comments",
        "reply",
        "post",
        "msg",
        "message",
        "note",
        "issuecomment",
        "discussion_r",
        "pullrequestreview",
        "discussioncomment",
        "answer",
        "review",
        "entry",
        "item",
        "yorum",
        "kommentar",
        "commentaire",
        "comentario",
    ];
    let word = word.trim_end_matches(['-', '_', '=']);
    // A single digit may be a footnote; with a word in front it is a part all the same.
    PARTS.contains(&word) && (is_number || (word.len() > 1 && !number.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, expected: &str) {
        let parsed = Url::parse(url).expect("the table holds addresses");
        assert_eq!(canonical_url(&parsed), expected, "{url}");
        let again = Url::parse(expected).expect("a canonical form is an address");
        assert_eq!(canonical_url(&again), expected, "canonical twice: {url}");
    }

    #[test]
    fn one_page_has_one_address() {
        check("http://Example.org:80/a/", "https://example.org/a");
        check("https://www.example.org", "https://example.org/");
        check(
            "https://example.org/a?utm_source=x&b=2&a=1&fbclid=z",
            "https://example.org/a?a=1&b=2",
        );
        check("https://m.example.org/a", "https://example.org/a");
        check("https://mobile.example.org/a", "https://example.org/a");
        check(
            "https://en.m.wikipedia.org/wiki/Acme",
            "https://en.wikipedia.org/wiki/Acme",
        );
        check("https://amp.example.org/a", "https://example.org/a");
        check("https://example.org/a/amp/", "https://example.org/a");
        check("https://example.org/a?amp=1", "https://example.org/a");
        check(
            "https://example.org/a.amp.html",
            "https://example.org/a.html",
        );
        check(
            "https://www.google.com/amp/s/example.org/a",
            "https://example.org/a",
        );
        check(
            "https://example-org.cdn.ampproject.org/c/s/example.org/a",
            "https://example.org/a",
        );
        check("https://m.co/a", "https://m.co/a");
        check("https://example.org:8443/a", "https://example.org:8443/a");
        check("https://example.org/a#top", "https://example.org/a");
        check(
            "https://example.org/a#:~:text=word",
            "https://example.org/a",
        );
        check(
            "https://example.org/a#comment-12",
            "https://example.org/a#comment-12",
        );
        check("https://example.org/#!/page", "https://example.org/#!/page");
        check(
            "https://example.org/%7Ejane/%c3%bc",
            "https://example.org/~jane/%C3%BC",
        );
        check(
            "https://github.com/a/b?ref=main",
            "https://github.com/a/b?ref=main",
        );
        check("https://example.org/a?ref=rss", "https://example.org/a");
        check(
            "https://example.org/a?ref=news.example.com",
            "https://example.org/a",
        );
        check(
            "https://youtu.be/abc?si=x",
            "https://youtube.com/watch?v=abc",
        );
        check(
            "https://www.youtube.com/watch?v=abc&feature=share",
            "https://youtube.com/watch?v=abc",
        );
        check(
            "https://twitter.com/a/status/1?s=20",
            "https://x.com/a/status/1",
        );
        check("https://old.reddit.com/r/a/", "https://reddit.com/r/a");
        check(
            "https://example.org/amp/news/a",
            "https://example.org/news/a",
        );
        check("https://example.org/amp", "https://example.org/amp");
        check("https://example.org/a?m=1", "https://example.org/a");
        check("https://example.org/a?m=12", "https://example.org/a?m=12");
        check("https://mbasic.facebook.com/a", "https://facebook.com/a");
        check(
            "https://www.google.com/url?rct=j&sa=t&url=https://example.org/a%3Futm_source%3Dx&ct=ga",
            "https://example.org/a",
        );
        check(
            "http://www.bing.com/news/apiclick.aspx?ref=FexRss&url=https%3a%2f%2fexample.org%2fa",
            "https://example.org/a",
        );
        check(
            "https://l.facebook.com/l.php?u=https%3A%2F%2Fexample.org%2Fa%3Ffbclid%3Dx",
            "https://example.org/a",
        );
        check(
            "https://m.youtube.com/shorts/abc?si=x",
            "https://youtube.com/watch?v=abc",
        );
        check(
            "https://example.org/a?srsltid=x&gad_source=1",
            "https://example.org/a",
        );
        check("https://example.org/index.html", "https://example.org/");
        check(
            "https://example.org/a;jsessionid=12?b=",
            "https://example.org/a?b=",
        );
    }
}
