//! People as a browser meets them: invited, changed, taken out. Each link says what became of it, a place
//! that was changed counts on the next request, and nobody leaves with something that would be nobody's.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[allow(
    dead_code,
    reason = "shared with the tests of sessions, which use more of it"
)]
#[path = "sessions/browser.rs"]
mod browser;
mod support;

use browser::Browser;
use reqwest::{Method, StatusCode, header};
use support::{database::Engine, installation::Installation, person::Person};

const WEEK_MS: i64 = 7 * 24 * 60 * 60 * 1000;
const PASSWORD: &str = "viermal gefaltete brotzeit";

fn people(meshline: &Installation) -> String {
    format!("/m/{}/people", meshline.shop().0.slug)
}

/// What stands in an attribute that begins like this.
fn attribute(page: &str, begins: &str) -> String {
    let (_, rest) = page
        .split_once(begins)
        .unwrap_or_else(|| panic!("no {begins}"));
    rest.split('"').next().unwrap().to_owned()
}

/// Invites and returns the path of the link, which is on that one page alone.
async fn invite(boss: &mut Browser, meshline: &Installation, email: &str) -> String {
    invite_at(boss, meshline, (&meshline.shop().0.slug, email)).await
}

async fn invite_at(
    boss: &mut Browser,
    meshline: &Installation,
    (slug, email): (&str, &str),
) -> String {
    let home = format!("/m/{slug}/people");
    let fields = [
        ("merchant", slug),
        ("back", &*home),
        ("email", email),
        ("access", "operator"),
        ("party", "agency"),
        ("roles[]", "finance"),
        ("roles[]", "operations"),
        ("own_roles", "vip_desk"),
    ];
    assert_eq!(boss.post("/ui/people/invite", &fields).await, home);
    link_on(&boss.page(&home).await, meshline)
}

fn link_on(page: &str, meshline: &Installation) -> String {
    let token = attribute(page, &format!("data-copy=\"{}", meshline.url("/invite/")));
    format!("/invite/{token}")
}

async fn refused(meshline: &Installation, link: &str, status: StatusCode, words: &str) {
    let mut stranger = Browser::new(meshline);
    let answer = stranger.get(link).await;
    assert_eq!(answer.status(), status, "{link}");
    assert_eq!(answer.headers()[header::REFERRER_POLICY], "no-referrer");
    let text = answer.text().await.unwrap();
    assert!(text.contains(words), "{words:?} is not on {link}");
    assert!(!text.contains("accept-new"), "{link} still has a form");
    // and the form that somebody kept does nothing
    let token = link.trim_start_matches("/invite/");
    let fields = [("token", token), ("name", "Eve"), ("password", PASSWORD)];
    assert_eq!(stranger.post("/ui/invite/accept-new", &fields).await, link);
    let home = stranger.get(&people(meshline)).await;
    assert_eq!(home.status(), StatusCode::SEE_OTHER, "nobody was signed in");
}

