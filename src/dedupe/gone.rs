//! What its author or its site has taken away: texts that say so themselves, and entries
//! that are gone from the middle of a list. Never what has merely aged out at the end.

use std::collections::HashSet;

use super::{Identity, folded};
use crate::domain::{Item, Listed, Listing};

/// Entries of one answer that are remembered until the next.
const MOST_LISTED: usize = 100;
/// When more than one entry in so many is gone at once, the answer is another list (a
/// different sort order, a partial answer), not many deletions.
const FEWEST_KEPT_PER_GONE: usize = 4;

/// Compares an answer with what is remembered of the earlier ones. What comes back besides
/// the new memory are the keys of entries that two answers in a row do without, although
/// older entries are still listed.
///
/// Only lists by time can tell: every entry dated, none newer than the one before it.
/// Searches by relevance drop entries for reasons of their own.
pub fn vanished(
    before: &Listing,
    items: &[Item],
    identities: &[Identity],
) -> (Listing, Vec<String>) {
    let Some(window) = by_time(items, identities) else {
        return (Listing::default(), Vec::new());
    };
    let here: HashSet<&str> = identities
        .iter()
        .flat_map(|identity| &identity.keys)
        .map(String::as_str)
        .collect();
    let oldest = window.last().map(|seen| seen.published);
    let would_be_listed = |seen: &Listed| oldest.is_some_and(|oldest| oldest < seen.published);
    let gone: Vec<String> = before
        .missed
        .iter()
        .filter(|seen| !here.contains(seen.key.as_str()) && would_be_listed(seen))
        .map(|seen| seen.key.clone())
        .collect();
    let missed: Vec<Listed> = gone_from_the_middle(&before.window, &here)
        .into_iter()
        .filter(|seen| would_be_listed(seen))
        .cloned()
        .collect();
    (Listing { window, missed }, gone)
}

/// The entries as a window, when they are a list by time.
fn by_time(items: &[Item], identities: &[Identity]) -> Option<Vec<Listed>> {
    let window: Option<Vec<Listed>> = items
        .iter()
        .zip(identities)
        .take(MOST_LISTED)
        .map(|(item, identity)| {
            Some(Listed {
                key: identity.keys.first()?.clone(),
                published: item.published_at?,
            })
        })
        .collect();
    window.filter(|window| window.is_sorted_by_key(|seen| std::cmp::Reverse(seen.published)))
}

/// Entries that are gone although a newer and an older one are still there.
fn gone_from_the_middle<'a>(before: &'a [Listed], here: &HashSet<&str>) -> Vec<&'a Listed> {
    let stays = |seen: &Listed| here.contains(seen.key.as_str());
    let (Some(first), Some(last)) = (
        before.iter().position(stays),
        before.iter().rposition(stays),
    ) else {
        return Vec::new();
    };
    let gone: Vec<&Listed> = before[first..=last]
        .iter()
        .filter(|seen| !stays(seen))
        .collect();
    let n_kept = last + 1 - first - gone.len();
    if n_kept < FEWEST_KEPT_PER_GONE * gone.len() && gone.len() > 1 {
        return Vec::new();
    }
    gone
}

