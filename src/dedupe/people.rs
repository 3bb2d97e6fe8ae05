//! Who wrote an item, as far as that identifies anything: accounts, names that are somebody's,
//! and whom a hand-made share repeats.

use super::folded;
use crate::domain::Author;

/// The account, without the marks that sites put before it.
pub(super) fn account_of(author: &Author) -> Option<String> {
    let handle = author.handle.as_deref().map(str::trim).unwrap_or_default();
    let handle = handle
        .trim_start_matches('/')
        .trim_start_matches("u/")
        .trim_start_matches('@')
        .to_lowercase();
    (!handle.is_empty() && known_name(&handle).is_some()).then_some(handle)
}

/// The name, unless it is what sites write for people who gave none.
pub(super) fn known_name(name: &str) -> Option<String> {
    const NOBODY: &[&str] = &[
        "a google user",
        "amazon customer",
        "kindle customer",
        "anonymous",
        "anonym",
        "anonyme",
        "anonimo",
        "anónimo",
        "anônimo",
        "anonim",
        "admin",
        "author",
        "customer",
        "deleted",
        "deleted user",
        "gizli kullanıcı",
        "guest",
        "kullanıcı",
        "misafir",
        "n a",
        "nobody",
        "none",
        "null",
        "undefined",
        "unknown",
        "user",
        "verified buyer",
        "verified customer",
        "गुमनाम",
        "अनाम",
        "అజ్ఞాత",
    ];
    let name = folded(name);
    let is_somebody = name.chars().any(char::is_alphanumeric) && !NOBODY.contains(&name.as_str());
    is_somebody.then_some(name)
}

/// The handle and text that a hand-made share repeats: `RT @jane: …`.
pub(super) fn shared_text(text: &str) -> Option<(String, &str)> {
    let rest = text
        .trim_start()
        .strip_prefix("RT @")
        .or_else(|| text.trim_start().strip_prefix("RT: @"))?;
    let end = rest.find(|c: char| c.is_whitespace() || c == ':')?;
    let handle = rest[..end].to_lowercase();
    let said = rest[end..].trim_start_matches(':').trim();
    // A cut share cannot be compared with what it repeats.
    let is_whole = !said.ends_with('…') && !said.ends_with("...");
    (!handle.is_empty() && !said.is_empty() && is_whole).then_some((handle, said))
}
