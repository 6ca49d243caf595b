//! What a message is about, as it is now, and what the message says of it: an approval, a task, a notice, or that
//! there is more than is said one by one.
//!
//! Whoever is from outside may read along where a message stands. What of an approval or a task they may not see is
//! not said there; and what was said of it while it was theirs says, once it is not, that somebody else has it, and
//! no more.

use std::sync::Arc;

use domain::{
    approval::{Approval, ApprovalState},
    chat::{Asking, Handing, Post, Topic},
    contract::Contract,
    export::Export,
    owner::Owner,
    people::User,
    task::{ExceptionClass, Severity, Task, TaskState},
};
use uuid::Uuid;

use crate::{
    chat_ask::card,
    error::{Error, Result},
    notices::About,
    port::{Card, ListFilter},
    rules::Rules,
    work::Work,
};

/// More than this is "more than so many".
const MOST_COUNTED: i64 = 100;

pub(crate) enum Matter {
    Approval(Box<Request>),
    Task(Box<Move>),
    Notice {
        about: About,
        sentence: String,
        may_be_told: bool,
    },
    Rest {
        waiting: usize,
    },
}

pub(crate) struct Request {
    pub approval: Approval,
    pub export: Export,
    pub contract: Arc<Contract>,
    pub asking: Asking,
    /// Whoever may read it there may see the approval.
    pub may_be_told: bool,
}

/// Whose move a task is.
pub(crate) struct Move {
    pub task: Task,
    pub handing: Handing,
    /// Whoever may read it there may see the task.
    pub may_be_told: bool,
    /// A newer message about it stands in the same place.
    pub is_repeated: bool,
}

impl Move {
    fn is_with(&self, owner: &Owner) -> bool {
        self.may_be_told && !self.task.state.is_over() && self.task.owner == *owner
    }
}

impl Matter {
    /// As the trail calls it.
    pub fn subject(&self, post: &Post) -> About {
        match self {
            Self::Approval(request) => ("approval", request.approval.id),
            Self::Task(turn) => ("task", turn.task.id),
            Self::Notice { about, .. } => *about,
            Self::Rest { .. } => ("post", post.id),
        }
    }

    /// How its entries in the trail begin.
    pub fn noun(&self) -> &'static str {
        match self {
            Self::Approval(_) => "approval",
            Self::Task(_) => "task",
            Self::Notice { .. } | Self::Rest { .. } => "notice",
        }
    }

    pub fn trace_id(&self) -> &str {
        match self {
            Self::Approval(request) => &request.export.trace_id,
            Self::Task(turn) => &turn.task.trace_id,
            Self::Notice { .. } | Self::Rest { .. } => "",
        }
    }

    /// Not said yet, and not worth saying any more.
    pub fn is_stale(&self, asked: &Owner) -> bool {
        match self {
            Self::Approval(request) => request.approval.state != ApprovalState::Pending,
            Self::Task(turn) => turn.is_repeated || !turn.is_with(asked),
            Self::Notice { may_be_told, .. } => !may_be_told,
            Self::Rest { waiting } => *waiting == 0,
        }
    }

    /// A request that somebody would read there whom it does not concern.
    pub fn is_kept_back(&self) -> bool {
        matches!(self, Self::Approval(request) if !request.may_be_told)
    }

    /// Once it was said, there is nothing to put right.
    pub fn is_said_once(&self) -> bool {
        matches!(self, Self::Notice { .. } | Self::Rest { .. })
    }

    pub fn detail(&self, post: &Post) -> serde_json::Value {
        let mut detail = serde_json::json!({ "to": post.asked, "place": post.place });
        match self {
            Self::Approval(request) => detail["asking"] = serde_json::json!(request.asking),
            Self::Task(turn) => detail["handing"] = serde_json::json!(turn.handing),
            Self::Notice { .. } => {}
            Self::Rest { waiting } => detail["waiting"] = serde_json::json!(waiting),
        }
        detail
    }
}

/// A notice may be about anything that has a page, and the trail's words for it stand as long as the program.
fn noun(text: &str) -> &'static str {
    ["export", "approval", "task", "run", "flow", "contract"]
        .into_iter()
        .find(|known| *known == text)
        .unwrap_or("delegation")
}

/// Where its page is, below the address of the installation.
fn page(slug: &str, (noun, id): About) -> String {
    match noun {
        "delegation" => format!("/m/{slug}/queue"),
        noun => format!("/m/{slug}/{noun}s/{id}"),
    }
}

