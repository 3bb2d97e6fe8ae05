//! `net.allow_private`: the inside addresses and hosts that the user has opened.

use std::net::IpAddr;

use ipnet::IpNet;
use url::Host;

/// CIDRs, addresses and host names that may be reached although they are private.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowList {
    networks: Vec<IpNet>,
    hosts: Vec<String>,
}

impl AllowList {
    /// Reads entries as the configuration writes them: `10.0.0.0/8`, `192.168.1.7`,
    /// `::1`, `localhost`, `feeds.office.example`.
    ///
    /// # Errors
    /// One sentence for every entry that is none of these.
    pub fn parse(entries: &[String]) -> Result<Self, Vec<String>> {
        let mut list = Self::default();
        let mut problems = Vec::new();
        for entry in entries {
            match read_entry(entry) {
                Ok(Entry::Network(network)) => list.networks.push(network),
                Ok(Entry::Host(host)) => list.hosts.push(host),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() {
            Ok(list)
        } else {
            Err(problems)
        }
    }

    /// Whether `host`, which leads to `ip`, may be reached although `ip` is private.
    pub fn allows(&self, host: &str, ip: IpAddr) -> bool {
        // ::ffff:10.0.0.1 is 10.0.0.1 to the system, hence to the list as well.
        let ip = ip.to_canonical();
        self.lists_host(host) || self.networks.iter().any(|network| network.contains(&ip))
    }

    /// Whether the name itself is listed, wherever it leads.
    pub fn lists_host(&self, host: &str) -> bool {
        let host = host.strip_suffix('.').unwrap_or(host);
        self.hosts
            .iter()
            .any(|listed| listed.eq_ignore_ascii_case(host))
    }
}

enum Entry {
    Network(IpNet),
    Host(String),
}

fn read_entry(entry: &str) -> Result<Entry, String> {
    let text = entry.trim();
    let wrong = |mend: &str| {
        Err(format!(
            "`{entry}` is not an address, CIDR or host name; {mend}"
        ))
    };
    if text.contains("://") {
        return wrong("leave out the scheme: only the host belongs here");
    }
    if text.contains('*') {
        return wrong("wildcards are not read: write a CIDR such as 10.0.0.0/8");
    }
    if text.contains('/') {
        return match text.parse::<IpNet>() {
            Ok(network) => Ok(Entry::Network(network.trunc())),
            Err(_) => wrong("write a CIDR such as 10.0.0.0/8 or fd00::/8"),
        };
    }
    let bare = text
        .strip_prefix('[')
        .and_then(|inner| inner.strip_suffix(']'))
        .unwrap_or(text);
    if let Ok(ip) = bare.parse::<IpAddr>() {
        return Ok(Entry::Network(ip.to_canonical().into()));
    }
    if text.contains(':') {
        return wrong("leave out the port: it is the host that is allowed");
    }
    match Host::parse(text.strip_suffix('.').unwrap_or(text)) {
        Ok(Host::Domain(domain)) => Ok(Entry::Host(domain)),
        Ok(Host::Ipv4(ip)) => Ok(Entry::Network(IpAddr::V4(ip).into())),
        Ok(Host::Ipv6(ip)) => Ok(Entry::Network(IpAddr::V6(ip).into())),
        Err(_) => wrong("write for example 192.168.1.7, 10.0.0.0/8 or localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(entries: &[&str]) -> Result<AllowList, Vec<String>> {
        let entries: Vec<String> = entries.iter().map(ToString::to_string).collect();
        AllowList::parse(&entries)
    }

    #[track_caller]
    fn check(entry: &str, host: &str, ip: &str, expected: bool) {
        let list = list(&[entry]).expect("the entry is well written");
        let ip = ip.parse().expect("the test names an address");
        assert_eq!(list.allows(host, ip), expected, "{entry}: {host} {ip}");
    }

    #[test]
    fn an_entry_opens_what_it_names_and_nothing_else() {
        check("10.0.0.0/8", "feeds.office", "10.2.3.4", true);
        check("10.0.0.0/8", "feeds.office", "::ffff:10.2.3.4", true);
        check("10.2.3.4/8", "feeds.office", "10.9.9.9", true);
        check("10.0.0.0/8", "feeds.office", "11.0.0.1", false);
        check("127.0.0.1", "127.0.0.1", "127.0.0.1", true);
        check("127.0.0.1", "127.0.0.2", "127.0.0.2", false);
        check("::1", "[::1]", "::1", true);
        check("[::1]", "[::1]", "::1", true);
        check("localhost", "localhost", "127.0.0.1", true);
        check("localhost", "LOCALHOST.", "::1", true);
        check("localhost", "127.0.0.1", "127.0.0.1", false);
        check("localhost", "evil.example", "127.0.0.1", false);
        check("Bücher.example", "xn--bcher-kva.example", "10.0.0.1", true);
    }

    #[test]
    fn every_wrong_entry_is_named_with_a_way_to_mend_it() {
        let entries = [
            "http://localhost",
            "localhost:8080",
            "10.0.0.0/99",
            "*.local",
            "",
            "a b",
        ];
        let problems = list(&entries).expect_err("all are wrong");
        assert_eq!(problems.len(), entries.len(), "{problems:?}");
        assert!(problems[1].contains("leave out the port"), "{problems:?}");
    }
}
