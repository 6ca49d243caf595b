//! Staged product launch: preview, then live.

use domain::{
    flow::{ELSE, Flow, Path, Trigger, ways},
    task::Severity::{High, Normal},
};

use super::{
    Making, Template,
    build::{
        DAY, HOUR, MINUTE, day, decide, export_done, flow as drawn, human, is, is_not, notify,
        task_for, text, words, yes_no,
    },
};

pub(super) fn flow(making: &Making) -> Flow {
    let shelf = ("merchandising", "marketing_ops");
    let trigger = Trigger::Form {
        noun: "product".to_owned(),
        fields: vec![
            text("sku", "SKU"),
            text("price", "Price with its currency, as in 129.00 USD"),
            text("description", "What the customer reads"),
            day("launch_on", "To be live on"),
        ],
    };
    let steps = vec![
        export_done("stage", "Put it on staging", shelf, "staged_product")
            .clock(30 * MINUTE, DAY)
            .check("It has a SKU", is_not("input.sku", "none"))
            .to(&["preview"])
            .undone_by("staged_withdraw")
            .runbook("If staging refuses it, a picture or a text is missing most of the time. Upload it there and resolve the task; the same product is sent again."),
        human("preview", "Look at the preview", shelf,
            "Open the preview on a phone and on a large screen, and compare it with the product in your hand.", vec![
                yes_no("right", "It can go live as it is"),
                words("note", "What has to change"),
            ])
            .clock(4 * HOUR, 2 * DAY)
            .watched_by(&["marketing_ops"])
            .check("Staging has it", is_not("input.sku", "none"))
            .to(&["verdict"])
            .runbook(
                "- Pictures: at least four, the first on white.\n- Measurements: as packed **and** as used.\n- Price: compare with the sheet, and with the neighbours in the category.\n- Words: read them aloud once.",
            ),
        decide("verdict", "Can it go live as it is?", shelf, vec![
            ("right", "As it is", is("preview.right", true)),
        ])
        .check("It has a SKU", is_not("input.sku", "none"))
        .on("right", &["publish"])
        .on(ELSE, &["correct"])
        .runbook("A correction does not go round again: whoever corrects says what is right now, and two people still approve it."),
        human("correct", "Correct it", shelf,
            "Correct the page on staging, and write down what is right now.", vec![
                text("description", "What the customer reads"),
                text("price", "Price with its currency"),
                yes_no("right", "It is right on staging now"),
            ])
            .clock(4 * HOUR, 2 * DAY)
            .check("It is right on staging now", is("correct.right", true))
            .to(&["publish"])
            .fails(ways::CHECKPOINT, task_for("marketing_ops", Normal, &[
                "It is still not right. Sit down with merchandising and finish it on staging.",
                "Resolve: the question is asked again.",
            ]))
            .runbook("Correct on staging only. What is typed on the live side is overwritten by the publication."),
        export_done("publish", "Publish it", ("marketing_ops", "operations"), "live_publish")
            .clock(15 * MINUTE, DAY)
            .watched_by(&["customer_ops", "supply_chain"])
            .check("It has a SKU", is_not("input.sku", "none"))
            .to(&["tell"])
            .fails(ways::DECLINED, Path::Undo)
            .fails(ways::REJECTED, task_for("merchandising", High, &[
                "Read what the storefront says; most often the preview is gone.",
                "Put it on staging again, then resolve: it is published from there.",
            ]))
            .undone_by_hand("Take the product off the storefront by hand (Products, then Unpublish), and say so in the thread.")
            .runbook("Approve only from the preview, never from the form: what counts is what a customer will see. Launches are not published on Fridays after noon."),
        notify("tell", "Tell everybody that it is live", shelf, &["customer_ops", "supply_chain"],
            "A new product is live. Its first orders come from now on.")
            .clock(5 * MINUTE, HOUR)
            .check("It has a SKU", is_not("input.sku", "none"))
            .runbook("Supply chain watches its stock daily for the first week; customer ops has the description and the measurements."),
    ];
    drawn(making, Template::StagedLaunch, trigger, &["stage"], steps)
}
