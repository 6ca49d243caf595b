//! The WASM entry: hydrates the islands of the page it is loaded on. Nothing else lives here.

// the islands are exported by the linked crate; without a mention it would not be linked
use app as _;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_islands();
}
