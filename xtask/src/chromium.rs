//! Finding the browser. We use the one of the system: a download of Playwright's own is one more thing that can fail.

use std::env;
use std::path::PathBuf;

use crate::failure::{Failure, Result};
use crate::process;

const NAMES: &[&str] = &[
    // the same without its own windows, which nobody sees and which take a fifth of the time
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];
const ON_A_MAC: &[&str] = &[
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

pub fn find() -> Result<PathBuf> {
    if let Some(named) = env::var_os("MESHLINE_CHROMIUM").map(PathBuf::from) {
        return if process::is_executable(&named) {
            Ok(named)
        } else {
            Err(Failure::new(format!(
                "MESHLINE_CHROMIUM names {}, which is not a program",
                named.display()
            )))
        };
    }
    process::which(NAMES)
        .or_else(|| ON_A_MAC.iter().map(PathBuf::from).find(|file| process::is_executable(file)))
        .ok_or_else(|| {
            Failure::new(
                "No Chromium found for the browser tests: `apt-get install chromium` on Debian, `brew install --cask chromium` on \
                 macOS, or set MESHLINE_CHROMIUM to a Chrome; `--skip-browser` leaves these tests out.",
            )
        })
}
