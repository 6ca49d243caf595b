//! `cargo xtask fuzz`: the JSON API under schemathesis, as everybody who can call it.
//!
//! A fresh installation with the demo and some orders in every state is asked what its OpenAPI document says and
//! what it does not say, twice for each caller: with ids that exist and with ids that do not. Not part of `test`: it takes
//! about a quarter of an hour, finds something else each time, and needs Python.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use clap::Args;
use serde_json::Value;

use crate::binary;
use crate::clock;
use crate::failure::{Failure, Result, Trying};
use crate::network;
use crate::process::{announce, capture, run, run_with_lines};
use crate::python;
use crate::services::Settings;
use crate::workspace::Workspace;

/// Pinned, so that what passed once can be told from what schemathesis learned since.
const SCHEMATHESIS: &str = "schemathesis==4.32.5";

/// Everything that says something about the server rather than about how well the document describes odd input.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance,ignored_auth,use_after_free,\
                      unsupported_method";

/// Until an order has become everything that follows from it.
const PATIENCE: Duration = Duration::from_secs(30);

/// Lists, and the route on which an item of each is asked for.
const NOUNS: [&str; 7] = [
    "approvals",
    "contracts",
    "exports",
    "flows",
    "orders",
    "receipts",
    "tasks",
];

#[derive(Args)]
pub struct Options {
    /// Random cases for each operation and caller, beside the systematic ones
    #[arg(long, default_value_t = 40)]
    examples: u32,
    /// Repeats a run
    #[arg(long)]
    seed: Option<u64>,
    /// Another binary than the one that `build` makes
    #[arg(long)]
    binary: Option<PathBuf>,
}

struct Caller {
    name: String,
    headers: Vec<String>,
}

#[derive(Default)]
struct Outcome {
    cases: u64,
    is_clean: bool,
}

/// Whether nothing was found.
pub fn fuzz(workspace: &Workspace, options: &Options) -> Result<bool> {
    let home = python::package(workspace, "schemathesis", SCHEMATHESIS)?;
    let tool = home.join("bin").join("st");
    let binary = match &options.binary {
        Some(binary) => binary.clone(),
        None => binary::release(workspace)?,
    };
    let settings = Settings {
        address: SocketAddr::from(([127, 0, 0, 1], network::free_port()?)),
        sandbox: SocketAddr::from(([127, 0, 0, 1], network::free_port()?)),
        public_url: String::new(),
        data: workspace.target.join("fuzz"),
    };
    let settings = Settings {
        public_url: format!("http://{}", settings.address),
        ..settings
    };
    settings.prepare(true)?;
    let demo = capture(unlimited(&mut settings.command(&binary, "demo")).arg("--json"))?;
    fs::write(settings.data.join("demo.json"), &demo).trying("write demo.json")?;
    let demo: Value = serde_json::from_str(&demo).trying("understand what the demo printed")?;
    let _sandbox = settings.start_sandbox(&binary)?;
    let _server = settings.start_server_with(&binary, |command| {
        unlimited(command);
    })?;
    announce("sending orders");
    for more in [
        &["--count", "40"][..],
        &["--count", "5", "--total", "900.00"],
        &["--count", "5", "--sku", "LAMP-OUT-OF-STOCK"],
    ] {
        let mut send = settings.command(&binary, "send");
        send.args(["--from-demo", "demo.json", "--quiet", "--base"])
            .arg(&settings.public_url)
            .args(more);
        run(&mut send)?;
    }
    let known = known_ids(&settings, &demo)?;
    // a token finds no merchant but its own
    let merchant = text(&demo["merchants"][0]["slug"]);
    let strange = format!(
        "[parameters]\n\"query.merchant\" = \"{merchant}\"\n\"header.Meshline-Merchant\" = \"{merchant}\"\n\n"
    );
    let known = format!("{strange}{known}");
    fs::write(settings.data.join("known.toml"), known).trying("write known.toml")?;
    fs::write(settings.data.join("strange.toml"), strange).trying("write strange.toml")?;

    let (mut cases, mut is_clean) = (0, true);
    for caller in callers(&settings, &demo)? {
        for ids in ["known", "strange"] {
            announce(format!("as {}, with {ids} ids", caller.name));
            let outcome = attack(&tool, &settings, &caller, ids, options)?;
            cases += outcome.cases;
            is_clean &= outcome.is_clean;
        }
    }
    let verdict = if is_clean {
        "nothing found"
    } else {
        "FOUND SOMETHING, see above"
    };
    announce(format!("{cases} cases: {verdict}"));
    Ok(is_clean)
}

