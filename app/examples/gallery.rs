//! The kit on four invented pages, printed as files to look at: `gallery DIR` writes `queue.html`,
//! `export.html`, `list.html` and `form.html`. They ask for `/pkg/meshline.css` and the public
//! folder, so serve DIR with both beside it. No data is read and nothing is stored.

use std::{fs, path::PathBuf};

use app::{
    shell::{BareShell, Nav, Shell, document},
    ui::*,
};
use domain::{Currency, Money, Time};
use leptos::prelude::*;

const MINUTE: i64 = 60_000;

fn main() -> std::io::Result<()> {
    let dir = PathBuf::from(
        std::env::args()
            .nth(1)
            .unwrap_or_else(|| "target/gallery".to_owned()),
    );
    fs::create_dir_all(&dir)?;
    write(&dir, "queue", queue)?;
    write(&dir, "export", export)?;
    write(&dir, "list", list)?;
    write(&dir, "form", form)
}

fn write<V: IntoView + 'static>(
    dir: &std::path::Path,
    name: &str,
    page: fn() -> V,
) -> std::io::Result<()> {
    let owner = Owner::new();
    let html = owner.with(|| {
        leptos_meta::provide_meta_context();
        let options = LeptosOptions::builder().output_name("meshline").build();
        document(options, page).to_html()
    });
    fs::write(dir.join(format!("{name}.html")), html)
}

/// A fixed hour, so that two runs print the same.
fn now() -> Time {
    "2026-11-20T14:13:01Z".parse().unwrap_or_default()
}

fn nav(active: &'static str) -> Nav {
    let merchant = |slug: &str, name: &str| (slug.to_owned(), name.to_owned());
    Nav {
        operator_name: "Northbeam Commerce Ops".to_owned(),
        operators: vec![merchant("northbeam", "Northbeam Commerce Ops")],
        merchants: vec![
            merchant("alder-pine", "Alder & Pine"),
            merchant("kitewood", "Kitewood"),
            merchant("brightwell", "Brightwell"),
        ],
        current: Some(merchant("alder-pine", "Alder & Pine")),
        user_name: "Mara Keller".to_owned(),
        closed: Vec::new(),
        active,
        queue_count: 12,
        queue_late: 2,
        task_count: 9,
        told_count: 2,
        theme: None,
    }
}

fn due(minutes_ms: i64) -> AnyView {
    view! { <Countdown due=now().plus_ms(minutes_ms) now=now()/> }.into_any()
}

