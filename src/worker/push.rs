//! What others push to a source: read, matched, judged and stored like a poll, at once.
//! Sent twice, it is stored once.

use subtle::ConstantTimeEq as _;
use tokio_util::sync::CancellationToken;

use super::judge::find;
use super::keep::{Unstored, store_found};
use super::streams::ok;
use super::{Engine, PlannedSource, blocking, blocking_plain};
use crate::domain::{Definition, Format, ParamType, SourceName};
use crate::parse::Parsed;
use crate::parse::inbound::{InboundProblem, read_sent};
use crate::web::{PushError, PushReport, PushSender, Pushed};

/// Takes what was pushed; tells the sender what became of it.
///
/// # Errors
/// Who or what was refused, so that the sender can mend it.
pub(super) async fn push(engine: &Engine, pushed: Pushed) -> Result<PushReport, PushError> {
    let plan = engine.plan_now();
    let source = source_of(&plan.sources, pushed.source.as_ref())?.clone();
    let Format::Inbound(mapping) = source.definition.format.clone() else {
        return Err(PushError::NotInbound(source.name.to_string()));
    };
    if let PushSender::Hook(proof) = &pushed.sender {
        let secret = secret_of(&source)
            .ok_or_else(|| PushError::Refused("this source has no secret configured".to_owned()))?;
        let is_known = proof.token.as_deref().is_some_and(|token| {
            let same: bool = token.as_bytes().ct_eq(secret.as_bytes()).into();
            same
        }) || (proof.is_signed)(secret, &pushed.body);
        if !is_known {
            return Err(PushError::Refused(
                "neither the token nor the signature is that of this source".to_owned(),
            ));
        }
    }
    let started = Engine::now();
    let definition = source.definition.clone();
    let body = pushed.body;
    let items = blocking_plain(move || read(&definition, &mapping, &body))
        .await
        .ok_or_else(|| PushError::Failed("the items could not be read".to_owned()))?
        .map_err(PushError::Wrong)?;
    let n_items = items.len();
    let store = engine.store.clone();
    let name = source.name.clone();
    let status = blocking(move || store.source_status(&name))
        .await
        .map_err(|error| PushError::Failed(error.to_string()))?;
    let mut after = ok(status.clone(), n_items as u64);
    after.cursor.polled_before = true;
    let parsed = Parsed {
        items,
        ..Parsed::default()
    };
    let found = find(&plan, &source, parsed, started)
        .await
        .ok_or_else(|| PushError::Failed("the items could not be matched".to_owned()))?;
    let n_matching = found.len();
    // Whoever pushes waits for the answer; a stop lets it come.
    let go_on = CancellationToken::new();
    let now = Engine::now();
    let counts = store_found(engine, &plan, &source, found, &status, after, now, &go_on)
        .await
        .map_err(|unstored| {
            PushError::Failed(match unstored {
                Unstored::Stopped => "the daemon is stopping".to_owned(),
                Unstored::Store(error) => error.to_string(),
                Unstored::Unjudged(why) => why,
            })
        })?;
    Ok(PushReport {
        source: source.name,
        n_items,
        n_matching,
        n_new: counts.n_new,
        n_updated: counts.n_updated,
        n_flagged: counts.n_flagged,
    })
}

fn read(
    definition: &Definition,
    mapping: &Option<Box<crate::domain::JsonMapping>>,
    body: &[u8],
) -> Result<Vec<crate::domain::Item>, Vec<InboundProblem>> {
    read_sent(definition, mapping.as_deref(), body)
}

/// The source that is meant; the only inbound one when none is named.
fn source_of<'s>(
    sources: &'s [PlannedSource],
    name: Option<&SourceName>,
) -> Result<&'s PlannedSource, PushError> {
    let mut inbound = sources
        .iter()
        .filter(|source| matches!(source.definition.format, Format::Inbound(_)));
    match name {
        Some(name) => sources
            .iter()
            .find(|source| source.name == *name)
            .ok_or_else(|| PushError::Unknown(name.to_string())),
        None => match (inbound.next(), inbound.next()) {
            (Some(only), None) => Ok(only),
            (Some(_), Some(_)) => Err(PushError::Ambiguous),
            (None, _) => Err(PushError::NoneConfigured),
        },
    }
}

fn secret_of(source: &PlannedSource) -> Option<&str> {
    source
        .definition
        .params
        .iter()
        .filter(|param| param.param_type == ParamType::Secret)
        .find_map(|param| source.params.get(&param.name))
}
