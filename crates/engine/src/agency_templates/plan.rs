//! What pushing a version would do at one merchant. The same plan is shown before, and carried out.

use domain::{
    access::Action,
    agency::{Edition, PolicyNeed, Reason, RoleNeed, Template},
    escalation::Policy,
    flow::{
        Draft, Flow, Sheet,
        merge3::{self, Change, Take, says_the_same},
        readiness::{Fault, readiness},
    },
    owner::role_title,
    people::Merchant,
};
use uuid::Uuid;

use super::no_template;
use crate::{
    agency::AgencyCtx,
    ctx::Ctx,
    engine::Engine,
    error::{Error, Result},
    flow_moves::{MovePreview, previews},
    port::Reads,
    rules::Rules,
};

/// One difference of the three, in words.
#[derive(Clone, Debug)]
pub struct ThreeWay {
    pub change: Change,
    /// "Hand to 3PL, owner".
    pub place: String,
    pub merchant: Option<String>,
    pub template: Option<String>,
}

/// What becomes of the escalation policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyPlan {
    /// The template has none, or the merchant's says the same.
    Nothing,
    /// It is published as this version there.
    Publish(i64),
    /// The merchant has changed its own, which stays.
    Kept,
}

/// What the push would come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Would {
    /// A version of this number at the merchant.
    Publish(i64),
    /// A second person there is asked about it.
    Ask(i64),
    /// The merchant's flow says all of it already.
    Same,
    Refuse,
}

#[derive(Clone, Debug)]
pub struct MerchantPlan {
    pub merchant: Merchant,
    /// The version of the template that it is pinned to.
    pub base: Option<i64>,
    /// The merchant's live version of the flow.
    pub live: Option<i64>,
    /// What would be published.
    pub draft: Draft,
    pub differences: Vec<ThreeWay>,
    /// Added at the merchant, whatever else becomes of it.
    pub new_roles: Vec<RoleNeed>,
    pub policy: PolicyPlan,
    /// Why nothing would be published.
    pub reasons: Vec<Reason>,
    /// What is under way, by version; it finishes there.
    pub running: Vec<MovePreview>,
    pub would: Would,
}

impl MerchantPlan {
    pub fn conflicts(&self) -> usize {
        let all = self.differences.iter();
        all.filter(|one| one.change.is_conflict()).count()
    }
}

/// What is pushed, and where.
pub(super) struct Asked<'a> {
    pub ctx: &'a Ctx,
    pub template: &'a Template,
    pub edition: &'a Edition,
    pub take: &'a Take,
}

fn because(sentence: impl Into<String>, section: Option<String>) -> Reason {
    Reason {
        sentence: sentence.into(),
        section,
    }
}

impl Engine {
    /// What pushing this version would do at each of these merchants. Changes nothing.
    pub async fn plan_push(
        &self,
        at: &AgencyCtx,
        (id, version): (Uuid, i64),
        merchants: &[(Uuid, Take)],
    ) -> Result<Vec<MerchantPlan>> {
        at.require_admin()?;
        let mut reads = self.store.reads().await?;
        let operator = at.operator.id;
        let template = reads
            .template(operator, id)
            .await?
            .ok_or_else(no_template)?;
        let edition = reads
            .edition(operator, id, version)
            .await?
            .ok_or_else(|| Error::not_found("version"))?;
        let mut plans = Vec::new();
        for (merchant, take) in merchants {
            let merchant = at.merchant(*merchant)?;
            let ctx = self.enter(at.user.id, &merchant.slug, None).await?;
            let rules = self.rules_of(merchant.id).await?;
            let asked = Asked {
                ctx: &ctx,
                template: &template,
                edition: &edition,
                take,
            };
            plans.push(self.plan_at(&mut *reads, &rules, &asked).await?);
        }
        Ok(plans)
    }

