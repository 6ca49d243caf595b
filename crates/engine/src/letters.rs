//! What our mails say. Plain words and one link, once as text and once as simple HTML without pictures,
//! so that nothing is loaded when somebody opens it.

use domain::{
    Time,
    audit::{file::grouped, witness::SignedCheckpoint},
    chat::{Asking, Handing},
    notice,
    task::{ExceptionClass, Task, TaskState},
};
use serde::{Deserialize, Serialize};

/// A message without the id that it gets when it is queued.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Letter {
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    #[serde(default)]
    pub thread: Option<String>,
}

/// What is asked of somebody by mail.
pub(crate) struct Request<'a> {
    pub to: &'a str,
    pub merchant: &'a str,
    pub title: &'a str,
    pub what: &'a str,
    pub why: &'a str,
    pub effect: &'a str,
    pub until: String,
    pub asking: Asking,
    pub link: &'a str,
    pub thread: String,
}

/// What is told of a task by mail to whoever has it now.
pub(crate) struct Duty<'a> {
    pub to: &'a str,
    pub merchant: &'a str,
    pub task: &'a Task,
    pub handing: &'a Handing,
    pub page: &'a str,
    pub thread: String,
}

/// For words that everybody reads the same.
pub(crate) fn spoken_time(at: Time) -> String {
    at.format_utc("%H:%M UTC on %-d %B %Y")
}

