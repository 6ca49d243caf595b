//! What was pressed.
//!
//! A form with one field, `payload`, that holds JSON. Two kinds of it matter here: a button of a message, and the
//! form that asks why. A button that only opens a link is told to us as well, and is nothing to act on.

use domain::chat::Pressed;
use engine::port::Pressing;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::blocks::{APPROVE, DECLINE, REASON, Seen};

#[derive(Deserialize)]
struct Payload {
    #[serde(rename = "type")]
    kind: String,
    team: Option<Named>,
    user: User,
    #[serde(default)]
    container: Container,
    channel: Option<Named>,
    trigger_id: Option<String>,
    #[serde(default)]
    actions: Vec<Button>,
    view: Option<View>,
}

#[derive(Deserialize)]
struct Named {
    id: String,
}

#[derive(Deserialize)]
struct User {
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    username: String,
}

#[derive(Default, Deserialize)]
struct Container {
    message_ts: Option<String>,
    channel_id: Option<String>,
}

#[derive(Deserialize)]
struct Button {
    #[serde(default)]
    action_id: String,
    #[serde(default)]
    value: String,
}

#[derive(Deserialize)]
struct View {
    #[serde(default)]
    callback_id: String,
    #[serde(default)]
    private_metadata: String,
    #[serde(default)]
    state: Value,
}

/// None: nothing is to be done about it. The sentence is for the log.
pub fn read(body: &[u8]) -> Result<Option<Pressing>, String> {
    let mut fields = url::form_urlencoded::parse(body).filter(|(name, _)| name == "payload");
    let text = match (fields.next(), fields.next()) {
        (Some((_, text)), None) => text,
        _ => return Err("there is no payload, or more than one".to_owned()),
    };
    let payload: Payload =
        serde_json::from_str(&text).map_err(|error| format!("the payload is not one: {error}"))?;
    match payload.kind.as_str() {
        "block_actions" => Ok(pressed(payload)),
        "view_submission" => Ok(submitted(payload)),
        _ => Ok(None),
    }
}

/// A name to show, as short as a name is.
fn name_of(user: &User) -> String {
    let name = [&user.username, &user.name]
        .into_iter()
        .find(|name| !name.is_empty())
        .unwrap_or(&user.id);
    name.chars()
        .filter(|one| !one.is_control())
        .take(80)
        .collect()
}

fn pressed(payload: Payload) -> Option<Pressing> {
    let name = name_of(&payload.user);
    let button = payload.actions.first()?;
    let pressed = match button.action_id.as_str() {
        APPROVE => Pressed::Approve,
        DECLINE => Pressed::Decline,
        _ => return None,
    };
    let (approval, seen_hash) = seen(&button.value)?;
    Some(Pressing {
        team_id: payload.team.map(|team| team.id),
        chat_user: payload.user.id,
        name,
        channel: payload
            .channel
            .map(|channel| channel.id)
            .or(payload.container.channel_id),
        ts: payload.container.message_ts,
        trigger: payload.trigger_id,
        pressed,
        approval,
        seen_hash,
    })
}

/// What a button carries: of which approval, and the hash of what was shown.
fn seen(value: &str) -> Option<(Uuid, String)> {
    let (approval, hash) = value.split_once('|')?;
    Some((approval.parse().ok()?, hash.to_owned()))
}

fn submitted(payload: Payload) -> Option<Pressing> {
    let name = name_of(&payload.user);
    let view = payload.view?;
    if view.callback_id != DECLINE {
        return None;
    }
    let about: Seen = serde_json::from_str(&view.private_metadata).ok()?;
    let typed = &view.state["values"][REASON][REASON]["value"];
    let text = typed.as_str().unwrap_or_default().trim().to_owned();
    Some(Pressing {
        team_id: payload.team.map(|team| team.id),
        chat_user: payload.user.id,
        name,
        channel: about.channel,
        ts: about.ts,
        trigger: None,
        pressed: Pressed::Reason { text },
        approval: about.approval,
        seen_hash: about.seen_hash,
    })
}
