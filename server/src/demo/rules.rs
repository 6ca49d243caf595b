//! What the demo's merchants have published: three different sets of the templates, as three different
//! merchants would choose. One of them routes its orders: an order desk is told how each travels, and the
//! request goes to one of two warehouses.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use domain::{
    contract::{Contract, DestinationRoute, RouteCondition},
    flow::{Flow, StepKind},
};

use engine::{
    Ctx, Engine,
    port::Ids,
    template::{Making, Purpose, Template, There},
};
use uuid::Uuid;

use super::cast::{AT_BRIGHTWELL, DESTINATIONS, Elsewhere, HARBOR, ORDER_DESK, WEST};

const ROUTE: &str = "routing_decision";
const SHIP: &str = "fulfillment_request";
/// How postal codes from the Rocky Mountains to the Pacific begin.
const WESTERN: [&str; 2] = ["8", "9"];

const ALDER_PINE: [Template; 7] = [
    Template::OrderToShip,
    Template::PromotionGoLive,
    Template::Returns,
    Template::StagedLaunch,
    Template::LabelFailure,
    Template::Restock,
    Template::RefundHold,
];
const KITEWOOD: [Template; 5] = [
    Template::OrderToShip,
    Template::PromotionGoLive,
    Template::Backorder,
    Template::Kitting,
    Template::Restock,
];
const BRIGHTWELL: [Template; 4] = [
    Template::OrderRouting,
    Template::PromotionGoLive,
    Template::Returns,
    Template::ContentPackage,
];

pub fn of(slug: &str) -> &'static [Template] {
    match slug {
        "kitewood" => &KITEWOOD,
        "brightwell" => &BRIGHTWELL,
        _ => &ALDER_PINE,
    }
}

/// Those that the merchant's flows send to.
pub fn destinations(slug: &str) -> Vec<&'static Elsewhere> {
    let wanted: BTreeSet<Purpose> = of(slug)
        .iter()
        .flat_map(|template| template.destinations())
        .collect();
    let more: &[Elsewhere] = match slug {
        "brightwell" => &AT_BRIGHTWELL,
        _ => &[],
    };
    DESTINATIONS
        .iter()
        .filter(|one| wanted.contains(&one.purpose))
        .chain(more)
        .collect()
}

/// The flow and the contracts of a template, as this merchant has them.
fn made(slug: &str, template: Template, making: &Making) -> (Vec<Contract>, Flow) {
    let (mut contracts, mut flow) = template.make(making);
    if slug == "brightwell" {
        for contract in &mut contracts {
            routed(contract);
        }
        for step in &mut flow.steps {
            if matches!(&step.kind, StepKind::EmitExport { export_type, .. } if export_type == ROUTE)
            {
                ORDER_DESK.system.clone_into(&mut step.destination_system);
            }
        }
    }
    (contracts, flow)
}

/// What goes to the western states leaves from the west.
fn routed(contract: &mut Contract) {
    match contract.export_type.as_str() {
        ROUTE => {
            ORDER_DESK.key.clone_into(&mut contract.destination);
            reword(contract, |text| text.replace(HARBOR.name, ORDER_DESK.name));
        }
        SHIP => {
            contract.routes = vec![DestinationRoute {
                when: RouteCondition::StartsWith {
                    at: "/ship_to/postal_code".to_owned(),
                    values: WESTERN.map(str::to_owned).to_vec(),
                },
                destination: WEST.key.to_owned(),
            }];
            reword(contract, of_either);
        }
        _ => {}
    }
}

fn reword(contract: &mut Contract, words: impl Fn(&str) -> String) {
    for route in contract.exceptions.values_mut() {
        let steps = route.remediation_steps.iter_mut();
        for text in steps.chain([&mut route.title]) {
            *text = words(text);
        }
    }
}

