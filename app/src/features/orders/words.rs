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
        OrderState::NothingToShip
        | OrderState::Refunded
        | OrderState::Voided
        | OrderState::Cancelled => Tone::Idle,
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
    let readiness = order.readiness();
    let says = |tone| Move::nobodys(tone, readiness.sentence().trim_end_matches('.'));
    match (readiness, way.exports.last()) {
        (Readiness::Closed(_), _) => says(order_tone(order.state())),
        // what the destination says becomes a fact of the order when the storefront says it, too
        (_, Some(export)) if export.state == ExportState::Completed => Move::nobodys(
            Tone::Moving,
            "Sent, says the destination; the storefront has not said so yet",
        ),
        (_, Some(export)) => export_move(export, None, &way.tasks, cast),
        (Readiness::WaitingForPayment(_), None) => says(Tone::Held),
        (Readiness::Releasable, None) => says(Tone::Moving),
    }
}

/// Units still with the customer's order, over all its lines.
pub(super) fn units(order: &Order) -> u32 {
    order
        .items
        .iter()
        .fold(0, |sum, item| sum.saturating_add(item.current_quantity))
}
