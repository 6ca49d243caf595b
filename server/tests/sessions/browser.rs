//! A browser with a jar for its cookies, and a phone that makes codes: an HMAC of its own, as RFC 6238
//! describes it.

use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Response, StatusCode, header};
use sha1::Sha1;
use std::collections::BTreeMap;

use crate::support::{
    clock,
    installation::{Installation, User},
};

pub struct Browser {
    http: reqwest::Client,
    base: String,
    pub cookies: BTreeMap<String, String>,
    /// What the proxy in front says of where it is.
    pub address: Option<String>,
}

impl Browser {
    pub fn new(meshline: &Installation) -> Self {
        Self::at(meshline, &meshline.url(""))
    }

    pub fn at(meshline: &Installation, base: &str) -> Self {
        Self {
            http: meshline.http.clone(),
            base: base.trim_end_matches('/').to_owned(),
            cookies: BTreeMap::new(),
            address: None,
        }
    }

    pub async fn signed_in(meshline: &Installation, user: &User) -> Self {
        let mut browser = Self::new(meshline);
        let to = browser.sign_in(user, "/").await;
        assert_eq!(to, "/", "{} was not signed in", user.email);
        browser
    }

    fn dressed(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        let jar: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = request
            .header(header::COOKIE, jar.join("; "))
            .header(header::ORIGIN, &self.base)
            .header(header::ACCEPT, "text/html");
        match &self.address {
            Some(address) => request.header("x-forwarded-for", address),
            None => request,
        }
    }

    fn keep(&mut self, answer: &Response) {
        for set in answer.headers().get_all(header::SET_COOKIE) {
            let set = set.to_str().unwrap();
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            if set.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    pub async fn get(&mut self, path: &str) -> Response {
        let request = self.http.get(format!("{}{path}", self.base));
        let answer = self.dressed(request).send().await.unwrap();
        self.keep(&answer);
        answer
    }

    /// The page, which has to be one.
    pub async fn page(&mut self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}: {answer:?}");
        answer.text().await.unwrap()
    }

    /// Posts a form, and says where that leads.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> String {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        let request = self
            .http
            .post(format!("{}{path}", self.base))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.finish());
        let answer = self.dressed(request).send().await.unwrap();
        self.keep(&answer);
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{path}: {answer:?}");
        answer.headers()[header::LOCATION]
            .to_str()
            .unwrap()
            .to_owned()
    }

    /// Posts a body of another kind.
    #[allow(dead_code, reason = "of those who share this, some bring files")]
    pub async fn send(&mut self, path: &str, kind: &str, body: String) -> Response {
        let request = self
            .http
            .post(format!("{}{path}", self.base))
            .header(header::CONTENT_TYPE, kind)
            .body(body);
        let answer = self.dressed(request).send().await.unwrap();
        self.keep(&answer);
        answer
    }

    pub async fn sign_in(&mut self, user: &User, next: &str) -> String {
        let fields = [
            ("email", &*user.email),
            ("password", &*user.password),
            ("next", next),
            ("back", "/login"),
        ];
        self.post("/ui/login", &fields).await
    }

    pub fn session(&self) -> &str {
        self.cookies
            .get("meshline_session")
            .map_or("", String::as_str)
    }

    /// Where this browser is sent when it asks for its queue: nowhere if it is signed in.
    pub async fn is_signed_in(&mut self) -> bool {
        self.get("/").await.status() == StatusCode::OK
    }

    /// Sets up a second factor, as a person does; returns the phone and the recovery codes.
    pub async fn enrols(&mut self) -> (Phone, Vec<String>) {
        let to = self
            .post("/ui/second-factor/begin", &[("back", "/second-factor")])
            .await;
        let page = self.page(&to).await;
        let phone = Phone::scan(&page);
        let fields = [("code", &*phone.code(0)), ("back", &to), ("next", "/")];
        let to = self.post("/ui/second-factor/confirm", &fields).await;
        assert!(to.starts_with("/account/recovery-codes"), "{to}");
        let page = self.page(&to).await;
        let codes: Vec<String> = page
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
            .filter(|word| word.len() == 29 && word.matches('-').count() == 5)
            .map(str::to_owned)
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect();
        assert_eq!(codes.len(), 10, "{page}");
        let again = self.page(&to).await;
        assert!(!again.contains(&codes[0]), "they are shown once");
        (phone, codes)
    }
}

pub struct Phone {
    seed: Vec<u8>,
}

impl Phone {
    /// Reads the link on the page that shows the picture.
    pub fn scan(page: &str) -> Self {
        let (_, uri) = page.split_once("otpauth://totp/").unwrap();
        let (_, secret) = uri.split_once("secret=").unwrap();
        let secret: String = secret
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect();
        let mut bits = 0_u64;
        let mut held = 0;
        let mut seed = Vec::new();
        for letter in secret.bytes() {
            let value = match letter {
                b'A'..=b'Z' => letter - b'A',
                other => other - b'2' + 26,
            };
            bits = (bits << 5 | u64::from(value)) & 0xffff_ffff;
            held += 5;
            if held >= 8 {
                held -= 8;
                seed.push((bits >> held & 0xff) as u8);
            }
        }
        assert_eq!(seed.len(), 20, "{secret}");
        Self { seed }
    }

    /// The code of so many steps from now.
    pub fn code(&self, steps_ahead: i64) -> String {
        let counter = u64::try_from(clock::now_ms() / 30_000 + steps_ahead).unwrap();
        let mut mac = Hmac::<Sha1>::new_from_slice(&self.seed).unwrap();
        mac.update(&counter.to_be_bytes());
        let hash = mac.finalize().into_bytes();
        let from = usize::from(hash[19] & 15);
        let number = u32::from_be_bytes(hash[from..from + 4].try_into().unwrap()) & 0x7fff_ffff;
        format!("{:06}", number % 1_000_000)
    }
}
