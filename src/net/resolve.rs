//! DNS with the private-address rule built in: connections are only ever made to the
//! addresses that passed, so a name that changes its answer between check and use
//! (rebinding) gains nothing.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::{AllowList, NetError, refusal_of};

/// Why a name gave no address that may be used.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum ResolveError {
    /// Every address it leads to is refused.
    #[error("leads to {ip}")]
    Refused {
        /// The first of them.
        ip: IpAddr,
        /// What kind of address that is.
        kind: &'static str,
    },
    /// The resolver knows no address.
    #[error("{why}")]
    NotFound {
        /// What it said.
        why: String,
    },
}

impl ResolveError {
    pub(super) fn into_net_error(self, host: String) -> NetError {
        match self {
            Self::Refused { ip, kind } => NetError::PrivateAddress {
                host,
                ip: Some(ip),
                kind,
            },
            Self::NotFound { why } => NetError::Dns { host, why },
        }
    }
}

/// What is asked for the addresses of a name: the system, or a test's own answers.
pub(super) type Lookup =
    Arc<dyn Fn(&str) -> BoxFuture<'static, Result<Vec<SocketAddr>, ResolveError>> + Send + Sync>;

/// Asks the system.
pub(super) fn system_lookup() -> Lookup {
    Arc::new(|host: &str| {
        let host = host.to_owned();
        async move { lookup(&host).await }.boxed()
    })
}

/// The resolver of the client that connects to sites directly.
pub(super) struct GuardedResolver {
    allow: Arc<AllowList>,
    lookup: Lookup,
}

impl GuardedResolver {
    pub(super) fn new(allow: Arc<AllowList>, lookup: Lookup) -> Self {
        Self { allow, lookup }
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allow = Arc::clone(&self.allow);
        let found = (self.lookup)(name.as_str());
        Box::pin(async move {
            let found = found.await?;
            let permitted = permitted(&allow, name.as_str(), found)?;
            Ok(Box::new(permitted.into_iter()) as Addrs)
        })
    }
}

/// Asks the system's resolver. The port is filled in by whoever connects.
pub(super) async fn lookup(host: &str) -> Result<Vec<SocketAddr>, ResolveError> {
    match tokio::net::lookup_host((host, 0)).await {
        Ok(found) => Ok(found.collect()),
        Err(error) => Err(ResolveError::NotFound {
            why: plain(&error.to_string()),
        }),
    }
}

/// Keeps the addresses that may be reached; an answer that mixes inside and outside
/// addresses leaves the outside ones.
pub(super) fn permitted(
    allow: &AllowList,
    host: &str,
    found: Vec<SocketAddr>,
) -> Result<Vec<SocketAddr>, ResolveError> {
    let mut refused = None;
    let mut permitted = Vec::with_capacity(found.len());
    for address in found {
        match refusal_of(address.ip()) {
            Some(kind) if !allow.allows(host, address.ip()) => {
                refused.get_or_insert(ResolveError::Refused {
                    ip: address.ip(),
                    kind,
                });
            }
            _ => permitted.push(address),
        }
    }
    match refused {
        Some(refused) if permitted.is_empty() => Err(refused),
        None if permitted.is_empty() => Err(ResolveError::NotFound {
            why: "it has no address".to_owned(),
        }),
        _ => Ok(permitted),
    }
}

/// glibc's text without the words that only a programmer needs.
fn plain(why: &str) -> String {
    why.strip_prefix("failed to lookup address information: ")
        .unwrap_or(why)
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(entries: &[&str], host: &str, found: &[&str], expected: Result<&[&str], &str>) {
        let entries: Vec<String> = entries.iter().map(ToString::to_string).collect();
        let allow = AllowList::parse(&entries).expect("the entries are well written");
        let sockets = |ips: &[&str]| -> Vec<SocketAddr> {
            ips.iter()
                .map(|ip| SocketAddr::new(ip.parse().expect("an address"), 0))
                .collect()
        };
        let actual = permitted(&allow, host, sockets(found)).map_err(|error| error.to_string());
        assert_eq!(
            actual,
            expected.map(sockets).map_err(str::to_owned),
            "{host}"
        );
    }

    #[test]
    fn only_permitted_addresses_are_connected_to() {
        check(&[], "a.example", &["93.184.216.34"], Ok(&["93.184.216.34"]));
        check(
            &[],
            "a.example",
            &["10.0.0.1", "93.184.216.34"],
            Ok(&["93.184.216.34"]),
        );
        check(
            &[],
            "a.example",
            &["10.0.0.1", "::1"],
            Err("leads to 10.0.0.1"),
        );
        check(
            &[],
            "a.example",
            &["::ffff:127.0.0.1"],
            Err("leads to ::ffff:127.0.0.1"),
        );
        check(&[], "a.example", &[], Err("it has no address"));
        check(
            &["10.0.0.0/8"],
            "a.example",
            &["10.0.0.1", "::1"],
            Ok(&["10.0.0.1"]),
        );
        check(
            &["a.example"],
            "a.example",
            &["10.0.0.1", "::1"],
            Ok(&["10.0.0.1", "::1"]),
        );
        check(
            &["a.example"],
            "b.example",
            &["10.0.0.1"],
            Err("leads to 10.0.0.1"),
        );
    }
}
