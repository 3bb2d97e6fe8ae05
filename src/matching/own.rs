//! Is an item the brand's own? A brand and an item come in; nothing is guessed from names
//! that anybody can take.

use url::Url;

use super::conditions::{bare_handle, host_is_below, own_host};
use super::fold::fold_text;
use crate::domain::{Brand, Item};

/// Whether the author is one of the brand's accounts, or the link is on one of its
/// domains (subdomains included).
pub fn is_own(brand: &Brand, item: &Item) -> bool {
    is_own_account(brand, item) || is_on_own_domain(brand, item)
}

fn is_own_account(brand: &Brand, item: &Item) -> bool {
    let Some(author) = &item.author else {
        return false;
    };
    brand.handles.iter().any(|own| {
        if let Some(page) = own.find("://").and_then(|_| Url::parse(own).ok()) {
            return author
                .url
                .as_deref()
                .and_then(|url| Url::parse(url).ok())
                .is_some_and(|url| is_same_page(&url, &page));
        }
        let own = fold_text(bare_handle(own));
        !own.is_empty()
            && author
                .handle
                .as_deref()
                .is_some_and(|handle| fold_text(bare_handle(handle)) == own)
    })
}

fn is_same_page(a: &Url, b: &Url) -> bool {
    let path = |url: &Url| url.path().trim_end_matches('/').to_lowercase();
    let host = |url: &Url| {
        url.host_str()
            .map(|host| host.trim_start_matches("www.").to_owned())
    };
    host(a) == host(b) && path(a) == path(b)
}

fn is_on_own_domain(brand: &Brand, item: &Item) -> bool {
    let Some(url) = item.url.as_deref().and_then(|url| Url::parse(url).ok()) else {
        return false;
    };
    brand
        .domains
        .iter()
        .filter_map(|domain| own_host(domain))
        .any(|host| host_is_below(&url, &host))
}