fn facts(texts: &[&'static str]) -> Vec<AnyView> {
    texts.iter().map(|text| text.into_any()).collect()
}

fn decline(id: &'static str) -> AnyView {
    view! {
        <Dialog id label="Decline" title="Why not?" key="d">
            <form method="post" action="/decline">
                <p>"Priya N. reads this. The prices stay as they are."</p>
                <TextArea text=FieldText::new("reason", "Reason") required=true autofocus=true/>
                <div class="acts"><Button label="Decline" kind=Kind::Danger/></div>
            </form>
        </Dialog>
    }
    .into_any()
}

fn review(id: &'static str) -> Option<AnyView> {
    Some(
        view! { {decline(id)} <LinkButton href="/x" label="Review" kind=Kind::Primary key="a"/> }
            .into_any(),
    )
}

fn take(label: &'static str) -> AnyView {
    view! { <PostButton action="/claim" label kind=Kind::Secondary key="a"/> }.into_any()
}

fn queue() -> impl IntoView {
    let sub = view! {
        "Next deadline in "
        <b><Countdown due=now().plus_ms(250_000) now=now() words=true/></b>
        ". You answer for " <b>"Marketing ops"</b> " until 18:00, then Jonas H."
    }
    .into_any();
    let stock = view! { <code>"insufficient_inventory"</code> " from Harbor 3PL" }.into_any();
    let held =
        view! { <Countdown due=now().plus_ms(3_065_000) now=now() tone=Tone::Held/> }.into_any();
    view! {
        <Shell nav=nav("queue") title="12 waiting on you" crumbs=vec![Crumb::here("My queue")] now=now() all_merchants=true>
            <PageHead title="12 waiting on you" sub/>
            <KeysList>
                <ListGroup title="Overdue" count=2 note="both already with your backup" tone=Tone::Late>
                    <ListRow key="1" href="/x" title="Approve: Winter Kit −20 % goes live" due=due(-684_000)
                        meta=facts(&["Alder & Pine", "promo_activation 3.1", "asked by Priya N.", "then Operations approves, then 14 prices change in Shopify"])
                        nostrip:actions=review("d1")/>
                    <ListRow key="2" href="/x" title="Decide: order #10482 can't ship from Reno" due=due(-171_000)
                        meta=vec!["Kitewood".into_any(), stock, view! { <Amount money=Money::new(41_200, Currency::USD)/> }.into_any(), "fixing the stock count replays 6 orders".into_any()]
                        actions=take("Take")/>
                </ListGroup>
                <ListGroup title="Next hour" count=3>
                    <ListRow key="3" href="/x" title="Approve: publish “Order to ship” v7" due=due(250_000)
                        meta=facts(&["Alder & Pine", "flow", "by Tomas R.", "2 steps changed, 31 running orders stay on v6"])
                        nostrip:actions=review("d3")/>
                    <ListRow key="4" href="/x" title="Confirm refund above limit: return R-2207" due=due(1_360_000)
                        meta=facts(&["Brightwell", "refund_hold", "finance rule over $250.00", "on approve $318.50 is refunded through Stripe"])
                        nostrip:actions=review("d4")/>
                    <ListRow key="5" href="/x" title="Answer a question: “Is the bundle weight 1.2 or 1.4 kg?”" due=held
                        meta=facts(&["Kitewood", "content_package_change", "Harbor 3PL asks", "their pick path waits for it"])
                        actions=take("Reply")/>
                </ListGroup>
                <ListGroup title="Today" count=7>
                    <ListRow key="6" href="/x" title="Review: 4 orders with no carrier scan since Tuesday" due=due(167 * MINUTE)
                        meta=facts(&["Brightwell", "expectation breached", "$1,206.40 at risk"]) actions=take("Take")/>
                    <ListRow key="7" href="/x" title="Monthly check: 3 roles have a single person" due=due(197 * MINUTE)
                        meta=facts(&["Northbeam", "ownership audit"]) actions=take("Open")/>
                </ListGroup>
            </KeysList>
            <KeyHints keys=vec![("a", "accept"), ("d", "decline"), ("r", "reassign"), ("s", "snooze")]/>
        </Shell>
    }
}

fn station(label: &str, lines: &[&str], state: Tone) -> Station {
    Station {
        label: label.to_owned(),
        lines: lines.iter().map(|&line| line.to_owned()).collect(),
        state,
        href: Some("/x".to_owned()),
        ..Station::default()
    }
}

fn healthy_thread() -> Vec<Station> {
    vec![
        station(
            "Trigger",
            &["brief marked ready", "Priya N. · 14:02:11"],
            Tone::Done,
        ),
        station("Flow", &["Promotion go-live v4", "step 2 of 6"], Tone::Done),
        station("Checks", &["7 of 7 passed", "stock 412 of 300"], Tone::Done),
        Station {
            owner_initials: Some("MK".to_owned()),
            progress: Some(40),
            ..station(
                "Approval 1 of 2",
                &["Marketing ops", "by 14:17:11"],
                Tone::Wait,
            )
        },
        station("Approval 2 of 2", &["Operations", "15 min"], Tone::Idle),
        station(
            "Delivery",
            &["Shopify, Harbor 3PL", "2 destinations"],
            Tone::Idle,
        ),
        station(
            "Outcome",
            &["live 15:00", "rolls back Sun 23:59"],
            Tone::Idle,
        ),
    ]
}

fn broken_thread() -> Vec<Station> {
    vec![
        station(
            "Receipt",
            &["Shopify orders/create", "13:40:02"],
            Tone::Done,
        ),
        station("Event", &["order.accepted", "12 ms"], Tone::Done),
        station("Order", &["#10482", "$412.00"], Tone::Done),
        station("Export", &["fulfillment_request", "13:40:03"], Tone::Done),
        Station {
            owner_initials: Some("Supply Chain".to_owned()),
            branch: Some(Branch {
                label: "insufficient_inventory".to_owned(),
                lines: vec![
                    "Task with Supply chain, 02:51 past its time".to_owned(),
                    "Fixing this replays 6 orders".to_owned(),
                ],
                tone: Tone::Late,
                href: Some("/x".to_owned()),
            }),
            ..station(
                "Delivery",
                &["Harbor 3PL refused", "attempt 1 · 409"],
                Tone::Late,
            )
        },
        station("Acknowledgement", &["within 15 min"], Tone::Idle),
        station("Outcome", &["ships by Sat 18:00"], Tone::Idle),
    ]
}

fn late_thread() -> Vec<Station> {
    let mut stations = healthy_thread();
    stations.truncate(3);
    stations.push(Station {
        branch: Some(Branch {
            label: "No carrier scan".to_owned(),
            lines: vec!["Task with Logistics since 13:02".to_owned()],
            tone: Tone::Wait,
            href: Some("/x".to_owned()),
        }),
        ..station("Outcome", &["expected by 12:00"], Tone::Late)
    });
    stations
}

fn export() -> impl IntoView {
    let sub = view! {
        "promo_activation 3.1 · campaign " <code>"winter-kit-26"</code> " · from Alder & Pine to Shopify, then Harbor 3PL"
    }
    .into_any();
    let actions = view! {
        <LinkButton href="/x" label="Ask" kind=Kind::Quiet/>
        <LinkButton href="/x" label="Reassign" kind=Kind::Quiet key="r"/>
        {decline("why")}
        <PostButton action="/approve" label="Approve as Marketing ops" kind=Kind::Primary key="a"/>
    }
    .into_any();
    let price = |sku: &'static str,
                 title: &'static str,
                 before: &'static str,
                 after: &'static str,
                 stock: &'static str| {
        view! {
            <tr>
                <td class="mono wide">{sku}</td>
                <td>{title}</td>
                <td class="num"><Was before after/></td>
                <td class="num wide">{stock}</td>
            </tr>
        }
    };
    let quiet = |text: &'static str| text.into_any();
    let next = vec![
        Station {
            state: Tone::Wait,
            ..station("You approve as Marketing ops", &["now"], Tone::Wait)
        },
        station("Operations approves", &["15 min"], Tone::Idle),
        station("Prices change in Shopify", &["15:00"], Tone::Idle),
        station("Rolls back by itself", &["Sun 23:59"], Tone::Idle),
    ];
    let side = view! {
        <Card title="Who answers">
            <Row title="Mara K." sub="owner · Marketing ops · on until 18:00" person="Mara K." aside=quiet("now")/>
            <Row title="Jonas H." sub="backup" person="Jonas H." aside=quiet("14:17")/>
            <Row title="Founder" sub="escalation step 2" person="Founder" aside=quiet("14:32")/>
        </Card>
        <Card title="What happens next" padded=true>
            <Thread stations=next label="What happens next" upright=true/>
        </Card>
        <Card title="Audit" aside=quiet("verified")>
            <Row title="Asked for approval" sub="system · 14:02:12.480"/>
            <Row title="Checks passed" sub="system · 14:02:12.311"/>
            <Row title="Brief marked ready" sub="Priya N. · 14:02:11.902"/>
        </Card>
        <Card title="Facts">
            <Kv>
                <KvRow label="Export"><CopyId id="0198f3a2-7c1e-7b34-9d10-2f6a1b0ec41e"/></KvRow>
                <KvRow label="Created"><When at=now().plus_ms(-11 * MINUTE) now=now()/></KvRow>
                <KvRow label="State"><StateBadge tone=Tone::Wait word="awaiting approval"/></KvRow>
            </Kv>
        </Card>
    }
    .into_any();
    view! {
        <Shell
            nav=nav("exports")
            title="Winter Kit −20 % goes live"
            crumbs=vec![Crumb::link("Exports", "/m/alder-pine/exports"), Crumb::id("0198f3a2-7c1e-7b34-9d10-2f6a1b0ec41e")]
            now=now()
        >
            <PageHead title="Winter Kit −20 % goes live" sub actions sticky=true/>
            <YourMove tone=Tone::Wait whose="Your move" now=now() due=now().plus_ms(250_000)>
                "Approve or decline as " <b>"Marketing ops"</b> ". On silence it goes to " <b>"Jonas H."</b> ", then to the founder."
            </YourMove>
            <Thread stations=healthy_thread() label="The life of this export"/>
            <Split side>
                <Card title="What changes" aside=quiet("14 prices, 1 packing insert")>
                    <Table caption="Prices before and after" cols=vec![Col::text("SKU").wide(), Col::text("Title"), Col::num("Price"), Col::num("Stock").wide()]>
                        {price("KIT-W-01", "Winter kit, small", "$89.00", "$71.20", "188")}
                        {price("KIT-W-02", "Winter kit, family", "$149.00", "$119.20", "224")}
                        {price("SCK-GRY-M", "Wool sock, grey", "$18.00", "$14.40", "1,204")}
                    </Table>
                    <CardFoot><RawJson label="11 more · payload as JSON" text="{\n  \"campaign_id\": \"winter-kit-26\"\n}"/></CardFoot>
                </Card>
                <Card title="Checks">
                    <Row tone=Tone::Done title="Every SKU known, price within 40 % of the last one" aside=quiet("14:02:12")/>
                    <Row tone=Tone::Done title="Stock backs the promotion: 412 of 300 needed" aside=quiet("fresh 38 s ago")/>
                    <Row tone=Tone::Done title="No other promotion in flight for these SKUs" aside=quiet("14:02:12") href="/x"/>
                </Card>
                <Card title="Another one, that broke" padded=true>
                    <Thread stations=broken_thread() label="The life of order #10482"/>
                </Card>
            </Split>
            <Thread stations=broken_thread() label="The life of order #10482, wide"/>
            <Thread stations=late_thread() label="The life of order #10477, late at the end"/>
        </Shell>
    }
}

