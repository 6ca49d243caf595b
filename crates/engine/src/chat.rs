//! A merchant's workspace: connecting it, who is asked where, and what happens when nothing gets through.
//!
//! The token and the signing secret are sealed like those of a source, and never shown again. A token is only
//! ever sent to the address that it was entered for: whoever changes the address enters the token anew.
//!
//! When the chat refuses for good, the connection says so on its page, an admin has a task, and people are asked
//! by mail until it is put right.

use std::sync::Arc;

use domain::{
    access::{Action, Noun},
    chat::{DEFAULT_API, Linked, Route, Tells, Trouble, Workspace, is_place},
    contract::Contract,
    flow::{Flow, StepKind},
    owner::{Owner, Party},
    task::{Evidence, ExceptionClass, Severity, Task, TaskState, Unlock},
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    connections::place,
    ctx::Ctx,
    engine::Engine,
    error::{Error, FieldError, Result},
    exception::ladder,
    job::JobKind,
    port::{Account, Card, Identity, Said, StoreExt, Whose},
    rules::Rules,
    seats::{self, Need},
    work::Work,
};

const TABLE: &str = "chat_workspaces";
const HOUR_MS: i64 = 3_600_000;
/// After a connection was mended, so many messages are looked at again.
const LOOKED_AT: i64 = 500;

#[derive(Clone)]
pub struct ChatInput {
    /// Empty: the one it has.
    pub token: String,
    /// Empty: the one it has.
    pub signing: String,
    /// Empty: Slack's own.
    pub api_base: String,
}

/// What the settings page shows.
#[derive(Clone, Debug)]
pub struct ChatSettings {
    pub workspace: Option<Workspace>,
    pub routes: Vec<Route>,
    /// Who may have to be asked, by what contracts and routes say.
    pub owners: Vec<Owner>,
    pub people: Vec<Linked>,
    /// What is entered at Slack as the request URL.
    pub clicks_url: String,
}

fn fault(field: &str, sentence: impl Into<String>) -> FieldError {
    FieldError {
        field: field.to_owned(),
        sentence: sentence.into(),
    }
}

/// Dealt with once the connection holds again.
const TROUBLE_KEY: &str = "chat_trouble";

/// Of a task about the chat itself.
pub(crate) const TASK_CODE: &str = "chat_failed";

fn route_key(owner: &Owner) -> String {
    format!("chat_route:{owner}")
}

/// Everybody whom contracts, flows, sources and escalations name: to approve, to work, or to be told; and those
/// who have a place already.
fn askable(rules: &Rules, routes: &[Route]) -> Vec<Owner> {
    let mut all: Vec<Owner> = routes.iter().map(|route| route.owner.clone()).collect();
    let mut found = |_: &str, _: Need, owner: &mut Owner| all.push(owner.clone());
    for contract in &rules.contracts {
        seats::contract(&mut Contract::clone(contract), &mut found);
    }
    for flow in &rules.flows {
        seats::flow(&mut Flow::clone(flow), &mut found);
    }
    for source in &rules.sources {
        seats::source(&mut source.clone(), &mut found);
    }
    for policy in &rules.policies {
        seats::policy(&mut policy.clone(), &mut found);
    }
    for step in rules.flows.iter().flat_map(|flow| &flow.steps) {
        all.extend(step.watchers.iter().cloned());
        if let StepKind::Notify { to, .. } = &step.kind {
            all.extend(to.iter().cloned());
        }
    }
    all.retain(|owner| !matches!(owner, Owner::System(_)));
    all.sort();
    all.dedup();
    all
}

impl Engine {
    /// Its secrets in the clear, for one call.
    pub(crate) fn chat_account(&self, workspace: &Workspace) -> Result<Account> {
        let at = place(workspace.merchant_id, TABLE, workspace.id, "token");
        let token = self.vault.open(at, &workspace.sealed_token)?;
        Ok(Account {
            api_base: workspace.api_base.clone(),
            token: String::from_utf8(token)
                .map_err(|_| Error::internal("a token that is no text"))?,
        })
    }

    pub(crate) fn chat_signing(&self, workspace: &Workspace) -> Result<Vec<u8>> {
        let at = place(workspace.merchant_id, TABLE, workspace.id, "signing");
        self.vault.open(at, &workspace.sealed_signing)
    }

