//! A fresh Meshline: an empty folder, the demo agency, a server and the sandbox its exports go to.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    clock,
    cores::Cores,
    failure::{Failure, Result, Trying},
    http,
    program::Program,
};

const READY: Duration = Duration::from_secs(120);
const GLANCE: Duration = Duration::from_millis(2);

/// What all measurements of a run have in common.
pub struct Setting {
    pub binary: PathBuf,
    pub folder: PathBuf,
    pub cores: Cores,
    _alone: File,
}

impl Setting {
    pub fn find(binary: &Path, folder: &Path) -> Result<Self> {
        let binary = fs::canonicalize(binary).trying(format!(
            "find {} (`cargo xtask build` makes it)",
            binary.display()
        ))?;
        fs::create_dir_all(folder).trying(format!("create {}", folder.display()))?;
        let folder = fs::canonicalize(folder).trying("find the bench folder")?;
        let lock = File::create(folder.join("lock")).trying("write into the bench folder")?;
        lock.try_lock().map_err(|_| {
            Failure::new(format!(
                "another measurement is using {}; two at once measure each other",
                folder.display()
            ))
        })?;
        Ok(Self {
            binary,
            folder,
            cores: Cores::take(),
            _alone: lock,
        })
    }

    /// An empty folder below the bench folder, on the same disk for everybody.
    pub fn fresh(&self, name: &str) -> Result<PathBuf> {
        let folder = self.folder.join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder).trying(format!("empty {}", folder.display()))?;
        }
        fs::create_dir_all(&folder).trying(format!("create {}", folder.display()))?;
        Ok(folder)
    }
}

/// Its files go when it is dropped; the logs stay if something went wrong.
pub struct Installation<'a> {
    setting: &'a Setting,
    folder: PathBuf,
    pub server: SocketAddr,
    /// Where exports go: the sandbox, or whoever stands in for it.
    pub sandbox: SocketAddr,
}

/// What `meshline demo --json` said.
#[derive(Clone)]
pub struct Demo {
    pub source_path: String,
    pub source_secret: String,
    /// The merchant of this source.
    pub merchant: String,
    pub login: Login,
    /// Somebody who is asked to approve orders there.
    pub approver: Login,
}

#[derive(Clone)]
pub struct Login {
    pub email: String,
    pub password: String,
}

impl<'a> Installation<'a> {
    pub fn create(setting: &'a Setting) -> Result<Self> {
        Ok(Self {
            setting,
            folder: setting.fresh("meshline")?,
            server: free_address()?,
            sandbox: free_address()?,
        })
    }

    pub fn database(&self) -> PathBuf {
        self.folder.join("meshline.db")
    }

    pub fn journal(&self) -> PathBuf {
        self.folder.join("sandbox").join("journal.jsonl")
    }

    /// Makes the demo agency; the server must not be running.
    pub fn demo(&self) -> Result<Demo> {
        let mut command = Command::new(&self.setting.binary);
        let output = self
            .at_home(&mut command)
            .args(["demo", "--json"])
            .output()
            .trying("run `meshline demo`")?;
        if !output.status.success() {
            let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(Failure::new(format!("`meshline demo` failed: {words}")));
        }
        let demo: Value =
            serde_json::from_slice(&output.stdout).trying("read what `meshline demo` printed")?;
        let sources = demo["sources"].as_array();
        let source = sources
            .and_then(|sources| sources.iter().find(|source| source["system"] == "shopify"))
            .ok_or_else(|| Failure::new("the demo has no Shopify source"))?;
        let users = demo["users"].as_array().map_or(&[][..], Vec::as_slice);
        let holds = |user: &Value, field: &str, what: &Value| {
            let all = user[field].as_array();
            all.is_some_and(|all| all.contains(what))
        };
        let approver = users.iter().find(|user| {
            user["access"] == "approver"
                && holds(user, "functional_roles", &json!("operations"))
                && holds(user, "merchants", &source["merchant"])
        });
        Ok(Demo {
            source_path: text(&source["url_path"])?,
            source_secret: text(&source["secret"])?,
            merchant: text(&source["merchant"])?,
            login: login(users.first())?,
            approver: login(approver)?,
        })
    }

    /// Starts the server on its own core. Returns with the time it took to be ready.
    pub async fn serve(&self) -> Result<(Program, Duration)> {
        let mut command = self.setting.cores.for_server(&self.setting.binary);
        let command = self.at_home(&mut command).arg("serve");
        let log = self.setting.folder.join("server.log");
        let asked = clock::now();
        let mut server = Program::start("the server", command, &log)?;
        ready(&mut server, self.server, "/readyz").await?;
        Ok((server, asked.elapsed()))
    }

    /// Starts the sandbox beside the load.
    pub async fn sandbox(&self) -> Result<Program> {
        let mut command = Command::new(&self.setting.binary);
        let command = self.at_home(&mut command).arg("sandbox");
        let log = self.setting.folder.join("sandbox.log");
        let mut sandbox = Program::start("the sandbox", command, &log)?;
        ready(&mut sandbox, self.sandbox, "/healthz").await?;
        Ok(sandbox)
    }

    fn at_home<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("MESHLINE_") {
                command.env_remove(name);
            }
        }
        command
            .current_dir(&self.folder)
            .env(
                "DATABASE_URL",
                format!("sqlite://{}", self.database().display()),
            )
            .env("MESHLINE_ADDR", self.server.to_string())
            .env("MESHLINE_SANDBOX_ADDR", self.sandbox.to_string())
            .env("MESHLINE_SANDBOX_DATA", self.folder.join("sandbox"))
            // the load says where it comes from as a proxy would
            .env("MESHLINE_TRUSTED_PROXIES", "127.0.0.0/8")
            // one source and one client are all there is here; what the machine can do is the question
            .env("MESHLINE_LIMIT_SOURCE", "0")
            .env("MESHLINE_LIMIT_TOKEN", "0")
            .env("MESHLINE_LIMIT_ACCOUNT", "0")
            .env("MESHLINE_LIMIT_ADDRESS", "0")
    }
}

fn text(value: &Value) -> Result<String> {
    let text = value.as_str().map(str::to_owned);
    text.ok_or_else(|| Failure::new("the demo's description is not complete"))
}

fn login(user: Option<&Value>) -> Result<Login> {
    let user = user.unwrap_or(&Value::Null);
    Ok(Login {
        email: text(&user["email"])?,
        password: text(&user["password"])?,
    })
}

impl Drop for Installation<'_> {
    fn drop(&mut self) {
        // gigabytes of receipts that nobody needs any more
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Waits until `GET path` is answered with 200.
pub async fn ready(program: &mut Program, address: SocketAddr, path: &str) -> Result<()> {
    let asked = clock::now();
    while asked.elapsed() < READY {
        if http::get(address, path, "")
            .await
            .is_ok_and(|answer| answer.status == 200)
        {
            return Ok(());
        }
        program.must_be_running()?;
        tokio::time::sleep(GLANCE).await;
    }
    Err(Failure::new(format!(
        "{address}{path} was not answered with 200 in {} s",
        READY.as_secs()
    )))
}

pub fn free_address() -> Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .trying("find a free port")
}