/// A name stands in a subject and between other words: no line of its own, and not endless.
fn one_line(text: &str) -> String {
    let line: String = text
        .chars()
        .map(|one| if one.is_control() { ' ' } else { one })
        .take(120)
        .collect();
    line.trim().to_owned()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// What is said before the link, the words on it, and what is said after.
fn letter(to: &str, subject: String, before: &[String], link: (&str, &str), after: &str) -> Letter {
    let (label, url) = link;
    let mut text = before.join("\n\n");
    text.push_str(&format!("\n\n{label}:\n{url}\n\n{after}\n"));
    let paragraphs: String = before
        .iter()
        .map(|words| format!("<p>{}</p>", escaped(words)))
        .collect();
    let (shown, after) = (escaped(url), escaped(after));
    let html = format!(
        "<!doctype html><html lang=\"en\"><body style=\"font-family:sans-serif;line-height:1.5\">\
         {paragraphs}<p><a href=\"{shown}\">{label}</a></p>\
         <p>If the link does not open, copy this address: {shown}</p><p>{after}</p></body></html>"
    );
    Letter {
        to: to.to_owned(),
        subject,
        text,
        html,
        thread: None,
    }
}

impl Letter {
    pub fn of_invitation(to: &str, inviter: Option<&str>, merchant: &str, link: &str) -> Self {
        let (who, merchant) = (one_line(inviter.unwrap_or("Somebody")), one_line(merchant));
        letter(
            to,
            format!("{who} invites you to {merchant}"),
            &[
                "Hello,".to_owned(),
                format!("{who} invites you to work for {merchant} on Meshline."),
                "The link works once, for 7 days. Nothing happens until you accept.".to_owned(),
            ],
            ("See the invitation", link),
            "If you did not expect this, leave it alone. Do not pass it on: whoever has the link can take the place.",
        )
    }

    pub fn of_notice(to: &str, merchant: &str, sentence: &str, link: &str) -> Self {
        let merchant = one_line(merchant);
        let mut subject = one_line(sentence);
        if subject.chars().count() < sentence.trim().chars().count() {
            subject.push('…');
        }
        letter(
            to,
            format!("{merchant}: {subject}"),
            &[
                format!("For your information, at {merchant}:"),
                sentence.to_owned(),
            ],
            ("Open your queue", link),
            "Nothing is asked of you. On your account’s page you say whether such mail is sent to you.",
        )
    }

    /// Somebody is asked to approve. All mails about one export have the same subject, so that they stand
    /// together also where only subjects are compared.
    pub fn of_request(request: &Request<'_>) -> Self {
        let (merchant, title) = (one_line(request.merchant), one_line(request.title));
        let opening = match request.asking {
            Asking::First => format!("You are asked to approve, at {merchant}:"),
            Asking::Reminder => format!("This still waits for you, at {merchant}:"),
            Asking::Backup => format!(
                "Time is up for whoever was asked first, at {merchant}. You may decide now:"
            ),
        };
        let about = |label: &str, words: &str| format!("{label}: {}", one_line(words));
        let mut before = vec![
            opening,
            title.clone(),
            about("What", request.what),
            about("Why you are asked", request.why),
            about("What happens when you approve", request.effect),
        ];
        if !request.until.is_empty() {
            before.push(about("Until", &request.until));
        }
        let subject = match request.asking {
            Asking::First => format!("{merchant}: {title}"),
            Asking::Reminder | Asking::Backup => format!("Re: {merchant}: {title}"),
        };
        let after = "Following the link decides nothing: you see everything first, and sign in. It ends with the request. On your account’s page you say whether such mail is sent to you.";
        Self {
            thread: Some(request.thread.clone()),
            ..letter(
                request.to,
                subject,
                &before,
                ("See it and decide", request.link),
                after,
            )
        }
    }

    /// It is somebody's move. All mails about one task have the same subject, as those about one export.
    pub fn of_task(duty: &Duty<'_>) -> Self {
        let task = duty.task;
        let (merchant, title) = (one_line(duty.merchant), one_line(&task.title));
        let opening = match duty.handing {
            Handing::Opened => format!("This is for you to do, at {merchant}:"),
            Handing::Given => format!("This was given to you, at {merchant}:"),
            Handing::Escalated { why } => {
                format!("This comes to you now, at {merchant}, because {why}:")
            }
            Handing::Late { why } => {
                format!("Time is up and nobody else is left to ask, at {merchant}: {why}.")
            }
        };
        let stands = match task.class {
            ExceptionClass::Hard => "Work stands still until it is done.",
            ExceptionClass::Soft => "Work goes on meanwhile.",
        };
        let mut before = vec![
            opening,
            title.clone(),
            notice::sentence(&task.sentence),
            stands.to_owned(),
        ];
        if task.state == TaskState::Open && !matches!(duty.handing, Handing::Late { .. }) {
            before.push(format!("Take it until: {}", spoken_time(task.accept_by)));
        }
        before.push(format!("Done by: {}", spoken_time(task.resolve_by)));
        let subject = match duty.handing {
            Handing::Opened => format!("{merchant}: {title}"),
            _ => format!("Re: {merchant}: {title}"),
        };
        let after = "It stands in your queue, too, as whatever else there is to do: of much at once only a few things come by mail. On your account’s page you say whether such mail is sent to you.";
        Self {
            thread: Some(duty.thread.clone()),
            ..letter(
                duty.to,
                subject,
                &before,
                ("See what to do", duty.page),
                after,
            )
        }
    }

    /// What became of what somebody was asked by mail.
    pub fn of_outcome(
        to: &str,
        (merchant, title): (&str, &str),
        said: &str,
        page: &str,
        thread: String,
    ) -> Self {
        let (merchant, title) = (one_line(merchant), one_line(title));
        let before = [
            format!("You were asked to approve, at {merchant}:"),
            title.clone(),
            said.trim().to_owned(),
        ];
        let subject = format!("Re: {merchant}: {title}");
        let after = "Nothing is asked of you any more.";
        Self {
            thread: Some(thread),
            ..letter(to, subject, &before, ("See what became of it", page), after)
        }
    }

    /// The signed note stands in it as it is, to be copied into a file.
    pub fn of_checkpoint(
        to: &str,
        merchant: &str,
        checkpoint: &SignedCheckpoint,
        link: &str,
    ) -> Self {
        let merchant = one_line(merchant);
        let size = grouped(checkpoint.size.unsigned_abs());
        let before = format!(
            "Keep this mail. It vouches for the first {size} entries of the audit trail of {merchant}, as they were on {}.",
            checkpoint.made_at
        );
        let after = "To check an export against it, copy the lines above into a file and run: \
                     meshline audit verify EXPORT --checkpoint FILE --key PUBLIC_KEY";
        let note = &checkpoint.note;
        let (words, shown) = (escaped(&before), escaped(note));
        let (page, last) = (escaped(link), escaped(after));
        Self {
            to: to.to_owned(),
            subject: format!("{merchant}: checkpoint of {size} audit entries"),
            text: format!("{before}\n\n{note}\n{after}\n\nThe audit trail: {link}\n"),
            html: format!(
                "<!doctype html><html lang=\"en\"><body style=\"font-family:sans-serif;line-height:1.5\">\
                 <p>{words}</p><pre>{shown}</pre><p>{last}</p>\
                 <p><a href=\"{page}\">The audit trail</a></p></body></html>"
            ),
            thread: None,
        }
    }

    /// An admin made the link, whoever asked for it.
    pub fn of_given_reset(to: &str, admin: Option<&str>, merchant: &str, link: &str) -> Self {
        let who = one_line(admin.unwrap_or("An admin"));
        let merchant = one_line(merchant);
        letter(
            to,
            "Choose another Meshline password".to_owned(),
            &[
                "Hello,".to_owned(),
                format!(
                    "{who} of {merchant} made you a link to choose another password on Meshline."
                ),
                "The link works once, within an hour.".to_owned(),
            ],
            ("Choose another password", link),
            "If you did not ask for it, leave it alone and tell them: your password stays as it is.",
        )
    }

    /// An admin took somebody's second factor off.
    pub fn of_removed_factor(
        to: &str,
        (admin, merchant): (Option<&str>, &str),
        page: &str,
    ) -> Self {
        let who = one_line(admin.unwrap_or("An admin"));
        let merchant = one_line(merchant);
        letter(
            to,
            "Your second factor on Meshline was taken off".to_owned(),
            &[
                "Hello,".to_owned(),
                format!(
                    "{who} of {merchant} took the second factor off your account on Meshline, and ended your sessions. From now on your password alone signs you in, until you set up another factor."
                ),
            ],
            ("Your account", page),
            "If you did not ask for it, choose another password at once and tell somebody else at your agency.",
        )
    }

    pub fn of_reset(to: &str, link: &str) -> Self {
        letter(
            to,
            "Choose another Meshline password".to_owned(),
            &[
                "Hello,".to_owned(),
                "Somebody, probably you, asked for another password for this address on Meshline."
                    .to_owned(),
                "The link works once, within an hour.".to_owned(),
            ],
            ("Choose another password", link),
            "If that was not you, leave it alone: your password stays as it is.",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_makes_no_line_and_no_markup_of_its_own() {
        let name = "Eve\r\nBcc: all@example.com <b>";
        let letter =
            Letter::of_invitation("a@b.example", Some(name), "Alder & Pine", "https://x/y");
        assert!(!letter.subject.contains(['\r', '\n']), "{}", letter.subject);
        assert!(!letter.html.contains("<b>") && letter.html.contains("Alder &amp; Pine"));
        assert!(letter.text.contains("\nhttps://x/y\n"));
    }
}
