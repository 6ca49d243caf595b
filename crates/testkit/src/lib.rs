//! For tests only: a world whose clock moves by hand, whose ids repeat, and whose destination answers
//! what the test says. The store and the connectors in it are the real ones.

mod channel;
mod chat;
mod clock;
mod mailer;
mod orders;
mod rules;
mod world;

pub use channel::{Reply, ScriptedChannel, Sent};
pub use chat::{Called, No, ScriptedChat};
pub use clock::{CountedIds, ManualClock};
pub use mailer::ScriptedMailer;
pub use orders::{OrderBody, order};
pub use rules::{
    HOUR, MINUTE, complete, fulfillment_contract, order_flow, promo_contract, promo_flow,
};
pub use world::{Person, SECRET as SHOP_SECRET, World};
