//! What the author of a text is after, beyond the mood of it.

use serde::{Deserialize, Serialize};

/// Three probabilities from 0 to 1, each for itself: a complaint may ask and request too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    /// Something went otherwise than the author could expect.
    pub complaint: f64,
    /// The author wants to know something.
    pub question: f64,
    /// The author wants something done.
    pub request: f64,
}
