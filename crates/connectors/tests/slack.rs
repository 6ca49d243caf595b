//! Signatures, by vectors that others made: the one in Slack's documentation always, and those of the fixtures,
//! signed by Slack's own library, when `MESHLINE_FIXTURES` names their folder.

use connectors::slack::{read, verify};
use domain::{Time, chat::Pressed};
use serde_json::Value;

const SECRET: &[u8] = b"8f742231b10e8888abcd99yyyzzz85a5";
const BODY: &str = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
const SIGNATURE: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
const SENT_S: i64 = 1_531_420_618;

fn headers(signature: &str) -> Vec<(String, String)> {
    vec![
        ("X-Slack-Signature".to_owned(), signature.to_owned()),
        ("X-Slack-Request-Timestamp".to_owned(), SENT_S.to_string()),
    ]
}

fn at(seconds: i64) -> Time {
    Time::from_ms(seconds * 1_000)
}

#[test]
fn the_documented_signature_holds_for_five_minutes_and_for_these_bytes() {
    let good = headers(SIGNATURE);
    let holds = |headers: &[(String, String)], body: &str, now: i64| {
        verify(SECRET, headers, body.as_bytes(), at(now)).is_ok()
    };
    assert!(holds(&good, BODY, SENT_S));
    assert!(holds(&good, BODY, SENT_S + 300) && holds(&good, BODY, SENT_S - 300));
    assert!(!holds(&good, BODY, SENT_S + 301) && !holds(&good, BODY, SENT_S - 301));
    assert!(!holds(&good, &format!("{BODY} "), SENT_S));
    assert!(!holds(
        &headers(SIGNATURE.trim_start_matches("v0=")),
        BODY,
        SENT_S
    ));
    assert!(!holds(&headers(""), BODY, SENT_S));
    assert!(
        !holds(&[good.clone(), good.clone()].concat(), BODY, SENT_S),
        "given twice"
    );
    assert!(verify(b"another secret", &good, BODY.as_bytes(), at(SENT_S)).is_err());
}

#[test]
fn signatures_of_slacks_library_are_judged_as_it_judges_them() {
    let Some(folder) = std::env::var_os("MESHLINE_FIXTURES").map(std::path::PathBuf::from) else {
        eprintln!("SKIPPED: set MESHLINE_FIXTURES to the fixtures folder to run it");
        return;
    };
    let text = std::fs::read_to_string(folder.join("signatures.json")).unwrap();
    let all: Vec<Value> = serde_json::from_str(&text).unwrap();
    let mut judged = 0;
    for one in all.iter().filter(|one| one["system"] == "slack") {
        let file = one["file"].as_str().unwrap();
        let mut body = std::fs::read_to_string(folder.join(file)).unwrap();
        if let Some(change) = one["mutation"]["replace"].as_array() {
            body = body.replace(change[0].as_str().unwrap(), change[1].as_str().unwrap());
        }
        let headers: Vec<(String, String)> = one["headers"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
            .collect();
        let secret = one["secret"].as_str().unwrap();
        let now = at(one["now"].as_i64().unwrap());
        let valid = verify(secret.as_bytes(), &headers, body.as_bytes(), now);
        assert_eq!(
            valid.is_ok(),
            one["valid"] == true,
            "{}: {valid:?}",
            one["id"]
        );
        judged += 1;
    }
    assert!(judged >= 8, "{judged}");
    // a button that is not ours is nothing to act on
    let body = std::fs::read(folder.join("slack/block_actions.form")).unwrap();
    assert_eq!(read(&body).unwrap(), None);
}

#[test]
fn what_was_pressed_is_read_or_refused() {
    let form = |payload: &str| {
        url::form_urlencoded::Serializer::new(String::new())
            .append_pair("payload", payload)
            .finish()
    };
    let id = uuid::Uuid::from_u128(7);
    let body = form(&format!(
        r#"{{"type":"block_actions","team":{{"id":"T1"}},"user":{{"id":"U1","username":"jo"}},"channel":{{"id":"C1"}},
        "container":{{"message_ts":"1.2"}},"trigger_id":"3.4","actions":[{{"action_id":"approve","value":"{id}|sha256:aa"}}]}}"#
    ));
    let pressing = read(body.as_bytes()).unwrap().unwrap();
    assert_eq!(pressing.pressed, Pressed::Approve);
    assert_eq!(
        (pressing.approval, pressing.seen_hash.as_str()),
        (id, "sha256:aa")
    );
    for bad in [
        "",
        "payload=",
        "payload=%7B%7D",
        "payload={}&payload={}",
        &form("[1]"),
    ] {
        assert!(read(bad.as_bytes()).is_err(), "{bad}");
    }
    for nothing in [
        r#"{"type":"view_closed","user":{"id":"U1"}}"#,
        r#"{"type":"block_actions","user":{"id":"U1"},"actions":[{"action_id":"approve","value":"no id|x"}]}"#,
        r#"{"type":"block_actions","user":{"id":"U1"},"actions":[]}"#,
    ] {
        assert_eq!(read(form(nothing).as_bytes()).unwrap(), None, "{nothing}");
    }
}
