//! What the demo's merchants have published: three different sets of the templates, as three different
//! merchants would choose.

use std::{collections::BTreeMap, sync::Arc};

use engine::{
    Ctx, Engine,
    port::Ids,
    template::{Making, Purpose, Template, There},
};
use uuid::Uuid;

use super::cast::DESTINATIONS;

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
    Template::OrderToShip,
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
pub fn purposes(slug: &str) -> Vec<Purpose> {
    let mut all: Vec<Purpose> = of(slug)
        .iter()
        .flat_map(|template| template.destinations())
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

pub async fn publish(
    engine: &Arc<Engine>,
    ctx: &Ctx,
    founder: Uuid,
    ids: &dyn Ids,
) -> engine::Result<()> {
    let now = engine.now();
    let destinations: BTreeMap<Purpose, There> = DESTINATIONS
        .iter()
        .map(|one| {
            let there = There {
                key: one.key.to_owned(),
                name: one.name.to_owned(),
                system: one.system.to_owned(),
            };
            (one.purpose, there)
        })
        .collect();
    for template in of(&ctx.merchant().slug) {
        let making = Making {
            merchant_id: ctx.merchant_id(),
            founder,
            now,
            ids: std::array::from_fn(|_| ids.uuid(now)),
            source_system: "shopify".to_owned(),
            destinations: destinations.clone(),
        };
        let (contracts, flow) = template.make(&making);
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
    use std::collections::BTreeSet;

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
