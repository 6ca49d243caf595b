//! A body about goods, read into what is known of each SKU.
//!
//! A product tells its variants: code, price, number on the pack, how many there are altogether, and under
//! which number its stock levels go. A level tells how many there are at one place, under that number only.
//! A variant without a code cannot be in an order that anybody ships by code, and is passed over.

use domain::{Time, gate::gtin_fault, receipt::Fault, sku::SkuFact};

use super::{
    Shape,
    reader::{Faults, Object},
};

/// What each was, and when that was true. The time of sending stands in where the body gives none.
pub fn goods(topic: &str, body: &[u8], at: Time) -> Result<Vec<(SkuFact, Time)>, Vec<Fault>> {
    read(Shape::of(topic), topic, body, at)
}

pub(super) fn read(
    shape: Shape,
    topic: &str,
    body: &[u8],
    at: Time,
) -> Result<Vec<(SkuFact, Time)>, Vec<Fault>> {
    let mut faults = Faults::default();
    let Some(object) = Object::body(body, &mut faults) else {
        return Err(faults.0);
    };
    let at = object
        .time("updated_at", &mut faults)
        .map_or(at, |told| told.min(at));
    let facts = match shape {
        Shape::Product => product(&object, &mut faults),
        Shape::Item => item(&object, &mut faults).into_iter().collect(),
        Shape::Level => level(topic, &object, &mut faults).into_iter().collect(),
        _ => Vec::new(),
    };
    if faults.0.is_empty() {
        Ok(facts.into_iter().map(|fact| (fact, at)).collect())
    } else {
        Err(faults.0)
    }
}

fn product(product: &Object<'_>, faults: &mut Faults) -> Vec<SkuFact> {
    product.id("id", faults);
    let title = product.text("title");
    product
        .list("variants", faults)
        .iter()
        .filter_map(|variant| {
            let sku = variant.text("sku")?;
            let currency = variant
                .list_if_any("presentment_prices", faults)
                .first()
                .and_then(|one| one.object("price")?.currency_if_any("currency_code"));
            let price = currency.and_then(|currency| variant.money_if_fits("price", currency));
            let own = variant
                .text("title")
                .filter(|own| own != "Default Title" && !own.is_empty());
            Some(SkuFact {
                sku: sku.trim().to_owned(),
                item_ref: variant.id_if_any("inventory_item_id"),
                title: match (&title, own) {
                    (Some(title), Some(own)) => Some(format!("{title}, {own}")),
                    (title, own) => title.clone().or(own),
                },
                bare_price: variant.digits_if_any("price").filter(|_| price.is_none()),
                price,
                gtin: variant
                    .text("barcode")
                    .filter(|code| gtin_fault(code).is_none()),
                stock: variant
                    .whole_if_any("inventory_quantity")
                    .map(|units| (None, units)),
            })
        })
        .collect()
}

/// What ties a code to its stock levels.
fn item(item: &Object<'_>, faults: &mut Faults) -> Option<SkuFact> {
    let id = item.id("id", faults);
    Some(SkuFact {
        sku: item.text("sku")?.trim().to_owned(),
        item_ref: Some(id),
        ..SkuFact::default()
    })
}

/// A level without a number is not counted by the shop: that says nothing about how many there are.
fn level(topic: &str, level: &Object<'_>, faults: &mut Faults) -> Option<SkuFact> {
    let item = level.id("inventory_item_id", faults);
    let place = level.id("location_id", faults);
    let units = match topic {
        // it is not kept there any more
        "inventory_levels/disconnect" => 0,
        _ => level.whole_if_any("available")?,
    };
    Some(SkuFact {
        item_ref: Some(item),
        stock: Some((Some(place), units)),
        ..SkuFact::default()
    })
}
