//! Styles, scripts, WASM and fonts, out of the binary itself.
//!
//! What cargo-leptos wrote to `target/site` is embedded together with its compressed copies. The
//! files under `pkg` are served below a folder that is named by their common hash, and the pages are
//! told that folder as theirs: so a browser keeps them for good, a new version has new addresses, and
//! nothing besides the binary has to be in place. What has a lasting address (fonts, the icon) is
//! asked for again after a day, by its hash.

use std::{borrow::Cow, sync::LazyLock};

use axum::{
    Router,
    body::{Body, Bytes},
    response::Response,
    routing::get,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use rust_embed::{EmbeddedFile, RustEmbed};
use sha2::{Digest, Sha256};

#[derive(RustEmbed)]
#[folder = "../target/site"]
struct Site;

/// In a debug build the files are read from the disk, and may change any moment.
const PKG_KEPT: &str = if cfg!(debug_assertions) {
    "no-cache"
} else {
    "public, max-age=31536000, immutable"
};
const OTHERS_KEPT: &str = if cfg!(debug_assertions) {
    "no-cache"
} else {
    "public, max-age=86400"
};

/// By choice of the server: the smaller copy first.
const CODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// The folder of the pages' own files, without slashes around it. It changes when any of them does.
pub static PKG_FOLDER: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    for name in names().filter(|name| name.starts_with("pkg/")) {
        if let Some(file) = Site::get(&name) {
            hash.update(name.as_bytes());
            hash.update(file.metadata.sha256_hash());
        }
    }
    format!("pkg/{}", &hex::encode(hash.finalize())[..12])
});

/// What a browser may ask for.
fn names() -> impl Iterator<Item = Cow<'static, str>> {
    let hidden = [".br", ".gz", ".d.ts", ".txt"];
    Site::iter().filter(move |name| !hidden.iter().any(|ending| name.ends_with(ending)))
}

/// What the pages need: style sheet, script and WASM, and the flow editor's own two.
const NEEDED: [&str; 5] = [
    "meshline.css",
    "meshline.js",
    "meshline.wasm",
    "board.js",
    "board_bg.wasm",
];

/// Whether the binary carries it.
pub fn are_whole() -> bool {
    NEEDED
        .iter()
        .all(|name| Site::get(&format!("pkg/{name}")).is_some())
}

pub fn router() -> Router {
    names().fold(Router::new(), |router, name| {
        let paths = paths(&name);
        paths.into_iter().fold(router, |router, path| {
            let name = name.clone();
            router.route(
                &path,
                get(move |headers: HeaderMap| async move { serve(&name, &headers) }),
            )
        })
    })
}

fn paths(name: &str) -> Vec<String> {
    let Some(file) = name.strip_prefix("pkg/") else {
        return vec![format!("/{name}")];
    };
    let folder = &*PKG_FOLDER;
    let mut paths = vec![format!("/{folder}/{file}")];
    // by which of the two names the pages ask depends on how leptos was compiled
    if let Some(stem) = file
        .strip_suffix(".wasm")
        .filter(|stem| !stem.ends_with("_bg"))
    {
        paths.push(format!("/{folder}/{stem}_bg.wasm"));
    }
    paths
}

fn serve(name: &str, asked: &HeaderMap) -> Response {
    let Some((file, coding)) = smallest(name, asked) else {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_FOUND;
        return response;
    };
    let tag = format!(
        "\"{}{}\"",
        &hex::encode(file.metadata.sha256_hash())[..16],
        coding.unwrap_or_default()
    );
    let is_known = asked
        .get(header::IF_NONE_MATCH)
        .and_then(|tags| tags.to_str().ok())
        .is_some_and(|tags| {
            tags.split(',')
                .any(|known| known.trim().trim_start_matches("W/") == tag)
        });
    let mut response = Response::new(if is_known {
        Body::empty()
    } else {
        Body::from(bytes(file))
    });
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    let kept = if name.starts_with("pkg/") {
        PKG_KEPT
    } else {
        OTHERS_KEPT
    };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(header::CONTENT_TYPE, media_type(name));
    if let Some(coding) = coding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

fn bytes(file: EmbeddedFile) -> Bytes {
    match file.data {
        Cow::Borrowed(data) => Bytes::from_static(data),
        Cow::Owned(data) => Bytes::from(data),
    }
}

fn smallest(name: &str, asked: &HeaderMap) -> Option<(EmbeddedFile, Option<&'static str>)> {
    // in a debug build a copy on the disk may be older than the file
    if !cfg!(debug_assertions) {
        for (coding, ending) in CODINGS {
            if accepts(asked, coding)
                && let Some(file) = Site::get(&format!("{name}{ending}"))
            {
                return Some((file, Some(coding)));
            }
        }
    }
    Site::get(name).map(|file| (file, None))
}

/// Whether a coding is asked for, and not refused by `q=0`.
fn accepts(asked: &HeaderMap, coding: &str) -> bool {
    let values = asked
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|offer| {
        let mut parts = offer.split(';').map(str::trim);
        let is_it = parts
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case(coding));
        is_it
            && !parts
                .any(|part| part.strip_prefix("q=").and_then(|q| q.parse().ok()) == Some(0.0_f32))
    })
}

fn media_type(name: &str) -> HeaderValue {
    let media_type = mime_guess::from_path(name).first_or_octet_stream();
    let is_text = media_type.type_() == "text";
    let text = if is_text {
        format!("{media_type}; charset=utf-8")
    } else {
        media_type.to_string()
    };
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("application/octet-stream"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coding_is_used_only_when_it_is_asked_for() {
        let check = |value: &'static str, coding: &str, expected: bool| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(value));
            assert_eq!(accepts(&headers, coding), expected, "{value} / {coding}");
        };
        check("gzip, deflate, br, zstd", "br", true);
        check("gzip;q=1.0, br;q=0", "br", false);
        check("gzip;q=0.5", "gzip", true);
        check("identity", "gzip", false);
        check("brotli", "br", false);
        assert!(!accepts(&HeaderMap::new(), "br"));
    }

    #[test]
    fn files_have_their_media_types_and_the_script_finds_its_wasm() {
        assert_eq!(media_type("pkg/meshline.wasm"), "application/wasm");
        assert_eq!(
            media_type("pkg/meshline.js"),
            "text/javascript; charset=utf-8"
        );
        assert_eq!(media_type("fonts/inter.woff2"), "font/woff2");
        let folder = &*PKG_FOLDER;
        assert_eq!(
            paths("pkg/meshline.wasm"),
            [
                format!("/{folder}/meshline.wasm"),
                format!("/{folder}/meshline_bg.wasm")
            ]
        );
        assert_eq!(paths("favicon.svg"), ["/favicon.svg"]);
    }
}
