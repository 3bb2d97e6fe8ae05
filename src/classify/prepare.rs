//! The text as the model saw it in training: NFC, handles and links masked, whitespace
//! folded. `models/train/data.py` does exactly the same; change both or neither.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;
use unicode_normalization::UnicodeNormalization;

static LINK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:https?://|www\.)\S+").expect("a constant pattern compiles")
});
static HANDLE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(^|[^\w@/.])@\w+").expect("a constant pattern compiles"));

static CALLED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[@#]([\w.\-]+)").expect("a constant pattern compiles"));

/// A text in which every @handle and #hashtag that is the brand's name is written as that
/// name: as `@user` it could not be told from others.
pub(super) fn named<'a>(text: &'a str, brand: &str) -> Cow<'a, str> {
    let name = plain(brand);
    CALLED.replace_all(text, |found: &regex::Captures<'_>| {
        if plain(&found[1]) == name {
            brand.to_owned()
        } else {
            found[0].to_owned()
        }
    })
}

/// A name without what handles leave out of it; the dotted and the dotless i are one.
fn plain(name: &str) -> String {
    name.chars()
        .filter(|letter| !letter.is_whitespace() && !matches!(letter, '.' | '_' | '-'))
        .map(|letter| match letter {
            'İ' | 'I' | 'ı' => 'i',
            letter => letter,
        })
        .flat_map(char::to_lowercase)
        .collect()
}

/// Masks links as `http` and handles as `@user`, so that the model judges what was said
/// and not to whom.
pub fn prepare(text: &str) -> String {
    let composed: String = text.nfc().collect();
    let without_links = LINK.replace_all(&composed, "http");
    let masked = HANDLE.replace_all(&without_links, "${1}@user");
    masked.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(prepare(text), expected, "{text:?}");
    }

    #[test]
    fn the_brand_keeps_its_name_when_it_is_called() {
        let text = "@hepsi_burada why? #HepsiBurada, ask @other (mail a@hepsiburada)";
        assert_eq!(
            named(text, "Hepsi Burada"),
            "Hepsi Burada why? Hepsi Burada, ask @other (mail aHepsi Burada)"
        );
        assert_eq!(named("@ISIK iyi", "Işık"), "@ISIK iyi");
        assert_eq!(named("@ıstikbal", "İstikbal"), "İstikbal");
    }

    #[test]
    fn handles_and_links_are_masked() {
        check("@acme why?", "@user why?");
        check("hi @a, @b and (@c)", "hi @user, @user and (@user)");
        check("mail me at jo@example.org", "mail me at jo@example.org");
        check("@user already", "@user already");
        check("see https://x.example/a?b=1 now", "see http now");
        check("WWW.example.org!", "http");
        check("a\n\n b\t c ", "a b c");
        check("cafe\u{301}", "café");
        check("", "");
    }
}
