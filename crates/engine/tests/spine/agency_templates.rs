//! Templates that an agency keeps for its merchants: made, pushed, overridden, refused, asked for, taken back.

use std::collections::BTreeMap;

use domain::{
    access::Access,
    agency::{Outcome, Push, Template},
    flow::{Flow, merge3::Take},
    owner::{Owner, Party},
    people::{Membership, Merchant, OperatorMember, User},
};
use engine::{
    AgencyCtx, Begin, Ctx, DestinationInput, Kind, Origin, PolicyInput, PushInput, RungInput,
    SourceInput, TemplateInput, Would, flow_document, port::AuditFilter,
};
use testkit::{fulfillment_contract, order, order_flow};
use uuid::Uuid;

use crate::world::{World, on_every_store};

const KEY: &str = "order-to-ship";

async fn newcomer(world: &World, name: &str) -> User {
    let email = format!("{name}@northbeam.example");
    let made = world
        .engine
        .create_user(&email, name, "a long enough phrase");
    made.await.unwrap()
}

async fn belongs(world: &World, name: &str, access: Access) -> AgencyCtx {
    let user = newcomer(world, name).await;
    let member = OperatorMember {
        operator_id: world.merchant.operator_id,
        user_id: user.id,
        access,
    };
    world.engine.found_operator_member(member).await.unwrap();
    agency(world, user.id).await
}

/// Entered again: merchants were added.
async fn agency(world: &World, user: Uuid) -> AgencyCtx {
    let at = world.engine.enter_operator(user, "northbeam");
    at.await.unwrap()
}

/// A merchant with nothing but people who hold the usual roles.
async fn bare(world: &World, slug: &str) -> Merchant {
    let operator = world.engine.operator(world.merchant.operator_id).await;
    let operator = operator.unwrap().unwrap();
    let merchant = world
        .engine
        .create_merchant(&operator, slug, slug)
        .await
        .unwrap();
    for (name, roles) in [
        ("jonas", ["operations", "marketing_ops"]),
        ("fiona", ["finance", "engineering"]),
        ("tomas", ["logistics", "supply_chain"]),
    ] {
        let place = Membership {
            merchant_id: merchant.id,
            user_id: world.person(name).user.id,
            access: Access::Approver,
            party: Party::Agency,
            functional_roles: roles.map(str::to_owned).to_vec(),
            rotations: Vec::new(),
        };
        world.engine.add_member(place).await.unwrap();
    }
    merchant
}

/// One with connections and contracts, too.
async fn furnished(world: &World, slug: &str) -> Merchant {
    let merchant = bare(world, slug).await;
    let ctx = world.engine.enter_as_system(merchant.id).await.unwrap();
    let source = SourceInput {
        system: "shopify".to_owned(),
        name: "Shopify".to_owned(),
        secret: Some("hush-shopify-client-secret".to_owned()),
        owner: Owner::role(Party::Agency, "engineering"),
        backup: Owner::role(Party::Agency, "operations"),
    };
    world.engine.create_source(&ctx, source).await.unwrap();
    let destination = DestinationInput {
        key: "harbor-3pl".to_owned(),
        name: "Harbor 3PL".to_owned(),
        system: "3pl".to_owned(),
        party: Party::ThreePl,
        url: "http://127.0.0.1:3100/3pl".to_owned(),
        secret: None,
    };
    world
        .engine
        .create_destination(&ctx, destination)
        .await
        .unwrap();
    let contract = fulfillment_contract(merchant.id);
    world.engine.publish_contract(&ctx, contract).await.unwrap();
    merchant
}

async fn at_merchant(world: &World, at: &AgencyCtx, merchant: &Merchant) -> Ctx {
    let ctx = world.engine.enter(at.user.id, &merchant.slug, None);
    ctx.await.unwrap()
}

fn from_live(world: &World, note: &str) -> TemplateInput {
    TemplateInput {
        name: String::new(),
        origin: Origin::Live {
            merchant: world.merchant.slug.clone(),
            flow_key: KEY.to_owned(),
            policy: String::new(),
        },
        instead: Vec::new(),
        note: note.to_owned(),
    }
}

