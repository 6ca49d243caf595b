//! An agency keeps a flow for its merchants, through a browser without any script: made, looked at, pushed to one
//! that is ready and one that is not, and taken back.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed anyway"
)]

#[allow(
    dead_code,
    reason = "shared with the tests of sessions, which use more of it"
)]
#[path = "sessions/browser.rs"]
mod browser;
mod support;

use browser::Browser;
use reqwest::StatusCode;
use support::{database::Engine, installation::Installation};

const AGENCY: &str = "/o/northbeam-commerce-ops/templates";
const OPERATOR: (&str, &str) = ("operator", "northbeam-commerce-ops");

async fn elena(meshline: &Installation) -> Browser {
    let user = meshline.demo.users.iter();
    let user = user.filter(|user| user.access == "admin");
    let user = user.clone().find(|user| user.email.starts_with("elena"));
    Browser::signed_in(meshline, user.unwrap()).await
}

fn id(meshline: &Installation, slug: &str) -> String {
    let merchant = meshline.demo.merchants.iter().find(|one| one.slug == slug);
    merchant.unwrap().id.clone()
}

async fn a_flow_goes_to_others_and_back(engine: Engine) {
    let meshline = Installation::start(engine).await;
    let mut elena = elena(&meshline).await;
    assert!(elena.page(AGENCY).await.contains("No template yet"));
    let make = format!("{AGENCY}/new?from=alder-pine");
    assert!(elena.page(&make).await.contains("Returns, version 1"));
    let from_live = |note| {
        [
            OPERATOR,
            ("back", "/"),
            ("by", "live"),
            ("merchant", "alder-pine"),
            ("flow", "returns"),
            ("note", note),
        ]
    };
    // without a reason nothing is made, and what was typed stays
    let mut fields = from_live("").to_vec();
    fields[1] = ("back", &make);
    fields.push(("name", "Returns everywhere"));
    assert_eq!(elena.post("/ui/template/make", &fields).await, make);
    let refused = elena.page(&make).await;
    assert!(refused.contains("Say in a sentence why") && refused.contains("Returns everywhere"));
    let template = elena
        .post(
            "/ui/template/make",
            &from_live("It holds up at Alder &amp; Pine"),
        )
        .await;
    let which = template.rsplit('/').next().unwrap().to_owned();
    assert_eq!(template, format!("{AGENCY}/{which}"));

    // version 2 comes as a document
    let flow = meshline.get("/flows/returns/export").await;
    let mut flow = flow;
    flow["outcome"] = "settled with the customer".into();
    let document = flow.to_string();
    let fields = [
        OPERATOR,
        ("by", "document"),
        ("template", &*which),
        ("document", &*document),
        ("note", "A better word"),
    ];
    assert_eq!(elena.post("/ui/template/make", &fields).await, template);
    let shown = elena.page(&template).await;
    assert!(shown.contains("Version 2") && shown.contains("pushed to nobody yet"));

    let (brightwell, kitewood) = (id(&meshline, "brightwell"), id(&meshline, "kitewood"));
    let look = format!(
        "{template}/push?version=2&merchants[]={brightwell}&merchants[]={kitewood}&take[]={brightwell}:outcome"
    );
    let shown = elena.page(&look).await;
    for words in [
        "Version 2 can go to 1 of 2 merchants",
        "/m/kitewood/contracts",
        "publishes version 2",
        "settled with the customer",
    ] {
        assert!(shown.contains(words), "{words} is not in {shown}");
    }
    let (one, two) = (format!("{brightwell}@1"), format!("{kitewood}@"));
    let take = format!("{brightwell}:outcome");
    let fields = [
        OPERATOR,
        ("back", &*look),
        ("template", &*which),
        ("version", "2"),
        ("merchants[]", &*one),
        ("merchants[]", &*two),
        ("take[]", &*take),
        ("why", "The word that customers know"),
    ];
    let pushed = elena.post("/ui/template/push", &fields).await;
    assert!(
        pushed.starts_with(&format!("{template}/pushes/")),
        "{pushed}"
    );
    let shown = elena.page(&pushed).await;
    assert!(
        shown.contains("Version 2 reached 1 of 2 merchants"),
        "{shown}"
    );
    assert!(shown.contains("published as version 2"), "{shown}");
    let flow = elena.page("/m/brightwell/flows/returns").await;
    assert!(flow.contains("From a template") && flow.contains("settled with the customer"));
    assert!(flow.contains(&template), "she belongs to the agency");
    assert!(
        !elena
            .page("/m/kitewood/flows")
            .await
            .contains("/flows/returns\"")
    );

    // who is pinned keeps it from vanishing
    let retire = [OPERATOR, ("back", &*template), ("template", &*which)];
    elena.post("/ui/template/retire", &retire).await;
    assert!(
        elena
            .page(&template)
            .await
            .contains("Brightwell is pinned to it")
    );

    let push = pushed.rsplit('/').next().unwrap();
    let undo = [OPERATOR, ("back", &*pushed), ("push", push)];
    elena.post("/ui/template/undo", &undo).await;
    let shown = elena.page(&pushed).await;
    assert!(shown.contains("as before, in version 3"), "{shown}");
    let flow = elena.page("/m/brightwell/flows/returns").await;
    assert!(!flow.contains("From a template"));

    // it is an admin's
    let jonas = meshline.demo.users.iter();
    let jonas = jonas.clone().find(|user| user.email.starts_with("jonas"));
    let mut jonas = Browser::signed_in(&meshline, jonas.unwrap()).await;
    assert_eq!(jonas.get(&template).await.status(), StatusCode::FORBIDDEN);
    meshline.end().await;
}

#[tokio::test]
async fn a_flow_goes_to_others_and_back_on_sqlite() {
    a_flow_goes_to_others_and_back(Engine::Sqlite).await;
}

#[tokio::test]
async fn a_flow_goes_to_others_and_back_on_postgres() {
    if Engine::Postgres.is_there() {
        a_flow_goes_to_others_and_back(Engine::Postgres).await;
    }
}
