//! Shipping-label failure: asked again, then of the alternate carrier, then bought by a person.

use domain::{
    event::EventKind,
    flow::{Condition, Flow, Trigger, ways},
    task::Severity::{High, Normal},
};

use super::{
    Making, Template,
    build::{
        DAY, HOUR, MINUTE, export, export_done, flow as drawn, go, human, is_not, notify, stands,
        task, task_for, text, words,
    },
};

pub(super) fn flow(making: &Making) -> Flow {
    let trigger = Trigger::Order {
        event: EventKind::ShipmentException,
        when: Condition::Always,
    };
    let logistics = ("logistics", "operations");
    let steps = vec![
        export_done("ask_carrier", "Ask the carrier again", logistics, "shipping_label_request")
            .clock(15 * MINUTE, 2 * HOUR)
            .check("The order still stands", stands())
            .to(&["hand_label_over"])
            .retried(ways::REJECTED, 1, 4 * MINUTE, go("ask_alternate"))
            .fails(ways::FAILED, go("ask_alternate"))
            .fails(ways::LATE, go("ask_alternate"))
            .undone_by_hand("Void the label in the carrier's portal; unused labels are free for 28 days.")
            .runbook(
                "Most label failures pass: the carrier's service is away for minutes. That is why it is asked twice, four minutes apart, before somebody else is.\n\n\
                 Look at the code before you ask by hand: *address* is for the customer, *account* is for carrier onboarding.",
            ),
        export_done("ask_alternate", "Ask the alternate carrier", logistics, "shipping_label_alternate")
            .clock(15 * MINUTE, 2 * HOUR)
            .watched_by(&["finance"])
            .check("The order still stands", stands())
            .to(&["hand_label_over"])
            .fails(ways::REJECTED, go("tell_customer"))
            .fails(ways::FAILED, go("tell_customer"))
            .fails(ways::LATE, go("tell_customer"))
            .undone_by_hand("Void the label in the alternate carrier's portal.")
            .runbook("The alternate carrier costs about a fifth more. Up to 20 parcels a day go without asking; beyond that tell finance."),
        export("tell_customer", "Tell the customer it takes longer", ("customer_ops", "operations"), "exception_notify")
            .clock(15 * MINUTE, 4 * HOUR)
            .check("The order still stands", stands())
            .to(&["buy_by_hand"])
            .fails(ways::REJECTED, go("buy_by_hand"))
            .fails(ways::FAILED, go("buy_by_hand"))
            .fails(ways::LATE, go("buy_by_hand"))
            .runbook("Write before the promised day is over, not after. Do not name the carrier: the customer bought from the shop."),
        human("buy_by_hand", "Buy a label by hand", ("carrier_onboarding", "logistics"),
            "Neither carrier made a label. Buy one in a portal, whichever takes the parcel today.", vec![
                text("carrier", "Carrier"),
                text("label_ref", "Reference of the label"),
                words("note", "Why the others made none"),
            ])
            .clock(30 * MINUTE, 4 * HOUR)
            .watched_by(&["finance", "customer_ops"])
            .check("There is a label", is_not("buy_by_hand.label_ref", "none"))
            .to(&["hand_label_over"])
            .fails(ways::LATE, task_for("operations", High, &[
                "A parcel stands at the dock and nobody can send it. Decide who carries it, at whatever price.",
                "Resolve: the question is asked again.",
            ]))
            .runbook(
                "1. Weigh the parcel again; half of these are a weight that is wrong in the system.\n\
                 2. Try the post office's portal first: it takes everything under 31.5 kg.\n\
                 3. Write down why both carriers refused. The same reason twice a week is a case for onboarding.",
            ),
        export("hand_label_over", "Label to the warehouse", logistics, "shipping_label_response")
            .clock(15 * MINUTE, 4 * HOUR)
            .check("The order still stands", stands())
            .to(&["told"])
            .fails(ways::REJECTED, task(Normal, &[
                "The warehouse does not find the parcel. Ask where it was last scanned.",
                "Resolve once it is found: the label is sent again.",
            ]))
            .undone_by_hand("Tell the warehouse not to use the label.")
            .runbook("The parcel stands in the *problem* bay. The label goes to the printer there, not to the one at the line."),
        notify("told", "Tell customer ops", logistics, &["customer_ops"], "The parcel has a label now and leaves with the next pick-up.")
            .clock(5 * MINUTE, DAY)
            .check("The order still stands", stands())
            .runbook("If the customer was told of a delay, tell them that it is over, with the tracking number."),
    ];
    drawn(
        making,
        Template::LabelFailure,
        trigger,
        &["ask_carrier"],
        steps,
    )
}
