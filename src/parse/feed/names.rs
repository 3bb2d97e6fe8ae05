//! The namespaces that feeds use, by address and by the prefix people write when they
//! forget to declare it.

/// A vocabulary of elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ns {
    /// No namespace at all: RSS 0.9x and 2.0.
    None,
    /// The namespaces of RSS 0.9, 1.0 and the unofficial ones of 2.0.
    Rss,
    /// Atom 0.3 and 1.0.
    Atom,
    /// RDF, the frame of RSS 1.0.
    Rdf,
    /// `content:encoded`.
    Content,
    /// Dublin Core: creator, date, language.
    Dc,
    /// Dublin Core terms: created, issued, modified.
    DcTerms,
    /// Media RSS.
    Media,
    /// Podcasts by Apple.
    Itunes,
    /// `slash:comments`.
    Slash,
    /// Atom threading.
    Thread,
    /// How often a feed is updated.
    Syndication,
    /// HTML written as XML.
    Xhtml,
    /// `wfw:commentRss`.
    WellFormedWeb,
    /// Anything else.
    Other,
}

impl Ns {
    /// The namespace with this address; small differences in writing do not matter.
    pub(super) fn of_uri(uri: &str) -> Self {
        let lower = uri.trim().to_ascii_lowercase();
        let bare = lower.trim_end_matches(['/', '#']);
        let bare = bare.split_once("://").map_or(bare, |(_, rest)| rest);
        match bare {
            "" => Self::None,
            "www.w3.org/2005/atom"
            | "purl.org/atom/ns"
            | "purl.org/net/atom"
            | "purl.org/atom/ns#draft-ietf-atompub-format" => Self::Atom,
            "purl.org/rss/1.0"
            | "purl.org/net/rss1.1"
            | "my.netscape.com/rdf/simple/0.9"
            | "channel.netscape.com/rdf/simple/0.9"
            | "my.netscape.com/publish/formats/rss-0.91.dtd"
            | "backend.userland.com/rss"
            | "backend.userland.com/rss2"
            | "backend.userland.com/rss091"
            | "backend.userland.com/rss092"
            | "blogs.law.harvard.edu/tech/rss"
            | "cyber.law.harvard.edu/rss/rss.html"
            | "cyber.law.harvard.edu/rss"
            | "www.rssboard.org/rss-specification"
            | "purl.org/rss/2.0" => Self::Rss,
            "www.w3.org/1999/02/22-rdf-syntax-ns" => Self::Rdf,
            "purl.org/rss/1.0/modules/content" => Self::Content,
            "purl.org/dc/elements/1.1" | "purl.org/dc/elements/1.0" => Self::Dc,
            "purl.org/dc/terms" => Self::DcTerms,
            "search.yahoo.com/mrss"
            | "tools.search.yahoo.com/mrss"
            | "video.search.yahoo.com/mrss" => Self::Media,
            "www.itunes.com/dtds/podcast-1.0.dtd" | "example.com/dtds/podcast-1.0.dtd" => {
                Self::Itunes
            }
            "purl.org/rss/1.0/modules/slash" => Self::Slash,
            "purl.org/syndication/thread/1.0" => Self::Thread,
            "purl.org/rss/1.0/modules/syndication" => Self::Syndication,
            "www.w3.org/1999/xhtml" | "www.w3.org/tr/xhtml1/transitional" => Self::Xhtml,
            "wellformedweb.org/commentapi" => Self::WellFormedWeb,
            _ => Self::Other,
        }
    }

    /// The prefix and address under which feed-rs knows it.
    pub(super) fn for_feed_rs(self) -> Option<(&'static str, &'static str)> {
        Some(match self {
            Self::Atom => ("atom", "http://www.w3.org/2005/Atom"),
            Self::Rdf => ("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
            Self::Content => ("content", "http://purl.org/rss/1.0/modules/content/"),
            Self::Dc => ("dc", "http://purl.org/dc/elements/1.1/"),
            Self::Media => ("media", "http://search.yahoo.com/mrss/"),
            Self::Itunes => ("itunes", "http://www.itunes.com/dtds/podcast-1.0.dtd"),
            _ => return None,
        })
    }
}

/// The namespace that an undeclared prefix means everywhere else.
pub(super) fn conventional(prefix: &str) -> Ns {
    match prefix.to_ascii_lowercase().as_str() {
        "" => Ns::None,
        "atom" | "atom10" | "a10" => Ns::Atom,
        "rdf" => Ns::Rdf,
        "rss" => Ns::Rss,
        "content" => Ns::Content,
        "dc" => Ns::Dc,
        "dcterms" => Ns::DcTerms,
        "media" => Ns::Media,
        "itunes" => Ns::Itunes,
        "slash" => Ns::Slash,
        "thr" => Ns::Thread,
        "sy" => Ns::Syndication,
        "xhtml" => Ns::Xhtml,
        "wfw" => Ns::WellFormedWeb,
        _ => Ns::Other,
    }
}
