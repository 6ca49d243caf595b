//! The API against a whole engine: real store, scripted destination, a clock moved by hand. Every
//! answer any of these tests gets is held against the OpenAPI document: its status must be documented
//! for the operation, and its body must fit the documented schema.

mod acts;
mod bodies;
mod retention;
mod spine;
mod surface;

use std::sync::{
    Arc, LazyLock,
    atomic::{AtomicU32, Ordering},
};

use async_trait::async_trait;
use axum::{Router, body::Body};
use connectors::standard_webhooks::{self as webhooks, Secret};
use domain::access::Access;
use http::{
    HeaderMap, HeaderValue, Method, Request, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use serde_json::{Value, json};
use testkit::World;
use tower::ServiceExt;
use tower_sessions::{
    Session, SessionStore,
    session::{Id, Record},
    session_store,
};
use uuid::Uuid;

use super::document;
use crate::problem;

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::to_value(document::document()).unwrap());

/// Who calls.
#[derive(Clone)]
pub enum As<'a> {
    Nobody,
    Token(&'a str),
    /// A person of the world's team, at its merchant.
    Person(&'a str),
}

pub struct Api {
    pub world: World,
    pub router: Router,
    /// Of the world's merchant.
    pub admin: String,
    pub viewer: String,
    /// An administrator of another merchant.
    pub stranger: String,
}

pub struct Said {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
    pub json: Value,
}

/// Sessions of these tests live in their requests.
#[derive(Debug)]
struct NoStore;

#[async_trait]
impl SessionStore for NoStore {
    async fn save(&self, _: &Record) -> session_store::Result<()> {
        Ok(())
    }
    async fn load(&self, _: &Id) -> session_store::Result<Option<Record>> {
        Ok(None)
    }
    async fn delete(&self, _: &Id) -> session_store::Result<()> {
        Ok(())
    }
}

static NEXT: AtomicU32 = AtomicU32::new(0);

impl Api {
    pub async fn new() -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder =
            std::env::temp_dir().join(format!("meshline_api_{}_{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let url = format!("sqlite://{}/world.db", folder.display());
        let store = store::SqlStore::open_and_migrate(&url, store::Options::default())
            .await
            .unwrap();
        let world = World::new(store, Arc::new(connectors::shopify::Shopify))
            .await
            .unwrap();
        let engine = &world.engine;
        let operator = engine.create_operator("Southgate").await.unwrap();
        let other = engine
            .create_merchant(&operator, "other", "Other")
            .await
            .unwrap();
        let token = async |merchant, access| {
            engine
                .create_token(merchant, "test", access, None)
                .await
                .unwrap()
                .1
        };
        Self {
            admin: token(world.merchant.id, Access::Admin).await,
            viewer: token(world.merchant.id, Access::Viewer).await,
            stranger: token(other.id, Access::Admin).await,
            router: super::router(Arc::clone(engine)),
            world,
        }
    }

    pub async fn get(&self, who: As<'_>, path: &str) -> Said {
        self.call(who, Self::request(Method::GET, path)).await
    }

    pub async fn post(&self, who: As<'_>, path: &str, body: Value) -> Said {
        self.call(who, Self::json(path, &body)).await
    }

    pub async fn post_with_key(&self, who: As<'_>, path: &str, key: &str, body: Value) -> Said {
        let mut request = Self::json(path, &body);
        request
            .headers_mut()
            .insert("idempotency-key", HeaderValue::try_from(key).unwrap());
        self.call(who, request).await
    }

    pub fn request(method: Method, path: &str) -> Request<Body> {
        let uri = format!("/api/v1/{path}");
        Request::builder()
            .method(method)
            .uri(uri)
            .body(Body::empty())
            .unwrap()
    }

    pub fn json(path: &str, body: &Value) -> Request<Body> {
        Self::bytes(path, "application/json", body.to_string().into_bytes())
    }

    pub fn bytes(path: &str, media_type: &'static str, body: Vec<u8>) -> Request<Body> {
        let mut request = Self::request(Method::POST, path);
        request
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        *request.body_mut() = Body::from(body);
        request
    }

    /// As a destination signs its callback.
    pub fn signed(&self, path: &str, secret: &str, body: &Value) -> Request<Body> {
        let secret = Secret::parse(secret).unwrap();
        let text = body.to_string();
        let seconds = self.world.engine.now().as_ms() / 1000;
        let signature = webhooks::sign(&secret, "msg-1", seconds, text.as_bytes());
        let mut request = Self::json(path, body);
        let headers = request.headers_mut();
        headers.insert(webhooks::ID, HeaderValue::from_static("msg-1"));
        headers.insert(webhooks::TIMESTAMP, HeaderValue::from(seconds));
        headers.insert(
            webhooks::SIGNATURE,
            HeaderValue::try_from(signature).unwrap(),
        );
        request
    }

    pub async fn call(&self, who: As<'_>, mut request: Request<Body>) -> Said {
        match who {
            As::Nobody => {}
            As::Token(token) => {
                let bearer = HeaderValue::try_from(format!("Bearer {token}")).unwrap();
                request.headers_mut().insert(AUTHORIZATION, bearer);
            }
            As::Person(name) => {
                let session = Session::new(None, Arc::new(NoStore), None);
                session
                    .insert("user_id", self.world.person(name).user.id)
                    .await
                    .unwrap();
                // signed in this very moment
                session
                    .insert("proved_at", self.world.engine.now())
                    .await
                    .unwrap();
                request.extensions_mut().insert(session);
                let slug = HeaderValue::try_from(&self.world.merchant.slug).unwrap();
                request
                    .headers_mut()
                    .entry("meshline-merchant")
                    .or_insert(slug);
            }
        }
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX)
            .await
            .unwrap()
            .to_vec();
        let json = serde_json::from_slice(&bytes).unwrap_or_default();
        let said = Said {
            status: parts.status,
            headers: parts.headers,
            bytes,
            json,
        };
        said.is_documented(&method, &path);
        said
    }
}

impl Said {
    pub fn media_type(&self) -> &str {
        self.headers
            .get(CONTENT_TYPE)
            .map_or("", |value| value.to_str().unwrap())
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(
            self.status.as_u16(),
            status,
            "{}",
            String::from_utf8_lossy(&self.bytes)
        );
        self.json
    }

    /// A problem with this status, and where it says that something is wrong.
    #[track_caller]
    pub fn problem(self, status: u16) -> Vec<String> {
        assert_eq!(self.media_type(), problem::MEDIA_TYPE);
        let body = self.expect(status);
        assert_eq!(body["status"], status);
        let places = ["pointer", "parameter", "header"];
        let faults = body["errors"].as_array().cloned().unwrap_or_default();
        faults
            .iter()
            .map(|fault| {
                places
                    .iter()
                    .find_map(|place| fault[place].as_str())
                    .unwrap()
                    .to_owned()
            })
            .collect()
    }

    fn is_documented(&self, method: &Method, path: &str) {
        let Some(operation) = operation(method, path) else {
            assert_eq!(self.media_type(), problem::MEDIA_TYPE, "{method} {path}");
            return;
        };
        let status = self.status.as_str();
        let mut answer = &operation["responses"][status];
        if let Some(at) = answer["$ref"].as_str() {
            answer = DOCUMENT.pointer(&at[1..]).unwrap();
        }
        let media = &answer["content"][self.media_type()];
        assert!(
            media.is_object(),
            "{method} {path} does not document {status} {}",
            self.media_type()
        );
        if matches!(self.media_type(), "application/json" | problem::MEDIA_TYPE) {
            fits(&media["schema"], &self.json);
        }
    }
}

/// Whether the value fits a schema of the document.
#[track_caller]
pub fn fits(schema: &Value, value: &Value) {
    let whole = json!({ "allOf": [schema], "components": DOCUMENT["components"] });
    let validator = jsonschema::draft202012::new(&whole).unwrap();
    let faults: Vec<String> = validator
        .iter_errors(value)
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{faults:#?}\n{value:#}");
}

/// What the document says about a route.
fn operation(method: &Method, path: &str) -> Option<&'static Value> {
    let fits = |template: &str| {
        let (wanted, given): (Vec<&str>, Vec<&str>) =
            (template.split('/').collect(), path.split('/').collect());
        wanted.len() == given.len()
            && wanted
                .iter()
                .zip(given)
                .all(|(wanted, given)| wanted.starts_with('{') || *wanted == given)
    };
    let paths = DOCUMENT["paths"].as_object().unwrap();
    // a route with fewer parameters comes first, as in the router
    let mut found: Vec<_> = paths
        .iter()
        .filter(|(template, _)| fits(template))
        .collect();
    found.sort_by_key(|(template, _)| template.matches('{').count());
    let (_, item) = found.first()?;
    item.get(method.as_str().to_lowercase())
}

/// Every documented (method, path), with its parameters filled in.
pub fn operations() -> Vec<(Method, String)> {
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let filled = |path: &str| {
        path.replace("{id}", &Uuid::from_u128(404).to_string())
            .replace("{version}", "1.0")
    };
    paths
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().keys();
            methods.map(move |method| (method.to_uppercase().parse().unwrap(), filled(path)))
        })
        .collect()
}

pub fn tail(path: &str) -> &str {
    path.strip_prefix("/api/v1/").unwrap()
}
