//! `GET /m/{merchant}/{list}.csv`: a list as it is filtered on its page, for a spreadsheet.
//!
//! RFC 4180 with a header row. A cell that a spreadsheet would take for a formula is led by an
//! apostrophe: what customers write ends up here.

use std::sync::Arc;

use axum::{
    Router,
    extract::{FromRequestParts, Path, Query, State},
    response::{IntoResponse, Response},
    routing::get,
};
use domain::Time;
use engine::{
    Ctx, Engine, Error, Kind, Result,
    port::{Due, ListFilter, since_named},
};
use http::{HeaderValue, header};
use serde::Deserialize;
use tower_sessions::Session;
use uuid::Uuid;

use super::{Site, sessions};
use crate::problem::Problem;

/// More than this is not for a spreadsheet; the API pages through all of it.
const MOST: usize = 10_000;
const PAGE: i64 = 500;

pub fn router(site: &Arc<Site>) -> Router {
    Router::new()
        .route("/m/{merchant}/orders.csv", get(orders))
        .route("/m/{merchant}/receipts.csv", get(receipts))
        .route("/m/{merchant}/exports.csv", get(exports))
        .route("/m/{merchant}/tasks.csv", get(tasks))
        .route("/m/{merchant}/people.csv", get(people))
        .with_state(Arc::clone(site))
}

/// The filters of the list's page.
#[derive(Default, Deserialize)]
pub(super) struct Asked {
    q: Option<String>,
    state: Option<String>,
    kind: Option<String>,
    due: Option<String>,
    since: Option<String>,
    holder: Option<String>,
}

/// One row: its cells, and its place in the list.
type Line = (Vec<String>, (Time, Uuid));

/// Who asks for which rows of which merchant.
#[derive(FromRequestParts)]
#[from_request(state(Arc<Site>))]
struct Call {
    site: State<Arc<Site>>,
    merchant: Path<String>,
    asked: Query<Asked>,
    session: Session,
}

fn optional(time: Option<Time>) -> String {
    time.map(|at| at.to_string()).unwrap_or_default()
}

async fn orders(call: Call) -> Response {
    let head = [
        "order",
        "order_id",
        "customer",
        "state",
        "total_minor",
        "currency",
        "units_to_ship",
        "placed_at",
        "changed_at",
    ];
    let page = async |engine: &Engine, ctx: &Ctx, filter: ListFilter| -> Result<Vec<Line>> {
        let rows = engine.orders(ctx, &filter).await?;
        Ok(rows
            .into_iter()
            .map(|row| {
                let order = &row.order;
                let units: u32 = order.ship_lines().iter().map(|line| line.quantity).sum();
                let cells = vec![
                    order.name.clone(),
                    row.id.to_string(),
                    order.customer.name.clone().unwrap_or_default(),
                    order.state().as_str().to_owned(),
                    order.totals.current_total.minor.to_string(),
                    order.currency.code().to_owned(),
                    units.to_string(),
                    optional(order.placed_at),
                    row.updated_at.to_string(),
                ];
                (cells, (row.updated_at, row.id))
            })
            .collect())
    };
    call.answer("orders", &head, page).await
}

async fn receipts(call: Call) -> Response {
    let head = [
        "receipt_id",
        "topic",
        "status",
        "order_ref",
        "received_at",
        "bytes",
        "repeats",
        "body_sha256",
    ];
    let page = async |engine: &Engine, ctx: &Ctx, filter: ListFilter| -> Result<Vec<Line>> {
        let rows = engine.receipts(ctx, &filter).await?;
        Ok(rows
            .into_iter()
            .map(|row| {
                let cells = vec![
                    row.id.to_string(),
                    row.topic,
                    row.status.to_string(),
                    row.order_ref.unwrap_or_default(),
                    row.received_at.to_string(),
                    row.body_bytes.to_string(),
                    row.repeats.to_string(),
                    row.body_sha256,
                ];
                (cells, (row.received_at, row.id))
            })
            .collect())
    };
    call.answer("receipts", &head, page).await
}

async fn exports(call: Call) -> Response {
    let head = [
        "export_id",
        "title",
        "export_type",
        "version",
        "contract_version",
        "state",
        "owner",
        "idempotency_key",
        "created_at",
        "accept_by",
        "resolve_by",
        "external_ref",
    ];
    let page = async |engine: &Engine, ctx: &Ctx, filter: ListFilter| -> Result<Vec<Line>> {
        let rows = engine.exports(ctx, &filter).await?;
        Ok(rows
            .into_iter()
            .map(|row| {
                let cells = vec![
                    row.id.to_string(),
                    row.title,
                    row.export_type,
                    row.version.to_string(),
                    row.contract_version,
                    row.state.to_string(),
                    row.owner.to_string(),
                    row.idempotency_key,
                    row.created_at.to_string(),
                    row.accept_by.to_string(),
                    row.resolve_by.to_string(),
                    row.ack.external_ref.unwrap_or_default(),
                ];
                (cells, (row.created_at, row.id))
            })
            .collect())
    };
    call.answer("exports", &head, page).await
}

