//! Content-package change: where dimensions change, the warehouse reviews them first.

use domain::{
    flow::{ELSE, Flow, Path, Trigger, ways},
    task::Severity::{High, Normal},
};

use super::{
    Making, Template,
    build::{
        DAY, HOUR, MINUTE, at_least, choice, decide, export, export_done, flow as drawn, human, is,
        is_not, number, task, task_for, text, words, yes_no,
    },
};

pub(super) fn flow(making: &Making) -> Flow {
    let shelf = ("merchandising", "marketing_ops");
    let trigger = Trigger::Form {
        noun: "package".to_owned(),
        fields: vec![
            text("sku", "SKU"),
            yes_no("dimensions_changed", "Its dimensions or its weight change"),
            number("length_mm", "Length in millimetres"),
            number("width_mm", "Width in millimetres"),
            number("height_mm", "Height in millimetres"),
            number("weight_g", "Weight in grams, packed"),
            words("description", "New text, if it changes"),
        ],
    };
    let steps = vec![
        decide("changed", "Do the dimensions change?", shelf, vec![
            ("dimensions", "Yes: the warehouse looks first", is("input.dimensions_changed", true)),
        ])
        .check("It has a length", at_least("input.length_mm", 1))
        .on("dimensions", &["review_bins"])
        .on(ELSE, &["publish"])
        .runbook("Texts and pictures alone go straight on. If in doubt whether a package is larger, it is: let the warehouse look."),
        human("review_bins", "WMS review", ("logistics", "operations"),
            "Compare the new measurements with the bin and with the carrier's limits.", vec![
                choice("verdict", "It", &["fits_its_bin", "needs_another_bin", "goes_as_freight"]),
                text("bin", "Bin from now on"),
                words("note", "What changes for picking"),
            ])
            .clock(4 * HOUR, 2 * DAY)
            .watched_by(&["supply_chain"])
            .check("There is a bin", is_not("review_bins.bin", "none"))
            .to(&["tell_wms"])
            .fails(ways::LATE, task_for("operations", High, &[
                "The product is sold with measurements that may be wrong. Have the warehouse look today.",
                "Resolve: the review is asked for again.",
            ]))
            .runbook(
                "1. Longest side over 600 mm, or over 20 kg: it goes as freight, and shipping prices change. Tell finance.\n\
                 2. Otherwise look for a bin within the same aisle.\n\
                 3. What is in stock keeps its old measurements until it is sold: write *mixed* on the bin.",
            ),
        export("tell_wms", "Tell the WMS", ("logistics", "merchandising"), "content_package_change")
            .clock(30 * MINUTE, DAY)
            .watched_by(&["finance"])
            .check("It has a length", at_least("input.length_mm", 1))
            .to(&["publish"])
            .fails(ways::REJECTED, task(Normal, &[
                "The warehouse refuses the bin or the measurements. Agree on others with their inventory desk.",
                "Start the change anew with them, and cancel this run.",
            ]))
            .undone_by_hand("Have the warehouse put the former measurements back.")
            .runbook("Measurements go to the warehouse before they go to the shop: rates are computed from the warehouse's."),
        export_done("publish", "Publish the change", shelf, "live_publish")
            .clock(15 * MINUTE, DAY)
            .check("It has a length", at_least("input.length_mm", 1))
            .fails(ways::DECLINED, Path::Undo)
            .undone_by_hand("Put the former text and measurements back in the storefront.")
            .runbook("Compare the shop's measurements with the box in your hand, once, after it is published."),
    ];
    drawn(
        making,
        Template::ContentPackage,
        trigger,
        &["changed"],
        steps,
    )
}
