//! What triage is told beyond the text and its verdict: what the author is after, how often
//! the author was heard, and how far the item had travelled an hour ago. Stores nothing.

use chrono::{DateTime, TimeDelta, Utc};

use super::events::{mention_event, spread_event};
use super::{Engine, Plan, blocking};
use crate::domain::{
    AuthorHistory, Case, Engagement, Event, Flag, Item, Kind, Mention, MentionId, ReachSeen,
};
use crate::store::{Store, StoreError};
use crate::triage::{Evidence, TriageInput, triage};

/// Mentions of one author that are counted: more of them say nothing more, and a robot's
/// must not cost every poll.
const MOST_OF_AUTHOR: usize = 64;
/// How long a mention's reach is compared with what it was: shorter is chance, longer hides
/// that it spreads now.
const COMPARED_OVER: TimeDelta = TimeDelta::hours(1);
/// A score that rises by less is not told again.
const WORTH_TELLING: f64 = 0.1;

/// An item that is about to be triaged.
pub(super) struct Asked {
    pub(super) text: String,
    pub(super) kind: Kind,
    pub(super) lang: Option<String>,
    pub(super) author: Option<String>,
    pub(super) id: MentionId,
    pub(super) seen_at: DateTime<Utc>,
    pub(super) reach_before: Option<ReachSeen>,
}

impl Asked {
    pub(super) fn of(
        item: &Item,
        lang: Option<&str>,
        id: &MentionId,
        seen_at: DateTime<Utc>,
    ) -> Self {
        Self {
            text: item.full_text(),
            kind: item.kind,
            lang: lang.or(item.lang.as_deref()).map(str::to_owned),
            author: item.author_key(),
            id: id.clone(),
            seen_at,
            reach_before: None,
        }
    }
}

/// The evidence on each item that is asked for, in order; nothing of the others.
pub(super) async fn gather(
    engine: &Engine,
    asked: Vec<Option<Asked>>,
) -> Result<Vec<Evidence>, String> {
    if asked.iter().all(Option::is_none) {
        return Ok(vec![Evidence::default(); asked.len()]);
    }
    let intents = engine.intents().await.map_err(|error| error.to_string())?;
    let store = engine.store.clone();
    let work = move || {
        asked
            .into_iter()
            .map(|asked| match asked {
                None => Ok(Evidence::default()),
                Some(asked) => Ok(Evidence {
                    intent: intents.as_ref().and_then(|intents| {
                        intents.of(&asked.text, asked.kind, asked.lang.as_deref())
                    }),
                    author: author(&store, &asked)?,
                    reach_before: asked.reach_before,
                }),
            })
            .collect()
    };
    blocking(work)
        .await
        .map_err(|error: StoreError| format!("the store could not be asked: {error}"))
}

fn author(store: &Store, asked: &Asked) -> Result<Option<AuthorHistory>, StoreError> {
    let Some(author) = &asked.author else {
        return Ok(None);
    };
    store
        .heard_before(author, asked.seen_at, &asked.id, MOST_OF_AUTHOR)
        .map(Some)
}

/// Asks about a known mention whose text is the same, when it has travelled further.
pub(super) fn ask_again(known: &Mention, item: &Item) -> Option<Asked> {
    let (was, is) = (known.item.engagement, item.engagement);
    let has_spread = is.likes > was.likes || is.shares > was.shares || is.replies > was.replies;
    (has_spread && !known.own).then(|| Asked {
        reach_before: Some(compared_with(known)),
        ..Asked::of(
            &known.item,
            known.item.lang.as_deref(),
            &known.id,
            known.seen_at,
        )
    })
}

/// What a mention's reach is compared with: what it was about an hour ago, else at first.
fn compared_with(known: &Mention) -> ReachSeen {
    known
        .reach_before
        .unwrap_or_else(|| ReachSeen::of(&known.item, known.seen_at))
}

/// The flag that a known mention gets at this moment.
pub(super) fn flag_of(
    plan: &Plan,
    mention: &Mention,
    evidence: Evidence,
    now: DateTime<Utc>,
) -> Option<Flag> {
    let input = TriageInput::of(mention, evidence);
    triage(&input, &plan.weights, &plan.policy, now).flag
}

