//! Chargeback and refund hold, with finance.

use domain::{
    event::EventKind,
    flow::{ELSE, Flow, Trigger, ways},
    task::Severity::{High, Normal},
};

use super::{
    Making, Template,
    build::{
        DAY, HOUR, MINUTE, choice, day, decide, export, flow as drawn, human, is, is_not, task,
        task_for, text, wait, words, yes_no,
    },
};

pub(super) fn flow(making: &Making) -> Flow {
    let money = ("finance", "revenue_ops");
    let steps = vec![
        export("hold", "Hold refunds", money, "refund_hold")
            .clock(15 * MINUTE, 4 * HOUR)
            .watched_by(&["customer_ops"])
            .check("The order was paid", is_not("order.payment", "voided"))
            .to(&["judge"])
            .undone_by("refund_release")
            .runbook("Hold first, ask then: money that leaves twice never comes back twice. The hold stops refunds only, not parcels; those are in *Orders*."),
        human("gather", "Gather the evidence", ("customer_ops", "operations"),
            "Put together what shows that the order was placed, sent and received.", vec![
                choice("claim", "What is claimed", &["not_received", "not_ordered", "not_as_described", "twice_charged"]),
                yes_no("delivered", "The carrier says that it was delivered"),
                day("answer_by", "The bank wants the answer by"),
                words("evidence", "Where the evidence is, and what it shows"),
            ])
            .clock(2 * HOUR, 2 * DAY)
            .check("It is known what is claimed", is_not("gather.answer_by", "1970-01-01"))
            .to(&["judge"])
            .fails(ways::LATE, task_for("operations", High, &[
                "Banks decide against whoever is silent. Find out who has the order's papers.",
                "Resolve: the question is asked again.",
            ]))
            .runbook(
                "| Claim | Evidence that counts |\n|---|---|\n| not received | tracking with a signature, the address of the card |\n| not ordered | earlier orders of the same card, the IP address's place |\n| not as described | pictures on the page on the day of the order |\n| twice charged | both receipts |",
            ),
        human("judge", "Contest, accept or meet halfway?", money,
            "Look at the evidence, and decide. Below $50.00 contesting costs more than it brings.", vec![
                choice("verdict", "Verdict", &["contest", "accept", "halfway"]),
                words("why", "Why"),
            ])
            .clock(4 * HOUR, DAY)
            .watched_by(&["customer_ops", "revenue_ops"])
            .check("It is known what is claimed", is_not("gather.answer_by", "1970-01-01"))
            .to(&["which_way"])
            .runbook("Contest if it was delivered and the customer never wrote. Accept if they wrote and nobody answered. Everything between is *halfway*: call them."),
        decide("which_way", "Which way?", money, vec![
            ("contest", "Contest it", is("judge.verdict", "contest")),
        ])
        .check("The order was paid", is_not("order.payment", "voided"))
        .on("contest", &["contest"])
        .on(ELSE, &["release_refunds"])
        .runbook("Contested money stays held until the bank has decided. Accepted money is let go first and refunded then."),
        human("contest", "Send the evidence to the bank", money, "Send it before the bank's date, and write down under which number.", vec![
                text("dispute_ref", "Number of the dispute"),
                choice("result", "What the bank decided", &["won", "lost"]),
            ])
            .clock(7 * DAY, 60 * DAY)
            .check("The dispute has a number", is_not("contest.dispute_ref", "none"))
            .to(&["let_go"])
            .fails(ways::LATE, task(Normal, &[
                "Ask the bank; sixty days are over.",
                "Resolve: the wait starts again.",
            ]))
            .runbook("One PDF, at most five pages, the signature of the carrier on the first. Answer this task when the bank has decided, not when it was sent."),
        export("let_go", "Release the hold", money, "refund_release")
            .clock(HOUR, DAY)
            .check("The dispute is over", is_not("contest.dispute_ref", "none"))
            .undone_by_hand("Hold the refunds again in the payment system.")
            .runbook("Somebody of revenue ops approves the release: whoever judged does not also let the money go."),
        export("release_refunds", "Let the refund out", money, "refund_release")
            .clock(HOUR, DAY)
            .check("It is not contested", is_not("judge.verdict", "contest"))
            .to(&["refund"])
            .undone_by_hand("Hold the refunds again in the payment system.")
            .runbook("Release only what was accepted; for *halfway* the amount stands in the verdict's note."),
        human("refund", "Refund what was accepted", money, "Refund it in the storefront, once.", vec![
                text("refund_ref", "Refund in the storefront"),
            ])
            .clock(4 * HOUR, DAY)
            .check("The refund has a reference", is_not("refund.refund_ref", "none"))
            .to(&["refunded"])
            .runbook("If the bank has taken the money already, **do not** refund: close the dispute as accepted there. Write *taken by the bank* as the reference."),
        wait("refunded", "Refund confirmed", money, EventKind::RefundIssued)
            .clock(DAY, 5 * DAY)
            .check("Something was refunded", is("order.refunded", true))
            .fails(ways::LATE, task(High, &[
                "The storefront never said that it was refunded. Look in the payment gateway.",
                "Resolve: the wait starts again.",
            ]))
            .runbook("Tell the customer the day on which it will show on their statement; it saves the second letter."),
    ];
    drawn(
        making,
        Template::RefundHold,
        Trigger::Manual,
        &["hold", "gather"],
        steps,
    )
}
