//! An agency and its merchants: who reaches what, who may change it, and what its overview says.

use domain::{
    access::Access,
    invitation::CannotAccept,
    owner::{Owner, Party},
    people::{Membership, Merchant, Operator, OperatorMember, User},
};
use engine::{
    AgencyCtx, AskedIn, Host, Kind, NewInvitation, Standing, TaskAct,
    port::{AtRisk, SecondFactorRow, StoreExt},
};
use testkit::{HOUR, MINUTE, order};
use uuid::Uuid;

use crate::world::{World, on_every_store};

async fn operator(world: &World) -> Operator {
    world
        .engine
        .operator(world.merchant.operator_id)
        .await
        .unwrap()
        .unwrap()
}

async fn newcomer(world: &World, name: &str) -> User {
    let email = format!("{name}@northbeam.example");
    world
        .engine
        .create_user(&email, name, "a long enough phrase")
        .await
        .unwrap()
}

async fn place(world: &World, user: Uuid, merchant: &Merchant, access: Access, party: Party) {
    let membership = Membership {
        merchant_id: merchant.id,
        user_id: user,
        access,
        party,
        functional_roles: vec!["operations".to_owned()],
        rotations: Vec::new(),
    };
    world.engine.add_member(membership).await.unwrap();
}

async fn belongs(world: &World, user: Uuid, access: Access) {
    let member = OperatorMember {
        operator_id: world.merchant.operator_id,
        user_id: user,
        access,
    };
    world.engine.found_operator_member(member).await.unwrap();
}

async fn second(world: &World) -> Merchant {
    world
        .engine
        .create_merchant(&operator(world).await, "kitewood", "Kitewood")
        .await
        .unwrap()
}

/// Signed in a moment ago.
async fn at(world: &World, user: &User) -> AgencyCtx {
    let at = world
        .engine
        .enter_operator(user.id, "northbeam")
        .await
        .unwrap();
    at.proved(Some(world.engine.now()))
}

/// An admin of the operator.
async fn chief(world: &World) -> (User, AgencyCtx) {
    let user = newcomer(world, "elena").await;
    belongs(world, user.id, Access::Admin).await;
    let ctx = at(world, &user).await;
    (user, ctx)
}

async fn has_factor(world: &World, user: Uuid) {
    let factor = SecondFactorRow {
        user_id: user,
        sealed_seed: vec![1],
        created_at: world.engine.now(),
        confirmed_at: Some(world.engine.now()),
        last_step: 0,
    };
    world
        .engine
        .store()
        .write(move |tx| Box::pin(async move { tx.save_second_factor(&factor).await }))
        .await
        .unwrap();
}

/// Asked in by link.
async fn invited(world: &World, at: &AgencyCtx, email: &str, access: &str) -> NewInvitation {
    match world.engine.let_in(at, email, access).await.unwrap() {
        AskedIn::Invited(made) => made,
        AskedIn::In(user) => panic!("{} was let in", user.email),
    }
}

fn token(made: &NewInvitation) -> String {
    made.link.rsplit('/').next().unwrap().to_owned()
}

async fn trail(world: &World, at: &AgencyCtx) -> Vec<String> {
    let entries = world.engine.operator_trail(at, 99).await.unwrap();
    entries.into_iter().map(|entry| entry.action).collect()
}

