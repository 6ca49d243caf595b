//! The parts of a person's account page about signing in: the second factor, and where they are signed in.

use domain::Time;
use engine::{Engine, OpenSession, Result, SecondFactor};
use leptos::prelude::*;

use super::agent::in_words;
use crate::{
    ui::{Card, CardFoot, Kind as Loud, Kv, KvRow, PostButton, StateBadge, Tone, When},
    web::oneself,
};

/// What the account page shows of it.
#[derive(Clone, Debug)]
pub struct Safety {
    factor: Option<SecondFactor>,
    is_required: bool,
    sessions: Vec<OpenSession>,
}

impl Safety {
    pub async fn load(engine: &Engine) -> Result<Self> {
        let me = oneself(engine).await?;
        Ok(Self {
            factor: engine.second_factor(me.user.id).await?,
            is_required: engine.second_factor_required(me.user.id).await?,
            sessions: engine.sessions_of(&me).await?,
        })
    }

    /// The cards, for a page whose path is `back`.
    pub fn cards(&self, now: Time, back: &str) -> impl IntoView + use<> {
        let factor = match self.factor {
            Some(factor) => on(factor, self.is_required, now, back).into_any(),
            None => off(back).into_any(),
        };
        let sessions = sessions(&self.sessions, now, back);
        view! { {factor}{sessions} }
    }
}

fn off(back: &str) -> impl IntoView + use<> {
    let fields = vec![("back", back.to_owned()), ("next", back.to_owned())];
    view! {
        <Card title="Second factor" id="second-factor">
            <div class="card-body">
                <p class="mb-2"><StateBadge tone=Tone::Idle word="Off"/></p>
                <p class="mb-4 text-ink-2">
                    "Your password alone signs you in. With a second factor, whoever learns it still lacks the code that your phone makes."
                </p>
                <PostButton action="/ui/second-factor/begin" label="Set it up" fields/>
            </div>
        </Card>
    }
}

fn on(factor: SecondFactor, is_required: bool, now: Time, back: &str) -> impl IntoView + use<> {
    let fields = vec![("back", back.to_owned())];
    let left = factor.unused_recovery_codes;
    let codes = match left {
        0 => "None left: make new ones, or a lost phone locks you out.".to_owned(),
        1 => "One of ten left".to_owned(),
        n => format!("{n} of ten left"),
    };
    let turn_off = if is_required {
        view! { <p class="text-ink-2">"Your operator asks everybody for one, so it stays on."</p> }
            .into_any()
    } else {
        let fields = fields.clone();
        view! { <PostButton action="/ui/second-factor/off" label="Turn it off" kind=Loud::Danger fields/> }.into_any()
    };
    view! {
        <Card title="Second factor" id="second-factor">
            <Kv>
                <KvRow label="State"><StateBadge tone=Tone::Done word="On"/></KvRow>
                <KvRow label="Since"><When at=factor.since now/></KvRow>
                <KvRow label="Recovery codes">{codes}</KvRow>
            </Kv>
            <CardFoot>
                <div class="acts">
                    <PostButton action="/ui/second-factor/codes" label="Make new recovery codes" fields/>
                    {turn_off}
                </div>
            </CardFoot>
        </Card>
    }
}

fn sessions(all: &[OpenSession], now: Time, back: &str) -> impl IntoView + use<> {
    let rows = all
        .iter()
        .map(|session| row(session, now, back))
        .collect_view();
    let others = all.len().saturating_sub(1);
    let end_others = (others > 0).then(|| {
        let fields = vec![("back", back.to_owned())];
        view! {
            <CardFoot>
                <PostButton action="/ui/session/revoke-others" label="Sign out everywhere else" fields/>
            </CardFoot>
        }
    });
    let aside =
        view! { {match all.len() { 1 => "1 session".to_owned(), n => format!("{n} sessions") }} }
            .into_any();
    view! {
        <Card title="Where you are signed in" aside id="sessions">
            {rows}
            {end_others}
        </Card>
    }
}

fn row(session: &OpenSession, now: Time, back: &str) -> impl IntoView + use<> {
    let what = in_words(&session.agent);
    let from = if session.address.is_empty() {
        "address not known".to_owned()
    } else {
        session.address.clone()
    };
    let fields = vec![
        ("back", back.to_owned()),
        ("session_key", session.key.clone()),
    ];
    let end = if session.is_this {
        view! { <StateBadge tone=Tone::Done word="This one"/> }.into_any()
    } else {
        let says = format!("Sign out {what} at {from}");
        view! { <PostButton action="/ui/session/revoke" label="Sign out" fields describe=says/> }
            .into_any()
    };
    let (created, seen) = (session.created_at, session.last_seen_at);
    view! {
        <div class="row">
            <div class="what">
                {what}
                <small>{from} " · signed in " <When at=created now/> " · last seen " <When at=seen now/></small>
            </div>
            <div class="aside">{end}</div>
        </div>
    }
}
