//! The kit: small server-rendered parts that every page is put together from.
//!
//! A part takes plain values (text, a [`Tone`], a `Time` and the `now` of the request) and returns HTML.
//! None is an island and none reads a clock: what ticks or copies in the browser is marked with
//! `data-` attributes, which the companion island picks up later. Nothing carries an inline style,
//! since the content policy refuses them; what varies in size is an SVG attribute.
//!
//! State is never colour alone: a [`Tone`] always brings its glyph and its word.

mod banner;
mod breadcrumbs;
mod button;
mod card;
mod copy;
mod dialog;
mod empty;
mod field;
mod filterbar;
mod icon;
mod initials;
mod json;
mod kv;
mod list;
mod money;
mod page;
mod pager;
mod state;
mod table;
mod thread;
pub mod time;

pub use banner::{Flash, YourMove};
pub use breadcrumbs::{Breadcrumbs, Crumb};
pub use button::{Button, Kind, LinkButton, PostButton};
pub use card::{Card, CardFoot, Row};
pub use copy::{CopyId, short_id};
pub use dialog::Dialog;
pub use empty::Empty;
pub use field::{Check, Field, FieldText, FileInput, Input, Select, TextArea};
pub use filterbar::{Chip, FilterBar};
pub use icon::{Ico, Icon, Mark, Sprite};
pub use initials::{Avatar, initials};
pub use json::RawJson;
pub use kv::{Kv, KvRow, kv};
pub use list::{KeyHints, KeysList, ListGroup, ListRow};
pub use money::{Amount, Was};
pub use page::{PageHead, Split, Tag};
pub use pager::Pager;
pub use state::{StateBadge, StateGlyph, Tone};
pub use table::{Col, Table};
pub use thread::{Branch, Station, Thread};
pub use time::{Countdown, Stamp, When};
