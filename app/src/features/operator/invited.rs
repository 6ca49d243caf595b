//! Who was invited to the operator and has not answered yet.

use domain::{Time, invitation::Invitation, owner::role_title};
use engine::{AgencyCtx, StillInvited, port::MailFate};
use leptos::prelude::*;

use super::path;
use crate::{features::people::mail_words, ui::*};

pub(super) fn waiting(at: &AgencyCtx, still: &StillInvited, now: Time) -> Option<AnyView> {
    if still.invitations.is_empty() {
        return None;
    }
    let rows = still
        .invitations
        .iter()
        .map(|one| {
            let mail = still.mails.iter().find(|mail| mail.about == one.id);
            row(at, one, mail, now)
        })
        .collect_view();
    let cols = vec![
        Col::text("Invited"),
        Col::text("State"),
        Col::text("Access").wide(),
        Col::text("Act"),
    ];
    Some(
        view! {
            <Card title="Waiting for an answer" id="invitations">
                <Table caption="Invitations" list=true cols>{rows}</Table>
            </Card>
        }
        .into_any(),
    )
}

fn row(
    at: &AgencyCtx,
    one: &Invitation,
    mail: Option<&MailFate>,
    now: Time,
) -> impl IntoView + use<> {
    let over = one.expires_at <= now;
    let (tone, word) = if over {
        (Tone::Late, "expired")
    } else {
        (Tone::Wait, "waiting")
    };
    let instead = "Send it again for a new link to copy.";
    let mailed = mail.map(|mail| mail_words(mail, &one.email, instead));
    let fields = || {
        vec![
            ("operator", at.operator.slug.clone()),
            ("back", path(at, "/people")),
            ("invitation", one.id.to_string()),
        ]
    };
    let (again, back) = (fields(), fields());
    let (email_again, email_back) = (
        format!("Send again to {}", one.email),
        format!("Take back the invitation of {}", one.email),
    );
    view! {
        <tr data-row=one.id.to_string()>
            <td><b class="title">{one.email.clone()}</b></td>
            <td>
                <StateBadge tone word/>
                <small>{if over { "" } else { "expires " }} <When at=one.expires_at now/></small>
                {mailed.map(|text| view! { <small data-mail="">{text}</small> })}
            </td>
            <td class="wide">{role_title(one.access.as_str())}</td>
            <td>
                <div class="acts">
                    <PostButton action="/ui/operator/resend" label="Send again" fields=again describe=email_again/>
                    <PostButton action="/ui/operator/revoke" label="Take back" kind=Kind::Quiet fields=back describe=email_back/>
                </div>
            </td>
        </tr>
    }
}
