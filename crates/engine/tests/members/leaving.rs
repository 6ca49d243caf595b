//! Leaving: everything somebody holds goes to somebody else in the same transaction, or nothing happens.

use domain::{
    access::{Access, Action},
    approval::ApprovalState,
    owner::{Owner, Party},
    people::{Membership, OperatorMember},
    task::TaskState,
};
use engine::{Ctx, Error, Handover, InvitationInput, Kind, Reach, TaskAct, TokenInput, TokenTerm};
use testkit::{MINUTE, fulfillment_contract, order, order_flow};
use uuid::Uuid;

use crate::{
    add, admin, enter, noted, place,
    world::{World, on_every_store},
};

fn all_to(id: Uuid) -> Handover {
    Handover {
        to: Some(id),
        ..Handover::default()
    }
}

/// A flow step, a contract and, where they may approve, its approvals that name this person.
async fn names(world: &World, user: Uuid) {
    let mut contract = fulfillment_contract(world.merchant.id);
    contract.id = Uuid::from_u128(800);
    contract.version = "1.1".into();
    contract.owner = Owner::User(user);
    let rules = world.engine.rules_of(world.merchant.id).await.unwrap();
    let may_approve = !rules.approvers(&Owner::User(user)).is_empty();
    for rule in contract.approval.iter_mut().filter(|_| may_approve) {
        rule.steps[0].owner = Owner::User(user);
    }
    contract.watchers = vec![Owner::User(user)];
    world
        .engine
        .publish_contract(&world.admin, contract)
        .await
        .unwrap();
    let mut flow = order_flow(world.merchant.id);
    flow.id = Uuid::from_u128(801);
    flow.version = 2;
    flow.steps[1].owner = Owner::User(user);
    world.engine.publish_flow(&world.admin, flow).await.unwrap();
}

async fn seen(world: &World, ctx: &engine::Ctx, user: Uuid, reach: Reach) -> String {
    world.engine.leaving(ctx, user, reach).await.unwrap().seen
}

fn is_missing(error: &Error) {
    assert_eq!(error.kind, Kind::Invalid, "{error}");
    assert!(error.sentence.contains("nobody’s"), "{error}");
}