async fn tasks(call: Call) -> Response {
    let head = [
        "task_id",
        "title",
        "code",
        "severity",
        "state",
        "owner",
        "created_at",
        "accept_by",
        "resolve_by",
        "resolved_at",
        "resolution",
    ];
    let page = async |engine: &Engine, ctx: &Ctx, mut filter: ListFilter| -> Result<Vec<Line>> {
        // as on the page: what is live, unless something else is asked for
        filter.state = match filter.state.as_deref() {
            None => Some("live".to_owned()),
            Some("all") => None,
            Some(state) => Some(state.to_owned()),
        };
        let rows = engine.tasks(ctx, &filter).await?;
        Ok(rows
            .into_iter()
            .map(|row| {
                let cells = vec![
                    row.id.to_string(),
                    row.title,
                    row.code,
                    row.severity.as_str().to_owned(),
                    row.state.to_string(),
                    row.owner.to_string(),
                    row.created_at.to_string(),
                    row.accept_by.to_string(),
                    row.resolve_by.to_string(),
                    optional(row.resolved_at),
                    row.resolution.unwrap_or_default(),
                ];
                (cells, (row.created_at, row.id))
            })
            .collect())
    };
    call.answer("tasks", &head, page).await
}

async fn people(call: Call) -> Response {
    let head = [
        "person_id",
        "name",
        "email",
        "access",
        "party",
        "functional_roles",
        "active",
        "open",
    ];
    let page = async |engine: &Engine, ctx: &Ctx, filter: ListFilter| -> Result<Vec<Line>> {
        // a team is one page, whatever its size
        if filter.before.is_some() {
            return Ok(Vec::new());
        }
        let team = engine.team(ctx).await?;
        Ok(team
            .people
            .into_iter()
            .filter(|one| one.fits(&filter))
            .map(|one| {
                let place = one.membership;
                let cells = vec![
                    one.user.id.to_string(),
                    one.user.name,
                    one.user.email,
                    place.access.as_str().to_owned(),
                    place.party.as_str().to_owned(),
                    place.functional_roles.join(" "),
                    one.user.active.to_string(),
                    one.open.to_string(),
                ];
                (cells, (Time::default(), one.user.id))
            })
            .collect())
    };
    call.answer("people", &head, page).await
}

impl Asked {
    pub(super) fn filter(&self, ctx: &Ctx) -> ListFilter {
        let full = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        ListFilter {
            query: full(&self.q),
            state: full(&self.state),
            kind: full(&self.kind),
            due: full(&self.due).map(|word| Due::named(&word, ctx.now())),
            since: full(&self.since).map(|word| since_named(&word, ctx.now())),
            holder: full(&self.holder),
            limit: PAGE,
            ..ListFilter::default()
        }
    }
}

/// The signed-in person, at this merchant.
pub(super) async fn enter(engine: &Engine, session: &Session, slug: &str) -> Result<Ctx> {
    let user: Option<Uuid> = session
        .get(sessions::USER_ID)
        .await
        .map_err(Error::internal)?;
    let user = user.ok_or_else(|| Error::new(Kind::Unauthenticated, "Sign in first."))?;
    engine.enter(user, slug, None).await
}

/// The answer: a file of this name, or why there is none.
pub(super) fn file(name: &str, head: &[&str], lines: Result<Vec<Vec<String>>>) -> Response {
    let written = lines.and_then(|lines| {
        let mut writer = writer(head)?;
        for cells in lines {
            write(&mut writer, &cells)?;
        }
        writer.into_inner().map_err(Error::internal)
    });
    match written {
        Ok(bytes) => {
            let mut response = bytes.into_response();
            let headers = response.headers_mut();
            let kind = HeaderValue::from_static("text/csv; charset=utf-8; header=present");
            headers.insert(header::CONTENT_TYPE, kind);
            let file = format!("attachment; filename=\"{name}.csv\"");
            if let Ok(value) = HeaderValue::from_str(&file) {
                headers.insert(header::CONTENT_DISPOSITION, value);
            }
            response
        }
        Err(error) => Problem::from(error).into_response(),
    }
}

type Writer = csv::Writer<Vec<u8>>;

fn writer(head: &[&str]) -> Result<Writer> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    writer.write_record(head).map_err(Error::internal)?;
    Ok(writer)
}

fn write(writer: &mut Writer, cells: &[String]) -> Result<()> {
    let cells = cells.iter().map(|cell| harmless(cell));
    writer.write_record(cells).map_err(Error::internal)
}

impl Call {
    async fn answer(
        self,
        name: &str,
        head: &[&str],
        page: impl AsyncFn(&Engine, &Ctx, ListFilter) -> Result<Vec<Line>>,
    ) -> Response {
        let lines = self.lines(page).await;
        file(name, head, lines)
    }

    async fn lines(
        &self,
        page: impl AsyncFn(&Engine, &Ctx, ListFilter) -> Result<Vec<Line>>,
    ) -> Result<Vec<Vec<String>>> {
        let ctx = enter(&self.site.engine, &self.session, &self.merchant).await?;
        let mut filter = self.asked.filter(&ctx);
        let mut all = Vec::new();
        loop {
            let lines = page(&self.site.engine, &ctx, filter.clone()).await?;
            let more = i64::try_from(lines.len()).is_ok_and(|len| len == PAGE);
            for (cells, place) in lines {
                filter.before = Some(place);
                all.push(cells);
            }
            if !more || all.len() >= MOST {
                return Ok(all);
            }
        }
    }
}

/// What a spreadsheet must not run.
fn harmless(cell: &str) -> String {
    match cell.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠') => {
            format!("'{cell}")
        }
        _ => cell.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn a_formula_becomes_text() {
        assert_eq!(
            harmless("=HYPERLINK(\"http://x\")"),
            "'=HYPERLINK(\"http://x\")"
        );
        assert_eq!(harmless("@sum"), "'@sum");
        assert_eq!(harmless("#1001"), "#1001");
    }
}
