//! The flow editor in the browser.
//!
//! It takes over a page that is already complete: it reads `#board-data`, hangs listeners on the document, and from then
//! on writes the board itself, with the functions that the server wrote it with. What a person does becomes an edit of a
//! draft held here; the draft is saved as a whole a moment later, and every save says which one it began with.
//!
//! It is a module of its own rather than an island of the pages' module, so that nobody loads it who draws no flow; and
//! it writes markup as text, because a framework for the browser would weigh more than everything here.

mod draw;
mod hand;
mod keys;
mod net;
mod page;
mod state;

use wasm_bindgen::prelude::*;

/// A sixth of the code of the standard one, and no slower here.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static MEMORY: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

#[wasm_bindgen(start)]
pub fn start() {
    if let Some(editor) = state::Editor::found() {
        state::install(editor);
        hand::listen();
        keys::listen();
        state::with(|editor| {
            editor.restore();
            page::tools(editor);
        });
        net::greet_soon();
        page::ready();
    }
}
