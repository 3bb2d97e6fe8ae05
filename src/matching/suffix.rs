//! The endings that a name takes in its language. A stem and what follows it come in,
//! yes or no comes out. The lists are closed, so that `Acme` never finds `Acmeology`.
//!
//! Turkish: the nominal chain of school grammar (derivation, plural, possessive, case,
//! `-ki`, copula) with vowel harmony. Hindi: the postpositions, which people also write
//! joined. Telugu: case endings and clitics after the singular, the plural `-లు` and its
//! oblique `-ల`. German: the genitive `-s`. English: the clitics behind an apostrophe.

use super::tongue::{Endings, Turkish};

/// Whether `rest`, written directly behind `stem`, is an ending. Both are folded.
pub(super) fn is_joined_ending(stem: &str, rest: &str, endings: Endings) -> bool {
    let (Some(last), Some(first)) = (stem.chars().last(), rest.chars().next()) else {
        return false;
    };
    let n_stem = stem.chars().count();
    match first {
        '\u{c00}'..='\u{c7f}' => n_stem >= 2 && is_telugu(last, rest),
        '\u{900}'..='\u{97f}' => n_stem >= 3 && is_hindi(rest),
        'a'..='z' => is_joined_latin(stem, n_stem, rest, endings),
        _ => false,
    }
}

/// Whether `rest`, written behind `stem` and an apostrophe, is an ending.
pub(super) fn is_apostrophe_ending(stem: &str, rest: &str) -> bool {
    const ENGLISH: &[&str] = &["s", "ll", "d", "ve", "re"];
    let foreign = rest.chars().next().is_some_and(|first| !first.is_ascii());
    // The apostrophe already says where the name ends, so that its sound, which decides
    // the harmony and which spelling hides in foreign names, need not be guessed.
    ENGLISH.contains(&rest) || foreign || is_turkish(stem, rest, Sound::Unknown)
}

/// Elided words before an apostrophe: `l'Acme`, `dell'Acme`, `qu'Acme`.
pub(super) fn is_elided(word: &str) -> bool {
    const ELIDED: &[&str] = &[
        "l", "d", "j", "m", "t", "s", "c", "n", "qu", "jusqu", "lorsqu", "puisqu", "quoiqu",
        "dell", "all", "nell", "sull", "dall", "un", "quell", "quest",
    ];
    ELIDED.contains(&word)
}

/// The stem whose last letter softens before a vowel, as `Arçelik` does in `Arçeliğin`;
/// `None` when it has no such letter.
pub(super) fn softened(stem: &str) -> Option<String> {
    stem.strip_suffix('k').map(|start| format!("{start}g"))
}

/// Whether `rest` is a Turkish ending that begins with a vowel, as softening needs.
pub(super) fn is_softening_ending(stem: &str, rest: &str, endings: Endings) -> bool {
    endings.turkish == Turkish::Yes
        && rest.starts_with(['a', 'e', 'i', 'u'])
        && stem.chars().count() >= 4
        && is_turkish(stem, rest, sound_of(stem))
}

fn is_joined_latin(stem: &str, n_stem: usize, rest: &str, endings: Endings) -> bool {
    const HINDI: &[&str] = &[
        "ko", "ne", "se", "ka", "ki", "ke", "me", "mein", "par", "wale", "wala", "wali",
    ];
    const TELUGU: &[&str] = &[
        "lo", "ki", "ku", "ni", "nu", "tho", "to", "nundi", "nunchi", "kosam", "gurinchi", "valla",
        "lu", "la", "lani", "lone", "ki", "kante", "vallu", "di",
    ];
    let turkish = match endings.turkish {
        Turkish::No => false,
        Turkish::Perhaps => n_stem >= 4 && rest.len() >= 2 && is_turkish(stem, rest, Sound::Native),
        Turkish::Yes => n_stem >= 3 && is_turkish(stem, rest, sound_of(stem)),
    };
    turkish
        || (endings.hindi && n_stem >= 3 && HINDI.contains(&rest))
        || (endings.telugu && n_stem >= 3 && TELUGU.contains(&rest))
        || (endings.german && n_stem >= 3 && rest == "s")
}

/// What is known of how a stem ends when spoken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sound {
    /// As it is written.
    Native,
    /// Not as it is written (`Apple`, `Google`), or not known.
    Unknown,
}

fn is_vowel(letter: char) -> bool {
    matches!(letter, 'a' | 'e' | 'i' | 'o' | 'u')
}

/// A silent `-e`, a final `-y` and a name without vowels are not spoken as written.
fn sound_of(stem: &str) -> Sound {
    let mut letters = stem.chars().rev();
    let last = letters.next().unwrap_or(' ');
    let before = letters.next().unwrap_or(' ');
    if (last == 'e' && !is_vowel(before)) || last == 'y' || !stem.chars().any(is_vowel) {
        Sound::Unknown
    } else {
        Sound::Native
    }
}

