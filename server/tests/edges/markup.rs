//! What customers and shops write is text, whatever it looks like. Payloads come in by a source, in every
//! field a person fills in, and every page and file that shows them is parsed as a browser would: no
//! element, no attribute and no address in it is theirs, and no cell is a formula.

use std::collections::BTreeSet;

use reqwest::header;
use scraper::{Html, Node};
use serde_json::{Value, json};

use crate::support::{
    database::Engine,
    installation::{Installation, eventually},
    person::Person,
    shop::{Delivery, Order},
};

/// Words that appear in no page of ours; a payload that comes alive says one of them.
const MARK: &str = "pwn7";

/// Ways out of text, attribute, comment, script, style and URL, times ways to run something.
fn payloads() -> Vec<String> {
    let breaks = [
        "",
        "\">",
        "'>",
        "\"'>",
        "</textarea>",
        "</title>",
        "</script>",
        "</style>",
        "-->",
        "]]>",
        "</option></select>",
        "</noscript>",
        "\u{0}",
        "{{",
        "${",
    ];
    let runs = [
        "<script>alert('pwn7')</script>",
        "<img src=x onerror=alert('pwn7')>",
        "<svg onload=alert('pwn7')>",
        "<svg><script>alert('pwn7')</script></svg>",
        "<iframe srcdoc='<script>alert(`pwn7`)</script>'>",
        "<body onload=alert('pwn7')>",
        "<a href=\"javascript:alert('pwn7')\">x</a>",
        "<details open ontoggle=alert('pwn7')>",
        "<input autofocus onfocus=alert('pwn7')>",
        "<math><mi xlink:href='javascript:alert(`pwn7`)'>x</mi></math>",
        "<object data='javascript:alert(`pwn7`)'>",
        "<form action='javascript:alert(`pwn7`)'><button>x</button></form>",
        "<base href='//pwn7.example/'>",
        "<meta http-equiv=refresh content='0;url=//pwn7.example'>",
        "<link rel=stylesheet href=//pwn7.example/x.css>",
        "<ScRiPt>alert('pwn7')</sCrIpT>",
    ];
    let mut all: Vec<String> = breaks
        .iter()
        .filter(|one| !one.contains('\u{0}'))
        .flat_map(|out| runs.iter().map(move |run| format!("{out}{run}")))
        .collect();
    all.extend(
        [
            "\" onmouseover=\"alert('pwn7')",
            "' onfocus='alert(`pwn7`)' autofocus='",
            "javascript:alert('pwn7')",
            "&lt;script&gt;alert('pwn7')&lt;/script&gt;",
            "&#60;script&#62;alert('pwn7')",
            "\\x3cscript\\x3ealert('pwn7')",
            "<!--><script>alert('pwn7')</script>",
            "<<script>alert('pwn7')//<</script>",
            "＜script＞alert('pwn7')",
            "=HYPERLINK(\"//pwn7.example\",\"x\")",
            "+cmd|' /C pwn7'!A0",
            "-2+3+cmd|'pwn7'",
            "@SUM(pwn7)",
            "\t=pwn7()",
        ]
        .map(str::to_owned),
    );
    all
}

fn order(number: u64, payload: &str) -> Value {
    let mut order = Order::numbered(number).json();
    order["name"] = json!(payload.chars().take(200).collect::<String>());
    order["note"] = json!(payload);
    order["tags"] = json!(payload.replace(',', ";"));
    order["email"] = json!(format!("{payload}@example.com"));
    for address in ["shipping_address", "billing_address"] {
        for field in [
            "name",
            "first_name",
            "last_name",
            "address1",
            "city",
            "company",
            "province",
        ] {
            order[address][field] = json!(payload);
        }
    }
    order["customer"] = json!({ "id": number + 9, "first_name": payload, "last_name": payload, "email": "a@example.com" });
    order["line_items"][0]["title"] = json!(payload);
    order["line_items"][0]["name"] = json!(payload);
    order["shipping_lines"][0]["title"] = json!(payload);
    order
}

