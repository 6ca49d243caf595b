//! Every template, run as it is taken over: along its main way to its outcome, and once along a way that goes
//! wrong.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../spine/world.rs"]
mod world;

use std::collections::BTreeMap;

use domain::{
    access::Access,
    delivery::AckStatus,
    export::{Export, ExportState},
    flow::{Run, RunState},
    owner::Party,
    people::Membership,
    task::Task,
};
use engine::{
    Ack, CampaignInput, DestinationInput, SourceInput, StartInput, TaskAct,
    port::ListFilter,
    template::{Making, Purpose, Template, There},
};
use serde_json::{Value, json};
use testkit::{OrderBody, Reply, order};
use uuid::Uuid;

use crate::world::{World, on_every_store};

/// What the destinations of these tests share with us.
const DESTINATION_SECRET: &str = "whsec_bWVzaGxpbmUtdGVzdC1kZXN0aW5hdGlvbg==";
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// Who plays at the other merchant, so that nobody is their own backup.
const CAST: [(&str, Access, &[&str]); 6] = [
    ("mara", Access::Approver, &["marketing_ops"]),
    ("jonas", Access::Approver, &["operations", "revenue_ops"]),
    ("fiona", Access::Approver, &["finance"]),
    ("tomas", Access::Operator, &["logistics"]),
    (
        "priya",
        Access::Approver,
        &["customer_ops", "merchandising", "engineering"],
    ),
    (
        "hana",
        Access::Operator,
        &["supply_chain", "returns_ops", "carrier_onboarding"],
    ),
];

/// The world at a merchant that has published nothing but this template.
async fn with(mut world: World, template: Template) -> World {
    let engine = &world.engine;
    let operator = engine.operator(world.merchant.operator_id).await.unwrap();
    let merchant = engine
        .create_merchant(&operator.unwrap(), "skua", "Skua")
        .await
        .unwrap();
    for (name, access, roles) in CAST {
        let membership = Membership {
            merchant_id: merchant.id,
            user_id: world.person(name).user.id,
            access,
            party: Party::Agency,
            functional_roles: roles.iter().map(|&role| role.to_owned()).collect(),
            rotations: Vec::new(),
        };
        engine.add_member(membership).await.unwrap();
    }
    let ctx = engine.enter_as_system(merchant.id).await.unwrap();
    let agency = |role| domain::owner::Owner::role(Party::Agency, role);
    let source = SourceInput {
        system: "shopify".to_owned(),
        name: "Shopify".to_owned(),
        secret: Some(testkit::SHOP_SECRET.to_owned()),
        owner: agency("engineering"),
        backup: agency("operations"),
    };
    let source = engine.create_source(&ctx, source).await.unwrap();
    let mut destinations = BTreeMap::new();
    for purpose in template.destinations() {
        let input = DestinationInput {
            key: format!("the-{}", purpose.key()),
            name: purpose.title().to_owned(),
            system: purpose.key().to_owned(),
            party: Party::Merchant,
            url: format!("http://127.0.0.1:3100/{}", purpose.key()),
            secret: Some(DESTINATION_SECRET.to_owned()),
        };
        let there = There {
            key: input.key.clone(),
            name: input.name.clone(),
            system: input.system.clone(),
        };
        engine.create_destination(&ctx, input).await.unwrap();
        destinations.insert(purpose, there);
    }
    let making = Making {
        merchant_id: merchant.id,
        founder: world.person("mara").user.id,
        now: ctx.now(),
        ids: std::array::from_fn(|n| Uuid::from_u128(0x5000 + n as u128)),
        source_system: "shopify".to_owned(),
        destinations,
    };
    let (contracts, flow) = template.make(&making);
    for contract in contracts {
        engine.publish_contract(&ctx, contract).await.unwrap();
    }
    engine.publish_flow(&ctx, flow).await.unwrap();
    world.door = engine.open_door(&source.source.path).await.unwrap();
    world.merchant = merchant;
    world.admin = ctx;
    world
}

async fn run_of(world: &World, template: Template) -> Run {
    let eyes = world.eyes().await.unwrap();
    let mut runs = world
        .engine
        .runs_of_flow(&eyes, template.key(), 10)
        .await
        .unwrap();
    assert_eq!(runs.len(), 1, "{runs:#?}");
    runs.remove(0)
}