async fn template(world: &World, at: &AgencyCtx) -> Template {
    let input = from_live(world, "What works at Alder & Pine");
    world.engine.make_template(at, input).await.unwrap()
}

async fn live(world: &World, merchant: &Merchant) -> Option<Flow> {
    let ctx = world.engine.enter_as_system(merchant.id).await.unwrap();
    let flows = world.engine.flows(&ctx).await.unwrap();
    flows.into_iter().find(|flow| flow.key == KEY)
}

/// Publishes a change of the live flow there.
async fn publishes(
    world: &World,
    merchant: &Merchant,
    change: impl Fn(&mut Flow<Option<Owner>>),
) -> Flow {
    let ctx = world.engine.enter_as_system(merchant.id).await.unwrap();
    let engine = &world.engine;
    let sheet = engine
        .begin_draft(&ctx, Begin::Flow(KEY.to_owned()))
        .await
        .unwrap();
    let mut draft = sheet.draft.clone();
    change(&mut draft);
    engine
        .save_flow_draft(&ctx, KEY, sheet.rev, draft)
        .await
        .unwrap();
    let hash = engine.flow_draft(&ctx, KEY).await.unwrap().hash();
    engine
        .publish_draft(&ctx, KEY, &hash, "It is better")
        .await
        .unwrap()
}

fn role(name: &str) -> Owner {
    Owner::role(Party::Agency, name)
}

async fn push(
    world: &World,
    at: &AgencyCtx,
    template: &Template,
    version: i64,
    merchants: &[&Merchant],
) -> Push {
    push_taking(world, at, template, version, merchants, BTreeMap::new()).await
}

async fn push_taking(
    world: &World,
    at: &AgencyCtx,
    template: &Template,
    version: i64,
    merchants: &[&Merchant],
    take: BTreeMap<Uuid, Take>,
) -> Push {
    let mut seen = Vec::new();
    for merchant in merchants {
        let version = live(world, merchant).await.map(|flow| flow.version);
        seen.push((merchant.id, version));
    }
    let input = PushInput {
        version,
        merchants: seen,
        take,
        stage: None,
        why: "It holds up better".to_owned(),
    };
    world
        .engine
        .push_template(at, template.id, input)
        .await
        .unwrap()
}

fn outcome<'p>(push: &'p Push, merchant: &Merchant) -> &'p Outcome {
    &push.reached(merchant.id).unwrap().outcome
}

async fn pinned(world: &World, merchant: &Merchant) -> Option<i64> {
    let ctx = world.engine.enter_as_system(merchant.id).await.unwrap();
    let pin = world.engine.flow_pin(&ctx, KEY).await.unwrap();
    pin.and_then(|pin| pin.version)
}

async fn noted(world: &World, chain: Uuid, action: &str) -> usize {
    let filter = AuditFilter {
        action: Some(action.to_owned()),
        limit: 99,
        ..AuditFilter::default()
    };
    let store = world.engine.store();
    store
        .reads()
        .await
        .unwrap()
        .audit(chain, &filter)
        .await
        .unwrap()
        .len()
}

/// The template's second version: another time for the first step, another outcome.
async fn second_version(world: &World, at: &AgencyCtx, template: &Template) {
    publishes(world, &world.merchant, |draft| {
        draft.steps[0].clock.resolve_ms /= 2;
        draft.steps[0].clock.accept_ms = draft.steps[0].clock.resolve_ms;
        draft.outcome = "on its way".to_owned();
    })
    .await;
    let input = from_live(world, "Half the time");
    let edition = world
        .engine
        .next_edition(at, template.id, input)
        .await
        .unwrap();
    assert_eq!(edition.version, 2);
}

