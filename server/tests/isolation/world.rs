//! Two sides: a merchant with something in every field that a person or a sender can write, and everybody
//! who has no business there.
//!
//! *Theirs* is the demo's first merchant. Its texts all hold [`CANARY`], which nothing else in the
//! installation does. Those who ask are people of every role at another merchant of the same operator, the
//! admin of another operator, that merchant's API token, and nobody.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicU64, Ordering},
};

use domain::{
    Time,
    access::{Access, Action},
    agency::{Edition, Pin, Push, Template},
    invitation::{House, INVITATION_MS, Invitation, InvitationState},
    owner::Party,
    people::{Membership, Merchant, Operator, OperatorMember, User},
    token::ApiToken,
};
use engine::port::{Store, StoreExt};
use reqwest::{Method, header};
use serde_json::{Value, json};
use store::{Options, SqlStore};
use uuid::Uuid;

use crate::support::{
    clock,
    database::Engine,
    installation::{self, Installation, eventually},
    person::Person,
    random::Random,
    shop::{self, Delivery, Order},
    sink::{Reply, Sink},
};

/// Stands in every text of theirs.
pub const CANARY: &str = "zzcanary";
const OWN: &str = "kitewood";

/// What proves who asks.
#[derive(Clone)]
pub enum Credential {
    Nothing,
    Cookie(String),
    Token(String),
}

/// Somebody who asks.
#[derive(Clone)]
pub struct Asker {
    pub role: &'static str,
    pub credential: Credential,
    /// The slug of a merchant where they belong, and of its operator.
    pub merchant: String,
    pub operator: String,
}

/// What stands in braces in the table, each with something that exists and something that does not.
pub struct Named {
    pub theirs: HashMap<&'static str, String>,
    pub absent: HashMap<&'static str, String>,
}

pub struct World {
    pub meshline: Installation,
    pub askers: Vec<Asker>,
    pub named: Named,
    /// Somebody of theirs, who sees it all.
    pub owner: Asker,
    _sink: Sink,
}

/// Differs from every other.
pub fn id() -> Uuid {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let seed = clock::now_ms().unsigned_abs() ^ (number << 44);
    Random::new(seed).uuid().parse().unwrap()
}

/// People at the other merchant: role, access, party.
const PEOPLE: [(&str, Access, Party); 6] = [
    ("admin", Access::Admin, Party::Merchant),
    ("approver", Access::Approver, Party::Agency),
    ("operator", Access::Operator, Party::Agency),
    ("viewer", Access::Viewer, Party::Merchant),
    ("auditor", Access::Auditor, Party::Merchant),
    ("3pl", Access::Operator, Party::ThreePl),
];
const ELSEWHERE: &str = "admin of another operator";

fn email(role: &str) -> String {
    format!("{}@asking.example", role.replace(' ', "-"))
}

impl World {
    pub async fn start(engine: Engine) -> Self {
        let mut meshline = Installation::prepare(engine).await;
        let sink = Sink::start(meshline.sandbox_addr, |captured| {
            let refused = captured.data().to_string().contains("REFUSED");
            match refused {
                true => Reply::json(
                    200,
                    &json!({
                        "status": "rejected", "exception_code": "insufficient_inventory",
                        "exception_metadata": { "note": CANARY },
                    }),
                ),
                false => Reply::accepted(),
            }
        })
        .await;
        let theirs = add_people(&meshline).await;
        meshline.serve().await;
        let mut named = Named {
            theirs,
            absent: HashMap::new(),
        };
        fill(&meshline, &mut named.theirs).await;
        named.absent = named
            .theirs
            .iter()
            .map(|(name, value)| (*name, absent(name, value)))
            .collect();
        let askers = askers(&meshline, &named.theirs["operator"]).await;
        let owner = Asker {
            role: "their own admin",
            credential: signed_in(&meshline, &admin(&meshline).email).await,
            merchant: named.theirs["merchant"].clone(),
            operator: named.theirs["operator"].clone(),
        };
        Self {
            meshline,
            askers,
            named,
            owner,
            _sink: sink,
        }
    }
}

