//! The icons: one set, drawn on a 20-unit grid with a 1.5 unit line, inlined where they stand.
//!
//! The six state glyphs repeat many times on a page and are swapped by the companion when a deadline
//! passes, so they are symbols of one sprite that the document carries once.

use leptos::prelude::*;

/// Every icon there is. Names say what it stands for, not what it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ico {
    Queue,
    Overview,
    Orders,
    Receipts,
    Exports,
    Approvals,
    Tasks,
    Briefs,
    Flows,
    Contracts,
    Connections,
    Audit,
    People,
    Cover,
    Ownership,
    Raci,
    Settings,
    Search,
    Menu,
    Copy,
    Switch,
    Next,
    Prev,
    Close,
    Open,
    Download,
    Replay,
    Plus,
    Check,
    SignOut,
    Light,
    Dark,
    System,
    Question,
}

impl Ico {
    const fn paths(self) -> &'static str {
        match self {
            Self::Briefs => {
                r#"<path d="M3.5 8.2v3.6h2.6l7.4 3.7V4.5L6.1 8.2zM7.2 12.2l.9 4h2M16.2 8.3a2.6 2.6 0 0 1 0 3.4"/>"#
            }
            Self::Queue => r#"<path d="M3.5 5.5h13M3.5 10h8.5M3.5 14.5h13"/>"#,
            Self::Overview => r#"<path d="M3 17h14M5.2 13.8V9.5M10 13.8V3.5M14.8 13.8V6.8"/>"#,
            Self::Orders => {
                r#"<path d="m10 2.8 6.3 3.5v7.4L10 17.2l-6.3-3.5V6.3zM3.9 6.4 10 9.8l6.1-3.4M10 9.8v7.2"/>"#
            }
            Self::Receipts => {
                r#"<path d="M4.8 2.8h10.4v14.4l-1.8-1.3-1.7 1.3-1.7-1.3-1.7 1.3-1.7-1.3-1.8 1.3zM7.7 6.8h4.6M7.7 10.2h4.6"/>"#
            }
            Self::Exports => r#"<path d="M3 10h9.6M8.9 6.2l3.8 3.8-3.8 3.8M16.6 4v12"/>"#,
            Self::Approvals => {
                r#"<circle cx="10" cy="10" r="7"/><path d="m6.9 10.3 2.1 2.1 4.2-4.5"/>"#
            }
            Self::Tasks => {
                r#"<rect x="3.4" y="3.4" width="13.2" height="13.2" rx="2.6"/><path d="m6.9 10.3 2.1 2.1 4.2-4.5"/>"#
            }
            Self::Flows => {
                r#"<rect x="2.8" y="3.2" width="4.6" height="4.6" rx="1.5"/><rect x="12.6" y="12.2" width="4.6" height="4.6" rx="1.5"/><path d="M7.4 5.5h1.8a2.3 2.3 0 0 1 2.3 2.3v0M8.6 14.5h4M8.6 14.5A2.3 2.3 0 0 1 6.3 12.2V10"/>"#
            }
            Self::Contracts => {
                r#"<path d="M4.8 2.8h6.7l3.9 3.9v10.5H4.8zM11.3 2.9V7h4M7.8 10.4h4.8M7.8 13.5h4.8"/>"#
            }
            Self::Connections => {
                r#"<path d="M8.3 11.8a3.1 3.1 0 0 0 4.5.2l2.6-2.6A3.1 3.1 0 0 0 11 5L9.6 6.3M11.7 8.2a3.1 3.1 0 0 0-4.5-.2l-2.6 2.6A3.1 3.1 0 0 0 9 15l1.3-1.3"/>"#
            }
            Self::Audit => {
                r#"<path d="m10 2.8 6.1 2.2v4.5c0 3.7-2.5 6.4-6.1 7.7-3.6-1.3-6.1-4-6.1-7.7V5z"/>"#
            }
            Self::People => {
                r#"<circle cx="7.6" cy="7" r="2.9"/><path d="M2.6 16.2a5 5 0 0 1 10 0M12.7 4.4a2.9 2.9 0 0 1 0 5.2M14.6 12a5 5 0 0 1 2.8 4.2"/>"#
            }
            Self::Cover => r#"<circle cx="10" cy="10" r="7"/><path d="M10 6v4.2l2.9 1.8"/>"#,
            Self::Ownership => {
                r#"<circle cx="7" cy="6.6" r="2.9"/><path d="M2.4 16a4.8 4.8 0 0 1 7.4-4M11.6 14.2l1.9 1.9 3.7-4"/>"#
            }
            Self::Raci => {
                r#"<rect x="3" y="3" width="14" height="14" rx="2.4"/><path d="M3 7.7h14M7.7 3v14M12.3 7.7V17"/>"#
            }
            Self::Settings => {
                r#"<path d="M3.5 6h6M14 6h2.5M3.5 14h2.5M10.5 14h6"/><circle cx="11.8" cy="6" r="2.2"/><circle cx="8.2" cy="14" r="2.2"/>"#
            }
            Self::Search => r#"<circle cx="9" cy="9" r="5.2"/><path d="m13 13 3.6 3.6"/>"#,
            Self::Menu => r#"<path d="M3.5 6h13M3.5 10h13M3.5 14h13"/>"#,
            Self::Copy => {
                r#"<rect x="7" y="7" width="9.6" height="9.6" rx="2"/><path d="M13 7V5.4a2 2 0 0 0-2-2H5.4a2 2 0 0 0-2 2V11a2 2 0 0 0 2 2H7"/>"#
            }
            Self::Switch => r#"<path d="m6.8 7.6 3.2-3 3.2 3M6.8 12.4l3.2 3 3.2-3"/>"#,
            Self::Next => r#"<path d="m8 5 5 5-5 5"/>"#,
            Self::Prev => r#"<path d="m12 5-5 5 5 5"/>"#,
            Self::Close => r#"<path d="m5.5 5.5 9 9M14.5 5.5l-9 9"/>"#,
            Self::Open => {
                r#"<path d="M8.2 4.6H5.6a1.6 1.6 0 0 0-1.6 1.6v8.2A1.6 1.6 0 0 0 5.6 16h8.2a1.6 1.6 0 0 0 1.6-1.6v-2.6M11.4 4H16v4.6M15.8 4.2 9.4 10.6"/>"#
            }
            Self::Download => r#"<path d="M10 3.4v9.2M6.4 9.2l3.6 3.6 3.6-3.6M4 16.4h12"/>"#,
            Self::Replay => r#"<path d="M4.2 10.4A5.9 5.9 0 1 0 6 5.8L4 7.6M4 3.8v3.8h3.8"/>"#,
            Self::Plus => r#"<path d="M10 4.2v11.6M4.2 10h11.6"/>"#,
            Self::Check => r#"<path d="m4.5 10.6 3.6 3.6 7.4-8"/>"#,
            Self::SignOut => {
                r#"<path d="M8 4H5.6A1.6 1.6 0 0 0 4 5.6v8.8A1.6 1.6 0 0 0 5.6 16H8M12.6 6.4l3.6 3.6-3.6 3.6M16 10H8"/>"#
            }
            Self::Light => {
                r#"<circle cx="10" cy="10" r="3.2"/><path d="M10 2.8v1.6M10 15.6v1.6M2.8 10h1.6M15.6 10h1.6M4.9 4.9 6 6M14 14l1.1 1.1M15.1 4.9 14 6M6 14l-1.1 1.1"/>"#
            }
            Self::Dark => r#"<path d="M16.2 11.6A6.6 6.6 0 0 1 8.4 3.8a6.6 6.6 0 1 0 7.8 7.8z"/>"#,
            Self::System => {
                r#"<rect x="2.8" y="4" width="14.4" height="9.6" rx="1.8"/><path d="M7.4 16.6h5.2"/>"#
            }
            Self::Question => {
                r#"<circle cx="10" cy="10" r="7"/><path d="M8 8.2a2 2 0 1 1 2.9 1.8c-.6.3-.9.7-.9 1.3M10 13.6v.1"/>"#
            }
        }
    }
}

