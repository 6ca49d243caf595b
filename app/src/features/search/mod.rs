//! Search: one field for orders, receipts, exports and tasks.
//!
//! What names exactly one thing (its id, an order's name) leads straight to it. Everything else is looked for
//! in the same texts as each noun's own list, a few of each, with a link to the whole list.

mod find;
mod page;

pub use page::SearchPage;
