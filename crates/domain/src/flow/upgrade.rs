//! Flows and runs as they were written before flows had branches: steps one after the other, waits with a time of
//! their own, and a run that stands at a number.
//!
//! What is stored is never rewritten; it is read as what it always meant.

use serde_json::{Map, Value, json};

use super::{Flow, Run, RunState, Token, TokenState, Visit};

/// A flow's document, of whatever age.
pub fn flow(text: &str) -> serde_json::Result<Flow> {
    let mut doc: Value = serde_json::from_str(text)?;
    if doc.get("start").is_some() {
        return serde_json::from_value(doc);
    }
    let steps = doc.get_mut("steps").and_then(Value::as_array_mut);
    for step in steps.into_iter().flatten().filter_map(Value::as_object_mut) {
        waits_by_its_clock(step);
    }
    Ok(serde_json::from_value::<Flow>(doc)?.in_a_row())
}

fn waits_by_its_clock(step: &mut Map<String, Value>) {
    if let Some(within) = step.remove("within_ms") {
        let clock = json!({ "accept_ms": 0, "resolve_ms": within, "calendar": null });
        step.insert("clock".to_owned(), clock);
    }
}

/// Whether [`run`] has something to do.
pub fn is_old(run: &Run) -> bool {
    run.step.is_some()
}

/// A run that stands at a number stands at the step of that number, and has been at those before it.
pub fn run(run: &mut Run, flow: &Flow) {
    let Some(at) = run.step.take() else {
        return;
    };
    let since = run.step_since.take().unwrap_or(run.started_at);
    let due = run.was_due.take();
    let at = usize::try_from(at).unwrap_or_default();
    run.path = flow
        .steps
        .iter()
        .take(at.saturating_add(1))
        .enumerate()
        .map(|(index, step)| {
            let is_here = index == at;
            Visit {
                step: step.key.clone(),
                entered_at: if is_here { since } else { run.started_at },
                left_at: (!is_here).then_some(since),
                by: if is_here { "" } else { super::DONE }.to_owned(),
                undone: false,
            }
        })
        .collect();
    if run.state == RunState::Running
        && let Some(step) = flow.steps.get(at)
    {
        run.tokens = vec![Token {
            at: TokenState::Waiting,
            wait_until: due,
            ..Token::arriving(0, &step.key, since)
        }];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As it stood in a database of the version before branches.
    const FLOW: &str = r#"{"id":"00000000-0000-0000-0000-0000000000c9","merchant_id":"0196a000-0000-7000-8000-000000000001",
        "key":"order-to-ship","name":"Order to ship","version":1,"summary":"",
        "trigger":{"on":"order","event":"order.accepted"},
        "steps":[{"key":"request_fulfillment","title":"Request fulfillment","owner":"agency:logistics","backup":"agency:operations",
                  "kind":"emit_export","export_type":"fulfillment_request","until":"acknowledged"},
                 {"key":"await_shipment","title":"Await shipment","owner":"agency:logistics","backup":"agency:operations",
                  "kind":"wait_for_event","event":"shipment.confirmed","within_ms":172800000,"resolve_ms":14400000,"class":"soft"}],
        "outcome":"shipped","published_at":"2026-10-01T00:00:00.000Z"}"#;
    const RUN: &str = r#"{"id":"0196a000-0000-7000-8000-000000000003","merchant_id":"0196a000-0000-7000-8000-000000000001",
        "flow_id":"00000000-0000-0000-0000-0000000000c9","flow_key":"order-to-ship","subject_kind":"order",
        "subject_id":"0196a000-0000-7000-8000-000000000002","state":"running","step":1,
        "step_since":"2026-10-02T08:00:00.000Z","wait_until":"2026-10-04T08:00:00.000Z","outcome":null,"started_by":null,
        "trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","started_at":"2026-10-02T07:59:00.000Z","ended_at":null,"rev":3}"#;

    #[test]
    fn a_flow_in_a_row_reads_as_a_graph() {
        let flow = flow(FLOW).unwrap();
        assert_eq!(flow.start, ["request_fulfillment"]);
        assert_eq!(flow.steps[0].exit(super::super::DONE), ["await_shipment"]);
        assert!(flow.steps[1].exit(super::super::DONE).is_empty());
        assert_eq!(flow.steps[1].clock.resolve_ms, 172_800_000);
        let again = super::flow(&serde_json::to_string(&flow).unwrap()).unwrap();
        assert_eq!(again, flow);
    }

    #[test]
    fn a_run_at_a_number_stands_at_that_step_until_the_same_moment() {
        let flow = flow(FLOW).unwrap();
        let mut old: Run = serde_json::from_str(RUN).unwrap();
        assert!(is_old(&old));
        run(&mut old, &flow);
        assert!(!is_old(&old));
        assert_eq!(old.stands_at().collect::<Vec<_>>(), ["await_shipment"]);
        let due = old.wait_until().map(|at| at.to_string());
        assert_eq!(due.as_deref(), Some("2026-10-04T08:00:00.000Z"));
        assert_eq!(old.path.len(), 2);
        assert_eq!(old.path[0].by, "done");
        assert_eq!(old.path[1].left_at, None);
        let kept = serde_json::to_string(&old).unwrap();
        assert_eq!(serde_json::from_str::<Run>(&kept).unwrap(), old);
        assert!(!is_old(&old));
    }

    #[test]
    fn a_run_that_was_over_stands_nowhere() {
        let flow = flow(FLOW).unwrap();
        let done = RUN
            .replace("\"running\"", "\"completed\"")
            .replace("\"step\":1", "\"step\":2");
        let mut old: Run = serde_json::from_str(&done).unwrap();
        run(&mut old, &flow);
        assert!(old.tokens.is_empty());
        assert!(old.path.iter().all(|visit| visit.left_at.is_some()));
    }
}
