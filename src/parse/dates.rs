//! Dates as feeds and pages write them become moments in UTC. A date that can be read in
//! two ways gives nothing: a wrong posting time would start a wrong deadline.

mod relative;
mod tokens;
mod words;
mod zones;

use chrono::{
    DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc, Weekday,
};
use unicode_normalization::UnicodeNormalization;

pub use relative::parse_relative;
use tokens::{Token, tokenise};
use zones::Zone;

/// Longer texts hold a date among other things, and guessing there is how wrong dates
/// come about.
const LONGEST_DATE_BYTES: usize = 160;

/// Reads a date in any of the forms of RFC 822, RFC 3339, ISO 8601, asctime and of people
/// in a dozen languages. Without a zone it is UTC.
pub fn parse(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST_DATE_BYTES {
        return None;
    }
    // What nearly every feed writes needs no guessing.
    if let Ok(date) = DateTime::parse_from_rfc3339(text) {
        return Some(date.with_timezone(&Utc));
    }
    let folded = fold(text);
    if let Some(date) = parse_digits(&folded) {
        return Some(date);
    }
    let tokens = tokenise(&without_comments(&folded));
    let mut reading = Reading::default();
    reading.take(&tokens)?;
    reading.finish()
}

/// Lower case without Latin, Greek and Cyrillic accents, digits of every script as ASCII.
fn fold(text: &str) -> String {
    text.to_lowercase()
        .nfd()
        .filter(|character| !matches!(character, '\u{300}'..='\u{36f}'))
        .map(|character| match character {
            'ı' => 'i',
            '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' => ' ',
            '：' => ':',
            '٠'..='٩' => digit(character, '٠'),
            '۰'..='۹' => digit(character, '۰'),
            '०'..='९' => digit(character, '०'),
            '০'..='৯' => digit(character, '০'),
            '௦'..='௯' => digit(character, '௦'),
            '౦'..='౯' => digit(character, '౦'),
            '０'..='９' => digit(character, '０'),
            _ => character,
        })
        // Hangul is decomposed by now; the word tables are composed.
        .nfc()
        .collect()
}

fn digit(character: char, zero: char) -> char {
    char::from_digit(u32::from(character) - u32::from(zero), 10).unwrap_or(character)
}

/// RFC 822 comments, also JavaScript's `(Coordinated Universal Time)`.
fn without_comments(text: &str) -> String {
    let mut depth = 0_usize;
    text.chars()
        .filter(|character| {
            match character {
                '(' => depth += 1,
                ')' => {
                    depth = depth.saturating_sub(1);
                    return false;
                }
                _ => (),
            }
            depth == 0
        })
        .collect()
}

/// Dates that are nothing but digits: `20031231`, `2003365`, `03365`, `2003`, and Unix
/// times in seconds or milliseconds.
fn parse_digits(text: &str) -> Option<DateTime<Utc>> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: i64 = text.parse().ok()?;
    let part = |from: usize, to: usize| text[from..to].parse::<u32>().ok();
    let year = |from: usize, to: usize| part(from, to).and_then(|year| i32::try_from(year).ok());
    let date = match text.len() {
        4 => NaiveDate::from_ymd_opt(
            year(0, 4).filter(|year| (1900..=2200).contains(year))?,
            1,
            1,
        )?,
        5 => NaiveDate::from_yo_opt(full_year(part(0, 2)?, 2)?, part(2, 5)?)?,
        7 => NaiveDate::from_yo_opt(year(0, 4)?, part(4, 7)?)?,
        8 => NaiveDate::from_ymd_opt(year(0, 4)?, part(4, 6)?, part(6, 8)?)?,
        10 => return DateTime::from_timestamp(number, 0),
        13 => return DateTime::from_timestamp_millis(number),
        14 => {
            let time = NaiveTime::from_hms_opt(part(8, 10)?, part(10, 12)?, part(12, 14)?)?;
            return Some(
                NaiveDate::from_ymd_opt(year(0, 4)?, part(4, 6)?, part(6, 8)?)?
                    .and_time(time)
                    .and_utc(),
            );
        }
        _ => return None,
    };
    Some(date.and_time(NaiveTime::MIN).and_utc())
}

