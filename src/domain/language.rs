//! Codes of languages: which language a tag belongs to, and whether a tag is the one meant.

/// The language of a tag without script and country, as written there: `hi` of `hi-Latn`,
/// `pt` of `pt_BR`. Models, endings and phrases go by it.
pub fn base_language(tag: &str) -> &str {
    tag.split(['-', '_']).next().unwrap_or(tag)
}

/// Whether a tag is what was asked for: `hi` means Hindi in any letters and `pt` that of any
/// country, `hi-Latn` only what is written in Latin letters. Case does not matter.
pub fn language_fits(tag: &str, wanted: &str) -> bool {
    let same = |a: &str, b: &str| {
        let folded = |text: &str| text.replace('_', "-").to_ascii_lowercase();
        folded(a) == folded(b)
    };
    same(tag, wanted) || same(base_language(tag), wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(tag: &str, wanted: &str, expected: bool) {
        assert_eq!(language_fits(tag, wanted), expected, "{tag} for {wanted}");
    }

    #[test]
    fn a_language_means_all_its_letters_and_countries() {
        check("hi-Latn", "hi", true);
        check("hi-Latn", "hi-latn", true);
        check("hi", "hi-Latn", false);
        check("pt_BR", "pt", true);
        check("pt-BR", "pt_br", true);
        check("TR", "tr", true);
        check("hil", "hi", false);
        check("en", "hi", false);
        assert_eq!(base_language("te-Latn"), "te");
        assert_eq!(base_language(""), "");
    }
}
