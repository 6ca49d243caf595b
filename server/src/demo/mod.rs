//! `meshline demo`: a believable agency, made through the engine like everything else.
//!
//! Passwords, tokens and secrets are made anew each time and said once, here; the database keeps only
//! what it needs to check them. The destinations point at `meshline sandbox`.

mod cast;
mod cover;
mod rules;
mod shop;
mod stage;
mod week;

use std::sync::{Arc, Mutex};

use clap::Args;
use domain::{
    access::Access,
    owner::{Owner, Party},
    people::{Membership, Merchant, Operator, OperatorMember},
};
use engine::{Ctx, DestinationInput, Engine, SourceInput, port::Ids};
use serde::Serialize;
use uuid::Uuid;

use self::{
    cast::{AT_THE_OPERATOR, FOUNDER, MERCHANTS, OPERATOR, PEOPLE, Part},
    stage::{HandClock, StandIn},
    week::{DAYS, Shop, Week},
};
use crate::{
    compose::{self, ComposeError, Stage},
    config::Settings,
    ports::SystemIds,
    sandbox, wall_clock,
};

/// Creates a demo agency with merchants, people, connections and published flows, and prints the logins
#[derive(Args, Clone, Debug)]
pub struct DemoArgs {
    /// Print one JSON object and nothing else
    #[arg(long)]
    json: bool,

    /// Remove the demo that is there, with everything that happened in it, and create it anew
    #[arg(long)]
    reset: bool,

    /// As on the first day: without the last week's orders, decisions and exports
    #[arg(long)]
    no_history: bool,

    /// Without the orders of the last minutes that wait for somebody to decide or to put something right
    #[arg(long, conflicts_with = "no_history")]
    nothing_open: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error(transparent)]
    Compose(#[from] ComposeError),
    #[error(
        "the demo is in this database already; its passwords cannot be shown again. \
         `meshline demo --reset` removes it, with everything that happened in it, and creates it anew"
    )]
    There,
    #[error("the demo could not be created: {}", reasons(.0))]
    Engine(#[from] engine::Error),
    #[error("the demo's contracts cannot be read: {0}")]
    Contract(#[from] serde_json::Error),
}

fn reasons(error: &engine::Error) -> String {
    let fields = error
        .fields
        .iter()
        .map(|field| format!("\n  {}: {}", field.field, field.sentence));
    error.to_string() + &fields.collect::<String>()
}

/// What was made, as it is printed.
#[derive(Debug, Serialize)]
struct Demo {
    operator: Named,
    merchants: Vec<MadeMerchant>,
    users: Vec<MadeUser>,
    sources: Vec<MadeSource>,
}

#[derive(Debug, Serialize)]
struct Named {
    id: Uuid,
    name: String,
}

#[derive(Debug, Serialize)]
struct MadeMerchant {
    id: Uuid,
    slug: String,
    name: String,
    api_token: String,
}

#[derive(Debug, Serialize)]
struct MadeUser {
    email: &'static str,
    password: String,
    access: Access,
    merchants: Vec<String>,
    functional_roles: &'static [&'static str],
}

#[derive(Debug, Serialize)]
struct MadeSource {
    merchant: String,
    system: String,
    url_path: String,
    secret: String,
}

pub async fn run(settings: &Settings, args: &DemoArgs) -> Result<(), DemoError> {
    let demo = if args.no_history {
        let installation = compose::open(settings).await?;
        let made = make(settings, &installation.engine, args.reset).await;
        installation.close().await;
        made?
    } else {
        with_a_week(settings, args).await?
    };
    if args.json {
        println!("{}", serde_json::to_string_pretty(&demo)?);
    } else {
        print!("{}", readable(&demo, settings));
    }
    Ok(())
}

