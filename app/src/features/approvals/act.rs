//! Deciding, from whatever page.

use domain::{approval::Decision, export::ExportState};
use leptos::prelude::*;

use crate::web::{Done, Posted, Refused, id, same_site};

#[server(prefix = "/ui", endpoint = "approval/decide")]
pub async fn decide_approval(
    #[server(default)] merchant: String,
    #[server(default)] export: String,
    #[server(default)] seen_hash: String,
    #[server(default)] verdict: String,
    #[server(default)] reason: String,
    #[server(default)] back: String,
    #[server(default)] to: String,
) -> Result<(), Refused> {
    let after = same_site(&to)
        .or_else(|| same_site(&back))
        .unwrap_or("/")
        .to_owned();
    let (form, button) = match verdict.as_str() {
        "approve" => ("approve", "Approve"),
        _ => ("decline", "Decline"),
    };
    Posted::new(form, merchant, back)
        .button(button)
        .keep("reason", &reason)
        .run(|engine, ctx| async move {
            let approve = verdict == "approve";
            let note = Some(reason).filter(|text| !text.trim().is_empty());
            let decision = Decision {
                approve,
                note,
                seen_hash,
                step: None,
            };
            let state = engine
                .decide(&ctx, id(&export, "export")?, decision)
                .await?;
            Ok(Done::to(&after, said(state)))
        })
        .await
}

fn said(state: ExportState) -> &'static str {
    match state {
        ExportState::AwaitingApproval => "Approved. The next person is asked now.",
        ExportState::Declined => {
            "Declined. Nothing is sent, and your reason is with whoever follows it up."
        }
        _ => "Approved. It is on its way.",
    }
}
