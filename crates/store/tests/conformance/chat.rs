//! The chat: what is written is read again, a link and a click count once, and nothing is another merchant's.

use domain::chat::{
    Asking, At, Click, Handing, Linked, Post, Pressed, Reply, Tells, Topic, Workspace,
};
use engine::{
    Kind,
    port::{ChatLinkRow, DecisionLinkRow},
};
use uuid::Uuid;

use crate::{
    harness::World,
    make::{at, id},
    tenant::{Tenant, read, store, write},
};

fn workspace(merchant: Uuid) -> Workspace {
    Workspace {
        id: id(),
        merchant_id: merchant,
        team_id: "T1".to_owned(),
        team_name: "Northbeam".to_owned(),
        api_base: "https://slack.com/api".to_owned(),
        sealed_token: vec![1; 40],
        sealed_signing: vec![2; 40],
        trouble: None,
        tells: Tells {
            tasks: true,
            notices: false,
        },
        connected_by: None,
        connected_at: at(1),
        rev: 0,
    }
}

fn linked(merchant: Uuid, chat_user: &str) -> Linked {
    Linked {
        merchant_id: merchant,
        chat_user: chat_user.to_owned(),
        name: "jo".to_owned(),
        user_id: id(),
        linked_at: at(2),
    }
}

fn post(merchant: Uuid, approval: Uuid) -> Post {
    Post {
        id: id(),
        merchant_id: merchant,
        topic: Topic::Approval {
            approval_id: approval,
            asking: Asking::First,
        },
        asked: "agency:finance".parse().unwrap(),
        place: "#money".to_owned(),
        at: None,
        shown: String::new(),
        held_until: None,
        given_up: None,
        created_at: at(3),
        rev: 0,
    }
}

fn click(merchant: Uuid, approval: Uuid) -> Click {
    Click {
        id: id(),
        merchant_id: merchant,
        chat_user: "U1".to_owned(),
        name: "jo".to_owned(),
        channel: Some("C1".to_owned()),
        ts: None,
        trigger: None,
        pressed: Pressed::Approve,
        approval_id: approval,
        seen_hash: "sha256:aa".to_owned(),
        received_at: at(4),
        reply: None,
    }
}

pub async fn a_workspace_is_one_and_goes_with_what_was_known_of_it(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    let (merchant, stranger) = (t.id(), id());
    let one = workspace(merchant);
    write!(store, [one], tx => tx.insert_chat_workspace(&one)).unwrap();
    assert_eq!(
        read!(store, r => r.chat_workspace(merchant)),
        Some(one.clone())
    );
    assert_eq!(read!(store, r => r.chat_workspace(stranger)), None);
    let second = workspace(merchant);
    let twice = write!(store, [second], tx => tx.insert_chat_workspace(&second));
    assert_eq!(twice.unwrap_err().kind, Kind::Conflict);
    write!(store, [one], tx => tx.save_chat_workspace(&one)).unwrap();
    let stale = write!(store, [one], tx => tx.save_chat_workspace(&one));
    assert!(stale.unwrap_err().raced);

    for place in [Some("#money"), Some("#cash")] {
        write!(store, [], tx => tx.set_chat_route(merchant, "agency:finance", place)).unwrap();
    }
    let routes = read!(store, r => r.chat_routes(merchant));
    assert_eq!(routes.len(), 1);
    assert_eq!(routes[0].place, "#cash");
    assert!(read!(store, r => r.chat_routes(stranger)).is_empty());

    let jo = linked(merchant, "U1");
    write!(store, [jo], tx => tx.insert_chat_person(&jo)).unwrap();
    let other = linked(merchant, "U1");
    let twice = write!(store, [other], tx => tx.insert_chat_person(&other));
    assert_eq!(twice.unwrap_err().kind, Kind::Conflict);
    assert_eq!(read!(store, r => r.chat_people(merchant)), [jo.clone()]);
    assert_eq!(read!(store, r => r.chat_person(merchant, "U1")), Some(jo));
    assert_eq!(read!(store, r => r.chat_person(stranger, "U1")), None);
    assert!(!write!(store, [], tx => tx.delete_chat_person(stranger, "U1")).unwrap());

    write!(store, [], tx => tx.delete_chat_workspace(stranger)).unwrap();
    assert!(read!(store, r => r.chat_workspace(merchant)).is_some());
    write!(store, [], tx => tx.delete_chat_workspace(merchant)).unwrap();
    assert_eq!(read!(store, r => r.chat_workspace(merchant)), None);
    assert!(read!(store, r => r.chat_routes(merchant)).is_empty());
    assert!(read!(store, r => r.chat_people(merchant)).is_empty());
}

