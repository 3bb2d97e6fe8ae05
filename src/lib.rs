//! Hearken: a self-hosted brand-mention and review monitor.
//!
//! source → fetch → parse → match → dedupe → classify → triage → store → deliver → respond → report

pub mod classify;
pub mod domain;
