//! Hearken: a self-hosted brand-mention and review monitor.
//!
//! An item goes one way, and each step is a module named after it:
//!
//! 1. [`source`]: a definition says how a site is asked and how its answer is read.
//! 2. [`fetch`] (over [`net`]): asks politely, conditionally, with a reason per failure.
//! 3. [`parse`]: bytes become items.
//! 4. [`matching`], [`language`]: does an item speak of a brand, where, in which language.
//! 5. [`dedupe`]: is it the same item again; which story does it belong to.
//! 6. [`classify`]: the transformer's verdict.
//! 7. [`triage`]: does it need a fast public reply, why, by when.
//!    [`spike`]: is there more, or worse, than is usual at this hour.
//! 8. [`store`]: one transaction keeps mentions, cursor and outgoing deliveries.
//! 9. [`deliver`]: every event reaches every destination at least once, signed.
//!
//! [`hub`] fetches models that others trained.
//! [`worker`], [`web`] and [`cli`] put the steps together; [`domain`] holds the words.

pub mod domain;

pub mod config;

pub mod source;

pub mod net;

pub mod fetch;

pub mod parse;

pub mod language;
pub mod matching;

pub mod dedupe;

pub mod classify;

pub mod hub;

pub mod triage;

pub mod spike;

pub mod store;

pub mod deliver;

pub mod worker;

pub mod web;

pub mod demo;

pub mod cli;
