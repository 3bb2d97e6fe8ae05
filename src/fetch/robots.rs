//! What sites ask of automatic readers in their `robots.txt` (RFC 9309), kept per site
//! until it expires. Asked for web pages only: a feed is made for readers like us.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use robotxt::{Agent, Robots};
use url::{Position, Url};

use super::{CacheHints, FetchError};
use crate::net::{Cap, Client, NetError, Request, Response};

/// RFC 9309 asks for at least 500 KiB; what is longer counts up to there.
const CAP_BYTES: u64 = 500 * 1024;

/// How long an answer is believed: a day at most, as the RFC says, and an hour at least,
/// or we would ask for the rules more often than for the pages.
const LONGEST: TimeDelta = TimeDelta::hours(24);
const SHORTEST: TimeDelta = TimeDelta::hours(1);

/// How soon rules that could not be read are asked for again.
const AFTER_FAILURE: TimeDelta = TimeDelta::minutes(10);

/// Sites are forgotten from this many on, those that have expired first.
const FORGET_FROM: usize = 1_024;

/// A longer pause than this between two requests is a ban by other means; a source is
/// polled by its own interval anyway.
const LONGEST_DELAY: Duration = Duration::from_secs(600);

/// The rules of all sites. Cheap to clone; all clones share them.
#[derive(Clone, Debug, Default)]
pub struct RobotsRules {
    sites: Arc<Mutex<HashMap<String, Site>>>,
}

#[derive(Clone, Debug)]
struct Site {
    answer: Answer,
    until: DateTime<Utc>,
}

#[derive(Clone, Debug)]
enum Answer {
    Rules(Arc<Robots>),
    /// Nobody knows the rules, so nothing may be read until they are known.
    Unreadable {
        status: u16,
    },
}

/// What a page's site allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// It may be read, with this pause between two requests if the site names one.
    Yes(Option<Duration>),
    /// It may not.
    No(FetchError),
}

impl RobotsRules {
    /// What is known about this page; `None` when the rules have to be asked for.
    pub fn known(&self, client: &Client, page: &Url, now: DateTime<Utc>) -> Option<Allowed> {
        let sites = lock(&self.sites);
        let site = sites.get(&site_of(page)).filter(|site| site.until > now)?;
        Some(verdict(&site.answer, client, page))
    }

    /// Asks the page's site for its rules and remembers them.
    ///
    /// # Errors
    /// The site cannot be reached at all; what it is about is what asking for the page
    /// would have said.
    pub async fn ask(
        &self,
        client: &Client,
        page: &Url,
        now: DateTime<Utc>,
    ) -> Result<Allowed, FetchError> {
        let mut request = Request::get(address(page));
        request.cap_bytes = Some(CAP_BYTES);
        request.on_cap = Cap::Truncate;
        let answered = match client.send(request).await {
            Ok(response) => Ok(response),
            // The RFC lets us take rules that hide behind redirects for none.
            Err(NetError::RedirectLoop { .. } | NetError::TooManyRedirects { .. }) => Err(404),
            Err(error) => return Err(FetchError::Net(error)),
        };
        let site = match &answered {
            Ok(response) => read(client, response, now),
            Err(status) => site(*status, &[], client, AFTER_FAILURE, now),
        };
        let allowed = verdict(&site.answer, client, page);
        self.remember(site_of(page), site, now);
        Ok(allowed)
    }

    fn remember(&self, name: String, site: Site, now: DateTime<Utc>) {
        let mut sites = lock(&self.sites);
        if sites.len() >= FORGET_FROM {
            sites.retain(|_, site| site.until > now);
        }
        if sites.len() >= FORGET_FROM {
            // All are fresh: any will do, it is only asked for again.
            let any = sites.keys().next().cloned();
            any.and_then(|any| sites.remove(&any));
        }
        sites.insert(name, site);
    }
}

fn read(client: &Client, response: &Response, now: DateTime<Utc>) -> Site {
    let fresh_for = CacheHints::of(&response.headers, now)
        .fresh_for
        .and_then(|fresh| TimeDelta::from_std(fresh).ok())
        .map_or(LONGEST, |fresh| fresh.clamp(SHORTEST, LONGEST));
    site(response.status, &response.body, client, fresh_for, now)
}

fn site(
    status: u16,
    body: &[u8],
    client: &Client,
    fresh_for: TimeDelta,
    now: DateTime<Utc>,
) -> Site {
    let (answer, lasts) = match status {
        200..=299 => {
            let rules = Robots::parse(body, Agent::Exact(product(client)));
            (Answer::Rules(Arc::new(rules)), fresh_for)
        }
        429 | 500.. => (Answer::Unreadable { status }, AFTER_FAILURE),
        // There are no rules.
        _ => (Answer::Rules(Arc::new(Robots::allow_all())), fresh_for),
    };
    Site {
        answer,
        until: now + lasts,
    }
}

