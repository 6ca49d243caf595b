//! A draft: whose move it is, what keeps it from being published, what the change means and to whom, and what its
//! samples say.

use std::sync::Arc;

use domain::access::Action;
use engine::{ContractRail, Error, FieldError, Result};
use leptos::prelude::*;

use super::{Section, anchor, fields::sample_said};
use crate::{
    features::exports::plural,
    ui::*,
    web::{Page, Visit, page},
};

struct Model {
    rail: ContractRail,
    by_two: bool,
}

/// The export type in the path.
pub(super) fn type_of(at: &Visit) -> Result<String> {
    let key = at.desk.asked.param("id").map(str::to_owned);
    key.ok_or_else(|| Error::not_found("contract"))
}

#[component]
pub fn ContractDraftPage() -> impl IntoView {
    page("contracts", load, render)
}

async fn load(at: Arc<Visit>) -> Result<Model> {
    let rail = at.engine().contract_rail(&at.ctx, &type_of(&at)?).await?;
    Ok(Model {
        by_two: at.engine().publishes_by_two(&at.ctx).await?,
        rail,
    })
}

fn readiness_words(rail: &ContractRail) -> String {
    match rail.faults.len() {
        0 => "ready to be published".to_owned(),
        1 => "1 thing keeps it from being published".to_owned(),
        many => format!("{many} things keep it from being published"),
    }
}

fn is_stale(rail: &ContractRail) -> bool {
    rail.live.as_ref().map(|live| &live.version) != rail.sheet.base.as_ref()
}

fn render(model: Model, at: &Visit) -> Page {
    let rail = &model.rail;
    let sheet = &rail.sheet;
    let draft = &sheet.draft;
    let title = format!(
        "{} {}: {}",
        draft.title,
        draft.version,
        readiness_words(rail)
    );
    let now = at.now();
    let by = sheet.edited_by.and_then(|id| at.rules.user_name(id));
    let by = by.unwrap_or("somebody").to_owned();
    let of = match &sheet.base {
        Some(base) => format!(" · draft of {base} · changed by {by} "),
        None => format!(" · first draft · changed by {by} "),
    };
    let sub =
        view! { <code>{sheet.export_type.clone()}</code> {of} <When at=sheet.edited_at now/> }
            .into_any();
    let draws = at.ctx.may(Action::DrawContracts);
    let side =
        view! { {sections(rail, at, draws)} {draws.then(|| throw_away(rail, at))} }.into_any();
    let (move_, publish) = (whose_move(rail, at), publish(&model, at));
    let (ready, meaning, samples) = (readiness(rail, at), meaning(rail, at), samples(rail));
    let body = view! {
        <PageHead title=title.clone() sub/>
        {move_}
        <Split side>
            {ready}
            {meaning}
            {samples}
            {publish}
        </Split>
    }
    .into_any();
    Page::new(
        title,
        vec![
            Crumb::link("Contracts", at.path("contracts")),
            Crumb::here(format!("{} draft", draft.title)),
        ],
        body,
    )
}

fn fault_row(
    rail: &ContractRail,
    at: &Visit,
    fault: &FieldError,
    tone: Tone,
) -> impl IntoView + use<> {
    let (section, name) = Section::of_fault(&fault.field);
    let href = at.path(&format!(
        "contracts/{}/draft/{}#{}",
        rail.sheet.export_type,
        section.key(),
        anchor(&name)
    ));
    let sub = format!("{} · {}", section.title(), fault.field);
    view! { <Row title=fault.sentence.clone() sub href tone/> }
}

fn readiness(rail: &ContractRail, at: &Visit) -> AnyView {
    if rail.faults.is_empty() && rail.advice.is_empty() {
        return view! {
            <Card title="Readiness" id="readiness"><Row title="Nothing keeps it from being published." tone=Tone::Done/></Card>
        }
        .into_any();
    }
    let faults = rail
        .faults
        .iter()
        .map(|one| fault_row(rail, at, one, Tone::Late))
        .collect_view();
    let advice = rail
        .advice
        .iter()
        .map(|one| fault_row(rail, at, one, Tone::Wait))
        .collect_view();
    let aside = readiness_words(rail).into_any();
    view! { <Card title="Readiness" aside id="readiness">{faults} {advice}</Card> }.into_any()
}

