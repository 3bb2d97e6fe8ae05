//! Which posts are flagged, in the words of customers, and by when.

use super::*;
use crate::domain::{Author, Engagement, Kind, Rating};

fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn sentiment(label: Label, negative: f64) -> Sentiment {
    let rest = 1.0 - negative;
    let (neutral, positive) = match label {
        Label::Positive => (0.1 * rest, 0.9 * rest),
        _ => (0.8 * rest, 0.2 * rest),
    };
    Sentiment {
        label,
        negative,
        neutral,
        positive,
        model: "test".to_owned(),
        sentence: None,
    }
}

fn post(text: &str) -> Item {
    let mut item = Item::empty("feed", Kind::Post);
    item.text = text.to_owned();
    item.published_at = Some(now() - TimeDelta::minutes(30));
    item
}

fn triaged(item: &Item, lang: Option<&str>, sentiment: &Sentiment) -> Triage {
    let input = TriageInput {
        item,
        sentiment,
        correction: None,
        lang,
        own: false,
        seen_at: now(),
        evidence: Evidence::default(),
    };
    triage(&input, &Weights::shipped(), &TriagePolicy::default(), now())
}

const NEG: Label = Label::Negative;
const NEU: Label = Label::Neutral;
const POS: Label = Label::Positive;
const UNS: Label = Label::Unsure;

/// Language, stars (0 for none), verdict, negativity, text, flagged?
#[rustfmt::skip]
const POSTS: &[(&str, u8, Label, f64, &str, bool)] = &[
    ("en", 0, NEG, 0.96, "Three weeks and my parcel still has not arrived. Nobody answers my mails.", true),
    ("en", 0, NEG, 0.93, "@acme your app charged me twice and support hung up on me. I want a refund.", true),
    ("en", 0, NEG, 0.85, "The new Acme update is terrible, it crashes every time", true),
    ("en", 0, NEG, 0.80, "Honestly not impressed with the new Acme phone", true),
    ("en", 0, NEG, 0.55, "Acme prices went up a little again", false),
    ("en", 0, NEU, 0.10, "Does anyone know whether Acme ships to Ankara?", false),
    ("en", 0, NEU, 0.05, "Acme opens a new shop in Leeds on Monday", false),
    ("en", 0, NEU, 0.40, "Is Acme a scam? They took my money and vanished", true),
    ("en", 0, UNS, 0.45, "So the kettle caught fire. Great.", true),
    ("en", 0, UNS, 0.48, "Well, that was quite something, Acme", false),
    ("en", 0, UNS, 0.45, "Talk to my lawyer, Acme. When will you answer?", true),
    ("en", 0, POS, 0.02, "Love my new Acme headphones!", false),
    ("en", 0, POS, 0.04, "Got my refund within two days, brilliant service", false),
    ("en", 0, POS, 0.03, "Not a scam at all, everything arrived on time", false),
    ("en", 5, POS, 0.02, "Perfect. Five stars.", false),
    ("en", 4, POS, 0.30, "Good, although the refund took a lawyer and the police", false),
    ("en", 1, POS, 0.03, "Great product, thanks", true),
    ("en", 1, UNS, 0.30, "Hm.", true),
    ("en", 2, NEU, 0.30, "It is a kettle.", true),
    ("en", 3, NEU, 0.30, "It is okay.", false),
    ("en", 1, NEG, 0.98, "Never again. Broken on arrival and no reply for a month.", true),
    ("tr", 0, NEG, 0.92, "İki haftadır kargom gelmedi, kimse telefonu açmıyor, rezalet!", true),
    ("tr", 0, NEG, 0.90, "Ürün bozuk çıktı, iade etmek istiyorum ama muhatap yok", true),
    ("tr", 0, UNS, 0.45, "Bunlar dolandırıcı, tüketici hakem heyetine başvuracağım", true),
    ("tr", 0, POS, 0.03, "Çok memnun kaldım, teşekkürler Acme", false),
    ("tr", 0, NEU, 0.08, "Acme yeni mağazasını İzmir'de açtı", false),
    ("tr", 0, NEU, 0.10, "Acme kampanyası ne zaman bitiyor?", false),
    ("tr", 1, NEU, 0.40, "İdare eder", true),
    ("hi", 0, NEG, 0.90, "यह फोन दो दिन में खराब हो गया, मेरे पैसे वापस करो", true),
    ("hi", 0, NEG, 0.88, "बहुत घटिया सर्विस, कोई जवाब नहीं देता", true),
    ("hi", 0, NEG, 0.87, "bakwas service hai, 10 din se refund nahi mila, paisa wapas karo", true),
    ("hi", 0, UNS, 0.45, "Ye log fraud hain, consumer court jaunga", true),
    ("hi", 0, POS, 0.03, "bahut accha phone hai, maza aa gaya", false),
    ("hi", 0, POS, 0.04, "बहुत बढ़िया सेवा, धन्यवाद", false),
    ("hi", 0, NEU, 0.10, "Acme ka naya phone kab launch hoga", false),
    ("te", 0, NEG, 0.90, "ఆర్డర్ ఇంకా రాలేదు, ఎవరూ పట్టించుకోవడం లేదు", true),
    ("te", 0, NEG, 0.88, "చెత్త సర్వీస్, నా డబ్బులు రీఫండ్ చేయండి", true),
    ("te", 0, NEG, 0.86, "phone asalu pani cheyatledu, chetta service, dabbulu waste", true),
    ("te", 0, UNS, 0.46, "idi mosam, police complaint istha", true),
    ("te", 0, POS, 0.03, "చాలా బాగుంది, ధన్యవాదాలు", false),
    ("te", 0, POS, 0.04, "chala bagundi, super phone", false),
    ("te", 0, NEU, 0.08, "Acme కొత్త షాప్ హైదరాబాద్‌లో తెరిచింది", false),
];

