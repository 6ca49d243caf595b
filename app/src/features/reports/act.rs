//! What the forms of this feature do.

use leptos::prelude::*;

use crate::web::{Done, Posted, Refused};

#[server(prefix = "/ui", endpoint = "merchant/hourly-cost")]
pub async fn save_hourly_cost(
    #[server(default)] merchant: String,
    #[server(default)] back: String,
    #[server(default)] amount: String,
    #[server(default)] currency: String,
) -> Result<(), Refused> {
    Posted::new("hourly-cost", merchant, back)
        .keep("amount", &amount)
        .keep("currency", &currency)
        .button("Save the hourly cost")
        .run(|engine, ctx| async move {
            let money = engine.set_hourly_cost(&ctx, &amount, &currency).await?;
            Ok(Done::back(format!(
                "An hour is reckoned at {money} from now on."
            )))
        })
        .await
}