/// The run is over with the template's outcome, and nothing is left open.
async fn ended_well(world: &World, template: Template) {
    let run = run_of(world, template).await;
    assert_eq!(run.state, RunState::Completed, "{run:#?}");
    assert_eq!(run.outcome.as_deref(), Some(template.outcome()));
    let open: Vec<Task> = open_tasks(world).await;
    assert!(open.is_empty(), "{open:#?}");
}

async fn open_tasks(world: &World) -> Vec<Task> {
    let mut tasks = world.tasks().await.unwrap();
    tasks.retain(|task| !task.state.is_over());
    tasks
}

/// The newest export of this type.
async fn export(world: &World, export_type: &str) -> Export {
    let exports = world.exports().await.unwrap();
    let states: Vec<_> = exports
        .iter()
        .map(|one| (one.export_type.as_str(), one.state))
        .collect();
    exports
        .iter()
        .find(|one| one.export_type == export_type)
        .unwrap_or_else(|| panic!("no {export_type}: {states:?}"))
        .clone()
}

async fn sent_types(world: &World) -> Vec<String> {
    let mut exports = world.exports().await.unwrap();
    exports.reverse();
    exports.into_iter().map(|one| one.export_type).collect()
}

async fn completed(world: &World, export_type: &str) {
    let export = export(world, export_type).await;
    assert_eq!(
        export.state,
        ExportState::Acknowledged,
        "{export_type}: {:?}",
        export.qa
    );
    let ack = Ack {
        status: AckStatus::Completed,
        exception_code: None,
        exception_metadata: None,
        external_ref: None,
    };
    world.acknowledges(export.id, ack).await.unwrap();
}

async fn approved_by(world: &World, export_type: &str, names: &[&str]) {
    for name in names {
        let asked = export(world, export_type).await;
        assert_eq!(asked.state, ExportState::AwaitingApproval, "{:?}", asked.qa);
        world.approves(name, &asked).await.unwrap();
    }
}

/// Whoever is asked at this step takes it and answers.
async fn answers(world: &World, step: &str, answers: Value) {
    let open = open_tasks(world).await;
    let is_at = |task: &&Task| task.step.as_ref().is_some_and(|at| at.key == step);
    let task = open
        .iter()
        .find(is_at)
        .unwrap_or_else(|| panic!("nobody is asked at {step}: {open:#?}"));
    let rules = world.engine.rules_of(world.merchant.id).await.unwrap();
    let user = rules.people(&task.owner).first().unwrap().id;
    let ctx = world.engine.enter(user, "skua", None).await.unwrap();
    world
        .engine
        .act_on_task(&ctx, task.id, TaskAct::Claim)
        .await
        .unwrap();
    let act = TaskAct::Finish {
        answers: serde_json::from_value(answers).unwrap(),
        note: "Done.".to_owned(),
    };
    world.engine.act_on_task(&ctx, task.id, act).await.unwrap();
    world.runs_due_work().await.unwrap();
}

async fn is_at(world: &World, template: Template, steps: &[&str]) {
    let run = run_of(world, template).await;
    let mut at: Vec<&str> = run.stands_at().collect();
    at.sort_unstable();
    let mut wanted = steps.to_vec();
    wanted.sort_unstable();
    assert_eq!(at, wanted, "{run:#?}");
}

async fn starts(world: &World, name: &str, template: Template, input: StartInput) {
    let ctx = world.as_person(name).await.unwrap();
    world
        .engine
        .start_flow(&ctx, template.key(), input)
        .await
        .unwrap();
    world.runs_due_work().await.unwrap();
}

async fn starts_for_order(world: &World, template: Template, body: &OrderBody) {
    world.receives(body).await.unwrap();
    let eyes = world.eyes().await.unwrap();
    let all = ListFilter {
        limit: 10,
        ..ListFilter::default()
    };
    let orders = world.engine.orders(&eyes, &all).await.unwrap();
    starts(world, "jonas", template, StartInput::Order(orders[0].id)).await;
}

