//! Reckoning with time zones. The database of zones is the one that is compiled in, so that every
//! process comes to the same answer, whatever its machine has installed.

mod calendar;
mod month;
mod roster;
mod rotation;
#[cfg(test)]
mod tests;
mod zone;

pub use self::{
    month::next_month,
    roster::{Gap, Stretch, Why},
    rotation::{Turn, TurnSource},
    zone::{from_local, local, next_wall_time, zone_names},
};