#[test]
fn posts_that_need_an_answer_are_flagged_and_others_are_not() {
    for (lang, stars, label, negative, text, expected) in POSTS {
        let mut item = post(text);
        if *stars > 0 {
            item.kind = Kind::Review;
            item.rating = Some(Rating {
                value: f64::from(*stars),
                best: 5.0,
            });
        }
        let triage = triaged(&item, Some(lang), &sentiment(*label, *negative));
        assert_eq!(
            triage.flag.is_some(),
            *expected,
            "{text:?}: {:?}",
            triage.flag
        );
        if let Some(flag) = triage.flag {
            assert!(!flag.reasons.is_empty(), "{text:?}");
        }
    }
}

#[test]
fn reasons_are_sentences_with_the_strongest_first() {
    let mut item = post("Broken after a day, I want a refund. When will you answer?");
    item.rating = Some(Rating {
        value: 1.0,
        best: 5.0,
    });
    item.engagement = Engagement {
        likes: 1_200,
        shares: 12,
        replies: 0,
    };
    item.author = Some(Author {
        followers: Some(12_345),
        ..Author::default()
    });
    let flag = triaged(&item, Some("en"), &sentiment(NEG, 0.96))
        .flag
        .expect("it is flagged");
    assert_eq!(flag.reasons[0], "1 of 5 stars");
    let mut said = flag.reasons.clone();
    said.sort();
    assert_eq!(
        said,
        [
            "1 of 5 stars",
            "12 shares, 1,200 likes",
            "asks a question that waits for an answer",
            "asks for a refund: “refund”",
            "negative with 96 % probability",
            "reports a fault: “Broken”",
            "seen 30m after it was posted",
            "the author has 12,345 followers",
        ]
    );
    item.rating = Some(Rating {
        value: 2.0,
        best: 10.0,
    });
    let flag = triaged(&item, Some("en"), &sentiment(POS, 0.1))
        .flag
        .expect("it is flagged");
    assert_eq!(
        flag.reasons[0],
        "2 of 10 stars, although the text reads positive"
    );
}

