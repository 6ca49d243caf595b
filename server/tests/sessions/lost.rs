//! A laptop or a phone is gone: an admin ends somebody's sessions and takes their second factor off, and whoever may
//! not do that leaves a trace.

use std::time::Duration;

use reqwest::StatusCode;

use super::{
    browser::Browser,
    open_for, require_second_factor,
    support::{
        database::Engine,
        installation::{Installation, User},
    },
};

/// What stands in the link of somebody on the page of people.
async fn id_of(boss: &mut Browser, home: &str, name: &str) -> String {
    let people = boss.page(home).await;
    let (before, _) = people.split_once(&format!(">{name}<")).unwrap();
    let (_, id) = before.rsplit_once("/people/").unwrap();
    id.split('"').next().unwrap().to_owned()
}

async fn lost_and_found(engine: Engine) {
    let meshline = Installation::start(engine).await;
    let boss = meshline.user_with("revenue_ops").clone();
    let mara = meshline.user_with("marketing_ops").clone();
    let slug = meshline.shop().0.slug.clone();
    let home = format!("/m/{slug}/people");
    let mut admin = Browser::signed_in(&meshline, &boss).await;
    let mut hers = Browser::signed_in(&meshline, &mara).await;
    hers.enrols().await;
    let stream = hers.get(&format!("/live?merchant={slug}")).await;
    assert_eq!(stream.status(), StatusCode::OK);
    let name = "Mara Kessler";
    let id = id_of(&mut admin, &home, name).await;
    let page = format!("{home}/{id}");
    let fields = [("merchant", &*slug), ("back", &*page), ("person", &*id)];

    // she may not do it to another admin, and that is in the log
    let whom = id_of(&mut admin, &home, "Ravi Menon").await;
    let mut users = meshline.demo.users.iter();
    let ravi = users.find(|user| user.email.starts_with("ravi")).unwrap();
    let mut ravi = Browser::signed_in(&meshline, ravi).await;
    let theirs = format!("{home}/{whom}");
    let tried = [("merchant", &*slug), ("back", &*theirs), ("person", &*whom)];
    for act in ["sign-out", "factor-off"] {
        hers.post(&format!("/ui/people/{act}"), &tried).await;
    }
    assert!(ravi.is_signed_in().await);
    let log = meshline.said("serve");
    let refused: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("an act was refused"))
        .collect();
    assert_eq!(refused.len(), 2, "{log}");
    assert!(
        refused
            .iter()
            .all(|line| line.contains(&format!("user:{id}")) && line.contains("ManagePeople"))
    );
    let request = log
        .lines()
        .find(|line| line.contains("/ui/people/factor-off"))
        .unwrap();
    assert!(request.contains("forbidden"), "{request}");

    // nor is a merchant shown to whoever has no place there; only the log knows that there is one
    let somebody = |user: &&User| user.merchants.len() < meshline.demo.merchants.len();
    let outside = meshline.demo.users.iter().find(somebody).unwrap();
    let mut merchants = meshline.demo.merchants.iter();
    let shut = merchants.find(|one| !outside.merchants.contains(&one.slug));
    let shut = shut.unwrap();
    let mut outside = Browser::signed_in(&meshline, outside).await;
    let answer = outside.get(&format!("/m/{}/queue", shut.slug)).await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    let log = meshline.said("serve");
    let told = |line: &&str| line.contains("without a place there") && line.contains(&shut.id);
    assert_eq!(log.lines().filter(told).count(), 1, "{log}");

    let to = admin.post("/ui/people/sign-out", &fields).await;
    assert_eq!(to, page);
    let said = admin.page(&page).await;
    assert!(said.contains("one session is over"), "{said}");
    assert!(!hers.is_signed_in().await);
    let heard = open_for(stream).await;
    assert!(heard < Duration::from_secs(7), "it went on for {heard:?}");

    // the phone as well: from now on the password will do, and then it does not
    assert!(said.contains("Take the second factor off"));
    let mut without = Browser::new(&meshline);
    let owes = without.sign_in(&mara, "/").await;
    assert!(owes.starts_with("/second-factor"), "{owes}");
    assert_eq!(admin.post("/ui/people/factor-off", &fields).await, page);
    let said = admin.page(&page).await;
    assert!(said.contains("The second factor of"), "{said}");
    assert!(!said.contains("Take the second factor off"));
    let mut hers = Browser::signed_in(&meshline, &mara).await;
    let trail = admin.page(&format!("/m/{slug}/audit?q=factor")).await;
    assert!(trail.contains("taken off"), "{trail}");
    require_second_factor(&meshline, &boss).await;
    assert!(!hers.is_signed_in().await, "she owes one again");
    meshline.end().await;
}

