//! What people say about the invented brand in the demo. All of it is made up.

/// The three sample sites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A forum with an RSS feed.
    Forum,
    /// A shop with a review page.
    Shop,
    /// A social network with a tag timeline.
    Social,
}

impl Place {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Forum, Self::Shop, Self::Social];

    /// The first part of its addresses.
    pub fn path(self) -> &'static str {
        match self {
            Self::Forum => "forum",
            Self::Shop => "shop",
            Self::Social => "social",
        }
    }
}

/// One line of the script.
pub(super) struct Scripted {
    /// Seconds after the start; negative for what is there before.
    pub(super) after_secs: i64,
    pub(super) place: Place,
    author: &'static str,
    pub(super) lang: &'static str,
    pub(super) title: Option<&'static str>,
    text: &'static str,
    pub(super) stars: Option<u8>,
    pub(super) reach: (u64, u64),
}

/// New entries after the script keep this distance.
pub(super) const RECURRING_EVERY_SECS: i64 = 7;

const CITIES: [&str; 8] = [
    "Leeds",
    "Izmir",
    "Pune",
    "Hyderabad",
    "Austin",
    "Porto",
    "Graz",
    "Lyon",
];
const NAMES: [&str; 9] = [
    "Priya", "Emre", "Kavya", "Olga", "Tom", "Lakshmi", "Zeynep", "Ravi", "Nora",
];

impl Scripted {
    /// Author and text; what returns is filled with another name, city and order each time.
    pub(super) fn filled(&self, number: usize) -> (String, String) {
        let order = (41_000 + number * 17).to_string();
        let fill = |text: &str| {
            text.replace("{city}", CITIES[number / 2 % CITIES.len()])
                .replace("{name}", NAMES[number % NAMES.len()])
                .replace("{order}", &order)
        };
        (fill(self.author), fill(self.text))
    }
}

const fn social(
    after_secs: i64,
    author: &'static str,
    lang: &'static str,
    text: &'static str,
    reach: (u64, u64),
) -> Scripted {
    Scripted {
        after_secs,
        place: Place::Social,
        author,
        lang,
        title: None,
        text,
        stars: None,
        reach,
    }
}

const fn review(
    after_secs: i64,
    author: &'static str,
    lang: &'static str,
    stars: u8,
    text: &'static str,
) -> Scripted {
    Scripted {
        after_secs,
        place: Place::Shop,
        author,
        lang,
        title: None,
        text,
        stars: Some(stars),
        reach: (0, 0),
    }
}