/// What the change means: for whoever reads, for whoever writes, and who that is.
fn meaning(rail: &ContractRail, at: &Visit) -> AnyView {
    let Some(live) = &rail.live else {
        return view! {
            <Card title="What changes" id="changes"><CardFoot>"Nothing is published yet: nobody counts on anything."</CardFoot></Card>
        }
        .into_any();
    };
    let (tone, verdict) = if rail.report.is_compatible() {
        (
            Tone::Done,
            format!("Compatible: whoever reads {} can read it.", live.version),
        )
    } else {
        (
            Tone::Late,
            format!("Breaking for whoever reads {}.", live.version),
        )
    };
    let suggested = format!("The change deserves version {}.", rail.suggested);
    let reasons = |list: &[domain::contract::compat::Reason], tone: Tone| {
        list.iter()
            .map(|one| {
                let place = if one.pointer.is_empty() {
                    "/".to_owned()
                } else {
                    one.pointer.clone()
                };
                view! { <Row title=one.sentence.clone() sub=place tone/> }
            })
            .collect_view()
    };
    let breaking = reasons(&rail.report.breaking, Tone::Late);
    let narrower = reasons(&rail.report.narrower, Tone::Wait);
    let readers = (!rail.report.is_compatible()).then(|| {
        let names = rail.reads.join(" and ");
        view! { <Row title=format!("{names} would have to follow first.") sub="the destination that reads these exports" tone=Tone::Late/> }
    });
    let writers = rail
        .flows
        .iter()
        .filter(|_| !rail.report.narrower.is_empty() || !rail.report.is_compatible())
        .map(|one| {
            let title = format!("{} v{} makes such exports.", one.name, one.version);
            let href = at.path(&format!("flows/{}", one.flow_id));
            view! { <Row title sub=format!("in {}", one.steps.join(", ")) href tone=Tone::Wait/> }
        })
        .collect_view();
    view! {
        <Card title="What changes" aside=suggested.into_any() id="changes">
            <Row title=verdict sub="we write, the destination reads" tone/>
            {breaking}
            {narrower}
            {readers}
            {writers}
        </Card>
    }
    .into_any()
}

fn samples(rail: &ContractRail) -> AnyView {
    if rail.samples.is_empty() {
        return ().into_any();
    }
    let rows = rail
        .samples
        .iter()
        .map(|one| {
            let must = match one.must {
                domain::contract::Must::Pass => "must pass",
                domain::contract::Must::Fail => "must fail",
            };
            view! { <tr><td class="font-medium">{one.name.clone()}</td><td>{must}</td><td class="across">{sample_said(one)}</td></tr> }
        })
        .collect_view();
    let cols = vec![
        Col::text("Sample"),
        Col::text("The schema"),
        Col::text("It is"),
    ];
    let count = rail.samples.len();
    let aside = format!("{count} {}", plural(count, "sample")).into_any();
    view! {
        <Card title="Samples" aside id="samples"><Table caption="Samples" list=true cols>{rows}</Table></Card>
    }
    .into_any()
}

fn sections(rail: &ContractRail, at: &Visit, draws: bool) -> AnyView {
    let rows = Section::ALL
        .into_iter()
        .map(|one| {
            let wrong = rail
                .faults
                .iter()
                .filter(|fault| Section::of_fault(&fault.field).0 == one)
                .count();
            let href = draws.then(|| {
                at.path(&format!(
                    "contracts/{}/draft/{}",
                    rail.sheet.export_type,
                    one.key()
                ))
            });
            let tone = (wrong > 0).then_some(Tone::Late);
            view! { <Row title=one.title() sub=one.says() nostrip:href=href nostrip:tone=tone/> }
        })
        .collect_view();
    view! { <Card title="Sections">{rows}</Card> }.into_any()
}

fn throw_away(rail: &ContractRail, at: &Visit) -> AnyView {
    let rev = rail.sheet.rev.to_string();
    let fields = at.fields(&[
        ("contract", rail.sheet.export_type.as_str()),
        ("rev", rev.as_str()),
    ]);
    view! {
        <Card title="Not this way?" padded=true>
            <p>"Throwing the draft away loses what was changed since it was begun. What is published stays as it is."</p>
            <div class="acts mt-4">
                <PostButton action="/ui/contract/discard" label="Throw the draft away" kind=Kind::Danger fields/>
            </div>
        </Card>
    }
    .into_any()
}

