//! Walls that are web pages: bot checks, consent pages, sign-in forms, error pages and
//! shells that scripts would have to fill.

use std::sync::LazyLock;

use regex::Regex;

use crate::parse::text;

/// A wall shows a reader no more characters than this, an article does.
const MAX_WALL_CHARS: usize = 4_000;
/// Error pages of servers are shorter still.
const MAX_ERROR_CHARS: usize = 700;
/// Phrases in the text count only where there is hardly any other text.
const MAX_PHRASE_CHARS: usize = 2_500;
/// A page with less text than this has none.
const MIN_TEXT_CHARS: usize = 25;

/// Titles of bot checks and blocks, in lower case: the whole title or, with `…`-like
/// endings and site names cut off, its beginning up to one of the separators.
const WALL_TITLES: &[&str] = &[
    "just a moment",
    "attention required!",
    "access denied",
    "access to this page has been denied",
    "access to this page is forbidden",
    "blocked",
    "you have been blocked",
    "you are being rate limited",
    "request blocked",
    "forbidden",
    "robot check",
    "bot check",
    "are you a robot?",
    "are you human?",
    "are you a human?",
    "human verification",
    "security check",
    "security verification",
    "vercel security checkpoint",
    "checking your browser",
    "ddos-guard",
    "pardon our interruption",
    "one more step",
    "making sure you're not a bot!",
    "verifying you are human",
    "verify you are human",
    "please verify you are a human",
    "captcha",
    "too many requests",
    "rate limit exceeded",
    "before you continue",
    "before you continue to google search",
    "before you continue to youtube",
    "sorry! something went wrong!",
    "einen moment",
    "nur einen moment",
    "un instant",
    "un momento",
    "um momento",
    "bir dakika lütfen",
    "bir dakika",
    "güvenlik kontrolü",
    "robot musunuz?",
    "sicherheitsüberprüfung",
    "please wait",
    "please verify yourself",
    "client challenge",
    "bot verification",
    "unusual traffic detected",
    "javascript is not available",
    "security verification required",
    "authwall",
    "login • instagram",
    "account suspended",
    "this account has been suspended",
    "suspended domain",
    "domain for sale",
    "this domain is for sale",
    "site under maintenance",
    "under maintenance",
    "maintenance mode",
    "down for maintenance",
    "we'll be right back",
    "bakım çalışması",
    "bakımdayız",
    "wartungsarbeiten",
];

/// Markup that only walls have (challenge scripts, block-page classes), in lower case.
/// Scripts that protection services put into every page are not here.
const WALL_MARKUP: &[&str] = &[
    "cf-browser-verification",
    "cf-im-under-attack",
    "cf_chl_opt",
    "cf-chl-bypass",
    "cf-error-details",
    "cf-challenge-running",
    "captcha-delivery.com",
    "px-captcha",
    "incapsula incident id",
    "_incapsula_resource?",
    "errors.edgesuite.net",
    "errors&#46;edgesuite&#46;net",
    "awswafcookiedomainlist",
    "window.gokuprops",
    "whoa there, pardner!",
    "api-services-support@amazon.com",
    "action=\"https://consent.google",
    "action=\"https://consent.youtube",
    "guce.yahoo.com/consent",
    "sucuri website firewall",
    "/.within.website/x/cmd/anubis",
    "sec-if-cpt-container",
    "geo.captcha-delivery",
    "/_sec/cp_challenge/",
    "x-amzn-waf-action",
    "action=\"https://consent.yahoo",
    "consent.google.com/save",
    "linkedin.com/authwall",
    "id=\"challenge-form\"",
    "ddos-guard.net/check",
    "validate.perfdrive.com",
];

/// Sentences of walls, in lower case; they count in short pages only.
const WALL_PHRASES: &[&str] = &[
    "your request has been blocked",
    "sorry, you have been blocked",
    "you have been blocked",
    "please enable javascript and cookies to continue",
    "enable javascript and cookies to continue",
    "please enable js and disable any ad blocker",
    "checking your browser before accessing",
    "verify you are human by completing",
    "verifying you are human",
    "unusual traffic from your computer network",
    "enter the characters you see below",
    "make sure you're not a robot",
    "press & hold to confirm you are a human",
    "your ip has been temporarily blocked",
    "you don't have permission to access",
    "you do not have permission to access this",
    "you need to enable javascript to run this app",
    "please enable javascript to view this page",
    "javascript is required to view this page",
    "this instance has been rate limited",
    "instance has been rate limited",
    "bridge returned error",
    "login to continue to facebook",
    "you must log in to continue",
    "log into facebook to start sharing",
    "please log in to continue",
    "sign in to continue to",
    "we've detected that javascript is disabled",
    "javascript is not available",
    "error establishing a database connection",
    "veritabanı bağlantısı kurulamadı",
    "this account has been suspended",
    "this domain may be for sale",
    "buy this domain",
    "we're down for maintenance",
    "the site is currently undergoing maintenance",
    "briefly unavailable for scheduled maintenance",
    "devam etmek için robot olmadığınızı doğrulayın",
    "bevor sie fortfahren",
    "avant d'accéder à google",
    "antes de continuar",
];

