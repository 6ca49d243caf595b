//! An order's state in words and tones, and whose move it is.

use domain::{
    export::ExportState,
    order::{Order, OrderState, Readiness},
};
use engine::UnderWay;

use crate::{
    features::exports::{Cast, Move, export_move, task_move},
    ui::Tone,
};

pub const fn order_tone(state: OrderState) -> Tone {
    match state {
        OrderState::WaitingPayment => Tone::Held,
        OrderState::Open | OrderState::InFulfillment | OrderState::PartiallyShipped => Tone::Moving,
        OrderState::Shipped => Tone::Done,
        OrderState::NothingToShip | OrderState::Refunded | OrderState::Voided | OrderState::Cancelled => Tone::Idle,
    }
}

pub fn order_word(state: OrderState) -> &'static str {
    match state {
        OrderState::WaitingPayment => "waiting for payment",
        OrderState::Open => "to ship",
        OrderState::InFulfillment => "at the warehouse",
        OrderState::PartiallyShipped => "partly shipped",
        OrderState::Shipped => "shipped",
        OrderState::NothingToShip => "nothing to ship",
        OrderState::Refunded => "refunded",
        OrderState::Voided => "voided",
        OrderState::Cancelled => "cancelled",
    }
}

/// Whose move it is: somebody's task before an approval, an approval before a machine.
pub(super) fn order_move(order: &Order, way: &UnderWay, cast: Cast<'_>) -> Move {
    if let Some(step) = &way.approval
        && let Some(export) = way.exports.iter().find(|one| one.id == step.export_id)
    {
        return export_move(export, Some(step), &way.tasks, cast);
    }
    if let Some(task) = way.tasks.first() {
        return task_move(task, cast);
    }
    let done = way.exports.last().is_some_and(|export| export.state == ExportState::Completed);
    if done && matches!(order.state(), OrderState::Open | OrderState::InFulfillment) {
        return Move::nobodys(Tone::Moving, "Sent, says the destination; the storefront has not said so yet");
    }
    if let Some(export) = way.exports.last() {
        return export_move(export, None, &way.tasks, cast);
    }
    let readiness = order.readiness();
    let tone = match readiness {
        Readiness::Releasable => Tone::Moving,
        Readiness::WaitingForPayment(_) => Tone::Held,
        Readiness::Closed(_) => Tone::Idle,
    };
    Move::nobodys(tone, readiness.sentence().trim_end_matches('.'))
}

/// Units still with the customer's order, over all its lines.
pub(super) fn units(order: &Order) -> u32 {
    order.items.iter().fold(0, |sum, item| sum.saturating_add(item.current_quantity))
}
