//! People, sessions, keys, connections and rules come back as they went in.

use domain::{access::Access, export::ExportState, owner::Party, token::Shown};
use engine::Kind;

use crate::{
    harness::World,
    make::{at, contract, flow, id, invitation},
    tenant::{Tenant, read, store, write},
};

pub async fn people_come_back(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    let merchant = t.id();
    assert_eq!(
        read!(store, r => r.operator(t.operator.id)),
        Some(t.operator.clone())
    );
    assert_eq!(
        read!(store, r => r.merchant(merchant)),
        Some(t.merchant.clone())
    );
    assert_eq!(
        read!(store, r => r.merchant_by_slug("kit")),
        Some(t.merchant.clone())
    );
    assert_eq!(read!(store, r => r.all_merchants()), [t.merchant.clone()]);
    assert_eq!(read!(store, r => r.user(t.user.id)), Some(t.user.clone()));
    assert_eq!(
        read!(store, r => r.memberships_of(t.user.id)),
        [t.membership.clone()]
    );
    assert_eq!(
        read!(store, r => r.members(merchant)),
        [(t.user.clone(), t.membership.clone())]
    );
    assert_eq!(
        read!(store, r => r.token_by_hash(&t.token_hash)),
        Some((t.token.clone(), Shown::Current))
    );
    assert_eq!(read!(store, r => r.token_by_hash(b"another")), None);
    let email = t.user.email.clone();
    let known = read!(store, r => r.credentials(&email)).unwrap();
    assert_eq!(
        (known.user, known.password_hash),
        (t.user.clone(), "argon2".to_owned())
    );
    assert!(read!(store, r => r.credentials("nobody@example.com")).is_none());
    let again = write!(store, [t], tx => tx.insert_user(&t.user, "x")).unwrap_err();
    assert_eq!(again.kind, Kind::Conflict);
}

pub async fn sessions_are_replaced_and_end(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    let mut session = t.session.clone();
    session.data = "changed".to_owned();
    session.expires_at = at(70);
    write!(store, [session], tx => tx.save_session(&session)).unwrap();
    let known = read!(store, r => r.session(&session.id_hash)).unwrap();
    assert_eq!((known.data.as_str(), known.expires_at), ("changed", at(70)));
    assert_eq!((known.user_id, known.created_at), (Some(t.user.id), at(0)));
    assert_eq!(
        write!(store, [], tx => tx.delete_expired_sessions(at(69))).unwrap(),
        0
    );
    assert_eq!(
        write!(store, [], tx => tx.delete_expired_sessions(at(70))).unwrap(),
        1
    );
    write!(store, [session], tx => tx.save_session(&session)).unwrap();
    write!(store, [session], tx => tx.delete_session(&session.id_hash)).unwrap();
    assert!(read!(store, r => r.session(&session.id_hash)).is_none());
}

pub async fn idempotency_keys_are_taken_once(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    let mut row = t.idempotency.clone();
    assert!(!write!(store, [row], tx => tx.reserve_idempotency(&row)).unwrap());
    row.status = Some(201);
    row.body = "{}".to_owned();
    write!(store, [row], tx => tx.save_idempotency(&row)).unwrap();
    let known = read!(store, r => r.idempotency(t.id(), "key-1")).unwrap();
    assert_eq!((known.status, known.body.as_str()), (Some(201), "{}"));
    assert_eq!(
        (known.request_hash.as_str(), known.created_at),
        ("aa", at(0))
    );
    write!(store, [t], tx => tx.release_idempotency(t.id(), "key-1")).unwrap();
    assert!(read!(store, r => r.idempotency(t.id(), "key-1")).is_none());
    write!(store, [row], tx => tx.save_idempotency(&row)).unwrap();
    let old = write!(store, [], tx => tx.delete_old_idempotency(at(0))).unwrap();
    assert_eq!(old, 0, "as old as that is not older");
    let old = write!(store, [], tx => tx.delete_old_idempotency(at(1))).unwrap();
    assert_eq!(old, 1);
}

pub async fn connections_keep_their_secrets_out_of_the_document(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    let merchant = t.id();
    assert_eq!(
        read!(store, r => r.source(merchant, t.source.id)),
        Some(t.source.clone())
    );
    assert_eq!(
        read!(store, r => r.source_by_path(&t.source.path)),
        Some(t.source.clone())
    );
    assert_eq!(read!(store, r => r.sources(merchant)), [t.source.clone()]);
    assert_eq!(
        read!(store, r => r.destination(merchant, t.destination.id)),
        Some(t.destination.clone())
    );
    assert_eq!(
        read!(store, r => r.destinations(merchant)),
        [t.destination.clone()]
    );

    let mut source = t.source.clone();
    source.sealed_secret = vec![7; 40];
    source.sealed_previous = None;
    source.name = "Renamed".to_owned();
    write!(store, [source], tx => tx.save_source(&source)).unwrap();
    source.rev = 1;
    assert_eq!(
        read!(store, r => r.source(merchant, source.id)),
        Some(source.clone())
    );

    let mut destination = t.destination.clone();
    destination.sealed_secret = vec![5];
    destination.sealed_previous = None;
    destination.retired_at = Some(at(8));
    write!(store, [destination], tx => tx.save_destination(&destination)).unwrap();
    destination.rev = 1;
    assert_eq!(read!(store, r => r.destinations(merchant)), [destination]);

    let mut twin = t.destination.clone();
    twin.id = id();
    let conflict = write!(store, [twin], tx => tx.insert_destination(&twin)).unwrap_err();
    assert_eq!(conflict.kind, Kind::Conflict);
}

