//! Where each refusal goes: the contract's exception map as a table.

use domain::{
    contract::{Contract, ExceptionRoute},
    task::{ExceptionClass, Severity},
};
use leptos::prelude::*;

use crate::{
    ui::{time::duration_text, *},
    web::{Visit, code_words, owner_name},
};

pub(super) fn exceptions(contract: &Contract, at: &Visit) -> impl IntoView + use<> {
    // what catches the rest stands last
    let (rest, named): (Vec<_>, Vec<_>) = contract
        .exceptions
        .iter()
        .partition(|(code, _)| code.as_str() == "*");
    let rows = named
        .into_iter()
        .chain(rest)
        .map(|(code, route)| row(code, route, at))
        .collect_view();
    let aside = format!("{} routes", contract.exceptions.len()).into_any();
    let cols = vec![
        Col::text("When"),
        Col::text("Goes to"),
        Col::text("Clocks"),
        Col::text("What resolving it does"),
    ];
    view! {
        <Card title="When it goes wrong" aside id="exceptions">
            <Table caption="Exception routes" list=true cols>{rows}</Table>
        </Card>
    }
}

fn row(code: &str, route: &ExceptionRoute, at: &Visit) -> impl IntoView + use<> {
    let words = if code == "*" {
        "Anything else".to_owned()
    } else {
        code_words(code)
    };
    let clocks = format!(
        "taken in {}, resolved in {}",
        duration_text(route.accept_ms),
        duration_text(route.resolve_ms)
    );
    let class = match route.class {
        ExceptionClass::Soft => (Tone::Wait, "soft: work goes on"),
        ExceptionClass::Hard => (Tone::Held, "hard: it stands still"),
    };
    let severe = (route.severity == Severity::High).then_some(" · high severity");
    let steps = (!route.remediation_steps.is_empty()).then(|| {
        let steps = route.remediation_steps.iter().map(|step| view! { <li>{step.clone()}</li> }).collect_view();
        view! {
            <details class="json">
                <summary><Icon of=Ico::Next/>{format!("{} steps to put it right", route.remediation_steps.len())}</summary>
                <ol class="list-decimal pl-5 mt-1">{steps}</ol>
            </details>
        }
    });
    view! {
        <tr>
            <td>
                <span class="font-medium">{words}</span>
                <small class="mono">{code.to_owned()}</small>
            </td>
            <td>{owner_name(&at.rules, &route.owner)} <small>{route.title.clone()}</small></td>
            <td class="across">{clocks} <small><StateBadge tone=class.0 word=class.1/> {severe}</small></td>
            <td class="across">{route.unlock.sentence()} {steps}</td>
        </tr>
    }
}