async fn starts_case(world: &World, template: Template, title: &str, answers: Value) {
    let input = StartInput::Case {
        reference: "ref-1".to_owned(),
        title: title.to_owned(),
        answers: serde_json::from_value(answers).unwrap(),
    };
    starts(world, "jonas", template, input).await;
}

const LATER: &str = "2026-11-20T12:00:00Z";

fn shipment(status: &str) -> Value {
    json!([{
        "id": 77, "status": status, "created_at": LATER, "updated_at": LATER, "name": "#1.1",
        "tracking_company": "UPS", "tracking_numbers": ["1Z"], "tracking_urls": [],
        "line_items": [{ "id": 55_000_000_000_011_i64, "sku": "KET-01", "title": "Kettle", "quantity": 1 }],
    }])
}

fn shipped(body: OrderBody) -> OrderBody {
    body.told_again("orders/updated", LATER)
        .set("fulfillments", shipment("success"))
}

/// The whole of it, as when everything of an order comes back.
fn refunded(body: OrderBody) -> OrderBody {
    let at = "2026-11-20T13:00:00Z";
    body.told_again("orders/updated", at)
        .set("financial_status", "refunded")
        .set(
            "refunds",
            json!([{
                "id": 88, "created_at": at, "note": "return",
                "transactions": [{ "id": 89, "kind": "refund", "status": "success", "amount": "89.00", "currency": "USD" }],
                "refund_line_items": [],
            }]),
        )
}

fn brief() -> CampaignInput {
    CampaignInput {
        campaign_id: "winter-26".to_owned(),
        title: "Winter kit".to_owned(),
        offer: "20 % off".to_owned(),
        discount_percent: "20".to_owned(),
        skus: "KET-01 MUG-04".to_owned(),
        landing_url: "https://skua.example/winter".to_owned(),
        starts_at: "2026-11-27T15:00Z".to_owned(),
        ends_at: "2026-12-04T15:00Z".to_owned(),
        note: "Stock is there.".to_owned(),
    }
}

async fn starts_campaign(world: &World, name: &str) {
    let input = StartInput::Campaign(brief());
    starts(world, name, Template::PromotionGoLive, input).await;
}

fn no_label() -> Reply {
    let said = json!({ "status": "rejected", "exception_code": "label_failed" });
    Reply::Json(422, said)
}

