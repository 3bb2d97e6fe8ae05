//! The page as people use it: the real demo in a real Chromium, with and without scripts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use crate::harness::{ANGRY, Place, Reply, Running, Site, configuration, feed, wait_for};
use crate::webdriver::Browser;

const SIGN_IN: &str = "form[action=\"/sign-in\"] button";
const SIGN_OUT: &str = "form[action=\"/sign-out\"] button";

/// How the demo's brand is written.
const SPELLINGS: [&str; 3] = ["acme", "एक्मे", "అక్మే"];

/// The demo on a free port with a browser beside it, where one is installed.
fn demo(place: &Place, runs_scripts: bool) -> Option<(Running, Browser, String)> {
    let browser = Browser::start(place.path(), runs_scripts)?;
    let mut demo = place.start(&["demo", "--listen", "127.0.0.1:0"]);
    let page = demo.address("Page:");
    Some((demo, browser, page))
}

#[track_caller]
fn sign_in(demo: &mut Running, browser: &Browser, page: &str) -> String {
    let link = demo.address("Sign in:");
    browser.open(&link);
    browser.click(SIGN_IN);
    wait_for("the start page", || (browser.url() == page).then_some(()));
    link
}

fn card(id: &str) -> String {
    format!("[data-mention=\"{id}\"]")
}

/// The button that does `action` to a mention.
fn button(id: &str, action: &str) -> String {
    format!("form[action=\"/mentions/{id}/{action}\"] button")
}

/// What the cards of the live page show.
#[track_caller]
fn cards(browser: &Browser) -> Vec<Value> {
    let shown = browser.eval(
        "const texts = (card, selector) =>
           [...card.querySelectorAll(selector)].map((element) => element.innerText.trim());
         return [...document.querySelectorAll('[data-live] > [data-mention]')].map((card) => ({
           id: card.dataset.mention,
           due: card.dataset.due,
           arrived: card.classList.contains('arrived'),
           brand: texts(card, '.brand').join(),
           verdict: texts(card, '.verdict .label').join(),
           reasons: texts(card, '.flagged li'),
           deadline: texts(card, '.deadline').join(),
           marked: texts(card, 'mark'),
         }));",
        &[],
    );
    shown.as_array().expect("a list of cards").clone()
}

#[track_caller]
fn ids(browser: &Browser) -> Vec<String> {
    cards(browser)
        .iter()
        .map(|card| card["id"].as_str().expect("an id").to_owned())
        .collect()
}

/// Loads the page until it lists some cards: without scripts nothing comes in by itself.
#[track_caller]
fn wait_for_cards(browser: &Browser, page: &str, n: usize) {
    wait_for("flagged cards", || {
        browser.open(page);
        (cards(browser).len() >= n).then_some(())
    });
}

