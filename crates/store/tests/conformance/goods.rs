//! Goods and campaign briefs: kept, found by their merchant only, saved by whoever saw the last state.

use domain::{
    Time,
    brief::{Brief, BriefState, BriefVersion, Content},
    sku::{Sku, SkuFact},
};
use engine::{Kind, port::ListFilter};
use uuid::Uuid;

use crate::{
    harness::World,
    make::{at, id},
    tenant::{Tenant, read, store, write},
};

fn told(merchant: Uuid, name: &str, units: i64, when: Time) -> Sku {
    let mut sku = Sku::new(id(), merchant, name);
    let fact = SkuFact {
        item_ref: Some(format!("item-{name}")),
        stock: Some((None, units)),
        ..SkuFact::default()
    };
    sku.hear(&fact, when);
    sku
}

pub async fn goods_come_back_and_are_saved_by_whoever_saw_the_last_state(world: &World) {
    let t = Tenant::new("goods").written(&store(world)).await;
    let (store, merchant, stranger) = (store(world), t.id(), id());
    let one = told(merchant, "LAMP", 4, at(5));
    let row = one.clone();
    write!(store, [], tx => tx.save_sku(&row, at(5))).unwrap();
    let saved = read!(store, r => r.sku(merchant, "LAMP")).unwrap();
    assert_eq!(
        saved,
        Sku {
            rev: 1,
            ..one.clone()
        }
    );
    // made beside another
    let twin = told(merchant, "LAMP", 9, at(6));
    let conflict = write!(store, [], tx => tx.save_sku(&twin, at(6))).unwrap_err();
    assert_eq!(conflict.kind, Kind::Conflict);
    let (next, stale) = (saved.clone(), saved.clone());
    write!(store, [], tx => tx.save_sku(&next, at(7))).unwrap();
    let conflict = write!(store, [], tx => tx.save_sku(&stale, at(8))).unwrap_err();
    assert_eq!(conflict.kind, Kind::Conflict);
    let other = told(merchant, "CHAIR", 1, at(5));
    write!(store, [], tx => tx.save_sku(&other, at(5))).unwrap();
    let names = |list: Vec<Sku>| list.into_iter().map(|sku| sku.sku).collect::<Vec<_>>();
    assert_eq!(
        names(read!(store, r => r.skus(merchant, "", 9))),
        ["CHAIR", "LAMP"]
    );
    assert_eq!(
        names(read!(store, r => r.skus(merchant, "CHAIR", 9))),
        ["LAMP"]
    );
    assert_eq!(names(read!(store, r => r.skus(merchant, "", 1))), ["CHAIR"]);
    let by_item = read!(store, r => r.sku_by_item(merchant, "item-CHAIR")).unwrap();
    assert_eq!(by_item.sku, "CHAIR");
    // another merchant finds nothing of it
    assert!(read!(store, r => r.sku(stranger, "LAMP")).is_none());
    assert!(read!(store, r => r.sku_by_item(stranger, "item-LAMP")).is_none());
    assert!(read!(store, r => r.skus(stranger, "", 9)).is_empty());
}

fn brief(merchant: Uuid, campaign_id: &str, updated: i64) -> Brief {
    Brief {
        id: id(),
        merchant_id: merchant,
        campaign_id: campaign_id.to_owned(),
        flow_key: "promotion-go-live".to_owned(),
        state: BriefState::Draft,
        version: 1,
        content: Content {
            title: "Winter kit".to_owned(),
            offer: "20 % off".to_owned(),
            terms: String::new(),
            discount_percent: 20,
            skus: vec!["KIT-W-01".to_owned()],
            keywords: Vec::new(),
            keywords_owner: None,
            creative_ids: Vec::new(),
            landing_urls: vec!["https://shop.example/winter".to_owned()],
            starts_at: at(1),
            ends_at: at(2),
            note: String::new(),
        },
        created_by: id(),
        created_at: at(updated),
        updated_at: at(updated),
        ready_version: None,
        because: None,
        rev: 0,
    }
}

