//! Tells answers that only say "not you", "not now" or "not without signing in" from real
//! ones, before anything is parsed: a wall must never look like a site with nothing new.
//!
//! Genuine pages speak of captchas and errors too. Therefore words alone never decide:
//! a wall is short, and what gives it away stands in its title or in its markup.

mod api;
mod page;

use std::sync::LazyLock;

use regex::Regex;

use super::{Answer, encoding};
use crate::domain::Item;

/// Longer answers are decided by their first part: walls are short.
const EXAMINED_BYTES: usize = 512 * 1024;
/// Of an error that somebody else wrote.
const MOST_SHOWN_CHARS: usize = 120;

/// Why this answer is a wall rather than content, as a sentence for people.
pub fn detect(answer: &Answer<'_>) -> Option<String> {
    let bytes = &answer.bytes[..answer.bytes.len().min(EXAMINED_BYTES)];
    let whole = bytes.len() == answer.bytes.len();
    let decoded = encoding::decode(bytes, answer.content_type);
    let text = decoded.text.trim_start_matches('\u{feff}').trim();
    match text.chars().next()? {
        '{' | '[' if whole => api::detect(text),
        '{' | '[' => None,
        '<' => match root_element(text).as_str() {
            "rss" | "feed" | "rdf" | "channel" => bridge_errors(text),
            root if looks_like_page(root, text) => page::detect(text),
            _ => None,
        },
        _ => short_refusal(text),
    }
}

/// Why an entry is no item but the report of a program in between that it failed.
pub fn error_item(item: &Item) -> Option<String> {
    const BRIDGES: [&str; 5] = [
        "bridge returned error",
        "bridge error",
        "rss-bridge error",
        "[rss-bridge] error",
        "fetchrss error",
    ];
    let title = item.title.as_deref().unwrap_or(&item.text).trim();
    let lower = title.to_lowercase();
    BRIDGES
        .iter()
        .any(|bridge| lower.starts_with(bridge))
        .then(|| {
            let shown: String = title.chars().take(MOST_SHOWN_CHARS).collect();
            format!("the bridge could not read its site: {shown}")
        })
}

/// The local name of the first element, in lower case.
fn root_element(text: &str) -> String {
    let mut rest = text;
    loop {
        let Some(start) = rest.find('<') else {
            return String::new();
        };
        rest = &rest[start..];
        let end_of_markup = if rest.starts_with("<!--") {
            "-->"
        } else if rest.starts_with("<!") && rest.contains("]>") && doctype_has_subset(rest) {
            "]>"
        } else if rest.starts_with("<?") || rest.starts_with("<!") {
            ">"
        } else {
            let name: String = rest[1..]
                .chars()
                .take_while(|c| c.is_alphanumeric() || matches!(c, ':' | '-' | '_'))
                .collect();
            return name
                .rsplit(':')
                .next()
                .unwrap_or_default()
                .to_ascii_lowercase();
        };
        match rest.find(end_of_markup) {
            Some(end) => rest = &rest[end + end_of_markup.len()..],
            None => return String::new(),
        }
    }
}

/// `<!DOCTYPE rss [ … ]>` has declarations with `>` inside.
fn doctype_has_subset(doctype: &str) -> bool {
    match (doctype.find('['), doctype.find('>')) {
        (Some(bracket), Some(end)) => bracket < end,
        _ => false,
    }
}

fn looks_like_page(root: &str, text: &str) -> bool {
    const PAGE_ROOTS: [&str; 12] = [
        "html", "head", "body", "script", "div", "center", "h1", "p", "meta", "title", "style",
        "noscript",
    ];
    PAGE_ROOTS.contains(&root) && !FEED_ROOT.is_match(&text[..floor(text, 4_096)])
}

/// A feed below some stray markup is still a feed.
static FEED_ROOT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)<(rss|feed|rdf:rdf)[\s>]").expect("the pattern is fixed"));

/// The largest character boundary not beyond `at`.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// A bridge that cannot read its site writes the error into the feed as an entry. A feed
/// of nothing else brings no news.
fn bridge_errors(text: &str) -> Option<String> {
    static ENTRY: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?i)<(item|entry)[\s>]").expect("the pattern is fixed"));
    static ERROR: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)<title[^>]*>\s*(?:<!\[CDATA\[)?\s*(Bridge returned error[^<\]]*)")
            .expect("the pattern is fixed")
    });
    let first = ERROR.captures(text)?;
    let n_errors = ERROR.find_iter(text).count();
    (n_errors >= ENTRY.find_iter(text).count())
        .then(|| format!("the bridge could not read its site: {}", first[1].trim()))
}

