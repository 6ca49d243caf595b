//! What every answer carries, and what never stands in an address.

use std::{collections::BTreeSet, fs, path::Path};

use reqwest::{Method, StatusCode, header};

use crate::support::{database::Engine, installation::Installation};

const FORM: &str = "application/x-www-form-urlencoded";

fn typed(fields: &[(&str, &str)]) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields);
    form.finish()
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_https_every_kind_of_answer_is_dressed_for_it() {
    let mut meshline = Installation::prepare(Engine::Sqlite).await;
    meshline.set("MESHLINE_PUBLIC_URL", "https://meshline.example");
    meshline.serve().await;
    let token = meshline.shop().0.api_token.clone();
    let source = meshline.shop().1.url_path.clone();
    let icon = "/favicon.svg";
    for (method, path, expected) in [
        (Method::GET, "/login", 200),
        (Method::GET, "/", 303),
        (Method::GET, "/nowhere", 404),
        (Method::GET, "/api/v1/orders", 200),
        (Method::GET, "/api/v1/nowhere", 404),
        (Method::POST, "/api/v1/exports", 415),
        (Method::DELETE, "/api/v1/orders", 405),
        (Method::GET, "/api/openapi.json", 200),
        (Method::GET, "/m/alder-pine/orders.csv", 401),
        (Method::GET, icon, 200),
        (Method::GET, "/healthz", 200),
        (Method::GET, "/readyz", 200),
    ] {
        let answer = meshline
            .http
            .request(method.clone(), meshline.url(path))
            .bearer_auth(&token)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status().as_u16(), expected, "{method} {path}");
        let headers = answer.headers();
        let has = |name: &str| {
            headers
                .get(name)
                .unwrap_or_else(|| panic!("{method} {path} has no {name}"))
                .to_str()
                .unwrap()
                .to_owned()
        };
        assert_eq!(
            has("strict-transport-security"),
            "max-age=31536000; includeSubDomains"
        );
        assert_eq!(has("x-content-type-options"), "nosniff");
        let policy = has("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
        assert!(
            !policy.contains("unsafe-inline") && !policy.contains(" *"),
            "{policy}"
        );
        assert!(["same-origin", "no-referrer"].contains(&has("referrer-policy").as_str()));
        assert_eq!(has("cross-origin-opener-policy"), "same-origin");
        has("cache-control");
    }
    let refused = meshline
        .http
        .post(meshline.url(&source))
        .body("{}")
        .send()
        .await
        .unwrap();
    assert_eq!(refused.headers()["x-content-type-options"], "nosniff");

    // a session's cookie is for this host, over https, and out of scripts' reach
    let user = meshline.user_with("admin");
    let answer = meshline
        .http
        .post(meshline.url("/ui/login"))
        .header(header::ORIGIN, "https://meshline.example")
        .header(header::CONTENT_TYPE, FORM)
        .body(typed(&[
            ("email", &user.email),
            ("password", &user.password),
        ]))
        .send()
        .await
        .unwrap();
    let cookies: Vec<&str> = answer
        .headers()
        .get_all(header::SET_COOKIE)
        .iter()
        .map(|one| one.to_str().unwrap())
        .collect();
    assert!(!cookies.is_empty());
    for cookie in cookies {
        assert!(cookie.starts_with("__Host-"), "{cookie}");
        for part in ["Secure", "HttpOnly", "Path=/", "SameSite="] {
            assert!(cookie.contains(part), "{cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
    meshline.end().await;
}

/// The endpoints of all forms, out of the pages' sources.
fn forms() -> BTreeSet<String> {
    fn walk(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            for part in text.split("#[server(").skip(1) {
                let Some((attributes, _)) = part.split_once(")]") else {
                    continue;
                };
                if let Some((_, rest)) = attributes.split_once("endpoint = \"") {
                    let (name, _) = rest.split_once('"').unwrap();
                    found.insert(format!("/ui/{name}"));
                }
            }
        }
    }
    let mut found = BTreeSet::new();
    walk(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("../app/src"),
        &mut found,
    );
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_travels_in_bodies_only() {
    let meshline = Installation::start(Engine::Sqlite).await;
    let forms = forms();
    assert!(
        forms.len() > 20 && forms.contains("/ui/destination/create"),
        "{forms:?}"
    );
    for form in &forms {
        let url = meshline.url(&format!(
            "{form}?merchant=alder-pine&secret=CANARY&password=CANARY"
        ));
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            let answer = meshline
                .http
                .request(method.clone(), &url)
                .send()
                .await
                .unwrap();
            let status = answer.status();
            assert!(
                status == StatusCode::METHOD_NOT_ALLOWED || status == StatusCode::NOT_FOUND,
                "{method} {form}: {status}"
            );
        }
        // nor does an answer put it there
        let answer = meshline
            .http
            .post(meshline.url(form))
            .header(header::ORIGIN, meshline.url(""))
            .header(header::CONTENT_TYPE, FORM)
            .body(typed(&[
                ("merchant", "alder-pine"),
                ("secret", "CANARY"),
                ("password", "CANARY"),
            ]))
            .send()
            .await
            .unwrap();
        let location = answer.headers().get(header::LOCATION);
        let location = location
            .map(|to| to.to_str().unwrap().to_owned())
            .unwrap_or_default();
        assert!(!location.contains("CANARY"), "{form} leads to {location}");
    }
    assert!(
        !meshline.said("serve").contains("CANARY"),
        "it stands in the log"
    );
    meshline.end().await;
}
