//! The HTTP channel out: one POST to a destination, and what it said, as facts.
//!
//! An export's stored bytes go out unchanged, signed per Standard Webhooks. Nothing here judges or
//! repeats: the [`Answer`] goes to `domain::delivery::judge`, and the engine schedules.
//!
//! The other side is a stranger. So: every URL passes the [`guard`](crate::guard), no redirects (a
//! redirect could carry a signed order to a host nobody configured), no cookies, no proxy picked up from
//! the environment, a limit on connecting, on the whole attempt and on how much of an answer is read.
//! Error texts leave out the URL, which may hold somebody's capability.

use std::{error::Error, io, sync::Arc, time::Duration};

use bytes::Bytes;
use domain::{
    Time,
    delivery::{Answer, NotCalled, parse_retry_after},
};
use http::{HeaderMap, header};
use reqwest::{Client, RequestBuilder, Response, redirect::Policy};
use tokio::time::Instant;
use url::Url;

use crate::{
    guard::{Guard, Judging, Lookup, Refusal, SystemLookup},
    standard_webhooks::{self as webhooks, Secret},
};

pub const CONTENT_TYPE: &str = "application/cloudevents+json";
/// How much of an answer's body is read and kept.
pub const BODY_LIMIT_BYTES: usize = 64 * 1024;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TOTAL_TIMEOUT: Duration = Duration::from_secs(15);
const HEADERS_KEPT: [header::HeaderName; 6] = [
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
    header::RETRY_AFTER,
    header::LOCATION,
    header::SERVER,
    header::DATE,
];
const HEADER_LIMIT_CHARS: usize = 500;

/// One attempt to be made.
#[derive(Clone, Debug)]
pub struct DeliveryRequest {
    pub url: String,
    /// The same over all attempts.
    pub webhook_id: String,
    /// Every secret in use, the newest first; each adds a signature.
    pub secrets: Vec<Secret>,
    pub body: Bytes,
    pub traceparent: Option<String>,
    pub now: Time,
    /// Said in a header: nothing of it counts.
    pub is_trial: bool,
}

/// The header of what is sent as a trial.
pub const TRIAL: &str = "meshline-test";

