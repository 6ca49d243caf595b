//! The flows that emit under a contract, and another contract in its place in all of them.

use domain::{access::Action, contract::Contract};
use engine::NeededBy;
use leptos::prelude::*;

use crate::{ui::*, web::Visit};

/// Nothing where no flow emits under it.
pub(super) fn needed(contract: &Contract, needed_by: &[NeededBy], at: &Visit) -> Option<AnyView> {
    if needed_by.is_empty() {
        return None;
    }
    let flows = needed_by
        .iter()
        .map(|one| {
            let href = at.path(&format!("flows/{}", one.flow_id));
            view! { <Row title=one.name.clone() sub=one.steps.join(", ") href aside=format!("v{}", one.version).into_any()/> }
        })
        .collect_view();
    let options: Vec<(String, String)> = at
        .rules
        .contracts
        .iter()
        .filter(|one| one.export_type != contract.export_type)
        .map(|one| (one.export_type.clone(), one.title.clone()))
        .collect();
    let form = (at.ctx.may(Action::PublishFlows) && !options.is_empty()).then(|| {
        let typed = at.form("replace");
        let text = typed.text("by", "Another takes its place").hint(
            "Each of these flows gets a next version that emits under the other one; all of them, or none.",
        );
        let value = typed.value("by");
        let hidden = at.hidden(&[("kind", "contract"), ("what", &contract.export_type)]);
        let options = [(String::new(), "Choose…".to_owned())]
            .into_iter()
            .chain(options)
            .collect();
        view! {
            <div class="card-body">
                <form method="post" action="/ui/flow/replace">
                    {hidden}
                    <Select text options value required=true/>
                    <div class="acts"><Button label="Replace it everywhere"/></div>
                </form>
            </div>
        }
    });
    let card = view! { <Card title="Flows that emit under it" id="needed">{flows} {form}</Card> };
    Some(card.into_any())
}
