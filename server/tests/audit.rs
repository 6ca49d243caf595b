//! A trail that was taken out, held against checkpoints that were kept elsewhere: by somebody who has the file,
//! the public key, and nothing of ours but the program.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::{
    path::{Path, PathBuf},
    process::Output,
};

use serde_json::Value;
use support::{database::Engine, installation::Installation};

struct Held {
    meshline: Installation,
    file: PathBuf,
    lines: Vec<String>,
    key: String,
    /// Of all of the trail but its newest entries.
    note: PathBuf,
    size: usize,
}

impl Held {
    /// A trail, a checkpoint of it that somebody kept, and a later export.
    async fn new() -> Self {
        let meshline = Installation::start(Engine::Sqlite).await;
        meshline.audit_export("first.jsonl").await;
        let page: Value = meshline.get("/audit/checkpoints?limit=1").await;
        let kept = &page["items"][0];
        let note = meshline.folder.join("kept.note");
        // as a mail program copies it: other line ends, and nothing at the end
        let text = kept["note"].as_str().unwrap().replace('\n', "\r\n");
        std::fs::write(&note, text.trim_end()).unwrap();
        let keys: Value = meshline.get("/audit/key").await;
        let file = meshline.audit_export("later.jsonl").await;
        let text = std::fs::read_to_string(&file).unwrap();
        Self {
            lines: text.lines().map(str::to_owned).collect(),
            key: keys[0]["key"].as_str().unwrap().to_owned(),
            size: usize::try_from(kept["size"].as_u64().unwrap()).unwrap(),
            file,
            note,
            meshline,
        }
    }

    fn verify(&self, file: &Path, rest: &[&str]) -> (Option<i32>, String) {
        let file = file.display().to_string();
        let mut arguments = vec!["audit", "verify", file.as_str()];
        arguments.extend(rest);
        let Output {
            status,
            stdout,
            stderr,
        } = self.meshline.command(&arguments);
        let said = [stdout, stderr].concat();
        (status.code(), String::from_utf8_lossy(&said).into_owned())
    }

    /// Against the checkpoint that was kept, with the public key.
    fn against_the_note(&self, lines: &[String]) -> (Option<i32>, String) {
        let altered = self.meshline.folder.join("altered.jsonl");
        std::fs::write(&altered, lines.join("\n") + "\n").unwrap();
        let note = self.note.display().to_string();
        self.verify(&altered, &["--checkpoint", &note, "--key", &self.key])
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_kind_of_tampering_is_told_apart() {
    let held = Held::new().await;
    let (code, said) = held.against_the_note(&held.lines);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("intact") && said.contains("kept.note: vouches for the first"),
        "{said}"
    );
    let last = held.lines.len() - 1;
    let changed = |change: &dyn Fn(&mut Vec<String>)| {
        let mut lines = held.lines.clone();
        change(&mut lines);
        held.against_the_note(&lines)
    };
    let edit = |lines: &mut Vec<String>| {
        lines[3] = lines[3].replacen("\"actor\":\"", "\"actor\":\"x", 1);
    };
    for (code, sentence, (found, said)) in [
        (
            3,
            "line 4, audit entry 4: its content does not match",
            changed(&edit),
        ),
        (
            3,
            "audit entry 4: it is missing",
            changed(&|lines| drop(lines.remove(3))),
        ),
        (
            3,
            "audit entry 4: it stands in the wrong place",
            changed(&|lines| lines.swap(3, 5)),
        ),
        (
            3,
            "audit entry 4: it is there more than once",
            changed(&|lines| lines.insert(4, lines[3].clone())),
        ),
        (
            3,
            "there is no checkpoint line",
            changed(&|lines| drop(lines.pop())),
        ),
        // the end is gone, with the line that would say so
        (
            4,
            "the end was cut off",
            changed(&|lines| lines.truncate(held.size - 2)),
        ),
        (
            3,
            "line 1, audit entry 1: it cannot be read",
            changed(&|lines| lines[0].truncate(9)),
        ),
    ] {
        assert_eq!(found, Some(code), "{said}");
        assert!(said.contains(sentence), "{sentence}: {said}");
    }
    assert!(last > 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_to_be_believed_is_said_to_be_so() {
    let held = Held::new().await;
    let note = held.note.display().to_string();
    let other = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let (code, said) = held.verify(&held.file, &["--checkpoint", &note, "--key", other]);
    assert_eq!(code, Some(5), "{said}");
    assert!(said.contains("that key was not given"), "{said}");
    // somebody writes another number into it
    let forged = held.meshline.folder.join("forged.note");
    let text = std::fs::read_to_string(&held.note).unwrap();
    let fewer = text.replacen(&held.size.to_string(), &(held.size - 3).to_string(), 1);
    std::fs::write(&forged, fewer).unwrap();
    let forged = forged.display().to_string();
    let (code, said) = held.verify(&held.file, &["--checkpoint", &forged, "--key", &held.key]);
    assert_eq!(code, Some(5), "{said}");
    assert!(said.contains("altered, or forged"), "{said}");
    // the key as a file, and what is no key and no checkpoint
    let file = held.meshline.folder.join("audit.key");
    std::fs::write(&file, format!("{}\n", held.key)).unwrap();
    let key = file.display().to_string();
    assert_eq!(held.verify(&held.file, &["--key", &key]).0, Some(0));
    let (code, said) = held.verify(&held.file, &["--key", "a+b"]);
    assert!(
        code == Some(1) && said.contains("not a public key"),
        "{said}"
    );
    let (code, said) = held.verify(&held.file, &["--checkpoint", &key, "--key", &held.key]);
    assert!(
        code == Some(1) && said.contains("not a checkpoint"),
        "{said}"
    );
    // without a key nothing signed is checked, and it says so
    let (code, said) = held.verify(&held.file, &[]);
    assert!(
        code == Some(0) && said.contains("give the public key with --key"),
        "{said}"
    );
}