/// A demo that was made a week ago, and what has happened in it since.
async fn with_a_week(settings: &Settings, args: &DemoArgs) -> Result<Demo, DemoError> {
    let ends = wall_clock::now();
    let clock = Arc::new(HandClock::at(ends.plus_ms(-DAYS * 24 * 60 * 60_000)));
    let stage = Stage {
        clock: Arc::clone(&clock) as _,
        channel: Arc::new(StandIn::default()),
    };
    let installation = compose::open_on_stage(settings, stage).await?;
    let made = async {
        let demo = make(settings, &installation.engine, args.reset).await?;
        let week = Week {
            engine: &installation.engine,
            clock: &clock,
            ends,
            leaves_open: !args.nothing_open,
            shops: &shops(&installation.engine, &demo).await?,
            sent: Mutex::default(),
        };
        week.pass().await?;
        Ok(demo)
    }
    .await;
    installation.close().await;
    made
}

async fn shops(engine: &Engine, demo: &Demo) -> Result<Vec<Shop>, engine::Error> {
    let mut shops = Vec::new();
    for ((merchant, source), orders) in demo.merchants.iter().zip(&demo.sources).zip([5, 3, 2]) {
        let ctx = engine.enter_as_system(merchant.id).await?;
        shops.push(Shop {
            merchant: ctx.merchant().clone(),
            door: engine
                .open_door(source.url_path.trim_start_matches("/in/"))
                .await?,
            secret: source.secret.clone(),
            orders,
        });
    }
    Ok(shops)
}

async fn make(settings: &Settings, engine: &Arc<Engine>, reset: bool) -> Result<Demo, DemoError> {
    if let Some(id) = there(engine).await? {
        if !reset {
            return Err(DemoError::There);
        }
        engine.remove_operator(id).await?;
    }
    let operator = engine.create_operator(OPERATOR).await?;
    let mut places = Vec::new();
    for (slug, name) in MERCHANTS {
        places.push(engine.create_merchant(&operator, slug, name).await?);
    }
    let ids = SystemIds::default();
    let mut users = Vec::new();
    let mut founder = Uuid::nil();
    for part in &PEOPLE {
        let password = password(&ids);
        let id = join(engine, part, &password, &places).await?;
        if part.email == FOUNDER {
            founder = id;
        }
        users.push(MadeUser {
            email: part.email,
            password,
            access: part.access,
            merchants: at(part, &places)
                .map(|merchant| merchant.slug.clone())
                .collect(),
            functional_roles: part.roles,
        });
    }
    for (email, access) in AT_THE_OPERATOR {
        let known = engine.store().reads().await?.credentials(email).await?;
        if let Some(known) = known {
            engine
                .found_operator_member(OperatorMember {
                    operator_id: operator.id,
                    user_id: known.user.id,
                    access,
                })
                .await?;
        }
    }
    let mut merchants = Vec::new();
    let mut sources = Vec::new();
    for merchant in places {
        let ctx = engine.enter_as_system(merchant.id).await?;
        sources.push(connect(settings, engine, &ctx).await?);
        rules::publish(engine, &ctx, founder, &ids).await?;
        cover::publish(engine, &ctx, founder).await?;
        let (_, api_token) = engine
            .create_token(merchant.id, "Demo", Access::Admin, None)
            .await?;
        merchants.push(MadeMerchant {
            id: merchant.id,
            slug: merchant.slug,
            name: merchant.name,
            api_token,
        });
    }
    let Operator { id, name, .. } = operator;
    Ok(Demo {
        operator: Named { id, name },
        merchants,
        users,
        sources,
    })
}

/// The demo's operator, if a demo was made here before.
async fn there(engine: &Engine) -> Result<Option<Uuid>, engine::Error> {
    let mut reads = engine.store().reads().await?;
    for merchant in reads.all_merchants().await? {
        if reads
            .operator(merchant.operator_id)
            .await?
            .is_some_and(|operator| operator.name == OPERATOR)
        {
            return Ok(Some(merchant.operator_id));
        }
    }
    Ok(None)
}

fn at<'a>(part: &'a Part, merchants: &'a [Merchant]) -> impl Iterator<Item = &'a Merchant> {
    merchants
        .iter()
        .filter(|merchant| part.plays_at(&merchant.slug))
}

