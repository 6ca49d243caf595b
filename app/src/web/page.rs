//! The runner of every page: let in, load, render, frame; or answer what stands in the way.

use std::{future::Future, sync::Arc};

use domain::{Time, access::Noun, people::Merchant, sight::Sight};
use engine::{Ctx, Engine, Queue, Result, Rules};
use leptos::prelude::*;
use uuid::Uuid;

use super::{
    answer::refused,
    asked::Asked,
    flash::{Flash, Typed},
    frame::{closed, framed, nav},
    held::Held as HeldForm,
    person::{MERCHANT_KEY, Person, engine, lost, session, signed_in},
};
use crate::ui::Crumb;

/// What every signed-in page has.
#[derive(Debug)]
pub struct Desk {
    engine: Held,
    pub person: Person,
    /// Everything that waits on this person, over all merchants.
    pub queue: Queue,
    pub asked: Asked,
    /// The time of this request; the only one a page knows.
    pub now: Time,
    flash: Option<Flash>,
    /// Where they were last, for the sidebar of pages across merchants.
    last_place: Option<Merchant>,
}

struct Held(Arc<Engine>);

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Engine")
    }
}

impl Desk {
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine.0
    }

    /// What the form of this name shows, if it was just refused.
    pub fn form(&self, name: &str) -> Typed {
        Typed::of(self.flash.as_ref(), name)
    }
}

/// A page of one merchant: the desk, and the merchant that was entered.
#[derive(Debug)]
pub struct Visit {
    pub desk: Desk,
    pub ctx: Ctx,
    pub rules: Arc<Rules>,
}

impl Visit {
    pub fn engine(&self) -> &Arc<Engine> {
        self.desk.engine()
    }

    pub fn now(&self) -> Time {
        self.desk.now
    }

    pub fn slug(&self) -> &str {
        &self.ctx.merchant().slug
    }

