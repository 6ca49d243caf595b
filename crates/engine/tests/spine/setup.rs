//! The first run: an empty installation is founded once, and its first flow is taken over from a template.

use std::{collections::BTreeMap, sync::Arc};

use domain::owner::{Owner, Party};
use engine::{
    FoundingInput, Kind,
    template::{Purpose, Template},
};

use crate::world::{World, on_every_store};

fn input(name: &str) -> FoundingInput {
    FoundingInput {
        operator: "Kittiwake".to_owned(),
        name: name.to_owned(),
        email: format!("{name}@kittiwake.example"),
        password: "correct tray lantern oboe".to_owned(),
        code: String::new(),
    }
}

/// As if nobody had been here.
async fn emptied(world: &World) {
    world
        .engine
        .remove_operator(world.merchant.operator_id)
        .await
        .unwrap();
}

on_every_store! {
    async fn who_comes_first_founds_it_and_nobody_after(world: World) {
        let taken = world.engine.found(input("ada")).await.unwrap_err();
        assert_eq!(taken.kind, Kind::Conflict, "it is somebody's already");
        emptied(&world).await;
        assert!(world.engine.is_unclaimed().await.unwrap());
        let (one, two) = (Arc::clone(&world.engine), Arc::clone(&world.engine));
        let (one, two) = tokio::join!(one.found(input("ada")), two.found(input("bea")));
        assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
        let founder = one.or(two).unwrap();
        let steps = world.engine.first_steps(founder.id).await.unwrap().unwrap();
        assert!(steps.merchant.is_none() && steps.operator.name == "Kittiwake");
        let at = world.engine.enter_operator(founder.id, &steps.operator.slug).await.unwrap();
        assert!(at.is_admin());
    }

    async fn where_strangers_could_come_first_it_takes_the_code(world: World) {
        emptied(&world).await;
        world.engine.require_setup_code("only the log says so".to_owned());
        let guessed = FoundingInput { code: "a guess".to_owned(), ..input("eve") };
        assert_eq!(world.engine.found(guessed).await.unwrap_err().fields[0].field, "code");
        assert!(world.engine.is_unclaimed().await.unwrap());
        let known = FoundingInput { code: " only the log says so ".to_owned(), ..input("ada") };
        world.engine.found(known).await.unwrap();
    }

    async fn a_template_names_people_and_is_taken_over_once(world: World) {
        emptied(&world).await;
        let founder = world.engine.found(input("ada")).await.unwrap();
        let steps = world.engine.first_steps(founder.id).await.unwrap().unwrap();
        let at = world.engine.enter_operator(founder.id, &steps.operator.slug).await.unwrap();
        let merchant = world.engine.add_merchant(&at, "Skua", "skua").await.unwrap();
        let ctx = world.engine.enter(founder.id, "skua", None).await.unwrap();
        let ctx = ctx.proved(Some(world.engine.now()));
        let destination = engine::DestinationInput {
            key: "skua-3pl".to_owned(),
            name: "Skua 3PL".to_owned(),
            system: "3pl".to_owned(),
            party: Party::ThreePl,
            url: "http://127.0.0.1:3100/3pl".to_owned(),
            secret: None,
        };
        let (there, _) = world.engine.create_destination(&ctx, destination).await.unwrap();
        let roles = world.engine.template_roles(&ctx, Template::OrderToShip);
        let mut who: BTreeMap<_, _> = roles.iter().map(|role| (role.clone(), founder.id)).collect();
        let logistics = who.remove("logistics").unwrap();
        let adopt = async |who: &BTreeMap<_, _>| {
            world.engine.adopt_template(&ctx, Template::OrderToShip, &[(Purpose::Warehouse, there.id)].into(), who).await
        };
        let missing = adopt(&who).await.unwrap_err();
        assert_eq!(missing.fields[0].field, "who[logistics]");
        let rules = world.engine.rules_of(merchant.id).await.unwrap();
        assert!(rules.flows.is_empty() && rules.contracts.is_empty());

        who.insert("logistics".to_owned(), logistics);
        adopt(&who).await.unwrap();
        let rules = world.engine.rules_of(merchant.id).await.unwrap();
        assert_eq!(rules.contract("fulfillment_request").unwrap().destination, "skua-3pl");
        for role in roles {
            let people = rules.people(&Owner::role(Party::Agency, &role));
            assert_eq!(people[0].id, founder.id, "{role}");
        }
        assert_eq!(adopt(&who).await.unwrap_err().kind, Kind::Conflict);

        // an owner who is their own backup is no reason to lose the rest: it waits on the drawing board
        let bea = world.engine.create_user("bea@kittiwake.example", "Bea", "correct tray lantern oboe").await.unwrap();
        let place = domain::people::Membership {
            merchant_id: merchant.id,
            user_id: bea.id,
            access: domain::access::Access::Operator,
            party: Party::Agency,
            functional_roles: Vec::new(),
            rotations: Vec::new(),
        };
        world.engine.add_member(place).await.unwrap();
        let destinations = Purpose::ALL.map(|purpose| (purpose, there.id)).into();
        // Bea works tasks and approves nothing
        let roles = world.engine.template_roles(&ctx, Template::PromotionGoLive);
        let who = roles.into_iter().map(|role| (role, bea.id)).collect();
        let refused = world.engine.adopt_template(&ctx, Template::PromotionGoLive, &destinations, &who).await.unwrap_err();
        let fields: Vec<&str> = refused.fields.iter().map(|one| one.field.as_str()).collect();
        assert!(fields.contains(&"who[marketing_ops]"), "{fields:?}");
        let roles = world.engine.template_roles(&ctx, Template::Restock);
        let who = roles.into_iter().map(|role| (role, founder.id)).collect();
        let waits = world.engine.adopt_template(&ctx, Template::Restock, &destinations, &who).await.unwrap();
        let engine::Adopted::Draft(sheet) = waits else { panic!("{waits:?}") };
        let rail = world.engine.flow_rail(&ctx, &sheet.key).await.unwrap();
        assert!(rail.faults.iter().any(|fault| fault.field == "backup" && fault.blocks()), "{:?}", rail.faults);
        let rules = world.engine.rules_of(merchant.id).await.unwrap();
        assert!(!rules.flows.iter().any(|flow| flow.key == sheet.key));
        let steps = world.engine.first_steps(founder.id).await.unwrap().unwrap();
        assert!(steps.has_flow && steps.has_destination && steps.order.is_none());
        // another merchant beside it does not end the way; it goes on at the one that has come furthest
        world.engine.add_merchant(&at, "Auk", "auk").await.unwrap();
        let steps = world.engine.first_steps(founder.id).await.unwrap().unwrap();
        assert_eq!(steps.merchant.as_ref().map(|one| one.slug.as_str()), Some("skua"));
        assert!(steps.has_flow && !steps.is_done());
    }
}