async fn join(
    engine: &Engine,
    part: &Part,
    password: &str,
    merchants: &[Merchant],
) -> Result<Uuid, engine::Error> {
    let user = engine.create_user(part.email, part.name, password).await?;
    for merchant in at(part, merchants) {
        let membership = Membership {
            merchant_id: merchant.id,
            user_id: user.id,
            access: part.access,
            party: part.party,
            functional_roles: part.roles.iter().map(|&role| role.to_owned()).collect(),
            rotations: Vec::new(),
        };
        engine.add_member(membership).await?;
    }
    Ok(user.id)
}

async fn connect(
    settings: &Settings,
    engine: &Engine,
    ctx: &Ctx,
) -> Result<MadeSource, engine::Error> {
    let input = SourceInput {
        system: "shopify".to_owned(),
        name: format!("{} on Shopify", ctx.merchant().name),
        secret: None,
        owner: Owner::role(Party::Agency, "engineering"),
        backup: Owner::role(Party::Agency, "operations"),
    };
    let made = engine.create_source(ctx, input).await?;
    let sandbox = settings.sandbox_addr;
    for one in rules::destinations(&ctx.merchant().slug) {
        let input = DestinationInput {
            key: one.key.to_owned(),
            name: one.name.to_owned(),
            system: one.system.to_owned(),
            party: one.party,
            url: format!("http://{sandbox}/{}", one.path),
            secret: Some(sandbox::DEMO_SECRET.to_owned()),
        };
        engine.create_destination(ctx, input).await?;
    }
    Ok(MadeSource {
        merchant: ctx.merchant().slug.clone(),
        system: made.source.system,
        url_path: format!("/in/{}", made.source.path),
        secret: made.secret,
    })
}

/// Easy to read out and to type; about 77 random bits.
fn password(ids: &dyn Ids) -> String {
    // letters and digits that are not mistaken for each other
    const SIGNS: &[u8; 29] = b"abcdefghjkmnpqrstuvwxyz234679";
    let mut random = [0_u8; 64];
    ids.fill(&mut random);
    let fair = random
        .iter()
        .filter(|byte| usize::from(**byte) < 256 - 256 % SIGNS.len());
    let signs: Vec<char> = fair
        .take(16)
        .map(|byte| char::from(SIGNS[usize::from(*byte) % SIGNS.len()]))
        .collect();
    signs
        .chunks(4)
        .map(|group| group.iter().collect::<String>())
        .collect::<Vec<_>>()
        .join("-")
}

fn readable(demo: &Demo, settings: &Settings) -> String {
    let mut lines = vec![format!(
        "{} is ready at {}\n",
        demo.operator.name, settings.public_url
    )];
    lines.push("People (password, access, roles):".to_owned());
    for user in &demo.users {
        let roles = user.functional_roles.join(", ");
        lines.push(
            format!(
                "  {:<28} {:<20} {:<9} {roles}",
                user.email,
                user.password,
                user.access.as_str()
            )
            .trim_end()
            .to_owned(),
        );
    }
    lines.push("\nAPI tokens:".to_owned());
    for merchant in &demo.merchants {
        lines.push(format!("  {:<12} {}", merchant.slug, merchant.api_token));
    }
    lines.push("\nSources (Shopify):".to_owned());
    for source in &demo.sources {
        lines.push(format!(
            "  {:<12} {}{}\n  {:<12} secret {}",
            source.merchant, settings.public_url, source.url_path, "", source.secret
        ));
    }
    lines.push(format!(
        "\nNone of this can be shown again. Exports go to `meshline sandbox` on {}.\n",
        settings.sandbox_addr
    ));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_long_and_never_the_same() {
        let ids = SystemIds::default();
        let one = password(&ids);
        assert_eq!(one.len(), 19);
        assert_ne!(one, password(&ids));
        assert!(
            one.chars()
                .all(|sign| sign.is_ascii_alphanumeric() || sign == '-')
        );
    }
}
