//! The proxy of the environment (`HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`)
//! and which addresses go through it. A proxy looks names up itself, so the rule about
//! private addresses needs to know when one is in between.

use std::net::IpAddr;

use ipnet::IpNet;
use url::{Host, Url};

use super::NetError;

/// What the environment says about proxies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Proxies {
    http: Option<Proxy>,
    https: Option<Proxy>,
    exempt: Vec<Exempt>,
}

/// One proxy and the variable that named it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Proxy {
    pub(super) url: Url,
    pub(super) variable: &'static str,
}

impl Proxy {
    pub(super) fn unusable(&self, why: String) -> NetError {
        NetError::Proxy {
            variable: self.variable.to_owned(),
            why,
        }
    }
}

/// The address may hold a password.
impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Proxy({})", self.variable)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Exempt {
    Everything,
    Network(IpNet),
    /// The name itself and everything below it.
    Domain(String),
}

impl Proxies {
    /// Reads the environment through `get`, lower case first as curl does.
    pub(super) fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self, NetError> {
        let proxy = |names: [&'static str; 4]| -> Result<Option<Proxy>, NetError> {
            let set = |name| get(name).filter(|value| !value.trim().is_empty());
            let Some((variable, value)) = names
                .into_iter()
                .find_map(|name| set(name).map(|value| (name, value)))
            else {
                return Ok(None);
            };
            let url = proxy_url(value.trim()).map_err(|why| NetError::Proxy {
                variable: variable.to_owned(),
                why,
            })?;
            Ok(Some(Proxy { url, variable }))
        };
        let exempt = ["no_proxy", "NO_PROXY"]
            .into_iter()
            .find_map(&get)
            .unwrap_or_default();
        Ok(Self {
            http: proxy(["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])?,
            https: proxy(["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])?,
            exempt: exempt.split(',').filter_map(read_exempt).collect(),
        })
    }

    /// The proxies to build a client with: for http and for https.
    pub(super) fn both(&self) -> (Option<&Proxy>, Option<&Proxy>) {
        (self.http.as_ref(), self.https.as_ref())
    }

    /// The proxy that this address is asked for through, if any.
    pub(super) fn for_url(&self, url: &Url) -> Option<&Proxy> {
        let proxy = if url.scheme() == "https" {
            &self.https
        } else {
            &self.http
        };
        proxy.as_ref().filter(|_| !self.is_exempt(url))
    }

    fn is_exempt(&self, url: &Url) -> bool {
        match url.host() {
            // A proxy elsewhere cannot reach this machine's own loopback.
            Some(Host::Domain(name)) => {
                let name = name.strip_suffix('.').unwrap_or(name);
                name == "localhost" || self.exempt.iter().any(|rule| rule.fits_name(name))
            }
            Some(Host::Ipv4(ip)) => self.is_exempt_ip(IpAddr::V4(ip)),
            Some(Host::Ipv6(ip)) => self.is_exempt_ip(IpAddr::V6(ip)),
            None => true,
        }
    }

    fn is_exempt_ip(&self, ip: IpAddr) -> bool {
        ip.is_loopback()
            || self.exempt.iter().any(|rule| match rule {
                Exempt::Everything => true,
                Exempt::Network(network) => network.contains(&ip),
                Exempt::Domain(_) => false,
            })
    }
}

impl Exempt {
    fn fits_name(&self, name: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Network(_) => false,
            Self::Domain(domain) => name
                .strip_suffix(domain.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.')),
        }
    }
}

fn proxy_url(value: &str) -> Result<Url, String> {
    let text = if value.contains("://") {
        value.to_owned()
    } else {
        format!("http://{value}")
    };
    let url = Url::parse(&text).map_err(|error| error.to_string())?;
    match url.scheme() {
        "http" | "https" if url.host().is_some() => Ok(url),
        "http" | "https" => Err("it names no host".to_owned()),
        other => Err(format!(
            "`{other}` proxies are not supported, only http and https"
        )),
    }
}

fn read_exempt(entry: &str) -> Option<Exempt> {
    let entry = entry.trim();
    if entry == "*" {
        return Some(Exempt::Everything);
    }
    if let Ok(network) = entry.parse::<IpNet>() {
        return Some(Exempt::Network(network));
    }
    let bare = entry.trim_start_matches('[').trim_end_matches(']');
    if let Ok(ip) = bare.parse::<IpAddr>() {
        return Some(Exempt::Network(ip.into()));
    }
    // Ports are not compared: an exempt host is exempt on all of them.
    let name = entry.split(':').next().unwrap_or(entry);
    let name = name.trim_start_matches('*').trim_matches('.');
    (!name.is_empty()).then(|| Exempt::Domain(name.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Result<Proxies, NetError> {
        Proxies::read(|name| {
            variables
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[track_caller]
    fn check(variables: &[(&str, &str)], url: &str, expected: bool) {
        let proxies = proxies(variables).expect("the variables are well written");
        let url = Url::parse(url).expect("a URL");
        assert_eq!(
            proxies.for_url(&url).is_some(),
            expected,
            "{variables:?}: {url}"
        );
    }

    #[test]
    fn the_environment_decides_what_goes_through_the_proxy() {
        let proxy = ("HTTPS_PROXY", "http://user:pass@proxy.corp:3128");
        check(&[], "https://a.example/", false);
        check(&[proxy], "https://a.example/", true);
        check(&[proxy], "http://a.example/", false);
        check(
            &[("all_proxy", "proxy.corp:3128")],
            "http://a.example/",
            true,
        );
        check(&[proxy], "https://localhost/", false);
        check(&[proxy], "https://127.0.0.1/", false);
        check(&[proxy, ("NO_PROXY", "*")], "https://a.example/", false);
        check(
            &[proxy, ("NO_PROXY", "a.example")],
            "https://b.a.example/",
            false,
        );
        check(
            &[proxy, ("NO_PROXY", ".a.example, x")],
            "https://a.example/",
            false,
        );
        check(
            &[proxy, ("NO_PROXY", "a.example:443")],
            "https://nota.example/",
            true,
        );
        check(
            &[proxy, ("no_proxy", "10.0.0.0/8")],
            "https://10.1.2.3/",
            false,
        );
        check(
            &[proxy, ("no_proxy", "10.0.0.0/8")],
            "https://11.1.2.3/",
            true,
        );
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_named_without_its_password() {
        let error = proxies(&[("ALL_PROXY", "socks5://user:pass@proxy:1080")])
            .expect_err("socks is not supported");
        assert_eq!(
            error.to_string(),
            "the proxy set in ALL_PROXY cannot be used: `socks5` proxies are not supported, only http and https"
        );
    }
}