/// A place in the nominal chain and the endings that may stand there. `A` is a/e, `I` is
/// the fourfold i, `D` is d/t; `(y)`, `(n)`, `(s)` stand behind vowels, `(I)` behind
/// consonants only. Folding has already made ı, ü, ç, ş plain.
const CHAIN: &[&[&str]] = &[
    &["lI", "sIz", "cI", "lIk", "cA"],
    &["lAr"],
    &["(I)m", "(I)n", "(I)mIz", "(I)nIz"],
    &["(s)I"],
    &[
        "(y)I", "(y)A", "DA", "DAn", "(n)In", "(y)lA", "nI", "nA", "nDA", "nDAn",
    ],
    &["ki", "kiler", "kinin", "kini"],
    &["DIr", "(y)DI", "(y)mIs", "(y)sA", "(y)ken"],
];
/// Cases with a buffer `n` follow the third person possessive and nothing else.
const POSSESSIVE_PLACE: usize = 3;
const CASE_PLACE: usize = 4;

fn is_turkish(stem: &str, rest: &str, sound: Sound) -> bool {
    let rest: Vec<char> = rest.chars().collect();
    if rest.is_empty() || rest.len() > 16 {
        return false;
    }
    let last = stem.chars().last().unwrap_or(' ');
    let vowel = stem.chars().rev().find(|letter| is_vowel(*letter));
    let state = Tail {
        vowel: vowel.filter(|_| sound == Sound::Native),
        after_vowel: (sound == Sound::Native).then_some(is_vowel(last)),
        possessive: false,
    };
    chain(&rest, 0, state)
}

/// What the letters before an ending allow: `None` allows anything.
#[derive(Clone, Copy)]
struct Tail {
    vowel: Option<char>,
    after_vowel: Option<bool>,
    possessive: bool,
}

fn chain(rest: &[char], place: usize, tail: Tail) -> bool {
    if rest.is_empty() {
        return true;
    }
    (place..CHAIN.len()).any(|at| {
        CHAIN[at].iter().any(|ending| {
            let needs_possessive = at == CASE_PLACE && ending.starts_with('n');
            let refuses_possessive = at == CASE_PLACE
                && tail.possessive
                && matches!(*ending, "(y)I" | "(y)A" | "DA" | "DAn");
            if (needs_possessive && !tail.possessive) || refuses_possessive {
                return false;
            }
            let Some((n_taken, vowel)) = take(ending, rest, tail) else {
                return false;
            };
            let after_vowel = is_vowel(rest[n_taken - 1]);
            chain(
                &rest[n_taken..],
                at + 1,
                Tail {
                    vowel,
                    after_vowel: Some(after_vowel),
                    possessive: at == POSSESSIVE_PLACE,
                },
            )
        })
    })
}

/// Reads one ending at the beginning of `rest`: how many letters, and the vowel that the
/// next one has to agree with.
fn take(ending: &str, rest: &[char], tail: Tail) -> Option<(usize, Option<char>)> {
    let mut n_taken = 0;
    let mut vowel = tail.vowel;
    let mut signs = ending.chars().peekable();
    while let Some(sign) = signs.next() {
        if sign == '(' {
            let buffer = signs.next()?;
            signs.next();
            let wanted_after_vowel = buffer != 'I';
            let is_there = |letter: char| match buffer {
                'I' => matches!(letter, 'i' | 'u'),
                plain => letter == plain,
            };
            let next = rest.get(n_taken).copied().unwrap_or(' ');
            let wanted = match tail.after_vowel {
                Some(after_vowel) => after_vowel == wanted_after_vowel,
                None => is_there(next),
            };
            if wanted {
                if !is_there(next) || (buffer == 'I' && !agrees('I', next, vowel)) {
                    return None;
                }
                if buffer == 'I' {
                    vowel = Some(next);
                }
                n_taken += 1;
            }
            continue;
        }
        let letter = *rest.get(n_taken)?;
        match sign {
            'A' | 'I' => {
                if !agrees(sign, letter, vowel) {
                    return None;
                }
                vowel = Some(letter);
            }
            'D' if matches!(letter, 'd' | 't') => (),
            plain if plain == letter => {
                if is_vowel(letter) {
                    vowel = Some(letter);
                }
            }
            _ => return None,
        }
        n_taken += 1;
    }
    (n_taken > 0).then_some((n_taken, vowel))
}

/// Vowel harmony as far as folded letters show it: a folded i, o or u may be either of two.
fn agrees(sign: char, letter: char, before: Option<char>) -> bool {
    match (sign, before) {
        ('A', Some('a')) => letter == 'a',
        ('A', Some('e')) => letter == 'e',
        ('A', _) => matches!(letter, 'a' | 'e'),
        (_, Some('a' | 'e' | 'i')) => letter == 'i',
        (_, Some('o' | 'u')) => letter == 'u',
        _ => matches!(letter, 'i' | 'u'),
    }
}

