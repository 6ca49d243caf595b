//! Kitting.

use domain::{
    flow::{ELSE, Flow, Path, Trigger, ways},
    task::Severity::Normal,
};

use super::{
    Making, Template,
    build::{
        DAY, MINUTE, at_least, decide, export, export_done, flow as drawn, human, is_not, number,
        task_for, text, words,
    },
};

pub(super) fn flow(making: &Making) -> Flow {
    let supply = ("supply_chain", "logistics");
    let bench = ("logistics", "supply_chain");
    let trigger = Trigger::Form {
        noun: "kit".to_owned(),
        fields: vec![
            text("sku", "SKU of the kit"),
            text("components", "What goes into one kit: SKU and number"),
            number("quantity", "Kits to build"),
        ],
    };
    let steps = vec![
        export("reserve", "Reserve the components", supply, "component_reservation")
            .clock(30 * MINUTE, DAY)
            .check("There is something to build", at_least("input.quantity", 1))
            .to(&["build_kits"])
            .fails(ways::REJECTED, task_for("merchandising", Normal, &[
                "A component is short. Agree on a smaller batch, or on a restock first.",
                "Resolve: the reservation is asked for again.",
            ]))
            .undone_by("component_release")
            .runbook("Reserve for the whole batch, even if it is built over two days: what is not reserved is sold."),
        human("build_kits", "Build the kits", bench, "Build them by the picture at the bench, and count.", vec![
                number("built", "Kits built"),
                number("scrapped", "Components scrapped"),
                words("note", "What went wrong"),
            ])
            .clock(DAY, 3 * DAY)
            .check("Something was built", at_least("build_kits.built", 1))
            .to(&["count"])
            .fails(ways::CHECKPOINT, Path::Undo)
            .runbook(
                "1. Build one, have somebody else compare it with the picture, then build the rest.\n\
                 2. Weigh every tenth: a missing part weighs less.\n\
                 3. If none can be built, say 0: the components go back to stock by themselves.",
            ),
        decide("count", "Was anything scrapped?", bench, vec![
            ("scrapped", "Some components", at_least("build_kits.scrapped", 1)),
        ])
        .check("Something was built", at_least("build_kits.built", 1))
        .on("scrapped", &["find_out", "book_in"])
        .on(ELSE, &["book_in"])
        .runbook("Scrap is looked into beside the booking; kits that are good do not wait for it, and are booked in the same hour."),
        human("find_out", "Find out why", ("operations", "logistics"), "Find out why components were scrapped.", vec![
                text("cause", "Cause"),
            ])
            .clock(DAY, 5 * DAY)
            .check("There is a cause", is_not("find_out.cause", "unknown"))
            .runbook("A batch of a supplier, a tool at the bench, or a picture that misleads: one of the three, most of the time. Claims go to finance."),
        export_done("book_in", "Book the kits in", supply, "inventory_delta")
            .clock(30 * MINUTE, DAY)
            .check("Something was built", at_least("build_kits.built", 1))
            .to(&["publish"])
            .undone_by_hand("Book the kits out again, and the components back in.")
            .runbook("Kits have stock of their own; the components leave theirs when the reservation is used up."),
        export_done("publish", "Put them on sale", ("merchandising", "marketing_ops"), "live_publish")
            .clock(15 * MINUTE, DAY)
            .watched_by(&["customer_ops"])
            .check("Something was built", at_least("build_kits.built", 1))
            .fails(ways::DECLINED, task_for("merchandising", Normal, &[
                "Read why, and agree on another day or another price.",
                "Resolve: it is asked again. The kits stay in stock meanwhile.",
            ]))
            .undone_by_hand("Take the kit off the storefront by hand.")
            .runbook("A kit's price is below the sum of its parts, or nobody buys it; merchandising has the sheet."),
    ];
    drawn(making, Template::Kitting, trigger, &["reserve"], steps)
}
