//! The first run: an installation without an operator is anybody's who comes first, so the first one has
//! to be the one who installed it.
//!
//! Founding makes the operator, the first account and its place in one transaction, and only while there
//! is no operator. Where strangers could come first it asks for a code that the program said when it
//! started, to whoever can read its log. What follows (a merchant, a source, a destination, a flow) is made
//! by the same use-cases as ever; what is still missing is read off what is there, so that the first steps
//! can be left and taken up again.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use domain::{
    access::{Access, Action},
    contract::{Contract, Publishing},
    flow::{Flow, Sheet},
    invitation::is_address,
    owner::{Owner, Party, role_title},
    people::{Membership, Merchant, Operator, OperatorMember, User},
};
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    ctx::Ctx,
    engine::Engine,
    error::{Error, FieldError, Kind, Result},
    flow_drafts::Begin,
    operators::free_slug,
    port::{AuditNote, ListFilter, Pace, StoreExt},
    publish::flow_faults,
    template::{Making, Purpose, Template, There, roles},
};

/// Whoever founds waits here for whoever does so at the same moment in another process.
const ONE_AT_A_TIME: Pace = Pace {
    burst: 1_000,
    every_ms: 1,
};

/// What became of a template that was taken over.
#[derive(Clone, Debug)]
pub enum Adopted {
    Published(Box<Flow>),
    /// Something keeps it from being published; it stands on the drawing board with what that is.
    Draft(Box<Sheet>),
}

#[derive(Clone, Debug, Default)]
pub struct FoundingInput {
    pub operator: String,
    pub name: String,
    pub email: String,
    pub password: String,
    /// What the program said when it started, where it asks for it.
    pub code: String,
}

/// What an operator with one merchant has so far.
#[derive(Clone, Debug)]
pub struct FirstSteps {
    pub operator: Operator,
    pub merchant: Option<Merchant>,
    pub source: Option<Uuid>,
    pub has_destination: bool,
    pub has_flow: bool,
    /// The first order that came in.
    pub order: Option<Uuid>,
}

impl FirstSteps {
    pub fn is_done(&self) -> bool {
        self.order.is_some() && self.has_flow
    }

    fn taken(&self) -> usize {
        let source = self.source.is_some();
        let steps = [
            source,
            self.has_destination,
            self.has_flow,
            self.order.is_some(),
        ];
        steps.into_iter().filter(|taken| *taken).count()
    }
}

fn fault(field: &str, sentence: impl Into<String>) -> FieldError {
    FieldError {
        field: field.to_owned(),
        sentence: sentence.into(),
    }
}

fn taken() -> Error {
    Error::conflict("This installation has its operator already. Sign in instead.")
}

impl Engine {
    /// From now on founding needs this code.
    pub fn require_setup_code(&self, code: String) {
        // said once, when the program starts
        let _ = self.setup_code.set(code);
    }

    pub fn needs_setup_code(&self) -> bool {
        self.setup_code.get().is_some()
    }

    /// Nobody has founded anything here yet.
    pub async fn is_unclaimed(&self) -> Result<bool> {
        Ok(self.store.reads().await?.all_operators().await?.is_empty())
    }

