//! Making a template, and its next versions: out of what is live at a merchant, or out of a document.

use std::sync::Arc;

use domain::{
    access::Noun,
    agency::{Edition, MAX_NAME, PolicyNeed, RoleNeed, Template, instead, own_roles, stays_home},
    flow::{Draft, merge3::says_the_same},
    owner::{Owner, role_title},
};
use serde_json::json;
use uuid::Uuid;

use super::{no_template, reason};
use crate::{
    agency::{AgencyCtx, require_still_admin},
    engine::Engine,
    error::{Error, FieldError, Kind, Result},
    flow_import::read_flow_document,
    port::StoreExt,
};

/// What a version is made of.
#[derive(Clone, Debug)]
pub enum Origin {
    /// What is live at one of the operator's merchants, by its path.
    Live {
        merchant: String,
        flow_key: String,
        /// The key of the merchant's escalation policy that goes along, or nothing.
        policy: String,
    },
    Document(Vec<u8>),
}

#[derive(Clone, Debug)]
pub struct TemplateInput {
    /// Of a new one; nothing: as the flow is called.
    pub name: String,
    pub origin: Origin,
    /// Roles in the place of people and rotations, which are at one merchant only.
    pub instead: Vec<(Owner, Owner)>,
    pub note: String,
}

/// What was read, before it has a version.
struct Content {
    flow: Draft,
    roles: Vec<RoleNeed>,
    policy: Option<PolicyNeed>,
    taken_from: Option<Uuid>,
}

impl Engine {
    async fn read_origin(
        &self,
        at: &AgencyCtx,
        input: &TemplateInput,
        before: Option<&Edition>,
    ) -> Result<Content> {
        let (mut flow, mut policy, rules) = match &input.origin {
            Origin::Document(bytes) => {
                let flow = read_flow_document(bytes, Uuid::nil()).map_err(at_document)?;
                (flow, before.and_then(|one| one.policy.clone()), None)
            }
            Origin::Live {
                merchant,
                flow_key,
                policy,
            } => {
                let known = at.places.iter().any(|(one, _)| one.slug == *merchant);
                if !known {
                    return Err(Error::invalid("merchant", "Choose one of your merchants."));
                }
                let ctx = self.enter(at.user.id, merchant, None).await?;
                ctx.read(Noun::Flow)?;
                let rules = self.rules_of(ctx.merchant_id()).await?;
                let live = rules.flows.iter().find(|one| one.key == *flow_key);
                let live = live
                    .ok_or_else(|| Error::invalid("flow", "Choose a flow that is live there."))?;
                let policy = match policy.trim() {
                    "" => None,
                    key => Some(PolicyNeed::of(rules.policy(key).ok_or_else(|| {
                        Error::invalid("policy", "There is no such escalation policy there.")
                    })?)),
                };
                (live.to_draft(), policy, Some(rules))
            }
        };
        if input
            .instead
            .iter()
            .any(|(_, is)| !domain::agency::travels(is))
        {
            return Err(Error::invalid("instead", "Choose a role for each of them."));
        }
        instead(&mut flow, policy.as_mut(), &input.instead);
        let home: Vec<FieldError> = stays_home(&flow, policy.as_ref())
            .into_iter()
            .enumerate()
            .map(|(index, one)| stays((index, one), rules.as_deref()))
            .collect();
        if !home.is_empty() {
            let count = home.len();
            let mut error = Error::invalid_fields(home);
            if count > 1 {
                error.sentence = format!(
                    "{count} places name somebody who is at one merchant only. Choose roles for them."
                );
            }
            return Err(error);
        }
        let mut keys: Vec<&str> = flow.steps.iter().map(|one| one.key.as_str()).collect();
        keys.sort_unstable();
        if keys.windows(2).any(|pair| pair.first() == pair.last()) {
            let sentence = "Two steps have the same key; each needs its own.";
            return Err(Error::invalid("document", sentence));
        }
        let title = |key: &str| {
            let known = rules.as_ref().and_then(|rules| {
                let own = rules.own_roles.iter().find(|one| one.key == key);
                own.map(|one| one.title.clone())
            });
            let earlier = || before?.roles.iter().find(|one| one.key == key);
            known
                .or_else(|| earlier().map(|one| one.title.clone()))
                .unwrap_or_else(|| role_title(key))
        };
        let roles = own_roles(&flow, policy.as_ref())
            .into_iter()
            .map(|key| RoleNeed {
                title: title(&key),
                key,
            })
            .collect();
        let key = flow.key.clone();
        Ok(Content {
            flow: Draft {
                id: Uuid::nil(),
                merchant_id: Uuid::nil(),
                version: 0,
                published_at: at.now,
                published_by: None,
                approved_by: None,
                note: String::new(),
                key,
                ..flow
            },
            roles,
            policy,
            taken_from: rules.as_ref().map(|rules| rules.merchant.id),
        })
    }