on_every_store! {
    async fn a_member_of_the_operator_reaches_every_merchant_of_it(world: World) {
        let kitewood = second(&world).await;
        let foreign = world.engine.create_operator("Northbeam").await.unwrap();
        assert_eq!(foreign.slug, "northbeam-2", "a path is one operator's");
        let theirs = world.engine.create_merchant(&foreign, "foreign", "Foreign").await.unwrap();
        let user = newcomer(&world, "elena").await;
        let (_, places) = world.engine.who(user.id).await.unwrap().unwrap();
        assert!(places.is_empty());
        belongs(&world, user.id, Access::Viewer).await;
        place(&world, user.id, &kitewood, Access::Approver, Party::Agency).await;

        let (_, places) = world.engine.who(user.id).await.unwrap().unwrap();
        let seen: Vec<_> = places.iter().map(|(merchant, place)| (merchant.slug.as_str(), place.access)).collect();
        assert_eq!(seen, [("alder-pine", Access::Viewer), ("kitewood", Access::Approver)]);
        let here = world.engine.enter(user.id, "alder-pine", None).await.unwrap();
        let (_, membership) = here.member().unwrap();
        assert_eq!((membership.party, membership.functional_roles.len()), (Party::Agency, 0));
        let there = world.engine.enter(user.id, "kitewood", None).await.unwrap();
        assert_eq!(there.access(), Some(Access::Approver), "a place of one's own counts");
        let missing = world.engine.enter(user.id, &theirs.slug, None).await.unwrap_err();
        assert_eq!(missing.kind, Kind::NotFound);
        let rules = world.engine.rules_of(world.merchant.id).await.unwrap();
        assert_eq!(rules.user_name(user.id), Some("elena"));
        let rules = world.engine.rules_of(theirs.id).await.unwrap();
        assert_eq!(rules.user_name(user.id), None);
    }

    async fn whoever_is_taken_out_reaches_nothing_more(world: World) {
        let (elena, ctx) = chief(&world).await;
        let ravi = world.person("tomas").user;
        let kitewood = second(&world).await;
        let shut = |kind| assert_eq!(kind, Kind::NotFound);
        shut(world.engine.enter(ravi.id, "kitewood", None).await.unwrap_err().kind);
        world.engine.let_in(&ctx, " Tomas@northbeam.example ", "operator").await.unwrap();
        world.engine.enter(ravi.id, "kitewood", None).await.unwrap();
        assert!(world.engine.rules_of(kitewood.id).await.unwrap().user_name(ravi.id).is_some());
        let twice = world.engine.let_in(&ctx, "tomas@northbeam.example", "admin").await.unwrap_err();
        assert_eq!(twice.fields[0].field, "email");
        world.engine.change_colleague(&ctx, ravi.id, "viewer").await.unwrap();
        let entered = world.engine.enter(ravi.id, "kitewood", None).await.unwrap();
        assert_eq!(entered.access(), Some(Access::Viewer));
        world.engine.remove_colleague(&ctx, ravi.id).await.unwrap();
        shut(world.engine.enter(ravi.id, "kitewood", None).await.unwrap_err().kind);
        world.engine.enter(ravi.id, "alder-pine", None).await.unwrap();
        assert!(world.engine.rules_of(kitewood.id).await.unwrap().user_name(ravi.id).is_none());

        let actions = ["operator_member.removed", "operator_member.changed", "operator_member.added"];
        assert_eq!(trail(&world, &ctx).await[..3], actions);
        let filter = engine::port::AuditFilter { subject_id: Some(ravi.id.to_string()), limit: 9, ..Default::default() };
        let store = world.engine.store();
        let there = store.reads().await.unwrap().audit(kitewood.id, &filter).await.unwrap();
        let there: Vec<_> = there.iter().map(|entry| entry.action.as_str()).collect();
        assert_eq!(there, actions, "it is the merchant's data that was reached");
        assert!(store.reads().await.unwrap().audit(kitewood.id, &filter).await.unwrap()
            .iter().all(|entry| entry.actor == format!("user:{}", elena.id)));
    }

    async fn only_admins_of_the_operator_change_it(world: World) {
        let (_, admin) = chief(&world).await;
        let viewer = newcomer(&world, "vera").await;
        belongs(&world, viewer.id, Access::Viewer).await;
        // an admin of a merchant is none of the operator
        let local = newcomer(&world, "lou").await;
        place(&world, local.id, &world.merchant, Access::Admin, Party::Agency).await;
        for user in [&viewer, &local] {
            let ctx = at(&world, user).await;
            let engine = &world.engine;
            let refused = [
                engine.let_in(&ctx, "tomas@northbeam.example", "admin").await.unwrap_err().kind,
                engine.change_colleague(&ctx, viewer.id, "admin").await.unwrap_err().kind,
                engine.remove_colleague(&ctx, viewer.id).await.unwrap_err().kind,
                engine.change_operator(&ctx, "Mine", true).await.unwrap_err().kind,
                engine.without_second_factor(&ctx).await.unwrap_err().kind,
                engine.add_merchant(&ctx, "Mine", "mine").await.unwrap_err().kind,
                engine.could_join(&ctx).await.unwrap_err().kind,
                engine.let_in(&ctx, "new@example.com", "viewer").await.unwrap_err().kind,
            ];
            assert!(refused.iter().all(|kind| *kind == Kind::Forbidden), "{refused:?}");
        }
        assert!(world.engine.colleagues(&at(&world, &viewer).await).await.is_ok());
        let outside = world.engine.colleagues(&at(&world, &local).await).await.unwrap_err();
        assert_eq!(outside.kind, Kind::Forbidden, "the people of an operator are its own business");
        let nobody = newcomer(&world, "nobody").await;
        let lost = world.engine.enter_operator(nobody.id, "northbeam").await.unwrap_err();
        assert_eq!(lost.kind, Kind::NotFound);
        // rights are looked at again when they are used
        world.engine.change_colleague(&admin, viewer.id, "admin").await.unwrap();
        let other = at(&world, &viewer).await;
        world.engine.change_colleague(&other, admin.user.id, "viewer").await.unwrap();
        let stale = world.engine.add_merchant(&admin, "Late", "late").await.unwrap_err();
        assert_eq!(stale.kind, Kind::Forbidden);
    }

    async fn the_last_admin_stays(world: World) {
        let (elena, ctx) = chief(&world).await;
        for refused in [
            world.engine.remove_colleague(&ctx, elena.id).await.unwrap_err(),
            world.engine.change_colleague(&ctx, elena.id, "auditor").await.unwrap_err(),
        ] {
            assert_eq!(refused.kind, Kind::Conflict);
            assert!(refused.sentence.contains("last admin"), "{}", refused.sentence);
        }
        // two who take each other out at once: one of them stays
        for round in 0..5 {
            let other = newcomer(&world, &format!("other{round}")).await;
            belongs(&world, other.id, Access::Admin).await;
            let theirs = at(&world, &other).await;
            let (a, b) = futures::join!(
                world.engine.remove_colleague(&ctx, other.id),
                world.engine.remove_colleague(&theirs, elena.id)
            );
            assert!(a.is_ok() != b.is_ok(), "{a:?} {b:?}");
            if b.is_ok() {
                belongs(&world, elena.id, Access::Admin).await;
                world.engine.remove_colleague(&ctx, other.id).await.unwrap();
            }
        }
    }

    async fn who_works_there_is_let_in_and_anybody_else_is_invited(world: World) {
        let (elena, ctx) = chief(&world).await;
        let foreign = world.engine.create_operator("Southwind").await.unwrap();
        let theirs = world.engine.create_merchant(&foreign, "foreign", "Foreign").await.unwrap();
        let stranger = newcomer(&world, "stranger").await;
        place(&world, stranger.id, &theirs, Access::Admin, Party::Agency).await;
        let known = invited(&world, &ctx, "stranger@northbeam.example", "viewer").await;
        let unknown = invited(&world, &ctx, " Nils@Example.com", "operator").await;
        let shown = |made: &NewInvitation| (made.mailed, made.invitation.name.clone(), made.invitation.party);
        assert_eq!(shown(&known), shown(&unknown), "whether there is such an account is not told");
        let warehouse = world.engine.let_in(&ctx, "hana@northbeam.example", "viewer").await.unwrap_err();
        assert!(warehouse.sentence.contains("two sides"), "a warehouse's people are not the agency's");
        for (email, access, field) in [
            ("tomas@northbeam.example", "emperor", "access"),
            ("tomas", "viewer", "email"),
            ("nils@example.com", "viewer", "email"),
        ] {
            let odd = world.engine.let_in(&ctx, email, access).await.unwrap_err();
            assert_eq!(odd.fields[0].field, field, "{email}");
        }
        let names: Vec<_> = world.engine.could_join(&ctx).await.unwrap().into_iter().map(|user| user.name).collect();
        assert!(names.contains(&"Tomas Test".to_owned()) && !names.contains(&"Hana Test".to_owned()), "{names:?}");

        // nothing is theirs before they accept
        let missing = world.engine.enter(stranger.id, "alder-pine", None).await.unwrap_err();
        assert_eq!(missing.kind, Kind::NotFound);
        let seen = world.engine.look_at_invitation(&token(&unknown)).await.unwrap();
        assert_eq!((seen.host.name(), seen.has_account), ("Northbeam", false));
        let (nils, host) = world.engine.accept_as_new(&token(&unknown), "Nils", "viermal gefaltete brotzeit").await.unwrap();
        assert!(matches!(host, Host::Operator(one) if one.id == ctx.operator.id));
        let here = world.engine.enter(nils.id, "alder-pine", None).await.unwrap();
        assert_eq!((here.access(), here.member().unwrap().1.party), (Some(Access::Operator), Party::Agency));
        let wrong = world.engine.accept_as(&token(&known), nils.id).await.unwrap_err();
        assert_eq!(wrong.kind, Kind::Forbidden, "it is for somebody else");
        world.engine.accept_as(&token(&known), stranger.id).await.unwrap();
        let here = world.engine.enter(stranger.id, "alder-pine", None).await.unwrap();
        assert_eq!(here.access(), Some(Access::Viewer));
        let again = world.engine.accept_as(&token(&known), stranger.id).await.unwrap_err();
        assert_eq!(again.kind, Kind::Conflict);

        let joined = "operator_member.joined";
        assert_eq!(trail(&world, &ctx).await[..4], [joined, joined, "operator_member.invited", "operator_member.invited"]);
        let filter = engine::port::AuditFilter { subject_id: Some(nils.id.to_string()), limit: 9, ..Default::default() };
        let there = world.engine.store().reads().await.unwrap().audit(world.merchant.id, &filter).await.unwrap();
        assert_eq!(there[0].action, joined, "it is the merchant's data that is reached");
        assert!(there[0].detail.contains(&elena.id.to_string()), "{}", there[0].detail);
    }

    async fn granting_access_takes_a_fresh_proof(world: World) {
        let (elena, fresh) = chief(&world).await;
        let ravi = newcomer(&world, "ravi").await;
        belongs(&world, ravi.id, Access::Operator).await;
        let stale = fresh.clone().proved(Some(fresh.now.plus_ms(-11 * 60_000)));
        let made = invited(&world, &fresh, "nils@example.com", "viewer").await;
        let engine = &world.engine;
        for refused in [
            engine.let_in(&stale, "tomas@northbeam.example", "viewer").await.map(drop),
            engine.let_in(&stale, "ida@example.com", "viewer").await.map(drop),
            engine.invite_colleague_again(&stale, made.invitation.id).await.map(drop),
            engine.change_colleague(&stale, ravi.id, "admin").await.map(drop),
        ] {
            assert_eq!(refused.unwrap_err().kind, Kind::StepUp);
        }
        // less needs none
        engine.change_colleague(&stale, ravi.id, "viewer").await.unwrap();
        engine.change_colleague(&fresh, ravi.id, "admin").await.unwrap();
        // and a link of theirs is worth nothing once they are no admin
        engine.change_colleague(&at(&world, &ravi).await, elena.id, "viewer").await.unwrap();
        let seen = engine.look_at_invitation(&token(&made)).await.unwrap();
        assert_eq!(seen.spent, Some(CannotAccept::InviterGone));
        let refused = engine.accept_as_new(&token(&made), "Nils", "viermal gefaltete brotzeit").await.unwrap_err();
        assert_eq!(refused.kind, Kind::Conflict, "{refused}");
        let anew = engine.invite_colleague_again(&at(&world, &ravi).await, made.invitation.id).await.unwrap();
        engine.accept_as_new(&token(&anew), "Nils", "viermal gefaltete brotzeit").await.unwrap();
    }

    async fn an_invitation_of_the_operator_is_its_admins_to_renew_and_take_back(world: World) {
        let (_, ctx) = chief(&world).await;
        let first = invited(&world, &ctx, "nils@example.com", "viewer").await;
        let second = world.engine.invite_colleague_again(&ctx, first.invitation.id).await.unwrap();
        let old = world.engine.look_at_invitation(&token(&first)).await.unwrap();
        assert_eq!(old.spent, Some(CannotAccept::Replaced));
        let still = world.engine.invited_colleagues(&ctx).await.unwrap();
        assert_eq!((still.invitations.len(), &still.invitations[0]), (1, &second.invitation));

        // a merchant's admin does not find it, nor another operator's, nor somebody who is no admin
        let local = newcomer(&world, "lou").await;
        place(&world, local.id, &world.merchant, Access::Admin, Party::Agency).await;
        let there = world.engine.enter(local.id, "alder-pine", None).await.unwrap();
        let id = second.invitation.id;
        assert_eq!(world.engine.revoke_invitation(&there, id).await.unwrap_err().kind, Kind::NotFound);
        assert!(world.engine.team(&there).await.unwrap().invitations.is_empty());
        let foreign = world.engine.create_operator("Southwind").await.unwrap();
        let member = OperatorMember { operator_id: foreign.id, user_id: local.id, access: Access::Admin };
        world.engine.found_operator_member(member).await.unwrap();
        let elsewhere = world.engine.enter_operator(local.id, "southwind").await.unwrap();
        let elsewhere = elsewhere.proved(Some(world.engine.now()));
        assert_eq!(world.engine.take_invitation_back(&elsewhere, id).await.unwrap_err().kind, Kind::NotFound);
        assert_eq!(world.engine.invite_colleague_again(&elsewhere, id).await.unwrap_err().kind, Kind::NotFound);
        assert!(world.engine.invited_colleagues(&elsewhere).await.unwrap().invitations.is_empty());
        let small = world.engine.enter_operator(local.id, "northbeam").await.unwrap();
        assert_eq!(world.engine.take_invitation_back(&small, id).await.unwrap_err().kind, Kind::Forbidden);
        assert_eq!(world.engine.invite_colleague_again(&small, id).await.unwrap_err().kind, Kind::Forbidden);
        assert_eq!(world.engine.invited_colleagues(&small).await.unwrap_err().kind, Kind::Forbidden);

        world.engine.take_invitation_back(&ctx, id).await.unwrap();
        let refused = world.engine.accept_as_new(&token(&second), "Nils", "viermal gefaltete brotzeit").await.unwrap_err();
        assert!(refused.sentence.contains("taken back"), "{refused}");
        // a week is the end of it, and then the address may be asked anew
        let third = invited(&world, &ctx, "nils@example.com", "viewer").await;
        world.clock.advance_ms(7 * 24 * HOUR);
        let late = world.engine.accept_as_new(&token(&third), "Nils", "viermal gefaltete brotzeit").await.unwrap_err();
        assert!(late.sentence.contains("7 days"), "{late}");
        let now = at(&world, &ctx.user).await;
        invited(&world, &now, "nils@example.com", "viewer").await;
        // it goes with the operator
        world.engine.remove_operator(ctx.operator.id).await.unwrap();
        let mut reads = world.engine.store().reads().await.unwrap();
        assert!(reads.open_invitations(ctx.operator.id).await.unwrap().is_empty());
    }

    async fn nobody_leaves_with_work_in_their_hands(world: World) {
        let (_, ctx) = chief(&world).await;
        let helper = newcomer(&world, "helper").await;
        belongs(&world, helper.id, Access::Operator).await;
        world.receives(&order(1).set("shipping_address", serde_json::Value::Null)).await.unwrap();
        let task = world.the_task("qa_failed").await.unwrap();
        let theirs = world.engine.enter(helper.id, "alder-pine", None).await.unwrap();
        world.engine.act_on_task(&theirs, task.id, TaskAct::Claim).await.unwrap();
        for refused in [
            world.engine.remove_colleague(&ctx, helper.id).await.unwrap_err(),
            world.engine.change_colleague(&ctx, helper.id, "auditor").await.unwrap_err(),
        ] {
            assert_eq!(refused.kind, Kind::Conflict);
            assert!(refused.sentence.contains(&task.title), "{}", refused.sentence);
        }
        world.engine.change_colleague(&ctx, helper.id, "approver").await.unwrap();
        world.engine.act_on_task(&theirs, task.id, TaskAct::Release).await.unwrap();
        world.engine.remove_colleague(&ctx, helper.id).await.unwrap();
    }

    async fn a_merchant_is_added_with_a_path_of_its_own(world: World) {
        let (elena, ctx) = chief(&world).await;
        for (name, slug, field) in [
            ("", "kitewood", "name"),
            ("Kitewood", "", "slug"),
            ("Kitewood", "Kite wood", "slug"),
            ("Kitewood", "alder-pine", "slug"),
        ] {
            let refused = world.engine.add_merchant(&ctx, name, slug).await.unwrap_err();
            assert_eq!(refused.kind, Kind::Invalid);
            assert_eq!(refused.fields[0].field, field, "{name:?} {slug:?}");
        }
        let made = world.engine.add_merchant(&ctx, " Kitewood ", "Kitewood").await.unwrap();
        assert_eq!((made.name.as_str(), made.slug.as_str()), ("Kitewood", "kitewood"));
        world.engine.enter(elena.id, "kitewood", None).await.unwrap();
        assert_eq!(trail(&world, &ctx).await[0], "merchant.created");
        let races = (0..8).map(|_| world.engine.add_merchant(&ctx, "Twin", "twin"));
        let won = futures::future::join_all(races).await.into_iter().filter(Result::is_ok).count();
        assert_eq!(won, 1);
    }

    async fn what_an_operator_asks_counts_for_everybody_at_its_merchants(world: World) {
        let (elena, ctx) = chief(&world).await;
        let jonas = world.person("jonas").user.id;
        assert!(!world.engine.second_factor_required(jonas).await.unwrap());
        let nameless = world.engine.change_operator(&ctx, "  ", true).await.unwrap_err();
        assert_eq!(nameless.fields[0].field, "name");
        // renaming is no matter of safety; what is asked of everybody is
        world.engine.change_operator(&ctx, "Northbeam Ops", false).await.unwrap();
        let change = async |ctx: &AgencyCtx, required| world.engine.change_operator(ctx, "Northbeam Ops", required).await;
        assert_eq!(change(&ctx.clone().proved(None), true).await.unwrap_err().kind, Kind::StepUp);
        let ctx = ctx.proved(Some(world.engine.now()));
        // it ends the sessions of whoever has none, so whoever asks for it is not among them
        let without = world.engine.without_second_factor(&ctx).await.unwrap();
        assert!([jonas, elena.id].iter().all(|id| without.iter().any(|user| user.id == *id)));
        let none = change(&ctx, true).await.unwrap_err();
        assert_eq!(none.kind, Kind::Conflict);
        assert!(none.sentence.contains("of your own first"), "{none}");
        has_factor(&world, elena.id).await;
        let left = world.engine.without_second_factor(&ctx).await.unwrap();
        assert_eq!(left.len() + 1, without.len());
        change(&ctx, true).await.unwrap();
        for user in [jonas, elena.id] {
            assert!(world.engine.second_factor_required(user).await.unwrap());
        }
        let now = at(&world, &elena).await;
        assert_eq!(now.operator.name, "Northbeam Ops");
        assert_eq!(now.operator.slug, "northbeam", "links stay good");
        let before = trail(&world, &ctx).await.len();
        world.engine.change_operator(&ctx, "Northbeam Ops", true).await.unwrap();
        assert_eq!(trail(&world, &ctx).await.len(), before, "nothing changed, nothing is noted");
        let later = at(&world, &elena).await.proved(Some(world.engine.now().plus_ms(-10 * MINUTE)));
        assert_eq!(change(&later, false).await.unwrap_err().kind, Kind::StepUp);
        change(&later.proved(Some(world.engine.now())), false).await.unwrap();
        assert!(!world.engine.second_factor_required(jonas).await.unwrap());
    }

    async fn the_overview_tells_what_really_happened(world: World) {
        let kitewood = second(&world).await;
        let (elena, _) = chief(&world).await;
        world.receives(&order(1).total("900.00")).await.unwrap();
        world.advance(5 * MINUTE).await.unwrap();
        let export = world.the_export().await.unwrap();
        world.approves("jonas", &export).await.unwrap();
        world.receives(&order(2).total("900.00")).await.unwrap();
        let overview = async || {
            let ctx = at(&world, &elena).await;
            world.engine.overview(&ctx).await.unwrap()
        };
        let first = overview().await;
        assert_eq!(first.taken.n, 1);
        assert_eq!((first.taken.p50_ms, first.taken.p95_ms), (5 * MINUTE, 5 * MINUTE));
        let slugs: Vec<_> = first.lines.iter().map(|line| line.merchant.slug.as_str()).collect();
        assert_eq!(slugs[0], "alder-pine", "what is at risk comes first");
        let line = &first.lines[0];
        assert_eq!(line.figures.receipts, 2);
        assert_eq!(first.lines[1].merchant.id, kitewood.id);
        assert_eq!(first.lines[1].figures.last_receipt, None);

        // nobody decides: the approval's clock runs out, and a task is somebody's
        world.advance(40 * MINUTE).await.unwrap();
        let later = overview().await;
        let line = &later.lines[0];
        assert_eq!(line.standing, Standing::Late);
        assert_eq!(line.figures.approvals.late, 1);
        let live = world.tasks().await.unwrap().into_iter().filter(|task| !task.state.is_over()).count();
        assert_eq!(line.figures.open_tasks(), live as i64);
        assert_eq!(line.open.last().copied(), Some(live as i64));
        assert_eq!((line.open.len(), line.open[0]), (25, 0));

        // a day later nothing came any more
        world.advance(25 * HOUR).await.unwrap();
        let next_day = overview().await;
        let line = next_day.lines.iter().find(|line| line.merchant.id == world.merchant.id).unwrap();
        assert_eq!((line.figures.receipts, line.figures.quiet.len()), (0, 1));
    }

    async fn an_overview_is_of_ones_own_merchants(world: World) {
        let kitewood = second(&world).await;
        let local = newcomer(&world, "lou").await;
        place(&world, local.id, &kitewood, Access::Viewer, Party::Merchant).await;
        let overview = world.engine.overview(&at(&world, &local).await).await.unwrap();
        assert_eq!(overview.lines.iter().map(|line| line.merchant.id).collect::<Vec<_>>(), [kitewood.id]);
        assert_eq!(overview.lines[0].figures.at_risk(), AtRisk::default());
        assert_eq!(overview.lines[0].standing, Standing::OnTime);
        // a warehouse's people see their own work, and not how the merchant stands
        let hana = world.person("hana").user;
        let lost = world.engine.enter_operator(hana.id, "northbeam").await.unwrap_err();
        assert_eq!(lost.kind, Kind::NotFound);
        assert!(world.engine.operators_of(hana.id, &world.engine.who(hana.id).await.unwrap().unwrap().1).await.unwrap().is_empty());
        let (_, ctx) = chief(&world).await;
        assert_eq!(ctx.places.len(), 2);
        let by_id = world.engine.enter_operator(ctx.user.id, &ctx.operator.id.to_string()).await.unwrap();
        assert_eq!(by_id.operator, ctx.operator);
    }

    async fn who_has_a_task_is_who_the_overview_names(world: World) {
        let (elena, _) = chief(&world).await;
        world.receives(&order(1).set("shipping_address", serde_json::Value::Null)).await.unwrap();
        let task = world.the_task("qa_failed").await.unwrap();
        let held = async || {
            let ctx = at(&world, &elena).await;
            let overview = world.engine.overview(&ctx).await.unwrap();
            let held = overview.lines[0].figures.held.clone();
            assert_eq!(held.len(), 1);
            let holder: Owner = held[0].holder.parse().unwrap();
            (overview.holder_name(&holder), held[0].count)
        };
        assert_eq!(held().await, (task.owner.title(), 1));
        let taker = world.people.iter().find(|person| person.user.name.starts_with("Tomas")).unwrap();
        world.acts("tomas", task.id, TaskAct::Claim).await.unwrap();
        assert_eq!(held().await, (taker.user.name.clone(), 1));
    }
}
