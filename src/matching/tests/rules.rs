//! Mistakes in rules, spans, many brands at once, own texts, explanations.

use super::*;

#[track_caller]
fn check_error(text: &str, offset: usize, what: &str) {
    let error =
        Query::parse(text, Scope::Brand).expect_err(&text.chars().take(40).collect::<String>());
    assert_eq!(error.offset, offset, "{error}");
    assert!(error.what.contains(what), "{error}");
    assert!(!error.mend.is_empty(), "{error}");
}

#[test]
fn mistakes_are_told_with_their_place() {
    check_error("", 0, "empty");
    check_error("   ", 0, "empty");
    check_error("ü \"acme", 2, "never closed");
    check_error("(acme", 0, "never closed");
    check_error("acme)", 4, "closes nothing");
    check_error("()", 1, "nothing stands");
    check_error("acme OR", 7, "missing");
    check_error("OR acme", 0, "nothing to join");
    check_error("acme OR OR apex", 8, "nothing to join");
    check_error("acme or apex", 5, "looked for as a word");
    check_error("acme | apex", 5, "no word");
    check_error("NOT acme", 0, "everything else");
    check_error("acme OR -apex", 0, "everything else");
    check_error("acme NEAR/0 x", 5, "1 to 100");
    check_error("acme NEAR/3 (a b)", 12, "NEAR joins");
    check_error("a*", 0, "two letters");
    check_error("ac*me", 0, "star");
    check_error("***", 0, "star");
    check_error("!!!", 0, "no letter");
    check_error("/(/", 0, "cannot be used");
    check_error("/a*/", 0, "nothing at all");
    check_error("/(a{1000}){1000}/", 0, "too large");
    check_error("/acme", 0, "never closed");
    check_error("'acme", 0, "never closed");
    check_error("acme verdict:negative", 5, "cannot stand in a brand rule");
    check_error("acme colour:red", 5, "no field");
    check_error("stars:many", 6, "does not understand");
    check_error("stars: 2", 0, "no value");
    check_error("kind:tweet", 5, "does not understand");
    check_error(&"(".repeat(100_000), 0, "longer than");
    check_error(&"(".repeat(1_000), 40, "parentheses inside");
    check_error(&"acme ".repeat(3_000), 10_000, "terms");
    check_error(&"x".repeat(1_000_000), 0, "longer than");
    assert!(Query::parse(&"-".repeat(10_000), Scope::Search).is_err());
    assert!(Query::parse("http://acme.com/x", Scope::Brand).is_ok());
    assert!(Query::parse("see also: acme", Scope::Brand).is_ok());
}

#[test]
fn every_span_folds_to_the_words_of_its_rule() {
    // Generated from parts, so that endings, signs and scripts meet in many ways.
    let names = [
        "acme",
        "café",
        "İstanbul",
        "straße",
        "అక్మే",
        "एक्मे",
        "arçelik",
        "5g",
    ];
    let fronts = [
        "",
        "l'",
        "“",
        "#",
        "@",
        "x ",
        "🙂 ",
        "e\u{301}t ",
        "నేను ",
        "(",
    ];
    let backs = [
        "", "'nin", "’s", "లో", " కి", "ने", "nin", "!", "\u{301}", " 🙂", "ology", "_x", "্",
    ];
    for name in names {
        let wanted = fold::fold_text(name);
        for front in fronts {
            for back in backs {
                for lang in [None, Some("tr"), Some("te")] {
                    let item = post(&format!("{front}{name}{back} und {name}"));
                    let words = found(name, &item, lang)
                        .unwrap_or_else(|| panic!("{name} stands alone in {:?}", item.text));
                    for word in words {
                        let folded = fold::fold_text(&word);
                        assert_eq!(folded, wanted, "{name} in {:?}", item.text);
                    }
                }
            }
        }
    }
}

fn brand(name: &str, query: &str) -> Brand {
    Brand {
        name: BrandName::new(name),
        query: query.to_owned(),
        handles: vec!["@Acme".to_owned(), "u/acme_help".to_owned()],
        domains: vec!["acme.com".to_owned()],
    }
}

