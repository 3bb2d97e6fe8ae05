//! One integration binary: the real program against real local parts.

mod add_a_site;
mod bad_input;
mod brand_run;
mod browser;
mod commands;
mod crash;
mod crash_outbox;
mod definitions_corpus;
mod end_to_end;
mod feed_corpus;
mod harness;
mod imports;
mod inbound;
mod mailbox;
mod readme;
mod shutdown;
mod stranger;
mod streams;
mod webdriver;
