//! What proves the trail outside: its keys, its checkpoints, and who is sent them.

use std::sync::Arc;

use domain::{
    access::Action,
    audit::{
        file::grouped,
        witness::{SignedCheckpoint, Witness},
    },
};
use engine::{Result, TrailKey};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    ui::*,
    web::{Page, Visit, lost, page, session},
};

/// Checkpoints shown; the API has them all.
const SHOWN: i64 = 10;
const SECRET: &str = "witness_secret_shown_once";

/// A secret on its one way to the eyes of the person who made it: in the session, for exactly one page.
#[derive(Serialize, Deserialize)]
pub(super) struct Fresh {
    merchant_id: Uuid,
    name: String,
    secret: String,
}

impl Fresh {
    pub(super) fn new(witness: &Witness, secret: String) -> Self {
        Self {
            merchant_id: witness.merchant_id,
            name: witness.name.clone(),
            secret,
        }
    }

    pub(super) async fn leave(self) -> Result<()> {
        session()?.insert(SECRET, self).await.map_err(lost)
    }

    async fn take(at: &Visit) -> Result<Option<Self>> {
        if !at.desk.asked.navigates {
            return Ok(None);
        }
        let found: Option<Self> = session()?.remove(SECRET).await.map_err(lost)?;
        Ok(found.filter(|fresh| fresh.merchant_id == at.ctx.merchant_id()))
    }
}

struct Model {
    keys: Vec<TrailKey>,
    checkpoints: Vec<SignedCheckpoint>,
    witnesses: Vec<Witness>,
    fresh: Option<Fresh>,
}

#[component]
pub fn WitnessesPage() -> impl IntoView {
    page("settings", load, render)
}

async fn load(at: Arc<Visit>) -> Result<Model> {
    let (engine, ctx) = (at.engine(), &at.ctx);
    Ok(Model {
        keys: engine.audit_keys(ctx).await?,
        checkpoints: engine.audit_checkpoints(ctx, None, SHOWN).await?,
        witnesses: engine.audit_witnesses(ctx).await?,
        fresh: Fresh::take(&at).await?,
    })
}

fn render(model: Model, at: &Visit) -> Page {
    let may = at.ctx.may(Action::ManageMerchant);
    let title = match model.witnesses.as_slice() {
        [] => "Nobody outside keeps a checkpoint yet".to_owned(),
        [_] => "1 witness keeps checkpoints of the trail".to_owned(),
        all => format!("{} witnesses keep checkpoints of the trail", all.len()),
    };
    let fresh = model.fresh.map(|fresh| {
        let heading = format!("The secret of “{}”, this once", fresh.name);
        view! {
            <div class="mb-5">
                <Card title=heading id="secret" padded=true>
                    <p class="break-all"><CopyId id=fresh.secret whole=true what="secret"/></p>
                    <p class="text-ink-2 mt-2">
                        "Its messages are signed with it (Standard Webhooks). Copy it now: it is kept sealed and is not shown again."
                    </p>
                </Card>
            </div>
        }
    });
    let add = may.then(|| add(at));
    let witnesses = witnesses(&model.witnesses, may, at);
    let keys = keys(&model.keys, may, at);
    let checkpoints = checkpoints(&model.checkpoints, at);
    let side = view! { {keys} }.into_any();
    let body = view! {
        <PageHead
            title=title.clone()
            sub="A checkpoint vouches for the trail up to an entry. Kept by somebody else it shows when the newest entries are cut off, or the trail is rewritten.".into_any()
        />
        {fresh}
        <Split side>{witnesses} {add} {checkpoints}</Split>
    }
    .into_any();
    let crumbs = vec![
        Crumb::link("Settings", at.path("settings")),
        Crumb::here("Audit"),
    ];
    Page::new(title, crumbs, body)
}

fn often(every_ms: i64) -> &'static str {
    match every_ms {
        0 => "each checkpoint",
        3_600_000 => "at most one an hour",
        86_400_000 => "at most one a day",
        _ => "at most one a week",
    }
}

fn witnesses(all: &[Witness], may: bool, at: &Visit) -> impl IntoView + use<> {
    if all.is_empty() {
        return view! {
            <Card title="Witnesses">
                <Empty icon=Ico::Audit title="No witness yet">
                    "Name a mailbox or a program outside. It is sent checkpoints, and nobody here can take back what it keeps."
                </Empty>
            </Card>
        }
        .into_any();
    }
    let now = at.now();
    let rows = all
        .iter()
        .map(|one| {
            let id = one.id.to_string();
            let (tone, word) = match (&one.trouble, one.sent_at) {
                (Some(_), _) => (Tone::Late, "not reached"),
                (None, None) => (Tone::Wait, "on its way"),
                (None, Some(_)) => (Tone::Done, "keeps it"),
            };
            let kept = one.sent_at.map(|sent| {
                let size = grouped(one.sent_size.unsigned_abs());
                view! { <small>"has the first " {size} " entries, since " <When at=sent now/></small> }
            });
            let why = one.trouble.clone().map(|why| view! { <small class="whitespace-normal">{why}</small> });
            let hidden = at.hidden(&[("witness", &id)]);
            let out = may.then(|| {
                view! {
                    <td>
                        <Dialog id=format!("remove-{id}") label="Take out" title=format!("Take out “{}”?", one.name) kind=Kind::Danger>
                            <form method="post" action="/ui/audit/witness/remove">
                                {hidden}
                                <p>"It is sent no further checkpoints. What it has it keeps, and it goes on proving what it proves."</p>
                                <div class="acts"><Button label="Take it out" kind=Kind::Danger/></div>
                            </form>
                        </Dialog>
                    </td>
                }
            });
            view! {
                <tr data-row=id>
                    <td><span class="title">{one.name.clone()}</span><small class="mono break-all">{one.at.address().to_owned()}</small></td>
                    <td><StateBadge tone word/></td>
                    <td>{often(one.every_ms)} {kept} {why}</td>
                    {out}
                </tr>
            }
        })
        .collect_view();
    let mut cols = vec![Col::text("Who"), Col::text("State"), Col::text("Is sent")];
    if may {
        cols.push(Col::text(""));
    }
    view! {
        <Card title="Witnesses">
            <Table caption="Witnesses of the trail" list=true cols>{rows}</Table>
        </Card>
    }
    .into_any()
}