    /// A new template, in its first version.
    pub async fn make_template(
        self: &Arc<Self>,
        at: &AgencyCtx,
        input: TemplateInput,
    ) -> Result<Template> {
        at.require_admin()?;
        let note = reason("note", &input.note)?;
        let content = self.read_origin(at, &input, None).await?;
        let name = match input.name.trim() {
            "" => content.flow.name.clone(),
            name => name.to_owned(),
        };
        if name.chars().count() > MAX_NAME {
            return Err(Error::invalid("name", "At most 80 characters."));
        }
        let template = Template {
            id: self.uuid(),
            operator_id: at.operator.id,
            flow_key: content.flow.key.clone(),
            name,
            stages: Vec::new(),
            newest: 1,
            made_at: at.now,
            retired_at: None,
            rev: 1,
        };
        let edition = content.edition(at, &template, note);
        let at = at.clone();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    require_still_admin(tx, &at).await?;
                    tx.insert_template(&template).await.map_err(|error| {
                        if error.kind == Kind::Conflict {
                            let sentence = format!(
                                "There is a template of the flow “{}” already: make its next version, or retire it.",
                                template.flow_key
                            );
                            return Error::invalid("flow", sentence);
                        }
                        error
                    })?;
                    tx.insert_edition(&edition).await?;
                    let detail = json!({
                        "name": template.name, "flow": template.flow_key,
                        "taken_from": edition.taken_from, "note": edition.note,
                    });
                    let subject = ("template", template.id);
                    tx.note(at.note(at.operator.id, "template.made", subject, detail));
                    Ok(template)
                })
            })
            .await
    }

    /// The template's next version. Nobody has it before it is pushed.
    pub async fn next_edition(
        self: &Arc<Self>,
        at: &AgencyCtx,
        id: Uuid,
        input: TemplateInput,
    ) -> Result<Edition> {
        at.require_admin()?;
        let note = reason("note", &input.note)?;
        let view = self.agency_template(at, id).await?;
        let before = view.editions.first();
        let content = self.read_origin(at, &input, before).await?;
        if content.flow.key != view.template.flow_key {
            return Err(Error::invalid(
                "document",
                format!(
                    "This is the flow “{}”, and the template is of “{}”.",
                    content.flow.key, view.template.flow_key
                ),
            ));
        }
        let at = at.clone();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    require_still_admin(tx, &at).await?;
                    let was = tx.template(at.operator.id, id).await?;
                    let mut template = was.ok_or_else(no_template)?;
                    if template.retired_at.is_some() {
                        return Err(Error::conflict("This template is retired."));
                    }
                    let newest = tx.edition(at.operator.id, id, template.newest).await?;
                    let is_same = newest.is_some_and(|one| {
                        says_the_same(&one.flow, &content.flow) && one.policy == content.policy
                    });
                    if is_same {
                        return Err(Error::conflict(format!(
                            "It says the same as version {}; nothing was made.",
                            template.newest
                        )));
                    }
                    template.newest += 1;
                    let edition = content.edition(&at, &template, note);
                    tx.save_template(&template).await?;
                    tx.insert_edition(&edition).await?;
                    let detail = json!({
                        "name": template.name, "version": edition.version,
                        "taken_from": edition.taken_from, "note": edition.note,
                    });
                    let subject = ("template", id);
                    tx.note(at.note(at.operator.id, "template.version_made", subject, detail));
                    Ok(edition)
                })
            })
            .await
    }
}

impl Content {
    fn edition(self, at: &AgencyCtx, template: &Template, note: String) -> Edition {
        Edition {
            operator_id: at.operator.id,
            template_id: template.id,
            version: template.newest,
            flow: self.flow,
            roles: self.roles,
            policy: self.policy,
            taken_from: self.taken_from,
            note,
            made_by: at.user.id,
            made_at: at.now,
        }
    }
}

/// A fault of the whole document stands at its field.
fn at_document(mut error: Error) -> Error {
    for field in &mut error.fields {
        if field.field.is_empty() {
            "document".clone_into(&mut field.field);
        }
    }
    error
}

fn stays(
    (index, one): (usize, domain::agency::Homebody),
    rules: Option<&crate::rules::Rules>,
) -> FieldError {
    let Some(owner) = one.owner else {
        return FieldError {
            field: format!("instead:/{index}"),
            sentence: format!("{}: nobody is named. A template names a role.", one.place),
        };
    };
    let name = rules.map_or_else(|| owner.title(), |rules| rules.spoken_name(&owner));
    let sentence = match owner {
        Owner::Rotation(_) => format!(
            "{}: {name} is a rotation of one merchant. Choose a role instead.",
            one.place
        ),
        _ => format!(
            "{}: {name} is a person at one merchant. Choose a role instead.",
            one.place
        ),
    };
    FieldError {
        field: format!("instead:{owner}/{index}"),
        sentence,
    }
}
