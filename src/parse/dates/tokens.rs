//! A date as numbers, words and marks.

use super::words;

/// One piece of a date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// Digits.
    Number { value: u32, n_digits: usize },
    /// Letters, folded.
    Word(String),
    /// Any other character.
    Mark(char),
    /// White space, however long.
    Space,
}

/// Cuts a folded text into its pieces.
pub(super) fn tokenise(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character.is_ascii_digit() {
            let mut digits = String::from(character);
            while let Some(next) = characters.next_if(char::is_ascii_digit) {
                digits.push(next);
            }
            tokens.push(Token::Number {
                // Nothing in a date has ten digits; the largest number fits no field.
                value: digits.parse().unwrap_or(u32::MAX),
                n_digits: digits.len(),
            });
        } else if is_of_word(character) {
            let mut word = String::from(character);
            while let Some(next) = characters.next_if(|next| is_of_word(*next) || *next == '_') {
                word.push(next);
            }
            match words::east_asian_mark(&word) {
                Some(mark) => tokens.push(Token::Mark(mark)),
                None => tokens.push(Token::Word(word)),
            }
        } else if character.is_whitespace() {
            if tokens.last() != Some(&Token::Space) {
                tokens.push(Token::Space);
            }
        } else {
            tokens.push(Token::Mark(character));
        }
    }
    tokens
}

fn is_of_word(character: char) -> bool {
    character.is_alphabetic()
        || (!character.is_ascii() && !character.is_whitespace() && !character.is_numeric())
}