#[derive(Debug, thiserror::Error)]
#[error("the HTTP client cannot be set up: {0}")]
pub struct SetupError(#[source] reqwest::Error);

/// A pool of connections to destinations. Cheap to clone.
#[derive(Clone, Debug)]
pub struct HttpChannel {
    guard: Guard,
    /// Connects only to what the guard lets pass.
    client: Client,
    /// For names that the installation excepts.
    trusting: Client,
    total_timeout: Duration,
}

impl HttpChannel {
    /// Needs a process-wide rustls crypto provider: the composition root installs ring's.
    pub fn new(guard: Guard) -> Result<Self, SetupError> {
        Self::with_lookup(guard, Arc::new(SystemLookup))
    }

    /// The same, with names looked up elsewhere.
    pub fn with_lookup(guard: Guard, lookup: Arc<dyn Lookup>) -> Result<Self, SetupError> {
        let client = |judge: Option<Guard>| {
            let resolver = Judging {
                lookup: Arc::clone(&lookup),
                guard: judge,
            };
            Client::builder()
                .redirect(Policy::none())
                .no_proxy()
                .dns_resolver(Arc::new(resolver))
                .connect_timeout(CONNECT_TIMEOUT)
                .user_agent(concat!("Meshline/", env!("CARGO_PKG_VERSION")))
                .build()
                .map_err(SetupError)
        };
        Ok(Self {
            client: client(Some(guard.clone()))?,
            trusting: client(None)?,
            guard,
            total_timeout: TOTAL_TIMEOUT,
        })
    }

    pub fn guard(&self) -> &Guard {
        &self.guard
    }

    /// Makes one attempt. Never fails: not getting through is an answer too.
    pub async fn deliver(&self, request: DeliveryRequest) -> Answer {
        let now = request.now;
        let begun = Instant::now();
        let admitted = match self.guard.admit(&request.url) {
            Ok(admitted) => admitted,
            Err(refusal) => return not_called(&refusal),
        };
        let client = if admitted.is_trusted {
            &self.trusting
        } else {
            &self.client
        };
        let mut answer = Answer::default();
        let post = prepare(client, admitted.url, request);
        let exchange = exchange(post, now, &mut answer);
        if tokio::time::timeout(self.total_timeout, exchange)
            .await
            .is_err()
        {
            let limit = self.total_timeout.as_secs_f32();
            answer.error = Some(match answer.status {
                None => format!("no answer within {limit} s"),
                Some(_) => format!("the answer was not complete within {limit} s"),
            });
        }
        answer.duration_ms = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
        answer
    }
}

impl HttpChannel {
    /// One call of an API with a token, by the same rules as a delivery.
    pub(crate) async fn call(&self, url: &str, token: &str, body: Bytes) -> Answer {
        let admitted = match self.guard.admit(url) {
            Ok(admitted) => admitted,
            Err(refusal) => return not_called(&refusal),
        };
        let client = if admitted.is_trusted {
            &self.trusting
        } else {
            &self.client
        };
        let mut answer = Answer::default();
        let post = client
            .post(admitted.url)
            .bearer_auth(token)
            .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
            .header(header::ACCEPT, "application/json")
            .body(body);
        let exchange = exchange(post, Time::from_ms(0), &mut answer);
        if tokio::time::timeout(self.total_timeout, exchange)
            .await
            .is_err()
        {
            let limit = self.total_timeout.as_secs_f32();
            answer.error = Some(format!("no answer within {limit} s"));
            answer.status = None;
        }
        answer
    }
}

fn prepare(client: &Client, url: Url, request: DeliveryRequest) -> RequestBuilder {
    let DeliveryRequest {
        webhook_id,
        secrets,
        body,
        traceparent,
        now,
        is_trial,
        ..
    } = request;
    let timestamp_s = now.as_ms().div_euclid(1000);
    let signature = webhooks::sign_all(&secrets, &webhook_id, timestamp_s, &body);
    let post = client
        .post(url)
        .header(header::CONTENT_TYPE, CONTENT_TYPE)
        .header(header::ACCEPT, "application/json")
        .header(webhooks::ID, webhook_id)
        .header(webhooks::TIMESTAMP, timestamp_s)
        .header(webhooks::SIGNATURE, signature)
        .body(body);
    let post = match is_trial {
        true => post.header(TRIAL, "true"),
        false => post,
    };
    match traceparent {
        Some(traceparent) => post.header("traceparent", traceparent),
        None => post,
    }
}

fn not_called(refusal: &Refusal) -> Answer {
    Answer {
        not_called: Some(NotCalled::ForbiddenAddress),
        error: Some(refusal.to_string()),
        ..Answer::default()
    }
}

/// Fills in the answer as it comes, so that a timeout keeps what was already said.
async fn exchange(post: RequestBuilder, now: Time, answer: &mut Answer) {
    let response = match post.send().await {
        Ok(response) => response,
        Err(error) => {
            *answer = match refused(&error) {
                Some(refusal) => not_called(refusal),
                None => Answer {
                    error: Some(plain_words(&error)),
                    ..Answer::default()
                },
            };
            return;
        }
    };
    answer.status = Some(response.status().as_u16());
    answer.headers_kept = kept(response.headers());
    answer.retry_after_ms = response
        .headers()
        .get(header::RETRY_AFTER)
        .and_then(|value| parse_retry_after(value.to_str().ok()?, now));
    if let Err(error) = read_body(response, answer).await {
        answer.error = Some(plain_words(&error));
    }
}

async fn read_body(mut response: Response, answer: &mut Answer) -> Result<(), reqwest::Error> {
    while let Some(chunk) = response.chunk().await? {
        let room = BODY_LIMIT_BYTES - answer.body.len();
        answer
            .body
            .extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() > room {
            answer.truncated = true;
            break;
        }
    }
    Ok(())
}

fn kept(headers: &HeaderMap) -> Vec<(String, String)> {
    let one = |name: &header::HeaderName| {
        let value = String::from_utf8_lossy(headers.get(name)?.as_bytes()).into_owned();
        Some((
            name.as_str().to_owned(),
            value.chars().take(HEADER_LIMIT_CHARS).collect(),
        ))
    };
    HEADERS_KEPT.iter().filter_map(one).collect()
}

/// What the guard said when the connection asked where the name leads.
fn refused(error: &reqwest::Error) -> Option<&Refusal> {
    let first: &(dyn Error + 'static) = error;
    std::iter::successors(Some(first), |&cause| cause.source()).find_map(|e| e.downcast_ref())
}

/// What went wrong, for somebody who reads it beside an order. The libraries' own texts are for
/// programmers and may quote the URL.
fn plain_words(error: &reqwest::Error) -> String {
    let first: &(dyn Error + 'static) = error;
    let causes = || std::iter::successors(Some(first), |&cause| cause.source());
    if let Some(tls) = causes().find_map(tls_error) {
        return format!("no secure connection: {tls}");
    }
    if error.is_builder() {
        return "the request could not be built: check the destination's URL".to_owned();
    }
    if error.is_timeout() {
        return format!("no connection within {} s", CONNECT_TIMEOUT.as_secs());
    }
    if causes().any(|e| e.to_string().contains("dns error")) {
        return "the host name could not be resolved".to_owned();
    }
    let kind = causes()
        .find_map(|e| e.downcast_ref::<io::Error>())
        .map(io::Error::kind);
    let words = match (kind, error.is_connect()) {
        (Some(io::ErrorKind::ConnectionRefused), _) => "the connection was refused",
        (Some(io::ErrorKind::ConnectionReset), _) => "the connection was reset",
        (Some(io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable), _) => {
            "the host cannot be reached"
        }
        (_, true) => "no connection could be made",
        (_, false) => "the connection broke off",
    };
    words.to_owned()
}

/// A TLS failure in a chain of causes. It mostly travels inside one or two `io::Error`s, whose
/// `source` steps over what they wrap.
fn tls_error<'a>(cause: &'a (dyn Error + 'static)) -> Option<String> {
    let inner = |e: &'a (dyn Error + 'static)| -> Option<&'a (dyn Error + 'static)> {
        Some(e.downcast_ref::<io::Error>()?.get_ref()?)
    };
    std::iter::successors(Some(cause), |&e| inner(e))
        .find_map(|e| e.downcast_ref::<rustls::Error>())
        .map(ToString::to_string)
}

#[cfg(test)]
mod tests {
    use domain::delivery::{AckStatus, Verdict, judge};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
    };

    use super::*;

    const SHORT: Duration = Duration::from_millis(400);
    const LONG: Duration = Duration::from_secs(20);
    const NOW: Time = Time::from_ms(1_795_212_345_678);

    fn channel(total_timeout: Duration) -> HttpChannel {
        // a second installation in the same process is refused, and that is fine
        let _ = rustls::crypto::ring::default_provider().install_default();
        let guard = Guard::new("127.0.0.0/8,nowhere.invalid:80".parse().unwrap());
        HttpChannel {
            total_timeout,
            ..HttpChannel::new(guard).unwrap()
        }
    }

    fn request(url: String) -> DeliveryRequest {
        DeliveryRequest {
            url,
            webhook_id: "msg_1".into(),
            secrets: vec![Secret::generate([1; 32]), Secret::generate([2; 32])],
            body: Bytes::from_static(b"{\"a\":1}"),
            traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into()),
            now: NOW,
            is_trial: false,
        }
    }

    async fn read_request(stream: &mut TcpStream) -> String {
        let mut seen = Vec::new();
        while !seen.ends_with(b"{\"a\":1}") {
            let mut buffer = [0; 4096];
            let n = stream.read(&mut buffer).await.unwrap();
            assert!(n > 0, "the client closed early");
            seen.extend_from_slice(&buffer[..n]);
        }
        String::from_utf8(seen).unwrap()
    }

    /// A destination that answers one request with these bytes; then closes, or holds the line.
    async fn answer_to(raw: Vec<u8>, hold: bool) -> (Answer, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/oms", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let seen = read_request(&mut stream).await;
            // the client may stop reading before everything is written
            let _ = stream.write_all(&raw).await;
            if hold {
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
            seen
        });
        let patience = if hold { SHORT } else { LONG };
        let answer = channel(patience).deliver(request(url)).await;
        (answer, server.await.unwrap())
    }

    fn ok(headers: &str, body: &str) -> Vec<u8> {
        format!(
            "HTTP/1.1 200 OK\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .into()
    }

    #[tokio::test]
    async fn sends_the_bytes_signed_and_reads_the_acknowledgement() {
        let body = r#"{"status":"accepted","external_ref":"W-1"}"#;
        let (answer, seen) = answer_to(
            ok(
                "Content-Type: application/json\r\nSet-Cookie: a=b\r\n",
                body,
            ),
            false,
        )
        .await;

        let (head, sent) = seen.split_once("\r\n\r\n").unwrap();
        assert_eq!(sent, "{\"a\":1}");
        assert!(head.starts_with("POST /oms HTTP/1.1"));
        let mut headers = HeaderMap::new();
        for line in head.lines().skip(1) {
            let (name, value) = line.split_once(": ").unwrap();
            let name: header::HeaderName = name.parse().unwrap();
            headers.insert(name, value.parse().unwrap());
        }
        assert_eq!(headers["content-type"], CONTENT_TYPE);
        assert_eq!(headers["webhook-id"], "msg_1");
        assert_eq!(headers["webhook-timestamp"], "1795212345");
        assert!(
            headers["traceparent"]
                .to_str()
                .unwrap()
                .starts_with("00-0af7")
        );
        for n in [1, 2] {
            let knows = [Secret::generate([n; 32])];
            webhooks::verify(&knows, &headers, sent.as_bytes(), NOW, 300).unwrap();
        }

        assert_eq!(answer.status, Some(200));
        assert_eq!(answer.body, body.as_bytes());
        assert_eq!(answer.error, None);
        let names: Vec<_> = answer
            .headers_kept
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(names, ["content-type", "content-length"]);
        let Verdict::Acknowledged {
            status: AckStatus::Accepted,
            external_ref,
            ..
        } = judge(&answer)
        else {
            panic!("{answer:?}");
        };
        assert_eq!(external_ref.as_deref(), Some("W-1"));
    }

    #[tokio::test]
    async fn redirects_are_answers() {
        let raw =
            b"HTTP/1.1 307 Away\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
        let (answer, _) = answer_to(raw.to_vec(), false).await;
        assert_eq!(answer.status, Some(307));
        assert!(matches!(
            judge(&answer),
            Verdict::Refused { status: 307, .. }
        ));
    }

    #[tokio::test]
    async fn retry_after_dates_count_from_the_attempt() {
        let later = NOW.plus_ms(60_000).format_utc("%a, %d %b %Y %H:%M:%S GMT");
        let raw = format!("HTTP/1.1 503 Busy\r\nRetry-After: {later}\r\nContent-Length: 0\r\n\r\n");
        let (answer, _) = answer_to(raw.into(), false).await;
        // the header has whole seconds, the clock stood at .678
        assert_eq!(answer.retry_after_ms, Some(59_322));
    }

    #[tokio::test]
    async fn an_endless_answer_is_cut() {
        let mut raw = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
        raw.resize(raw.len() + BODY_LIMIT_BYTES + 1, b'x');
        let (answer, _) = answer_to(raw, true).await;
        assert_eq!(
            (answer.status, answer.body.len(), answer.truncated),
            (Some(200), BODY_LIMIT_BYTES, true)
        );
        assert_eq!(answer.error, None);
        assert_eq!(judge(&answer), Verdict::Delivered);
    }

    #[tokio::test]
    async fn what_went_wrong_is_said_in_plain_words() {
        let (answer, _) = answer_to(vec![], true).await;
        assert_eq!(answer.error.as_deref(), Some("no answer within 0.4 s"));
        assert!(answer.duration_ms >= 400);

        let (answer, _) = answer_to(
            b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc".to_vec(),
            true,
        )
        .await;
        assert_eq!(
            (answer.status, answer.body.as_slice()),
            (Some(200), &b"abc"[..])
        );
        assert_eq!(
            answer.error.as_deref(),
            Some("the answer was not complete within 0.4 s")
        );

        let (answer, _) = answer_to(
            b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc".to_vec(),
            false,
        )
        .await;
        assert_eq!(answer.error.as_deref(), Some("the connection broke off"));

        let (answer, _) = answer_to(b"rubbish\r\n\r\n".to_vec(), false).await;
        assert_eq!(
            (answer.status, answer.error.as_deref()),
            (None, Some("the connection broke off"))
        );

        let (answer, _) = answer_to(vec![], false).await;
        assert_eq!(answer.error.as_deref(), Some("the connection broke off"));
    }

    #[tokio::test]
    async fn unreachable_destinations_have_words_too() {
        let free = TcpListener::bind("127.0.0.1:0")
            .await
            .unwrap()
            .local_addr()
            .unwrap();
        let table = [
            (format!("http://{free}/"), "the connection was refused"),
            (
                "http://nowhere.invalid/".into(),
                "the host name could not be resolved",
            ),
        ];
        for (url, words) in table {
            let answer = channel(LONG).deliver(request(url.clone())).await;
            assert_eq!(
                (answer.status, answer.error.as_deref()),
                (None, Some(words)),
                "{url}"
            );
        }
    }

    #[tokio::test]
    async fn a_destination_that_speaks_no_tls_is_named_as_such() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut hello = [0; 4096];
            assert!(stream.read(&mut hello).await.unwrap() > 0);
            stream
                .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                .await
                .unwrap();
            tokio::time::sleep(Duration::from_secs(2)).await;
        });
        let answer = channel(LONG).deliver(request(url)).await;
        let error = answer.error.unwrap();
        assert!(error.starts_with("no secure connection: "), "{error}");
    }
}