/// What is said of one warehouse, where there are two.
fn of_either(text: &str) -> String {
    let one = HARBOR.name;
    match text.strip_prefix(one) {
        Some(rest) => format!("The warehouse{}", rest.replace(one, "the warehouse")),
        None => text.replace(one, "the warehouse"),
    }
}

fn there() -> BTreeMap<Purpose, There> {
    DESTINATIONS
        .iter()
        .map(|one| {
            let there = There {
                key: one.key.to_owned(),
                name: one.name.to_owned(),
                system: one.system.to_owned(),
            };
            (one.purpose, there)
        })
        .collect()
}

pub async fn publish(
    engine: &Arc<Engine>,
    ctx: &Ctx,
    founder: Uuid,
    ids: &dyn Ids,
) -> engine::Result<()> {
    let now = engine.now();
    let destinations = there();
    for template in of(&ctx.merchant().slug) {
        let making = Making {
            merchant_id: ctx.merchant_id(),
            founder,
            now,
            ids: std::array::from_fn(|_| ids.uuid(now)),
            source_system: "shopify".to_owned(),
            destinations: destinations.clone(),
        };
        let (contracts, flow) = made(&ctx.merchant().slug, *template, &making);
        let rules = engine.rules_of(ctx.merchant_id()).await?;
        for contract in contracts {
            if rules.contract(&contract.export_type).is_none() {
                engine.publish_contract(ctx, contract).await?;
            }
        }
        engine.publish_flow(ctx, flow).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use domain::owner::Party;

    use super::{
        super::cast::{MERCHANTS, PEOPLE},
        *,
    };

    #[test]
    fn every_role_of_every_flow_is_held_at_its_merchant() {
        for (slug, _) in MERCHANTS {
            let held: BTreeSet<&str> = PEOPLE
                .iter()
                .filter(|part| part.plays_at(slug) && part.party == Party::Agency)
                .flat_map(|part| part.roles.iter().copied())
                .collect();
            for template in of(slug) {
                let (contracts, flow) = template.make(&Making::default());
                for role in engine::template::roles(&contracts, &flow) {
                    assert!(held.contains(role.as_str()), "{slug}: nobody is {role}");
                }
            }
        }
    }

    #[test]
    fn where_there_are_two_warehouses_no_text_names_one() {
        let making = Making {
            destinations: there(),
            ..Making::default()
        };
        let words = |slug: &str| {
            let (contracts, _) = made(slug, Template::OrderRouting, &making);
            let exceptions = contracts.iter().map(|one| &one.exceptions);
            format!("{:?}", exceptions.collect::<Vec<_>>())
        };
        assert!(words("elsewhere").contains(HARBOR.name));
        assert!(!words("brightwell").contains(HARBOR.name));
    }

    #[test]
    fn every_kind_of_export_that_was_promised_is_made_by_a_flow_of_some_merchant() {
        let used: BTreeSet<String> = MERCHANTS
            .iter()
            .flat_map(|(slug, _)| {
                of(slug)
                    .iter()
                    .map(|one| made(slug, *one, &Making::default()))
            })
            .flat_map(|(contracts, flow)| {
                let named = engine::template::export_types(&flow);
                let there = contracts.into_iter().map(|one| one.export_type);
                there
                    .filter(move |one| named.contains(one))
                    .collect::<Vec<_>>()
            })
            .collect();
        for one in [
            "promo_activation",
            "price_update",
            "inventory_delta",
            "staged_product",
            "live_publish",
            "shipping_label_request",
            "shipping_label_response",
            "return_initiate",
            "exception_notify",
            "content_package_change",
            "fulfillment_request",
            "routing_decision",
            "backorder",
            "refund_hold",
        ] {
            assert!(used.contains(one), "nobody makes {one}");
        }
    }

    #[test]
    fn no_two_flows_of_a_merchant_send_the_same_orders() {
        for (slug, _) in MERCHANTS {
            for template in of(slug) {
                assert!(
                    !template
                        .instead_of()
                        .is_some_and(|one| of(slug).contains(&one))
                );
            }
        }
    }
}
