//! Which languages' endings to believe in a text: what is stated and the words themselves
//! come in, a choice comes out. Not a language detector: it only has to be safe.

use crate::domain::base_language;

/// Which languages' endings are believed in a text, from what is known about it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Endings {
    /// Turkish endings without an apostrophe.
    pub(super) turkish: Turkish,
    /// Hindi postpositions in Latin script, written joined.
    pub(super) hindi: bool,
    /// Telugu endings in Latin script, written joined.
    pub(super) telugu: bool,
    /// The German genitive.
    pub(super) german: bool,
}

/// How willingly a Turkish ending is seen in a word without an apostrophe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Turkish {
    /// The text is in another language: `Marin` is not `Mar`.
    #[default]
    No,
    /// Nobody knows: only endings of two letters or more behind four or more.
    Perhaps,
    /// The text is Turkish.
    Yes,
}

const TURKISH_WORDS: &[&str] = &[
    "bir",
    "ve",
    "bu",
    "cok",
    "icin",
    "degil",
    "ama",
    "yok",
    "var",
    "gibi",
    "kadar",
    "daha",
    "hic",
    "neden",
    "nasil",
    "yeni",
    "ben",
    "bana",
    "beni",
    "benim",
    "sizin",
    "lutfen",
    "hala",
    "kargo",
    "urun",
    "siparis",
    "iade",
    "musteri",
    "tesekkurler",
    "tesekkur",
    "oldu",
    "olarak",
    "sonra",
    "once",
    "gun",
    "tl",
    "hizmet",
    "rezalet",
    "kotu",
    "iyi",
    "guzel",
    "mi",
    "mu",
];
const ENGLISH_WORDS: &[&str] = &[
    "the", "is", "and", "to", "of", "my", "i", "it", "for", "was", "in", "on", "with", "this",
    "that", "you", "are", "not", "have", "they", "your", "from", "but", "just", "has", "will",
];

impl Endings {
    /// Decides from the language, if it is known, and from what the words give away: sites
    /// often state the language of an account's settings rather than of its post.
    pub(super) fn of<'w>(
        lang: Option<&str>,
        text: &str,
        words: impl Iterator<Item = &'w str>,
    ) -> Self {
        let primary = lang.map(|tag| base_language(tag).to_ascii_lowercase());
        let (mut n_turkish, mut n_english) = (0, 0);
        for word in words.take(200) {
            n_turkish += usize::from(TURKISH_WORDS.contains(&word));
            n_english += usize::from(ENGLISH_WORDS.contains(&word));
        }
        n_turkish += usize::from(text.contains(['ğ', 'ı', 'ş', 'İ', 'Ş', 'Ğ']));
        let turkish = match primary.as_deref() {
            Some("tr" | "az") => Turkish::Yes,
            _ if n_turkish >= 2 && n_turkish > n_english => Turkish::Yes,
            None | Some("" | "und") if n_english == 0 => Turkish::Perhaps,
            _ => Turkish::No,
        };
        Self {
            turkish,
            hindi: primary.as_deref() == Some("hi"),
            telugu: primary.as_deref() == Some("te"),
            german: primary.as_deref() == Some("de"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_taken_from_the_text_when_the_site_does_not_know() {
        let of = |lang, text: &str| {
            let words: Vec<String> = text
                .split(' ')
                .map(crate::matching::fold::fold_text)
                .collect();
            Endings::of(lang, text, words.iter().map(String::as_str)).turkish
        };
        assert_eq!(of(Some("tr-TR"), "x"), Turkish::Yes);
        assert_eq!(of(Some("en"), "Acmenin kargosu çok kötü"), Turkish::Yes);
        assert_eq!(of(None, "Acmenin kargosu"), Turkish::Perhaps);
        assert_eq!(of(None, "the Marin coast"), Turkish::No);
        assert_eq!(of(Some("en"), "Marin coast"), Turkish::No);
    }
}