on_every_store! {
    async fn an_order_is_shipped(world: World) {
        let template = Template::OrderToShip;
        let world = with(world, template).await;
        world.receives(&order(1)).await.unwrap();
        is_at(&world, template, &["shipped"]).await;
        let sent = export(&world, "fulfillment_request").await;
        assert_eq!(sent.title, "Ship #1");
        assert_eq!(sent.payload["lines"][0]["sku"], "KET-01");
        assert_eq!(sent.payload["ship_to"]["city"], "Portland");
        completed(&world, "fulfillment_request").await;
        ended_well(&world, template).await;
    }

    async fn an_order_that_is_refused_goes_on_when_supply_chain_has_cleared_it_up(world: World) {
        let template = Template::OrderToShip;
        let world = with(world, template).await;
        let said = json!({ "status": "rejected", "exception_code": "insufficient_inventory" });
        world.channel.will_answer(Reply::Json(422, said));
        world.receives(&order(1)).await.unwrap();
        is_at(&world, template, &["hand_to_3pl"]).await;
        let task = world.the_task("insufficient_inventory").await.unwrap();
        assert_eq!(task.owner.to_string(), "agency:supply_chain");
        world.acts("hana", task.id, TaskAct::Claim).await.unwrap();
        let note = "Recounted.".to_owned();
        world.acts("hana", task.id, TaskAct::Resolve { note }).await.unwrap();
        is_at(&world, template, &["shipped"]).await;
        let sent = world.channel.sent();
        assert_eq!((sent.len(), sent[0].webhook_id == sent[1].webhook_id), (2, true));
        completed(&world, "fulfillment_request").await;
        ended_well(&world, template).await;
    }

    async fn an_order_travels_the_way_that_fits_it(world: World) {
        let template = Template::OrderRouting;
        let world = with(world, template).await;
        world.receives(&order(1).quantity(24)).await.unwrap();
        is_at(&world, template, &["book_freight"]).await;
        answers(&world, "book_freight", json!({ "carrier": "Northline", "booking_ref": "NL-7" })).await;
        let route = export(&world, "routing_decision").await;
        assert_eq!((&route.payload["carrier"], &route.payload["units"]), (&json!("Northline"), &json!(24)));
        let open = export(&world, "fulfillment_request").await;
        if open.state == ExportState::AwaitingApproval {
            world.approves("jonas", &open).await.unwrap();
        }
        completed(&world, "fulfillment_request").await;
        ended_well(&world, template).await;
    }

    async fn an_order_without_a_country_waits_until_it_has_one(world: World) {
        let template = Template::OrderRouting;
        let world = with(world, template).await;
        world.receives(&order(1).set("shipping_address", Value::Null)).await.unwrap();
        is_at(&world, template, &["choose_route"]).await;
        let task = open_tasks(&world).await.remove(0);
        assert_eq!(task.owner.to_string(), "agency:customer_ops");
        world.receives(&order(1).told_again("orders/updated", LATER)).await.unwrap();
        world.acts("priya", task.id, TaskAct::Claim).await.unwrap();
        let note = "They sent it.".to_owned();
        world.acts("priya", task.id, TaskAct::Resolve { note }).await.unwrap();
        is_at(&world, template, &["shipped"]).await;
    }

    async fn a_backorder_is_released_when_the_goods_are_there(world: World) {
        let template = Template::Backorder;
        let world = with(world, template).await;
        starts_for_order(&world, template, &order(1)).await;
        let missing = json!({ "sku": "KET-01", "quantity": 1, "expected_on": "2026-12-01", "choice": "wait" });
        answers(&world, "assess", missing).await;
        // booked and told side by side
        let types = sent_types(&world).await;
        assert!(types.contains(&"backorder".to_owned()) && types.contains(&"exception_notify".to_owned()));
        let told = export(&world, "exception_notify").await;
        assert_eq!(told.payload["expected_on"], "2026-12-01");
        assert_eq!(told.payload["customer"]["email"], "ada@example.com");
        answers(&world, "goods_in", json!({ "counted": 1 })).await;
        completed(&world, "fulfillment_request").await;
        ended_well(&world, template).await;
    }

    async fn goods_that_never_come_are_paid_back(world: World) {
        let template = Template::Backorder;
        let world = with(world, template).await;
        starts_for_order(&world, template, &order(1)).await;
        let missing = json!({ "sku": "KET-01", "quantity": 1, "expected_on": "2026-12-01", "choice": "split" });
        answers(&world, "assess", missing).await;
        is_at(&world, template, &["goods_in"]).await;
        world.advance(22 * DAY).await.unwrap();
        is_at(&world, template, &["give_back"]).await;
        world.receives(&refunded(order(1))).await.unwrap();
        answers(&world, "give_back", json!({ "refund_ref": "R-1" })).await;
        assert!(!sent_types(&world).await.contains(&"fulfillment_request".to_owned()));
        assert_eq!(run_of(&world, template).await.state, RunState::Completed);
    }

    async fn what_comes_back_as_new_is_restocked_and_refunded(world: World) {
        let template = Template::Returns;
        let world = with(world, template).await;
        starts_for_order(&world, template, &shipped(order(1))).await;
        answers(&world, "open_return", json!({ "sku": "KET-01", "quantity": 1, "reason": "changed_mind" })).await;
        assert_eq!(export(&world, "return_initiate").await.payload["reason"], "changed_mind");
        answers(&world, "inspect", json!({ "units": 1, "condition": "as_new" })).await;
        is_at(&world, template, &["refund"]).await;
        let booked = export(&world, "inventory_delta").await;
        assert_eq!((&booked.payload["delta"], &booked.payload["because"]), (&json!(1), &json!("returns")));
        // the storefront says so before the person does, and the order is closed by it
        world.receives(&refunded(shipped(order(1)))).await.unwrap();
        answers(&world, "refund", json!({ "refund_ref": "R-1" })).await;
        ended_well(&world, template).await;
    }

    async fn what_cannot_be_repaired_is_refunded_without_the_shelf(world: World) {
        let template = Template::Returns;
        let world = with(world, template).await;
        starts_for_order(&world, template, &shipped(order(1))).await;
        answers(&world, "open_return", json!({ "sku": "KET-01", "quantity": 1, "reason": "damaged" })).await;
        answers(&world, "inspect", json!({ "units": 1, "condition": "repairable" })).await;
        answers(&world, "refurbish", json!({ "result": "beyond_repair", "minutes": 30 })).await;
        is_at(&world, template, &["refund"]).await;
        assert!(!sent_types(&world).await.contains(&"inventory_delta".to_owned()));
    }

    async fn a_promotion_goes_live_on_stock_that_is_held(world: World) {
        let template = Template::PromotionGoLive;
        let world = with(world, template).await;
        starts_campaign(&world, "priya").await;
        assert_eq!(sent_types(&world).await, ["promo_activation", "inventory_hold"]);
        approved_by(&world, "promo_activation", &["mara", "jonas"]).await;
        completed(&world, "promo_activation").await;
        completed(&world, "price_update").await;
        answers(&world, "look_at_it", json!({ "right": true })).await;
        ended_well(&world, template).await;
    }

    async fn a_promotion_that_looks_wrong_is_taken_back_in_reverse_order(world: World) {
        let template = Template::PromotionGoLive;
        let world = with(world, template).await;
        starts_campaign(&world, "priya").await;
        approved_by(&world, "promo_activation", &["mara", "jonas"]).await;
        completed(&world, "promo_activation").await;
        completed(&world, "price_update").await;
        answers(&world, "look_at_it", json!({ "right": false, "note": "The price is doubled." })).await;
        assert_eq!(run_of(&world, template).await.state, RunState::Undoing);
        // what began last is taken back first, one after the other
        assert_eq!(sent_types(&world).await.last().unwrap(), "price_restore");
        completed(&world, "price_restore").await;
        assert_eq!(sent_types(&world).await[4..], ["inventory_release", "promo_rollback"]);
        completed(&world, "promo_rollback").await;
        let released = export(&world, "inventory_release").await;
        assert_eq!(released.payload["hold_ref"], "W-1", "the hold by the warehouse's own name");
        assert_eq!(run_of(&world, template).await.state, RunState::Failed);
    }

    async fn a_product_is_previewed_corrected_and_published(world: World) {
        let template = Template::StagedLaunch;
        let world = with(world, template).await;
        let product = json!({
            "sku": "LMP-9", "price": "129.00 USD", "description": "A lamp.", "launch_on": "2026-12-01",
        });
        starts_case(&world, template, "Lamp nine", product).await;
        assert_eq!(export(&world, "staged_product").await.payload["title"], "Lamp nine");
        completed(&world, "staged_product").await;
        answers(&world, "preview", json!({ "right": false, "note": "Too short." })).await;
        let better = json!({ "description": "A lamp for reading.", "price": "119.00 USD", "right": true });
        answers(&world, "correct", better).await;
        approved_by(&world, "live_publish", &["mara"]).await;
        let asked = export(&world, "live_publish").await;
        assert_eq!(asked.payload["description"], "A lamp for reading.", "what was corrected counts");
        assert_eq!(asked.payload["price"], "119.00 USD");
        world.approves("fiona", &asked).await.unwrap_err();
        // whoever filled in the form does not approve it
        world.approves("jonas", &asked).await.unwrap_err();
    }

    async fn a_launch_that_is_declined_leaves_staging(world: World) {
        let template = Template::StagedLaunch;
        let world = with(world, template).await;
        let product = json!({
            "sku": "LMP-9", "price": "129.00 USD", "description": "A lamp.", "launch_on": "2026-12-01",
        });
        let input = StartInput::Case {
            reference: "lamp-9".to_owned(),
            title: "Lamp nine".to_owned(),
            answers: serde_json::from_value(product).unwrap(),
        };
        starts(&world, "priya", template, input).await;
        completed(&world, "staged_product").await;
        answers(&world, "preview", json!({ "right": true })).await;
        let asked = export(&world, "live_publish").await;
        world.declines("mara", &asked, "Not before spring.").await.unwrap();
        assert_eq!(sent_types(&world).await.last().unwrap(), "staged_withdraw");
        assert_eq!(run_of(&world, template).await.state, RunState::Failed);
    }

    async fn new_measurements_are_reviewed_before_they_are_published(world: World) {
        let template = Template::ContentPackage;
        let world = with(world, template).await;
        let package = json!({
            "sku": "LMP-9", "dimensions_changed": true,
            "length_mm": 610, "width_mm": 200, "height_mm": 90, "weight_g": 2400,
        });
        let input = StartInput::Case {
            reference: "lamp-9-box".to_owned(),
            title: "Lamp nine".to_owned(),
            answers: serde_json::from_value(package).unwrap(),
        };
        starts(&world, "priya", template, input).await;
        answers(&world, "review_bins", json!({ "verdict": "needs_another_bin", "bin": "C-12" })).await;
        let told = export(&world, "content_package_change").await;
        assert_eq!((&told.payload["bin"], &told.payload["length_mm"]), (&json!("C-12"), &json!(610)));
        approved_by(&world, "live_publish", &["mara", "jonas"]).await;
        completed(&world, "live_publish").await;
        ended_well(&world, template).await;
    }

    async fn texts_alone_do_not_bother_the_warehouse(world: World) {
        let template = Template::ContentPackage;
        let world = with(world, template).await;
        let package = json!({
            "sku": "LMP-9", "dimensions_changed": false, "description": "Now in oak.",
            "length_mm": 610, "width_mm": 200, "height_mm": 90, "weight_g": 2400,
        });
        starts_case(&world, template, "Lamp nine", package).await;
        assert_eq!(sent_types(&world).await, ["live_publish"]);
        world.declines("mara", &export(&world, "live_publish").await, "It is beech.").await.unwrap();
        assert_eq!(run_of(&world, template).await.state, RunState::Failed);
    }

    async fn a_label_comes_from_the_alternate_carrier(world: World) {
        let template = Template::LabelFailure;
        let world = with(world, template).await;
        for _ in 0..2 {
            world.channel.will_answer(no_label());
        }
        let troubled = order(1)
            .told_again("orders/updated", LATER)
            .set("fulfillments", shipment("failure"));
        world.receives(&troubled).await.unwrap();
        is_at(&world, template, &["ask_carrier"]).await;
        // asked again after four minutes, and of somebody else after that
        world.advance(4 * 60_000).await.unwrap();
        is_at(&world, template, &["ask_alternate"]).await;
        assert_eq!(export(&world, "shipping_label_alternate").await.payload["service"], "alternate");
        completed(&world, "shipping_label_alternate").await;
        assert_eq!(export(&world, "shipping_label_response").await.payload["label_ref"], "W-1");
        ended_well(&world, template).await;
    }

    async fn without_any_carrier_a_person_buys_the_label(world: World) {
        let template = Template::LabelFailure;
        let world = with(world, template).await;
        for _ in 0..3 {
            world.channel.will_answer(no_label());
        }
        let troubled = order(1)
            .told_again("orders/updated", LATER)
            .set("fulfillments", shipment("failure"));
        world.receives(&troubled).await.unwrap();
        world.advance(4 * 60_000).await.unwrap();
        assert!(sent_types(&world).await.contains(&"exception_notify".to_owned()));
        answers(&world, "buy_by_hand", json!({ "carrier": "Post", "label_ref": "P-31" })).await;
        let label = export(&world, "shipping_label_response").await;
        assert_eq!((&label.payload["label_ref"], &label.payload["carrier"]), (&json!("P-31"), &json!("Post")));
        ended_well(&world, template).await;
    }

    async fn goods_are_ordered_counted_and_booked_in(world: World) {
        let template = Template::Restock;
        let world = with(world, template).await;
        let wanted = json!({ "sku": "KET-01", "quantity": 50, "wanted_by": "2026-12-10", "supplier": "Casa Ferro" });
        starts_case(&world, template, "Kettles", wanted).await;
        answers(&world, "order_goods", json!({ "po_number": "PO-7", "ordered": 50, "confirmed_for": "2026-12-09" })).await;
        answers(&world, "count_in", json!({ "good": 48, "damaged": 2 })).await;
        is_at(&world, template, &["book_in", "claim"]).await;
        let booked = export(&world, "inventory_delta").await;
        assert_eq!((&booked.payload["delta"], &booked.payload["document"]), (&json!(48), &json!("PO-7")));
        completed(&world, "inventory_delta").await;
        answers(&world, "claim", json!({ "claim_ref": "CL-2" })).await;
        ended_well(&world, template).await;
    }

    async fn goods_that_do_not_come_are_supply_chains(world: World) {
        let template = Template::Restock;
        let world = with(world, template).await;
        let wanted = json!({ "sku": "KET-01", "quantity": 50, "wanted_by": "2026-12-10", "supplier": "Casa Ferro" });
        starts_case(&world, template, "Kettles", wanted).await;
        answers(&world, "order_goods", json!({ "po_number": "PO-7", "ordered": 50, "confirmed_for": "2026-12-09" })).await;
        world.advance(36 * DAY).await.unwrap();
        let overdue: Vec<Task> = open_tasks(&world).await;
        assert!(overdue.iter().any(|task| task.step.as_ref().is_some_and(|at| at.key == "count_in")), "{overdue:#?}");
        is_at(&world, template, &["count_in"]).await;
    }

    async fn kits_are_built_booked_and_put_on_sale(world: World) {
        let template = Template::Kitting;
        let world = with(world, template).await;
        let kit = json!({ "sku": "KIT-1", "components": "KET-01 1, MUG-04 2", "quantity": 20 });
        let input = StartInput::Case {
            reference: "kit-1".to_owned(),
            title: "Tea for two".to_owned(),
            answers: serde_json::from_value(kit).unwrap(),
        };
        starts(&world, "priya", template, input).await;
        assert_eq!(export(&world, "component_reservation").await.payload["kits"], 20);
        answers(&world, "build_kits", json!({ "built": 20, "scrapped": 0 })).await;
        completed(&world, "inventory_delta").await;
        approved_by(&world, "live_publish", &["mara", "jonas"]).await;
        completed(&world, "live_publish").await;
        ended_well(&world, template).await;
    }

    async fn kits_that_cannot_be_built_give_their_components_back(world: World) {
        let template = Template::Kitting;
        let world = with(world, template).await;
        let kit = json!({ "sku": "KIT-1", "components": "KET-01 1", "quantity": 20 });
        starts_case(&world, template, "Tea for two", kit).await;
        answers(&world, "build_kits", json!({ "built": 0, "scrapped": 3 })).await;
        assert_eq!(sent_types(&world).await, ["component_reservation", "component_release"]);
        let released = export(&world, "component_release").await;
        assert_eq!(released.payload["reservation_ref"], "W-1");
        assert_eq!(run_of(&world, template).await.state, RunState::Failed);
    }

    async fn a_claim_that_is_accepted_is_released_and_refunded(world: World) {
        let template = Template::RefundHold;
        let world = with(world, template).await;
        starts_for_order(&world, template, &order(1)).await;
        // held at once, while the evidence is gathered
        assert_eq!(export(&world, "refund_hold").await.state, ExportState::Acknowledged);
        is_at(&world, template, &["gather", "judge"]).await;
        let evidence = json!({ "claim": "not_received", "delivered": false, "answer_by": "2026-12-05" });
        answers(&world, "gather", evidence).await;
        answers(&world, "judge", json!({ "verdict": "accept", "why": "Lost in the post." })).await;
        approved_by(&world, "refund_release", &["jonas"]).await;
        world.receives(&refunded(order(1))).await.unwrap();
        answers(&world, "refund", json!({ "refund_ref": "R-9" })).await;
        ended_well(&world, template).await;
    }

    async fn silence_about_a_claim_is_operations_business(world: World) {
        let template = Template::RefundHold;
        let world = with(world, template).await;
        starts_for_order(&world, template, &order(1)).await;
        world.advance(2 * DAY + HOUR).await.unwrap();
        let open = open_tasks(&world).await;
        assert!(open.iter().any(|task| task.step.as_ref().is_some_and(|at| at.key == "gather")), "{open:#?}");
        let sent = sent_types(&world).await;
        assert_eq!(sent, ["refund_hold"], "the money stays held");
    }
}

#[test]
fn every_purpose_can_be_asked_for() {
    for purpose in Purpose::ALL {
        assert_eq!(Purpose::of_key(purpose.key()), Some(purpose));
    }
}
