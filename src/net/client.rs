//! The client: one hop after the other, each checked before it is connected to.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderValue};
use tokio::time::{Instant, timeout_at};
use tracing::warn;
use url::{Host, Url};

use super::body::{self, Body, Limits};
use super::error::{of_body, of_request, root_cause};
use super::proxy::{Proxies, Proxy};
use super::redirect::{Hop, MAX_REDIRECTS, redirect_target};
use super::resolve::{GuardedResolver, Lookup, lookup, permitted, system_lookup};
use super::{AllowList, Cap, Headers, Method, NetError, Request, Response, refusal_of};

/// Of an answer that says "no", only the beginning is of interest.
const ERROR_BODY_CAP_BYTES: u64 = 64 * 1024;

/// Connections kept for a host between two requests: its other sources come soon
/// after, everything later is cheaper to connect anew than to keep open.
const IDLE_CONNECTIONS_PER_HOST: usize = 2;
const IDLE_CONNECTION_TIMEOUT: Duration = Duration::from_secs(20);

/// Some sites send more than the usual hundred, mostly policies and cookies.
const MAX_HEADERS: usize = 256;

/// How the program behaves towards other machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetPolicy {
    /// What we call ourselves, `Hearken/0.1`.
    pub user_agent: String,
    /// Whom a site's operator can write to: an address or a page.
    pub contact: Option<String>,
    /// Inside addresses that may be reached all the same.
    pub allow_private: AllowList,
    /// For DNS, connection and TLS together.
    pub connect_timeout: Duration,
    /// Until the head of an answer is there, per hop.
    pub header_timeout: Duration,
    /// For the whole exchange with all redirects.
    pub total_timeout: Duration,
    /// The largest body after decompression.
    pub cap_bytes: u64,
}

impl Default for NetPolicy {
    fn default() -> Self {
        Self {
            user_agent: concat!(
                "Hearken/",
                env!("CARGO_PKG_VERSION_MAJOR"),
                ".",
                env!("CARGO_PKG_VERSION_MINOR")
            )
            .to_owned(),
            contact: None,
            allow_private: AllowList::default(),
            connect_timeout: Duration::from_secs(10),
            header_timeout: Duration::from_secs(20),
            total_timeout: Duration::from_secs(60),
            cap_bytes: 10 * 1024 * 1024,
        }
    }
}

impl NetPolicy {
    /// What stands in `User-Agent`: who we are and how to reach the one who runs us.
    pub fn full_user_agent(&self) -> String {
        match &self.contact {
            Some(contact) => format!("{} (+{contact})", self.user_agent),
            None => self.user_agent.clone(),
        }
    }
}

/// Sends requests. Cheap to clone; all clones share connections.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

/// A proxy's address may hold a password, so only the rules print.
impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("policy", &self.inner.policy)
            .finish_non_exhaustive()
    }
}

struct Inner {
    policy: NetPolicy,
    allow: Arc<AllowList>,
    proxies: Proxies,
    direct: reqwest::Client,
    /// Present when the environment names a proxy.
    proxied: Option<reqwest::Client>,
}

impl Client {
    /// Builds the client; proxies are read from the environment.
    ///
    /// # Errors
    /// [`NetError::Proxy`] and [`NetError::InvalidHeader`], when the environment's proxy
    /// or the configured user agent cannot be used.
    pub fn new(policy: NetPolicy) -> Result<Self, NetError> {
        let proxies = Proxies::read(|name| std::env::var(name).ok())?;
        Self::with_proxies(policy, proxies)
    }

    pub(super) fn with_proxies(policy: NetPolicy, proxies: Proxies) -> Result<Self, NetError> {
        Self::with_lookup(policy, proxies, system_lookup())
    }

