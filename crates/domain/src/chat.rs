//! A chat where people already are: a workspace that a merchant is connected with, who is asked in which
//! channel, who is who there, and the messages by which somebody was asked.
//!
//! A message is a view of an approval or a task, or says a notice, and decides nothing by itself. A click counts
//! only for somebody whose name in the chat was linked, once, by a person who was signed in here; what they may
//! do is then asked of the same gate as everywhere.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{owner::Owner, time::Time};

/// Where Slack's API is, unless an installation has a way of its own to it.
pub const DEFAULT_API: &str = "https://slack.com/api";

/// How long a link by which somebody links their name is good.
pub const LINK_MS: i64 = 60 * 60_000;

/// Where a contract lets people be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channels {
    /// Messages with buttons. What is critical has a link only, which leads to the page.
    #[serde(default = "yes")]
    pub slack: bool,
    #[serde(default = "yes")]
    pub mail: bool,
}

fn yes() -> bool {
    true
}

impl Default for Channels {
    fn default() -> Self {
        Self {
            slack: true,
            mail: true,
        }
    }
}

/// A merchant's workspace. There is at most one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workspace {
    pub id: Uuid,
    pub merchant_id: Uuid,
    /// As the chat calls it.
    pub team_id: String,
    pub team_name: String,
    /// Without a slash at its end.
    pub api_base: String,
    #[serde(skip)]
    pub sealed_token: Vec<u8>,
    #[serde(skip)]
    pub sealed_signing: Vec<u8>,
    /// Since when nothing gets through, and why.
    #[serde(default)]
    pub trouble: Option<Trouble>,
    /// What is told there, beside approvals.
    #[serde(default)]
    pub tells: Tells,
    pub connected_by: Option<Uuid>,
    pub connected_at: Time,
    pub rev: i64,
}

/// What a merchant wants told in its chat. Approvals are asked there where their contract says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tells {
    /// Whose move it is: a task that comes to somebody, or stays with them too long.
    #[serde(default = "yes")]
    pub tasks: bool,
    /// What watchers and steps that notify would else hear by mail.
    #[serde(default = "yes")]
    pub notices: bool,
}

impl Default for Tells {
    fn default() -> Self {
        Self {
            tasks: true,
            notices: true,
        }
    }
}

/// What is told in a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    Approval,
    Task,
    Notice,
}

/// What one person wants told to them directly, in a conversation of their own. Channels are told as before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Directly {
    #[serde(default = "yes")]
    pub approvals: bool,
    #[serde(default = "yes")]
    pub tasks: bool,
    #[serde(default = "yes")]
    pub notices: bool,
}

impl Default for Directly {
    fn default() -> Self {
        Self {
            approvals: true,
            tasks: true,
            notices: true,
        }
    }
}

impl Directly {
    pub fn wants(self, telling: Telling) -> bool {
        match telling {
            Telling::Approval => self.approvals,
            Telling::Task => self.tasks,
            Telling::Notice => self.notices,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    pub since: Time,
    pub why: String,
}

/// Who is asked where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    pub owner: Owner,
    /// A channel (`C…`, `#name`) or a person (`U…`).
    pub place: String,
}

/// Whether a message can be sent to it: a channel's or a person's id, or a channel's name.
pub fn is_place(text: &str) -> bool {
    if let Some(name) = text.strip_prefix('#') {
        return (1..=80).contains(&name.chars().count())
            && name
                .chars()
                .all(|one| one.is_alphanumeric() || one == '-' || one == '_')
            && !name.chars().any(char::is_uppercase);
    }
    let is_kind = text.starts_with(['C', 'G', 'D', 'U', 'W']);
    is_kind
        && (6..=30).contains(&text.len())
        && text
            .bytes()
            .all(|one| one.is_ascii_uppercase() || one.is_ascii_digit())
}

/// Whether it is somebody's own id in the chat.
pub fn is_person(text: &str) -> bool {
    is_place(text) && text.starts_with(['U', 'W'])
}

/// Somebody of the chat who is a person here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linked {
    pub merchant_id: Uuid,
    /// The chat's own id of them.
    pub chat_user: String,
    /// What the chat called them when they were linked.
    pub name: String,
    pub user_id: Uuid,
    pub linked_at: Time,
}

/// Why a message was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asking {
    First,
    Reminder,
    /// Time is up for whoever was asked first; the backup may decide as well.
    Backup,
}

/// How a task came to whoever is told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "how")]
pub enum Handing {
    Opened,
    /// Somebody gave it to them.
    Given,
    /// A clock ran out on somebody else.
    Escalated {
        why: String,
    },
    /// A clock ran out, and there is nobody else.
    Late {
        why: String,
    },
}

