//! Delivering an export: what a destination answered, what that means, and when to try again.
//!
//! A channel (HTTP, later others) makes one attempt and reports an [`Answer`]: facts, as they came.
//! [`judge`] turns the facts into a [`Verdict`], the only thing the engine acts on, and
//! [`retry_delay_ms`] says when the next attempt is due, if there is one. All three are stored with
//! the attempt, so that a person can later see what was said and why we did what we did.
//!
//! The rules, in the order they are tried:
//! - not called at all, because the channel may not or the destination was retired: final;
//! - no answer, or one that broke off: try again, the idempotency key makes a repeat safe;
//! - 2xx: delivered; with a `status` in a JSON body it is the acknowledgement (or the refusal) too;
//! - 410: the destination is gone, final;
//! - 408, 425, 429 and 5xx: try again, no sooner than `Retry-After` asks;
//! - another 4xx that names an `exception_code`: a business rejection, final;
//! - anything else: refused, final.
//!
//! Deliberately not done: guessing from free text, and failing an answer because it is rubbish.
//! A destination that says 200 and then something unreadable has taken the export; whether it does
//! anything with it is what the contract's acknowledgement deadline is for.

use jiff::{
    fmt::{rfc2822::DateTimeParser, strtime},
    tz::TimeZone,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Time;

/// `Retry-After` beyond this is cut: a typing error there must not put an order to sleep for a year.
pub const RETRY_AFTER_CAP_MS: i64 = 24 * 60 * 60 * 1000;

/// The code of a rejection whose destination did not name one.
pub const UNSPECIFIED_REJECTION: &str = "rejected_by_destination";

/// Longest code or reference taken over from an answer; longer ones are rubbish, not codes.
const NAME_LIMIT_CHARS: usize = 200;
/// How much of an answer's text is quoted in a verdict. The attempt keeps the whole of it.
const QUOTE_LIMIT_CHARS: usize = 300;

/// What came back from one attempt, as facts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status, when an answer began at all.
    pub status: Option<u16>,
    /// The few headers worth keeping with the attempt, lower-case names.
    pub headers_kept: Vec<(String, String)>,
    /// The body, as far as it was read.
    pub body: Vec<u8>,
    /// The body was longer than the channel reads; `body` is its beginning.
    pub truncated: bool,
    /// Why there is no (whole) answer, in plain words.
    pub error: Option<String>,
    /// `Retry-After` in milliseconds from the attempt, not yet capped.
    pub retry_after_ms: Option<i64>,
    pub duration_ms: i64,
    /// Nobody was called, and why not; `error` says it in a sentence.
    pub not_called: Option<NotCalled>,
}

/// Why an attempt ended before it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotCalled {
    /// The URL leads where nothing may be sent.
    ForbiddenAddress,
    /// Somebody retired the destination.
    Retired,
}

/// What a destination says about an export, in its answer or later by callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AckStatus {
    Accepted,
    Rejected,
    Completed,
}

/// What an attempt's answer means.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// A 2xx whose body says what became of the export. `status` is never `Rejected` here.
    Acknowledged {
        status: AckStatus,
        exception_code: Option<String>,
        exception_metadata: Option<Value>,
        external_ref: Option<String>,
    },
    /// A 2xx that says nothing readable: the export arrived, the acknowledgement is awaited.
    Delivered,
    /// A business rejection: a person or another export resolves it, not a repeat.
    Rejected {
        code: String,
        metadata: Option<Value>,
        detail: String,
    },
    /// 410: the destination wants nothing any more.
    Gone,
    /// Worth repeating, no sooner than `after_ms` from the attempt.
    Retry {
        after_ms: Option<i64>,
        reason: String,
    },
    /// Another refusal that repeating would not change.
    Refused { status: u16, detail: String },
    /// Not sent at all, and repeating would not change that.
    NotCalled { why: NotCalled, detail: String },
}

/// The meaning of one answer.
pub fn judge(answer: &Answer) -> Verdict {
    let after_ms = answer
        .retry_after_ms
        .map(|ms| ms.clamp(0, RETRY_AFTER_CAP_MS));
    let retry = |reason: String| Verdict::Retry { after_ms, reason };

    if let Some(why) = answer.not_called {
        let detail = answer.error.clone().unwrap_or_default();
        return Verdict::NotCalled { why, detail };
    }
    let Some(status) = answer.status else {
        let reason = answer.error.clone();
        return retry(reason.unwrap_or_else(|| "the destination did not answer".to_owned()));
    };
    match status {
        200..=299 => match &answer.error {
            // the acknowledgement may have been in the part that is missing
            Some(error) => retry(format!("answered {status}, then {error}")),
            None => judge_success(answer),
        },
        300..=399 => Verdict::Refused {
            status,
            detail: "A redirect, and redirects are not followed: the destination's URL has to be the final one"
                .to_owned(),
        },
        410 => Verdict::Gone,
        408 | 425 | 429 | 500.. => retry(format!("answered {status}")),
        400..=499 => match Said::read(answer) {
            Some(said) if said.exception_code.is_some() => said.rejection(answer),
            _ => Verdict::Refused {
                status,
                detail: quote(answer),
            },
        },
        _ => Verdict::Refused {
            status,
            detail: quote(answer),
        },
    }
}

