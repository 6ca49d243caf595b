//! Invitations that wait, and the link of the one that was just made.

use domain::{Time, invitation::Invitation};
use engine::{
    NewInvitation, Result,
    port::{MailFate, MailState},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::words::{access_word, party_word, roles_text};
use crate::{
    ui::*,
    web::{Desk, Visit, lost, session},
};

const KEY: &str = "invitation_shown_once";

/// A link on its one way to the eyes of whoever invited: kept in the session on the server's side, taken by
/// the next page that the browser opens.
#[derive(Serialize, Deserialize)]
pub struct Fresh {
    /// The merchant or the operator that invites.
    house: Uuid,
    email: String,
    link: String,
    expires_at: Time,
}

impl Fresh {
    pub fn of(made: NewInvitation) -> Self {
        Self {
            house: made.invitation.merchant_id,
            email: made.invitation.email,
            expires_at: made.invitation.expires_at,
            link: made.link,
        }
    }

    pub async fn leave(self) -> Result<()> {
        session()?.insert(KEY, self).await.map_err(lost)
    }

    /// Takes it, if it is of this house; a page fetched by a script leaves it where it is.
    pub async fn take(desk: &Desk, house: Uuid) -> Result<Option<Self>> {
        if !desk.asked.navigates {
            return Ok(None);
        }
        let found: Option<Self> = session()?.remove(KEY).await.map_err(lost)?;
        Ok(found.filter(|fresh| fresh.house == house))
    }

    pub fn view(self, now: Time) -> impl IntoView {
        let title = format!("The link for {}, this once", self.email);
        view! {
            <div class="mb-5">
                <Card title id="link">
                    <div class="card-body">
                        <p class="break-all"><CopyId id=self.link whole=true what="link"/></p>
                        <p class="text-ink-2 mt-2">
                            "Give it to them, and to nobody else: whoever has it can take the place. It works once, and expires "
                            <When at=self.expires_at now/> ". It is not shown again; sending the invitation again makes a new one."
                        </p>
                    </div>
                </Card>
            </div>
        }
    }
}

/// The card of those who were asked and have not answered.
pub(super) fn waiting(
    invitations: &[Invitation],
    mails: &[MailFate],
    at: &Visit,
) -> Option<AnyView> {
    if invitations.is_empty() {
        return None;
    }
    let rows = invitations
        .iter()
        .map(|invitation| {
            let mail = mails.iter().find(|mail| mail.about == invitation.id);
            row(invitation, mail, at)
        })
        .collect_view();
    let cols = vec![
        Col::text("Invited"),
        Col::text("State"),
        Col::text("As").wide(),
        Col::text("Act"),
    ];
    Some(
        view! {
            <div class="mt-5">
                <Card title="Waiting for an answer" id="invitations">
                    <Table caption="Invitations" list=true cols>{rows}</Table>
                </Card>
            </div>
        }
        .into_any(),
    )
}

/// What became of a mail, and what to do instead when it was not sent.
pub fn mail_words(mail: &MailFate, email: &str, instead: &str) -> String {
    match mail.state {
        MailState::Sent => format!("Mailed to {email}"),
        MailState::Failed => format!(
            "The mail was not sent: {}. {instead}",
            mail.why.trim_end_matches('.')
        ),
        MailState::Waiting if mail.why.is_empty() => "The mail is on its way".to_owned(),
        MailState::Waiting => format!("The mail is tried again: {}", mail.why),
    }
}

fn row(invitation: &Invitation, mail: Option<&MailFate>, at: &Visit) -> impl IntoView + use<> {
    let now = at.now();
    let id = invitation.id.to_string();
    let over = invitation.expires_at <= now;
    let (tone, word) = if over {
        (Tone::Late, "expired")
    } else {
        (Tone::Wait, "waiting")
    };
    let who = invitation
        .name
        .clone()
        .unwrap_or_else(|| invitation.email.clone());
    let below = invitation.name.as_ref().map(|_| invitation.email.clone());
    let place = format!(
        "{}, {}, {}",
        access_word(invitation.access).to_lowercase(),
        party_word(invitation.party),
        roles_text(&invitation.functional_roles).to_lowercase()
    );
    let inviter = invitation
        .invited_by
        .and_then(|user| at.rules.user_name(user))
        .map(|name| format!("by {name}"));
    let instead = "Send it again for a new link to copy.";
    let mailed = mail.map(|mail| mail_words(mail, &invitation.email, instead));
    let until = invitation.expires_at;
    let (again, back) = (
        at.fields(&[("invitation", &id)]),
        at.fields(&[("invitation", &id)]),
    );
    let (email_again, email_back) = (
        format!("Send again to {}", invitation.email),
        format!("Take back the invitation of {}", invitation.email),
    );
    view! {
        <tr data-row=id>
            <td>
                <b class="title">{who}</b>
                {below.map(|text| view! { <small>{text}</small> })}
            </td>
            <td>
                <StateBadge tone word/>
                <small>{if over { "" } else { "expires " }} <When at=until now/></small>
                {mailed.map(|text| view! { <small data-mail="">{text}</small> })}
            </td>
            <td class="wide">{place} {inviter.map(|text| view! { <small>{text}</small> })}</td>
            <td>
                <div class="acts">
                    <PostButton action="/ui/people/resend" label="Send again" fields=again describe=email_again/>
                    <PostButton action="/ui/people/revoke" label="Take back" kind=Kind::Quiet fields=back describe=email_back/>
                </div>
            </td>
        </tr>
    }
}
