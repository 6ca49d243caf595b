//! Cover as a browser meets it: the demo's desk stands there, a rotation is made, refused in words at its
//! fields, stood in for, and taken away; and the API says who answers at another minute.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[allow(
    dead_code,
    reason = "shared with the tests of sessions, which use more of it"
)]
#[path = "sessions/browser.rs"]
mod browser;
mod support;

use browser::Browser;
use support::{database::Engine, installation::Installation};

fn cover(meshline: &Installation, rest: &str) -> String {
    format!("/m/{}/people/cover{rest}", meshline.shop().0.slug)
}

/// The person's id, as the form for a new rotation offers them.
fn person(page: &str, name: &str) -> String {
    let (before, _) = page.split_once(&format!(">{name}</option>")).unwrap();
    let (_, value) = before.rsplit_once("value=\"").unwrap();
    value.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_rotation_is_made_refused_at_its_fields_and_removed() {
    let meshline = Installation::start(Engine::Sqlite).await;
    let slug = meshline.shop().0.slug.clone();
    let mut boss = Browser::signed_in(&meshline, meshline.user_with("revenue_ops")).await;
    let home = boss.page(&cover(&meshline, "")).await;
    assert!(home.contains("Finance after hours") && home.contains("Northbeam office"));
    assert!(home.contains("Somebody answers for every role, day and night"));

    let new = cover(&meshline, "/rotations/new");
    let form = boss.page(&new).await;
    let (jonas, dana) = (person(&form, "Jonas Hale"), person(&form, "Dana Whitlock"));
    let fields = |key: &'static str, second: String| {
        vec![
            ("merchant", slug.clone()),
            ("back", new.clone()),
            ("name", "Night desk".to_owned()),
            ("key", key.to_owned()),
            ("party", "agency".to_owned()),
            ("role", "operations".to_owned()),
            ("time_zone", "Europe/Berlin".to_owned()),
            ("every", "12".to_owned()),
            ("unit", "hours".to_owned()),
            ("at", "08:00".to_owned()),
            ("from", "2026-11-16".to_owned()),
            ("members[0]", jonas.clone()),
            ("members[1]", second),
        ]
    };
    let post = async |boss: &mut Browser, fields: Vec<(&'static str, String)>| {
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (*name, &**value))
            .collect();
        boss.post("/ui/cover/rotation", &fields).await
    };
    // somebody of another side, and a key with a space: said there, and what was typed is kept
    assert_eq!(post(&mut boss, fields("night desk", dana)).await, new);
    let refused = boss.page(&new).await;
    assert!(refused.contains("Use small letters a to z"));
    assert!(refused.contains("Dana Whitlock stands on the side of the 3PL"));
    assert!(refused.contains("value=\"Night desk\""));
    let made = post(&mut boss, fields("night-desk", String::new())).await;
    assert!(made.starts_with(&cover(&meshline, "/rotations/")), "{made}");
    let page = boss.page(&made).await;
    assert!(page.contains("Jonas Hale is on call for Night desk"));

    // a second one of that name is told so, and a stale form changes nothing
    assert_eq!(
        post(&mut boss, fields("night-desk", String::new())).await,
        new
    );
    assert!(boss.page(&new).await.contains("is taken"));
    let id = made.rsplit('/').next().unwrap().to_owned();
    let stale = [
        ("merchant", &*slug),
        ("back", &*made),
        ("rotation", &*id),
        ("rev", "7"),
    ];
    assert_eq!(boss.post("/ui/cover/rotation-remove", &stale).await, made);
    assert!(
        boss.page(&made)
            .await
            .contains("Somebody else changed this rotation")
    );
    let fresh = [
        ("merchant", &*slug),
        ("back", &*made),
        ("rotation", &*id),
        ("rev", "0"),
    ];
    assert_eq!(
        boss.post("/ui/cover/rotation-remove", &fresh).await,
        cover(&meshline, "")
    );
    assert!(
        !boss
            .page(&cover(&meshline, ""))
            .await
            .contains("Night desk")
    );
}

#[tokio::test]
async fn whoever_sees_people_sees_cover_and_changes_nothing() {
    let meshline = Installation::start(Engine::Sqlite).await;
    let slug = meshline.shop().0.slug.clone();
    let mut tomas = Browser::signed_in(&meshline, meshline.user_with("logistics")).await;
    let home = tomas.page(&cover(&meshline, "")).await;
    assert!(home.contains("Finance after hours"));
    assert!(!home.contains("/ui/cover/") && !home.contains("rotations/new"));
    let role = tomas.page(&cover(&meshline, "/roles/agency:finance")).await;
    assert!(role.contains("Jonas Hale") && !role.contains("/ui/cover/"));
    let back = cover(&meshline, "");
    let fields = [("merchant", &*slug), ("back", &*back), ("title", "Mine")];
    tomas.post("/ui/cover/role-add", &fields).await;
    let after = tomas.page(&back).await;
    assert!(after.contains("does not let you") && !after.contains(">Mine<"));
}
