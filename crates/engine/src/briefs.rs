//! Campaign briefs: written, changed, marked ready, taken back; and what their window's end does.
//!
//! A brief is the subject of its flow's run. Ready means that its newest version becomes the campaign that exports
//! are about; a change after that goes the way of every change of facts: what was asked or approved is superseded
//! and asked anew. Where it stands is read off the run whenever that moves ([`domain::brief::standing`]).

mod writing;

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    Time,
    access::{Action, Noun},
    brief::{Brief, BriefState, BriefVersion, Content, standing},
    flow::{Flow, Run, RunState, Trigger},
    sku::Sku,
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    chain::Chain,
    ctx::Ctx,
    engine::Engine,
    error::{Error, Kind, Result},
    job::JobKind,
    port::{ListFilter, StoreExt},
    publish::CampaignInput,
    rules::Rules,
    runs::Subject,
    work::Work,
};

pub use writing::BriefInput;
use writing::{content, new_brief, owner_fault};

/// A brief with everything that hangs on it.
#[derive(Clone, Debug)]
pub struct BriefChain {
    pub brief: Brief,
    /// Oldest first.
    pub versions: Vec<BriefVersion>,
    /// Its runs and exports; none before it is ready.
    pub chain: Option<Chain>,
    /// What is known of its goods.
    pub goods: BTreeMap<String, Sku>,
}

impl Engine {
    pub async fn briefs(&self, ctx: &Ctx, filter: &ListFilter) -> Result<Vec<Brief>> {
        ctx.read(Noun::Flow)?;
        let mut reads = self.store.reads().await?;
        reads.briefs(ctx.merchant_id(), filter).await
    }

    pub async fn brief(&self, ctx: &Ctx, id: Uuid) -> Result<BriefChain> {
        ctx.read(Noun::Flow)?;
        let merchant = ctx.merchant_id();
        let mut reads = self.store.reads().await?;
        let brief = reads
            .brief(merchant, id)
            .await?
            .ok_or_else(|| Error::not_found("brief"))?;
        let versions = reads.brief_versions(merchant, id).await?;
        let mut goods = BTreeMap::new();
        for code in &brief.content.skus {
            if let Some(sku) = reads.sku(merchant, code).await? {
                goods.insert(code.clone(), sku);
            }
        }
        drop(reads);
        let chain = match brief.ready_version {
            Some(_) => Some(self.campaign_chain(ctx, id).await?),
            None => None,
        };
        Ok(BriefChain {
            brief,
            versions,
            chain,
            goods,
        })
    }

    /// Flows that start with a brief.
    pub async fn campaign_flows(&self, ctx: &Ctx) -> Result<Vec<Arc<Flow>>> {
        ctx.read(Noun::Flow)?;
        let rules = self.rules_of(ctx.merchant_id()).await?;
        Ok(of_campaigns(&rules).cloned().collect())
    }

    /// A draft. Nothing is asked and nothing sent before it is marked ready.
    pub async fn write_brief(self: &Arc<Self>, ctx: &Ctx, input: BriefInput) -> Result<Brief> {
        ctx.require(Action::Trigger)?;
        let (user, _) = ctx.member()?;
        let rules = self.rules_of(ctx.merchant_id()).await?;
        let flow = flow_for(&rules, &input.flow)?;
        let brief = new_brief(&input, &flow, self.uuid(), user.id, ctx)?;
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = Work::of(&ctx, tx, engine, rules);
                    work.add_brief(&brief).await?;
                    Ok(brief)
                })
            })
            .await
    }

    /// Another version. Of one that is ready already, it supersedes what was asked and approved.
    pub async fn revise_brief(
        self: &Arc<Self>,
        ctx: &Ctx,
        id: Uuid,
        seen_version: i64,
        input: BriefInput,
    ) -> Result<Brief> {
        ctx.require(Action::Trigger)?;
        let (user, _) = ctx.member()?;
        let by = user.id;
        let rules = self.rules_of(ctx.merchant_id()).await?;
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = Work::of(&ctx, tx, engine, rules);
                    let brief = work.brief_called(id).await?;
                    let content = content(&input, &work.rules, work.now)?;
                    work.revise(brief, seen_version, content, by).await
                })
            })
            .await
    }

    /// Its flow starts, about its newest version.
    pub async fn ready_brief(self: &Arc<Self>, ctx: &Ctx, id: Uuid) -> Result<Run> {
        ctx.require(Action::Trigger)?;
        let (user, _) = ctx.member()?;
        let by = user.id;
        let rules = self.rules_of(ctx.merchant_id()).await?;
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = Work::of(&ctx, tx, engine, rules);
                    let brief = work.brief_called(id).await?;
                    work.begin_campaign(brief, by).await
                })
            })
            .await
    }

    /// A draft is given up; what is under way is stopped, and what it did is taken back.
    pub async fn end_brief(self: &Arc<Self>, ctx: &Ctx, id: Uuid, why: &str) -> Result<Brief> {
        ctx.require(Action::Control)?;
        let why = why.trim().to_owned();
        if why.is_empty() || why.chars().count() > 1_000 {
            return Err(Error::invalid(
                "reason",
                "Say why, in at most 1000 characters.",
            ));
        }
        let rules = self.rules_of(ctx.merchant_id()).await?;
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = Work::of(&ctx, tx, engine, rules);
                    let brief = work.brief_called(id).await?;
                    work.end_now(brief, &why).await?;
                    work.brief_called(id).await
                })
            })
            .await
    }

    /// Writes a brief and marks it ready at once.
    pub async fn start_campaign(
        self: &Arc<Self>,
        ctx: &Ctx,
        flow_key: &str,
        input: CampaignInput,
    ) -> Result<Run> {
        ctx.require(Action::Trigger)?;
        let (user, _) = ctx.member()?;
        let by = user.id;
        let rules = self.rules_of(ctx.merchant_id()).await?;
        let flow = flow_for(&rules, flow_key)?;
        let brief = new_brief(&input.into(), &flow, self.uuid(), by, ctx)?;
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = Work::of(&ctx, tx, engine, rules);
                    work.add_brief(&brief).await?;
                    work.begin_campaign(brief, by).await
                })
            })
            .await
    }
}

