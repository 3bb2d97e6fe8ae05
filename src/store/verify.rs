//! Checks that rows can be read and that indexes agree with them. Meant for a quiet store:
//! a write in the middle of it looks like a disagreement.

use sled::Tree;

use super::{
    META_N_MENTIONS, Store, StoreError,
    authors::author_entry,
    corrections::correction_entry,
    deliveries::{self, bundle_entry, due_entry, sending_entry, story_entry},
    destinations::{self, DestinationHealth},
    events, keys,
    mentions::{self, MentionRow, read_count},
    posted,
    prints::{self, PrintRow},
    sources,
    tables::{rows, text},
    tokens::{self, TokenRow},
};
use crate::domain::{Delivery, Event, MentionId, Posted, SourceStatus};

/// After this many problems the rest tells nothing new.
const N_PROBLEMS: usize = 100;

/// What a check of the store found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Mentions that could be read.
    pub n_mentions: u64,
    /// Events that could be read.
    pub n_events: u64,
    /// Deliveries that could be read.
    pub n_deliveries: u64,
    /// What does not agree, a sentence each; the first hundred.
    pub problems: Vec<String>,
}

impl Report {
    /// Whether everything agrees.
    pub fn is_ok(&self) -> bool {
        self.problems.is_empty()
    }

    fn problem(&mut self, problem: String) {
        if self.problems.len() < N_PROBLEMS {
            self.problems.push(problem);
        }
    }

    fn expect_entry(
        &mut self,
        index: &Tree,
        (key, value): &(Vec<u8>, Vec<u8>),
        what: &str,
        id: &str,
    ) -> Result<(), StoreError> {
        match index.get(key)? {
            Some(found) if found == *value => (),
            Some(_) => self.problem(format!("{what} of {id} differs from it")),
            None => self.problem(format!("{what} of {id} is missing")),
        }
        Ok(())
    }

    /// Every row has its entry, so an index with as many entries has no others.
    fn expect_count(&mut self, index: &Tree, expected: u64, what: &str) {
        let found = index.len() as u64;
        if found != expected {
            self.problem(format!(
                "there are {found} entries of {what}, {expected} expected"
            ));
        }
    }
}

impl Store {
    /// Reads every row and compares the indexes with them.
    ///
    /// # Errors
    /// Only when the engine fails; what does not agree is in the report.
    pub fn verify(&self) -> Result<Report, StoreError> {
        let mut report = Report::default();
        self.verify_mentions(&mut report)?;
        self.verify_events(&mut report)?;
        self.verify_deliveries(&mut report)?;
        self.verify_prints(&mut report)?;
        let tables = self.tables();
        verify_rows::<SourceStatus>(&tables.sources, sources::TABLE, &mut report)?;
        verify_rows::<Posted>(&tables.posted, posted::TABLE, &mut report)?;
        verify_rows::<DestinationHealth>(&tables.destinations, destinations::TABLE, &mut report)?;
        verify_rows::<TokenRow>(&tables.tokens, tokens::TABLE, &mut report)?;
        verify_rows::<String>(&tables.settings, "settings", &mut report)?;
        Ok(report)
    }

    fn verify_mentions(&self, report: &mut Report) -> Result<(), StoreError> {
        let tables = self.tables();
        let (mut n_cases, mut n_identities, mut n_authors, mut n_corrected) = (0, 0, 0, 0);
        for row in rows::<MentionRow>(&tables.mentions, mentions::TABLE) {
            let Some((key, MentionRow { mention, keys })) = readable(row, report)? else {
                continue;
            };
            report.n_mentions += 1;
            let id = mention.id.as_str();
            if key != id.as_bytes() {
                report.problem(format!("mention {id} is stored as {}", text(&key)));
            }
            let entry = mentions::time_entry(&mention);
            report.expect_entry(&tables.mentions_by_time, &entry, "the time entry", id)?;
            if let Some(entry) = mentions::case_entry(&mention) {
                n_cases += 1;
                report.expect_entry(&tables.cases, &entry, "the case entry", id)?;
            } else if mention.flag.is_some() {
                report.problem(format!("mention {id} is flagged without a case"));
            }
            if let Some(entry) = author_entry(&mention) {
                n_authors += 1;
                report.expect_entry(&tables.authors, &entry, "the author entry", id)?;
            }
            if let Some(entry) = correction_entry(&mention) {
                n_corrected += 1;
                report.expect_entry(&tables.corrected, &entry, "the correction entry", id)?;
            }
            for key in &keys {
                n_identities += 1;
                let entry = (keys::identity(key).into_bytes(), id.into());
                report.expect_entry(&tables.identities, &entry, "an identity", id)?;
            }
        }
        report.expect_count(
            &tables.mentions_by_time,
            report.n_mentions,
            "mentions by time",
        );
        report.expect_count(&tables.cases, n_cases, "cases");
        report.expect_count(&tables.authors, n_authors, "authors");
        report.expect_count(&tables.corrected, n_corrected, "corrected mentions");
        report.expect_count(&tables.identities, n_identities, "identities");
        let counted = read_count(tables.meta.get(META_N_MENTIONS)?.as_deref());
        if counted != report.n_mentions {
            report.problem(format!(
                "the counter says {counted} mentions, there are {}",
                report.n_mentions
            ));
        }
        Ok(())
    }

