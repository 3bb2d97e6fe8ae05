//! Time zones that dates name: abbreviations and the places people live in, with the
//! rules of summer time that have held for the years of feeds.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Weekday};

/// An offset from UTC, fixed or by the rules of a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Zone {
    /// Always the same.
    Fixed { minutes: i32 },
    /// With the European Union's summer time.
    Europe { minutes: i32 },
    /// With the summer time of the United States and Canada.
    America { minutes: i32 },
}

impl Zone {
    /// Minutes east of Greenwich at a local time.
    pub(super) fn minutes_at(self, local: NaiveDateTime) -> i32 {
        match self {
            Self::Fixed { minutes } => minutes,
            Self::Europe { minutes } if is_european_summer(local, minutes) => minutes + 60,
            Self::America { minutes } if is_american_summer(local) => minutes + 60,
            Self::Europe { minutes } | Self::America { minutes } => minutes,
        }
    }
}

/// Whether a name means UTC, so that a signed number may follow it.
pub(super) fn is_universal(name: &str) -> bool {
    matches!(name, "utc" | "gmt" | "ut")
}

/// A zone by its abbreviation. IST is India's, CST and EST are America's, BST is
/// Britain's: what the great majority of pages means by them.
pub(super) fn by_name(name: &str) -> Option<Zone> {
    let minutes = match name {
        "pt" => return Some(Zone::America { minutes: -480 }),
        "mt" => return Some(Zone::America { minutes: -420 }),
        "ct" => return Some(Zone::America { minutes: -360 }),
        "et" => return Some(Zone::America { minutes: -300 }),
        "utc" | "gmt" | "ut" | "z" | "wet" => 0,
        "cet" | "met" | "mez" | "bst" | "west" | "wat" => 60,
        "cest" | "mest" | "mesz" | "eet" | "cat" | "sast" => 120,
        "eest" | "msk" | "trt" | "eat" | "idt" => 180,
        "msd" | "gst" => 240,
        "pkt" | "uzt" => 300,
        "ist" => 330,
        "npt" => 345,
        "wib" | "ict" => 420,
        "hkt" | "sgt" | "awst" | "wita" | "pht" => 480,
        "jst" | "kst" => 540,
        "acst" => 570,
        "aest" => 600,
        "aedt" => 660,
        "nzst" => 720,
        "nzdt" => 780,
        "nst" => -210,
        "ndt" => -150,
        "art" | "brt" | "adt" => -180,
        "ast" | "edt" => -240,
        "est" | "cdt" => -300,
        "cst" | "mdt" => -360,
        "mst" | "pdt" => -420,
        "pst" | "akdt" => -480,
        "akst" => -540,
        "hst" => -600,
        _ => return None,
    };
    Some(Zone::Fixed { minutes })
}

