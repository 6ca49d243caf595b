//! Who may do what: every use-case is asked by everybody who lacks what it takes, and refuses.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Time,
    access::{Access, Action},
    approval::Decision,
    delivery::AckStatus,
    owner::{Owner, Party},
    people::Membership,
};
use engine::{
    Ack, ApprovalAct, Begin, BeginContract, BriefInput, CampaignInput, Ctx, Deprecation,
    DestinationInput, Engine, Handover, InvitationInput, Kind, ManualExport, Named, PlaceInput,
    Reach, Result, SourceInput, StartInput, TaskAct, TokenInput, TokenTerm, WitnessInput,
    port::{AuditFilter, ListFilter},
    template::Template,
};
use std::sync::Arc;
use testkit::{fulfillment_contract, order_flow};
use uuid::Uuid;

use crate::world::{World, on_every_store};

/// Use-cases that take a caller and ask for nothing, and why that is right.
const ASKS_NOTHING: &[(&str, &str)] = &[
    (
        "may_make_reset_link",
        "says whether the caller may; whoever may not hears no",
    ),
    (
        "template_roles",
        "what stands in a template of ours; nothing of a merchant’s",
    ),
    (
        "take_turn",
        "remembers a key of the caller's own; what it is for asks",
    ),
];

/// The public methods of `Engine` that take a `Ctx`, read from the source.
fn use_cases() -> BTreeSet<String> {
    let mut folders = vec![std::path::PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/src"
    ))];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    let mut found = BTreeSet::new();
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        for block in text.split("\nimpl Engine {").skip(1) {
            let block = block.split("\n}\n").next().unwrap();
            let block = block.replace("\n    pub fn ", "\n    pub async fn ");
            for method in block.split("\n    pub async fn ").skip(1) {
                let head = method.split('{').next().unwrap();
                if head.contains("ctx: &Ctx") {
                    let name = head.split(['(', '<']).next().unwrap();
                    found.insert(name.trim().to_owned());
                }
            }
        }
    }
    assert!(found.len() > 50, "{found:?}");
    found
}

