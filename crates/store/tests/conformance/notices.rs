//! What people are told: once while it is unread, by nobody else read, in their merchant only.

use domain::{Time, chat::Directly, notice::Notice, owner::Owner};
use uuid::Uuid;

use crate::{
    harness::World,
    make::{at, id, note},
    tenant::{Tenant, read, store, write},
};

fn notice(t: &Tenant, user: Uuid, told_as: &str, now: Time) -> Notice {
    Notice {
        id: id(),
        merchant_id: t.id(),
        user_id: user,
        told_as: told_as.parse::<Owner>().unwrap(),
        matter: "contract:fulfillment".to_owned(),
        about: ("export".to_owned(), t.export.id),
        sentence: "It is late.".to_owned(),
        created_at: now,
    }
}

pub async fn the_same_is_told_once_while_it_is_unread(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    let (mine, other) = (t.user.id, id());
    let first = notice(&t, mine, "agency:finance", at(10));
    let again = notice(&t, mine, "agency:operations", at(11));
    let theirs = notice(&t, other, "agency:finance", at(12));
    let put = async |one: &Notice| {
        let one = one.clone();
        write!(store, [one], tx => tx.insert_notice(&one, "key")).unwrap()
    };
    assert!(put(&first).await);
    assert!(!put(&again).await, "the same, and unread");
    assert!(put(&theirs).await, "another person");
    let unread = read!(store, r => r.unread_notices(&[t.id(), id()], mine, 9));
    assert_eq!(unread, [first.clone()]);
    let merchant = t.id();
    let mark = async |user: Uuid, which: Option<Uuid>, now: Time| {
        write!(store, [], tx => tx.read_notices(merchant, user, which, now)).unwrap()
    };
    assert_eq!(mark(other, Some(first.id), at(20)).await, 0, "not theirs");
    assert_eq!(mark(mine, Some(first.id), at(20)).await, 1);
    assert_eq!(mark(mine, None, at(21)).await, 0, "nothing is left");
    assert!(read!(store, r => r.unread_notices(&[t.id()], mine, 9)).is_empty());
    // what was read may be told again
    assert!(put(&again).await);
    assert_eq!(mark(mine, None, at(30)).await, 1);
    let forget = async |before: Time| {
        write!(store, [], tx => tx.forget_notices(merchant, mine, before)).unwrap()
    };
    assert_eq!(forget(at(20)).await, 0);
    assert_eq!(forget(at(30)).await, 1);
    assert_eq!(
        read!(store, r => r.unread_notices(&[t.id()], other, 9)),
        [theirs]
    );
}

pub async fn the_last_of_each_is_found(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    for (told_as, key, now) in [
        ("agency:finance", "a", 10),
        ("agency:finance", "b", 30),
        ("agency:operations", "c", 20),
    ] {
        let one = notice(&t, t.user.id, told_as, at(now));
        write!(store, [one], tx => tx.insert_notice(&one, key)).unwrap();
    }
    let told: Vec<(String, Time)> = read!(store, r => r.last_told(t.id()))
        .into_iter()
        .map(|one| (one.told_as.to_string(), one.at))
        .collect();
    assert_eq!(
        told,
        [
            ("agency:finance".to_owned(), at(30)),
            ("agency:operations".to_owned(), at(20))
        ]
    );
    let asked = read!(store, r => r.last_asked(t.id()));
    assert_eq!(asked.len(), usize::from(t.approval.asked_at.is_some()));
    if let [one] = asked.as_slice() {
        assert_eq!(
            (one.approval, one.export_type.as_str()),
            (t.approval.id, t.export.export_type.as_str())
        );
    }
    let act = |user: Uuid, kind: &'static str, now: i64| engine::port::AuditNote {
        actor: format!("user:{user}"),
        subject_kind: kind,
        at: at(now),
        ..note(t.id(), "x.done", id())
    };
    let (busy, quiet) = (id(), id());
    let notes = [
        act(busy, "task", 40),
        act(busy, "export", 50),
        act(busy, "person", 60),
        act(quiet, "person", 70),
    ];
    write!(store, [notes], tx => async {
        for note in notes {
            tx.note(note);
        }
        Ok(())
    })
    .unwrap();
    let acts = read!(store, r => r.last_acts(t.id()));
    assert!(acts.contains(&(busy, at(50))), "{acts:?}");
    assert!(!acts.iter().any(|(user, _)| *user == quiet), "{acts:?}");
}

pub async fn notices_are_their_merchants(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    let one = notice(&t, t.user.id, "agency:finance", at(10));
    write!(store, [one], tx => tx.insert_notice(&one, "key")).unwrap();
    let stranger = id();
    assert!(read!(store, r => r.unread_notices(&[stranger], t.user.id, 9)).is_empty());
    assert!(read!(store, r => r.last_told(stranger)).is_empty());
    assert!(read!(store, r => r.last_asked(stranger)).is_empty());
    assert!(read!(store, r => r.last_acts(stranger)).is_empty());
    let user = t.user.id;
    let read = write!(store, [], tx => tx.read_notices(stranger, user, None, at(20))).unwrap();
    assert_eq!(read, 0);
    assert_eq!(
        read!(store, r => r.unread_notices(&[t.id()], user, 9)).len(),
        1
    );
}

pub async fn a_person_says_whether_they_are_mailed(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    let user = t.user.id;
    assert!(read!(store, r => r.mails_notices(user)));
    write!(store, [], tx => tx.set_mails_notices(user, false)).unwrap();
    assert!(!read!(store, r => r.mails_notices(user)));
    assert!(
        !read!(store, r => r.mails_notices(id())),
        "nobody is mailed"
    );
}

pub async fn a_person_says_what_they_are_told_directly(world: &World) {
    let store = store(world);
    let (t, other) = (
        Tenant::new("kit").written(&store).await,
        Tenant::new("pine").written(&store).await,
    );
    let (user, all) = (t.user.id, Directly::default());
    assert_eq!(read!(store, r => r.told_directly(user)), all);
    let some = Directly {
        tasks: false,
        ..all
    };
    write!(store, [], tx => tx.set_told_directly(user, some)).unwrap();
    assert_eq!(read!(store, r => r.told_directly(user)), some);
    assert_eq!(read!(store, r => r.told_directly(other.user.id)), all);
}
