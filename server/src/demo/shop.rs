//! What the demo's customers order: goods of each merchant, people, and a body as Shopify sends it.

use domain::Time;
use serde_json::{Value, json};

/// (SKU, title, variant, price in cents)
type Good = (&'static str, &'static str, &'static str, u64);

/// What the SKU of something miscounted ends in.
pub const MISCOUNTED: &str = "-B-STOCK";
/// In cents: what is worth more needs an approval under the contract.
const LOOKED_AT_ABOVE: u64 = 50_000;

const ALDER: [Good; 6] = [
    ("AP-LMP-BRS", "Reading lamp", "Brass", 14_900),
    ("AP-LMP-BLK", "Reading lamp", "Black", 13_900),
    ("AP-BLK-WOL", "Wool blanket", "Moss", 11_800),
    ("AP-CHR-OAK", "Lounge chair", "Oak", 54_500),
    ("AP-CUS-LIN", "Linen cushion", "Sand", 4_900),
    ("AP-SHF-ASH", "Wall shelf", "Ash", 18_200),
];
const KITEWOOD: [Good; 5] = [
    ("KW-KIT-DEL", "Delta kite", "Red", 5_400),
    ("KW-KIT-BOX", "Box kite", "Blue", 7_900),
    ("KW-LIN-150", "Flying line", "150 m", 1_800),
    ("KW-KIT-STU", "Stunt kite", "Carbon", 21_900),
    ("KW-BAG-ROL", "Kite roll", "Canvas", 3_900),
];
const BRIGHTWELL: [Good; 5] = [
    ("BW-KET-STV", "Stovetop kettle", "Matte", 8_900),
    ("BW-MUG-SET", "Mugs, set of four", "Glaze", 4_600),
    ("BW-GRD-HND", "Hand grinder", "Steel", 9_800),
    ("BW-DRP-CER", "Pour-over", "Ceramic", 3_400),
    ("BW-ESP-ONE", "Espresso machine", "One group", 64_900),
];

/// (first name, last name, street, city, zip, province, code)
type Buyer = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

const BUYERS: [Buyer; 9] = [
    (
        "Ada",
        "Moreno",
        "2210 NW Raleigh St",
        "Portland",
        "97210",
        "Oregon",
        "OR",
    ),
    (
        "Theo",
        "Marchetti",
        "418 Adams Ave",
        "Milwaukee",
        "53202",
        "Wisconsin",
        "WI",
    ),
    (
        "Ines",
        "Calloway",
        "77 Prospect Pl",
        "Brooklyn",
        "11217",
        "New York",
        "NY",
    ),
    (
        "Samir",
        "Oyelaran",
        "1530 Lamar Blvd",
        "Austin",
        "78701",
        "Texas",
        "TX",
    ),
    (
        "Birgit",
        "Solheim",
        "905 Pike St",
        "Seattle",
        "98101",
        "Washington",
        "WA",
    ),
    (
        "Wei",
        "Tanaka",
        "3301 Larimer St",
        "Denver",
        "80205",
        "Colorado",
        "CO",
    ),
    (
        "Grace",
        "Abernathy",
        "12 Congress St",
        "Savannah",
        "31401",
        "Georgia",
        "GA",
    ),
    (
        "Luca",
        "Ferrand",
        "640 Valencia St",
        "San Francisco",
        "94110",
        "California",
        "CA",
    ),
    (
        "Nadia",
        "Petrov",
        "2045 Clark St",
        "Chicago",
        "60614",
        "Illinois",
        "IL",
    ),
];

fn goods(slug: &str) -> &'static [Good] {
    match slug {
        "kitewood" => &KITEWOOD,
        "brightwell" => &BRIGHTWELL,
        _ => &ALDER,
    }
}

/// What becomes of an order at first.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Story {
    Plain,
    OutOfStock,
    Unreachable,
    /// The warehouse counts it short once, and has it the next time, here and in the sandbox.
    Miscounted,
    /// Worth so much that somebody looks at it.
    Dear,
}

