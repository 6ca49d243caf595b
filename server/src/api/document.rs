//! The OpenAPI document: what the handlers say about themselves, and what holds for all of them.
//!
//! Which problems a route can answer follows from what stands around it, not from its handler, so it
//! is written once, here: every route has a door, every act a key and a body limit.

use std::sync::LazyLock;

use utoipa::{
    OpenApi, ToSchema,
    openapi::{
        self, Array, Components, Content, HttpMethod, Object, PathItem, Paths, Ref, RefOr,
        Required, Response, ResponseBuilder, Schema, Type,
        header::HeaderBuilder,
        path::{Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn},
        request_body::RequestBodyBuilder,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use super::{PREFIX, acknowledgement, acts, caller, once, reads, views::ExportMessage};
use crate::problem::{self, ProblemBody};

pub static TEXT: LazyLock<String> =
    LazyLock::new(|| document().to_pretty_json().unwrap_or_default());

const ABOUT: &str = "\
Meshline is the layer between the systems that fulfil orders and the people who answer for them: \
every event gets a receipt, and every receipt ends in an outcome, or in a task with one owner and a \
deadline.

**Who calls.** A program bears an API token (`Authorization: Bearer mlk_…`), which belongs to one \
merchant and finds no other. A person is signed in and names the merchant with `Meshline-Merchant: slug` or \
`?merchant=slug`. Whatever belongs to another merchant is not found.

**Values.** Times are RFC 3339 UTC with milliseconds, money is whole minor units with an ISO 4217 \
code, durations end in `_ms`, ids are UUIDs. What would not be kept as it was written is refused: a whole number of \
more than 64 bits (beyond 9007199254740992 in what people agree to), and a name that stands twice in one object.

**Lists** are pages, `{\"items\": […], \"next\": \"…\" | null}`; give `next` as `cursor` to go on. A parameter \
that a call does not have is refused, as is one that is given twice.

**Acts** take an `Idempotency-Key`: the same key with the same request gets the first answer again, \
with `Idempotency-Replayed: true`; with another request 422; while the first one runs 409. A key is its \
caller's own, for 48 hours. 401, 403, 429 and failures of ours are not kept: the same call may be tried again.

**Errors** are RFC 9457 problem details. Every answer carries `Meshline-Trace-Id`, and continues the \
trace of a `traceparent` that came with the request.";

#[derive(OpenApi)]
#[openapi(
    info(title = "Meshline API", license(name = "Apache-2.0", identifier = "Apache-2.0")),
    servers((url = "/", description = "This server")),
    components(schemas(ProblemBody, ExportMessage)),
    tags(
        (name = "receipts", description = "Evidence that something arrived, and what became of it."),
        (name = "orders", description = "The one operational object, folded from everything said about it."),
        (name = "exports", description = "Commands under a contract: checked, approved, delivered, acknowledged."),
        (name = "approvals", description = "Decisions that people are asked for."),
        (name = "runs", description = "Flows under way: where they stand, and what they did."),
        (name = "tasks", description = "What somebody has to do, by when."),
        (name = "briefs", description = "What a campaign is, in one place: written, approved, live, taken back."),
        (name = "skus", description = "What is known of the goods: stock, price, number on the pack."),
        (name = "tokens", description = "Which API tokens there are, and what they may do."),
        (name = "flows", description = "From a trigger through steps to an outcome."),
        (name = "contracts", description = "What exports must look like, and who answers for them."),
        (name = "connections", description = "Where events come in and exports go out."),
        (name = "people", description = "Who works at the merchant, and what they answer for."),
        (name = "reports", description = "What is configured and what happened, reckoned up."),
        (name = "retention", description = "How long content is kept, and what a legal hold keeps longer."),
        (name = "audit", description = "Who did what, as a hash chain."),
    ),
    security(("token" = []), ("session" = [])),
)]
struct Frame;

