//! What every template must have before anybody is offered it.

use std::collections::BTreeMap;

use domain::{
    contract::{Contract, codes},
    flow::{DONE, ELSE, Flow, Path, StepKind, Trigger, fact},
    payload::{CAMPAIGN_FACTS, Origin},
};
use uuid::Uuid;

use super::{IDS, Making, Purpose, Template, There, export_types};
use crate::qa::compile;

fn making() -> Making {
    let there = |purpose: Purpose| There {
        key: format!("the-{}", purpose.key()),
        name: format!("The {}", purpose.key()),
        system: purpose.key().to_owned(),
    };
    Making {
        merchant_id: Uuid::from_u128(1),
        founder: Uuid::from_u128(2),
        ids: std::array::from_fn(|n| Uuid::from_u128(100 + n as u128)),
        source_system: "shopify".to_owned(),
        destinations: Purpose::ALL
            .into_iter()
            .map(|purpose| (purpose, there(purpose)))
            .collect(),
        ..Making::default()
    }
}

fn all() -> Vec<(Template, Vec<Contract>, Flow)> {
    Template::ALL
        .into_iter()
        .map(|template| {
            let (contracts, flow) = template.make(&making());
            (template, contracts, flow)
        })
        .collect()
}

#[test]
fn every_step_is_whole() {
    for (template, _, flow) in all() {
        let (mut keys, mut reported) = (Vec::new(), Vec::new());
        for step in &flow.steps {
            let at = format!("{}/{}", template.key(), step.key);
            assert_ne!(step.owner, step.backup, "{at}");
            assert!(step.clock.accept_ms > 0, "{at}");
            assert!(step.clock.resolve_ms >= step.clock.accept_ms, "{at}");
            assert!(step.runbook.len() > 80, "{at} has no runbook to speak of");
            assert!(!step.source_system.is_empty() && !step.destination_system.is_empty());
            assert!(step.checkpoint.is_some(), "{at} has no checkpoint");
            let ways = step.ways_to_fail();
            assert_eq!(step.failures.len(), ways.len(), "{at}: {:?}", step.failures);
            for way in ways {
                let path = &step.failure(way).unwrap().path;
                if let Path::Task { remediation, .. } = path {
                    assert!(!remediation.is_empty(), "{at} {way}");
                }
            }
            keys.push(&step.key);
            reported.push(&step.report_as);
        }
        for names in [&mut keys, &mut reported] {
            let many = names.len();
            names.sort();
            names.dedup();
            assert_eq!(names.len(), many, "{}", template.key());
        }
    }
}

#[test]
fn every_way_leads_somewhere_and_every_step_is_reached() {
    for (template, _, flow) in all() {
        let mut reached: Vec<&str> = flow.start.iter().map(String::as_str).collect();
        let mut next = 0;
        while let Some(key) = reached.get(next).copied() {
            let step = flow
                .step(key)
                .unwrap_or_else(|| panic!("{}: no {key}", template.key()));
            for to in step.leads_to() {
                if !reached.contains(&to) {
                    reached.push(to);
                }
            }
            next += 1;
        }
        assert_eq!(reached.len(), flow.steps.len(), "{}", template.key());
        for step in &flow.steps {
            if let StepKind::Decide { branches, .. } = &step.kind {
                assert!(!branches.is_empty());
                for on in branches.iter().map(|one| one.key.as_str()).chain([ELSE]) {
                    assert!(
                        !step.exit(on).is_empty(),
                        "{}: {} leads nowhere",
                        step.key,
                        on
                    );
                }
            } else {
                assert!(step.exits.iter().any(|exit| exit.on == DONE));
            }
        }
    }
}

#[test]
fn conditions_ask_only_for_what_can_be_known() {
    for (template, _, flow) in all() {
        let facts = fact::of_flow(&flow);
        for step in &flow.steps {
            let at = format!("{}/{}", template.key(), step.key);
            let mut asked: Vec<_> = step.checkpoint.iter().map(|one| &one.when).collect();
            if let StepKind::Decide { branches, .. } = &step.kind {
                asked.extend(branches.iter().map(|branch| &branch.when));
            }
            for condition in asked {
                let faults = condition.faults(&facts);
                assert!(faults.is_empty(), "{at}: {faults:?}");
            }
        }
    }
}