#[test]
fn thousands_of_brands_are_asked_at_once() {
    let mut brands: Vec<Brand> = (0..5_000)
        .map(|i| {
            brand(
                &format!("Brand {i}"),
                &format!("\"brandname{i} corp\" OR @brand{i}"),
            )
        })
        .collect();
    brands.push(brand("Acme", "acme -apex"));
    brands.push(brand("Field", "site:reddit.com"));
    brands.push(brand("Soft", "arçelik"));
    let matcher = Matcher::compile(&brands).expect("all are right");
    let names = |text: &str, lang| {
        let mut item = post(text);
        item.url = Some("https://example.org/1".to_owned());
        let names: Vec<String> = matcher
            .find(&item, lang, None)
            .into_iter()
            .map(|found| found.name.as_str().to_owned())
            .collect();
        names
    };
    assert_eq!(
        names("ACME and Brandname17 Corp", None),
        ["Brand 17", "Acme"]
    );
    assert_eq!(names("acme and apex", None), [""; 0]);
    assert_eq!(names("Arçeliğin servisi", Some("tr")), ["Soft"]);
    let wrong = [brand("A", "acme"), brand("B", "("), brand("C", "x OR")];
    let problems = Matcher::compile(&wrong).expect_err("two are wrong");
    let names: Vec<&str> = problems.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["B", "C"]);
}

#[test]
fn the_brands_own_texts_are_known_by_account_and_domain() {
    let acme = brand("Acme", "acme");
    #[track_caller]
    fn check(acme: &Brand, handle: &str, url: &str, expected: bool) {
        let mut item = post("x");
        item.author = Some(Author {
            handle: Some(handle.to_owned()),
            ..Author::default()
        });
        item.url = Some(url.to_owned());
        assert_eq!(is_own(acme, &item), expected, "{handle} {url}");
    }
    check(&acme, "acme", "https://x.com/1", true);
    check(&acme, "@ACME", "https://x.com/1", true);
    check(&acme, "/u/acme_help", "https://reddit.com/1", true);
    check(&acme, "@acme@evil.example", "https://evil.example/1", false);
    check(&acme, "acme2", "https://x.com/acme", false);
    check(&acme, "jane", "https://blog.acme.com/1", true);
    check(&acme, "jane", "https://notacme.com/1", false);
    check(&acme, "jane", "https://acme.com.evil.example/1", false);
}

#[test]
fn near_misses_are_explained() {
    #[track_caller]
    fn check(rule: &str, text: &str, expected: &str) {
        let item = post(text);
        let lines = query(rule).explain(&subject(&item, None));
        assert!(
            lines.iter().any(|line| line.why.contains(expected)),
            "{lines:?}"
        );
    }
    check("acme", "acme acme", "twice");
    check("acme", "Acmeology", "is part of “acmeology”");
    check("acme", "Amce", "one letter different");
    check("@acme", "acme", "not as the account");
    check("acme -apex", "acme apex", "excludes");
    check(
        "acme NEAR/1 refund",
        "acme a b c refund",
        "more than 1 words apart",
    );
    check("\"acme corp\"", "acme", "not the whole phrase");
}

#[test]
fn hostile_texts_take_no_longer_than_long_ones() {
    let started = std::time::Instant::now();
    for part in [
        "l'acme ",
        "@a.",
        "acme acme ",
        "#a ",
        "अ",
        "'",
        "acme\u{301}",
    ] {
        let item = post(&part.repeat(60_000 / part.len()));
        for rule in [
            "acme",
            "@acme",
            "acme*",
            "acme NEAR/100 acme",
            "\"a a a a b\"",
            "domain:acme.com",
        ] {
            let _ = query(rule).find(&subject(&item, None));
        }
    }
    // Quadratic work on this much would take minutes; a busy machine must not fail here.
    assert!(started.elapsed().as_secs() < 60);
}
