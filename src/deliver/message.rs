//! What a person is told, whatever the tool: built from a stored event by one pure
//! function, rendered by one body builder a tool. Texts here are cleaned and of bounded
//! length, but not escaped: that is the builder's work.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value as Json;

use super::text::{Marked, is_blank, one_line};
use super::wording::{
    author, capital, case_line, deadline, name_in, news, platform, safe_link, said, severity,
    stars, verdict,
};
use crate::domain::{AuthorHistory, CaseState, Event, EventId, Mention, MentionId, StoryId};

/// The longest headline.
const HEADLINE_LIMIT: usize = 140;
/// The longest value of a fact.
const FACT_LIMIT: usize = 300;
/// What a person reads in a chat; the page shows the rest.
const EXCERPT_CHARS: usize = 1_500;
/// Entries that a digest lists; the rest is counted.
const DIGEST_LIMIT: usize = 20;
/// What a digest shows of each text.
const DIGEST_EXCERPT_CHARS: usize = 160;

/// How much a message matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Something went well, or is settled.
    Good,
    /// Nothing has to be done.
    Info,
    /// Somebody should act.
    Warning,
    /// Somebody must act now.
    Critical,
}

impl Severity {
    /// The sign before the headline, for tools and readers without colours.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Good => "✅",
            Self::Info => "ℹ️",
            Self::Warning => "🟠",
            Self::Critical => "🔴",
        }
    }

    /// The colour beside a message.
    pub fn colour(self) -> u32 {
        match self {
            Self::Good => 0x002e_7d32,
            Self::Info => 0x0054_6e7a,
            Self::Warning => 0x00ef_6c00,
            Self::Critical => 0x00c6_2828,
        }
    }
}

/// One thing to know, with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What it is called.
    pub label: &'static str,
    /// What it is.
    pub value: Value,
}

/// The value of a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// In words.
    Text(String),
    /// A moment, which some tools show in the reader's own time zone.
    Time {
        /// The moment.
        at: DateTime<Utc>,
        /// The moment for everybody else.
        shown: String,
        /// What is said behind it, in parentheses.
        note: String,
    },
}

impl Value {
    /// The value as text.
    pub fn plain(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Time { shown, note, .. } => format!("{shown} ({note})"),
        }
    }
}

/// An address to follow; it shows something and changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What it is called.
    pub label: &'static str,
    /// Where it leads: always http or https.
    pub url: String,
}

/// What a button does where the tool proves who pressed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Whoever presses it works on the case.
    Claim,
    /// No answer is needed.
    Dismiss,
}

impl Action {
    /// The word on the button.
    pub fn label(self) -> &'static str {
        match self {
            Self::Claim => "Claim",
            Self::Dismiss => "Dismiss",
        }
    }

    /// The word that comes back when it is pressed.
    pub fn word(self) -> &'static str {
        match self {
            Self::Claim => "claim",
            Self::Dismiss => "dismiss",
        }
    }
}

/// The case that a message is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseRef {
    /// The mention.
    pub mention: MentionId,
    /// Its story: one story, one message.
    pub story: StoryId,
    /// Where the case stands.
    pub state: CaseState,
}

/// One entry of a digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What happened.
    pub headline: String,
    /// The beginning of the text; empty when there is none.
    pub text: String,
    /// Where to read on.
    pub url: Option<String>,
}

/// A message, whatever the tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The event it was built from.
    pub event: EventId,
    /// The type of the event, or `digest`.
    pub event_type: String,
    /// When the event was stored.
    pub at: DateTime<Utc>,
    /// How much it matters.
    pub severity: Severity,
    /// What happened, in one line.
    pub headline: String,
    /// What to know.
    pub facts: Vec<Fact>,
    /// The title of what was posted.
    pub title: Option<String>,
    /// What was posted, or what else there is to say.
    pub text: Option<Marked>,
    /// Whether the text was shortened; a link leads to the rest.
    pub is_cut: bool,
    /// The entries of a digest.
    pub lines: Vec<Line>,
    /// Where to go.
    pub links: Vec<Link>,
    /// What buttons may do.
    pub actions: Vec<Action>,
    /// The case it is about.
    pub case: Option<CaseRef>,
}

/// What else an event says beside its mention.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Data {
    mention: Option<Mention>,
    message: Option<String>,
    n_mentions: Option<u64>,
    source: Json,
    destination: Json,
    digest: Json,
}

impl Message {
    /// The message of an event. `page` is the address that links to the page begin with;
    /// without one these links are left out. `history` is what was heard of the author
    /// before.
    pub fn of(event: &Event, page: Option<&str>, history: Option<AuthorHistory>) -> Self {
        let body: Json = serde_json::from_str(&event.body).unwrap_or_default();
        let kind = event.event_type.as_str();
        Self::told(
            event.id.clone(),
            kind,
            event.at,
            &body["data"],
            page,
            history,
        )
    }

