//! Tokens by their SHA-256 and small settings. A token's plain text never comes here; the
//! one exception is the read token of the feeds, which the page must show again and which
//! its owner keeps as a setting.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    Store, StoreError, codec, keys,
    tables::{get, load, put, rows},
};

pub(super) const TABLE: &str = "tokens";

/// What a token lets its holder do; a token for one purpose is nothing for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenPurpose {
    /// Signing in once, from a printed link.
    SignIn,
    /// A browser that has signed in.
    Session,
    /// Reading the alert feeds.
    Read,
    /// Calling the API.
    Api,
    /// A button that was pressed in a chat tool, so that it is not acted upon twice.
    Press,
}

impl TokenPurpose {
    fn byte(self) -> u8 {
        match self {
            Self::SignIn => 0,
            Self::Session => 1,
            Self::Read => 2,
            Self::Api => 3,
            Self::Press => 4,
        }
    }
}

/// A token as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRow {
    /// SHA-256 of the token in lower-case hex digits.
    pub hash: String,
    /// What it is for.
    pub purpose: TokenPurpose,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// From when on it is worth nothing; `None` for never.
    #[serde(default)]
    pub expires_at: Option<DateTime<Utc>>,
    /// What its owner calls it.
    #[serde(default)]
    pub label: String,
}

impl TokenRow {
    fn is_valid(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_none_or(|expires_at| now < expires_at)
    }
}

fn token_key(purpose: TokenPurpose, hash: &str) -> Vec<u8> {
    keys::joined(&[&[purpose.byte()], hash.as_bytes()])
}

impl Store {
    /// Stores a token, replacing one with the same hash and purpose.
    pub fn put_token(&self, token: &TokenRow) -> Result<(), StoreError> {
        let key = token_key(token.purpose, &token.hash);
        self.tables().tokens.insert(key, codec::encode(token)?)?;
        self.flush()
    }

    /// Stores a token unless one with its hash and purpose is valid already; whether it was
    /// new. Of several callers one is told so.
    pub fn put_new_token(&self, token: &TokenRow, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let key = token_key(token.purpose, &token.hash);
        let is_new = self.transact(|view| {
            let known: Option<TokenRow> = get(&view.tokens, TABLE, &key)?;
            if known.is_some_and(|known| known.is_valid(now)) {
                return Ok(false);
            }
            put(&view.tokens, &key, token)?;
            Ok(true)
        })?;
        self.flush()?;
        Ok(is_new)
    }

    /// The token with this hash, if it is for this purpose and has not expired.
    pub fn token(
        &self,
        hash: &str,
        purpose: TokenPurpose,
        now: DateTime<Utc>,
    ) -> Result<Option<TokenRow>, StoreError> {
        let token: Option<TokenRow> = load(&self.tables().tokens, TABLE, token_key(purpose, hash))?;
        Ok(token.filter(|token| token.is_valid(now)))
    }

    /// Uses a token up: of several callers one gets it. An expired one is removed as well,
    /// but given to nobody.
    pub fn take_token(
        &self,
        hash: &str,
        purpose: TokenPurpose,
        now: DateTime<Utc>,
    ) -> Result<Option<TokenRow>, StoreError> {
        let key = token_key(purpose, hash);
        let token = self.transact(|view| {
            let token: Option<TokenRow> = get(&view.tokens, TABLE, &key)?;
            if token.is_some() {
                view.tokens.remove(key.as_slice())?;
            }
            Ok(token)
        })?;
        self.flush()?;
        Ok(token.filter(|token| token.is_valid(now)))
    }

    /// Trades a token for others in one step: `taken` is used up and `given` is stored, or
    /// neither happens. This is how a sign-in link becomes a session: a crash in between
    /// must not leave a person with neither.
    pub fn trade_token(
        &self,
        hash: &str,
        purpose: TokenPurpose,
        given: &TokenRow,
        now: DateTime<Utc>,
    ) -> Result<Option<TokenRow>, StoreError> {
        let key = token_key(purpose, hash);
        let taken = self.transact(|view| {
            let taken: Option<TokenRow> = get(&view.tokens, TABLE, &key)?;
            let Some(taken) = taken.filter(|token| token.is_valid(now)) else {
                return Ok(None);
            };
            view.tokens.remove(key.as_slice())?;
            put(&view.tokens, token_key(given.purpose, &given.hash), given)?;
            Ok(Some(taken))
        })?;
        self.flush()?;
        Ok(taken)
    }

    /// Every token for a purpose, expired ones included.
    pub fn tokens(&self, purpose: TokenPurpose) -> Result<Vec<TokenRow>, StoreError> {
        rows(&self.tables().tokens, TABLE)
            .map(|row| row.map(|(_, token): (_, TokenRow)| token))
            .filter(|token| {
                token
                    .as_ref()
                    .map_or(true, |token| token.purpose == purpose)
            })
            .collect()
    }

    /// Takes a token back; whether there was one.
    pub fn remove_token(&self, hash: &str, purpose: TokenPurpose) -> Result<bool, StoreError> {
        let removed = self.tables().tokens.remove(token_key(purpose, hash))?;
        self.flush()?;
        Ok(removed.is_some())
    }

    /// Removes the tokens that have expired; how many there were.
    pub fn remove_expired_tokens(&self, now: DateTime<Utc>) -> Result<usize, StoreError> {
        let mut n_removed = 0;
        for row in rows::<TokenRow>(&self.tables().tokens, TABLE) {
            let (key, token) = row?;
            if !token.is_valid(now) {
                self.tables().tokens.remove(key)?;
                n_removed += 1;
            }
        }
        if n_removed > 0 {
            self.flush()?;
        }
        Ok(n_removed)
    }

    /// A small setting that the program keeps for itself.
    pub fn setting(&self, key: &str) -> Result<Option<String>, StoreError> {
        load(&self.tables().settings, "settings", key)
    }

    /// Keeps a small setting.
    pub fn put_setting(&self, key: &str, value: &str) -> Result<(), StoreError> {
        self.transact(|view| put(&view.settings, key, &value))?;
        self.flush()
    }
}