fn judge_success(answer: &Answer) -> Verdict {
    let Some(said) = Said::read(answer) else {
        return Verdict::Delivered;
    };
    match said.status {
        Some(AckStatus::Rejected) => said.rejection(answer),
        Some(status) => Verdict::Acknowledged {
            status,
            exception_code: said.exception_code,
            exception_metadata: said.exception_metadata,
            external_ref: said.external_ref,
        },
        None => Verdict::Delivered,
    }
}

/// The fields of an answer's body that have a meaning, each read on its own: one odd field does
/// not make the others unreadable.
struct Said {
    status: Option<AckStatus>,
    exception_code: Option<String>,
    exception_metadata: Option<Value>,
    external_ref: Option<String>,
}

impl Said {
    fn read(answer: &Answer) -> Option<Self> {
        if answer.truncated {
            return None;
        }
        let body: Map<String, Value> = serde_json::from_slice(&answer.body).ok()?;
        let name = |key: &str| {
            let text = body.get(key)?.as_str()?.trim();
            (!text.is_empty() && text.chars().count() <= NAME_LIMIT_CHARS).then(|| text.to_owned())
        };
        Some(Self {
            status: body
                .get("status")
                .and_then(|s| AckStatus::deserialize(s).ok()),
            exception_code: name("exception_code"),
            exception_metadata: body
                .get("exception_metadata")
                .filter(|m| !m.is_null())
                .cloned(),
            external_ref: name("external_ref"),
        })
    }

    fn rejection(self, answer: &Answer) -> Verdict {
        Verdict::Rejected {
            code: self
                .exception_code
                .unwrap_or_else(|| UNSPECIFIED_REJECTION.to_owned()),
            metadata: self.exception_metadata,
            detail: quote(answer),
        }
    }
}

/// The beginning of what was said, on one line, for a person to read.
fn quote(answer: &Answer) -> String {
    let text = String::from_utf8_lossy(&answer.body);
    let mut words = String::new();
    for word in text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|w| !w.is_empty())
    {
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(word);
        if words.len() > QUOTE_LIMIT_CHARS * 4 {
            break;
        }
    }
    if words.chars().count() > QUOTE_LIMIT_CHARS {
        words = words.chars().take(QUOTE_LIMIT_CHARS - 1).collect();
        words.push('…');
    }
    words
}

/// Reads a `Retry-After` header: whole seconds, or any of the three date forms of RFC 9110. The
/// result is relative to `now` and never negative.
pub fn parse_retry_after(text: &str, now: Time) -> Option<i64> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        // digits beyond i64 mean "very long", which the cap takes care of
        return Some(text.parse::<i64>().unwrap_or(i64::MAX).saturating_mul(1000));
    }
    let imf_fixdate = DateTimeParser::new().parse_timestamp(text).ok();
    let obsolete = || {
        ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"]
            .iter()
            .find_map(|form| {
                let civil = strtime::parse(form, text).ok()?.to_datetime().ok()?;
                Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp())
            })
    };
    let at = imf_fixdate.or_else(obsolete)?;
    Some(Time::from_ms(at.as_millisecond()).since_ms(now).max(0))
}

/// When failed attempts are repeated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryPolicy {
    /// The wait after the first failed attempt, after the second, ...; when it is used up, the
    /// delivery has failed. One more attempt is made than there are entries.
    pub schedule_ms: Vec<i64>,
    /// Each wait is lengthened by up to this share of itself, so that a destination that comes back
    /// does not meet everybody at the same moment.
    pub jitter_percent: u8,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        const SECOND: i64 = 1000;
        const MINUTE: i64 = 60 * SECOND;
        const HOUR: i64 = 60 * MINUTE;
        Self {
            schedule_ms: vec![
                5 * SECOND,
                30 * SECOND,
                2 * MINUTE,
                10 * MINUTE,
                30 * MINUTE,
                2 * HOUR,
                5 * HOUR,
                10 * HOUR,
            ],
            jitter_percent: 20,
        }
    }
}

