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
    let named = format!(">{name}<");
    let option = page
        .split("<option")
        .find(|option| option.contains(&named))
        .unwrap();
    let (_, value) = option.split_once("value=\"").unwrap();
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

/// What a browser would send if the form were submitted as it stands on the page.
fn as_it_stands(page: &str, action: &str) -> Vec<(String, String)> {
    let attribute = |tag: &str, name: &str| {
        let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
        Some(rest.split('"').next().unwrap().replace("&amp;", "&"))
    };
    let (_, rest) = page.split_once(&format!("action=\"{action}\"")).unwrap();
    let form = rest.split("</form>").next().unwrap();
    let mut fields = Vec::new();
    for tag in form.split('<').skip(1) {
        let head = tag.split('>').next().unwrap();
        if head.starts_with("input ") || head.starts_with("select ") {
            let name = attribute(head, "name").unwrap();
            fields.push((name, attribute(head, "value").unwrap_or_default()));
        } else if head.starts_with("option ") && head.contains(" selected") {
            fields.last_mut().unwrap().1 = attribute(head, "value").unwrap();
        }
    }
    fields
}

async fn send(boss: &mut Browser, action: &str, fields: &[(String, String)]) -> String {
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    boss.post(action, &fields).await
}

fn put(fields: &mut Vec<(String, String)>, name: &str, value: &str) {
    match fields.iter_mut().find(|(known, _)| known == name) {
        Some((_, old)) => value.clone_into(old),
        None => fields.push((name.to_owned(), value.to_owned())),
    }
}

fn filled<'f>(fields: &'f [(String, String)], list: &str) -> Vec<&'f str> {
    fields
        .iter()
        .filter(|(name, value)| name.starts_with(list) && !value.is_empty())
        .map(|(_, value)| &**value)
        .collect()
}

#[tokio::test]
async fn a_form_shows_every_row_there_is_so_that_saving_loses_none() {
    let meshline = Installation::start(Engine::Sqlite).await;
    let slug = meshline.shop().0.slug.clone();
    let mut boss = Browser::signed_in(&meshline, meshline.user_with("revenue_ops")).await;

    // as many rungs as a policy may have
    let new = cover(&meshline, "/policies/new");
    let mut fields = vec![
        ("merchant".to_owned(), slug.clone()),
        ("back".to_owned(), new.clone()),
        ("name".to_owned(), "Long ladder".to_owned()),
        ("key".to_owned(), "long-ladder".to_owned()),
    ];
    for rung in 0..10 {
        put(&mut fields, &format!("target[{rung}]"), "agency:operations");
        put(
            &mut fields,
            &format!("minutes[{rung}]"),
            &(rung + 1).to_string(),
        );
        put(&mut fields, &format!("within[{rung}]"), "");
    }
    let made = send(&mut boss, "/ui/cover/policy", &fields).await;
    assert_eq!(made, cover(&meshline, "/policies/long-ladder"));
    let mut form = as_it_stands(&boss.page(&made).await, "/ui/cover/policy");
    put(&mut form, "name", "Longer ladder");
    send(&mut boss, "/ui/cover/policy", &form).await;
    let page = boss.page(&made).await;
    assert!(page.contains("Longer ladder climbs 10 rungs"), "{page}");
    let form = as_it_stands(&page, "/ui/cover/policy");
    let minutes: Vec<String> = (1..=10).map(|n: i64| n.to_string()).collect();
    assert_eq!(filled(&form, "minutes["), minutes);

    // more turns than a form offers at first: each press makes room, and keeps what was typed
    let new = cover(&meshline, "/rotations/new");
    let page = boss.page(&new).await;
    let jonas = person(&page, "Jonas Hale");
    let mut form = as_it_stands(&page, "/ui/cover/rotation");
    put(&mut form, "name", "Night desk");
    put(&mut form, "key", "night-desk");
    put(&mut form, "role", "operations");
    let mut turns = 0;
    for _ in 0..4 {
        for (name, value) in &mut form {
            if name.starts_with("members[") && value.is_empty() {
                jonas.clone_into(value);
            }
        }
        turns = filled(&form, "members[").len();
        put(&mut form, "more", "rows");
        assert_eq!(send(&mut boss, "/ui/cover/rotation", &form).await, new);
        let again = boss.page(&new).await;
        assert!(again.contains("Nothing is saved yet"));
        form = as_it_stands(&again, "/ui/cover/rotation");
        assert_eq!(filled(&form, "members[").len(), turns);
        assert_eq!(filled(&form, "name"), ["Night desk"]);
    }
    assert!(turns > 12, "{turns}");
    let made = send(&mut boss, "/ui/cover/rotation", &form).await;
    assert!(made.starts_with(&cover(&meshline, "/rotations/")), "{made}");
    let mut form = as_it_stands(&boss.page(&made).await, "/ui/cover/rotation");
    put(&mut form, "name", "Night watch");
    assert_eq!(send(&mut boss, "/ui/cover/rotation", &form).await, made);
    let page = boss.page(&made).await;
    assert!(page.contains("Night watch"), "{page}");
    let form = as_it_stands(&page, "/ui/cover/rotation");
    assert_eq!(filled(&form, "members[").len(), turns);
}
