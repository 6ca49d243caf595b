//! What is known of the goods: told by whoever keeps the stock and the prices, and shown as it is known now.

use std::sync::Arc;

use axum::{Json, extract::State};
use domain::{Currency, Money, Time};
use engine::{Engine, SkuInput};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    Answer,
    caller::Caller,
    input::{Input, Params},
    page::{Page, Wanted},
    views::SkuView,
};
use crate::problem::{Place, Problem};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SkuQuery {
    /// The `next` of the page before.
    cursor: Option<String>,
    /// How many, at most.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
}

/// List what is known of the goods, by SKU
#[utoipa::path(
    get, path = "/skus", tag = "skus", params(SkuQuery),
    responses((status = 200, description = "A page of SKUs.", body = Page<SkuView>)),
)]
pub async fn list_skus(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Params(query): Params<SkuQuery>,
) -> Answer<Page<SkuView>> {
    let wanted = Wanted::<String>::read(query.cursor, query.limit)?;
    let after = wanted.after.clone().unwrap_or_default();
    let rows = engine.skus(&ctx, &after, wanted.fetch()).await?;
    Ok(Json(wanted.page(rows, |row| row.sku.clone())))
}

/// What is known now of some goods.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TellSkus {
    #[schema(min_items = 1, max_items = 500)]
    items: Vec<ToldSku>,
}

/// What is left out says nothing: what was known stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ToldSku {
    #[schema(min_length = 1, max_length = 120, example = "LAMP-FJORD-SMK")]
    sku: String,
    #[schema(example = "Fjord table lamp, smoke")]
    title: Option<String>,
    price: Option<Price>,
    /// Units that can be sold: of the location, or of all together where none is named.
    #[schema(example = 42)]
    available: Option<i64>,
    #[schema(example = "Reno")]
    location: Option<String>,
    /// GTIN of 8, 12, 13 or 14 digits.
    #[schema(example = "6291041500213")]
    gtin: Option<String>,
    /// When it was true; now, if it is left out. What is older than what is known changes nothing.
    #[schema(format = DateTime, example = "2026-11-21T09:00:00.000Z")]
    as_of: Option<String>,
}

/// An amount in whole minor units.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Price {
    #[schema(minimum = 0, example = 12900)]
    amount_minor: i64,
    #[schema(example = "USD", pattern = "^[A-Z]{3}$")]
    currency: String,
}

impl ToldSku {
    fn input(self, n: usize) -> Result<SkuInput, Problem> {
        let at = |field: &str| Place::Body(format!("/items/{n}/{field}"));
        let price = self.price.map(|price| {
            let currency = price.currency.parse::<Currency>();
            let currency = currency.map_err(|why| Problem::at(at("price/currency"), why))?;
            Ok::<_, Problem>(Money::new(price.amount_minor, currency))
        });
        let as_of = self.as_of.map(|text| {
            let time = text.parse::<Time>();
            time.map_err(|why| Problem::at(at("as_of"), why))
        });
        Ok(SkuInput {
            sku: self.sku,
            title: self.title,
            price: price.transpose()?,
            available: self.available,
            location: self.location,
            gtin: self.gtin,
            as_of: as_of.transpose()?,
        })
    }
}

/// Tell what is known of some goods: stock, price, GTIN
///
/// Exports that were held back for want of it are checked again by themselves, and so are those that were let go
/// and have not left yet.
#[utoipa::path(
    post, path = "/skus", tag = "skus", request_body = TellSkus,
    responses((status = 200, description = "Each as it is known now.", body = Page<SkuView>)),
)]
pub async fn tell_skus(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Input(body): Input<TellSkus>,
) -> Answer<Page<SkuView>> {
    let items = body.items.into_iter().enumerate();
    let inputs: Result<Vec<SkuInput>, Problem> = items.map(|(n, one)| one.input(n)).collect();
    let known = engine.tell_skus(&ctx, inputs?).await?;
    Ok(Json(Page::whole(known.iter().map(Into::into).collect())))
}