#[tokio::test]
async fn a_link_is_good_once_and_says_what_became_of_it() {
    let meshline = Installation::start(Engine::Sqlite).await;
    let boss = meshline.user_with("revenue_ops");
    let mut boss = Browser::signed_in(&meshline, boss).await;
    let home = people(&meshline);
    let link = invite(&mut boss, &meshline, "nils@example.com").await;
    let again = boss.page(&home).await;
    assert!(!again.contains(&link), "the link is shown once");

    let mut nils = Browser::new(&meshline);
    let page = nils.page(&link).await;
    assert!(page.contains("invites you to") && page.contains("nils@example.com"));
    let token = link.trim_start_matches("/invite/");
    let weak = [
        ("token", token),
        ("name", "Nils Berg"),
        ("password", "short"),
    ];
    assert_eq!(nils.post("/ui/invite/accept-new", &weak).await, link);
    let page = nils.page(&link).await;
    assert!(
        page.contains("Nils Berg") && !page.contains("short\""),
        "the name is kept, the password is not"
    );
    let before = nils.cookies.get("meshline_session").cloned();
    let good = [
        ("token", token),
        ("name", "Nils Berg"),
        ("password", PASSWORD),
    ];
    let queue = format!("/m/{}/queue", meshline.shop().0.slug);
    assert_eq!(nils.post("/ui/invite/accept-new", &good).await, queue);
    assert_ne!(
        nils.cookies.get("meshline_session").cloned(),
        before,
        "another session id"
    );
    assert!(nils.page(&queue).await.contains("Vip desk"));
    refused(&meshline, &link, StatusCode::GONE, "accepted already").await;

    // taken back, and sent again
    let second = invite(&mut boss, &meshline, "ida@example.com").await;
    let list = boss.page(&home).await;
    let invitation = attribute(&list, "name=\"invitation\" value=\"");
    let slug = meshline.shop().0.slug.clone();
    let fields = [
        ("merchant", &*slug),
        ("back", &*home),
        ("invitation", &*invitation),
    ];
    boss.post("/ui/people/resend", &fields).await;
    let list = boss.page(&home).await;
    let third = link_on(&list, &meshline);
    refused(&meshline, &second, StatusCode::GONE, "newer link").await;
    let invitation = attribute(&list, "name=\"invitation\" value=\"");
    let fields = [
        ("merchant", &*slug),
        ("back", &*home),
        ("invitation", &*invitation),
    ];
    boss.post("/ui/people/revoke", &fields).await;
    refused(&meshline, &third, StatusCode::GONE, "taken back").await;
    refused(
        &meshline,
        "/invite/nothing",
        StatusCode::NOT_FOUND,
        "leads to no invitation",
    )
    .await;

    // and a week is the end of it
    let late = invite(&mut boss, &meshline, "ida@example.com").await;
    meshline.clock_ahead_by(WEEK_MS).await;
    refused(&meshline, &late, StatusCode::GONE, "has expired").await;
    for secret in [&link, &second, &third, &late] {
        let token = secret.trim_start_matches("/invite/");
        assert!(
            !meshline.said("serve").contains(token),
            "a link is in the log"
        );
    }
    meshline.end().await;
}

#[tokio::test]
async fn a_changed_place_counts_on_the_next_request() {
    let meshline = Installation::start(Engine::Sqlite).await;
    let boss = Browser::signed_in(&meshline, meshline.user_with("revenue_ops")).await;
    let hannah = meshline
        .demo
        .users
        .iter()
        .find(|user| user.email.starts_with("hannah@"))
        .unwrap();
    let id = person_id(&meshline, &hannah.email).await;
    let (home, slug) = (people(&meshline), meshline.shop().0.slug.clone());
    let mut boss = boss;
    let mut place = async |access: &str| {
        let fields = [
            ("merchant", &*slug),
            ("back", &*home),
            ("person", &*id),
            ("access", access),
            ("party", "merchant"),
            ("roles[]", "revenue_ops"),
        ];
        boss.post("/ui/people/change", &fields).await;
    };
    place("admin").await;
    let mut hannah = Browser::signed_in(&meshline, hannah).await;
    let form = format!("{home}/invite");
    assert_eq!(hannah.get(&form).await.status(), StatusCode::OK);
    place("viewer").await;
    assert_eq!(hannah.get(&form).await.status(), StatusCode::FORBIDDEN);
    let fields = [
        ("merchant", &*slug),
        ("back", &*home),
        ("email", "eve@example.com"),
        ("access", "viewer"),
        ("party", "agency"),
    ];
    hannah.post("/ui/people/invite", &fields).await;
    let asked = meshline.get("/audit?action=member.invited").await;
    assert_eq!(asked["items"], serde_json::json!([]));
    meshline.end().await;
}

