//! "2 hours ago" and its sisters in other languages, counted back from a given moment.

use std::collections::HashMap;
use std::sync::LazyLock;

use chrono::{DateTime, Months, TimeDelta, Utc};

use super::{Token, fold, tokenise};

/// Seconds, minutes, hours, days, weeks, months, years.
const UNITS: [&str; 7] = [
    "s sec secs second seconds saniye sn sekunde sekunden seconde secondes segundo segundos secondo secondi секунд секунду секунды सेकंड సెకన్లు సెకన్ల సెకను",
    "m min mins minute minutes dakika dk minuten minuto minutos minuti минут минуту минуты मिनट నిమిషాలు నిమిషాల నిమిషం",
    "h hr hrs hour hours saat sa stunde stunden std heure heures hora horas ora ore uur час часа часов घंटे घंटा घण्टे గంటలు గంటల గంట",
    "d day days gün tag tage tagen jour jours día días dia dias giorno giorni dag dagen день дня дней दिन రోజులు రోజుల రోజు",
    "w wk week weeks hafta woche wochen semaine semaines semana semanas settimana settimane weken неделю недели недель सप्ताह हफ़्ते వారాలు వారాల వారం",
    "mo month months ay monat monate monaten mois mes meses mês mese mesi maand maanden месяц месяца месяцев महीने महीना నెలలు నెలల నెల",
    "y yr yrs year years yıl jahr jahre jahren an ans année années año años ano anos anno anni jaar год года лет साल वर्ष సంవత్సరాలు సంవత్సరాల సంవత్సరం",
];

/// Words for "one": "an hour ago", "vor einem Tag".
const ONE: &str = "a an one bir ein eine einem einer einen un une uno una um uma één een एक ఒక";

/// Words that say "back from now", before or after the number.
const BACK: &str = "ago önce vor il y a hace fa há atrás назад पहले क्रितम క్రితం geleden ça fait";

/// Words that say nothing: "about", "more than", "posted".
const FILLERS: &str =
    "about over almost posted edited yaklaşık etwa ungefähr environ circa около लगभग hat temu";

static UNIT_OF: LazyLock<HashMap<String, usize>> = LazyLock::new(|| {
    UNITS
        .iter()
        .enumerate()
        .flat_map(|(place, row)| row.split_whitespace().map(move |word| (fold(word), place)))
        .collect()
});

fn is_one_of(words: &str, word: &str) -> bool {
    words.split_whitespace().any(|known| fold(known) == word)
}

/// Reads a time relative to `now`: "2 hours ago", "vor 3 Tagen", "2 saat önce", "3h",
/// "yesterday", "just now". Nothing else, and never a time in the future.
pub fn parse_relative(text: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    /// Nothing longer is only a time.
    const LONGEST_BYTES: usize = 100;
    let text = text.trim().trim_end_matches('.');
    if text.is_empty() || text.len() > LONGEST_BYTES {
        return None;
    }
    let folded = fold(text);
    let days_back = match folded.as_str() {
        "now"
        | "just now"
        | "şimdi"
        | "simdi"
        | "az once"
        | "gerade eben"
        | "a l'instant"
        | "ahora"
        | "agora"
        | "adesso"
        | "только что"
        | "अभी"
        | "ఇప్పుడే" => return Some(now),
        "today" | "bugun" | "heute" | "aujourd'hui" | "hoy" | "hoje" | "oggi" | "сегодня"
        | "आज" | "ఈరోజు" => Some(0),
        "yesterday"
        | "dun"
        | "gestern"
        | "hier"
        | "ayer"
        | "ontem"
        | "ieri"
        | "вчера"
        | "बीता कल"
        | "నిన్న" => Some(1),
        _ => None,
    };
    if let Some(days) = days_back {
        return now.checked_sub_signed(TimeDelta::days(days));
    }
    let mut number = None;
    let mut unit = None;
    let mut is_back = false;
    let mut n_words = 0;
    let mut n_letters = 0;
    for token in tokenise(&folded) {
        match token {
            Token::Number { value, .. } if number.is_none() => number = Some(value),
            Token::Number { .. } => return None,
            Token::Word(word) => {
                n_words += 1;
                n_letters += word.chars().count();
                let is_after_number = number.is_some() && unit.is_none();
                if let (true, Some(place)) = (is_after_number, UNIT_OF.get(&word)) {
                    unit = Some(*place);
                } else if number.is_none() && is_one_of(ONE, &word) && !(word == "a" && is_back) {
                    number = Some(1);
                } else if is_one_of(BACK, &word) {
                    is_back = true;
                } else if !is_one_of(FILLERS, &word) {
                    return None;
                }
            }
            Token::Space | Token::Mark('.' | ',' | '·' | '~') => (),
            // "30+ days ago" and "-2 h" are not a moment.
            Token::Mark(_) => return None,
        }
    }
    // Without "ago" only the short form of social sites is one: "3h", "5 min".
    if !is_back && (n_words != 1 || n_letters > 3) {
        return None;
    }
    let number = number?;
    let back = i64::from(number);
    match unit? {
        0 => now.checked_sub_signed(TimeDelta::try_seconds(back)?),
        1 => now.checked_sub_signed(TimeDelta::try_minutes(back)?),
        2 => now.checked_sub_signed(TimeDelta::try_hours(back)?),
        3 => now.checked_sub_signed(TimeDelta::try_days(back)?),
        4 => now.checked_sub_signed(TimeDelta::try_weeks(back)?),
        5 => now.checked_sub_months(Months::new(number)),
        _ => now.checked_sub_months(Months::new(number.checked_mul(12)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, seconds_back: Option<i64>) {
        let now = DateTime::from_timestamp(1_800_000_000, 0).expect("a valid time");
        let actual = parse_relative(text, now).map(|date| (now - date).num_seconds());
        assert_eq!(actual, seconds_back, "{text:?}");
    }

    #[test]
    fn times_are_counted_back_in_many_languages() {
        check("2 hours ago", Some(7_200));
        check("an hour ago", Some(3_600));
        check("about 5 minutes ago", Some(300));
        check("3h", Some(10_800));
        check("vor 3 Tagen", Some(259_200));
        check("vor einem Tag", Some(86_400));
        check("2 saat önce", Some(7_200));
        check("3 gün önce", Some(259_200));
        check("il y a 2 jours", Some(172_800));
        check("hace 5 minutos", Some(300));
        check("há 2 dias", Some(172_800));
        check("2 giorni fa", Some(172_800));
        check("5 минут назад", Some(300));
        check("२ घंटे पहले", Some(7_200));
        check("2 గంటల క్రితం", Some(7_200));
        check("yesterday", Some(86_400));
        check("just now", Some(0));
    }

    #[test]
    fn what_is_no_time_gives_nothing() {
        for text in [
            "",
            "30+ days ago",
            "in 2 hours",
            "2 hours",
            "page 3",
            "12 Dec 2020",
            "2 of 3 days ago",
        ] {
            check(text, None);
        }
    }
}
