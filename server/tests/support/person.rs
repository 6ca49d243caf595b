//! Somebody of the demo at a browser, as far as HTTP sees it: a cookie, and forms.

use reqwest::{Method, StatusCode, header};
use serde_json::Value;

use super::installation::{Installation, User};

pub struct Person<'a> {
    meshline: &'a Installation,
    cookie: String,
}

impl<'a> Person<'a> {
    /// Signs in with the form, as a browser without JavaScript does.
    pub async fn sign_in(meshline: &'a Installation, user: &User) -> Person<'a> {
        let fields = [("email", &*user.email), ("password", &*user.password)];
        let person = Self {
            meshline,
            cookie: String::new(),
        };
        let answer = person.post("/ui/login", &fields).await;
        let cookies = answer.headers().get_all(header::SET_COOKIE).iter();
        let pairs: Vec<&str> = cookies
            .filter_map(|cookie| cookie.to_str().ok()?.split(';').next())
            .collect();
        assert!(
            !pairs.is_empty(),
            "{} was not signed in: {answer:?}",
            user.email
        );
        Self {
            meshline,
            cookie: pairs.join("; "),
        }
    }

    /// What the browser would send along.
    pub fn cookie(&self) -> &str {
        &self.cookie
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> reqwest::Response {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        let answer = self
            .meshline
            .http
            .post(self.meshline.url(path))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::COOKIE, &self.cookie)
            .header(header::ORIGIN, self.meshline.url(""))
            .header(header::ACCEPT, "text/html")
            .body(form.finish())
            .send()
            .await
            .unwrap();
        assert!(
            answer.status().is_redirection(),
            "{path} answered {answer:?}"
        );
        answer
    }

    pub async fn page(&self, path: &str) -> (StatusCode, String) {
        let request = self.meshline.http.get(self.meshline.url(path));
        let answer = request
            .header(header::COOKIE, &self.cookie)
            .send()
            .await
            .unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    /// The JSON API by session, for the shop's merchant.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> (StatusCode, Value) {
        let request = self
            .meshline
            .http
            .request(method, self.meshline.url(&format!("/api/v1{path}")))
            .header(header::COOKIE, &self.cookie)
            .header("meshline-merchant", &self.meshline.shop().0.slug);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        (
            status,
            serde_json::from_str(&text).unwrap_or(Value::String(text)),
        )
    }
}