/// Whether an item is what a site shows in place of a text that was taken away.
pub fn is_deletion_marker(item: &Item) -> bool {
    const MARKERS: &[&str] = &[
        "deleted",
        "removed",
        "deleted by user",
        "deleted by creator",
        "deleted by author",
        "removed by reddit",
        "removed by moderator",
        "removed by mod",
        "post deleted by author",
        "topic deleted by author",
        "comment deleted by author",
        "this comment has been deleted",
        "this comment was deleted",
        "this comment has been removed",
        "this comment was removed by a moderator",
        "this post has been deleted",
        "this post was deleted",
        "this post was deleted by the person who originally posted it",
        "this review has been removed",
        "this review was removed",
        "this tweet has been deleted",
        "bu yorum silindi",
        "bu yorum kaldırıldı",
        "bu gönderi silindi",
        "silindi",
        "dieser kommentar wurde gelöscht",
        "dieser beitrag wurde gelöscht",
        "gelöscht",
        "ce commentaire a été supprimé",
        "este comentario ha sido eliminado",
        "este comentário foi removido",
    ];
    let text = item.text.trim();
    // A review may well consist of the word "Removed"; sites put theirs in brackets.
    let is_one_word = !text.contains(char::is_whitespace);
    let is_bracketed =
        text.starts_with(['[', '(', '<', '*']) && text.ends_with([']', ')', '>', '*']);
    (!is_one_word || is_bracketed) && MARKERS.contains(&folded(text).as_str())
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;
    use crate::dedupe::identify;
    use crate::domain::{Kind, SourceName};

    /// Entries by their number; each is an hour older than the one before its number.
    fn answer(numbers: &[i64]) -> Vec<Item> {
        numbers
            .iter()
            .map(|number| {
                let mut item = Item::empty("feed", Kind::Post);
                item.native_id = Some(format!("n{number}"));
                item.text = format!("text {number}");
                item.published_at = Some(DateTime::UNIX_EPOCH + TimeDelta::hours(100_000 + number));
                item
            })
            .collect()
    }

    fn looked(before: &Listing, items: &[Item]) -> (Listing, usize) {
        let now = DateTime::UNIX_EPOCH + TimeDelta::hours(200_000);
        let identities = identify(&SourceName::new("s"), items, now);
        let (after, gone) = vanished(before, items, &identities);
        (after, gone.len())
    }

    #[track_caller]
    fn check(what: &str, answers: &[&[i64]], expected: &[usize]) {
        let mut memory = Listing::default();
        let mut n_gone = Vec::new();
        for numbers in answers {
            let (next, n) = looked(&memory, &answer(numbers));
            memory = next;
            n_gone.push(n);
        }
        assert_eq!(n_gone, expected, "{what}");
    }

    #[test]
    fn only_what_two_answers_do_without_in_the_middle_is_deleted() {
        check(
            "gone from the middle, and still gone",
            &[&[5, 4, 3, 2, 1], &[5, 4, 2, 1], &[6, 5, 4, 2, 1]],
            &[0, 0, 1],
        );
        check(
            "it comes back",
            &[&[5, 4, 3, 2, 1], &[5, 4, 2, 1], &[5, 4, 3, 2, 1]],
            &[0, 0, 0],
        );
        check(
            "aged out at the end",
            &[&[5, 4, 3, 2, 1], &[6, 5, 4, 3, 2], &[7, 6, 5, 4, 3]],
            &[0, 0, 0],
        );
        check(
            "the newest is gone: nothing newer vouches for the list",
            &[&[5, 4, 3, 2, 1], &[4, 3, 2, 1], &[4, 3, 2, 1]],
            &[0, 0, 0],
        );
        check(
            "another list altogether",
            &[&[5, 4, 3, 2, 1], &[9, 8, 7], &[9, 8, 7]],
            &[0, 0, 0],
        );
        check(
            "half of the list is gone: a partial answer",
            &[&[6, 5, 4, 3, 2, 1], &[6, 4, 2, 1], &[6, 4, 2, 1]],
            &[0, 0, 0],
        );
        check(
            "gone, but by the second answer it would have aged out",
            &[&[5, 4, 3, 2, 1], &[5, 4, 2, 1], &[9, 8, 7, 6]],
            &[0, 0, 0],
        );
        check(
            "not by time",
            &[&[3, 5, 4, 1, 2], &[3, 5, 1, 2], &[3, 5, 1, 2]],
            &[0, 0, 0],
        );
    }

    #[test]
    fn an_edit_that_changes_the_id_is_no_deletion() {
        let mut first = answer(&[5, 4, 3, 2, 1]);
        for item in &mut first {
            item.kind = Kind::Article;
            item.url = Some(format!(
                "https://e.org/{}-words-of-the-day",
                item.native_id.clone().expect("an id")
            ));
        }
        let mut edited = first.clone();
        edited[2].native_id = Some("another".to_owned());
        let (memory, _) = looked(&Listing::default(), &first);
        let (memory, _) = looked(&memory, &edited);
        // Its strongest key is gone; whoever acts on that looks it up by the other keys.
        assert_eq!(memory.missed.len(), 1);
        let undated: Vec<Item> = edited
            .iter()
            .cloned()
            .map(|mut item| {
                item.published_at = None;
                item
            })
            .collect();
        assert_eq!(looked(&memory, &undated), (Listing::default(), 0));
    }

    #[test]
    fn sites_say_that_a_text_is_gone() {
        for (text, expected) in [
            ("[removed]", true),
            ("[deleted]", true),
            ("[ Removed by Reddit ]", true),
            ("[deleted by user]", true),
            ("*deleted by creator*", true),
            ("(post deleted by author)", true),
            ("Bu yorum silindi.", true),
            ("Removed", false),
            ("deleted", false),
            ("My review was deleted by Acme!", false),
            ("", false),
        ] {
            let mut item = Item::empty("feed", Kind::Comment);
            item.text = text.to_owned();
            assert_eq!(is_deletion_marker(&item), expected, "{text}");
        }
    }
}