/// Every problem the API answers: status, name of the response, when.
const PROBLEMS: [(&str, &str, &str); 12] = [
    ("400", "Unreadable", "The body is not JSON, or broke off."),
    (
        "401",
        "Unauthenticated",
        "No valid token, session or signature.",
    ),
    (
        "403",
        "Forbidden",
        "The caller's access does not include it, or it needs a person. Of type `/problems/step-up-required` when it \
         would be allowed to a person who confirms at `/confirm` that it is them, within ten minutes of the call.",
    ),
    (
        "404",
        "NotFound",
        "There is no such thing at this merchant.",
    ),
    (
        "408",
        "TooSlow",
        "The body did not arrive in time; send it again.",
    ),
    (
        "409",
        "Conflict",
        "It stands otherwise, or the first call with this key still runs.",
    ),
    ("413", "TooLarge", "The body is larger than 256 KiB."),
    (
        "415",
        "UnsupportedMediaType",
        "The body is not sent as JSON.",
    ),
    (
        "422",
        "Invalid",
        "A field, parameter or header does not fit; `errors` says which.",
    ),
    ("429", "TooMany", "Come back after `Retry-After`."),
    (
        "500",
        "Internal",
        "Something broke on our side; quote `incident_id`.",
    ),
    (
        "503",
        "Unavailable",
        "Not now; come back after `Retry-After`.",
    ),
];

const OF_ALL: [&str; 7] = ["401", "403", "404", "422", "429", "500", "503"];
const OF_ACTS: [&str; 4] = ["400", "408", "409", "413"];
const OF_BODIES: [&str; 1] = ["415"];

pub fn document() -> openapi::OpenApi {
    let mut document = Frame::openapi();
    document.info.description = Some(ABOUT.to_owned());
    for (router, is_act) in [(reads(), false), (acts(), true), (acknowledgement(), true)] {
        let mut part = router.into_openapi();
        for path in part.paths.paths.values_mut() {
            for operation in operations(path) {
                complete(operation, is_act);
            }
        }
        let prefixed = part
            .paths
            .paths
            .into_iter()
            .map(|(path, item)| (format!("{PREFIX}{path}"), item));
        part.paths.paths = prefixed.collect();
        document.merge(part);
    }
    let components = document.components.get_or_insert_with(Components::new);
    for (status, name, when) in PROBLEMS {
        components
            .responses
            .insert(name.to_owned(), RefOr::T(answer(status, when)));
    }
    for (name, parameter) in [
        ("Merchant", merchant()),
        ("MerchantInQuery", merchant_in_query()),
        ("IdempotencyKey", key()),
    ] {
        components
            .parameters
            .insert(name.to_owned(), RefOr::T(parameter));
    }
    for (name, scheme) in schemes() {
        components
            .security_schemes
            .insert(name.to_owned(), RefOr::T(scheme));
    }
    let mut schemas = Vec::new();
    ExportMessage::schemas(&mut schemas);
    ProblemBody::schemas(&mut schemas);
    components.schemas.extend(schemas);
    name_items(components);
    document.webhooks = Some(webhooks());
    document
}

/// A page of receipts refers to the receipt instead of describing it once more.
fn name_items(components: &mut Components) {
    for (name, schema) in &mut components.schemas {
        if let (Some(item), RefOr::T(Schema::Object(page))) = (name.strip_prefix("Page_"), schema) {
            let items = Array::new(Ref::from_schema_name(item));
            page.properties
                .insert("items".to_owned(), RefOr::T(Schema::Array(items)));
        }
    }
}

fn operations(path: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut path.get,
        &mut path.put,
        &mut path.post,
        &mut path.patch,
        &mut path.delete,
    ]
    .into_iter()
    .flatten()
}

/// What the surroundings of a route add to it.
fn complete(operation: &mut Operation, is_act: bool) {
    let has_body = operation.request_body.is_some();
    let statuses = OF_ALL
        .into_iter()
        .chain(OF_ACTS.into_iter().filter(|_| is_act))
        .chain(OF_BODIES.into_iter().filter(|_| has_body));
    for (status, name, _) in
        statuses.filter_map(|status| PROBLEMS.iter().find(|one| one.0 == status))
    {
        let response = RefOr::Ref(Ref::from_response_name(*name));
        operation
            .responses
            .responses
            .insert((*status).to_owned(), response);
    }
    let parameters = operation.parameters.get_or_insert_default();
    let shared = ["Merchant", "MerchantInQuery", "IdempotencyKey"]
        .into_iter()
        .take(if is_act { 3 } else { 2 });
    parameters
        .extend(shared.map(|name| RefOr::Ref(Ref::new(format!("#/components/parameters/{name}")))));
}

