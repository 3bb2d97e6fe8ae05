//! Numbers as sites write them: `4.5`, `4,5`, `4½`, `1.234`, "4 out of 5 stars", `80%`.

/// The first number in a text; a comma or a point before one or two last digits is the
/// decimal sign, other points and commas group thousands.
pub(super) fn first_number(text: &str) -> Option<f64> {
    let characters: Vec<char> = text.chars().map(ascii_digit).collect();
    let start = characters.iter().position(char::is_ascii_digit)?;
    let negative = start > 0
        && matches!(characters[start - 1], '-' | '\u{2212}')
        && (start < 2 || !characters[start - 2].is_alphanumeric());
    let mut end = start;
    while let Some(character) = characters.get(end) {
        let followed_by_digit = characters.get(end + 1).is_some_and(char::is_ascii_digit);
        let belongs = character.is_ascii_digit()
            || (followed_by_digit
                && (matches!(character, '.' | ',' | '\'' | '\u{2019}')
                    || (matches!(character, ' ' | '\u{a0}' | '\u{202f}')
                        && thousands_follow(&characters[end + 1..]))));
        if !belongs {
            break;
        }
        end += 1;
    }
    let digits = plain_decimal(&characters[start..end]);
    let mut value: f64 = digits.parse().ok()?;
    value += match characters.get(end) {
        Some('½') => 0.5,
        Some('¼') => 0.25,
        Some('¾') => 0.75,
        _ => 0.0,
    };
    Some(if negative { -value } else { value })
}

/// Digits of other scripts mean the same: Arabic-Indic, Devanagari, Telugu, fullwidth …
fn ascii_digit(character: char) -> char {
    const ZEROS: [u32; 8] = [0x660, 0x6f0, 0x966, 0x9e6, 0xbe6, 0xc66, 0xe50, 0xff10];
    let code = character as u32;
    ZEROS
        .iter()
        .find(|zero| (**zero..**zero + 10).contains(&code))
        .and_then(|zero| char::from_digit(code - zero, 10))
        .unwrap_or(match character {
            '٫' => '.',
            other => other,
        })
}

/// Exactly three digits: what stands after a space that groups thousands.
fn thousands_follow(rest: &[char]) -> bool {
    rest.iter().take_while(|c| c.is_ascii_digit()).count() == 3
}

fn plain_decimal(characters: &[char]) -> String {
    let is_sign = |c: &char| matches!(c, '.' | ',');
    let last = characters.iter().rposition(is_sign);
    let decimal = last.filter(|last| {
        let sign = characters[*last];
        let n_after = characters.len() - last - 1;
        let n_same = characters.iter().filter(|c| **c == sign).count();
        let other_sign_before = characters[..*last].iter().any(|c| is_sign(c) && *c != sign);
        // "1.234" groups thousands when its sign repeats or three digits follow a comma;
        // a point before three digits is decimal: machines write 4.667, not 4,667.
        n_same == 1 && (n_after != 3 || other_sign_before || sign == '.')
    });
    characters
        .iter()
        .enumerate()
        .filter_map(|(at, c)| match c {
            c if c.is_ascii_digit() => Some(*c),
            _ if Some(at) == decimal => Some('.'),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<f64>) {
        assert_eq!(first_number(text), expected, "{text:?}");
    }

    #[test]
    fn numbers_are_read_as_people_and_machines_write_them() {
        check("4.5", Some(4.5));
        check("4,5 von 5 Sternen", Some(4.5));
        check("5/5", Some(5.0));
        check("4½ stars", Some(4.5));
        check("rated 4.667", Some(4.667));
        check("1,234 ratings", Some(1234.0));
        check("1.234.567", Some(1_234_567.0));
        check("1 234 avis", Some(1234.0));
        check("1.234,5", Some(1234.5));
        check("-2", Some(-2.0));
        check("no-2", Some(2.0));
        check("४.५", Some(4.5));
        check("5.", Some(5.0));
        check("none", None);
        check("", None);
    }
}
