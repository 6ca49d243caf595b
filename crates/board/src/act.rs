//! What a pressed button does to a draft: the fields of its form become edits.

use domain::event::EventKind;
use domain::flow::{Draft, Edit, Place, Refusal, StepKind, Trigger, edit::Sketch, fact};

use crate::{
    END, START,
    fields::{self, Fields, Wrong, read_condition, read_questions},
};

/// A draft after a form, which card is chosen then, and what is said about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Acted {
    pub draft: Draft,
    pub chosen: String,
    pub said: String,
}

/// `act` is what the pressed button says: `put`, `add`, `remove`, `up`, `down`, `shift`, `flow`. Whatever else is in
/// the form is kept along with it, except where the step is removed.
pub fn act(draft: &Draft, act: &str, chosen: &str, fields: &Fields) -> Result<Acted, Wrong> {
    let field = |name: &str| fields.get(name).map(|text| text.trim()).unwrap_or_default();
    // Enter in the title of a new step presses the form's first button
    let act = match act {
        "put" | "flow" if !field("add.title").is_empty() => "add",
        act => act,
    };
    if is_end(chosen) {
        return flow(draft, act, fields);
    }
    let Some(step) = draft.step(chosen) else {
        return Err(Wrong::from([(
            String::new(),
            "This step is not there any more. What you typed is still here.".to_owned(),
        )]));
    };
    if act == "remove" {
        let draft = apply(
            draft,
            &Edit::Remove {
                step: step.key.clone(),
            },
        )?;
        let said = format!("“{}” is gone; what led to it leads on.", step.title);
        return Ok(Acted {
            draft,
            chosen: String::new(),
            said,
        });
    }
    let (draft, key) = put(draft, step, fields)?;
    let acted = |draft, chosen: &str, said: String| {
        Ok(Acted {
            draft,
            chosen: chosen.to_owned(),
            said,
        })
    };
    match act {
        "up" | "down" => {
            let at = draft.steps.iter().position(|one| one.key == key);
            let at = at.unwrap_or_default();
            let to = if act == "up" {
                at.saturating_sub(1)
            } else {
                at + 1
            };
            let draft = apply(
                &draft,
                &Edit::Move {
                    step: key.clone(),
                    to,
                },
            )?;
            acted(draft, &key, "Moved.".to_owned())
        }
        "shift" => {
            let place = place(&draft, field("shift.to"));
            let edit = Edit::Shift {
                step: key.clone(),
                place,
            };
            acted(
                apply(&draft, &edit)?,
                &key,
                "It stands elsewhere now.".to_owned(),
            )
        }
        "add" => {
            let exit = match field("add.exit") {
                "" => first_exit(&draft, &key),
                exit => exit.to_owned(),
            };
            let place = if field("add.beside").is_empty() {
                Place::After { step: key, exit }
            } else {
                Place::Beside { step: key, exit }
            };
            add(&draft, fields, place)
        }
        _ => {
            let title = draft.step(&key).map_or("", |step| step.title.as_str());
            let said = format!("Saved: {title}.");
            acted(draft, &key, said)
        }
    }
}

/// The trigger's card, the outcome's, or none: the form is about the flow.
pub fn is_end(chosen: &str) -> bool {
    matches!(chosen, "" | START | END)
}

fn apply(draft: &Draft, edit: &Edit) -> Result<Draft, Wrong> {
    draft.apply(edit).map_err(wrong)
}

fn wrong(refusal: Refusal) -> Wrong {
    Wrong::from([(refusal.field.to_owned(), refusal.sentence)])
}

fn first_exit(draft: &Draft, key: &str) -> String {
    draft
        .step(key)
        .and_then(|step| step.kind.exits().first().map(|exit| (*exit).to_owned()))
        .unwrap_or_default()
}