#[tokio::test]
async fn an_admin_helps_whoever_lost_their_devices_on_sqlite() {
    lost_and_found(Engine::Sqlite).await;
}

#[tokio::test]
async fn an_admin_helps_whoever_lost_their_devices_on_postgres() {
    lost_and_found(Engine::Postgres).await;
}

async fn the_last_admin_is_rescued(engine: Engine) {
    let mut meshline = Installation::start(engine).await;
    let mara = meshline.user_with("marketing_ops").clone();
    let mut hers = Browser::signed_in(&meshline, &mara).await;
    hers.enrols().await;
    // SQLite is one process's at a time
    meshline.server.take().unwrap().stop().await;
    let nobody = meshline.command(&["rescue", "nobody@example.com"]);
    assert!(!nobody.status.success());
    let said = String::from_utf8(nobody.stderr).unwrap();
    assert!(said.contains("Nobody here has the address"), "{said}");
    let rescued = meshline.command(&["rescue", &mara.email]);
    assert!(rescued.status.success(), "{rescued:?}");
    let said = String::from_utf8(rescued.stdout).unwrap();
    assert!(said.contains("second factor is off"), "{said}");
    let link = said.lines().next().unwrap();
    let path = link.strip_prefix(&meshline.url("")).unwrap().to_owned();
    meshline.serve().await;
    assert!(!hers.is_signed_in().await);
    let mut anew = Browser::new(&meshline);
    assert!(anew.page(&path).await.contains(&mara.email));
    let password = "drei kalte tassen tee";
    let token = path.trim_start_matches("/reset/");
    let fields = [("token", token), ("password", password)];
    assert_eq!(anew.post("/ui/reset", &fields).await, "/login");
    let mara = User {
        password: password.to_owned(),
        ..mara
    };
    assert_eq!(
        anew.sign_in(&mara, "/").await,
        "/",
        "no factor is asked for"
    );
    let noted = meshline.get("/audit?action=person.rescued").await;
    assert_eq!(noted["items"].as_array().unwrap().len(), 1, "{noted}");
    meshline.end().await;
}

#[tokio::test]
async fn whoever_runs_the_machine_lets_somebody_in_on_sqlite() {
    the_last_admin_is_rescued(Engine::Sqlite).await;
}

#[tokio::test]
async fn whoever_runs_the_machine_lets_somebody_in_on_postgres() {
    the_last_admin_is_rescued(Engine::Postgres).await;
}

#[tokio::test]
async fn signing_out_leaves_nothing_in_the_browser() {
    let meshline = Installation::start(Engine::Sqlite).await;
    let mara = meshline.user_with("marketing_ops").clone();
    let mut hers = Browser::signed_in(&meshline, &mara).await;
    let page = hers.get("/").await;
    assert!(!page.headers().contains_key("clear-site-data"));
    let kind = "application/x-www-form-urlencoded";
    let out = hers.send("/ui/logout", kind, String::new()).await;
    assert_eq!(out.status(), StatusCode::SEE_OTHER);
    assert_eq!(out.headers()["clear-site-data"], "\"storage\"");
    assert!(!hers.is_signed_in().await);
    meshline.end().await;
}