type Said = (&'static str, Action, Result<()>);

/// Calls everything, about things that are not there.
async fn call_everything(engine: &Arc<Engine>, ctx: &Ctx, merchant: Uuid) -> Vec<Said> {
    let mut said: Vec<Said> = Vec::new();
    let (id, all, trail) = (Uuid::nil(), ListFilter::default(), AuditFilter::default());
    let nobody = || Owner::role(Party::Agency, "operations");
    macro_rules! call {
        ($($name:ident($($argument:expr),*): $action:ident),* $(,)?) => {$(
            let answer = engine.$name(ctx $(, $argument)*).await.map(drop);
            said.push((stringify!($name), Action::$action, answer));
        )*};
    }
    call![
        receipts(&all): ViewWork,
        orders(&all): ViewWork,
        exports(&all): ViewWork,
        under_way(&[id]): ViewWork,
        approvals(&all): ViewWork,
        approval(id): ViewWork,
        tasks(&all): ViewWork,
        task(id): ViewWork,
        receipt_body(id): ViewWork,
        receipt_chain(id): ViewWork,
        order_chain(id): ViewWork,
        export_chain(id): ViewWork,
        export_wire(id): ViewWork,
        exports_of_run(id): ViewWork,
        contracts(): ViewWork,
        contract(id): ViewWork,
        contract_versions("fulfillment_request"): ViewWork,
        flows(): ViewWork,
        flow(id): ViewWork,
        runs_of_flow("order-to-ship", 1): ViewWork,
        contract_drafts(): ViewWork,
        contract_draft("fulfillment_request"): ViewWork,
        contract_rail("fulfillment_request"): ViewWork,
        contract_standings(): ViewWork,
        contract_needs("fulfillment_request"): ViewWork,
        flow_drafts(): ViewWork,
        flow_draft("order-to-ship"): ViewWork,
        flow_rail("order-to-ship"): ViewWork,
        flow_surroundings(): ViewWork,
        flow_history("order-to-ship"): ViewWork,
        compare_flow("order-to-ship", (None, None)): ViewWork,
        export_flow("order-to-ship"): ViewWork,
        retired_flows(): ViewWork,
        needed_by(&Named::Flow("order-to-ship".into())): ViewWork,
        open_runs_by_version("order-to-ship"): ViewWork,
        run_moves("order-to-ship"): ViewWork,
        publishes_by_two(): ViewWork,
        retention(): ViewSettings,
        removal(domain::access::Noun::Receipt, id): ViewWork,
        history("task", id, 1): ViewWork,
        audit(&trail): ViewAudit,
        audit_length(): ViewAudit,
        audit_keys(): ViewAudit,
        audit_checkpoints(None, 1): ViewAudit,
        audit_witnesses(): ViewAudit,
        trail_so_far(): ViewAudit,
        trail_page(0, 1): ViewAudit,
        check_trail(): ViewAudit,
        team(): ViewPeople,
        holder(id): ViewPeople,
        where_used(&nobody()): ViewPeople,
        on_call_history(None, domain::cover::Span { from: Time::from_ms(0), to: Time::from_ms(1) }): ViewPeople,
        policy_versions("standard"): ViewPeople,
        retired_policies(): ViewPeople,
        tokens(): ViewSettings,
        merchant_facts(): ViewSettings,
        connections(): ViewConnections,
        connection_needs(id): ViewConnections,
        coordination(): ViewWork,
        stalls(&[]): ViewWork,
        integrations(): ViewConnections,
        raci(): ViewWork,
        raci_versions("order-to-ship"): ViewWork,
        raci_changes("order-to-ship", (1, 2)): ViewWork,
        ownership(): ViewPeople,
        ownership_audit(): ViewPeople,
        runbook_of_task(id): ViewWork,
        flow_pin("order-to-ship"): ViewWork,
        read_notices(None): ViewWork,
        delegations(): ViewWork,
        public_keys(): ViewAudit,
    ];
    call![
        begin_trail_export(): ViewAudit,
        rotate_audit_key(): ManageMerchant,
        set_retention(engine::TypedDays::new()): ManageMerchant,
        place_hold(engine::HoldInput { order: String::new(), reason: "because".into() }): ManageMerchant,
        lift_hold(id, "because"): ManageMerchant,
        add_audit_witness(WitnessInput {
            name: "Auditor".into(),
            kind: "webhook".into(),
            address: "https://audit.example/in".into(),
            every_ms: 0,
        }): ManageMerchant,
        remove_audit_witness(id): ManageMerchant,
        acknowledge(id, Ack {
            status: AckStatus::Accepted,
            exception_code: None,
            exception_metadata: None,
            external_ref: None,
        }): Acknowledge,
        decide(id, Decision { approve: true, note: None, seen_hash: String::new(), step: None }): Decide,
        act_on_approval(id, ApprovalAct::Comment { text: "Why?".into() }): Discuss,
        act_on_approval(id, ApprovalAct::Remind): Discuss,
        act_on_approval(id, ApprovalAct::Answer { text: "So.".into() }): Discuss,
        act_on_approval(id, ApprovalAct::Ask { to: id, text: "Why?".into() }): Decide,
        act_on_approval(id, ApprovalAct::Reassign { to: nobody(), why: String::new() }): Decide,
        act_on_approval(id, ApprovalAct::Look): Decide,
        approve_alike(vec![(id, String::new())]): Decide,
        override_export(id, engine::OverrideInput {
            payload: serde_json::json!({}),
            justification: "because".into(),
            seen_hash: String::new(),
        }): Override,
        delegate(engine::DelegationInput {
            to: id,
            starts_at: Time::from_ms(0),
            ends_at: Time::from_ms(1),
            note: String::new(),
        }): Decide,
        end_delegation(id): Decide,
        withdraw(id, "because"): Control,
        pause_run(id, "because"): Control,
        resume_run(id, "because"): Control,
        cancel_run(id, "because"): Control,
        run_chain(id): ViewWork,
        start_flow("order-to-ship", StartInput::Order(id)): Trigger,
        replay_receipt(id): Control,
        act_on_task(id, TaskAct::Resolve { note: "done".into() }): WorkTasks,
        start_campaign("promotion-go-live", CampaignInput::default()): Trigger,
        briefs(&all): ViewWork,
        brief(id): ViewWork,
        campaign_flows(): ViewWork,
        write_brief(BriefInput::default()): Trigger,
        revise_brief(id, 1, BriefInput::default()): Trigger,
        ready_brief(id): Trigger,
        end_brief(id, "because"): Control,
        skus("", 9): ViewWork,
        sku("KET-01"): ViewWork,
        tell_skus(Vec::new()): Control,
        set_staging(id, ""): ManageConnections,
        publish_contract(fulfillment_contract(merchant)): Publish,
        publish_flow(order_flow(merchant)): PublishFlows,
        begin_contract(BeginContract::Live("fulfillment_request".into())): DrawContracts,
        save_contract_draft("fulfillment_request", 1, fulfillment_contract(merchant)): DrawContracts,
        discard_contract_draft("fulfillment_request", 1): DrawContracts,
        rebase_contract_draft("fulfillment_request", 1, "1.0"): DrawContracts,
        ask_to_publish_contract("fulfillment_request", "sha256:0", "because"): DrawContracts,
        withdraw_publishing_contract("fulfillment_request"): DrawContracts,
        publish_contract_draft("fulfillment_request", "sha256:0", "because"): Publish,
        agree_to_publish_contract("fulfillment_request", "sha256:0"): Publish,
        decline_to_publish_contract("fulfillment_request", "sha256:0", "because"): Publish,
        deprecate_contract("fulfillment_request", Deprecation::default()): Publish,
        retire_contract("fulfillment_request", "because"): Publish,
        resume_contract("nothing"): Publish,
        ask_for_export("fulfillment_request", ManualExport::default()): Trigger,
        begin_draft(Begin::Empty { name: "Mine".into() }): DrawFlows,
        save_flow_draft("order-to-ship", 1, order_flow(merchant).to_draft()): DrawFlows,
        discard_draft("order-to-ship", 1): DrawFlows,
        rebase_draft("order-to-ship", 1, 1): DrawFlows,
        read_flow(b"{}", true): DrawFlows,
        ask_to_publish("order-to-ship", "sha256:0", "because"): DrawFlows,
        withdraw_publishing("order-to-ship"): DrawFlows,
        publish_draft("order-to-ship", "sha256:0", "because"): PublishFlows,
        agree_to_publish("order-to-ship", "sha256:0"): PublishFlows,
        decline_to_publish("order-to-ship", "sha256:0", "because"): PublishFlows,
        roll_back_flow(id, 1, ""): PublishFlows,
        retire_flow("order-to-ship"): PublishFlows,
        resume_flow("order-to-ship"): PublishFlows,
        replace_in_flows(Named::Flow("order-to-ship".into()), "another"): PublishFlows,
        preview_move(id): PublishFlows,
        move_runs((id, id), "because"): PublishFlows,
        cancel_move(id): PublishFlows,
        set_publishes_by_two(true): ManageMerchant,
        set_hourly_cost("45", "USD"): ManageMerchant,
        create_source(SourceInput {
            system: "shopify".into(),
            name: "Another".into(),
            secret: None,
            owner: nobody(),
            backup: nobody(),
        }): ManageConnections,
        update_source(id, "Another", "agency:operations", "agency:finance"): ManageConnections,
        rotate_source_secret(id, None): ManageConnections,
        chat_settings(): ViewConnections,
        connect_chat(engine::ChatInput {
            token: "xoxb-a-token".into(),
            signing: "a-signing-secret".into(),
            api_base: String::new(),
        }): ManageConnections,
        disconnect_chat(): ManageConnections,
        route_chat("agency:finance", "#money"): ManageConnections,
        set_chat_tells(domain::chat::Tells::default()): ManageConnections,
        test_chat("#money"): ManageConnections,
        link_chat("not-a-link"): ViewWork,
        ask_chat_link("U0123ABCD"): ViewWork,
        unlink_chat("U123456"): ManageConnections,
        switch_source(id, false): ManageConnections,
        send_test_event(id): ManageConnections,
        create_destination(DestinationInput {
            key: "another".into(),
            name: "Another".into(),
            system: "oms".into(),
            party: Party::Merchant,
            url: "https://oms.example/in".into(),
            secret: None,
        }): ManageConnections,
        update_destination(id, "Another", "https://oms.example/in"): ManageConnections,
        rotate_destination_secret(id, None): ManageConnections,
        retire_destination(id): ManageConnections,
        resume_destination(id): ManageConnections,
        replace_destination(id, "another", "none"): Publish,
        test_destination(id): ManageConnections,
        invite(InvitationInput::default()): ManagePeople,
        resend_invitation(id): ManagePeople,
        revoke_invitation(id): ManagePeople,
        invitation_mails(): ManagePeople,
        reset_mail(id): ManagePeople,
        leaving(id, Reach::Here): ManagePeople,
        change_member(id, PlaceInput::default(), Handover::default()): ManagePeople,
        take_out(id, "", Handover::default()): ManagePeople,
        deactivate(id, "", Handover::default()): ManagePeople,
        reactivate(id): ManagePeople,
        sign_out_everywhere(id): ManagePeople,
        take_second_factor_off(id): ManagePeople,
        add_rotation(engine::RotationInput::default()): ManagePeople,
        change_rotation(id, 0, engine::RotationInput::default()): ManagePeople,
        remove_rotation(id, 0): ManagePeople,
        stand_in(id, engine::StandInInput::default()): ManagePeople,
        stand_down(id, id): WorkTasks,
        add_calendar(engine::CalendarInput::default()): ManagePeople,
        change_calendar(id, 0, engine::CalendarInput::default()): ManagePeople,
        remove_calendar(id, 0): ManagePeople,
        cover_role(0, engine::CoverInput::default()): ManagePeople,
        add_role(engine::OwnRoleInput::default()): ManagePeople,
        rename_role(id, engine::OwnRoleInput::default()): ManagePeople,
        remove_role(id): ManagePeople,
        add_policy(engine::PolicyInput::default()): ManagePeople,
        change_policy("standard", 1, engine::PolicyInput::default()): ManagePeople,
        use_policy("standard", id): Publish,
        retire_policy("standard", 1): ManagePeople,
        resume_policy("standard"): ManagePeople,
        replace_policy("standard", "other", "none"): Publish,
        replace_everywhere(&nobody(), &nobody(), ""): ManagePeople,
        make_reset_link(id): ManagePeople,
        issue_token(TokenInput {
            name: "Another".into(),
            capabilities: vec![Action::ViewWork],
            term: TokenTerm::Days(30),
        }): ManageTokens,
        rotate_token(id): ManageTokens,
        revoke_token(id): ManageTokens,
        adopt_template(Template::OrderToShip, &BTreeMap::new(), &BTreeMap::new()): ManageConnections,
        rename_merchant("Another"): ManageMerchant,
    ];
    said
}

fn reads(action: Action) -> bool {
    action.cells().all(|cell| cell.reads())
}

async fn joins(world: &World, name: &str, access: Access, party: Party, role: &str) -> Ctx {
    let engine = &world.engine;
    let email = format!("{name}@elsewhere.example");
    let user = engine
        .create_user(&email, name, "correct horse")
        .await
        .unwrap();
    let membership = Membership {
        merchant_id: world.merchant.id,
        user_id: user.id,
        access,
        party,
        functional_roles: vec![role.to_owned()],
        rotations: Vec::new(),
    };
    engine.add_member(membership).await.unwrap();
    engine
        .enter(user.id, &world.merchant.slug, None)
        .await
        .unwrap()
}

async fn token(world: &World, may: Action) -> Ctx {
    let engine = &world.engine;
    let input = TokenInput {
        name: "One thing".into(),
        capabilities: vec![may],
        term: TokenTerm::Days(30),
    };
    let made = engine
        .issue_token(&world.eyes().await.unwrap(), input)
        .await
        .unwrap();
    engine.enter_by_token(&made.secret, None).await.unwrap()
}

async fn entries(world: &World) -> usize {
    world.trail().await.unwrap().len()
}

on_every_store! {
    async fn every_use_case_refuses_whoever_lacks_what_it_takes(world: World) {
        let mut callers = Vec::new();
        for access in Access::ALL {
            callers.push(joins(&world, access.as_str(), access, Party::Agency, "returns_ops").await);
        }
        // an admin on the other side of the fence, and programs that may do one thing each
        callers.push(joins(&world, "outsider", Access::Admin, Party::Carrier, "logistics").await);
        for may in [Action::ViewWork, Action::Acknowledge] {
            callers.push(token(&world, may).await);
        }
        let known = use_cases();
        let mut refusals = 0;
        for ctx in &callers {
            let said = call_everything(&world.engine, ctx, world.merchant.id).await;
            let called: BTreeSet<String> = said
                .iter()
                .map(|(name, ..)| (*name).to_owned())
                .chain(ASKS_NOTHING.iter().map(|(name, _)| (*name).to_owned()))
                .collect();
            assert_eq!(known, called, "a use-case is missing here, or asks nothing");
            for (name, action, answer) in said {
                let who = ctx.actor_name();
                if ctx.may(action) {
                    continue;
                }
                let kind = answer.err().map(|error| error.kind);
                let refused = kind == Some(Kind::Forbidden)
                    || (ctx.is_outside() && kind == Some(Kind::NotFound));
                assert!(refused, "{name} answers {who} with {kind:?}");
                refusals += 1;
            }
        }
        assert!(refusals > 200, "{refusals}");
    }

    async fn an_auditor_reads_everything_and_changes_nothing(world: World) {
        let iris = world.as_person("iris").await.unwrap();
        let before = entries(&world).await;
        for (name, action, answer) in call_everything(&world.engine, &iris, world.merchant.id).await {
            match (reads(action), answer) {
                (true, answer) => {
                    let kind = answer.err().map(|error| error.kind);
                    assert!(matches!(kind, None | Some(Kind::NotFound)), "{name}: {kind:?}");
                }
                (false, answer) => {
                    let kind = answer.err().map(|error| error.kind);
                    assert_eq!(kind, Some(Kind::Forbidden), "{name}");
                }
            }
        }
        // that they looked at the trail, had it checked and took it out are entries themselves, and the only ones
        assert_eq!(entries(&world).await, before + 3);
    }

    async fn a_tokens_capabilities_are_what_counts(world: World) {
        let engine = &world.engine;
        let admin = world.eyes().await.unwrap();
        let bad = TokenInput {
            name: " ".into(),
            capabilities: vec![Action::ViewWork, Action::Decide],
            term: TokenTerm::Never { reason: " ".into() },
        };
        let refused = engine.issue_token(&admin, bad).await.err().unwrap();
        let fields: Vec<_> = refused.fields.iter().map(|one| one.field.as_str()).collect();
        assert_eq!(fields, ["name", "capabilities", "reason"]);
        let ctx = token(&world, Action::ViewAudit).await;
        assert!(engine.audit(&ctx, &AuditFilter { limit: 1, ..AuditFilter::default() }).await.is_ok());
        let refused = engine.tasks(&ctx, &ListFilter::default()).await.unwrap_err();
        assert_eq!(refused.kind, Kind::Forbidden);
        assert!(refused.sentence.starts_with("This API token may not read orders"), "{}", refused.sentence);
    }

    async fn a_token_is_rotated_used_and_revoked(world: World) {
        let engine = &world.engine;
        const DAY: i64 = 24 * 60 * 60_000;
        let input = TokenInput {
            name: "Nightly reports".into(),
            capabilities: vec![Action::ViewWork],
            term: TokenTerm::Days(30),
        };
        let first = engine.issue_token(&world.eyes().await.unwrap(), input).await.unwrap();
        let enter = async |text: &str| {
            engine.enter_by_token(text, None).await.map(drop).map_err(|error| (error.kind, error.sentence))
        };
        assert_eq!(enter(&first.secret).await, Ok(()));
        world.clock.advance_ms(10 * DAY);
        let second = engine.rotate_token(&world.eyes().await.unwrap(), first.token.id).await.unwrap();
        assert_ne!(first.secret, second.secret);
        assert_eq!(enter(&first.secret).await, Ok(()));
        assert_eq!(enter(&second.secret).await, Ok(()));
        world.clock.advance_ms(DAY);
        let (kind, why) = enter(&first.secret).await.unwrap_err();
        assert!(kind == Kind::Unauthenticated && why.contains("rotated"), "{why}");
        assert_eq!(enter(&second.secret).await, Ok(()));
        // written down beside the call, so a moment later
        let used = wait_for_use(&world, first.token.id).await;
        assert!(used.is_some());
        world.clock.advance_ms(29 * DAY);
        let (kind, why) = enter(&second.secret).await.unwrap_err();
        assert!(kind == Kind::Unauthenticated && why.contains("expired"), "{why}");
        let over = engine.rotate_token(&world.eyes().await.unwrap(), first.token.id).await.err().unwrap();
        assert_eq!(over.kind, Kind::Conflict);
        engine.revoke_token(&world.eyes().await.unwrap(), first.token.id).await.unwrap();
        let (_, why) = enter(&second.secret).await.unwrap_err();
        assert!(why.contains("revoked"), "{why}");
        assert_eq!(enter("mlk_nobody").await.unwrap_err().1, "This API token is not valid.");
        let said: Vec<String> = world.trail().await.unwrap()
            .into_iter().filter(|one| one.subject_id == first.token.id.to_string()).map(|one| one.action + &one.detail).collect();
        assert_eq!(said.len(), 3, "{said:?}");
        assert!(said.iter().all(|one| !one.contains(&first.secret) && !one.contains(&second.secret)));
    }

    async fn a_merchant_is_renamed_by_whoever_may(world: World) {
        let engine = &world.engine;
        engine.rename_merchant(&world.eyes().await.unwrap(), "  Alder & Sons ").await.unwrap();
        let mara = world.as_person("mara").await.unwrap();
        assert_eq!(mara.merchant().name, "Alder & Sons");
        assert_eq!(engine.rules_of(world.merchant.id).await.unwrap().merchant.name, "Alder & Sons");
        assert_eq!(engine.rename_merchant(&world.eyes().await.unwrap(), " ").await.unwrap_err().fields[0].field, "name");
    }
}

/// The use of a day after it was made, once it is written down.
async fn wait_for_use(world: &World, id: Uuid) -> Option<Time> {
    for _ in 0..500 {
        let eyes = world.eyes().await.unwrap();
        let tokens = world.engine.tokens(&eyes).await.unwrap();
        let token = tokens.iter().find(|one| one.id == id).unwrap();
        let used = token.last_used_at.filter(|at| *at > token.created_at);
        if used.is_some() {
            return used;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    None
}