fn put(draft: &Draft, step: &Sketch, fields: &Fields) -> Result<(Draft, String), Wrong> {
    let sketch = fields::read(fields, step, draft)?;
    let put = Edit::Put {
        step: step.key.clone(),
        sketch: Box::new(sketch),
    };
    let draft = apply(draft, &put)?;
    let Some(to) = fields
        .get("key")
        .map(|key| key.trim())
        .filter(|key| *key != step.key)
    else {
        return Ok((draft, step.key.clone()));
    };
    let rename = Edit::Rename {
        step: step.key.clone(),
        to: to.to_owned(),
    };
    Ok((apply(&draft, &rename)?, to.to_owned()))
}

/// `step exit`, or `@start`; anything else is on no path.
fn place(draft: &Draft, text: &str) -> Place {
    match text.split_once(' ') {
        _ if text == START => Place::Start,
        Some((step, exit)) if draft.step(step).is_some() => Place::After {
            step: step.to_owned(),
            exit: exit.to_owned(),
        },
        _ => Place::Loose,
    }
}

fn add(draft: &Draft, fields: &Fields, place: Place) -> Result<Acted, Wrong> {
    let field = |name: &str| fields.get(name).map(|text| text.trim()).unwrap_or_default();
    let kind = field("add.kind");
    let title = match field("add.title") {
        "" => StepKind::fresh(kind).map_or("", |kind| kind.title()),
        title => title,
    };
    let key = draft.free_key(title);
    let edit = Edit::Add {
        kind: kind.to_owned(),
        title: title.to_owned(),
        place,
    };
    let draft = draft
        .apply(&edit)
        .map_err(|refusal| Wrong::from([(format!("add.{}", refusal.field), refusal.sentence)]))?;
    Ok(Acted {
        draft,
        chosen: key,
        said: format!("Added: {title}."),
    })
}

/// The fields of what is said of the flow itself.
pub fn write_flow(draft: &Draft) -> Fields {
    let mut out = Fields::new();
    let mut put = |name: &str, value: &str| {
        if !value.is_empty() {
            out.insert(name.to_owned(), value.to_owned());
        }
    };
    put("name", &draft.name);
    put("summary", &draft.summary);
    put("outcome", &draft.outcome);
    for (n, key) in draft.start.iter().enumerate() {
        put(&format!("start.{n}"), key);
    }
    match &draft.trigger {
        Trigger::Order { event, when } => {
            put("trigger", "order");
            put("event", event.as_str());
            let facts = fact::of_trigger(&draft.trigger);
            fields::write_condition(&mut out, "when", when, &facts);
        }
        Trigger::Campaign => put("trigger", "campaign"),
        Trigger::Form { noun, fields } => {
            put("trigger", "form");
            put("noun", noun);
            fields::write_questions(&mut out, fields);
        }
        Trigger::Manual => put("trigger", "manual"),
        Trigger::SubFlow => put("trigger", "sub_flow"),
    }
    out
}

