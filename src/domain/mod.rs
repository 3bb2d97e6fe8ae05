//! The words of the product as plain data: no I/O, no clock, nothing of ours imported.

mod asking;
mod brand;
mod case;
mod correction;
mod definition;
mod delivery;
mod destination;
mod event;
mod fill;
mod ids;
mod intent;
mod item;
mod language;
mod listing;
mod mention;
mod noise;
mod policy;
mod print;
mod reach;
mod request;
mod rhythm;
mod rule;
mod secret;
mod seen;
mod signing_key;
mod sketch;
mod source;
mod spike;
mod sse;
mod time;
mod verdict;

pub use asking::{
    AskMethod, BodyTemplate, ClientAuth, Grant, JsonTemplate, Mark, Paging, PagingKind,
    PlannedBody, Request, RequestPiece, RequestPlan, SignIn, SignInPlan, Template, encode_form,
};
pub use brand::{Brand, BrandMatch};
pub use case::{Case, CaseAct, CaseAction, CaseState};
pub use correction::{Correction, Said};
pub use definition::{
    Alternatives, Carrier, Definition, FieldRules, Format, HtmlReading, JsonMapping, JsonReading,
    Limits, Mapping, Param, ParamProblem, ParamType, QueryForm, Sample, StreamKind, Verified,
};
pub use delivery::{Attempt, Delivery, DeliveryState, Posted};
pub use destination::{Destination, DestinationKind, Email, Follows, Slack, SlackBot, Telegram};
pub use event::{Event, EventType};
pub use ids::{BrandName, DeliveryId, EventId, MentionId, SourceName, StoryId, hex_digest};
pub use intent::Intent;
pub use item::{Author, Engagement, Item, Kind, Rating};
pub use language::{base_language, language_fits};
pub use listing::{Listed, Listing};
pub use mention::{AuthorHistory, EarlierText, Flag, Mention};
pub use noise::{Alike, Digest, GroupBy, Noise, PutOff, Quiet, When};
pub use policy::TriagePolicy;
pub use print::{ArticlePrint, Byline, REPRINTED_WITHIN};
pub use reach::ReachSeen;
pub use rhythm::Rhythm;
pub use rule::{
    Condition, CssPlace, Filter, Filtered, JsonPath, ListRule, Pattern, Piece, Step, Take,
    ValueRule,
};
pub use secret::Secret;
pub use seen::{Seen, mark};
pub use signing_key::SigningKey;
pub use sketch::{Overlap, SHINGLE_WORDS, Sketch};
pub use source::{Cursor, Gap, Health, HealthState, SourceStatus};
pub use spike::{Measured, Spike, SpikePolicy, Unusual};
pub use sse::{SseEvent, SseReader};
pub use time::{format_duration, parse_duration};
pub use verdict::{Label, Sentence, Sentiment, stars_against_text};
