//! People who sign in, one after the other on each connection, as a browser without JavaScript does.
//!
//! Some have the right password and are always at the same address, where the server knows them after the first time. The
//! others are strangers who guess: each time at an account that nobody had, from an address that nobody had, so that
//! nothing slows them down but the work itself. Addresses are what the proxy in front would say.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use tokio::task::JoinSet;

use crate::{
    clock,
    failure::{Failure, Result, Trying},
    http::{self, Connection},
    installation::{Demo, Login},
    load::Window,
    samples::Samples,
};

/// What they got.
#[derive(Debug, Default)]
pub struct Answers {
    /// Of what was answered within the window.
    pub right: Samples,
    pub refused: Samples,
    pub broken: usize,
}

impl Answers {
    fn merge(&mut self, mut other: Self) {
        self.right.append(&mut other.right);
        self.refused.append(&mut other.refused);
        self.broken += other.broken;
    }
}

/// How many of each.
#[derive(Clone, Copy, Debug, Default)]
pub struct Crowd {
    pub known: usize,
    pub strangers: usize,
}

/// They go on until the server is gone.
pub struct People(JoinSet<Answers>);

impl People {
    pub async fn start(
        address: SocketAddr,
        demo: &Demo,
        crowd: Crowd,
        window: Window,
    ) -> Result<Self> {
        let demo = Arc::new(demo.clone());
        let next = Arc::new(AtomicU32::new(0));
        let mut tasks = JoinSet::new();
        for person in 0..crowd.known + crowd.strangers {
            let connection = Connection::open(address)
                .await
                .trying("connect to the server")?;
            let (demo, next) = (Arc::clone(&demo), Arc::clone(&next));
            let is_known = person < crowd.known;
            let request = move || match is_known {
                true => sign_in(
                    address,
                    &demo.login.email,
                    &demo.login.password,
                    "192.0.2.1",
                ),
                false => {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    let [_, a, b, c] = n.to_be_bytes();
                    let email = format!("nobody{n}@example.com");
                    sign_in(address, &email, "a guess", &format!("10.{a}.{b}.{c}"))
                }
            };
            tasks.spawn(go_on(connection, request, window));
        }
        Ok(Self(tasks))
    }

    pub async fn answers(mut self) -> Result<Answers> {
        let mut all = Answers::default();
        while let Some(answers) = self.0.join_next().await {
            all.merge(answers.trying("run a person")?);
        }
        Ok(all)
    }
}

async fn go_on(
    mut connection: Connection,
    request: impl Fn() -> String + Send + 'static,
    window: Window,
) -> Answers {
    let mut answers = Answers::default();
    loop {
        let request = request();
        let sent = clock::now();
        let Ok((status, head)) = connection.exchange_heads(request.as_bytes()).await else {
            if clock::now() < window.closes {
                answers.broken += 1;
            }
            return answers;
        };
        let answered = clock::now();
        // who is let in is led to their queue, and who is not, back to the form
        let is_in = status == 303 && head.contains("\r\nlocation: /\r\n");
        if answered >= window.opens && answered < window.closes {
            let waits = match is_in {
                true => &mut answers.right,
                false => &mut answers.refused,
            };
            waits.add((answered - sent).as_micros());
        }
    }
}

/// The form of the sign-in page.
pub fn sign_in(address: SocketAddr, email: &str, password: &str, from: &str) -> String {
    let form = format!(
        "email={}&password={}&next=%2F&back=%2Flogin",
        in_form(email),
        in_form(password)
    );
    format!(
        "POST /ui/login HTTP/1.1\r\nhost: {address}\r\norigin: http://{address}\r\nsec-fetch-site: same-origin\r\n\
         x-forwarded-for: {from}\r\naccept: text/html\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         content-length: {}\r\n\r\n{form}",
        form.len()
    )
}

/// Signs in as a browser without JavaScript does; returns the header line of the session.
pub async fn session(address: SocketAddr, login: &Login) -> Result<String> {
    let form = sign_in(address, &login.email, &login.password, "127.0.0.1");
    let answer = http::request(address, &form).await?;
    let cookies: Vec<&str> = answer
        .headers("set-cookie")
        .filter_map(|cookie| cookie.split(';').next())
        .collect();
    if !(300..400).contains(&answer.status) || cookies.is_empty() {
        return Err(Failure::new(format!(
            "signing in was answered with {}",
            answer.status
        )));
    }
    Ok(format!("cookie: {}\r\n", cookies.join("; ")))
}

fn in_form(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_encoded() {
        assert_eq!(in_form("ada+b@x.example"), "ada%2Bb%40x.example");
    }
}
