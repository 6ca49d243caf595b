//! What every page shares: who asks, what was asked, the frame around the answer, and how a form ends.
//!
//! # Adding a page
//!
//! A page is three plain functions and one line in `routes.rs`:
//!
//! ```ignore
//! #[component]
//! pub fn ExportPage() -> impl IntoView {
//!     page("exports", load, render)          // the key of the sidebar entry that is lit
//! }
//!
//! struct Model { .. }                        // plain data; never leaves the server
//!
//! async fn load(at: Arc<Visit>) -> Result<Model> {
//!     let id = at.id("export")?;             // `:id` of the path; not an id reads as not found
//!     let (export, chain) = at.engine().export_chain(&at.ctx, id).await?;
//!     ..
//! }
//!
//! fn render(model: Model, at: &Visit) -> Page {
//!     Page::new("Winter Kit goes live", vec![Crumb::link("Exports", at.path("exports")), ..], view! { .. })
//! }
//! ```
//!
//! `load` runs once per request and returns `engine::Result`; whatever it returns as an error becomes the
//! right status and the right page, here and nowhere else. The merchant of `/m/:merchant/` has been
//! entered before `load` runs: a merchant that does not exist and one that belongs to somebody else give
//! the same 404. `render` cannot fail and does no IO. Its body opens with one `<PageHead>` (the `h1` that
//! says what is true); regions that should follow the live stream carry an `id` and `data-live=""`.
//! [`home`] is the same for pages across merchants.
//!
//! # Adding a form
//!
//! A plain `<form method="post" action="/ui/…">` to a server function with a fixed endpoint:
//!
//! ```ignore
//! #[server(prefix = "/ui", endpoint = "task/resolve")]
//! pub async fn resolve_task(
//!     #[server(default)] merchant: String,
//!     #[server(default)] back: String,
//!     #[server(default)] task: String,
//!     #[server(default)] note: String,
//! ) -> Result<(), Refused> {
//!     Posted::new("resolve", merchant, back)
//!         .keep("note", &note)
//!         .run(|engine, ctx| async move {
//!             let task = engine.act_on_task(&ctx, id(&task, "task")?, TaskAct::Resolve { note }).await?;
//!             Ok(Done::back(format!("Resolved: {}", task.title)))
//!         })
//!         .await
//! }
//! ```
//!
//! Every argument is `#[server(default)]`, so that a field that is missing reaches the use-case as empty text
//! and is refused there in words. [`Visit::hidden`] writes `merchant` and `back` into the form. On
//! success the browser is sent (303) to [`Done`]'s path and reads its sentence there; on an error back to
//! `back`, where [`Visit::form`] gives what was typed and what is wrong with which field. Both travel in
//! the server's session for exactly one page, never in a URL. With JavaScript on or off it is the same.
//!
//! Authorization is the engine's: a server function only enters and calls.

mod answer;
mod asked;
mod entrance;
mod flash;
mod form;
mod frame;
mod held;
mod list;
mod page;
mod path;
mod person;
mod tally;
mod words;

pub use answer::{
    clear_storage, content_policy, go, not_found_page, on_the_way, secret_address, slow_down,
};
pub use asked::Asked;
pub(crate) use entrance::at_field;
pub use entrance::{client, expect_second_factor, half_signed_in, let_in, oneself, prove_again};
pub use flash::{Flash, Typed};
pub use form::{Done, Posted, Refused, SIGN_IN, id};
pub use list::{List, PAGE_ROWS};
pub use page::{Desk, Page, Visit, bare, home, page};
pub use path::{noun_path, same_site};
pub use person::{
    BEGUN_KEY, HALF_KEY, PROVED_KEY, Person, USER_KEY, engine, lost, session, signed_in,
};
pub use tally::Tally;
pub use words::{
    action_words, actor_name, code_words, owner_name, owner_options, short_name, system_name,
};
