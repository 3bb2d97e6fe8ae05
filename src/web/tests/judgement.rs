//! What a page says of a verdict: toward which brand, because of which sentence, and that
//! stars contradict it.

use super::House;
use crate::domain::{BrandMatch, BrandName, Label, Rating, Sentence, Sentiment};
use crate::web::sample;

fn said(label: Label) -> Sentiment {
    Sentiment {
        label,
        sentence: None,
        ..sample::mention("m1").sentiment
    }
}

#[tokio::test]
async fn the_page_names_the_sentence_that_decided() {
    let house = House::new();
    let mut mention = sample::mention("m1");
    mention.sentiment.sentence = Some(Sentence {
        text: "nobody <b>answers</b>".to_owned(),
        span: Some([5, 9]),
    });
    house.store(&mention);
    let page = house.get("/mentions/m1").await.text;
    assert!(
        page.contains("because of <q lang=\"en\" dir=\"auto\">nobody &lt;b&gt;answers"),
        "{page}"
    );
    let listed = house.get("/api/v1/mentions/m1").await.json();
    assert_eq!(
        listed["sentiment"]["sentence"]["span"],
        serde_json::json!([5, 9])
    );
}

#[tokio::test]
async fn several_brands_have_their_verdicts() {
    let house = House::new();
    let mut mention = sample::mention("m1");
    mention.brands[0].sentiment = Some(said(Label::Negative));
    mention.brands.push(BrandMatch {
        name: BrandName::new("Globex"),
        rule: "globex".to_owned(),
        spans: Vec::new(),
        sentiment: Some(said(Label::Unsure)),
    });
    house.store(&mention);
    let page = house.get("/mentions/m1").await.text;
    assert!(
        page.contains("<li>Acme: <span class=\"negative\">Negative 94 %</span></li>"),
        "{page}"
    );
    assert!(
        page.contains("<li>Globex: <span class=\"unsure\">Unsure</span></li>"),
        "{page}"
    );
}

#[tokio::test]
async fn stars_against_the_text_are_marked_and_found() {
    let house = House::new();
    house.store(&sample::mention("m1"));
    let mut odd = sample::mention("m2");
    odd.item.rating = Some(Rating {
        value: 5.0,
        best: 5.0,
    });
    odd.stars_against_text = true;
    house.store(&odd);
    assert!(
        house
            .get("/mentions/m2")
            .await
            .text
            .contains("stars against text")
    );
    assert!(
        !house
            .get("/mentions/m1")
            .await
            .text
            .contains("stars against text")
    );
    let found = house.get("/api/v1/mentions?q=is:contradicted").await.json();
    let found = found["mentions"].as_array().expect("a list");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["id"], "m2");
    assert_eq!(found[0]["stars_against_text"], true);
    assert_eq!(
        found[0]["sentiment"]["label"], "negative",
        "stars change no verdict"
    );
}
