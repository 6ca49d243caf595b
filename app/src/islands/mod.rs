//! What runs in the browser. One small companion serves every page; heavier islands load where used.

#[cfg(feature = "hydrate")]
mod clocks;
mod companion;
#[cfg(feature = "hydrate")]
mod dom;
#[cfg(feature = "hydrate")]
mod keys;
#[cfg(feature = "hydrate")]
mod live;

pub use companion::Companion;