    /// The same with another way to look names up.
    pub(super) fn with_lookup(
        policy: NetPolicy,
        proxies: Proxies,
        lookup: Lookup,
    ) -> Result<Self, NetError> {
        // Fails only when a provider is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let user_agent = HeaderValue::from_str(&policy.full_user_agent()).map_err(|_| {
            NetError::InvalidHeader {
                name: "User-Agent".to_owned(),
            }
        })?;
        let allow = Arc::new(policy.allow_private.clone());
        let direct = build(&|| {
            base(&policy, &user_agent)
                .no_proxy()
                .dns_resolver(Arc::new(GuardedResolver::new(
                    Arc::clone(&allow),
                    Arc::clone(&lookup),
                )))
        })?;
        let proxied = match proxies.both() {
            (None, None) => None,
            (http, https) => {
                let http = http
                    .map(|proxy| proxy_of(proxy, reqwest::Proxy::http))
                    .transpose()?;
                let https = https
                    .map(|proxy| proxy_of(proxy, reqwest::Proxy::https))
                    .transpose()?;
                Some(build(&|| {
                    [&http, &https]
                        .into_iter()
                        .flatten()
                        .fold(base(&policy, &user_agent), |builder, proxy| {
                            builder.proxy(proxy.clone())
                        })
                })?)
            }
        };
        Ok(Self {
            inner: Arc::new(Inner {
                policy,
                allow,
                proxies,
                direct,
                proxied,
            }),
        })
    }

    /// The rules it follows.
    pub fn policy(&self) -> &NetPolicy {
        &self.inner.policy
    }

    /// Sends a request and reads the answer. Every status is an answer.
    ///
    /// # Errors
    /// One [`NetError`] per reason why there is none.
    pub async fn send(&self, request: Request) -> Result<Response, NetError> {
        let (mut head, deadline) = self.head(&request).await?;
        self.whole(&request, &mut head, deadline).await
    }

    /// Sends a request and hands over its answer piece by piece, for answers that do not
    /// end. An answer that says "no" is read as by [`Client::send`].
    ///
    /// # Errors
    /// One [`NetError`] per reason why there is no answer.
    pub async fn open(&self, request: Request) -> Result<Opened, NetError> {
        let (mut head, deadline) = self.head(&request).await?;
        if !head.answer.status().is_success() {
            let response = self.whole(&request, &mut head, deadline).await?;
            return Ok(Opened::Refused(response));
        }
        Ok(Opened::Stream(BodyStream {
            host: host_of(&head.hop.url),
            url: head.hop.url,
            headers: headers_of(head.answer.headers()),
            answer: head.answer,
            n_bytes: 0,
        }))
    }

    /// The head of the answer after all redirects.
    async fn head(&self, request: &Request) -> Result<(Head, Deadline), NetError> {
        let total = request
            .total_timeout
            .unwrap_or(self.inner.policy.total_timeout);
        let deadline = Deadline {
            at: Instant::now() + total,
            total,
        };
        let mut hop = Hop::first(request)?;
        let mut seen = HashSet::new();
        let mut all_permanent = true;
        let mut downgraded = false;
        loop {
            let host = host_of(&hop.url);
            if !seen.insert((hop.method, hop.url.clone())) {
                return Err(NetError::RedirectLoop { host });
            }
            let answer = self.ask(&hop, &host, deadline).await?;
            let status = answer.status().as_u16();
            let next = if request.follow_redirects {
                redirect_target(&answer, &hop.url, &host)?
            } else {
                None
            };
            if let Some(target) = next {
                if seen.len() > MAX_REDIRECTS {
                    return Err(NetError::TooManyRedirects {
                        host,
                        limit: MAX_REDIRECTS,
                    });
                }
                all_permanent &= matches!(status, 301 | 308);
                downgraded |= hop.url.scheme() == "https" && target.scheme() == "http";
                hop = hop.redirected(status, target);
                continue;
            }
            let moved = seen.len() > 1 && all_permanent && !downgraded;
            let head = Head {
                answer,
                hop,
                moved,
                downgraded,
            };
            return Ok((head, deadline));
        }
    }

    /// The answer with its body.
    async fn whole(
        &self,
        request: &Request,
        head: &mut Head,
        deadline: Deadline,
    ) -> Result<Response, NetError> {
        let host = host_of(&head.hop.url);
        let body = self
            .read_body(&mut head.answer, request, &head.hop, &host, deadline)
            .await?;
        Ok(Response {
            status: head.answer.status().as_u16(),
            headers: headers_of(head.answer.headers()),
            body: body.bytes,
            is_whole: body.is_whole,
            moved_permanently_to: head.moved.then(|| head.hop.url.clone()),
            final_url: head.hop.url.clone(),
            downgraded: head.downgraded,
        })
    }

    /// One request and the head of its answer.
    async fn ask(
        &self,
        hop: &Hop,
        host: &str,
        deadline: Deadline,
    ) -> Result<reqwest::Response, NetError> {
        let policy = &self.inner.policy;
        let patience = Instant::now() + policy.header_timeout;
        let until = patience.min(deadline.at);
        let exchange = async {
            let (client, proxy) = self.route(&hop.url, host).await?;
            let mut request = client
                .request(hop.method.into(), hop.url.clone())
                .headers(hop.headers.clone());
            if let Some(body) = &hop.body {
                request = request.body(body.clone());
            }
            request.send().await.map_err(|error| {
                let named = of_request(&error, host, policy.connect_timeout);
                match proxy {
                    // Whoever did not let us connect was the proxy, not the site.
                    Some(proxy) if error.is_connect() && !matches!(named, NetError::Tls { .. }) => {
                        proxy.unusable(root_cause(&error))
                    }
                    _ => named,
                }
            })
        };
        match timeout_at(until, exchange).await {
            Ok(answer) => answer,
            Err(_) => Err(NetError::HeadersTimeout {
                host: host.to_owned(),
                limit: if patience < deadline.at {
                    policy.header_timeout
                } else {
                    deadline.total
                },
            }),
        }
    }

    /// Checks an address and says which client may go there. Names that are connected
    /// to directly are checked by the resolver of the direct client.
    async fn route(
        &self,
        url: &Url,
        host: &str,
    ) -> Result<(&reqwest::Client, Option<&Proxy>), NetError> {
        let inner = &self.inner;
        let literal = match url.host() {
            Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
            Some(Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
            Some(Host::Domain(_)) => None,
            None => {
                return Err(NetError::InvalidUrl {
                    why: "it names no host".to_owned(),
                });
            }
        };
        if let Some(ip) = literal
            && let Some(kind) = refusal_of(ip)
            && !inner.allow.allows(host, ip)
        {
            return Err(NetError::PrivateAddress {
                host: host.to_owned(),
                ip: Some(ip),
                kind,
            });
        }
        match (&inner.proxied, inner.proxies.for_url(url)) {
            (Some(proxied), Some(proxy)) => {
                if literal.is_none() {
                    self.check_name_behind_proxy(host).await?;
                }
                Ok((proxied, Some(proxy)))
            }
            _ => Ok((&inner.direct, None)),
        }
    }

    /// The proxy looks the name up, not we: what our own resolver knows is checked, and
    /// a name that only an inside resolver can know is refused.
    async fn check_name_behind_proxy(&self, host: &str) -> Result<(), NetError> {
        let allow = &self.inner.allow;
        match lookup(host).await {
            Ok(found) => permitted(allow, host, found)
                .map(drop)
                .map_err(|error| error.into_net_error(host.to_owned())),
            Err(_) if is_inside_name(host) && !allow.lists_host(host) => {
                Err(NetError::PrivateAddress {
                    host: host.to_owned(),
                    ip: None,
                    kind: "private",
                })
            }
            Err(_) => Ok(()),
        }
    }

    async fn read_body(
        &self,
        answer: &mut reqwest::Response,
        request: &Request,
        hop: &Hop,
        host: &str,
        deadline: Deadline,
    ) -> Result<Body, NetError> {
        let status = answer.status().as_u16();
        // These have no body, whatever their headers say.
        if hop.method == Method::Head || matches!(status, 204 | 304) {
            return Ok(Body {
                bytes: Vec::new(),
                is_whole: true,
            });
        }
        let cap_bytes = request.cap_bytes.unwrap_or(self.inner.policy.cap_bytes);
        let refused = status >= 400;
        let limits = Limits {
            host,
            cap_bytes: if refused {
                cap_bytes.min(ERROR_BODY_CAP_BYTES)
            } else {
                cap_bytes
            },
            // A "no" stays a "no" when its page breaks off.
            on_cap: if refused {
                Cap::Truncate
            } else {
                request.on_cap
            },
            deadline: deadline.at,
            total: deadline.total,
        };
        body::read(answer, &limits).await
    }
}