/// Servers that refuse without a page say so in one line of plain text.
fn short_refusal(text: &str) -> Option<String> {
    const REFUSALS: [&str; 14] = [
        "too many requests",
        "rate limit exceeded",
        "rate limited",
        "rate exceeded",
        "error code: 10",
        "access denied",
        "forbidden",
        "unauthorized",
        "service unavailable",
        "internal server error",
        "bad gateway",
        "gateway timeout",
        "your request has been blocked",
        "bridge returned error",
    ];
    const MAX_REFUSAL_BYTES: usize = 300;
    if text.len() > MAX_REFUSAL_BYTES {
        return None;
    }
    let lower = text.to_lowercase();
    // "403 Forbidden", "HTTP 429: Too Many Requests"
    let said = lower
        .trim_start_matches("http")
        .trim_start_matches("error")
        .trim_start_matches(|c: char| {
            c.is_ascii_digit() || c.is_whitespace() || ":-/.".contains(c)
        });
    REFUSALS
        .iter()
        .any(|refusal| said.starts_with(refusal) || lower.starts_with(refusal))
        .then(|| format!("the site refused: {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, blocked: bool) {
        let answer = Answer {
            bytes: text.as_bytes(),
            content_type: None,
            url: None,
            at: None,
        };
        let found = detect(&answer);
        assert_eq!(found.is_some(), blocked, "{text:?} gave {found:?}");
    }

    #[test]
    fn bot_checks_and_refusals_are_walls() {
        check(
            "<!doctype html><html><head><title>Just a moment...</title></head><body>x</body></html>",
            true,
        );
        check(
            "<html><head><title>Attention Required! | Cloudflare</title></head><body><h1>Sorry, you have been blocked</h1></body></html>",
            true,
        );
        check(
            "<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD><BODY><H1>Access Denied</H1>You don't have permission to access \"http&#58;&#47;&#47;x\" on this server.<P>Reference&#32;&#35;18&#46;1 https&#58;&#47;&#47;errors&#46;edgesuite&#46;net&#47;18</BODY></HTML>",
            true,
        );
        check(
            "<html><head><title>Robot Check</title></head><body>Enter the characters you see below</body></html>",
            true,
        );
        check(
            "<html><body><script src=\"https://ct.captcha-delivery.com/c.js\"></script><p>Please enable JS and disable any ad blocker</p></body></html>",
            true,
        );
        check(
            "<html><head><title>Before you continue to Google Search</title></head><body><form action=\"https://consent.google.com/save\"></form></body></html>",
            true,
        );
        check(
            "<html><head><title>Log in to Example</title></head><body><form><input name=u><input type='password' name=p></form></body></html>",
            true,
        );
        check(
            "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center><hr>nginx</body></html>",
            true,
        );
        check(
            "<html><head><title>Shop</title></head><body><div id=\"root\"></div><script src=\"/app.js\"></script></body></html>",
            true,
        );
        check("Too Many Requests", true);
        check("error code: 1015", true);
        check("403 Forbidden", true);
    }

    #[test]
    fn walls_of_every_kind_are_told() {
        let page = |title: &str, body: &str| {
            format!(
                "<!doctype html><html><head><title>{title}</title></head><body>{body}</body></html>"
            )
        };
        let form =
            "<form><input name='u'><input type=\"password\" name='p'><button>Go</button></form>";
        for (title, body) in [
            // Signing in.
            ("Facebook – log in or sign up", form),
            ("Log into Facebook", form),
            ("Login • Instagram", form),
            ("Sign Up | LinkedIn", form),
            ("Giriş yap / X", form),
            ("Anmelden - Forum", form),
            // Consent.
            (
                "Before you continue",
                "<form action=\"https://consent.google.com/save\"></form>",
            ),
            (
                "Yahoo is part of the Yahoo family of brands",
                "<a href=\"https://guce.yahoo.com/consent\">ok</a>",
            ),
            (
                "",
                "<p>Bevor Sie fortfahren</p><form action=\"https://consent.youtube.com/s\"></form>",
            ),
            // Bot checks.
            ("Just a moment...", ""),
            ("Bir dakika lütfen...", ""),
            (
                "example.org",
                "<div class=\"cf-turnstile\"></div><script src=\"https://challenges.cloudflare.com/turnstile/v0/api.js\"></script>",
            ),
            (
                "shop.example",
                "<script src=\"https://geo.captcha-delivery.com/captcha/\"></script>",
            ),
            (
                "Access to this page has been denied",
                "<div id=\"px-captcha\"></div>",
            ),
            (
                "Pardon Our Interruption",
                "<p>something about your browser made us think you were a bot</p>",
            ),
            ("Making sure you're not a bot!", "<p>Loading...</p>"),
            ("Vercel Security Checkpoint", ""),
            ("", "<script>window.awsWafCookieDomainList=[]</script>"),
            (
                "DDoS-Guard",
                "<p>Checking your browser before accessing</p>",
            ),
            // Scripts wanted.
            (
                "X",
                "<h1>JavaScript is not available.</h1><p>We’ve detected that JavaScript is disabled in this browser.</p>",
            ),
            (
                "App",
                "<noscript>You need to enable JavaScript to run this app.</noscript><div id=root></div><script src=a.js></script>",
            ),
            (
                "",
                "<div id=\"app\"></div><script src=\"/main.js\"></script>",
            ),
            // Errors that say 200.
            ("404 Not Found", "<h1>404</h1>"),
            ("Sayfa bulunamadı", "<p>Aradığınız sayfa yok.</p>"),
            ("Seite nicht gefunden", "<p>Ups.</p>"),
            ("Error", "<p>Something went wrong.</p>"),
            ("Blog", "<h1>Error establishing a database connection</h1>"),
            ("Site under maintenance", "<p>Back at ten.</p>"),
            ("Account Suspended", "<p>Contact your hosting provider.</p>"),
            (
                "Welcome to nginx!",
                "<p>If you see this page, the web server is installed.</p>",
            ),
            (
                "acme-reviews.example",
                "<p>Buy this domain. The owner offers it for sale.</p>",
            ),
            (
                "Bridge returned error 500!",
                "<p>Bridge returned error 500! (20513)</p>",
            ),
        ] {
            check(&page(title, body), true);
        }
    }

    #[test]
    fn entries_that_are_errors_of_a_bridge_are_told_from_news_about_bridges() {
        let item = |title: Option<&str>, text: &str| {
            let mut item = Item::empty("feed", crate::domain::Kind::Article);
            item.title = title.map(str::to_owned);
            item.text = text.to_owned();
            error_item(&item).is_some()
        };
        assert!(item(Some("Bridge returned error 429! (20513)"), "Details"));
        assert!(item(None, "Bridge returned error 0!"));
        assert!(!item(
            Some("Acme's new bridge returned errors in my build"),
            ""
        ));
        assert!(!item(Some("Help"), "It says: Bridge returned error 500!"));
    }

    #[test]
    fn real_pages_that_use_such_words_are_not() {
        let long = "We tested every kettle. ".repeat(300);
        check(
            &format!(
                "<html><head><title>Just a moment... of rest</title></head><body>{long}</body></html>"
            ),
            false,
        );
        check(
            &format!(
                "<html><head><title>Access denied: a review of locks</title></head><body>{long} captcha, please log in</body></html>"
            ),
            false,
        );
        check(
            "<html><head><title>Kettle</title></head><body><p>Great kettle. Access denied is what my old one said.</p></body></html>",
            false,
        );
        check(
            "<html><head><title>x</title><script type=\"application/ld+json\">{\"@type\":\"Review\"}</script></head><body></body></html>",
            false,
        );
        check(
            "<rss><channel><item><title>Just a moment...</title></item></channel></rss>",
            false,
        );
        check("My kettle says access denied", false);
        let shop =
            "<p>Great kettle, five stars. It boils in two minutes and the handle stays cool.</p>";
        for title in [
            "Please wait for the kettle: a review",
            "Oops, I did it again: kettle fans on tour",
            "Maintenance mode of the Acme kettle explained",
            "404 days with the Acme kettle",
            "How to log in to the Acme app",
            "Error codes of the Acme washing machine",
        ] {
            check(
                &format!(
                    "<html><head><title>{title}</title></head><body>{}</body></html>",
                    shop.repeat(12)
                ),
                false,
            );
        }
    }

    #[test]
    fn bridge_errors_are_walls_unless_there_is_news_too() {
        check(
            "<?xml version=\"1.0\"?><rss><channel><title>Acme</title><item><title>Bridge returned error 429! (20513)</title></item></channel></rss>",
            true,
        );
        check(
            "<feed><entry><title type=\"text\"><![CDATA[Bridge returned error 0! (1)]]></title></entry></feed>",
            true,
        );
        check(
            "<rss><channel><item><title>Bridge returned error 429!</title></item><item><title>News</title></item></channel></rss>",
            false,
        );
    }

    #[test]
    fn errors_of_apis_are_walls_whatever_their_status() {
        check(
            r#"{"error":"This method requires an authenticated user"}"#,
            true,
        );
        check(
            r#"{"errors":[{"code":88,"message":"Rate limit exceeded"}]}"#,
            true,
        );
        check(
            r#"{"error":{"code":403,"errors":[{"reason":"quotaExceeded"}],"message":"quota"}}"#,
            true,
        );
        check(
            r#"{"status":"OVER_QUERY_LIMIT","error_message":"You have exceeded","html_attributions":[],"results":[]}"#,
            true,
        );
        check(r#"{"message":"Forbidden","error":403}"#, true);
        check(
            r#"{"items":[],"error_id":502,"error_name":"throttle_violation","error_message":"too many"}"#,
            true,
        );
        check(
            r#"{"title":"Unauthorized","type":"about:blank","status":401,"detail":"Unauthorized"}"#,
            true,
        );
        check(
            r#"{"status":"ZERO_RESULTS","html_attributions":[],"results":[]}"#,
            false,
        );
        check(r#"{"status":"OK","result":{"reviews":[]}}"#, false);
        check(
            r#"{"data":[{"id":"1"}],"errors":[{"title":"Not Found Error"}]}"#,
            false,
        );
        check(r#"{"hits":[],"nbHits":0}"#, false);
        check(r#"{"error":null,"items":[]}"#, false);
        check(r#"[]"#, false);
    }
}
