//! Quoted lines (`> …`) and what mails carry below their answer.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// The line with which mail programs introduce what is answered, in our ten languages.
static WROTE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)(?:\b(?:wrote|writes|schrieb\b.{0,80}|yazdı|escribió|a écrit|ha scritto|escreveu)|लिखा|लिखते हैं|రాశారు|వ్రాశారు|كتب)\s?:$",
    )
    .expect("a constant pattern compiles")
});
/// The rule above a whole mail that is answered or passed on.
static BELOW: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)^[\s\-_=*]*(?:original message|forwarded message|begin forwarded message|ursprüngliche nachricht|weitergeleitete nachricht|orijinal ileti|orijinal mesaj|iletilen mesaj|iletilen ileti|mensaje original|mensaje reenviado|message d.origine|message transféré|messaggio originale|messaggio inoltrato|mensagem original|mensagem encaminhada)[\s\-_=*:]*$",
    )
    .expect("a constant pattern compiles")
});
/// Nobody introduces a quote at such length; the pattern is asked about short lines only.
const LONGEST_INTRODUCTION: usize = 300;

/// The byte ranges of quoted lines, each with its line break.
pub(super) fn quoted(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut lines = lines(text).peekable();
    while let Some(line) = lines.next() {
        let said = text[line.clone()].trim();
        if is_marked(said) {
            found.push(line);
        } else if said.len() <= LONGEST_INTRODUCTION && BELOW.is_match(said) {
            found.push(line.start..text.len());
            break;
        } else if said.len() <= LONGEST_INTRODUCTION && WROTE.is_match(said) {
            let next = lines.peek().map(|next| text[next.clone()].trim());
            let is_dated = said.chars().any(char::is_numeric);
            if next.is_some_and(is_marked) {
                found.push(line);
            } else if next.is_some() && is_dated {
                // A program that marks no lines quotes everything below.
                found.push(line.start..text.len());
                break;
            }
        }
    }
    found
}

fn lines(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut start = 0;
    text.split_inclusive('\n').map(move |line| {
        let range = start..start + line.len();
        start = range.end;
        range
    })
}

/// `> text`, `>text`, `>> text`; not `>:(`, `>.<`, `>5 days` or `->`.
fn is_marked(line: &str) -> bool {
    let Some(rest) = line.strip_prefix('>') else {
        return false;
    };
    let rest = rest.trim_start_matches('>');
    match rest.chars().next() {
        None => true,
        Some(first) => {
            first.is_whitespace() || first.is_alphabetic() || "\"“„«'‘([@#*_".contains(first)
        }
    }
}