#[test]
fn the_brands_own_texts_are_never_flagged() {
    let angry = sentiment(NEG, 0.99);
    let mut item = post("We are sorry that it broke. Refund!");
    let input = TriageInput {
        item: &item,
        sentiment: &angry,
        correction: None,
        lang: None,
        own: true,
        seen_at: now(),
        evidence: Evidence::default(),
    };
    let policy = TriagePolicy::default();
    let weights = Weights::shipped();
    assert_eq!(triage(&input, &weights, &policy, now()).flag, None);
    item.is_brand_reply = true;
    assert_eq!(triaged(&item, None, &angry).flag, None);
}

#[test]
fn articles_are_flagged_only_when_serious() {
    let mut item = post("Acme had a bad quarter, and its shares fell");
    item.kind = Kind::Article;
    assert_eq!(triaged(&item, None, &sentiment(NEG, 0.97)).flag, None);
    item.text = "Acme kettles caught fire and burned my hand".to_owned();
    assert!(triaged(&item, None, &sentiment(NEG, 0.97)).flag.is_some());
}

#[test]
fn clocks_run_from_the_post() {
    #[track_caller]
    fn check(posted: Option<DateTime<Utc>>, start: DateTime<Utc>, estimated: bool, backlog: bool) {
        let mut item = post("Terrible service, I want a refund");
        item.published_at = posted;
        let triage = triaged(&item, Some("en"), &sentiment(NEG, 0.98));
        let flag = triage.flag.expect("it is flagged, backlog or not");
        assert_eq!(flag.goal_by, start + TimeDelta::hours(1), "{posted:?}");
        assert_eq!(flag.reply_by, start + TimeDelta::hours(24), "{posted:?}");
        assert_eq!(
            (flag.estimated, triage.backlog),
            (estimated, backlog),
            "{posted:?}"
        );
    }
    let ago = |hours| now() - TimeDelta::hours(hours);
    check(Some(ago(2)), ago(2), false, false);
    check(Some(ago(48)), ago(48), false, false);
    check(Some(ago(49)), ago(49), false, true);
    check(None, now(), true, false);
    check(Some(now() + TimeDelta::hours(3)), now(), true, false);
    check(Some(now()), now(), false, false);
}

#[test]
fn more_of_anything_bad_never_lowers_the_score() {
    let of = |change: &dyn Fn(&mut Item, &mut f64)| {
        let mut item = post("Nothing works");
        item.rating = Some(Rating {
            value: 3.0,
            best: 5.0,
        });
        let mut negative = 0.8;
        change(&mut item, &mut negative);
        let judged = sentiment(NEG, negative);
        let input = TriageInput {
            item: &item,
            sentiment: &judged,
            correction: None,
            lang: None,
            own: false,
            seen_at: now(),
            evidence: Evidence::default(),
        };
        Weights::shipped().score(&signals(&input, now())).score
    };
    let base = of(&|_, _| ());
    assert!(of(&|_, negative| *negative = 0.95) > base);
    assert!(
        of(&|item, _| item.rating = Some(Rating {
            value: 1.0,
            best: 5.0
        })) > base
    );
    assert!(
        of(&|item, _| item.rating = Some(Rating {
            value: 4.0,
            best: 5.0
        })) < base
    );
    assert!(of(&|item, _| item.engagement.shares = 50) > base);
    assert!(
        of(&|item, _| item.author = Some(Author {
            followers: Some(500_000),
            ..Author::default()
        })) > base
    );
    assert!(of(&|item, _| item.text.push_str(". Refund!")) > base);
    assert!(of(&|item, _| item.published_at = Some(now() - TimeDelta::hours(40))) < base);
}

