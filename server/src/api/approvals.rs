//! Approvals: who is asked for what, what is said around it, and who decides for whom. Deciding is done on the export, see [`exports`](super::exports).

use std::sync::Arc;

use axum::{Json, extract::State};
use domain::{
    Time,
    approval::{ApprovalState, Delegation},
    owner::Owner,
};
use engine::{ApprovalAct, Ctx, DelegationInput, Engine, port::ListFilter};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    Answer,
    caller::Caller,
    input::{Id, Input, Params, word},
    page::{Page, Wanted},
    views::{ApprovalView, AskedView, At},
};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ApprovalQuery {
    /// Only this state.
    #[param(example = "pending")]
    state: Option<String>,
    /// The `next` of the page before.
    cursor: Option<String>,
    /// How many, at most.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
}

/// List approvals with their exports, newest first
#[utoipa::path(
    get, path = "/approvals", tag = "approvals", params(ApprovalQuery),
    responses((status = 200, description = "A page of approvals.", body = Page<AskedView>)),
)]
pub async fn list_approvals(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Params(query): Params<ApprovalQuery>,
) -> Answer<Page<AskedView>> {
    let wanted = Wanted::read(query.cursor, query.limit)?;
    let filter = ListFilter {
        state: word(
            "state",
            query.state,
            &ApprovalState::ALL.map(ApprovalState::as_str),
        )?,
        before: wanted.after,
        limit: wanted.fetch(),
        ..ListFilter::default()
    };
    let rows = engine.approvals(&ctx, &filter).await?;
    // ids carry their time, and this list goes by them
    Ok(Json(wanted.page(rows, |(approval, export)| {
        (export.created_at, approval.id)
    })))
}

/// Show an approval
#[utoipa::path(
    get, path = "/approvals/{id}", tag = "approvals", params(("id" = Uuid, Path)),
    responses((status = 200, description = "The approval.", body = ApprovalView)),
)]
pub async fn get_approval(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Id(id): Id,
) -> Answer<ApprovalView> {
    let approval = engine.approval(&ctx, id).await?;
    Ok(Json((&approval).into()))
}

async fn act(engine: &Arc<Engine>, ctx: &Ctx, id: Uuid, act: ApprovalAct) -> Answer<ApprovalView> {
    let approval = engine.act_on_approval(ctx, id, act).await?;
    Ok(Json((&approval).into()))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CommentApproval {
    #[schema(
        min_length = 1,
        max_length = 2000,
        example = "The landing page is live."
    )]
    text: String,
}

/// Comment on an approval
///
/// Before or after it is decided. Needs a person.
#[utoipa::path(
    post, path = "/approvals/{id}/comment", tag = "approvals", params(("id" = Uuid, Path)),
    request_body = CommentApproval,
    responses((status = 200, description = "The approval, with what was said.", body = ApprovalView)),
)]
pub async fn comment_approval(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Id(id): Id,
    Input(body): Input<CommentApproval>,
) -> Answer<ApprovalView> {
    act(&engine, &ctx, id, ApprovalAct::Comment { text: body.text }).await
}