/// A number that belongs to the date, with what stood before it.
#[derive(Clone, Copy, Debug)]
struct Part {
    value: u32,
    n_digits: usize,
    before: char,
    /// Whether the month word had been read.
    after_month: bool,
}

/// What has been understood so far.
#[derive(Default)]
struct Reading {
    parts: Vec<Part>,
    month: Option<u32>,
    week: bool,
    weekday: Option<Weekday>,
    time: Option<(u32, u32, u32, u32)>,
    afternoon: Option<bool>,
    zone: Option<Zone>,
    zone_is_exact: bool,
    n_unknown_words: usize,
}

impl Reading {
    /// Goes through the tokens once; `None` as soon as something makes no sense.
    fn take(&mut self, tokens: &[Token]) -> Option<()> {
        let mut at = 0;
        while at < tokens.len() {
            at += match &tokens[at] {
                Token::Space => 1,
                Token::Number { value, n_digits } => {
                    self.take_number(tokens, at, *value, *n_digits)?
                }
                Token::Word(word) => self.take_word(tokens, at, word)?,
                Token::Mark(sign @ ('+' | '-')) => self.take_sign(tokens, at, *sign)?,
                Token::Mark(
                    '.' | ',' | '/' | ':' | '年' | '月' | '日' | '|' | '·' | ';' | '\'' | '’' | '@',
                ) => 1,
                Token::Mark(_) => return None,
            };
        }
        Some(())
    }

    fn take_number(
        &mut self,
        tokens: &[Token],
        at: usize,
        value: u32,
        n_digits: usize,
    ) -> Option<usize> {
        let is_clock = tokens.get(at + 1) == Some(&Token::Mark(':'))
            || matches!(tokens.get(at + 1), Some(Token::Word(word)) if matches!(word.as_str(), "h" | "am" | "pm"));
        if is_clock && self.time.is_none() && n_digits <= 2 {
            return self.take_clock(tokens, at, value);
        }
        // `15:04:05 00`: a zone written without its sign means UTC; a second time of day
        // ("00:00:00.0 15:04:05.0") contradicts the first.
        let before = preceding_mark(tokens, at);
        if self.time.is_some()
            && value == 0
            && n_digits <= 4
            && self.has_full_date()
            && before == ' '
        {
            self.zone.get_or_insert(Zone::Fixed { minutes: 0 });
            return Some(1);
        }
        let is_after_t = matches!(tokens[..at].last(), Some(Token::Word(word)) if word == "t");
        if self.time.is_none() && is_after_t {
            return self.take_compact_clock(value, n_digits);
        }
        // `15 -0700`: an hour alone is a time when the date is complete and a zone follows.
        if self.time.is_none() && self.has_full_date() && n_digits == 2 && value < 24 {
            self.time = Some((value, 0, 0, 0));
            return Some(1);
        }
        self.parts.push(Part {
            value,
            n_digits,
            before,
            after_month: self.month.is_some(),
        });
        (self.parts.len() <= 3).then_some(1)
    }

    fn has_full_date(&self) -> bool {
        self.parts.len() + usize::from(self.month.is_some()) >= 3
    }

    /// `15:04`, `15:04:05`, `15:04:05.123`, `3 pm`, `15h04`.
    fn take_clock(&mut self, tokens: &[Token], at: usize, hour: u32) -> Option<usize> {
        let number = |place: usize| match tokens.get(place) {
            Some(Token::Number { value, n_digits }) => Some((*value, *n_digits)),
            _ => None,
        };
        let colon = |place: usize| tokens.get(place) == Some(&Token::Mark(':'));
        let mut used = 1;
        let (mut minute, mut second, mut millis) = (0, 0, 0);
        match tokens.get(at + 1) {
            Some(Token::Word(word)) if word == "h" => {
                used = 2;
                if let Some((value, 1..=2)) = number(at + 2) {
                    minute = value;
                    used = 3;
                }
            }
            Some(Token::Word(_)) => (),
            _ => {
                minute = number(at + 2).filter(|(_, n_digits)| *n_digits <= 2)?.0;
                used = 3;
                if colon(at + 3)
                    && let Some((value, 1..=2)) = number(at + 4)
                {
                    second = value;
                    used = 5;
                    if matches!(tokens.get(at + 5), Some(Token::Mark('.' | ',')))
                        && let Some((value, n_digits @ 1..=9)) = number(at + 6)
                    {
                        let scale = 10_f64.powi(i32::try_from(n_digits).unwrap_or(0));
                        // Truncated to milliseconds; finer is noise.
                        millis = (f64::from(value) / scale * 1_000.0) as u32;
                        used = 7;
                    }
                }
            }
        }
        self.time = Some((hour, minute, second, millis));
        Some(used)
    }