/// One icon, in the colour of the text around it and silent to screen readers.
#[component]
pub fn Icon(of: Ico) -> impl IntoView {
    view! { <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" inner_html=of.paths()></svg> }
}

/// The brand's mark: three stations of a thread.
#[component]
pub fn Mark() -> impl IntoView {
    const DRAWING: &str = r#"<circle class="a" cx="4.2" cy="6" r="3.2"/><circle class="r" cx="12" cy="6" r="2.6"/><circle class="d" cx="18.6" cy="6" r="1.8"/>"#;
    view! { <svg viewBox="0 0 22 12" aria-hidden="true" inner_html=DRAWING></svg> }
}

/// The state glyphs, once per document.
#[component]
pub fn Sprite() -> impl IntoView {
    const GLYPHS: &str = concat!(
        r##"<symbol id="g-wait" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6.2"/><path d="M8 4.6V8l2.2 1.6"/></symbol>"##,
        r##"<symbol id="g-late" viewBox="0 0 16 16"><path fill="currentColor" d="M8 2.4 14.2 13.4H1.8z"/><path stroke="var(--surface)" d="M8 6.6v3M8 11.6v.1"/></symbol>"##,
        r##"<symbol id="g-held" viewBox="0 0 16 16"><rect x="2" y="2" width="12" height="12" rx="3"/><path d="M6.3 5.8v4.4M9.7 5.8v4.4"/></symbol>"##,
        r##"<symbol id="g-done" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6.2" fill="currentColor"/><path stroke="var(--surface)" stroke-width="1.7" d="m5.2 8.2 1.9 1.9 3.7-4"/></symbol>"##,
        r##"<symbol id="g-moving" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6.2"/><path d="M4.9 8h6M8.6 5.6 11 8l-2.4 2.4"/></symbol>"##,
        r##"<symbol id="g-idle" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6.2" stroke-dasharray="1.9 2" stroke-linecap="butt"/></symbol>"##,
    );
    view! { <svg class="sprite" aria-hidden="true" inner_html=GLYPHS></svg> }
}
