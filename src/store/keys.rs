//! Keys as bytes that sort the way the operations read: times are big-endian, so that a
//! range over keys is a range over time. Pure functions, nothing is read or written here.

use chrono::{DateTime, Utc};

use crate::domain::{Delivery, MentionId, hex_digest};

/// Bytes of one time inside a key.
pub(super) const TIME_BYTES: usize = 8;

/// Milliseconds since 1970 with the sign bit turned, so that times before 1970 sort first.
pub(super) fn time(at: DateTime<Utc>) -> [u8; TIME_BYTES] {
    (at.timestamp_millis() as u64 ^ (1 << 63)).to_be_bytes()
}

/// The time at the start of `bytes`.
pub(super) fn read_time(bytes: &[u8]) -> Option<DateTime<Utc>> {
    let bytes: [u8; TIME_BYTES] = bytes.get(..TIME_BYTES)?.try_into().ok()?;
    DateTime::from_timestamp_millis((u64::from_be_bytes(bytes) ^ (1 << 63)) as i64)
}

/// What follows the first `n_bytes` of a key: the id that ends it.
pub(super) fn id_after(key: &[u8], n_bytes: usize) -> &[u8] {
    key.get(n_bytes..).unwrap_or_default()
}

/// A time and an id: events and deliveries in the order in which they were made.
pub(super) fn timed(at: DateTime<Utc>, id: &str) -> Vec<u8> {
    joined(&[&time(at), id.as_bytes()])
}

/// Bytes before the id in [`mention_time`].
pub(super) const MENTION_TIME_BYTES: usize = 2 * TIME_BYTES;

/// When a mention was seen, then when it was posted: a first poll brings many at the same
/// moment, and people expect those in the order of their posts.
pub(super) fn mention_time(seen: DateTime<Utc>, posted: DateTime<Utc>, id: &MentionId) -> Vec<u8> {
    joined(&[&time(seen), &time(posted), id.as_str().as_bytes()])
}

/// First byte of the cases whose customer waits.
pub(super) const WAITING: u8 = 0;
/// First byte of the other cases.
pub(super) const CLOSED: u8 = 1;
/// Bytes before the id in [`case`].
pub(super) const CASE_BYTES: usize = 1 + TIME_BYTES;

/// Cases by urgency: waiting first, then by deadline. A case whose flag is gone has no
/// deadline any more and stands last.
pub(super) fn case(group: u8, reply_by: Option<DateTime<Utc>>, id: &MentionId) -> Vec<u8> {
    let deadline = reply_by.map_or([0xff; TIME_BYTES], time);
    joined(&[&[group], &deadline, id.as_str().as_bytes()])
}

/// An identity of an item. Hashed because an identity may be an address of any length.
pub(super) fn identity(key: &str) -> String {
    hex_digest("identity", &[key])
}

/// The start of every key of one destination. The length comes first, so that no name is
/// the beginning of another.
pub(super) fn destination(name: &str) -> Vec<u8> {
    let n_bytes = u16::try_from(name.len()).unwrap_or(u16::MAX);
    let name = &name.as_bytes()[..usize::from(n_bytes)];
    joined(&[&n_bytes.to_be_bytes(), name])
}

/// The destination's part of a key that starts with [`destination`], and the rest.
pub(super) fn split_destination(key: &[u8]) -> Option<(&[u8], &[u8])> {
    let n_bytes = u16::from_be_bytes(key.get(..2)?.try_into().ok()?);
    key.split_at_checked(2 + usize::from(n_bytes))
}

/// The name in what [`destination`] made.
pub(super) fn destination_name(part: &[u8]) -> String {
    String::from_utf8_lossy(id_after(part, 2)).into_owned()
}

/// Where a delivery waits, for its queue or for a bundle: per destination by the time of
/// its next try, then by age. `None` when it does not wait.
pub(super) fn waiting(delivery: &Delivery) -> Option<Vec<u8>> {
    use crate::domain::DeliveryState::{Due, Retrying};
    let next_at = delivery.next_at?;
    matches!(delivery.state, Due | Retrying).then(|| {
        joined(&[
            &destination(&delivery.destination),
            &time(next_at),
            &time(delivery.created_at),
            delivery.id.as_str().as_bytes(),
        ])
    })
}