#[test]
fn every_export_has_its_contract_and_every_contract_is_whole() {
    let mut seen: BTreeMap<String, Contract> = BTreeMap::new();
    for (template, contracts, flow) in all() {
        let types: Vec<String> = export_types(&flow).into_iter().collect();
        let made: Vec<_> = contracts
            .iter()
            .map(|one| one.export_type.clone())
            .collect();
        assert_eq!(types, made, "{}", template.key());
        assert!(2 * contracts.len() < IDS);
        for contract in contracts {
            let at = &contract.export_type;
            compile(&contract).unwrap();
            assert_eq!(contract.payload.faults(&contract.schema), [], "{at}");
            assert_ne!(contract.owner, contract.backup, "{at}");
            assert!(!contract.summary.is_empty() && !contract.intended_action.is_empty());
            assert!(contract.destination.starts_with("the-"), "{at}");
            for code in codes::ALL.iter().chain([&"*"]) {
                let route = contract.exceptions.get(*code);
                let route = route.unwrap_or_else(|| panic!("{at} has no route for {code}"));
                assert!(!route.remediation_steps.is_empty(), "{at} {code}");
            }
            // the same type means the same everywhere, or the second flow would run under another's contract
            if let Some(known) = seen.get(at) {
                assert_eq!(known.schema, contract.schema);
            }
            seen.insert(at.clone(), contract);
        }
    }
    for wanted in [
        "fulfillment_request",
        "routing_decision",
        "backorder",
        "return_initiate",
        "refund_hold",
        "promo_activation",
        "staged_product",
        "live_publish",
        "content_package_change",
        "shipping_label_request",
        "inventory_delta",
        "exception_notify",
        "price_update",
        "shipping_label_response",
    ] {
        assert!(seen.contains_key(wanted), "{wanted}");
    }
}

/// Each payload field that names a step or a form names one that some template with this contract has.
#[test]
fn payloads_read_answers_that_somebody_gives() {
    let all = all();
    for (_, contracts, _) in &all {
        for contract in contracts {
            let users: Vec<&Flow> = all
                .iter()
                .filter(|(_, theirs, _)| {
                    theirs
                        .iter()
                        .any(|one| one.export_type == contract.export_type)
                })
                .map(|(_, _, flow)| flow)
                .collect();
            for (field, origin) in &contract.payload.0 {
                let paths = match origin {
                    Origin::Fact(path) => std::slice::from_ref(path),
                    Origin::FirstOf(paths) => paths,
                    Origin::Value(_) => continue,
                };
                for path in paths {
                    let gives = users.iter().any(|flow| is_given(flow, path));
                    assert!(
                        gives,
                        "{}/{field}: nobody gives {path}",
                        contract.export_type
                    );
                }
                // where it must be there, each flow has somebody who gives it
                let required = contract.schema["required"].as_array().unwrap();
                if required.iter().any(|one| one == field) {
                    for flow in &users {
                        assert!(
                            paths.iter().any(|path| is_given(flow, path)),
                            "{}: {} has no {field}",
                            flow.key,
                            contract.export_type
                        );
                    }
                }
            }
        }
    }
}

fn is_given(flow: &Flow, path: &str) -> bool {
    let (whose, which) = path.split_once('.').unwrap();
    match whose {
        "order" => matches!(flow.trigger, Trigger::Order { .. } | Trigger::Manual),
        "campaign" => flow.trigger == Trigger::Campaign,
        "case" => matches!(flow.trigger, Trigger::Form { .. }),
        "run" => true,
        "input" => matches!(&flow.trigger, Trigger::Form { fields, .. }
            if fields.iter().any(|field| field.key == which)),
        step => flow.step(step).is_some_and(|step| match &step.kind {
            StepKind::HumanTask { fields, .. } => fields.iter().any(|field| field.key == which),
            StepKind::EmitExport { .. } => which == "external_ref",
            _ => false,
        }),
    }
}

#[test]
fn what_a_brief_says_travels_in_its_activation() {
    let promotion = all()
        .into_iter()
        .find(|(template, ..)| *template == Template::PromotionGoLive);
    let (_, contracts, _) = promotion.unwrap();
    let activation = contracts
        .iter()
        .find(|one| one.export_type == "promo_activation")
        .unwrap();
    for fact in CAMPAIGN_FACTS.iter().filter(|fact| **fact != "note") {
        let from = Origin::Fact(format!("campaign.{fact}"));
        assert!(
            activation.payload.0.values().any(|one| *one == from),
            "{fact}"
        );
    }
}
