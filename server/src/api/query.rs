//! What a call may say in its query: what the document lists for it, and each thing once.
//!
//! A parameter that nobody reads would be a filter that is not applied: whoever asks for somebody's entries
//! would be given everybody's, and not told so.

use std::{collections::HashMap, sync::LazyLock};

use axum::{
    extract::{MatchedPath, Request},
    middleware::Next,
    response::Response,
};
use http::Method;
use url::form_urlencoded;
use utoipa::openapi::{
    PathItem, RefOr,
    path::{Operation, ParameterIn},
};

use super::{caller::MERCHANT_PARAMETER, document};
use crate::problem::{Place, Problem};

/// The longest name that is repeated to whoever sent it.
const MAX_NAME_CHARS: usize = 100;

/// By method and route.
static KNOWN: LazyLock<HashMap<(Method, String), Vec<String>>> = LazyLock::new(|| {
    let mut known = HashMap::new();
    for (route, item) in document::document().paths.paths {
        for (method, operation) in operations(&item) {
            known.insert((method, route.clone()), names(operation));
        }
    }
    known
});

fn operations(item: &PathItem) -> impl Iterator<Item = (Method, &Operation)> {
    [
        (Method::GET, &item.get),
        (Method::PUT, &item.put),
        (Method::POST, &item.post),
        (Method::PATCH, &item.patch),
        (Method::DELETE, &item.delete),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
}

fn names(operation: &Operation) -> Vec<String> {
    let parameters = operation.parameters.iter().flatten();
    let own = parameters.filter_map(|parameter| match parameter {
        RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Query => {
            Some(parameter.name.clone())
        }
        _ => None,
    });
    own.chain([MERCHANT_PARAMETER.to_owned()]).collect()
}

/// Around every route but the acknowledgement: whoever acknowledges is a program of somebody else's, and what we
/// do not know of its words is ignored.
pub async fn only_known(request: Request, next: Next) -> Result<Response, Problem> {
    if let Some(query) = request.uri().query() {
        let method = match *request.method() {
            Method::HEAD => Method::GET,
            ref method => method.clone(),
        };
        let route = request.extensions().get::<MatchedPath>();
        let route = route.map_or("", MatchedPath::as_str).to_owned();
        let known = KNOWN.get(&(method, route));
        check(query, known.map_or(&[], Vec::as_slice))?;
    }
    Ok(next.run(request).await)
}

fn check(query: &str, known: &[String]) -> Result<(), Problem> {
    let mut said = Vec::new();
    for (name, _) in form_urlencoded::parse(query.as_bytes()) {
        if !known.iter().any(|one| *one == name) {
            let name: String = name.chars().take(MAX_NAME_CHARS).collect();
            let sentence = format!(
                "“{name}” is no parameter of this call. It takes: {}.",
                known.join(", ")
            );
            return Err(Problem::at(Place::Parameter(name.into()), sentence));
        }
        if said.contains(&name) {
            let place = Place::Parameter(name.into_owned().into());
            return Err(Problem::at(place, "Give it once."));
        }
        said.push(name);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unknown_is_named_with_what_there_is() {
        let known = ["actor", "merchant"].map(str::to_owned);
        let told = |query: &str| check(query, &known).unwrap_err();
        let at = |name: &'static str, sentence: &str| {
            Problem::at(Place::Parameter(name.into()), sentence)
        };
        for query in ["", "&", "actor=", "actor=x&merchant=y", "%61ctor=x"] {
            assert_eq!(check(query, &known), Ok(()), "{query}");
        }
        assert_eq!(
            told("actor=x&person=elena"),
            at(
                "person",
                "“person” is no parameter of this call. It takes: actor, merchant."
            )
        );
        assert_eq!(told("actor=x&actor=x"), at("actor", "Give it once."));
        assert!(check("Actor=x", &known).is_err());
        assert!(check("=x", &known).is_err());
        let long = "x".repeat(5_000);
        let Err(problem) = check(&long, &known) else {
            panic!("it is no parameter");
        };
        assert!(format!("{problem:?}").len() < 1_000);
    }

    #[test]
    fn every_route_has_its_names() {
        let of = |method: Method, route: &str| KNOWN[&(method, route.to_owned())].clone();
        assert_eq!(
            of(Method::GET, "/api/v1/cover"),
            ["at", "cursor", "limit", "merchant"]
        );
        assert_eq!(
            of(Method::GET, "/api/v1/flows/{id}/export"),
            ["of", "merchant"]
        );
        assert_eq!(of(Method::POST, "/api/v1/exports"), ["merchant"]);
        assert!(of(Method::GET, "/api/v1/audit").contains(&"actor".to_owned()));
    }
}
