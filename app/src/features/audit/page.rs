//! The trail, newest first, and whether it holds.

use std::sync::Arc;

use domain::{
    access::Action,
    audit::{AuditEntry, file::grouped},
};
use engine::{Result, TrailFault, TrailProof};
use leptos::prelude::*;

use super::filter::{AskedFor, form};
use crate::{
    features::receipts::readable,
    ui::*,
    web::{PAGE_ROWS, Page, Visit, actor_name, noun_path, page},
};

struct Model {
    asked: AskedFor,
    entries: Vec<AuditEntry>,
    older: bool,
    /// The number of the newest entry there is.
    last: i64,
    /// Set when somebody asked for the chain to be recomputed.
    verdict: Option<std::result::Result<TrailProof, TrailFault>>,
}

#[component]
pub fn AuditPage() -> impl IntoView {
    page("audit", load, render)
}

async fn load(at: Arc<Visit>) -> Result<Model> {
    at.ctx.require(Action::ViewAudit)?;
    let (engine, ctx) = (at.engine(), &at.ctx);
    let asked = AskedFor::of(&at);
    let mut entries = engine
        .audit(ctx, &asked.filter(PAGE_ROWS as i64 + 1))
        .await?;
    let older = entries.len() > PAGE_ROWS;
    entries.truncate(PAGE_ROWS);
    let last = engine.audit_length(ctx).await?;
    let verdict = match at.query("verify") {
        Some(_) => Some(engine.check_trail(ctx).await?),
        None => None,
    };
    Ok(Model {
        asked,
        entries,
        older,
        last,
        verdict,
    })
}

fn render(model: Model, at: &Visit) -> Page {
    let Model {
        asked,
        entries,
        older,
        last,
        verdict,
    } = model;
    let title = match &verdict {
        Some(Ok(proof)) => format!("Chain verified up to #{}", proof.head.seq),
        Some(Err(fault)) => format!("Entry #{} does not fit the chain", fault.seq()),
        None if last == 0 => "Nothing has happened yet".to_owned(),
        None if last == 1 => "1 entry on record".to_owned(),
        None => format!("{last} entries on record"),
    };
    let said = verdict.map(|verdict| verdict_view(verdict).into_any());
    let path = at.path("audit");
    let keys = at.path("audit/keys");
    let actions = view! {
        <LinkButton href=keys label="Public keys" kind=Kind::Quiet/>
        <LinkButton href=format!("/api/v1/audit/export?merchant={}", at.slug()) label="Export" icon=Ico::Download kind=Kind::Quiet/>
        <LinkButton href=format!("{path}?verify=1") label="Verify the chain" icon=Ico::Audit kind=Kind::Primary/>
    }
    .into_any();
    let shown = match entries.len() {
        1 => "1 entry".to_owned(),
        n => format!("{n} entries, newest first"),
    };
    let next = entries
        .last()
        .filter(|_| older)
        .map(|entry| asked.href(&path, Some(entry.seq)));
    let first = asked.before.map(|_| asked.href(&path, None));
    let filter = form(&asked, at);
    let rows = entries.iter().map(|entry| row(entry, at)).collect_view();
    let inside = if entries.is_empty() {
        view! {
            <Empty icon=Ico::Audit title="No entry fits">
                "Every change writes its entry in the same transaction. If nothing is here, nothing of the kind was done."
            </Empty>
        }
        .into_any()
    } else {
        let cols = vec![
            Col::text("#"),
            Col::text("When"),
            Col::text("Who"),
            Col::text("What"),
            Col::text("About"),
            Col::text("Before, after, why").wide(),
            Col::text("Hash").wide(),
        ];
        view! { <Table caption="Audit entries, newest first" list=true cols>{rows}</Table> }
            .into_any()
    };
    let body = view! {
        <PageHead title=title.clone() sub="Each entry carries the hash of the one before it: nothing can be altered, removed or moved without it showing.".into_any() actions/>
        {said}
        {filter}
        <div id="rows" data-live=""><Card>{inside}</Card></div>
        <Pager shown nostrip:first=first nostrip:next=next/>
    }
    .into_any();
    Page::new(title, vec![Crumb::here("Audit")], body)
}

fn verdict_view(verdict: std::result::Result<TrailProof, TrailFault>) -> impl IntoView {
    match verdict {
        Ok(proof) => {
            let all = grouped(proof.head.seq.unsigned_abs());
            let signed = match proof.checkpoints {
                0 => "No checkpoint was signed yet; the first one follows within a quarter of an hour.".to_owned(),
                1 => format!("1 signed checkpoint agrees, up to #{}.", proof.vouched),
                n => format!("{n} signed checkpoints agree, the last one up to #{}.", proof.vouched),
            };
            view! {
                <Flash tone=Tone::Done>
                    {format!("All {all} entries were recomputed just now and each fits the one before. {signed} The head: ")}
                    <CopyId id=proof.head.hash.to_string() what="hash of the head"/>
                </Flash>
            }
            .into_any()
        }
        Err(fault) => view! {
            <Flash tone=Tone::Late>{format!("The chain does not hold: {fault}. Export it now and compare it with an earlier export.")}</Flash>
        }
        .into_any(),
    }
}

fn row(entry: &AuditEntry, at: &Visit) -> impl IntoView + use<> {
    let now = at.now();
    let noun = domain::owner::role_title(&entry.subject_kind);
    let about = match noun_path(at.slug(), &entry.subject_kind, &entry.subject_id) {
        Some(href) => view! { <a class="link" href=href>{noun}</a> }.into_any(),
        None => noun.into_any(),
    };
    let id = entry.subject_id.clone();
    let what = domain::owner::role_title(&entry.action.replace('.', " "));
    let detail = (entry.detail != "{}").then(|| {
        let text = readable(&entry.detail);
        view! { <RawJson label="Details" text/> }
    });
    let hash = entry.hash.to_string();
    let short: String = hash.chars().take(10).collect();
    view! {
        <tr data-row=entry.seq.to_string()>
            <td class="mono">{entry.seq}</td>
            <td class="whitespace-nowrap"><Stamp at=entry.at now/></td>
            <td>{actor_name(&at.rules, &entry.actor)}</td>
            <td title=entry.action.clone()>{what}</td>
            <td>{about} " " <CopyId id/></td>
            <td class="wide">{detail}</td>
            <td class="wide mono" title=hash>{short}"…"</td>
        </tr>
    }
}
