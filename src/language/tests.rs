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
    check("yeh phone bahut kharab hai, paisa wapas karo", Some("hi"));
    check("service bilkul bakwas hai yaar", Some("hi"));
    check("ఈ ఫోన్ అస్సలు బాగాలేదు", Some("te"));
    check("ee phone asalu bagaledu, dabbulu waste", Some("te"));
    check("chala bagundi bro", Some("te"));
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