    /// `T101455` and `T1014` of ISO 8601's basic form, `T10`.
    fn take_compact_clock(&mut self, value: u32, n_digits: usize) -> Option<usize> {
        self.time = Some(match n_digits {
            6 => (value / 10_000, value / 100 % 100, value % 100, 0),
            4 => (value / 100, value % 100, 0, 0),
            2 => (value, 0, 0, 0),
            _ => return None,
        });
        Some(1)
    }

    fn take_word(&mut self, tokens: &[Token], at: usize, word: &str) -> Option<usize> {
        let after_number = at > 0 && matches!(tokens[at - 1], Token::Number { .. });
        if (self.time.is_some() || self.has_full_date() || zones::is_universal(word))
            && let Some((zone, used)) = self.zone_at(tokens, at, word)
        {
            if !self.zone_is_exact {
                self.zone = Some(zone);
            }
            return Some(used);
        }
        if let Some(afternoon) = words::afternoon(word) {
            self.afternoon = Some(afternoon);
            // Only Korean writes these two words.
            if words::is_korean(word) {
                self.zone.get_or_insert(Zone::Fixed { minutes: 540 });
            }
            return Some(1);
        }
        // `p.m.` comes in two words.
        if matches!(word, "a" | "p")
            && self.time.is_some()
            && let (Some(Token::Mark('.')), Some(Token::Word(next))) =
                (tokens.get(at + 1), tokens.get(at + 2))
            && next == "m"
        {
            self.afternoon = Some(word == "p");
            return Some(3);
        }
        if word == "w" && (after_number || matches!(tokens.get(at + 1), Some(Token::Number { .. })))
        {
            self.week = true;
            return Some(1);
        }
        if word == "t" && after_number || words::is_filler(word) {
            return Some(1);
        }
        if let Some(month) = words::month(word) {
            // "mar, 16 nov": the first was a weekday (martes, mardi) after all.
            if self.month.is_some()
                && !self.parts.is_empty()
                && self.parts.iter().any(|part| !part.after_month)
            {
                return None;
            }
            for part in &mut self.parts {
                part.after_month = false;
            }
            self.month = Some(month);
            return Some(1);
        }
        if let Some(weekday) = words::weekday(word) {
            self.weekday = Some(weekday);
            return Some(1);
        }
        // One unknown word in front is a weekday of a language not in the tables.
        self.n_unknown_words += 1;
        let is_first = self.parts.is_empty()
            && self.time.is_none()
            && self.month.is_none()
            && self.weekday.is_none()
            && self.n_unknown_words == 1;
        is_first.then_some(1)
    }

    /// A zone's name, `Continent/City`, or `GMT+7`.
    fn zone_at(&self, tokens: &[Token], at: usize, word: &str) -> Option<(Zone, usize)> {
        if let (Some(Token::Mark('/')), Some(Token::Word(city))) =
            (tokens.get(at + 1), tokens.get(at + 2))
        {
            return zones::by_place(word, city).map(|zone| (zone, 3));
        }
        let zone = zones::by_name(word)?;
        if zones::is_universal(word)
            && let Some(Token::Mark(sign @ ('+' | '-'))) = tokens.get(at + 1)
            && let Some((minutes, used)) = offset_at(tokens, at + 2)
        {
            let minutes = if *sign == '-' { -minutes } else { minutes };
            return Some((Zone::Fixed { minutes }, used + 2));
        }
        Some((zone, 1))
    }