/// Remind whoever is asked
///
/// At most three times a step, ten minutes apart; 429 says when again.
#[utoipa::path(
    post, path = "/approvals/{id}/remind", tag = "approvals", params(("id" = Uuid, Path)),
    responses((status = 200, description = "The approval; those who are asked have a notice.", body = ApprovalView)),
)]
pub async fn remind_approval(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Id(id): Id,
) -> Answer<ApprovalView> {
    act(&engine, &ctx, id, ApprovalAct::Remind).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskAboutApproval {
    /// Somebody who works at this merchant.
    to: Uuid,
    #[schema(min_length = 1, max_length = 2000, example = "Is the warehouse told?")]
    question: String,
}

/// Ask somebody before deciding
///
/// They get a task and a notice. The clock of the step waits for the answer, at most for as long again as the step has.
#[utoipa::path(
    post, path = "/approvals/{id}/ask", tag = "approvals", params(("id" = Uuid, Path)),
    request_body = AskAboutApproval,
    responses((status = 200, description = "The approval, with its later deadlines.", body = ApprovalView)),
)]
pub async fn ask_about_approval(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Id(id): Id,
    Input(body): Input<AskAboutApproval>,
) -> Answer<ApprovalView> {
    let (to, text) = (body.to, body.question);
    act(&engine, &ctx, id, ApprovalAct::Ask { to, text }).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerApproval {
    #[schema(min_length = 1, max_length = 2000, example = "Yes, since Monday.")]
    answer: String,
}

/// Answer what was asked
///
/// Needs the person to whom the question was put.
#[utoipa::path(
    post, path = "/approvals/{id}/answer", tag = "approvals", params(("id" = Uuid, Path)),
    request_body = AnswerApproval,
    responses((status = 200, description = "The approval; its clock goes on.", body = ApprovalView)),
)]
pub async fn answer_approval(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Id(id): Id,
    Input(body): Input<AnswerApproval>,
) -> Answer<ApprovalView> {
    act(&engine, &ctx, id, ApprovalAct::Answer { text: body.answer }).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReassignApproval {
    /// `party:role` or `user:<id>`; somebody who may approve has to stand behind it.
    #[schema(value_type = String, example = "agency:finance")]
    to: Owner,
    #[serde(default)]
    #[schema(max_length = 2000)]
    reason: String,
}

/// Pass an approval on
///
/// Needs somebody who is asked, or an admin. The clock runs on; two people stay two people.
#[utoipa::path(
    post, path = "/approvals/{id}/reassign", tag = "approvals", params(("id" = Uuid, Path)),
    request_body = ReassignApproval,
    responses((status = 200, description = "The approval, with whoever is asked now.", body = ApprovalView)),
)]
pub async fn reassign_approval(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Id(id): Id,
    Input(body): Input<ReassignApproval>,
) -> Answer<ApprovalView> {
    let (to, why) = (body.to, body.reason);
    act(&engine, &ctx, id, ApprovalAct::Reassign { to, why }).await
}

/// Somebody who decides for somebody else for a while.
#[derive(Serialize, ToSchema)]
#[schema(as = Delegation)]
pub struct DelegationView {
    id: Uuid,
    /// Who is away.
    user_id: Uuid,
    /// Who decides meanwhile.
    delegate_id: Uuid,
    starts_at: At,
    ends_at: At,
    note: String,
}

impl From<&Delegation> for DelegationView {
    fn from(one: &Delegation) -> Self {
        Self {
            id: one.id,
            user_id: one.user_id,
            delegate_id: one.delegate_id,
            starts_at: one.starts_at.into(),
            ends_at: one.ends_at.into(),
            note: one.note.clone(),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct Delegations {
    items: Vec<DelegationView>,
}

/// List who decides for whom, now or later
#[utoipa::path(
    get, path = "/delegations", tag = "approvals",
    responses((status = 200, description = "Those that are not over.", body = Delegations)),
)]
pub async fn list_delegations(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
) -> Answer<Delegations> {
    let found = engine.delegations(&ctx).await?;
    let items = found.iter().map(Into::into).collect();
    Ok(Json(Delegations { items }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GiveDelegation {
    /// Somebody on your side who may approve here.
    to: Uuid,
    /// Now, where it is left out.
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-12-24T09:00:00.000Z")]
    starts_at: Option<Time>,
    /// At most 120 days later.
    #[schema(value_type = String, format = DateTime, example = "2027-01-04T09:00:00.000Z")]
    ends_at: Time,
    #[serde(default)]
    #[schema(max_length = 200, example = "On leave")]
    note: String,
}

/// Have somebody decide for you while you are away
///
/// What they decide says that it is for you. Neither of you approves what the other wrote or approved already.
#[utoipa::path(
    post, path = "/delegations", tag = "approvals", request_body = GiveDelegation,
    responses((status = 200, description = "The delegation.", body = DelegationView)),
)]
pub async fn give_delegation(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Input(body): Input<GiveDelegation>,
) -> Answer<DelegationView> {
    let input = DelegationInput {
        to: body.to,
        starts_at: body.starts_at.unwrap_or(ctx.now()),
        ends_at: body.ends_at,
        note: body.note,
    };
    let given = engine.delegate(&ctx, input).await?;
    Ok(Json((&given).into()))
}

/// End a delegation
///
/// One's own, or as an admin anybody's.
#[utoipa::path(
    post, path = "/delegations/{id}/end", tag = "approvals", params(("id" = Uuid, Path)),
    responses((status = 200, description = "The delegation, over.", body = DelegationView)),
)]
pub async fn end_delegation(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Id(id): Id,
) -> Answer<DelegationView> {
    let ended = engine.end_delegation(&ctx, id).await?;
    Ok(Json((&ended).into()))
}