fn is_hindi(rest: &str) -> bool {
    const CASES: &[&str] = &[
        "ने",
        "को",
        "से",
        "में",
        "मे",
        "मैं",
        "पर",
        "पे",
        "का",
        "के",
        "की",
        "तक",
        "वाला",
        "वाले",
        "वाली",
        "वालों",
    ];
    const PARTICLES: &[&str] = &["ही", "भी", "तो"];
    CASES.contains(&rest)
        || PARTICLES.contains(&rest)
        || PARTICLES.iter().any(|particle| {
            rest.strip_suffix(particle)
                .is_some_and(|case| CASES.contains(&case))
        })
}

/// `last` is the letter of the stem that the ending hangs on: a vowel sign cannot follow
/// another one, but it replaces a final virama (`శాంసంగ్` + ఏ → `శాంసంగే`).
fn is_telugu(last: char, rest: &str) -> bool {
    const CASES: &[&str] = &[
        "కి",
        "కీ",
        "కు",
        "కూ",
        "కే",
        "కోసం",
        "గా",
        "గాని",
        "గానీ",
        "గురించి",
        "చేత",
        "తో",
        "తోనే",
        "తోనూ",
        "తోపాటు",
        "దగ్గర",
        "ద్వారా",
        "ని",
        "నీ",
        "ను",
        "నూ",
        "నే",
        "నుంచి",
        "నుండి",
        "కంటే",
        "కన్నా",
        "పై",
        "పైన",
        "మీద",
        "యొక్క",
        "లా",
        "లాంటి",
        "లాగా",
        "లో",
        "లోకి",
        "లోని",
        "లోనే",
        "లోనూ",
        "లోనుంచి",
        "లోనుండి",
        "లోంచి",
        "వద్ద",
        "వల్ల",
        "వాళ్లు",
        "వాళ్ళు",
        "వారు",
        "వారి",
        "వైపు",
        "కా",
        "యే",
        "యా",
        "దే",
        "ది",
        "వి",
        "వే",
    ];
    const SIGNS_FOR_VIRAMA: &[&str] = &["ే", "ా", "ూ", "ో", "ు"];
    if last == '\u{c4d}' && SIGNS_FOR_VIRAMA.contains(&rest) {
        return true;
    }
    let cased = |rest: &str| CASES.contains(&rest);
    cased(rest)
        || matches!(rest, "లు" | "లూ" | "లే" | "ల")
        || rest.strip_prefix("లు").is_some_and(cased)
        || rest.strip_prefix('ల').is_some_and(cased)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TURKISH: Endings = Endings {
        turkish: Turkish::Yes,
        hindi: false,
        telugu: false,
        german: false,
    };

    #[track_caller]
    fn check(stem: &str, rest: &str, expected: bool) {
        assert_eq!(
            is_joined_ending(stem, rest, TURKISH),
            expected,
            "{stem}+{rest}"
        );
    }

    #[test]
    fn turkish_endings_follow_the_chain_and_its_harmony() {
        for rest in [
            "nin",
            "de",
            "den",
            "ye",
            "yi",
            "ler",
            "lerin",
            "lerden",
            "si",
            "sinin",
            "sinde",
            "yle",
            "li",
            "deki",
            "dekiler",
            "ymis",
            "dir",
            "niz",
            "nizde",
            "lerimizden",
            "ciler",
        ] {
            check("acme", rest, true);
        }
        for rest in ["da", "ta", "ya"] {
            check("migros", rest, rest != "ya");
        }
        check("trendyol", "un", true);
        check("trendyol", "dan", true);
        check("akbank", "in", true);
        check("akbank", "en", false);
        check("akbank", "ler", false);
        check("akbank", "lar", true);
        check("apple", "in", true);
        check("google", "da", true);
        for rest in [
            "ology", "s", "x", "nology", "ing", "rican", "nd", "larr", "dena",
        ] {
            check("acme", rest, false);
        }
    }

    #[test]
    fn without_a_known_language_only_clear_endings_count() {
        let unknown = Endings {
            turkish: Turkish::Perhaps,
            ..Endings::default()
        };
        assert!(is_joined_ending("acme", "nin", unknown));
        assert!(!is_joined_ending("mar", "in", unknown));
        assert!(!is_joined_ending("acme", "s", unknown));
        assert!(!is_joined_ending("acme", "nin", Endings::default()));
    }

    #[test]
    fn an_apostrophe_lets_the_name_sound_as_it_likes() {
        for rest in [
            "s", "ll", "nin", "nun", "da", "de", "ya", "in", "lardan", "క", "ను",
        ] {
            assert!(is_apostrophe_ending("apple", rest), "{rest}");
        }
        for rest in ["t", "brien", "x", "oreal"] {
            assert!(!is_apostrophe_ending("don", rest), "{rest}");
        }
    }

    #[test]
    fn hindi_and_telugu_endings_are_closed_lists() {
        check("एक्मे", "ने", true);
        check("एक्मे", "कोभी", true);
        check("एक्मे", "कार", false);
        check("अक्मे", "ं", false);
        check("అక్మే", "కి", true);
        check("అక్మే", "లో", true);
        check("అక్మే", "లకు", true);
        check("అక్మే", "లలో", true);
        check("శాంసంగ్", "ే", true);
        check("అక్మే", "ు", false);
        check("అక్మే", "షన్", false);
    }
}