/// Order number `n` of a merchant: a few of its goods, for one of its buyers.
pub fn order(slug: &str, n: u64, placed: Time, story: Story, dice: &mut Dice) -> Value {
    let (first, last, street, city, zip, province, code) = BUYERS[dice.below(BUYERS.len())];
    // what is told of on purpose comes alone
    let is_told = matches!(story, Story::Miscounted | Story::Dear);
    let many = 1 + usize::from(dice.below(3) == 0 && !is_told);
    let mut lines = Vec::new();
    let mut cents = 0;
    // far away from what anybody sends by hand
    let id = 7_300_000_000_000 + (placed.as_ms().unsigned_abs() % 10_000_000_000) * 10 + n % 10;
    for line in 0..many {
        let numbered = id * 100 + u64::from(line > 0);
        let any = dice.below(goods(slug).len());
        let (sku, title, variant, price) = goods(slug)[if is_told { 0 } else { any }];
        let quantity = match story {
            Story::Dear => LOOKED_AT_ABOVE / price + 1,
            Story::Miscounted => 1,
            _ => 1 + u64::from(dice.below(6) == 0),
        };
        cents += price * quantity;
        let sku = match story {
            Story::OutOfStock if line == 0 => format!("{sku}-OUT-OF-STOCK"),
            Story::Unreachable if line == 0 => format!("{sku}-FAIL-503"),
            Story::Miscounted if line == 0 => format!("{sku}{MISCOUNTED}"),
            _ => sku.to_owned(),
        };
        lines.push(json!({
            "id": numbered, "sku": sku, "title": title, "variant_title": variant,
            "quantity": quantity, "current_quantity": quantity, "fulfillable_quantity": quantity,
            "fulfillment_status": null, "price": money(price), "requires_shipping": true,
        }));
    }
    let at = placed.format_utc("%Y-%m-%dT%H:%M:%S+00:00");
    let set = |amount: &str| {
        json!({
            "shop_money": { "amount": amount, "currency_code": "USD" },
            "presentment_money": { "amount": amount, "currency_code": "USD" },
        })
    };
    let total = money(cents);
    json!({
        "id": id, "admin_graphql_api_id": format!("gid://shopify/Order/{id}"),
        "name": format!("#{n}"), "order_number": n,
        "created_at": at, "updated_at": at, "processed_at": at, "currency": "USD",
        "financial_status": "paid", "fulfillment_status": null,
        "cancelled_at": null, "cancel_reason": null, "confirmed": true, "test": false,
        "tags": "", "note": null, "email": format!("{}@example.com", last.to_lowercase()),
        "payment_gateway_names": ["shopify_payments"],
        "subtotal_price": total, "total_tax": "0.00", "total_discounts": "0.00",
        "total_price": total, "current_total_price": total, "total_outstanding": "0.00",
        "total_shipping_price_set": set("0.00"),
        "customer": { "id": 9_000 + n, "first_name": first, "last_name": last,
            "email": format!("{}@example.com", last.to_lowercase()) },
        "shipping_address": {
            "name": format!("{first} {last}"), "address1": street, "address2": null, "city": city,
            "zip": zip, "province": province, "province_code": code,
            "country": "United States", "country_code": "US", "phone": null, "company": null,
        },
        "line_items": lines, "fulfillments": [], "refunds": [],
    })
}

/// The same order once it has left the warehouse in one parcel.
pub fn ship(order: &mut Value, left: Time) {
    let at = left.format_utc("%Y-%m-%dT%H:%M:%S+00:00");
    let mut parcel = Vec::new();
    for line in order["line_items"].as_array_mut().into_iter().flatten() {
        parcel.push(json!({
            "id": line["id"], "sku": line["sku"], "title": line["title"],
            "variant_title": line["variant_title"], "quantity": line["quantity"],
        }));
        line["fulfillment_status"] = json!("fulfilled");
        line["fulfillable_quantity"] = json!(0);
    }
    let id = order["id"].as_u64().unwrap_or_default();
    let tracking = format!("PW{}", id % 1_000_000_000);
    order["updated_at"] = json!(at);
    order["fulfillment_status"] = json!("fulfilled");
    order["fulfillments"] = json!([{
        "id": id + 1, "order_id": id, "name": format!("{}.1", order["name"].as_str().unwrap_or_default()),
        "status": "success", "shipment_status": null, "created_at": at, "updated_at": at,
        "tracking_company": "Parcelway", "tracking_number": tracking, "tracking_numbers": [tracking],
        "tracking_url": null, "tracking_urls": [], "line_items": parcel,
    }]);
}

fn money(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// The same throws each time, so that two demos tell the same week.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// From 0 to less than `most`.
    pub fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(most.max(1)).unwrap_or(1)).unwrap_or_default()
    }
}