    /// `+0200`, `-07:00`, `+5`: a zone behind a time, otherwise a mark between numbers.
    fn take_sign(&mut self, tokens: &[Token], at: usize, sign: char) -> Option<usize> {
        let spaced = tokens.get(at + 1) == Some(&Token::Space);
        if self.time.is_none() || spaced {
            return Some(1);
        }
        let (minutes, used) = offset_at(tokens, at + 1)?;
        self.zone = Some(Zone::Fixed {
            minutes: if sign == '-' { -minutes } else { minutes },
        });
        self.zone_is_exact = true;
        Some(used + 1)
    }

    fn finish(&self) -> Option<DateTime<Utc>> {
        let date = self.date()?;
        if !(1..=9_999).contains(&date.year()) {
            return None;
        }
        let local = self.moment(date)?;
        let zone = self.zone.unwrap_or(Zone::Fixed { minutes: 0 });
        let offset = TimeDelta::try_minutes(i64::from(zone.minutes_at(local)))?;
        Some(local.checked_sub_signed(offset)?.and_utc())
    }

    fn moment(&self, date: NaiveDate) -> Option<NaiveDateTime> {
        let (hour, minute, second, millis) = self.time.unwrap_or_default();
        let hour = match (self.afternoon, hour) {
            (Some(false), 12) => 0,
            (Some(true), 1..=11) => hour + 12,
            (Some(_), 13..) if self.afternoon == Some(false) => return None,
            _ => hour,
        };
        // Midnight at the end of the day, and leap seconds, are written but do not exist.
        if hour == 24 && minute == 0 && second == 0 {
            return Some(
                date.checked_add_days(Days::new(1))?
                    .and_time(NaiveTime::MIN),
            );
        }
        let time = NaiveTime::from_hms_milli_opt(hour, minute, second.min(59), millis)?;
        (second <= 60).then(|| date.and_time(time))
    }

    fn date(&self) -> Option<NaiveDate> {
        if self.week {
            return self.date_of_week();
        }
        if let Some(month) = self.month {
            return self.date_with_month(month);
        }
        match self.parts.as_slice() {
            [a, b, c] => self.date_of_three(a, b, c),
            // `2003-335` and `2003-12`.
            [year, day] if year.n_digits == 4 && day.n_digits == 3 => {
                NaiveDate::from_yo_opt(i32::try_from(year.value).ok()?, day.value)
            }
            [year, month] if year.n_digits == 4 && month.n_digits == 2 && month.before != ' ' => {
                NaiveDate::from_ymd_opt(i32::try_from(year.value).ok()?, month.value, 1)
            }
            // Basic form: `20031231T101455Z`, and `20031231 10:14`.
            [day] if day.n_digits == 8 => NaiveDate::from_ymd_opt(
                i32::try_from(day.value / 10_000).ok()?,
                day.value / 100 % 100,
                day.value % 100,
            ),
            _ => None,
        }
    }

    /// `2004-W53-6`, `2004W536`, `2004-W53`.
    fn date_of_week(&self) -> Option<NaiveDate> {
        let year = self.parts.first().filter(|year| year.n_digits == 4)?;
        let year = i32::try_from(year.value).ok()?;
        let (week, day) = match self.parts.get(1..)? {
            [week] if week.n_digits == 2 => (week.value, 1),
            [both] if both.n_digits == 3 => (both.value / 10, both.value % 10),
            [week, day] if week.n_digits == 2 && day.n_digits == 1 => (week.value, day.value),
            _ => return None,
        };
        let weekday = Weekday::try_from(u8::try_from(day.checked_sub(1)?).ok()?).ok()?;
        NaiveDate::from_isoywd_opt(year, week, weekday)
    }

