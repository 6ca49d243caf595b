//! The pages, one folder per noun. Each shows its list as `XxxsPage` and one of it as `XxxPage`.

pub mod session;
pub mod thread;