fn fact(label: &str, words: impl Into<String>) -> (String, String) {
    (label.to_owned(), words.into())
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

/// Nothing of what became of it, nor of what it says now.
fn no_longer_theirs(what: &str, rules: &Rules) -> Card {
    Card {
        headline: what.to_owned(),
        facts: vec![fact("Now", "It is with somebody else.")],
        times: Vec::new(),
        small: rules.merchant.name.clone(),
        press: None,
        open: None,
    }
}

/// What the message says of a task.
fn task_card(turn: &Move, asked: &Owner, rules: &Rules, page: String) -> Card {
    let task = &turn.task;
    let mut card = Card {
        headline: task.title.clone(),
        facts: Vec::new(),
        times: Vec::new(),
        small: match task.severity {
            Severity::High => format!("{} · task · high priority", rules.merchant.name),
            _ => format!("{} · task", rules.merchant.name),
        },
        press: None,
        open: Some(page),
    };
    let name = |user: Option<Uuid>| {
        let known = user.and_then(|user| rules.user_name(user));
        known.unwrap_or("somebody").to_owned()
    };
    if !turn.may_be_told {
        return no_longer_theirs("A task that was with you", rules);
    }
    if turn.is_repeated {
        card.facts
            .push(fact("Now", "It is told anew further down."));
        return card;
    }
    if task.state.is_over() {
        let by = match task.state {
            TaskState::Cancelled => "Closed by itself".to_owned(),
            _ => format!("Done by {}", name(task.resolved_by)),
        };
        card.facts.push(fact("Outcome", by));
        let note = task.resolution.clone();
        card.facts.extend(note.map(|note| fact("Said", note)));
        let when = task.resolved_at;
        card.times.extend(when.map(|at| ("When".to_owned(), at)));
        return card;
    }
    if task.owner != *asked {
        let now = format!("Handed on to {}", rules.spoken_name(&task.owner));
        card.facts.push(fact("Now", now));
        return card;
    }
    card.facts
        .push(fact("Whose move", rules.spoken_name(&task.holder())));
    let (headline, why) = match &turn.handing {
        Handing::Opened => ("To do", None),
        Handing::Given => ("Given to you", None),
        Handing::Escalated { why } => ("Escalated to you", Some(why)),
        Handing::Late { why } => ("Late", Some(why)),
    };
    match task.state {
        TaskState::Claimed => {
            let by = format!("Taken by {}", name(task.assignee));
            card.facts.push(fact("Now", by));
        }
        TaskState::Snoozed => {
            card.facts.push(fact("Now", "Put off"));
            let until = task.snoozed_until;
            card.times
                .extend(until.map(|at| ("Put off until".to_owned(), at)));
        }
        _ => {
            card.headline = format!("{headline}: {}", task.title);
            let stands = match task.class {
                ExceptionClass::Hard => "Work stands still until it is done.",
                ExceptionClass::Soft => "Work goes on meanwhile.",
            };
            let why = match why {
                Some(why) => format!("{}. {stands}", capital(why)),
                None => stands.to_owned(),
            };
            card.facts.push(fact("Why", why));
            card.times
                .push(("Take it until".to_owned(), task.accept_by));
        }
    }
    if matches!(turn.handing, Handing::Late { .. }) {
        card.headline = format!("{headline}: {}", task.title);
    }
    card.times.push(("Done by".to_owned(), task.resolve_by));
    card
}

fn rest_card(waiting: usize, asked: &Owner, rules: &Rules, page: String) -> Card {
    let most = usize::try_from(MOST_COUNTED).unwrap_or(usize::MAX);
    let count = match waiting {
        1 => "1 task is".to_owned(),
        few if few <= most => format!("{few} tasks are"),
        _ => format!("More than {most} tasks are"),
    };
    let who = rules.spoken_name(asked);
    Card {
        headline: "More than is said here one by one".to_owned(),
        facts: vec![fact("In the queue", format!("{count} with {who} now."))],
        times: Vec::new(),
        small: format!("{} · the rest stands in the queue", rules.merchant.name),
        press: None,
        open: Some(page),
    }
}

impl Work<'_> {
    pub async fn matter_of_post(&mut self, post: &Post) -> Result<Matter> {
        let merchant = post.merchant_id;
        Ok(match &post.topic {
            Topic::Approval {
                approval_id,
                asking,
            } => {
                let approval = self.tx.approval(merchant, *approval_id).await?;
                let approval =
                    approval.ok_or_else(|| Error::internal("a message about no approval"))?;
                let export = self.export(approval.export_id).await?;
                let contract = self.contract_of(&export).await?;
                let about = ("approval", approval.id);
                let may_be_told = self.may_be_told(&post.place, &post.asked, about).await?;
                Matter::Approval(Box::new(Request {
                    approval,
                    export,
                    contract,
                    asking: *asking,
                    may_be_told,
                }))
            }
            Topic::Task { task_id, handing } => {
                let task = self.tx.task(merchant, *task_id).await?;
                let task = task.ok_or_else(|| Error::internal("a message about no task"))?;
                let about = ("task", task.id);
                let may_be_told = self.may_be_told(&post.place, &post.asked, about).await?;
                let others = self.tx.chat_posts(merchant, task.id).await?;
                let is_newer = |one: &Post| one.id > post.id && one.place == post.place;
                let is_repeated = others.iter().any(|one| {
                    is_newer(one) && one.is_of_task() && one.is_kept_right() && one.at.is_some()
                });
                Matter::Task(Box::new(Move {
                    task,
                    handing: handing.clone(),
                    may_be_told,
                    is_repeated,
                }))
            }
            Topic::Notice {
                noun: kind,
                noun_id,
                sentence,
            } => {
                let about = (noun(kind), *noun_id);
                Matter::Notice {
                    about,
                    sentence: sentence.clone(),
                    may_be_told: self.may_be_told(&post.place, &post.asked, about).await?,
                }
            }
            Topic::Rest { .. } => {
                let filter = ListFilter {
                    state: Some("live".to_owned()),
                    holder: Some(post.asked.to_string()),
                    limit: MOST_COUNTED + 1,
                    ..ListFilter::default()
                };
                let waiting = self.tx.tasks(merchant, &filter).await?.len();
                Matter::Rest { waiting }
            }
        })
    }

    /// `open` is the link of a request; whatever else there is has its page.
    pub fn card_of_post(&self, post: &Post, matter: &Matter, open: &str) -> Card {
        let rules = &self.rules;
        let (slug, name) = (&rules.merchant.slug, &rules.merchant.name);
        let at = |path: String| format!("{}{path}", self.engine.public_url);
        match matter {
            Matter::Approval(request) if !request.may_be_told => {
                no_longer_theirs("An approval that was with you", rules)
            }
            Matter::Approval(request) => card(
                (&request.approval, &post.asked, request.asking),
                (&request.export, &request.contract),
                rules,
                open,
            ),
            Matter::Task(turn) => {
                let page = at(page(slug, ("task", turn.task.id)));
                task_card(turn, &post.asked, rules, page)
            }
            Matter::Notice {
                about, sentence, ..
            } => Card {
                headline: "For your information".to_owned(),
                facts: vec![
                    fact("What", sentence.clone()),
                    fact("Told", rules.spoken_name(&post.asked)),
                ],
                times: Vec::new(),
                small: format!("{name} · nothing is asked of you"),
                press: None,
                open: Some(at(page(slug, *about))),
            },
            Matter::Rest { waiting } => {
                let page = at(format!("/m/{slug}/queue"));
                rest_card(*waiting, &post.asked, rules, page)
            }
        }
    }

    /// Whether everybody from outside who may read along in that place sees what this is about: those behind
    /// the owner, and those behind any owner who has the same place.
    pub async fn may_be_told(&mut self, place: &str, asked: &Owner, about: About) -> Result<bool> {
        let rules = Arc::clone(&self.rules);
        let routes = rules.chat.as_ref().map_or(&[][..], |chat| &chat.routes);
        let there = routes.iter().filter(|route| route.place == place);
        let mut outside: Vec<&User> = Vec::new();
        for owner in there.map(|route| &route.owner).chain([asked]) {
            let people = rules.people(owner).into_iter();
            outside.extend(people.filter(|user| rules.is_outside(user.id)));
            let is_somebodys = match owner {
                Owner::User(_) => true,
                Owner::Role { party, .. } => party.is_outside(),
                Owner::Rotation(_) | Owner::System(_) => false,
            };
            if is_somebodys && rules.people(owner).is_empty() {
                // somebody who left, or a side of which nobody is known here
                return Ok(false);
            }
        }
        for user in outside {
            if self.seen_by(&rules, user, about).await? != Some(about) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