/// Whoever made a link may look at it, too.
#[tokio::test]
async fn a_link_does_not_say_whether_its_address_has_an_account() {
    let meshline = Installation::start(Engine::Sqlite).await;
    let mut boss = Browser::signed_in(&meshline, meshline.user_with("revenue_ops")).await;
    // somebody of another merchant
    let (mut merchants, mut users) = (meshline.demo.merchants.iter(), meshline.demo.users.iter());
    let known = users.find(|user| user.merchants.len() == 1).unwrap();
    let there = merchants
        .find(|one| !known.merchants.contains(&one.slug))
        .unwrap();
    let mut seen = Vec::new();
    for email in [&*known.email, "nobody@example.com"] {
        let link = invite_at(&mut boss, &meshline, (&there.slug, email)).await;
        let token = link.trim_start_matches("/invite/").to_owned();
        // not by a try that cannot be accepted, either
        let mut stranger = Browser::new(&meshline);
        let weak = [("token", &*token), ("name", "Eve"), ("password", "short")];
        assert_eq!(stranger.post("/ui/invite/accept-new", &weak).await, link);
        let tried = stranger.page(&link).await;
        for page in [Browser::new(&meshline).page(&link).await, tried] {
            let (_, main) = page.split_once("<main").unwrap();
            let (main, _) = main.split_once("</main>").unwrap();
            let plain = main.replace(&token, "*").replace(email, "*");
            assert!(plain.contains("accept-new") && plain.contains("next=/invite/*"));
            seen.push(plain);
        }
    }
    assert_eq!((&seen[0], &seen[1]), (&seen[2], &seen[3]));
    meshline.end().await;
}

