//! Orders: the one operational object, as everything that was ever said about it makes it.
//!
//! Who takes part: the storefront that describes it, the warehouse and carrier that report on it, and
//! whoever's move it is now. Each card of an order's page names the receipt that its facts came from:
//! nothing on it is typed by hand, and nothing can be edited here.

mod list;
mod money;
mod page;
mod parcels;
mod story;
mod words;

pub use list::OrdersPage;
pub use page::OrderPage;
pub use words::{order_tone, order_word};