const fn forum(
    after_secs: i64,
    author: &'static str,
    lang: &'static str,
    title: &'static str,
    text: &'static str,
) -> Scripted {
    Scripted {
        after_secs,
        place: Place::Forum,
        author,
        lang,
        title: Some(title),
        text,
        stars: None,
        reach: (0, 0),
    }
}

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// What happens in the first minutes.
pub(super) static SCRIPT: &[Scripted] = &[
    // Too old to alert about: the backlog of a first poll.
    forum(
        -9 * DAY,
        "Martha",
        "en",
        "Acme kettle leaks",
        "My Acme kettle started to leak after two days. Very disappointed.",
    ),
    review(
        -6 * DAY,
        "Deniz",
        "tr",
        5,
        "Acme su ısıtıcısı çok hızlı kaynatıyor, çok memnunum.",
    ),
    review(
        -4 * DAY,
        "Ben",
        "en",
        4,
        "Acme kettle: solid, a little loud, but I like it.",
    ),
    // There when the demo starts.
    social(
        -55 * MINUTE,
        "Jonas Berg",
        "en",
        "Picked up an Acme kettle today, it looks lovely on the counter!",
        (4, 0),
    ),
    social(
        -40 * MINUTE,
        "Sam Okafor",
        "en",
        "@acme third email, still no answer. I paid for a kettle that never arrived. I want my money back. #acme",
        (38, 12),
    ),
    review(
        -35 * MINUTE,
        "Helen R.",
        "en",
        1,
        "The lid of my Acme kettle broke after a week and support just ignores me. Terrible service, avoid.",
    ),
    forum(
        -30 * MINUTE,
        "copperpot",
        "en",
        "Descaling an Acme kettle",
        "What do you use to descale the Acme Kettle 2? The manual says citric acid.",
    ),
    review(
        -22 * MINUTE,
        "Ayşe K.",
        "tr",
        1,
        "Acme'den aldığım su ısıtıcısı iki günde bozuldu, iade talebime kimse cevap vermiyor. Rezalet.",
    ),
    social(
        -15 * MINUTE,
        "Anil Kumar",
        "hi",
        "एक्मे की केतली दूसरे ही दिन खराब हो गई और कस्टमर केयर फोन नहीं उठाता। पैसे वापस चाहिए। #acme",
        (9, 2),
    ),
    review(
        -12 * MINUTE,
        "Sravani",
        "te",
        1,
        "అక్మే కెటిల్ రెండు రోజుల్లో పాడైపోయింది. కస్టమర్ కేర్ స్పందించడం లేదు, డబ్బు తిరిగి ఇవ్వండి.",
    ),
    review(
        -8 * MINUTE,
        "Marc",
        "en",
        5,
        "Best kettle I have owned. Acme support answered within minutes when I had a question.",
    ),
    // Arriving while you watch.
    social(
        6,
        "Ines Duarte",
        "en",
        "Dear @acme, your app has charged me twice for the same kettle. This is a scam, please fix it today. #acme",
        (21, 7),
    ),
    forum(
        11,
        "steamhead",
        "en",
        "Acme refuses warranty",
        "Acme refuses to honour the warranty because I do not have the box any more. Has anybody got them to pay? I am furious.",
    ),
    review(
        17,
        "Mehmet",
        "tr",
        2,
        "Acme kargoyu on gün geciktirdi, ürün de çizik geldi. Müşteri hizmetleri ilgisiz.",
    ),
    social(
        24,
        "Ravi Teja",
        "te",
        "acme kettle chala bagundi, delivery kuda fast ga vachindi #acme",
        (3, 0),
    ),
    social(
        31,
        "Pooja",
        "hi",
        "acme ki service bilkul bakwas hai, do hafte se refund nahi mila #acme",
        (15, 5),
    ),
    review(
        38,
        "Lena",
        "en",
        3,
        "It boils water. The Acme kettle is okay for the price, nothing special.",
    ),
    forum(
        45,
        "teafan",
        "en",
        "Acme Kettle 2 announced",
        "Acme has announced that the Kettle 2 will be sold in three new colours from Monday.",
    ),
];

/// What is said again and again afterwards.
pub(super) static RECURRING: &[Scripted] = &[
    social(
        0,
        "{name} W",
        "en",
        "@acme order {order} to {city} is two weeks late and nobody replies. Worst service ever. #acme",
        (6, 3),
    ),
    review(
        0,
        "{name}",
        "en",
        5,
        "Ordered to {city}, arrived the next day (no. {order}). The Acme kettle is great.",
    ),
    forum(
        0,
        "{name}",
        "en",
        "Acme order stuck",
        "My Acme order {order} has been stuck in {city} since Tuesday. Support keeps sending the same useless answer.",
    ),
    review(
        0,
        "{name}",
        "tr",
        1,
        "{order} numaralı siparişim {city} şubesinde kayboldu, Acme paramı iade etmiyor. Çok kötü.",
    ),
    social(
        0,
        "{name} S",
        "hi",
        "एक्मे ऑर्डर {order} अभी तक {city} नहीं पहुँचा, बहुत खराब सर्विस। #acme",
        (4, 1),
    ),
    review(
        0,
        "{name}",
        "te",
        2,
        "ఆర్డర్ {order} ఆలస్యంగా {city} కి వచ్చింది, అక్మే సర్వీస్ బాగాలేదు.",
    ),
    social(
        0,
        "{name} L",
        "en",
        "Loving the new Acme kettle in my {city} kitchen, number {order} of the limited run! #acme",
        (11, 2),
    ),
    forum(
        0,
        "{name}",
        "en",
        "Where to buy filters",
        "Which shop in {city} sells filters for the Acme kettle? Part {order}.",
    ),
];