on_every_store! {
    async fn a_version_reaches_merchants_and_they_keep_what_they_changed(world: World) {
        let kitewood = furnished(&world, "kitewood").await;
        let at = belongs(&world, "elena", Access::Admin).await;
        let template = template(&world, &at).await;
        let first = push(&world, &at, &template, 1, &[&world.merchant, &kitewood]).await;
        assert_eq!(*outcome(&first, &world.merchant), Outcome::Same, "it is from there");
        assert_eq!(*outcome(&first, &kitewood), Outcome::Published { version: 1 });
        assert_eq!(pinned(&world, &kitewood).await, Some(1));
        publishes(&world, &kitewood, |draft| draft.steps[0].backup = Some(role("finance"))).await;
        let ctx = at_merchant(&world, &at, &kitewood).await;
        let pin = world.engine.flow_pin(&ctx, KEY).await.unwrap().unwrap();
        assert_eq!(pin.overrides.len(), 1);
        assert_eq!(pin.overrides[0].merchant.as_deref(), Some("backup was Operations, is now Finance"));
        assert!(pin.link.is_some(), "she belongs to the operator");
        let jonas = world.engine.enter(world.person("jonas").user.id, "kitewood", None).await.unwrap();
        assert!(world.engine.flow_pin(&jonas, KEY).await.unwrap().unwrap().link.is_none());

        second_version(&world, &at, &template).await;
        let plans = world.engine.plan_push(&at, (template.id, 2), &[(kitewood.id, Take::default())]).await.unwrap();
        assert_eq!(plans[0].would, Would::Publish(3));
        assert_eq!(plans[0].conflicts(), 0);
        let said: Vec<_> = plans[0].differences.iter().map(|one| (one.change.at.as_str(), one.change.is_override())).collect();
        assert_eq!(said, [
            ("outcome", false),
            ("steps/request_fulfillment/backup", true),
            ("steps/request_fulfillment/clock", false),
        ]);
        assert_eq!(live(&world, &kitewood).await.unwrap().version, 2, "looking changes nothing");
        let second = push(&world, &at, &template, 2, &[&kitewood, &world.merchant]).await;
        assert_eq!(*outcome(&second, &kitewood), Outcome::Published { version: 3 });
        assert_eq!(*outcome(&second, &world.merchant), Outcome::Same);
        let flow = live(&world, &kitewood).await.unwrap();
        assert_eq!(flow.steps[0].backup, role("finance"), "the override stays");
        assert_eq!(flow.outcome, "on its way");
        assert_eq!(flow.published_by, Some(at.user.id));
        assert_eq!(pinned(&world, &kitewood).await, Some(2));
        for chain in [kitewood.id, world.merchant.id] {
            assert_eq!(noted(&world, chain, "template.pushed").await, 2);
        }
        assert_eq!(noted(&world, world.merchant.operator_id, "template.pushed").await, 4);
        let same = world.engine.next_edition(&at, template.id, from_live(&world, "Once more")).await;
        assert_eq!(same.unwrap_err().kind, Kind::Conflict, "a version says something new");
    }

    async fn where_both_changed_it_the_admin_says_whose_it_is(world: World) {
        let kitewood = furnished(&world, "kitewood").await;
        let at = belongs(&world, "elena", Access::Admin).await;
        let template = template(&world, &at).await;
        push(&world, &at, &template, 1, &[&kitewood]).await;
        publishes(&world, &kitewood, |draft| draft.steps[0].backup = Some(role("finance"))).await;
        publishes(&world, &world.merchant, |draft| draft.steps[0].backup = Some(role("engineering"))).await;
        world.engine.next_edition(&at, template.id, from_live(&world, "Engineering stands by")).await.unwrap();
        let place = "steps/request_fulfillment/backup";
        let kept = world.engine.plan_push(&at, (template.id, 2), &[(kitewood.id, Take::default())]).await.unwrap();
        assert_eq!((kept[0].conflicts(), kept[0].would), (1, Would::Same), "the merchant's stands");
        let take = Take { places: [place.to_owned()].into(), everything: false };
        let taken = push_taking(&world, &at, &template, 2, &[&kitewood], [(kitewood.id, take)].into()).await;
        assert_eq!(*outcome(&taken, &kitewood), Outcome::Published { version: 3 });
        assert_eq!(live(&world, &kitewood).await.unwrap().steps[0].backup, role("engineering"));
        // somebody published after it was looked at
        publishes(&world, &kitewood, |draft| draft.summary = "Ours".to_owned()).await;
        let input = PushInput {
            version: 1,
            merchants: vec![(kitewood.id, Some(3))],
            take: [(kitewood.id, Take { everything: true, ..Take::default() })].into(),
            stage: None,
            why: "Back to the first".to_owned(),
        };
        let late = world.engine.push_template(&at, template.id, input).await.unwrap();
        assert!(matches!(outcome(&late, &kitewood), Outcome::Refused { reasons } if reasons[0].sentence.contains("after you looked")));
        assert_eq!(live(&world, &kitewood).await.unwrap().summary, "Ours");
    }

    async fn one_that_is_not_ready_is_refused_and_the_others_go_on(world: World) {
        let empty = bare(&world, "empty").await;
        let kitewood = furnished(&world, "kitewood").await;
        let at = belongs(&world, "elena", Access::Admin).await;
        // with a role of the merchant's own
        let ctx = at_merchant(&world, &at, &world.merchant).await;
        let desk = engine::OwnRoleInput { title: "Loyalty desk".to_owned() };
        world.engine.add_role(&ctx, desk).await.unwrap();
        let vera = newcomer(&world, "vera").await;
        let holds = |merchant: Uuid| Membership {
            merchant_id: merchant,
            user_id: vera.id,
            access: Access::Operator,
            party: Party::Agency,
            functional_roles: vec!["loyalty_desk".to_owned()],
            rotations: Vec::new(),
        };
        world.engine.add_member(holds(world.merchant.id)).await.unwrap();
        publishes(&world, &world.merchant, |draft| draft.steps[0].watchers = vec![role("loyalty_desk")]).await;
        let template = template(&world, &at).await;
        let pushed = push(&world, &at, &template, 1, &[&empty, &kitewood]).await;
        let Outcome::Refused { reasons } = outcome(&pushed, &empty) else {
            panic!("{pushed:?}")
        };
        assert!(reasons.iter().any(|one| one.section.as_deref() == Some("contracts")), "{reasons:?}");
        assert!(live(&world, &empty).await.is_none() && pinned(&world, &empty).await.is_none());
        // a watcher whom nobody stands for blocks; the role is there now, to be given to somebody
        let Outcome::Refused { reasons } = outcome(&pushed, &kitewood) else {
            panic!("{pushed:?}")
        };
        assert_eq!(reasons.len(), 1, "{reasons:?}");
        assert_eq!(reasons[0].section.as_deref(), Some("people"));
        let rules = world.engine.rules_of(kitewood.id).await.unwrap();
        assert_eq!(rules.own_roles[0].title, "Loyalty desk");
        world.engine.add_member(holds(kitewood.id)).await.unwrap();
        let pushed = push(&world, &at, &template, 1, &[&empty, &kitewood]).await;
        assert!(matches!(outcome(&pushed, &empty), Outcome::Refused { .. }));
        assert_eq!(*outcome(&pushed, &kitewood), Outcome::Published { version: 1 });
    }

    async fn the_escalation_policy_goes_along_and_an_own_one_stays(world: World) {
        let kitewood = furnished(&world, "kitewood").await;
        let at = belongs(&world, "elena", Access::Admin).await;
        let engine = &world.engine;
        let policy = |minutes: &str| PolicyInput {
            name: "Standard".to_owned(),
            key: "standard".to_owned(),
            rungs: vec![RungInput {
                target: "agency:operations".to_owned(),
                minutes: minutes.to_owned(),
                only_within: String::new(),
            }],
            repeat: String::new(),
            ack_expires: String::new(),
        };
        let here = at_merchant(&world, &at, &world.merchant).await;
        let there = at_merchant(&world, &at, &kitewood).await;
        engine.add_policy(&here, policy("15")).await.unwrap();
        let with_policy = |note: &str| {
            let mut input = from_live(&world, note);
            if let Origin::Live { policy, .. } = &mut input.origin {
                *policy = "standard".to_owned();
            }
            input
        };
        let made = engine.make_template(&at, with_policy("With its escalation")).await.unwrap();
        push(&world, &at, &made, 1, &[&kitewood]).await;
        let known = |minutes: i64| {
            let (world, merchant) = (&world, kitewood.id);
            async move {
                let rules = world.engine.rules_of(merchant).await.unwrap();
                let policy = rules.policy("standard").unwrap();
                assert_eq!(policy.steps[0].after_ms, minutes * 60_000, "version {}", policy.version);
            }
        };
        known(15).await;
        engine.change_policy(&here, "standard", 1, policy("20")).await.unwrap();
        engine.next_edition(&at, made.id, with_policy("Slower")).await.unwrap();
        let pushed = push(&world, &at, &made, 2, &[&kitewood]).await;
        known(20).await;
        engine.undo_push(&at, pushed.id).await.unwrap();
        known(15).await;
        assert_eq!(pinned(&world, &kitewood).await, Some(1));
        engine.change_policy(&there, "standard", 3, policy("7")).await.unwrap();
        push(&world, &at, &made, 2, &[&kitewood]).await;
        known(7).await;
    }

    async fn a_merchant_that_asks_a_second_person_is_asked(world: World) {
        let kitewood = furnished(&world, "kitewood").await;
        let at = belongs(&world, "elena", Access::Admin).await;
        let ctx = at_merchant(&world, &at, &kitewood).await;
        world.engine.set_publishes_by_two(&ctx, true).await.unwrap();
        let template = template(&world, &at).await;
        let pushed = push(&world, &at, &template, 1, &[&kitewood, &world.merchant]).await;
        let Outcome::Asked { hash } = outcome(&pushed, &kitewood) else {
            panic!("{pushed:?}")
        };
        assert!(live(&world, &kitewood).await.is_none());
        assert_eq!(pinned(&world, &kitewood).await, None);
        let pin = world.engine.flow_pin(&ctx, KEY).await.unwrap().unwrap();
        assert_eq!(pin.asked, Some(1));
        let own = world.engine.agree_to_publish(&ctx, KEY, hash).await;
        assert_eq!(own.unwrap_err().kind, Kind::Forbidden, "she pushed it herself");
        // asked twice is refused
        let twice = push(&world, &at, &template, 1, &[&kitewood]).await;
        assert!(matches!(outcome(&twice, &kitewood), Outcome::Refused { .. }));
        let second = belongs(&world, "bea", Access::Admin).await;
        let bea = at_merchant(&world, &second, &kitewood).await;
        world.engine.agree_to_publish(&bea, KEY, hash).await.unwrap();
        assert_eq!(live(&world, &kitewood).await.unwrap().approved_by, Some(second.user.id));
        assert_eq!(pinned(&world, &kitewood).await, Some(1));
        // taking it back: nothing to bring back but nothing, so the flow starts no more
        let undone = world.engine.undo_push(&at, pushed.id).await.unwrap();
        assert_eq!(undone.reached(kitewood.id).unwrap().back, Some(Outcome::Retired));
        assert_eq!(pinned(&world, &kitewood).await, None);
    }

    async fn a_question_is_taken_back_with_its_push(world: World) {
        let kitewood = furnished(&world, "kitewood").await;
        let ctx = world.engine.enter_as_system(kitewood.id).await.unwrap();
        world.engine.publish_flow(&ctx, order_flow(kitewood.id)).await.unwrap();
        world.engine.set_publishes_by_two(&ctx, true).await.unwrap();
        let at = belongs(&world, "elena", Access::Admin).await;
        let template = template(&world, &at).await;
        second_version(&world, &at, &template).await;
        push(&world, &at, &template, 1, &[&kitewood]).await;
        assert_eq!(pinned(&world, &kitewood).await, Some(1), "it says the same there");
        let pushed = push(&world, &at, &template, 2, &[&kitewood]).await;
        assert!(matches!(outcome(&pushed, &kitewood), Outcome::Asked { .. }));
        world.engine.undo_push(&at, pushed.id).await.unwrap();
        assert!(world.engine.flow_drafts(&ctx).await.unwrap().is_empty());
        let pin = world.engine.flow_pin(&ctx, KEY).await.unwrap().unwrap();
        assert_eq!((pin.version, pin.asked), (Some(1), None));
    }

    async fn a_push_is_taken_back_where_nothing_newer_was_published(world: World) {
        let kitewood = furnished(&world, "kitewood").await;
        let larch = furnished(&world, "larch").await;
        let at = belongs(&world, "elena", Access::Admin).await;
        let template = template(&world, &at).await;
        push(&world, &at, &template, 1, &[&kitewood, &larch]).await;
        second_version(&world, &at, &template).await;
        let pushed = push(&world, &at, &template, 2, &[&kitewood, &larch]).await;
        publishes(&world, &larch, |draft| draft.summary = "Newer".to_owned()).await;
        let undone = world.engine.undo_push(&at, pushed.id).await.unwrap();
        assert_eq!(undone.reached(kitewood.id).unwrap().back, Some(Outcome::Published { version: 3 }));
        let flow = live(&world, &kitewood).await.unwrap();
        assert_eq!((flow.version, flow.outcome.as_str()), (3, "shipped"));
        assert_eq!(pinned(&world, &kitewood).await, Some(1));
        let Some(Outcome::Refused { reasons }) = &undone.reached(larch.id).unwrap().back else {
            panic!("{undone:?}")
        };
        assert!(reasons[0].sentence.contains("Version 3 was published there since"), "{reasons:?}");
        assert_eq!(live(&world, &larch).await.unwrap().summary, "Newer");
        assert_eq!(pinned(&world, &larch).await, Some(2));
        assert_eq!(noted(&world, kitewood.id, "template.push_undone").await, 1);
        // once is enough
        let again = world.engine.undo_push(&at, pushed.id).await.unwrap();
        assert_eq!(again.reached(kitewood.id).unwrap().back, Some(Outcome::Published { version: 3 }));
        assert_eq!(live(&world, &kitewood).await.unwrap().version, 3);
    }

    async fn what_runs_is_counted_before_and_finishes_where_it_began(world: World) {
        let at = belongs(&world, "elena", Access::Admin).await;
        let made = template(&world, &at).await;
        push(&world, &at, &made, 1, &[&world.merchant]).await;
        second_version(&world, &at, &made).await;
        world.receives(&order(1)).await.unwrap();
        world.receives(&order(2)).await.unwrap();
        // back to the first, which is version 1 there, while two run on version 2
        let take = Take { everything: true, ..Take::default() };
        let plans = world.engine.plan_push(&at, (made.id, 1), &[(world.merchant.id, take.clone())]).await.unwrap();
        let running: Vec<_> = plans[0].running.iter().map(|one| (one.from.version, one.running, one.fit)).collect();
        assert_eq!(running, [(2, 2, 2)]);
        push_taking(&world, &at, &made, 1, &[&world.merchant], [(world.merchant.id, take)].into()).await;
        let ctx = world.eyes().await.unwrap();
        assert_eq!(world.engine.open_runs_by_version(&ctx, KEY).await.unwrap(), [(2, 2)]);
    }

    async fn people_stay_where_they_are_and_a_role_takes_their_place(world: World) {
        let at = belongs(&world, "elena", Access::Admin).await;
        let mara = Owner::User(world.person("mara").user.id);
        let person = mara.clone();
        publishes(&world, &world.merchant, move |draft| {
            draft.steps[0].backup = Some(person.clone());
            draft.steps[1].watchers = vec![person.clone()];
        })
        .await;
        let mut input = from_live(&world, "As it is");
        let refused = world.engine.make_template(&at, input.clone()).await.unwrap_err();
        assert_eq!((refused.kind, refused.fields.len()), (Kind::Invalid, 2));
        assert_eq!(refused.fields[0].field, format!("instead:{mara}/0"));
        assert!(refused.fields[0].sentence.contains("“request fulfillment”, backup: Mara Test is a person"), "{refused:?}");
        input.instead = vec![(mara, role("marketing_ops"))];
        let made = world.engine.make_template(&at, input).await.unwrap();
        let view = world.engine.agency_template(&at, made.id).await.unwrap();
        assert_eq!(view.editions[0].flow.steps[0].backup, Some(role("marketing_ops")));
        let twice = world.engine.make_template(&at, from_live(&world, "Another")).await.unwrap_err();
        assert_eq!(twice.kind, Kind::Invalid);
    }

    async fn a_document_becomes_a_version_or_says_what_is_wrong(world: World) {
        let at = belongs(&world, "elena", Access::Admin).await;
        let document = flow_document(&order_flow(world.merchant.id)).unwrap();
        let input = |bytes: Vec<u8>| TemplateInput {
            name: "Orders".to_owned(),
            origin: Origin::Document(bytes),
            instead: Vec::new(),
            note: "From the repository".to_owned(),
        };
        let broken = world.engine.make_template(&at, input(b"{".to_vec())).await.unwrap_err();
        assert_eq!(broken.fields[0].field, "document");
        let made = world.engine.make_template(&at, input(document.to_string().into_bytes())).await.unwrap();
        assert_eq!((made.name.as_str(), made.flow_key.as_str()), ("Orders", KEY));
        let mut other = document.clone();
        other["key"] = "returns".into();
        let wrong = world.engine.next_edition(&at, made.id, input(other.to_string().into_bytes())).await;
        assert_eq!(wrong.unwrap_err().fields[0].field, "document");
        let mut nobody = document;
        nobody["steps"][0]["owner"] = serde_json::Value::Null;
        let refused = world.engine.next_edition(&at, made.id, input(nobody.to_string().into_bytes())).await;
        assert!(refused.unwrap_err().sentence.contains("nobody is named"));
    }

    async fn stages_are_named_and_merchants_stand_in_one(world: World) {
        let kitewood = bare(&world, "kitewood").await;
        let at = belongs(&world, "elena", Access::Admin).await;
        let made = template(&world, &at).await;
        let places = [(kitewood.id, "rest".to_owned()), (world.merchant.id, "pilot".to_owned())];
        let staged = world.engine.stage_template(&at, (made.id, 1), "pilot, rest", &places).await.unwrap();
        let named: Vec<_> = staged.stages.iter().map(|one| (one.name.as_str(), one.merchants.clone())).collect();
        assert_eq!(named, [("pilot", vec![world.merchant.id]), ("rest", vec![kitewood.id])]);
        let stale = world.engine.stage_template(&at, (made.id, 1), "all", &[]).await;
        assert_eq!(stale.unwrap_err().kind, Kind::Conflict);
        let twice = world.engine.stage_template(&at, (made.id, 2), "all, all", &[]).await;
        assert_eq!(twice.unwrap_err().fields[0].field, "stages");
    }

    async fn one_that_is_used_does_not_vanish(world: World) {
        let at = belongs(&world, "elena", Access::Admin).await;
        let made = template(&world, &at).await;
        push(&world, &at, &made, 1, &[&world.merchant]).await;
        let refused = world.engine.retire_template(&at, made.id).await.unwrap_err();
        assert_eq!(refused.kind, Kind::Conflict);
        assert!(refused.sentence.contains("Alder & Pine is pinned to it"), "{refused}");
        world.engine.let_go_of_template(&at, made.id, world.merchant.id).await.unwrap();
        assert!(live(&world, &world.merchant).await.is_some(), "its flow stays");
        world.engine.retire_template(&at, made.id).await.unwrap();
        let input = PushInput { version: 1, merchants: vec![(world.merchant.id, Some(1))], why: "Once more".to_owned(), ..PushInput::default() };
        let over = world.engine.push_template(&at, made.id, input).await;
        assert_eq!(over.unwrap_err().kind, Kind::Conflict);
        template(&world, &at).await;
    }

    async fn only_admins_of_the_operator_do_any_of_it(world: World) {
        let admin = belongs(&world, "elena", Access::Admin).await;
        let made = template(&world, &admin).await;
        let pushed = push(&world, &admin, &made, 1, &[&world.merchant]).await;
        let viewer = belongs(&world, "vera", Access::Viewer).await;
        let jonas = agency(&world, world.person("jonas").user.id).await;
        let engine = &world.engine;
        let input = |merchant: Uuid| PushInput { version: 1, merchants: vec![(merchant, Some(1))], why: "Because".to_owned(), ..PushInput::default() };
        for at in [&viewer, &jonas] {
            let take = [(world.merchant.id, Take::default())];
            let refused = [
                engine.make_template(at, from_live(&world, "Mine")).await.unwrap_err().kind,
                engine.next_edition(at, made.id, from_live(&world, "Mine")).await.unwrap_err().kind,
                engine.stage_template(at, (made.id, 1), "a", &[]).await.unwrap_err().kind,
                engine.retire_template(at, made.id).await.unwrap_err().kind,
                engine.let_go_of_template(at, made.id, world.merchant.id).await.unwrap_err().kind,
                engine.plan_push(at, (made.id, 1), &take).await.unwrap_err().kind,
                engine.push_template(at, made.id, input(world.merchant.id)).await.unwrap_err().kind,
                engine.go_on_with_push(at, pushed.id).await.unwrap_err().kind,
                engine.undo_push(at, pushed.id).await.unwrap_err().kind,
            ];
            assert!(refused.iter().all(|kind| *kind == Kind::Forbidden), "{refused:?}");
        }
        assert!(engine.agency_template(&viewer, made.id).await.is_ok(), "whoever belongs to it reads it");
        assert_eq!(engine.agency_templates(&jonas).await.unwrap_err().kind, Kind::Forbidden);

        // another operator's admin finds nothing of it, and this one nothing of theirs
        let foreign = engine.create_operator("Southwind").await.unwrap();
        let theirs = engine.create_merchant(&foreign, "foreign", "Foreign").await.unwrap();
        let lou = newcomer(&world, "lou").await;
        let member = OperatorMember { operator_id: foreign.id, user_id: lou.id, access: Access::Admin };
        engine.found_operator_member(member).await.unwrap();
        let lou = engine.enter_operator(lou.id, "southwind").await.unwrap();
        let missing = [
            engine.agency_template(&lou, made.id).await.unwrap_err().kind,
            engine.template_push(&lou, pushed.id).await.unwrap_err().kind,
            engine.undo_push(&lou, pushed.id).await.unwrap_err().kind,
            engine.retire_template(&lou, made.id).await.unwrap_err().kind,
            engine.push_template(&lou, made.id, input(theirs.id)).await.unwrap_err().kind,
            engine.push_template(&admin, made.id, input(theirs.id)).await.unwrap_err().kind,
            engine.plan_push(&admin, (made.id, 1), &[(theirs.id, Take::default())]).await.unwrap_err().kind,
            engine.stage_template(&admin, (made.id, 1), "a", &[(theirs.id, "a".to_owned())]).await.unwrap_err().kind,
        ];
        assert!(missing.iter().all(|kind| *kind == Kind::NotFound), "{missing:?}");
        assert!(engine.agency_templates(&lou).await.unwrap().is_empty());
        let mut outside = from_live(&world, "Theirs");
        if let Origin::Live { merchant, .. } = &mut outside.origin {
            *merchant = "foreign".to_owned();
        }
        assert_eq!(engine.make_template(&admin, outside).await.unwrap_err().fields[0].field, "merchant");
        // somebody who has only a viewer's place at a merchant publishes nothing there through the agency
        let place = Membership {
            merchant_id: world.merchant.id,
            user_id: admin.user.id,
            access: Access::Viewer,
            party: Party::Agency,
            functional_roles: Vec::new(),
            rotations: Vec::new(),
        };
        engine.add_member(place).await.unwrap();
        publishes(&world, &world.merchant, |draft| draft.outcome = "gone".to_owned()).await;
        let take = [(world.merchant.id, Take { everything: true, ..Take::default() })].into();
        let pushed = push_taking(&world, &admin, &made, 1, &[&world.merchant], take).await;
        assert!(matches!(outcome(&pushed, &world.merchant), Outcome::Refused { .. }), "{pushed:?}");
    }
}