    /// `16 Nov 2020`, `Nov 16, 2020`, `2020 Nov 16`, `November 2020`.
    fn date_with_month(&self, month: u32) -> Option<NaiveDate> {
        let is_year = |part: &Part| part.n_digits == 4 || (part.n_digits == 2 && part.value > 31);
        let (day, year) = match self.parts.as_slice() {
            [year] if year.n_digits == 4 => {
                return NaiveDate::from_ymd_opt(i32::try_from(year.value).ok()?, month, 1);
            }
            [a, b] if is_year(a) && !is_year(b) => (b, a),
            [a, b] if !is_year(a) && is_year(b) => (a, b),
            // Two small numbers: the day comes first in every language ("1 Jan 04", "Jan 1, 04").
            [a, b] if a.n_digits <= 2 && b.n_digits == 2 && b.after_month => (a, b),
            _ => return None,
        };
        NaiveDate::from_ymd_opt(full_year(year.value, year.n_digits)?, month, day.value)
    }

    fn date_of_three(&self, a: &Part, b: &Part, c: &Part) -> Option<NaiveDate> {
        if [a, b, c]
            .iter()
            .any(|part| part.n_digits == 3 || part.n_digits > 4)
        {
            return None;
        }
        if a.n_digits == 4 {
            return NaiveDate::from_ymd_opt(i32::try_from(a.value).ok()?, b.value, c.value);
        }
        // `03-12-31` of the old ISO 8601, where nothing but the last can be the day.
        if a.n_digits == 2 && c.n_digits == 2 && b.before == '-' && c.before == '-' {
            let year_first = b.value <= 12 && c.value > 12;
            return if year_first && a.value < 32 || a.value > 31 {
                NaiveDate::from_ymd_opt(full_year(a.value, 2)?, b.value, c.value)
            } else {
                None
            };
        }
        let year = full_year(c.value, c.n_digits)?;
        let day_first = NaiveDate::from_ymd_opt(year, b.value, a.value);
        let month_first = NaiveDate::from_ymd_opt(year, a.value, b.value);
        // Dots are only used by people who write the day first.
        if b.before == '.' && c.before == '.' {
            return day_first;
        }
        match (day_first, month_first) {
            (Some(date), None) | (None, Some(date)) => Some(date),
            (Some(one), Some(other)) if one == other => Some(one),
            (Some(one), Some(other)) => {
                // Both are possible: only the weekday can tell.
                let weekday = self.weekday?;
                match (one.weekday() == weekday, other.weekday() == weekday) {
                    (true, false) => Some(one),
                    (false, true) => Some(other),
                    _ => None,
                }
            }
            (None, None) => None,
        }
    }
}

/// Two-digit years as RFC 2822 reads them: 00–49 are this century, 50–99 the last.
fn full_year(value: u32, n_digits: usize) -> Option<i32> {
    let year = match n_digits {
        4 => value,
        2 if value < 50 => value + 2_000,
        2 => value + 1_900,
        _ => return None,
    };
    i32::try_from(year).ok()
}

/// The mark between a number and whatever was before it, a space when there is none.
fn preceding_mark(tokens: &[Token], at: usize) -> char {
    tokens[..at]
        .iter()
        .rev()
        .find(|token| **token != Token::Space)
        .and_then(|token| match token {
            Token::Mark(mark) => Some(*mark),
            _ => None,
        })
        .unwrap_or(' ')
}

/// An offset without its sign, in minutes, and how many tokens it took.
fn offset_at(tokens: &[Token], at: usize) -> Option<(i32, usize)> {
    /// No place on Earth is further from Greenwich.
    const FURTHEST_MINUTES: u32 = 14 * 60;
    let Some(Token::Number { value, n_digits }) = tokens.get(at) else {
        return None;
    };
    let (hours, minutes, used) = match (n_digits, tokens.get(at + 1), tokens.get(at + 2)) {
        (
            1 | 2,
            Some(Token::Mark(':')),
            Some(Token::Number {
                value: minutes,
                n_digits: 2,
            }),
        ) => (*value, *minutes, 3),
        (1 | 2, _, _) => (*value, 0, 1),
        (3 | 4, _, _) => (value / 100, value % 100, 1),
        _ => return None,
    };
    let total = hours * 60 + minutes;
    if minutes > 59 || total > FURTHEST_MINUTES {
        return None;
    }
    Some((i32::try_from(total).ok()?, used))
}

#[cfg(test)]
mod tests;