on_every_store! {
    async fn what_they_hold_goes_to_the_successor_and_nothing_else_changes(world: World) {
        let (_, boss) = admin(&world, "ada").await;
        let mara = world.person("mara").user;
        let priya = world.person("priya").user;
        names(&world, mara.id).await;
        // an approval that asks her in person, and a task she took
        world.receives(&order(1).total("600.00")).await.unwrap();
        let export = world.the_export().await.unwrap();
        assert_eq!(world.approvals_of(export.id).await.unwrap()[0].owner, Owner::User(mara.id));
        world.advance(15 * MINUTE).await.unwrap();
        let task = world.the_task("approval_timeout").await.unwrap();
        world.acts("mara", task.id, TaskAct::Claim).await.unwrap();

        let leaving = world.engine.leaving(&boss, mara.id, Reach::Here).await.unwrap();
        assert!(leaving.count() >= 6, "{leaving:#?}");
        assert!(leaving.candidates.iter().any(|one| one.id == priya.id));
        assert!(leaving.candidates.iter().all(|one| one.id != mara.id));
        let refused = world.engine
            .take_out(&boss, mara.id, &leaving.seen, Handover::default())
            .await
            .unwrap_err();
        is_missing(&refused);
        assert_eq!(enter(&world, mara.id).await.user_id(), Some(mara.id), "nothing changed");

        let boss = enter(&world, boss.user_id().unwrap()).await;
        world.engine.take_out(&boss, mara.id, &leaving.seen, all_to(priya.id)).await.unwrap();
        let out = world.engine.enter(mara.id, &world.merchant.slug, None).await.unwrap_err();
        assert_eq!(out.kind, Kind::NotFound);

        let task = world.the_task("approval_timeout").await.unwrap();
        assert_eq!((task.state, task.assignee), (TaskState::Open, None));
        assert_eq!(task.owner, Owner::User(priya.id));
        assert!(task.accept_by > boss.now(), "with time to take it");
        let approval = &world.approvals_of(export.id).await.unwrap()[0];
        assert_eq!((approval.state, &approval.owner), (ApprovalState::Pending, &Owner::User(priya.id)));
        assert_eq!(approval.content_hash, export.content_hash);
        let moved = world.the_export().await.unwrap();
        assert_eq!((&moved.owner, &moved.watchers), (&Owner::User(priya.id), &vec![Owner::User(priya.id)]));
        assert_eq!((&moved.content_hash, &moved.payload), (&export.content_hash, &export.payload));
        let rules = world.engine.rules_of(world.merchant.id).await.unwrap();
        let contract = rules.contract("fulfillment_request").unwrap();
        assert_eq!((contract.version.as_str(), &contract.owner), ("1.2", &Owner::User(priya.id)));
        let flow = rules.flows.iter().find(|one| one.key == "order-to-ship").unwrap();
        assert_eq!((flow.version, &flow.steps[1].owner), (3, &Owner::User(priya.id)));
        let text = format!("{:?}{:?}", rules.contracts, rules.flows);
        assert!(!text.contains(&mara.id.to_string()), "nothing in force names her");
        // the successor can go on with it
        world.approves("priya", &moved).await.unwrap();
        assert_eq!(noted(&world, "task.reassigned").await.len(), 1);
        assert_eq!(noted(&world, "approval.reassigned").await.len(), 1);
        assert_eq!(noted(&world, "export.reassigned").await.len(), 1);
        assert_eq!(noted(&world, "member.left").await[0]["before"]["access"], "approver");
    }

    async fn each_part_can_go_to_somebody_else(world: World) {
        let (ada, boss) = admin(&world, "ada").await;
        let [mara, priya, jonas, tomas] = ["mara", "priya", "jonas", "tomas"].map(|name| world.person(name).user.id);
        names(&world, mara).await;
        world.receives(&order(1).total("600.00")).await.unwrap();
        world.advance(15 * MINUTE).await.unwrap();
        let task = world.the_task("approval_timeout").await.unwrap();
        world.acts("mara", task.id, TaskAct::Claim).await.unwrap();
        let seen = seen(&world, &boss, mara, Reach::Here).await;
        let parts = Handover { work: Some(tomas), approvals: Some(jonas), rules: Some(priya), ..Handover::default() };
        // tomas is an operator: not for approvals
        let unfit = world.engine
            .take_out(&boss, mara, &seen, Handover { approvals: Some(tomas), ..parts })
            .await
            .unwrap_err();
        assert_eq!(unfit.fields[0].field, "approvals_to");
        world.engine.take_out(&boss, mara, &seen, parts).await.unwrap();
        let export = world.the_export().await.unwrap();
        assert_eq!(world.approvals_of(export.id).await.unwrap()[0].owner, Owner::User(jonas));
        assert_eq!(world.the_task("approval_timeout").await.unwrap().owner, Owner::User(tomas));
        let rules = world.engine.rules_of(world.merchant.id).await.unwrap();
        assert_eq!(rules.contract("fulfillment_request").unwrap().owner, Owner::User(priya));
        assert_ne!(ada.id, mara);
    }

    async fn what_appeared_meanwhile_stops_it(world: World) {
        let (_, boss) = admin(&world, "ada").await;
        let tomas = world.person("tomas").user.id;
        world.receives(&order(1).total("600.00")).await.unwrap();
        world.advance(15 * MINUTE).await.unwrap();
        let seen_before = seen(&world, &boss, tomas, Reach::Here).await;
        let task = world.the_task("approval_timeout").await.unwrap();
        world.acts("tomas", task.id, TaskAct::Claim).await.unwrap();
        let priya = world.person("priya").user.id;
        let stale = world.engine.take_out(&boss, tomas, &seen_before, all_to(priya)).await.unwrap_err();
        assert_eq!(stale.kind, Kind::Conflict);
        assert_eq!(world.the_task("approval_timeout").await.unwrap().assignee, Some(tomas));
        assert!(noted(&world, "member.left").await.is_empty());
        let seen_now = seen(&world, &boss, tomas, Reach::Here).await;
        world.engine.take_out(&boss, tomas, &seen_now, all_to(priya)).await.unwrap();
        assert_eq!(world.the_task("approval_timeout").await.unwrap().owner, Owner::User(priya));
    }

    async fn a_role_they_alone_hold_goes_with_its_tasks(world: World) {
        let (_, boss) = admin(&world, "ada").await;
        // supply_chain hangs on tomas
        let tomas = world.person("tomas").user.id;
        let leaving = world.engine.leaving(&boss, tomas, Reach::Here).await.unwrap();
        let roles: Vec<String> = leaving.at[0].1.iter().map(|seat| seat.owner.to_string()).collect();
        assert!(roles.contains(&"agency:supply_chain".to_owned()), "{roles:?}");
        is_missing(&world.engine.take_out(&boss, tomas, &leaving.seen, Handover::default()).await.unwrap_err());
        let jonas = world.person("jonas").user.id;
        world.engine.take_out(&boss, tomas, &leaving.seen, all_to(jonas)).await.unwrap();
        let ctx = enter(&world, jonas).await;
        assert!(ctx.member().unwrap().1.functional_roles.contains(&"supply_chain".to_owned()));
    }

    async fn who_holds_nothing_just_leaves(world: World) {
        let (_, boss) = admin(&world, "ada").await;
        let iris = world.person("iris").user.id;
        let nothing = world.engine.leaving(&boss, iris, Reach::Here).await.unwrap();
        assert_eq!(nothing.count(), 0);
        world.engine.take_out(&boss, iris, &nothing.seen, Handover::default()).await.unwrap();
        assert_eq!(world.engine.holder(&boss, iris).await.unwrap_err().kind, Kind::NotFound);
    }

    async fn the_last_admin_does_not_leave(world: World) {
        let (ada, boss) = admin(&world, "ada").await;
        let seen = seen(&world, &boss, ada.id, Reach::Here).await;
        let jonas = world.person("jonas").user.id;
        let refused = world.engine.take_out(&boss, ada.id, &seen, all_to(jonas)).await.unwrap_err();
        assert_eq!(refused.kind, Kind::Conflict);
        assert!(refused.sentence.contains("last admin"), "{refused}");
    }

    async fn who_was_taken_out_takes_nothing_on(world: World) {
        let (_, boss) = admin(&world, "ada").await;
        world.receives(&order(1).total("600.00")).await.unwrap();
        world.advance(15 * MINUTE).await.unwrap();
        let task = world.the_task("approval_timeout").await.unwrap();
        // their request began before they were taken out, and comes to its end after
        let begun = world.as_person("priya").await.unwrap();
        let priya = begun.user_id().unwrap();
        let jonas = world.person("jonas").user.id;
        let seen = seen(&world, &boss, priya, Reach::Here).await;
        world.engine.take_out(&boss, priya, &seen, all_to(jonas)).await.unwrap();
        let late = world.engine.act_on_task(&begun, task.id, TaskAct::Claim).await.unwrap_err();
        assert_eq!(late.kind, Kind::Forbidden);
        let to = TaskAct::Reassign { to: Owner::User(priya) };
        let given = world.engine.act_on_task(&boss, task.id, to).await.unwrap_err();
        assert_eq!(given.fields[0].field, "to");
    }

    async fn an_old_version_that_names_them_asks_the_next_in_line(world: World) {
        let (_, boss) = admin(&world, "ada").await;
        let tomas = world.person("tomas").user.id;
        // the run starts under a flow whose wait is tomas's
        names(&world, tomas).await;
        world.receives(&order(1)).await.unwrap();
        let seen = seen(&world, &boss, tomas, Reach::Here).await;
        let jonas = world.person("jonas").user.id;
        world.engine.take_out(&boss, tomas, &seen, all_to(jonas)).await.unwrap();
        let export = world.the_export().await.unwrap();
        world.acknowledges(export.id, engine::Ack {
            status: domain::delivery::AckStatus::Accepted,
            exception_code: None,
            exception_metadata: None,
            external_ref: None,
        }).await.unwrap();
        world.advance(48 * testkit::HOUR).await.unwrap();
        let late = world.tasks().await.unwrap();
        assert!(!late.is_empty());
        for task in &late {
            assert_ne!(task.owner, Owner::User(tomas), "{}", task.title);
        }
    }

    async fn a_deactivated_person_is_out_everywhere_and_can_come_back(world: World) {
        let (ada, boss) = admin(&world, "ada").await;
        let other = world.engine
            .create_merchant(&operator(&world).await, "kitewood", "Kitewood")
            .await
            .unwrap();
        let mara = world.person("mara").user;
        let at_other = |user: Uuid, access| Membership {
            merchant_id: other.id,
            user_id: user,
            access,
            party: Party::Agency,
            functional_roles: vec![],
 rotations: Vec::new(),
};
        world.engine.add_member(at_other(mara.id, Access::Viewer)).await.unwrap();
        // who is admin here only may take them out here only
        let partial = world.engine.leaving(&boss, mara.id, Reach::Everywhere).await.unwrap_err();
        assert_eq!(partial.kind, Kind::Forbidden);
        assert!(!world.engine.holder(&boss, mara.id).await.unwrap().may_deactivate);
        world.engine.add_member(at_other(ada.id, Access::Admin)).await.unwrap();
        // nor somebody of the agency, whose every merchant that is
        let agency = operator(&world).await.id;
        let runs_it = |user_id| OperatorMember { operator_id: agency, user_id, access: Access::Admin };
        world.engine.found_operator_member(runs_it(mara.id)).await.unwrap();
        let boss = enter(&world, ada.id).await;
        assert!(!world.engine.holder(&boss, mara.id).await.unwrap().may_deactivate);
        let foreign = world.engine.deactivate(&boss, mara.id, "", Handover::default()).await.unwrap_err();
        assert_eq!(foreign.kind, Kind::Forbidden);
        world.engine.found_operator_member(runs_it(ada.id)).await.unwrap();
        let themselves = world.engine.deactivate(&boss, ada.id, "", Handover::default()).await.unwrap_err();
        assert_eq!(themselves.kind, Kind::Conflict);

        let seen = seen(&world, &boss, mara.id, Reach::Everywhere).await;
        world.engine.deactivate(&boss, mara.id, &seen, Handover::default()).await.unwrap();
        assert!(world.engine.who(mara.id).await.unwrap().is_none());
        for slug in [&world.merchant.slug, &other.slug] {
            let out = world.engine.enter(mara.id, slug, None).await.unwrap_err();
            assert_eq!(out.kind, Kind::NotFound);
        }
        // somebody else's merchant may invite the address, and is not told whose it is or that they left
        let stranger = stranger(&world, "kelpwood").await;
        let input = InvitationInput {
            email: mara.email.clone(),
            name: String::new(),
            place: place("viewer", "agency", &[]),
        };
        world.engine.invite(&stranger, input.clone()).await.unwrap();
        let here = world.engine.invite(&boss, input).await.unwrap_err();
        assert!(here.fields[0].sentence.contains("is deactivated"), "{here:?}");
        // the name stays, and so does the way back
        let held = world.engine.holder(&boss, mara.id).await.unwrap();
        assert_eq!((held.user.name, held.user.active, held.seats.len()), (mara.name.clone(), false, 0));
        assert_eq!(noted(&world, "person.deactivated").await.len(), 1);
        let rules = world.engine.rules_of(world.merchant.id).await.unwrap();
        assert!(rules.people(&Owner::User(mara.id)).is_empty());
        world.engine.reactivate(&boss, mara.id).await.unwrap();
        assert!(enter(&world, mara.id).await.user_id().is_some());
        assert_eq!(noted(&world, "person.reactivated").await.len(), 1);
    }

    async fn who_goes_is_shown_with_the_tokens_that_stay(world: World) {
        let (_, boss) = admin(&world, "ada").await;
        let (bea, of_bea) = admin(&world, "bea").await;
        let input = |name: &str, term| TokenInput { name: name.into(), capabilities: vec![Action::ViewWork], term };
        let never = || TokenTerm::Never { reason: "a lab".into() };
        let engine = &world.engine;
        let lab = engine.issue_token(&of_bea, input("Lab", never())).await.unwrap();
        let over = engine.issue_token(&of_bea, input("Over", TokenTerm::Days(30))).await.unwrap().token;
        engine.revoke_token(&of_bea, over.id).await.unwrap();
        engine.issue_token(&boss, input("Of somebody else", never())).await.unwrap();
        for reach in [Reach::Here, Reach::Everywhere] {
            let leaving = engine.leaving(&boss, bea.id, reach).await.unwrap();
            let shown: Vec<_> = leaving.tokens.iter().map(|(at, token)| (at.id, token.name.as_str())).collect();
            assert_eq!(shown, [(world.merchant.id, "Lab")], "{reach:?}");
        }
        let seen = seen(&world, &boss, bea.id, Reach::Here).await;
        engine.take_out(&boss, bea.id, &seen, Handover::default()).await.unwrap();
        assert!(engine.enter_by_token(&lab.secret, None).await.is_ok(), "as the page says");
    }

    async fn leaving_is_decided_by_who_manages_people(world: World) {
        let (_, boss) = admin(&world, "ada").await;
        let iris = world.person("iris").user.id;
        let seen = seen(&world, &boss, iris, Reach::Here).await;
        for name in ["mara", "tomas", "hana", "iris"] {
            let ctx = world.as_person(name).await.unwrap();
            let refused = [
                world.engine.take_out(&ctx, iris, &seen, Handover::default()).await.unwrap_err(),
                world.engine.leaving(&ctx, iris, Reach::Here).await.unwrap_err(),
                world.engine.reactivate(&ctx, iris).await.unwrap_err(),
                world.engine
                    .change_member(&ctx, iris, place("admin", "agency", &[]), Handover::default())
                    .await
                    .unwrap_err(),
            ];
            // who is not to see the people is not told that there are any
            let kind = if name == "hana" { Kind::NotFound } else { Kind::Forbidden };
            assert!(refused.iter().all(|error| error.kind == kind), "{name} {refused:?}");
        }
        let ghost = add(&world, "ghost", Access::Viewer, Party::Agency, &[]).await;
        assert!(world.engine.holder(&boss, ghost.id).await.unwrap().seats.is_empty());
    }
}

/// An admin of a merchant of somebody else's.
async fn stranger(world: &World, slug: &str) -> Ctx {
    let engine = &world.engine;
    let operator = engine.create_operator("Somebody else").await.unwrap();
    let merchant = engine.create_merchant(&operator, slug, slug).await.unwrap();
    let user = engine
        .create_user(
            "boss@elsewhere.example",
            "Elsewhere Test",
            "four plain words here",
        )
        .await
        .unwrap();
    let place = Membership {
        merchant_id: merchant.id,
        user_id: user.id,
        access: Access::Admin,
        party: Party::Agency,
        functional_roles: Vec::new(),
        rotations: Vec::new(),
    };
    engine.add_member(place).await.unwrap();
    let ctx = engine.enter(user.id, slug, None).await.unwrap();
    ctx.proved(Some(world.engine.now()))
}

async fn operator(world: &World) -> domain::people::Operator {
    world
        .engine
        .operator(world.merchant.operator_id)
        .await
        .unwrap()
        .unwrap()
}