#[test]
fn heads_authors_and_growth_are_reasons_of_their_own() {
    let mut item = post("Acme again");
    item.engagement.shares = 300;
    let judged = sentiment(UNS, 0.45);
    let earlier = Item {
        engagement: Engagement::default(),
        ..item.clone()
    };
    let with = |complaint: f64| TriageInput {
        item: &item,
        sentiment: &judged,
        correction: None,
        lang: Some("en"),
        own: false,
        seen_at: now(),
        evidence: Evidence {
            intent: Some(Intent {
                complaint,
                question: 0.1,
                request: 0.1,
            }),
            author: Some(AuthorHistory {
                n_mentions_before: 5,
                n_negative_before: 3,
            }),
            reach_before: Some(ReachSeen::of(&earlier, now() - TimeDelta::minutes(30))),
        },
    };
    let policy = TriagePolicy {
        flag_threshold: 0.0,
        ..TriagePolicy::default()
    };
    let weights = Weights::shipped();
    let flagged = |complaint| triage(&with(complaint), &weights, &policy, now()).flag;
    let flag = flagged(0.9).expect("it reads like a complaint");
    for said in [
        "reads like a complaint (90 %)",
        "the same author was negative 3 times before",
        "spreads: 300 shares more within 30m",
        "300 shares",
    ] {
        assert!(
            flag.reasons.iter().any(|reason| reason == said),
            "{said}: {flag:?}"
        );
    }
    assert_eq!(flagged(0.3), None, "an unsure text without any sign");
}

#[test]
fn threats_are_found_in_every_language_with_its_endings() {
    #[track_caller]
    fn check(lang: &str, text: &str, expected: Part) {
        let item = post(text);
        let judged = sentiment(NEG, 0.9);
        let input = TriageInput {
            item: &item,
            sentiment: &judged,
            correction: None,
            lang: Some(lang),
            own: false,
            seen_at: now(),
            evidence: Evidence::default(),
        };
        let found = signals(&input, now());
        let parts: Vec<Part> = found.iter().map(|found| found.part).collect();
        assert!(parts.contains(&expected), "{text:?}: {parts:?}");
    }
    check(
        "en",
        "Please retweet so that everyone should know",
        Part::Viral,
    );
    check(
        "en",
        "There was a short circuit and smoke coming out",
        Part::Safety,
    );
    check("en", "I am moving to another bank", Part::Churn);
    check("tr", "Hepinizi sosyal medyada ifşa edeceğim", Part::Viral);
    check("tr", "Avukatımla görüştüm, ihtarname yolladım", Part::Legal);
    check("tr", "Kazıklandık, paramız gitti", Part::Fraud);
    check("tr", "Cihaz kısa devre yaptı", Part::Safety);
    check("tr", "Numaramı taşıyorum artık", Part::Churn);
    check("hi", "मैं इसे वायरल कर दूंगा", Part::Viral);
    check("hi", "लीगल नोटिस भेजूंगा", Part::Legal);
    check("hi", "media me sabko bataunga", Part::Viral);
    check("hi", "thane me report karunga", Part::Legal);
    check("hi", "sab farzi hai, paise kha gaye", Part::Fraud);
    check("te", "సోషల్ మీడియాలో అందరికీ చెప్తాను", Part::Viral);
    check("te", "లీగల్‌గా వెళ్తాను", Part::Legal);
    check("te", "andariki cheptha social media lo", Part::Viral);
    check("te", "pakka cheating chesaru", Part::Fraud);
    check("te", "vere daniki maripotha", Part::Churn);
    check("es", "Lo voy a publicar en redes sociales", Part::Viral);
    check("de", "Ich gehe an die Presse", Part::Viral);
    check("fr", "Je vais prévenir la presse", Part::Viral);
    check("it", "Condividete tutti", Part::Viral);
    check("pt", "Vou divulgar nas redes sociais", Part::Viral);
    check("ar", "انشروا هذا للجميع", Part::Viral);
}