pub async fn links_count_once_at_their_merchant_and_are_forgotten(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    let (merchant, stranger, approval) = (t.id(), id(), t.approval.id);
    let link = ChatLinkRow {
        merchant_id: merchant,
        token_hash: vec![7; 32],
        chat_user: "U1".to_owned(),
        name: "jo".to_owned(),
        expires_at: at(50),
        used_at: None,
    };
    write!(store, [link], tx => tx.insert_chat_link(&link)).unwrap();
    assert_eq!(
        read!(store, r => r.chat_link(merchant, &[7; 32])),
        Some(link)
    );
    assert_eq!(read!(store, r => r.chat_link(stranger, &[7; 32])), None);
    let used = async |whose: Uuid| {
        write!(store, [], tx => tx.use_chat_link(whose, &[7; 32], at(9))).unwrap()
    };
    assert!(!used(stranger).await);
    assert!(used(merchant).await);
    assert!(!used(merchant).await, "each works once");

    let (mine, nobodys) = (t.user.id, None);
    for (hash, user) in [
        (vec![8; 32], Some(mine)),
        (vec![9; 32], nobodys),
        (vec![6; 32], Some(mine)),
    ] {
        let link = DecisionLinkRow {
            merchant_id: merchant,
            token_hash: hash,
            approval_id: approval,
            user_id: user,
            expires_at: at(60),
        };
        write!(store, [link], tx => tx.insert_decision_link(&link)).unwrap();
    }
    let found = read!(store, r => r.decision_link(merchant, &[9; 32])).unwrap();
    assert_eq!((found.approval_id, found.user_id), (approval, None));
    assert_eq!(read!(store, r => r.decision_link(stranger, &[9; 32])), None);
    assert_eq!(
        read!(store, r => r.mailed_about(merchant, approval)),
        [mine]
    );
    assert!(read!(store, r => r.mailed_about(stranger, approval)).is_empty());
    assert_eq!(
        write!(store, [], tx => tx.forget_chat(stranger, at(99))).unwrap(),
        0
    );
    assert_eq!(
        write!(store, [], tx => tx.forget_chat(merchant, at(55))).unwrap(),
        1
    );
    assert_eq!(
        write!(store, [], tx => tx.forget_chat(merchant, at(99))).unwrap(),
        3
    );
}

pub async fn a_message_is_found_by_what_it_is_about_and_goes_alone(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    let (merchant, stranger) = (t.id(), id());
    let (task_id, noun_id) = (id(), id());
    let of = |topic| Post {
        topic,
        ..post(merchant, id())
    };
    let late = Handing::Late {
        why: "nobody took it in time".to_owned(),
    };
    let task = of(Topic::Task {
        task_id,
        handing: late,
    });
    let notice = of(Topic::Notice {
        noun: "export".to_owned(),
        noun_id,
        sentence: "It is late.".to_owned(),
    });
    let rest = of(Topic::Rest { rest_since: at(3) });
    for one in [&task, &notice, &rest] {
        write!(store, [one], tx => tx.insert_chat_post(&one)).unwrap();
    }
    for (about, one) in [(task_id, &task), (noun_id, &notice), (rest.id, &rest)] {
        let found = read!(store, r => r.chat_posts(merchant, about));
        assert_eq!(found, std::slice::from_ref(one));
        assert!(read!(store, r => r.chat_posts(stranger, about)).is_empty());
    }
    let said = notice.id;
    write!(store, [], tx => tx.delete_chat_post(stranger, said)).unwrap();
    assert!(read!(store, r => r.chat_post(merchant, said)).is_some());
    write!(store, [], tx => tx.delete_chat_post(merchant, said)).unwrap();
    assert_eq!(read!(store, r => r.chat_post(merchant, said)), None);
    assert!(read!(store, r => r.chat_post(merchant, task.id)).is_some());
}

pub async fn messages_and_clicks_are_their_merchants(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    let (merchant, stranger, approval) = (t.id(), id(), t.approval.id);
    let mut one = post(merchant, approval);
    write!(store, [one], tx => tx.insert_chat_post(&one)).unwrap();
    one.at = Some(At {
        channel: "C1".to_owned(),
        ts: "1.2".to_owned(),
    });
    write!(store, [one], tx => tx.save_chat_post(&one)).unwrap();
    let stale = write!(store, [one], tx => tx.save_chat_post(&one));
    assert!(stale.unwrap_err().raced);
    one.rev = 1;
    assert_eq!(
        read!(store, r => r.chat_post(merchant, one.id)),
        Some(one.clone())
    );
    assert_eq!(
        read!(store, r => r.chat_posts(merchant, approval)),
        [one.clone()]
    );
    assert_eq!(
        read!(store, r => r.latest_chat_posts(merchant, 9)),
        [one.clone()]
    );
    assert_eq!(read!(store, r => r.chat_post(stranger, one.id)), None);
    assert!(read!(store, r => r.chat_posts(stranger, approval)).is_empty());
    assert!(read!(store, r => r.latest_chat_posts(stranger, 9)).is_empty());

    let mut pressed = click(merchant, approval);
    let again = click(merchant, approval);
    assert!(write!(store, [pressed], tx => tx.insert_chat_click(&pressed, &[5; 32])).unwrap());
    assert!(!write!(store, [again], tx => tx.insert_chat_click(&again, &[5; 32])).unwrap());
    pressed.reply = Some(Reply::Nothing);
    write!(store, [pressed], tx => tx.save_chat_click(&pressed)).unwrap();
    assert_eq!(
        read!(store, r => r.chat_click(merchant, pressed.id)),
        Some(pressed.clone())
    );
    assert_eq!(read!(store, r => r.chat_click(stranger, pressed.id)), None);
    assert_eq!(read!(store, r => r.chat_click(merchant, again.id)), None);
}
