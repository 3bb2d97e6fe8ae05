//! Feeds of the sites that have a definition of their own; all others are the business of
//! the tests of the feed reader.

use std::path::Path;

use super::table::{Row, Wanted};
use super::{definition, expectations, read};

const FILES: [(&str, &[&str]); 7] = [
    ("google-news", &["rss-parser-kt/feed-test-source.xml"]),
    ("google-alerts", &["feedjira/google_alerts_atom.xml"]),
    (
        "youtube-channel",
        &[
            "feedjira/youtube_atom.xml",
            "feedreader-cs/AtomYoutubeInvestmentPunk.xml",
            "huginn/youtube.xml",
            "real-2026/5532f16828c3b094__www.youtube.com_feeds_videos.xml_channel_id=UCsE74YJvPJpaquzTPMO8hAA.xml",
        ],
    ),
    (
        "podcast",
        &[
            "feedjira/itunes.xml",
            "rss-parser-kt/feed-itunes.xml",
            "rss-parser-kt/feed-itunes-image-fallback.xml",
            "rss-parser/item-itunes-episodeType.rss",
            "rss-parser/itunes-keywords-astext.rss",
        ],
    ),
    ("medium-tag", &["rss-parser/content-encoded.rss"]),
    (
        "reddit-search",
        &[
            "social-surveyor/reddit_search_devops.xml",
            "feed-rs/rss2/rss_2.0_reddit.xml",
        ],
    ),
    ("reddit-subreddit", &["rss-parser/reddit-home.rss"]),
];

pub(super) fn rows(corpus: &Path) -> Vec<Row> {
    let mut all = expectations(corpus, "feeds.json");
    all.extend(expectations(corpus, "feed-rs.json"));
    FILES
        .iter()
        .map(|(name, files)| {
            let mut row = Row::new(name);
            for file in *files {
                let file = format!("feeds/{file}");
                let expected = &all[&file];
                let items = read(definition(name), &corpus.join(&file))
                    .expect(&file)
                    .items;
                let wanted: Vec<Wanted> = expected["entries"]
                    .as_array()
                    .expect("entries")
                    .iter()
                    .map(|entry| {
                        let text = |key: &str| {
                            entry[key]
                                .as_str()
                                .filter(|text| !text.is_empty())
                                .map(str::to_owned)
                        };
                        Wanted {
                            // feedparser takes ids for links and puts a base before some.
                            id: text("id").map(|id| id.trim_start_matches('/').to_owned()),
                            url: text("link"),
                            title: text("title"),
                            author: text("author"),
                            time: text("published"),
                            ..Wanted::default()
                        }
                    })
                    .collect();
                let n = expected["n_entries"].as_u64().expect("a count") as usize;
                row.file(&file, &items, n, &wanted);
            }
            row
        })
        .collect()
}