/// Why this page is a wall.
pub(super) fn detect(page: &str) -> Option<String> {
    let lower = page.to_lowercase();
    let shown = text::plain_from_html(page);
    let n_shown = shown.chars().count();
    if n_shown > MAX_WALL_CHARS {
        return None;
    }
    let title = title(page);
    let shown = shown.to_lowercase().replace('\u{2019}', "'");
    let has_reviews = carries_structured_data(&lower);

    if let Some(marker) = WALL_MARKUP.iter().find(|marker| lower.contains(*marker)) {
        return Some(named("a bot check or block page came", &title, marker));
    }
    if is_wall_title(&title) {
        return Some(named("a bot check or block page came", &title, ""));
    }
    if has_reviews {
        return None;
    }
    if n_shown <= MAX_ERROR_CHARS && is_error_title(&title) {
        return Some(named("an error page came", &title, ""));
    }
    if n_shown <= MAX_PHRASE_CHARS {
        if let Some(phrase) = WALL_PHRASES.iter().find(|phrase| shown.contains(*phrase)) {
            return Some(named("a block page came", &title, phrase));
        }
        if asks_to_sign_in(&lower, &title) {
            return Some(named("a sign-in page came", &title, ""));
        }
    }
    if n_shown < MIN_TEXT_CHARS && lower.contains("<script") && !names_a_feed(&lower) {
        return Some(named(
            "an empty page template came, which only scripts would fill",
            &title,
            "",
        ));
    }
    None
}

fn named(what: &str, title: &str, marker: &str) -> String {
    if !title.is_empty() {
        format!("{what}: \"{title}\"")
    } else if !marker.is_empty() {
        format!("{what} (it says \"{marker}\")")
    } else {
        what.to_owned()
    }
}

fn title(page: &str) -> String {
    static TITLE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?is)<title[^>]*>(.*?)</title>").expect("the pattern is fixed")
    });
    TITLE
        .captures(page)
        .map(|found| text::plain_title(&found[1], true))
        .unwrap_or_default()
}

fn is_wall_title(title: &str) -> bool {
    let lower = title.to_lowercase().replace('\u{2019}', "'");
    let trimmed = lower.trim_matches(|c: char| c.is_whitespace() || "….".contains(c));
    // "Attention Required! | Cloudflare", "Access Denied - Example"
    let end = [" | ", " - ", " – ", " — ", " • "]
        .iter()
        .filter_map(|separator| trimmed.find(separator))
        .min()
        .unwrap_or(trimmed.len());
    let head = trimmed[..end].trim_matches(|c: char| c.is_whitespace() || "….,".contains(c));
    WALL_TITLES.contains(&trimmed) || WALL_TITLES.contains(&head)
}

/// "404 Not Found", "Error 503", "HTTP Status 500 – Internal Server Error".
fn is_error_title(title: &str) -> bool {
    static ERROR: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?ix)^\s*(?:http\s+)?(?:status\s+|error\s+|error:\s*)?[45]\d\d\b
            |^(?:internal\ server\ error|service\ (?:temporarily\ )?unavailable|bad\ gateway
              |gateway\ time-?out|page\ not\ found|not\ found|unauthorized|error|server\ error
              |welcome\ to\ rsshub!|rss-bridge|database\ error|welcome\ to\ nginx!
              |apache2?\ .*default\ page.*|oops.*|an\ error\ occurred|temporarily\ unavailable
              |sayfa\ bulunamad[ıi]|hata|seite\ nicht\ gefunden|page\ introuvable
              |página\ no\ encontrada|página\ não\ encontrada|pagina\ non\ trovata)\s*[.!]?$",
        )
        .expect("the pattern is fixed")
    });
    ERROR.is_match(title)
}

/// A form with a password under a title that asks for it.
fn asks_to_sign_in(lower: &str, title: &str) -> bool {
    static PASSWORD: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"<input[^>]*type\s*=\s*["']?password"#).expect("the pattern is fixed")
    });
    static SIGN_IN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?i)\b(log ?in|log ?into|log on|sign ?in|sign ?up|anmelden|einloggen|connexion|iniciar sesi[oó]n|giriş yap|oturum aç|लॉग ?इन|లాగిన్)\b",
        )
        .expect("the pattern is fixed")
    });
    PASSWORD.is_match(lower) && SIGN_IN.is_match(title)
}

/// A page that says where its feed is leads somewhere, however little it shows.
fn names_a_feed(lower: &str) -> bool {
    [
        "application/rss+xml",
        "application/atom+xml",
        "application/feed+json",
    ]
    .iter()
    .any(|media_type| lower.contains(media_type))
}

/// Pages that carry reviews for machines may show a reader nothing at all.
fn carries_structured_data(lower: &str) -> bool {
    [
        "ld+json",
        "itemscope",
        "hreview",
        "h-review",
        "h-entry",
        "typeof=",
        "__next_data__",
    ]
    .iter()
    .any(|sign| lower.contains(sign))
}
