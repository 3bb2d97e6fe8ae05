//! How fast the store takes a poll, opens again with many rows and answers the page.
//! Run with `cargo bench --bench store`; every folder it makes is temporary.

use std::{
    hint::black_box,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use chrono::{DateTime, TimeDelta, Utc};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use hearken::{
    domain::{
        BrandMatch, BrandName, Case, Delivery, Event, EventId, EventType, Flag, Item, Kind, Label,
        Mention, MentionId, Sentiment, SourceName, SourceStatus, StoryId, hex_digest,
    },
    store::{CaseFilter, MentionFilter, NewMention, PollOutcome, Store},
};

const N_PER_POLL: u64 = 500;
const N_ROWS: u64 = 100_000;

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).expect("a valid time")
}

/// A mention of about 600 bytes with two identity keys, an event and a delivery.
fn new_mention(n: u64) -> NewMention {
    let name = n.to_string();
    let seen_at = start() + TimeDelta::seconds(n as i64);
    let url = format!("https://example.org/reviews/{n}");
    let text = format!(
        "Order {n} was promised for Monday and it is Friday now. The tracking page of Acme \
         shows nothing, the hotline plays music and nobody answers my two mails. Last year \
         this took a day. Does anybody read this? Parcel {}.",
        hex_digest("parcel", &[&name])
    );
    let mention = Mention {
        item: Item {
            native_id: Some(name.clone()),
            url: Some(url.clone()),
            text,
            published_at: Some(seen_at - TimeDelta::minutes(5)),
            ..Item::empty("feed", Kind::Review)
        },
        id: MentionId::new(hex_digest("mention", &[&name])),
        source: SourceName::new("feed"),
        seen_at,
        brands: vec![BrandMatch {
            name: BrandName::new("Acme"),
            rule: "acme".into(),
            spans: vec![[0, 4]],
            sentiment: None,
        }],
        story: StoryId::new(hex_digest("story", &[&name])),
        sentiment: Sentiment {
            label: Label::Negative,
            negative: 0.9,
            neutral: 0.08,
            positive: 0.02,
            model: "hearken-en/1".into(),
            sentence: None,
        },
        flag: Some(Flag {
            score: 0.8,
            reasons: vec!["strongly negative".into(), "asks for an answer".into()],
            goal_by: seen_at + TimeDelta::hours(1),
            reply_by: seen_at + TimeDelta::hours(24),
            estimated: false,
        }),
        case: Some(Case::open()),
        stars_against_text: false,
        backlog: false,
        own: false,
        corrections: Vec::new(),
        earlier: Vec::new(),
        deleted_at: None,
        reach_before: None,
    };
    let event = Event::new(
        EventId::of("mention.flagged", &[mention.id.as_str()]),
        EventType::MentionFlagged,
        seen_at,
        serde_json::json!({ "mention": mention }),
    );
    let delivery = Delivery::due(&event, "chat");
    NewMention {
        mention,
        keys: vec![format!("id:{name}"), format!("url:{url}")],
        events: vec![(event, vec![delivery])],
    }
}

/// The `n`th poll, which brings mentions that no other poll brings.
fn poll(n: u64) -> PollOutcome {
    let from = n * N_PER_POLL;
    PollOutcome {
        source: SourceName::new("feed"),
        status: Some(SourceStatus::new(SourceName::new("feed"))),
        mentions: (from..from + N_PER_POLL).map(new_mention).collect(),
        events: Vec::new(),
    }
}

fn open(folder: &Path) -> Store {
    Store::open(folder, start()).expect("the store opens")
}

fn record_poll(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = open(folder.path());
    let n_polls = AtomicU64::new(0);
    let mut group = criterion.benchmark_group("store");
    group.sample_size(20);
    group.throughput(Throughput::Elements(N_PER_POLL));
    group.bench_function("record_poll of 500 flagged mentions", |bencher| {
        bencher.iter_batched(
            || poll(n_polls.fetch_add(1, Ordering::Relaxed)),
            |outcome| store.record_poll(&outcome).expect("the poll is stored"),
            BatchSize::PerIteration,
        );
    });
    let known = poll(0);
    group.bench_function("record_poll of 500 known mentions", |bencher| {
        bencher.iter(|| store.record_poll(&known).expect("the poll is stored"));
    });
    group.finish();
}

fn many_rows(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = open(folder.path());
    for n in 0..N_ROWS / N_PER_POLL {
        store.record_poll(&poll(n)).expect("the poll is stored");
    }
    let mut group = criterion.benchmark_group("store of 100,000 mentions");
    group.sample_size(10);
    group.bench_function("50 newest mentions", |bencher| {
        bencher.iter(|| {
            store
                .mentions_newest_first(&MentionFilter::default())
                .take(50)
                .filter(Result::is_ok)
                .count()
        });
    });
    group.bench_function("50 most urgent cases", |bencher| {
        bencher.iter(|| {
            let cases = store.cases(CaseFilter::Waiting);
            cases.take(50).filter(Result::is_ok).count()
        });
    });
    group.bench_function("figures of the page", |bencher| {
        bencher.iter(|| store.stats(None, start()).expect("counted"));
    });
    group.bench_function("claim and deliver 20", |bencher| {
        bencher.iter(|| {
            let now = start() + TimeDelta::days(30);
            for (delivery, event) in store.claim_due(now, 20, 20).expect("claimed") {
                black_box(event);
                store
                    .record_attempt(
                        &delivery.id,
                        None,
                        &hearken::store::AttemptOutcome::Delivered,
                    )
                    .expect("recorded");
            }
        });
    });
    drop(store);
    group.bench_function("open", |bencher| {
        bencher.iter(|| open(folder.path()));
    });
    group.finish();
}

criterion_group!(benches, record_poll, many_rows);
criterion_main!(benches);