/// The bytes that stand for a delivery's story: of a fixed length, whatever it is called.
/// Deliveries of no story share one.
pub(super) fn story(delivery: &Delivery) -> String {
    hex_digest("story", &[delivery.story.as_deref().unwrap_or_default()])
}

/// The start of every key of one story within a destination.
pub(super) fn story_prefix(destination: &[u8], story: &[u8]) -> Vec<u8> {
    joined(&[destination, story])
}

/// The place of an unfinished delivery within its story: by age.
pub(super) fn story_place(delivery: &Delivery) -> Vec<u8> {
    joined(&[
        &destination(&delivery.destination),
        story(delivery).as_bytes(),
        &time(delivery.created_at),
        delivery.id.as_str().as_bytes(),
    ])
}

/// Alerts to a destination that are alike.
pub(super) fn alike(destination_name: &str, key: &str) -> Vec<u8> {
    joined(&[&destination(destination_name), key.as_bytes()])
}

/// One hour of a brand.
pub(super) fn hour(brand: &str, hour: DateTime<Utc>) -> Vec<u8> {
    joined(&[&destination(brand), &time(hour)])
}

/// Bytes between the destination and the id in [`waiting`].
pub(super) const DUE_TIME_BYTES: usize = 2 * TIME_BYTES;

/// A delivery that a sender has claimed.
pub(super) fn sending(delivery: &Delivery) -> Vec<u8> {
    joined(&[
        &destination(&delivery.destination),
        delivery.id.as_str().as_bytes(),
    ])
}

/// The first key after every key that starts with `prefix`; `None` when there is none.
pub(super) fn after(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != 0xff)?;
    let mut bytes = prefix[..=last].to_vec();
    bytes[last] += 1;
    Some(bytes)
}

/// Several parts as one key.
pub(super) fn joined(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn keys_sort_as_times_do() {
        let start = DateTime::UNIX_EPOCH;
        let mut keys = Vec::new();
        for days in [-200_000, -365, -1, 0, 1, 365, 20_000, 500_000] {
            let at = start + TimeDelta::days(days);
            assert_eq!(read_time(&time(at)), Some(at));
            keys.push(timed(at, "id"));
        }
        assert!(keys.is_sorted());
        assert_eq!(read_time(b"short"), None);
    }

    #[test]
    fn urgent_cases_sort_first_and_those_without_deadline_last() {
        let id = MentionId::new("m");
        let at = DateTime::UNIX_EPOCH;
        let keys = [
            case(WAITING, Some(at), &id),
            case(WAITING, Some(at + TimeDelta::hours(1)), &id),
            case(WAITING, None, &id),
            case(CLOSED, Some(at), &id),
        ];
        assert!(keys.is_sorted());
        assert_eq!(id_after(&keys[2], CASE_BYTES), b"m");
    }

    #[test]
    fn no_destination_is_the_beginning_of_another() {
        let (team, team_b) = (destination("team"), destination("team-b"));
        assert!(!team_b.starts_with(&team));
        let key = joined(&[&team_b, b"rest"]);
        assert_eq!(
            split_destination(&key),
            Some((team_b.as_slice(), &b"rest"[..]))
        );
        assert_eq!(destination_name(&team_b), "team-b");
        assert_eq!(split_destination(&[0]), None);
        assert_eq!(split_destination(&[0, 9, b'x']), None);
    }

    #[test]
    fn the_key_after_a_prefix_is_the_smallest_larger_one() {
        assert_eq!(after(b"ab"), Some(b"ac".to_vec()));
        assert_eq!(after(&[1, 0xff, 0xff]), Some(vec![2]));
        assert_eq!(after(&[0xff]), None);
        assert_eq!(after(b""), None);
    }
}
