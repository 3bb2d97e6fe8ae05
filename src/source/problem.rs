//! A mistake in a definition file: where it is, what is wrong and how to mend it.

/// One mistake; reading a file reports all of them at once.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {key}: {what}; {mend}")]
pub struct DefinitionProblem {
    /// The file as the user knows it.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The key with its tables: `params.tag.type`; the file's name when no key is to blame.
    pub key: String,
    /// What is wrong.
    pub what: String,
    /// How to mend it.
    pub mend: String,
}