/// What is asked here is whether answers are right, not how many there may be a second.
fn unlimited(command: &mut Command) -> &mut Command {
    for limit in ["SOURCE", "TOKEN", "ACCOUNT", "ADDRESS"] {
        command.env(format!("MESHLINE_LIMIT_{limit}"), "0");
    }
    command
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A token, somebody of every access role and of the 3PL, and nobody.
fn callers(settings: &Settings, demo: &Value) -> Result<Vec<Caller>> {
    let merchant = &demo["merchants"][0];
    let mut callers = vec![
        Caller {
            name: "nobody".to_owned(),
            headers: Vec::new(),
        },
        Caller {
            name: "a program with a token".to_owned(),
            headers: vec![format!(
                "Authorization: Bearer {}",
                text(&merchant["api_token"])
            )],
        },
    ];
    let slug = text(&merchant["slug"]);
    let mut seen = Vec::new();
    for user in list(&demo["users"]) {
        let is_here = list(&user["merchants"]).iter().any(|one| one == slug);
        let email = text(&user["email"]);
        let role = if email.contains("3pl") {
            "3pl"
        } else {
            text(&user["access"])
        };
        if !is_here || seen.contains(&role) {
            continue;
        }
        seen.push(role);
        let cookie = sign_in(settings.address, email, text(&user["password"]))?;
        callers.push(Caller {
            name: format!("{role} ({email})"),
            headers: vec![
                format!("Cookie: {cookie}"),
                format!("Meshline-Merchant: {slug}"),
                "Sec-Fetch-Site: same-origin".to_owned(),
            ],
        });
    }
    Ok(callers)
}

/// As a form, as a browser does; the cookies that came back.
fn sign_in(address: SocketAddr, email: &str, password: &str) -> Result<String> {
    let body = format!("email={}&password={}", escaped(email), escaped(password));
    let answer = exchange(
        address,
        &format!(
            "POST /ui/login HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nAccept: text/html\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        ),
    )?;
    let cookies: Vec<&str> = answer
        .lines()
        .filter_map(|line| line.split_once(':'))
        .filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"))
        .filter_map(|(_, value)| value.trim().split(';').next())
        .collect();
    if cookies.is_empty() {
        return Err(Failure::new(format!(
            "{email} could not sign in:\n{answer}"
        )));
    }
    Ok(cookies.join("; "))
}

fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

fn exchange(address: SocketAddr, request: &str) -> Result<String> {
    let talk = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    talk().trying(format!("talk to {address}"))
}

/// Settings of schemathesis in which every operation on one thing gets one that is there.
fn known_ids(settings: &Settings, demo: &Value) -> Result<String> {
    let token = text(&demo["merchants"][0]["api_token"]);
    let mut lines = String::new();
    for noun in NOUNS {
        let id = first_id(settings.address, token, noun)?;
        lines.push_str(&format!(
            "[[operations]]\ninclude-path-regex = \"^/api/v1/{noun}/\\\\{{id\\\\}}\"\nparameters = {{ \"path.id\" = \"{id}\" }}\n\n"
        ));
    }
    Ok(lines)
}

/// Of the list; orders take a moment to become everything that follows from them.
fn first_id(address: SocketAddr, token: &str, noun: &str) -> Result<String> {
    let request = format!(
        "GET /api/v1/{noun}?limit=1 HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
         Accept-Encoding: identity\r\nConnection: close\r\n\r\n"
    );
    let asked = clock::now();
    loop {
        let answer = exchange(address, &request)?;
        if let Some((_, rest)) = answer.split_once("\"id\":\"") {
            return Ok(rest.split('"').next().unwrap_or_default().to_owned());
        }
        if asked.elapsed() > PATIENCE {
            return Err(Failure::new(format!(
                "there is nothing in {noun}:\n{answer}"
            )));
        }
        clock::pause(Duration::from_millis(200));
    }
}

fn attack(
    tool: &Path,
    settings: &Settings,
    caller: &Caller,
    ids: &str,
    options: &Options,
) -> Result<Outcome> {
    let mut command = Command::new(tool);
    command
        .current_dir(&settings.data)
        .args(["--config-file", &format!("{ids}.toml"), "run"])
        .arg(format!("{}/api/openapi.json", settings.public_url))
        .args(["--checks", CHECKS, "--phases", "examples,coverage,fuzzing"])
        .args(["--max-examples", &options.examples.to_string()])
        .args(["--continue-on-failure", "--warnings", "off"])
        // how fast this machine makes up cases is not the question
        .args(["--suppress-health-check", "too_slow"]);
    if let Some(seed) = options.seed {
        command.args(["--seed", &seed.to_string()]);
    }
    for header in &caller.headers {
        command.args(["--header", header]);
    }
    let (mut outcome, mut shown) = (Outcome::default(), String::new());
    let status = run_with_lines(&mut command, |line| {
        shown.push_str(line);
        shown.push('\n');
        if let Some((count, _)) = line.trim().split_once(" generated") {
            outcome.cases = count.trim().parse().unwrap_or(0);
            println!("{}", line.trim());
        }
    })?;
    outcome.is_clean = status.success();
    if !outcome.is_clean {
        println!("{shown}");
    }
    Ok(outcome)
}
