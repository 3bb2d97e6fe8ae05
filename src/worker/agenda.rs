//! Which source is due next. A host's sources stand in a queue of their own, so that a host
//! with a long queue keeps no other waiting, and every step takes the same time whether
//! there are ten sources or ten thousand. Holds no clock.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};

use crate::domain::SourceName;

/// When every source is due, and which ones are being polled.
#[derive(Debug)]
pub(super) struct Agenda {
    max_begun: usize,
    max_begun_per_host: usize,
    sources: HashMap<SourceName, Entry>,
    hosts: HashMap<String, Host>,
    /// Hosts that may be asked, each with the time of its first source.
    open: BTreeSet<(DateTime<Utc>, String)>,
    n_begun: usize,
}

#[derive(Debug)]
struct Entry {
    host: String,
    at: DateTime<Utc>,
    is_begun: bool,
}

#[derive(Debug, Default)]
struct Host {
    queue: BTreeSet<(DateTime<Utc>, SourceName)>,
    n_begun: usize,
}

impl Agenda {
    /// An empty agenda with its limits: polls begun at the same time, in all and per host.
    pub(super) fn new(max_begun: usize, max_begun_per_host: usize) -> Self {
        Self {
            max_begun,
            max_begun_per_host,
            sources: HashMap::new(),
            hosts: HashMap::new(),
            open: BTreeSet::new(),
            n_begun: 0,
        }
    }

    /// Puts a source on the agenda, or moves one that is not being polled.
    pub(super) fn put(&mut self, name: SourceName, host: &str, at: DateTime<Utc>) {
        if self.sources.get(&name).is_some_and(|entry| entry.is_begun) {
            return;
        }
        self.remove(&name);
        self.change(host, |host| {
            host.queue.insert((at, name.clone()));
        });
        let entry = Entry {
            host: host.to_owned(),
            at,
            is_begun: false,
        };
        self.sources.insert(name, entry);
    }

    /// Takes off every source that is not being polled; those that are come off when they
    /// end.
    pub(super) fn clear(&mut self) {
        self.sources.retain(|_, entry| entry.is_begun);
        self.hosts.retain(|_, host| {
            host.queue.clear();
            host.n_begun > 0
        });
        self.open.clear();
    }

    /// The source that is due and may begin; it counts as begun from here on.
    pub(super) fn begin(&mut self, now: DateTime<Utc>) -> Option<SourceName> {
        let (at, host) = self.open.first()?;
        if self.n_begun >= self.max_begun || *at > now {
            return None;
        }
        let host = host.clone();
        let mut begun = None;
        self.change(&host, |host| {
            begun = host.queue.pop_first();
            host.n_begun += 1;
        });
        let (_, name) = begun?;
        self.n_begun += 1;
        if let Some(entry) = self.sources.get_mut(&name) {
            entry.is_begun = true;
        }
        Some(name)
    }

    /// A poll has ended; the source is off the agenda until it is put there again.
    pub(super) fn end(&mut self, name: &SourceName) {
        let Some(entry) = self.sources.remove(name) else {
            return;
        };
        if !entry.is_begun {
            return self.put(name.clone(), &entry.host, entry.at);
        }
        self.n_begun -= 1;
        self.change(&entry.host, |host| host.n_begun -= 1);
    }

    /// When the next source may begin, if none has to end first.
    pub(super) fn next_at(&self) -> Option<DateTime<Utc>> {
        let (at, _) = self.open.first()?;
        (self.n_begun < self.max_begun).then_some(*at)
    }

    fn remove(&mut self, name: &SourceName) {
        if let Some(entry) = self.sources.remove(name) {
            self.change(&entry.host, |host| {
                host.queue.remove(&(entry.at, name.clone()));
            });
        }
    }

    /// Changes a host and keeps its place among the open ones.
    fn change(&mut self, name: &str, change: impl FnOnce(&mut Host)) {
        let host = self.hosts.entry(name.to_owned()).or_default();
        if let Some((at, _)) = host.queue.first() {
            self.open.remove(&(*at, name.to_owned()));
        }
        change(host);
        match host.queue.first() {
            Some((at, _)) if host.n_begun < self.max_begun_per_host => {
                self.open.insert((*at, name.to_owned()));
            }
            Some(_) => (),
            None if host.n_begun == 0 => {
                self.hosts.remove(name);
            }
            None => (),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + secs, 0).expect("a time")
    }

    fn agenda(sources: &[(&str, &str, i64)]) -> Agenda {
        let mut agenda = Agenda::new(4, 2);
        for (name, host, secs) in sources {
            agenda.put(SourceName::new(*name), host, at(*secs));
        }
        agenda
    }

    fn begin_all(agenda: &mut Agenda, secs: i64) -> Vec<String> {
        std::iter::from_fn(|| agenda.begin(at(secs)))
            .map(|name| name.to_string())
            .collect()
    }

    #[test]
    fn sources_begin_in_the_order_of_their_times() {
        let mut agenda = agenda(&[("c", "x", 3), ("a", "y", 1), ("b", "x", 2)]);
        assert_eq!(agenda.next_at(), Some(at(1)));
        assert_eq!(begin_all(&mut agenda, 2), ["a", "b"]);
        assert_eq!(agenda.next_at(), Some(at(3)));
        agenda.end(&SourceName::new("a"));
        agenda.put(SourceName::new("a"), "y", at(2));
        assert_eq!(begin_all(&mut agenda, 9), ["a", "c"]);
        assert_eq!(agenda.next_at(), None);
    }

    #[test]
    fn a_host_with_a_long_queue_keeps_no_other_waiting() {
        let mut agenda = agenda(&[
            ("1", "long", 1),
            ("2", "long", 1),
            ("3", "long", 1),
            ("4", "long", 1),
            ("5", "short", 5),
        ]);
        assert_eq!(begin_all(&mut agenda, 9), ["1", "2", "5"]);
        assert_eq!(agenda.next_at(), None, "one of the long queue has to end");
        agenda.end(&SourceName::new("2"));
        assert_eq!(begin_all(&mut agenda, 9), ["3"]);
    }

    #[test]
    fn no_more_begin_than_there_is_room_for() {
        let hosts = ["a", "b", "c", "d", "e", "f"];
        let sources: Vec<_> = hosts.iter().map(|host| (*host, *host, 0)).collect();
        let mut agenda = agenda(&sources);
        assert_eq!(begin_all(&mut agenda, 1), ["a", "b", "c", "d"]);
        assert_eq!(agenda.next_at(), None);
        agenda.end(&SourceName::new("c"));
        assert_eq!(begin_all(&mut agenda, 1), ["e"]);
    }

    #[test]
    fn a_new_plan_replaces_what_has_not_begun() {
        let mut agenda = agenda(&[("begun", "x", 0), ("gone", "x", 1), ("moved", "y", 2)]);
        assert_eq!(begin_all(&mut agenda, 0), ["begun"]);
        agenda.clear();
        agenda.put(SourceName::new("begun"), "x", at(0));
        agenda.put(SourceName::new("moved"), "z", at(7));
        assert_eq!(begin_all(&mut agenda, 9), ["moved"]);
        for name in ["begun", "moved", "gone"] {
            agenda.end(&SourceName::new(name));
        }
        assert_eq!((agenda.n_begun, agenda.hosts.len()), (0, 0));
        agenda.put(SourceName::new("begun"), "x", at(3));
        assert_eq!(begin_all(&mut agenda, 9), ["begun"]);
    }
}
