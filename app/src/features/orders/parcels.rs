//! What left the house: shipments with their carrier and tracking.

use domain::order::{Order, Shipment, ShipmentStatus};
use leptos::prelude::*;

use super::page::told_by;
use crate::{ui::*, web::Visit};

pub(super) fn shipments(order: &Order, at: &Visit) -> impl IntoView + use<> {
    if order.shipments.is_empty() {
        return view! {
            <Card title="Shipments" id="shipments"><CardFoot>"Nothing has left yet, as far as anybody told us."</CardFoot></Card>
        }
        .into_any();
    }
    let rows = order
        .shipments
        .iter()
        .map(|one| shipment(one, order, at))
        .collect_view();
    let aside = order.shipments.len().into_any();
    view! { <Card title="Shipments" aside id="shipments">{rows}</Card> }.into_any()
}

fn tone(shipment: &Shipment) -> Tone {
    if shipment.in_trouble() {
        return Tone::Late;
    }
    match shipment.status {
        ShipmentStatus::Success => Tone::Done,
        ShipmentStatus::Pending | ShipmentStatus::Open | ShipmentStatus::Other => Tone::Moving,
        ShipmentStatus::Cancelled => Tone::Idle,
        ShipmentStatus::Error | ShipmentStatus::Failure => Tone::Late,
    }
}

fn word(shipment: &Shipment) -> String {
    if let Some(said) = &shipment.carrier_status {
        return said.replace('_', " ");
    }
    match shipment.status {
        ShipmentStatus::Success => "left the warehouse".to_owned(),
        ShipmentStatus::Pending => "label made".to_owned(),
        ShipmentStatus::Open => "at the warehouse".to_owned(),
        other => other.as_str().to_owned(),
    }
}

fn shipment(one: &Shipment, order: &Order, at: &Visit) -> impl IntoView + use<> {
    let name = one.name.clone().unwrap_or_else(|| one.id.clone());
    let contents: Vec<String> = one
        .items
        .iter()
        .map(|line| format!("{} × {}", line.quantity, line.title))
        .collect();
    let carrier = one
        .carrier
        .clone()
        .unwrap_or_else(|| "carrier not named".to_owned());
    let told = order
        .provenance
        .shipments
        .get(&one.id)
        .map(|source| told_by(source, at));
    let tracking = tracking(one);
    view! {
        <div class="row">
            <div class="what">
                <span class="font-medium">{name}</span> " · " {carrier} " " {tracking}
                <small>{contents.join(", ")}</small>
                <small>{told}</small>
            </div>
            <div class="aside"><StateBadge tone=tone(one) word=word(one)/></div>
        </div>
    }
}

/// Whoever ships writes the link, so only a web address becomes one.
fn tracking(shipment: &Shipment) -> impl IntoView + use<> {
    let link = |url: &String| {
        (url.starts_with("https://") || url.starts_with("http://")).then(|| url.clone())
    };
    let mut urls = shipment.tracking_urls.iter().map(link);
    shipment
        .tracking_numbers
        .iter()
        .map(|number| {
            let number = number.clone();
            match urls.next().flatten() {
                Some(url) => {
                    view! { <a class="link mono" href=url rel="noreferrer noopener" target="_blank">{number}<span class="sr-only">" (opens the carrier’s page)"</span></a>" " }.into_any()
                }
                None => view! { <span class="mono">{number}</span>" " }.into_any(),
            }
        })
        .collect_view()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_web_address_becomes_a_link() {
        let shipment = Shipment {
            id: "1".to_owned(),
            name: None,
            status: ShipmentStatus::Success,
            carrier_status: None,
            carrier: None,
            tracking_numbers: vec!["A1".to_owned(), "B2".to_owned()],
            tracking_urls: vec![
                "javascript:alert(1)".to_owned(),
                "https://carrier.example/B2".to_owned(),
            ],
            updated_at: None,
            items: Vec::new(),
        };
        let html = Owner::new().with(|| tracking(&shipment).to_html());
        assert!(!html.contains("javascript"), "{html}");
        assert!(html.contains("https://carrier.example/B2"));
        assert!(html.contains("A1"));
    }
}
