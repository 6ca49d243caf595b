//! A flow that somebody brings along as JSON.

use std::sync::Arc;

use domain::access::Action;
use engine::Result;
use leptos::prelude::*;

use crate::{
    features::exports::plural,
    ui::*,
    web::{Page, Visit, page},
};

#[component]
pub fn ImportFlowPage() -> impl IntoView {
    page("flows", load, render)
}

async fn load(at: Arc<Visit>) -> Result<()> {
    at.ctx.require(Action::DrawFlows)
}

fn render((): (), at: &Visit) -> Page {
    let typed = at.form("import");
    let faults = typed.everything().1;
    let title = match faults.len() {
        0 => "Bring a flow along".to_owned(),
        n => format!(
            "{n} {} with this flow; nothing was changed",
            plural(n, "thing is wrong").replace("thing is wrongs", "things are wrong")
        ),
    };
    let text = FieldText::new("document", "The document")
        .hint("JSON as it is exported here: the key says which flow it is. At most 512 kB.");
    let file = FieldText::new("document", "Or a file")
        .hint("A .json file. It counts instead of what stands above.");
    let value = typed.value("document");
    let unfinished = typed.value("unfinished") == "true";
    let hidden = at.hidden(&[]);
    let list = (!faults.is_empty()).then(|| {
        let rows = faults
            .iter()
            .map(|(path, sentence)| {
                let place = if path.is_empty() { "the whole document".to_owned() } else { path.clone() };
                view! { <tr><td class="mono">{place}</td><td>{sentence.clone()}</td></tr> }
            })
            .collect_view();
        view! {
            <Card title="What is wrong" id="faults">
                <Table caption="What is wrong, and where" cols=vec![Col::text("Where"), Col::text("What")]>{rows}</Table>
            </Card>
        }
    });
    let body = view! {
        <PageHead
            title=title.clone()
            sub="It becomes a draft. Nothing runs on it before it is published.".into_any()
        />
        {list}
        <Card title="From JSON" padded=true>
            <form method="post" action="/ui/flow/import" enctype="multipart/form-data">
                {hidden}
                <TextArea text value rows=16/>
                <FileInput text=file accept=".json,application/json"/>
                <Check
                    name="unfinished"
                    label="It may be unfinished"
                    hint="Take it in as a draft even if something keeps it from being published; the readiness rail says what."
                    checked=unfinished
                />
                <div class="acts mt-4"><Button label="Look at it, and make a draft" kind=Kind::Primary/></div>
            </form>
        </Card>
    }
    .into_any();
    Page::new(
        title,
        vec![
            Crumb::link("Flows", at.path("flows")),
            Crumb::here("Import"),
        ],
        body,
    )
}