    /// The operator, and the person who runs it.
    pub async fn found(&self, input: FoundingInput) -> Result<User> {
        if !self.is_unclaimed().await? {
            return Err(taken());
        }
        let mut faults = Vec::new();
        if let Some(code) = self.setup_code.get() {
            // compared by hash, so that the time it takes says nothing about how much was right
            let hash = |text: &str| Sha256::digest(text.trim().as_bytes());
            if hash(code) != hash(&input.code) {
                faults.push(fault(
                    "code",
                    "This is not the code. It stands in the log of `meshline serve`, near the end of its start.",
                ));
            }
        }
        let (operator, name) = (input.operator.trim(), input.name.trim());
        let email = input.email.trim().to_lowercase();
        for (field, text) in [("operator", operator), ("name", name)] {
            if text.is_empty() || text.chars().count() > 80 {
                faults.push(fault(field, "Write a name of at most 80 characters."));
            }
        }
        if !is_address(&email) {
            faults.push(fault(
                "email",
                "Write an e-mail address, such as ada@example.com.",
            ));
        }
        let about = [operator, name, email.as_str()];
        let hash = match self
            .new_password_hash("password", &input.password, &about)
            .await
        {
            Ok(hash) => hash,
            Err(mut error) if error.kind == Kind::Invalid => {
                faults.append(&mut error.fields);
                String::new()
            }
            Err(error) => return Err(error),
        };
        if !faults.is_empty() {
            return Err(Error::invalid_fields(faults));
        }
        let user = User {
            id: self.uuid(),
            email,
            name: name.to_owned(),
            active: true,
        };
        let (row, operator, id) = (user.clone(), operator.to_owned(), self.uuid());
        let note = |action: &str, kind: &'static str, subject: Uuid, detail| AuditNote {
            actor: format!("user:{}", user.id),
            ..self.set_up(id, action, kind, subject, detail)
        };
        let notes = [
            note(
                "operator.created",
                "operator",
                id,
                json!({ "name": operator }),
            ),
            note(
                "operator_member.added",
                "member",
                user.id,
                json!({ "access": Access::Admin, "operator_id": id }),
            ),
        ];
        let now = self.now();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let door = Sha256::digest(b"founding").to_vec();
                    tx.take_turn(&door, now, ONE_AT_A_TIME).await?;
                    if !tx.all_operators().await?.is_empty() {
                        return Err(taken());
                    }
                    let operator = Operator {
                        id,
                        slug: free_slug(tx, &operator, id).await?,
                        name: operator,
                        require_second_factor: false,
                    };
                    tx.insert_operator(&operator).await?;
                    tx.insert_user(&row, &hash).await?;
                    tx.insert_operator_member(&OperatorMember {
                        operator_id: id,
                        user_id: row.id,
                        access: Access::Admin,
                    })
                    .await?;
                    notes.into_iter().for_each(|note| tx.note(note));
                    Ok(())
                })
            })
            .await?;
        Ok(user)
    }

    /// How far the operator that this person runs has come; none once it is under way. Of several merchants
    /// the one that has come furthest is shown, until an order has gone its way at any of them.
    pub async fn first_steps(&self, user_id: Uuid) -> Result<Option<FirstSteps>> {
        let mut reads = self.store.reads().await?;
        let runs = reads.operator_memberships_of(user_id).await?;
        let Some(own) = runs.iter().find(|one| one.access == Access::Admin) else {
            return Ok(None);
        };
        let Some(operator) = reads.operator(own.operator_id).await? else {
            return Ok(None);
        };
        let merchants = reads.merchants_of(operator.id).await?;
        let mut furthest = FirstSteps {
            operator,
            merchant: None,
            source: None,
            has_destination: false,
            has_flow: false,
            order: None,
        };
        let first = ListFilter {
            limit: 1,
            ..ListFilter::default()
        };
        for merchant in merchants {
            let orders = reads.orders(merchant.id, &first).await?;
            let sources = reads.sources(merchant.id).await?;
            let steps = FirstSteps {
                source: sources.first().map(|one| one.id),
                has_destination: !reads.destinations(merchant.id).await?.is_empty(),
                has_flow: !reads.flows(merchant.id).await?.is_empty(),
                order: orders.first().map(|order| order.id),
                merchant: Some(merchant),
                ..furthest.clone()
            };
            if steps.is_done() {
                return Ok(None);
            }
            if furthest.merchant.is_none() || steps.taken() > furthest.taken() {
                furthest = steps;
            }
        }
        Ok(Some(furthest))
    }

    /// The roles of the agency that a template needs somebody for.
    pub fn template_roles(&self, ctx: &Ctx, template: Template) -> Vec<String> {
        let making = Making {
            merchant_id: ctx.merchant_id(),
            ..Making::default()
        };
        let (contracts, flow) = template.make(&making);
        roles(&contracts, &flow).into_iter().collect()
    }

    /// Takes a template over: these people answer for its roles, it sends to these destinations, and it is
    /// published where it is ready, or becomes a draft. What was done stays done when a later part is refused,
    /// and is not done twice.
    pub async fn adopt_template(
        self: &Arc<Self>,
        ctx: &Ctx,
        template: Template,
        destinations: &BTreeMap<Purpose, Uuid>,
        who: &BTreeMap<String, Uuid>,
    ) -> Result<Adopted> {
        ctx.require(Action::ManageConnections)?;
        ctx.require(Action::ManagePeople)?;
        let (me, _) = ctx.member()?;
        if self.publishes_by_two(ctx).await? {
            return Err(Error::conflict(
                "Publishing takes two people here: draw the flow and its contracts as drafts, and ask somebody else to publish them.",
            ));
        }
        let rules = self.rules_of(ctx.merchant_id()).await?;
        let is_here = |one: Template| rules.flows.iter().any(|flow| flow.key == one.key());
        if is_here(template) {
            return Err(Error::conflict("This flow is published here already."));
        }
        if let Some(other) = template.instead_of().filter(|other| is_here(*other)) {
            return Err(Error::conflict(format!(
                "{} is published here, and both would send the same orders.",
                other.name()
            )));
        }
        let mut faults = Vec::new();
        let mut there = BTreeMap::new();
        for purpose in template.destinations() {
            let chosen = destinations.get(&purpose).and_then(|id| {
                let mut known = rules.destinations.iter();
                known.find(|one| one.id == *id && one.retired_at.is_none())
            });
            match chosen {
                Some(one) => {
                    let one = There {
                        key: one.key.clone(),
                        name: one.name.clone(),
                        system: one.system.clone(),
                    };
                    there.insert(purpose, one);
                }
                None => faults.push(fault(
                    &format!("sends_to[{}]", purpose.key()),
                    "Choose where it sends to.",
                )),
            }
        }
        let making = Making {
            merchant_id: ctx.merchant_id(),
            founder: me.id,
            now: ctx.now(),
            ids: std::array::from_fn(|_| self.uuid()),
            source_system: rules
                .sources
                .first()
                .map_or_else(|| "meshline".to_owned(), |source| source.system.clone()),
            destinations: there,
        };
        let (mut contracts, mut flow) = template.make(&making);
        let note = format!("From the template “{}”", template.name());
        for contract in &mut contracts {
            contract.publishing = Publishing {
                by: Some(me.id),
                agreed_by: None,
                note: note.clone(),
            };
        }
        (flow.published_by, flow.note) = (Some(me.id), note);
        let mut given: BTreeMap<Uuid, Vec<String>> = BTreeMap::new();
        for role in roles(&contracts, &flow) {
            let chosen = who.get(&role).and_then(|id| {
                let mut members = rules.members.iter();
                members.find(|(user, place)| {
                    user.id == *id && user.active && place.party == Party::Agency
                })
            });
            match chosen {
                Some((user, _)) => given.entry(user.id).or_default().push(role),
                None => faults.push(fault(
                    &format!("who[{role}]"),
                    format!(
                        "Choose who answers for {}.",
                        role_title(&role).to_lowercase()
                    ),
                )),
            }
        }
        // whoever is asked to approve has to be allowed to, or the contract is not published
        let may_approve = |id: &Uuid| {
            let mut members = rules.members.iter();
            members.any(|(user, place)| user.id == *id && place.may(Action::Decide))
        };
        for role in approving(&contracts) {
            let held = !rules
                .approvers(&Owner::role(Party::Agency, &role))
                .is_empty();
            if who.get(&role).is_some_and(|id| !held && !may_approve(id)) {
                faults.push(fault(
                    &format!("who[{role}]"),
                    "Choose somebody who may approve: such exports wait for this role.",
                ));
            }
        }
        if !faults.is_empty() {
            return Err(Error::invalid_fields(faults));
        }
        for (user, place) in rules.members.iter() {
            if let Some(roles) = given.get(&user.id) {
                self.give_roles(ctx, place.clone(), roles).await?;
            }
        }
        for contract in contracts {
            if rules.contract(&contract.export_type).is_none() {
                self.publish_contract(ctx, contract).await?;
            }
        }
        let rules = self.rules_of(ctx.merchant_id()).await?;
        if !flow_faults(self, &flow, &rules, ctx.now()).is_empty() {
            let document = Begin::Document(Box::new(flow.to_draft()));
            let sheet = self.begin_draft(ctx, document).await?;
            return Ok(Adopted::Draft(Box::new(sheet)));
        }
        self.publish_flow(ctx, flow.clone()).await?;
        Ok(Adopted::Published(Box::new(flow)))
    }

    /// Somebody who reaches the merchant through its operator gets a place of their own there.
    async fn give_roles(&self, ctx: &Ctx, through: Membership, roles: &[String]) -> Result<()> {
        let (ctx, roles) = (ctx.clone(), roles.to_vec());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let merchant = ctx.merchant_id();
                    let own = tx
                        .memberships_of(through.user_id)
                        .await?
                        .into_iter()
                        .find(|place| place.merchant_id == merchant);
                    let is_new = own.is_none();
                    let mut place = own.unwrap_or(Membership {
                        functional_roles: Vec::new(),
                        ..through
                    });
                    let before = place.functional_roles.len();
                    for role in roles {
                        if !place.functional_roles.contains(&role) {
                            place.functional_roles.push(role);
                        }
                    }
                    let action = match (is_new, place.functional_roles.len() == before) {
                        (false, true) => return Ok(()),
                        (false, false) => "member.changed",
                        (true, _) => "member.added",
                    };
                    if is_new {
                        tx.insert_membership(&place).await?;
                    } else {
                        tx.save_membership(&place).await?;
                    }
                    tx.note(AuditNote {
                        merchant_id: merchant,
                        at: ctx.now(),
                        actor: ctx.actor_name(),
                        action: action.to_owned(),
                        subject_kind: "member",
                        subject_id: place.user_id,
                        detail: json!({
                            "access": place.access, "party": place.party,
                            "functional_roles": place.functional_roles,
                        }),
                        trace_id: Some(ctx.trace_id().to_owned()),
                    });
                    Ok(())
                })
            })
            .await
    }
}

/// The agency's roles that these contracts ask to approve.
fn approving(contracts: &[Contract]) -> BTreeSet<String> {
    let steps = contracts
        .iter()
        .flat_map(|contract| contract.approval.iter().flat_map(|rule| &rule.steps));
    let asked = steps.flat_map(|step| step.asked().chain([&step.backup]));
    asked
        .filter_map(|owner| match owner {
            Owner::Role {
                party: Party::Agency,
                role,
            } => Some(role.clone()),
            _ => None,
        })
        .collect()
}