    pub async fn chat_settings(&self, ctx: &Ctx) -> Result<ChatSettings> {
        ctx.read(Noun::Connection)?;
        let rules = self.rules_of(ctx.merchant_id()).await?;
        let mut reads = self.store.reads().await?;
        let routes = reads.chat_routes(ctx.merchant_id()).await?;
        Ok(ChatSettings {
            workspace: reads.chat_workspace(ctx.merchant_id()).await?,
            owners: askable(&rules, &routes),
            routes,
            people: reads.chat_people(ctx.merchant_id()).await?,
            clicks_url: format!("{}/in/slack/{}", self.public_url, ctx.merchant_id()),
        })
    }

    /// Connects a workspace, or gives the one that is connected another token, secret or address. Another secret or
    /// address ends who is who: whoever entered it could press as anybody who is linked.
    pub async fn connect_chat(self: &Arc<Self>, ctx: &Ctx, input: ChatInput) -> Result<Workspace> {
        ctx.require(Action::ManageConnections)?;
        ctx.require_fresh_proof()?;
        let merchant = ctx.merchant_id();
        let known = self.store.reads().await?.chat_workspace(merchant).await?;
        let wanted = self.chat_wanted(&input, known.as_ref())?;
        let identity = self.chat_identity(&wanted).await?;
        let id = known.as_ref().map_or_else(|| self.uuid(), |known| known.id);
        let seal = |column, text: &str| {
            let at = place(merchant, TABLE, id, column);
            self.vault.seal(&*self.ids, at, text.as_bytes())
        };
        let sealed_signing = match (input.signing.trim(), &known) {
            ("", Some(known)) => known.sealed_signing.clone(),
            (text, _) => seal("signing", text)?,
        };
        let workspace = Workspace {
            id,
            merchant_id: merchant,
            team_id: identity.team_id,
            team_name: identity.team_name,
            sealed_token: seal("token", &wanted.token)?,
            api_base: wanted.api_base,
            sealed_signing,
            trouble: None,
            tells: known.as_ref().map(|known| known.tells).unwrap_or_default(),
            connected_by: ctx.user_id(),
            connected_at: ctx.now(),
            rev: known.as_ref().map_or(0, |known| known.rev),
        };
        let is_new = known.is_none();
        let other_team = known
            .as_ref()
            .is_some_and(|known| known.team_id != workspace.team_id);
        let other_signing = known
            .as_ref()
            .is_some_and(|known| self.is_other_signing(known, input.signing.trim()));
        let other_api = known
            .as_ref()
            .is_some_and(|known| known.api_base != workspace.api_base);
        let rules = self.rules_of(merchant).await?;
        let (engine, ctx, row) = (Arc::clone(self), ctx.clone(), workspace.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = Work::of(&ctx, tx, engine, rules);
                    if other_team {
                        // who is who there, and which channel is which, was said of another one
                        work.tx.delete_chat_workspace(row.merchant_id).await?;
                    }
                    if is_new || other_team {
                        work.tx.insert_chat_workspace(&row).await?;
                    } else {
                        work.tx.save_chat_workspace(&row).await?;
                    }
                    let mut unlinked = Vec::new();
                    if other_signing || other_api {
                        unlinked = work.unlink_everybody().await?;
                    }
                    let detail = json!({
                        "team": row.team_name, "api": row.api_base,
                        "signing_exchanged": other_signing, "unlinked": unlinked,
                    });
                    work.note("chat.connected", "chat", row.id, detail);
                    work.chat_is_mended().await
                })
            })
            .await?;
        Ok(workspace)
    }

    /// Whether clicks are signed with another secret from now on. One that cannot be opened any more is another.
    fn is_other_signing(&self, known: &Workspace, signing: &str) -> bool {
        let is_same = |was: Vec<u8>| was == signing.as_bytes();
        !signing.is_empty() && !self.chat_signing(known).is_ok_and(is_same)
    }

    /// What was entered, made whole by what is known; or what is wrong with it.
    fn chat_wanted(&self, input: &ChatInput, known: Option<&Workspace>) -> Result<Account> {
        let (token, signing) = (input.token.trim(), input.signing.trim());
        let api_base = match input.api_base.trim().trim_end_matches('/') {
            "" => DEFAULT_API,
            other => other,
        };
        let mut faults = Vec::new();
        let is_one =
            |text: &str| text.bytes().all(|one| one.is_ascii_graphic()) && text.len() <= 400;
        match (token, known) {
            ("", None) => faults.push(fault("token", "Enter the bot token of the app.")),
            ("", Some(known)) if known.api_base != api_base => faults.push(fault(
                "token",
                "Enter the token again: it is only sent to the address that it was entered for.",
            )),
            ("", Some(_)) => {}
            (text, _) if !text.starts_with("xox") || !is_one(text) || text.len() < 12 => {
                faults.push(fault("token", "A bot token begins with xoxb-."));
            }
            _ => {}
        }
        match (signing, known) {
            ("", None) => faults.push(fault("signing", "Enter the signing secret of the app.")),
            ("", Some(_)) => {}
            (text, _) if text.len() < 16 || !is_one(text) => faults.push(fault(
                "signing",
                "A signing secret has 32 letters and digits. It stands under Basic Information.",
            )),
            _ => {}
        }
        if let Some(why) = self.chat.refuses(api_base) {
            faults.push(fault("api_base", why));
        }
        if !faults.is_empty() {
            return Err(Error::invalid_fields(faults));
        }
        match known {
            Some(known) if token.is_empty() => self.chat_account(known),
            _ => Ok(Account {
                api_base: api_base.to_owned(),
                token: token.to_owned(),
            }),
        }
    }

    async fn chat_identity(&self, account: &Account) -> Result<Identity> {
        match self.chat.who(account).await {
            Said::Yes(identity) => Ok(identity),
            Said::Later { why, .. } | Said::Never { why, .. } => Err(Error::invalid(
                "token",
                format!(
                    "Nothing was saved: {why}. Check the token, and that the app is installed."
                ),
            )),
        }
    }

    /// Nobody is asked there any more, and nothing that is pressed there counts.
    pub async fn disconnect_chat(self: &Arc<Self>, ctx: &Ctx) -> Result<()> {
        ctx.require(Action::ManageConnections)?;
        let rules = self.rules_of(ctx.merchant_id()).await?;
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = Work::of(&ctx, tx, engine, rules);
                    let merchant = work.merchant_id();
                    let known = work.tx.chat_workspace(merchant).await?;
                    let known = known.ok_or_else(|| Error::not_found("workspace"))?;
                    work.tx.delete_chat_workspace(merchant).await?;
                    let detail = json!({ "team": known.team_name });
                    work.note("chat.disconnected", "chat", known.id, detail);
                    work.cancel_task(TROUBLE_KEY, "the workspace was disconnected")
                        .await
                })
            })
            .await
    }

    /// Where this owner is asked from now on; nowhere, if nothing is given.
    pub async fn route_chat(self: &Arc<Self>, ctx: &Ctx, owner: &str, to: &str) -> Result<()> {
        ctx.require(Action::ManageConnections)?;
        let rules = self.rules_of(ctx.merchant_id()).await?;
        let to = Some(to.trim().to_owned()).filter(|to| !to.is_empty());
        let owner: Owner = owner
            .trim()
            .parse()
            .ok()
            .filter(|owner| !matches!(owner, Owner::System(_)))
            .filter(|owner| {
                let known = rules.chat.as_ref().map_or(&[][..], |chat| &chat.routes);
                askable(&rules, known).contains(owner) || rules.resolves(owner)
            })
            .ok_or_else(|| Error::invalid("owner", "Choose somebody who is asked here."))?;
        if to.as_ref().is_some_and(|to| !is_place(to)) {
            return Err(Error::invalid(
                "place",
                "Write a channel’s id (C0123ABCD) or name (#approvals), or a person’s id (U0123ABCD).",
            ));
        }
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = Work::of(&ctx, tx, engine, rules);
                    let merchant = work.merchant_id();
                    let known = work.tx.chat_workspace(merchant).await?;
                    let known =
                        known.ok_or_else(|| Error::conflict("Connect a workspace first."))?;
                    work.tx
                        .set_chat_route(merchant, &owner.to_string(), to.as_deref())
                        .await?;
                    let detail = json!({ "owner": owner, "place": to });
                    work.note("chat.routed", "chat", known.id, detail);
                    work.cancel_task(&route_key(&owner), "they are asked elsewhere now")
                        .await
                })
            })
            .await
    }

    /// What is told there from now on, beside approvals. What stands there already is put right all the same.
    pub async fn set_chat_tells(self: &Arc<Self>, ctx: &Ctx, tells: Tells) -> Result<()> {
        ctx.require(Action::ManageConnections)?;
        let rules = self.rules_of(ctx.merchant_id()).await?;
        let (engine, ctx) = (Arc::clone(self), ctx.clone());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = Work::of(&ctx, tx, engine, rules);
                    let known = work.tx.chat_workspace(work.merchant_id()).await?;
                    let mut known =
                        known.ok_or_else(|| Error::conflict("Connect a workspace first."))?;
                    let before = std::mem::replace(&mut known.tells, tells);
                    work.tx.save_chat_workspace(&known).await?;
                    let detail = json!({ "before": before, "after": tells });
                    work.note("chat.tells_changed", "chat", known.id, detail);
                    Ok(())
                })
            })
            .await
    }

    /// Sends a message that says that it is a test, and says what became of it.
    pub async fn test_chat(self: &Arc<Self>, ctx: &Ctx, to: &str) -> Result<()> {
        ctx.require(Action::ManageConnections)?;
        let to = to.trim();
        if !is_place(to) {
            return Err(Error::invalid(
                "place",
                "Say where to: a channel’s id or #name, or a person’s id.",
            ));
        }
        let merchant = ctx.merchant_id();
        let known = self.store.reads().await?.chat_workspace(merchant).await?;
        let known = known.ok_or_else(|| Error::conflict("Connect a workspace first."))?;
        let by = ctx.member().map_or("Meshline", |(user, _)| &user.name);
        let card = Card {
            headline: format!("A test from {}", ctx.merchant().name),
            facts: vec![(
                "What this is".to_owned(),
                format!("{by} tries out whether Meshline gets through to here. Nothing is asked."),
            )],
            times: Vec::new(),
            small: String::new(),
            press: None,
            open: None,
        };
        let account = self.chat_account(&known)?;
        let said = self.chat.post(&account, to, &card).await;
        let rules = self.rules_of(merchant).await?;
        let (engine, ctx, to) = (Arc::clone(self), ctx.clone(), to.to_owned());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut work = Work::of(&ctx, tx, engine, rules);
                    let how = match &said {
                        Said::Yes(_) => "sent",
                        Said::Later { why, .. } | Said::Never { why, .. } => why,
                    };
                    let detail = json!({ "to": to, "how": how });
                    work.note("chat.tested", "chat", known.id, detail);
                    match &said {
                        Said::Yes(_) => work.chat_is_mended().await?,
                        Said::Never {
                            why,
                            about: Whose::Connection,
                        } => work.chat_is_broken(why).await?,
                        _ => {}
                    }
                    Ok(said)
                })
            })
            .await
            .and_then(|said| match said {
                Said::Yes(_) => Ok(()),
                Said::Later { why, .. } | Said::Never { why, .. } => {
                    Err(Error::invalid("place", format!("It was not sent: {why}.")))
                }
            })
    }
}

