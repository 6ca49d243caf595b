//! The integration matrix: which system says what to which, how it is tried again, and whose clock runs.

use std::sync::Arc;

use engine::{Integration, Result};
use leptos::prelude::*;

use crate::{
    ui::{time::duration_text, *},
    web::{Page, Visit, owner_name, page},
};

#[component]
pub fn IntegrationsPage() -> impl IntoView {
    page("reports", load, render)
}

async fn load(at: Arc<Visit>) -> Result<Vec<Integration>> {
    at.engine().integrations(&at.ctx).await
}

fn render(lines: Vec<Integration>, at: &Visit) -> Page {
    let mut systems: Vec<&str> = lines.iter().map(|one| one.system.as_str()).collect();
    systems.dedup();
    let unused = lines.iter().filter(|one| one.used_by.is_empty()).count();
    let title = match (systems.len(), unused) {
        (0, _) => "No system is connected".to_owned(),
        (1, 0) => "One system is connected, and all it says is used".to_owned(),
        (n, 0) => format!("{n} systems are connected, and all they say is used"),
        (1, unused) => {
            format!("One system is connected; {unused} things it could say nobody waits for")
        }
        (n, unused) => {
            format!("{n} systems are connected; {unused} things they could say nobody waits for")
        }
    };
    let crumbs = vec![
        Crumb::link("Reports", at.path("reports")),
        Crumb::here("Integrations"),
    ];
    let rows = lines.iter().map(|one| row(one, at)).collect_view();
    let cols = vec![
        Col::text("System"),
        Col::text("Says or takes"),
        Col::text("Tried again").wide(),
        Col::text("Whose clock"),
        Col::text("Used by").wide(),
    ];
    let inside = if lines.is_empty() {
        let actions =
            view! { <LinkButton href=at.path("connections") label="Connect a system"/> }.into_any();
        view! {
            <Empty icon=Ico::Connections title="Nothing is connected" actions>
                "Connect a source or a destination: what it says, and what it is told, stands here from then on."
            </Empty>
        }
        .into_any()
    } else {
        view! { <Table caption="Which system says what to which" list=true cols>{rows}</Table> }
            .into_any()
    };
    let actions =
        view! { <LinkButton href=at.path("reports/integrations.csv") label="CSV"/> }.into_any();
    Page::new(
        title.clone(),
        crumbs,
        view! {
            <PageHead title sub="From the connections, contracts and flows as they are published now.".into_any() actions/>
            <Card>{inside}</Card>
        },
    )
}

fn row(one: &Integration, at: &Visit) -> impl IntoView + use<> {
    let clock = match (one.accept_ms, one.resolve_ms) {
        (Some(accept), Some(resolve)) => format!(
            "{} to accept, {} to complete",
            duration_text(accept),
            duration_text(resolve)
        ),
        (Some(accept), None) => format!("{} to accept", duration_text(accept)),
        (None, Some(resolve)) => format!("within {}", duration_text(resolve)),
        (None, None) => "no clock".to_owned(),
    };
    let owner = one.owner.as_ref().map(|owner| owner_name(&at.rules, owner));
    let used = if one.used_by.is_empty() {
        "nobody waits for it".to_owned()
    } else {
        one.used_by.join(", ")
    };
    let direction = one.direction;
    view! {
        <tr data-row=format!("{}-{}-{}-{}", one.system, one.connection, direction, one.what)>
            <td><span class="title">{one.connection.clone()}</span><small>{one.system.clone()}</small></td>
            <td>{direction}" "<span class="mono">{one.what.clone()}</span></td>
            <td class="wide"><small>{one.retries.clone()}</small></td>
            <td>{owner}<small>{clock}</small></td>
            <td class="wide"><small>{used}</small></td>
        </tr>
    }
}