/// Takes over the figures of a known mention that is listed again with the same text. When
/// it spreads so much that it needs an answer now, or clearly more than before, it is
/// flagged anew and the event to tell comes out.
pub(super) fn seen_again(
    plan: &Plan,
    mention: &mut Mention,
    item: &Item,
    evidence: Evidence,
    now: DateTime<Utc>,
) -> Option<Event> {
    let before = compared_with(mention);
    mention.item.engagement = item.engagement;
    mention.item.updated_at = item.updated_at.or(mention.item.updated_at);
    let followers = item.author.as_ref().and_then(|author| author.followers);
    if let (Some(author), Some(followers)) = (&mut mention.item.author, followers) {
        author.followers = Some(followers);
    }
    let travels = item.engagement != Engagement::default();
    if travels && (mention.reach_before.is_none() || now - before.at >= COMPARED_OVER) {
        mention.reach_before = Some(if now - before.at >= COMPARED_OVER {
            ReachSeen::of(&mention.item, now)
        } else {
            before
        });
    }
    evidence.reach_before?;
    let flag = flag_of(plan, mention, evidence, now)?;
    let was_flagged = mention.flag.is_some();
    let old_score = mention.flag.as_ref().map_or(0.0, |flag| flag.score);
    let waits = mention
        .case
        .as_ref()
        .is_none_or(|case| case.state.is_waiting());
    if !waits || flag.score < old_score + WORTH_TELLING {
        return None;
    }
    mention.flag = Some(flag);
    mention.case.get_or_insert_with(Case::open);
    let is_told = !mention.backlog;
    is_told.then(|| {
        if was_flagged {
            spread_event(mention, now)
        } else {
            mention_event(mention, false, now)
        }
    })
}

#[cfg(test)]
pub(super) mod tests {
    use std::path::Path;

    use super::*;
    use crate::config;
    use crate::domain::{
        Author, BrandMatch, BrandName, EventType, Label, Sentiment, SourceName, StoryId,
    };
    use crate::source;

    pub(in crate::worker) fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::minutes(minutes)
    }

    pub(in crate::worker) fn plan() -> Plan {
        let text = "[[brand]]\nname = \"Acme\"\n";
        let config = config::parse(Path::new("hearken.toml"), text, &|_| None);
        let config = config.expect("a good configuration");
        super::super::compile(config, source::builtin()).expect("it compiles")
    }

    /// A post that is somewhat negative and not flagged.
    pub(in crate::worker) fn quiet(plan: &Plan) -> Mention {
        let mut item = Item::empty("feed", Kind::Post);
        item.text = "Hm, Acme again".to_owned();
        item.published_at = Some(at(0));
        item.author = Some(Author {
            handle: Some("@jo@example.org".to_owned()),
            followers: Some(400),
            ..Author::default()
        });
        let mention = Mention {
            item,
            id: MentionId::new("m"),
            source: SourceName::new("feed"),
            seen_at: at(0),
            brands: vec![BrandMatch {
                name: BrandName::new("Acme"),
                rule: "acme".into(),
                spans: vec![[4, 8]],
                sentiment: None,
            }],
            story: StoryId::new("s"),
            sentiment: Sentiment {
                label: Label::Negative,
                negative: 0.55,
                neutral: 0.4,
                positive: 0.05,
                model: "test/1".into(),
                sentence: None,
            },
            flag: None,
            case: None,
            stars_against_text: false,
            backlog: false,
            own: false,
            earlier: Vec::new(),
            deleted_at: None,
            corrections: Vec::new(),
            reach_before: None,
        };
        let alone = flag_of(plan, &mention, Evidence::default(), at(1));
        assert_eq!(alone, None, "nobody is told of it as it is");
        mention
    }

    /// Polled again: what triage is asked, and what there is to tell.
    fn polled(
        plan: &Plan,
        mention: &mut Mention,
        shares: u64,
        now: DateTime<Utc>,
    ) -> Option<Event> {
        let mut item = mention.item.clone();
        item.engagement.shares = shares;
        let evidence = ask_again(mention, &item).map_or_else(Evidence::default, |asked| Evidence {
            reach_before: asked.reach_before,
            ..Evidence::default()
        });
        seen_again(plan, mention, &item, evidence, now)
    }

    #[test]
    fn a_post_that_spreads_is_flagged_and_told_once() {
        let plan = plan();
        let mut mention = quiet(&plan);
        assert_eq!(polled(&plan, &mut mention, 1, at(10)), None);
        let told = polled(&plan, &mut mention, 900, at(20)).expect("it spreads");
        assert_eq!(told.event_type, EventType::MentionFlagged);
        let flag = mention.flag.clone().expect("it is flagged");
        let spreads = |reason: &String| reason.starts_with("spreads: 900 shares more within 20m");
        assert!(flag.reasons.iter().any(spreads), "{:?}", flag.reasons);
        assert_eq!(flag.goal_by, at(60), "the clock runs from the post");
        assert!(mention.case.is_some());
        assert_eq!(polled(&plan, &mut mention, 905, at(30)), None, "told once");
        assert_eq!(polled(&plan, &mut mention, 905, at(90)), None);
        let before = mention.reach_before.expect("it is followed");
        assert_eq!((before.at, before.engagement.shares), (at(90), 905));
    }

    #[test]
    fn what_does_not_travel_is_not_followed_and_what_is_done_stays_done() {
        let plan = plan();
        let mut mention = quiet(&plan);
        assert_eq!(polled(&plan, &mut mention, 0, at(10)), None);
        assert_eq!(mention.reach_before, None, "nothing is written for it");
        let mut case = Case::open();
        case.state = crate::domain::CaseState::Dismissed;
        mention.case = Some(case);
        assert_eq!(polled(&plan, &mut mention, 5_000, at(20)), None);
        assert_eq!(mention.flag, None);
    }
}
