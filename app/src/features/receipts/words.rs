//! What a receipt's status means.

use domain::receipt::{Receipt, ReceiptStatus};

use crate::ui::Tone;

pub const fn receipt_tone(status: ReceiptStatus) -> Tone {
    match status {
        ReceiptStatus::Accepted => Tone::Moving,
        ReceiptStatus::Processed => Tone::Done,
        ReceiptStatus::Unmatched => Tone::Held,
        ReceiptStatus::Ignored => Tone::Idle,
        ReceiptStatus::Quarantined => Tone::Late,
    }
}

pub fn status_word(status: ReceiptStatus) -> &'static str {
    match status {
        ReceiptStatus::Accepted => "to be read",
        other => other.as_str(),
    }
}

/// The headline: what became of it.
pub(super) fn headline(receipt: &Receipt, order: Option<&str>) -> String {
    let topic = &receipt.topic;
    match (receipt.status, order) {
        (ReceiptStatus::Accepted, _) => format!("{topic} is about to be read"),
        (ReceiptStatus::Processed, Some(order)) => format!("{topic} became part of order {order}"),
        (ReceiptStatus::Processed, None) => format!("{topic} was read"),
        (ReceiptStatus::Unmatched, _) if receipt.waits_for_item().is_some() => {
            format!("{topic} waits for its product")
        }
        (ReceiptStatus::Unmatched, _) => format!("{topic} waits for its order"),
        (ReceiptStatus::Ignored, _) => format!("{topic} is kept, and nothing follows from it"),
        (ReceiptStatus::Quarantined, _) => format!("{topic} does not fit and is held back"),
    }
}

/// What that means, in one sentence.
pub(super) fn sentence(receipt: &Receipt) -> String {
    match receipt.status {
        ReceiptStatus::Accepted => {
            "It is stored safely and was acknowledged to its sender. Reading it is the next thing to happen.".to_owned()
        }
        ReceiptStatus::Processed if receipt.order_id.is_none() => {
            "What it tells of goods is known now: exports are compared with it, and what was held back for want of it is looked at again.".to_owned()
        }
        ReceiptStatus::Processed => "Its facts are in the order, which names this receipt as their source.".to_owned(),
        ReceiptStatus::Unmatched => match &receipt.order_ref {
            Some(_) if let Some(item) = receipt.waits_for_item() => format!(
                "It is about the stock of item {item}, which no product has named yet. As soon as one does, it is read by itself."
            ),
            Some(order) => format!(
                "It speaks of order {order}, which no receipt has described yet. As soon as one does, it is added to it by itself."
            ),
            None => "It is well formed, but it names no order.".to_owned(),
        },
        ReceiptStatus::Ignored => {
            "Nothing here listens to this topic. The bytes stay, so it can be read again once something does.".to_owned()
        }
        ReceiptStatus::Quarantined => {
            "The signature is good, but the content does not fit. Nothing was done with it; somebody has a task to look at it.".to_owned()
        }
    }
}