/// An answer whose body has not been read yet.
struct Head {
    answer: reqwest::Response,
    hop: Hop,
    moved: bool,
    downgraded: bool,
}

/// How a request for an answer without an end was taken.
#[derive(Debug)]
pub enum Opened {
    /// It began.
    Stream(BodyStream),
    /// The site says no.
    Refused(Response),
}

/// A body that arrives piece by piece.
pub struct BodyStream {
    host: String,
    url: Url,
    headers: Headers,
    answer: reqwest::Response,
    n_bytes: u64,
}

impl BodyStream {
    /// The headers of the answer.
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// Where it comes from after all redirects.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The next piece; `None` at the end. Waits as long as it takes: the caller knows how
    /// much silence is too much.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, NetError> {
        match self.answer.chunk().await {
            Ok(Some(piece)) => {
                self.n_bytes = self.n_bytes.saturating_add(piece.len() as u64);
                Ok(Some(piece.to_vec()))
            }
            Ok(None) => Ok(None),
            Err(error) => Err(of_body(&error, &self.host, self.n_bytes)),
        }
    }
}

/// The address and the headers may hold secrets.
impl std::fmt::Debug for BodyStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BodyStream")
            .field("host", &self.host)
            .field("n_bytes", &self.n_bytes)
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Copy)]
struct Deadline {
    at: Instant,
    total: Duration,
}

