//! How far an item had travelled at a moment: what growth is measured from.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Engagement, Item};

/// Likes, shares, replies and followers as a poll found them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReachSeen {
    /// When.
    pub at: DateTime<Utc>,
    /// Likes, shares and replies at that time.
    pub engagement: Engagement,
    /// Followers of the author at that time, where the site says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub followers: Option<u64>,
}

impl ReachSeen {
    /// What an item shows at a moment.
    pub fn of(item: &Item, at: DateTime<Utc>) -> Self {
        Self {
            at,
            engagement: item.engagement,
            followers: item.author.as_ref().and_then(|author| author.followers),
        }
    }
}
