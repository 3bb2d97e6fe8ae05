//! One integration binary: the real program against real local parts.

mod add_a_site;
mod asking;
mod bad_input;
mod benches;
mod brand_run;
mod browser;
mod commands;
mod crash;
mod crash_outbox;
mod definitions_corpus;
mod end_to_end;
mod exchange;
mod feed_corpus;
mod fuzz;
mod harness;
mod imports;
mod inbound;
mod mailbox;
mod readme;
mod recorded;
mod shutdown;
mod stories;
mod stranger;
mod streams;
mod webdriver;