    fn verify_prints(&self, report: &mut Report) -> Result<(), StoreError> {
        let tables = self.tables();
        let mut n_prints = 0;
        for row in rows::<PrintRow>(&tables.prints, prints::TABLE) {
            let Some((key, row)) = readable(row, report)? else {
                continue;
            };
            n_prints += 1;
            let entry = (row.time_key(), Vec::new());
            let id = text(&key);
            report.expect_entry(&tables.prints_by_time, &entry, "the time of the print", &id)?;
        }
        report.expect_count(&tables.prints_by_time, n_prints, "prints by time");
        for row in rows::<Vec<MentionId>>(&tables.print_bands, prints::BANDS) {
            let Some((_, ids)) = readable(row, report)? else {
                continue;
            };
            for id in ids {
                if !tables.prints.contains_key(id.as_str())? {
                    report.problem(format!("a band names the print of {id}, which is missing"));
                }
            }
        }
        Ok(())
    }

    fn verify_events(&self, report: &mut Report) -> Result<(), StoreError> {
        let tables = self.tables();
        for row in rows::<Event>(&tables.events, events::TABLE) {
            let Some((_, event)) = readable(row, report)? else {
                continue;
            };
            report.n_events += 1;
            let id = event.id.as_str();
            let entry = (keys::timed(event.at, id), Vec::new());
            report.expect_entry(&tables.events_by_time, &entry, "the time entry", id)?;
        }
        report.expect_count(&tables.events_by_time, report.n_events, "events by time");
        Ok(())
    }

    fn verify_deliveries(&self, report: &mut Report) -> Result<(), StoreError> {
        let tables = self.tables();
        let (mut n_due, mut n_bundled, mut n_unfinished, mut n_sending) = (0, 0, 0, 0);
        for row in rows::<Delivery>(&tables.deliveries, deliveries::TABLE) {
            let Some((_, delivery)) = readable(row, report)? else {
                continue;
            };
            report.n_deliveries += 1;
            let id = delivery.id.as_str();
            if !tables.events.contains_key(delivery.event.as_str())? {
                report.problem(format!("the event of delivery {id} is missing"));
            }
            let entry = deliveries::time_entry(&delivery);
            report.expect_entry(&tables.deliveries_by_time, &entry, "the time entry", id)?;
            if let Some(entry) = due_entry(&delivery) {
                n_due += 1;
                report.expect_entry(&tables.due, &entry, "the queue entry", id)?;
            }
            if let Some(entry) = bundle_entry(&delivery) {
                n_bundled += 1;
                report.expect_entry(&tables.bundles, &entry, "the bundle entry", id)?;
            }
            if let Some(entry) = story_entry(&delivery) {
                n_unfinished += 1;
                report.expect_entry(&tables.stories, &entry, "the place in its story", id)?;
            }
            if let Some(entry) = sending_entry(&delivery) {
                n_sending += 1;
                report.expect_entry(&tables.sending, &entry, "the claim", id)?;
            }
        }
        report.expect_count(
            &tables.deliveries_by_time,
            report.n_deliveries,
            "deliveries by time",
        );
        report.expect_count(&tables.due, n_due, "the queues");
        report.expect_count(&tables.bundles, n_bundled, "what is told together");
        report.expect_count(&tables.stories, n_unfinished, "the stories");
        report.expect_count(&tables.sending, n_sending, "the claims");
        Ok(())
    }
}

/// A row, or nothing when it is damaged, which is then reported.
fn readable<T>(row: Result<T, StoreError>, report: &mut Report) -> Result<Option<T>, StoreError> {
    match row {
        Ok(row) => Ok(Some(row)),
        Err(error @ StoreError::Row { .. }) => {
            report.problem(error.to_string());
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn verify_rows<T: serde::de::DeserializeOwned>(
    tree: &Tree,
    table: &'static str,
    report: &mut Report,
) -> Result<(), StoreError> {
    for row in rows::<T>(tree, table) {
        readable(row, report)?;
    }
    Ok(())
}