/// How long to wait after failed attempt number `attempt` (the first is 1), or `None` when the
/// schedule is exhausted. `Retry-After` is a lower bound, and jitter only ever lengthens, so nothing
/// is repeated sooner than the destination asked. `random` is any uniformly drawn number.
pub fn retry_delay_ms(
    policy: &RetryPolicy,
    attempt: u32,
    retry_after_ms: Option<i64>,
    random: u64,
) -> Option<i64> {
    let index = usize::try_from(attempt.saturating_sub(1)).ok()?;
    let scheduled = (*policy.schedule_ms.get(index)?).max(0);
    let asked = retry_after_ms.unwrap_or(0).clamp(0, RETRY_AFTER_CAP_MS);
    let wait = scheduled.max(asked);
    let room = i128::from(wait) * i128::from(policy.jitter_percent) / 100;
    let jitter = ((room + 1) * i128::from(random)) >> 64;
    Some(wait.saturating_add(i64::try_from(jitter).unwrap_or(i64::MAX)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answered(status: u16, body: &str) -> Answer {
        Answer {
            status: Some(status),
            body: body.into(),
            ..Answer::default()
        }
    }

    fn rejected(code: &str, metadata: Option<Value>, detail: &str) -> Verdict {
        Verdict::Rejected {
            code: code.into(),
            metadata,
            detail: detail.into(),
        }
    }

    const REDIRECT: &str =
        "A redirect, and redirects are not followed: the destination's URL has to be the final one";

    #[test]
    fn what_was_not_sent_is_final_whatever_else_the_answer_says() {
        for why in [NotCalled::ForbiddenAddress, NotCalled::Retired] {
            let answer = Answer {
                not_called: Some(why),
                error: Some("not there".into()),
                ..answered(200, r#"{"status":"accepted"}"#)
            };
            let detail = "not there".to_owned();
            assert_eq!(judge(&answer), Verdict::NotCalled { why, detail });
        }
    }

    fn refused(status: u16, detail: &str) -> Verdict {
        Verdict::Refused {
            status,
            detail: detail.into(),
        }
    }

    fn retry(reason: &str) -> Verdict {
        Verdict::Retry {
            after_ms: None,
            reason: reason.into(),
        }
    }

    fn acknowledged(status: AckStatus, external_ref: Option<&str>) -> Verdict {
        Verdict::Acknowledged {
            status,
            exception_code: None,
            exception_metadata: None,
            external_ref: external_ref.map(str::to_owned),
        }
    }

    #[test]
    fn answers_have_one_meaning_each() {
        let long = format!(
            r#"{{"status":"accepted","external_ref":"{}"}}"#,
            "x".repeat(201)
        );
        let table = [
            // 2xx
            (200, "", Verdict::Delivered),
            (204, "", Verdict::Delivered),
            (200, "<html>OK</html>", Verdict::Delivered),
            (200, "[1,2]", Verdict::Delivered),
            (200, r#"{"ok":true}"#, Verdict::Delivered),
            (200, r#"{"status":"queued"}"#, Verdict::Delivered),
            (200, r#"{"status":7}"#, Verdict::Delivered),
            (200, r#"{"status":"accepted""#, Verdict::Delivered),
            (
                202,
                r#"{"status":"accepted"}"#,
                acknowledged(AckStatus::Accepted, None),
            ),
            (
                200,
                r#"{"status":"completed","external_ref":" PO-7 ","exception_code":null,"more":1}"#,
                acknowledged(AckStatus::Completed, Some("PO-7")),
            ),
            (
                200,
                r#"{"status":"accepted","external_ref":12}"#,
                acknowledged(AckStatus::Accepted, None),
            ),
            (200, &long, acknowledged(AckStatus::Accepted, None)),
            (
                200,
                r#"{"status":"rejected","exception_code":"bad_address"}"#,
                rejected(
                    "bad_address",
                    None,
                    r#"{"status":"rejected","exception_code":"bad_address"}"#,
                ),
            ),
            (
                200,
                r#"{"status":"rejected"}"#,
                rejected(UNSPECIFIED_REJECTION, None, r#"{"status":"rejected"}"#),
            ),
            // business rejections
            (
                422,
                r#"{"exception_code":"insufficient_inventory","exception_metadata":{"sku":"A"}}"#,
                rejected(
                    "insufficient_inventory",
                    Some(json!({"sku": "A"})),
                    r#"{"exception_code":"insufficient_inventory","exception_metadata":{"sku":"A"}}"#,
                ),
            ),
            (
                400,
                r#"{"exception_code":""}"#,
                refused(400, r#"{"exception_code":""}"#),
            ),
            // final
            (410, "", Verdict::Gone),
            (410, r#"{"exception_code":"x"}"#, Verdict::Gone),
            (401, "no\n\n  entry\u{0}", refused(401, "no entry")),
            (404, "", refused(404, "")),
            (301, "", refused(301, REDIRECT)),
            (304, "", refused(304, REDIRECT)),
            (307, r#"{"exception_code":"moved"}"#, refused(307, REDIRECT)),
            // worth repeating
            (408, "", retry("answered 408")),
            (425, "", retry("answered 425")),
            (429, r#"{"exception_code":"x"}"#, retry("answered 429")),
            (500, "", retry("answered 500")),
            (503, r#"{"status":"accepted"}"#, retry("answered 503")),
            (599, "", retry("answered 599")),
        ];
        for (status, body, expected) in table {
            assert_eq!(judge(&answered(status, body)), expected, "{status} {body}");
        }
    }

    #[test]
    fn missing_and_broken_answers_are_repeated() {
        let silent = Answer {
            error: Some("no answer within 15 s".into()),
            ..Answer::default()
        };
        assert_eq!(judge(&silent), retry("no answer within 15 s"));
        assert_eq!(
            judge(&Answer::default()),
            retry("the destination did not answer")
        );
        let broken = Answer {
            error: Some("the connection broke off".into()),
            ..answered(200, r#"{"status":"accepted"}"#)
        };
        assert_eq!(
            judge(&broken),
            retry("answered 200, then the connection broke off")
        );
    }

    #[test]
    fn an_oversized_answer_counts_as_answered() {
        let cut = Answer {
            truncated: true,
            ..answered(200, r#"{"status":"accepted"}"#)
        };
        assert_eq!(judge(&cut), Verdict::Delivered);
        let cut = Answer {
            truncated: true,
            ..answered(422, &"é".repeat(5000))
        };
        let Verdict::Refused {
            status: 422,
            detail,
        } = judge(&cut)
        else {
            panic!("a 422 without a code is refused");
        };
        assert_eq!(detail.chars().count(), QUOTE_LIMIT_CHARS);
    }

    #[test]
    fn retry_after_travels_with_the_verdict_and_is_capped() {
        for (given, kept) in [(2_000, 2_000), (-5, 0), (i64::MAX, RETRY_AFTER_CAP_MS)] {
            let busy = Answer {
                retry_after_ms: Some(given),
                ..answered(429, "")
            };
            let expected = Verdict::Retry {
                after_ms: Some(kept),
                reason: "answered 429".into(),
            };
            assert_eq!(judge(&busy), expected);
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now: Time = "1994-11-06T08:49:07Z".parse().unwrap();
        let table = [
            ("120", Some(120_000)),
            (" 0 ", Some(0)),
            ("99999999999999999999", Some(i64::MAX)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(30_000)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(30_000)),
            ("Sun Nov  6 08:49:37 1994", Some(30_000)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("soon", None),
            ("-3", None),
            ("1.5", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(parse_retry_after(text, now), expected, "{text:?}");
        }
    }

    #[test]
    fn waits_follow_the_schedule_then_end() {
        let policy = RetryPolicy {
            schedule_ms: vec![1_000, 60_000],
            jitter_percent: 50,
        };
        let table = [
            (0, None, 0, Some(1_000)),
            (1, None, 0, Some(1_000)),
            (1, None, u64::MAX, Some(1_500)),
            (1, None, 1 << 63, Some(1_250)),
            (2, None, 0, Some(60_000)),
            (2, Some(5_000), 0, Some(60_000)),
            (1, Some(5_000), 0, Some(5_000)),
            (1, Some(5_000), u64::MAX, Some(7_500)),
            (1, Some(-1), 0, Some(1_000)),
            (1, Some(i64::MAX), 0, Some(RETRY_AFTER_CAP_MS)),
            (3, None, 0, None),
            (3, Some(1), 0, None),
            (u32::MAX, None, 0, None),
        ];
        for (attempt, after, random, expected) in table {
            let wait = retry_delay_ms(&policy, attempt, after, random);
            assert_eq!(
                wait, expected,
                "attempt {attempt}, retry-after {after:?}, random {random}"
            );
        }
    }

    #[test]
    fn an_unjittered_policy_and_an_empty_one_behave() {
        let exact = RetryPolicy {
            jitter_percent: 0,
            ..RetryPolicy::default()
        };
        assert_eq!(retry_delay_ms(&exact, 1, None, u64::MAX), Some(5_000));
        assert_eq!(retry_delay_ms(&exact, 8, None, u64::MAX), Some(36_000_000));
        assert_eq!(retry_delay_ms(&exact, 9, None, 0), None);
        let never = RetryPolicy {
            schedule_ms: vec![],
            jitter_percent: 0,
        };
        assert_eq!(retry_delay_ms(&never, 1, None, 0), None);
    }
}