fn answer(status: &str, when: &str) -> Response {
    let body = Content::new(Some(Ref::from_schema_name(ProblemBody::name())));
    let header = |type_: Type, text: &str| {
        HeaderBuilder::new()
            .schema(Some(Object::with_type(type_)))
            .description(Some(text))
            .build()
    };
    let response = ResponseBuilder::new()
        .description(when)
        .content(problem::MEDIA_TYPE, body);
    match status {
        "401" => response.header("WWW-Authenticate", header(Type::String, "`Bearer`")),
        "429" | "503" => response.header("Retry-After", header(Type::Integer, "Seconds.")),
        _ => response,
    }
    .build()
}

fn header(name: &str, about: &str) -> ParameterBuilder {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(about))
}

fn merchant() -> Parameter {
    let about = "Slug of the merchant a signed-in person means. A token needs none: it belongs to one, and finds no other.";
    let slug = Object::with_type(Type::String);
    header(caller::MERCHANT, about)
        .schema(Some(slug))
        .example(Some("alder-pine".into()))
        .build()
}

fn merchant_in_query() -> Parameter {
    let slug = Object::with_type(Type::String);
    ParameterBuilder::new()
        .name(caller::MERCHANT_PARAMETER)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some("The same, for whoever cannot send a header."))
        .schema(Some(slug))
        .build()
}

fn key() -> Parameter {
    let about = "Makes the call safe to repeat: the first answer comes again.";
    let text = openapi::ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(engine::MAX_KEY_BYTES));
    header(once::KEY, about).schema(Some(text)).build()
}

fn schemes() -> [(&'static str, SecurityScheme); 5] {
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("mlk_…")
        .description(Some("An API token of one merchant."))
        .build();
    let described = |name: &str, about: &str| ApiKeyValue::with_description(name, about);
    let signed =
        |name: &str, about: &str| SecurityScheme::ApiKey(ApiKey::Header(described(name, about)));
    let cookie = "The browser session, from signing in. Behind HTTPS the cookie is called `__Host-meshline`.";
    [
        ("token", SecurityScheme::Http(bearer)),
        (
            "session",
            SecurityScheme::ApiKey(ApiKey::Cookie(described("meshline_session", cookie))),
        ),
        (
            "webhook_id",
            signed("webhook-id", "Standard Webhooks: the message's id."),
        ),
        (
            "webhook_timestamp",
            signed(
                "webhook-timestamp",
                "Standard Webhooks: when it was sent, in seconds.",
            ),
        ),
        (
            "webhook_signature",
            signed(
                "webhook-signature",
                "Standard Webhooks: `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`, with the \
                 secret that destination and merchant share.",
            ),
        ),
    ]
}

/// What we send: one message to a destination for every export, the same bytes at every attempt.
fn webhooks() -> Paths {
    let about = "An export, delivered to the destination of its contract. Signed per Standard Webhooks; \
                 `webhook-id` and the body are the same over all attempts, so `data.idempotency_key` is \
                 executed once. `data.payload` is what the schema at `dataschema` describes. Answer 2xx \
                 with a body to acknowledge at once, or with none to say only that it arrived and \
                 acknowledge later at `callbackurl`. A 4xx with an `exception_code` is a business \
                 rejection: it opens a task and is not repeated. 410 ends the deliveries; 408, 429 and \
                 5xx are repeated on the contract's schedule, not before `Retry-After`.";
    let signature = ["webhook-id", "webhook-timestamp", "webhook-signature"].map(|name| {
        let text = Object::with_type(Type::String);
        header(name, "Standard Webhooks.")
            .required(Required::True)
            .schema(Some(text))
            .build()
    });
    let message = Content::new(Some(Ref::from_schema_name(ExportMessage::name())));
    let body = RequestBodyBuilder::new()
        .content("application/cloudevents+json", message)
        .required(Some(Required::True))
        .build();
    let said = |text: &str| {
        let ack = Content::new(Some(Ref::from_schema_name("Acknowledge")));
        ResponseBuilder::new()
            .description(text)
            .content("application/json", ack)
            .build()
    };
    let operation = OperationBuilder::new()
        .operation_id(Some("deliver_export"))
        .summary(Some("An export reaches its destination"))
        .description(Some(about))
        .tag("exports")
        .parameters(Some(signature))
        .request_body(Some(body))
        .response("200", said("Taken, and what became of it."))
        .response(
            "204",
            ResponseBuilder::new().description("Arrived; the acknowledgement follows."),
        )
        .response("422", said("Rejected, with an `exception_code`."))
        .build();
    let mut paths = Paths::new();
    paths.paths.insert(
        "export".to_owned(),
        PathItem::new(HttpMethod::Post, operation),
    );
    paths
}
