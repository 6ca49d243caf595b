//! What a body may be: of a bounded size, in time, and as it is.
//!
//! A compressed body says little about what becomes of it, so none is taken. A body that comes too slowly
//! is cut off: the clock runs from the request's head to the body's last byte, however the bytes
//! between are spread.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::Limited;
use hyper::body::{Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use super::{BODY_LIMIT_BYTES, uploads};
use crate::problem::Problem;

/// From the head to the last byte of a form or a call.
const PATIENCE: Duration = Duration::from_secs(30);

/// Whether a body is compressed or otherwise wrapped.
pub fn is_encoded(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .any(|value| {
            !value
                .as_bytes()
                .trim_ascii()
                .eq_ignore_ascii_case(b"identity")
        })
}

pub fn encoded() -> Problem {
    let detail = "Send the body as it is, without a Content-Encoding.";
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail)
}

fn hung_up(problem: Problem) -> Response {
    let mut response = problem.into_response();
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(header::CONNECTION, close);
    response
}

/// Refuses what is announced to be too large, and cuts off what is not announced and grows, or comes too
/// slowly.
pub async fn keep(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    if is_encoded(&parts.headers) {
        return hung_up(encoded());
    }
    let limit = if uploads::takes_files(parts.uri.path()) {
        uploads::LIMIT_BYTES
    } else {
        BODY_LIMIT_BYTES
    };
    if body.size_hint().lower() > limit as u64 {
        let detail = format!("A body has at most {limit} bytes.");
        return hung_up(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
    }
    if body.is_end_stream() {
        return next.run(Request::from_parts(parts, body)).await;
    }
    let is_late = Arc::new(AtomicBool::new(false));
    let timely = Timely {
        body,
        late: Box::pin(sleep(PATIENCE)),
        is_late: Arc::clone(&is_late),
    };
    let body = Body::new(Limited::new(timely, limit));
    let response = next.run(Request::from_parts(parts, body)).await;
    if is_late.load(Ordering::Acquire) {
        let detail = "The body did not arrive in time.";
        return hung_up(Problem::new(StatusCode::REQUEST_TIMEOUT, detail));
    }
    response
}

/// A body that has to be there in time.
struct Timely {
    body: Body,
    late: Pin<Box<Sleep>>,
    is_late: Arc<AtomicBool>,
}

impl HttpBody for Timely {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if self.late.as_mut().poll(cx).is_ready() {
            self.is_late.store(true, Ordering::Release);
            let late = io::Error::from(io::ErrorKind::TimedOut);
            return Poll::Ready(Some(Err(axum::Error::new(late))));
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
