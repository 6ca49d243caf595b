//! Shopify, as a source of orders, and of what is known of the goods.
//!
//! A delivery passes four doors, each its own file:
//! [`verify`] decides whether the bytes are from the shop (HMAC over the raw body; headers are not
//! signed, and are treated so), [`examine`] decides in microseconds whether the body can be what
//! its topic says, [`facts`] and [`goods`] read it wholly into normalized facts, and [`sign`] with [`headers`]
//! does what Shopify does when it sends, for trying out and for tests.
//!
//! Two rules hold throughout. Ids and money never pass through a float: ids exceed 2^53 and amounts
//! come both as strings and as numbers. And unknown or missing detail never fails anything: only
//! what the order cannot be understood without (its id, currency, total, lines and quantities) is
//! demanded, because the raw bytes are kept and can be read again.

mod connector;
mod examine;
mod facts;
mod goods;
mod reader;
mod send;
mod trial;
mod verify;

pub use connector::Shopify;
pub use domain::receipt::Fault;
pub use examine::examine;
pub use facts::facts;
pub use goods::goods;
pub use send::{headers, sign};
pub use verify::{Delivery, VerifyError, verify};

/// What a topic is about, and so whether it is worth reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interest {
    Order,
    Goods,
    /// Authentic, kept, and nobody's business here.
    Other,
}

/// What we do with deliveries of this topic, by its canonical name.
pub fn interest(topic: &str) -> Interest {
    match Shape::of(topic) {
        Shape::Product | Shape::Item | Shape::Level => Interest::Goods,
        Shape::Other => Interest::Other,
        _ => Interest::Order,
    }
}

/// What kind of body a topic carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Order,
    Shipment,
    Refund,
    Payment,
    Product,
    Item,
    Level,
    Other,
}

impl Shape {
    fn of(topic: &str) -> Self {
        match topic {
            "orders/create"
            | "orders/updated"
            | "orders/paid"
            | "orders/cancelled"
            | "orders/fulfilled"
            | "orders/partially_fulfilled" => Self::Order,
            "fulfillments/create" | "fulfillments/update" => Self::Shipment,
            "refunds/create" => Self::Refund,
            "order_transactions/create" => Self::Payment,
            "products/create" | "products/update" => Self::Product,
            "inventory_items/create" | "inventory_items/update" => Self::Item,
            "inventory_levels/connect"
            | "inventory_levels/update"
            | "inventory_levels/disconnect" => Self::Level,
            _ => Self::Other,
        }
    }
}

/// One spelling for a topic, whichever way it was written: `orders/create`, `ORDERS_CREATE` (the
/// Admin API's enum) or, in the newer header set, topic `Order` with action `create`.
fn canonical_topic(topic: &str, action: Option<&str>) -> String {
    let topic = topic.to_ascii_lowercase();
    if topic.contains('/') {
        return topic;
    }
    if let Some(action) = action {
        let plural = if topic.ends_with('s') { "" } else { "s" };
        let action = action.to_ascii_lowercase();
        // classic order topics say "updated" where the action says "update"
        let action = match (topic.trim_end_matches('s'), action.as_str()) {
            ("order", "update") => "updated".to_owned(),
            ("order", "cancel") => "cancelled".to_owned(),
            _ => action,
        };
        return format!("{topic}{plural}/{action}");
    }
    let consumed = [
        "orders/create",
        "orders/updated",
        "orders/paid",
        "orders/cancelled",
        "orders/fulfilled",
        "orders/partially_fulfilled",
        "fulfillments/create",
        "fulfillments/update",
        "refunds/create",
        "order_transactions/create",
        "products/create",
        "products/update",
        "inventory_items/create",
        "inventory_items/update",
        "inventory_levels/connect",
        "inventory_levels/update",
        "inventory_levels/disconnect",
    ];
    let known = consumed
        .iter()
        .find(|known| known.replace('/', "_") == topic);
    known.map_or(topic, |known| (*known).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_have_one_spelling() {
        let check = |topic: &str, action: Option<&str>, expected: &str| {
            assert_eq!(canonical_topic(topic, action), expected);
        };
        check("orders/create", None, "orders/create");
        check("Orders/Create", None, "orders/create");
        check("ORDERS_CREATE", None, "orders/create");
        check(
            "ORDERS_PARTIALLY_FULFILLED",
            None,
            "orders/partially_fulfilled",
        );
        check(
            "ORDER_TRANSACTIONS_CREATE",
            None,
            "order_transactions/create",
        );
        check("Product", Some("update"), "products/update");
        check("INVENTORY_LEVELS_UPDATE", None, "inventory_levels/update");
        check("PRODUCTS_UPDATE", None, "products/update");
        check("Order", Some("create"), "orders/create");
        check("Order", Some("update"), "orders/updated");
        check("Customer", None, "customer");
        check("app/uninstalled", Some("delete"), "app/uninstalled");
    }

    #[test]
    fn topics_about_orders_and_goods_are_of_interest() {
        assert_eq!(interest("refunds/create"), Interest::Order);
        assert_eq!(interest("inventory_levels/update"), Interest::Goods);
        assert_eq!(interest("products/update"), Interest::Goods);
        // what is known of its variants stays true of what was sold
        assert_eq!(interest("products/delete"), Interest::Other);
        // an edit lists differences in another shape; the orders/updated beside it tells the result
        assert_eq!(interest("orders/edited"), Interest::Other);
        assert_eq!(interest("orders/delete"), Interest::Other);
    }
}
