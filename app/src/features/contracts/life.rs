//! Where a contract stands, who needs it, and how it is changed, deprecated and retired.

use domain::{
    access::Action,
    contract::{Contract, Standing},
};
use engine::{ContractNeeds, Result};
use leptos::prelude::*;

use crate::{
    ui::*,
    web::{Typed, Visit},
};

pub(super) struct Life {
    pub standing: Option<Standing>,
    needs: ContractNeeds,
    drawn: bool,
}

impl Life {
    pub async fn of(at: &Visit, export_type: &str) -> Result<Self> {
        let engine = at.engine();
        let standings = engine.contract_standings(&at.ctx).await?;
        let drafts = engine.contract_drafts(&at.ctx).await?;
        Ok(Self {
            standing: standings
                .into_iter()
                .find(|one| one.export_type == export_type),
            needs: engine.contract_needs(&at.ctx, export_type).await?,
            drawn: drafts.iter().any(|one| one.export_type == export_type),
        })
    }

    /// To the drawing board.
    pub fn actions(&self, contract: &Contract, at: &Visit) -> AnyView {
        if !at.ctx.may(Action::DrawContracts) {
            return ().into_any();
        }
        if self.drawn {
            let href = at.path(&format!("contracts/{}/draft", contract.export_type));
            return view! { <LinkButton href label="To the draft"/> }.into_any();
        }
        let fields = at.fields(&[("contract", contract.export_type.as_str())]);
        view! { <PostButton action="/ui/contract/begin" label="Draw the next version" fields/> }
            .into_any()
    }

    /// What whoever counts on it has to know.
    pub fn banner(&self, at: &Visit) -> Option<AnyView> {
        let standing = self.standing.as_ref()?;
        let says = format!(
            "{} It was said: {}",
            first_up(&standing.words()),
            standing.why
        );
        let (tone, whose) = if standing.is_retired() {
            (Tone::Held, "Out of use")
        } else {
            (Tone::Wait, "On its way out")
        };
        let now = at.now();
        let due = standing.until.filter(|_| !standing.is_retired());
        Some(view! { <YourMove tone whose now nostrip:due=due>{says}</YourMove> }.into_any())
    }

    /// Who needs it, and the ways out.
    pub fn card(&self, contract: &Contract, at: &Visit) -> AnyView {
        let exports = match self.needs.exports.len() {
            0 => None,
            1 => Some("1 export is not at its end".to_owned()),
            many => Some(format!("{many} exports are not at their end")),
        }
        .map(|title| {
            let href = at.path(&format!("exports?kind={}", contract.export_type));
            view! { <Row title href/> }
        });
        let nobody = self.needs.is_empty().then(
            || view! { <Row title="Nothing needs it: it could be retired." tone=Tone::Done/> },
        );
        let ways = at.ctx.may(Action::Publish).then(|| self.ways(contract, at));
        view! {
            <Card title="How it ends" id="life">{exports} {nobody} <div class="card-foot">{ways}</div></Card>
        }
        .into_any()
    }

    fn ways(&self, contract: &Contract, at: &Visit) -> AnyView {
        let key = contract.export_type.as_str();
        let fields = at.fields(&[("contract", key)]);
        let back = self.standing.is_some().then(|| {
            view! { <PostButton action="/ui/contract/resume" label="Take back into use" fields/> }
        });
        if self.standing.as_ref().is_some_and(Standing::is_retired) {
            return view! { {back} }.into_any();
        }
        let (deprecate, retire) = (at.form("deprecate"), at.form("retire-contract"));
        let others: Vec<(String, String)> = std::iter::once((String::new(), "nothing".to_owned()))
            .chain(
                at.rules
                    .contracts
                    .iter()
                    .filter(|one| one.export_type != key)
                    .map(|one| (one.export_type.clone(), one.title.clone())),
            )
            .collect();
        let deprecation = deprecation(&deprecate, key, others, at);
        let retirement = retirement(&retire, self, key, at);
        view! {
            <div class="acts">
                {back}
                <Dialog id="deprecate" label="Deprecate…" title="It works until its last day, and warns">
                    {deprecation}
                </Dialog>
                <Dialog id="retire" label="Retire…" title="No such export is made any more">
                    {retirement}
                </Dialog>
            </div>
        }
        .into_any()
    }
}

fn deprecation(typed: &Typed, key: &str, others: Vec<(String, String)>, at: &Visit) -> AnyView {
    let hidden = at.hidden(&[("contract", key)]);
    let until = typed
        .text("until", "Last day")
        .hint("From then on it is retired, if nothing needs it.");
    let instead = typed.text("replacement", "What takes its place");
    let why = typed
        .text("why", "Why?")
        .hint("Whoever answers for it reads this.");
    let values = (
        typed.value("until"),
        typed.value("replacement"),
        typed.value("why"),
    );
    view! {
        <form method="post" action="/ui/contract/deprecate">
            {hidden}
            <Input text=until kind="date" value=values.0 required=true/>
            <Select text=instead options=others value=values.1/>
            <TextArea text=why value=values.2 required=true/>
            <div class="acts mt-4"><Button label="Deprecate" kind=Kind::Primary/></div>
        </form>
    }
    .into_any()
}

fn retirement(typed: &Typed, life: &Life, key: &str, at: &Visit) -> AnyView {
    let hidden = at.hidden(&[("contract", key)]);
    let why = typed.text("why", "Why retire it?");
    let value = typed.value("why");
    let warn = (!life.needs.is_empty())
        .then(|| view! { <p class="error">{format!("{}: it is refused until that is over.", life.needs.words())}</p> });
    view! {
        <form method="post" action="/ui/contract/retire">
            {hidden}
            {warn}
            <label class="field">
                <span>{why.label}</span>
                <textarea class="input" name="why" rows="3" required=true>{value}</textarea>
                {why.error.map(|error| view! { <span class="error">{error}</span> })}
            </label>
            <div class="acts mt-4"><Button label="Retire" kind=Kind::Danger/></div>
        </form>
    }
    .into_any()
}

fn first_up(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    format!("{first}{}.", letters.as_str())
}
