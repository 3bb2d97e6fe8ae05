//! Durations as people write them in a configuration: `10s`, `5m`, `2h`, `7d`.

use std::time::Duration;

/// Reads `10s`, `5m`, `2h`, `7d`, or several together (`1h30m`).
///
/// # Errors
/// A sentence that names the text and shows the accepted form.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a duration; write for example 30s, 10m, 2h or 7d");
    let mut total_secs: u64 = 0;
    let mut digits = String::new();
    for character in text.trim().chars() {
        if character.is_ascii_digit() {
            digits.push(character);
            continue;
        }
        let unit_secs = match character {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            _ => return Err(wrong()),
        };
        let number: u64 = digits.parse().map_err(|_| wrong())?;
        digits.clear();
        total_secs = number
            .checked_mul(unit_secs)
            .and_then(|secs| total_secs.checked_add(secs))
            .ok_or_else(wrong)?;
    }
    if !digits.is_empty() || text.trim().is_empty() {
        return Err(wrong());
    }
    Ok(Duration::from_secs(total_secs))
}

/// Writes a duration with its two largest units: `3d 4h`, `20m`, `45s`.
pub fn format_duration(duration: Duration) -> String {
    let secs = duration.as_secs();
    let parts = [
        (secs / 86_400, "d"),
        (secs % 86_400 / 3_600, "h"),
        (secs % 3_600 / 60, "m"),
        (secs % 60, "s"),
    ];
    let text: Vec<String> = parts
        .iter()
        .skip_while(|(number, _)| *number == 0)
        .take(2)
        .filter(|(number, _)| *number > 0)
        .map(|(number, unit)| format!("{number}{unit}"))
        .collect();
    if text.is_empty() {
        "0s".to_owned()
    } else {
        text.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<u64>) {
        assert_eq!(
            parse_duration(text).ok().map(|duration| duration.as_secs()),
            expected,
            "{text:?}"
        );
    }

    #[test]
    fn durations_are_read_as_people_write_them() {
        check("10s", Some(10));
        check("5m", Some(300));
        check("1h30m", Some(5_400));
        check("7d", Some(604_800));
        check("10", None);
        check("", None);
        check("m", None);
        check("-5m", None);
        check("99999999999999999999d", None);
        check("18446744073709551615d", None);
    }

    #[test]
    fn durations_are_written_with_two_units() {
        assert_eq!(format_duration(Duration::from_secs(0)), "0s");
        assert_eq!(format_duration(Duration::from_secs(3_600)), "1h");
        assert_eq!(format_duration(Duration::from_secs(93_784)), "1d 2h");
    }
}
