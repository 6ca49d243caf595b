//! What stands beside a decision: who looks at it, what was said, and the forms to say more.

use domain::{
    access::Action,
    approval::{Approval, ApprovalState, Remark, Said, talk::MOST_REMINDERS},
    owner::Owner,
};
use leptos::prelude::*;

use crate::{
    ui::*,
    web::{Visit, owner_name, short_name},
};

fn name(at: &Visit, user: uuid::Uuid) -> String {
    at.rules
        .user_name(user)
        .map_or_else(|| "Somebody who left".to_owned(), short_name)
}

/// "Mara K. is looking at this." Told, and nothing waits for it.
pub(super) fn lookers(approval: &Approval, at: &Visit) -> Option<AnyView> {
    let names: Vec<String> = approval
        .lookers(at.ctx.user_id(), at.now())
        .map(|one| name(at, one.user_id))
        .collect();
    let said = match names.as_slice() {
        [] => return None,
        [one] => format!("{one} is looking at this."),
        [most @ .., last] => format!("{} and {last} are looking at this.", most.join(", ")),
    };
    Some(view! { <p class="text-ink-2 mb-3" role="status">{said}</p> }.into_any())
}

/// The question that waits for an answer, and the field for it where it is the reader’s.
pub(super) fn question(approval: &Approval, at: &Visit) -> Option<AnyView> {
    let open = approval.question.as_ref()?;
    let asked = approval.open_question()?;
    let (who, whom, text) = (name(at, open.by), name(at, open.to), asked.text.clone());
    let mine = at.ctx.user_id() == Some(open.to) && at.ctx.may(Action::Discuss);
    let inside = if mine {
        let typed = at.form("answer");
        let hidden = at.hidden(&[("approval", &approval.id.to_string())]);
        let field = typed
            .text("answer", "Your answer")
            .hint("It stands beside the decision for good.");
        let value = typed.value("answer");
        view! {
            <form method="post" action="/ui/approval/answer">
                {hidden}
                <TextArea text=field value required=true/>
                <div class="acts mt-4"><Button label="Answer" kind=Kind::Primary/></div>
            </form>
        }
        .into_any()
    } else {
        let now = at.now();
        let due = open.at.plus_ms(open.lent_ms);
        view! { <p class="text-ink-2">{format!("{whom} was asked. Without an answer the clock goes on ")}<When at=due now/>"."</p> }
            .into_any()
    };
    let title = if mine {
        format!("{who} asks you")
    } else {
        format!("{who} asks {whom}")
    };
    Some(
        view! {
            <Card title padded=true id="question">
                <p class="mb-3">"“"{text}"”"</p>
                {inside}
            </Card>
        }
        .into_any(),
    )
}

/// Everything that was said, oldest first, and a field to say more.
pub(super) fn talk(approval: &Approval, at: &Visit) -> AnyView {
    let rows = approval
        .remarks
        .iter()
        .map(|one| row(one, at))
        .collect_view();
    let count = approval.remarks.len();
    let none = (count == 0)
        .then(|| view! { <p class="card-body text-ink-2">"Nobody has said anything yet."</p> });
    let say = at.ctx.may(Action::Discuss).then(|| {
        let typed = at.form("comment");
        let hidden = at.hidden(&[("approval", &approval.id.to_string())]);
        let (field, value) = (typed.text("comment", "Comment"), typed.value("comment"));
        view! {
            <form class="card-body" method="post" action="/ui/approval/comment">
                {hidden}
                <TextArea text=field value rows=2/>
                <div class="acts mt-4"><Button label="Say it"/></div>
            </form>
        }
    });
    view! { <Card title="What was said" id="talk">{rows}{none}{say}</Card> }.into_any()
}

fn row(remark: &Remark, at: &Visit) -> AnyView {
    let now = at.now();
    let who = name(at, remark.by);
    let title = match &remark.what {
        Said::Comment => format!("{who}: {}", remark.text),
        Said::Question { to } => format!("{who} asked {}: {}", name(at, *to), remark.text),
        Said::Answer => format!("{who} answered: {}", remark.text),
        Said::Reminder => format!("{who} reminded whoever is asked"),
        Said::Reassigned { from, to } => format!(
            "{who} passed it from {} to {}{}",
            owner_name(&at.rules, from),
            owner_name(&at.rules, to),
            match remark.text.as_str() {
                "" => String::new(),
                why => format!(": {why}"),
            }
        ),
    };
    let aside = view! { <When at=remark.at now/> }.into_any();
    view! { <Row title person=who aside/> }.into_any()
}