fn flow(draft: &Draft, act: &str, fields: &Fields) -> Result<Acted, Wrong> {
    let field = |name: &str| fields.get(name).map(|text| text.trim()).unwrap_or_default();
    let describe = Edit::Describe {
        name: field("name").to_owned(),
        summary: field("summary").to_owned(),
        outcome: field("outcome").to_owned(),
    };
    let described = apply(draft, &describe)?;
    let trigger = match field("trigger") {
        "campaign" => Trigger::Campaign,
        "form" => Trigger::Form {
            noun: match field("noun") {
                "" => "case".to_owned(),
                noun => noun.to_owned(),
            },
            fields: read_questions(fields)?,
        },
        "sub_flow" => Trigger::SubFlow,
        "order" => Trigger::Order {
            event: EventKind::ALL
                .into_iter()
                .find(|kind| kind.as_str() == field("event"))
                .unwrap_or(EventKind::OrderAccepted),
            when: read_condition(fields, "when", &fact::order_facts())?,
        },
        _ => Trigger::Manual,
    };
    let mut start: Vec<String> = Vec::new();
    for n in 0..=draft.steps.len() {
        if let Some(key) = fields
            .get(&format!("start.{n}"))
            .filter(|key| !key.is_empty())
        {
            start.push(key.clone());
        }
    }
    let draft = apply(&described, &Edit::SetTrigger { trigger, start })?;
    if act == "add" {
        return add(&draft, fields, Place::Start);
    }
    Ok(Acted {
        draft,
        chosen: START.to_owned(),
        said: "Saved.".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use domain::flow::{DONE, ELSE, Flow, fact};
    use uuid::Uuid;

    use super::*;

    fn pressed(draft: &Draft, button: &str, chosen: &str, more: &[(&str, &str)]) -> Acted {
        let mut form = match draft.step(chosen) {
            Some(step) => fields::write(step, &fact::of_flow(draft)),
            None => write_flow(draft),
        };
        for (name, value) in more {
            form.insert((*name).to_owned(), (*value).to_owned());
        }
        act(draft, button, chosen, &form).unwrap()
    }

    fn empty() -> Draft {
        Flow::named(Uuid::nil(), Uuid::nil(), "f", "F")
    }

    #[test]
    fn a_flow_grows_by_its_buttons() {
        let draft = empty();
        let first = pressed(
            &draft,
            "add",
            "",
            &[("add.kind", "decide"), ("add.title", "Fast?")],
        );
        assert_eq!(first.chosen, "fast");
        let more = [
            ("add.kind", "notify"),
            ("add.title", "Tell"),
            ("add.exit", ELSE),
            ("owner", "agency:ops"),
        ];
        let second = pressed(&first.draft, "add", "fast", &more);
        assert_eq!(second.draft.step("fast").unwrap().exit(ELSE), ["tell"]);
        assert!(
            second.draft.step("fast").unwrap().owner.is_some(),
            "what else was typed is kept"
        );
        let third = pressed(
            &second.draft,
            "put",
            "tell",
            &[("key", "tell_them"), ("title", "Tell them")],
        );
        assert_eq!(third.chosen, "tell_them");
        assert_eq!(third.draft.step("fast").unwrap().exit(ELSE), ["tell_them"]);
        let moved = pressed(&third.draft, "up", "tell_them", &[]);
        assert_eq!(moved.draft.steps[0].key, "tell_them");
        let shifted = pressed(&moved.draft, "shift", "tell_them", &[("shift.to", START)]);
        assert_eq!(shifted.draft.start, ["tell_them"]);
        assert_eq!(
            shifted.draft.step("tell_them").unwrap().exit(DONE),
            ["fast"]
        );
        let gone = pressed(&shifted.draft, "remove", "tell_them", &[]);
        assert_eq!(gone.draft.start, ["fast"]);
    }

    #[test]
    fn the_flow_itself_is_said_in_fields_too() {
        let form = [
            ("name", "Returns"),
            ("summary", "What comes back"),
            ("outcome", "settled"),
            ("trigger", "form"),
            ("noun", "return"),
            ("field.0.label", "Reason"),
            ("field.0.type", "text"),
        ];
        let acted = pressed(&empty(), "flow", START, &form);
        let read = act(&acted.draft, "flow", START, &write_flow(&acted.draft)).unwrap();
        assert_eq!(read.draft, acted.draft);
        assert_eq!(read.draft.name, "Returns");
        let Trigger::Form { noun, fields } = &read.draft.trigger else {
            panic!("{:?}", read.draft.trigger);
        };
        assert_eq!(
            (noun.as_str(), fields[0].key.as_str()),
            ("return", "reason")
        );
        let order = [
            ("trigger", "order"),
            ("event", "order.accepted"),
            ("when.is", "all"),
            ("when.0.fact", "order.total"),
            ("when.0.op", "over"),
            ("when.0.value", "400.00 USD"),
        ];
        let acted = pressed(&empty(), "flow", START, &order);
        let read = act(&acted.draft, "flow", START, &write_flow(&acted.draft)).unwrap();
        assert_eq!(read.draft, acted.draft);
        let nameless = Fields::from([("outcome".to_owned(), "x".to_owned())]);
        assert!(
            act(&empty(), "flow", START, &nameless)
                .unwrap_err()
                .contains_key("name")
        );
    }
}
