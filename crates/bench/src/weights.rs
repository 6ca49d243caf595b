//! `weights`: what a browser loads for the first page, signed out and signed in, in Brotli, from the real binary.
//!
//! What is loaded is read off the page itself: every address of an asset in its HTML, and the fonts that its style sheets
//! name. That is an upper bound: a browser leaves out the fonts that a page does not use.

use std::{collections::BTreeSet, net::SocketAddr};

use crate::{
    failure::{Failure, Result},
    http::{self, Answer},
    installation::{Installation, Setting},
    people,
    report::{Report, Table},
    samples::thousands,
};

const BROTLI: &str = "accept-encoding: br\r\n";

/// The kinds of assets, in order, with their budgets in kB.
const KINDS: [(&str, &[&str], f64); 4] = [
    ("HTML", &[], 15.0),
    ("CSS", &["css"], 20.0),
    ("JS + WASM", &["js", "mjs", "wasm"], 110.0),
    ("fonts", &["woff2", "woff", "ttf"], 50.0),
];

struct Asset {
    path: String,
    bytes: usize,
    compressed: bool,
}

pub async fn measure(setting: &Setting) -> Result<Report> {
    let mut report = Report::begin(setting, "cargo xtask bench weights".to_owned())?;
    let installation = Installation::create(setting)?;
    let demo = installation.demo()?;
    let (server, _) = installation.serve().await?;
    let address = installation.server;
    let cookie = people::session(address, &demo.login).await?;

    let mut table = Table::new(&["Brotli, kB", "budget", "sign-in", "My queue"]);
    let mut details = Table::new(&["asset", "bytes", "encoding"]);
    let login = page(address, "/login", "").await?;
    let queue = page(address, "/", &cookie).await?;
    for (kind, (name, _, budget)) in KINDS.iter().enumerate() {
        table.row([
            (*name).to_owned(),
            format!("≤ {budget:.0}"),
            kilobytes(&login[kind]),
            kilobytes(&queue[kind]),
        ]);
    }
    for asset in queue.iter().flatten() {
        details.row([
            format!("`{}`", asset.path),
            thousands(asset.bytes as f64, 0),
            if asset.compressed { "br" } else { "as it is" }.to_owned(),
        ]);
    }
    server.stop().await?;
    report.show(table);
    report.say("What *My queue* loads, signed in:");
    report.show(details);
    Ok(report)
}

fn kilobytes(assets: &[Asset]) -> String {
    let bytes: usize = assets.iter().map(|asset| asset.bytes).sum();
    thousands(bytes as f64 / 1000.0, 1)
}

/// A page and what it names, by kind.
async fn page(address: SocketAddr, path: &str, cookie: &str) -> Result<[Vec<Asset>; 4]> {
    let headers = format!("{BROTLI}{cookie}");
    let compressed = fetch(address, path, &headers).await?;
    // the same once more in plain text, to be read
    let plain = fetch(address, path, cookie).await?;
    let mut found = [
        vec![weigh(path, &compressed)],
        Vec::new(),
        Vec::new(),
        Vec::new(),
    ];
    let mut wanted = addresses(&String::from_utf8_lossy(&plain.body));
    let mut seen = BTreeSet::new();
    while let Some(asset) = wanted.pop_first() {
        let Some(kind) = kind_of(&asset) else {
            continue;
        };
        if !seen.insert(asset.clone()) {
            continue;
        }
        let answer = fetch(address, &asset, BROTLI).await?;
        found[kind].push(weigh(&asset, &answer));
        if asset.ends_with(".css") {
            let plain = fetch(address, &asset, "").await?;
            wanted.extend(addresses(&String::from_utf8_lossy(&plain.body)));
        }
    }
    Ok(found)
}

fn weigh(path: &str, answer: &Answer) -> Asset {
    Asset {
        path: path.to_owned(),
        bytes: answer.body.len(),
        compressed: answer.header("content-encoding") == Some("br"),
    }
}

async fn fetch(address: SocketAddr, path: &str, headers: &str) -> Result<Answer> {
    let answer = http::get(address, path, headers).await?;
    if answer.status == 200 {
        Ok(answer)
    } else {
        Err(Failure::new(format!(
            "GET {path} was answered with {}",
            answer.status
        )))
    }
}

fn kind_of(path: &str) -> Option<usize> {
    let extension = path.rsplit_once('.')?.1;
    KINDS
        .iter()
        .position(|(_, extensions, _)| extensions.contains(&extension))
}

/// Everything between quotes or brackets that begins like a path of this site.
fn addresses(text: &str) -> BTreeSet<String> {
    let ends = |c: char| matches!(c, '"' | '\'' | '(' | ')' | '`') || c.is_whitespace();
    text.split(ends)
        .filter(|word| word.starts_with('/') && !word.starts_with("//"))
        .map(|word| word.split(['?', '#']).next().unwrap_or(word).to_owned())
        .filter(|path| kind_of(path).is_some())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assets_are_found_where_pages_name_them() {
        let html = r#"<link rel="stylesheet" href="/pkg/meshline.css?v=1"><a href="/m/x/orders">o</a>
            <script>import("/pkg/meshline.js"); f('/pkg/meshline.wasm')</script><img src="//other.example/x.js">"#;
        let found: Vec<String> = addresses(html).into_iter().collect();
        assert_eq!(
            found,
            [
                "/pkg/meshline.css",
                "/pkg/meshline.js",
                "/pkg/meshline.wasm"
            ]
        );
        let css = "@font-face{src:url(/fonts/a.woff2) format(\"woff2\"),url('/fonts/b.woff2')}";
        assert_eq!(addresses(css).len(), 2);
    }
}