    /// The message of an event as if it were of another type.
    #[cfg(test)]
    pub(super) fn told_as(kind: &str, event: &Event, page: Option<&str>) -> Self {
        let body: Json = serde_json::from_str(&event.body).unwrap_or_default();
        Self::told(event.id.clone(), kind, event.at, &body["data"], page, None)
    }

    /// The message of an event that is known by its parts only, as a digest holds them.
    fn told(
        id: EventId,
        kind: &str,
        at: DateTime<Utc>,
        told: &Json,
        page: Option<&str>,
        history: Option<AuthorHistory>,
    ) -> Self {
        let data = Data::deserialize(told).unwrap_or_default();
        let mut message = Self {
            event: id,
            event_type: kind.to_owned(),
            at,
            severity: Severity::Info,
            headline: kind.to_owned(),
            facts: Vec::new(),
            title: None,
            text: None,
            is_cut: false,
            lines: Vec::new(),
            links: Vec::new(),
            actions: Vec::new(),
            case: None,
        };
        match (kind, &data.mention) {
            (_, Some(mention)) => message.tell_mention(mention, history, page),
            ("digest", _) => message.tell_digest(&data.digest, page),
            ("test", _) => {
                message.headline = "A test from Hearken".to_owned();
                message.say(data.message.as_deref().unwrap_or("Nothing happened."));
                message.go("Open Hearken", page, "/");
            }
            ("mention.backlog", _) => {
                let n_mentions = data.n_mentions.unwrap_or(0);
                let source = name_in(&data.source);
                message.headline = format!("{n_mentions} older mentions found by {source}");
                message.say(
                    "They are stored and judged. They were posted too long ago for an alert each.",
                );
                message.go("Show the mentions", page, "/mentions");
            }
            ("source.failing", _) => {
                message.severity = Severity::Warning;
                message.headline = format!("Source failing: {}", name_in(&data.source));
                let reason = data.source["health"]["reason"].as_str();
                message.say(reason.unwrap_or_default());
                message.go("Show the sources", page, "/sources");
            }
            ("source.recovered", _) => {
                message.severity = Severity::Good;
                message.headline = format!("Source works again: {}", name_in(&data.source));
                message.go("Show the sources", page, "/sources");
            }
            ("destination.disabled", _) => {
                message.severity = Severity::Critical;
                message.headline = format!("Alerts to {} are off", name_in(&data.destination));
                message.say(data.destination["reason"].as_str().unwrap_or_default());
                message.go("Show the deliveries", page, "/deliveries");
            }
            _ => message.tell_anything(told, page),
        }
        message.headline = one_line(&message.headline, HEADLINE_LIMIT);
        if is_blank(&message.headline) {
            message.headline = one_line(kind, HEADLINE_LIMIT);
        }
        message
    }

    /// One message for many events: each is told in a line, the rest is counted.
    fn tell_digest(&mut self, digest: &Json, page: Option<&str>) {
        let events = digest["events"].as_array().map_or(&[][..], Vec::as_slice);
        let told: Vec<Self> = events
            .iter()
            .map(|event| {
                let text = |key: &str| event[key].as_str().unwrap_or_default();
                let at = DateTime::parse_from_rfc3339(text("timestamp"))
                    .map_or(self.at, |at| at.to_utc());
                let id = EventId::new(text("id"));
                Self::told(id, text("type"), at, &event["data"], page, None)
            })
            .collect();
        self.headline = match digest["headline"].as_str() {
            Some(headline) if !is_blank(headline) => headline.to_owned(),
            _ => format!("{} events", told.len()),
        };
        let worst = told.iter().map(|message| message.severity).max();
        self.severity = worst.unwrap_or(Severity::Info);
        self.lines = told.iter().take(DIGEST_LIMIT).map(Self::as_line).collect();
        let n_events = digest["n_events"].as_u64().unwrap_or(events.len() as u64);
        let n_more = n_events.saturating_sub(self.lines.len() as u64);
        if n_more > 0 {
            self.fact("And", format!("{n_more} more"));
        }
        self.go("Open Hearken", page, "/");
    }

    /// The message as one entry among others.
    fn as_line(&self) -> Line {
        let text = self.text.as_ref().map(|text| {
            let (text, _) = text.excerpt(DIGEST_EXCERPT_CHARS);
            one_line(&text.text(), FACT_LIMIT)
        });
        Line {
            headline: format!("{} {}", self.severity.sign(), self.headline),
            text: text.unwrap_or_default(),
            url: self.links.last().map(|link| link.url.clone()),
        }
    }

