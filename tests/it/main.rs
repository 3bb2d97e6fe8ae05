//! One integration binary: the real program against real local parts.

mod bad_input;
mod browser;
mod chat_tools;
mod commands;
mod crash;
mod crash_outbox;
mod definitions_corpus;
mod end_to_end;
mod feed_corpus;
mod harness;
mod imports;
mod readme;
mod shutdown;
mod webdriver;
