//! Counts what was expected of a definition and what was found, field by field.

use hearken::domain::Item;
use hearken::parse;

/// The fields that are compared, in the order of the table.
const FIELDS: [&str; 8] = [
    "items", "text", "author", "time", "rating", "title", "id", "link",
];

/// What one entry must be; what is `None` is not known and not compared.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub(super) id: Option<String>,
    pub(super) url: Option<String>,
    pub(super) title: Option<String>,
    /// How the text begins, perhaps with markup and cut anywhere.
    pub(super) head: Option<String>,
    pub(super) author: Option<String>,
    /// RFC 3339, or only a day.
    pub(super) time: Option<String>,
    pub(super) rating: Option<f64>,
}

/// The score of one definition.
pub(super) struct Row {
    pub(super) definition: String,
    n_files: usize,
    /// Found and expected, for each of the fields.
    counts: [(usize, usize); FIELDS.len()],
    misses: Vec<String>,
}

impl Row {
    pub(super) fn new(definition: &str) -> Self {
        Self {
            definition: definition.to_owned(),
            n_files: 0,
            counts: [(0, 0); FIELDS.len()],
            misses: Vec::new(),
        }
    }

    /// Compares the items of one file with what stands at the same place.
    pub(super) fn file(
        &mut self,
        file: &str,
        items: &[Item],
        n_expected: usize,
        wanted: &[Wanted],
    ) {
        self.n_files += 1;
        // Too many are as wrong as too few.
        let n_wrong = items.len().abs_diff(n_expected);
        self.counts[0].0 += n_expected.saturating_sub(n_wrong);
        self.counts[0].1 += n_expected;
        if n_wrong > 0 {
            let n = items.len();
            self.misses
                .push(format!("{file}: {n} items, expected {n_expected}"));
        }
        for (place, wanted) in wanted.iter().enumerate() {
            self.entry(file, items.get(place), wanted);
        }
    }

    fn entry(&mut self, file: &str, item: Option<&Item>, wanted: &Wanted) {
        let empty = Item::empty("", hearken::domain::Kind::Post);
        let item = item.unwrap_or(&empty);
        let author = item.author.clone().unwrap_or_default();
        let mut count = |field: &str, found: Option<bool>| {
            let Some(found) = found else { return };
            let place = FIELDS.iter().position(|name| *name == field).expect(field);
            self.counts[place].1 += 1;
            if found {
                self.counts[place].0 += 1;
            } else {
                self.misses
                    .push(format!("{file} {field}: wanted {wanted:?}, got {item:?}"));
            }
        };
        count(
            "text",
            wanted
                .head
                .as_ref()
                .map(|head| begins_like(&item.text, head)),
        );
        count(
            "author",
            wanted.author.as_ref().map(|wanted| {
                // Some names hold markup, others only look as if they did: `<USERNAME>`.
                let wanted = [bare(wanted), bare(&parse::text::plain_from_html(wanted))];
                [&author.name, &author.handle]
                    .into_iter()
                    .flatten()
                    .any(|name| wanted.contains(&bare(name)))
            }),
        );
        count("time", wanted.time.as_ref().map(|time| is_at(item, time)));
        count(
            "rating",
            wanted
                .rating
                .map(|value| item.rating.is_some_and(|rating| rating.value == value)),
        );
        count(
            "title",
            wanted.title.as_ref().map(|title| {
                let title = bare(&parse::text::plain_from_html(title));
                bare(item.title.as_deref().unwrap_or_default()) == title
            }),
        );
        count(
            "id",
            wanted
                .id
                .as_ref()
                .map(|id| item.native_id.as_ref() == Some(id)),
        );
        count(
            "link",
            wanted
                .url
                .as_ref()
                .map(|url| item.url.as_ref() == Some(url)),
        );
    }

    /// Found and expected of all fields together.
    fn total(&self) -> (usize, usize) {
        self.counts
            .iter()
            .fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1))
    }

    #[track_caller]
    pub(super) fn at_least(&self, share: f64) {
        let (n_found, n_expected) = self.total();
        assert!(n_expected > 0, "{}: nothing was expected", self.definition);
        for (field, (n_found, n_expected)) in FIELDS.iter().zip(self.counts) {
            let reached = n_found as f64 / n_expected.max(1) as f64;
            assert!(
                n_expected == 0 || reached >= share,
                "{}, {field}: {n_found} of {n_expected}\n{}",
                self.definition,
                self.misses.join("\n")
            );
        }
        println!("{}: {n_found} of {n_expected}", self.definition);
        for miss in &self.misses {
            println!("  {}", miss.chars().take(500).collect::<String>());
        }
    }
}

/// One line a definition: found of expected, field by field.
pub(super) fn print(rows: &[Row]) {
    let cell = |(found, expected): (usize, usize)| match expected {
        0 => "-".to_owned(),
        _ => format!("{found}/{expected}"),
    };
    println!(
        "{:<22}{:>6}{}{:>9}",
        "definition",
        "files",
        FIELDS.map(|field| format!("{field:>11}")).concat(),
        "found"
    );
    for row in rows {
        let (found, expected) = row.total();
        println!(
            "{:<22}{:>6}{}{:>8.1}%",
            row.definition,
            row.n_files,
            row.counts
                .map(|count| format!("{:>11}", cell(count)))
                .concat(),
            100.0 * found as f64 / expected.max(1) as f64
        );
    }
}

fn is_at(item: &Item, time: &str) -> bool {
    let Some(at) = item.published_at else {
        return false;
    };
    match chrono::DateTime::parse_from_rfc3339(time) {
        Ok(wanted) => at.timestamp_millis() == wanted.timestamp_millis(),
        Err(_) => at.date_naive().to_string() == time.chars().take(10).collect::<String>(),
    }
}

/// Letters and digits only: the expectations cut texts and keep markup and spaces.
fn bare(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Whether the item's text begins as expected; entities and tags of the raw text differ.
fn begins_like(item: &str, head: &str) -> bool {
    let decoded = parse::text::plain_from_html(head);
    let item = bare(item);
    [bare(&decoded), bare(head)]
        .iter()
        // The head may have been cut within an entity or a tag.
        .any(|head| item.starts_with(head.as_str()) || n_common(&item, head) * 10 >= head.len() * 8)
}

fn n_common(left: &str, right: &str) -> usize {
    left.bytes()
        .zip(right.bytes())
        .take_while(|(a, b)| a == b)
        .count()
}