    /// A link to our own page, where there is one.
    fn go(&mut self, label: &'static str, page: Option<&str>, path: &str) {
        self.link(label, page.map(|page| format!("{page}{path}")));
    }

    fn fact(&mut self, label: &'static str, value: impl AsRef<str>) {
        let value = one_line(value.as_ref(), FACT_LIMIT);
        if !is_blank(&value) {
            self.facts.push(Fact {
                label,
                value: Value::Text(value),
            });
        }
    }

    fn link(&mut self, label: &'static str, url: Option<String>) {
        self.links.extend(
            url.and_then(|url| safe_link(&url))
                .map(|url| Link { label, url }),
        );
    }

    fn say(&mut self, text: &str) {
        let text = Marked::plain(text);
        if !text.is_blank() {
            let (text, is_cut) = text.excerpt(EXCERPT_CHARS);
            (self.text, self.is_cut) = (Some(text), is_cut);
        }
    }

    fn tell_mention(
        &mut self,
        mention: &Mention,
        history: Option<AuthorHistory>,
        page: Option<&str>,
    ) {
        let state = mention.case.as_ref().map(|case| case.state);
        let is_settled = state.is_some_and(|state| !state.is_waiting());
        self.severity = severity(&self.event_type, mention, is_settled);
        let platform = platform(mention);
        let brands: Vec<&str> = mention
            .brands
            .iter()
            .map(|brand| brand.name.as_str())
            .collect();
        let brands = brands.join(", ");
        let what = format!(
            "{} {} on {platform}",
            mention.sentiment.label.as_str(),
            mention.item.kind.as_str()
        );
        self.headline = one_line(
            &match news(&self.event_type, mention) {
                Some(news) => format!("{news} · {brands}: {what}"),
                None => format!("{brands}: {what}"),
            },
            HEADLINE_LIMIT,
        );

        self.fact("Brand", &brands);
        self.fact("Where", &platform);
        self.fact("Author", author(mention, history));
        if let Some(rating) = mention.item.rating {
            self.fact("Stars", stars(rating.value, rating.best));
        }
        self.fact("Language", mention.item.lang.as_deref().unwrap_or_default());
        self.fact("Verdict", verdict(mention));
        if let Some(flag) = &mention.flag {
            self.fact("Flagged because", flag.reasons.join("; "));
            if !is_settled {
                self.facts.push(deadline(mention, flag, self.at));
            }
        }
        self.fact("Case", case_line(mention));

        let title = one_line(
            mention.item.title.as_deref().unwrap_or_default(),
            FACT_LIMIT,
        );
        let is_repeated = mention.item.text.starts_with(title.as_str());
        self.title = (!is_blank(&title) && !is_repeated).then_some(title);
        let spans: Vec<[usize; 2]> = mention
            .brands
            .iter()
            .flat_map(|brand| brand.spans.clone())
            .collect();
        let text = Marked::new(&mention.item.text, &spans);
        if !text.is_blank() {
            let (text, is_cut) = text.excerpt(EXCERPT_CHARS);
            (self.text, self.is_cut) = (Some(text), is_cut);
        }

        self.link("Open the post", mention.item.url.clone());
        self.go("Open the case", page, &format!("/mentions/{}", mention.id));
        if let Some(state) = state {
            self.actions = match state {
                CaseState::Open => vec![Action::Claim, Action::Dismiss],
                CaseState::Claimed => vec![Action::Dismiss],
                CaseState::Replied | CaseState::Verified | CaseState::Dismissed => Vec::new(),
            };
            self.case = Some(CaseRef {
                mention: mention.id.clone(),
                story: mention.story.clone(),
                state,
            });
        }
    }

    /// An event that has no words of its own yet: its type and what its data says.
    fn tell_anything(&mut self, data: &Json, page: Option<&str>) {
        let kind = self.event_type.clone();
        self.severity = match kind.rsplit('.').next() {
            Some("started" | "silent" | "gap") => Severity::Warning,
            Some("ended") => Severity::Good,
            _ => Severity::Info,
        };
        let (subject, what) = kind.split_once('.').unwrap_or((kind.as_str(), ""));
        let about = data[subject]["name"]
            .as_str()
            .or_else(|| data[subject]["brand"].as_str())
            .unwrap_or_default();
        self.headline = match about {
            "" => format!("{} {what}", capital(subject)),
            about => format!("{} {what}: {about}", capital(subject)),
        };
        let said = said(data);
        self.say(&said.join("\n"));
        self.go("Open Hearken", page, "/");
    }
}
