//! The words of dates in many languages: months, weekdays, halves of the day, fillers.
//! All are compared after `fold`.

use std::collections::HashMap;
use std::sync::LazyLock;

use chrono::Weekday;

use super::fold;

/// January to December; a month is also known by any three letters it starts with that
/// no other month shares.
const MONTHS: [&str; 12] = [
    "january jan januar jänner janvier enero ene gennaio janeiro januari ocak января январь янв január ianuarie \
     leden ledna styczeń stycznia січень січня ιανουάριος ιανουαρίου जनवरी జనవరి জানুয়ারি ஜனவரி يناير 1월",
    "february feb februar feber février febrero febbraio fevereiro februari şubat февраля февраль фев február febr \
     februarie únor února luty lutego лютий лютого φεβρουάριος φεβρουαρίου फ़रवरी फरवरी ఫిబ్రవరి ফেব্রুয়ারি பிப்ரவரி فبراير",
    "march mar märz maerz mars marzo março maart mart марта март március marca martie březen března marzec \
     березень березня μάρτιος μαρτίου मार्च మార్చి মার্চ மார்ச் مارس",
    "april apr avril abril aprile nisan апреля апрель апр április aprilie duben dubna kwiecień kwietnia квітень \
     квітня απρίλιος απριλίου अप्रैल ఏప్రిల్ এপ্রিল ஏப்ரல் أبريل ابريل",
    "may mai mayo maggio maio mei maj mayıs мая май május květen května maja травень травня μάιος μαΐου μάη मई మే মে மே مايو",
    "june jun juni juin junio giugno junho haziran июня июнь июн június iunie červen června czerwiec czerwca червень \
     червня ιούνιος ιουνίου जून జూన్ জুন ஜூன் يونيو",
    "july jul juli juillet juil julio luglio julho temmuz июля июль июл július iulie červenec července lipiec lipca \
     липень липня ιούλιος ιουλίου जुलाई జూలై জুলাই ஜூலை يوليو",
    "august aug août aout agosto augustus augusti ağustos августа август авг augusztus srpen srpna sierpień sierpnia \
     серпень серпня αύγουστος αυγούστου अगस्त ఆగస్టు ఆగష్టు আগস্ট ஆகஸ்ட் أغسطس",
    "september sep sept septembre septiembre setiembre settembre setembro eylül сентября сентябрь сен szeptember \
     septembrie září wrzesień września вересень вересня σεπτέμβριος σεπτεμβρίου सितंबर सितम्बर సెప్టెంబర్ সেপ্টেম্বর செப்டம்பர் سبتمبر",
    "october oct oktober octobre octubre ottobre outubro ekim октября октябрь окт október octombrie říjen října \
     październik października жовтень жовтня οκτώβριος οκτωβρίου अक्टूबर अक्तूबर అక్టోబర్ অক্টোবর அக்டோபர் أكتوبر",
    "november nov novembre noviembre novembro kasım ноября ноябрь ноя noiembrie listopad listopada listopadu листопад \
     листопада νοέμβριος νοεμβρίου नवंबर नवम्बर నవంబర్ নভেম্বর நவம்பர் نوفمبر",
    "december dec dezember décembre diciembre dicembre dezembro desember aralık декабря декабрь дек decembrie prosinec \
     prosince grudzień grudnia грудень грудня δεκέμβριος δεκεμβρίου दिसंबर दिसम्बर డిసెంబర్ ডিসেম্বর டிசம்பர் ديسمبر",
];

/// Monday to Sunday. Other languages' weekdays may stand in front of a date unrecognised.
const WEEKDAYS: [&str; 7] = [
    "monday mon montag mo lundi lun lunes lunedì segunda seg pazartesi pzt понедельник пн maandag hétfő सोमवार సోమవారం",
    "tuesday tue tues dienstag di mardi martes martedì terça ter salı sal вторник вт dinsdag kedd मंगलवार మంగళవారం",
    "wednesday wed mittwoch mi mercredi mer miércoles mié mercoledì quarta qua çarşamba çar среда ср woensdag szerda बुधवार బుధవారం",
    "thursday thu thur thurs donnerstag do jeudi jeu jueves jue giovedì gio quinta qui perşembe per четверг чт donderdag csütörtök गुरुवार గురువారం",
    "friday fri freitag fr vendredi ven viernes vie venerdì sexta sex cuma cum пятница пт vrijdag péntek शुक्रवार శుక్రవారం",
    "saturday sat samstag sonnabend sa samedi sam sábado sáb sabato cumartesi cmt суббота сб zaterdag szombat शनिवार శనివారం",
    "sunday sun sonntag so dimanche dim domingo dom domenica pazar paz воскресенье вс zondag vasárnap रविवार ఆదివారం",
];

/// Words that stand between the parts of a date and say nothing.
const FILLERS: &str = "at on the of um uhr den am le à a las à de del do da às h o kl klo ore alle om st nd rd th er ª º \
     r г г. года в у saat günü tarihinde को बजे и et und y el dnia s t m";

static MONTH_OF: LazyLock<HashMap<String, u32>> = LazyLock::new(|| table(&MONTHS));
static WEEKDAY_OF: LazyLock<HashMap<String, u32>> = LazyLock::new(|| table(&WEEKDAYS));
static FILLER: LazyLock<HashMap<String, u32>> = LazyLock::new(|| table(&[FILLERS]));

fn table(rows: &[&str]) -> HashMap<String, u32> {
    rows.iter()
        .zip(1..)
        .flat_map(|(row, number)| row.split_whitespace().map(move |word| (fold(word), number)))
        .collect()
}

/// The number of a month from its name or abbreviation.
pub(super) fn month(word: &str) -> Option<u32> {
    /// Fewer letters start months of different numbers in some language.
    const SHORTEST_ABBREVIATION: usize = 3;
    if let Some(number) = MONTH_OF.get(word) {
        return Some(*number);
    }
    if word.chars().count() < SHORTEST_ABBREVIATION || WEEKDAY_OF.contains_key(word) {
        return None;
    }
    let mut found = None;
    for (name, number) in MONTH_OF.iter() {
        if name.starts_with(word) {
            if found.is_some_and(|found| found != *number) {
                return None;
            }
            found = Some(*number);
        }
    }
    found
}

/// The weekday that a word means.
pub(super) fn weekday(word: &str) -> Option<Weekday> {
    let number = WEEKDAY_OF.get(word)?;
    Weekday::try_from(u8::try_from(number - 1).ok()?).ok()
}

/// Whether a word is the mark of the afternoon (`Some(true)`) or the morning.
pub(super) fn afternoon(word: &str) -> Option<bool> {
    match word {
        "am" | "오전" | "上午" | "午前" | "πμ" | "oo" => Some(false),
        "pm" | "오후" | "下午" | "午後" | "μμ" | "os" => Some(true),
        _ => None,
    }
}

/// Whether a word is written with Hangul.
pub(super) fn is_korean(word: &str) -> bool {
    word.chars()
        .any(|character| ('가'..='힣').contains(&character))
}

/// The counters behind year, month and day in East Asian dates are marks like `-`.
pub(super) fn east_asian_mark(word: &str) -> Option<char> {
    matches!(word, "年" | "月" | "日" | "년" | "월" | "일" | "號" | "号").then_some('-')
}

/// Whether a word may stand anywhere in a date.
pub(super) fn is_filler(word: &str) -> bool {
    FILLER.contains_key(word)
}
