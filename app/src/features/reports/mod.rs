//! Reports: what hands cost, where orders stall, and which system says what to which. Each number stands with
//! how it is counted and what it is counted among.

mod act;
mod debt;
mod integrations;
mod list;
mod stalls;

pub use act::SaveHourlyCost;
pub use debt::CoordinationPage;
pub use integrations::IntegrationsPage;
pub use list::ReportsPage;
pub use stalls::StallsPage;
