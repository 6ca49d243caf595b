//! Reckoning with time zones. The database of zones is the one that is compiled in, so that every
//! process comes to the same answer, whatever its machine has installed.

mod calendar;
mod roster;
mod rotation;
#[cfg(test)]
mod tests;
mod zone;

pub use self::{
    roster::{Gap, Stretch, Why},
    rotation::{Turn, TurnSource},
    zone::{local, zone_names},
};