    pub(super) async fn plan_at(
        &self,
        reads: &mut (dyn Reads + '_),
        rules: &Rules,
        asked: &Asked<'_>,
    ) -> Result<MerchantPlan> {
        let Asked {
            ctx,
            template,
            edition,
            take,
        } = asked;
        let (merchant, key) = (ctx.merchant_id(), template.flow_key.as_str());
        let mut reasons = Vec::new();
        let versions = reads.flow_versions(merchant, key).await?;
        let live = versions.first();
        let pin = reads.template_pin(merchant, key).await?;
        if pin
            .as_ref()
            .is_some_and(|pin| pin.template_id != template.id)
        {
            reasons.push(because(
                "Its flow is pinned to another template. Let it go there first.",
                Some(format!("flows/{key}")),
            ));
        }
        let base = pin
            .filter(|pin| pin.template_id == template.id)
            .and_then(|pin| pin.version);
        let base_edition = match base {
            Some(version) => {
                reads
                    .edition(template.operator_id, template.id, version)
                    .await?
            }
            None => None,
        };
        let ours = Draft {
            merchant_id: merchant,
            ..edition.flow.clone()
        };
        let was = base_edition.as_ref().map(|one| &one.flow);
        let (draft, differences, loose) = match live.map(Flow::to_draft) {
            None => (ours, Vec::new(), Vec::new()),
            Some(theirs) => {
                let merged = merge3::merge(was, &theirs, &ours, take);
                let three = (was, &theirs, &ours);
                let differences = in_words(three, merged.changes, rules);
                // a version to come has no id yet, least of all the live one's
                let draft = Draft {
                    id: Uuid::nil(),
                    ..merged.draft
                };
                (draft, differences, merged.loose)
            }
        };
        let is_same = live.is_some_and(|live| says_the_same(&live.to_draft(), &draft));
        let by_two = reads.publishes_by_two(merchant).await?;
        let new_roles: Vec<RoleNeed> = edition
            .roles
            .iter()
            .filter(|role| !rules.own_roles.iter().any(|one| one.key == role.key))
            .cloned()
            .collect();
        let before = base_edition.as_ref().and_then(|one| one.policy.as_ref());
        let policy = match &edition.policy {
            Some(need) => {
                let versions = reads.policy_versions(merchant, &need.key).await?;
                policy_plan(need, before, versions.first(), take)
            }
            None => PolicyPlan::Nothing,
        };
        if !is_same {
            let retired = reads.retired_flows(merchant).await?;
            if retired.iter().any(|(one, _)| one == key) {
                let section = Some(format!("flows/{key}"));
                reasons.push(because(
                    "The flow is retired there. Take it back into use first.",
                    section,
                ));
            }
            let sheet = reads.flow_draft(merchant, key).await?;
            reasons.extend(drawn_there(by_two, sheet.as_ref(), key));
            let action = if by_two {
                Action::DrawFlows
            } else {
                Action::PublishFlows
            };
            reasons.extend(not_allowed(ctx, action));
            let around = self.surroundings_of(rules, ctx.now());
            let faults = readiness(&draft, &around);
            let blocking = faults.iter().filter(|fault| fault.blocks());
            let known = reasons.len();
            reasons.extend(blocking.map(|fault| of_fault(fault, key, live.is_some())));
            if reasons.len() == known {
                reasons.extend(loose.iter().map(|(from, to)| {
                    let sentence =
                        format!("“{from}” leads to “{to}”, which is not there any more.");
                    because(sentence, None)
                }));
            }
        }
        if matches!(policy, PolicyPlan::Publish(_))
            && let Some(need) = &edition.policy
        {
            reasons.extend(policy_reasons(need, rules));
        }
        if !new_roles.is_empty() || matches!(policy, PolicyPlan::Publish(_)) {
            reasons.extend(not_allowed(ctx, Action::ManagePeople));
        }
        let running = match (draft.owned(), is_same) {
            (Ok(flow), false) => previews(reads, &flow).await?,
            _ => Vec::new(),
        };
        let next = live.map_or(1, |flow| flow.version + 1);
        let would = match (reasons.is_empty(), is_same, by_two) {
            (false, ..) => Would::Refuse,
            (true, true, _) => Would::Same,
            (true, false, true) => Would::Ask(next),
            (true, false, false) => Would::Publish(next),
        };
        Ok(MerchantPlan {
            merchant: ctx.merchant().clone(),
            base,
            live: live.map(|flow| flow.version),
            draft,
            differences,
            new_roles,
            policy,
            reasons,
            running,
            would,
        })
    }
}

pub(super) fn in_words(
    three: (Option<&Draft>, &Draft, &Draft),
    changes: Vec<Change>,
    rules: &Rules,
) -> Vec<ThreeWay> {
    let names = |owner: &domain::owner::Owner| rules.spoken_name(owner);
    let (_, theirs, ours) = three;
    changes
        .into_iter()
        .map(|change| {
            let (merchant, template) = merge3::words(three, &change, &names);
            let step = change.step().map(|key| {
                let found = ours.step(key).or_else(|| theirs.step(key));
                found.map_or_else(|| key.to_owned(), |step| step.title.clone())
            });
            let field = change.field().map(field_words);
            let place = match (step, field) {
                (Some(step), Some(field)) => format!("{step}, {field}"),
                (Some(step), None) => step,
                (None, field) => format!("The flow’s {}", field.unwrap_or_default()),
            };
            ThreeWay {
                change,
                place,
                merchant,
                template,
            }
        })
        .collect()
}

/// `exits/done` reads "what comes next".
fn field_words(field: &str) -> String {
    match field.split_once('/') {
        Some(("exits", "done")) => return "what comes next".to_owned(),
        Some(("exits", on)) => return format!("what comes on “{on}”"),
        Some(("failures", on)) => return format!("when it is “{on}”"),
        _ => {}
    }
    match field {
        "kind" => "what it does".to_owned(),
        "clock" => "SLA".to_owned(),
        "checkpoint" => "QA checkpoint".to_owned(),
        "report_as" => "name in reports".to_owned(),
        "undo" => "undoing it".to_owned(),
        "manual" => "cost by hand".to_owned(),
        "start" => "beginning".to_owned(),
        other => role_title(other).to_lowercase(),
    }
}

fn drawn_there(by_two: bool, sheet: Option<&Sheet>, key: &str) -> Option<Reason> {
    let sheet = sheet.filter(|_| by_two)?;
    let sentence = if sheet.open_request().is_some() {
        "A second person is asked about a draft of this flow already."
    } else {
        "There is a draft of this flow already; publish it or throw it away first."
    };
    Some(because(sentence, Some(format!("flows/{key}/readiness"))))
}

fn not_allowed(ctx: &Ctx, action: Action) -> Option<Reason> {
    let refused = ctx.require(action).err()?;
    Some(because(refused.sentence, None))
}

/// With the page on which it can be put right.
fn of_fault(fault: &Fault, key: &str, is_there: bool) -> Reason {
    let field = fault.field.as_str();
    let section = match field.split('.').next().unwrap_or_default() {
        "owner" | "backup" | "watchers" | "to" => Some("people".to_owned()),
        "failures" if field.ends_with("owner") => Some("people".to_owned()),
        "clock" => Some("people/cover".to_owned()),
        "source_system" | "destination_system" => Some("connections".to_owned()),
        "export_type" => Some("contracts".to_owned()),
        _ if is_there => Some(format!("flows/{key}")),
        _ => None,
    };
    because(format!("{} {}", fault.sentence, fault.fix), section)
}

/// One that the merchant has retired is one that it has changed.
fn policy_plan(
    need: &PolicyNeed,
    before: Option<&PolicyNeed>,
    there: Option<&Policy>,
    take: &Take,
) -> PolicyPlan {
    let Some(there) = there else {
        return PolicyPlan::Publish(1);
    };
    let (says, is_used) = (PolicyNeed::of(there), there.retired_at.is_none());
    if is_used && says == *need {
        PolicyPlan::Nothing
    } else if is_used && before == Some(&says) || take.everything || take.places.contains("policy")
    {
        PolicyPlan::Publish(there.version + 1)
    } else {
        PolicyPlan::Kept
    }
}

/// A policy climbs to nobody unless somebody stands on its rungs there.
fn policy_reasons(need: &PolicyNeed, rules: &Rules) -> Vec<Reason> {
    let mut reasons = Vec::new();
    for (index, rung) in need.steps.iter().enumerate() {
        if !rules.resolves(&rung.target) {
            let who = rules.spoken_name(&rung.target);
            let sentence = format!(
                "Escalation policy “{}”, rung {}: {who} is nobody active here. Give the role to somebody.",
                need.name,
                index + 1
            );
            reasons.push(because(sentence, Some("people".to_owned())));
        }
        if let Some(key) = &rung.only_within
            && rules.roster.calendar(key).is_none()
        {
            let sentence = format!(
                "Escalation policy “{}”, rung {}: there is no calendar “{key}” here.",
                need.name,
                index + 1
            );
            reasons.push(because(sentence, Some("people/cover".to_owned())));
        }
    }
    reasons
}
