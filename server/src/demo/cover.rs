//! Who answers when in the demo: the agency's office hours with the year's US holidays, a desk that two
//! people keep in turn for what finance is asked after hours, and an escalation that is climbed twice.

use domain::{Time, owner::Owner};
use engine::{CalendarInput, CoverInput, Ctx, Engine, PolicyInput, RotationInput, RungInput};
use std::sync::Arc;
use uuid::Uuid;

/// Federal holidays, as the agency keeps them.
const HOLIDAYS: &str = "2026-11-26 Thanksgiving Day
2026-12-25 Christmas Day
2027-01-01 New Year’s Day
2027-01-18 Martin Luther King Jr. Day
2027-02-15 Presidents’ Day
2027-05-31 Memorial Day
2027-06-18 Juneteenth
2027-07-05 Independence Day
2027-09-06 Labor Day
2027-11-25 Thanksgiving Day
2027-12-24 Christmas Day";

/// In this order, a week each.
const DESK: [&str; 2] = ["jonas@northbeam.example", "lena@northbeam.example"];

/// The contract that escalates by the policy.
const ESCALATED: &str = "fulfillment_request";

pub async fn publish(engine: &Arc<Engine>, ctx: &Ctx, founder: Uuid) -> engine::Result<()> {
    let weekday = || "09:00-18:00".to_owned();
    let hours = CalendarInput {
        name: "Northbeam office".to_owned(),
        key: "northbeam-office".to_owned(),
        time_zone: "America/New_York".to_owned(),
        hours: [
            weekday(),
            weekday(),
            weekday(),
            weekday(),
            "09:00-16:00".to_owned(),
            String::new(),
            String::new(),
        ],
        holidays: HOLIDAYS.to_owned(),
    };
    engine.add_calendar(ctx, hours).await?;
    let rules = engine.rules_of(ctx.merchant_id()).await?;
    let members = DESK
        .iter()
        .filter_map(|email| {
            let found = rules.members.iter().find(|(user, _)| user.email == *email);
            found.map(|(user, _)| user.id.to_string())
        })
        .collect();
    let desk = RotationInput {
        name: "Finance after hours".to_owned(),
        key: "finance-desk".to_owned(),
        party: "agency".to_owned(),
        role: "finance".to_owned(),
        time_zone: "America/New_York".to_owned(),
        every: "1".to_owned(),
        unit: "weeks".to_owned(),
        at: "09:00".to_owned(),
        from: monday_before(engine.now()),
        members,
    };
    engine.add_rotation(ctx, desk).await?;
    let cover = CoverInput {
        owner: "agency:finance".to_owned(),
        by: String::new(),
        calendar: "northbeam-office".to_owned(),
        after_hours: "finance-desk".to_owned(),
    };
    engine.cover_role(ctx, 0, cover).await?;
    let rung = |target: Owner, minutes: &str| RungInput {
        target: target.to_string(),
        minutes: minutes.to_owned(),
        only_within: String::new(),
    };
    let policy = PolicyInput {
        name: "Fulfillment, day and night".to_owned(),
        key: "fulfillment".to_owned(),
        rungs: vec![
            rung(
                Owner::role(domain::owner::Party::Agency, "operations"),
                "30",
            ),
            rung(Owner::User(founder), "60"),
        ],
        repeat: "1".to_owned(),
        ack_expires: "240".to_owned(),
    };
    let made = engine.add_policy(ctx, policy).await?;
    let rules = engine.rules_of(ctx.merchant_id()).await?;
    match rules.contract(ESCALATED) {
        Some(contract) => engine.use_policy(ctx, &made.key, contract.id).await,
        None => Ok(()),
    }
}

/// The desk has been kept for a while: its turns begin on Mondays.
fn monday_before(now: Time) -> String {
    const DAY_MS: i64 = 24 * 60 * 60 * 1000;
    // 1970-01-05 was a Monday
    let days = now.as_ms().div_euclid(DAY_MS);
    let monday = days - (days - 4).rem_euclid(7);
    Time::from_ms(monday * DAY_MS).format_utc("%Y-%m-%d")
}
