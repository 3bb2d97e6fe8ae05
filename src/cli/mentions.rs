//! `hearken mentions`: searches the store.

use std::process::ExitCode;

use clap::Args;
use serde_json::Value;
use url::form_urlencoded::Serializer;

use super::desk::Desk;
use super::{Global, print};
use crate::domain::Mention;

/// Mentions asked for at once.
const PAGE: usize = 200;

/// Examples:
///   hearken mentions --flagged
///   hearken mentions 'refund AND stars:<=2' --since 7d --json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Arguments {
    /// Words, "phrases", AND, OR, NOT, fields (verdict:, is:flagged, is:contradicted, stars:<=2 …)
    query: Option<String>,
    /// Only this brand
    #[arg(long)]
    brand: Option<String>,
    /// Only this source
    #[arg(long)]
    source: Option<String>,
    /// negative, neutral, positive or unsure
    #[arg(long)]
    verdict: Option<String>,
    /// Only this language (ISO 639-1)
    #[arg(long)]
    lang: Option<String>,
    /// Only those that need a fast public reply
    #[arg(long)]
    flagged: bool,
    /// Seen since: 7d, 2h, or a time such as 2026-03-01T10:00:00Z
    #[arg(long)]
    since: Option<String>,
    /// Seen until, written like --since
    #[arg(long)]
    until: Option<String>,
    /// At most this many
    #[arg(long, default_value_t = 50)]
    limit: usize,
    /// One JSON object per mention
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Comma-separated values with a head line
    #[arg(long)]
    csv: bool,
}

pub(super) async fn call(global: &Global, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let desk = Desk::open(global).await?;
    if arguments.csv {
        print::line(
            "id,seen_at,published_at,source,brand,lang,verdict,negative,score,reply_by,state,author,url,text",
        )?;
    }
    let mut left = arguments.limit;
    let mut cursor: Option<String> = None;
    while left > 0 {
        let answer = desk
            .get(&path(arguments, left.min(PAGE), cursor.as_deref()))
            .await?;
        let mentions = answer["mentions"].as_array().cloned().unwrap_or_default();
        left -= mentions.len().min(left);
        for mention in &mentions {
            show(arguments, mention)?;
        }
        cursor = answer["next"].as_str().map(str::to_owned);
        if cursor.is_none() || mentions.is_empty() {
            break;
        }
    }
    desk.close().await?;
    Ok(ExitCode::SUCCESS)
}

fn path(arguments: &Arguments, limit: usize, cursor: Option<&str>) -> String {
    let mut query = Serializer::new(String::new());
    let flagged = arguments.flagged.then_some("true");
    let limit = limit.to_string();
    let pairs = [
        ("q", arguments.query.as_deref()),
        ("brand", arguments.brand.as_deref()),
        ("source", arguments.source.as_deref()),
        ("verdict", arguments.verdict.as_deref()),
        ("lang", arguments.lang.as_deref()),
        ("flagged", flagged),
        ("since", arguments.since.as_deref()),
        ("until", arguments.until.as_deref()),
        ("limit", Some(limit.as_str())),
        ("cursor", cursor),
    ];
    for (name, value) in pairs {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    format!("/api/v1/mentions?{}", query.finish())
}

fn show(arguments: &Arguments, value: &Value) -> anyhow::Result<()> {
    if arguments.json {
        return print::json(value);
    }
    let mention: Mention = serde_json::from_value(value.clone())?;
    if arguments.csv {
        return print::line(&csv(&mention));
    }
    let flag = mention
        .flag
        .as_ref()
        .map_or_else(|| "-".to_owned(), |flag| format!("{:.2}", flag.score));
    let state = mention
        .case
        .as_ref()
        .map_or("-", |case| case.state.as_str());
    print::line(&format!(
        "{}  {}  {:<8}  {flag:>4}  {state:<9}  {}{}",
        &mention.id.as_str()[..mention.id.as_str().len().min(12)],
        mention.seen_at.format("%Y-%m-%d %H:%M"),
        mention.sentiment.label.as_str(),
        print::one_line(&mention.item.full_text(), 100),
        judgement(&mention)
    ))
}

/// What the verdict alone does not say: the sentence that decided, the other brands of the
/// text, stars that contradict it.
fn judgement(mention: &Mention) -> String {
    let mut notes = Vec::new();
    if mention.stars_against_text {
        notes.push("stars against text".to_owned());
    }
    for brand in &mention.brands {
        if let Some(said) = &brand.sentiment {
            notes.push(format!("{}: {}", brand.name, said.label.as_str()));
        }
    }
    if let Some(sentence) = &mention.sentiment.sentence {
        notes.push(format!(
            "because of: {}",
            print::one_line(&sentence.text, 100)
        ));
    }
    if notes.is_empty() {
        return String::new();
    }
    format!("  [{}]", notes.join("; "))
}

fn csv(mention: &Mention) -> String {
    let time = |at: Option<chrono::DateTime<chrono::Utc>>| {
        at.map_or_else(String::new, |at| {
            at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
        })
    };
    let brands: Vec<&str> = mention
        .brands
        .iter()
        .map(|brand| brand.name.as_str())
        .collect();
    let author = mention
        .item
        .author
        .as_ref()
        .and_then(|author| author.name.clone().or_else(|| author.handle.clone()));
    let flag = mention.flag.as_ref();
    [
        mention.id.to_string(),
        time(Some(mention.seen_at)),
        time(mention.item.published_at),
        mention.source.to_string(),
        brands.join(" "),
        mention.item.lang.clone().unwrap_or_default(),
        mention.sentiment.label.as_str().to_owned(),
        mention.sentiment.negative.to_string(),
        flag.map_or_else(String::new, |flag| flag.score.to_string()),
        time(flag.map(|flag| flag.reply_by)),
        mention
            .case
            .as_ref()
            .map_or_else(String::new, |case| case.state.as_str().to_owned()),
        author.unwrap_or_default(),
        mention.item.url.clone().unwrap_or_default(),
        mention.item.full_text(),
    ]
    .map(|cell| csv_cell(&cell))
    .join(",")
}

/// RFC 4180, and a quote before what a spreadsheet would run as a formula.
fn csv_cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '@', '\t', '\r'])
        || (text.starts_with('-') && text.parse::<f64>().is_err());
    let text = if is_formula {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_never_formulas() {
        assert_eq!(csv_cell("a,b"), "\"a,b\"");
        assert_eq!(csv_cell("say \"no\""), "\"say \"\"no\"\"\"");
        assert_eq!(csv_cell("=HYPERLINK(1)"), "'=HYPERLINK(1)");
        assert_eq!(csv_cell("@acme why"), "'@acme why");
        assert_eq!(csv_cell("-0.5"), "-0.5");
    }
}