pub async fn briefs_have_versions_and_are_their_merchants(world: &World) {
    let t = Tenant::new("briefs").written(&store(world)).await;
    let (store, merchant, stranger) = (store(world), t.id(), id());
    let (one, two) = (
        brief(merchant, "winter-26", 5),
        brief(merchant, "spring-27", 6),
    );
    for row in [one.clone(), two.clone()] {
        write!(store, [], tx => tx.insert_brief(&row)).unwrap();
    }
    let twin = brief(merchant, "winter-26", 7);
    let conflict = write!(store, [], tx => tx.insert_brief(&twin)).unwrap_err();
    assert_eq!(conflict.kind, Kind::Conflict);
    for n in [1, 2] {
        let version = BriefVersion {
            merchant_id: merchant,
            brief_id: one.id,
            version: n,
            content: one.content.clone(),
            by: id(),
            at: at(n),
        };
        write!(store, [], tx => tx.insert_brief_version(&version)).unwrap();
    }
    let versions = read!(store, r => r.brief_versions(merchant, one.id));
    assert_eq!(
        versions.iter().map(|one| one.version).collect::<Vec<_>>(),
        [1, 2]
    );
    let again = versions[1].clone();
    let conflict = write!(store, [], tx => tx.insert_brief_version(&again)).unwrap_err();
    assert_eq!(conflict.kind, Kind::Conflict, "a version is written once");
    let moved = Brief {
        state: BriefState::Paused,
        updated_at: at(9),
        ..one.clone()
    };
    let (row, stale) = (moved.clone(), moved.clone());
    write!(store, [], tx => tx.save_brief(&row)).unwrap();
    assert!(write!(store, [], tx => tx.save_brief(&stale)).is_err());
    let found = read!(store, r => r.brief(merchant, one.id));
    assert_eq!(found, Some(Brief { rev: 1, ..moved }));
    let listed = async |filter: ListFilter| {
        let all = read!(store, r => r.briefs(merchant, &filter));
        all.into_iter()
            .map(|one| one.campaign_id)
            .collect::<Vec<_>>()
    };
    let all = || ListFilter {
        limit: 9,
        ..ListFilter::default()
    };
    assert_eq!(listed(all()).await, ["winter-26", "spring-27"]);
    assert_eq!(
        listed(ListFilter {
            state: Some("draft".to_owned()),
            ..all()
        })
        .await,
        ["spring-27"]
    );
    assert_eq!(
        listed(ListFilter {
            kind: Some("winter-26".to_owned()),
            ..all()
        })
        .await,
        ["winter-26"]
    );
    assert_eq!(
        listed(ListFilter {
            query: Some("kit-w".to_owned()),
            limit: 1,
            ..all()
        })
        .await,
        ["winter-26"]
    );
    assert_eq!(
        listed(ListFilter {
            before: Some((at(9), one.id)),
            ..all()
        })
        .await,
        ["spring-27"]
    );
    // what exports are about follows the brief
    let mut campaign = t.campaign.clone();
    campaign.offer = "30 % off".to_owned();
    let row = campaign.clone();
    write!(store, [], tx => tx.save_campaign(&row)).unwrap();
    assert_eq!(
        read!(store, r => r.campaign(merchant, campaign.id)),
        Some(campaign.clone())
    );
    write!(store, [], tx => tx.hold_subject(merchant, "campaign", campaign.id)).unwrap();
    write!(store, [], tx => tx.hold_subject(merchant, "case", campaign.id)).unwrap();
    let order = t.order.id;
    write!(store, [], tx => tx.hold_subject(merchant, "order", order)).unwrap();
    // another merchant finds nothing of it
    assert!(read!(store, r => r.brief(stranger, one.id)).is_none());
    assert!(read!(store, r => r.briefs(stranger, &all())).is_empty());
    assert!(read!(store, r => r.brief_versions(stranger, one.id)).is_empty());
    let theirs = Brief {
        merchant_id: stranger,
        ..found.unwrap()
    };
    assert!(write!(store, [], tx => tx.save_brief(&theirs)).is_err());
}