fn of_campaigns(rules: &Rules) -> impl Iterator<Item = &Arc<Flow>> {
    let starts = |flow: &&Arc<Flow>| flow.trigger == Trigger::Campaign;
    rules.flows.iter().filter(starts)
}

fn flow_for(rules: &Rules, key: &str) -> Result<Arc<Flow>> {
    let key = key.trim();
    if key.is_empty() {
        let mut all = of_campaigns(rules);
        return match (all.next(), all.next()) {
            (Some(one), None) => Ok(Arc::clone(one)),
            (None, _) => Err(Error::invalid(
                "flow",
                "No flow starts with a campaign yet: publish one first.",
            )),
            _ => Err(Error::invalid(
                "flow",
                "Several flows start with a campaign: choose one.",
            )),
        };
    }
    let flow = rules.flows.iter().find(|flow| flow.key == key);
    let flow = flow.cloned().ok_or_else(|| Error::not_found("flow"))?;
    if flow.trigger != Trigger::Campaign {
        return Err(Error::conflict(
            "This flow starts by itself, with its event.",
        ));
    }
    Ok(flow)
}

impl Work<'_> {
    async fn brief_called(&mut self, id: Uuid) -> Result<Brief> {
        let brief = self.tx.brief(self.merchant_id(), id).await?;
        brief.ok_or_else(|| Error::not_found("brief"))
    }

    async fn add_brief(&mut self, brief: &Brief) -> Result<()> {
        if let Some(wrong) = owner_fault(&brief.content, &self.rules) {
            return Err(Error::invalid_fields(vec![wrong]));
        }
        self.tx.insert_brief(brief).await.map_err(|error| {
            if error.kind == Kind::Conflict {
                Error::invalid("campaign_id", "There is a campaign with this id already.")
            } else {
                error
            }
        })?;
        self.write_version(brief, brief.created_by).await?;
        self.note(
            "brief.written",
            "brief",
            brief.id,
            json!({ "campaign_id": brief.campaign_id, "version": 1, "content": brief.content }),
        );
        Ok(())
    }

    async fn write_version(&mut self, brief: &Brief, by: Uuid) -> Result<()> {
        let version = BriefVersion {
            merchant_id: brief.merchant_id,
            brief_id: brief.id,
            version: brief.version,
            content: brief.content.clone(),
            by,
            at: self.now,
        };
        self.tx.insert_brief_version(&version).await
    }

    async fn revise(
        &mut self,
        mut brief: Brief,
        seen_version: i64,
        content: Content,
        by: Uuid,
    ) -> Result<Brief> {
        if !brief.state.may_change() {
            return Err(Error::conflict(format!(
                "This brief is {} and cannot be changed any more.",
                brief.state
            )));
        }
        if brief.version != seen_version {
            return Err(Error::conflict(format!(
                "Somebody wrote version {} meanwhile. Look at it first.",
                brief.version
            )));
        }
        if brief.content == content {
            return Ok(brief);
        }
        let before = std::mem::replace(&mut brief.content, content);
        brief.version += 1;
        brief.updated_at = self.now;
        self.write_version(&brief, by).await?;
        self.note(
            "brief.revised",
            "brief",
            brief.id,
            json!({ "version": brief.version, "before": before, "after": brief.content }),
        );
        if brief.ready_version.is_none() {
            self.tx.save_brief(&brief).await?;
            return self.brief_called(brief.id).await;
        }
        brief.ready_version = Some(brief.version);
        self.tx.save_brief(&brief).await?;
        let campaign = brief.campaign(&self.writers_of(&brief).await?);
        self.tx.save_campaign(&campaign).await?;
        if brief.content.ends_at != before.ends_at {
            self.arm(JobKind::BriefEnd, brief.id, brief.content.ends_at)
                .await?;
        }
        let subject = Subject::Campaign(Box::new(campaign));
        self.facts_changed(&subject).await?;
        if let Some(run) = self.run_of_brief(brief.id).await? {
            self.brief_moved(&run).await?;
        }
        self.brief_called(brief.id).await
    }

    async fn begin_campaign(&mut self, mut brief: Brief, by: Uuid) -> Result<Run> {
        if brief.state != BriefState::Draft {
            return Err(Error::conflict(format!(
                "This brief is {} already.",
                brief.state
            )));
        }
        let flow = flow_for(&self.rules, &brief.flow_key)?;
        if brief.content.ends_at <= self.now {
            return Err(Error::invalid(
                "ends_at",
                "Its window is over. Write another end first.",
            ));
        }
        brief.state = BriefState::Ready;
        brief.ready_version = Some(brief.version);
        brief.updated_at = self.now;
        self.tx.save_brief(&brief).await?;
        let campaign = brief.campaign(&self.writers_of(&brief).await?);
        self.tx.insert_campaign(&campaign).await.map_err(|error| {
            if error.kind == Kind::Conflict {
                Error::invalid("campaign_id", "There is a campaign with this id already.")
            } else {
                error
            }
        })?;
        self.note(
            "campaign.ready",
            "campaign",
            campaign.id,
            json!({
                "campaign_id": campaign.campaign_id, "title": campaign.title,
                "version": brief.version,
            }),
        );
        self.arm(JobKind::BriefEnd, brief.id, brief.content.ends_at)
            .await?;
        let subject = Subject::Campaign(Box::new(campaign));
        self.start_run(&flow, subject, Some(by))
            .await?
            .ok_or_else(|| Error::conflict("This campaign is running already."))
    }

    /// Who wrote its versions, in their order. A version says most of what the one before said, so none of them
    /// may approve it.
    async fn writers_of(&mut self, brief: &Brief) -> Result<Vec<Uuid>> {
        let versions = self.tx.brief_versions(brief.merchant_id, brief.id).await?;
        Ok(versions.into_iter().map(|one| one.by).collect())
    }

    async fn run_of_brief(&mut self, id: Uuid) -> Result<Option<Run>> {
        let runs = self.tx.runs_of(self.merchant_id(), id).await?;
        Ok(runs.into_iter().rfind(|run| run.parent.is_none()))
    }

    async fn end_now(&mut self, mut brief: Brief, why: &str) -> Result<()> {
        match brief.state {
            BriefState::Draft => {
                brief.state = BriefState::Withdrawn;
                brief.because = Some(why.to_owned());
                brief.updated_at = self.now;
                self.tx.save_brief(&brief).await?;
                self.note("brief.withdrawn", "brief", brief.id, json!({ "why": why }));
                Ok(())
            }
            BriefState::Ready | BriefState::Paused | BriefState::Live => {
                let Some(run) = self.run_of_brief(brief.id).await? else {
                    return Err(Error::internal(format!("brief {} has no run", brief.id)));
                };
                self.recall_run(run.id, why).await
            }
            over => Err(Error::conflict(format!("This brief is {over} already."))),
        }
    }

    /// Job: its window is over. What it did is taken back, whatever stands in the way of that is a task.
    pub async fn brief_end(&mut self, id: Uuid, armed_for: Time) -> Result<()> {
        let Some(brief) = self.tx.brief(self.merchant_id(), id).await? else {
            return Ok(());
        };
        if brief.state.is_over() || brief.content.ends_at != armed_for {
            return Ok(());
        }
        self.end_now(brief, "its window is over").await
    }

    /// Its run, or an export of that, moved: the brief says where it is now.
    pub async fn brief_moved(&mut self, run: &Run) -> Result<()> {
        if run.subject_kind != "campaign" || run.parent.is_some() {
            return Ok(());
        }
        let merchant = run.merchant_id;
        let Some(mut brief) = self.tx.brief(merchant, run.subject_id).await? else {
            return Ok(());
        };
        let exports = self.tx.exports_of(merchant, run.subject_id).await?;
        let (state, because) = standing(run, &exports, brief.state);
        if run.state == RunState::Undoing && !run.recalled && brief.state == BriefState::Live {
            // something after it failed: it stays what it was until that is taken back
            return Ok(());
        }
        if (brief.state, &brief.because) == (state, &because) {
            return Ok(());
        }
        let before = std::mem::replace(&mut brief.state, state);
        brief.because = because;
        brief.updated_at = self.now;
        self.tx.save_brief(&brief).await?;
        self.note(
            &format!("brief.{state}"),
            "brief",
            brief.id,
            json!({ "before": before, "because": brief.because, "run_id": run.id }),
        );
        Ok(())
    }
}
