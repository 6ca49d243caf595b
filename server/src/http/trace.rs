//! Which piece of work a request belongs to: W3C trace context, in and out of the log.
//!
//! A valid `traceparent` is taken over; otherwise the request gets an id of its own. While it is
//! handled the id is known to everything on the way ([`current`]), and the request carries it as its
//! `traceparent` header, for handlers that look there.

use http::{HeaderMap, HeaderValue};

pub const HEADER: &str = "traceparent";

tokio::task_local! {
    static TRACE_ID: String;
}

/// Runs the future as part of this trace.
pub async fn scope<F: Future>(trace_id: String, future: F) -> F::Output {
    TRACE_ID.scope(trace_id, future).await
}

/// The same for something that is done at once.
pub fn within<T>(trace_id: String, work: impl FnOnce() -> T) -> T {
    TRACE_ID.sync_scope(trace_id, work)
}

/// The trace that is being worked on; none outside a request.
pub fn current() -> Option<String> {
    TRACE_ID.try_with(Clone::clone).ok()
}

/// The trace id a sender gave, if what it gave is valid.
pub fn given(headers: &HeaderMap) -> Option<String> {
    parse(headers.get(HEADER)?.to_str().ok()?).map(str::to_owned)
}

/// The span of the sender's that this request belongs to.
pub fn given_span(headers: &HeaderMap) -> Option<&str> {
    let header = headers.get(HEADER)?.to_str().ok()?;
    parse(header)?;
    header.split('-').nth(2)
}

fn parse(header: &str) -> Option<&str> {
    let is_hex = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    let mut parts = header.split('-');
    let (version, trace, parent, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_whole = version != "00" || parts.next().is_none();
    let lengths = [(version, 2), (trace, 32), (parent, 16), (flags, 2)];
    let is_valid = is_whole
        && version != "ff"
        && lengths
            .iter()
            .all(|(text, length)| text.len() == *length && is_hex(text))
        && [trace, parent]
            .iter()
            .all(|id| id.bytes().any(|b| b != b'0'));
    is_valid.then_some(trace)
}

/// A `traceparent` for a request that came without one; the span is the trace's own beginning.
pub fn header_of(trace_id: &str) -> Option<HeaderValue> {
    let span = trace_id.get(..16)?;
    HeaderValue::try_from(format!("00-{trace_id}-{span}-01")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_valid_trace_contexts_are_taken_over() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let good = format!("00-{trace}-00f067aa0ba902b7-01");
        assert_eq!(parse(&good), Some(trace));
        assert_eq!(
            parse(&format!("01-{trace}-00f067aa0ba902b7-01-later")),
            Some(trace)
        );
        for bad in [
            "",
            trace,
            &format!("{good}-x"),
            &format!("ff-{trace}-00f067aa0ba902b7-01"),
            &format!("00-{}-00f067aa0ba902b7-01", trace.to_uppercase()),
            &format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
            &format!("00-{trace}-{}-01", "0".repeat(16)),
            &format!("00-{}-00f067aa0ba902b7-01", &trace[1..]),
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
        assert_eq!(
            header_of(trace).unwrap().to_str().ok().and_then(parse),
            Some(trace)
        );
    }
}