/// Of the same form as the real one.
fn absent(name: &str, value: &str) -> String {
    match name {
        "merchant" => "no-such-merchant".to_owned(),
        "operator" => "no-such-operator".to_owned(),
        "hash" => format!("sha256:{}", "0".repeat(64)),
        "cursor" => value.to_owned(),
        _ if Uuid::try_parse(value).is_ok() => id().to_string(),
        _ => value.chars().rev().collect(),
    }
}

/// Before the server runs: people, another operator, and theirs that has no door.
async fn add_people(meshline: &Installation) -> HashMap<&'static str, String> {
    let store = SqlStore::open_and_migrate(&meshline.database_url(), Options::default())
        .await
        .unwrap();
    let (slug, own) = (meshline.shop().0.slug.clone(), OWN);
    let mut reads = store.reads().await.unwrap();
    let merchant = reads.merchant_by_slug(&slug).await.unwrap().unwrap();
    let other = reads.merchant_by_slug(own).await.unwrap().unwrap();
    let operator = reads.operator(merchant.operator_id).await.unwrap().unwrap();
    // everybody has the password of the demo
    let known = &meshline.demo.users[0].email;
    let hash = reads
        .credentials(known)
        .await
        .unwrap()
        .unwrap()
        .password_hash;
    let mut source = reads.sources(merchant.id).await.unwrap().remove(0);
    let destination = reads.destinations(merchant.id).await.unwrap().remove(0);
    let flows = reads.flows(merchant.id).await.unwrap();
    let contract = reads.contracts(merchant.id).await.unwrap().remove(0);
    let mut rotation = reads.rotations(merchant.id).await.unwrap().remove(0);
    let mut calendar = reads.calendars(merchant.id).await.unwrap().remove(0);
    let mut policy = reads.policies(merchant.id).await.unwrap().remove(0);
    drop(reads);
    rotation.name = format!("{CANARY} rotation");
    calendar.name = format!("{CANARY} calendar");
    policy.id = id();
    // what one sends is sent back to one: a key is no canary
    policy.key = "their-policy".to_owned();
    policy.name = format!("{CANARY} policy");
    let (rotation_id, calendar_id) = (rotation.id, calendar.id);
    let policy_key = policy.key.clone();

    let now = Time::from_ms(clock::now_ms());
    let person = |role: &str, name: &str| User {
        id: id(),
        email: email(role),
        name: name.to_owned(),
        active: true,
    };
    let elsewhere = Operator {
        id: id(),
        name: "Elsewhere".into(),
        slug: "elsewhere".into(),
        require_second_factor: false,
    };
    let shop = Merchant {
        id: id(),
        operator_id: elsewhere.id,
        slug: "elsewhere-shop".into(),
        name: "Elsewhere Shop".into(),
    };
    let stranger = person(ELSEWHERE, "Stranger");
    let theirs = person(CANARY, "Zzcanary Person");
    let canary_id = theirs.id;
    source.name = format!("{CANARY} source");
    let invitation = Invitation {
        id: id(),
        merchant_id: merchant.id,
        house: House::Merchant,
        email: format!("{CANARY}@invited.example"),
        name: Some("Zzcanary Invited".into()),
        access: Access::Viewer,
        party: Party::Agency,
        functional_roles: vec![format!("{CANARY}_role")],
        invited_by: None,
        created_at: now,
        expires_at: now.plus_ms(INVITATION_MS),
        state: InvitationState::Open,
        rev: 0,
    };
    let asked_in = Invitation {
        id: id(),
        merchant_id: operator.id,
        house: House::Operator,
        email: format!("{CANARY}@agency.example"),
        functional_roles: Vec::new(),
        ..invitation.clone()
    };
    let token = ApiToken {
        id: id(),
        merchant_id: merchant.id,
        name: format!("{CANARY} token"),
        prefix: "mlk_zzcanary".into(),
        capabilities: vec![Action::ViewWork],
        created_by: None,
        created_at: now,
        issued_at: now,
        expires_at: None,
        no_expiry_reason: Some(format!("{CANARY} reason")),
        last_used_at: None,
        previous_until: None,
        revoked_at: None,
        rev: 0,
    };
    let (invitation_id, token_id) = (invitation.id, token.id);
    let asked_in_id = asked_in.id;
    let template = template(&operator, now);
    let edition = Edition {
        operator_id: operator.id,
        template_id: template.id,
        version: 1,
        flow: flows[0].to_draft(),
        roles: Vec::new(),
        policy: None,
        taken_from: None,
        note: format!("{CANARY} edition"),
        made_by: canary_id,
        made_at: now,
    };
    let push = Push {
        id: id(),
        operator_id: operator.id,
        template_id: template.id,
        version: 1,
        stage: Some(format!("{CANARY} stage")),
        why: format!("{CANARY} push"),
        by: canary_id,
        at: now,
        merchants: Vec::new(),
        undone: None,
        rev: 1,
    };
    let pin = Pin {
        merchant_id: merchant.id,
        flow_key: flows[0].key.clone(),
        template_id: template.id,
        version: Some(1),
        flow_version: Some(flows[0].version),
        push_id: Some(push.id),
        pending: None,
        pinned_at: now,
    };
    let (template_id, push_id) = (template.id, push.id);
    let source_id = source.id;
    store
        .write(move |tx| {
            Box::pin(async move {
                for (role, access, party) in PEOPLE {
                    let user = person(role, "Asking");
                    tx.insert_user(&user, &hash).await?;
                    tx.insert_membership(&Membership {
                        merchant_id: other.id,
                        user_id: user.id,
                        access,
                        party,
                        functional_roles: Vec::new(),
                        rotations: Vec::new(),
                    })
                    .await?;
                }
                tx.insert_operator(&elsewhere).await?;
                tx.insert_merchant(&shop).await?;
                tx.insert_user(&stranger, &hash).await?;
                tx.insert_operator_member(&OperatorMember {
                    operator_id: elsewhere.id,
                    user_id: stranger.id,
                    access: Access::Admin,
                })
                .await?;
                tx.insert_user(&theirs, &hash).await?;
                tx.insert_membership(&Membership {
                    merchant_id: merchant.id,
                    user_id: theirs.id,
                    access: Access::Approver,
                    party: Party::Agency,
                    functional_roles: vec![format!("{CANARY}_role"), "their_role".to_owned()],
                    rotations: Vec::new(),
                })
                .await?;
                tx.insert_invitation(&invitation, &[1; 32]).await?;
                tx.insert_invitation(&asked_in, &[2; 32]).await?;
                tx.insert_token(&token, &[1; 32]).await?;
                tx.save_rotation(&rotation).await?;
                tx.save_calendar(&calendar).await?;
                tx.insert_policy(&policy).await?;
                tx.insert_template(&template).await?;
                tx.insert_edition(&edition).await?;
                tx.insert_push(&push).await?;
                tx.put_template_pin(&pin).await?;
                tx.save_source(&source).await
            })
        })
        .await
        .unwrap();
    store.close().await;
    let flow = flows
        .iter()
        .find(|flow| flow.key.starts_with("promotion"))
        .unwrap();
    HashMap::from([
        ("merchant", slug),
        ("operator", operator.slug),
        ("person", canary_id.to_string()),
        ("invitation", invitation_id.to_string()),
        ("asked_in", asked_in_id.to_string()),
        ("token", token_id.to_string()),
        ("session", "0123456789abcdef".repeat(4)),
        ("source", source_id.to_string()),
        ("destination", destination.id.to_string()),
        ("flow", flow.id.to_string()),
        ("contract", contract.id.to_string()),
        ("rotation", rotation_id.to_string()),
        ("calendar", calendar_id.to_string()),
        ("policy", policy_key),
        ("role", "their_role".to_owned()),
        ("template", template_id.to_string()),
        ("push", push_id.to_string()),
        ("connection", merchant.id.to_string()),
        (
            "source_path",
            meshline
                .shop()
                .1
                .url_path
                .trim_start_matches("/in/")
                .to_owned(),
        ),
    ])
}