fn add(at: &Visit) -> impl IntoView + use<> {
    let typed = at.form("witness");
    let name = typed
        .text("name", "Name")
        .hint("Who keeps it, as your people call them.");
    let kind = typed.text("kind", "How it is sent");
    let address = typed
        .text("address", "Mail address or URL")
        .hint("A URL is https, at a public address; its messages are signed.");
    let every = typed.text("every_ms", "How often");
    let kinds = [("mail", "By mail"), ("webhook", "To a program (webhook)")];
    let terms = [
        ("86400000", "At most one a day"),
        ("3600000", "At most one an hour"),
        ("604800000", "At most one a week"),
        ("0", "Each checkpoint, every quarter of an hour at most"),
    ];
    let pairs = |all: &[(&str, &str)]| {
        all.iter()
            .map(|(value, label)| ((*value).to_owned(), (*label).to_owned()))
            .collect::<Vec<_>>()
    };
    let (kinds, terms) = (pairs(&kinds), pairs(&terms));
    let [name_is, address_is] = ["name", "address"].map(|field| typed.value(field));
    let kind_is = typed.value_or("kind", "mail");
    let every_is = typed.value_or("every_ms", "86400000");
    let hidden = at.hidden(&[]);
    view! {
        <Card title="Add a witness" padded=true id="add">
            <form method="post" action="/ui/audit/witness/add">
                {hidden}
                <Input text=name value=name_is required=true/>
                <Select text=kind options=kinds value=kind_is/>
                <Input text=address value=address_is required=true autocomplete="off"/>
                <Select text=every options=terms value=every_is/>
                <div class="acts"><Button label="Add the witness" kind=Kind::Primary/></div>
            </form>
        </Card>
    }
}

fn keys(all: &[TrailKey], may: bool, at: &Visit) -> impl IntoView + use<> {
    let now = at.now();
    let rows = all
        .iter()
        .map(|one| {
            let since = match one.key.retired_at {
                None => view! { "signs since " <When at=one.key.created_at now/> }.into_any(),
                Some(end) => view! { "replaced " <When at=end now/> "; what it signed stays good" }
                    .into_any(),
            };
            let text = one.text.clone();
            view! {
                <p class="break-all"><CopyId id=text whole=true what="public key"/></p>
                <p class="text-ink-2 mb-3">{since}</p>
            }
        })
        .collect_view();
    let none = all.is_empty().then(|| {
        view! { <p class="text-ink-2">"It is made with the first checkpoint, within a quarter of an hour."</p> }
    });
    let hidden = at.hidden(&[]);
    let replace = (may && !all.is_empty()).then(|| {
        view! {
            <Dialog id="rotate-key" label="Replace the key" title="Sign with a new key from now on?">
                <form method="post" action="/ui/audit/key/rotate">
                    {hidden}
                    <p>"The old one signs everything up to now once more and is then forgotten; its public half stays listed here. Whoever checks needs both from then on."</p>
                    <div class="acts"><Button label="Replace the key" kind=Kind::Primary/></div>
                </form>
            </Dialog>
        }
    });
    view! {
        <Card title="Public key" padded=true id="key">
            <p class="mb-3">"Hand it to whoever checks the trail; nothing else is needed."</p>
            {rows} {none} {replace}
        </Card>
    }
}

fn checkpoints(all: &[SignedCheckpoint], at: &Visit) -> impl IntoView + use<> {
    let now = at.now();
    let rows = all
        .iter()
        .map(|one| {
            let size = grouped(one.size.unsigned_abs());
            view! {
                <tr data-row=one.size.to_string()>
                    <td class="mono">{size}</td>
                    <td class="whitespace-nowrap"><When at=one.made_at now/></td>
                    <td><RawJson label="The signed note" text=one.note.clone()/></td>
                </tr>
            }
        })
        .collect_view();
    let inside = if all.is_empty() {
        view! {
            <Empty icon=Ico::Audit title="No checkpoint yet">
                "The first one is signed within a quarter of an hour of the first entry, or when the trail is exported."
            </Empty>
        }
        .into_any()
    } else {
        let cols = vec![
            Col::text("Entries"),
            Col::text("Signed"),
            Col::text("To keep"),
        ];
        view! { <Table caption="Checkpoints, newest first" list=true cols>{rows}</Table> }
            .into_any()
    };
    view! { <Card title="The newest checkpoints">{inside}</Card> }
}
