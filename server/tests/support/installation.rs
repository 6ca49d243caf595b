//! One installation: a folder, a database, a server, and mostly a sandbox, started from the built binary
//! through its commands alone.

use std::{
    collections::BTreeSet,
    fs::{File, OpenOptions},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use reqwest::{Client, Method, StatusCode, redirect::Policy};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::{
    clock,
    database::{Engine, Fresh},
    random::Random,
    shop::{self, Answer, Delivery},
};

const READY: Duration = Duration::from_secs(60);

/// What `meshline demo --json` prints.
#[derive(Clone, Debug, Deserialize)]
pub struct Demo {
    pub merchants: Vec<Merchant>,
    pub users: Vec<User>,
    pub sources: Vec<Source>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Merchant {
    pub id: String,
    pub slug: String,
    pub api_token: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct User {
    pub email: String,
    pub password: String,
    pub access: String,
    pub merchants: Vec<String>,
    pub functional_roles: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Source {
    pub merchant: String,
    pub system: String,
    pub url_path: String,
    pub secret: String,
}

/// A child that does not outlive the test.
pub struct Process {
    child: Child,
}

impl Process {
    /// SIGKILL: it gets no chance to tidy up.
    pub fn kill(mut self) {
        self.end();
    }

    /// SIGTERM, as an operator stops it, and the time to finish.
    pub async fn stop(mut self) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        assert!(sent.success());
        let asked = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(
                asked.elapsed() < READY,
                "it does not stop when it is told to"
            );
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// `STOP` puts it to sleep wherever it is, `CONT` lets it go on.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &pid])
            .status()
            .unwrap();
        assert!(sent.success());
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    fn end(&mut self) {
        // it may have ended by itself
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

pub struct Installation {
    pub folder: PathBuf,
    pub addr: SocketAddr,
    pub sandbox_addr: SocketAddr,
    pub demo: Demo,
    pub http: Client,
    environment: Vec<(String, String)>,
    pub server: Option<Process>,
    pub sandbox: Option<Process>,
    fresh: Option<Fresh>,
}

pub fn binary() -> PathBuf {
    std::env::var_os("MESHLINE_BIN")
        .map_or_else(|| env!("CARGO_BIN_EXE_meshline").into(), PathBuf::from)
}

/// A port below those that connections get by themselves: while nobody listens on one of those, a
/// client that tries long enough is connected to itself.
pub fn free_addr() -> SocketAddr {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // whoever got one may listen on it later only
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let number = u64::from(NEXT.fetch_add(1, Ordering::Relaxed));
    let start = clock::now_ms().unsigned_abs();
    let mut random = Random::new(start ^ (u64::from(std::process::id()) << 32) ^ (number << 17));
    loop {
        let port = u16::try_from(random.between(15_000, 32_000)).unwrap();
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port))
            && GIVEN.lock().unwrap().insert(port)
        {
            return listener.local_addr().unwrap();
        }
    }
}

fn temporary_folder() -> PathBuf {
    let name = format!(
        "meshline-http-{}-{}",
        std::process::id(),
        free_addr().port()
    );
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

impl Installation {
    /// With the demo in it, and nothing running.
    pub async fn prepare(engine: Engine) -> Self {
        let mut installation = Self::empty(engine).await;
        let made = installation.command(&["demo", "--json", "--no-history"]);
        assert!(made.status.success(), "the demo was not made: {made:?}");
        installation.demo = serde_json::from_slice(&made.stdout).unwrap();
        installation
    }

    /// With nobody in it, as it is after installing.
    pub async fn empty(engine: Engine) -> Self {
        // only the first one of a process counts, whichever test it is
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = temporary_folder();
        let (addr, sandbox_addr) = (free_addr(), free_addr());
        let fresh = match engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(Fresh::create().await),
        };
        let database = fresh
            .as_ref()
            .map_or("sqlite://meshline.db", |fresh| &fresh.url);
        let path = |name: &str| folder.join(name).display().to_string();
        let environment: Vec<(String, String)> = [
            ("PATH", std::env::var("PATH").unwrap_or_default()),
            ("HOME", path("")),
            ("DATABASE_URL", database.to_owned()),
            ("MESHLINE_ADDR", addr.to_string()),
            ("MESHLINE_PUBLIC_URL", format!("http://{addr}")),
            ("MESHLINE_SANDBOX_ADDR", sandbox_addr.to_string()),
            ("MESHLINE_SANDBOX_DATA", path("sandbox")),
            ("MESHLINE_CLOCK_OFFSET_FILE", path("clock")),
            // every client of a test has the same address
            ("MESHLINE_LIMIT_SOURCE", "0".to_owned()),
            ("MESHLINE_LIMIT_TOKEN", "0".to_owned()),
            ("MESHLINE_LIMIT_ACCOUNT", "0".to_owned()),
            ("MESHLINE_LIMIT_ADDRESS", "0".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        std::fs::write(folder.join("clock"), "0").unwrap();
        let http = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .timeout(Duration::from_secs(30))
            .build()
            .unwrap();
        Self {
            folder,
            addr,
            sandbox_addr,
            demo: Demo {
                merchants: Vec::new(),
                users: Vec::new(),
                sources: Vec::new(),
            },
            http,
            environment,
            server: None,
            sandbox: None,
            fresh,
        }
    }

    /// With its server; whoever asks stands in for the destinations.
    pub async fn start(engine: Engine) -> Self {
        let mut installation = Self::prepare(engine).await;
        installation.serve().await;
        installation
    }

    pub async fn end(mut self) {
        self.server = None;
        self.sandbox = None;
        if let Some(fresh) = self.fresh.take() {
            fresh.remove().await;
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }

    /// Another setting, for what is started from now on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// A command that ends by itself.
    pub fn command(&self, arguments: &[&str]) -> Output {
        self.prepared(&binary()).args(arguments).output().unwrap()
    }

    /// A command whose words nobody reads, as those after the first few are with `| head`.
    pub fn command_unread(&self, arguments: &[&str]) -> Output {
        let mut command = self.prepared(&binary());
        let command = command.args(arguments);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        child.wait_with_output().unwrap()
    }

    fn prepared(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(&self.folder)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    fn log(&self, name: &str) -> File {
        let file = self.folder.join(format!("{name}.log"));
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(file)
            .unwrap()
    }

    /// A command that goes on; what it says is kept in the folder.
    pub fn spawn(&self, wrapper: &[&str], arguments: &[&str]) -> Process {
        let log = self.log(arguments[0]);
        let ours = binary();
        let mut command = match wrapper.split_first() {
            None => self.prepared(&ours),
            Some((program, rest)) => {
                let mut command = self.prepared(Path::new(program));
                command.args(rest).arg(&ours);
                command
            }
        };
        command
            .args(arguments)
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        Process {
            child: command.spawn().unwrap(),
        }
    }

    pub fn said(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.join(format!("{name}.log"))).unwrap_or_default()
    }

    /// Starts the server and waits until it takes requests.
    pub async fn serve(&mut self) {
        self.server = Some(self.spawn(&[], &["serve"]));
        self.ready().await;
    }

    pub async fn ready(&mut self) {
        let begun = Instant::now();
        let url = self.url("/readyz");
        loop {
            if let Ok(answer) = self.http.get(&url).send().await
                && answer.status().is_success()
            {
                return;
            }
            let ended = self.server.as_mut().is_none_or(Process::has_ended);
            assert!(
                !ended && begun.elapsed() < READY,
                "no server:\n{}",
                self.said("serve")
            );
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Starts the sandbox and waits until it listens.
    pub async fn run_sandbox(&mut self, arguments: &[&str]) {
        let arguments = [&["sandbox"], arguments].concat();
        self.sandbox = Some(self.spawn(&[], &arguments));
        let begun = Instant::now();
        while TcpStream::connect(self.sandbox_addr).is_err() {
            assert!(
                begun.elapsed() < READY,
                "no sandbox:\n{}",
                self.said("sandbox")
            );
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Whether it has done all that it had to do by now.
    pub async fn has_nothing_due(&self) -> bool {
        let answer = self.http.get(self.url("/readyz")).send().await.unwrap();
        answer.json::<Value>().await.unwrap()["jobs_due"] == 0
    }

    /// Moves the server's clock ahead of the machine's.
    pub async fn clock_ahead_by(&self, ms: i64) {
        let file = self.folder.join("clock");
        let draft = self.folder.join("clock.draft");
        std::fs::write(&draft, ms.to_string()).unwrap();
        std::fs::rename(&draft, &file).unwrap();
        // the server looks at it now and then
        sleep(Duration::from_millis(300)).await;
    }

    pub fn database_url(&self) -> String {
        let file = format!("sqlite://{}", self.folder.join("meshline.db").display());
        self.fresh.as_ref().map_or(file, |fresh| fresh.url.clone())
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// The first merchant with a Shopify source, and that source.
    pub fn shop(&self) -> (&Merchant, &Source) {
        let source = self
            .demo
            .sources
            .iter()
            .find(|source| source.system == "shopify")
            .unwrap();
        let merchant = self
            .demo
            .merchants
            .iter()
            .find(|one| one.slug == source.merchant)
            .unwrap();
        (merchant, source)
    }

    pub fn source_url(&self) -> String {
        self.url(&self.shop().1.url_path)
    }

    /// Somebody of the shop's merchant with this functional role, else with this access.
    pub fn user_with(&self, role: &str) -> &User {
        let slug = &self.shop().0.slug;
        let here = || {
            self.demo
                .users
                .iter()
                .filter(|user| user.merchants.contains(slug))
        };
        here()
            .find(|user| user.functional_roles.iter().any(|one| one == role))
            .or_else(|| here().find(|user| user.access == role))
            .unwrap_or_else(|| panic!("the demo has nobody for {role}"))
    }

    /// Delivers to the shop's source, with its secret.
    pub async fn send(&self, delivery: &Delivery) -> Answer {
        self.send_signed(delivery, &self.shop().1.secret).await
    }

    pub async fn send_signed(&self, delivery: &Delivery, secret: &str) -> Answer {
        let post = shop::post(&self.http, &self.source_url(), secret, delivery);
        let answer = post.send().await.unwrap();
        let code = answer.status();
        let text = answer.text().await.unwrap();
        Answer {
            code,
            body: serde_json::from_str(&text).unwrap_or(Value::String(text)),
        }
    }

    pub async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> (StatusCode, Value) {
        let request = self
            .http
            .request(method, self.url(&format!("/api/v1{path}")))
            .bearer_auth(&self.shop().0.api_token);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        (
            status,
            serde_json::from_str(&text).unwrap_or(Value::String(text)),
        )
    }

    pub async fn get(&self, path: &str) -> Value {
        let (status, body) = self.call(Method::GET, path, None).await;
        assert!(status.is_success(), "GET {path} answered {status}: {body}");
        body
    }

    /// Every item of a list, page by page.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut cursor: Option<String> = None;
        let joint = if path.contains('?') { '&' } else { '?' };
        loop {
            let mut url = format!("{path}{joint}limit=200");
            if let Some(cursor) = &cursor {
                url.push_str("&cursor=");
                url.extend(url::form_urlencoded::byte_serialize(cursor.as_bytes()));
            }
            let page = self.get(&url).await;
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => return items,
            }
        }
    }

    /// The audit trail as a file, as `meshline audit verify` reads it.
    pub async fn audit_export(&self, name: &str) -> PathBuf {
        let request = self
            .http
            .get(self.url("/api/v1/audit/export"))
            .bearer_auth(&self.shop().0.api_token);
        let bytes = request
            .send()
            .await
            .unwrap()
            .error_for_status()
            .unwrap()
            .bytes()
            .await
            .unwrap();
        let file = self.folder.join(name);
        std::fs::write(&file, bytes).unwrap();
        file
    }

    pub fn verify_audit(&self, file: &Path) -> Output {
        self.command(&["audit", "verify", &file.display().to_string()])
    }
}

/// Asks again until there is something, for as long as anybody would wait.
pub async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "it never came: {what}"
        );
        sleep(Duration::from_millis(40)).await;
    }
}