fn host_of(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}

/// Names that no public resolver answers.
fn is_inside_name(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let ending = host.rsplit('.').next().unwrap_or(host);
    !host.contains('.')
        || [
            "internal",
            "local",
            "localhost",
            "lan",
            "home",
            "corp",
            "intranet",
        ]
        .iter()
        .any(|inside| ending.eq_ignore_ascii_case(inside))
}

fn headers_of(map: &HeaderMap) -> Headers {
    map.iter()
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        })
        .collect()
}

fn base(policy: &NetPolicy, user_agent: &HeaderValue) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(user_agent.clone())
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .connect_timeout(policy.connect_timeout)
        .pool_max_idle_per_host(IDLE_CONNECTIONS_PER_HOST)
        .pool_idle_timeout(IDLE_CONNECTION_TIMEOUT)
        .http1_max_headers(MAX_HEADERS)
        // Old servers fold headers and invent characters; the body is what we want.
        .http1_allow_obsolete_multiline_headers_in_responses(true)
        .http1_ignore_invalid_headers_in_responses(true)
        .http1_allow_spaces_after_header_name_in_responses(true)
}

/// Builds a client; on a machine without root certificates (a slim container) one that
/// trusts nobody, so that http sources and loopback go on working.
fn build(builder: &dyn Fn() -> reqwest::ClientBuilder) -> Result<reqwest::Client, NetError> {
    let error = match builder().build() {
        Ok(client) => return Ok(client),
        Err(error) => error,
    };
    warn!(
        reason = root_cause(&error),
        "TLS cannot be set up with this machine's root certificates, so https addresses will fail; install the package ca-certificates"
    );
    let trusts_nobody = rustls::ClientConfig::builder()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    builder()
        .tls_backend_preconfigured(trusts_nobody)
        .build()
        .map_err(|error| NetError::Other {
            host: "any host".to_owned(),
            why: root_cause(&error),
        })
}

fn proxy_of(
    proxy: &Proxy,
    make: fn(Url) -> reqwest::Result<reqwest::Proxy>,
) -> Result<reqwest::Proxy, NetError> {
    make(proxy.url.clone()).map_err(|error| proxy.unusable(root_cause(&error)))
}

impl From<Method> for reqwest::Method {
    fn from(method: Method) -> Self {
        match method {
            Method::Get => Self::GET,
            Method::Head => Self::HEAD,
            Method::Post => Self::POST,
        }
    }
}
