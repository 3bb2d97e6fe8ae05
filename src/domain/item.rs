//! An item: one entry as the site gave it, before anyone asked whether it speaks of a brand.
//! The field order is that of `extract --json`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What sort of text an item is; the classifier and the story rules depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A short public message.
    #[default]
    Post,
    /// An answer below something else.
    Comment,
    /// A judgement of a product or a company, often with stars.
    Review,
    /// A news or blog text.
    Article,
    /// A question on a forum or a help site.
    Question,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Post,
        Self::Comment,
        Self::Review,
        Self::Article,
        Self::Question,
    ];

    /// The word used in JSON and in queries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Post => "post",
            Self::Comment => "comment",
            Self::Review => "review",
            Self::Article => "article",
            Self::Question => "question",
        }
    }
}

/// Who wrote an item, as far as the site says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// The display name.
    #[serde(default)]
    pub name: Option<String>,
    /// The account, in the site's own notation (`@a@b`, `u/name`, a DID …).
    #[serde(default)]
    pub handle: Option<String>,
    /// The author's page.
    #[serde(default)]
    pub url: Option<String>,
    /// How many accounts follow the author.
    #[serde(default)]
    pub followers: Option<u64>,
}

/// Stars on the site's own scale, which starts at 0 or 1 and ends at `best`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rating {
    /// What the author gave.
    pub value: f64,
    /// The most that can be given.
    pub best: f64,
}

impl Rating {
    /// The same on a scale that ends at five; `None` where the scale makes no sense.
    pub fn of_five(self) -> Option<f64> {
        (self.best > 0.0 && self.best.is_finite() && self.value.is_finite())
            .then(|| (self.value / self.best * 5.0).clamp(0.0, 5.0))
    }
}

/// How far an item has travelled; zero where the site gives no figure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Engagement {
    /// Likes, favourites, points, "helpful" votes.
    #[serde(default)]
    pub likes: u64,
    /// Shares, boosts, reposts.
    #[serde(default)]
    pub shares: u64,
    /// Answers and comments.
    #[serde(default)]
    pub replies: u64,
}

/// One entry of a feed, a page or an API answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// The definition that read it.
    pub definition: String,
    /// The site's own id, where it gives one.
    #[serde(default)]
    pub native_id: Option<String>,
    /// What sort of text it is.
    #[serde(default)]
    pub kind: Kind,
    /// The link as the site gives it, made absolute.
    #[serde(default)]
    pub url: Option<String>,
    /// The title as plain text.
    #[serde(default)]
    pub title: Option<String>,
    /// The body as plain text: tags removed, entities decoded, line breaks kept.
    #[serde(default)]
    pub text: String,
    /// The body as sanitised HTML, where kept.
    #[serde(default)]
    pub html: Option<String>,
    /// Who wrote it.
    #[serde(default)]
    pub author: Option<Author>,
    /// BCP 47 language as the site states it.
    #[serde(default)]
    pub lang: Option<String>,
    /// Stars, for reviews.
    #[serde(default)]
    pub rating: Option<Rating>,
    /// When it was published; never filled from `updated_at`.
    #[serde(default)]
    pub published_at: Option<DateTime<Utc>>,
    /// When it was last changed.
    #[serde(default)]
    pub updated_at: Option<DateTime<Utc>>,
    /// Likes, shares and replies.
    #[serde(default)]
    pub engagement: Engagement,
    /// The id or address of what it answers.
    #[serde(default)]
    pub in_reply_to: Option<String>,
    /// Whether the brand itself wrote it as an answer to a customer.
    #[serde(default)]
    pub is_brand_reply: bool,
}

impl Item {
    /// An item of a definition with nothing in it yet.
    pub fn empty(definition: &str, kind: Kind) -> Self {
        Self {
            definition: definition.to_owned(),
            native_id: None,
            kind,
            url: None,
            title: None,
            text: String::new(),
            html: None,
            author: None,
            lang: None,
            rating: None,
            published_at: None,
            updated_at: None,
            engagement: Engagement::default(),
            in_reply_to: None,
            is_brand_reply: false,
        }
    }

    /// What its author is known by: the account's page, else the account on its site. A
    /// name alone is nobody's account: two customers may share it.
    pub fn author_key(&self) -> Option<String> {
        let author = self.author.as_ref()?;
        let given = |text: &Option<String>| {
            let text = text.as_deref()?.trim().trim_end_matches('/');
            (!text.is_empty()).then(|| text.to_lowercase())
        };
        if let Some(page) = given(&author.url) {
            return Some(format!("page {page}"));
        }
        let handle = given(&author.handle)?;
        // `@name@server` says where it is.
        let is_whole = handle.trim_start_matches('@').contains('@');
        let site = match &self.url {
            _ if is_whole => "",
            Some(url) => url
                .split_once("://")
                .map_or(url.as_str(), |(_, rest)| rest)
                .split(['/', '?', '#'])
                .next()
                .unwrap_or_default(),
            None => &self.definition,
        };
        Some(format!("account {handle} {}", site.to_lowercase()))
    }

    /// Title and text as one: what a reader sees and what is judged.
    pub fn full_text(&self) -> String {
        match self.title.as_deref() {
            Some(title) if !title.is_empty() && !self.text.starts_with(title) => {
                if self.text.is_empty() {
                    title.to_owned()
                } else {
                    format!("{title}\n{}", self.text)
                }
            }
            _ => self.text.clone(),
        }
    }
}