/// A template of their operator.
fn template(operator: &Operator, now: Time) -> Template {
    Template {
        id: id(),
        operator_id: operator.id,
        // what one sends is sent back to one: a key is no canary
        flow_key: "their-flow".to_owned(),
        name: format!("{CANARY} template"),
        stages: Vec::new(),
        newest: 1,
        made_at: now,
        retired_at: None,
        rev: 1,
    }
}

/// An order whose every text is a canary.
fn order(number: u64, sku: &str) -> Value {
    let mut order = Order::numbered(number).of(sku).json();
    order["email"] = json!(format!("{CANARY}@example.com"));
    order["contact_email"] = json!(format!("{CANARY}@example.com"));
    order["note"] = json!(format!("{CANARY} note"));
    order["tags"] = json!(format!("{CANARY}-tag"));
    for address in ["billing_address", "shipping_address"] {
        for field in ["first_name", "last_name", "name", "address1", "city"] {
            order[address][field] = json!(format!("Zzcanary {field}"));
        }
    }
    order["line_items"][0]["title"] = json!(format!("{CANARY} lamp"));
    order["line_items"][0]["name"] = json!(format!("{CANARY} lamp"));
    order
}

/// Work of theirs in every state that can be asked for, through the doors.
async fn fill(meshline: &Installation, theirs: &mut HashMap<&'static str, String>) {
    let mut seen = Vec::new();
    for (number, sku) in [
        (5_600_000_000_101, "ZZCANARY-OK"),
        (5_600_000_000_102, "ZZCANARY-REFUSED"),
        (5_600_000_000_103, "ZZCANARY-REFUSED-2"),
    ] {
        let body = order(number, sku);
        let delivery = Delivery::new("orders/create", &format!("{CANARY}-{number}"), &body);
        seen.push(meshline.send(&delivery).await.receipt_id());
    }
    // authentic, and not an order
    let odd = json!({ "id": CANARY });
    meshline
        .send(&Delivery::new(
            "orders/create",
            &format!("{CANARY}-odd"),
            &odd,
        ))
        .await;
    let chain = eventually("their work", async || {
        let ok = meshline.get(&format!("/receipts/{}", seen[0])).await;
        let refused = meshline.get(&format!("/receipts/{}", seen[1])).await;
        let again = meshline.get(&format!("/receipts/{}", seen[2])).await;
        let there = ok["exports"][0]["attempts"][0].is_object()
            && refused["tasks"][0].is_object()
            && again["tasks"][0].is_object();
        there.then_some((ok, refused, again))
    })
    .await;
    let text = |value: &Value| {
        let text = value.as_str();
        text.unwrap_or_else(|| panic!("{value} is no text"))
            .to_owned()
    };
    theirs.insert("receipt", seen[0].clone());
    theirs.insert("order", text(&chain.0["order_id"]));
    theirs.insert("export", text(&chain.0["exports"][0]["id"]));
    theirs.insert("run", text(&chain.0["runs"][0]["id"]));
    theirs.insert("task", text(&chain.1["tasks"][0]["id"]));

    // words of their people: on a task, on a campaign, on what was declined
    let lead = Person::sign_in(meshline, admin(meshline)).await;
    let done = text(&chain.2["tasks"][0]["id"]);
    let note = json!({ "note": format!("{CANARY} resolved") });
    lead.call(Method::POST, &format!("/tasks/{done}/claim"), None)
        .await;
    lead.call(Method::POST, &format!("/tasks/{done}/resolve"), Some(&note))
        .await;
    let mut pending = Vec::new();
    for number in 0..2 {
        let brief = json!({ "flow": "promotion-go-live", "campaign": {
            "campaign_id": format!("{CANARY}-{number}"), "title": format!("{CANARY} campaign"),
            "offer": format!("{CANARY} offer"), "discount_percent": 20, "skus": ["ZZCANARY-1"],
            "landing_url": format!("https://shop.example/{CANARY}"),
            "starts_at": "2027-12-01T10:00:00Z", "ends_at": "2027-12-05T10:00:00Z",
            "note": format!("{CANARY} note"),
        } });
        let (status, answer) = lead.call(Method::POST, "/exports", Some(&brief)).await;
        assert!(status.is_success(), "{status} {answer}");
        pending.push(number);
    }
    let waiting = eventually("their approvals", async || {
        let waiting = meshline.all("/approvals?state=pending").await;
        (waiting.len() >= pending.len()).then_some(waiting)
    })
    .await;
    let export = text(&waiting[0]["export_id"]);
    let asked = meshline.get(&format!("/exports/{export}")).await;
    theirs.insert("approval", text(&waiting[0]["id"]));
    theirs.insert("hash", text(&asked["content_hash"]));
    theirs.insert("brief", text(&asked["subject_id"]));
    theirs.insert("pending", export);
    let other = text(&waiting[1]["export_id"]);
    let (_, asked) = lead
        .call(Method::GET, &format!("/exports/{other}"), None)
        .await;
    let no =
        json!({ "content_hash": asked["content_hash"], "reason": format!("{CANARY} declined") });
    lead.call(
        Method::POST,
        &format!("/exports/{other}/decline"),
        Some(&no),
    )
    .await;
    let held = json!({ "order": theirs["order"], "reason": format!("{CANARY} held") });
    let (status, answer) = lead.call(Method::POST, "/legal-holds", Some(&held)).await;
    assert!(status.is_success(), "{status} {answer}");
    theirs.insert("hold", text(&answer["id"]));
    // versions in the making
    for path in ["/flows/promotion-go-live", "/flows/order-to-ship"] {
        let live = meshline.get(path).await;
        let mut document = meshline.get(&format!("{path}/export")).await;
        document["name"] = json!(format!("{CANARY} drawn"));
        let next = json!({ "flow": document, "base_version": live["version"] });
        let (status, answer) = lead
            .call(Method::POST, &format!("{path}/versions"), Some(&next))
            .await;
        assert!(status.is_success(), "{status} {answer}");
    }
    for path in [
        "/contracts/fulfillment_request".to_owned(),
        format!("/contracts/{}", theirs["contract"]),
    ] {
        let mut document = meshline.get(&format!("{path}/export")).await;
        let base = document["version"].clone();
        document["summary"] = json!(format!("{CANARY} drawn"));
        let next = json!({ "contract": document, "base_version": base });
        let (status, answer) = lead
            .call(Method::POST, &format!("{path}/versions"), Some(&next))
            .await;
        // the first contract may be this very one
        assert!(status.is_success() || status == 409, "{status} {answer}");
    }
    let page = meshline.get("/orders?limit=1").await;
    theirs.insert("cursor", text(&page["next"]));
}