fn verdict(answer: &Answer, client: &Client, page: &Url) -> Allowed {
    let host = page.host_str().unwrap_or_default().to_owned();
    let rules = match answer {
        Answer::Rules(rules) => rules,
        Answer::Unreadable { status } => {
            return Allowed::No(FetchError::RobotsUnreadable {
                host,
                status: *status,
            });
        }
    };
    if rules.is_url_allowed(page) {
        let delay = rules.crawl_delay().filter(|delay| !delay.is_zero());
        return Allowed::Yes(delay.map(|delay| delay.min(LONGEST_DELAY)));
    }
    let path = &page[Position::BeforePath..Position::AfterQuery];
    let rule = rules.matching_rule(path);
    Allowed::No(FetchError::RobotsForbid {
        host,
        product: product(client).to_owned(),
        rule: rule.map_or_else(|| "/".to_owned(), |rule| rule.pattern().to_owned()),
    })
}

/// The name that rules are written for: our User-Agent up to its version.
fn product(client: &Client) -> &str {
    let agent = &client.policy().user_agent;
    agent.split(['/', ' ']).next().unwrap_or(agent)
}

fn address(page: &Url) -> Url {
    let mut address = page.clone();
    // A page with a host takes both.
    let _ = address.set_username("");
    let _ = address.set_password(None);
    address.set_path("/robots.txt");
    address.set_query(None);
    address.set_fragment(None);
    address
}

/// Rules hold for one scheme, host and port.
fn site_of(page: &Url) -> String {
    page.origin().ascii_serialization()
}

/// A panic elsewhere leaves at worst an old entry behind.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::parse_http_date;
    use crate::net::testing::{RawServer, client, say};

    fn now() -> DateTime<Utc> {
        parse_http_date("Sun, 01 Mar 2026 10:00:00 GMT").expect("a date")
    }

    async fn ask(status: &str, body: &str, path: &str) -> (Allowed, RawServer, RobotsRules) {
        let server = RawServer::start([say(status, &[], body)]).await;
        let rules = RobotsRules::default();
        let allowed = rules
            .ask(&client(), &server.url(path), now())
            .await
            .expect("the server answers");
        (allowed, server, rules)
    }

    async fn check(status: &str, body: &str, path: &str, expected: Result<Option<u64>, &str>) {
        let (allowed, server, _) = ask(status, body, path).await;
        assert!(server.requests()[0].starts_with("GET /robots.txt HTTP"));
        let actual = match allowed {
            Allowed::Yes(delay) => Ok(delay.map(|delay| delay.as_secs())),
            Allowed::No(error) => Err(error.to_string()),
        };
        assert_eq!(
            actual,
            expected.map_err(str::to_owned),
            "{status} {body:?} {path}"
        );
    }

    #[tokio::test]
    async fn the_rules_for_us_decide_and_a_pause_is_told() {
        let everybody = "User-agent: *\nDisallow: /private\nAllow: /private/open\nCrawl-delay: 7";
        check("200 OK", everybody, "/reviews?page=2", Ok(Some(7))).await;
        check("200 OK", everybody, "/private/open/1", Ok(Some(7))).await;
        let forbidden = "localhost asks automatic readers in its robots.txt to leave this page alone (Disallow: /private for Hearken); if the site is yours, set ignore_robots = true on the source";
        check("200 OK", everybody, "/private/1", Err(forbidden)).await;
        let us = "User-agent: hearken\nDisallow:\n\nUser-agent: *\nDisallow: /";
        check("200 OK", us, "/private/1", Ok(None)).await;
        check("200 OK", "<html>not found</html>", "/x", Ok(None)).await;
        check(
            "404 Not Found",
            "User-agent: *\nDisallow: /",
            "/x",
            Ok(None),
        )
        .await;
        check("403 Forbidden", "", "/x", Ok(None)).await;
        check(
            "200 OK",
            "User-agent: *\nCrawl-delay: 1e9",
            "/x",
            Ok(Some(600)),
        )
        .await;
        check(
            "503 Busy",
            "",
            "/x",
            Err("localhost does not say what automatic readers may read: its robots.txt answers HTTP 503, so nothing is read there until it answers"),
        )
        .await;
    }

    #[tokio::test]
    async fn rules_are_kept_for_their_site_until_they_expire() {
        let (_, server, rules) = ask("200 OK", "User-agent: *\nDisallow: /a", "/b").await;
        let known = |path: &str, at| rules.known(&client(), &server.url(path), at);
        assert_eq!(known("/b", now()), Some(Allowed::Yes(None)));
        assert!(matches!(known("/a", now()), Some(Allowed::No(_))));
        assert_eq!(known("/b", now() + TimeDelta::hours(25)), None);
        let elsewhere = Url::parse("http://localhost:9/b").expect("a URL");
        assert_eq!(rules.known(&client(), &elsewhere, now()), None);
        assert_eq!(server.requests().len(), 1);
        // Rules that could not be read are asked for again soon.
        let (_, server, rules) = ask("500 Broken", "", "/b").await;
        let known = |at| rules.known(&client(), &server.url("/b"), at);
        assert!(known(now()).is_some());
        assert!(known(now() + TimeDelta::minutes(11)).is_none());
    }

    #[tokio::test]
    async fn a_site_that_cannot_be_reached_is_told_as_such() {
        let page = Url::parse("http://127.0.0.1/page").expect("a URL");
        let error = RobotsRules::default()
            .ask(&client(), &page, now())
            .await
            .expect_err("refused");
        assert_eq!(error.kind(), "private_address");
    }
}