/// What else can be done while it waits.
pub(super) fn more(approval: &Approval, may_decide: bool, at: &Visit) -> Option<AnyView> {
    if approval.state != ApprovalState::Pending {
        return None;
    }
    let id = approval.id.to_string();
    let is_admin = at.ctx.may(Action::ManagePeople);
    let asked = may_decide || is_admin;
    let reminders = approval
        .remarks
        .iter()
        .filter(|one| one.what == Said::Reminder)
        .count();
    let remind = (at.ctx.may(Action::Discuss) && !may_decide && reminders < MOST_REMINDERS)
        .then(|| {
            let hidden = at.hidden(&[("approval", &id)]);
            view! {
                <form method="post" action="/ui/approval/remind">{hidden}<Button label="Remind"/></form>
            }
        });
    let look = may_decide.then(|| {
        let hidden = at.hidden(&[("approval", &id)]);
        view! {
            <form method="post" action="/ui/approval/look">{hidden}<Button label="Say that you are looking"/></form>
        }
    });
    let ask = (may_decide && approval.question.is_none()).then(|| ask(approval, at));
    let pass = (asked && at.ctx.may(Action::Decide)).then(|| reassign(approval, at));
    let any = remind.is_some() || look.is_some() || ask.is_some() || pass.is_some();
    any.then(|| {
        view! {
            <Card title="Not yet?" padded=true id="more">
                <div class="acts">{look}{remind}{ask}{pass}</div>
            </Card>
        }
        .into_any()
    })
}

fn nobody_yet() -> (String, String) {
    (String::new(), "Choose somebody".to_owned())
}

/// Whom a question can be put to. Somebody from outside is not told who else there is: they find their own side,
/// and the people to whom the approval leads, by the names that the page has for those.
fn people_to_ask(approval: &Approval, at: &Visit) -> Vec<(String, String)> {
    let (rules, side, me) = (&at.rules, at.ctx.outside_party(), at.ctx.user_id());
    let found = rules.members.iter().filter(|(user, member)| {
        let is_shown = side.is_none_or(|side| rules.is_known_by(approval, side, user.id));
        user.active && is_shown && member.may(Action::Discuss) && Some(user.id) != me
    });
    let named = found.map(|(user, member)| {
        let is_told = side.is_none_or(|side| member.party == side);
        let name = match is_told {
            true => user.name.clone(),
            false => short_name(&user.name),
        };
        (user.id.to_string(), name)
    });
    std::iter::once(nobody_yet()).chain(named).collect()
}

/// Who can decide it instead: people, then roles. From outside only those of their own side, and whom the
/// approval names besides.
fn who_decides_instead(approval: &Approval, at: &Visit) -> Vec<(String, String)> {
    let (rules, side) = (&at.rules, at.ctx.outside_party());
    let able = || {
        let members = rules.members.iter();
        members.filter(|(user, member)| {
            let is_shown = side.is_none_or(|side| member.party == side);
            user.active && is_shown && member.may(Action::Decide)
        })
    };
    let people = able()
        .filter(|(user, _)| !approval.is_written_by(user.id))
        .map(|(user, _)| (Owner::User(user.id).to_string(), user.name.clone()));
    let roles = able().flat_map(|(_, member)| {
        let roles = member.functional_roles.iter();
        roles.map(|role| Owner::role(member.party, role))
    });
    let named = side.map(|side| {
        let others = approval.named();
        others.filter(move |owner| !rules.is_of(side, owner))
    });
    let owners: std::collections::BTreeSet<(String, String)> = roles
        .chain(named.into_iter().flatten().cloned())
        .filter(|owner| !approval.asked().any(|asked| asked == owner))
        .map(|owner| (owner.to_string(), owner_name(rules, &owner)))
        .collect();
    std::iter::once(nobody_yet())
        .chain(people)
        .chain(owners)
        .collect()
}

fn ask(approval: &Approval, at: &Visit) -> AnyView {
    let typed = at.form("ask");
    let hidden = at.hidden(&[("approval", &approval.id.to_string())]);
    let whom = typed.text("ask_whom", "Whom");
    let (to, value) = (typed.value("ask_whom"), typed.value("question"));
    let text = typed
        .text("question", "What you need to know")
        .hint("They get a task and a notice. The clock waits for the answer, for as long again as this step has.");
    let options = people_to_ask(approval, at);
    let form = view! {
        <form method="post" action="/ui/approval/ask">
            {hidden}
            <Select text=whom options value=to required=true/>
            <TextArea text value required=true/>
            <div class="acts mt-4"><Button label="Ask" kind=Kind::Primary/></div>
        </form>
    };
    if typed.failed() {
        return form.into_any();
    }
    view! { <Dialog id="ask" label="Ask first…" title="Ask before you decide">{form}</Dialog> }
        .into_any()
}

fn reassign(approval: &Approval, at: &Visit) -> AnyView {
    let typed = at.form("reassign");
    let hidden = at.hidden(&[("approval", &approval.id.to_string())]);
    let whom = typed
        .text("pass_to", "Who decides instead")
        .hint("Somebody who may approve, did not write it, and approved no other step of it. The clock runs on.");
    let options = who_decides_instead(approval, at);
    let (to, why) = (typed.value("pass_to"), typed.value("why"));
    let why_text = typed.text("why", "Why");
    let form = view! {
        <form method="post" action="/ui/approval/reassign">
            {hidden}
            <Select text=whom options value=to required=true/>
            <TextArea text=why_text value=why rows=2/>
            <div class="acts mt-4"><Button label="Pass on" kind=Kind::Primary/></div>
        </form>
    };
    // what was refused stands on the page itself, with what is wrong beside it
    if typed.failed() {
        return form.into_any();
    }
    view! { <Dialog id="reassign" label="Pass on…" title="Pass it on">{form}</Dialog> }.into_any()
}
