//! Several that are alike, with what each of them says, and one button.

use std::collections::BTreeMap;

use domain::{approval::Approval, export::Export};
use engine::{Alike, MOST_ALIKE, Result};
use leptos::prelude::*;

use super::{
    standing::standing,
    summary::{Content, content_view},
};
use crate::{
    ui::*,
    web::{Visit, owner_name},
};

/// What waits on the reader, by what is alike; what stands alone is decided on its own page.
pub(super) async fn groups(
    pending: &[(Approval, Export)],
    at: &Visit,
) -> Result<Vec<Vec<(Approval, Export)>>> {
    let mut found: BTreeMap<Alike, Vec<(Approval, Export)>> = BTreeMap::new();
    for (approval, export) in pending {
        let all = if approval.of > 1 {
            let (chain, _) = at.engine().export_chain(&at.ctx, export.id).await?;
            chain.approvals
        } else {
            Vec::new()
        };
        if standing(approval, &all, &at.ctx, &at.rules, at.now()).may_approve {
            let group = found.entry(Alike::of(approval, export)).or_default();
            if group.len() < MOST_ALIKE {
                group.push((approval.clone(), export.clone()));
            }
        }
    }
    Ok(found
        .into_values()
        .filter(|group| group.len() > 1)
        .collect())
}

pub(super) fn group_view(group: Vec<(Approval, Export)>, at: &Visit) -> Option<AnyView> {
    let (first, export) = group.first()?;
    let now = at.now();
    let owner = owner_name(&at.rules, &first.owner);
    let title = format!("{} alike wait on you as {owner}", group.len());
    let step = if first.of > 1 {
        format!(", step {} of {}", first.step, first.of)
    } else {
        String::new()
    };
    let what = format!("{} {}{step}", export.export_type, export.contract_version);
    let aside = view! { <span class="mono">{what}</span> }.into_any();
    let rows = group
        .into_iter()
        .map(|(approval, export)| {
            let href = at.path(&format!("approvals/{}", approval.id));
            let value = format!("{} {}", approval.id, approval.content_hash);
            let due = approval.accept_by.map(|due| view! { <Countdown due now/> });
            let label = format!("Approve {}", export.title);
            let content = content_view(Content::of(&export.payload, None));
            view! {
                <div class="row">
                    <label class="check">
                        <input type="checkbox" name="chosen[]" value=value aria-label=label/>
                    </label>
                    <div class="what">
                        <a class="row-link" href=href>{export.title}</a>
                        <small>{approval.reason}</small>
                        <details class="mt-2"><summary>"What it says"</summary>{content}</details>
                    </div>
                    <div class="aside">{due}</div>
                </div>
            }
        })
        .collect_view();
    let hidden = at.hidden(&[]);
    let note = "Each is decided by itself, on the content that stands here; what changed meanwhile is not approved.";
    Some(
        view! {
            <form method="post" action="/ui/approval/alike" class="mb-5">
                {hidden}
                <Card title aside>
                    {rows}
                    <div class="card-body">
                        <p class="text-ink-2 mb-3">{note}</p>
                        <div class="acts"><Button label="Approve what is ticked" kind=Kind::Primary/></div>
                    </div>
                </Card>
            </form>
        }
        .into_any(),
    )
}
