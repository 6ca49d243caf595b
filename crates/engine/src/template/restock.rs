//! Restock.

use domain::{
    flow::{ELSE, Flow, Trigger, ways},
    task::Severity::Normal,
};

use super::{
    Making, Template,
    build::{
        DAY, HOUR, MINUTE, at_least, day, decide, export_done, flow as drawn, human, is_not,
        notify, number, task_for, text, words,
    },
};

pub(super) fn flow(making: &Making) -> Flow {
    let supply = ("supply_chain", "logistics");
    let trigger = Trigger::Form {
        noun: "restock".to_owned(),
        fields: vec![
            text("sku", "SKU"),
            number("quantity", "Units to order"),
            day("wanted_by", "Wanted by"),
            text("supplier", "Supplier"),
        ],
    };
    let steps = vec![
        human("order_goods", "Order the goods", supply, "Order them, and write down under which number.", vec![
                text("po_number", "Number of the purchase order"),
                number("ordered", "Units ordered"),
                day("confirmed_for", "Confirmed for"),
            ])
            .clock(4 * HOUR, 2 * DAY)
            .watched_by(&["finance"])
            .check("Something was ordered", at_least("order_goods.ordered", 1))
            .to(&["count_in"])
            .undone_by_hand("Cancel the purchase order with the supplier, and tell finance.")
            .runbook(
                "- Round up to full cartons; the supplier ships nothing else.\n\
                 - Over $5,000 finance signs the order first.\n\
                 - No confirmed date after two days: ask, and look for the second supplier meanwhile.",
            ),
        human("count_in", "Count it in", ("logistics", "supply_chain"), "Count what arrived before it goes on a shelf.", vec![
                number("good", "Units in order"),
                number("damaged", "Units damaged or missing"),
                words("note", "What is wrong with them"),
            ])
            .clock(21 * DAY, 35 * DAY)
            .check("Something arrived", at_least("count_in.good", 0))
            .to(&["all_good"])
            .fails(ways::LATE, task_for("supply_chain", Normal, &[
                "The goods are overdue. Ask the supplier for a new date, in writing.",
                "Resolve: the wait starts again. Cancel the run if they do not come.",
            ]))
            .runbook("Count twice if the number differs from the delivery note. Sign the note only with the real number on it, or the claim is lost."),
        decide("all_good", "Is something damaged or missing?", supply, vec![
            ("damaged", "Some of it", at_least("count_in.damaged", 1)),
        ])
        .check("Something was ordered", at_least("order_goods.ordered", 1))
        .on("damaged", &["claim", "book_in"])
        .on(ELSE, &["book_in"])
        .runbook("What is good is booked in at once; the claim goes beside it and holds nothing up. Set what is damaged apart until the supplier has decided."),
        human("claim", "Claim the rest", ("finance", "supply_chain"), "Claim what is damaged or missing from the supplier.", vec![
                text("claim_ref", "Reference of the claim"),
            ])
            .clock(DAY, 5 * DAY)
            .check("The claim has a reference", is_not("claim.claim_ref", "none"))
            .to(&["tell"])
            .runbook("Pictures, the signed delivery note, the number of the purchase order. Most suppliers take claims for seven days only."),
        export_done("book_in", "Book it in", supply, "inventory_delta")
            .clock(30 * MINUTE, DAY)
            .check("Something was ordered", at_least("order_goods.ordered", 1))
            .to(&["tell"])
            .undone_by_hand("Book the units out again, with the purchase order as the reason.")
            .runbook("Stock shows in the shop within ten minutes. If a backorder waits for it, those units are taken first; that is right."),
        notify("tell", "Tell merchandising", supply, &["merchandising"], "It is in stock again and for sale.")
            .clock(5 * MINUTE, HOUR)
            .check("Something was ordered", at_least("order_goods.ordered", 1))
            .runbook("Merchandising takes the *sold out* badge off and puts the product back into campaigns."),
    ];
    drawn(making, Template::Restock, trigger, &["order_goods"], steps)
}
