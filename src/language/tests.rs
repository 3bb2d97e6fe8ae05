//! Languages of short texts.

use super::*;

#[track_caller]
fn check(text: &str, expected: Option<&str>) {
    assert_eq!(detect(text, None), expected, "{text:?}");
}

#[test]
fn languages_are_found_in_short_texts() {
    check("The delivery was late and nobody answers.", Some("en"));
    check("Never buying from them again", Some("en"));
    check("Ürün çok kötü, iade etmek istiyorum", Some("tr"));
    check("kargo gelmedi hala bekliyorum", Some("tr"));
    check("यह फोन बहुत खराब है", Some("hi"));
    check(
        "yeh phone bahut kharab hai, paisa wapas karo",
        Some("hi-Latn"),
    );
    check("service bilkul bakwas hai yaar", Some("hi-Latn"));
    check("ఈ ఫోన్ అస్సలు బాగాలేదు", Some("te"));
    check("ee phone asalu bagaledu, dabbulu waste", Some("te-Latn"));
    check("chala bagundi bro", Some("te-Latn"));
    check("Acme phone super ఉంది బాగుంది", Some("te"));
    check(
        "Der Kundendienst ist eine Katastrophe und antwortet nicht",
        Some("de"),
    );
    check("Le service client ne répond pas", Some("fr"));
    check("El pedido no ha llegado y nadie responde", Some("es"));
    check("O pedido não chegou e ninguém responde", Some("pt"));
    check("Il pacco non è arrivato e nessuno risponde", Some("it"));
    check("المنتج سيئ جدا ولا أنصح به", Some("ar"));
    check("یہ بہت خراب ہے", Some("ur"));
    check("این محصول خیلی بد است", Some("fa"));
    check("Это очень плохой телефон", Some("ru"));
    check("", None);
    check("👍👍 12 !!", None);
    check("https://example.org/the/and/is @the", None);
    check("Acme", None);
}

#[test]
fn a_stated_language_decides_only_what_the_text_leaves_open() {
    assert_eq!(detect("Acme 👍", Some("tr-TR")), Some("tr"));
    assert_eq!(
        detect("The delivery was late and nobody answers", Some("tr")),
        Some("en")
    );
    assert_eq!(detect("यह खराब है", Some("en")), Some("hi"));
    assert_eq!(detect("Acme", Some("klingon")), None);
}

#[test]
fn a_hint_is_a_prior_and_no_verdict() {
    // Hindi in Latin letters is Hindi: the hint speaks for it, and loses to clear English.
    assert_eq!(detect("Refund chahiye", Some("hi")), Some("hi-Latn"));
    assert_eq!(
        detect("bahut kharab service hai yaar", Some("en")),
        Some("hi-Latn")
    );
    assert_eq!(
        detect("My order never came and nobody answers", Some("hi-IN")),
        Some("en")
    );
    // A language that the model does not know is taken on trust, where the text fits no other.
    let albanian = "Pakoja nuk ka ardhur dhe askush nuk përgjigjet";
    assert_eq!(detect(albanian, Some("sq")), Some("sq"));
    assert_eq!(detect(albanian, Some("en")), None);
}

