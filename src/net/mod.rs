//! The one way to speak HTTP: every request of the program, for sources and for
//! webhooks alike, is sent by [`Client`]. Private addresses are refused after DNS and
//! on every redirect, bodies are capped while they are read, and whatever goes wrong
//! is one [`NetError`] with a sentence for people.

mod address;
mod allow;
mod body;
mod client;
mod connect;
mod error;
mod message;
mod proxy;
mod redirect;
mod resolve;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use address::refusal_of;
pub use allow::AllowList;
pub use body::gunzip;
pub use client::{BodyStream, Client, NetPolicy, Opened};
pub use connect::Connection;
pub use error::NetError;
pub use message::{Cap, Headers, Method, Request, Response};
