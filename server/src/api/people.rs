//! People: who works at the merchant, and what they answer for.

use std::sync::Arc;

use axum::{Json, extract::State};
use domain::{access::Access, owner::Party};
use engine::{Engine, port::ListFilter};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    Answer,
    caller::Caller,
    input::{Params, text, word},
    page::{Page, Part},
    views::PersonView,
};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PeopleQuery {
    /// Only this party.
    #[param(example = "agency")]
    party: Option<String>,
    /// Only this access.
    #[param(example = "approver")]
    access: Option<String>,
    /// Part of a name, an address or a role.
    q: Option<String>,
}

/// List the people who work at the merchant, by name
///
/// An owner `user:<id>` is the one of them with this id; an owner `party:role` is everybody active of
/// that party who has the role.
#[utoipa::path(
    get, path = "/people", tag = "people", params(PeopleQuery, Part),
    responses((status = 200, description = "Everybody.", body = Page<PersonView>)),
)]
pub async fn list_people(
    State(engine): State<Arc<Engine>>,
    Caller(ctx): Caller,
    Params(query): Params<PeopleQuery>,
    Params(part): Params<Part>,
) -> Answer<Page<PersonView>> {
    let filter = ListFilter {
        state: word("party", query.party, &Party::ALL.map(Party::as_str))?,
        kind: word("access", query.access, &Access::ALL.map(Access::as_str))?,
        query: text("q", query.q)?,
        ..ListFilter::default()
    };
    let team = engine.team(&ctx).await?;
    let people = team.people.iter().filter(|one| one.fits(&filter));
    part.of(people.map(Into::into).collect()).map(Json)
}