/// A zone by the name of the time-zone database, for the places that feeds name.
pub(super) fn by_place(region: &str, city: &str) -> Option<Zone> {
    let fixed = |minutes| Some(Zone::Fixed { minutes });
    match (region, city) {
        ("etc", "gmt" | "utc" | "universal" | "greenwich") => fixed(0),
        ("africa", "abidjan" | "accra" | "dakar") | ("atlantic", "reykjavik") => fixed(0),
        ("africa", "lagos" | "algiers" | "tunis") => fixed(60),
        ("africa", "johannesburg" | "harare" | "maputo") => fixed(120),
        ("africa", "nairobi")
        | ("asia", "istanbul" | "riyadh" | "baghdad" | "kuwait" | "qatar") => fixed(180),
        ("europe", "istanbul") => fixed(180),
        ("europe", "moscow" | "minsk") => fixed(180),
        ("asia", "dubai" | "baku" | "tbilisi") => fixed(240),
        ("asia", "karachi" | "tashkent") => fixed(300),
        ("asia", "kolkata" | "calcutta" | "colombo") => fixed(330),
        ("asia", "kathmandu") => fixed(345),
        ("asia", "dhaka") => fixed(360),
        ("asia", "bangkok" | "jakarta" | "saigon") => fixed(420),
        ("asia", "shanghai" | "singapore" | "taipei" | "manila") => fixed(480),
        ("australia", "perth") => fixed(480),
        ("asia", "tokyo" | "seoul") => fixed(540),
        ("australia", "brisbane") => fixed(600),
        ("america", "phoenix") => fixed(-420),
        ("america", "bogota" | "lima" | "panama" | "jamaica") => fixed(-300),
        ("america", "caracas" | "puerto_rico") => fixed(-240),
        ("pacific", "honolulu") => fixed(-600),
        ("europe", "london" | "dublin" | "lisbon") => Some(Zone::Europe { minutes: 0 }),
        (
            "europe",
            "amsterdam" | "andorra" | "belgrade" | "berlin" | "bratislava" | "brussels"
            | "budapest" | "copenhagen" | "gibraltar" | "ljubljana" | "luxembourg" | "madrid"
            | "malta" | "monaco" | "oslo" | "paris" | "prague" | "rome" | "sarajevo" | "skopje"
            | "stockholm" | "tirane" | "vaduz" | "vatican" | "vienna" | "warsaw" | "zagreb"
            | "zurich",
        ) => Some(Zone::Europe { minutes: 60 }),
        (
            "europe",
            "athens" | "bucharest" | "helsinki" | "kiev" | "kyiv" | "riga" | "sofia" | "tallinn"
            | "vilnius",
        )
        | ("asia", "nicosia") => Some(Zone::Europe { minutes: 120 }),
        ("america", "halifax") => Some(Zone::America { minutes: -240 }),
        ("america", "new_york" | "toronto" | "detroit" | "montreal") | ("us", "eastern") => {
            Some(Zone::America { minutes: -300 })
        }
        ("america", "chicago" | "winnipeg") | ("us", "central") => {
            Some(Zone::America { minutes: -360 })
        }
        ("america", "denver" | "edmonton" | "boise") | ("us", "mountain") => {
            Some(Zone::America { minutes: -420 })
        }
        ("america", "los_angeles" | "vancouver" | "tijuana") | ("us", "pacific") => {
            Some(Zone::America { minutes: -480 })
        }
        ("america", "anchorage") => Some(Zone::America { minutes: -540 }),
        _ => None,
    }
}

/// From the last Sunday of March to the last of October, at 01:00 UTC.
fn is_european_summer(local: NaiveDateTime, standard_minutes: i32) -> bool {
    let edge = |month| {
        let day = last_sunday(local.year(), month)?;
        let one_o_clock = NaiveTime::from_hms_opt(1, 0, 0)?;
        day.and_time(one_o_clock)
            .checked_add_signed(TimeDelta::try_minutes(i64::from(standard_minutes))?)
    };
    match (edge(3), edge(10)) {
        // The clock shows an hour more when summer ends.
        (Some(start), Some(end)) => local >= start && local < end + TimeDelta::hours(1),
        _ => false,
    }
}

/// From the second Sunday of March to the first of November (since 2007), before that
/// from the first of April to the last of October, at 02:00 local time.
fn is_american_summer(local: NaiveDateTime) -> bool {
    let year = local.year();
    let edges = if year >= 2007 {
        (nth_sunday(year, 3, 2), nth_sunday(year, 11, 1))
    } else {
        (nth_sunday(year, 4, 1), last_sunday(year, 10))
    };
    let Some(two_o_clock) = NaiveTime::from_hms_opt(2, 0, 0) else {
        return false;
    };
    match edges {
        (Some(start), Some(end)) => {
            local >= start.and_time(two_o_clock) && local < end.and_time(two_o_clock)
        }
        _ => false,
    }
}

fn nth_sunday(year: i32, month: u32, n: u8) -> Option<NaiveDate> {
    NaiveDate::from_weekday_of_month_opt(year, month, Weekday::Sun, n)
}

/// The last Sunday of a month with 31 days.
fn last_sunday(year: i32, month: u32) -> Option<NaiveDate> {
    let end = NaiveDate::from_ymd_opt(year, month, 31)?;
    end.checked_sub_days(Days::new(u64::from(end.weekday().num_days_from_sunday())))
}