/// What a message is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Topic {
    Approval {
        approval_id: Uuid,
        asking: Asking,
    },
    Task {
        task_id: Uuid,
        handing: Handing,
    },
    /// Said once; there is nothing to be put right afterwards.
    Notice {
        noun: String,
        noun_id: Uuid,
        sentence: String,
    },
    /// So much at once that the rest of it stands in the queue only.
    Rest {
        rest_since: Time,
    },
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    pub id: Uuid,
    pub merchant_id: Uuid,
    #[serde(flatten)]
    pub topic: Topic,
    /// Whom it speaks to.
    pub asked: Owner,
    /// Where it was to be sent.
    pub place: String,
    /// Where it stands: the channel's id and the message's.
    #[serde(default)]
    pub at: Option<At>,
    /// A digest of what it shows.
    #[serde(default)]
    pub shown: String,
    /// Somebody is sending it; until then nobody else does.
    #[serde(default)]
    pub held_until: Option<Time>,
    /// Why it will never be shown, or never be put right.
    #[serde(default)]
    pub given_up: Option<String>,
    pub created_at: Time,
    pub rev: i64,
}

impl Post {
    /// The id of what it is about; what stands for many things is about itself.
    pub fn about(&self) -> Uuid {
        match &self.topic {
            Topic::Approval { approval_id, .. } => *approval_id,
            Topic::Task { task_id, .. } => *task_id,
            Topic::Notice { noun_id, .. } => *noun_id,
            Topic::Rest { .. } => self.id,
        }
    }

    pub fn is_of_task(&self) -> bool {
        matches!(self.topic, Topic::Task { .. })
    }

    /// What it says is looked at again whenever what it is about changes.
    pub fn is_kept_right(&self) -> bool {
        self.given_up.is_none() && matches!(self.topic, Topic::Approval { .. } | Topic::Task { .. })
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct At {
    pub channel: String,
    pub ts: String,
}

/// Something that somebody pressed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Click {
    pub id: Uuid,
    pub merchant_id: Uuid,
    pub chat_user: String,
    pub name: String,
    pub channel: Option<String>,
    /// The message that it was pressed on.
    pub ts: Option<String>,
    /// By which a form can be opened, for three seconds.
    pub trigger: Option<String>,
    pub pressed: Pressed,
    pub approval_id: Uuid,
    /// Of what was shown.
    pub seen_hash: String,
    pub received_at: Time,
    /// What they are told; once it is known, the click has had its effect.
    #[serde(default)]
    pub reply: Option<Reply>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "button")]
pub enum Pressed {
    Approve,
    /// The reason is still to be asked for.
    Decline,
    /// The form with the reason.
    Reason {
        text: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "say")]
pub enum Reply {
    /// The message itself says it.
    Nothing,
    /// In private.
    Words { text: String },
    /// In private: how to say who they are here.
    Link,
    /// The form that asks for a reason.
    Form,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_channel_or_a_person() {
        for good in [
            "C0123ABCD",
            "U02ABCDEFG",
            "#approvals",
            "#büro-2",
            "W111111",
        ] {
            assert!(is_place(good), "{good}");
        }
        for bad in [
            "",
            "#",
            "approvals",
            "C12",
            "c0123abcd",
            "#Approvals",
            "#a b",
            "@mara",
            "C0123ABCD\n",
        ] {
            assert!(!is_place(bad), "{bad}");
        }
    }

    #[test]
    fn what_was_written_before_there_were_tasks_is_read_as_it_was_meant() {
        let id = Uuid::from_u128(7);
        let old = serde_json::json!({
            "id": id, "merchant_id": id, "approval_id": id, "asked": "agency:finance",
            "asking": "reminder", "place": "#money", "created_at": "2026-11-01T00:00:00.000Z", "rev": 0,
        });
        let read: Post = serde_json::from_value(old).unwrap();
        let asking = Asking::Reminder;
        assert_eq!(
            read.topic,
            Topic::Approval {
                approval_id: id,
                asking
            }
        );
        let again = serde_json::to_value(&read).unwrap();
        assert_eq!(serde_json::from_value::<Post>(again).unwrap(), read);
        for handing in [
            Handing::Opened,
            Handing::Late {
                why: "it waits".to_owned(),
            },
        ] {
            let topic = Topic::Task {
                task_id: id,
                handing,
            };
            let one = Post {
                topic,
                ..read.clone()
            };
            let text = serde_json::to_string(&one).unwrap();
            assert_eq!(serde_json::from_str::<Post>(&text).unwrap(), one);
        }
    }

    #[test]
    fn a_workspace_that_says_nothing_is_told_everything() {
        assert_eq!(
            serde_json::from_str::<Tells>("{}").unwrap(),
            Tells::default()
        );
        let only = serde_json::from_str::<Tells>(r#"{"tasks":false}"#).unwrap();
        assert!(!only.tasks && only.notices);
    }

    #[test]
    fn a_contract_that_says_nothing_lets_people_be_asked_everywhere() {
        assert_eq!(
            serde_json::from_str::<Channels>("{}").unwrap(),
            Channels::default()
        );
        let only = serde_json::from_str::<Channels>(r#"{"slack":false}"#).unwrap();
        assert!(!only.slack && only.mail);
    }
}
