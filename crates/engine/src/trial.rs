//! A destination's staging side: before an export goes to where it counts, the same message goes there as a
//! trial, marked as one (header `meshline-test: true`, and `test` in its data). What was answered is attached to
//! the export. Only a 2xx that does not refuse it lets the real one go; a refusal holds it back, with a task.

use domain::{
    delivery::{AckStatus, Answer, Verdict, judge, retry_delay_ms},
    export::{Export, ExportState, QaResult, QaStatus, Trial},
    gate::Fault,
};
use serde_json::{Value, json};

use crate::{
    deliver::Sent,
    error::Result,
    exception::{Trouble, evidence},
    job::{Job, JobKind},
    work::Work,
    worker::lost_lease,
};

/// The check under which its answer stands with the others.
const CHECK: &str = "staging";
/// So much of an answer is kept.
const MOST_CHARS: usize = 2_000;

/// The message as a trial.
pub(crate) fn as_trial(wire: &[u8]) -> Vec<u8> {
    let Ok(mut message) = serde_json::from_slice::<Value>(wire) else {
        return wire.to_vec();
    };
    if let Some(data) = message.get_mut("data").and_then(Value::as_object_mut) {
        data.insert("test".to_owned(), Value::Bool(true));
    }
    if let Some(message) = message.as_object_mut() {
        // nothing is owed about a trial
        message.remove("callbackurl");
    }
    message.to_string().into_bytes()
}

/// Why it was not taken. `None`: it was.
fn refusal(verdict: &Verdict, answer: &Answer) -> Option<String> {
    Some(match verdict {
        Verdict::Delivered
        | Verdict::Acknowledged {
            status: AckStatus::Accepted | AckStatus::Completed,
            ..
        } => return None,
        Verdict::Acknowledged { exception_code, .. } => {
            let code = exception_code.as_deref().unwrap_or("rejected");
            format!("it was rejected: {}", code.replace('_', " "))
        }
        Verdict::Rejected { code, .. } => format!("it was rejected: {}", code.replace('_', " ")),
        Verdict::Gone => "it answered 410: it wants nothing any more".to_owned(),
        Verdict::Refused { status, .. } => format!("it answered {status}"),
        Verdict::NotCalled { detail, .. } => format!("it was not called: {detail}"),
        Verdict::Retry { reason, .. } => match answer.status {
            Some(status) => format!("it answered {status}, again and again: {reason}"),
            None => format!("it does not answer: {reason}"),
        },
    })
}

impl Work<'_> {
    /// What the staging side answered, and what follows.
    pub async fn settle_trial(
        &mut self,
        job: &Job,
        mut export: Export,
        sent: &Sent,
        url: &str,
        random: u64,
    ) -> Result<()> {
        let contract = self.contract_of(&export).await?;
        let verdict = judge(&sent.answer);
        let tries = u32::try_from(job.attempts + 1).unwrap_or(u32::MAX);
        let wait = match &verdict {
            Verdict::Retry { after_ms, .. } => {
                retry_delay_ms(&contract.retry, tries, *after_ms, random)
            }
            _ => None,
        };
        let refused = refusal(&verdict, &sent.answer);
        let answer = String::from_utf8_lossy(&sent.answer.body).replace('\0', "\u{fffd}");
        let trial = Trial {
            url: url.to_owned(),
            at: sent.started_at,
            http_status: sent.answer.status.map(i64::from),
            answer: answer.chars().take(MOST_CHARS).collect(),
            error: sent.answer.error.clone(),
            accepted: refused.is_none(),
        };
        self.note(
            match refused {
                None => "export.trial_accepted",
                Some(_) => "export.trial_refused",
            },
            "export",
            export.id,
            json!({ "trial": trial, "again_in_ms": wait }),
        );
        let kept = match wait {
            Some(ms) if export.state == ExportState::Ready => {
                self.tx.postpone_job(job, self.now.plus_ms(ms)).await?
            }
            _ => self.tx.finish_job(job).await?,
        };
        if !kept {
            return Err(lost_lease());
        }
        if export.state != ExportState::Ready {
            // withdrawn or replaced meanwhile
            return Ok(());
        }
        export.trial = Some(trial);
        export.qa.retain(|one| one.check != CHECK);
        if wait.is_some() {
            return self.tx.save_export(&export).await;
        }
        let Some(says) = refused else {
            export.qa.push(QaResult {
                check: CHECK.to_owned(),
                status: QaStatus::Passed,
                detail: None,
                faults: Vec::new(),
            });
            self.tx.save_export(&export).await?;
            return self.arm(JobKind::Deliver, export.id, self.now).await;
        };
        let fault = Fault {
            field: "/payload".to_owned(),
            says: format!("The staging side did not take a trial: {says}"),
            accepts: "a 2xx of the staging side that does not reject it".to_owned(),
            export: None,
        };
        let sentence = format!("The check “{CHECK}” failed: {}", fault.says);
        export.qa.push(QaResult {
            check: CHECK.to_owned(),
            status: QaStatus::Failed,
            detail: Some(format!("{} (accepted: {})", fault.says, fault.accepts)),
            faults: vec![fault],
        });
        export.become_state(ExportState::Quarantined)?;
        let found = vec![
            evidence("Staging", url),
            evidence(
                "Answer",
                export.trial.as_ref().map_or("", |one| &one.answer),
            ),
        ];
        self.tx.save_export(&export).await?;
        self.note(
            "export.quarantined",
            "export",
            export.id,
            json!({ "qa": export.qa }),
        );
        let trouble = Trouble {
            code: domain::contract::codes::QA_FAILED.to_owned(),
            sentence,
            evidence: found,
        };
        self.raise(&export, &contract, trouble).await
    }
}
