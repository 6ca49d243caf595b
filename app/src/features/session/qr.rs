//! A picture to be scanned: an inline drawing, so that nothing is loaded for it and the policy of what a
//! page may load stays as strict as it is. Dark on white in either look, as phones expect it.

use engine::{Error, Result};
use leptos::prelude::*;
use qrcode::{Color, EcLevel, QrCode};

/// Free modules around it; without them it does not scan.
const QUIET: usize = 4;

pub(super) fn qr(text: &str) -> Result<impl IntoView + use<>> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M)
        .map_err(|why| Error::internal(format!("a picture to scan was not made: {why}")))?;
    let width = code.width();
    let mut path = String::new();
    for (y, row) in code.to_colors().chunks(width).enumerate() {
        let mut x = 0;
        while x < width {
            let run = row[x..]
                .iter()
                .take_while(|color| **color == Color::Dark)
                .count();
            if run > 0 {
                path.push_str(&format!("M{} {}h{run}v1h-{run}z", x + QUIET, y + QUIET));
            }
            x += run.max(1);
        }
    }
    let side = width + 2 * QUIET;
    Ok(view! {
        <svg
            role="img"
            aria-label="The secret as a picture to scan"
            width="208"
            height="208"
            viewBox=format!("0 0 {side} {side}")
            shape-rendering="crispEdges"
        >
            <rect width=side height=side fill="#fff"></rect>
            <path d=path fill="#000"></path>
        </svg>
    })
}