async fn person_id(meshline: &Installation, email: &str) -> String {
    let boss = Person::sign_in(meshline, meshline.user_with("revenue_ops")).await;
    let (status, found) = boss
        .call(Method::GET, &format!("/people?q={email}"), None)
        .await;
    assert_eq!(status, StatusCode::OK);
    let items = found["items"].as_array().unwrap();
    let is_theirs = |item: &&serde_json::Value| item["email"] == email;
    let found = items.iter().find(is_theirs).unwrap();
    found["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn nobody_leaves_with_what_would_be_nobodys() {
    let meshline = Installation::start(Engine::Sqlite).await;
    let mut boss = Browser::signed_in(&meshline, meshline.user_with("revenue_ops")).await;
    let mara = meshline.user_with("marketing_ops");
    let id = person_id(&meshline, &mara.email).await;
    let jonas = person_id(&meshline, &meshline.user_with("operations").email).await;
    let mut mara = Browser::signed_in(&meshline, mara).await;
    let (home, slug) = (people(&meshline), meshline.shop().0.slug.clone());
    mara.page(&home).await;

    let leave = format!("{home}/{id}/leave");
    let page = boss.page(&leave).await;
    let seen = attribute(&page, "name=\"seen\" value=\"");
    let form = |to: &str, seen: &str| {
        [
            ("merchant", slug.clone()),
            ("back", leave.clone()),
            ("person", id.clone()),
            ("seen", seen.to_owned()),
            ("to", to.to_owned()),
        ]
    };
    for (to, seen) in [("", &*seen), (&*jonas, "not what was shown")] {
        let fields = form(to, seen);
        let fields = fields.each_ref().map(|(name, value)| (*name, &**value));
        assert_eq!(boss.post("/ui/people/take-out", &fields).await, leave);
        let said = boss.page(&leave).await;
        assert!(said.contains("Nothing was changed"), "{to:?} {seen:?}");
        assert_eq!(mara.get(&home).await.status(), StatusCode::OK);
    }
    let fields = form(&jonas, &seen);
    let fields = fields.each_ref().map(|(name, value)| (*name, &**value));
    assert_eq!(boss.post("/ui/people/take-out", &fields).await, home);
    assert_eq!(mara.get(&home).await.status(), StatusCode::NOT_FOUND);
    let left = meshline.get("/audit?action=member.left").await;
    assert_eq!(left["items"][0]["subject_id"], id.as_str());
    // what hung on her is jonas's now
    let held = boss.page(&format!("{home}/{jonas}")).await;
    assert!(held.contains("As marketing ops"));
    meshline.end().await;
}

const AGENCY: &str = "/o/northbeam-commerce-ops/people";
const OPERATOR: (&str, &str) = ("operator", "northbeam-commerce-ops");

/// Asks somebody in, and returns the path of the link, which is on that one page alone.
async fn ask_in(elena: &mut Browser, meshline: &Installation, email: &str) -> String {
    let back = ("back", AGENCY);
    let fields = [OPERATOR, back, ("email", email), ("access", "viewer")];
    assert_eq!(elena.post("/ui/operator/let-in", &fields).await, AGENCY);
    link_on(&elena.page(AGENCY).await, meshline)
}

async fn the_operator_asks_somebody_in(engine: Engine) {
    let meshline = Installation::start(engine).await;
    let mut users = meshline.demo.users.iter();
    let elena = users.find(|user| user.email.starts_with("elena")).unwrap();
    let mut elena = Browser::signed_in(&meshline, elena).await;
    let link = ask_in(&mut elena, &meshline, "nils@example.com").await;
    let list = elena.page(AGENCY).await;
    assert!(!list.contains(&link), "the link is shown once");
    assert!(list.contains("Waiting for an answer") && list.contains("nils@example.com"));
    // no merchant's page knows of it
    assert!(
        !elena
            .page(&people(&meshline))
            .await
            .contains("nils@example.com")
    );

    let mut nils = Browser::new(&meshline);
    let page = nils.page(&link).await;
    assert!(
        page.contains("invites you to Northbeam Commerce Ops"),
        "{page}"
    );
    assert!(page.contains("at every merchant of it"));
    let token = link.trim_start_matches("/invite/");
    let fields = [
        ("token", token),
        ("name", "Nils Berg"),
        ("password", PASSWORD),
    ];
    let overview = "/o/northbeam-commerce-ops";
    assert_eq!(nils.post("/ui/invite/accept-new", &fields).await, overview);
    for merchant in &meshline.demo.merchants {
        nils.page(&format!("/m/{}/queue", merchant.slug)).await;
    }
    let list = nils.page(AGENCY).await;
    assert!(list.contains("Nils Berg") && !list.contains("Let somebody in"));
    refused(&meshline, &link, StatusCode::GONE, "accepted already").await;
    let record = elena.page(&format!("{overview}/settings")).await;
    assert!(record.contains("Accepted the invitation, by Nils Berg"));

    // sent again, and taken back
    let first = ask_in(&mut elena, &meshline, "ida@example.com").await;
    let list = elena.page(AGENCY).await;
    let invitation = attribute(&list, "name=\"invitation\" value=\"");
    let fields = [OPERATOR, ("back", AGENCY), ("invitation", &*invitation)];
    assert_eq!(elena.post("/ui/operator/resend", &fields).await, AGENCY);
    let list = elena.page(AGENCY).await;
    let second = link_on(&list, &meshline);
    refused(&meshline, &first, StatusCode::GONE, "newer link").await;
    let invitation = attribute(&list, "name=\"invitation\" value=\"");
    let fields = [OPERATOR, ("back", AGENCY), ("invitation", &*invitation)];
    // not by somebody who is no admin of it
    nils.post("/ui/operator/revoke", &fields).await;
    assert_eq!(
        Browser::new(&meshline).get(&second).await.status(),
        StatusCode::OK
    );
    elena.post("/ui/operator/revoke", &fields).await;
    refused(&meshline, &second, StatusCode::GONE, "taken back").await;
    for secret in [&link, &first, &second] {
        let token = secret.trim_start_matches("/invite/");
        assert!(
            !meshline.said("serve").contains(token),
            "a link is in the log"
        );
    }
    meshline.end().await;
}

#[tokio::test]
async fn the_operator_asks_somebody_in_by_link_on_sqlite() {
    the_operator_asks_somebody_in(Engine::Sqlite).await;
}

#[tokio::test]
async fn the_operator_asks_somebody_in_by_link_on_postgres() {
    the_operator_asks_somebody_in(Engine::Postgres).await;
}