pub async fn the_newest_rules_count(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    let merchant = t.id();
    let newer = contract(merchant, "fulfillment", "1.9");
    let newest = contract(merchant, "fulfillment", "1.10");
    let other = contract(merchant, "campaign", "2.0");
    for one in [&newer, &newest, &other] {
        write!(store, [one], tx => tx.insert_contract(&one)).unwrap();
    }
    assert_eq!(
        read!(store, r => r.contract(merchant, newer.id)),
        Some(newer.clone())
    );
    assert_eq!(
        read!(store, r => r.contracts(merchant)),
        [other, newest.clone()]
    );
    assert_eq!(
        read!(store, r => r.contract_versions(merchant, "fulfillment")),
        [newest.clone(), newer, t.contract]
    );
    let again = contract(merchant, "fulfillment", "1.10");
    let conflict = write!(store, [again], tx => tx.insert_contract(&again)).unwrap_err();
    assert_eq!(conflict.kind, Kind::Conflict);

    let second = flow(merchant, "order-to-ship", 2);
    let tenth = flow(merchant, "order-to-ship", 10);
    let launch = flow(merchant, "launch", 1);
    for one in [&second, &tenth, &launch] {
        write!(store, [one], tx => tx.insert_flow(&one)).unwrap();
    }
    assert_eq!(
        read!(store, r => r.flow(merchant, t.flow.id)),
        Some(t.flow.clone())
    );
    assert_eq!(read!(store, r => r.flows(merchant)), [launch, tenth]);
}

pub async fn an_invitation_is_found_by_its_link_until_it_is_over(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    let merchant = t.id();
    let hash = t.invitation_hash.clone();
    assert_eq!(
        read!(store, r => r.invitation_by_token(&hash)),
        Some(t.invitation.clone())
    );
    assert_eq!(read!(store, r => r.invitation_by_token(b"guess")), None);
    assert_eq!(
        read!(store, r => r.open_invitations(merchant)),
        [t.invitation.clone()]
    );

    // one open invitation for an address, and one row for a link
    let twin = invitation(merchant, &t.invitation.email);
    let again = write!(store, [twin], tx => tx.insert_invitation(&twin, b"other")).unwrap_err();
    assert_eq!(again.kind, Kind::Conflict);
    let other = invitation(merchant, "cleo@example.com");
    let same = write!(store, [other, hash], tx => tx.insert_invitation(&other, &hash)).unwrap_err();
    assert_eq!(same.kind, Kind::Conflict);

    let (used, _) = t.invitation.clone().accept(t.user.id, at(2)).unwrap();
    write!(store, [used], tx => tx.save_invitation(&used)).unwrap();
    let stale = write!(store, [used], tx => tx.save_invitation(&used)).unwrap_err();
    assert_eq!(stale.kind, Kind::Conflict);
    let known = read!(store, r => r.invitation_by_token(&hash)).unwrap();
    assert_eq!((known.rev, &known.state), (1, &used.state));
    assert!(read!(store, r => r.open_invitations(merchant)).is_empty());
    // the address may be invited anew
    write!(store, [twin], tx => tx.insert_invitation(&twin, b"other")).unwrap();
    assert_eq!(read!(store, r => r.open_invitations(merchant)), [twin]);
}

pub async fn places_change_and_end(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    let (merchant, user) = (t.id(), t.user.id);
    let mut place = t.membership.clone();
    place.access = Access::Viewer;
    place.party = Party::Merchant;
    place.functional_roles = vec!["gift_wrapping".to_owned()];
    write!(store, [place], tx => tx.save_membership(&place)).unwrap();
    assert_eq!(read!(store, r => r.memberships_of(user)), [place]);

    write!(store, [], tx => tx.set_active(user, false)).unwrap();
    assert!(!read!(store, r => r.user(user)).unwrap().active);
    write!(store, [], tx => tx.set_active(user, true)).unwrap();
    assert!(read!(store, r => r.user(user)).unwrap().active);

    let mut guest = t.session.clone();
    guest.id_hash = b"another person".to_vec();
    guest.user_id = Some(id());
    write!(store, [guest], tx => tx.save_session(&guest)).unwrap();
    assert_eq!(
        write!(store, [], tx => tx.delete_sessions_of(user)).unwrap(),
        1
    );
    assert!(read!(store, r => r.session(&t.session.id_hash)).is_none());
    assert!(read!(store, r => r.session(&guest.id_hash)).is_some());

    assert!(write!(store, [], tx => tx.hold_membership(merchant, user)).unwrap());
    write!(store, [], tx => tx.delete_membership(merchant, user)).unwrap();
    assert!(read!(store, r => r.members(merchant)).is_empty());
    assert!(!write!(store, [], tx => tx.hold_membership(merchant, user)).unwrap());
    let gone = write!(store, [], tx => tx.delete_membership(merchant, user)).unwrap_err();
    assert_eq!(gone.kind, Kind::Conflict);
}

pub async fn exports_under_way_are_found_by_whom_they_name(world: &World) {
    let store = store(world);
    let t = Tenant::new("kit").written(&store).await;
    let (merchant, user) = (t.id(), t.user.id);
    assert_eq!(
        read!(store, r => r.exports_naming(merchant, user)),
        [t.export.clone()]
    );
    assert!(read!(store, r => r.exports_naming(merchant, id())).is_empty());
    let mut over = t.export.clone();
    over.state = ExportState::Completed;
    write!(store, [over], tx => tx.save_export(&over)).unwrap();
    assert!(read!(store, r => r.exports_naming(merchant, user)).is_empty());
}