#[test]
fn a_person_signs_in_and_watches_alerts_come_in() {
    let place = Place::new();
    let Some((mut demo, browser, page)) = demo(&place, true) else {
        return;
    };

    browser.open(&page);
    assert_eq!(
        browser.url(),
        format!("{page}sign-in"),
        "a stranger has to sign in"
    );
    assert!(browser.text("main").contains("hearken sign-in"));
    assert!(!browser.has("[data-mention]"));
    // Opening the link changes nothing, as often as chat previews like; pressing does.
    browser.open(&demo.address("Sign in:"));
    let link = sign_in(&mut demo, &browser, &page);
    wait_for_cards(&browser, &page, 3);

    assert!(
        browser.title().ends_with("Needs a reply · Hearken"),
        "{}",
        browser.title()
    );
    assert!(browser.text(".demo").contains("This is a demo"));
    let shown = cards(&browser);
    for card in &shown {
        assert_eq!(card["brand"], "Acme");
        let reasons = card["reasons"].as_array().expect("a list");
        assert!(
            !reasons.is_empty() && reasons.iter().all(|reason| reason != ""),
            "{card}"
        );
        let verdict = card["verdict"].as_str().unwrap_or_default();
        let is_label = ["Negative", "Neutral", "Positive", "Unsure"]
            .iter()
            .any(|label| verdict.starts_with(label));
        assert!(is_label, "{card}");
        let deadline = card["deadline"].as_str().unwrap_or_default();
        assert!(
            deadline.contains("Answer by ") && deadline.contains("(posted "),
            "{card}"
        );
        let marked = card["marked"].as_array().expect("a list");
        assert!(!marked.is_empty(), "{card}");
        for word in marked {
            let word = word.as_str().unwrap_or_default().to_lowercase();
            assert!(
                SPELLINGS.iter().any(|spelling| word.contains(spelling)),
                "{card}"
            );
        }
    }

    // The page stays as it is loaded now, and alerts come in by themselves.
    browser.eval("window.loadedOnce = true", &[]);
    let before = ids(&browser);
    wait_for("the stream", || {
        (browser.text("[data-live-state]") == "Live").then_some(())
    });
    let fresh = wait_for("a new alert", || {
        cards(&browser)
            .into_iter()
            .find(|card| card["arrived"] == true && !before.iter().any(|id| card["id"] == id[..]))
    });
    assert_eq!(
        browser.eval("return window.loadedOnce", &[]),
        true,
        "no page was loaded"
    );
    assert_ne!(fresh["reasons"], serde_json::json!([]), "{fresh}");
    assert!(
        browser.text("[data-announce]").starts_with("New: Acme on "),
        "screen readers hear it"
    );
    let due: Vec<String> = cards(&browser)
        .iter()
        .map(|card| card["due"].to_string())
        .collect();
    assert!(due.is_sorted(), "the most urgent first: {due:?}");
    wait_for("the counts to follow", || {
        let same = "return document.querySelectorAll('main [data-mention]').length ===
            Number(document.querySelector('[data-count=waiting] [data-number]').textContent)";
        (browser.eval(same, &[]) == true).then_some(())
    });
    let complaints = browser.complaints();
    assert!(complaints.is_empty(), "{complaints:#?}");

    // The link was used up. (Whoever is signed in already is led to the start page.)
    browser.open(&link);
    assert_eq!(browser.url(), page);
    browser.click(SIGN_OUT);
    wait_for("the way out", || {
        browser.url().ends_with("/sign-in").then_some(())
    });
    browser.open(&link);
    browser.click(SIGN_IN);
    wait_for("the refusal", || {
        browser
            .text("h1")
            .contains("does not work any more")
            .then_some(())
    });
    demo.stop("TERM");
}

#[test]
fn buttons_close_a_case_and_bring_it_back() {
    let place = Place::new();
    let Some((mut demo, browser, page)) = demo(&place, true) else {
        return;
    };
    sign_in(&mut demo, &browser, &page);
    let id = press_all_buttons(&browser, &page);

    // A mention's own page tells what was done, and a signed-out browser sees nothing.
    browser.open(&format!("{page}mentions/{id}"));
    assert!(
        browser.text("main").contains("marked as handled"),
        "{}",
        browser.text("main")
    );
    let complaints = browser.complaints();
    assert!(complaints.is_empty(), "{complaints:#?}");
    browser.click(SIGN_OUT);
    wait_for("the way out", || {
        browser.url().ends_with("/sign-in").then_some(())
    });
    browser.open(&page);
    assert!(browser.url().ends_with("/sign-in"));
    demo.stop("TERM");
}

