//! One story, one message: what becomes of an event in a tool that has heard of its story
//! already. Pure.

use super::kinds::Step;
use crate::domain::{Destination, DestinationKind, Event, EventType, Follows, Posted};

/// What is done with an event, given the message about its story that is there already.
///
/// # Errors
/// Why nothing is sent.
pub(super) fn step(
    destination: &Destination,
    event: &Event,
    posted: Option<Posted>,
) -> Result<Step, &'static str> {
    let kind = &destination.kind;
    if event.mention.is_none() {
        return Ok(Step::Post);
    }
    let is_first = event.event_type == EventType::MentionFlagged;
    match (kind.follows(), posted) {
        (Follows::EveryEvent, _) => Ok(Step::Post),
        // PagerDuty finds the incident by its key.
        (Follows::Edits, _) if matches!(kind, DestinationKind::PagerDuty { .. }) => Ok(Step::Post),
        // The reference was lost, or the first message went elsewhere: a new one it is.
        (Follows::Edits | Follows::Thread, None) => Ok(Step::Post),
        // The same story once more, from another place.
        (Follows::Edits, Some(posted)) if is_first && matches!(kind, DestinationKind::Slack(_)) => {
            Ok(Step::Reply(posted))
        }
        (Follows::Edits, Some(posted)) => Ok(Step::Edit(posted)),
        (Follows::Thread, Some(posted)) => Ok(Step::Reply(posted)),
        (Follows::OneFollowUp, None) => match event.event_type.as_str() {
            "case.claimed" | "case.replied" | "case.verified" | "case.dismissed" => {
                Err("this tool was never told of the case, and nobody waits any more")
            }
            _ => Ok(Step::Post),
        },
        (Follows::OneFollowUp, Some(posted)) => {
            let is_worth_it = matches!(event.event_type.as_str(), "case.verified" | "case.overdue");
            if !is_worth_it {
                Err("messages of this kind cannot be changed, and this step is not told again")
            } else if posted.n_follow_ups > 0 {
                Err("this case was followed up here once already")
            } else {
                Ok(Step::FollowUp(posted))
            }
        }
    }
}

/// Where the message about a story stands after a step that succeeded; `None` when there
/// is nothing to remember.
pub(super) fn posted_after(
    event: &Event,
    step: &Step,
    message: Option<String>,
    place: Option<String>,
) -> Option<Posted> {
    match step {
        Step::Post => Some(Posted {
            story: event.told_mention()?.story,
            message: message.unwrap_or_default(),
            place,
            n_follow_ups: 0,
        }),
        Step::FollowUp(posted) => Some(Posted {
            n_follow_ups: posted.n_follow_ups + 1,
            ..posted.clone()
        }),
        Step::Edit(_) | Step::Reply(_) => None,
    }
}
