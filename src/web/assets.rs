//! The style sheet, the script and the icon, compiled in. Their addresses carry a digest
//! of their content, so that browsers may keep them for a year.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::domain::hex_digest;

struct Asset {
    name: &'static str,
    kind: &'static str,
    text: &'static str,
}

const ASSETS: [Asset; 3] = [
    Asset {
        name: "style.css",
        kind: "text/css; charset=utf-8",
        text: include_str!("assets/style.css"),
    },
    Asset {
        name: "live.js",
        kind: "text/javascript; charset=utf-8",
        text: include_str!("assets/live.js"),
    },
    Asset {
        name: "icon.svg",
        kind: "image/svg+xml",
        text: include_str!("assets/icon.svg"),
    },
];

/// The address of an asset: `/assets/3f2a9c41-style.css`.
pub(super) fn path(name: &str) -> String {
    let text = ASSETS
        .iter()
        .find(|asset| asset.name == name)
        .map_or("", |asset| asset.text);
    format!("/assets/{}-{name}", &hex_digest("asset", &[text])[..8])
}

/// Serves an asset under its current address, and under any older one.
pub(super) async fn get(Path(wanted): Path<String>) -> Response {
    let name = wanted
        .split_once('-')
        .map_or(wanted.as_str(), |(_, name)| name);
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name) else {
        return (StatusCode::NOT_FOUND, "no such asset").into_response();
    };
    let cache = if path(name).ends_with(&wanted) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    (
        [
            (header::CONTENT_TYPE, asset.kind),
            (header::CACHE_CONTROL, cache),
        ],
        asset.text,
    )
        .into_response()
}