    /// Entries of the sidebar that this person does not see here.
    pub fn closed(&self) -> Vec<&'static str> {
        closed(&self.desk.person, Some(self.ctx.merchant()))
    }

    /// A path under this merchant: `at.path("exports")`, `at.path(&format!("orders/{id}"))`.
    pub fn path(&self, rest: &str) -> String {
        format!("/m/{}/{rest}", self.slug())
    }

    /// How far this person sees here.
    pub fn sight(&self) -> Sight {
        self.ctx.sight(&self.rules)
    }

    /// The path of a noun's page, for those who find something there.
    pub fn path_to(&self, noun: Noun, rest: &str) -> Option<String> {
        self.ctx.reads(noun).then(|| self.path(rest))
    }

    /// The `:id` of the path.
    pub fn id(&self, noun: &str) -> Result<Uuid> {
        self.desk.asked.id(noun)
    }

    /// A field of the query, trimmed; none when empty.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.desk.asked.query(name)
    }

    /// What the form of this name shows, if it was just refused.
    pub fn form(&self, name: &str) -> Typed {
        self.desk.form(name)
    }

    /// `merchant`, `back` (this page) and `more`, as hidden fields for `PostButton`.
    pub fn fields(&self, more: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
        let own = [
            ("merchant", self.slug()),
            ("back", self.desk.asked.back.as_str()),
        ];
        own.iter()
            .chain(more)
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect()
    }

    /// The same inside a form written by hand.
    pub fn hidden(&self, more: &[(&'static str, &str)]) -> impl IntoView + use<> {
        self.fields(more)
            .into_iter()
            .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
            .collect_view()
    }
}

/// What `render` returns.
pub struct Page {
    /// Of the document; the same words as the headline.
    pub title: String,
    pub crumbs: Vec<Crumb>,
    pub body: AnyView,
}

impl Page {
    pub fn new(
        title: impl Into<String>,
        crumbs: Vec<Crumb>,
        body: impl IntoView + 'static,
    ) -> Self {
        Self {
            title: title.into(),
            crumbs,
            body: body.into_any(),
        }
    }
}

async fn desk(asked: Asked) -> Result<Desk> {
    let engine = engine()?;
    let person = signed_in(&engine).await?;
    let session = session()?;
    let now = engine.now();
    let queue = engine.queue(&person.user, &person.places, None).await?;
    let flash = if asked.navigates {
        match Flash::take(&session).await? {
            Some(flash) => Some(flash),
            None => HeldForm::take(&session, &asked.back).await?,
        }
    } else {
        None
    };
    let slug: Option<String> = session.get(MERCHANT_KEY).await.map_err(lost)?;
    let last_place = person
        .places
        .iter()
        .map(|(merchant, _)| merchant)
        .find(|merchant| Some(&merchant.slug) == slug.as_ref())
        .or_else(|| person.places.first().map(|(merchant, _)| merchant))
        .cloned();
    Ok(Desk {
        engine: Held(engine),
        person,
        queue,
        asked,
        now,
        flash,
        last_place,
    })
}

async fn visit(desk: Desk) -> Result<Visit, (Box<Desk>, engine::Error)> {
    let slug = desk.asked.param("merchant").unwrap_or_default().to_owned();
    let entered = async {
        let ctx = desk
            .engine()
            .enter(desk.person.user.id, &slug, None)
            .await?
            .proved(desk.person.proved_at);
        let rules = desk.engine().rules_of(ctx.merchant_id()).await?;
        if desk
            .last_place
            .as_ref()
            .is_none_or(|last| last.slug != slug)
        {
            session()?.insert(MERCHANT_KEY, &slug).await.map_err(lost)?;
        }
        Ok((ctx, rules))
    }
    .await;
    match entered {
        Ok((ctx, rules)) => Ok(Visit { desk, ctx, rules }),
        Err(error) => Err((Box::new(desk), error)),
    }
}

fn refused_at(desk: &Desk, error: &engine::Error) -> AnyView {
    let nav = nav(
        &desk.person,
        "",
        desk.last_place.as_ref(),
        &desk.queue,
        desk.now,
    );
    refused(Some((&desk.person, nav)), &desk.asked.uri, error)
}

/// A page under `/m/:merchant/`. `active` is the sidebar's entry, a path under the merchant.
pub fn page<M, F>(
    active: &'static str,
    load: impl FnOnce(Arc<Visit>) -> F + Send + 'static,
    render: impl FnOnce(M, &Visit) -> Page + Send + 'static,
) -> impl IntoView
where
    M: Send + 'static,
    F: Future<Output = Result<M>> + Send + 'static,
{
    let asked = Asked::here();
    Suspend::new(async move {
        let uri = asked.uri.clone();
        let desk = match desk(asked).await {
            Ok(desk) => desk,
            Err(error) => return refused(None, &uri, &error),
        };
        let visit = match visit(desk).await {
            Ok(visit) => Arc::new(visit),
            Err((desk, error)) => return refused_at(&desk, &error),
        };
        match load(Arc::clone(&visit)).await {
            Ok(model) => {
                let page = render(model, &visit);
                let desk = &visit.desk;
                let nav = nav(
                    &desk.person,
                    active,
                    Some(visit.ctx.merchant()),
                    &desk.queue,
                    desk.now,
                );
                framed(nav, desk.now, false, desk.flash.as_ref(), page)
            }
            Err(error) => refused_at(&visit.desk, &error),
        }
    })
}

/// A page across all of the person's merchants.
pub fn home<M, F>(
    active: &'static str,
    load: impl FnOnce(Arc<Desk>) -> F + Send + 'static,
    render: impl FnOnce(M, &Desk) -> Page + Send + 'static,
) -> impl IntoView
where
    M: Send + 'static,
    F: Future<Output = Result<M>> + Send + 'static,
{
    let asked = Asked::here();
    Suspend::new(async move {
        let uri = asked.uri.clone();
        let desk = match desk(asked).await {
            Ok(desk) => Arc::new(desk),
            Err(error) => return refused(None, &uri, &error),
        };
        match load(Arc::clone(&desk)).await {
            Ok(model) => {
                let page = render(model, &desk);
                let nav = nav(
                    &desk.person,
                    active,
                    desk.last_place.as_ref(),
                    &desk.queue,
                    desk.now,
                );
                framed(nav, desk.now, true, desk.flash.as_ref(), page)
            }
            Err(error) => refused_at(&desk, &error),
        }
    })
}

/// A page for somebody who is not signed in; `render` gets what the last form left.
pub fn bare<F>(render: impl FnOnce(Asked, Option<Flash>) -> F + Send + 'static) -> impl IntoView
where
    F: Future<Output = Result<AnyView>> + Send + 'static,
{
    let asked = Asked::here();
    Suspend::new(async move {
        let uri = asked.uri.clone();
        let made = async {
            let flash = if asked.navigates {
                Flash::take(&session()?).await?
            } else {
                None
            };
            render(asked, flash).await
        }
        .await;
        made.unwrap_or_else(|error| refused(None, &uri, &error))
    })
}
