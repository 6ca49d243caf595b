//! What the board sends: a form of one step, a whole draft from the editor in the browser, and a sign of life.
#![expect(
    clippy::too_many_arguments,
    reason = "each field of the form is one argument of its server function"
)]

use std::collections::HashMap;

use board::{
    act::act,
    fields::{Fields, Wrong},
    rank::Ranks,
};
use domain::{
    access::Action,
    flow::{Draft, Sheet},
};
use engine::{Ctx, Engine, Error, FieldError, Kind, Result as Outcome, Rules, Saved};
use leptos::prelude::*;
use serde_json::{Value, json};

use super::{page::FORM, presence};
use crate::web::{Done, Posted, Refused, engine as engine_here, signed_in};

/// A button of a form on the board. Whoever saw an older state than the one that is saved is told so, once, and
/// nothing is changed; what they typed stands beside what is there now.
#[server(prefix = "/ui", endpoint = "flow/edit")]
pub async fn edit_flow(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] flow: String,
    #[server(default)] rev: String,
    #[server(default)] step: String,
    #[server(default)] view: String,
    #[server(default)] lanes: String,
    #[server(default)] act: String,
    #[server(default)] f: HashMap<String, String>,
) -> Result<(), Refused> {
    let mut posted = Posted::new(FORM, merchant, back);
    for (name, value) in &f {
        posted = posted.keep(&format!("f.{name}"), value);
    }
    posted
        .run(|engine, ctx| async move {
            let sheet = engine.flow_draft(&ctx, &flow).await?;
            ctx.require(Action::DrawFlows)?;
            let rules = engine.rules_of(ctx.merchant_id()).await?;
            if rev.trim() != sheet.rev.to_string() {
                return Err(overtaken(&sheet, &rules));
            }
            let fields: Fields = f.into_iter().collect();
            let acted = self::act(&sheet.draft, &act, &step, &fields).map_err(refusal)?;
            match engine
                .save_flow_draft(&ctx, &flow, sheet.rev, acted.draft)
                .await?
            {
                Saved::Rev(_) => {
                    let slug = &ctx.merchant().slug;
                    let to = format!(
                        "/m/{slug}/flows/{flow}/draft?view={view}&lanes={lanes}&step={}",
                        acted.chosen
                    );
                    Ok(Done::to(&to, acted.said))
                }
                Saved::Conflict(theirs) => Err(overtaken(&theirs, &rules)),
            }
        })
        .await
}

fn refusal(wrong: Wrong) -> Error {
    Error::invalid_fields(
        wrong
            .into_iter()
            .map(|(field, sentence)| FieldError { field, sentence })
            .collect(),
    )
}

fn editor(sheet: &Sheet, rules: &Rules) -> String {
    sheet
        .edited_by
        .and_then(|id| rules.user_name(id))
        .unwrap_or("Somebody")
        .to_owned()
}

fn overtaken(theirs: &Sheet, rules: &Rules) -> Error {
    let who = editor(theirs, rules);
    Error::conflict(format!(
        "{who} saved this draft after you opened it. Nothing was overwritten: what you typed is below, with what is \
         saved now beside it. Save again to put yours in its place."
    ))
}

/// The editor in the browser saves the draft as a whole, and says which one it began with. The answer is JSON: the new
/// revision and the rail; or what somebody else made of it meanwhile; or why not.
#[server(prefix = "/ui", endpoint = "flow/save")]
pub async fn save_flow(
    #[server(default)] merchant: String,
    #[server(default)] flow: String,
    #[server(default)] rev: String,
    #[server(default)] draft: String,
) -> Result<String, Refused> {
    let saved = async {
        let (engine, ctx) = enter(&merchant).await?;
        let sheet = engine.flow_draft(&ctx, &flow).await?;
        let draft: Draft = serde_json::from_str(&draft)
            .map_err(|error| Error::invalid("draft", format!("This is not a draft: {error}.")))?;
        let rev = rev.trim().parse().unwrap_or(0);
        match engine.save_flow_draft(&ctx, &flow, rev, draft).await? {
            Saved::Rev(rev) => {
                let rail = engine.flow_rail(&ctx, &flow).await?;
                // somebody else may have saved between the two; then the rail is about theirs, and the next save says so
                Ok(json!({"saved": {"rev": rev, "at": clock(&ctx), "faults": rail.faults}}))
            }
            Saved::Conflict(theirs) => {
                let rules = engine.rules_of(ctx.merchant_id()).await?;
                Ok(json!({"conflict": {
                    "rev": theirs.rev,
                    "by": editor(&theirs, &rules),
                    "draft": theirs.draft,
                    "base": sheet.rev,
                }}))
            }
        }
    };
    Ok(told(saved.await).to_string())
}

/// Who else has the board open, and whether somebody saved. A thorough layout comes along when it is asked for.
#[server(prefix = "/ui", endpoint = "flow/board")]
pub async fn flow_board(
    #[server(default)] merchant: String,
    #[server(default)] flow: String,
    #[server(default)] layout: String,
) -> Result<String, Refused> {
    let told_back = async {
        let (engine, ctx) = enter(&merchant).await?;
        let sheet = engine.flow_draft(&ctx, &flow).await?;
        ctx.require(Action::DrawFlows)?;
        let rules = engine.rules_of(ctx.merchant_id()).await?;
        let others = presence::seen(&ctx, &flow, &rules);
        let ranks = (!layout.is_empty()).then(|| Ranks::layered(&sheet.draft));
        Ok(json!({"board": {
            "rev": sheet.rev,
            "by": editor(&sheet, &rules),
            "others": others,
            "ranks": ranks,
        }}))
    };
    Ok(told(told_back.await).to_string())
}

async fn enter(merchant: &str) -> Outcome<(std::sync::Arc<Engine>, Ctx)> {
    let engine = engine_here()?;
    let person = signed_in(&engine).await?;
    let ctx = engine
        .enter(person.user.id, merchant, None)
        .await?
        .proved(person.proved_at);
    Ok((engine, ctx))
}

/// What went wrong, in a sentence for the status line; what is our fault is not told.
fn told(outcome: Outcome<Value>) -> Value {
    outcome.unwrap_or_else(|error| {
        let again = matches!(error.kind, Kind::Internal | Kind::Unavailable);
        let sentence = if error.kind == Kind::NotFound {
            "There is no such draft any more: somebody published it or threw it away.".to_owned()
        } else {
            error.sentence
        };
        json!({"refused": sentence, "again": again})
    })
}

/// The browser says it in its own time zone.
fn clock(ctx: &Ctx) -> i64 {
    ctx.now().as_ms()
}