fn admin(meshline: &Installation) -> &installation::User {
    let slug = &meshline.shop().0.slug;
    meshline
        .demo
        .users
        .iter()
        .find(|user| user.access == "admin" && user.merchants.contains(slug))
        .unwrap()
}

async fn signed_in(meshline: &Installation, email: &str) -> Credential {
    let user = installation::User {
        email: email.to_owned(),
        ..meshline.demo.users[0].clone()
    };
    Credential::Cookie(Person::sign_in(meshline, &user).await.cookie().to_owned())
}

async fn askers(meshline: &Installation, operator: &str) -> Vec<Asker> {
    let asker = |role, credential| Asker {
        role,
        credential,
        merchant: OWN.to_owned(),
        operator: operator.to_owned(),
    };
    let mut askers = Vec::new();
    for (role, _, _) in PEOPLE {
        askers.push(asker(role, signed_in(meshline, &email(role)).await));
    }
    askers.push(Asker {
        merchant: "elsewhere-shop".to_owned(),
        operator: "elsewhere".to_owned(),
        ..asker(ELSEWHERE, signed_in(meshline, &email(ELSEWHERE)).await)
    });
    let token = &meshline
        .demo
        .merchants
        .iter()
        .find(|one| one.slug == OWN)
        .unwrap()
        .api_token;
    askers.push(asker("token", Credential::Token(token.clone())));
    askers.push(asker("nobody", Credential::Nothing));
    askers
}

/// A sender of another merchant, with its own secret, at their door.
pub async fn other_sender(world: &World) -> reqwest::Response {
    let source = world
        .meshline
        .demo
        .sources
        .iter()
        .find(|source| source.merchant == OWN)
        .unwrap();
    let body = json!({ "id": 1 });
    let delivery = Delivery::new("orders/create", &id().to_string(), &body);
    let url = world.meshline.source_url();
    shop::post(&world.meshline.http, &url, &source.secret, &delivery)
        .send()
        .await
        .unwrap()
}

impl Asker {
    pub fn sign(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        match &self.credential {
            Credential::Nothing => request,
            Credential::Cookie(cookie) => request.header(header::COOKIE, cookie),
            Credential::Token(token) => request.bearer_auth(token),
        }
    }
}