fn list() -> impl IntoView {
    let chip = |label: &str, active, count, tone| Chip {
        label: label.to_owned(),
        href: "/x".to_owned(),
        active,
        count,
        tone,
    };
    let chips = vec![
        chip("All", true, None, None),
        chip("Awaiting approval", false, Some(3), Some(Tone::Wait)),
        chip("Paused", false, Some(1), Some(Tone::Held)),
        chip("Failed", false, Some(2), Some(Tone::Late)),
    ];
    let row = |id: &'static str,
               what: &'static str,
               kind: &'static str,
               tone,
               word: &'static str,
               minutes: i64| {
        view! {
            <tr data-row=id>
                <td><a class="title" data-open="" href="/x">{what}</a></td>
                <td><StateBadge tone word/></td>
                <td>{kind}</td>
                <td class="wide"><CopyId id/></td>
                <td class="num"><When at=now().plus_ms(-minutes * MINUTE) now=now()/></td>
            </tr>
        }
    };
    let end = view! { <LinkButton href="/x.csv" label="CSV" icon=Ico::Download kind=Kind::Quiet/> }
        .into_any();
    view! {
        <Shell nav=nav("exports") title="Two exports failed today" crumbs=vec![Crumb::here("Exports")] now=now()>
            <PageHead title="Two exports failed today" sub=view! { "312 went out in the last 24 hours, " <b>"3"</b> " wait for a person." }.into_any()/>
            <Flash tone=Tone::Done>"Approved. 14 prices change in Shopify once Operations agrees."</Flash>
            <FilterBar action="/x" label="Find by id, type or order" chips end/>
            <div id="rows" data-live="">
                <Card>
                    <Table caption="Exports, newest first" list=true
                        cols=vec![Col::text("What"), Col::text("State"), Col::text("Contract"), Col::text("Id").wide(), Col::num("Made")]>
                        {row("0198f3a2-7c1e-7b34-9d10-2f6a1b0ec41e", "Winter Kit −20 % goes live", "promo_activation 3.1", Tone::Wait, "awaiting approval", 11)}
                        {row("0198f3a2-7c1e-7b34-9d10-2f6a1b0ec42f", "Ship order #10482 from Reno", "fulfillment_request 2.0", Tone::Held, "paused", 33)}
                        {row("0198f3a2-7c1e-7b34-9d10-2f6a1b0ec430", "Ship order #10481 from Reno", "fulfillment_request 2.0", Tone::Moving, "delivering", 34)}
                        {row("0198f3a2-7c1e-7b34-9d10-2f6a1b0ec431", "Refund return R-2207", "refund_hold 1.2", Tone::Late, "failed", 190)}
                        {row("0198f3a2-7c1e-7b34-9d10-2f6a1b0ec432", "Ship order #10479 from Columbus", "fulfillment_request 2.0", Tone::Done, "completed", 2000)}
                        {row("0198f3a2-7c1e-7b34-9d10-2f6a1b0ec433", "Ship order #10477 from Columbus", "fulfillment_request 1.9", Tone::Idle, "superseded", 90_000)}
                    </Table>
                </Card>
            </div>
            <Pager shown="6 exports, newest first" first="/x" next="/x"/>
            <div class="stack group">
                <Card>
                    <Empty icon=Ico::Tasks title="Nothing waits here"
                        actions=view! { <LinkButton href="/x" label="Connect a source" kind=Kind::Primary icon=Ico::Plus/> }.into_any()>
                        "A task opens by itself when a destination refuses an export or a promise runs late."
                    </Empty>
                </Card>
                <div class="acts">
                    {[Tone::Wait, Tone::Late, Tone::Held, Tone::Done, Tone::Moving, Tone::Idle]
                        .into_iter().map(|tone| view! { <StateBadge tone soft=true/> }).collect_view()}
                    <Button label="Pressed never" disabled=true/>
                    <Button label="Remove" kind=Kind::Danger/>
                </div>
            </div>
        </Shell>
    }
}

fn form() -> impl IntoView {
    let roles = vec![
        ("marketing_ops".to_owned(), "Marketing ops".to_owned()),
        ("logistics".to_owned(), "Logistics".to_owned()),
    ];
    view! {
        <BareShell title="Sign in">
            <Card padded=true>
                <h1>"Sign in"</h1>
                <form method="post" action="/login">
                    <Input text=FieldText::new("email", "Email") kind="email" value="mara@northbeam.example" autocomplete="username" required=true/>
                    <Input
                        text=FieldText::new("password", "Password").error(Some("This password does not fit that email.".to_owned()))
                        kind="password"
                        autocomplete="current-password"
                        required=true
                    />
                    <Select text=FieldText::new("role", "Answer for").hint("You can change this later.") options=roles value="logistics"/>
                    <Check name="stay" label="Stay signed in" hint="For thirty days on this device."/>
                    <div class="acts"><Button label="Sign in" kind=Kind::Primary/></div>
                </form>
            </Card>
        </BareShell>
    }
}