fn publish(model: &Model, at: &Visit) -> Option<AnyView> {
    let rail = &model.rail;
    let draws = at.ctx.may(Action::DrawContracts);
    if !rail.is_ready() || is_stale(rail) || !draws || rail.sheet.open_request().is_some() {
        return None;
    }
    let asks = model.by_two || !at.ctx.may(Action::Publish);
    let typed = at.form("publish-contract");
    let note = typed
        .text("note", "Why?")
        .hint("Stands beside the version for as long as it is kept.");
    let note_is = typed.value("note");
    let hash = rail.sheet.hash();
    let hidden = at.hidden(&[
        ("contract", rail.sheet.export_type.as_str()),
        ("hash", hash.as_str()),
    ]);
    let (action, label) = if asks {
        ("/ui/contract/ask", "Ask a second person")
    } else {
        ("/ui/contract/publish", "Publish")
    };
    let title = format!("Publish as version {}?", rail.sheet.draft.version);
    let says = if asks {
        "Somebody else agrees first: they are told, and see exactly this content."
    } else {
        "A version never changes after it is published. From then on every new export is made under it; those under way stay under theirs."
    };
    Some(
        view! {
            <Card title padded=true id="publish">
                <p>{says}</p>
                <form method="post" action=action>
                    {hidden}
                    <TextArea text=note value=note_is required=true/>
                    <div class="acts mt-4"><Button label kind=Kind::Primary/></div>
                </form>
            </Card>
        }
        .into_any(),
    )
}

/// Whose move it is, when somebody is asked or somebody was faster.
fn whose_move(rail: &ContractRail, at: &Visit) -> Option<AnyView> {
    let sheet = &rail.sheet;
    let now = at.now();
    if is_stale(rail) {
        let live = rail
            .live
            .as_ref()
            .map_or("", |live| live.version.as_str())
            .to_owned();
        let base = sheet.base.clone().unwrap_or_else(|| "nothing".to_owned());
        let rev = sheet.rev.to_string();
        let says = format!(
            "This draft was begun from {base}, and version {live} is live now. What changes is told below, \
             compared with what is live."
        );
        let label = format!("Go on from {live}");
        let fields = at.fields(&[
            ("contract", sheet.export_type.as_str()),
            ("rev", rev.as_str()),
            ("version", live.as_str()),
        ]);
        return Some(
            view! {
                <YourMove tone=Tone::Late whose="Somebody was faster" now>
                    {says}
                </YourMove>
                <div class="acts mt-4"><PostButton action="/ui/contract/rebase" label fields/></div>
            }
            .into_any(),
        );
    }
    if let Some(declined) = sheet.request.as_ref().and_then(|one| one.declined.as_ref()) {
        let who = at
            .rules
            .user_name(declined.by)
            .unwrap_or("Somebody")
            .to_owned();
        let says = format!("{who} said no: {}", declined.why);
        return Some(
            view! {
                <YourMove tone=Tone::Late whose="Not published" now>{says}</YourMove>
            }
            .into_any(),
        );
    }
    let request = sheet.open_request()?;
    let who = request.asked_by.and_then(|id| at.rules.user_name(id));
    let hash = sheet.hash();
    let can = at.ctx.may(Action::Publish)
        && at
            .ctx
            .user_id()
            .is_some_and(|id| sheet.can_agree(id, &hash).is_ok());
    let fields = [
        ("contract", sheet.export_type.as_str()),
        ("hash", hash.as_str()),
    ];
    let typed = at.form("decline-contract");
    let why = typed
        .text("why", "Why not?")
        .hint("Whoever asked reads this.");
    let why_is = typed.value("why");
    let forms = can.then(|| {
        let hidden = at.hidden(&fields);
        view! {
            <div class="acts mt-4">
                <PostButton action="/ui/contract/agree" label="Agree and publish" kind=Kind::Primary fields=at.fields(&fields)/>
                <Dialog id="decline" label="Decline…" title="Why not?">
                    <form method="post" action="/ui/contract/decline">
                        {hidden}
                        <TextArea text=why value=why_is required=true/>
                        <div class="acts mt-4"><Button label="Decline" kind=Kind::Danger/></div>
                    </form>
                </Dialog>
            </div>
        }
    });
    let back = (!can && at.ctx.may(Action::DrawContracts)).then(|| {
        view! {
            <div class="acts mt-4">
                <PostButton action="/ui/contract/withdraw" label="Take it back" fields=at.fields(&fields)/>
            </div>
        }
    });
    let whose = if can {
        "Your move"
    } else {
        "A second person’s move"
    };
    let asked = format!(
        "{} asks to publish it: {}",
        who.unwrap_or("Somebody"),
        request.note
    );
    Some(
        view! {
            <YourMove tone=Tone::Wait whose now>{asked}</YourMove>
            {forms}
            {back}
        }
        .into_any(),
    )
}