/// The list of a page that stays open is whole again after its connection was lost.
#[test]
fn a_page_left_open_over_a_restart_gets_what_came_and_went() {
    let place = Place::new();
    let Some(browser) = Browser::start(place.path(), true) else {
        return;
    };
    let second = Arc::new(AtomicBool::new(false));
    let has_second = Arc::clone(&second);
    let site = Site::new(move |_| {
        let n_entries = 1 + usize::from(has_second.load(Ordering::Relaxed));
        let entries = &[("1", ANGRY), ("2", ANGRY)][..n_entries];
        Reply::ok("application/rss+xml", feed(entries))
    });
    let text = configuration(&[("blog", site.url("/feed"))], None);
    place.write("hearken.toml", &text);
    let mut daemon = place.start_daemon();
    let page = daemon.address("Page:");
    sign_in(&mut daemon, &browser, &page);
    wait_for_cards(&browser, &page, 1);
    let first = ids(&browser)[0].clone();
    wait_for("the stream", || {
        (browser.text("[data-live-state]") == "Live").then_some(())
    });
    browser.eval("window.loadedOnce = true", &[]);
    daemon.stop("TERM");
    wait_for("the loss to be told", || {
        (browser
            .text("[data-live-state]")
            .starts_with("Connection lost"))
        .then_some(())
    });

    // Away from the page: one customer is answered, another one complains.
    place.run(&["cases", "done", &first]).ok();
    second.store(true, Ordering::Relaxed);
    let listen = page.trim_start_matches("http://").trim_end_matches('/');
    place.write("hearken.toml", &text.replace("127.0.0.1:0", listen));
    let daemon = place.start_daemon();
    wait_for("the list to be whole", || {
        let shown = ids(&browser);
        (shown.len() == 1 && shown[0] != first).then_some(())
    });
    assert_eq!(
        browser.eval("return window.loadedOnce", &[]),
        true,
        "no page was loaded"
    );
    wait_for("the count to follow", || {
        (browser.text("[data-count=waiting] [data-number]") == "1").then_some(())
    });
    daemon.stop("TERM");
}

#[test]
fn everything_works_without_scripts() {
    let place = Place::new();
    let Some((mut demo, browser, page)) = demo(&place, false) else {
        return;
    };
    browser.open("data:text/html,<title>off</title><script>document.title = 'on'</script>");
    assert_eq!(browser.title(), "off", "this Chromium runs no scripts");
    sign_in(&mut demo, &browser, &page);
    press_all_buttons(&browser, &page);
    assert_eq!(
        browser.text("[data-live-state]"),
        "",
        "nothing claims to be live"
    );

    browser.open(&format!("{page}mentions"));
    browser.eval(
        "document.querySelector('[name=q]').value = 'stars:<=2'",
        &[],
    );
    browser.click("form[action=\"/mentions\"] button");
    wait_for("the search", || {
        browser.url().contains("q=stars").then_some(())
    });
    assert!(
        browser.has("[data-mention] .stars"),
        "reviews with few stars are found"
    );
    demo.stop("TERM");
}

/// Handled, undone, handled, reopened, dismissed, undone: the first card, which is left
/// as it was.
#[track_caller]
fn press_all_buttons(browser: &Browser, page: &str) -> String {
    wait_for_cards(browser, page, 1);
    let id = ids(browser)[0].clone();
    let listed = |address: &str| {
        browser.open(&format!("{page}{address}"));
        browser.has(&card(&id))
    };
    let press = |action: &str, said: &str| {
        browser.click(&button(&id, action));
        wait_for(said, || browser.text(".flash").contains(said).then_some(()));
    };

    press("done", "Marked as handled.");
    assert!(!browser.has(&card(&id)), "what is handled leaves the list");
    assert_eq!(browser.text(".flash button"), "Undo");
    press("reopen", "Open again.");
    assert!(browser.has(&card(&id)), "undo brings it back");

    press("done", "Marked as handled.");
    assert!(listed("done"), "it stands under Done");
    assert!(browser.text(&card(&id)).contains("Handled"));
    press("reopen", "Open again.");
    assert!(!browser.has(&card(&id)), "what is open again leaves Done");
    assert!(listed(""), "and waits for a reply again");

    press("dismiss", "Dismissed.");
    assert!(!browser.has(&card(&id)));
    press("reopen", "Open again.");
    assert!(browser.has(&card(&id)));
    id
}

#[test]
fn no_page_is_wider_than_a_telephone() {
    let place = Place::new();
    let Some((mut demo, browser, page)) = demo(&place, true) else {
        return;
    };
    sign_in(&mut demo, &browser, &page);
    wait_for_cards(&browser, &page, 3);
    let mention = format!("mentions/{}", ids(&browser)[0]);
    browser.resize(360, 780);
    for address in [
        "",
        "to-check",
        "mentions",
        "done",
        "sources",
        "deliveries",
        &mention,
    ] {
        browser.open(&format!("{page}{address}"));
        let width = browser.eval("return document.documentElement.scrollWidth", &[]);
        assert_eq!(width, 360, "/{address}");
    }
    let complaints = browser.complaints();
    assert!(complaints.is_empty(), "{complaints:#?}");
    demo.stop("TERM");
}
