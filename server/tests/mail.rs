//! Mail, on its whole way: a real mail server takes it, understands it, and what stands in it is followed
//! as whoever gets it would.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[allow(
    dead_code,
    reason = "shared with the tests of sessions, which use more of it"
)]
#[path = "sessions/browser.rs"]
mod browser;
mod support;

#[path = "mail/encrypted.rs"]
mod encrypted;

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use browser::Browser;
use serde_json::Value;
use support::{
    database::Engine,
    installation::{Installation, User, eventually, free_addr},
    shop,
};

const PASSWORD: &str = "viermal gefaltete brotzeit";

struct MailServer {
    child: Child,
    port: u16,
    file: PathBuf,
}

impl MailServer {
    /// None, said loudly, where there is no node or nothing is installed for it.
    fn start(folder: &Path) -> Option<Self> {
        Self::start_as(folder, &[])
    }

    /// In a mode of the script, with a key and its certificate.
    fn start_as(folder: &Path, mode: &[&str]) -> Option<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../end2end/mail-server.mjs");
        if !script.with_file_name("node_modules/smtp-server").exists() {
            eprintln!("SKIPPED: run `npm install` in end2end to have a mail server");
            return None;
        }
        let (port, file) = (free_addr().port(), folder.join("mails"));
        let started = Command::new("node")
            .arg(script)
            .arg(port.to_string())
            .arg(&file)
            .args(mode)
            .stdout(Stdio::null())
            .spawn();
        let Ok(child) = started else {
            eprintln!("SKIPPED: there is no node to run a mail server");
            return None;
        };
        Some(Self { child, port, file })
    }

    fn all(&self) -> Vec<Value> {
        std::fs::read_to_string(&self.file)
            .unwrap_or_default()
            .split_inclusive('\n')
            // the last one may be half written
            .filter(|line| line.ends_with('\n'))
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    fn to(&self, email: &str) -> Vec<Value> {
        let mut mails = self.all();
        mails.retain(|mail| mail["to"][0] == email);
        mails
    }

    async fn one_to(&self, email: &str) -> Value {
        eventually(email, async || self.to(email).pop()).await
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        // it may have ended by itself
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The path of the one link in it.
fn link(mail: &Value, meshline: &Installation) -> String {
    let base = meshline.url("");
    let text = mail["text"].as_str().unwrap();
    let at = text
        .find(&base)
        .unwrap_or_else(|| panic!("no link: {text}"));
    let link = text[at..].split_whitespace().next().unwrap();
    assert!(
        mail["html"].as_str().unwrap().contains(link),
        "the same link in both"
    );
    format!("/{}", link[base.len()..].trim_start_matches('/'))
}

async fn with_mail() -> Option<(Installation, MailServer)> {
    let mut meshline = Installation::prepare(Engine::Sqlite).await;
    let server = MailServer::start(&meshline.folder)?;
    let url = format!("smtp://meshline:hush%20mail@127.0.0.1:{}", server.port);
    meshline.set("MESHLINE_SMTP_URL", &url);
    meshline.set("MESHLINE_MAIL_FROM", "Alder Ops <ops@alder.example>");
    eventually("the mail server", async || {
        std::net::TcpStream::connect(("127.0.0.1", server.port)).ok()
    })
    .await;
    let said = meshline.command(&["doctor"]);
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(
        said.contains("takes mail, from \"Alder Ops\"")
            || said.contains("takes mail, from Alder Ops"),
        "{said}"
    );
    assert!(!said.contains("hush"), "{said}");
    meshline.serve().await;
    Some((meshline, server))
}

async fn invite(boss: &mut Browser, meshline: &Installation, email: &str) -> String {
    let home = format!("/m/{}/people", meshline.shop().0.slug);
    let fields = [
        ("merchant", &*meshline.shop().0.slug),
        ("back", &*home),
        ("email", email),
        ("access", "operator"),
        ("party", "agency"),
        ("roles[]", "finance"),
    ];
    assert_eq!(boss.post("/ui/people/invite", &fields).await, home);
    home
}

/// What the page of people says about the mail.
async fn page_says(boss: &mut Browser, home: &str, words: &str) {
    let begun = tokio::time::Instant::now();
    while !boss.page(home).await.contains(words) {
        assert!(
            begun.elapsed().as_secs() < 20,
            "{home} never says {words:?}"
        );
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn an_invitation_comes_by_mail_and_is_accepted_through_it() {
    let Some((meshline, server)) = with_mail().await else {
        return;
    };
    let boss = meshline.user_with("revenue_ops");
    let mut boss = Browser::signed_in(&meshline, boss).await;
    let home = invite(&mut boss, &meshline, "nils@example.com").await;
    let shown = boss.page(&home).await;
    let mail = server.one_to("nils@example.com").await;
    assert!(mail["from"].as_str().unwrap().contains("ops@alder.example"));
    assert!(mail["subject"].as_str().unwrap().contains("invites you"));
    let id = mail["messageId"].as_str().unwrap();
    assert!(id.starts_with('<') && id.ends_with('>'), "{id}");
    let automatic = mail["headers"]["auto-submitted"].as_str().unwrap();
    assert!(automatic.ends_with("auto-generated"), "{automatic}");
    let path = link(&mail, &meshline);
    assert!(
        shown.contains(&meshline.url(&path)),
        "the page shows the same link, once"
    );
    page_says(&mut boss, &home, "Mailed to nils@example.com").await;

    let mut nils = Browser::new(&meshline);
    assert!(nils.page(&path).await.contains("invites you to"));
    let fields = [
        ("token", path.trim_start_matches("/invite/")),
        ("name", "Nils Berg"),
        ("password", PASSWORD),
    ];
    let queue = format!("/m/{}/queue", meshline.shop().0.slug);
    assert_eq!(nils.post("/ui/invite/accept-new", &fields).await, queue);

    // refused for good, and said where it is looked for
    invite(&mut boss, &meshline, "nobody-home@example.com").await;
    page_says(&mut boss, &home, "no such mailbox here").await;
    let log = meshline.said("serve");
    assert!(!log.contains("hush") && !log.contains(path.trim_start_matches("/invite/")));
    meshline.end().await;
}

#[tokio::test]
async fn a_link_that_an_admin_makes_comes_by_mail_too() {
    let Some((meshline, server)) = with_mail().await else {
        return;
    };
    let boss = meshline.user_with("revenue_ops").clone();
    let mut boss = Browser::signed_in(&meshline, &boss).await;
    let home = invite(&mut boss, &meshline, "nils@example.com").await;
    let path = link(&server.one_to("nils@example.com").await, &meshline);
    let mut nils = Browser::new(&meshline);
    nils.page(&path).await;
    let fields = [
        ("token", path.trim_start_matches("/invite/")),
        ("name", "Nils Berg"),
        ("password", PASSWORD),
    ];
    nils.post("/ui/invite/accept-new", &fields).await;
    let people = boss.page(&home).await;
    let (before, _) = people.split_once(">Nils Berg<").unwrap();
    let (_, id) = before.rsplit_once("/people/").unwrap();
    let id = id.split('"').next().unwrap();
    let page = format!("{home}/{id}");
    let fields = [
        ("merchant", &*meshline.shop().0.slug),
        ("back", &*page),
        ("person", id),
    ];
    assert_eq!(boss.post("/ui/people/reset-link", &fields).await, page);
    let shown = boss.page(&page).await;
    assert!(shown.contains("on its way to nils@example.com"), "{shown}");
    page_says(&mut boss, &page, "Mailed to nils@example.com").await;
    let mails = server.to("nils@example.com");
    assert_eq!(mails.len(), 2);
    let path = link(&mails[1], &meshline);
    assert!(
        shown.contains(&meshline.url(&path)),
        "the same link to copy"
    );
    let fields = [
        ("token", path.trim_start_matches("/reset/")),
        ("password", "drei kalte tassen tee"),
    ];
    assert_eq!(nils.post("/ui/reset", &fields).await, "/login");
    meshline.end().await;
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_by_mail_and_strangers_learn_nothing() {
    let Some((meshline, server)) = with_mail().await else {
        return;
    };
    let person = meshline.user_with("revenue_ops").clone();
    let mut browser = Browser::new(&meshline);
    let mut answers = Vec::new();
    for email in ["stranger@example.com", &*person.email] {
        let to = browser.post("/ui/reset/ask", &[("email", email)]).await;
        assert_eq!(to, "/reset");
        let page = browser.page(&to).await;
        let (_, said) = page.split_once("If there is an account").unwrap();
        answers.push(said.split('<').next().unwrap().to_owned());
    }
    assert_eq!(answers[0], answers[1]);
    let mail = server.one_to(&person.email).await;
    let path = link(&mail, &meshline);
    assert!(browser.page(&path).await.contains(&person.email));
    let token = path.trim_start_matches("/reset/");
    let fields = [("token", token), ("password", PASSWORD)];
    assert_eq!(browser.post("/ui/reset", &fields).await, "/login");
    let with_new = User {
        password: PASSWORD.to_owned(),
        ..person.clone()
    };
    Browser::signed_in(&meshline, &with_new).await;
    // the stranger's was queued first, and would be here by now
    assert_eq!(
        (server.to("stranger@example.com").len(), server.all().len()),
        (0, 1)
    );
    meshline.end().await;
}

#[tokio::test]
async fn whoever_is_asked_to_approve_is_asked_by_mail_and_the_link_only_shows() {
    let Some((meshline, server)) = with_mail().await else {
        return;
    };
    let order = shop::Order {
        unit_minor: 90_000,
        ..shop::Order::numbered(5_700_000_000_100)
    };
    let delivery = shop::Delivery::new("orders/create", "mailed", &order.json());
    meshline.send(&delivery).await;
    let asked = meshline.user_with("operations").clone();
    let mail = server.one_to(&asked.email).await;
    let header = |mail: &Value, name: &str| mail["headers"][name].as_str().unwrap().to_owned();
    let thread = header(&mail, "references");
    assert!(thread.contains("<export."), "{thread}");
    assert!(header(&mail, "in-reply-to").contains("<export."));
    assert!(header(&mail, "auto-submitted").ends_with("auto-generated"));
    let path = link(&mail, &meshline);
    assert!(path.starts_with("/a/"), "{path}");

    // a scanner follows it, and so does somebody who is signed in nowhere
    let mut nobody = Browser::new(&meshline);
    let away = nobody.get(&path).await;
    assert_eq!(away.status(), 303);
    let to = away.headers()["location"].to_str().unwrap().to_owned();
    assert!(to.starts_with("/login?next=/a/"), "{to}");
    let mut person = Browser::signed_in(&meshline, &asked).await;
    let there = person.get(&path).await;
    assert_eq!(there.status(), 303);
    let page = there.headers()["location"].to_str().unwrap().to_owned();
    assert!(page.contains("/approvals/"), "{page}");
    let exports = meshline.all("/exports").await;
    assert_eq!(
        exports[0]["state"], "awaiting_approval",
        "looking decides nothing"
    );
    let log = meshline.said("serve");
    assert!(
        !log.contains(path.trim_start_matches("/a/")),
        "the link is in the log"
    );
    meshline.end().await;
}

#[tokio::test]
async fn whoever_answers_for_what_is_broken_is_told_by_mail_and_finds_it() {
    let Some((meshline, server)) = with_mail().await else {
        return;
    };
    let half = br#"{"id": 5700000000200, "currency": "USD", "line_items": ["#;
    let answer = meshline
        .send(&shop::Delivery::raw("orders/create", "broken", half))
        .await;
    assert_eq!(answer.status(), "quarantined");
    let told = meshline.user_with("engineering").clone();
    let mail = server.one_to(&told.email).await;
    let task = &meshline.all("/tasks").await[0];
    let title = task["title"].as_str().unwrap();
    let subject = mail["subject"].as_str().unwrap();
    assert!(subject.contains(title), "{subject}");
    let path = link(&mail, &meshline);
    let id = task["id"].as_str().unwrap();
    assert!(path.ends_with(&format!("/tasks/{id}")), "{path}");
    let mut person = Browser::signed_in(&meshline, &told).await;
    let page = person.page(&path).await;
    let shown = title.replace('&', "&amp;");
    assert!(page.contains(&shown), "{shown} is not on its page");
    meshline.end().await;
}
