//! What is known of one thing that is sold.

use std::collections::BTreeMap;

use domain::sku::Sku;
use serde::Serialize;
use utoipa::ToSchema;

use super::words::{Amount, At};

#[derive(Serialize, ToSchema)]
#[schema(as = Sku)]
pub struct SkuView {
    #[schema(example = "LAMP-FJORD-SMK")]
    sku: String,
    title: Option<String>,
    price: Option<Amount>,
    /// When the price was last told.
    price_as_of: Option<At>,
    /// Units that can be sold, over all locations.
    available: Option<i64>,
    /// When that was true: of several locations, the one that was silent longest.
    available_as_of: Option<At>,
    /// By location, where locations are told.
    locations: BTreeMap<String, i64>,
    gtin: Option<String>,
}

impl From<&Sku> for SkuView {
    fn from(sku: &Sku) -> Self {
        let stock = sku.available();
        Self {
            sku: sku.sku.clone(),
            title: sku.title.clone(),
            price: sku.price.map(|told| told.is.into()),
            price_as_of: sku.price.map(|told| told.at.into()),
            available: stock.map(|told| told.is),
            available_as_of: stock.map(|told| told.at.into()),
            locations: sku
                .levels
                .iter()
                .map(|(place, told)| (place.clone(), told.is))
                .collect(),
            gtin: sku.gtin.clone(),
        }
    }
}
