//! What people’s signatures are checked with, for whoever reads the trail.

use std::sync::Arc;

use engine::{PersonKey, Result};
use leptos::prelude::*;

use crate::{
    ui::*,
    web::{Page, Visit, page},
};

#[component]
pub fn KeysPage() -> impl IntoView {
    page("audit", load, render)
}

async fn load(at: Arc<Visit>) -> Result<Vec<PersonKey>> {
    at.engine().public_keys(&at.ctx).await
}

fn render(keys: Vec<PersonKey>, at: &Visit) -> Page {
    let title = match keys.len() {
        0 => "Nobody has signed anything yet".to_owned(),
        1 => "1 person signs here".to_owned(),
        n => format!("{n} people sign here"),
    };
    let now = at.now();
    let rows = keys
        .into_iter()
        .map(|key| {
            let who = at
                .rules
                .user_name(key.user_id)
                .unwrap_or("Somebody who left")
                .to_owned();
            view! {
                <tr>
                    <td>{who}</td>
                    <td><code class="break-all">{key.key_id}</code></td>
                    <td class="wide"><CopyId id=key.public_key what="public key"/></td>
                    <td class="num"><When at=key.since now/></td>
                </tr>
            }
        })
        .collect_view();
    let inside = if title.starts_with("Nobody") {
        view! {
            <Empty icon=Ico::Question title="No key yet">
                "A person’s key is made when they first override an export."
            </Empty>
        }
        .into_any()
    } else {
        let cols = vec![
            Col::text("Who"),
            Col::text("Key"),
            Col::text("Ed25519, base64").wide(),
            Col::num("Since"),
        ];
        view! { <Table caption="Public keys" cols>{rows}</Table> }.into_any()
    };
    let crumbs = vec![
        Crumb::link("Audit", at.path("audit")),
        Crumb::here("Public keys"),
    ];
    let sub = "Each override stands in the trail with its signature and this key; it can be checked without us."
        .into_any();
    let head = title.clone();
    Page::new(
        title,
        crumbs,
        view! { <PageHead title=head sub/><Card>{inside}</Card> },
    )
}