/// What in a page is not ours. Ours runs what it brings in files and by its nonce, and has no handlers.
fn alive(html: &str) -> Vec<String> {
    let page = Html::parse_document(html);
    let mut found = Vec::new();
    for node in page.tree.nodes() {
        match node.value() {
            Node::Element(element) => {
                let name = element.name().to_ascii_lowercase();
                if [
                    "iframe", "object", "embed", "base", "applet", "frame", "math",
                ]
                .contains(&name.as_str())
                {
                    found.push(format!("<{name}>"));
                }
                for (attribute, value) in element.attrs() {
                    let scheme: String = value
                        .chars()
                        .filter(|c| !c.is_whitespace() && !c.is_control())
                        .take(12)
                        .collect();
                    let runs = ["javascript:", "vbscript:", "data:text"]
                        .iter()
                        .any(|one| scheme.to_ascii_lowercase().starts_with(one));
                    let leads = [
                        "href",
                        "src",
                        "action",
                        "formaction",
                        "srcdoc",
                        "data",
                        "xlink:href",
                    ]
                    .contains(&attribute);
                    if attribute.starts_with("on") || (leads && (runs || value.starts_with("//"))) {
                        found.push(format!("{name} {attribute}={value}"));
                    }
                    if attribute.contains(MARK) {
                        found.push(format!("attribute {attribute}"));
                    }
                }
                let is_inert = element
                    .attr("type")
                    .is_some_and(|kind| kind.ends_with("json"));
                if name == "script"
                    && !is_inert
                    && node
                        .children()
                        .any(|text| matches!(text.value(), Node::Text(text) if text.contains(MARK)))
                {
                    found.push("a script of theirs".to_owned());
                }
                if name == "style" || (name == "meta" && element.attr("http-equiv").is_some()) {
                    found.push(format!("<{name}>"));
                }
            }
            Node::Comment(text) if text.contains(MARK) => {
                found.push("a comment of theirs".to_owned())
            }
            _ => {}
        }
    }
    found
}

#[test]
fn the_eye_sees_what_comes_alive() {
    let seen = payloads()
        .iter()
        .filter(|one| !alive(&format!("<p>{one}</p>")).is_empty())
        .count();
    assert!(
        seen > 150,
        "only {seen} of the payloads come alive where nothing is escaped"
    );
    assert!(!alive("<p title=\"\" onmouseover=\"alert('pwn7')\">x</p>").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_customer_writes_is_only_ever_text() {
    let meshline = Installation::start(Engine::Sqlite).await;
    let payloads = payloads();
    assert!(payloads.len() >= 200, "{}", payloads.len());
    let slug = meshline.shop().0.slug.clone();
    let mut receipts = Vec::new();
    for (n, payload) in payloads.iter().enumerate() {
        let number = 5_600_000_003_000 + n as u64 * 100;
        let sent = Delivery::new(
            "orders/create",
            &format!("xss-{n}"),
            &order(number, payload),
        );
        let answer = meshline.send(&sent).await;
        assert!(answer.code.is_success(), "{payload}: {answer:?}");
        receipts.push(answer.receipt_id());
    }
    let person = Person::sign_in(&meshline, meshline.user_with("admin")).await;
    let orders = eventually("an order for every payload", async || {
        let orders = meshline.all("/orders").await;
        (orders.len() + 5 >= payloads.len()).then_some(orders)
    })
    .await;

    let mut paths: BTreeSet<String> = [
        "orders",
        "receipts",
        "exports",
        "tasks",
        "queue",
        "approvals",
        "audit",
        "search?q=pwn7",
    ]
    .iter()
    .map(|list| format!("/m/{slug}/{list}"))
    .collect();
    paths.insert("/".to_owned());
    for one in &orders {
        paths.insert(format!("/m/{slug}/orders/{}", one["id"].as_str().unwrap()));
    }
    // every tenth: these pages show the same texts by the same parts
    for receipt in receipts.iter().step_by(10) {
        paths.insert(format!("/m/{slug}/receipts/{receipt}"));
    }
    for (noun, list) in [
        ("exports", meshline.all("/exports").await),
        ("tasks", meshline.all("/tasks").await),
    ] {
        for one in list.iter().step_by(10) {
            paths.insert(format!("/m/{slug}/{noun}/{}", one["id"].as_str().unwrap()));
        }
    }
    let mut shown = 0;
    for path in &paths {
        let (status, page) = person.page(path).await;
        assert!(status.is_success(), "{path} answered {status}");
        assert_eq!(alive(&page), Vec::<String>::new(), "{path}");
        shown += usize::from(page.contains(MARK));
    }
    assert!(
        shown > payloads.len() / 2,
        "only {shown} of {} pages show a payload",
        paths.len()
    );

    for list in ["orders", "receipts", "exports", "tasks"] {
        let answer = meshline
            .http
            .get(meshline.url(&format!("/m/{slug}/{list}.csv")))
            .header(header::COOKIE, person.cookie())
            .send()
            .await
            .unwrap();
        let text = answer.text().await.unwrap();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let mut cells = 0;
        for row in reader.records() {
            for cell in &row.unwrap() {
                cells += 1;
                let first = cell.chars().next();
                assert!(
                    !matches!(
                        first,
                        Some(
                            '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠'
                        )
                    ),
                    "{list}: {cell}"
                );
            }
        }
        assert!(cells > 0 || list == "tasks", "{list} is empty");
    }
    meshline.end().await;
}