/// Whoever looks after connections here, and who is asked after them.
fn keepers(rules: &Rules, connected_by: Option<Uuid>) -> (Owner, Owner) {
    let mut able: Vec<Uuid> = rules
        .members
        .iter()
        .filter(|(user, member)| user.active && member.may(Action::ManageConnections))
        .map(|(user, _)| user.id)
        .collect();
    able.sort_by_key(|id| Some(*id) != connected_by);
    let role = Owner::role(Party::Agency, "engineering");
    let mut able = able.into_iter().map(Owner::User);
    let owner = able.next().unwrap_or_else(|| role.clone());
    (owner, able.next().unwrap_or(role))
}

/// A task about the chat, before it is opened.
struct About {
    key: String,
    title: String,
    sentence: String,
    evidence: Vec<Evidence>,
    steps: Vec<String>,
}

impl Work<'_> {
    /// Nobody here is anybody in the chat any more; linking again is each person's own act. Who they were.
    async fn unlink_everybody(&mut self) -> Result<Vec<Uuid>> {
        let merchant = self.merchant_id();
        let mut unlinked = Vec::new();
        for person in self.tx.chat_people(merchant).await? {
            self.tx
                .delete_chat_person(merchant, &person.chat_user)
                .await?;
            unlinked.push(person.user_id);
        }
        Ok(unlinked)
    }

    /// Nothing gets through any more. Said once, until it does again.
    pub async fn chat_is_broken(&mut self, why: &str) -> Result<()> {
        let merchant = self.merchant_id();
        let Some(mut known) = self.tx.chat_workspace(merchant).await? else {
            return Ok(());
        };
        if known.trouble.is_some() {
            return Ok(());
        }
        known.trouble = Some(Trouble {
            since: self.now,
            why: why.to_owned(),
        });
        self.tx.save_chat_workspace(&known).await?;
        self.note("chat.broken", "chat", known.id, json!({ "why": why }));
        self.chat_task(
            known.connected_by,
            About {
                key: TROUBLE_KEY.to_owned(),
                title: format!("Slack does not take our messages: {}", known.team_name),
                sentence: format!("{why}. Until this is put right, people are asked by mail."),
                evidence: vec![crate::exception::evidence("Workspace", known.team_name.clone())],
                steps: vec![
                    "Under Settings, Slack, see what is wrong; install the app again in the workspace if it was removed.".to_owned(),
                    "Enter the new bot token there. Messages that still show what is over are put right then, and this closes.".to_owned(),
                ],
            },
        )
        .await
    }

    /// It gets through: whatever could not be put right meanwhile is looked at again.
    pub async fn chat_is_mended(&mut self) -> Result<()> {
        let merchant = self.merchant_id();
        if let Some(mut known) = self.tx.chat_workspace(merchant).await?
            && known.trouble.take().is_some()
        {
            self.tx.save_chat_workspace(&known).await?;
            self.note("chat.mended", "chat", known.id, json!({}));
        }
        for post in self.tx.latest_chat_posts(merchant, LOOKED_AT).await? {
            if post.at.is_some() && post.is_kept_right() {
                self.arm(JobKind::ShowPost, post.id, self.now).await?;
            }
        }
        self.cancel_task(TROUBLE_KEY, "Slack takes our messages again")
            .await
    }

    /// One owner cannot be asked where they were to be asked.
    pub async fn chat_route_is_broken(&mut self, owner: &Owner, to: &str, why: &str) -> Result<()> {
        let known = self.tx.chat_workspace(self.merchant_id()).await?;
        let who = self.rules.spoken_name(owner);
        self.chat_task(
            known.and_then(|known| known.connected_by),
            About {
                key: route_key(owner),
                title: format!("{who} cannot be asked in Slack"),
                sentence: format!("{why} for {to}. Until this is put right, {who} is asked by mail."),
                evidence: vec![crate::exception::evidence("Place", to.to_owned())],
                steps: vec![
                    "Invite the app to the channel, or choose another place for this role under Settings, Slack.".to_owned(),
                    "Saving the place closes this.".to_owned(),
                ],
            },
        )
        .await
    }

    async fn chat_task(&mut self, connected_by: Option<Uuid>, about: About) -> Result<()> {
        let (owner, backup) = keepers(&self.rules, connected_by);
        if self.trace_id.is_empty() {
            self.trace_id = self.engine.new_trace_id();
        }
        let task = Task {
            id: self.uuid(),
            merchant_id: self.merchant_id(),
            dedup_key: about.key,
            code: TASK_CODE.to_owned(),
            title: about.title,
            sentence: about.sentence,
            class: ExceptionClass::Soft,
            severity: Severity::High,
            state: TaskState::Open,
            owner,
            assignee: None,
            escalation: ladder(&backup, HOUR_MS),
            backup,
            watchers: Vec::new(),
            rung: 0,
            escalates_at: None,
            claim_expires_at: None,
            evidence: about.evidence,
            remediation_steps: about.steps,
            unlock: Unlock::Nothing,
            receipt_id: None,
            order_id: None,
            run_id: None,
            step: None,
            export_id: None,
            trace_id: self.trace_id.clone(),
            created_at: self.now,
            asked_at: None,
            accept_by: self.now.plus_ms(HOUR_MS),
            resolve_by: self.now.plus_ms(8 * HOUR_MS),
            snoozed_until: None,
            resolved_at: None,
            resolved_by: None,
            resolution: None,
            rev: 0,
        };
        self.open(task).await
    }
}