/// Sentences of ours in languages beside the ten, each with its own code; where that is not
/// among those we can name, nothing. None of them may come out as one of the ten.
#[test]
fn other_languages_are_unknown_or_have_their_own_code() {
    const SENTENCES: &[(&str, &str)] = &[
        (
            "nl",
            "De levering was veel te laat en niemand neemt de telefoon op",
        ),
        ("nl", "Ik heb drie weken gewacht op mijn bestelling"),
        ("id", "Pesanan saya belum sampai juga, sudah seminggu"),
        ("id", "Barangnya rusak, saya minta uang kembali"),
        ("pl", "Paczka nie dotarła, a obsługa klienta nie odpowiada"),
        ("pl", "Bardzo dobry produkt, polecam"),
        ("sv", "Leveransen var sen och ingen svarar i telefon"),
        ("da", "Pakken kom aldrig, og ingen svarer på mine mails"),
        ("nb", "Levering tok tre uker og varen var ødelagt"),
        ("fi", "Toimitus myöhästyi eikä kukaan vastaa puhelimeen"),
        ("cs", "Zásilka nedorazila a nikdo neodpovídá"),
        ("sk", "Nikdy viac si od nich nič nekúpim"),
        ("hu", "A csomag nem érkezett meg és senki sem válaszol"),
        ("ro", "Coletul nu a ajuns și nimeni nu răspunde"),
        ("ca", "El paquet no ha arribat i ningú contesta"),
        ("vi", "Giao hàng quá chậm, không ai trả lời điện thoại"),
        ("fil", "Ang tagal ng delivery, walang sumasagot sa telepono"),
        ("hr", "Paket nikad nije stigao i nitko se ne javlja"),
        ("sl", "Paket ni prispel in nihče se ne oglasi"),
        ("lt", "Siunta neatėjo ir niekas neatsako"),
        ("lv", "Pasūtījums nav pienācis un neviens neatbild"),
        ("is", "Pakkinn kom aldrei og enginn svarar"),
        ("az", "Sifariş hələ gəlməyib, heç kim cavab vermir"),
        ("sw", "Huduma mbaya sana, sijapata mzigo wangu"),
        ("sq", "Pakoja nuk ka ardhur dhe askush nuk përgjigjet"),
        ("eu", "Paketea ez da iritsi eta inork ez du erantzuten"),
        ("ga", "Ní tháinig an beart agus níl aon duine ag freagairt"),
        ("cy", "Ni ddaeth y parsel ac nid oes neb yn ateb"),
        ("xh", "Iphela le nto ayisebenzi kwaphela"),
        (
            "ru in Latin letters",
            "Zakaz ne prishel, nikto ne otvechaet",
        ),
        ("ru", "Заказ так и не пришёл, никто не отвечает"),
        ("uk", "Посилка не прийшла, ніхто не відповідає"),
        ("ja", "注文した商品がまだ届きません"),
        ("zh", "快递太慢了，没有人接电话"),
        ("ko", "배송이 너무 늦어요"),
        ("ta", "பொருள் இன்னும் வரவில்லை"),
        ("el", "Το δέμα δεν ήρθε ποτέ"),
        ("he", "החבילה לא הגיעה ואף אחד לא עונה"),
        ("th", "ของยังไม่มาส่งเลย"),
        ("none", "asdf jkl qwer"),
        ("none", "lorem ipsum dolor sit amet"),
        ("none", "XK-22 GPT-5 RTX"),
    ];
    for (lang, text) in SENTENCES {
        let found = detect(text, None);
        assert!(
            found.is_none() || found == Some(*lang),
            "{found:?} for {lang}: {text}"
        );
    }
    let n_found = SENTENCES
        .iter()
        .filter(|(lang, text)| detect(text, None) == Some(*lang))
        .count();
    assert!(
        n_found >= 30,
        "{n_found} of {} have their code",
        SENTENCES.len()
    );
}

#[test]
fn nothing_that_people_paste_is_too_much() {
    let long = "bahut kharab service hai ".repeat(50_000);
    assert_eq!(detect(&long, None), Some("hi-Latn"));
    let endless = "x".repeat(1_000_000);
    detect(&endless, None);
    for text in [
        "\u{0}\u{1}\u{7f}",
        "\u{200b}\u{200d}\u{feff}",
        "😀😀😀",
        "\u{202e}gnikrow ton si ti",
        "https://x.example/ ",
        "a\u{301}\u{301}\u{301}\u{301}",
    ] {
        detect(text, None);
        assert_eq!(
            detect(text, Some("nonsense")),
            detect(text, None),
            "{text:?}"
        );
    }
    // Signs between the letters that nobody sees change nothing.
    assert_eq!(
        detect("se\u{ad}rvi\u{200b}ce bil\u{200d}kul bakwas hai yaar", None),
        Some("hi-Latn")
    );
}
